"""A choice of the evidence in the form of a run's results, for what is built upon them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.evidence.records import Catalog
from locoreg.workflows.explore.choices import POOLED
from locoreg.workflows.explore.explorer import Explored

_ABOUT = (
    "population",
    "intervention",
    "comparator",
    "favours_intervention",
    "favours_control",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSelection:
    """A finished selection that a trial could enrich by.

    Attributes
    ----------
    name : str
        As it is asked for.
    results : mapping
        Its ``results.json``.
    data : str
        The same for the same results, for what is kept.
    """

    name: str
    results: Mapping[str, Any]
    data: str


def pooled_results(
    catalog: Catalog, found: Explored, *, selections: Sequence[NamedSelection]
) -> dict[str, Any]:
    """Return a choice of the evidence as ``results.json`` of a run would have it.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    found : Explored
        The pools of one question and outcome.
    selections : sequence of NamedSelection
        Those that stand beside it.

    Returns
    -------
    dict
        JSON-ready, with ``tables``, ``questions`` and ``selection``.
    """
    question, outcome = found.question, found.outcome
    return {
        "tables": {"source": catalog.source, "sha256": catalog.sha256},
        "questions": [
            {
                "question": question.question_id,
                "title": question.title,
                "about": {name: getattr(question, name) for name in _ABOUT},
                "pools": [
                    {
                        "key": item.key.removeprefix("evidence/"),
                        "answer": item.answer,
                        "outcome": {
                            "id": outcome.outcome_id,
                            "label": outcome.label,
                            "event": outcome.event,
                            "event_is": outcome.event_is,
                        },
                        "pool": item.pool.to_dict(),
                    }
                    for item in found.pools
                ],
                "empty": [
                    {"outcome": outcome.outcome_id, "design": design, "reason": reason}
                    for design, reason in found.empty
                ],
                "not_pooled": _not_pooled(catalog, question.question_id),
            }
        ],
        "selection": [{"name": one.name, "results": one.results} for one in selections],
    }


def _not_pooled(catalog: Catalog, question_id: str) -> list[dict[str, str]]:
    """Return the records of a question that are no comparisons: protocols and single arms."""
    return [
        {"study_id": study.study_id, "label": study.label, "design": study.design}
        for study in catalog.studies.values()
        if study.question_id == question_id and study.design not in POOLED and not study.version_of
    ]

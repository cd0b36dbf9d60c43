"""What every part of the page shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from locoreg.report.anchors import Anchors
from locoreg.report.drawings import Drawing
from locoreg.workflows.run import PoolResult, QuestionResult, StudyResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The result, the ids of the page and the drawings.

    Attributes
    ----------
    result : StudyResult
    anchors : Anchors
    drawings : mapping
        By name; see :mod:`locoreg.report.drawings`.
    results_sha256 : str
        Hash of ``results.json`` as it is written beside the page.
    """

    result: StudyResult
    anchors: Anchors
    drawings: Mapping[str, Drawing]
    results_sha256: str


def by_outcome(question: QuestionResult) -> dict[str, tuple[PoolResult, ...]]:
    """Return a question's pools by outcome, designs of one outcome together."""
    found: dict[str, list[PoolResult]] = {}
    for item in question.pools:
        found.setdefault(item.pool.outcome.outcome_id, []).append(item)
    return {outcome: tuple(items) for outcome, items in found.items()}

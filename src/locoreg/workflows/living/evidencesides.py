"""The two sides of a comparison of evidence: sets of tables, or runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, NothingToPoolError
from locoreg.core.findings import Finding
from locoreg.evidence.absolute import EventIs
from locoreg.evidence.catalog import SHIPPED, load_catalog
from locoreg.evidence.certainty import UnpublishedTrial
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.records import Catalog
from locoreg.evidence.riskofbias import BiasRecord, assessments, load_bias_records
from locoreg.workflows.certainty import unpublished_of
from locoreg.workflows.conclusion.pools import outcome_words
from locoreg.workflows.evidence import POOLED_DESIGNS, pool_question, row_findings
from locoreg.workflows.living.poolconclusions import Context

Key = tuple[str, str, str]
RESULTS = "results.json"
JOIN = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """How pools are computed, as of ``locoreg evidence pool``.

    Attributes
    ----------
    method : str
        Estimator of the between-study variance.
    interval : str or None
        Kind of interval; None for the one that goes with the method.
    level : float or None
        Percent; None for the level that each question states.
    """

    method: str
    interval: str | None
    level: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the settings."""
        return {"method": self.method, "interval": self.interval, "level": self.level}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison.

    Attributes
    ----------
    name, sha256 : str
        What was given, and the hash of its tables.
    catalog : Catalog or None
        The tables; None for a run, which holds results only.
    pools : mapping
        ``EvidencePool.to_dict()`` by question, outcome and design.
    empty : mapping
        Why there is no pool.
    contexts : mapping
        Event, assessments and unpublished trials by the same keys.
    findings : tuple of Finding
        What the audit finds in rows that can be pooled; empty for a run.
    bias : tuple of BiasRecord
        Judgements of risk of bias.
    """

    name: str
    sha256: str
    catalog: Catalog | None
    pools: Mapping[Key, Mapping[str, Any]]
    empty: Mapping[Key, str]
    contexts: Mapping[Key, Context]
    findings: tuple[Finding, ...]
    bias: tuple[BiasRecord, ...]


def open_side(given: str, settings: PoolSettings) -> Side:
    """Open one side of a comparison.

    Parameters
    ----------
    given : str
        ``shipped``, a folder of tables, several joined by ``+``, or the folder of a run.
    settings : PoolSettings
        How tables are pooled; a run keeps its own.

    Returns
    -------
    Side
        Its pools.

    Raises
    ------
    DataError
        If there is no such folder, or it holds neither tables nor a run.
    """
    path = Path(given)
    if (path / RESULTS).is_file():
        return _of_run(given, path / RESULTS)
    folders = [given] if path.is_dir() or given == SHIPPED else given.split(JOIN)
    for folder in folders:
        if folder != SHIPPED and not Path(folder).is_dir():
            raise DataError(
                f"{folder} is not a folder.",
                hint="name shipped, a folder of tables, several joined by +, or a run's folder.",
            )
    bias, _ = load_bias_records(folders)
    return tables_side(given, load_catalog(folders), bias, settings)


def tables_side(
    name: str, catalog: Catalog, bias: Sequence[BiasRecord], settings: PoolSettings
) -> Side:
    """Return a set of tables as a side of a comparison.

    Parameters
    ----------
    name : str
        What it is called.
    catalog : Catalog
        The tables.
    bias : sequence of BiasRecord
        Judgements of risk of bias.
    settings : PoolSettings
        How they are pooled.

    Returns
    -------
    Side
        The pools of every question, outcome and design.
    """
    findings = row_findings(catalog)
    known = assessments(bias)
    pools: dict[Key, Mapping[str, Any]] = {}
    empty: dict[Key, str] = {}
    contexts: dict[Key, Context] = {}
    for question in catalog.questions.values():
        waiting = _protocols(catalog, question.question_id)
        for outcome in question.outcomes:
            for design in POOLED_DESIGNS:
                key = (question.question_id, outcome, design)
                try:
                    pool = pool_question(
                        catalog,
                        question.question_id,
                        design=design,
                        outcome=outcome,
                        method=settings.method,
                        interval=settings.interval,
                        level=settings.level,
                        findings=findings,
                    )
                except NothingToPoolError as error:
                    empty[key] = error.message
                else:
                    if not isinstance(pool, EvidencePool):
                        raise TypeError("a pool of one design was asked for")
                    pools[key] = pool.to_dict()
                record = catalog.outcomes.get(outcome)
                contexts[key] = Context(
                    event_is=_event("" if record is None else record.event_is),
                    bias=known,
                    unpublished=waiting,
                )
    return Side(
        name=name,
        sha256=catalog.sha256,
        catalog=catalog,
        pools=pools,
        empty=empty,
        contexts=contexts,
        findings=findings,
        bias=tuple(bias),
    )


def _event(told: str) -> EventIs:
    return "favourable" if told == "favourable" else "adverse"


def _protocols(catalog: Catalog, question: str) -> tuple[UnpublishedTrial, ...]:
    return tuple(
        UnpublishedTrial(study_id=one.study_id, label=one.label, registry_id=one.registry_id or "")
        for one in catalog.studies.values()
        if one.question_id == question and one.design == "protocol"
    )


def _of_run(given: str, path: Path) -> Side:
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path} can't be read: {error}.", hint="is the run complete?") from error
    if not isinstance(results, dict) or not results.get("questions"):
        raise DataError(f"{path} holds no pooled evidence.", hint="name a run with evidence.")
    source = str((results.get("tables") or {}).get("source") or "")
    bias = _bias_of(source.split(" + "))
    known = assessments(bias)
    pools: dict[Key, Mapping[str, Any]] = {}
    empty: dict[Key, str] = {}
    contexts: dict[Key, Context] = {}
    for asked in results["questions"]:
        waiting = unpublished_of(results, asked["question"])
        for item in asked["pools"]:
            key = (asked["question"], item["pool"]["outcome"], item["pool"]["design"])
            pools[key] = item["pool"]
            words = outcome_words(results, item)
            contexts[key] = Context(
                event_is=_event("" if words is None else words.event_is),
                bias=known,
                unpublished=waiting,
            )
        for one in asked["empty"]:
            empty[(asked["question"], one["outcome"], one["design"])] = str(one["reason"])
    return Side(
        name=given,
        sha256=str((results.get("tables") or {}).get("sha256") or ""),
        catalog=None,
        pools=pools,
        empty=empty,
        contexts=contexts,
        findings=(),
        bias=bias,
    )


def _bias_of(folders: Iterable[str]) -> tuple[BiasRecord, ...]:
    """Return the judgements of the sets of tables that a run names and that are still there."""
    there = [one for one in folders if one == SHIPPED or Path(one).is_dir()]
    return load_bias_records(there)[0] if there else ()

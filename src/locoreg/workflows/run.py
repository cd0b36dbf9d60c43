"""The evidence part of a study: audit, pool, reproduce."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from locoreg.core.errors import DesignError, NothingToPoolError
from locoreg.core.findings import Finding
from locoreg.core.provenance import Provenance
from locoreg.evidence.audit import AuditReport
from locoreg.evidence.doubts import alternatives
from locoreg.evidence.estimators import usual_interval
from locoreg.evidence.meta import MetaAnalysis as MetaAnalysis
from locoreg.evidence.multiverse import Multiverse as Multiverse
from locoreg.evidence.multiverse import multiverse
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.records import Catalog, Question, Study
from locoreg.evidence.reproduce import Reproduction as Reproduction
from locoreg.evidence.reproduce import reproduce
from locoreg.evidence.selection import DESIGN_GROUPS
from locoreg.workflows.answers import answer
from locoreg.workflows.evidence import (
    POOLED_DESIGNS,
    SHIPPED,
    audit_catalog,
    open_tables,
    pool_question,
    supported_readings,
)
from locoreg.workflows.published import PublishedPool, published_pools
from locoreg.workflows.study import EvidencePlan, QuestionPlan, StudyPlan, read_study

RESULTS_SCHEMA = 1
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolResult:
    """One pool of a study with its sentence and its multiverse.

    Attributes
    ----------
    key : str
        ``question/outcome/design``.
    pool : EvidencePool
    answer : str
        What it says, in plain words.
    multiverse : Multiverse or None
        None where no input is in doubt.
    """

    key: str
    pool: EvidencePool
    answer: str
    multiverse: Multiverse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionResult:
    """All results on one question.

    Attributes
    ----------
    question : Question
    pools : tuple of PoolResult
        By outcome and design.
    empty : tuple of (str, str, str)
        Outcome and design without a usable number, and why.
    published : tuple of PublishedPool
        Published pools on these outcomes, shown and never pooled again.
    not_pooled : tuple of Study
        Studies of the question without a comparison: single-arm series,
        protocols, reviews.
    """

    question: Question
    pools: tuple[PoolResult, ...]
    empty: tuple[tuple[str, str, str], ...]
    published: tuple[PublishedPool, ...]
    not_pooled: tuple[Study, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """Everything that a report shows of published evidence.

    Attributes
    ----------
    plan : StudyPlan
    study_file : str
        Name of the study file.
    catalog : Catalog
        The tables used.
    audit : AuditReport
    questions : tuple of QuestionResult
    reproductions : tuple of Reproduction
    provenance : Provenance
    """

    plan: StudyPlan
    study_file: str
    catalog: Catalog
    audit: AuditReport
    questions: tuple[QuestionResult, ...]
    reproductions: tuple[Reproduction, ...]
    provenance: Provenance

    @property
    def evidence(self) -> EvidencePlan:
        """The evidence part of the study file."""
        assert self.plan.evidence is not None
        return self.plan.evidence

    def to_dict(self) -> dict[str, Any]:
        """Return ``results.json``: see ``docs/reference/results.md``."""
        return results_dict(self)


def results_dict(result: StudyResult) -> dict[str, Any]:
    """Return a study's results as JSON-ready values, schema version first."""
    return {
        "schema": RESULTS_SCHEMA,
        "title": result.plan.title,
        "search_date": result.plan.search_date,
        "study_file": result.study_file,
        "provenance": result.provenance.to_dict(),
        "tables": {
            "source": result.catalog.source,
            "sha256": result.catalog.sha256,
            "studies": sorted(result.catalog.studies),
            "claims": len(result.catalog.claims),
            "references": len(result.catalog.references),
        },
        "questions": [
            {
                "question": q.question.question_id,
                "title": q.question.title,
                "about": {
                    name: getattr(q.question, name)
                    for name in (
                        "population",
                        "intervention",
                        "comparator",
                        "favours_intervention",
                        "favours_control",
                    )
                },
                "pools": [
                    {
                        "key": p.key,
                        "answer": p.answer,
                        "outcome": {
                            "id": p.pool.outcome.outcome_id,
                            "label": p.pool.outcome.label,
                            "event": p.pool.outcome.event,
                            "event_is": p.pool.outcome.event_is,
                        },
                        "pool": p.pool.to_dict(),
                        "multiverse": None if p.multiverse is None else p.multiverse.to_dict(),
                    }
                    for p in q.pools
                ],
                "empty": [
                    {"outcome": outcome, "design": design, "reason": reason}
                    for outcome, design, reason in q.empty
                ],
                "published": [asdict(s) for s in q.published],
                "not_pooled": [
                    {"study_id": s.study_id, "label": s.label, "design": s.design}
                    for s in q.not_pooled
                ],
            }
            for q in result.questions
        ],
        "audit": result.audit.to_dict(),
        "reproductions": [r.to_dict() for r in result.reproductions],
    }


def run_evidence(path: str | Path, *, progress: Progress = lambda stage: None) -> StudyResult:
    """Run the evidence part of a study file.

    Parameters
    ----------
    path : str or Path
        The study file.
    progress : callable
        Called with the name of each stage as it begins.

    Returns
    -------
    StudyResult
        Results and what they were made from.

    Raises
    ------
    DataError
        If the study file or a table has a fault.
    DesignError
        If it has no evidence part.
    """
    plan, _ = read_study(path)
    asked = plan.evidence
    if asked is None:
        raise DesignError(f"{Path(path).name} has no part evidence.", hint="add it.")
    progress("reading the tables")
    folder = Path(path).resolve().parent
    catalog = open_tables([t if t == SHIPPED else folder / t for t in asked.tables])
    progress("auditing every number")
    report = audit_catalog(catalog)
    questions = []
    for question in asked.questions:
        progress(f"pooling {question.question}")
        questions.append(_question(catalog, question, report.findings))
    return StudyResult(
        plan=plan,
        study_file=Path(path).name,
        catalog=catalog,
        audit=report,
        questions=tuple(questions),
        reproductions=_reproductions(catalog, asked, report, progress),
        provenance=Provenance(input_sha256=catalog.sha256, options={"tables": list(asked.tables)}),
    )


def _reproductions(
    catalog: Catalog, plan: EvidencePlan, report: AuditReport, progress: Progress
) -> tuple[Reproduction, ...]:
    asked = plan.reproduce
    pools = list(catalog.pools) if asked == "all" else list(asked)
    readings = supported_readings(report.findings)
    found = []
    for pool in pools:
        progress(f"rebuilding {pool}")
        found.append(reproduce(catalog, pool, readings=readings))
    return tuple(found)


def _question(
    catalog: Catalog, asked: QuestionPlan, findings: tuple[Finding, ...]
) -> QuestionResult:
    question = catalog.question(asked.question)
    pools: list[PoolResult] = []
    empty: list[tuple[str, str, str]] = []
    for outcome in asked.outcomes:
        for design in asked.designs:
            try:
                pool = pool_question(
                    catalog,
                    asked.question,
                    design=design,
                    outcome=outcome,
                    subgroup=asked.subgroup,
                    studies=asked.studies,
                    reports=asked.reports,
                    include_memory=asked.include_memory,
                    method=asked.method,
                    interval=asked.interval or usual_interval(asked.method),
                    level=asked.level,
                    subgroups_by=asked.subgroups_by,
                    findings=findings,
                )
            except NothingToPoolError as error:
                # A design without a usable study is an answer; it is listed with its reason.
                empty.append((outcome, design, error.message))
                continue
            if isinstance(pool, EvidencePool):
                pools.append(_pool_result(catalog, pool, findings))
    # What pools can hold without being asked: an emulation is pooled on request only.
    groups = (*POOLED_DESIGNS, "pooled")
    compared = {member for group in groups for member in DESIGN_GROUPS.get(group, (group,))}
    return QuestionResult(
        question=question,
        pools=tuple(pools),
        empty=tuple(empty),
        published=published_pools(
            catalog, asked.question, [str(catalog.outcome_id(o)) for o in asked.outcomes]
        ),
        not_pooled=tuple(
            s
            for s in catalog.studies.values()
            if s.question_id == asked.question and s.design not in compared and not s.version_of
        ),
    )


def _pool_result(catalog: Catalog, pool: EvidencePool, findings: tuple[Finding, ...]) -> PoolResult:
    doubts = alternatives(catalog, pool, findings)
    worlds = None
    if any(len(a.options) > 1 for a in doubts):
        worlds = multiverse(
            doubts,
            method=pool.meta.method,
            interval=pool.meta.interval,
            level=pool.meta.mu.level,
        )
    return PoolResult(
        key="/".join((pool.question.question_id, pool.outcome.outcome_id, pool.selection.design)),
        pool=pool,
        answer=answer(pool),
        multiverse=worlds,
    )

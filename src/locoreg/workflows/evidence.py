"""The evidence tasks that users ask for: list, show, audit, pool, reproduce."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, DesignError, NothingToPoolError, did_you_mean
from locoreg.core.findings import Finding
from locoreg.evidence.audit import AuditReport, audit
from locoreg.evidence.catalog import SHIPPED as SHIPPED
from locoreg.evidence.catalog import load_catalog, read_catalog
from locoreg.evidence.estimators import usual_interval
from locoreg.evidence.lines import is_firm
from locoreg.evidence.pooling import EvidencePool, pool_evidence
from locoreg.evidence.records import Catalog, Claim, Study
from locoreg.evidence.reproduce import Reproduction, reproduce
from locoreg.evidence.selection import DESIGN_GROUPS, Selection, design_members
from locoreg.evidence.sensitivity import PoolOptions

# Published pools are listed beside the others, never pooled again.
POOLED_DESIGNS = ("rct", "observational")
# The rule that rebuilds published pools.
REBUILDING = ("pool-not-reproduced",)


def open_tables(tables: Sequence[str | Path] = (SHIPPED,)) -> Catalog:
    """Load one or more sets of evidence tables.

    Parameters
    ----------
    tables : sequence of str or Path
        ``shipped`` for the curated tables of the package, or folders. Later
        ones add to the earlier ones, and may correct their rows.

    Returns
    -------
    Catalog
        The tables together.
    """
    # The shipped tables alone don't change while a process runs.
    return _shipped() if tuple(tables) == (SHIPPED,) else load_catalog(tables)


@lru_cache(maxsize=1)
def _shipped() -> Catalog:
    return load_catalog((SHIPPED,))


@lru_cache(maxsize=1)
def _shipped_report() -> AuditReport:
    return audit(_shipped())


def row_findings(catalog: Catalog) -> tuple[Finding, ...]:
    """Return what the audit finds in rows that can be pooled; published pools are not rebuilt.

    Parameters
    ----------
    catalog : Catalog
        The tables.

    Returns
    -------
    tuple of Finding
        Worst first.
    """
    return audit(catalog, without=REBUILDING).findings


def audit_catalog(catalog: Catalog) -> AuditReport:
    """Audit a catalogue; that of the shipped tables alone once in a process.

    Parameters
    ----------
    catalog : Catalog
        From :func:`open_tables`, or any other.

    Returns
    -------
    AuditReport
        As :func:`locoreg.evidence.audit.audit` gives it.
    """
    return _shipped_report() if catalog is _shipped() else audit(catalog)


def audit_tables(
    tables: Sequence[str | Path] = (SHIPPED,),
) -> tuple[AuditReport, tuple[Finding, ...]]:
    """Audit evidence tables, faulty rows included.

    Parameters
    ----------
    tables : sequence of str or Path
        As for :func:`open_tables`.

    Returns
    -------
    report : AuditReport
        Findings of all checks; cells that can't be used are findings too.
    faults : tuple of Finding
        Those cells. Their rows took no part in the other checks.
    """
    if tuple(tables) == (SHIPPED,):
        return _shipped_report(), ()
    catalog, faults = read_catalog(tables)
    return audit(catalog, faults=faults), faults


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPools:
    """The pools of one question and outcome, designs apart.

    Attributes
    ----------
    question, outcome : str
        Ids.
    pools : tuple of EvidencePool
        One per design group with a usable study.
    empty : tuple of (str, str)
        Design groups without one, and why.
    """

    question: str
    outcome: str
    pools: tuple[EvidencePool, ...]
    empty: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the pools as JSON-ready values."""
        return {
            "question": self.question,
            "outcome": self.outcome,
            "groups": [pool.to_dict() for pool in self.pools],
            "empty": [{"design": design, "reason": reason} for design, reason in self.empty],
        }

    def summary(self) -> str:
        """Return each pool in plain lines."""
        parts = [pool.summary() for pool in self.pools]
        parts += [reason for _, reason in self.empty]
        return "\n\n".join(parts)


def pool_question(
    catalog: Catalog,
    question: str,
    *,
    design: str | None = None,
    outcome: str | None = None,
    subgroup: str = "",
    studies: Sequence[str] = (),
    reports: Sequence[str] = (),
    as_printed: bool = False,
    include_memory: bool = False,
    method: str = "REML",
    interval: str | None = None,
    level: float | None = None,
    subgroups_by: str | None = None,
    findings: Iterable[Finding] | None = None,
) -> EvidencePool | QuestionPools:
    """Pool the evidence on a question.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    question : str
        Question id.
    design : str, optional
        rct, observational, or one design of it. Without it each group is
        pooled by itself.
    outcome : str, optional
        Outcome id or alias; the question's main outcome if not given.
    subgroup : str
        Patients' subgroup as ``dimension=level``.
    studies, reports : sequence of str
        See :class:`locoreg.evidence.inputs.Selection`.
    as_printed : bool
        Read every row as its table states it.
    include_memory : bool
        Let numbers from memory enter.
    method : str
        Estimator of the between-study variance.
    interval : str, optional
        Kind of interval; see :func:`locoreg.evidence.meta.usual_interval`.
    level : float, optional
        Percent; the level that the question's record states if not given.
    subgroups_by : str, optional
        Column of the studies table.
    findings : iterable of Finding, optional
        Findings of an audit of the same tables, if at hand.

    Returns
    -------
    EvidencePool or QuestionPools
        One pool if a design is given, else one per design group.
    """
    record = catalog.question(question)
    outcome_id = catalog.outcome_id(outcome) if outcome else record.outcomes[0]
    if outcome_id not in catalog.outcomes:
        raise DataError(
            f"there is no outcome {outcome!r}.", hint=did_you_mean(str(outcome), catalog.outcomes)
        )
    options = PoolOptions(
        method=method,
        interval=interval or usual_interval(method),
        level=record.level if level is None else level,
        subgroups_by=subgroups_by,
    )
    found = tuple(row_findings(catalog) if findings is None else findings)

    def pool(of_design: str) -> EvidencePool:
        selection = Selection(
            question=question,
            outcome=str(outcome_id),
            design=of_design,
            subgroup=subgroup,
            studies=tuple(studies),
            reports=tuple(reports),
            readings="printed" if as_printed else "supported",
            include_memory=include_memory,
        )
        return pool_evidence(catalog, selection, options, found)

    if design is not None:
        if set(design_members(design)) & set(DESIGN_GROUPS["pooled"]):
            raise DesignError(
                "published pools are not pooled again.",
                hint="see `locoreg evidence reproduce` for what went into them.",
            )
        return pool(design)
    if studies:
        return pool(_design_of(catalog, studies))
    pools, empty = [], []
    for group in POOLED_DESIGNS:
        try:
            pools.append(pool(group))
        except NothingToPoolError as error:
            empty.append((group, error.message))
    if not pools:
        raise NothingToPoolError(" ".join(reason for _, reason in empty))
    return QuestionPools(
        question=question, outcome=str(outcome_id), pools=tuple(pools), empty=tuple(empty)
    )


def _design_of(catalog: Catalog, studies: Sequence[str]) -> str:
    """Return the one design group that all named studies belong to."""
    groups: dict[str, str] = {}
    for given in studies:
        reference = catalog.references.get(given)
        key = given if given in catalog.studies or reference is None else reference.study_id
        study = catalog.study(key or given)
        study = catalog.study(study.version_of) if study.version_of else study
        group = next((g for g, m in DESIGN_GROUPS.items() if study.design in m), study.design)
        groups[group] = study.study_id
    if len(groups) > 1:
        named = ", ".join(f"{study} ({group})" for group, study in groups.items())
        raise DesignError(
            f"the studies are of different designs: {named}.",
            hint="designs are pooled apart; give studies of one design.",
        )
    return next(iter(groups))


def reproduce_pool(catalog: Catalog, pool: str) -> Reproduction:
    """Search for the readings of its inputs that give a published pool.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    pool : str
        Pool id, or the id of a study that published exactly one pool.

    Returns
    -------
    Reproduction
        Verdict, matching settings, counts and explanation.
    """
    return reproduce(catalog, pool, readings=supported_readings(row_findings(catalog)))


def supported_readings(findings: Iterable[Finding]) -> tuple[tuple[str, str], ...]:
    """Return (claim id, reading) for each reading that the audit firmly supports."""
    return tuple((f.claim_ids[0], f.reading) for f in findings if is_firm(f) and f.reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyView:
    """Everything the tables hold on one study."""

    study: Study
    reports: tuple[dict[str, Any], ...]
    claims: tuple[Claim, ...]
    superseded: frozenset[str]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the study, its reports, rows and findings as JSON-ready values."""
        return {
            "study": _filled(self.study),
            "reports": list(self.reports),
            "claims": [
                {
                    **{k: v for k, v in c.row.printed.items() if v},
                    "row": c.row.number,
                    "superseded": c.claim_id in self.superseded,
                }
                for c in self.claims
            ],
            "findings": [f.to_dict() for f in self.findings],
        }


def show_study(catalog: Catalog, study_id: str) -> StudyView:
    """Gather everything on a study, given its id or the id of a report of it."""
    reference = catalog.references.get(study_id)
    key = study_id
    if study_id not in catalog.studies and reference is not None and reference.study_id:
        key = reference.study_id
    study = catalog.study(key)
    study = catalog.study(study.version_of) if study.version_of else study
    claims = catalog.claims_of(study.study_id)
    ids = {c.claim_id for c in claims}
    findings = [
        f
        for f in audit_catalog(catalog).findings
        if f.subject == study.study_id or ids & set(f.claim_ids)
    ]
    return StudyView(
        study=study,
        reports=tuple(_filled(r) for r in catalog.reports_of(study.study_id)),
        claims=claims,
        superseded=catalog.superseded(),
        findings=tuple(findings),
    )


def list_studies(
    catalog: Catalog, *, question: str | None = None, design: str | None = None
) -> tuple[Study, ...]:
    """Return the studies of the tables, filtered."""
    if question is not None:
        catalog.question(question)
    members = None if design is None else _any_design(catalog, design)
    return tuple(
        s
        for s in catalog.studies.values()
        if question in (None, s.question_id) and (members is None or s.design in members)
    )


def _any_design(catalog: Catalog, design: str) -> tuple[str, ...]:
    known = {s.design for s in catalog.studies.values()}
    return (design,) if design in known and design not in DESIGN_GROUPS else design_members(design)


def _filled(record: Any) -> dict[str, Any]:
    return {k: v for k, v in record.row.printed.items() if v}

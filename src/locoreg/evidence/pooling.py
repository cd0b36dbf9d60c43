"""Pool the evidence on a question: selection, main result, naive result, sensitivity."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import NothingToPoolError
from locoreg.core.findings import Finding, by_severity
from locoreg.core.numbertext import p_text
from locoreg.core.provenance import Provenance
from locoreg.evidence.inputs import select_inputs
from locoreg.evidence.lines import Exclusion, PooledStudy
from locoreg.evidence.meta import MetaAnalysis
from locoreg.evidence.records import Catalog, Outcome, Question
from locoreg.evidence.selection import DESIGN_LABELS, Selection
from locoreg.evidence.sensitivity import (
    PoolOptions,
    SensitivityRow,
    SubgroupPool,
    SubgroupTestResult,
    pool_studies,
    row_dict,
    subgroup_pools,
    up_to_each,
    without_each,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePool:
    """The pooled evidence on one question, outcome and design.

    Attributes
    ----------
    question : Question
    outcome : Outcome
    selection : Selection
        What was asked.
    design_label : str
        Name of the design group for readers.
    meta : MetaAnalysis
        The main result.
    studies : tuple of PooledStudy
        Its studies, in the order of ``meta.labels``.
    excluded : tuple of Exclusion
        Every other study of the question and design, with the reason.
    as_printed : MetaAnalysis or None
        The naive result: the same studies and reports with every row read as
        its table states it. None where the main result is the naive one.
    indirect : tuple of str
        How the patients of its studies differ from those of the question.
    barred : tuple of str
        Studies that are pooled in spite of a blocking finding: because their
        report was asked for, or because no other reading is supported.
    differs : tuple of str
        Studies that the two results read differently, with the reading.
    subgroups : tuple of SubgroupPool
    subgroup_test : SubgroupTestResult or None
    leave_one_out, cumulative : tuple of SensitivityRow
        Empty under two studies.
    findings : tuple of Finding
        What the audit says of the rows used, worst first.
    provenance : Provenance
    """

    question: Question
    outcome: Outcome
    selection: Selection
    design_label: str
    meta: MetaAnalysis
    studies: tuple[PooledStudy, ...]
    excluded: tuple[Exclusion, ...]
    as_printed: MetaAnalysis | None
    indirect: tuple[str, ...]
    barred: tuple[str, ...]
    differs: tuple[str, ...]
    subgroups: tuple[SubgroupPool, ...]
    subgroup_test: SubgroupTestResult | None
    leave_one_out: tuple[SensitivityRow, ...]
    cumulative: tuple[SensitivityRow, ...]
    findings: tuple[Finding, ...]
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Return the pool as JSON-ready values."""
        out = self.meta.to_dict()
        test = self.subgroup_test
        out.update(
            question=self.question.question_id,
            title=self.question.title,
            outcome=self.outcome.outcome_id,
            measure=self.question.measure,
            reference_arm=self.question.reference_arm,
            design=self.selection.design,
            subgroup=self.selection.subgroup or None,
            readings=self.selection.readings,
            studies=[
                _study_dict(study, weight, self.meta.mu.level)
                for study, weight in zip(self.studies, self.meta.weights, strict=True)
            ],
            excluded=[
                {"study_id": e.study_id, "label": e.label, "kind": e.kind, "reason": e.reason}
                for e in self.excluded
            ],
            as_printed=None if self.as_printed is None else self.as_printed.to_dict(),
            indirect=list(self.indirect),
            barred=list(self.barred),
            differs=list(self.differs),
            subgroups=[
                {"name": g.name, "study_ids": list(g.study_ids), "pool": g.meta.to_dict()}
                for g in self.subgroups
            ],
            subgroup_test=None
            if test is None
            else {"by": test.by, "q": test.q, "df": test.df, "p_value": test.p_value},
            leave_one_out=[row_dict(row) for row in self.leave_one_out],
            cumulative=[row_dict(row) for row in self.cumulative],
            findings=[finding.to_dict() for finding in self.findings],
            provenance=self.provenance.to_dict(),
        )
        return out

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per study and one for the pool; see :meth:`MetaAnalysis.to_frame`."""
        return self.meta.to_frame(exponentiate=exponentiate)

    def summary(self) -> str:
        """Return the result in plain lines."""
        lines = [
            f"{self.question.title} {self.outcome.label}, {self.design_label.lower()}.",
            f"{self.question.measure} {self.meta.summary()}",
        ]
        if self.as_printed is not None and self.differs:
            lines.append(
                f"Read as printed: {self.as_printed.mu.text()}. Read differently here: "
                + "; ".join(self.differs)
            )
        lines += [f"{sentence}." for sentence in self.indirect]
        lines += [f"Pooled in spite of a blocking finding: {b}" for b in self.barred]
        lines += [f"{g.name} ({g.meta.k}): {g.meta.mu.text()}" for g in self.subgroups]
        if self.subgroup_test is not None:
            test = self.subgroup_test
            lines.append(
                f"Test between subgroups ({test.by.replace('_', ' ')}): Q {test.q:.2f} on "
                f"{test.df} df, {p_text(test.p_value)}"
            )
        lines += [f"Left out: {e.label}: {e.reason}." for e in self.excluded]
        return "\n".join(lines)


def pool_evidence(
    catalog: Catalog,
    selection: Selection,
    options: PoolOptions,
    findings: Iterable[Finding],
) -> EvidencePool:
    """Pool one design's studies on one outcome of a question.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    selection : Selection
        Question, outcome, design, studies, reports and readings.
    options : PoolOptions
        Estimator, interval and level.
    findings : iterable of Finding
        The audit's findings on the same catalogue.

    Returns
    -------
    EvidencePool
        The main result with the naive one beside it.

    Raises
    ------
    NothingToPoolError
        If no study has a usable number; the message gives each reason.
    DesignError
        If the selection does not fit the tables.
    """
    findings = tuple(findings)
    studies, excluded = select_inputs(catalog, selection, findings)
    if not studies:
        label = DESIGN_LABELS.get(selection.design, selection.design)
        outcome = catalog.outcomes[selection.outcome].label.lower()
        whom = f" in {selection.subgroup}" if selection.subgroup else ""
        by_reason: dict[str, list[str]] = {}
        for left_out in excluded:
            by_reason.setdefault(left_out.reason, []).append(left_out.label)
        reasons = "; ".join(f"{reason} ({', '.join(who)})" for reason, who in by_reason.items())
        raise NothingToPoolError(
            f"{label}, {outcome}{whom}: "
            + (f"no usable number: {reasons}." if reasons else "none is recorded.")
        )
    question = catalog.question(selection.question)
    naive, differs = _as_printed(catalog, selection, options, findings, studies, question)
    groups, test = subgroup_pools(catalog, studies, options, question)
    about = dict.fromkeys(finding for study in studies for finding in study.findings)
    design = selection.design
    return EvidencePool(
        question=question,
        outcome=catalog.outcomes[selection.outcome],
        selection=selection,
        design_label=DESIGN_LABELS.get(design, design),
        meta=pool_studies(studies, options, question),
        studies=studies,
        excluded=excluded,
        as_printed=naive,
        indirect=_indirect(studies),
        barred=_barred(studies),
        differs=differs,
        subgroups=groups,
        subgroup_test=test,
        leave_one_out=without_each(studies, options, question),
        cumulative=up_to_each(studies, options, question),
        findings=by_severity(about),
        provenance=Provenance(
            input_sha256=catalog.sha256, options=_options(catalog, selection, options)
        ),
    )


def _indirect(studies: tuple[PooledStudy, ...]) -> tuple[str, ...]:
    by_words: dict[str, list[str]] = {}
    for study in studies:
        if study.indirectness:
            by_words.setdefault(study.indirectness, []).append(study.label)
    return tuple(
        f"All {len(who)} studies: {words}"
        if len(who) == len(studies) > 1
        else f"{', '.join(who)}: {words}"
        for words, who in by_words.items()
    )


def _barred(studies: tuple[PooledStudy, ...]) -> tuple[str, ...]:
    return tuple(
        f"{study.label} ({finding.rule}: {finding.message})"
        for study in studies
        for finding in study.findings
        if finding.severity == "blocking"
        and finding.reading in (None, "exclude")
        and finding.claim_ids[:1]
        and finding.claim_ids[0] in study.claim_ids
    )


def _options(catalog: Catalog, selection: Selection, options: PoolOptions) -> dict[str, Any]:
    return {
        "tables": catalog.source,
        "question": selection.question,
        "outcome": selection.outcome,
        "design": selection.design,
        "subgroup": selection.subgroup or None,
        "studies": list(selection.studies),
        "reports": list(selection.reports),
        "readings": selection.readings,
        "include_memory": selection.include_memory,
        "method": options.method,
        "interval": options.interval,
        "level": options.level,
        "prediction": options.prediction,
        "subgroups_by": options.subgroups_by,
    }


def _as_printed(
    catalog: Catalog,
    selection: Selection,
    options: PoolOptions,
    findings: tuple[Finding, ...],
    studies: tuple[PooledStudy, ...],
    question: Question,
) -> tuple[MetaAnalysis | None, tuple[str, ...]]:
    """Return the pool of the same studies and reports, read as printed."""
    if selection.readings == "printed":
        return None, ()
    pinned = replace(
        selection,
        readings="printed",
        studies=tuple(s.study_id for s in studies),
        reports=tuple(
            f"{s.study_id}={s.report_id}" for s in studies if s.report_id in catalog.references
        ),
    )
    naive, _ = select_inputs(catalog, pinned, findings)
    by_id = {s.study_id: s for s in naive}
    differs = tuple(
        f"{s.label} ({'; '.join(s.applied)})"
        for s in studies
        if s.study_id in by_id and _differ(s, by_id[s.study_id])
    )
    return (pool_studies(naive, options, question) if naive else None), differs


def _differ(one: PooledStudy, other: PooledStudy) -> bool:
    return not (
        math.isclose(one.effect.yi, other.effect.yi, abs_tol=1e-12)
        and math.isclose(one.effect.se, other.effect.se, rel_tol=1e-12)
    )


def _study_dict(study: PooledStudy, weight: float, level: float) -> dict[str, Any]:
    counts = study.counts
    return {
        "study_id": study.study_id,
        "label": study.label,
        "design": study.design,
        "report_id": study.report_id,
        "report_rule": study.report_rule,
        "year": study.year,
        "claim_ids": list(study.claim_ids),
        "printed": study.printed,
        "source": study.source,
        "yi": study.effect.yi,
        "se": study.effect.se,
        "estimate": study.effect.estimate(level).to_dict(),
        "route": study.effect.route,
        "approximate": study.effect.approximate,
        "note": study.effect.note,
        "routes": [
            {"route": r.route, "yi": r.yi, "se": r.se, "approximate": r.approximate, "note": r.note}
            for r in study.routes
        ],
        "printed_level": study.printed_level,
        "matched_set": study.matched_set or None,
        "n": counts.n,
        "events": counts.events,
        "n_intervention": counts.n_intervention,
        "n_control": counts.n_control,
        "events_intervention": counts.events_intervention,
        "events_control": counts.events_control,
        "weight": weight,
        "verification": study.verification,
        "applied": list(study.applied),
        "findings": [{"rule": f.rule, "severity": f.severity} for f in study.findings],
    }

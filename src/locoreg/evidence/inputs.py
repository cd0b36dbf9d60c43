"""Which number each study brings to a pool, and why the others stay out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from locoreg.core.findings import Finding
from locoreg.evidence.comparisons import (
    UNMATCHED,
    Comparison,
    comparisons,
)
from locoreg.evidence.effectsize import EffectSize
from locoreg.evidence.lines import Exclusion, Missing, PooledStudy, is_firm
from locoreg.evidence.records import Catalog, Claim, Question, Reference, Study
from locoreg.evidence.routes import Reading, arm_routes, effect_routes, stated_reading
from locoreg.evidence.selection import Selection, resolve_ids, studies_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """One usable number of a study; ``why_not`` says why it can't be used."""

    report_id: str
    comparison: Comparison
    claim: Claim | None
    routes: tuple[EffectSize, ...]
    applied: tuple[str, ...]
    why_not: str | None


def select_inputs(
    catalog: Catalog, selection: Selection, findings: Iterable[Finding]
) -> tuple[tuple[PooledStudy, ...], tuple[Exclusion, ...]]:
    """Choose one number per study.

    Two levels: the report (the one asked for; else the latest whose number
    the audit does not bar, and among reports that agree within rounding the
    one with more digits), then the number in it (a printed effect before one
    derived from the arms, the report's own words before a review's, a matched
    sample before the unmatched one).

    Parameters
    ----------
    catalog : Catalog
        The tables.
    selection : Selection
        What is asked.
    findings : iterable of Finding
        The audit's findings on the same catalogue.

    Returns
    -------
    studies : tuple of PooledStudy
        One per study, in the order of publication.
    excluded : tuple of Exclusion
        Every other study of the question and design, with the reason.

    Raises
    ------
    DataError
        If a study, a report or the question is unknown.
    DesignError
        If a study asked for has another design.
    """
    question = catalog.question(selection.question)
    wanted, reports = resolve_ids(catalog, selection)
    chooser = _Chooser(catalog, selection, question, tuple(findings), reports)
    kept: list[PooledStudy] = []
    excluded: list[Exclusion] = []
    for study in studies_asked(catalog, selection, wanted):
        result = chooser.choose(study)
        if isinstance(result, Exclusion):
            excluded.append(result)
        else:
            kept.append(result)
    kept.sort(key=lambda s: (s.year or 0, s.study_id))
    return tuple(kept), tuple(excluded)


class _Chooser:
    """Chooses the number of one study; holds what all choices share."""

    def __init__(
        self,
        catalog: Catalog,
        selection: Selection,
        question: Question,
        findings: tuple[Finding, ...],
        reports: Mapping[str, str],
    ) -> None:
        self.catalog = catalog
        self.selection = selection
        self.question = question
        self.reports = reports
        self.superseded = catalog.superseded()
        self.by_claim: dict[str, list[Finding]] = {}
        for finding in findings:
            for claim_id in finding.claim_ids:
                self.by_claim.setdefault(claim_id, []).append(finding)

    def choose(self, study: Study) -> PooledStudy | Exclusion:
        """Return the study's line, or why it has none."""
        candidates = [
            candidate
            for comparison in comparisons(
                self.catalog, study.study_id, self.selection.outcome, self.selection.subgroup
            )
            for candidate in self._candidates(comparison)
        ]
        asked = self.reports.get(study.study_id)
        considered = [c for c in candidates if asked in (None, c.report_id)]
        usable = [c for c in considered if c.why_not is None]
        if not usable:
            return Exclusion(
                study_id=study.study_id,
                label=study.label,
                kind=_missing(considered),
                reason=self._reason(considered, asked),
            )
        best, rule = self._best(usable, candidates, asked)
        return self._line(study, best, rule)

    def _reason(self, candidates: list[_Candidate], asked: str | None) -> str:
        if candidates:
            return "; ".join(
                dict.fromkeys(f"{c.report_id}: {c.why_not}" for c in candidates if c.why_not)
            )
        where = f" in {asked}" if asked else ""
        for_whom = f" for {self.selection.subgroup}" if self.selection.subgroup else ""
        outcome = self.catalog.outcomes[self.selection.outcome].label.lower()
        return f"no result on {outcome} is recorded{for_whom}{where}"

    def _candidates(self, comparison: Comparison) -> list[_Candidate]:
        question = self.question
        arms = arm_routes(
            comparison, measure=question.measure, reference_arm=question.reference_arm
        )
        found = [
            self._from_claim(comparison, claim, arms)
            for claim in comparison.effects
            if self._in_force(claim)
        ]
        if not any(c.why_not is None for c in found) and arms:
            found.append(
                _Candidate(
                    report_id=comparison.report_id,
                    comparison=comparison,
                    claim=None,
                    routes=arms,
                    applied=(),
                    why_not=self._arms_barred(comparison),
                )
            )
        if not found:
            found.append(self._nothing(comparison))
        return found

    def _nothing(self, comparison: Comparison) -> _Candidate:
        what = ", ".join(dict.fromkeys(v.statistic for v in comparison.values)) or "no number"
        what = what.replace("_", " ")
        if comparison.counts.n_intervention is None:
            what += "; patients per arm are not recorded"
        return _Candidate(
            report_id=comparison.report_id,
            comparison=comparison,
            claim=None,
            routes=(),
            applied=(),
            why_not=f"its numbers ({what}) give no {self.question.measure}",
        )

    def _in_force(self, claim: Claim) -> bool:
        if self.selection.readings == "printed":
            return claim.supersedes is None
        return claim.claim_id not in self.superseded

    def _from_claim(
        self, comparison: Comparison, claim: Claim, arms: tuple[EffectSize, ...]
    ) -> _Candidate:
        reading, applied, barred = self._reading(claim)
        own = effect_routes(claim, reading, reference_arm=self.question.reference_arm)
        # A report that the user names is used; what the audit says of it stands beside it.
        if comparison.report_id == self.reports.get(comparison.study_id):
            barred = None
        why_not = barred or self._barred_by_memory(claim)
        if claim.resolved_measure != self.question.measure:
            why_not = f"it prints {claim.measure}, and {self.question.measure} is pooled"
        elif not own:
            why_not = "its row gives no standard error"
        return _Candidate(
            report_id=comparison.report_id,
            comparison=comparison,
            claim=claim,
            routes=(*own, *arms),
            applied=applied,
            why_not=why_not,
        )

    def _arms_barred(self, comparison: Comparison) -> str | None:
        rows = [claim for value in comparison.values for claim in value.claims]
        for claim in rows:
            for finding in self.by_claim.get(claim.claim_id, []):
                first = finding.claim_ids[0] == claim.claim_id
                if first and is_firm(finding) and finding.reading == "exclude":
                    return f"{finding.rule}: {finding.message}"
        return next((why for why in map(self._barred_by_memory, rows) if why), None)

    def _barred_by_memory(self, claim: Claim) -> str | None:
        if claim.verification == "memory" and not self.selection.include_memory:
            return "the number is from memory and was not asked for"
        return None

    def _reading(self, claim: Claim) -> tuple[Reading, tuple[str, ...], str | None]:
        """Return how the row is read, what was applied in words, and why it is barred."""
        stated = stated_reading(claim)
        barred = None
        reading = stated
        applied: list[str] = []
        if claim.supersedes is not None:
            applied.append(f"corrected row {claim.claim_id}: {claim.reason}")
        for finding in self.by_claim.get(claim.claim_id, []):
            if not is_firm(finding) or finding.claim_ids[0] != claim.claim_id:
                continue
            if finding.reading == "exclude":
                barred = f"{finding.rule}: {finding.message}"
            elif self.selection.readings == "supported":
                reading, words = _apply(reading, finding)
                applied += [words] if words else []
        return reading, tuple(applied), barred

    def _best(
        self, usable: list[_Candidate], candidates: list[_Candidate], asked: str | None
    ) -> tuple[_Candidate, str]:
        versions = {
            r.reference_id: i
            for i, r in enumerate(self.catalog.reports_of(usable[0].comparison.study_id))
        }
        usable = sorted(
            usable,
            key=lambda c: (
                c.claim is not None,
                c.comparison.matched_set != UNMATCHED,
                versions.get(c.report_id, -1),
                _own_words(c),
            ),
            reverse=True,
        )
        best = usable[0]
        rule = "the only report with a usable number"
        if len({c.report_id for c in usable}) > 1:
            rule = "the latest report with a usable number"
        for other in usable[1:]:
            if other.report_id != best.report_id and _same_but_finer(other, best):
                best, rule = other, f"agrees with {best.report_id} and has more digits"
        newer = [
            c.report_id
            for c in candidates
            if c.why_not and versions.get(c.report_id, -1) > versions.get(best.report_id, -1)
        ]
        if newer:
            rule += f"; {', '.join(dict.fromkeys(newer))} is newer and was not usable"
        return best, "asked for" if asked else rule

    def _line(self, study: Study, best: _Candidate, rule: str) -> PooledStudy:
        reference: Reference | None = self.catalog.references.get(best.report_id)
        rows = _rows(best)
        ids = tuple(claim.claim_id for claim in rows)
        originals = [c.supersedes for c in rows if c.supersedes]
        about = [f for i in (*ids, *originals) for f in self.by_claim.get(i, [])]
        return PooledStudy(
            study_id=study.study_id,
            label=study.label,
            design=study.design,
            report_id=best.report_id,
            year=reference.year if reference else None,
            claim_ids=ids,
            printed="; ".join(dict.fromkeys(c.verbatim for c in rows if c.verbatim)),
            source=rows[0].location().source or study.study_id,
            effect=best.routes[0],
            routes=best.routes,
            printed_level=rows[0].ci_level,
            counts=best.comparison.counts,
            matched_set=best.comparison.matched_set,
            verification=rows[0].verification or "",
            applied=best.applied,
            report_rule=rule,
            indirectness=study.indirectness or "",
            findings=tuple(dict.fromkeys(about)),
        )


def _missing(considered: list[_Candidate]) -> Missing:
    if not considered:
        return "not reported"
    return "not pooled" if any(c.routes for c in considered) else "not estimable"


def _apply(reading: Reading, finding: Finding) -> tuple[Reading, str]:
    column, _, value = (finding.reading or "").partition("=")
    if column == "reference_arm" and value != reading.reference_arm:
        words = f"read with the {value} arm as reference ({finding.rule})"
        return Reading(reference_arm=value, ci_level=reading.ci_level), words
    if column == "ci_level" and float(value) != reading.ci_level:
        words = f"interval read as {value}% ({finding.rule})"
        return Reading(reference_arm=reading.reference_arm, ci_level=float(value)), words
    return reading, ""


def _rows(candidate: _Candidate) -> list[Claim]:
    if candidate.claim is not None:
        return [candidate.claim]
    statistic = {"survival proportions": "survival_proportion", "medians": "median_time"}.get(
        candidate.routes[0].route
    )
    values = [v for v in candidate.comparison.values if statistic in (None, v.statistic)]
    rows = [claim for value in values[:1] for claim in value.claims]
    # Events and patients may stand in an effect row that prints no estimate.
    return rows or list(candidate.comparison.effects[:1])


def _own_words(candidate: _Candidate) -> bool:
    claim = candidate.claim
    return claim is None or claim.source_id in (None, candidate.report_id)


def _same_but_finer(other: _Candidate, best: _Candidate) -> bool:
    if other.claim is None or best.claim is None:
        return False
    columns = ("estimate", "ci_low", "ci_high")
    for column in columns:
        a, b = getattr(other.claim, column), getattr(best.claim, column)
        if a is None or b is None:
            return False
        coarse = best.claim.half_unit(column)
        if abs(a - b) > coarse * (1 + 1e-9) or other.claim.half_unit(column) > coarse:
            return False
    return any(other.claim.half_unit(c) < best.claim.half_unit(c) for c in columns)

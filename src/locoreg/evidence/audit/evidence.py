"""What p-values, events and subgroups say about the standard error behind an interval."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass

from locoreg.evidence.audit.counted import Cell, Counts, counts_for
from locoreg.evidence.audit.interval import is_skewed
from locoreg.evidence.audit.ranges import Range, Spread, p_range, spread, z_range
from locoreg.evidence.audit.view import StudyView, dimension_of
from locoreg.evidence.records import Claim

LEVELS = (70.0, 90.0, 95.0, 99.0)
_OTHER_TESTS = ("baseline", "landmark", "interaction", "heterogen", "trend", "inferior", "margin")
_AT_A_TIME = re.compile(r"\d[\s-]*(year|month|yr|mo)")
_WEIGHTED = ("weight", "iptw", "overlap", "robust", "cluster", "paired", "match")


@dataclass(frozen=True, slots=True, kw_only=True)
class PEvidence:
    """A p-value of the comparison.

    Attributes
    ----------
    claim : Claim
        Row that holds it.
    sides : tuple of int
        Sides to try.
    z : tuple of Range
        Deviates for each of them.
    loosen : float
        Factor on the tolerance: 1 where the test is that of the interval.
    """

    claim: Claim
    sides: tuple[int, ...]
    z: tuple[Range, ...]
    loosen: float

    def gap(self, printed: Spread, level: float | None = None) -> float:
        """Return the signed distance of the interval's z from that of p, for the best side."""
        gaps = [printed.z(level).gap(z) for z in self.z]
        return min(gaps, key=abs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that bears on the standard error of one interval.

    Attributes
    ----------
    claim : Claim
        The effect row.
    printed : Spread
        Its interval.
    p : PEvidence or None
        P-value.
    counts : Counts
        Patients and events.
    sub_information : float or None
        Sum of 1/SE^2 over subgroups of one dimension, as their rows state it.
    sub_claims : tuple of Claim
        Those rows.
    exhaustive : bool
        Whether their patients add to the whole.
    plain : bool
        Whether the estimate is an unadjusted, unweighted hazard ratio.
    weighted : bool
        Whether patients are weighted, matched or clustered.
    """

    claim: Claim
    printed: Spread
    p: PEvidence | None
    counts: Counts
    sub_information: float | None
    sub_claims: tuple[Claim, ...]
    exhaustive: bool
    plain: bool
    weighted: bool

    def implied_bound(self, level: float | None = None) -> float:
        """Return the fewest events that the interval needs: 4/SE^2, rounding in its favour."""
        return 4 / self.printed.se(level).hi ** 2

    def implied(self, level: float | None = None) -> float:
        """Return the events that the interval implies: 1/(SE^2 pi (1 - pi))."""
        share = self.counts.share
        return 1 / (self.printed.se(level).mid ** 2 * share * (1 - share))

    def information_ratio(self, level: float | None = None) -> float | None:
        """Return 1/SE^2 over what the events give: harmonic where events per arm are known."""
        first, second = self.counts.events_intervention, self.counts.events_control
        information = 1 / self.printed.se(level).mid ** 2
        if first and second and first.value > 0 and second.value > 0:
            return information * (1 / first.value + 1 / second.value)
        deaths = self.counts.deaths
        if not deaths:
            return None
        share = self.counts.share
        return information / (deaths * share * (1 - share))

    def sub_ratio(self, level: float | None = None) -> float | None:
        """Return the least information of the subgroups over that of the whole."""
        if self.sub_information is None:
            return None
        return self.sub_information * self.printed.se(level).lo ** 2


def gather(study: StudyView, claim: Claim) -> Evidence | None:
    """Collect the evidence about the interval of an effect row.

    Parameters
    ----------
    study : StudyView
        The study.
    claim : Claim
        The effect row.

    Returns
    -------
    Evidence or None
        None where the row has no usable interval, or where its three numbers
        contradict each other so that nothing follows from their width.
    """
    printed = spread(claim)
    if printed is None or printed.half_width.lo <= 0 or is_skewed(claim):
        return None
    adjusted = (claim.adjusted or "").casefold()
    sub, rows, exhaustive = _subgroups(study, claim)
    return Evidence(
        claim=claim,
        printed=printed,
        p=p_evidence(study, claim),
        counts=counts_for(study, claim),
        sub_information=sub,
        sub_claims=rows,
        exhaustive=exhaustive,
        plain=claim.resolved_measure == "HR"
        and claim.kind == "effect"
        and adjusted in ("", "no", "none", "unadjusted")
        and study.study.design in ("rct", "registry", "cohort"),
        weighted=any(word in adjusted for word in _WEIGHTED) or claim.matched_set is not None,
    )


def p_evidence(study: StudyView, claim: Claim) -> PEvidence | None:
    """Return the p-value of the comparison: of the row, else of the arms' row beside it."""
    own = claim.p_value is not None and tests_effect(claim)
    source = claim if own else None
    if source is None and claim.p_value is None:
        source = next(
            (
                row
                for row in study.siblings(claim)
                if row.p_value is not None
                and row.kind in ("arms", "p_value")
                and row.statistic in (None, "median_time", "p", "p_value")
                and tests_effect(row)
            ),
            None,
        )
    p = p_range(source) if source is not None else None
    if source is None or p is None:
        return None
    # A one-sided p above a bound may lie on the other side, so it says nothing.
    unstated = (2,) if source.p_op in (">", ">=") else (2, 1)
    sides = {"two": (2,), "one": (1,)}.get(source.p_sided or "", unstated)
    adjusted = (claim.adjusted or "no").casefold() not in ("no", "none", "unadjusted")
    tested = (source.p_tests or "").casefold()
    loosen = 1.0 if own else 1.5
    if "stratif" in (claim.adjusted or "").casefold():
        loosen *= 1.5
    elif adjusted and "log" in tested and "rank" in tested:
        loosen *= 3.0
    elif adjusted and not any(word in tested for word in ("cox", "wald")):
        loosen *= 2.0 if own else 4.0
    return PEvidence(
        claim=source, sides=sides, z=tuple(z_range(p, side) for side in sides), loosen=loosen
    )


def tests_effect(claim: Claim) -> bool:
    """Return whether a p-value tests the comparison of the arms over the whole follow-up."""
    tested = (claim.p_tests or "").casefold()
    return not any(word in tested for word in _OTHER_TESTS) and not _AT_A_TIME.search(tested)


def partitions(study: StudyView, claim: Claim) -> dict[str, list[Claim]]:
    """Return the subgroup effects that belong to a whole, by dimension, two levels at least.

    Rows count if report, outcome, matched set, measure and adjustment are the
    same; of several rows on one level the first counts.
    """
    key = study.key_of[claim.claim_id]
    # The whole of a random-effects pool may hold less than the sum of its subgroups.
    if key[2] is not None or study.study.design in ("pooled", "review", "guideline"):
        return {}
    levels: dict[str, dict[str, Claim]] = defaultdict(dict)
    for other in study.claims:
        mine = study.key_of[other.claim_id]
        place = dimension_of(mine[2])
        if place is None or (mine[0], mine[1], mine[3]) != (key[0], key[1], key[3]):
            continue
        same = (other.resolved_measure, other.reference_arm) == (
            claim.resolved_measure,
            claim.reference_arm,
        )
        if same and spread(other) is not None:
            levels[place[0]].setdefault(place[1], other)
    return {name: list(rows.values()) for name, rows in levels.items() if len(rows) > 1}


def own_total(study: StudyView, claim: Claim) -> Cell | None:
    """Return the patients of exactly this row's subgroup, from its own report."""
    counts = counts_for(study, claim)
    if counts.n is not None:
        return counts.n
    first, second = counts.n_intervention, counts.n_control
    if first is None or second is None:
        return None
    return Cell(first.value + second.value, first.claim, first.column)


def _subgroups(study: StudyView, claim: Claim) -> tuple[float | None, tuple[Claim, ...], bool]:
    """Return the largest information sum over the dimensions, its rows, and whether it is all."""
    best: tuple[float | None, tuple[Claim, ...], bool] = (None, (), False)
    whole = own_total(study, claim)
    for rows in partitions(study, claim).values():
        spreads = [s for s in (spread(row) for row in rows) if s is not None]
        if any(s.half_width.lo <= 0 for s in spreads) or any(is_skewed(row) for row in rows):
            continue
        information = math.fsum(1 / s.se().hi ** 2 for s in spreads)
        cells = [own_total(study, row) for row in rows]
        n = sum(cell.value for cell in cells if cell is not None)
        known = whole is not None and all(cell is not None for cell in cells)
        if known and whole is not None and n > whole.value:
            continue
        exhaustive = known and whole is not None and n >= 0.97 * whole.value
        if best[0] is None or information > best[0]:
            best = (information, tuple(rows), exhaustive)
    return best

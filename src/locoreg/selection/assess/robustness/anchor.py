"""The average effect in trial-eligible persons beside the randomised trials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, range_text
from locoreg.emulation.benchmark import Benchmark, BenchmarkRow, TrialEstimate, benchmark
from locoreg.emulation.benchmark.agreement import LARGEST_Z
from locoreg.emulation.cohort import AttritionStep, Column
from locoreg.emulation.cohort.columns import UNKNOWN
from locoreg.emulation.cohort.criteria import judge
from locoreg.emulation.cohort.missing import indicator_name
from locoreg.selection.assess.robustness.whom import persons, whom
from locoreg.selection.data import SelectionData
from locoreg.selection.scores import Scores
from locoreg.stats.randomeffects import random_effects
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    from locoreg.emulation.protocol.parts import Criterion

AnchorVerdict = Literal["credible", "not credible", "can't be told"]
ANCHOR_VERDICTS: tuple[AnchorVerdict, ...] = get_args(AnchorVerdict)
# Fewer of either option say nothing of survival.
LEAST_PER_OPTION = 20
TIME_ZERO = (
    "Time zero differs: trials count from randomisation, the registry from {time_zero}; persons "
    "who died before are in neither of its groups. The hazard ratio is derived from survival at "
    "{horizon:g} months under proportional hazards."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Eligible:
    """Who would have been eligible for the trials.

    Attributes
    ----------
    mask : ndarray of bool, shape (n,)
        Who.
    steps : tuple of AttritionStep
        The criteria one after the other, with their counts.
    """

    mask: BoolArray
    steps: tuple[AttritionStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The registry beside the trials.

    Attributes
    ----------
    verdict : {"credible", "not credible", "can't be told"}
        not credible: the registry and the trials differ by more than chance allows (size of z at
        least 1.96). can't be told: they agree, but errors are so large that a difference worth
        knowing would not be seen, or there is nothing to compare.
    n, treated, comparator : int
        Eligible persons, by option.
    survival_treated, survival_comparator : Estimate or None
        Probability to be free of the event at the horizon under each option, among them.
    hazard_ratio : Estimate or None
        Their hazard ratio on the log scale, ``log(log S1 / log S0)``.
    benchmark : Benchmark or None
        Every agreement with every trial and the pool.
    prediction : tuple of float or None
        Limits of the log hazard ratio that a further trial would have; None for fewer than three.
    detectable : float or None
        Smallest ratio of the two hazard ratios that would be told from chance.
    reading : str
        A statement with its numbers.
    notes : tuple of str
        What a reader must know of the comparison.
    """

    verdict: AnchorVerdict
    n: int
    treated: int
    comparator: int
    survival_treated: Estimate | None
    survival_comparator: Estimate | None
    hazard_ratio: Estimate | None
    benchmark: Benchmark | None
    prediction: tuple[float, float] | None
    detectable: float | None
    reading: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        out: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        for name in ("survival_treated", "survival_comparator", "hazard_ratio", "benchmark"):
            out[name] = None if out[name] is None else out[name].to_dict()
        out["prediction"] = None if self.prediction is None else list(self.prediction)
        out["notes"] = list(self.notes)
        return out


def trial_eligible(data: SelectionData, criteria: Sequence[Criterion]) -> Eligible:
    """Judge who would have been eligible for the trials.

    Parameters
    ----------
    data : SelectionData
        The persons.
    criteria : sequence of Criterion
        Applied one after the other, on covariates or the site.

    Returns
    -------
    Eligible
        Everybody where there are no criteria.

    Raises
    ------
    DesignError
        If there is no such covariate.
    """
    mask = np.ones(data.n, dtype=np.bool_)
    steps = []
    for criterion in criteria:
        judged = judge(_column(data, criterion), criterion)
        out = mask & ~judged.kept
        mask = mask & judged.kept
        steps.append(
            AttritionStep(
                name=criterion.name,
                excluded=int(out.sum()),
                left=int(mask.sum()),
                unknown=int((out & judged.unknown).sum()),
            )
        )
    return Eligible(mask=mask, steps=tuple(steps))


def _column(data: SelectionData, criterion: Criterion) -> Column:
    columns = {column.name: column for column in data.covariates}
    if data.site is not None:
        columns.setdefault(data.site.name, data.site)
    if criterion.variable not in columns:
        raise DesignError(
            f"benchmark, {criterion.name!r}: there is no covariate {criterion.variable!r}.",
            hint=did_you_mean(criterion.variable, columns),
        )
    found = columns[criterion.variable]
    indicator = columns.get(indicator_name(criterion.variable))
    if found.kind == "number" and indicator is not None and UNKNOWN in indicator.levels:
        # A fill stands where the value is unknown: it says nothing of eligibility.
        unknown = indicator.values == indicator.levels.index(UNKNOWN)
        found = replace(found, values=np.where(unknown, np.nan, found.values))
    return found


def anchor(
    scores: Scores,
    eligible: ArrayLike,
    trials: Sequence[TrialEstimate],
    *,
    widest_ratio: float,
    pooled: TrialEstimate | None = None,
    margin: float | None = None,
    left_out: Sequence[str] = (),
) -> Anchor:
    """Lay the average effect in trial-eligible persons beside the randomised trials.

    Parameters
    ----------
    scores : Scores
        Scores of a survival difference.
    eligible : array_like of bool, shape (n,)
        Who would have been eligible; see `trial_eligible`.
    trials : sequence of TrialEstimate
        Hazard ratios of the event, treated over comparator.
    widest_ratio : float
        Ratio of hazard ratios, above 1, that the comparison must be able to tell from chance.
        Where it can't, agreement is no evidence, and the verdict is that it can't be told.
    pooled : TrialEstimate, optional
        The trials pooled elsewhere; by default they are pooled here where there are several.
    margin : float, optional
        Ratio for partial agreement, as for `benchmark`.
    left_out : sequence of str
        Trials without a usable number, with the reason.

    Returns
    -------
    Anchor
        The verdict is made with the pool, or with the trial if there is one.

    Raises
    ------
    DesignError
        If the scores are not of a survival difference, the ratio is not above 1, or there is no
        trial.
    DataError
        If `eligible` does not fit the persons.
    """
    mask = _check(scores, eligible, widest_ratio)
    treated = int((mask & scores.data.treated).sum())
    counts = (int(mask.sum()), treated, int(mask.sum()) - treated)
    note = TIME_ZERO.format(
        time_zero=scores.question.time_zero, horizon=scores.question.horizon_months
    )
    if min(counts[1:]) < LEAST_PER_OPTION:
        reason = (
            f"Of {persons(counts[0])} whom the trials would have taken {counts[1]} were treated "
            f"and {counts[2]} were not: too few to compare with the trials (at least "
            f"{LEAST_PER_OPTION} each)."
        )
        return _untold(counts, (None, None), reason, note)
    one, zero, ratio = _hazard_ratio(scores, mask)
    if ratio is None:
        reason = (
            f"Survival of eligible persons is {one.text()} with treatment and {zero.text()} "
            "without: no hazard ratio can be derived."
        )
        return _untold(counts, (one, zero), reason, note)
    compared = benchmark(
        ratio,
        trials,
        label=f"Registry, trial-eligible ({counts[0]} patients, {counts[1]} treated)",
        level=scores.question.level,
        margin=margin,
        pooled=pooled,
        left_out=left_out,
    )
    row = compared.rows[0] if compared.pooled is None else compared.pooled
    detectable = math.exp(LARGEST_Z * math.hypot(ratio.se, row.trial.estimate.se))
    verdict: AnchorVerdict = "credible"
    if not row.agreement.difference:
        verdict = "not credible"
    elif detectable > widest_ratio:
        verdict = "can't be told"
    prediction = _prediction(trials, scores.question.level)
    return Anchor(
        verdict=verdict,
        n=counts[0],
        treated=counts[1],
        comparator=counts[2],
        survival_treated=one,
        survival_comparator=zero,
        hazard_ratio=ratio,
        benchmark=compared,
        prediction=prediction,
        detectable=detectable,
        reading=_reading(verdict, counts[0], ratio, row, detectable, widest_ratio, prediction),
        notes=(note,),
    )


def _check(scores: Scores, eligible: ArrayLike, widest_ratio: float) -> BoolArray:
    if scores.question.measure != "survival_difference":
        raise DesignError(
            "a hazard ratio is derived from survival at the horizon: the scores are of a "
            "restricted mean.",
            hint="make scores with measure survival_difference too.",
        )
    if not 1.0 < widest_ratio < math.inf:
        raise DesignError(
            f"widest_ratio is {widest_ratio:g}.",
            hint="give the ratio of hazard ratios that must be told from chance, above 1.",
        )
    mask = np.asarray(eligible)
    if mask.shape != (scores.n,) or mask.dtype != np.bool_:
        raise DataError(
            f"eligible has shape {mask.shape} and type {mask.dtype} for {scores.n} persons.",
            hint="give True or False per person.",
        )
    return mask


def _hazard_ratio(scores: Scores, mask: BoolArray) -> tuple[Estimate, Estimate, Estimate | None]:
    """Return survival under both options, and the log hazard ratio with its delta-method error."""
    about = whom(scores, mask)
    (s1, d1), (s0, d0) = about.mean(scores.gamma1), about.mean(scores.gamma0)
    one, zero = about.estimate(s1, d1), about.estimate(s0, d0)
    if not (0.0 < s1 < 1.0 and 0.0 < s0 < 1.0):
        return one, zero, None
    influence: FloatArray = d1 / (s1 * math.log(s1)) - d0 / (s0 * math.log(s0))
    ratio = about.estimate(math.log(math.log(s1) / math.log(s0)), influence)
    return one, zero, replace(ratio, scale="log")


def _untold(
    counts: tuple[int, int, int],
    survival: tuple[Estimate | None, Estimate | None],
    reading: str,
    note: str,
) -> Anchor:
    return Anchor(
        verdict="can't be told",
        n=counts[0],
        treated=counts[1],
        comparator=counts[2],
        survival_treated=survival[0],
        survival_comparator=survival[1],
        hazard_ratio=None,
        benchmark=None,
        prediction=None,
        detectable=None,
        reading=reading,
        notes=(note,),
    )


def _prediction(trials: Sequence[TrialEstimate], level: float) -> tuple[float, float] | None:
    if len(trials) < 3:
        return None
    fit = random_effects(
        [trial.estimate.estimate for trial in trials],
        [trial.estimate.se**2 for trial in trials],
        method="REML",
        interval="hartung-knapp-floor",
        level=level,
        prediction="riley",
    )
    return float(fit.pi_low), float(fit.pi_high)


def _reading(
    verdict: AnchorVerdict,
    n: int,
    ratio: Estimate,
    row: BenchmarkRow,
    detectable: float,
    widest_ratio: float,
    prediction: tuple[float, float] | None,
) -> str:
    z = decimal_text(row.agreement.z)
    start = (
        f"In {persons(n)} whom the trials would have taken the registry gives a hazard ratio of "
        f"{ratio.text()}, {row.trial.label} {row.trial.estimate.text()} (z {z})"
    )
    if prediction is not None:
        inside = prediction[0] <= ratio.estimate <= prediction[1]
        low, high = (math.exp(v) for v in prediction)
        start += (
            f"; a further trial would be expected within {range_text(low, high)}, "
            f"which {'holds' if inside else 'does not hold'} it"
        )
    if verdict == "not credible":
        return (
            f"Not credible: {start[:1].lower()}{start[1:]}. They differ by more than chance allows."
        )
    if verdict == "credible":
        return (
            f"{start}. They agree, and a ratio of {decimal_text(detectable)} between them would "
            "have been told from chance."
        )
    return (
        f"{start}. They don't differ by more than chance allows, but only a ratio of "
        f"{decimal_text(detectable)} between them would have been told from chance, and "
        f"{decimal_text(widest_ratio)} was asked for: it can't be told whether they agree."
    )

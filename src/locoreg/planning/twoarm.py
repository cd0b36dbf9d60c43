"""A trial of two arms by log-rank test, restricted mean or landmark survival: its drift.

The asymptotic mean and variance of each statistic are integrals over time of the curves of both
arms and the chance to be followed, without proportional hazards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from scipy.special import ndtr, ndtri

from locoreg.core.errors import DesignError
from locoreg.planning.design import ControlCurve
from locoreg.planning.observed import FollowUp
from locoreg.planning.panels import Panels, panels
from locoreg.planning.piecewise import HazardRatio, PiecewiseCurve, curves_of

Scale = Literal["plain", "log-log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """A log-rank test.

    Attributes
    ----------
    margin : float
        Hazard ratio that is to be excluded: 1 for superiority; above 1 for non-inferiority, which
        is tested by the score test at that ratio.
    """

    margin: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.margin) and self.margin > 0):
            raise DesignError("the margin of a log-rank test is a hazard ratio above 0, or 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictedMean:
    """A test of the difference of restricted mean survival times.

    Attributes
    ----------
    horizon_months : float
        Up to which time.
    margin_months : float
        Loss of months that is to be excluded: 0 for superiority, above 0 for non-inferiority.
    """

    horizon_months: float
    margin_months: float

    def __post_init__(self) -> None:
        _check_time("horizon", self.horizon_months)
        if not (math.isfinite(self.margin_months) and self.margin_months >= 0):
            raise DesignError("the margin of a restricted mean is months, not below 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """A test of the difference of survival at one time, from Kaplan-Meier curves.

    Attributes
    ----------
    at_months : float
        The time.
    scale : {"plain", "log-log"}
        Difference of shares, or of the logarithms of cumulative hazards.
    margin : float
        What is to be excluded: 0 for superiority; for non-inferiority a loss of survival (0.05 is
        5 points) on the plain scale, a log ratio of cumulative hazards above 0 on the other.
    """

    at_months: float
    scale: Scale
    margin: float

    def __post_init__(self) -> None:
        _check_time("landmark", self.at_months)
        if self.scale not in ("plain", "log-log"):
            raise DesignError(f"there is no scale {self.scale!r}.", hint="plain or log-log.")
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise DesignError("the margin of a landmark is a number not below 0.")


Test = LogRank | RestrictedMean | Landmark


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoArmDesign:
    """A trial of two arms and its test. Nothing has a default.

    Attributes
    ----------
    control : ControlCurve
        Survival of the control arm.
    ratio : HazardRatio
        Of the intervention; from it follow its curve and with it the effect of any test.
    test : LogRank, RestrictedMean or Landmark
        What is tested, and against which margin.
    alpha : float
        Between 0 and 0.5.
    sides : int
        1 or 2.
    allocation : float
        Share of the patients in the intervention arm.
    follow_up : FollowUp
        Accrual, end and drop-out.
    """

    control: ControlCurve
    ratio: HazardRatio
    test: Test
    alpha: float
    sides: int
    allocation: float
    follow_up: FollowUp

    def __post_init__(self) -> None:
        if self.sides not in (1, 2):
            raise DesignError(f"a test has 1 or 2 sides, and not {self.sides}.")
        if not 0 < self.alpha < 0.5:
            raise DesignError("alpha lies between 0 and 0.5: 0.05 is 5%.")
        if not 0 < self.allocation < 1:
            raise DesignError("the share of the intervention arm lies between 0 and 1.")
        last, total = _last(self.test), self.follow_up.total_months
        if last is not None and last >= total:
            raise DesignError(
                f"nobody is followed for {last:g} months in a trial that ends "
                f"{total:g} months after the first entry.",
                hint="state an earlier time, or longer follow-up.",
            )

    @property
    def z_alpha(self) -> float:
        """Critical value of the test."""
        return float(-ndtri(self.alpha / self.sides))

    def curves(self) -> tuple[PiecewiseCurve, PiecewiseCurve]:
        """Return the curves of the control and the intervention arm."""
        return curves_of(self.control, self.ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Mean and spread of a test statistic per root patient.

    Attributes
    ----------
    effect : float
        What the test estimates, turned so that above 0 favours the intervention: minus the log
        hazard ratio implied by the log-rank score, months, or a difference of survival (plain) or
        minus that of log cumulative hazards.
    mean : float
        Mean of the statistic per root patient, less the margin; above 0 favours the intervention.
    spread_null : float
        Standard deviation that the test uses, per root patient.
    spread : float
        Its true standard deviation there.
    events_control, events_intervention : float
        Chance that the event of a patient of each arm is seen by the end of the trial.
    """

    effect: float
    mean: float
    spread_null: float
    spread: float
    events_control: float
    events_intervention: float

    def power(self, patients: float, z_alpha: float) -> float:
        """Return the chance to find the intervention better than the margin."""
        return float(
            ndtr((math.sqrt(patients) * self.mean - z_alpha * self.spread_null) / self.spread)
        )

    def power_of_harm(self, patients: float, z_alpha: float) -> float:
        """Return the chance to find it worse, by a test of the same level."""
        shift = -math.sqrt(patients) * self.mean - z_alpha * self.spread_null
        return float(ndtr(shift / self.spread))


def drift(design: TwoArmDesign) -> Drift:
    """Return mean and spread of a design's test statistic.

    Parameters
    ----------
    design : TwoArmDesign
        The trial.

    Returns
    -------
    Drift
        By quadrature with about twelve digits.

    References
    ----------
    Log-rank: Schoenfeld 1981, doi:10.1093/biomet/68.1.316, with the variance of the score under
    the alternative for arms of fixed size, Lin and Wei 1989, doi:10.1080/01621459.1989.10478874,
    and Yung and Liu 2020, doi:10.1111/biom.13196. Restricted mean: Royston and Parmar 2013,
    doi:10.1186/1471-2288-13-152. Landmark: the limit of Greenwood's variance.
    """
    arms = design.curves()
    seen = tuple(_seen(design, curve) for curve in arms)
    if isinstance(design.test, LogRank):
        effect, mean, null, spread = _logrank(design, design.test, arms)
    elif isinstance(design.test, RestrictedMean):
        effect, mean, spread = _restricted(design, design.test, arms)
        null = spread
    else:
        effect, mean, spread = _landmark(design, design.test, arms)
        null = spread
    return Drift(
        effect=effect, mean=mean, spread_null=null, spread=spread,
        events_control=seen[0], events_intervention=seen[1],
    )  # fmt: skip


def _nodes(design: TwoArmDesign, end: float) -> Panels:
    arms = design.curves()
    return panels(end, (*arms[0].starts, *arms[1].starts, *design.follow_up.bends()))


def _seen(design: TwoArmDesign, curve: PiecewiseCurve) -> float:
    nodes = _nodes(design, design.follow_up.total_months)
    t = nodes.time
    return nodes.total(curve.hazard(t) * curve.survival(t) * design.follow_up.share_followed(t))


def _logrank(
    design: TwoArmDesign, test: LogRank, arms: tuple[PiecewiseCurve, PiecewiseCurve]
) -> tuple[float, float, float, float]:
    """Return effect, mean, spread under the null's variance, and true spread of the score.

    At a margin m the risk set of the intervention arm counts m-fold, as in the partial likelihood
    score at log m. The score's influence is that of Lin and Wei; arms of fixed size leave the
    variance within arms.
    """
    nodes = _nodes(design, design.follow_up.total_months)
    t, p, m = nodes.time, design.allocation, test.margin
    followed = design.follow_up.share_followed(t)
    hazards = (arms[0].hazard(t), arms[1].hazard(t))
    at_risk = ((1 - p) * arms[0].survival(t), p * arms[1].survival(t))
    weighed = at_risk[0] + m * at_risk[1]
    e = m * at_risk[1] / weighed
    events = at_risk[0] * hazards[0] + at_risk[1] * hazards[1]
    # Of the score: observed less expected events of the intervention arm.
    score = nodes.total(followed * (at_risk[1] * hazards[1] - e * events))
    information = nodes.total(followed * e * (1 - e) * events)
    if not information > 0:
        raise DesignError("no event is expected before the end of this trial.")
    rise = events / weighed
    square = 0.0
    within = 0.0
    for arm, (share, weight) in enumerate(((1 - p, 1.0), (p, m))):
        gap = arm - e
        running = nodes.running(gap * weight * rise)
        alive = arms[arm].survival(t) * followed
        slope = gap * weight * rise
        square += share * nodes.total(
            alive * ((gap**2 - 2 * gap * running) * hazards[arm] + 2 * running * slope)
        )
        average = nodes.total(alive * gap * (hazards[arm] - weight * rise))
        within += share * average**2
    spread = math.sqrt(square - within)
    effect = -score / information - math.log(m)
    return effect, -score, math.sqrt(information), spread


def _restricted(
    design: TwoArmDesign, test: RestrictedMean, arms: tuple[PiecewiseCurve, PiecewiseCurve]
) -> tuple[float, float, float]:
    """Return effect, mean and spread: the variance is of the area that is left after each time."""
    end = test.horizon_months
    nodes = _nodes(design, end)
    t, followed = nodes.time, design.follow_up.share_followed(nodes.time)
    means = [float(curve.restricted_mean(end)) for curve in arms]
    variance = 0.0
    for curve, share, mean in zip(arms, _shares(design), means, strict=True):
        left = mean - curve.restricted_mean(t)
        variance += nodes.total(left**2 * curve.hazard(t) / (curve.survival(t) * followed)) / share
    effect = means[1] - means[0]
    return effect, effect + test.margin_months, math.sqrt(variance)


def _landmark(
    design: TwoArmDesign, test: Landmark, arms: tuple[PiecewiseCurve, PiecewiseCurve]
) -> tuple[float, float, float]:
    end = test.at_months
    nodes = _nodes(design, end)
    t, followed = nodes.time, design.follow_up.share_followed(nodes.time)
    values, variance = [], 0.0
    for curve, share in zip(arms, _shares(design), strict=True):
        greenwood = nodes.total(curve.hazard(t) / (curve.survival(t) * followed))
        alive, spent = float(curve.survival(end)), float(curve.cumulative(end))
        if test.scale == "plain":
            values.append(alive)
            variance += alive**2 * greenwood / share
        else:
            if spent <= 0:
                raise DesignError("no event is expected before the landmark.")
            values.append(-math.log(spent))
            variance += greenwood / spent**2 / share
    if not variance > 0:
        raise DesignError("no event is expected before the landmark.")
    effect = values[1] - values[0]
    return effect, effect + test.margin, math.sqrt(variance)


def _shares(design: TwoArmDesign) -> tuple[float, float]:
    return 1 - design.allocation, design.allocation


def _last(test: Test) -> float | None:
    if isinstance(test, RestrictedMean):
        return test.horizon_months
    return test.at_months if isinstance(test, Landmark) else None


def _check_time(name: str, months: float) -> None:
    if not (math.isfinite(months) and months > 0):
        raise DesignError(f"a {name} is months above 0.")


def describe_test(test: Test) -> dict[str, Any]:
    """Return a test as JSON-ready values."""
    if isinstance(test, LogRank):
        return {"kind": "log-rank", "margin": test.margin}
    if isinstance(test, RestrictedMean):
        return {
            "kind": "restricted mean", "horizon_months": test.horizon_months,
            "margin_months": test.margin_months,
        }  # fmt: skip
    return {
        "kind": "landmark", "at_months": test.at_months, "scale": test.scale, "margin": test.margin
    }  # fmt: skip


def with_ratio(design: TwoArmDesign, ratio: float) -> TwoArmDesign:
    """Return the same trial under one constant hazard ratio."""
    return replace(design, ratio=HazardRatio(starts=(0.0,), ratios=(float(ratio),)))

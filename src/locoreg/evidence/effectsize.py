"""From printed numbers to an effect with its standard error; the route is kept with it.

Ratio measures are handled as logarithms. Every function states its source and
its assumption; what rests on more than the printed interval is marked
``approximate``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from scipy.special import ndtri

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate, Scale

Limits = Literal["both", "lower", "upper"]
Sided = Literal["two", "one"]
CountMeasure = Literal["OR", "RR", "RD"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectSize:
    """An effect on the analysis scale, intervention against control.

    Attributes
    ----------
    yi : float
        Effect; the logarithm for ratio measures.
    se : float
        Its standard error.
    scale : {"log", "identity"}
        Scale of both.
    route : str
        How they were obtained: ``interval``, ``standard error``, ``p-value``,
        ``log-rank O-E``, ``2x2 counts``, ``events per arm``,
        ``survival proportions``, ``medians``.
    approximate : bool
        True where the route assumes more than the printed interval does.
    note : str
        The assumption, in words.
    """

    yi: float
    se: float
    scale: Scale
    route: str
    approximate: bool = False
    note: str = ""

    @property
    def vi(self) -> float:
        """Variance."""
        return self.se**2

    def estimate(self, level: float) -> Estimate:
        """Return the effect with its normal interval of the level given, in percent."""
        half = z_value(level) * self.se
        return Estimate(
            estimate=self.yi,
            se=self.se,
            ci_low=self.yi - half,
            ci_high=self.yi + half,
            level=level,
            scale=self.scale,
        )


def z_value(level: float, sided: Sided = "two") -> float:
    """Return the normal quantile of an interval level.

    Parameters
    ----------
    level : float
        Level in percent, 95 for a 95% interval.
    sided : {"two", "one"}
        Two-sided intervals leave half of the rest on each side.

    Returns
    -------
    float
        1.959964 for 95, two-sided.
    """
    if not 1 < level < 100:
        raise DataError(
            f"an interval level of {level:g} is not a percentage between 1 and 100.",
            hint="write 95 for a 95% interval.",
        )
    tail = (1 - level / 100) / (2 if sided == "two" else 1)
    return float(-ndtri(tail))


def from_interval(
    estimate: float,
    ci_low: float,
    ci_high: float,
    *,
    level: float,
    scale: Scale,
    limits: Limits = "both",
) -> EffectSize:
    """Return the effect from an estimate and its interval (Parmar 1998; Tierney 2007).

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        As printed, on the natural scale.
    level : float
        Level of the interval in percent.
    scale : {"log", "identity"}
        ``log`` for ratio measures.
    limits : {"both", "lower", "upper"}
        Limits that give the standard error: the width, or the distance of one
        limit from the estimate.

    Returns
    -------
    EffectSize
        Route ``interval``.
    """
    if ci_low > ci_high:
        raise DataError(f"the limits {ci_low:g} and {ci_high:g} are reversed.")
    mid, low, high = (to_scale(v, scale) for v in (estimate, ci_low, ci_high))
    width = {"both": (high - low) / 2, "lower": mid - low, "upper": high - mid}[limits]
    return _effect(mid, width / z_value(level), scale, "interval")


def from_se(estimate: float, se: float, *, scale: Scale) -> EffectSize:
    """Return the effect from a printed estimate and the standard error on the analysis scale."""
    return _effect(to_scale(estimate, scale), se, scale, "standard error")


def from_p_value(estimate: float, p_value: float, *, sided: Sided, scale: Scale) -> EffectSize:
    """Return the effect from an estimate and its p-value, by the normal quantile of p.

    Parameters
    ----------
    estimate : float
        As printed.
    p_value : float
        Exact p-value. For ``p < 0.01`` give 0.01: the standard error is then
        an upper bound.
    sided : {"two", "one"}
        Sidedness of the test.
    scale : {"log", "identity"}
        ``log`` for ratio measures.

    Returns
    -------
    EffectSize
        Route ``p-value``, approximate: the test need not be the Wald test.
    """
    if not 0 < p_value < 1:
        raise DataError(f"a p-value of {p_value:g} gives no standard error.")
    z = float(-ndtri(p_value / 2 if sided == "two" else p_value))
    mid = to_scale(estimate, scale)
    if z == 0 or mid == 0:
        raise DataError("an effect of zero and its p-value give no standard error.")
    return _effect(
        mid,
        abs(mid / z),
        scale,
        "p-value",
        approximate=True,
        note=f"{sided}-sided p-value taken as a Wald test",
    )


def from_o_minus_e(o_minus_e: float, variance: float) -> EffectSize:
    """Return the log hazard ratio from log-rank O-E and V (Peto; Yusuf 1985).

    Parameters
    ----------
    o_minus_e : float
        Observed minus expected events in the intervention arm.
    variance : float
        Hypergeometric variance of it.

    Returns
    -------
    EffectSize
        Route ``log-rank O-E``: (O-E)/V with variance 1/V.
    """
    if variance <= 0:
        raise DataError(f"a log-rank variance of {variance:g} is not above zero.")
    return _effect(
        o_minus_e / variance,
        variance**-0.5,
        "log",
        "log-rank O-E",
        note="one-step (Peto) estimate; biased towards 1 for large effects",
    )


def from_counts(
    events_intervention: int,
    n_intervention: int,
    events_control: int,
    n_control: int,
    *,
    measure: CountMeasure,
) -> EffectSize:
    """Return the effect from a 2x2 table; 1/2 is added to each cell if one is empty.

    Parameters
    ----------
    events_intervention, n_intervention, events_control, n_control : int
        Events and patients per arm.
    measure : {"OR", "RR", "RD"}
        Odds ratio, risk ratio or risk difference.

    Returns
    -------
    EffectSize
        Route ``2x2 counts``; large-sample variances (Woolf 1955; Katz 1978).
    """
    arms = ((events_intervention, n_intervention), (events_control, n_control))
    for events, n in arms:
        if n <= 0 or not 0 <= events <= n:
            raise DataError(f"{events} events among {n} patients is impossible.")
    a, c = float(events_intervention), float(events_control)
    b, d = n_intervention - a, n_control - c
    note = ""
    if min(a, b, c, d) == 0:
        a, b, c, d = a + 0.5, b + 0.5, c + 0.5, d + 0.5
        note = "1/2 added to each cell because one is empty"
    n1, n2 = a + b, c + d
    if measure == "OR":
        yi, vi = math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    elif measure == "RR":
        yi, vi = math.log((a / n1) / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2
    else:
        yi, vi = a / n1 - c / n2, a * b / n1**3 + c * d / n2**3
    scale: Scale = "identity" if measure == "RD" else "log"
    return _effect(yi, vi**0.5, scale, "2x2 counts", note=note)


def from_events(
    events_intervention: int, n_intervention: int, events_control: int, n_control: int
) -> EffectSize:
    """Return an approximate log hazard ratio from events and patients per arm.

    The share with an event, p, is turned into a cumulative hazard, -log(1 - p),
    as if all patients of both arms had been followed for the same time.

    Parameters
    ----------
    events_intervention, n_intervention, events_control, n_control : int
        Events and patients per arm.

    Returns
    -------
    EffectSize
        Route ``events per arm``, approximate.
    """
    shares = []
    for events, n in ((events_intervention, n_intervention), (events_control, n_control)):
        if n <= 0 or not 0 < events < n:
            raise DataError(f"{events} events among {n} patients give no cumulative hazard.")
        shares.append(events / n)
    effect = from_survival(
        1 - shares[0], 1 - shares[1], n_intervention=n_intervention, n_control=n_control
    )
    return replace(
        effect,
        route="events per arm",
        note="equal follow-up of both arms and proportional hazards assumed",
    )


def from_survival(
    survival_intervention: float,
    survival_control: float,
    *,
    n_intervention: float | None = None,
    n_control: float | None = None,
    se_intervention: float | None = None,
    se_control: float | None = None,
) -> EffectSize:
    """Return the log hazard ratio from survival proportions at one landmark.

    log(-log S1) - log(-log S0), with the delta method: se(log(-log S)) =
    se(S) / (S |log S|). Without a standard error the binomial one is taken, as
    if every patient had been followed to the landmark.

    Parameters
    ----------
    survival_intervention, survival_control : float
        Proportions between 0 and 1.
    n_intervention, n_control : float, optional
        Patients per arm; needed where the standard error is not given.
    se_intervention, se_control : float, optional
        Standard errors of the proportions.

    Returns
    -------
    EffectSize
        Route ``survival proportions``, approximate.
    """
    terms = []
    binomial = False
    for s, n, se in (
        (survival_intervention, n_intervention, se_intervention),
        (survival_control, n_control, se_control),
    ):
        if not 0 < s < 1:
            raise DataError(f"a survival proportion of {s:g} gives no hazard.")
        if se is None:
            if n is None or n <= 0:
                raise DataError("a survival proportion needs its n or its standard error.")
            se, binomial = math.sqrt(s * (1 - s) / n), True
        terms.append((math.log(-math.log(s)), se / (s * abs(math.log(s)))))
    note = "proportional hazards up to the landmark assumed"
    if binomial:
        note += "; binomial standard error, as if no patient was censored before it"
    return _effect(
        terms[0][0] - terms[1][0],
        math.hypot(terms[0][1], terms[1][1]),
        "log",
        "survival proportions",
        approximate=True,
        note=note,
    )


def from_medians(
    median_intervention: float,
    median_control: float,
    *,
    events_intervention: float,
    events_control: float,
) -> EffectSize:
    """Return the log hazard ratio from two medians of exponential survival times.

    The hazard ratio is the inverse ratio of the medians; its variance is that
    of two exponential rates, 1/d1 + 1/d0.

    Parameters
    ----------
    median_intervention, median_control : float
        Median times, in one unit.
    events_intervention, events_control : float
        Events per arm.

    Returns
    -------
    EffectSize
        Route ``medians``, approximate.
    """
    if min(median_intervention, median_control) <= 0:
        raise DataError("a median of zero gives no hazard.")
    if min(events_intervention, events_control) <= 0:
        raise DataError("an arm without events gives no hazard.")
    return _effect(
        math.log(median_control / median_intervention),
        math.sqrt(1 / events_intervention + 1 / events_control),
        "log",
        "medians",
        approximate=True,
        note="exponential survival assumed; its variance is a lower bound",
    )


def reciprocal(effect: EffectSize) -> EffectSize:
    """Return the effect with the arms exchanged."""
    note = "; ".join(part for part in (effect.note, "reference arm reversed") if part)
    return replace(effect, yi=-effect.yi, note=note)


def to_scale(value: float, scale: Scale) -> float:
    """Return a printed value on the analysis scale."""
    if scale == "identity":
        return value
    if value <= 0:
        raise DataError(f"{value:g} is not above zero and has no logarithm.")
    return math.log(value)


def _effect(
    yi: float, se: float, scale: Scale, route: str, *, approximate: bool = False, note: str = ""
) -> EffectSize:
    if not (math.isfinite(se) and se > 0 and math.isfinite(yi)):
        raise DataError(f"the {route} gives a standard error of {se:g}, which is not above zero.")
    return EffectSize(yi=yi, se=se, scale=scale, route=route, approximate=approximate, note=note)

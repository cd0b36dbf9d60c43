"""E-values: how strong an unmeasured confounder would have to be to explain an effect away."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text
from locoreg.emulation.effect import Effect
from locoreg.emulation.sensitivity.armvalues import ArmValues
from locoreg.stats.studies import check_option

RatioMeasure = Literal["RR", "HR", "OR"]
OutcomeFrequency = Literal["rare", "common"]
RATIO_MEASURES: tuple[RatioMeasure, ...] = get_args(RatioMeasure)
FREQUENCIES: tuple[OutcomeFrequency, ...] = get_args(OutcomeFrequency)


@dataclass(frozen=True, slots=True, kw_only=True)
class EValue:
    """An E-value with that of the interval.

    Attributes
    ----------
    measure : str
        What was estimated: ``RR``, ``HR``, ``OR`` or ``RD``.
    outcome : {"rare", "common"} or None
        How the measure was turned into a risk ratio; None for RR and RD.
    estimate, limit : float
        The estimate and the limit nearer to no effect, on the natural scale (for RD as printed).
    risk_ratio, risk_ratio_limit : float
        The risk ratios that they stand for.
    against : float
        The risk ratio that the confounder would have to move the estimate to; 1 for no effect.
    e_value : float
        Smallest risk ratio that an unmeasured confounder must have with both treatment and
        outcome, beyond the measured ones, to move the estimate there.
    e_value_limit : float
        The same for the limit; 1 where the interval holds `against`. NaN without an interval.
    level : float
        Level of the interval in percent.
    at_months : float or None
        Time of a difference of probabilities, where it is known.
    """

    measure: str
    outcome: str | None
    estimate: float
    limit: float
    risk_ratio: float
    risk_ratio_limit: float
    against: float
    e_value: float
    e_value_limit: float
    level: float
    at_months: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the E-value as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}

    def summary(self) -> str:
        """Return one sentence."""
        tail = f"; {decimal_text(self.e_value_limit)} for the {self.level:g}% limit"
        at = "" if self.at_months is None else f" at {self.at_months:g} months"
        return (
            f"E-value {decimal_text(self.e_value)} for {self.measure} "
            f"{decimal_text(self.estimate)}{at}{'' if math.isnan(self.e_value_limit) else tail}."
        )


def e_value(
    estimate: Estimate,
    *,
    measure: RatioMeasure,
    outcome: OutcomeFrequency,
    against: float = 1.0,
) -> EValue:
    """Return the E-value of a ratio.

    Parameters
    ----------
    estimate : Estimate
        On the log scale.
    measure : {"RR", "HR", "OR"}
        What it is.
    outcome : {"rare", "common"}
        Whether the outcome is rare at the end of follow-up (under about 15%), so that hazard and
        odds ratios are near risk ratios. Common: a hazard ratio h counts as the risk ratio
        ``(1 - .5^sqrt(h)) / (1 - .5^sqrt(1/h))``, an odds ratio as its square root.
    against : float
        Risk ratio that the confounder would have to move the estimate to.

    Returns
    -------
    EValue
        The E-value.

    Raises
    ------
    DesignError
        If the estimate is not on the log scale.

    References
    ----------
    VanderWeele & Ding 2017, doi:10.7326/M16-2607. VanderWeele 2020, doi:10.1111/biom.13197.
    """
    check_option("measure", measure, RATIO_MEASURES)
    check_option("outcome", outcome, FREQUENCIES)
    if estimate.scale != "log":
        raise DesignError(
            "an E-value of a ratio needs it on the log scale.",
            hint="for a difference take e_value_of_difference.",
        )
    mid, low, high = estimate.natural
    limit = _nearer(mid, low, high)
    return _result(
        measure=measure,
        outcome=None if measure == "RR" else outcome,
        natural=(mid, limit),
        ratios=(
            _risk_ratio(mid, measure, outcome),
            _risk_ratio(low, measure, outcome),
            _risk_ratio(high, measure, outcome),
        ),
        against=against,
        level=estimate.level,
    )


def e_value_of_difference(values: ArmValues, *, against: float = 1.0) -> EValue:
    """Return the E-value of a difference of event probabilities.

    Parameters
    ----------
    values : ArmValues
        The probabilities under the strategies with their errors.
    against : float
        Risk ratio that the confounder would have to move the estimate to.

    Returns
    -------
    EValue
        A confounder explains the difference if the comparator's probability times its bounding
        factor reaches the treated's, so the E-value is that of the ratio; the limit of the ratio
        is Fieller's, which holds that the difference after bounding is within its error of 0.

    References
    ----------
    Ding & VanderWeele 2016, doi:10.1097/EDE.0000000000000457.
    """
    if not values.comparator > 0.0:
        raise DesignError(
            "the comparator has no events.", hint="take a later time for the difference."
        )
    z = -float(special.ndtri((1.0 - values.level / 100.0) / 2.0))
    low, high = (
        values.ratio_limits(z) if math.isfinite(values.se_difference) else (math.nan, math.nan)
    )
    ratio = values.treated / values.comparator
    difference = values.treated - values.comparator
    spread = z * values.se_difference
    return _result(
        measure="RD",
        outcome=None,
        natural=(difference, difference - math.copysign(spread, difference)),
        ratios=(ratio, low, high),
        against=against,
        level=values.level,
    )


def e_values_of(effect: Effect, *, outcome: OutcomeFrequency) -> tuple[EValue, ...]:
    """Return the E-values of an effect: of the differences at its times, then of the hazard ratio.

    Parameters
    ----------
    effect : Effect
        The effect.
    outcome : {"rare", "common"}
        See `e_value`; for the hazard ratio.

    Returns
    -------
    tuple of EValue
        Without those whose numbers are not estimable.
    """
    out = []
    for t in effect.question.at_months:
        values = ArmValues.of(effect, t)
        if values.comparator > 0.0:
            out.append(replace(e_value_of_difference(values), at_months=t))
    ratio = effect.contrast("hazard_ratio").estimate
    if math.isfinite(ratio.estimate):
        out.append(e_value(ratio, measure="HR", outcome=outcome))
    return tuple(out)


def _risk_ratio(value: float, measure: RatioMeasure, outcome: OutcomeFrequency) -> float:
    if measure == "RR" or outcome == "rare" or math.isnan(value):
        return value
    if measure == "OR":
        return math.sqrt(value)
    if value == 0.0 or math.isinf(value):
        return value
    root = math.sqrt(value)
    # 1 - .5^x as expm1, which keeps its digits for hazard ratios near 0 and infinity.
    return math.expm1(-math.log(2.0) * root) / math.expm1(-math.log(2.0) / root)


def _nearer(mid: float, low: float, high: float) -> float:
    """Return the limit on the side of no effect."""
    return low if mid >= 1.0 else high


def _result(
    *,
    measure: str,
    outcome: str | None,
    natural: tuple[float, float],
    ratios: tuple[float, float, float],
    against: float,
    level: float,
) -> EValue:
    if not 0.0 < against < math.inf:
        raise DesignError(f"against is {against}.", hint="give a positive risk ratio.")
    mid, low, high = ratios
    limit = low if mid >= against else high
    crosses = low <= against <= high
    return EValue(
        measure=measure,
        outcome=outcome,
        estimate=natural[0],
        limit=natural[1],
        risk_ratio=mid,
        risk_ratio_limit=limit,
        against=against,
        e_value=_formula(mid / against),
        e_value_limit=1.0 if crosses else _formula(limit / against),
        level=level,
    )


def _formula(ratio: float) -> float:
    """Return RR + sqrt(RR (RR - 1)), for a ratio under 1 that of its inverse."""
    if math.isnan(ratio):
        return math.nan
    if ratio == 0.0 or math.isinf(ratio):
        return math.inf
    above = ratio if ratio >= 1.0 else 1.0 / ratio
    return above + math.sqrt(above * (above - 1.0))

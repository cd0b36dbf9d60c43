"""Information that a meta-analysis needs, as if it were one trial, and more where effects vary."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from scipy.special import expit, logit, ndtri

from locoreg.core.errors import DesignError

CountedMeasure = Literal["RR", "OR", "RD", "MD"]
COUNTED_MEASURES: tuple[CountedMeasure, ...] = ("RR", "OR", "RD", "MD")


def quantile_sum(alpha: float, power: float, sides: int) -> float:
    """Return z_{alpha/sides} + z_power.

    Parameters
    ----------
    alpha, power : float
        Between 0 and 1: 0.05 is 5%.
    sides : int
        1 or 2.

    Returns
    -------
    float
        Above 0.

    Raises
    ------
    DesignError
        If a number is out of its range.
    """
    if sides not in (1, 2):
        raise DesignError(f"a test has 1 or 2 sides, and not {sides}.")
    if not 0 < alpha < 0.5:
        raise DesignError("alpha lies between 0 and 0.5: 0.05 is 5%.")
    if not alpha / sides < power < 1:
        raise DesignError("power lies between alpha and 1: 0.9 is 90%.")
    return float(-ndtri(alpha / sides) + ndtri(power))


def required_information(effect: float, *, alpha: float, power: float, sides: int) -> float:
    """Return the statistical information (1 / variance) that a single test of an effect needs.

    Parameters
    ----------
    effect : float
        On the analysis scale: a log hazard ratio; not 0.
    alpha, power : float
        Between 0 and 1.
    sides : int
        1 or 2.

    Returns
    -------
    float
        (z_{alpha/sides} + z_power)^2 / effect^2; times 4 it is the events of a log hazard ratio
        with equal arms.

    Raises
    ------
    DesignError
        If a number is out of its range.

    References
    ----------
    Wetterslev J, Thorlund K, Brok J, Gluud C (2008). J Clin Epidemiol 61:64-75.
    doi:10.1016/j.jclinepi.2007.03.013
    """
    if not (math.isfinite(effect) and effect != 0):
        raise DesignError(
            "the effect to be found is a number other than none.",
            hint="a ratio other than 1, or a difference other than 0.",
        )
    return (quantile_sum(alpha, power, sides) / effect) ** 2


def required_participants(
    measure: CountedMeasure,
    effect: float,
    *,
    control_risk: float | None,
    sd: float | None,
    alpha: float,
    power: float,
    sides: int,
) -> float:
    """Return the participants of both arms together that trial sequential analysis asks for.

    4 (z_a + z_b)^2 v / d^2 with equal arms. For RR, OR and RD d is the difference of the risks and
    v = p (1 - p) at their mean p; for MD v = sd^2.

    Parameters
    ----------
    measure : {"RR", "OR", "RD", "MD"}
        Measure of the effect.
    effect : float
        On the natural scale: 0.8 for a risk ratio of 0.8; a difference for RD and MD.
    control_risk : float or None
        Risk in the control arm; None for MD.
    sd : float or None
        Standard deviation for MD; None for the others.
    alpha, power : float
        Between 0 and 1.
    sides : int
        1 or 2.

    Returns
    -------
    float
        Not rounded.

    Raises
    ------
    DesignError
        If a number is missing or out of its range.

    References
    ----------
    Wetterslev J, Thorlund K, Brok J, Gluud C (2009). BMC Medical Research Methodology 9:86.
    doi:10.1186/1471-2288-9-86
    """
    wanted = quantile_sum(alpha, power, sides)
    difference, variance = _difference(measure, effect, control_risk, sd)
    if difference == 0:
        raise DesignError("the effect to be found is other than none.")
    return 4.0 * wanted**2 * variance / difference**2


def _difference(
    measure: CountedMeasure, effect: float, control_risk: float | None, sd: float | None
) -> tuple[float, float]:
    if measure == "MD":
        if sd is None or control_risk is not None:
            raise DesignError("a mean difference needs a standard deviation, and no risk.")
        if not (math.isfinite(sd) and sd > 0 and math.isfinite(effect)):
            raise DesignError("a standard deviation is a number above 0.")
        return effect, sd**2
    risk = _intervention_risk(measure, effect, control_risk, sd)
    base = float(control_risk or 0.0)
    mean = (risk + base) / 2
    return base - risk, mean * (1 - mean)


def _intervention_risk(
    measure: CountedMeasure, effect: float, control_risk: float | None, sd: float | None
) -> float:
    if measure not in COUNTED_MEASURES:
        raise DesignError(
            f"participants can't be reckoned for {measure}.", hint="RR, OR, RD or MD."
        )
    if control_risk is None or sd is not None:
        raise DesignError(
            f"{measure} needs the risk of the control arm, and no standard deviation."
        )
    if not 0 < control_risk < 1:
        raise DesignError("the risk of the control arm lies between 0 and 1.")
    if measure != "RD" and not (math.isfinite(effect) and effect > 0):
        raise DesignError(f"{measure} is a ratio above 0, on the natural scale.")
    if measure == "RR":
        risk = control_risk * effect
    elif measure == "OR":
        risk = float(expit(logit(control_risk) + math.log(effect)))
    else:
        risk = control_risk + effect
    if not 0 < risk < 1:
        raise DesignError(
            f"with a risk of {control_risk:g} and {measure} {effect:g} the other arm's risk would "
            f"be {risk:g}.",
            hint="a risk lies between 0 and 1.",
        )
    return risk


def participant_variance(
    measure: CountedMeasure, effect: float, *, control_risk: float | None, sd: float | None
) -> float:
    """Return n v / 2: the variance of a trial's effect times its participants per arm.

    Parameters
    ----------
    measure, effect, control_risk, sd
        As in :func:`required_participants`; the variance is that of the log for RR and OR.

    Returns
    -------
    float
        1/p1 + 1/p0 - 2 for RR; the sum of 1/p and 1/(1-p) for OR; the sum of p (1-p) for RD; 2
        sd^2 for MD. A trial of n participants in two equal arms has this over n / 2.

    Raises
    ------
    DesignError
        If a number is missing or out of its range.
    """
    if measure == "MD":
        return 2.0 * _difference(measure, effect, control_risk, sd)[1]
    risk = _intervention_risk(measure, effect, control_risk, sd)
    base = float(control_risk or 0.0)
    if measure == "RR":
        return 1 / base + 1 / risk - 2
    if measure == "OR":
        return 1 / base + 1 / risk + 1 / (1 - base) + 1 / (1 - risk)
    return base * (1 - base) + risk * (1 - risk)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialsRequired:
    """How many further trials of equal size a random-effects pool needs.

    Attributes
    ----------
    fewest : int
        With fewer trials no size is enough.
    trials : tuple of int
        ``fewest`` and the three counts after it.
    variances : tuple of float
        Variance that each trial may have.
    """

    fewest: int
    trials: tuple[int, ...]
    variances: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "fewest": self.fewest,
            "trials": list(self.trials),
            "variances": list(self.variances),
        }


def trials_required(
    effect: float,
    *,
    tau2: float,
    information: float,
    alpha: float,
    power: float,
    sides: int,
) -> TrialsRequired | None:
    """Return how many further trials it takes until a random-effects pool has the power.

    With tau2 above 0 information is bounded by the number of trials: K further trials of variance
    v add K / (v + tau2), and reach what is missing only if K > tau2 missing.

    Parameters
    ----------
    effect : float
        On the analysis scale.
    tau2 : float
        Between-study variance, held.
    information : float
        Information of the pool so far, 1 / se^2 under random effects; 0 before the first trial.
    alpha, power : float
        Between 0 and 1.
    sides : int
        1 or 2.

    Returns
    -------
    TrialsRequired or None
        None where the information is enough.

    Raises
    ------
    DesignError
        If a number is out of its range.

    References
    ----------
    Kulinskaya E, Wood J (2014). Research Synthesis Methods 5:212-220. doi:10.1002/jrsm.1104
    """
    if not (math.isfinite(tau2) and tau2 >= 0 and math.isfinite(information) and information >= 0):
        raise DesignError("tau2 and information are numbers of 0 or more.")
    missing = required_information(effect, alpha=alpha, power=power, sides=sides) - information
    if missing <= 0:
        return None
    fewest = math.floor(tau2 * missing) + 1
    trials = tuple(range(fewest, fewest + 4))
    return TrialsRequired(
        fewest=fewest,
        trials=trials,
        variances=tuple(count / missing - tau2 for count in trials),
    )

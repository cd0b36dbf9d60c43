"""Whom to randomise: everybody eligible, or those whom a rule selects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from locoreg.core.errors import DesignError
from locoreg.planning.design import ControlCurve
from locoreg.planning.observed import uniform_follow_up
from locoreg.planning.piecewise import HazardRatio, curves_of
from locoreg.planning.testsize import DesignSize, design_size
from locoreg.planning.twoarm import RestrictedMean, TwoArmDesign, drift

# Hazard ratios between which one is looked for that gives a difference of months.
_STRONGEST, _WEAKEST = 0.02, 50.0
# Gauss-Hermite nodes of the effect's distribution.
_NODES = 31
_SIZE_FIELDS = ("patients", "patients_intervention", "patients_control", "power")
# Accrual in the months before the horizon changes nothing where all are followed to it.
_ACCRUAL = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEffect:
    """Effect in a group of patients, as a selection estimates it.

    Attributes
    ----------
    label : str
        Whom.
    share : float
        Of the eligible, above 0 and up to 1.
    effect, se : float
        Difference of restricted means in months, intervention less comparator, and its standard
        error.
    """

    label: str
    share: float
    effect: float
    se: float

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise DesignError(f"{self.label}: the share of the eligible lies above 0, up to 1.")
        if not (math.isfinite(self.effect) and math.isfinite(self.se) and self.se > 0):
            raise DesignError(f"{self.label}: an effect needs a standard error above 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichmentDesign:
    """The trial that each group would be randomised in. Nothing has a default.

    Attributes
    ----------
    control : ControlCurve
        Survival of the comparator arm from randomisation, the same in every group.
    horizon_months : float
        Of the restricted means, as in the selection.
    power, alpha : float
        Between 0 and 1.
    sides : int
        1 or 2.
    allocation : float
        Share of the intervention arm.
    after_months : float
        Follow-up after the last entry; not shorter than the horizon.
    dropout_per_year : float
        Share lost in a year.
    eligible_per_month : float
        Patients per month who are eligible without the rule and consent.
    between_groups_sd : float
        Standard deviation, in months, of true effects of groups around the average: by it an
        effect that was picked because it was large is drawn back to the average.
    """

    control: ControlCurve
    horizon_months: float
    power: float
    alpha: float
    sides: int
    allocation: float
    after_months: float
    dropout_per_year: float
    eligible_per_month: float
    between_groups_sd: float

    def __post_init__(self) -> None:
        if self.after_months < self.horizon_months:
            raise DesignError(
                f"follow-up of {self.after_months:g} months after the last entry is shorter than "
                f"the horizon of {self.horizon_months:g} months.",
                hint="state at least the horizon, so that everybody is followed to it.",
            )
        if not (math.isfinite(self.eligible_per_month) and self.eligible_per_month > 0):
            raise DesignError("eligible patients per month are a number above 0.")
        if not (math.isfinite(self.between_groups_sd) and self.between_groups_sd > 0):
            raise DesignError("the standard deviation between groups is months above 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichedTrial:
    """A trial in one group.

    Attributes
    ----------
    group : GroupEffect
        As estimated.
    effect, sd : float
        Drawn back to the average: mean and standard deviation of what is believed.
    hazard_ratio : float or None
        Constant ratio that gives this difference; None if none does.
    size : DesignSize or None
        Patients for the power at that effect; None if the effect is not above 0.
    refused : str
        Why there is no size.
    screened : int or None
        Eligible patients that are looked at for these patients.
    screened_per_randomised : float
        1 over the share.
    accrual_months, months : float or None
        To enter the patients, and until the last one was followed.
    assurance : dict of int to tuple of float
        Patients: chance of a significant benefit, and of significant harm, over what is believed.
    """

    group: GroupEffect
    effect: float
    sd: float
    hazard_ratio: float | None
    size: DesignSize | None
    refused: str
    screened: int | None
    screened_per_randomised: float
    accrual_months: float | None
    months: float | None
    assurance: dict[int, tuple[float, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "label": self.group.label,
            "share": self.group.share,
            "effect_estimated": self.group.effect,
            "se_estimated": self.group.se,
            "effect": self.effect,
            "sd": self.sd,
            "hazard_ratio": self.hazard_ratio,
            "size": None
            if self.size is None
            else {name: getattr(self.size, name) for name in _SIZE_FIELDS},
            "refused": self.refused,
            "screened": self.screened,
            "screened_per_randomised": self.screened_per_randomised,
            "accrual_months": self.accrual_months,
            "months": self.months,
            "assurance": [
                {"patients": n, "benefit": a, "harm": b} for n, (a, b) in self.assurance.items()
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """Trials in everybody and in the selected.

    Attributes
    ----------
    everybody, selected : EnrichedTrial
        Each with its patients and months.
    needed_effect : float or None
        Effect that the selected would need for a trial in them to look at no more eligible
        patients than the trial in everybody; None where that has no size.
    chance_needed : float or None
        Chance that their effect reaches it, by what is believed.
    """

    everybody: EnrichedTrial
    selected: EnrichedTrial
    needed_effect: float | None
    chance_needed: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "everybody": self.everybody.to_dict(),
            "selected": self.selected.to_dict(),
            "needed_effect": self.needed_effect,
            "chance_needed": self.chance_needed,
        }


def enrich(
    everybody: GroupEffect,
    selected: GroupEffect,
    design: EnrichmentDesign,
    *,
    patients: tuple[int, ...],
) -> Enrichment:
    """Return a trial in everybody beside one in those whom a rule selects.

    The effect d with standard error s of the selected is drawn to the average a with standard
    error s_a by the normal prior a, variance between_groups_sd^2 + s_a^2: mean
    (d / s^2 + a / v) / (1 / s^2 + 1 / v). That of everybody stays.

    Parameters
    ----------
    everybody, selected : GroupEffect
        Effects; the share of everybody is 1.
    design : EnrichmentDesign
        The trial.
    patients : tuple of int
        Numbers of patients at which the assurance is given.

    Returns
    -------
    Enrichment
        Both trials.

    References
    ----------
    Simon and Maitournam 2004, doi:10.1158/1078-0432.CCR-04-0496 (efficiency of enrichment).
    """
    if everybody.share != 1:
        raise DesignError("the share of everybody is 1.")
    prior = design.between_groups_sd**2 + everybody.se**2
    precision = 1 / selected.se**2 + 1 / prior
    drawn = (selected.effect / selected.se**2 + everybody.effect / prior) / precision
    first = _trial(everybody, everybody.effect, everybody.se, design, patients)
    second = _trial(selected, drawn, 1 / math.sqrt(precision), design, patients)
    needed = _needed(first, selected.share, design)
    chance = None
    if needed is not None:
        chance = 0.5 * math.erfc((needed - second.effect) / (second.sd * math.sqrt(2)))
    return Enrichment(everybody=first, selected=second, needed_effect=needed, chance_needed=chance)


def ratio_of_months(control: ControlCurve, horizon_months: float, months: float) -> float | None:
    """Return the constant hazard ratio that gives a difference of restricted means.

    Parameters
    ----------
    control : ControlCurve
        Comparator arm.
    horizon_months : float
        Of the restricted means.
    months : float
        Intervention less comparator.

    Returns
    -------
    float or None
        None if no ratio between 0.02 and 50 does.
    """

    def gap(log_ratio: float) -> float:
        ratio = HazardRatio(starts=(0.0,), ratios=(math.exp(log_ratio),))
        arms = curves_of(control, ratio)
        first, second = (float(curve.restricted_mean(horizon_months)) for curve in arms)
        return second - first - months

    low, high = math.log(_STRONGEST), math.log(_WEAKEST)
    if gap(low) < 0 or gap(high) > 0:
        return None
    return math.exp(float(brentq(gap, low, high, xtol=1e-13)))


def _design(design: EnrichmentDesign, ratio: float) -> TwoArmDesign:
    return TwoArmDesign(
        control=design.control,
        ratio=HazardRatio(starts=(0.0,), ratios=(ratio,)),
        test=RestrictedMean(horizon_months=design.horizon_months, margin_months=0.0),
        alpha=design.alpha,
        sides=design.sides,
        allocation=design.allocation,
        follow_up=uniform_follow_up(_ACCRUAL, design.after_months, design.dropout_per_year),
    )


def _trial(
    group: GroupEffect,
    effect: float,
    sd: float,
    design: EnrichmentDesign,
    patients: tuple[int, ...],
) -> EnrichedTrial:
    ratio = ratio_of_months(design.control, design.horizon_months, effect)
    size, refused = None, ""
    if effect <= 0:
        refused = (
            f"The effect to plan for is {effect:.2f} months: no number of patients would show a "
            "benefit that is not there."
        )
    elif ratio is None:
        refused = f"No hazard ratio between 0.02 and 50 gives {effect:.2f} months by the horizon."
    else:
        size = design_size(_design(design, ratio), power=design.power)
    accrual = screened = None
    if size is not None:
        screened = math.ceil(size.patients / group.share - 1e-9)
        accrual = size.patients / (design.eligible_per_month * group.share)
    return EnrichedTrial(
        group=group,
        effect=effect,
        sd=sd,
        hazard_ratio=ratio,
        size=size,
        refused=refused,
        screened=screened,
        screened_per_randomised=1 / group.share,
        accrual_months=accrual,
        months=None if accrual is None else accrual + design.after_months,
        assurance=_assurance(effect, sd, design, patients),
    )


def _assurance(
    effect: float, sd: float, design: EnrichmentDesign, patients: tuple[int, ...]
) -> dict[int, tuple[float, float]]:
    """Return power for benefit and harm over a normal distribution of the effect."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    kept = weights > 1e-13
    out = {n: [0.0, 0.0] for n in patients}
    for node, weight in zip(nodes[kept], weights[kept], strict=True):
        months = effect + sd * float(node)
        ratio = ratio_of_months(design.control, design.horizon_months, months)
        if ratio is None:
            # Months that no curve can give: the strongest curve on that side stands for them.
            ratio = _STRONGEST if months > 0 else _WEAKEST
        trial = _design(design, ratio)
        found = drift(trial)
        for n, sums in out.items():
            sums[0] += float(weight) * found.power(n, trial.z_alpha)
            sums[1] += float(weight) * found.power_of_harm(n, trial.z_alpha)
    return {n: (a, b) for n, (a, b) in out.items()}


def _needed(first: EnrichedTrial, share: float, design: EnrichmentDesign) -> float | None:
    """Return the months at which patients over share are those of the trial in everybody."""
    if first.size is None:
        return None
    allowed = first.size.patients * share
    low, high = first.effect, first.effect
    ratio = ratio_of_months(design.control, design.horizon_months, low)
    while ratio is not None and _patients(design, ratio) > allowed:
        low, high = high, high * 1.5
        ratio = ratio_of_months(design.control, design.horizon_months, high)
    if ratio is None:
        return None
    for _ in range(40):
        middle = (low + high) / 2
        one = ratio_of_months(design.control, design.horizon_months, middle)
        few = one is not None and _patients(design, one) <= allowed
        low, high = (low, middle) if few else (middle, high)
    return high


def _patients(design: EnrichmentDesign, ratio: float) -> float:
    return float(design_size(_design(design, ratio), power=design.power).patients)

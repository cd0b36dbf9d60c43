"""How many events and patients a trial takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtri

from locoreg.core.errors import DesignError
from locoreg.planning.design import TrialDesign
from locoreg.planning.events import events_required
from locoreg.planning.followed import event_probability

# More patients than this are no trial; the effect asked for is next to none.
MOST_PATIENTS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSize:
    """Events and patients of a planned trial.

    Attributes
    ----------
    design : TrialDesign
        What it was made for.
    events : int
        By Schoenfeld's formula, rounded up.
    events_freedman : int
        By Freedman's, rounded up.
    probability_control, probability_intervention : float
        Chance that the event of a patient of each arm is seen.
    patients : int
        In both arms: events over the mean chance, each arm rounded up.
    patients_intervention, patients_control : int
        In each arm.
    patients_lachin_foulkes : int or None
        By Lachin and Foulkes' own formula for exponential survival, with the variances under
        both hypotheses, rounded up; None where the control curve has more than one piece.
    months : float
        Accrual and follow-up together.
    """

    design: TrialDesign
    events: int
    events_freedman: int
    probability_control: float
    probability_intervention: float
    patients: int
    patients_intervention: int
    patients_control: int
    patients_lachin_foulkes: int | None
    months: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "events": self.events,
            "events_freedman": self.events_freedman,
            "probability_control": self.probability_control,
            "probability_intervention": self.probability_intervention,
            "patients": self.patients,
            "patients_intervention": self.patients_intervention,
            "patients_control": self.patients_control,
            "patients_lachin_foulkes": self.patients_lachin_foulkes,
            "months": self.months,
        }


def trial_size(design: TrialDesign) -> TrialSize:
    """Return the events and patients that a trial takes.

    Parameters
    ----------
    design : TrialDesign
        Effect, test, arms, accrual, follow-up and drop-out.

    Returns
    -------
    TrialSize
        All counts rounded up.

    Raises
    ------
    DesignError
        If no sensible number of patients would do.

    References
    ----------
    Schoenfeld 1983, doi:10.2307/2531021; Freedman 1982, doi:10.1002/sim.4780010204; Lachin and
    Foulkes 1986, doi:10.2307/2531201.
    """
    needed = events_required(
        design.hazard_ratio, power=design.power, alpha=design.alpha, sides=design.sides,
        allocation=design.allocation, formula="schoenfeld",
    )  # fmt: skip
    freedman = events_required(
        design.hazard_ratio, power=design.power, alpha=design.alpha, sides=design.sides,
        allocation=design.allocation, formula="freedman",
    )  # fmt: skip
    control = _seen(design, 1.0)
    intervention = _seen(design, design.hazard_ratio)
    share = design.allocation
    mean = share * intervention + (1 - share) * control
    if mean <= 0 or needed / mean > MOST_PATIENTS:
        raise DesignError(
            f"a hazard ratio of {design.hazard_ratio:g} in {design.accrual_months:g} + "
            f"{design.follow_up_months:g} months takes more than {MOST_PATIENTS:,} patients.",
            hint="state a larger effect, longer follow-up or a control arm with more events.",
        )
    events = _up(needed)
    total = events / mean
    treated, others = _up(share * total), _up((1 - share) * total)
    return TrialSize(
        design=design,
        events=events,
        events_freedman=_up(freedman),
        probability_control=control,
        probability_intervention=intervention,
        patients=treated + others,
        patients_intervention=treated,
        patients_control=others,
        patients_lachin_foulkes=_lachin_foulkes(design),
        months=design.accrual_months + design.follow_up_months,
    )


def _seen(design: TrialDesign, ratio: float) -> float:
    return event_probability(
        design.control.starts, tuple(ratio * one for one in design.control.hazards),
        dropout_hazard=design.dropout_hazard, accrual_months=design.accrual_months,
        follow_up_months=design.follow_up_months,
    )  # fmt: skip


def _lachin_foulkes(design: TrialDesign) -> int | None:
    """Return the patients of their formula: log hazard ratio, variances under both hypotheses."""
    hazards = design.control.hazards
    if len(hazards) > 1:
        return None
    share, control = design.allocation, hazards[0]
    treated = design.hazard_ratio * control
    common = share * treated + (1 - share) * control
    seen = {ratio: _seen(design, ratio) for ratio in (1.0, design.hazard_ratio, common / control)}
    null = 1 / (seen[common / control] * share * (1 - share))
    other = 1 / (seen[design.hazard_ratio] * share) + 1 / (seen[1.0] * (1 - share))
    alpha = float(-ndtri(design.alpha / design.sides))
    top = alpha * math.sqrt(null) + float(ndtri(design.power)) * math.sqrt(other)
    return _up((top / math.log(design.hazard_ratio)) ** 2)


def _up(value: float) -> int:
    # A count that is whole but for the last digits of a float stays.
    return math.ceil(value - 1e-9 * value)

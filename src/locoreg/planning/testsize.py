"""Patients for a power, and power for a number of patients, of any of the tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtri

from locoreg.core.errors import DesignError
from locoreg.planning.events import power_of_events
from locoreg.planning.size import MOST_PATIENTS
from locoreg.planning.twoarm import Drift, LogRank, TwoArmDesign, describe_test, drift


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignSize:
    """Patients and power of a design.

    Attributes
    ----------
    design : TwoArmDesign
        What it was made for.
    drift : Drift
        Mean and spread of its test.
    patients, patients_intervention, patients_control : int
        In both arms, and in each.
    power : float
        With these patients, to find the intervention better than the margin.
    events : float
        Events that are expected by the end of the trial.
    power_of_events : float or None
        Schoenfeld's formula at these events: the log-rank test under proportional hazards; None
        for another test.
    notes : tuple of str
        What a reader must know.
    """

    design: TwoArmDesign
    drift: Drift
    patients: int
    patients_intervention: int
    patients_control: int
    power: float
    events: float
    power_of_events: float | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "test": describe_test(self.design.test),
            "patients": self.patients,
            "patients_intervention": self.patients_intervention,
            "patients_control": self.patients_control,
            "power": self.power,
            "events": self.events,
            "power_of_events": self.power_of_events,
            "effect": self.drift.effect,
            "events_control": self.drift.events_control,
            "events_intervention": self.drift.events_intervention,
            "months": self.design.follow_up.total_months,
            "notes": list(self.notes),
        }


def design_power(design: TwoArmDesign, *, patients: int) -> DesignSize:
    """Return the power of a trial of so many patients.

    Parameters
    ----------
    design : TwoArmDesign
        The trial.
    patients : int
        In both arms; split by the allocation to whole patients.

    Returns
    -------
    DesignSize
        Power and expected events.

    Raises
    ------
    DesignError
        If an arm would have fewer than two patients.
    """
    if patients < 2 or patients > MOST_PATIENTS:
        raise DesignError(f"a trial has 2 to {MOST_PATIENTS:,} patients, and not {patients:,}.")
    treated = round(design.allocation * patients)
    if min(treated, patients - treated) < 2:
        raise DesignError("each arm needs two patients or more.", hint="state more patients.")
    return _sized(design, drift(design), treated, patients - treated)


def design_size(design: TwoArmDesign, *, power: float) -> DesignSize:
    """Return the patients that a power takes.

    Parameters
    ----------
    design : TwoArmDesign
        The trial.
    power : float
        Between alpha and 1.

    Returns
    -------
    DesignSize
        Each arm rounded up to whole patients.

    Raises
    ------
    DesignError
        If the effect does not lie on the better side of the margin, or no sensible number would
        do.
    """
    if not design.alpha / design.sides < power < 1:
        raise DesignError("power lies between alpha and 1: 0.9 is 90%.")
    found = drift(design)
    if found.mean <= 0:
        raise DesignError(
            "the supposed effect does not lie on the better side of the margin: no number of "
            "patients would show it.",
            hint="state a ratio below the margin; for a ratio above 1 take its reciprocal and "
            "exchange the arms.",
        )
    top = design.z_alpha * found.spread_null + float(ndtri(power)) * found.spread
    total = (max(top, 0.0) / found.mean) ** 2
    if total > MOST_PATIENTS:
        raise DesignError(
            f"this takes more than {MOST_PATIENTS:,} patients.",
            hint="state a larger effect, longer follow-up or a control arm with more events.",
        )
    treated = max(2, _up(design.allocation * total))
    control = max(2, _up((1 - design.allocation) * total))
    return _sized(design, found, treated, control)


def power_curve(design: TwoArmDesign, *, patients: Sequence[int]) -> tuple[tuple[int, float], ...]:
    """Return the power at several numbers of patients.

    Parameters
    ----------
    design : TwoArmDesign
        The trial.
    patients : sequence of int
        In both arms.

    Returns
    -------
    tuple of (int, float)
        Patients and power.
    """
    found = drift(design)
    return tuple((int(n), found.power(n, design.z_alpha)) for n in patients)


def _sized(design: TwoArmDesign, found: Drift, treated: int, control: int) -> DesignSize:
    patients = treated + control
    events = treated * found.events_intervention + control * found.events_control
    return DesignSize(
        design=design,
        drift=found,
        patients=patients,
        patients_intervention=treated,
        patients_control=control,
        power=found.power(patients, design.z_alpha),
        events=events,
        power_of_events=_schoenfeld(design, events),
        notes=_notes(design),
    )


def _schoenfeld(design: TwoArmDesign, events: float) -> float | None:
    test = design.test
    if not isinstance(test, LogRank) or not design.ratio.proportional:
        return None
    against = design.ratio.ratios[0] / test.margin
    if against >= 1:
        return None
    return power_of_events(
        against, events=events, alpha=design.alpha, sides=design.sides,
        allocation=design.allocation,
    )  # fmt: skip


def _notes(design: TwoArmDesign) -> tuple[str, ...]:
    notes = []
    test, follow_up = design.test, design.follow_up
    if not isinstance(test, LogRank):
        last = test.at_months if hasattr(test, "at_months") else test.horizon_months
        if last > follow_up.after_months:
            notes.append(
                f"The last patients are followed for {follow_up.after_months:g} months and not "
                f"for {last:g}: the curves at that time rest on those who entered earlier."
            )
    if isinstance(test, LogRank) and not design.ratio.proportional:
        notes.append(
            "The hazard ratio changes over time: the log-rank test weighs it by when events are "
            "seen, so that its power depends on accrual and follow-up."
        )
    return tuple(notes)


def _up(value: float) -> int:
    # A count that is whole but for the last digits of a float stays.
    return math.ceil(value - 1e-9 * value)

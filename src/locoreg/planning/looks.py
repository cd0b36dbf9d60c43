"""A log-rank trial with interim looks: events, boundaries and when the looks come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from locoreg.core.errors import DesignError
from locoreg.planning.design import TrialDesign
from locoreg.planning.events import events_required, log_hazard_ratio_variance
from locoreg.planning.followed import event_probability
from locoreg.planning.size import MOST_PATIENTS
from locoreg.stats.groupsequential import (
    Classical,
    FutilityRule,
    SequentialDesign,
    Spending,
    sequential_design,
)

# A look's month is found to this part of a month.
MONTH_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look of a trial.

    Attributes
    ----------
    fraction : float
        Share of the final events.
    events : int
        In both arms, rounded up.
    z_benefit, z_futility : float
        Boundaries with benefit upwards, NaN where none is; futility is the upper edge of the
        wedge in a two-sided test.
    hr_benefit, hr_futility : float
        Hazard ratios at which they lie, NaN where none is.
    alpha_spent : float
        Cumulative, of one tail.
    stop_null, stop_effect : float
        Chance to stop at this look with a hazard ratio of 1 and with the planned one.
    month : float
        Calendar month of the look under the planned hazard ratio.
    """

    fraction: float
    events: int
    z_benefit: float
    z_futility: float
    hr_benefit: float
    hr_futility: float
    alpha_spent: float
    stop_null: float
    stop_effect: float
    month: float

    def to_dict(self) -> dict[str, Any]:
        """Return the look as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialTrial:
    """A log-rank trial with looks.

    Attributes
    ----------
    design : TrialDesign
        What it was made for.
    sequential : SequentialDesign
        Boundaries.
    events_single : float
        Events of the trial without looks, by Schoenfeld's formula, not rounded.
    events : int
        Events at the last look, rounded up.
    looks : tuple of Look
        In order.
    expected_events_null, expected_events_effect : float
        Expected events at the stop.
    patients : int
        In both arms, so that the events are expected by the end of follow-up.
    months : float
        Accrual and follow-up together.
    """

    design: TrialDesign
    sequential: SequentialDesign
    events_single: float
    events: int
    looks: tuple[Look, ...]
    expected_events_null: float
    expected_events_effect: float
    patients: int
    months: float

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-ready values."""
        return {
            "sequential": self.sequential.to_dict(),
            "events_single": self.events_single,
            "events": self.events,
            "looks": [look.to_dict() for look in self.looks],
            "expected_events_null": self.expected_events_null,
            "expected_events_effect": self.expected_events_effect,
            "patients": self.patients,
            "months": self.months,
        }

    def summary(self) -> str:
        """Return the trial in plain lines."""
        lines = [
            f"{self.events:,} events at the last of {len(self.looks)} looks, "
            f"{math.ceil(self.events_single - 1e-9)} with a single one; {self.patients:,} "
            f"patients, {self.months:g} months.",
            f"Expected events at the stop: {self.expected_events_null:.0f} with a hazard ratio of "
            f"1, {self.expected_events_effect:.0f} with {self.design.hazard_ratio:g}.",
        ]
        for number, look in enumerate(self.looks, 1):
            bound = (
                "no boundary"
                if math.isnan(look.hr_benefit)
                else f"benefit at z {look.z_benefit:.3f}, hazard ratio {look.hr_benefit:.3f}"
            )
            lines.append(
                f"Look {number}: {look.events:,} events, month {look.month:.1f}; {bound}; chance "
                f"to stop here {100 * look.stop_effect:.1f}% with the planned effect, "
                f"{100 * look.stop_null:.1f}% without one."
            )
        return "\n".join(lines)


def sequential_trial(
    design: TrialDesign,
    *,
    fractions: Sequence[float],
    boundary: Spending | Classical,
    futility: FutilityRule | None,
) -> SequentialTrial:
    """Plan a log-rank trial with looks at given shares of its events.

    Parameters
    ----------
    design : TrialDesign
        Effect, test, arms, accrual, follow-up and drop-out.
    fractions : sequence of float
        Shares of the final events at the looks, ascending, the last one 1.
    boundary : Spending or Classical
        Of benefit; with two sides of harm too.
    futility : FutilityRule or None
        Boundaries of futility.

    Returns
    -------
    SequentialTrial
        Events, looks, boundaries, chances to stop and months.

    Raises
    ------
    DesignError
        If no sensible number of patients would do.

    References
    ----------
    Jennison C, Turnbull BW (2000). Group Sequential Methods with Applications to Clinical Trials.
    Chapman & Hall/CRC. Chapter 13. Schoenfeld 1983, doi:10.2307/2531021.
    """
    found = sequential_design(
        fractions, alpha=design.alpha, power=design.power, sides=design.sides, shape=boundary,
        futility=futility,
    )  # fmt: skip
    single = events_required(
        design.hazard_ratio, power=design.power, alpha=design.alpha, sides=design.sides,
        allocation=design.allocation, formula="schoenfeld",
    )  # fmt: skip
    final = single * found.inflation
    months = design.accrual_months + design.follow_up_months
    seen = events_per_patient(design, months, ratio=design.hazard_ratio)
    if seen <= 0 or final / seen > MOST_PATIENTS:
        raise DesignError(
            f"{math.ceil(final):,} events in {months:g} months take more than "
            f"{MOST_PATIENTS:,} patients.",
            hint="state a larger effect or longer follow-up.",
        )
    patients = _up(_up(final) / seen)
    return SequentialTrial(
        design=design,
        sequential=found,
        events_single=single,
        events=_up(final),
        looks=tuple(_look(design, found, k, final, patients) for k in range(found.region.looks)),
        expected_events_null=found.expected_null * final,
        expected_events_effect=found.expected_effect * final,
        patients=patients,
        months=months,
    )


def events_per_patient(design: TrialDesign, month: float, *, ratio: float) -> float:
    """Return the events seen by a calendar month per patient of the whole trial.

    Parameters
    ----------
    design : TrialDesign
        Accrual, control curve and drop-out; follow-up may go on after its planned end.
    month : float
        Since the first patient.
    ratio : float
        Hazard ratio of the intervention arm.

    Returns
    -------
    float
        Between 0 and 1; before the end of accrual those still to come count as none.
    """
    if month <= 0:
        return 0.0
    accrual = min(design.accrual_months, month)
    entered = accrual / design.accrual_months if design.accrual_months > 0 else 1.0
    shares = [
        event_probability(
            design.control.starts, tuple(one * hazard for hazard in design.control.hazards),
            dropout_hazard=design.dropout_hazard, accrual_months=accrual,
            follow_up_months=month - accrual,
        )
        for one in (ratio, 1.0)
    ]  # fmt: skip
    return entered * (design.allocation * shares[0] + (1 - design.allocation) * shares[1])


def month_of_events(design: TrialDesign, events: float, *, patients: int, ratio: float) -> float:
    """Return the calendar month by which so many events are expected.

    Parameters
    ----------
    design : TrialDesign
        Accrual, control curve and drop-out.
    events : float
        In both arms.
    patients : int
        In both arms.
    ratio : float
        Hazard ratio of the intervention arm.

    Returns
    -------
    float
        Infinite where drop-out leaves too few.
    """
    wanted = events / patients

    def missing(month: float) -> float:
        return events_per_patient(design, month, ratio=ratio) - wanted

    high = design.accrual_months + design.follow_up_months
    while missing(high) < 0:
        high *= 2
        if high > 12_000:
            return math.inf
    return float(brentq(missing, 0.0, high, xtol=MONTH_TOLERANCE, maxiter=200))


def _look(
    design: TrialDesign, found: SequentialDesign, k: int, final: float, patients: int
) -> Look:
    region = found.region
    fraction = float(region.information[k])
    events = fraction * final
    benefit = float(region.upper[k])
    edge = float(region.lower[k] if design.sides == 1 else region.inner[k])
    benefit = benefit if math.isfinite(benefit) else math.nan
    edge = edge if math.isfinite(edge) else math.nan
    # Benefit lies on the side of the planned effect.
    per_z = math.copysign(
        math.sqrt(log_hazard_ratio_variance(events, design.allocation)),
        math.log(design.hazard_ratio),
    )
    return Look(
        fraction=fraction,
        events=_up(events),
        z_benefit=benefit,
        z_futility=edge,
        hr_benefit=math.exp(per_z * benefit),
        hr_futility=math.exp(per_z * edge),
        alpha_spent=float(found.alpha_spent[k]),
        stop_null=float(found.under_null.stopping[k]),
        stop_effect=float(found.under_effect.stopping[k]),
        month=month_of_events(
            design, min(_up(events), _up(final)), patients=patients, ratio=design.hazard_ratio
        ),
    )


def simulated_rejection(
    trial: SequentialTrial, *, hazard_ratio: float, trials: int, seed: int
) -> float:
    """Return the share of simulated trials that cross the boundary of benefit.

    Scores are drawn with normal increments at the looks; stops for futility take place.

    Parameters
    ----------
    trial : SequentialTrial
        Looks and boundaries.
    hazard_ratio : float
        True one.
    trials : int
        How many.
    seed : int
        Of the generator.

    Returns
    -------
    float
        Between 0 and 1.
    """
    if trials < 1 or not (math.isfinite(hazard_ratio) and hazard_ratio > 0):
        raise DesignError("simulate one trial or more, with a hazard ratio above 0.")
    region, planned = trial.sequential.region, math.log(trial.design.hazard_ratio)
    drift = trial.sequential.drift * math.log(hazard_ratio) / planned
    steps = np.diff(region.information, prepend=0.0)
    rng = np.random.default_rng(seed)
    score = np.cumsum(
        drift * steps + np.sqrt(steps) * rng.standard_normal((trials, steps.size)), axis=1
    )
    z = score / np.sqrt(region.information)
    up = z >= region.upper
    stop = up | (z <= region.lower) | (np.abs(z) <= np.nan_to_num(region.inner, nan=-1.0))
    first = np.argmax(stop, axis=1)
    return float(np.mean(up[np.arange(trials), first]))


def _up(value: float) -> int:
    # A count that is whole but for the last digits of a float stays.
    return math.ceil(value - 1e-9 * value)

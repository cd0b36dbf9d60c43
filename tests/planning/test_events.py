"""Events and patients: published numbers, special cases, and trials that are simulated."""

from __future__ import annotations

import math

import pytest
from scipy import integrate

from locoreg.core.errors import DesignError
from locoreg.planning import (
    ControlCurve,
    TrialDesign,
    event_probability,
    events_required,
    power_of_events,
    trial_size,
)
from locoreg.planning.observed import uniform_follow_up
from locoreg.planning.piecewise import HazardRatio
from locoreg.planning.simulated import simulate_power
from locoreg.planning.twoarm import LogRank, TwoArmDesign

# Closed forms against themselves or against quadrature.
CLOSED = 1e-9
# Printed with z values of two decimals.
ROUNDED_Z = 0.03
# A point of power, as the simulation is asked to hold.
POINT = 0.01
# Schoenfeld's formula takes the split of the events for that of the patients, which is off where
# the arms are not equal.
UNEQUAL = 0.03


def schoenfeld(hazard_ratio: float, **changes: object) -> float:
    asked = {"power": 0.8, "alpha": 0.05, "sides": 2, "allocation": 0.5, "formula": "schoenfeld"}
    return events_required(hazard_ratio, **{**asked, **changes})  # type: ignore[arg-type]


def design(**changes: object) -> TrialDesign:
    asked: dict[str, object] = {
        "hazard_ratio": 0.7, "power": 0.9, "alpha": 0.05, "sides": 2, "allocation": 0.5,
        "control": ControlCurve(months=(36.0,), survival=(0.6,)), "accrual_months": 36.0,
        "follow_up_months": 24.0, "dropout_per_year": 0.05,
    }  # fmt: skip
    return TrialDesign(**{**asked, **changes})  # type: ignore[arg-type]


def yearly(
    hazard: float, ratio: float, *, total: float, accrual: float, loss: float
) -> TrialDesign:
    """Return a design from rates per year, one-sided 2.5% and 90% power."""
    return design(
        hazard_ratio=ratio, alpha=0.025, sides=1,
        control=ControlCurve(months=(12.0,), survival=(math.exp(-hazard),)),
        accrual_months=12 * accrual, follow_up_months=12 * (total - accrual),
        dropout_per_year=-math.expm1(-loss),
    )  # fmt: skip


@pytest.mark.parametrize(("ratio", "patients"), [(1.25, 1264), (1.5, 384), (1.75, 204), (2.0, 132)])
def test_schoenfeld_as_printed(ratio: float, patients: int) -> None:
    """doi:10.1186/s13063-015-0727-9, table 1: 5%, 80% power, half of the patients censored."""
    per_arm = math.ceil(schoenfeld(ratio) / 2)
    assert 2 * per_arm / 0.5 == patients


def test_schoenfeld_from_two_survival_proportions_as_printed() -> None:
    """MRC Cognition and Brain Sciences Unit, statistics wiki, FAQ/powsurv: 20.39 events."""
    found = schoenfeld(math.log(0.75) / math.log(0.37))
    assert abs(found - 20.39) < ROUNDED_Z
    assert math.ceil(found / (1 - (0.75 + 0.37) / 2)) == 47


def test_lachin_and_foulkes_as_printed() -> None:
    """gsDesign, tests of print.nSurvival: hazards 0.2 and 0.1, losses 0.1; 430, and 91 events."""
    size = trial_size(yearly(0.2, 0.5, total=2, accrual=0.5, loss=0.1))
    assert size.patients_lachin_foulkes == 430
    mean = (size.probability_control + size.probability_intervention) / 2
    assert math.ceil(430 * mean) == 91


def test_lachin_and_foulkes_with_heavy_losses_as_printed() -> None:
    """The same source, losses 6.9: 4308 patients, rounded up to a whole number of pairs."""
    size = trial_size(yearly(0.2, 0.5, total=2, accrual=0.5, loss=6.9))
    assert size.patients_lachin_foulkes is not None
    assert 2 * math.ceil(size.patients_lachin_foulkes / 2) == 4308


def test_freedman_by_hand() -> None:
    # (z 0.975 + z 0.8)^2 = 7.8489; times (1.5/0.5)^2.
    assert abs(schoenfeld(0.5, formula="freedman") - 9 * 7.848879734) < 1e-6
    # Twice as many in the intervention arm: (1 + 2 * 0.5)^2 / (2 * 0.25) = 8.
    unequal = schoenfeld(0.5, formula="freedman", allocation=2 / 3)
    assert abs(unequal - 8 * 7.848879734) < 1e-6


def test_formulas_meet_where_the_effect_is_small() -> None:
    assert abs(schoenfeld(0.99) / schoenfeld(0.99, formula="freedman") - 1) < 1e-4


@pytest.mark.parametrize("allocation", [0.5, 0.3, 0.75])
@pytest.mark.parametrize("sides", [1, 2])
def test_power_is_the_inverse_of_events(allocation: float, sides: int) -> None:
    events = schoenfeld(0.7, power=0.85, sides=sides, allocation=allocation)
    back = power_of_events(0.7, events=events, alpha=0.05, sides=sides, allocation=allocation)
    assert abs(back - 0.85) < CLOSED


def test_which_arm_is_the_reference_does_not_matter() -> None:
    assert abs(schoenfeld(0.5) - schoenfeld(2.0)) < CLOSED


def test_equal_arms_take_the_fewest_events() -> None:
    assert schoenfeld(0.7) < min(schoenfeld(0.7, allocation=p) for p in (0.4, 0.6))


def test_event_probability_is_the_integral() -> None:
    hazards, starts, loss = (0.03, 0.01, 0.02), (0.0, 12.0, 30.0), 0.004

    def rate(t: float) -> float:
        return hazards[sum(t >= s for s in starts) - 1]

    def followed(t: float) -> float:
        edges = (*starts[1:], math.inf)
        spent = sum(
            h * max(0.0, min(t, e) - s) for s, e, h in zip(starts, edges, hazards, strict=True)
        )
        return math.exp(-spent - loss * t)

    def seen(entry: float) -> float:
        cuts = [s for s in starts if s < 60 - entry]
        return float(integrate.quad(lambda t: rate(t) * followed(t), 0, 60 - entry, points=cuts)[0])

    whole = integrate.quad(seen, 0, 24, points=[18, 30 - 6], epsabs=1e-11)[0] / 24
    found = event_probability(
        starts, hazards, dropout_hazard=loss, accrual_months=24, follow_up_months=36
    )
    assert abs(found - whole) < CLOSED


def test_without_accrual_everybody_is_followed_to_the_end() -> None:
    found = event_probability(
        (0.0,), (0.02,), dropout_hazard=0.0, accrual_months=0, follow_up_months=30
    )
    assert abs(found - (1 - math.exp(-0.6))) < CLOSED


def test_accrual_goes_to_its_limit_without_a_jump() -> None:
    near, at = (
        event_probability(
            (0.0,), (0.02,), dropout_hazard=0.001, accrual_months=a, follow_up_months=30
        )
        for a in (1e-6, 0.0)
    )
    assert abs(near - at) < 1e-7


def test_tiny_hazards_keep_their_digits() -> None:
    found = event_probability(
        (0.0,), (1e-9,), dropout_hazard=0.0, accrual_months=12, follow_up_months=24
    )
    assert abs(found / (1e-9 * 30) - 1) < 1e-6


def test_a_curve_of_one_rate_in_two_pieces_is_exponential() -> None:
    once = trial_size(design(control=ControlCurve(months=(36.0,), survival=(0.25,))))
    twice = trial_size(
        design(control=ControlCurve(months=(18.0, 36.0), survival=(0.5, 0.25)))
    )  # fmt: skip
    assert abs(once.probability_control - twice.probability_control) < CLOSED
    assert once.patients == twice.patients
    assert (once.patients_lachin_foulkes is None, twice.patients_lachin_foulkes is None) == (
        False,
        True,
    )


def test_arms_follow_the_allocation_and_add_up() -> None:
    size = trial_size(design(allocation=2 / 3))
    assert size.patients == size.patients_intervention + size.patients_control
    assert abs(size.patients_intervention - 2 * size.patients_control) <= 2
    seen = (
        size.patients_intervention * size.probability_intervention
        + size.patients_control * size.probability_control
    )
    assert size.events <= seen < size.events + 2


@pytest.mark.parametrize(("allocation", "off"), [(0.5, POINT), (2 / 3, UNEQUAL), (1 / 3, UNEQUAL)])
def test_simulated_trials_have_the_power_stated(allocation: float, off: float) -> None:
    trial = design(allocation=allocation)
    size = trial_size(trial)
    simulated = TwoArmDesign(
        control=trial.control, ratio=HazardRatio(starts=(0.0,), ratios=(trial.hazard_ratio,)),
        test=LogRank(margin=1.0), alpha=trial.alpha, sides=trial.sides, allocation=allocation,
        follow_up=uniform_follow_up(
            trial.accrual_months, trial.follow_up_months, trial.dropout_per_year
        ),
    )  # fmt: skip
    found = simulate_power(simulated, patients=size.patients, replications=8_000, seed=20261126)
    assert abs(found.power - 0.9) < off


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hazard_ratio": 1.0}, "hazard ratio of 1"),
        ({"hazard_ratio": 0.0}, "above 0"),
        ({"hazard_ratio": math.nan}, "above 0"),
        ({"power": 1.0}, "power lies"),
        ({"power": 0.01}, "power lies"),
        ({"alpha": 0.0}, "alpha lies"),
        ({"sides": 3}, "1 or 2 sides"),
        ({"allocation": 1.0}, "intervention arm"),
        ({"accrual_months": -1.0}, "none below 0"),
        ({"accrual_months": 0.0, "follow_up_months": 0.0}, "sees no event"),
        ({"dropout_per_year": 1.0}, "drops out"),
    ],
)
def test_what_can_not_be_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(DesignError, match=words):
        design(**changes)


@pytest.mark.parametrize(
    ("months", "survival", "words"),
    [
        ((), (), "at least one"),
        ((12.0,), (0.5, 0.4), "per month"),
        ((12.0, 12.0), (0.5, 0.4), "ascend"),
        ((0.0,), (0.5,), "above 0"),
        ((12.0,), (1.0,), "both excluded"),
        ((12.0, 24.0), (0.4, 0.5), "do not rise"),
        ((12.0, 24.0), (0.5, 0.5), "nothing is known"),
        ((math.inf,), (0.5,), "numbers"),
    ],
)
def test_control_curves_that_can_not_be(months: object, survival: object, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        ControlCurve(months=months, survival=survival)  # type: ignore[arg-type]


def test_a_trial_of_no_size_is_refused() -> None:
    with pytest.raises(DesignError, match="takes more than"):
        trial_size(design(hazard_ratio=0.99999))


def test_events_of_no_number_are_refused() -> None:
    with pytest.raises(DesignError, match="count of events"):
        power_of_events(0.7, events=0, alpha=0.05, sides=2, allocation=0.5)
    with pytest.raises(DesignError, match="no formula"):
        schoenfeld(0.7, formula="guess")


@pytest.mark.parametrize("accrual", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_next_to_no_accrual_keeps_its_digits(accrual: float) -> None:
    found = event_probability(
        (0.0,), (0.02,), dropout_hazard=0.0, accrual_months=accrual, follow_up_months=30
    )
    # The mean over the accrual is that of its middle, up to its square.
    assert abs(found + math.expm1(-0.02 * (30 + accrual / 2))) < 2e-7

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.selection.patient.calibrate import calibrate_bounds
from locoreg.selection.patient.conformal import (
    Bounds,
    Calibration,
    bound_times,
    calibrations,
    first_time,
    survival_bound,
    values_at,
)
from locoreg.selection.scores import ScoreOptions, scores
from locoreg.selection.scores.models import fit_choice_model, fit_event_model
from locoreg.stats.survivaldata import FloatArray
from tests.selection.patient.world import HORIZON, QUESTION, World, draw, scored

TIMES = bound_times(HORIZON)


def calibration(value: FloatArray, weight: FloatArray | None = None) -> Calibration:
    n = value.size
    weights = np.ones(n) if weight is None else weight
    return Calibration.of(value, np.ones(n, dtype=bool), weights, np.ones(n))


def coverage(
    bounds: Bounds, F: FloatArray, propensity: FloatArray, new: World, arm: int, share: float
) -> float:
    """Return the share of new patients who live to their bound under an option."""
    one, chance = (
        (bounds.comparator, 1.0 - propensity) if arm == 0 else (bounds.treated, propensity)
    )
    months = [
        survival_bound(one, f, TIMES, option="", share=share, propensity=p).months
        for f, p in zip(F, chance, strict=True)
    ]
    return float((new.under[arm] >= np.array(months)).mean())


def test_cutoff_by_hand() -> None:
    # 100 values of weight 1, the patient's own of 1: 10% of 101 less the own is 9.1, and the
    # tenth value is 0.10; of the first ten 9.1 are below 0.091.
    one = calibration(np.arange(1, 101) / 100.0)
    assert one.cutoff(0.1, 1.0) == pytest.approx(0.091)
    # 50%: 49.5 allowed, between the fortieth (0.40) and the fiftieth (0.50).
    assert one.cutoff(0.5, 1.0) == pytest.approx(0.495)
    # Nothing is allowed once the patient's own weight is more than the share.
    assert one.cutoff(0.1, 20.0) == 0.0


def test_equal_weights_are_split_conformal_prediction() -> None:
    value = np.random.default_rng(1).random(2000)
    one = calibration(value)
    for alpha in (0.05, 0.1, 0.5):
        exact = np.sort(value)[int(alpha * 2001) - 1]
        assert one.cutoff(alpha, 1.0) == pytest.approx(exact, abs=0.005)


def test_a_weight_of_two_is_two_persons() -> None:
    value = np.random.default_rng(2).random(400)
    double = calibration(np.repeat(value, 2))
    weighted = calibration(value, np.full(400, 2.0))
    for alpha in (0.1, 0.5):
        assert weighted.cutoff(alpha, 1.0) == pytest.approx(double.cutoff(alpha, 1.0), abs=0.005)


def test_the_order_of_persons_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    value, weight = rng.random(300), rng.random(300)
    rows = rng.permutation(300)
    one, other = calibration(value, weight), calibration(value[rows], weight[rows])
    np.testing.assert_allclose(one.below, other.below)
    np.testing.assert_array_equal(one.value, other.value)


def test_few_events_give_the_horizon() -> None:
    value = np.full(200, 0.5)
    event = np.arange(200) < 5
    one = Calibration.of(value, event, np.ones(200), np.ones(200))
    assert one.cutoff(0.1, 1.0) == np.inf
    assert one.cutoff(0.02, 1.0) == 0.0
    F = TIMES / 100.0
    bound = survival_bound(one, F, TIMES, option="treated", share=90.0, propensity=0.5)
    assert (bound.months, bound.at_horizon) == (HORIZON, True)


def test_the_file_holds_every_tenth_value() -> None:
    one = calibration(np.random.default_rng(4).random(95))
    assert one.value.size == 1 + 9 + 1
    assert one.value[-1] == one.value[-2]
    assert one.below[-1] == pytest.approx(95.0)


def test_times_and_quantiles() -> None:
    assert set(range(37)) <= set(np.round(TIMES, 9).tolist())
    assert bound_times(1.5)[-1] == 1.5
    F = np.array([[0.0, 0.2, 0.2, 0.6]])
    times = np.arange(4.0)
    np.testing.assert_allclose(values_at(F, times, np.array([2.5])), [0.4])
    np.testing.assert_allclose(values_at(F, times, np.array([3.0])), [0.6])
    # The first time at which 0.2 is reached, not the last.
    assert first_time(F[0], times, 0.2) == 1.0
    assert first_time(F[0], times, 0.4) == 2.5
    assert first_time(F[0], times, 0.7) == 3.0
    assert first_time(F[0], times, 0.0) == 0.0


def frail(n: int, seed: int) -> World:
    """Half are frail: they die and are lost soon, and are hardly ever operated on."""
    rng = np.random.default_rng(seed)
    sick = rng.random(n) < 0.5
    chance = np.where(sick, 0.15, 0.85)
    rate, lost = np.where(sick, 1 / 8.0, 1 / 40.0), np.where(sick, 1 / 10.0, 1 / 200.0)
    base = draw(n, seed)
    return replace(
        base,
        propensity=chance,
        treated=rng.random(n) < chance,
        under=(rng.exponential(size=n) / rate, rng.exponential(size=n) / rate),
        censoring=rng.exponential(size=n) / lost,
        lost_rate=lost,
    )


def test_weights_are_needed_and_suffice_where_the_model_of_survival_is_wrong() -> None:
    def wrong(t: FloatArray) -> FloatArray:
        return 1.0 - np.exp(-t / 24.0)

    new = frail(500, 999)
    F = np.tile(wrong(TIMES), (new.n, 1))
    found: dict[str, list[list[float]]] = {"weighted": [], "unweighted": []}
    for seed in range(12):
        x = frail(1000, seed)
        value = wrong(np.minimum(x.time, HORIZON))
        for name, got in found.items():
            right = name == "weighted"
            bounds = calibrations(
                value,
                x.time,
                x.event,
                x.treated,
                x.propensity if right else np.full(x.n, 0.5),
                x.uncensored if right else np.ones(x.n),
                np.ones(x.n),
                horizon=HORIZON,
            )
            chance = new.propensity if right else np.full(new.n, 0.5)
            got.append([coverage(bounds, F, chance, new, arm, 90.0) for arm in (0, 1)])
    weighted, unweighted = (np.mean(found[name], axis=0) for name in found)
    assert weighted.min() >= 0.88
    assert weighted.max() <= 0.96
    # The treated are the fit ones: their times promise too much for all.
    assert unweighted[1] < 0.85


@pytest.mark.parametrize("unit", ["continuous", "months"])
def test_bounds_hold_with_everything_estimated(unit: str) -> None:
    new = in_months(draw(1000, 999)) if unit == "months" else draw(1000, 999)
    found = []
    for seed in range(3):
        x = in_months(draw(1000, seed)) if unit == "months" else draw(1000, seed)
        made = scores(x.data(), QUESTION, ScoreOptions(seed=1, jobs=1))
        bounds = calibrate_bounds(made, seed=1)
        event, choice = fit_event_model(made, seed=1), fit_choice_model(made, seed=1)
        assert event.grid.months == (unit == "months")
        X = made.coding.encode(new.columns())
        chance = choice.propensity(X)
        found.append(
            [
                coverage(bounds, 1.0 - event.survival(X, float(arm), TIMES), chance, new, arm, s)
                for arm in (0, 1)
                for s in (90.0, 50.0)
            ]
        )
    mean = np.mean(found, axis=0)
    assert (mean[[0, 2]] >= 0.88).all()
    assert (mean[[1, 3]] >= 0.45).all()
    # Not by being empty.
    assert (mean[[0, 2]] <= 0.95).all()


def in_months(world: World) -> World:
    """Return persons whose times are whole months; a death and a loss in a month is a death."""
    first, second = (np.floor(one) for one in world.under)
    return replace(world, under=(first, second), censoring=np.floor(world.censoring))


def test_arrays_restore() -> None:
    bounds = calibrate_bounds(scored(), seed=1)
    again = Bounds.restore(bounds.arrays())
    F = (TIMES / 50.0, TIMES / 90.0)
    assert again.of_patient(F, 0.3) == bounds.of_patient(F, 0.3)
    shown = [one.to_dict() for one in again.of_patient(F, 0.3)]
    assert [(one["share"], one["option"]) for one in shown] == [
        (90.0, "comparator"),
        (90.0, "treated"),
        (50.0, "comparator"),
        (50.0, "treated"),
    ]


def test_too_few_with_a_known_outcome() -> None:
    n = 200
    time = np.where(np.arange(n) < 60, 40.0, 10.0)
    with pytest.raises(DesignError, match="30 persons with the comparator were followed"):
        calibrations(
            np.full(n, 0.5), time, np.zeros(n, dtype=bool), np.arange(n) % 2 == 0,
            np.full(n, 0.5), np.ones(n), np.ones(n), horizon=36.0,
        )  # fmt: skip


def test_late_entry_is_refused() -> None:
    made = scored()
    late = replace(made, data=replace(made.data, entry=np.full(made.n, 1.0)))
    with pytest.raises(DesignError, match="observed from later than time zero"):
        calibrate_bounds(late, seed=1)


def test_a_share_is_a_percentage() -> None:
    with pytest.raises(DesignError, match="share is 100"):
        survival_bound(
            calibration(np.linspace(0, 1, 100)), TIMES / 40.0, TIMES, option="treated",
            share=100.0, propensity=0.5,
        )  # fmt: skip

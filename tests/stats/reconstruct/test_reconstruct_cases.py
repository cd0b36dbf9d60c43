"""Reconstruction by hand, its special cases and its refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError
from locoreg.stats.reconstruct import check_reconstruction, reconstruct
from locoreg.stats.reconstruct.readpoints import clean_points
from locoreg.stats.reconstruct.result import kaplan_meier_at


def test_without_censoring_steps_give_back_the_times() -> None:
    # Four persons, events at 1, 2, 3, 4: the curve is 3/4, 2/4, 1/4, 0.
    made = reconstruct([1, 2, 3.5, 4], [0.75, 0.5, 0.25, 0], n=4)
    assert made.events == 4
    assert made.events_at == "points"
    assert made.time.tolist() == [1, 2, 3.5, 4]


def test_a_person_censored_after_a_step_is_not_placed_before_it() -> None:
    # Maintained arm of aml (Miller 1997, Survival Analysis): censored at 13, 28, 45 and 161.
    read = [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184, 0.184]
    weeks = [9, 13, 18, 23, 31, 34, 48, 161]
    made = reconstruct(weeks, read, n=11, at_risk_times=[0, 24, 48], at_risk=[11, 6, 2])
    assert made.time[made.event].tolist() == weeks[:-1]
    assert np.abs(made.curve(weeks) - read).max() < 0.001
    assert made.number_at_risk([0, 24, 48]).tolist() == [11, 6, 2]
    assert made.time[-1] == 161


def test_a_step_tells_the_number_at_risk() -> None:
    # Ten persons: 2 of 10 die by 1. A fall by a fifth then needs 5 of the 8 left: 3 are censored.
    made = reconstruct([1, 2, 3, 4, 5], [0.8, 0.8, 0.8, 0.64, 0.64], n=10)
    assert made.events == 3
    assert made.interval_events.tolist() == [2, 0, 0, 1, 0]
    assert made.interval_censored[:4].sum() >= 3


def test_numbers_at_risk_are_kept_even_two_in_one_interval() -> None:
    made = reconstruct(
        [10, 20], [0.7, 0.5], n=100, at_risk_times=[0, 3, 6, 15], at_risk=[100, 85, 75, 50]
    )
    assert made.number_at_risk([0, 3, 6, 15]).tolist() == [100, 85, 75, 50]
    assert any("interpolated" in note for note in made.notes)


def test_numbers_at_risk_after_the_curve_are_named() -> None:
    made = reconstruct([10], [0.5], n=20, at_risk_times=[0, 12], at_risk=[20, 5])
    assert made.unused_at_risk.tolist() == [12]
    assert any("not used" in note for note in made.notes)


def test_no_event_at_all() -> None:
    made = reconstruct([5, 10], [1, 1], n=7)
    assert made.events == 0
    assert made.time.size == 7


@pytest.mark.parametrize("n", [1, 2, 3])
def test_very_few_persons(n: int) -> None:
    made = reconstruct([1, 2], [(n - 1) / n, (n - 1) / n], n=n)
    assert made.events == 1
    assert made.time.size == n


def test_a_step_read_at_both_ends_has_its_event_at_the_step() -> None:
    made = reconstruct([3, 3, 8], [1.0, 0.9, 0.9], n=10)
    assert made.time[made.event].tolist() == [3.0]


def test_cleaning_is_counted() -> None:
    points = clean_points([1, 2, 2, 3], [0.9, 0.8, 0.8, 0.81])
    assert points.origin_added
    assert points.repeated == 1
    assert points.lowered == 1
    assert points.largest_rise == pytest.approx(0.01)
    assert points.survival.tolist() == [1, 0.9, 0.8, 0.8]


@pytest.mark.parametrize(
    ("time", "survival", "options", "words"),
    [
        ([1, 2], [90, 80], {"n": 10}, "no proportion"),
        ([1, 2], [0.5, 0.7], {"n": 10}, "rises"),
        ([1, -2], [0.5, 0.4], {"n": 10}, "read point 2"),
        ([1], [0.5], {"n": 0}, "n must be"),
        ([1], [0.5], {"n": 10, "total_events": 11}, "total_events must be"),
        ([1], [0.5], {"n": 10, "at_risk": [3]}, "their times"),
        ([1], [0.5], {"n": 10, "at_risk_times": [0], "at_risk": [9]}, "n is 10"),
        ([1], [0.5], {"n": 10, "at_risk_times": [0, 1], "at_risk": [10, 11]}, "not rise"),
        ([0], [1.0], {"n": 10}, "after time 0"),
        ([1], [0.5], {"n": 10, "curve_end": "cutt"}, "curve_end"),
    ],
)
def test_refusals(time: list, survival: list, options: dict, words: str) -> None:
    with pytest.raises(DataError, match=words):
        reconstruct(time, survival, **options)


@settings(max_examples=8, deadline=None)
@given(st.integers(5, 60), st.floats(0.2, 2.0), st.integers(0, 10_000))
def test_any_arm_keeps_its_persons_and_its_curve(n: int, censoring: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    life, end = rng.exponential(1, n), rng.exponential(1 / censoring, n)
    time, event = np.minimum(life, end), life <= end
    order = np.argsort(time)
    time, event = time[order], event[order]
    points = np.linspace(0, time[-1], 21)[1:]
    made = reconstruct(points, kaplan_meier_at(time, event, points), n=n)
    assert made.time.size == n
    assert (np.diff(made.time) >= 0).all()
    assert made.time[-1] <= points[-1] + 1e-12
    checks = check_reconstruction(
        made, rmse_limit=0.05, mean_limit=0.05, max_limit=0.2, at_risk_limit=0.1
    )
    assert checks.rmse < 0.05

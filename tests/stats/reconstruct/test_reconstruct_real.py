"""Hazard ratios of reconstructed persons against those of the real ones, from 60 read points.

The data are those of R's survival package (lung, veteran, gbsg). Hazard ratios within 2% is what
the method promises; the true ones come from the same Cox model, which is held to R elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from locoreg.stats.cox import cox
from locoreg.stats.reconstruct import check_reconstruction, reconstruct
from locoreg.stats.reconstruct.pathfilter import _seen
from tests.stats.reconstruct.real_curves import SETS, real_arms

PROMISED = 0.02


def log_ratio(times: list, events: list) -> float:
    fit = cox(
        np.concatenate(times),
        np.concatenate(events),
        np.repeat([0.0, 1.0], [len(one) for one in times]),
        level=95,
    )
    return float(fit.coefficients[0])


# Rounded points of the largest set take the longest; the smaller ones show the same.
@pytest.mark.parametrize(
    ("name", "told"),
    [(name, told) for name in SETS for told in ("table", "n only")]
    + [("veteran", "table, three decimals")],
)
def test_hazard_ratio_within_two_percent(name: str, told: str) -> None:
    arms = real_arms(name)
    made = []
    for arm in arms:
        table = told.startswith("table")
        survival = np.round(arm.survival, 3) if told.endswith("decimals") else arm.survival
        made.append(
            reconstruct(
                arm.points,
                survival,
                n=arm.time.size,
                at_risk_times=arm.at_risk_times if table else None,
                at_risk=arm.at_risk if table else None,
            )
        )
    true = log_ratio([arm.time for arm in arms], [arm.event for arm in arms])
    found = log_ratio([one.time for one in made], [one.event for one in made])
    assert abs(math.exp(found - true) - 1) < PROMISED
    for arm, one in zip(arms, made, strict=True):
        assert one.time.size == arm.time.size
        assert abs(one.events - arm.event.sum()) <= max(2, 0.03 * arm.event.sum())
        if one.at_risk_times.size:
            assert np.array_equal(one.number_at_risk(one.at_risk_times), one.at_risk)


def test_total_events_are_met() -> None:
    # Points with two decimals leave open how many of 40 had the event.
    read, months = [0.92, 0.85, 0.77, 0.68, 0.6, 0.52, 0.52], [2, 4, 6, 8, 10, 12, 20]
    free = reconstruct(months, read, n=40).events
    for events in (free - 1, free, free + 1):
        made = reconstruct(months, read, n=40, total_events=events)
        assert made.events == events


def test_checks_pass_on_a_good_and_fail_on_a_wrong_curve() -> None:
    arm = real_arms("veteran")[0]
    limits = {"rmse_limit": 0.05, "mean_limit": 0.02, "max_limit": 0.05, "at_risk_limit": 0.01}
    made = reconstruct(
        arm.points,
        arm.survival,
        n=arm.time.size,
        at_risk_times=arm.at_risk_times,
        at_risk=arm.at_risk,
    )
    checks = check_reconstruction(made, **limits)
    assert checks.passed
    assert checks.rmse < 0.002
    assert checks.at_risk_max == 0
    # The same persons against a curve that was read 0.06 lower.
    lower = replace(made.points, survival=np.maximum(made.points.survival - 0.06, 0))
    wrong = check_reconstruction(replace(made, points=lower), **limits)
    assert not wrong.passed
    assert "root mean square" in wrong.failures[0]
    assert wrong.max_error == pytest.approx(0.06, abs=0.002)


@pytest.mark.parametrize("change", [-4, 0, 4])
def test_total_events_are_met_on_real_rounded_points(change: int) -> None:
    # Two decimals leave courses of the 90 women with each of these totals.
    arm = real_arms("lung")[1]
    total = int(arm.event.sum()) + change
    made = reconstruct(arm.points, np.round(arm.survival, 2), n=arm.time.size, total_events=total)
    assert made.events == total
    assert made.time.size == arm.time.size


def test_a_total_that_no_course_has_is_said() -> None:
    # Without censoring before 5 the curve falls by one event of ten.
    made = reconstruct([5, 10], [0.9, 0.9], n=10, total_events=9)
    assert made.events != 9
    assert any("9 are reported" in note for note in made.notes)


@pytest.mark.parametrize(("decimals", "half_unit"), [(2, 0.005), (3, 0.0005)])
def test_rounding_is_recognised_and_told(decimals: int, half_unit: float) -> None:
    arm = real_arms("veteran")[0]
    read = np.round(arm.survival, decimals)
    made = reconstruct(arm.points, read, n=arm.time.size)
    # Uniform within half a unit, with a fifth of it beside: less would be no rounding at all.
    assert half_unit / math.sqrt(3) < made.reading_error < 0.65 * half_unit
    # Rounded again the curve is the one that was read, or off by what persons can't be placed to.
    assert np.abs(made.curve(arm.points) - read).mean() < half_unit


def test_a_rounded_reading_is_a_truncated_normal() -> None:
    # By quadrature over the curve's normal distribution.
    variance, noise, half = 4e-8, 1e-8, 5e-4
    for surprise in (0.0, 3e-4, -9e-4, 2e-3):
        own, shift, shrunk = _seen(np.array([surprise]), np.array([variance]), noise, half)
        grid = np.linspace(-12, 12, 200_001) * math.sqrt(variance)
        prior = norm.pdf(grid, 0, math.sqrt(variance))
        seen = norm.cdf(surprise + half - grid, 0, math.sqrt(noise))
        seen = (seen - norm.cdf(surprise - half - grid, 0, math.sqrt(noise))) / (2 * half)
        mass = np.trapezoid(prior * seen, grid)
        mean = np.trapezoid(grid * prior * seen, grid) / mass
        second = np.trapezoid(grid**2 * prior * seen, grid) / mass - mean**2
        assert own[0] == pytest.approx(math.log(mass), abs=1e-6)
        assert shift[0] == pytest.approx(mean, rel=1e-5, abs=1e-12)
        assert shrunk[0] == pytest.approx(second, rel=1e-4)

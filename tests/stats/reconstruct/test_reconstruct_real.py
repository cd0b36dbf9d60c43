"""Hazard ratios of reconstructed persons against those of the real ones, from 60 read points.

The data are those of R's survival package (lung, veteran, gbsg). Hazard ratios within 2% is what
the method promises; the true ones come from the same Cox model, which is held to R elsewhere.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from locoreg.stats.cox import cox
from locoreg.stats.reconstruct import check_reconstruction, reconstruct
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


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("told", ["table", "n only", "table, three decimals"])
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
    arm = real_arms("lung")[0]
    rough = np.round(arm.survival, 2)
    made = reconstruct(arm.points, rough, n=arm.time.size, total_events=int(arm.event.sum()))
    assert made.events == arm.event.sum()


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
    rough = reconstruct(arm.points, np.round(arm.survival, 2), n=arm.time.size)
    strict = check_reconstruction(rough, **{**limits, "rmse_limit": 1e-6})
    assert not strict.passed
    assert "root mean square" in strict.failures[0]

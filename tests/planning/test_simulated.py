"""Simulated trials: against the kernels of survival analysis, and against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.planning import simulated
from locoreg.planning.design import ControlCurve
from locoreg.planning.observed import Accrual, FollowUp, uniform_follow_up
from locoreg.planning.piecewise import HazardRatio
from locoreg.planning.simulated import simulate_power
from locoreg.planning.twoarm import Landmark, LogRank, RestrictedMean, TwoArmDesign

BASE = TwoArmDesign(
    control=ControlCurve(months=(36.0,), survival=(0.6,)),
    ratio=HazardRatio(starts=(0.0,), ratios=(0.6,)),
    test=LogRank(margin=1.0), alpha=0.05, sides=2, allocation=0.5,
    follow_up=uniform_follow_up(24.0, 24.0, 0.05),
)  # fmt: skip


def drawn(design, sizes, seed):
    """Return time and event of each arm of one simulated trial."""
    rng = np.random.default_rng(seed)
    end = np.array([design.follow_up.total_months])
    return [
        simulated._cut(simulated._draw(c, design.follow_up, (1, n), rng), end)
        for c, n in zip(design.curves(), sizes, strict=True)
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_statistics_are_those_of_the_kernels(seed):
    from locoreg.stats.logrank import logrank
    from locoreg.stats.restrictedmean import rmst
    from locoreg.stats.survivalcurves import kaplan_meier

    data = drawn(BASE, (40, 60), seed)
    time = np.concatenate([t[0] for t, _ in data])
    event = np.concatenate([e[0] for _, e in data])
    arm = np.repeat([0, 1], [40, 60])
    z = simulated._score(data, 1.0)[0]
    assert abs(z**2 - logrank(time, event, group=arm).chi2) < 1e-9
    at = 18.0
    for t, e in data:
        curve = kaplan_meier(t[0], e[0], level=95)
        survival, variance, _ = simulated._arm(
            t, e, Landmark(at_months=at, scale="plain", margin=0.0)
        )
        reached = curve.at([at])
        assert abs(survival[0] - reached.estimate[0]) < 1e-12
        assert abs(variance[0] ** 0.5 - reached.se[0]) < 1e-12
        mean, spread, _ = simulated._arm(t, e, RestrictedMean(horizon_months=at, margin_months=0.0))
        found = rmst(t[0], e[0], horizon=at, level=95).means[0].rmst
        assert abs(mean[0] - found.estimate) < 1e-10
        assert abs(spread[0] ** 0.5 - found.se) < 1e-10


def test_the_seed_makes_it_the_same() -> None:
    first, second, third = (
        simulate_power(BASE, patients=60, replications=50, seed=s) for s in (4, 4, 5)
    )
    assert first == second
    assert first.events != third.events


def test_events_end_the_trial() -> None:
    found = simulate_power(BASE, patients=200, replications=100, seed=1, events=40)
    assert found.events == 40
    assert found.months < BASE.follow_up.total_months
    late = simulate_power(BASE, patients=60, replications=50, seed=1, events=60)
    assert late.short == 50
    assert late.months == BASE.follow_up.total_months


def test_accrual_follows_its_rates() -> None:
    accrual = Accrual(ends=(10.0, 20.0, 30.0), rates=(1.0, 0.0, 3.0))
    at = accrual.month_of(np.random.default_rng(1).random(100_000))
    assert abs((at < 10).mean() - 0.25) < 0.01
    assert not ((at > 10) & (at < 20)).any()
    assert abs(float(accrual.share_entered(25.0)) - 0.625) < 1e-12


def test_curves_without_a_last_time_are_counted() -> None:
    sparse = replace(
        BASE, follow_up=FollowUp(
            accrual=Accrual(ends=(30.0,), rates=(1.0,)), after_months=1.0, dropout_per_year=0.5
        ),
        test=RestrictedMean(horizon_months=29.0, margin_months=0.0),
    )  # fmt: skip
    found = simulate_power(sparse, patients=30, replications=100, seed=2)
    assert found.extended > 50


def test_nobody_dies() -> None:
    calm = replace(BASE, control=ControlCurve(months=(1e6,), survival=(0.999,)))
    found = simulate_power(calm, patients=20, replications=20, seed=1)
    assert (found.undefined, found.power, found.harm) == (20, 0.0, 0.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patients": 3}, "two patients"),
        ({"replications": 0}, "replications"),
        ({"events": 0}, "events that end"),
        ({"events": 61}, "events that end"),
    ],
)
def test_what_can_not_be_is_refused(changes, words):
    asked = {"patients": 60, "replications": 10, "seed": 1, **changes}
    with pytest.raises(DesignError, match=words):
        simulate_power(BASE, **asked)

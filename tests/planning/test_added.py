"""Information so far, and the pool with one more trial."""

from __future__ import annotations

import math

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.planning import add_trial, information_of, log_hazard_ratio_variance
from locoreg.stats.randomeffects import random_effects

CLOSED = 1e-12
YI = (0.04, -0.42, 0.37, 0.10, -0.15)
VI = (0.0165, 0.0223, 0.1123, 0.0353, 0.0185)


def added(tau2: float, variance: float, effect: float = -0.36, level: float = 95.0):
    return add_trial(YI, VI, tau2=tau2, log_hazard_ratio=effect, variance=variance, level=level)


def test_information_of_equal_arms_is_four_over_the_variance() -> None:
    found = information_of(0.1, 0.05, required=400, allocation=0.5)
    assert abs(found.events - 400) < 1e-9
    assert abs(found.share - 1) < CLOSED
    assert abs(found.events_alike - 1600) < 1e-9
    assert abs(log_hazard_ratio_variance(found.events, 0.5) - 0.01) < CLOSED


def test_one_effect_for_all_is_the_common_effect_pool() -> None:
    found = added(0.0, 0.012)
    fit = random_effects(
        np.array([*YI, -0.36]),
        np.array([*VI, 0.012]),
        method="CE",
        interval="normal",
        level=95,
        prediction="riley",
    )
    assert abs(found.pool.estimate - float(fit.mu)) < CLOSED
    assert abs(found.pool.ci_low - float(fit.ci_low)) < 1e-9


def test_a_trial_of_no_weight_changes_nothing() -> None:
    w = [1 / (v + 0.03) for v in VI]
    mu = sum(a * y for a, y in zip(w, YI, strict=True)) / sum(w)
    found = added(0.03, 1e9)
    assert abs(found.pool.estimate - mu) < 1e-9
    assert abs(found.pool.se - 1 / math.sqrt(sum(w))) < 1e-9


def test_an_endless_trial_still_counts_as_one_study() -> None:
    w = [1 / (v + 0.03) for v in VI]
    found = added(0.03, 1e-12)
    assert abs(found.weight - (1 / 0.03) / (sum(w) + 1 / 0.03)) < 1e-9


@pytest.mark.parametrize("effect", [-0.36, -1.2, 0.9])
def test_chances_are_those_of_drawn_trials(effect: float) -> None:
    tau2, variance = 0.01, 0.012
    found = added(tau2, variance, effect)
    drawn = np.random.default_rng(7).normal(effect, math.sqrt(variance), 200_000)
    w = np.array([1 / (v + tau2) for v in VI])
    new = 1 / (variance + tau2)
    mu = (np.dot(w, YI) + new * drawn) / (w.sum() + new)
    half = 1.959963984540054 / math.sqrt(w.sum() + new)
    # Four standard errors of a proportion of 200,000.
    assert abs(found.chance_below - np.mean(mu + half < 0)) < 0.0045
    assert abs(found.chance_above - np.mean(mu - half > 0)) < 0.0045
    assert found.chance == found.chance_below + found.chance_above


def test_a_higher_level_makes_a_wider_interval_and_a_smaller_chance() -> None:
    wide, narrow = added(0.0, 0.012, level=99), added(0.0, 0.012, level=90)
    assert wide.pool.ci_low < narrow.pool.ci_low
    assert wide.chance < narrow.chance


@pytest.mark.parametrize(
    "changes",
    [{"tau2": -0.1}, {"variance": 0.0}, {"variance": math.nan}, {"effect": math.inf}],
)
def test_numbers_out_of_range_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(DesignError):
        added(**{"tau2": 0.0, "variance": 0.01, **changes})
    with pytest.raises(DesignError):
        information_of(0.0, 0.1, required=100, allocation=0.5)
    with pytest.raises(DesignError):
        information_of(0.1, 0.1, required=100, allocation=1.0)
    with pytest.raises(DesignError):
        add_trial((), (), tau2=0.0, log_hazard_ratio=0.1, variance=0.1, level=95)

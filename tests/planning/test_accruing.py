"""Accrual: the gamma-Poisson model by hand, by simulation, and with few trials."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from locoreg.core.errors import DesignError
from locoreg.planning.accruing import AccrualPrior, TrialAccrual, accrual_model, forecast

PRIOR = AccrualPrior(rate=4.0, rate_factor=5.0, variation=0.5, stops=0.5, stop_months=200.0)


def trial(patients=100, months=25.0, stopped=False, name="a"):
    return TrialAccrual(
        study_id=name, patients=patients, exposure=months, stopped=stopped, months=months
    )


TRIALS = [trial(350, 96, name="a"), trial(278, 57, name="b"), trial(90, 60, True, name="c")]


def test_without_trials_the_prior_is_left() -> None:
    model = accrual_model([], PRIOR)
    order = np.argsort(model.mean)
    below = np.cumsum(model.weight[order])
    assert abs(np.interp(0.5, below, model.mean[order]) - 4.0) < 0.15
    low, high = np.interp([0.025, 0.975], below, model.mean[order])
    assert abs(math.log(low / 0.8)) < 0.1
    assert abs(math.log(high / 20.0)) < 0.1


def test_trials_that_hardly_vary_give_a_poisson_count() -> None:
    """A tight prior on rate and variation: the count is Poisson with that rate."""
    prior = AccrualPrior(rate=4.0, rate_factor=1.0001, variation=1e-4, stops=1, stop_months=1)
    model = accrual_model([], prior)
    for patients, months in ((40, 10.0), (50, 10.0), (200, 60.0)):
        exact = stats.poisson.sf(patients - 1, 4.0 * months)
        assert abs(float(model.full(patients, months)) - exact) < 2e-4


def test_one_known_variation_gives_a_negative_binomial() -> None:
    model = accrual_model(TRIALS, PRIOR)
    i = int(np.argmax(model.weight))
    exact = stats.nbinom.sf(
        199, model.shape[i], model.shape[i] / (model.shape[i] + model.mean[i] * 60)
    )
    one = type(model)(
        mean=model.mean[[i]], shape=model.shape[[i]], weight=np.ones(1), stop_shape=1.0,
        stop_rate=1.0, trials=(), prior=PRIOR,
    )  # fmt: skip
    assert abs(float(one.full(200, 60.0)) - exact) < 1e-9


def test_simulated_trials_have_the_counts_foretold() -> None:
    model = accrual_model(TRIALS, PRIOR)
    found = forecast(model, patients=300, months=72.0, centres=None)
    rng = np.random.default_rng(3)
    cell = rng.choice(model.mean.size, 200_000, p=model.weight)
    rate = rng.gamma(model.shape[cell], model.mean[cell] / model.shape[cell])
    counts = rng.poisson(rate * 72.0)
    assert abs(found.too_slow - (counts < 300).mean()) < 4e-3
    low, mid, high = np.quantile(counts, [0.05, 0.5, 0.95])
    assert abs(found.count_median - mid) <= 3
    assert abs(found.count_low - low) <= 4
    assert abs(found.count_high - high) <= 12
    waits = rng.gamma(300, 1 / rate)
    assert abs(found.months_median / np.median(waits) - 1) < 0.01


def test_stops_follow_the_record() -> None:
    """Gamma prior of 0.5 stops in 200 months, and 1 stop in 213: (413 / (413 + m))^1.5."""
    found = forecast(accrual_model(TRIALS, PRIOR), patients=300, months=72.0, centres=None)
    assert abs(found.stops - (1 - (413 / (413 + 72)) ** 1.5)) < 1e-12
    assert max(found.stops, found.too_slow) < found.fails < found.stops + found.too_slow


def test_more_time_or_fewer_patients_fail_less() -> None:
    model = accrual_model(TRIALS, PRIOR)
    short, long = (forecast(model, patients=300, months=m, centres=None) for m in (48.0, 96.0))
    few = forecast(model, patients=150, months=48.0, centres=None)
    assert long.too_slow < short.too_slow
    assert few.too_slow < short.too_slow
    counts = [row[2] for row in short.curve]
    assert counts == sorted(counts)
    assert all(low <= mid <= high for _, low, mid, high in short.curve)


def test_centres_divide_the_time() -> None:
    prior = AccrualPrior(rate=0.2, rate_factor=5.0, variation=0.5, stops=0.5, stop_months=200.0)
    model = accrual_model([], prior)
    one = forecast(model, patients=200, months=100.0, centres=1)
    ten = forecast(model, patients=200, months=10.0, centres=10)
    assert abs(one.too_slow - ten.too_slow) < 1e-12
    assert abs(one.months_median / ten.months_median - 10) < 1e-6


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: trial(months=0.0), "above 0"),
        (lambda: trial(patients=-1), "count of patients"),
        (
            lambda: AccrualPrior(rate=0, rate_factor=2, variation=1, stops=1, stop_months=1),
            "above 0",
        ),
        (
            lambda: AccrualPrior(rate=1, rate_factor=1, variation=1, stops=1, stop_months=1),
            "above 1",
        ),
        (lambda: forecast(accrual_model([], PRIOR), patients=0, months=1, centres=None), "above 0"),
        (lambda: forecast(accrual_model([], PRIOR), patients=9, months=1, centres=0), "one centre"),
    ],
)
def test_what_can_not_be_is_refused(call, words) -> None:
    with pytest.raises(DesignError, match=words):
        call()

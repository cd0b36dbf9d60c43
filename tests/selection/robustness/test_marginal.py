"""The marginal sensitivity model."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import optimize

from locoreg.core.errors import DesignError
from locoreg.selection.assess.robustness import marginal_sensitivity
from locoreg.selection.assess.robustness.marginal import mean_of_rate, rate_of_mean
from tests.selection.robustness.known import hidden_draw, known_scores, reversed_scores


def simple(times, treated, *, measure, horizon, means=None):
    """Persons alike in everything: the models are the means of each arm."""
    times, treated = np.asarray(times, dtype=float), np.asarray(treated, dtype=bool)
    y = np.minimum(times, horizon) if measure == "rmst_difference" else times > horizon
    n = times.size
    r = [y[treated == arm].mean() for arm in (False, True)] if means is None else means
    return known_scores(
        time=times,
        event=np.ones(n),
        treated=treated,
        covariates={"x": np.arange(n, dtype=float)},
        propensity=np.full(n, treated.mean()),
        means=(np.full(n, r[0]), np.full(n, r[1])),
        measure=measure,
        horizon=horizon,
    )


@pytest.mark.parametrize("measure", ["rmst_difference", "survival_difference"])
def test_factor_of_one_is_the_doubly_robust_estimate(measure) -> None:
    scores = hidden_draw(500, seed=2, measure=measure).scores
    found = marginal_sensitivity(scores, factors=[1.0])
    for bound in (found.bounds[0].lower, found.bounds[0].upper, found.value):
        assert bound.estimate == pytest.approx(scores.average().estimate, rel=1e-12)
        assert bound.se == pytest.approx(scores.average().se, rel=1e-12)


@pytest.mark.parametrize("factor", [1.3, 2.0, 5.0])
def test_probability_by_hand(factor: float) -> None:
    # 6 of 8 treated and 2 of 4 others live beyond 10 months.
    times = [12.0] * 6 + [5.0] * 2 + [12.0] * 2 + [5.0] * 2
    scores = simple(times, [1] * 8 + [0] * 4, measure="survival_difference", horizon=10.0)
    found = marginal_sensitivity(scores, factors=[factor]).bounds[0]

    def low(r: float) -> float:
        return max(r / factor, 1.0 - factor * (1.0 - r))

    e, r1, r0 = 8 / 12, 0.75, 0.5
    lower1, upper1 = e * r1 + (1 - e) * low(r1), e * r1 + (1 - e) * (1 - low(1 - r1))
    lower0, upper0 = (1 - e) * r0 + e * low(r0), (1 - e) * r0 + e * (1 - low(1 - r0))
    assert found.lower.estimate == pytest.approx(lower1 - upper0)
    assert found.upper.estimate == pytest.approx(upper1 - lower0)


def worst_by_programme(y, share, factor, sign):
    """Return the extreme mean under an option, from the weights that the model allows."""
    m = y.size
    limits = [(1.0 / factor / m, factor / m)] * m
    got = optimize.linprog(-sign * y, A_eq=np.ones((1, m)), b_eq=[1.0], bounds=limits)
    return share * y.mean() + (1.0 - share) * float(y @ got.x)


@pytest.mark.parametrize("factor", [1.5, 3.0])
@pytest.mark.parametrize("horizon", [10.0, 60.0], ids=["quantile-at-horizon", "inner-quantile"])
def test_restricted_mean_against_a_linear_programme(factor: float, horizon: float) -> None:
    # Times at the quantiles of exponentials, so that the quantile of the model is right.
    n1, n0 = 600, 400
    t1 = -30.0 * np.log1p(-(np.arange(n1) + 0.5) / n1)
    t0 = -20.0 * np.log1p(-(np.arange(n0) + 0.5) / n0)
    scores = simple(np.concatenate([t1, t0]), [1] * n1 + [0] * n0,
                    measure="rmst_difference", horizon=horizon)  # fmt: skip
    found = marginal_sensitivity(scores, factors=[factor]).bounds[0]
    y1, y0 = np.minimum(t1, horizon), np.minimum(t0, horizon)
    lower = worst_by_programme(y1, 0.6, factor, -1) - worst_by_programme(y0, 0.4, factor, 1)
    upper = worst_by_programme(y1, 0.6, factor, 1) - worst_by_programme(y0, 0.4, factor, -1)
    # The quantile of the model and of the persons differ by the steps between persons.
    assert found.lower.estimate == pytest.approx(lower, abs=2e-3 * horizon)
    assert found.upper.estimate == pytest.approx(upper, abs=2e-3 * horizon)
    assert found.lower.estimate <= lower + 1e-9
    assert found.upper.estimate >= upper - 1e-9


def test_wrong_quantile_is_wide_but_valid() -> None:
    rng = np.random.default_rng(5)
    t1, t0 = 5.0 + rng.uniform(0.0, 40.0, 500), rng.gamma(6.0, 4.0, 500)
    scores = simple(np.concatenate([t1, t0]), [1] * 500 + [0] * 500,
                    measure="rmst_difference", horizon=30.0)  # fmt: skip
    found = marginal_sensitivity(scores, factors=[2.0]).bounds[0]
    y1, y0 = np.minimum(t1, 30.0), np.minimum(t0, 30.0)
    lower = worst_by_programme(y1, 0.5, 2.0, -1) - worst_by_programme(y0, 0.5, 2.0, 1)
    upper = worst_by_programme(y1, 0.5, 2.0, 1) - worst_by_programme(y0, 0.5, 2.0, -1)
    assert lower - 1.0 < found.lower.estimate < lower
    assert upper < found.upper.estimate < upper + 1.0


def test_censoring_leaves_the_bound_where_it_was() -> None:
    rng = np.random.default_rng(6)
    n, horizon, low = 40_000, 20.0, 60.0
    w = rng.random(n) < 0.5
    scale = np.where(w, 25.0, 15.0)
    died, lost = rng.exponential(size=n) * scale, rng.exponential(low, n)
    means = tuple(np.full(n, s * -math.expm1(-horizon / s)) for s in (15.0, 25.0))

    def made(time, event, outcome, uncensored):
        return known_scores(
            time=time, event=event, treated=w, covariates={"x": np.arange(n, dtype=float)},
            propensity=np.full(n, 0.5), means=means, measure="rmst_difference", horizon=horizon,
            outcome=outcome, uncensored=uncensored,
        )  # fmt: skip

    time = np.minimum(died, lost)
    end = np.minimum(time, horizon)
    stays = np.exp(-end / low)
    # Inverse-probability weighted outcome: unbiased where the model of censoring is true.
    ended = (died <= lost) | (time >= horizon)
    whole = made(died, np.ones(n), np.minimum(died, horizon), np.ones(n))
    censored = made(time, died <= lost, np.where(ended, end / stays, 0.0), stays)
    for factor in (1.5, 3.0):
        first, second = (
            marginal_sensitivity(one, factors=[factor]).bounds[0] for one in (whole, censored)
        )
        spread = math.hypot(first.lower.se, second.lower.se)
        assert abs(first.lower.estimate - second.lower.estimate) < 4.0 * spread
        assert abs(first.upper.estimate - second.upper.estimate) < 4.0 * spread


@pytest.mark.parametrize("measure", ["rmst_difference", "survival_difference"])
def test_truth_lies_within_the_bounds_of_its_factor(measure) -> None:
    made = hidden_draw(4000, seed=7, measure=measure)
    # Odds given the confounder over those without: 0.3 / 0.6 for those who have it, 0.7 / 0.4 for
    # the others, up to the weights of the mixture, which are the same in both.
    bound = marginal_sensitivity(made.scores, factors=[2.0]).bounds[0]
    assert bound.lower.estimate < made.truth < made.seen < bound.upper.estimate


@pytest.mark.parametrize("measure", ["rmst_difference", "survival_difference"])
def test_standard_error_of_a_bound_over_draws(measure) -> None:
    bounds = [
        marginal_sensitivity(hidden_draw(300, seed=s, measure=measure).scores, factors=[1.6])
        .bounds[0]
        .lower
        for s in range(100, 220)
    ]
    spread = np.std([one.estimate for one in bounds], ddof=1)
    # 120 draws tell a standard deviation to 6.5%; 20% is three of its errors.
    assert np.mean([one.se for one in bounds]) == pytest.approx(spread, rel=0.2)


def test_bounds_widen_and_reach_zero_at_the_tipping_factor() -> None:
    scores = hidden_draw(4000, seed=8, log_hr=-0.3).scores
    treat = scores.X[:, 0] > -0.5
    found = marginal_sensitivity(scores, factors=[1.0, 1.2, 1.6, 2.5], treat=treat)
    lower = [b.lower.estimate for b in found.bounds]
    upper = [b.upper.estimate for b in found.bounds]
    assert lower == sorted(lower, reverse=True)
    assert upper == sorted(upper)
    at = marginal_sensitivity(
        scores, factors=[found.tipping, found.tipping_limit], treat=treat
    ).bounds
    # The worst case of single persons changes sides at some factor: the bound has steps of 1/n.
    assert at[0].lower.estimate == pytest.approx(0.0, abs=5.0 / scores.n)
    assert at[1].lower.ci_low == pytest.approx(0.0, abs=5.0 / scores.n)
    assert 1.0 < found.tipping_limit < found.tipping
    assert f"by a factor of {found.tipping:.2f}, the bound" in found.reading


def test_harm_tips_from_below() -> None:
    scores = hidden_draw(4000, seed=9, log_hr=0.8).scores
    found = marginal_sensitivity(scores, factors=[])
    assert found.value.ci_high < 0.0
    at = marginal_sensitivity(scores, factors=[found.tipping]).bounds[0]
    assert at.upper.estimate == pytest.approx(0.0, abs=5.0 / scores.n)


def test_interval_that_holds_zero_tips_at_one() -> None:
    scores = hidden_draw(300, seed=3, prevalence=(0.5, 0.5)).scores
    found = marginal_sensitivity(scores, factors=[])
    assert found.tipping_limit == 1.0
    assert "holds 0 already" in found.reading


def test_rates_and_means_are_each_others_inverse() -> None:
    rates = np.array([0.0, 1e-9, 0.01, 1.0, 30.0])
    means = mean_of_rate(rates)
    assert means[0] == 1.0
    assert means[3] == pytest.approx(-math.expm1(-1.0))
    assert rate_of_mean(means) == pytest.approx(rates, rel=1e-6, abs=1e-8)
    assert rate_of_mean(np.array([1.2, -0.1])) == pytest.approx([0.0, 1e4])


def test_order_of_persons_and_json() -> None:
    scores = hidden_draw(500, seed=2, measure="rmst_difference").scores
    first = marginal_sensitivity(scores, factors=[1.5])
    second = marginal_sensitivity(reversed_scores(scores), factors=[1.5])
    assert first.reading == second.reading
    assert json.loads(json.dumps(first.to_dict(), allow_nan=False)) == first.to_dict()


@pytest.mark.parametrize("factor", [0.5, math.inf, math.nan])
def test_bad_factor(factor: float) -> None:
    with pytest.raises(DesignError, match="1 is no hidden confounding"):
        marginal_sensitivity(hidden_draw(50, seed=1).scores, factors=[factor])

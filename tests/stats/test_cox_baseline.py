"""Baseline hazards and predicted curves: definitions, special cases, bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.cox import cox

# The same sums in another order.
REORDERED = {"rtol": 1e-9, "atol": 1e-12}
MODEST = settings(deadline=None, max_examples=30)

TIME = np.array([1, 2, 2, 3, 4, 5, 5, 5.0])
EVENT = np.array([1, 1, 1, 0, 1, 1, 1, 0])
NOBODY = np.zeros((8, 0))


@pytest.mark.parametrize(
    ("ties", "hazards", "variances"),
    [
        ("breslow", [1 / 8, 2 / 7, 1 / 4, 2 / 3], [1 / 64, 2 / 49, 1 / 16, 2 / 9]),
        (
            "efron",
            [1 / 8, 1 / 7 + 1 / 6, 1 / 4, 1 / 3 + 1 / 2],
            [1 / 64, 1 / 49 + 1 / 36, 1 / 16, 1 / 9 + 1 / 4],
        ),
    ],
)
def test_without_covariates_it_is_nelson_aalen(ties, hazards, variances):
    fit = cox(TIME, EVENT, NOBODY, ties=ties, level=95)
    base = fit.baseline[0]
    assert base.time.tolist() == [1, 2, 4, 5]
    np.testing.assert_allclose(base.cumulative_hazard, np.cumsum(hazards), **REORDERED)
    curves = fit.predict(np.zeros((1, 0)), level=95)
    np.testing.assert_allclose(
        curves.cumulative_hazard_se[:, 0] ** 2, np.cumsum(variances), **REORDERED
    )
    np.testing.assert_allclose(curves.survival[:, 0], np.exp(-np.cumsum(hazards)), **REORDERED)
    assert fit.loglik == fit.loglik_null
    assert np.isnan(fit.wald_test.p_value)
    assert "8 rows, 6 events" in fit.summary()


def test_without_events_nothing_happens_until_the_end_of_follow_up():
    fit = cox(TIME, 0 * EVENT, NOBODY, level=95)
    assert fit.baseline[0]([0, 3, 5]).tolist() == [0, 0, 0]
    assert np.isnan(fit.baseline[0]([-1, 5.5])).all()
    curves = fit.predict(np.zeros((1, 0)), level=95)
    assert curves.time.tolist() == [5]
    assert curves.survival.tolist() == [[1]]


def example(seed=4, n=80):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2)) + np.array([50, 0])
    time = rng.exponential(np.exp(-(X - [50, 0]) @ [0.7, -0.4]))
    return time, rng.random(n) < 0.7, X, rng.integers(0, 2, n)


def test_variance_is_that_of_the_delta_method():
    """H(t | x) as a function of the coefficients, differentiated by steps; the rest is the sum of
    squared increments."""
    time, event, X, _ = example()
    fit = cox(time, event, X, ties="breslow", level=95)
    x, at = np.array([50.5, 1.0]), np.quantile(time, 0.7)

    def hazard(b):
        risk = np.exp((X - x) @ b)
        dead = np.flatnonzero(event & (time <= at))
        totals = np.array([risk[time >= time[i]].sum() for i in dead])
        return (1 / totals).sum(), (1 / totals**2).sum()

    step = 1e-5
    slope = [
        (hazard(fit.coefficients + d)[0] - hazard(fit.coefficients - d)[0]) / (2 * step)
        for d in step * np.eye(2)
    ]
    expected = hazard(fit.coefficients)[1] + np.array(slope) @ fit.covariance @ slope
    curves = fit.predict(x, level=95, times=[at])
    assert curves.cumulative_hazard[0, 0] == pytest.approx(hazard(fit.coefficients)[0], rel=1e-9)
    # Central differences with a step of 1e-5 are right to about 1e-9.
    assert curves.cumulative_hazard_se[0, 0] ** 2 == pytest.approx(expected, rel=1e-7)


@MODEST
@given(st.integers(0, 10**6))
def test_shifted_covariates_and_offsets_give_the_same_curves(seed):
    time, event, X, strata = example(seed)
    fit = cox(time, event, X, strata=strata, level=95)
    shift = np.array([100, -3])
    moved = cox(time, event, X + shift, strata=strata, level=95, offset=np.full(80, 0.5))
    a = fit.predict(X[:3], level=95, stratum="1")
    b = moved.predict(X[:3] + shift, level=95, stratum="1", offset=np.full(3, 0.5))
    for name in ("cumulative_hazard", "cumulative_hazard_se", "ci_low"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-7, atol=1e-12)


def test_a_stratum_is_fitted_with_its_own_rows():
    time, event, X, strata = example()
    fit = cox(time, event, X, strata=np.where(strata, "old", "new"), ties="breslow", level=95)
    assert [base.stratum for base in fit.baseline] == ["new", "old"]
    own = strata == 0
    risk = np.exp(X @ fit.coefficients)
    dead = np.sort(time[own & event])
    steps = [1 / risk[own & (time >= t)].sum() for t in dead]
    np.testing.assert_allclose(fit.baseline[0].cumulative_hazard, np.cumsum(steps), **REORDERED)
    assert (fit.baseline[0].n, fit.baseline[0].events) == (own.sum(), (own & event).sum())
    assert fit.baseline[0].last_time == time[own].max()


def test_hazard_goes_on_after_a_time_without_anybody_at_risk():
    entry = np.array([0, 0, 0, 5, 5, 6.0])
    time = np.array([2, 3, 4, 8, 9, 10.0])
    fit = cox(time, np.array([1, 1, 1, 1, 1, 0]), np.zeros((6, 0)), entry=entry, level=95)
    steps = [1 / 3, 1 / 2, 1, 1 / 3, 1 / 2]
    np.testing.assert_allclose(fit.baseline[0].cumulative_hazard, np.cumsum(steps), **REORDERED)
    np.testing.assert_allclose(
        fit.baseline[0].centred_variance, np.cumsum(np.square(steps)), **REORDERED
    )


def test_curves_at_asked_times_as_table_and_json():
    time, event, X, _ = example()
    fit = cox(time, event, X, level=95)
    late = time.max() + 1
    curves = fit.predict(X[:2], level=90, interval="log", times=[0.0, 0.5, late])
    assert curves.survival.shape == (3, 2)
    assert curves.survival[0].tolist() == [1, 1]
    assert np.isnan(curves.survival[2]).all()
    z = 1.6448536269514722
    se = curves.survival[1] * curves.cumulative_hazard_se[1]
    np.testing.assert_allclose(
        np.log(curves.ci_low[1]), np.log(curves.survival[1]) - z * se / curves.survival[1]
    )
    table = curves.to_frame()
    assert table["person"].tolist() == [1, 1, 1, 2, 2, 2]
    assert table["survival"].tolist()[:2] == curves.survival[:2, 0].tolist()
    written = json.loads(json.dumps(curves.to_dict()))
    assert written["survival"][1][1] == curves.survival[1, 1]
    assert written["level"] == 90


def test_what_can_not_be_predicted():
    time, event, X, strata = example()
    fit = cox(time, event, X, strata=strata, level=95, names=["age", "dose"])
    with pytest.raises(DesignError, match="baseline hazard for each of 0, 1"):
        fit.predict(X[:1], level=95)
    with pytest.raises(DesignError, match="no stratum '2'"):
        fit.predict(X[:1], level=95, stratum="2")
    with pytest.raises(DataError, match="the model has 2 covariates") as caught:
        fit.predict(X[:1, :1], level=95, stratum="0")
    assert "age, dose" in caught.value.hint
    with pytest.raises(DataError, match="dose is not a finite number in row 2"):
        fit.predict([[50, 0], [50, np.nan]], level=95, stratum="0")
    with pytest.raises(DataError, match="interval 'loglog' is unknown"):
        fit.predict(X[:1], level=95, interval="loglog", stratum="0")
    with pytest.raises(DataError, match="offset has"):
        fit.predict(X[:2], level=95, stratum="0", offset=[0.1])

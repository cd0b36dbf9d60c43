from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.pseudo import PSEUDO_ESTIMANDS, PSEUDO_METHODS, pseudo_observations
from tests.stats.survival_cases import case, data

# R prints sums of products of the same doubles: rounding only.
CLOSED_FORM = 1e-9
ROUNDING = 1e-9
# Central differences with a step of 1e-5.
DERIVATIVE = 1e-5


@pytest.mark.parametrize(("estimand", "theirs"), [("survival", "surv"), ("rmst", "rmst")])
def test_against_r(estimand, theirs):
    pinned = case("pseudo_lung")
    lung = data("lung")
    found = pseudo_observations(
        lung["time"], lung["event"], estimand=estimand, times=pinned["args"]["times"]
    )
    # R's are those of the infinitesimal jackknife.
    np.testing.assert_allclose(found.values, pinned["result"][theirs], rtol=CLOSED_FORM, atol=1e-12)


def area(time, event, cause, until):
    """Survival, restricted mean and cumulative incidence by going from time to time."""
    survival, incidence, mean, last = 1.0, 0.0, 0.0, 0.0
    for t in np.unique(time[time <= until]):
        at_risk = (time >= t).sum()
        mean += survival * (t - last)
        last = t
        incidence += survival * ((time == t) & (event == cause)).sum() / at_risk
        survival *= 1 - ((time == t) & (event > 0)).sum() / at_risk
    return {
        "survival": survival,
        "rmst": mean + survival * (until - last),
        "cumulative-incidence": incidence,
    }


@st.composite
def competing(draw, smallest=2):
    n = draw(st.integers(smallest, 20))
    time = np.array(draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)), dtype=float)
    event = np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    event[draw(st.integers(0, n - 1))] = 1
    until = draw(st.floats(0.5, float(time.max())))
    return time, event, until


def options(estimand, event):
    if estimand == "cumulative-incidence":
        return {"estimand": estimand, "event": event, "cause": 1}
    return {"estimand": estimand, "event": event > 0}


@pytest.mark.parametrize("estimand", PSEUDO_ESTIMANDS)
@settings(deadline=None, max_examples=60)
@given(competing())
def test_jackknife_leaves_each_row_out(estimand, drawn):
    time, event, until = drawn
    found = pseudo_observations(time, **options(estimand, event), times=[until], method="jackknife")
    n = time.size
    whole = area(time, event, 1, until)[estimand]
    assert found.estimate[0, 0] == pytest.approx(whole, abs=ROUNDING)
    without = [area(np.delete(time, i), np.delete(event, i), 1, until)[estimand] for i in range(n)]
    expected = n * whole - (n - 1) * np.array(without)
    np.testing.assert_allclose(found.values[:, 0], expected, atol=ROUNDING)


@pytest.mark.parametrize("estimand", PSEUDO_ESTIMANDS)
@settings(deadline=None, max_examples=30)
@given(competing(), st.data())
def test_infinitesimal_jackknife_is_a_derivative(estimand, drawn, more):
    time, event, until = drawn
    n = time.size
    weight = np.array(more.draw(st.lists(st.sampled_from([0.3, 1.0, 2.0]), min_size=n, max_size=n)))

    def estimate(weight):
        return pseudo_observations(time, **options(estimand, event), times=[until], weight=weight)

    found = estimate(weight)
    whole = found.estimate[0, 0]
    step = 1e-5
    for row in range(min(n, 4)):
        change = np.where(np.arange(n) == row, step, 0.0)
        above, below = (estimate(weight + s * change).estimate[0, 0] for s in (1, -1))
        slope = (above - below) / (2 * step)
        expected = whole + weight.sum() * slope
        assert found.values[row, 0] == pytest.approx(expected, abs=DERIVATIVE)
    assert np.average(found.values[:, 0], weights=weight) == pytest.approx(whole, abs=ROUNDING)


@pytest.mark.parametrize("method", PSEUDO_METHODS)
@pytest.mark.parametrize("estimand", PSEUDO_ESTIMANDS)
def test_without_censoring_they_are_the_outcomes(method, estimand):
    rng = np.random.default_rng(1)
    time, event = np.ceil(rng.exponential(10, 60)), rng.integers(1, 3, 60)
    found = pseudo_observations(time, **options(estimand, event), times=[4, 11], method=method)
    outcome = {
        "survival": time[:, None] > [4, 11],
        "rmst": np.minimum(time[:, None], [4, 11]),
        "cumulative-incidence": (time[:, None] <= [4, 11]) & (event == 1)[:, None],
    }[estimand]
    np.testing.assert_allclose(found.values, outcome, atol=1e-12)


def test_by_hand():
    # S(3) = 3/4 * 1/2.
    found = pseudo_observations(
        [1, 2, 3, 4], [1, 0, 1, 0], estimand="survival", times=[3], method="jackknife"
    )
    assert found.estimate[0, 0] == pytest.approx(3 / 8)
    # Without row 1: 1/2; 2: 1/3; 3: 2/3; 4: 0.
    expected = 4 * 3 / 8 - 3 * np.array([1 / 2, 1 / 3, 2 / 3, 0])
    np.testing.assert_allclose(found.values[:, 0], expected, atol=1e-12)


@pytest.mark.parametrize("method", PSEUDO_METHODS)
@settings(deadline=None, max_examples=30)
@given(competing(4), st.integers(0, 100))
def test_strata_and_order(method, drawn, seed):
    time, event, until = drawn
    time, event = np.tile(time, 2), np.concatenate((event, event[::-1]))
    strata = np.repeat(["a", "b"], time.size // 2)
    arguments = {"estimand": "rmst", "times": [until], "method": method}
    found = pseudo_observations(time, event > 0, strata=strata, **arguments)
    for k, label in enumerate("ab"):
        own = strata == label
        alone = pseudo_observations(time[own], event[own] > 0, **arguments)
        np.testing.assert_allclose(found.values[own], alone.values, atol=ROUNDING)
        np.testing.assert_allclose(found.estimate[k], alone.estimate[0])
    order = np.random.default_rng(seed).permutation(time.size)
    mixed = pseudo_observations(time[order], event[order] > 0, strata=strata[order], **arguments)
    np.testing.assert_allclose(mixed.values, found.values[order], atol=ROUNDING)


@settings(deadline=None, max_examples=30)
@given(competing(), st.data())
def test_whole_weights_are_repeated_rows(drawn, more):
    time, event, until = drawn
    n = time.size
    weight = np.array(more.draw(st.lists(st.integers(1, 3), min_size=n, max_size=n)))
    weighted = pseudo_observations(
        time, event > 0, estimand="survival", times=[until], weight=weight
    )
    times = np.repeat(np.arange(n), weight)
    repeated = pseudo_observations(
        time[times], event[times] > 0, estimand="survival", times=[until]
    )
    np.testing.assert_allclose(weighted.values[times], repeated.values, atol=ROUNDING)
    scaled = pseudo_observations(
        time, event > 0, estimand="survival", times=[until], weight=0.1 * weight
    )
    np.testing.assert_allclose(scaled.values, weighted.values, atol=ROUNDING)


def test_methods_agree_in_large_samples():
    rng = np.random.default_rng(3)
    time, censored = rng.exponential(10, 4000), rng.uniform(0, 30, 4000)
    rows = {"time": np.minimum(time, censored), "event": time <= censored}
    one, other = (
        pseudo_observations(**rows, estimand="survival", times=[5], method=method).values
        for method in PSEUDO_METHODS
    )
    # They differ by O(1/n) each; sums of 1/(at risk)^2 over rows make that below 5/n here.
    assert 0 < np.abs(one - other).max() < 5 / 4000


def test_result_forms():
    found = pseudo_observations(
        [1, 2, 3], [1, 2, 0], estimand="cumulative-incidence", cause=2, times=[1, 2.5]
    )
    document = found.to_dict()
    json.dumps(document, allow_nan=False)
    assert document["cause"] == 2
    table = found.to_frame()
    assert list(table.columns) == ["row", "time", "value"]
    assert list(table["row"]) == [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(table["value"], found.values.ravel())
    assert "cumulative-incidence of cause 2" in found.summary()
    mean = pseudo_observations([1, 2, 3], [1, 0, 1], estimand="rmst", horizon=2)
    np.testing.assert_array_equal(mean.time, [2])
    # Survival is 0 from the last time on, and known.
    pseudo_observations([1, 2], [0, 1], estimand="survival", times=[5])
    alone = pseudo_observations([2], [0], estimand="survival", times=[1], method="jackknife")
    np.testing.assert_array_equal(alone.values, [[1]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"estimand": "median"}, "estimand 'median' is unknown"),
        ({"method": "bootstrap"}, "method 'bootstrap' is unknown"),
        ({"times": None}, "Give either times or horizon"),
        ({"horizon": 2}, "Give either times or horizon"),
        ({"times": None, "horizon": 2}, "horizon is for restricted means"),
        ({"times": [0]}, "one or more positive times"),
        ({"times": [9]}, r"The time 9 lies after the follow-up.* is 4\."),
        ({"cause": 1}, "cause is given, but estimand is survival"),
        ({"estimand": "cumulative-incidence"}, "cause is missing"),
        ({"estimand": "cumulative-incidence", "cause": 0.5}, "whole number from 1 on"),
        ({"estimand": "cumulative-incidence", "cause": 4}, "No row has an event of cause 4"),
        ({"event": [0, 2, 1, 0]}, "event is neither 0 nor 1 in row 2"),
        ({"method": "jackknife", "weight": [1, 1, 1, 1]}, "knows no weights"),
        ({"weight": [0, 0, 0, 0]}, "All weights are zero"),
        ({"weight": [1, 1, 0, 0], "strata": [1, 1, 2, 2]}, "All rows of stratum 2 have weight 0"),
    ],
)
def test_bad_input(change, message):
    good = {"time": [1, 2, 3, 4], "event": [1, 1, 1, 0], "estimand": "survival", "times": [2]}
    with pytest.raises((DataError, DesignError), match=message):
        pseudo_observations(**{**good, **change})

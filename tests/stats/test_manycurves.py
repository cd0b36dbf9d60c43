"""Curves under many weight vectors, and influence: against one curve at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.influence import hazard_influence, survival_influence
from locoreg.stats.manycurves import many_curves, many_kaplan_meier, many_restricted_mean
from locoreg.stats.survivalcurves import kaplan_meier
from tests.stats import survival_cases as reference

# The same sums in another order.
REORDERED = {"rtol": 1e-9, "atol": 1e-12}
# A forward difference with a step of 1e-6 of a weight, in double precision.
DIFFERENCE = 1e-6
SAME_AS_R = {"rtol": 1e-9, "atol": 1e-9}
MODEST = settings(deadline=None, max_examples=40)


@st.composite
def datasets(draw):
    """Return ends, events, starts (or None) and weights, with ties and gaps."""
    n = draw(st.integers(2, 25))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = generator.integers(1, draw(st.sampled_from([3, 9, 41])), n).astype(float)
    event = (generator.random(n) < draw(st.sampled_from([0.0, 0.5, 1.0]))).astype(int)
    entry = draw(st.sampled_from([None, np.floor(time * generator.random(n))]))
    weights = np.concatenate(
        (
            generator.multinomial(n, np.full(n, 1 / n), 4).astype(float),
            generator.uniform(0.1, 3.0, (2, n)),
        )
    )
    return time, event, entry, weights


def area(curve, horizon):
    """Return the area under a curve to the horizon, its last value carried on."""
    inside = curve.time < horizon
    edges = np.concatenate(([0.0], curve.time[inside], [horizon]))
    return float(np.diff(edges) @ np.concatenate(([1.0], curve.estimate[inside])))


@MODEST
@given(data=datasets(), seed=st.integers(0, 100))
def test_survival_and_area_in_one_pass_are_those_of_two(data, seed):
    time, event, entry, weights = data
    times = np.random.default_rng(seed).permutation(np.arange(0.5, time.max() + 0.1, 0.5))
    survival, area = many_curves(time, event, weights, times=times, entry=entry)
    alone = many_kaplan_meier(time, event, weights, times=times, entry=entry)
    np.testing.assert_allclose(survival, alone, **REORDERED)
    for k, month in enumerate(times):
        mean = many_restricted_mean(time, event, weights, horizon=month, entry=entry)
        np.testing.assert_allclose(area[:, k], mean, **REORDERED)


# --- Many curves ---------------------------------------------------------------------------


@MODEST
@given(data=datasets(), seed=st.integers(0, 100))
def test_each_curve_is_that_of_its_weights(data, seed):
    time, event, entry, weights = data
    times = np.random.default_rng(seed).permutation(np.arange(0.0, time.max() + 2.0, 0.5))
    horizon = float(time.max())
    found = many_kaplan_meier(time, event, weights, times=times, entry=entry)
    means = many_restricted_mean(time, event, weights, horizon=horizon, entry=entry)
    for row, weight in enumerate(weights):
        curve = kaplan_meier(time, event, weight=weight, entry=entry, level=95)
        np.testing.assert_allclose(found[row], curve(times), **REORDERED)
        np.testing.assert_allclose(means[row], area(curve, horizon), **REORDERED)


@MODEST
@given(data=datasets())
def test_weight_vectors_do_not_disturb_one_another(data):
    time, event, entry, weights = data
    times = np.arange(0.0, time.max())
    together = many_kaplan_meier(time, event, weights, times=times, entry=entry)
    for row in range(weights.shape[0]):
        alone = many_kaplan_meier(time, event, weights[row : row + 1], times=times, entry=entry)
        np.testing.assert_array_equal(together[row], alone[0])
    np.testing.assert_allclose(
        many_kaplan_meier(time, event, 8.0 * weights, times=times, entry=entry), together
    )


def test_two_vectors_by_hand():
    time, event = [1, 2, 3], [1, 0, 1]
    weights = [[1, 1, 1], [0, 2, 1]]
    found = many_kaplan_meier(time, event, weights, times=[2.5, 0.5, 3])
    np.testing.assert_allclose(found, [[2 / 3, 1, 0], [1, 1, 0]], rtol=1e-15)
    means = many_restricted_mean(time, event, weights, horizon=2.5)
    np.testing.assert_allclose(means, [1 + 1.5 * 2 / 3, 2.5], rtol=1e-15)


def test_a_crumb_of_weight_is_nobody():
    # 0.1 + 0.2 - 0.3 leaves a crumb at risk, but no person: all who began at 0 are gone.
    time, event, entry = [1.0, 2.0, 5.0], [1, 1, 1], [0.0, 0.0, 3.0]
    weights = [[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]]
    found = many_kaplan_meier(time, event, weights, times=[1.5, 2.0, 5.0], entry=entry)
    np.testing.assert_allclose(found[:, 0], [2 / 3, 0.25])
    np.testing.assert_array_equal(found[:, 1:], 0.0)


@pytest.mark.parametrize(
    "name", [n for n in reference.names("kaplan_meier") if reference.case(n)["result"].get("rmst")]
)
def test_restricted_means_equal_r(name):
    case = reference.case(name)
    args = case["args"]
    columns = reference.subset(args["subset"], reference.data(case["dataset"]))
    entry, time, event = reference.response(args["response"], columns)
    weight = np.ones(time.size) if args["weights"] is None else columns[args["weights"]]
    group = np.zeros(time.size) if args["group"] is None else columns[args["group"]]
    for expected in case["result"]["rmst"]:
        for label, value in zip(np.unique(group), np.atleast_1d(expected["rmst"]), strict=True):
            own = group == label
            found = many_restricted_mean(
                time[own],
                event[own],
                weight[own][None],
                horizon=expected["tau"],
                entry=None if entry is None else entry[own],
            )
            np.testing.assert_allclose(found[0], value, **SAME_AS_R)


def test_what_the_arrays_may_be():
    time, event = np.array([3.0, 1.0, 2.0]), np.array([True, True, False])
    weights = np.array([[1, 2, 1], [2, 0, 1]])
    expected = many_kaplan_meier(time, event, weights.astype(float), times=2.0)
    assert expected.shape == (2, 1)
    frozen = weights.astype(float)
    frozen.flags.writeable = False
    for other in (weights, weights.astype(np.int8), np.asfortranarray(weights), frozen):
        np.testing.assert_array_equal(many_kaplan_meier(time, event, other, times=[2.0]), expected)
    assert many_kaplan_meier(time, event, weights[:0], times=[2.0]).shape == (0, 1)
    assert many_kaplan_meier(time, event, weights, times=[]).shape == (2, 0)


def test_after_follow_up_the_curves_are_known_only_at_zero():
    time, event = [1, 2, 3], [1, 1, 0]
    weights = [[1, 1, 1], [1, 1, 0]]
    found = many_kaplan_meier(time, event, weights, times=[3, 4])
    np.testing.assert_array_equal(found, [[1 - 2 / 3, np.nan], [0, 0]])
    assert many_restricted_mean(time, event, weights[1:], horizon=9).tolist() == [1.5]
    with pytest.raises(DesignError, match="horizon 9 lies after the follow-up"):
        many_restricted_mean(time, event, weights, horizon=9)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 1, 1], r"weights has shape \(3,\), but time has 3 rows"),
        ([[1, 1]], r"weights has shape \(1, 2\)"),
        ([["a", "b", "c"]], "can't be read as numbers"),
        ([[1, 1, 1], [1, np.nan, 1]], "negative or not finite in row 2"),
        ([[1, -1, 1], [1, 1, 1], [np.inf, 1, 1]], "negative or not finite in rows 1, 3"),
        ([[1, 1, 1], [0, 0, 0]], "All weights are zero in row 2"),
    ],
)
def test_weights_that_can_not_be_used_are_refused(weights, message):
    with pytest.raises(DataError, match=message):
        many_kaplan_meier([1, 2, 3], [1, 0, 1], weights, times=[1])
    with pytest.raises(DataError, match=message):
        many_restricted_mean([1, 2, 3], [1, 0, 1], weights, horizon=1)


@pytest.mark.parametrize("horizon", [0, -1, np.nan, np.inf])
def test_the_horizon_is_a_positive_time(horizon):
    with pytest.raises(DataError, match="must be a positive time"):
        many_restricted_mean([1, 2, 3], [1, 0, 1], [[1, 1, 1]], horizon=horizon)


# --- Influence -----------------------------------------------------------------------------


@MODEST
@given(data=datasets())
def test_influence_sums_to_zero_and_its_squares_to_the_robust_variance(data):
    time, event, entry, weights = data
    times = np.arange(0.0, time.max() + 1)
    cluster = np.arange(time.size) // 3
    for weight in (None, weights[0], weights[-1]):
        rows = {"entry": entry, "weight": weight}
        alone = kaplan_meier(time, event, variance="robust", level=95, **rows)
        grouped = kaplan_meier(time, event, cluster=cluster, level=95, **rows)
        found = survival_influence(time, event, times=times, **rows)
        of_hazard = hazard_influence(time, event, times=alone.time, **rows)
        assert found.shape == (time.size, times.size)
        np.testing.assert_allclose(found.sum(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(of_hazard.sum(axis=0), 0.0, atol=1e-9)
        np.testing.assert_allclose((found**2).sum(axis=0), alone.at(times).se ** 2, **REORDERED)
        np.testing.assert_allclose(
            (of_hazard**2).sum(axis=0), alone.cumulative_hazard_se**2, **REORDERED
        )
        sums = np.zeros((cluster.max() + 1, times.size))
        np.add.at(sums, cluster, found)
        np.testing.assert_allclose((sums**2).sum(axis=0), grouped.at(times).se ** 2, **REORDERED)


@MODEST
@given(data=datasets())
def test_influence_is_the_derivative_by_the_weight(data):
    time, event, entry, weights = data
    weight, n = weights[-1], time.size
    times = np.arange(0.0, time.max() + 1)
    step = 1e-6
    moved = np.tile(weight, (n + 1, 1))
    moved[np.arange(n), np.arange(n)] *= 1 + step
    curves = many_kaplan_meier(time, event, moved, times=times, entry=entry)
    found = survival_influence(time, event, times=times, weight=weight, entry=entry)
    # The second derivative grows with 1 over the share left at risk.
    np.testing.assert_allclose((curves[:n] - curves[n]) / step, found, atol=100 * DIFFERENCE)


def test_influence_in_strata_is_that_of_each():
    time, event = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1, 1, 0, 1, 0, 1])
    strata = np.array(["b", "a", "b", "a", "a", "b"])
    for function in (survival_influence, hazard_influence):
        found = function(time, event, times=[1, 3, 4.5], strata=strata)
        for label in "ab":
            own = strata == label
            alone = function(time[own], event[own], times=[1, 3, 4.5])
            np.testing.assert_array_equal(found[own], alone)


def test_the_influence_of_three_rows_by_hand():
    # S(1) = 2/3: the row with the event lowers it, the others raise it.
    found = survival_influence([1, 2, 3], [1, 0, 1], times=[0.5, 1, 3])
    np.testing.assert_allclose(found[:, 0], 0.0)
    np.testing.assert_allclose(found[:, 1], [-2 / 9, 1 / 9, 1 / 9])
    np.testing.assert_allclose(found[:, 2], 0.0)
    found = hazard_influence([1, 2, 3], [1, 0, 1], times=[1, 3])
    np.testing.assert_allclose(found[:, 0], [2 / 9, -1 / 9, -1 / 9])
    np.testing.assert_allclose(found[:, 1], [2 / 9, -1 / 9, -1 / 9])


def test_influence_is_asked_for_within_follow_up():
    assert survival_influence([1, 2], [0, 1], times=[9]).tolist() == [[0], [0]]
    with pytest.raises(DesignError, match="The time 9 lies after the follow-up"):
        survival_influence([1, 2], [1, 0], times=[9])
    with pytest.raises(DesignError, match="The time 9 lies after the follow-up"):
        hazard_influence([1, 2], [0, 1], times=[9])
    for times in ([-1], [np.nan]):
        with pytest.raises(DataError, match="negative or missing"):
            hazard_influence([1, 2], [0, 1], times=times)
        with pytest.raises(DataError, match="negative or missing"):
            many_kaplan_meier([1, 2], [0, 1], [[1, 1]], times=times)

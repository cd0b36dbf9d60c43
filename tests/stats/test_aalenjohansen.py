"""Cumulative incidences and times lost: R's numbers, hand-worked cases, invariants, bad input."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.aalenjohansen import aalen_johansen
from locoreg.stats.curves import CURVE_INTERVALS
from locoreg.stats.incidence import CAUSE_COLUMNS, TIME_COLUMNS
from locoreg.stats.timelost import incidence_influence, restricted_time_lost
from tests.stats import survival_cases as reference

# R and this kernel add the same doubles in another order.
SAME_AS_R = {"rtol": 1e-9, "atol": 1e-11}
# Two orders of the same sums; standard errors are roots, so that a variance of 0 may come out as
# the root of a rounding error.
REORDERED = {"rtol": 1e-9, "atol": 1e-12}
REORDERED_SE = {"rtol": 1e-7, "atol": 1e-7}
# Central differences with a step of 1e-5 leave about its square, and rounding over the step.
NUMERIC = {"rtol": 1e-5, "atol": 1e-8}
MODEST = settings(deadline=None, max_examples=25)


def as_float(values):
    return np.array(values, dtype=np.float64)


def curve_of(curves, stratum):
    return curves.curves[0] if "=" not in stratum else curves[stratum.split("=")[1]]


# --- R's numbers ---------------------------------------------------------------------------


def reference_columns(case):
    args = case["args"]
    names = ("time", "status", "group", "weights", "entry")
    used = {name: args.get(name) for name in names}
    columns = reference.complete(
        reference.data(case["dataset"]), [column for column in used.values() if column]
    )
    return {name: columns[column] if column else None for name, column in used.items()}


@pytest.mark.parametrize("name", reference.names("aalen_johansen"))
def test_curves_equal_r(name):
    case = reference.case(name)
    c = reference_columns(case)
    curves = aalen_johansen(
        c["time"],
        c["status"],
        level=95,
        entry=c["entry"],
        weight=c["weights"],
        strata=c["group"],
        interval=case["args"]["conf_type"],
    )
    assert len(curves) == len(case["result"]["curves"])
    for expected in case["result"]["curves"]:
        curve = curve_of(curves, expected["stratum"])
        states, errors = as_float(expected["pstate"]), as_float(expected["std_err"])
        np.testing.assert_array_equal(curve.time, expected["time"])
        np.testing.assert_allclose(curve.event_free, states[:, 0], **SAME_AS_R)
        np.testing.assert_allclose(curve.estimate, states[:, 1:], **SAME_AS_R)
        np.testing.assert_allclose(curve.event_free_se, errors[:, 0], **SAME_AS_R)
        np.testing.assert_allclose(curve.se, errors[:, 1:], **SAME_AS_R)
        np.testing.assert_allclose(curve.ci_low, as_float(expected["lower"])[:, 1:], **SAME_AS_R)
        np.testing.assert_allclose(curve.ci_high, as_float(expected["upper"])[:, 1:], **SAME_AS_R)
        np.testing.assert_allclose(curve.cumulative_hazard, expected["cumhaz"], **SAME_AS_R)


@pytest.mark.parametrize("name", reference.names("aalen_johansen"))
def test_time_in_each_state_equals_r(name):
    case = reference.case(name)
    c = reference_columns(case)
    for expected in case["result"].get("restricted_mean_time_in_state") or []:
        result = restricted_time_lost(
            c["time"], c["status"], horizon=expected["tau"], level=95, strata=c["group"]
        )
        by_state = [[mean.event_free for mean in result]]
        by_state += [[mean.lost[j] for mean in result] for j in range(len(result.causes))]
        found = [estimate.estimate for state in by_state for estimate in state]
        np.testing.assert_allclose(found, expected["rmean"], **SAME_AS_R)


@pytest.mark.parametrize("name", reference.names("cuminc_gray"))
def test_aalens_variance_equals_cmprsk(name):
    case = reference.case(name)
    c = reference_columns(case)
    curves = aalen_johansen(c["time"], c["status"], level=95, strata=c["group"], variance="aalen")
    result = case["result"]
    for label, estimate, var in zip(result["curves"], result["est"], result["var"], strict=True):
        group, cause = label.split()
        curve = curves[group] if c["group"] is not None else curves.curves[0]
        at = curve.at(case["args"]["times"])
        np.testing.assert_allclose(at.estimate[:, int(cause) - 1], estimate, **SAME_AS_R)
        np.testing.assert_allclose(at.se[:, int(cause) - 1] ** 2, as_float(var), **SAME_AS_R)


# --- hand-worked ---------------------------------------------------------------------------


def test_four_rows_by_hand():
    # At risk 4, 3, 2, 1; S falls to 3/4, 1/2, stays, 0.
    curve = aalen_johansen([1, 2, 3, 4], [1, 2, 0, 1], level=95).curves[0]
    np.testing.assert_allclose(curve.estimate[:, 0], [1 / 4, 1 / 4, 1 / 4, 3 / 4])
    np.testing.assert_allclose(curve.estimate[:, 1], [0, 1 / 4, 1 / 4, 1 / 4])
    np.testing.assert_allclose(curve.event_free, [3 / 4, 1 / 2, 1 / 2, 0], atol=1e-15)
    # Without censoring so far the first three are shares of 4: variance p (1 - p) / 4.
    np.testing.assert_allclose(curve.se[:3, 0], np.sqrt(3 / 64))
    np.testing.assert_allclose(curve.se[1:3, 1], np.sqrt(3 / 64))
    np.testing.assert_allclose(curve.event_free_se[:3], np.sqrt([3 / 64, 1 / 16, 1 / 16]))
    # In the end the second is still a share of 4, and the first 1 minus it.
    np.testing.assert_allclose(curve.se[3], np.sqrt(3 / 64))
    assert curve.event_free_se[3] == 0.0
    np.testing.assert_allclose(curve.cumulative_hazard[-1], [1 / 4 + 1, 1 / 3])


def test_aalens_variance_by_hand():
    # Times 1 (two of cause 1 among 4), 2 (cause 2), 3 (censored).
    curve = aalen_johansen([1, 1, 2, 3], [1, 1, 2, 0], level=95, variance="aalen").curves[0]
    # At 1: S- = 1, Y = 4, two tied events: 2/16 (4 - 2)/3.
    first = Fraction(2, 16) * Fraction(2, 3)
    # At 2, F_1 = 1/2 for good. F_2 = S(1) / 2: at 1 dM changes it by -(1/4) S(t-)/S(t) = -1/2 of
    # dM/Y, at 2 by S(1)/2.
    second = Fraction(1, 4) * first + Fraction(1, 4) ** 2
    np.testing.assert_allclose(curve.se[:, 0] ** 2, [float(first)] * 3)
    np.testing.assert_allclose(curve.se[:, 1] ** 2, [0, float(second), float(second)])


def delta_variance(curve, cause):
    """Dinse and Larson's variance, summed as printed."""
    y, d = curve.at_risk.astype(float), curve.events.sum(axis=1)
    own, f = curve.events[:, cause], curve.estimate[:, cause]
    before = np.concatenate(([1.0], curve.event_free[:-1]))
    out = []
    for j in range(y.size):
        rest = f[j] - f
        a = np.where((y > d) & (d > 0), rest**2 * d / np.where(y > d, y * (y - d), 1.0), 0.0)
        b = before**2 * own * (y - own) / y**3
        c = np.where(y > d, 2.0 * rest * before * own / y**2, 0.0)
        out.append((a + b - c)[: j + 1].sum())
    return np.array(out)


def test_unweighted_jackknife_is_the_delta_method():
    rng = np.random.default_rng(5)
    time, event = rng.integers(1, 15, 60), rng.integers(0, 3, 60)
    curve = aalen_johansen(time, event, level=95).curves[0]
    for cause in range(2):
        np.testing.assert_allclose(
            curve.se[:, cause] ** 2, delta_variance(curve, cause), rtol=1e-9, atol=1e-14
        )


def test_one_cause_is_one_minus_kaplan_meier_with_greenwood():
    rng = np.random.default_rng(6)
    time, event = rng.integers(1, 30, 80), rng.integers(0, 2, 80)
    curve = aalen_johansen(time, event, level=95).curves[0]
    y, d = curve.at_risk.astype(float), curve.events[:, 0]
    survival = np.cumprod(1 - d / y)
    greenwood = survival**2 * np.cumsum(np.where(y > d, d / np.where(y > d, y * (y - d), 1), 0))
    np.testing.assert_allclose(curve.estimate[:, 0], 1 - survival, **REORDERED)
    np.testing.assert_allclose(curve.se[:, 0], np.sqrt(greenwood), **REORDERED)
    np.testing.assert_allclose(curve.event_free_se, np.sqrt(greenwood), **REORDERED)


def test_clusters_by_hand():
    # Shares of 4 at the first time; pairs that agree: F is a share of 2 pairs.
    curve = aalen_johansen([1, 1, 2, 2], [1, 1, 0, 0], level=95, cluster=[1, 1, 2, 2]).curves[0]
    np.testing.assert_allclose(curve.se[0, 0], np.sqrt(0.5 * 0.5 / 2))


# --- special data --------------------------------------------------------------------------


def test_all_censored():
    curve = aalen_johansen([1, 2, 3], [0, 0, 0], level=95).curves[0]
    assert curve.causes == ("1",)
    assert not curve.estimate.any()
    assert not curve.se.any()
    assert (curve.event_free == 1).all()
    assert np.isnan(curve.ci_low).all()


def test_all_tied_at_one_time():
    curve = aalen_johansen([2, 2, 2, 2], [1, 1, 2, 0], level=95).curves[0]
    np.testing.assert_allclose(curve.estimate, [[0.5, 0.25]])
    np.testing.assert_allclose(curve.se, [[0.25, np.sqrt(3 / 64)]])


def test_single_row():
    curve = aalen_johansen([2.5], [2], level=95).curves[0]
    np.testing.assert_array_equal(curve.estimate, [[0, 1]])
    np.testing.assert_array_equal(curve.se, [[0, 0]])
    assert curve([1.0, 9.0]).tolist() == [[0, 0], [0, 1]]


def test_nobody_comes_back_after_the_end():
    # Everybody at risk has had the event at 2; the last row enters later.
    curve = aalen_johansen([1, 2, 5], [1, 2, 1], entry=[0, 0, 3], level=95).curves[0]
    np.testing.assert_allclose(curve.estimate, [[0.5, 0], [0.5, 0.5], [0.5, 0.5]])
    np.testing.assert_allclose(curve.se[2], curve.se[1])
    assert curve.event_free[2] == 0


def test_rows_of_weight_zero_count_for_nothing():
    rng = np.random.default_rng(2)
    time, event = rng.exponential(3, 40), rng.integers(0, 3, 40)
    weight = rng.choice([0.0, 0.5, 2.0], 40)
    full = aalen_johansen(time, event, weight=weight, level=95).curves[0]
    kept = weight > 0
    part = aalen_johansen(time[kept], event[kept], weight=weight[kept], level=95).curves[0]
    at = np.isin(full.time, part.time)
    np.testing.assert_allclose(full.estimate[at], part.estimate, **REORDERED)
    np.testing.assert_allclose(full.se[at], part.se, **REORDERED_SE)


def test_an_unused_code_is_a_cause_without_events():
    curves = aalen_johansen([1, 2, 3], [1, 3, 0], level=95)
    assert curves.causes == ("1", "2", "3")
    assert not curves.estimate[:, 1].any()


def test_causes_can_be_named_beyond_those_seen():
    curves = aalen_johansen([1, 2], [1, 0], level=95, causes=["relapse", "death"])
    assert curves.causes == ("relapse", "death")
    assert curves.estimate.shape == (2, 2)


def test_times_that_differ_by_rounding_are_one():
    curves = aalen_johansen([0.1 + 0.2, 0.3, 1.0], [1, 2, 0], level=95)
    assert curves.merged_times == 1
    np.testing.assert_allclose(curves.estimate[0], [1 / 3, 1 / 3])


def test_persons_who_go_on_are_not_censored():
    curves = aalen_johansen(
        [2, 5, 3, 4], [0, 1, 2, 0], entry=[0, 2, 0, 0], id=["a", "a", "b", "c"], level=95
    )
    assert curves.clusters == 3
    assert curves.censored.tolist() == [0, 0, 1, 0]
    assert curves.entered.tolist() == [3, 0, 0, 0]


# --- invariants ----------------------------------------------------------------------------


@st.composite
def rows(draw, delayed=True, weighted=True):
    n = draw(st.integers(2, 25))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    time = rng.integers(1, draw(st.sampled_from([4, 12, 1000])), n).astype(float)
    out = {"time": time, "event": rng.integers(0, 4, n)}
    if delayed and draw(st.booleans()):
        out["entry"] = np.floor(time * rng.uniform(0, 0.99, n)) * rng.integers(0, 2, n)
    if weighted and draw(st.booleans()):
        out["weight"] = rng.choice([0.4, 1.0, 2.7], n)
    return out


def fit(data, **options):
    return aalen_johansen(**data, level=95, causes=["a", "b", "c"], **options).curves[0]


def assert_same(left, right, at=None):
    at = slice(None) if at is None else at
    for name in ("estimate", "event_free", "cumulative_hazard"):
        np.testing.assert_allclose(getattr(left, name)[at], getattr(right, name), **REORDERED)
    for name in ("se", "event_free_se"):
        np.testing.assert_allclose(getattr(left, name)[at], getattr(right, name), **REORDERED_SE)


@MODEST
@given(rows())
def test_probabilities_sum_to_one_and_counts_add_up(data):
    curve = fit(data)
    np.testing.assert_allclose(curve.estimate.sum(axis=1) + curve.event_free, 1.0, **REORDERED)
    whole = aalen_johansen(**(data | {"event": np.minimum(data["event"], 1)}), level=95)
    np.testing.assert_allclose(whole.event_free, curve.event_free, **REORDERED)
    np.testing.assert_allclose(whole.se[:, 0], curve.event_free_se, **REORDERED_SE)
    left = curve.at_risk - curve.events.sum(axis=1) - curve.censored
    np.testing.assert_array_equal(curve.at_risk[1:], left[:-1] + curve.entered[1:])
    assert (np.diff(curve.estimate, axis=0) >= 0).all()


@MODEST
@given(rows(weighted=False), st.integers(0, 1000))
def test_whole_weights_are_repeated_rows(data, seed):
    times = np.random.default_rng(seed).integers(1, 4, data["time"].size)
    repeated = {name: np.repeat(values, times) for name, values in data.items()}
    origin = np.repeat(np.arange(times.size), times)
    assert_same(fit(data | {"weight": times * 1.0}), fit(repeated, cluster=origin))


@MODEST
@given(rows(), st.integers(0, 1000))
def test_order_of_rows_does_not_matter(data, seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(data["time"].size)
    cluster = rng.integers(0, 4, order.size)
    shuffled = {name: values[order] for name, values in data.items()}
    assert_same(fit(data), fit(shuffled))
    assert_same(fit(data, cluster=cluster), fit(shuffled, cluster=cluster[order]))


@MODEST
@given(rows(), st.integers(0, 1000))
def test_splitting_rows_changes_nothing(data, seed):
    rng = np.random.default_rng(seed)
    n = data["time"].size
    entry = data.get("entry", np.zeros(n))
    cut = entry + (data["time"] - entry) * rng.uniform(0.2, 0.8, n)
    split = {
        "time": np.concatenate((cut, data["time"])),
        "event": np.concatenate((np.zeros(n, dtype=int), data["event"])),
        "entry": np.concatenate((entry, cut)),
    }
    if "weight" in data:
        split["weight"] = np.tile(data["weight"], 2)
    whole, parts = fit(data), fit(split, id=np.tile(np.arange(n), 2))
    assert_same(parts, whole, at=np.isin(parts.time, whole.time))
    assert parts.censored.sum() == whole.censored.sum()
    assert parts.entered.sum() == n


@MODEST
@given(rows(), st.floats(0.01, 100))
def test_scaling_weights_changes_nothing(data, factor):
    weight = data.get("weight", np.ones(data["time"].size))
    assert_same(fit(data), fit(data | {"weight": factor * weight}))


@MODEST
@given(rows())
def test_clusters_of_one_row_are_no_clusters(data):
    assert_same(fit(data), fit(data, cluster=np.arange(data["time"].size)[::-1]))


@MODEST
@given(rows(), st.integers(0, 1000))
def test_variance_is_the_sum_of_squared_influence(data, seed):
    n = data["time"].size
    cluster = np.random.default_rng(seed).integers(0, 5, n)
    curve = fit(data, cluster=cluster)
    influence = incidence_influence(
        **data, times=curve.time, quantity="incidence", causes=["a", "b", "c"]
    )
    np.testing.assert_allclose(influence.sum(axis=0), 0.0, atol=1e-12)
    sums = np.zeros((5, *influence.shape[1:]))
    np.add.at(sums, cluster, influence)
    np.testing.assert_allclose(np.sqrt(np.square(sums).sum(axis=0)), curve.se, **REORDERED_SE)
    np.testing.assert_allclose(
        np.sqrt(np.square(sums.sum(axis=2)).sum(axis=0)), curve.event_free_se, **REORDERED_SE
    )


@settings(deadline=None, max_examples=15)
@given(rows(), st.sampled_from(["incidence", "time-lost"]))
def test_influence_is_weight_times_derivative(data, quantity):
    n, until = data["time"].size, float(data["time"].max())
    causes = ["a", "b", "c"]

    def value(weight):
        changed = data | {"weight": weight}
        if quantity == "incidence":
            return fit(changed).estimate[-1]
        lost = restricted_time_lost(**changed, horizon=until, level=95, causes=causes)
        return np.array([estimate.estimate for estimate in lost["all"].lost])

    weight = data.get("weight", np.ones(n))
    influence = incidence_influence(**data, times=[until], quantity=quantity, causes=causes)
    for row in range(n):
        step = np.zeros(n)
        step[row] = 1e-5 * weight[row]
        numeric = (value(weight + step) - value(weight - step)) / 2e-5
        np.testing.assert_allclose(influence[row, 0], numeric, **NUMERIC)


# --- intervals -----------------------------------------------------------------------------


@pytest.mark.parametrize("interval", CURVE_INTERVALS)
def test_intervals_hold_the_estimate_and_stay_within_0_and_1(interval):
    rng = np.random.default_rng(8)
    curve = aalen_johansen(
        rng.exponential(2, 50), rng.integers(0, 3, 50), level=90, interval=interval
    ).curves[0]
    known = ~np.isnan(curve.ci_low)
    assert known[curve.estimate > 0].all()
    assert (curve.ci_low[known] >= 0).all()
    assert (curve.ci_high[known] <= 1).all()
    assert (curve.ci_low[known] <= curve.estimate[known]).all()
    assert (curve.ci_high[known] >= curve.estimate[known]).all()


def test_log_log_interval_by_hand():
    # F = 1/4 of 4: log(-log F) +- 1.96 se / (F log F).
    curve = aalen_johansen([1, 2, 3, 4], [1, 0, 0, 0], level=95, interval="log-log").curves[0]
    power = np.exp(1.959963984540054 * np.sqrt(3 / 64) / (0.25 * np.log(4)))
    np.testing.assert_allclose(curve.ci_low[0, 0], 0.25**power)
    np.testing.assert_allclose(curve.ci_high[0, 0], 0.25 ** (1 / power))


# --- time lost -----------------------------------------------------------------------------


def test_time_lost_by_hand():
    # F_1 = 1/4 from 1 on, F_2 = 1/4 from 2 on: areas up to 3 are 1/2 and 1/4.
    result = restricted_time_lost([1, 2, 4, 4], [1, 2, 0, 0], horizon=3, level=95)
    lost = result["all"].lost
    assert [estimate.estimate for estimate in lost] == [0.5, 0.25]
    assert result["all"].event_free.estimate == 2.25
    # Shares of 4 times 2 and 1 units of time; the rest has variance of min(T, 3) = 1, 2, 3, 3.
    assert lost[0].se == pytest.approx(2 * np.sqrt(3 / 64))
    assert lost[1].se == pytest.approx(np.sqrt(3 / 64))
    assert result["all"].event_free.se == pytest.approx(np.std([1, 2, 3, 3]) / 2)


def test_time_lost_is_the_area_under_the_curve():
    rng = np.random.default_rng(3)
    data = {"time": rng.integers(1, 40, 70) / 2.0, "event": rng.integers(0, 3, 70)}
    data |= {"weight": rng.uniform(0.5, 2, 70), "cluster": rng.integers(0, 20, 70)}
    result = restricted_time_lost(**data, horizon=15, level=95)
    curve = aalen_johansen(**data, level=95).curves[0]
    grid = np.arange(0, 15, 0.5)
    np.testing.assert_allclose(
        [estimate.estimate for estimate in result["all"].lost], 0.5 * curve(grid).sum(axis=0)
    )
    del data["cluster"]
    steps = incidence_influence(**data, times=grid[1:], quantity="incidence")
    whole = incidence_influence(**data, times=[15], quantity="time-lost")
    np.testing.assert_allclose(0.5 * steps.sum(axis=1), whole[:, 0], rtol=1e-8, atol=1e-12)


def test_contrasts():
    rng = np.random.default_rng(4)
    n = 200
    arm = np.repeat(["standard", "surgery"], n // 2)
    time, event = rng.exponential(5, n) + 0.1, rng.integers(0, 3, n)
    result = restricted_time_lost(
        time, event, horizon=3, level=95, strata=arm, reference="standard", causes=["x", "y"]
    )
    assert [(c.stratum, c.measure) for c in result.contrasts] == [
        ("surgery", "x"),
        ("surgery", "y"),
        ("surgery", "event-free"),
    ]
    first, other = result["surgery"].lost[0], result["standard"].lost[0]
    difference, ratio = result.contrasts[0].difference, result.contrasts[0].ratio
    assert difference.estimate == pytest.approx(first.estimate - other.estimate)
    assert difference.se == pytest.approx(np.hypot(first.se, other.se))
    assert ratio.scale == "log"
    assert ratio.estimate == pytest.approx(np.log(first.estimate / other.estimate))
    relative = np.hypot(first.se / first.estimate, other.se / other.estimate)
    assert ratio.se == pytest.approx(relative)
    total = sum(c.difference.estimate for c in result.contrasts)
    assert total == pytest.approx(0.0, abs=1e-12)


def test_clones_that_share_persons_are_compared_within_them():
    # The same persons in both arms: no difference, and no error of it.
    rng = np.random.default_rng(9)
    time, event = rng.exponential(5, 50) + 0.1, rng.integers(0, 3, 50)
    result = restricted_time_lost(
        np.tile(time, 2),
        np.tile(event, 2),
        horizon=3,
        level=95,
        strata=np.repeat(["a", "b"], 50),
        reference="a",
        cluster=np.tile(np.arange(50), 2),
    )
    assert result.contrasts[0].difference.estimate == pytest.approx(0.0, abs=1e-12)
    assert result.contrasts[0].difference.se == pytest.approx(0.0, abs=1e-8)
    assert result["a"].lost[0].se > 0.05


# --- results -------------------------------------------------------------------------------


def two_strata():
    return aalen_johansen(
        [1, 2, 3, 4, 5, 6],
        [1, 2, 0, 1, 0, 2],
        strata=[1, 1, 1, 2.0, 2, 2],
        level=95,
        causes=["relapse", "death"],
    )


def test_results_are_frozen_and_become_json():
    curves = two_strata()
    with pytest.raises(FrozenInstanceError):
        curves.level = 90
    plain = json.loads(json.dumps(curves.to_dict()))
    assert plain["causes"] == ["relapse", "death"]
    assert set(TIME_COLUMNS + CAUSE_COLUMNS) <= set(plain["curves"][0])
    lost = restricted_time_lost([1, 2, 3], [1, 2, 0], horizon=2, level=95)
    assert json.loads(json.dumps(lost.to_dict()))["means"][0]["lost"][0]["scale"] == "identity"


def test_frame_has_a_row_per_stratum_cause_and_time():
    table = two_strata().to_frame()
    assert list(table.columns[:4]) == ["stratum", "cause", "time", "estimate"]
    assert len(table) == 2 * 2 * 3
    assert table.query("stratum == '2' and cause == 'death'").estimate.tolist()[-1] == (
        pytest.approx(two_strata()["2"].estimate[-1, 1])
    )


def test_curves_are_called_by_name():
    curves = two_strata()
    assert curves[2].stratum == "2"
    assert curves["1"](2).tolist() == pytest.approx([1 / 3, 1 / 3])
    # After the last time somebody is still free of events, so nothing is known.
    assert np.isnan(curves["1"]([3.5, -1.0])).all()
    assert curves["1"](np.zeros((2, 3))).shape == (2, 3, 2)
    assert curves["1"].at([0.5, 2]).to_frame().shape == (4, 6)
    with pytest.raises(DesignError, match="there is no stratum '3'"):
        curves["3"]
    with pytest.raises(DesignError, match="ambiguous"):
        curves([1])
    with pytest.raises(DesignError, match="ambiguous"):
        _ = curves.estimate
    with pytest.raises(AttributeError, match="no attribute 'median'"):
        _ = curves.median


def test_summaries_name_the_numbers():
    assert "relapse: 1 event" in two_strata().summary()
    lost = restricted_time_lost(
        [1, 2, 3, 3], [1, 2, 1, 0], horizon=2, level=95, strata=list("abab"), reference="a"
    )
    assert "b against a" in lost.summary()
    assert len(lost.to_frame(exponentiate=True)) == 6 + 6


# --- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"event": [1, -1, 0]}, DataError, "event is not a whole number from 0 on in row 2"),
        ({"event": [1, 1.5, 0]}, DataError, "event is not a whole number from 0 on in row 2"),
        ({"event": [1, np.nan, 0]}, DataError, "event is not a finite number in row 2"),
        ({"event": ["a", "b", "c"]}, DataError, "event holds text"),
        ({"event": [1, 0]}, DataError, "event has 2 rows"),
        ({"event": [1, 2, 99]}, DataError, "event goes up to 99"),
        ({"time": [1, np.inf, 2]}, DataError, "time is not a finite number in row 2"),
        ({"time": [1, -1, 2]}, DataError, "time is negative in row 2"),
        ({"time": [], "event": []}, DataError, "no rows"),
        ({"entry": [0, 3, 0]}, DataError, "entry is after time in row 2"),
        ({"weight": [1, -1, 1]}, DataError, "weight is negative in row 2"),
        ({"weight": [0, 0, 0]}, DataError, "All weights are zero"),
        ({"strata": [1, 1, 2], "weight": [1, 1, 0]}, DataError, "stratum 2 have weight 0"),
        ({"level": 0.95}, DataError, "level is 0.95"),
        ({"interval": "loglog"}, DataError, "interval 'loglog' is unknown"),
        ({"variance": "greenwood"}, DataError, "variance 'greenwood' is unknown"),
        ({"variance": "aalen", "weight": [1, 2, 1]}, DesignError, "Aalen's variance"),
        ({"variance": "aalen", "cluster": [1, 1, 2]}, DesignError, "Aalen's variance"),
        ({"causes": ["a", "a"]}, DesignError, "causes has a name twice"),
        ({"causes": ["a"]}, DesignError, "causes has 1 name, but event goes up to 2"),
        (
            {"id": ["p", "p", "q"], "entry": [0, 1, 0]},
            DataError,
            "goes on after an event: row 1",
        ),
        ({"id": ["p", "p", "q"], "entry": [0, 0.5, 0]}, DataError, "[Rr]ow 2"),
    ],
)
def test_bad_input_is_named(changes, error, message):
    good = {"time": [1, 2, 3], "event": [1, 2, 0], "level": 95}
    with pytest.raises(error, match=message):
        aalen_johansen(**(good | changes))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"horizon": 5}, DesignError, "The time 5 lies after the follow-up"),
        ({"horizon": 0}, DataError, "horizon is 0"),
        ({"strata": [1, 1, 2], "horizon": 2.5}, DesignError, "stratum 1"),
        ({"reference": "x", "strata": list("aab"), "horizon": 1}, DesignError, "no stratum 'x'"),
    ],
)
def test_bad_horizons_are_named(changes, error, message):
    good = {"time": [1, 2, 3], "event": [1, 0, 0], "horizon": 2, "level": 95}
    with pytest.raises(error, match=message):
        restricted_time_lost(**(good | changes))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"times": [9]}, DesignError, "The time 9 lies after"),
        ({"times": []}, DataError, "times must be positive"),
        ({"times": [0]}, DataError, "times must be positive"),
        ({"quantity": "rmst"}, DataError, "quantity 'rmst' is unknown"),
    ],
)
def test_bad_influence_is_named(changes, error, message):
    good = {"time": [1, 2, 3], "event": [1, 0, 0], "times": [1], "quantity": "incidence"}
    with pytest.raises(error, match=message):
        incidence_influence(**(good | changes))


def test_arrays_of_any_kind_give_the_same():
    time, event = np.array([3.0, 1.0, 2.0, 5.0]), np.array([1, 2, 1, 0])
    plain = aalen_johansen(time, event, level=95)
    readonly = np.repeat(time, 2)[::2]
    readonly.flags.writeable = False
    for other in (readonly, time.astype(np.float32), time.tolist(), time.astype(object)):
        assert_same(aalen_johansen(other, event.astype(np.int8), level=95).curves[0], plain)

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.restrictedmean import restricted_mean_influence, rmst
from tests.stats.drawn_rows import rows, take, without
from tests.stats.survival_cases import case, data, names, response, subset

# R prints sums of products of the same doubles: rounding only.
CLOSED_FORM = 1e-9
# Sums of at most some dozens of numbers near 1.
ROUNDING = 1e-10
# Central differences with a step of 1e-5.
DERIVATIVE = 1e-6
HORIZON = 9.5

with_rmst = [name for name in names("kaplan_meier") if "rmst" in case(name)["result"]]


@pytest.mark.parametrize("name", with_rmst)
def test_against_r(name):
    pinned = case(name)
    args = pinned["args"]
    columns = subset(args["subset"], data(pinned["dataset"]))
    entry, time, event = response(args["response"], columns)
    group = None if args["group"] is None else columns[args["group"]]
    for r in pinned["result"]["rmst"]:
        # Also where the curve has R's robust errors: R's mean has Greenwood's with the weights as
        # counts.
        found = rmst(
            time,
            event,
            entry=entry,
            weight=None if args["weights"] is None else columns[args["weights"]],
            strata=group,
            reference=None if group is None else group.min(),
            horizon=r["tau"],
            level=95,
            variance="greenwood",
        )
        for mine, theirs in (("estimate", "rmst"), ("se", "se")):
            np.testing.assert_allclose(
                [getattr(mean.rmst, mine) for mean in found],
                np.atleast_1d(r[theirs]),
                rtol=CLOSED_FORM,
            )
        if "z" in r:
            (contrast,) = found.contrasts
            difference, ratio = contrast.difference, contrast.ratio
            np.testing.assert_allclose(
                [
                    difference.estimate,
                    difference.se,
                    difference.estimate / difference.se,
                    contrast.difference_p,
                    ratio.natural[0],
                    ratio.se,
                ],
                [r[k] for k in ("diff_2_minus_1", "se_diff", "z", "p")]
                + [r["ratio_2_over_1"], r["se_log_ratio"]],
                rtol=CLOSED_FORM,
            )


def test_by_hand():
    # S = 3/4 from 1, then one censored at 2, S = 3/8 from 3. Up to 4: 1 + 2 * 3/4 + 3/8 = 23/8.
    # Areas after the events 15/8 and 3/8: variance (15/8)^2 / 12 + (3/8)^2 / 2.
    mean = rmst([1, 2, 3, 5], [1, 0, 1, 0], horizon=4, level=95)["all"]
    assert mean.rmst.estimate == pytest.approx(23 / 8)
    assert mean.rmst.se == pytest.approx(np.sqrt((15 / 8) ** 2 / 12 + (3 / 8) ** 2 / 2))
    assert mean.rmtl.estimate == pytest.approx(9 / 8)
    assert mean.rmtl.se == mean.rmst.se
    assert mean.events == 2
    assert mean.rmst.ci_high - mean.rmst.ci_low == pytest.approx(
        2 * 1.959963984540054 * mean.rmst.se
    )


def test_without_censoring_it_is_a_mean():
    rng = np.random.default_rng(1)
    time = np.ceil(rng.exponential(10, 200))
    restricted = np.minimum(time, 12)
    mean = rmst(time, np.ones(200), horizon=12, level=95)["all"].rmst
    assert mean.estimate == pytest.approx(restricted.mean())
    assert mean.se == pytest.approx(restricted.std() / np.sqrt(200))
    # The same with weights, for the robust variance: that of a ratio of sums.
    weight = rng.uniform(0.5, 2, 200)
    mean = rmst(time, np.ones(200), weight=weight, horizon=12, level=95)["all"].rmst
    centre = np.average(restricted, weights=weight)
    assert mean.estimate == pytest.approx(centre)
    assert mean.se == pytest.approx(
        np.sqrt(np.sum((weight * (restricted - centre)) ** 2)) / weight.sum()
    )


def test_clusters_in_both_strata_make_them_dependent():
    rng = np.random.default_rng(2)
    n = 50
    time, event = rng.exponential(10, n), rng.random(n) < 0.7
    twice = {
        "time": np.tile(time, 2),
        "event": np.tile(event, 2),
        "strata": np.repeat(["a", "b"], n),
        "cluster": np.tile(np.arange(n), 2),
    }
    clones = rmst(**twice, horizon=5, reference="a", level=95).contrasts[0]
    assert clones.difference.estimate == 0
    assert clones.difference.se == pytest.approx(0, abs=ROUNDING)
    assert clones.ratio.se == pytest.approx(0, abs=ROUNDING)
    apart = rmst(**without(twice, "cluster"), horizon=5, reference="a", level=95).contrasts[0]
    assert apart.difference.se > 0.1
    # Half of the pairs' times shared: the variance of the paired means, as if uncensored.
    pairs = rng.normal(20, 3, (n, 1)) + rng.normal(0, 1, (n, 2))
    found = rmst(
        pairs.ravel(),
        np.ones(2 * n),
        strata=np.tile(["a", "b"], n),
        id=np.repeat(np.arange(n), 2),
        reference="a",
        horizon=100,
        level=95,
    )
    assert found.variance == "robust"
    assert found.clusters == n
    paired = pairs[:, 1] - pairs[:, 0]
    assert found.contrasts[0].difference.estimate == pytest.approx(paired.mean())
    assert found.contrasts[0].difference.se == pytest.approx(paired.std() / np.sqrt(n))


def test_persons_with_one_row_each_per_stratum_need_no_robust_variance():
    start_stop = {
        "time": [2, 5, 4, 6],
        "event": [0, 1, 1, 0],
        "entry": [0, 2, 0, 0],
        "id": [1, 1, 2, 3],
    }
    found = rmst(**start_stop, horizon=5, level=95)
    whole = rmst([5, 4, 6], [1, 1, 0], horizon=5, level=95)
    assert found.variance == "greenwood"
    assert found["all"].rmst == whole["all"].rmst
    robust = rmst(**start_stop, horizon=5, level=95, variance="robust")
    assert robust["all"].rmst.se == pytest.approx(whole["all"].rmst.se)


def test_default_variance():
    arguments = {"time": [1, 2, 3], "event": [1, 1, 0], "horizon": 2, "level": 95}
    assert rmst(**arguments).variance == "greenwood"
    assert rmst(**arguments, weight=[2, 1, 1]).variance == "greenwood"
    assert rmst(**arguments, weight=[0.5, 1, 1]).variance == "robust"
    assert rmst(**arguments, cluster=[1, 1, 2]).variance == "robust"


def test_horizon_and_follow_up():
    time, event, group = [1, 3, 2, 4], [1, 0, 1, 1], [0, 0, 1, 1]
    with pytest.raises(DesignError, match=r"5 lies after the follow-up of stratum 0.* is 3\."):
        rmst(time, event, strata=group, horizon=5, level=95)
    # Survival of stratum 1 is 0 at 4: known from there on.
    assert rmst(time[2:], event[2:], horizon=9, level=95)["all"].rmst.estimate == 3
    # The row with the longest follow-up doesn't count.
    with pytest.raises(DesignError, match=r"the last usable time is 2\."):
        rmst([2, 3], [0, 0], weight=[1, 0], horizon=2.5, level=95)


def test_time_in_which_nobody_is_at_risk_is_reported():
    found = rmst([3, 9], [0, 1], entry=[1, 5], horizon=8, level=95)["all"]
    # From 0 to 1 and from 3 to 5.
    assert found.unobserved == 3
    assert (
        "nobody at risk for 3 of 8"
        in rmst([3, 9], [0, 1], entry=[1, 5], horizon=8, level=95).summary()
    )


def test_no_event_before_the_horizon():
    found = rmst([4, 5, 6, 7], [0, 1, 0, 1], strata=[0, 0, 1, 1], horizon=3, reference=0, level=95)
    assert found["0"].rmst.to_dict() == {
        "estimate": 3.0,
        "se": 0.0,
        "ci_low": 3.0,
        "ci_high": 3.0,
        "level": 95,
        "scale": "identity",
    }
    (contrast,) = found.contrasts
    assert contrast.difference.estimate == 0
    assert np.isnan(contrast.difference_p)
    assert np.isnan(contrast.rmtl_ratio.estimate)


def test_result_forms():
    time, event, group = [1, 2, 3, 4, 5, 6], [1, 0, 1, 1, 1, 0], ["x", "y"] * 3
    found = rmst(time, event, strata=group, horizon=4.5, reference="y", level=90)
    assert [mean.stratum for mean in found] == ["x", "y"]
    assert len(found) == 2
    assert (found.contrasts[0].stratum, found.contrasts[0].reference) == ("x", "y")
    json.dumps(found.to_dict(), allow_nan=False)
    table = found.to_frame()
    assert list(table["measure"]) == ["rmst", "rmtl"] * 2 + ["difference", "ratio", "rmtl_ratio"]
    ratio = found["x"].rmst.estimate / found["y"].rmst.estimate
    assert table["estimate"].iloc[5] == pytest.approx(np.log(ratio))
    assert found.to_frame(exponentiate=True)["estimate"].iloc[5] == pytest.approx(ratio)
    lost = found["x"].rmtl.estimate / found["y"].rmtl.estimate
    assert found.contrasts[0].rmtl_ratio.natural[0] == pytest.approx(lost)
    assert "x against y" in found.summary()
    assert "90% intervals" in found.summary()
    with pytest.raises(DesignError, match="no stratum 'z'"):
        found["z"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon": 0}, "horizon is 0, but must be a positive time"),
        ({"horizon": np.nan}, "horizon is nan"),
        ({"horizon": "late"}, "horizon is 'late'"),
        ({"level": 0.95}, "level is 0.95"),
        ({"reference": 7}, "no stratum '7'"),
        ({"variance": "exact"}, "variance 'exact' is unknown"),
        ({"variance": "greenwood", "cluster": [1, 1, 2, 2]}, "takes rows for independent"),
        ({"weight": [1, 1, 0, 0]}, "All rows of stratum 2 have weight 0"),
        ({"time": [1, -2, 3, 4]}, "time is negative in row 2"),
        ({"event": [1, 2, 0, 1]}, "event is neither 0 nor 1 in row 2"),
        ({"id": [1, None, 2, 3]}, "id is missing in row 2"),
    ],
)
def test_bad_input(change, message):
    good = {"time": [1, 2, 3, 4], "event": [1, 1, 1, 1], "strata": [1, 1, 2, 2]}
    with pytest.raises((DataError, DesignError), match=message):
        rmst(**{**good, "horizon": 2, "level": 95, **change})


def means(found):
    return np.array([[mean.rmst.estimate, mean.rmst.se] for mean in found])


@settings(deadline=None, max_examples=40)
@given(rows())
def test_influence_is_the_derivative(drawn):
    arguments = without(drawn, "cluster")
    weight = arguments.pop("weight", np.ones(len(drawn["time"])))
    influence = restricted_mean_influence(**arguments, weight=weight, horizon=HORIZON)
    for label in "ab":
        assert influence[drawn["strata"] == label].sum() == pytest.approx(0, abs=ROUNDING)
    step = 1e-5
    for row in np.flatnonzero(weight > 0)[:3]:
        changed = []
        for factor in (1 + step, 1 - step):
            other = weight.copy()
            other[row] *= factor
            found = rmst(**arguments, weight=other, horizon=HORIZON, level=95)
            changed.append(found[drawn["strata"][row]].rmst.estimate)
        slope = (changed[0] - changed[1]) / (2 * step)
        assert influence[row] == pytest.approx(slope, abs=DERIVATIVE)


@settings(deadline=None, max_examples=40)
@given(rows(), st.randoms(use_true_random=False))
def test_row_order_and_clusters(drawn, random):
    options = {"horizon": HORIZON, "level": 95, "reference": "a", "variance": "robust"}
    found = rmst(**drawn, **options)
    order = np.arange(len(drawn["time"]))
    random.shuffle(order)
    shuffled = rmst(**take(drawn, order), **options)
    np.testing.assert_allclose(means(shuffled), means(found), rtol=ROUNDING, atol=ROUNDING)
    assert shuffled.contrasts[0].difference.se == pytest.approx(
        found.contrasts[0].difference.se, abs=ROUNDING
    )
    # By definition: influences summed within clusters over both strata.
    influence = restricted_mean_influence(**without(drawn, "cluster"), horizon=HORIZON)
    sign = np.where(drawn["strata"] == "b", 1, -1)
    sums = np.bincount(drawn["cluster"], sign * influence)
    assert found.contrasts[0].difference.se == pytest.approx(np.sqrt(np.sum(sums**2)), abs=ROUNDING)
    # Each row a cluster of its own is no cluster.
    single = rmst(**{**drawn, "cluster": order}, **options)
    np.testing.assert_allclose(
        means(single), means(rmst(**without(drawn, "cluster"), **options)), rtol=ROUNDING
    )


@settings(deadline=None, max_examples=40)
@given(rows(weight=False), st.data())
def test_whole_weights_are_repeated_rows(drawn, more):
    n = len(drawn["time"])
    weight = np.array(more.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    weight[-2:] = 1
    options = {"horizon": HORIZON, "level": 95, "variance": "greenwood"}
    plain = without(drawn, "cluster")
    weighted = rmst(**plain, weight=weight, **options)
    repeated = rmst(**take(plain, np.repeat(np.arange(n), weight)), **options)
    np.testing.assert_allclose(means(weighted), means(repeated), rtol=ROUNDING, atol=ROUNDING)


@settings(deadline=None, max_examples=40)
@given(rows(), st.sampled_from([0.01, 7.3]))
def test_scale_of_weights_and_splitting(drawn, factor):
    options = {"horizon": HORIZON, "level": 95, "variance": "robust"}
    n = len(drawn["time"])
    drawn["cluster"] = np.arange(n)
    weight = drawn.get("weight", np.ones(n))
    found = rmst(**{**drawn, "weight": weight}, **options)
    scaled = rmst(**{**drawn, "weight": weight * factor}, **options)
    np.testing.assert_allclose(means(scaled), means(found), rtol=ROUNDING, atol=ROUNDING)
    # A row in two halves of one person, cut at half its time.
    entry = drawn.get("entry", np.zeros(n))
    middle = (entry + drawn["time"]) / 2
    halves = {name: np.tile(values, 2) for name, values in drawn.items()}
    halves["time"] = np.concatenate((middle, drawn["time"]))
    halves["entry"] = np.concatenate((entry, middle))
    halves["event"] = np.concatenate((np.zeros(n), drawn["event"]))
    np.testing.assert_allclose(
        means(rmst(**halves, **options)), means(found), rtol=ROUNDING, atol=ROUNDING
    )


@settings(deadline=None, max_examples=30)
@given(rows())
def test_difference_turns_its_sign_with_the_reference(drawn):
    options = {"horizon": HORIZON, "level": 95}
    (one,) = rmst(**drawn, **options, reference="a").contrasts
    (other,) = rmst(**drawn, **options, reference="b").contrasts
    assert one.difference.estimate == -other.difference.estimate
    assert one.difference.ci_low == pytest.approx(-other.difference.ci_high)
    np.testing.assert_equal(one.difference_p, other.difference_p)
    assert one.ratio.estimate == pytest.approx(-other.ratio.estimate)


def test_inputs_are_left_alone():
    time, event, weight = np.array([3.0, 1.0, 2.0]), np.array([1, 0, 1]), np.array([1.0, 0.5, 2.0])
    for array in (time, event, weight):
        array.setflags(write=False)
    column = np.vstack([time, time]).T[:, 0]
    one = rmst(time, event, weight=weight, horizon=2, level=95)
    assert rmst(column, event, weight=weight, horizon=2, level=95) == one

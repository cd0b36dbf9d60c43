from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.influence import survival_influence
from locoreg.stats.survivalat import survival_at
from locoreg.stats.survivaldifference import survival_difference
from tests.stats.drawn_rows import rows, take, without
from tests.stats.survival_cases import case, data, names, response, subset

# R prints sums of products of the same doubles: rounding only.
CLOSED_FORM = 1e-9
ROUNDING = 1e-9
TIMES = [2.0, 5.5, 8.0]
with_times = [
    name
    for name in names("kaplan_meier")
    if case(name)["result"].get("at_times") and not case(name)["args"]["weights"]
]


@pytest.mark.parametrize("name", with_times)
def test_against_r(name):
    pinned = case(name)
    args, r = pinned["args"], pinned["result"]["at_times"]
    columns = subset(args["subset"], data(pinned["dataset"]))
    entry, time, event = response(args["response"], columns)
    found = survival_at(
        time,
        event,
        entry=entry,
        strata=None if args["group"] is None else columns[args["group"]],
        times=r["times"],
        interval=args["conf_type"].replace("arcsin", "arcsine"),
        level=95,
    )
    assert found.variance == "greenwood"
    assert [at.at_risk for at in found.survivals] == r["n_risk"]
    for mine, theirs in (
        ("estimate", "surv"),
        ("se", "std_err"),
        ("ci_low", "lower"),
        ("ci_high", "upper"),
    ):
        np.testing.assert_allclose(
            [getattr(at.survival, mine) for at in found.survivals],
            np.array(r[theirs], dtype=float),
            rtol=CLOSED_FORM,
            err_msg=mine,
        )


def test_published_example():
    # Klein and Moeschberger, section 4.3: 38 patients with leukaemia, survival without disease at
    # one year 0.5492 with intervals 0.39 to 0.71 (plain), 0.38 to 0.69 (log-log), 0.39 to 0.70.
    time = np.fromstring(
        """1 55 74 86 104 107 109 110 122 122 129 172 192 194 230 276 332 383 418 466 487 526 609
        662 226 530 996 1111 1167 1182 1199 1330 1377 1433 1462 1496 1602 2081""",
        sep=" ",
    )
    event = np.arange(38) < 24
    for interval, limits in (
        ("plain", (0.39, 0.71)),
        ("log-log", (0.38, 0.69)),
        ("arcsine", (0.39, 0.70)),
    ):
        found = survival_at(time, event, times=[365], interval=interval, level=95)
        at = found.survival("all", 365).survival
        assert at.estimate == pytest.approx(0.5492, abs=5e-5)
        assert (at.ci_low, at.ci_high) == pytest.approx(limits, abs=5e-3)


def test_by_hand():
    # a: S(3) = 1/2 with variance 1/4 (1/(4*3) + 1/(3*2)) = 1/16; b: S(3) = 2/3, variance 2/27.
    time, event = [1, 2, 4, 5, 3, 4, 6], [1, 1, 0, 0, 1, 0, 1]
    group = list("aaaabbb")
    at = survival_at(time, event, strata=group, times=[3], reference="a", level=95)
    contrast = at.contrast("b", 3)
    se = np.sqrt(1 / 16 + 2 / 27)
    assert contrast.difference.estimate == pytest.approx(2 / 3 - 1 / 2)
    assert contrast.difference.se == pytest.approx(se)
    assert contrast.difference_p == pytest.approx(2 * stats.norm.sf(1 / 6 / se))
    assert contrast.ratio.natural[0] == pytest.approx(4 / 3)
    assert contrast.ratio.se == pytest.approx(np.sqrt(1 / 4 + 2 / 27 * 9 / 4))
    curve = survival_difference(time, event, strata=group, reference="a", level=95)
    np.testing.assert_array_equal(curve.time, [1, 2, 3, 4, 5])
    np.testing.assert_allclose(curve.estimate, [1 / 4, 1 / 2, 1 / 6, 1 / 6, 1 / 6])
    assert curve.se[2] == pytest.approx(se)
    assert curve([0.5, 2, 2.9, 5, 5.1]) == pytest.approx(
        [0, 1 / 2, 1 / 2, 1 / 6, np.nan], nan_ok=True
    )


def test_clones_in_both_strata():
    rng = np.random.default_rng(2)
    n = 60
    time, event = np.ceil(rng.exponential(10, n)), rng.random(n) < 0.7
    twice = {
        "time": np.tile(time, 2),
        "event": np.tile(event, 2),
        "strata": np.repeat(["a", "b"], n),
    }
    person = np.tile(np.arange(n), 2)
    for clones in ({"id": person}, {"cluster": person}):
        curve = survival_difference(**twice, **clones, reference="a", level=95)
        assert curve.variance == "robust"
        assert curve.clusters == n
        np.testing.assert_array_equal(curve.estimate, 0)
        np.testing.assert_allclose(curve.se[curve.time < time.max()], 0, atol=1e-7)
    apart = survival_difference(**twice, reference="a", level=95, variance="robust")
    assert apart.se[:-1].min() > 0.01


def test_extinct_strata():
    time, event, group = [1, 2, 1, 5], [1, 1, 0, 0], list("aabb")
    at = survival_at(time, event, strata=group, times=[0.5, 3], reference="b", level=95)
    gone = at.survival("a", 3).survival
    assert gone.estimate == 0
    assert np.isnan([gone.se, gone.ci_low, gone.ci_high]).all()
    assert at.survival("a", 3).at_risk == 0
    whole = at.survival("a", 0.5).survival
    assert (whole.estimate, whole.se, whole.ci_low, whole.ci_high) == (1, 0, 1, 1)
    contrast = at.contrast("a", 3)
    assert contrast.difference.estimate == -1
    assert np.isnan([contrast.difference.se, contrast.difference_p, contrast.ratio.estimate]).all()
    assert np.isnan(at.contrast("a", 0.5).difference_p)
    curve = survival_difference(time, event, strata=group, reference="b", level=95)
    np.testing.assert_array_equal(curve.time, [1, 2])
    assert np.isnan(curve.se[1])


def band_options(**changes):
    return {"time_range": (2, 9), "replicates": 3000, "seed": 1, "level": 95, **changes}


def two_groups(n=400, seed=4):
    rng = np.random.default_rng(seed)
    strata = rng.integers(0, 2, n)
    time, censored = rng.exponential(np.where(strata == 1, 12, 8), n), rng.uniform(5, 20, n)
    return {"time": np.minimum(time, censored), "event": time <= censored, "strata": strata}


def test_band():
    drawn = two_groups()
    plain = survival_difference(**drawn, reference=0, level=95)
    assert plain.band_low is plain.critical_value is None
    curve = survival_difference(**drawn, reference=0, **band_options())
    inside = (curve.time >= 2) & (curve.time <= 9)
    assert np.isnan(curve.band_low[~inside]).all()
    width = (curve.band_high - curve.band_low)[inside]
    np.testing.assert_allclose(width, 2 * curve.critical_value * curve.se[inside])
    # Wider than one time needs, narrower than a hundred independent ones.
    assert stats.norm.isf(0.025) + 0.5 < curve.critical_value < stats.norm.isf(0.025 / 100)
    again = survival_difference(**drawn, reference=0, **band_options())
    assert again.critical_value == curve.critical_value
    mirrored = survival_difference(**drawn, reference=1, **band_options(seed=2))
    assert mirrored.critical_value == pytest.approx(curve.critical_value, abs=0.1)
    # Each row its own cluster: the same law from other numbers.
    single = survival_difference(
        **drawn, cluster=np.arange(400), reference=0, **band_options(seed=3)
    )
    assert single.critical_value == pytest.approx(curve.critical_value, abs=0.1)
    # Paired rows give another law, of the same kind.
    paired = survival_difference(
        **drawn, cluster=np.arange(400) // 2, reference=0, **band_options()
    )
    assert paired.clusters == 200
    assert paired.critical_value == pytest.approx(curve.critical_value, abs=0.25)


def test_result_forms():
    drawn = two_groups(60)
    curve = survival_difference(**drawn, reference=0, **band_options(replicates=99))
    assert (curve.stratum, curve.reference, sum(curve.n)) == ("1", "0", 60)
    document = curve.to_dict()
    assert document["time_range"] == [2.0, 9.0]
    assert len(document["band_low"]) == curve.time.size
    assert list(curve.to_frame()) == [
        "time",
        "estimate",
        "se",
        "ci_low",
        "ci_high",
        "band_low",
        "band_high",
    ]
    assert "band from 2 to 9" in curve.summary()
    short = survival_difference(**drawn, reference=0, level=90)
    assert list(short.to_frame()) == ["time", "estimate", "se", "ci_low", "ci_high"]
    assert json.loads(json.dumps(short.to_dict()))["band_low"] is None
    at = survival_at(**drawn, times=[2, 5], reference=0, level=95)
    json.dumps(at.to_dict(), allow_nan=False)
    table = at.to_frame(exponentiate=True)
    assert list(table["measure"]) == ["survival"] * 4 + ["difference", "ratio"] * 2
    assert table["estimate"].iloc[5] == pytest.approx(
        at.survival(1, 2).survival.estimate / at.survival(0, 2).survival.estimate
    )
    assert "1 against 0 at 5" in at.summary()
    with pytest.raises(DesignError, match="no survival of stratum '2'"):
        at.survival(2, 5)
    with pytest.raises(DesignError, match="no comparison of stratum '0'"):
        at.contrast(0, 5)


def test_more_than_two_strata():
    time, event = np.arange(1.0, 13), np.ones(12)
    group = np.repeat([10, 20, 30], 4)
    with pytest.raises(DesignError, match="3 strata: 10, 20, 30"):
        survival_difference(time, event, strata=group, reference=10, level=95)
    curve = survival_difference(time, event, strata=group, reference=10, stratum=30.0, level=95)
    assert curve.stratum == "30"
    at = survival_at(time, event, strata=group, times=[3], reference=20, level=95)
    assert [c.stratum for c in at.contrasts] == ["10", "30"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strata": [1, 1, 1, 1]}, "only one stratum"),
        ({"reference": 3}, "no stratum '3'"),
        ({"stratum": 1}, "stratum and reference are the same"),
        ({"replicates": 100}, "time_range is missing"),
        ({"time_range": (1, 3)}, "replicates is missing"),
        (
            {"time_range": (1, 9), "replicates": 99, "seed": 1},
            r"9, lies after the follow-up of stra",
        ),
        ({"time_range": (0.5, 3), "replicates": 99, "seed": 1}, "start at the first event, 1, or"),
        ({"time_range": (1, 4), "replicates": 99, "seed": 1}, "0 before the end.*end it before 4"),
        ({"level": 0.5}, "level is 0.5"),
        ({"event": [1, 1, 3, 1]}, "event is neither 0 nor 1 in row 3"),
    ],
)
def test_bad_differences(change, message):
    good = {"time": [1, 5, 2, 4], "event": [1, 0, 0, 1], "strata": [1, 1, 2, 2], "reference": 1}
    with pytest.raises((DataError, DesignError), match=message):
        survival_difference(**{**good, "level": 95, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": []}, "one or more finite times"),
        ({"times": [-1]}, "one or more finite times"),
        ({"times": [1, 1]}, "holds a time twice"),
        ({"times": [9]}, r"The time 9 lies after the follow-up of stratum 1.* is 5\."),
        ({"times": ["x"]}, "times holds text"),
        ({"interval": "wide"}, "interval 'wide' is unknown"),
        ({"reference": "x"}, "no stratum 'x'"),
        ({"cluster": [1, 2, 3]}, "cluster has shape"),
    ],
)
def test_bad_times(change, message):
    good = {"time": [1, 5, 2, 4], "event": [1, 0, 0, 1], "strata": [1, 1, 2, 2], "times": [2]}
    with pytest.raises((DataError, DesignError), match=message):
        survival_at(**{**good, "level": 95, **change})


def numbers(at):
    return np.array(
        [[s.survival.estimate, s.survival.se] for s in at.survivals]
        + [[c.difference.estimate, c.difference.se] for c in at.contrasts]
    )


@settings(deadline=None, max_examples=40)
@given(rows())
def test_variances_are_sums_over_clusters(drawn):
    options = {"reference": "a", "level": 95, "variance": "robust"}
    at = survival_at(**drawn, times=TIMES, **options)
    influence = survival_influence(**without(drawn, "cluster"), times=TIMES)
    sign = np.where(drawn["strata"] == "b", 1, -1)
    curve = survival_difference(**drawn, **options)
    for j, t in enumerate(TIMES):
        a, b = at.survival("a", t).survival, at.survival("b", t).survival
        if not (a.estimate > 0 and b.estimate > 0):
            continue
        sums = np.bincount(drawn["cluster"], sign * influence[:, j])
        difference = at.contrast("b", t).difference
        assert difference.se == pytest.approx(np.sqrt(np.sum(sums**2)), abs=ROUNDING)
        scale = np.where(sign > 0, 1 / b.estimate, 1 / a.estimate)
        sums = np.bincount(drawn["cluster"], sign * scale * influence[:, j])
        ratio = at.contrast("b", t).ratio
        assert ratio.se == pytest.approx(np.sqrt(np.sum(sums**2)), abs=ROUNDING)
        place = np.searchsorted(curve.time, t, side="right") - 1
        if place >= 0:
            assert curve.estimate[place] == pytest.approx(difference.estimate, abs=ROUNDING)
            # The square of a rounding error in the sweep shows in a root near 0.
            assert curve.se[place] == pytest.approx(difference.se, abs=1e-7)


@settings(deadline=None, max_examples=40)
@given(rows(), st.randoms(use_true_random=False), st.sampled_from([0.01, 7.3]))
def test_order_scale_and_sign(drawn, random, factor):
    options = {"times": TIMES, "level": 95, "variance": "robust"}
    found = numbers(survival_at(**drawn, **options, reference="a"))
    order = np.arange(len(drawn["time"]))
    random.shuffle(order)
    changed = take(drawn, order)
    changed["weight"] = factor * changed.get("weight", np.ones(order.size))
    np.testing.assert_allclose(
        numbers(survival_at(**changed, **options, reference="a")), found, atol=ROUNDING
    )
    one = survival_difference(**drawn, reference="a", level=95, variance="robust")
    other = survival_difference(**changed, reference="b", level=95, variance="robust")
    np.testing.assert_allclose(other.estimate, -one.estimate, atol=ROUNDING)
    np.testing.assert_allclose(other.se, one.se, atol=1e-7)
    single = survival_at(**{**drawn, "cluster": order}, **options, reference="a")
    rowwise = survival_at(**without(drawn, "cluster"), **options, reference="a")
    np.testing.assert_allclose(numbers(single), numbers(rowwise), atol=ROUNDING)


@settings(deadline=None, max_examples=30)
@given(rows(weight=False), st.data())
def test_whole_weights_are_repeated_rows(drawn, more):
    n = len(drawn["time"])
    weight = np.array(more.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    weight[-2:] = 1
    options = {"level": 95, "variance": "greenwood", "reference": "a"}
    plain = without(drawn, "cluster")
    repeated = take(plain, np.repeat(np.arange(n), weight))
    np.testing.assert_allclose(
        numbers(survival_at(**plain, weight=weight, times=TIMES, **options)),
        numbers(survival_at(**repeated, times=TIMES, **options)),
        atol=ROUNDING,
    )
    weighted = survival_difference(**plain, weight=weight, **options)
    counted = survival_difference(**repeated, **options)
    np.testing.assert_allclose(weighted(counted.time), counted.estimate, atol=ROUNDING)

"""Estimates and variances of survival curves: the definitions, and what must not matter."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.stats import survivalvariance
from locoreg.stats.survivalcurves import kaplan_meier, nelson_aalen
from tests.stats.survival_rows import by_definition, datasets

# The same sums in another order; a standard error that is 0 is the root of a crumb.
REORDERED = {"rtol": 1e-9, "atol": 1e-9}
MODEST = settings(deadline=None, max_examples=40)


def estimate(estimator, time, event, **options):
    if estimator == "kaplan-meier":
        return kaplan_meier(time, event, level=95, **options)
    return nelson_aalen(time, event, level=95, ties=estimator, **options)


# Fresh sums of squares at each time; hardly any, as in large data sets; none.
@pytest.mark.parametrize("fresh", [(4_000_000, 8), (0, 1), (0, 0)])
@pytest.mark.parametrize("estimator", ["kaplan-meier", "nelson-aalen", "fleming-harrington"])
@MODEST
@given(data=datasets(), variance=st.sampled_from(["robust", "greenwood"]))
def test_estimates_and_errors_are_those_of_the_definition(fresh, estimator, data, variance):
    time, event, options = data
    if variance == "greenwood":
        options["cluster"] = None
    expected = by_definition(time, event, estimator=estimator, **options)
    with (
        patch.object(survivalvariance, "FRESH_AT_FIRST", fresh[0]),
        patch.object(survivalvariance, "FRESH_PER_ROW", fresh[1]),
    ):
        found = estimate(estimator, time, event, variance=variance, **options)
    for name in ("time", "estimate", "cumulative_hazard"):
        np.testing.assert_allclose(getattr(found, name), expected[name], err_msg=name, **REORDERED)
    for name, squares in zip(("se", "cumulative_hazard_se"), expected[variance], strict=True):
        np.testing.assert_allclose(getattr(found, name) ** 2, squares, err_msg=name, **REORDERED)


def test_errors_of_many_rows_are_those_of_the_definition():
    generator = np.random.default_rng(20240521)
    n = 4000
    time = np.ceil(generator.exponential(30.0, n))
    event = (generator.random(n) < 0.6).astype(int)
    options = {
        "entry": np.floor(time * generator.random(n)),
        "weight": generator.lognormal(0.0, 1.0, n),
        "cluster": generator.integers(0, 900, n),
    }
    expected = by_definition(time, event, **options)
    with patch.object(survivalvariance, "FRESH_AT_FIRST", 0):
        found = kaplan_meier(time, event, level=95, **options)
    np.testing.assert_allclose(found.se**2, expected["robust"][0], **REORDERED)
    np.testing.assert_allclose(found.cumulative_hazard_se**2, expected["robust"][1], **REORDERED)


# --- Invariants ----------------------------------------------------------------------------

NUMBERS = ("time", "estimate", "se", "ci_low", "ci_high", "cumulative_hazard")


def same(curve, other, names=NUMBERS, squared=("se",)):
    for name in names:
        power = 2 if name in squared else 1
        np.testing.assert_allclose(
            getattr(curve, name) ** power, getattr(other, name) ** power, err_msg=name, **REORDERED
        )


@MODEST
@given(data=datasets(), variance=st.sampled_from(["robust", "greenwood"]))
def test_whole_weights_are_repeated_rows(data, variance):
    time, event, options = data
    generator = np.random.default_rng(time.size)
    weight = generator.integers(0, 3, time.size)
    weight[0] = 2
    entry = options["entry"]
    # Persons of one row are a cluster: repeated rows are not independent of one another.
    again = np.repeat(np.arange(time.size), weight)
    robust = variance == "robust"
    weighted = kaplan_meier(time, event, entry=entry, weight=weight, variance=variance, level=95)
    repeated = kaplan_meier(
        time[again],
        event[again],
        entry=None if entry is None else entry[again],
        cluster=again if robust else None,
        variance=variance,
        level=95,
    )
    shared = np.isin(weighted.time, repeated.time)
    for name in ("estimate", "cumulative_hazard", "weighted_at_risk", "weighted_events"):
        np.testing.assert_allclose(
            getattr(weighted, name)[shared], getattr(repeated, name), err_msg=name, **REORDERED
        )
    np.testing.assert_allclose(weighted.se[shared] ** 2, repeated.se**2, **REORDERED)


@MODEST
@given(data=datasets())
def test_the_order_of_rows_is_irrelevant(data):
    time, event, options = data
    order = np.random.default_rng(time.size).permutation(time.size)
    shuffled = {k: None if v is None else v[order] for k, v in options.items()}
    same(
        kaplan_meier(time, event, level=95, **options),
        kaplan_meier(time[order], event[order], level=95, **shuffled),
        (*NUMBERS, "at_risk", "events", "censored", "entered", "weighted_at_risk"),
    )


@MODEST
@given(data=datasets(), variance=st.sampled_from(["robust", "greenwood"]))
def test_splitting_rows_changes_nothing(data, variance):
    time, event, options = data
    n = time.size
    entry = np.zeros(n) if options["entry"] is None else options["entry"]
    middle = entry + (time - entry) / 2
    person = np.arange(n)
    weight = options["weight"]
    whole = kaplan_meier(
        time, event, entry=entry, id=person, weight=weight, variance=variance, level=95
    )
    split = kaplan_meier(
        np.concatenate((middle, time)),
        np.concatenate((np.zeros(n), event)),
        entry=np.concatenate((entry, middle)),
        id=np.tile(person, 2),
        weight=None if weight is None else np.tile(weight, 2),
        variance=variance,
        level=95,
    )
    at, and_split = whole.at(whole.time), split.at(whole.time)
    for name in ("estimate", "at_risk", "weighted_at_risk", "events", "censored"):
        np.testing.assert_allclose(
            getattr(at, name), getattr(and_split, name), err_msg=name, **REORDERED
        )
    np.testing.assert_allclose(at.se**2, and_split.se**2, **REORDERED)
    assert split.curves[0].entered.sum() == whole.curves[0].entered.sum()
    assert split.curves[0].censored.sum() == whole.curves[0].censored.sum()


@MODEST
@given(data=datasets(), factor=st.sampled_from([0.25, 3.0, 1e6]))
def test_scaling_weights_leaves_the_robust_curve_as_it_is(data, factor):
    time, event, options = data
    weight = np.ones(time.size) if options.pop("weight") is None else np.arange(1.0, time.size + 1)
    options["variance"] = "robust"
    same(
        kaplan_meier(time, event, weight=weight, level=95, **options),
        kaplan_meier(time, event, weight=factor * weight, level=95, **options),
    )


@MODEST
@given(data=datasets())
def test_single_rows_as_clusters_are_none(data):
    time, event, options = data
    options.update(cluster=None, variance="robust")
    alone = np.arange(time.size)[::-1]
    same(
        kaplan_meier(time, event, level=95, **options),
        kaplan_meier(time, event, level=95, **{**options, "cluster": alone}),
    )


@MODEST
@given(data=datasets())
def test_counts_add_up(data):
    time, event, options = data
    curve = kaplan_meier(time, event, level=95, **options).curves[0]
    leaving = curve.at_risk - curve.events - curve.censored
    np.testing.assert_array_equal(leaving[:-1] + curve.entered[1:], curve.at_risk[1:])
    assert leaving[-1] == 0
    assert curve.entered.sum() == curve.n == time.size
    np.testing.assert_allclose(
        curve.weighted_entered.sum(), curve.weighted_events.sum() + curve.weighted_censored.sum()
    )
    if options["entry"] is None:
        at = curve.at(np.arange(0.0, time.max() + 2, 0.5))
        assert (at.at_risk + at.events + at.censored == time.size).all()


@MODEST
@given(data=datasets())
def test_strata_are_curves_of_their_rows(data):
    time, event, options = data
    strata = np.where(np.arange(time.size) % 2 == 0, "b", "a")
    weight = options["weight"]
    if weight is not None:
        options["weight"] = weight = weight + 0.5
    curves = kaplan_meier(time, event, level=95, strata=strata, **options, variance="robust")
    assert [curve.stratum for curve in curves] == ["a", "b"]
    for curve in curves:
        own = strata == curve.stratum
        part = {k: None if v is None else v[own] for k, v in options.items()}
        alone = kaplan_meier(time[own], event[own], level=95, **part, variance="robust")
        same(curve, alone, (*NUMBERS, "at_risk", "entered", "weighted_entered", "starts"))


@MODEST
@given(data=datasets())
def test_robust_is_greenwood_without_weights_late_entry_and_clusters(data):
    time, event, _ = data
    robust = kaplan_meier(time, event, level=95, variance="robust")
    model = kaplan_meier(time, event, level=95, variance="greenwood")
    known = model.estimate > 0
    np.testing.assert_allclose(robust.se[known], model.se[known], **REORDERED)


@pytest.mark.parametrize("options", [{}, {"weight": [0.5, 1, 1, 2]}, {"entry": [0, 0, 1, 1]}])
def test_all_censored_all_tied_and_a_single_event(options):
    nobody = kaplan_meier([2, 3, 3, 4], [0, 0, 0, 0], level=95, interval="log", **options)
    assert nobody.estimate.tolist() == [1, 1, 1]
    assert nobody.se.tolist() == [0, 0, 0]
    assert nobody.ci_low.tolist() == nobody.ci_high.tolist() == [1, 1, 1]
    everybody = kaplan_meier([3, 3, 3, 3], [1, 1, 1, 1], level=95, **options)
    assert everybody.estimate.tolist() == [0]
    assert everybody.cumulative_hazard.tolist() == [1]
    one = kaplan_meier([2, 3, 3, 4], [0, 0, 0, 1], level=95, **options)
    assert one.estimate.tolist() == [1, 1, 0]
    assert one.median.estimate == 4


def test_one_row():
    assert kaplan_meier([2.0], [1], level=95).estimate.tolist() == [0]
    assert kaplan_meier([0.0], [0], level=95).estimate.tolist() == [1]


def test_events_at_time_zero_count():
    curve = kaplan_meier([0, 0, 1, 2], [1, 0, 1, 0], level=95)
    assert curve([0, 0.5, 1]).tolist() == [0.75, 0.75, 0.375]
    assert curve.at([0]).at_risk.tolist() == [4]


def test_narrow_types_do_not_overflow():
    n = 70_000
    time = np.ones(n, dtype=np.int16)
    event = np.ones(n, dtype=np.int8)
    event[: n // 2] = 0
    weight = np.full(n, 30_000, dtype=np.int32)
    curve = kaplan_meier(time, event, weight=weight, level=95)
    assert curve.at_risk.tolist() == [n]
    assert curve.weighted_at_risk.tolist() == [30_000.0 * n]
    assert curve.estimate.tolist() == [0.5]
    assert kaplan_meier(time, event, level=95).events.tolist() == [n // 2]

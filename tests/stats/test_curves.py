"""Survival curves as values: limits, quantiles, readings, texts and plain values."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.curveintervals import CURVE_INTERVALS, curve_limits
from locoreg.stats.curvequantiles import crossing_times
from locoreg.stats.survivalcurves import kaplan_meier, nelson_aalen
from tests.stats.survival_rows import datasets

MODEST = settings(deadline=None, max_examples=40)


# --- Intervals -----------------------------------------------------------------------------


def test_limits_are_those_of_the_transformed_estimate():
    s, se, z = 0.7, 0.08, 1.959963984540054
    scales = {
        "plain": (lambda x: x, lambda y: y, 1.0),
        "log": (np.log, np.exp, 1 / s),
        "log-log": (
            lambda x: np.log(-np.log(x)),
            lambda y: np.exp(-np.exp(y)),
            1 / (s * np.log(s)),
        ),
        "logit": (lambda x: np.log(x / (1 - x)), lambda y: 1 / (1 + np.exp(-y)), 1 / (s * (1 - s))),
        "arcsine": (
            lambda x: np.arcsin(np.sqrt(x)),
            lambda y: np.sin(y) ** 2,
            0.5 / np.sqrt(s * (1 - s)),
        ),
    }
    assert set(scales) == set(CURVE_INTERVALS)
    for name, (there, back, slope) in scales.items():
        limits = sorted(back(there(s) + sign * z * se * slope) for sign in (-1, 1))
        found = curve_limits(np.array([s]), np.array([se]), name, 95)
        np.testing.assert_allclose(np.ravel(found), limits, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("interval", CURVE_INTERVALS)
@MODEST
@given(data=datasets())
def test_limits_lie_around_the_estimate_within_0_and_1(interval, data):
    time, event, options = data
    curve = kaplan_meier(time, event, level=90, interval=interval, **options)
    low, high = curve.ci_low, curve.ci_high
    known = ~np.isnan(low)
    assert (known == ~np.isnan(high)).all()
    inside = (curve.estimate > 0) & (curve.estimate < 1)
    assert known[inside].all()
    # An estimate without spread is its own limit, up to rounding.
    room = 1e-12
    assert (low[known] >= 0).all()
    assert (high[known] <= 1).all()
    assert (low[known] <= curve.estimate[known] + room).all()
    assert (high[known] >= curve.estimate[known] - room).all()


# --- Quantiles -----------------------------------------------------------------------------


def test_without_censoring_the_median_is_that_of_the_sample():
    assert kaplan_meier([5, 1, 7, 3], [1] * 4, level=95).median.estimate == 4
    assert kaplan_meier([5, 1, 7, 3, 9], [1] * 5, level=95).median.estimate == 5


def test_a_step_at_a_half_to_the_end_has_its_middle_as_median():
    assert kaplan_meier([1, 2, 5], [0, 1, 0], level=95).median.estimate == 3.5
    assert np.isnan(kaplan_meier([1, 2, 5], [0, 0, 0], level=95).median.estimate)


def test_where_limits_rise_again_the_largest_below_decides():
    time, limit = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.4, 0.7, np.nan, 0.2])
    shares = np.array([0.2, 0.3, 0.5, 0.9])
    found = crossing_times(time, limit, shares, to_the_end=False)
    np.testing.assert_array_equal(found, [2, 1.5, 1, np.nan])


@pytest.mark.parametrize("share", [-0.1, 1.5, np.nan])
def test_quantiles_are_of_shares(share):
    with pytest.raises(DataError, match="share that is not between 0 and 1"):
        kaplan_meier([1], [1], level=95).quantile([0.5, share])


# --- Results as values ---------------------------------------------------------------------


def example():
    return kaplan_meier(
        [5, 8, 3, 9, 4],
        [1, 0, 1, 1, 0],
        entry=[0, 2, 0, 3, 1],
        weight=[1, 2, 1, 1, 0.5],
        strata=[1.0, 1.0, 2.0, 2.0, 2.0],
        level=90,
    )


def test_strata_are_found_by_their_labels():
    curves = example()
    assert len(curves) == 2
    assert curves["1"].stratum == curves[1].stratum == curves[1.0].stratum == "1"
    with pytest.raises(DesignError, match="there is no stratum '3'"):
        curves[3]
    for read in (
        lambda: curves.estimate,
        lambda: curves(3),
        lambda: curves.median,
        lambda: curves.at(3),
        lambda: curves.quantile(0.5),
    ):
        with pytest.raises(DesignError, match="ambiguous: there are curves for 1, 2"):
            read()
    with pytest.raises(AttributeError):
        curves.nothing  # noqa: B018


def test_results_are_plain_values_and_survive_pickling():
    curves = example()
    plain = curves.to_dict()
    assert json.loads(json.dumps(plain).replace("NaN", "null"))["curves"][0]["starts"] == [0, 2]
    assert plain["variance"] == "robust"
    again = pickle.loads(pickle.dumps(curves))
    assert json.dumps(again.to_dict()) == json.dumps(plain)
    frame = curves.to_frame()
    assert list(frame.columns[:6]) == ["stratum", "time", "estimate", "se", "ci_low", "ci_high"]
    assert len(frame) == sum(curve.time.size for curve in curves)
    at = curves["1"].at([1, 6])
    assert list(at.to_frame().columns) == list(at.to_dict())
    quantiles = curves["1"].quantile([0.5])
    assert quantiles.to_dict()["level"] == 90
    assert len(quantiles.to_frame()) == 1
    with pytest.raises(AttributeError):
        curves.level = 95


def test_the_summary_says_what_was_done():
    assert example().summary().splitlines() == [
        "Survival (Kaplan-Meier), 90% intervals (log-log, robust variance)",
        "1: 2 rows, weight 3, 1 event, median not reached (5 to not reached), last time 8",
        "2: 3 rows, weight 2.5, 2 events, median 3 (3 to not reached), last time 9",
    ]
    clustered = nelson_aalen([1, 2, 3], [1, 0, 1], cluster=[1, 1, 2], level=95)
    assert clustered.summary().startswith(
        "Survival exp(-H) (Nelson-Aalen), 95% intervals (log-log, robust variance over 2 clusters)"
    )
    merged = kaplan_meier([0.3, 0.1 + 0.2, 1], [1, 1, 1], level=95)
    assert merged.summary().endswith("1 time merged: different by rounding only")


def test_after_the_last_time_survival_is_not_known():
    curve = kaplan_meier([1, 2, 4], [1, 0, 0], level=95)
    np.testing.assert_array_equal(np.isnan(curve([-1, 0, 4, 4.1, np.nan])), [1, 0, 0, 1, 1])
    assert curve(np.ones((2, 3))).shape == (2, 3)
    at = curve.at([5])
    assert np.isnan(at.estimate[0])
    assert at.at_risk[0] == 0
    assert at.events[0] + at.censored[0] == 3

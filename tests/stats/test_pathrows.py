"""Weighted rows of follow-up: against the estimators of whole curves, and against differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError
from locoreg.stats.aalenjohansen import aalen_johansen
from locoreg.stats.manycurves import many_curves
from locoreg.stats.pathrows import (
    incidence_row_influence,
    incidence_steps,
    many_incidences,
    place_rows,
)

# The same sums in another order.
REORDERED = {"rtol": 1e-9, "atol": 1e-12}
# A central difference with a step of 1e-5 of a weight, in double precision.
STEP = 1e-5
DIFFERENCE = {"rtol": 1e-5, "atol": 1e-8}
MODEST = settings(deadline=None, max_examples=40)


@st.composite
def drawn(draw):
    n = draw(st.integers(3, 25))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = rng.integers(1, draw(st.sampled_from([3, 9, 41])), n).astype(float)
    event = rng.integers(0, draw(st.sampled_from([2, 3])), n)
    entry = draw(st.sampled_from([None, np.floor(time * rng.random(n))]))
    weights = rng.uniform(0.2, 3.0, (3, n))
    return time, event, entry, weights


@MODEST
@given(data=drawn())
def test_one_kind_of_event_gives_kaplan_meier(data):
    time, event, entry, weights = data
    dead = event == 1
    grid = np.arange(0.0, time.max() + 0.1, 0.5)
    rows = place_rows(time, dead.astype(int), entry=entry)
    incidence, area = many_incidences(rows, weights, times=grid)
    survival, mean = many_curves(time, dead, weights, times=grid, entry=entry)
    np.testing.assert_allclose(1.0 - incidence, survival, **REORDERED)
    np.testing.assert_allclose(grid - area, mean, **REORDERED)


@MODEST
@given(data=drawn())
def test_competing_events_give_aalen_johansen(data):
    time, event, entry, weights = data
    rows = place_rows(time, event, entry=entry)
    if not (event == 1).any():
        return
    curve = aalen_johansen(time, event, entry=entry, weight=weights[0], level=95)["all"]
    expected = curve.estimate[:, curve.causes.index("1")]
    found, _ = many_incidences(rows, weights[:1], times=curve.time)
    np.testing.assert_allclose(found[0], expected, **REORDERED)
    at, value = incidence_steps(rows, weights[0])
    again, _ = many_incidences(rows, weights[:1], times=at)
    np.testing.assert_allclose(value, again[0], **REORDERED)


@MODEST
@given(data=drawn())
def test_influence_is_the_derivative_by_the_weight(data):
    time, event, entry, weights = data
    grid = np.arange(0.0, time.max() + 0.1, 0.5)
    rows = place_rows(time, event, entry=entry)
    incidence, area = incidence_row_influence(rows, weights[0], times=grid)
    more = weights[0] + STEP * np.diag(weights[0])
    less = weights[0] - STEP * np.diag(weights[0])
    up, up_area = many_incidences(rows, more, times=grid)
    down, down_area = many_incidences(rows, less, times=grid)
    np.testing.assert_allclose(incidence, (up - down) / (2 * STEP), **DIFFERENCE)
    np.testing.assert_allclose(area, (up_area - down_area) / (2 * STEP), **DIFFERENCE)


def test_rows_of_weight_zero_take_no_part():
    rows = place_rows([1.0, 2.0, 3.0], [1, 1, 0])
    found, _ = many_incidences(rows, [[1.0, 0.0, 1.0]], times=[0.0, 1.0, 2.5, 3.0])
    np.testing.assert_allclose(found, [[0.0, 0.5, 0.5, 0.5]])


def test_after_the_data_nothing_is_known():
    rows = place_rows([1.0, 2.0], [1, 0])
    found, area = many_incidences(rows, [[1.0, 1.0]], times=[2.0, 3.0])
    assert found[0, 0] == 0.5
    assert np.isnan(found[0, 1])
    assert np.isnan(area[0, 1])


def test_weights_of_another_shape_are_refused():
    rows = place_rows([1.0, 2.0], [1, 0])
    with pytest.raises(DataError, match="shape"):
        many_incidences(rows, [1.0, 1.0], times=[1.0])

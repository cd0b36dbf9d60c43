"""Natural cubic splines."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.naturalspline import KNOT_QUANTILES, natural_spline, spline_knots

# Least squares on a few hundred rows with a condition number below 1e4.
SOLVED = 1e-10
# The same arithmetic in another order.
ROUNDING = 1e-12


@pytest.mark.parametrize("df", sorted(KNOT_QUANTILES))
def test_spans_the_natural_splines_of_scipy(df):
    rng = np.random.default_rng(df)
    values = rng.normal(60, 12, 400)
    knots = spline_knots(values, df)
    assert knots.size == df + 1
    inside = np.linspace(knots[0], knots[-1], 300)
    basis = np.column_stack([np.ones(inside.size), natural_spline(inside, knots)])
    assert basis.shape[1] == df + 1
    for j in range(df + 1):
        cardinal = CubicSpline(knots, np.eye(df + 1)[j], bc_type="natural")(inside)
        coefficients = np.linalg.lstsq(basis, cardinal, rcond=None)[0]
        np.testing.assert_allclose(basis @ coefficients, cardinal, atol=SOLVED)


def test_is_linear_beyond_the_outer_knots():
    knots = np.array([1.0, 2.0, 4.0, 7.0])
    for far in (np.linspace(7, 30, 50), np.linspace(-20, 1, 50)):
        bend = np.diff(natural_spline(far, knots), 2, axis=0)
        np.testing.assert_allclose(bend, 0.0, atol=1e-11)


def test_columns_by_hand():
    # Knots -1, 0, 1 need no scaling: (x + 1)^3_+ - 2 (x)^3_+ + (x - 1)^3_+, over 4.
    x = np.array([-2.0, -0.5, 0.5, 2.0])
    expected = np.array([0.0, 0.125, 3.375 - 0.25, 27.0 - 16.0 + 1.0]) / 4.0
    found = natural_spline(x, [-1.0, 0.0, 1.0])
    np.testing.assert_allclose(found, np.column_stack([x, expected]), rtol=ROUNDING)


def test_units_do_not_matter():
    x = np.linspace(20, 90, 40)
    knots = np.array([30.0, 50, 60, 80])
    days = natural_spline(365.25 * x, 365.25 * knots)
    np.testing.assert_allclose(days, natural_spline(x, knots), rtol=1e-9, atol=ROUNDING)


def test_columns_are_well_conditioned():
    x = np.random.default_rng(1).normal(2015, 4, 500)
    basis = np.column_stack([np.ones(x.size), natural_spline(x, spline_knots(x, 4))])
    assert np.linalg.cond(basis) < 1e4


def test_unknown_values_stay_unknown():
    found = natural_spline([1.0, np.nan], [0.0, 1.0, 2.0])
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_knots_are_quantiles():
    np.testing.assert_allclose(spline_knots(np.arange(101.0), 3), [5, 35, 65, 95])


def test_few_distinct_values_are_refused():
    with pytest.raises(DesignError, match="distinct knots"):
        spline_knots([1, 1, 1, 2, 2, 2, 3], 4)


@pytest.mark.parametrize("df", [1, 7, 2.5], ids=["few", "many", "fraction"])
def test_other_degrees_of_freedom_are_refused(df):
    with pytest.raises(DesignError, match="degrees of freedom"):
        spline_knots(np.arange(50.0), df)


@pytest.mark.parametrize("knots", [[1, 2], [1, 1, 2], [3, 2, 1]], ids=["two", "equal", "down"])
def test_bad_knots_are_refused(knots):
    with pytest.raises(DataError, match="knots"):
        natural_spline([1.0], knots)


def test_unknown_values_have_no_knots():
    with pytest.raises(DataError, match="finite"):
        spline_knots([1.0, np.nan, 2.0], 2)

"""Rubin's rules."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.emulation.imputation import rubin

ROUNDING = 1e-12


def test_by_hand():
    # Estimates 1, 2, 3 with variances 1: within 1, between 1, total 1 + 4/3 = 7/3.
    found = rubin(np.array([[1.0], [2.0], [3.0]]), np.ones((3, 1)), 100.0)
    assert found.within[0] == 1.0
    assert found.between[0] == 1.0
    assert found.total[0] == pytest.approx(7 / 3, rel=ROUNDING)
    share = 4 / 7
    large = 2 / share**2
    observed = 101 / 103 * 100 * (1 - share)
    assert found.df[0] == pytest.approx(1 / (1 / large + 1 / observed), rel=ROUNDING)
    ratio = 4 / 3
    lost = (ratio + 2 / (found.df[0] + 3)) / (ratio + 1)
    assert found.missing_information[0] == pytest.approx(lost, rel=ROUNDING)


def test_degrees_of_freedom_never_exceed_those_of_the_complete_data():
    rng = np.random.default_rng(1)
    found = rubin(rng.normal(size=(50, 20)), np.full((50, 20), 30.0), 12.0)
    assert (found.df <= 12).all()


def test_imputations_that_agree_lose_nothing():
    found = rubin(np.ones((5, 2)), np.full((5, 2), 0.3), 40.0)
    np.testing.assert_allclose(found.total, 0.3)
    np.testing.assert_array_equal(found.missing_information, 0.0)


def test_unknown_estimates_stay_unknown():
    rows = np.array([[1.0, np.nan], [2.0, np.nan]])
    found = rubin(rows, np.ones((2, 2)), 40.0)
    assert np.isfinite(found.total[0])
    assert np.isnan(found.total[1])


def test_one_imputation_is_refused():
    with pytest.raises(DataError, match="two or more"):
        rubin(np.ones((1, 2)), np.ones((1, 2)), 40.0)

"""Joint critical values and adjusted p-values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.maxt import (
    benjamini_hochberg,
    cluster_sums,
    holm,
    joint_critical_value,
    max_t_p_values,
)

REPLICATES = 40_000


def independent(n, k, seed=1):
    """Return influence columns that are exactly uncorrelated."""
    raw = np.random.default_rng(seed).normal(size=(n, k))
    return np.linalg.qr(raw)[0]


def test_one_estimate_has_the_normal_quantile():
    made = joint_critical_value(independent(50, 1), level=95.0, seed=1)
    assert made == pytest.approx(special.ndtri(0.975), rel=1e-12)


def test_equal_estimates_count_once():
    column = independent(50, 1)
    made = joint_critical_value(
        np.hstack([column, 3.0 * column, -column]), level=95.0, seed=1, replicates=REPLICATES
    )
    # Four standard errors of the simulated quantile.
    assert made == pytest.approx(special.ndtri(0.975), abs=0.06)


def test_independent_estimates_have_the_quantile_of_sidak():
    made = joint_critical_value(independent(80, 5), level=95.0, seed=1, replicates=REPLICATES)
    expected = special.ndtri(0.5 + 0.95**0.2 / 2.0)
    assert made == pytest.approx(expected, abs=0.05)


def test_known_estimates_and_units_change_nothing():
    influence = independent(80, 3)
    one = joint_critical_value(influence, level=90.0, seed=4)
    two = joint_critical_value(
        np.column_stack([influence * [1.0, 100.0, 0.01], np.zeros(80)]), level=90.0, seed=4
    )
    assert two == pytest.approx(one, rel=1e-9)
    only = joint_critical_value(np.zeros((5, 2)), level=95.0, seed=1)
    assert only == pytest.approx(special.ndtri(0.975))


def test_clusters_are_added_first():
    influence = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
    np.testing.assert_array_equal(
        cluster_sums(influence, np.array([7, 2, 7])), [[3.0, -1.0], [1.5, 2.5]]
    )
    assert cluster_sums(influence, None) is influence


def test_adjusted_p_values_of_independent_tests_are_those_of_sidak():
    statistic = np.array([1.0, 3.0, -2.4])
    made = max_t_p_values(statistic, independent(90, 3), seed=2, replicates=REPLICATES)
    p = 2.0 * special.ndtr(-np.abs(statistic))
    # Step by step: 3, then 2, then 1 tests are left.
    expected = [p[0], 1.0 - (1.0 - p[1]) ** 3, 1.0 - (1.0 - p[2]) ** 2]
    np.testing.assert_allclose(made, expected, atol=0.01)


def test_one_sided_tests_look_one_way():
    made = max_t_p_values(
        [-4.0, 2.0], independent(90, 2), seed=2, alternative="greater", replicates=REPLICATES
    )
    assert made[0] > 0.99
    assert made[1] == pytest.approx(1.0 - special.ndtr(2.0) ** 2, abs=0.005)


def test_missing_tests_are_left_alone():
    made = max_t_p_values([np.nan, 2.0], independent(90, 2), seed=2)
    assert np.isnan(made[0])
    assert made[1] == pytest.approx(2.0 * special.ndtr(-2.0), abs=0.01)
    assert np.isnan(max_t_p_values([np.nan], independent(9, 1), seed=1)).all()


def test_family_wise_error_is_held():
    rng = np.random.default_rng(8)
    rejected = 0
    for _ in range(300):
        common = rng.normal(size=(200, 1))
        sample = 0.8 * common + rng.normal(size=(200, 6))
        z = sample.mean(axis=0) / sample.std(axis=0) * np.sqrt(200)
        p = max_t_p_values(z, sample - sample.mean(axis=0), seed=1, replicates=500)
        rejected += int(p.min() <= 0.05)
    # 300 families: 5 percent give or take three standard errors.
    assert 0.012 < rejected / 300 < 0.088


def test_holm_by_hand():
    made = holm([0.01, 0.04, np.nan, 0.03])
    np.testing.assert_allclose(made, [0.03, 0.06, np.nan, 0.06])
    assert holm([0.9, 0.8])[0] == 1.0


def test_benjamini_hochberg_by_hand():
    # Benjamini and Hochberg 1995: p (k / rank), made monotone from the largest down.
    made = benjamini_hochberg([0.01, 0.04, np.nan, 0.03, 0.5])
    np.testing.assert_allclose(made, [0.04, 0.04 * 4 / 3, np.nan, 0.04 * 4 / 3, 0.5])


def test_bad_input_is_named():
    with pytest.raises(DataError, match="too few for a level of 99"):
        joint_critical_value(independent(9, 2), level=99.0, seed=1, replicates=50)
    with pytest.raises(DataError, match="one column per statistic"):
        max_t_p_values([1.0], independent(9, 2), seed=1)
    with pytest.raises(DataError, match="has no spread"):
        max_t_p_values([1.0, 2.0], np.zeros((9, 2)), seed=1)
    with pytest.raises(DataError, match="not between 0 and 1"):
        holm([1.2])

"""Meta-regression by hand, in special cases, at its edges, and what it refuses."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.metaregression import meta_regression, predict, profile_likelihood
from locoreg.stats.randomeffects import random_effects
from locoreg.stats.tau2 import METHODS

PLAIN = {"interval": "normal", "level": 95}
OWN_WEIGHTS = [method for method in METHODS if method != "GENQ"]
# Two ways to add up the same numbers.
SAME = {"rtol": 1e-9, "atol": 1e-11}


def drawn(k, seed):
    rng = np.random.default_rng(seed)
    vi = rng.uniform(0.02, 0.4, k)
    x = np.column_stack([np.ones(k), rng.normal(size=k), rng.integers(0, 2, k)])
    return rng.normal(0.3 * x[:, 1], np.sqrt(vi + 0.1)), vi, x


def test_a_line_through_three_studies_by_hand() -> None:
    # v = 1: ordinary least squares. Slope 1/2, mean 1, residuals 1/2 (1, -2, 1) times 1.
    fit = meta_regression(
        [0.5, 0.0, 1.5], [1, 1, 1], [[1, -1], [1, 0], [1, 1]], names="ab", method="CE", **PLAIN
    )
    np.testing.assert_allclose(fit.b, [2 / 3, 1 / 2], rtol=1e-14)
    np.testing.assert_allclose(fit.se, [3**-0.5, 2**-0.5], rtol=1e-14)
    np.testing.assert_allclose(fit.qe, 2 / 3, rtol=1e-13)
    np.testing.assert_allclose(fit.qm, 1 / 2, rtol=1e-13)
    np.testing.assert_allclose(fit.hat, [5 / 6, 1 / 3, 5 / 6], rtol=1e-13)
    np.testing.assert_allclose(fit.fitted + fit.residuals, [0.5, 0.0, 1.5], rtol=1e-14)


@pytest.mark.parametrize("method", OWN_WEIGHTS)
def test_two_groups_are_two_pools_that_share_tau2(method) -> None:
    yi, vi, _ = drawn(9, 3)
    second = np.arange(9) % 2
    options = {"method": method, "interval": "hartung-knapp", "level": 90}
    dummy = meta_regression(
        yi, vi, np.column_stack([np.ones(9), second]), names=["a", "b - a"], **options
    )
    cells = meta_regression(
        yi, vi, np.column_stack([1 - second, second]), names=["a", "b"], **options
    )
    np.testing.assert_allclose(dummy.tau2, cells.tau2, **SAME)
    np.testing.assert_allclose(dummy.b.sum(), cells.b[1], **SAME)
    np.testing.assert_allclose(dummy.qe, cells.qe, **SAME)
    assert np.isnan(cells.r2)
    assert 0 <= dummy.r2 <= 100


def test_units_of_a_moderator_change_nothing_but_its_coefficient() -> None:
    yi, vi, x = drawn(12, 8)
    moved = x.copy()
    moved[:, 1] = 1e6 + 1e-3 * x[:, 1]
    names = ["mean", "x", "group"]
    one = meta_regression(yi, vi, x, names=names, method="REML", **PLAIN)
    two = meta_regression(yi, vi, moved, names=names, method="REML", **PLAIN)
    # The moved column itself holds nine digits of what it held.
    np.testing.assert_allclose(two.b[1] * 1e-3, one.b[1], rtol=1e-6)
    np.testing.assert_allclose(two.tau2, one.tau2, rtol=1e-6)
    np.testing.assert_allclose(two.loglik, one.loglik, rtol=1e-6)
    np.testing.assert_allclose(two.fitted, one.fitted, atol=1e-7)


def test_unequal_variances_lose_no_digits() -> None:
    # Two studies of variance 1e-14 fix the line; what the others add is exact arithmetic.
    yi, vi = [0.0, 1.0, 5.0, 3.0], [1e-14, 1e-14, 1.0, 1.0]
    x = [[1, 0], [1, 1], [1, 2], [1, 3]]
    fit = meta_regression(yi, vi, x, names="ab", method="CE", **PLAIN)
    np.testing.assert_allclose(fit.b, [0, 1], atol=1e-12)
    np.testing.assert_allclose(fit.qe, 9.0, rtol=1e-12)
    dl = meta_regression(yi, vi, x, names="ab", method="DL", **PLAIN)
    # tr P = 2 + (tiny): contrasts 3 and 0 of variance 1.
    np.testing.assert_allclose(dl.tau2, (9.0 - 2.0) / (2.0 + 5.0 + 13.0), rtol=1e-9)


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_the_likelihood_is_highest_there(method) -> None:
    rng = np.random.default_rng(5)
    for _ in range(15):
        k = 8
        vi = 10 ** rng.uniform(-4, 0.5, k)
        x = np.column_stack([np.ones(k), rng.normal(size=k)])
        yi = rng.normal(0, np.sqrt(vi + rng.choice([0.0, 0.05, 1.0])))
        fit = meta_regression(yi, vi, x, names="ab", method=method, **PLAIN)

        def height(tau2, yi=yi, vi=vi, x=x, k=k):
            w = 1 / (vi + tau2)
            a = x.T @ (w[:, None] * x)
            r = yi - x @ np.linalg.solve(a, x.T @ (w * yi))
            logs = np.log(w).sum() - (w * r * r).sum()
            if method == "REML":
                logs += np.linalg.slogdet(x.T @ x)[1] - np.linalg.slogdet(a)[1]
            count = k - 2 if method == "REML" else k
            return 0.5 * (logs - count * np.log(2 * np.pi))

        grid = np.r_[0.0, np.geomspace(1e-6, 1e2, 300)]
        assert fit.loglik >= max(height(t) for t in grid) - 1e-9
        np.testing.assert_allclose(fit.loglik, height(fit.tau2), rtol=1e-9)


def test_profile_limits_cut_the_likelihood() -> None:
    yi, vi, x = drawn(15, 2)
    found = profile_likelihood(yi, vi, method="REML", level=90, x=x)
    fit = meta_regression(yi, vi, x, names="abc", method="REML", **PLAIN)
    np.testing.assert_allclose(found.tau2, fit.tau2, **SAME)
    assert found.tau2_low < found.tau2 < found.tau2_high
    none = profile_likelihood([0.1, 0.1, 0.1], [1, 2, 3], method="ML", level=95, x=None)
    assert (none.tau2, none.tau2_low, none.low_at_zero) == (0, 0, True)

    def below(tau2):
        w = 1 / (np.array([1, 2, 3]) + tau2)
        return 0.5 * (np.log(w).sum() - np.log(1 / np.array([1, 2, 3])).sum()) + 1.920729410347062

    np.testing.assert_allclose(
        none.tau2_high, optimize.brentq(below, 0, 1e3, xtol=1e-13), rtol=1e-9
    )
    with pytest.raises(DesignError, match="One study"):
        profile_likelihood([0.1], [1.0], method="ML", level=95, x=None)


def exactly(y, v, years, tau2):
    """Coefficients, residual Q, trace of P and variance of the slope in rational arithmetic."""
    w = 1 / (v + tau2)
    ones, first, second = w.sum(), w @ years, w @ years**2
    det = ones * second - first**2
    mean = (second * (w @ y) - first * (w @ (years * y))) / det
    slope = (ones * (w @ (years * y)) - first * (w @ y)) / det
    leverage = (second - 2 * first * years + ones * years**2) * w / det
    residual = y - mean - slope * years
    return (mean, slope), w @ residual**2, w @ (1 - leverage), ones / det


def test_raw_years_and_one_huge_study_lose_no_digits() -> None:
    # Like the magnesium trials with ISIS-4: metafor's projection loses eight of sixteen digits.
    y = [-0.83, -1.06, -1.28, -0.04, 0.22, -2.41, -0.30, 0.0553]
    v = [1.55, 0.17, 0.65, 2.0, 0.24, 1.15, 0.02, 0.00095]
    years = [1984, 1986, 1987, 1987, 1989, 1990, 1992, 1995]
    exact = [np.array([Fraction(value) for value in values]) for values in (y, v, years)]
    _, q, trace, _ = exactly(*exact, Fraction(0))
    tau2 = Fraction(float((q - 6) / trace))
    b, _, _, variance = exactly(*exact, tau2)
    fit = meta_regression(
        y, v, np.column_stack([np.ones(8), years]), names=["mean", "year"], method="DL", **PLAIN
    )
    assert fit.tau2 > 0.01
    ours = [fit.qe, fit.tau2, *fit.b, fit.vcov[1, 1]]
    assert ours == pytest.approx([float(value) for value in (q, tau2, *b, variance)], rel=1e-13)


def test_predictions_at_a_studied_point() -> None:
    yi, vi, x = drawn(10, 4)
    for interval in ("normal", "hartung-knapp"):
        fit = meta_regression(yi, vi, x, names="abc", method="DL", interval=interval, level=95)
        there = predict(fit, x[:3], prediction="metafor")
        np.testing.assert_allclose(there.mu, fit.fitted[:3], **SAME)
        se = np.sqrt(np.einsum("mp,pq,mq->m", x[:3], fit.vcov, x[:3]))
        np.testing.assert_allclose(there.se, se, rtol=1e-8)
        wide = (there.pi_high - there.mu) / (there.ci_high - there.mu)
        np.testing.assert_allclose(wide, np.sqrt(fit.tau2 + se**2) / se, rtol=1e-9)
    with pytest.raises(DataError, match="columns a, b, c"):
        predict(fit, [[1.0, 2.0]], prediction="riley")


def test_a_prediction_as_metafor_prints_it() -> None:
    # predict(rma(yi, vi, mods = ~ x, method = "REML"), newmods = 3), metafor 3.8.1.
    yi, vi = [0.3, -0.2, 0.8, 0.1, 1.2], [0.1, 0.2, 0.05, 0.3, 0.15]
    x = [[1, 1], [1, 3], [1, 2], [1, 7], [1, 5]]
    for interval, printed in (
        ("normal", [0.4915, 0.2729, -0.0434, 1.0264, -0.5826, 1.5656]),
        ("hartung-knapp", [0.4915, 0.2816, -0.4047, 1.3877, -1.2666, 2.2496]),
    ):
        fit = meta_regression(yi, vi, x, names="ab", method="REML", interval=interval, level=95)
        there = predict(fit, [[1.0, 3.0]], prediction="metafor")
        found = [there.mu, there.se, there.ci_low, there.ci_high, there.pi_low, there.pi_high]
        np.testing.assert_allclose(np.ravel(found), printed, atol=5.1e-5)


def test_the_published_prediction_of_a_mean() -> None:
    yi, vi, _ = drawn(10, 4)
    pool = random_effects(yi, vi, method="REML", interval="normal", level=95, prediction="riley")
    fit = meta_regression(yi, vi, np.ones((10, 1)), names="m", method="REML", **PLAIN)
    there = predict(fit, [[1.0]], prediction="riley")
    np.testing.assert_allclose([there.pi_low[0]], pool.pi_low, rtol=1e-9)


def test_effects_on_a_line_leave_nothing() -> None:
    x = np.column_stack([np.ones(6), np.arange(6)])
    for method in OWN_WEIGHTS:
        fit = meta_regression(
            2 + 3 * np.arange(6.0), [0.1] * 6, x, names="ab", method=method, **PLAIN
        )
        np.testing.assert_allclose(fit.b, [2, 3], rtol=1e-9)
        # SJ multiplies a rounding error by the variance of the effects.
        assert fit.tau2 == pytest.approx(0, abs=1e-20)
        assert fit.h2 >= 0
    same = meta_regression([0.3] * 6, [0.1] * 6, x, names="ab", method="REML", **PLAIN)
    assert (same.tau2, same.r2, same.b[1], same.b[0]) == (0, 0, 0, 0.3)


def test_studies_can_be_one_more_than_columns() -> None:
    fit = meta_regression(
        [0.1, 0.9, 0.2],
        [0.1, 0.2, 0.3],
        [[1, 0], [1, 1], [1, 2]],
        names="ab",
        method="REML",
        **PLAIN,
    )
    assert fit.qe_df == 1
    # One contrast, 2 y1 - y0 - y2 = 1.5, of variance 4 v1 + v0 + v2 + 6 tau2.
    np.testing.assert_allclose(fit.tau2, (1.5**2 - 1.2) / 6, rtol=1e-9)


@pytest.mark.parametrize(
    ("x", "names", "error", "words"),
    [
        ([[1, 1], [1, 2], [1, 3]], "ab", None, ""),
        ([[1, 2], [1, 2], [1, 2]], ["mean", "two"], DesignError, "Column two of x adds nothing"),
        (np.eye(3), "abc", DesignError, "3 studies can't bear 3"),
        ([[1, 1], [1, np.nan], [1, 3]], ["mean", "age"], DataError, "age of study 2 is nan"),
        ([[1, "x"]] * 3, "ab", DataError, "numbers"),
        ([[1, 1], [1, 2]], "ab", DataError, "3 studies"),
        ([[1, 1], [1, 2], [1, 3]], "aa", DataError, "one name"),
    ],
)
def test_designs_that_can_and_cannot_be_used(x, names, error, words) -> None:
    yi, vi = [0.1, 0.2, 0.4], [0.1, 0.1, 0.1]
    if error is None:
        meta_regression(yi, vi, x, names=names, method="DL", **PLAIN)
        return
    with pytest.raises(error, match=words):
        meta_regression(yi, vi, x, names=names, method="DL", **PLAIN)


def test_a_column_that_others_explain_is_named() -> None:
    yi, vi, x = drawn(8, 1)
    x = np.column_stack([x, x[:, 1] - 2 * x[:, 2]])
    with pytest.raises(DesignError, match="Column late"):
        meta_regression(yi, vi, x, names=["m", "a", "b", "late"], method="DL", **PLAIN)


def test_weights_are_for_genq_alone() -> None:
    yi, vi, x = drawn(8, 1)
    with pytest.raises(DataError, match="needs weights"):
        meta_regression(yi, vi, x, names="abc", method="GENQ", **PLAIN)
    with pytest.raises(DataError, match="makes its own"):
        meta_regression(yi, vi, x, names="abc", method="DL", weights=vi, **PLAIN)
    # metafor 3.8.1: rma(yi, vi, mods = ~ x, method = "GENQ", weights = 1/sqrt(vi)).
    vi = np.array([0.1, 0.2, 0.05, 0.3, 0.15])
    fit = meta_regression(
        [0.3, -0.2, 0.8, 0.1, 1.2], vi, [[1, 1], [1, 3], [1, 2], [1, 7], [1, 5]],
        names="ab", method="GENQ", interval="hartung-knapp", level=95, weights=1 / np.sqrt(vi),
    )  # fmt: skip
    np.testing.assert_allclose(
        [*fit.b, *fit.se, fit.tau2, fit.se_tau2, fit.i2, fit.h2, fit.r2, fit.qe, fit.qm],
        [0.48285584954943, 0.01046673669620, 0.52893061226633, 0.13773347446783, 0.23679985384805,
         0.30297394853115, 66.60102691231927, 2.99410403240467, 0, 8.05117967332123,
         0.00577488834676],
        rtol=1e-11,
    )  # fmt: skip

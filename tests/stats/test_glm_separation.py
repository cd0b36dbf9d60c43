"""Separation is found exactly, and Firth's penalty against published numbers and brute force."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from locoreg.core.errors import ConvergenceError
from locoreg.stats.glm import SeparationError, glm, glm_replicates, profile_interval
from locoreg.stats.glm.data import check_design
from locoreg.stats.glm.families import FAMILIES, FAMILY
from locoreg.stats.glm.separation import find_separation

# logistf stops when no score is above 1e-5 and prints nine digits.
LOGISTF = 5e-7
# A general maximiser without derivatives.
BRUTE = 1e-5

# Endometrial cancer of 79 women: neovasculation, pulsatility index, endometrium height, and high
# grade. Heinze and Schemper, Statistics in Medicine 2002;21:2409-2419, table I.
# fmt: off
PI = [13, 16, 8, 34, 20, 5, 17, 10, 26, 17, 8, 7, 20, 10, 18, 16, 18, 8, 29, 12, 20, 38, 22, 7, 25,
      15, 7, 28, 11, 19, 10, 10, 18, 14, 21, 11, 17, 25, 16, 19, 15, 33, 24, 48, 12, 19, 2, 22, 40,
      5, 0, 21, 15, 29, 15, 12, 3, 20, 23, 12, 22, 42, 15, 13, 14, 19, 12, 13, 10, 12, 49, 6, 5, 17,
      11, 21, 5, 19, 33]
EH = [1.64, 2.26, 3.14, 2.68, 1.28, 2.31, 1.8, 1.68, 1.56, 2.31, 2.01, 1.89, 3.15, 1.23, 1.27, 1.76,
      2, 2.64, 0.88, 1.27, 1.37, 0.97, 1.14, 0.88, 0.91, 0.58, 0.97, 1.5, 1.33, 2.37, 1.82, 3.13,
      1.31, 1.92, 1.64, 2.01, 1.88, 1.93, 2.11, 1.29, 1.72, 0.75, 1.92, 1.84, 1.11, 1.61, 1.18,
      1.44, 1.18, 0.93, 1.17, 1.19, 1.06, 2.02, 2.29, 2.33, 2.9, 1.7, 1.41, 2.25, 1.54, 1.97, 1.75,
      2.16, 2.57, 1.37, 3.61, 2.04, 2.17, 1.69, 0.27, 1.84, 1.3, 0.96, 1.01, 0.98, 0.35, 1.02, 0.85]
# fmt: on
NEOVASCULATION = [22, 23, 24, 25, 26, 48, 49, 50, 51, 71, 75, 76, 78]
HIGH_GRADE = [*range(18, 28), *range(44, 54), *range(70, 80)]
NAMES = ["one", "neovasculation", "pulsatility", "height"]


def marked(rows):
    return np.isin(np.arange(1, 80), rows).astype(float)


GRADE = marked(HIGH_GRADE)
WOMEN = np.column_stack([np.ones(79), marked(NEOVASCULATION), PI, EH])


# --- Firth ------------------------------------------------------------------------------------


def test_published_firth_estimates_and_profile_intervals():
    fit = glm(GRADE, WOMEN, family="logistic", penalty="firth", names=NAMES)
    # R package logistf on the same data: coefficients and profile-likelihood limits.
    expected = [3.77455951, 2.92927330, -0.03475175, -2.60416387]
    np.testing.assert_allclose(fit.coefficients, expected, rtol=LOGISTF)
    limits = {
        "one": (1.0825371, 7.20928050),
        "neovasculation": (0.6097244, 7.85463171),
        "pulsatility": (-0.1244587, 0.04045547),
        "height": (-4.3651832, -1.23272106),
    }
    for name, pair in limits.items():
        found = profile_interval(
            GRADE, WOMEN, family="logistic", penalty="firth", name=name, level=95, names=NAMES
        )
        np.testing.assert_allclose([found.ci_low, found.ci_high], pair, rtol=LOGISTF)
        position = NAMES.index(name)
        np.testing.assert_allclose(found.estimate, fit.coefficients[position], rtol=1e-8)
        np.testing.assert_allclose(found.se, fit.se[position], rtol=1e-8)


def test_firth_adds_a_half_where_the_model_is_saturated():
    # Half an event and half a non-event in each arm; half an event in a rate.
    for a, b, c, d in ((0, 10, 4, 6), (3, 9, 8, 2), (0, 5, 7, 0)):
        fit = glm(
            [1, 0, 1, 0],
            np.c_[np.ones(4), [0, 0, 1, 1]],
            family="logistic",
            weight=[a, b, c, d],
            penalty="firth",
        )
        log_odds = np.log([(a + 0.5) / (b + 0.5), (c + 0.5) / (d + 0.5)])
        np.testing.assert_allclose(fit.coefficients, [log_odds[0], np.diff(log_odds)[0]], rtol=1e-9)
    rate = glm([0], [[1.0]], family="poisson", offset=[np.log(40.0)], penalty="firth")
    np.testing.assert_allclose(rate.coefficients, np.log(0.5 / 40), rtol=1e-10)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("separated", [True, False])
def test_firth_maximises_the_penalised_likelihood(family, separated):
    rng = np.random.default_rng(4)
    x = rng.normal(size=25)
    X = np.column_stack([np.ones(25), x, rng.integers(0, 2, 25)])
    y = (x > 0.1).astype(float) if separated else rng.integers(0, 2, 25).astype(float)
    w, offset = rng.uniform(0.5, 2, 25), rng.normal(0, 0.2, 25)
    fit = glm(y, X, family=family, weight=w, offset=offset, penalty="firth")

    def penalised(beta):
        terms = FAMILY[family].terms(X @ beta + offset, y)
        information = (X * (w * terms.expected)[:, None]).T @ X
        return -(w @ terms.loglik) - 0.5 * np.linalg.slogdet(information)[1]

    found = optimize.minimize(
        penalised,
        np.zeros(3),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 5_000, "maxfev": 5_000},
    )
    np.testing.assert_allclose(fit.coefficients, found.x, rtol=BRUTE, atol=BRUTE)
    # Counts are 0 and 1 here: nothing is left out of a Poisson log-likelihood either.
    np.testing.assert_allclose(fit.penalised_loglik, -found.fun, rtol=1e-10)


def test_firth_shrinks_less_with_more_rows():
    """The penalty is of order 1, so that with copies of the data the fit tends to the usual one."""
    rng = np.random.default_rng(7)
    X = np.column_stack([np.ones(50), rng.normal(size=50)])
    y = (rng.random(50) < 0.5).astype(float)
    plain = glm(y, X, family="logistic").coefficients
    gaps = [
        np.abs(glm(y, X, family="logistic", weight=[k] * 50, penalty="firth").coefficients - plain)
        for k in (1.0, 10.0, 100.0)
    ]
    np.testing.assert_allclose(gaps[1] / gaps[2], 10.0, rtol=0.02)
    assert (gaps[0] > gaps[1]).all()


# --- separation -------------------------------------------------------------------------------


def test_quasi_complete_separation_names_covariate_rows_and_direction():
    with pytest.raises(SeparationError) as raised:
        glm(GRADE, WOMEN, family="logistic", names=NAMES)
    found = raised.value.separation
    assert found.kind == "quasi-complete"
    assert found.names == ("neovasculation",)
    assert (found.rows + 1).tolist() == NEOVASCULATION
    assert found.direction[1] > 0
    assert (found.direction[[0, 2, 3]] == 0).all()
    assert isinstance(raised.value, ConvergenceError)
    assert "'neovasculation' (+∞) runs away" in raised.value.message
    assert "13 of 79 rows" in raised.value.message
    assert "rows 22, 23, 24, 25, 26 and 8 more" in raised.value.message
    assert "firth" in raised.value.hint
    with pytest.raises(SeparationError, match="'neovasculation' \\(\N{MINUS SIGN}∞\\)"):
        glm(1 - GRADE, WOMEN, family="cloglog", names=NAMES)


def test_complete_separation_and_constant_outcomes():
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    X = np.column_stack([np.ones(6), x])
    with pytest.raises(SeparationError, match=r"\(complete\).*6 of 6 rows") as raised:
        glm(x > 3, X, family="logistic", names=["one", "x"])
    signed = np.where(x > 3, 1, -1)
    assert (signed * (X @ raised.value.separation.direction) > 0).all()
    for value, sign in ((0.0, "\N{MINUS SIGN}"), (1.0, r"\+")):
        with pytest.raises(SeparationError, match=f"y is {value:g} in all rows.*'one' \\({sign}∞"):
            glm(np.full(6, value), X, family="logistic", names=["one", "x"])


def test_counts_are_separated_by_zeros_only():
    group = np.repeat([0.0, 1.0], 5)
    X = np.column_stack([np.ones(10), group])
    with pytest.raises(SeparationError, match=r"'treated' .*5 of 10 rows") as raised:
        glm([1, 0, 2, 0, 1, 0, 0, 0, 0, 0], X, family="poisson", names=["one", "treated"])
    assert raised.value.separation.rows.tolist() == [5, 6, 7, 8, 9]
    # Ones only in a group separate a binary outcome, but not counts.
    ones = [1, 0, 2, 0, 1, 3, 1, 1, 1, 1]
    np.testing.assert_allclose(
        glm(ones, X, family="poisson").coefficients, [np.log(0.8), np.log(1.4 / 0.8)], rtol=1e-9
    )


def test_weights_decide_who_counts():
    X = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
    y = np.array([0, 1, 0, 1, 1, 1, 1, 0.0])
    assert glm(y, X, family="logistic").n == 8
    weight = np.ones(8)
    weight[7] = 0.0
    with pytest.raises(SeparationError, match=r"3 of 7 rows .*\(rows 5, 6, 7\)"):
        glm(y, X, family="logistic", weight=weight)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=3, max_size=14),
    st.sampled_from(["logistic", "cloglog"]),
)
def test_one_covariate_is_separated_if_and_only_if_a_threshold_splits_it(rows, family):
    x, y = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if np.unique(x).size < 2:
        return
    events, others = x[y == 1], x[y == 0]
    split = (
        min(events.size, others.size) == 0
        or events.min() >= others.max()
        or others.min() >= events.max()
    )
    X = np.column_stack([np.ones(x.size), x])
    if not split:
        assert np.isfinite(glm(y, X, family=family).coefficients).all()
        return
    with pytest.raises(SeparationError) as raised:
        glm(y, X, family=family)
    found = raised.value.separation
    margin = np.where(y == 1, 1, -1) * (X @ found.direction)
    assert (margin > -1e-9).all()
    assert np.flatnonzero(margin > 1e-9).tolist() == found.rows.tolist()
    if events.size and others.size:
        # Rows that some threshold fits perfectly: not those that sit on the only one.
        low, high = sorted((events, others), key=lambda side: (side.mean(), side.min()))
        on_threshold = (x == high.min()) & (low.max() == high.min())
        assert found.rows.tolist() == np.flatnonzero(~on_threshold).tolist()


@settings(deadline=None, max_examples=80)
@given(
    st.integers(0, 100_000),
    st.sampled_from(FAMILIES),
    st.integers(3, 14),
    st.integers(0, 2),
)
def test_newton_and_the_linear_program_agree(seed, family, n, covariates):
    """On all data a fit exists where no direction does, and each replicate knows it too."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), *rng.integers(0, 4, (covariates, n)).astype(float)])
    y = (rng.random(n) < 0.5).astype(float) * (rng.integers(1, 9, n) if family == "poisson" else 1)
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return
    design = check_design(y, X, family=family, weight=None, offset=None, cluster=None, names=None)
    found = find_separation(design)
    failed = glm_replicates(y, X, family=family, weights=np.ones((1, n))).failed.size
    assert failed == (found is not None)
    if found is None:
        assert glm(y, X, family=family).largest_step < 1e-6
    else:
        with pytest.raises(SeparationError):
            glm(y, X, family=family)


def test_likelihood_that_flattens_before_the_steps_shrink():
    """Events alone in a group: with this link the score vanishes twice as fast as the steps."""
    with pytest.raises(SeparationError, match=r"2 of 4 rows are .*\(rows 3, 4\)"):
        glm([0, 1, 1, 1], [[1, 0], [1, 0], [1, 1], [1, 1]], family="cloglog")


def test_many_rows_and_covariates_are_decided_quickly():
    rng = np.random.default_rng(3)
    n = 20_000
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 5)), rng.random(n) < 0.001])
    y = (rng.random(n) < 0.3).astype(float)
    y[X[:, 6] == 1] = 1.0
    with pytest.raises(SeparationError) as raised:
        glm(y, X, family="logistic", names=[*"abcdef", "rare"])
    assert raised.value.separation.names == ("rare",)
    assert raised.value.separation.rows.tolist() == np.flatnonzero(X[:, 6]).tolist()


def test_directions_of_several_kinds_are_all_found():
    # Three groups: one has events only, one none, one both. Two directions, found in one answer.
    group = np.repeat([0, 1, 2], 6)
    X = np.column_stack([group == 0, group == 1, group == 2]).astype(float)
    y = np.array([0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0.0])
    with pytest.raises(SeparationError) as raised:
        glm(y, X, family="logistic", names=["mixed", "all", "none"])
    found = raised.value.separation
    assert found.names == ("all", "none")
    assert found.rows.tolist() == list(range(6, 18))
    assert np.sign(found.direction).tolist() == [0, 1, -1]


def test_the_error_survives_the_way_from_a_worker():
    with pytest.raises(SeparationError) as raised:
        glm(GRADE, WOMEN, family="logistic", names=NAMES)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert str(copy) == str(raised.value)
    assert copy.separation.names == ("neovasculation",)


def test_replicates_with_a_penalty_never_fail():
    rng = np.random.default_rng(2)
    weights = rng.multinomial(79, np.full(79, 1 / 79), size=30).astype(float)
    plain = glm_replicates(GRADE, WOMEN, family="logistic", weights=weights)
    assert plain.failed.size == 30
    assert {reason.split(":")[0] for reason in plain.reasons} == {"the estimates grow without end"}
    firth = glm_replicates(GRADE, WOMEN, family="logistic", weights=weights, penalty="firth")
    assert firth.failed.size == 0
    assert np.abs(firth.coefficients).max() < 20

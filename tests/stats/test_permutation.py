"""Permutation tests against metafor, by enumeration, and what they refuse."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.metaregression import meta_regression
from locoreg.stats.permutation import permutation_test
from locoreg.stats.randomeffects import random_effects
from tests.stats.metafor_cases import INTERVALS, METHODS, analyses, check, number

TESTED = {label: a for label, a in analyses() if a.get("permutation_test")}
YI = [0.3, -0.2, 0.8, 0.1, 1.2]
VI = [0.1, 0.2, 0.05, 0.3, 0.15]
X = np.column_stack([np.ones(5), [1, 3, 2, 7, 5]])
EXACT = {"draws": "exact", "seed": None}


@pytest.mark.parametrize("label", TESTED)
def test_exact_tests_agree_with_metafor(label) -> None:
    theirs = TESTED[label]["permutation_test"]
    ours = permutation_test(
        number(TESTED[label]["yi"]),
        number(TESTED[label]["vi"]),
        x=None,
        names=(),
        method=METHODS[theirs["method"]],
        interval=INTERVALS[theirs["test"]],
        **EXACT,
    )
    check("statistic", ours.statistic[0], theirs["zval"], {"rtol": 1e-9})
    check("p", ours.p_value[0], theirs["pval"], {"rtol": 1e-14})
    assert (ours.permutations, ours.exact) == (theirs["iterations"], theirs["exact"])
    assert ours.mc_error[0] == 0


def test_all_pinned_tests_are_there() -> None:
    assert len(TESTED) >= 4


@pytest.mark.parametrize("method", ["REML", "CE"])
def test_signs_are_those_of_a_plain_loop(method) -> None:
    options = {"method": method, "interval": "hartung-knapp", "level": 95, "prediction": "riley"}
    seen = [
        abs(float(random_effects(np.array(YI) * signs, VI, **options).statistic))
        for signs in product([-1, 1], repeat=5)
    ]
    ours = permutation_test(
        YI, VI, x=np.ones((5, 1)), names=["m"], method=method, interval="hartung-knapp", **EXACT
    )
    observed = abs(float(random_effects(YI, VI, **options).statistic))
    assert ours.p_value[0] == np.mean(np.array(seen) >= observed - 1e-9)
    assert ours.permutations == 32


@pytest.mark.parametrize(
    ("interval", "p", "qm_p"),
    [
        ("normal", [0.525, 107 / 120], 107 / 120),
        ("hartung-knapp", [65 / 120, 107 / 120], 107 / 120),
    ],
)
def test_rows_of_a_regression_agree_with_metafor(interval, p, qm_p) -> None:
    # permutest(rma(yi, vi, mods = ~ x, method = "DL"), exact = TRUE), metafor 3.8.1.
    ours = permutation_test(YI, VI, x=X, names=["m", "x"], method="DL", interval=interval, **EXACT)
    np.testing.assert_allclose(ours.p_value, p, rtol=1e-14)
    np.testing.assert_allclose(ours.qm_p, qm_p, rtol=1e-14)
    fit = meta_regression(YI, VI, X, names="mx", method="DL", interval=interval, level=95)
    np.testing.assert_allclose(ours.statistic, fit.statistic, rtol=1e-12)
    np.testing.assert_allclose(ours.qm, fit.qm, rtol=1e-12)
    assert ours.permutations == 120


def test_equal_rows_are_permuted_once() -> None:
    x = np.column_stack([np.ones(5), [0, 0, 1, 1, 1]])
    options = {"names": ["m", "x"], "method": "REML", "interval": "normal"}
    ours = permutation_test(YI, VI, x=x, **options, **EXACT)
    assert ours.permutations == 10
    z = [
        abs(meta_regression(YI, VI, x[list(order)], level=95, **options).statistic[1])
        for order in permutations(range(5))
    ]
    assert ours.p_value[1] == pytest.approx(np.mean(np.array(z) >= abs(ours.statistic[1]) - 1e-8))


def test_random_permutations_come_near_and_repeat() -> None:
    for x, names in ((None, ()), (X, ("m", "x"))):
        options = {"x": x, "names": names, "method": "DL", "interval": "normal"}
        exact = permutation_test(YI, VI, **options, **EXACT)
        one = permutation_test(YI, VI, draws=2000, seed=7, **options)
        two = permutation_test(YI, VI, draws=2000, seed=np.random.default_rng(7), **options)
        assert one.p_value.tolist() == two.p_value.tolist()
        assert (np.abs(one.p_value - exact.p_value) < 5 * one.mc_error + 1 / 2000).all()
        assert (one.permutations, one.exact) == (2001, False)


def test_effects_that_agree_exactly_have_the_smallest_p() -> None:
    ours = permutation_test(
        [0.4] * 6, [0.1] * 6, x=None, names=(), method="REML", interval="normal", **EXACT
    )
    assert ours.p_value[0] == 2 / 64


def test_what_is_refused() -> None:
    options = {"x": None, "names": (), "interval": "normal"}
    with pytest.raises(DesignError, match="permutations"):
        permutation_test([0.1] * 30, [0.1] * 30, method="DL", **options, **EXACT)
    with pytest.raises(DataError, match="seed"):
        permutation_test(YI, VI, method="DL", draws=100, seed=None, **options)
    with pytest.raises(DataError, match="draws"):
        permutation_test(YI, VI, method="DL", draws=0, seed=1, **options)
    with pytest.raises(DataError, match="GENQ"):
        permutation_test(YI, VI, method="GENQ", **options, **EXACT)

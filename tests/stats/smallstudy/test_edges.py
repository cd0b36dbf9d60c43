"""Small-study tests at their edges: few studies, equal effects or sizes, ties, one-sidedness."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.stats.smallstudy import (
    excess_significance,
    harbord,
    macaskill,
    orwin,
    pet_peese,
    peters,
    rank_test,
    regression_test,
    rosenberg,
    rosenthal,
    trim_and_fill,
)

Y = np.array([0.1, 0.5, 0.9, 0.3, -0.2, 0.7])
V = np.array([0.1, 0.2, 0.3, 0.05, 0.15, 0.4])


def fill(y, v, **options):
    given_ = {"estimator": "L0", "side": "slope", "method": "CE", "interval": "normal", "level": 95}
    return trim_and_fill(y, v, **{**given_, **options})


def test_egger_by_hand() -> None:
    w, x = 1 / V, np.sqrt(V)
    mx, my = np.sum(w * x) / w.sum(), np.sum(w * Y) / w.sum()
    sxx = np.sum(w * (x - mx) ** 2)
    slope = np.sum(w * (x - mx) * (Y - my)) / sxx
    residual = Y - my - slope * (x - mx)
    se = math.sqrt(np.sum(w * residual**2) / 4 / sxx)
    found = regression_test(Y, V, model="lm", predictor="se", level=95)
    assert found.slope == pytest.approx(slope, rel=1e-12)
    assert found.slope_se == pytest.approx(se, rel=1e-12)
    assert found.statistic == pytest.approx(slope / se, rel=1e-12)
    assert found.limit_est == pytest.approx(my - slope * mx, rel=1e-12)
    assert (found.test, found.df, found.k) == ("Egger", 4, 6)


@pytest.mark.parametrize("predictor", ["n", "sqrt_n", "inverse_n", "inverse_sqrt_n"])
def test_predictors_of_sample_size(predictor) -> None:
    n = np.array([40, 30, 20, 100, 50, 10])
    x = {"n": n, "sqrt_n": n**0.5, "inverse_n": 1 / n, "inverse_sqrt_n": n**-0.5}[predictor]
    found = regression_test(Y, V, model="lm", predictor=predictor, ni=n, level=95)
    slope = np.polyfit(x, Y, 1, w=1 / np.sqrt(V))[0]
    assert found.slope == pytest.approx(slope, rel=1e-9)
    assert math.isnan(found.limit_est) is (predictor in ("n", "sqrt_n"))


def test_options_that_cannot_apply_are_errors() -> None:
    with pytest.raises(DataError, match="belong to model='meta'"):
        regression_test(Y, V, model="lm", predictor="se", method="REML", level=95)
    with pytest.raises(DataError, match="needs a method"):
        regression_test(Y, V, model="meta", predictor="se", level=95)
    with pytest.raises(DataError, match="needs the sample sizes"):
        regression_test(Y, V, model="lm", predictor="n", level=95)
    with pytest.raises(DataError, match="does not use sample sizes"):
        regression_test(Y, V, model="lm", predictor="se", ni=[1] * 6, level=95)
    with pytest.raises(DataError, match="ni of study 2 is 0"):
        regression_test(Y, V, model="lm", predictor="n", ni=[1, 0, 1, 1, 1, 1], level=95)
    with pytest.raises(DataError, match="predictor"):
        regression_test(Y, V, model="lm", predictor="sei", level=95)
    with pytest.raises(DataError, match="level"):
        pet_peese(Y, V, alpha=0.1, alternative="less", level=0.95)
    with pytest.raises(DataError, match="alpha"):
        pet_peese(Y, V, alpha=10, alternative="less", level=95)


@pytest.mark.parametrize("k", [1, 2])
def test_few_studies_are_refused(k: int) -> None:
    with pytest.raises(DesignError, match="3 studies"):
        regression_test(Y[:k], V[:k], model="lm", predictor="se", level=95)
    with pytest.raises(DesignError, match="3 studies"):
        pet_peese(Y[:k], V[:k], alpha=0.1, alternative="less", level=95)
    if k == 1:
        for run in (lambda: rank_test(Y[:1], V[:1]), lambda: fill(Y[:1], V[:1])):
            with pytest.raises(DesignError, match="2 studies"):
                run()


def test_two_studies() -> None:
    assert rank_test(Y[:2], V[:2]).p_value == 1.0
    # metafor 3.8-1: one study filled in on the left, pooled 0.1.
    found = fill(Y[:2], V[:2])
    assert (found.k0, found.side) == (1, "left")
    assert float(found.filled.mu) == pytest.approx(0.1, rel=1e-12)
    assert found.se_k0 == pytest.approx(1.546712, abs=1e-6)
    with pytest.raises(DesignError, match="two studies"):
        fill(Y[:2], V[:2], method="REML")
    assert fill(Y[:2], V[:2], method="REML", side="left").side == "left"


def test_equal_sizes_have_no_slope() -> None:
    v = np.full(6, 0.1)
    for run in (
        lambda: regression_test(Y, v, model="lm", predictor="se", level=95),
        lambda: rank_test(Y, v),
        lambda: fill(Y, v),
        lambda: pet_peese(Y, v, alpha=0.1, alternative="less", level=95),
    ):
        with pytest.raises(DesignError, match=r"different size|all variances are equal"):
            run()
    assert fill(Y, v, side="right").side == "right"


def test_equal_effects() -> None:
    y = np.full(6, 0.3)
    with pytest.raises(DesignError, match="exactly on a line"):
        regression_test(y, V, model="lm", predictor="se", level=95)
    # metafor 3.8-1: z 0, p 1, limit 0.3.
    found = regression_test(
        y, V, model="meta", predictor="se", method="CE", interval="normal", level=95
    )
    assert (found.statistic, found.p_value) == (0.0, 1.0)
    assert found.limit_est == pytest.approx(0.3, rel=1e-12)
    with pytest.raises(DesignError, match="all effects are equal"):
        rank_test(y, V)
    for estimator in ("L0", "R0", "Q0"):
        assert fill(y, V, estimator=estimator).k0 == 0


def test_effects_on_a_line_leave_no_error() -> None:
    with pytest.raises(DesignError, match="exactly on a line"):
        regression_test(1 + 2 * np.sqrt(V), V, model="lm", predictor="se", level=95)


def test_one_study_that_outweighs_all() -> None:
    # metafor 3.8-1.
    y, v = [0.1, 0.5, 0.9, 0.3, -0.5], [1e-6, 0.2, 0.3, 0.1, 1e3]
    found = regression_test(y, v, model="lm", predictor="se", level=95)
    assert found.statistic == pytest.approx(2.414559, rel=1e-6)
    assert found.limit_est == pytest.approx(0.09925814, rel=1e-6)
    assert rank_test(y, v).p_value == pytest.approx(0.4833333, rel=1e-6)
    assert rosenberg(y, v, alpha=0.05).n == 13013
    assert rosenthal(y, v, alpha=0.05).n == 3970


def test_all_effects_on_one_side() -> None:
    # metafor 3.8-1.
    y, v = -np.array([1, 1.2, 1.4, 1.1, 2, 3]), np.array([0.1, 0.2, 0.3, 0.1, 0.5, 0.6])
    found = fill(y, v)
    assert (found.side, found.k0) == ("right", 2)
    assert float(found.filled.mu) == pytest.approx(-1.117647, rel=1e-6)
    assert found.filled_yi == pytest.approx(2 * found.centre - y[found.trimmed])
    with pytest.raises(DesignError, match="square root"):
        fill(y, v, estimator="Q0")
    excess = excess_significance(y, v, alpha=0.05)
    assert (excess.observed, round(excess.expected, 6)) == (6, 4.222544)
    assert excess.p_value == pytest.approx(0.08150743, rel=1e-6)


def test_kendalls_p_counts_permutations() -> None:
    y, v = Y[:5], V[:5]
    scores = []
    found = rank_test(y, v)
    total = 0
    for order in itertools.permutations(range(5)):
        score = sum(np.sign(order[i] - order[j]) for i, j in itertools.combinations(range(5), 2))
        scores.append(score)
        total += 1
    observed = abs(found.tau) * 10
    beyond = sum(1 for score in scores if abs(score) >= observed - 1e-9)
    assert found.exact
    assert found.p_value == pytest.approx(min(1.0, beyond / total), rel=1e-12)


def test_size_of_eggers_test_without_bias() -> None:
    rng = np.random.default_rng(11)
    runs, found = 400, 0
    for _ in range(runs):
        v = rng.uniform(0.01, 0.4, 15)
        y = rng.normal(0.3, np.sqrt(v))
        found += regression_test(y, v, model="lm", predictor="se", level=95).p_value < 0.05
    # Three standard errors of a proportion of 5%.
    assert abs(found / runs - 0.05) < 3 * math.sqrt(0.05 * 0.95 / runs)


def test_excess_by_hand() -> None:
    found = excess_significance([0.5, 0.1], [0.04, 0.04], alpha=0.05, theta=0.3)
    p, q = found.power
    assert found.observed == 1
    assert found.p_value == pytest.approx(1 - (1 - p) * (1 - q), rel=1e-12)
    assert found.chi2 == pytest.approx((1 - p - q) ** 2 * (1 / (p + q) + 1 / (2 - p - q)))
    wider = excess_significance([0.5, 0.1], [0.04, 0.04], alpha=0.05, theta=0.0, tau2=0.1)
    assert (wider.power > 0.05).all()
    with pytest.raises(DataError, match="tau2"):
        excess_significance(Y, V, alpha=0.05, tau2=-1)


def test_orwin_at_its_ends() -> None:
    assert orwin([0.2, 0.4], target=0.15).n == 2
    assert orwin([-0.2, -0.4], target=0.15).target == -0.15
    assert orwin([0.2, 0.4], target=0.5).n == 0
    with pytest.raises(DesignError, match="other than 0"):
        orwin([0.2, 0.4], target=0)
    assert rosenthal([0.1], [1.0], alpha=0.05).n == 0


def test_counts_that_cannot_be() -> None:
    good = ([1, 2, 3, 4], [9, 8, 17, 26], [2, 2, 5, 6], [8, 8, 15, 24])
    assert harbord(*good, level=95).k == 4
    with pytest.raises(DataError, match="ai of study 2 is -1"):
        harbord([1, -1, 3, 4], *good[1:], level=95)
    with pytest.raises(DataError, match="di of study 1 is nan"):
        peters(*good[:3], [math.nan, 8, 15, 24], level=95)
    with pytest.raises(DataError, match="same length"):
        macaskill([1, 2], *good[1:], level=95)
    with pytest.raises(DesignError, match="there are 2"):
        harbord([0, 1, 0, 2], [10, 9, 10, 8], [0, 2, 0, 1], [10, 8, 10, 9], level=95)
    some = harbord([0, 2, 3, 4], good[1], [0, 2, 5, 6], good[3], level=95)
    assert (some.k, some.left_out) == (3, (0,))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-3, 3), st.floats(0.01, 4)), min_size=3, max_size=12,
        unique_by=(lambda pair: pair[0], lambda pair: pair[1]),
    )
)  # fmt: skip
def test_turning_the_signs_turns_the_answers(rows) -> None:
    y, v = (np.array(column) for column in zip(*rows, strict=True))

    def both(run):
        results = []
        for sign in (1, -1):
            try:
                results.append(run(sign * y))
            except (DesignError, ConvergenceError) as refusal:
                results.append(type(refusal))
        return results

    one, other = both(lambda e: regression_test(e, v, model="lm", predictor="se", level=95))
    if isinstance(one, type):
        assert one is other
    else:
        assert other.statistic == pytest.approx(-one.statistic, rel=1e-6, abs=1e-9)
    left, right = both(
        lambda e: fill(e, v, side="left" if e is not None and e[0] == y[0] else "right")
    )
    if isinstance(left, type):
        assert left is right
    elif y[0] != -y[0]:
        assert left.k0 == right.k0
        assert float(left.filled.mu) == pytest.approx(-float(right.filled.mu), abs=1e-9)

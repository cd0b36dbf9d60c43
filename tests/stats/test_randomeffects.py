"""The kernel against hand-worked numbers, special cases, invariances and bad input."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from locoreg.core.errors import DataError
from locoreg.stats.randomeffects import (
    INTERVALS,
    PREDICTIONS,
    RandomEffects,
    cumulative,
    leave_one_out,
    random_effects,
)
from locoreg.stats.tau2 import METHODS

DL_NORMAL = {"method": "DL", "interval": "normal", "level": 95, "prediction": "riley"}
REML_HK = {"method": "REML", "interval": "hartung-knapp", "level": 95, "prediction": "riley"}
FLOATS = [
    field.name
    for field in fields(RandomEffects)
    if field.name not in ("method", "interval", "prediction", "level")
]
# All but the one that is given its weights.
OWN_WEIGHTS = [method for method in METHODS if method != "GENQ"]
# Two orders of the same double-precision sums.
REORDERED = {"rtol": 1e-8, "atol": 1e-10}


def assert_same(left, right, names=FLOATS, **tolerance):
    for name in names:
        np.testing.assert_allclose(
            getattr(left, name), getattr(right, name), err_msg=name, **(tolerance or REORDERED)
        )


def draw(seed, n, k):
    rng = np.random.default_rng(seed)
    vi = rng.uniform(0.01, 0.5, (n, k))
    return rng.normal(0.2, np.sqrt(vi + rng.choice([0.0, 0.1], (n, 1)))), vi


# --- hand-worked ---------------------------------------------------------------------------


def test_three_studies_by_hand():
    yi, vi = [0, 2, 4], [1, 1, 2]
    # Weights 1, 1, 1/2: sum 5/2, sum of squares 9/4, mean 8/5, Q = 2.56 + 0.16 + 2.88 = 5.6.
    # DL: (5.6 - 2)/(5/2 - 9/10) = 9/4; typical variance 2/(8/5) = 5/4.
    w = [1 / (v + Fraction(9, 4)) for v in vi]
    mu = sum(a * y for a, y in zip(w, yi, strict=True)) / sum(w)
    assert mu == Fraction(86, 47)
    scale = sum(a * (y - mu) ** 2 for a, y in zip(w, yi, strict=True)) / 2
    plain = random_effects(yi, vi, **DL_NORMAL)
    assert_exact = np.testing.assert_allclose
    assert_exact(plain.mu, float(mu), rtol=1e-14)
    assert_exact(plain.se, float(1 / sum(w)) ** 0.5, rtol=1e-14)
    assert_exact(plain.tau2, 2.25, rtol=1e-14)
    assert_exact(plain.q, 5.6, rtol=1e-14)
    assert_exact(plain.typical_variance, 1.25, rtol=1e-14)
    assert_exact(plain.i2, 450 / 7, rtol=1e-14)
    assert_exact(plain.h2, 2.8, rtol=1e-14)
    assert_exact(plain.weights, [float(a / sum(w)) for a in w], rtol=1e-14)
    scaled = random_effects(yi, vi, **{**DL_NORMAL, "interval": "hartung-knapp"})
    assert_exact(scaled.hk_scale, float(scale), rtol=1e-14)
    # t with 2 df has a closed-form quantile: 0.95 sqrt(2/(1 - 0.95^2)).
    quantile = 0.95 * (2 / (1 - 0.95**2)) ** 0.5
    half = quantile * float(scale / sum(w)) ** 0.5
    assert_exact([scaled.ci_low, scaled.ci_high], [float(mu) - half, float(mu) + half], rtol=1e-12)
    # With k - 2 = 1 df the quantile of the prediction interval is Cauchy's: tan(0.475 pi).
    reach = np.tan(0.475 * np.pi) * (2.25 + float(1 / sum(w))) ** 0.5
    assert_exact(plain.pi_high, float(mu) + reach, rtol=1e-12)


# --- special cases that must collapse ------------------------------------------------------


def test_equal_variances_have_closed_forms():
    yi, vi = np.array([-0.5, 0.1, 0.4, 0.9, 1.6]), np.full(5, 0.1)
    for method in ("REML", "PM", "EB", "DL", "HE"):
        fit = random_effects(yi, vi, **{**REML_HK, "method": method})
        np.testing.assert_allclose(fit.tau2, yi.var(ddof=1) - 0.1, rtol=1e-13)
    for method in ("ML", "HS"):
        fit = random_effects(yi, vi, **{**REML_HK, "method": method})
        np.testing.assert_allclose(fit.tau2, yi.var() - 0.1, rtol=1e-13)
    # Hartung-Knapp is then the one-sample t interval, whatever tau2 is.
    t = stats.ttest_1samp(yi, 0.0)
    interval = t.confidence_interval(0.95)
    np.testing.assert_allclose([fit.ci_low, fit.ci_high], [interval.low, interval.high])
    np.testing.assert_allclose(fit.p_value, t.pvalue)


@pytest.mark.parametrize("method", [m for m in OWN_WEIGHTS if m not in ("CE", "SJ")])
@pytest.mark.parametrize("interval", INTERVALS)
def test_without_heterogeneity_the_random_effects_model_is_the_common_effect_one(method, interval):
    yi, vi = [0.20, 0.21, 0.19, 0.20, 0.23], [0.5, 0.4, 0.6, 0.2, 0.3]
    options = {"interval": interval, "level": 90, "prediction": "metafor"}
    fit = random_effects(yi, vi, method=method, **options)
    common = random_effects(yi, vi, method="CE", **options)
    assert fit.tau2 == 0.0
    assert fit.i2 == 0.0
    names = ["mu", "se", "statistic", "p_value", "ci_low", "ci_high", "weights", "q", "hk_scale"]
    assert_same(fit, common, names, rtol=0)


def test_the_floor_acts_only_below_one():
    alike = random_effects([0.2, 0.2, 0.21], [0.1, 0.1, 0.2], **REML_HK)
    floored = random_effects(
        [0.2, 0.2, 0.21], [0.1, 0.1, 0.2], **{**REML_HK, "interval": "hartung-knapp-floor"}
    )
    assert floored.hk_scale == alike.hk_scale < 1
    t = random_effects([0.2, 0.2, 0.21], [0.1, 0.1, 0.2], **{**REML_HK, "interval": "t"})
    assert floored.se == t.se
    assert floored.ci_low == t.ci_low < alike.ci_low


def test_studies_that_agree_exactly_give_exact_zeros():
    fit = random_effects([0.3, 0.3, 0.3], [0.04, 0.05, 0.06], **REML_HK)
    assert (fit.q, fit.tau2, fit.se, fit.hk_scale) == (0, 0, 0, 0)
    assert fit.statistic == np.inf
    assert fit.p_value == 0
    assert fit.ci_low == fit.mu == fit.ci_high


def test_one_study_keeps_its_own_normal_interval_and_says_so():
    for interval in INTERVALS:
        fit = random_effects([0.2], [0.04], **{**REML_HK, "interval": interval})
        assert fit.single_study
        assert (fit.mu, fit.se, fit.tau2, fit.i2, fit.h2, fit.q) == (0.2, 0.2, 0, 0, 1, 0)
        np.testing.assert_allclose(fit.ci_high, 0.2 + 0.2 * stats.norm.ppf(0.975))
        nothing = [fit.df, fit.se_tau2, fit.pi_low, fit.hk_scale, fit.typical_variance]
        assert np.isnan(nothing).all()


def test_two_studies_have_no_prediction_interval():
    for prediction in PREDICTIONS:
        fit = random_effects([-1, 1], [0.01, 0.02], **{**REML_HK, "prediction": prediction})
        assert np.isnan([fit.pi_low, fit.pi_high]).all()
        assert np.isfinite([fit.ci_low, fit.ci_high, fit.tau2]).all()
        assert not fit.single_study


def test_very_unequal_variances_keep_their_digits():
    # One study outweighs the others by 1e12; without it, the others are a plain analysis of the
    # distances from its effect, because the mean can't move.
    yi, vi = np.array([0.3, 1.3, -0.9, 0.8]), np.array([1e-12, 1.0, 1.0, 1.0])
    fit = random_effects(yi, vi, **DL_NORMAL)
    d = yi[1:] - 0.3
    np.testing.assert_allclose(fit.q, d @ d, rtol=1e-11)
    np.testing.assert_allclose(fit.typical_variance, 3 / 6, rtol=1e-11)


# --- many at once ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", OWN_WEIGHTS)
def test_one_call_equals_a_loop(method):
    yi, vi = draw(7, 40, 6)
    mask = np.random.default_rng(8).random(yi.shape) < 0.4
    mask[:, 0] = False
    options = {**REML_HK, "method": method}
    together = random_effects(yi, vi, mask=mask, **options)
    for row in range(len(yi)):
        kept = ~mask[row]
        alone = random_effects(yi[row, kept], vi[row, kept], **options)
        for name in FLOATS:
            ours = getattr(together, name)[row]
            ours = ours[kept] if name == "weights" else ours
            np.testing.assert_allclose(ours, getattr(alone, name), rtol=1e-11, err_msg=name)
    assert (together.weights[mask] == 0).all()


def test_chunks_make_no_difference():
    yi, vi = draw(9, 3000, 10)
    together = random_effects(yi, vi, **REML_HK)
    ends = random_effects(yi[-2:], vi[-2:], **REML_HK)
    for name in FLOATS:
        np.testing.assert_allclose(getattr(together, name)[-2:], getattr(ends, name), rtol=1e-11)
    again = random_effects(yi, vi, **REML_HK)
    assert_same(together, again, rtol=0)


def test_nan_marks_absent_studies_in_two_dimensions():
    yi, vi = draw(10, 2, 4)
    mask = np.zeros((2, 4), dtype=bool)
    mask[1, 2] = True
    by_nan = random_effects(np.where(mask, np.nan, yi), np.where(mask, np.nan, vi), **REML_HK)
    assert_same(by_nan, random_effects(yi, vi, mask=mask, **REML_HK), rtol=0)


def test_one_series_against_many_masks_or_variances():
    yi, vi = draw(11, 1, 5)
    mask = np.eye(5, dtype=bool)
    many = random_effects(yi[0], vi[0], mask=mask, **REML_HK)
    assert_same(many, leave_one_out(yi[0], vi[0], **REML_HK), rtol=0)
    assert many.weights.shape == (5, 5)
    scaled = random_effects(yi[0], np.vstack([vi, 2 * vi]), **REML_HK)
    assert scaled.mu.shape == (2,)


def test_inputs_are_left_alone():
    yi, vi = draw(12, 1, 5)
    before = yi.copy(), vi.copy()
    random_effects(yi, vi, **REML_HK)
    random_effects(yi[0], vi[0], **REML_HK)
    np.testing.assert_array_equal(yi, before[0])
    np.testing.assert_array_equal(vi, before[1])


def test_shapes_and_frozen_result():
    yi, vi = draw(13, 3, 5)
    one = random_effects(yi[0], vi[0], **REML_HK)
    many = random_effects(yi, vi, **REML_HK)
    for name in FLOATS:
        extra = (5,) if name == "weights" else ()
        assert getattr(one, name).shape == extra
        assert getattr(many, name).shape == (3, *extra)
    with pytest.raises(FrozenInstanceError):
        one.mu = 0.0  # type: ignore[misc]


def test_cumulative_ends_with_the_whole_and_follows_the_order():
    yi, vi = draw(14, 1, 5)
    order = [3, 0, 4, 1, 2]
    steps = cumulative(yi[0], vi[0], order=order, **REML_HK)
    np.testing.assert_array_equal(steps.k, [1, 2, 3, 4, 5])
    assert steps.single_study.tolist() == [True, False, False, False, False]
    assert np.flatnonzero(steps.weights[1]).tolist() == [0, 3]
    np.testing.assert_allclose(steps.mu[-1], random_effects(yi[0], vi[0], **REML_HK).mu)


# --- invariances ----------------------------------------------------------------------------


@st.composite
def series(draw):
    k = draw(st.integers(2, 8))
    yi = draw(st.lists(st.floats(-3, 3, width=32), min_size=k, max_size=k))
    vi = draw(st.lists(st.floats(2.0**-10, 2.0, width=32), min_size=k, max_size=k))
    # A second digit that no two studies share keeps exact ties between two maxima away.
    return np.array(yi) + 0.01 * np.sqrt(np.arange(k)), np.array(vi)


options = st.fixed_dictionaries(
    {
        "method": st.sampled_from(OWN_WEIGHTS),
        "interval": st.sampled_from(INTERVALS),
        "prediction": st.sampled_from(PREDICTIONS),
        "level": st.sampled_from([70, 90, 95, 99.9]),
    }
)
fixed = settings(derandomize=True, deadline=None, max_examples=150)
INVARIANT = [name for name in FLOATS if name != "weights"]


@fixed
@given(series(), options, st.randoms(use_true_random=False))
def test_order_of_studies_is_irrelevant(data, chosen, random):
    yi, vi = data
    order = list(range(len(yi)))
    random.shuffle(order)
    left, right = random_effects(yi, vi, **chosen), random_effects(yi[order], vi[order], **chosen)
    assert_same(left, right, INVARIANT)
    np.testing.assert_allclose(left.weights[order], right.weights, **REORDERED)


@fixed
@given(series(), options, st.integers(-6, 6))
def test_scaling_the_effects_scales_the_pool(data, chosen, power):
    yi, vi = data
    c = 2.0**power
    left, right = random_effects(yi, vi, **chosen), random_effects(c * yi, c * c * vi, **chosen)
    for name in ("mu", "se", "ci_low", "ci_high", "pi_low", "pi_high"):
        np.testing.assert_allclose(c * getattr(left, name), getattr(right, name), rtol=1e-9)
    for name in ("tau2", "se_tau2", "typical_variance"):
        np.testing.assert_allclose(c * c * getattr(left, name), getattr(right, name), rtol=1e-9)
    same = ["statistic", "p_value", "i2", "h2", "q", "q_p", "weights", "hk_scale"]
    assert_same(left, right, same)


@fixed
@given(series(), options, st.floats(-100, 100))
def test_shifting_the_effects_shifts_the_pool(data, chosen, shift):
    yi, vi = data
    left, right = random_effects(yi, vi, **chosen), random_effects(yi + shift, vi, **chosen)
    # The shifted effects are rounded to 1e-14, which Q over variances of 0.001 enlarges.
    tolerance = {"rtol": 1e-7, "atol": 1e-9}
    for name in ("mu", "ci_low", "ci_high", "pi_low", "pi_high"):
        np.testing.assert_allclose(
            getattr(left, name) + shift, getattr(right, name), err_msg=name, **tolerance
        )
    same = ["se", "tau2", "se_tau2", "h2", "q", "weights", "hk_scale", "loglik"]
    assert_same(left, right, same, **tolerance)


@fixed
@given(series(), options)
def test_results_are_in_range(data, chosen):
    fit = random_effects(*data, **chosen)
    assert fit.tau2 >= 0
    assert 0 <= fit.i2 < 100
    assert 0 <= fit.p_value <= 1
    assert fit.ci_low <= fit.mu <= fit.ci_high
    assert data[0].min() - 1e-9 <= fit.mu <= data[0].max() + 1e-9
    np.testing.assert_allclose(fit.weights.sum(), 1.0)


# --- bad input ------------------------------------------------------------------------------

BAD = {
    "empty": (([], []), {}, "no studies"),
    "lengths": (([1, 2], [1, 2, 3]), {}, "shapes"),
    "scalar": ((1.0, 1.0), {}, "shapes"),
    "length one is not stretched": (([1, 2], [1]), {}, "shapes"),
    "three dimensions": ((np.ones((2, 2, 2)), np.ones((2, 2, 2))), {}, "shapes"),
    "text": ((["a", "b"], [1, 2]), {}, "yi can't be read as numbers"),
    "nan": (([1, np.nan], [1, np.nan]), {}, "yi of study 2 .* not a finite number"),
    "infinite variance": (([1, 2], [np.inf, 1]), {}, "vi of study 1 .* not a finite number"),
    "half nan": (([[1, np.nan]], [[1, 1]]), {}, "yi of study 2"),
    "second row": (([[1, 2], [1, 2]], [[1, 1], [1, 0]]), {}, "vi of study 2 of meta-analysis 2"),
    "zero variance": (([1, 2], [1, 0]), {}, "not a positive variance: 0.0"),
    "negative variance": (([1, 2], [1, -1]), {}, "not a positive variance: -1.0"),
    "huge effect": (([1, 1e51], [1, 1]), {}, "too large"),
    "tiny variance": (([1, 2], [1e-60, 1]), {}, "too small or too large"),
    "mask of numbers": (([1, 2], [1, 1]), {"mask": [0, 1]}, "mask must be boolean"),
    "mask shape": (([1, 2], [1, 1]), {"mask": [True]}, "shapes"),
    "all masked": (([[1, 2]], [[1, 1]]), {"mask": [[True, True]]}, "Meta-analysis 1 has no study"),
    "fraction": (([1, 2], [1, 1]), {"level": 0.95}, "percent.*level=95"),
    "level 1": (([1, 2], [1, 1]), {"level": 1}, "percent"),
    "level 100": (([1, 2], [1, 1]), {"level": 100}, "below 100"),
    "level nan": (([1, 2], [1, 1]), {"level": np.nan}, "percent"),
    "method": (([1, 2], [1, 1]), {"method": "RMEL"}, "method 'RMEL' is unknown.*mean.*REML"),
    "fixed effect": (([1, 2], [1, 1]), {"method": "FE"}, "method 'FE' .*common-effect model is CE"),
    "interval": (([1, 2], [1, 1]), {"interval": "knha"}, "allowed are normal, t, hartung-knapp,"),
    "prediction": (([1, 2], [1, 1]), {"prediction": "rilley"}, "did you mean riley"),
}


@pytest.mark.parametrize(("data", "change", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_a_hint(data, change, message):
    with pytest.raises(DataError, match=message) as caught:
        random_effects(*data, **{**REML_HK, **change})
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: leave_one_out([1], [1], **REML_HK), "leaves none"),
        (lambda: leave_one_out([[1, 2]], [[1, 1]], **REML_HK), "one dimension"),
        (lambda: cumulative([1, 2], [1, 1], order=[0, 0], **REML_HK), "each of the 2 studies once"),
        (lambda: cumulative([1, 2], [1, 1], order=[1, 2], **REML_HK), "each of the 2 studies once"),
        (lambda: cumulative([1, 2], [1, 1], order=[[0, 1]], **REML_HK), "each of the 2 studies"),
    ],
)
def test_bad_input_of_the_series(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_nothing_that_decides_the_answer_has_a_default():
    for name in REML_HK:
        rest = {key: value for key, value in REML_HK.items() if key != name}
        with pytest.raises(TypeError, match=name):
            random_effects([1, 2], [1, 1], **rest)

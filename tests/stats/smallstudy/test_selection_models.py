"""Step-function selection models: against metafor, by hand, in special cases, with known truth."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.stats.randomeffects import random_effects
from locoreg.stats.smallstudy import debray, macaskill, pet_peese, rank_test, step_selection
from locoreg.stats.smallstudy.steplikelihood import derivatives, lay_out_steps, log_likelihoods

PINNED = json.loads(
    (Path(__file__).parents[2] / "reference" / "smallstudy" / "smallstudy.json").read_text()
)
# metafor stops its search and takes its second derivatives numerically.
SEARCHED = 1e-4
CASES = PINNED["selection"]


def fitted(case: dict[str, Any]):
    data = PINNED["data"][case["dataset"]]
    return step_selection(
        data["yi"], data["vi"], steps=case["steps"], weights=case["fixed"], level=95,
        alternative=case["alternative"].replace(".", "-"),
        effects="random" if case["method"] == "ML" else "common",
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['dataset']}-{c['method']}-{c['steps']}")
def test_as_metafor_has_it(case: dict[str, Any]) -> None:
    ours = fitted(case)
    # Never below metafor's maximum, and above it only by its rounding at a variance of 0.
    assert -1e-8 < ours.loglik - case["loglik"] < 1e-5
    for value, field in (
        (ours.mu, "mu"),
        (ours.se, "se"),
        (ours.ci_low, "ci_lb"),
        (ours.ci_high, "ci_ub"),
        (ours.tau2, "tau2"),
    ):
        assert value == pytest.approx(case[field], rel=SEARCHED, abs=1e-6), field
    assert ours.weights == pytest.approx(case["delta"], rel=SEARCHED)
    if case["fixed"] is None:
        assert ours.se_weights[1:] == pytest.approx(case["se_delta"][1:], rel=SEARCHED)
        assert ours.lrt_p == pytest.approx(case["lrt_p"], rel=SEARCHED)
    else:
        assert np.isnan(ours.se_weights).all()
        assert math.isnan(ours.lrt_p)
    if ours.tau2 > 0:
        assert ours.se_tau2 == pytest.approx(case["se_tau2"], rel=SEARCHED)
    assert ours.identified


def test_all_cases_are_compared() -> None:
    assert len(CASES) == 24
    assert not any("error" in case for case in CASES)


def hackshaw() -> tuple[np.ndarray, np.ndarray]:
    data = PINNED["data"]["hackshaw1998"]
    return np.array(data["yi"]), np.array(data["vi"])


def test_likelihood_by_hand() -> None:
    y, v = np.array([0.5, 0.1]), np.array([0.04, 0.09])
    data = lay_out_steps(y, v, np.array([0.025, 1.0]), "greater")
    mu, tau2, weight = 0.2, 0.01, 0.3
    expected = 0.0
    for effect, variance, published in ((0.5, 0.04, 1.0), (0.1, 0.09, 0.3)):
        s = math.sqrt(variance + tau2)
        above = ndtr((mu - 1.959963984540054 * math.sqrt(variance)) / s)
        expected += math.log(published / (above + weight * (1 - above)))
        expected -= math.log(s * math.sqrt(2 * math.pi)) + 0.5 * ((effect - mu) / s) ** 2
    found = log_likelihoods(
        data, np.array([mu]), np.array([tau2]), np.array([[0.0, math.log(weight)]])
    )
    assert found[0] == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
def test_derivatives_against_differences(alternative) -> None:
    y, v = hackshaw()
    data = lay_out_steps(y, v, np.array([0.05, 0.3, 1.0]), alternative)
    point = np.array([0.15, 0.03, -0.4, 0.2])

    def at(p: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        return derivatives(data, p[0], p[1], np.array([0.0, *p[2:]]))

    value, gradient, hessian = at(point)
    weights = np.array([[0.0, *point[2:]]])
    other = log_likelihoods(data, point[:1], point[1:2], weights)[0]
    assert value == pytest.approx(other, rel=1e-12)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5
        up, down = at(point + step), at(point - step)
        assert gradient[i] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-5, abs=1e-5)
        assert hessian[i] == pytest.approx((up[1] - down[1]) / 2e-5, rel=1e-5, abs=1e-4)


def test_equal_weights_collapse_to_the_plain_pool() -> None:
    y, v = hackshaw()
    plain = random_effects(y, v, method="ML", interval="normal", level=90, prediction="riley")
    found = step_selection(
        y, v, steps=(0.025, 0.5), weights=(1, 1, 1), alternative="greater", effects="random",
        level=90,
    )  # fmt: skip
    assert found.mu == pytest.approx(float(plain.mu), rel=1e-9)
    assert found.tau2 == pytest.approx(float(plain.tau2), rel=1e-7)
    assert found.loglik == pytest.approx(float(plain.loglik), rel=1e-12)


def test_scale_and_sign_do_not_matter() -> None:
    y, v = hackshaw()
    one = step_selection(y, v, steps=(0.025,), alternative="greater", effects="random", level=95)
    other = step_selection(
        -1e4 * y, 1e8 * v, steps=(0.025, 1), alternative="less", effects="random", level=95
    )
    assert other.mu == pytest.approx(-1e4 * one.mu, rel=1e-7)
    assert other.se == pytest.approx(1e4 * one.se, rel=1e-7)
    assert other.tau2 == pytest.approx(1e8 * one.tau2, rel=1e-6)
    assert other.weights == pytest.approx(one.weights, rel=1e-7)
    assert other.lrt == pytest.approx(one.lrt, rel=1e-7)


def test_known_truth_is_found() -> None:
    rng = np.random.default_rng(7)
    v = rng.uniform(0.02, 0.3, 3000)
    y = rng.normal(0.2, np.sqrt(v + 0.05))
    significant = y / np.sqrt(v) > 1.959963984540054
    kept = significant | (rng.uniform(size=y.size) < 0.3)
    found = step_selection(
        y[kept], v[kept], steps=(0.025,), alternative="greater", effects="random", level=95
    )
    assert found.mu == pytest.approx(0.2, abs=4 * found.se)
    assert found.weights[1] == pytest.approx(0.3, abs=4 * found.se_weights[1])
    assert found.tau2 == pytest.approx(0.05, abs=4 * found.se_tau2)
    assert found.lrt_p < 1e-10
    assert found.unselected_mu > found.mu + 0.05


def test_refusals_name_the_reason() -> None:
    y, v = hackshaw()
    common = {"alternative": "greater", "effects": "random", "level": 95}
    with pytest.raises(DesignError, match="no study has a p-value up to 1e-12"):
        step_selection(y, v, steps=(1e-12,), **common)
    with pytest.raises(DesignError, match="3 parameters"):
        step_selection([1.0, 0.1], [0.1, 0.1], steps=(0.025,), **common)
    for steps in ((), (1.0,), (0.5, 0.1), (0.0, 0.5), (0.5, 1.2), ("a",)):
        with pytest.raises(DataError, match="step"):
            step_selection(y, v, steps=steps, **common)
    for weights in ((1.0,), (0.5, 1.0), (1.0, 0.0), (1.0, math.nan)):
        with pytest.raises(DataError, match="weights must be 2"):
            step_selection(y, v, steps=(0.025,), weights=weights, **common)
    with pytest.raises(DataError, match="alternative"):
        step_selection(y, v, steps=(0.025,), alternative="up", effects="random", level=95)


def test_a_weight_without_a_maximum_is_refused() -> None:
    # metafor 3.8-1 stops at its bound of 100 for the weight, with a warning.
    y = [0.33899, 0.2318, -1.5293]
    v = [1.6076e-04, 7.1050e-02, 1.9359]
    with pytest.raises(ConvergenceError, match="rises without end"):
        step_selection(y, v, steps=(0.025,), alternative="two-sided", effects="random", level=95)


def test_hardly_any_study_in_an_interval_is_said() -> None:
    y, v = np.array([0.9, 0.1, 0.2, 0.15, -0.1, 0.3]), np.full(6, 0.05)
    found = step_selection(y, v, steps=(0.025,), alternative="greater", effects="random", level=95)
    assert any("Only 1 study has" in text for text in found.warnings)


@pytest.mark.parametrize("seed", range(12))
def test_small_sets_give_a_maximum_or_a_reason(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(3, 9))
    v = np.exp(rng.normal(-2, 1.5, k))
    y = rng.normal(0.4, np.sqrt(v + 0.05))
    places = y / np.sqrt(v) > 1.6448536269514722
    if places.all() or not places.any():
        with pytest.raises(DesignError, match="no study"):
            step_selection(y, v, steps=(0.05,), alternative="greater", effects="random", level=95)
        return
    try:
        found = step_selection(
            y, v, steps=(0.05,), alternative="greater", effects="random", level=95
        )
    except ConvergenceError:
        return
    assert found.loglik >= found.loglik_unselected - 1e-9
    assert found.tau2 >= 0
    assert np.isnan(found.se) or found.identified


@pytest.mark.parametrize("case", PINNED["rank"], ids=lambda c: f"k{len(c['yi'])}")
def test_rank_correlation_exact_and_with_ties(case: dict[str, Any]) -> None:
    found = rank_test(case["yi"], case["vi"])
    assert found.exact is case["exact"]
    assert found.tau == pytest.approx(case["tau"], rel=1e-12)
    assert found.p_value == pytest.approx(case["p"], rel=1e-11)


def test_lines_that_r_fits() -> None:
    pinned = PINNED["regressions"]
    cells = [np.array(pinned["counts_bcg"][key]) for key in ("ai", "bi", "ci", "di")]
    data = PINNED["data"]["bcg"]
    found = macaskill(*cells, level=95)
    for value, key in ((found.slope, "estimate"), (found.slope_se, "se"), (found.p_value, "p")):
        assert value == pytest.approx(pinned["macaskill_bcg"][key], rel=1e-9)
    found = debray(data["yi"], data["vi"], cells[0] + cells[2], level=95)
    for value, key in ((found.slope, "estimate"), (found.slope_se, "se"), (found.p_value, "p")):
        assert value == pytest.approx(pinned["debray_bcg"][key], rel=1e-9)
    both = pet_peese(data["yi"], data["vi"], alpha=0.05, alternative="two-sided", level=95)
    assert both.p_effect == pytest.approx(pinned["pet_bcg"]["p"], rel=1e-9)
    for line, key in ((both.pet, "pet_bcg"), (both.peese, "peese_bcg")):
        assert line.limit_est == pytest.approx(pinned[key]["estimate"], rel=1e-9)
        assert line.limit_se == pytest.approx(pinned[key]["se"], rel=1e-9)

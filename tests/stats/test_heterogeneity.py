"""Q-profile intervals and subgroup tests."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from locoreg.core.errors import DataError
from locoreg.stats.heterogeneity import q_profile, subgroup_test
from locoreg.stats.randomeffects import random_effects
from locoreg.stats.studies import check_inputs
from locoreg.stats.tau2 import q_statistic
from tests.stats.metafor_cases import (
    CLOSED,
    ITERATED,
    ITERATIVE,
    METHODS,
    analyses,
    check,
    load,
    number,
)

PROFILED = [
    (label, number(a["yi"]), number(a["vi"]), a["tau2_ci"]["Q_profile"])
    for label, a in analyses()
    if "Q_profile" in (a.get("tau2_ci") or {})
]
SUBGROUPS = load("subgroups")["cases"]
TESTS = [(name, case, test) for name, case in SUBGROUPS.items() for test in case["tests"]]


@pytest.mark.parametrize(("label", "yi", "vi", "theirs"), PROFILED, ids=[p[0] for p in PROFILED])
def test_q_profile_agrees_with_metafor(label, yi, vi, theirs):
    ours = q_profile(yi, vi, level=95)
    ends = {"low": "lb", "high": "ub"}
    if theirs["upper_bound_sign"] == ">":
        # metafor's search stops at 100 and says so.
        del ends["high"]
        assert ours.tau2_high > theirs["tau2_ub"] == 100
    for end, suffix in ends.items():
        for name in ("tau2", "i2", "h2"):
            key = f"{name if name == 'tau2' else name.upper()}_{suffix}"
            check(key, getattr(ours, f"{name}_{end}"), theirs[key], ITERATIVE)
    assert ours.empty == theirs["ci_is_null_set"]
    assert ours.low_at_zero == (theirs["tau2_lb"] == 0)


def test_a_wide_profile_has_its_limit_beyond_a_hundred():
    # Two studies: Q(tau2) = 4/(0.03 + 2 tau2).
    limits = q_profile([-1, 1], [0.01, 0.02], level=95)
    expected = (4 / stats.chi2.ppf(0.025, 1) - 0.03) / 2
    np.testing.assert_allclose(limits.tau2_high, expected, rtol=1e-12)
    assert expected > 2000


def test_q_profiles_are_all_pinned():
    assert len(PROFILED) >= 33


def test_q_profile_limits_give_the_quantiles_of_q():
    rng = np.random.default_rng(1)
    vi = rng.uniform(0.01, 0.3, (200, 6))
    yi = rng.normal(0, np.sqrt(vi + 0.2))
    mask = rng.random(yi.shape) < 0.2
    mask[:, :2] = False
    limits = q_profile(yi, vi, level=90, mask=mask)
    k = (~mask).sum(axis=1)
    (studies,) = check_inputs(yi, vi, mask).chunks()
    at_high = q_statistic(studies, limits.tau2_high)
    inside = ~limits.empty
    np.testing.assert_allclose(at_high[inside], stats.chi2.ppf(0.05, k - 1)[inside], rtol=1e-12)
    above = ~limits.low_at_zero
    at_low = q_statistic(studies, limits.tau2_low)
    np.testing.assert_allclose(at_low[above], stats.chi2.ppf(0.95, k - 1)[above], rtol=1e-12)
    for row in range(0, 200, 40):
        alone = q_profile(yi[row, ~mask[row]], vi[row, ~mask[row]], level=90)
        np.testing.assert_allclose(alone.tau2_high, limits.tau2_high[row], rtol=1e-12)


def test_one_study_has_no_profile():
    limits = q_profile([0.2], [0.1], level=95)
    assert np.isnan([limits.tau2_low, limits.tau2_high, limits.i2_low, limits.h2_high]).all()
    assert not limits.empty
    assert not limits.low_at_zero


def test_q_profile_wants_percent():
    with pytest.raises(DataError, match="percent"):
        q_profile([1, 2], [1, 1], level=0.95)


@pytest.mark.parametrize(
    ("name", "case", "theirs"),
    TESTS,
    ids=[f"{name}:{t['method']}:{t['tau2_by']}" for name, _, t in TESTS],
)
def test_subgroups_agree_with_metafor(name, case, theirs):
    ours = subgroup_test(
        case["yi"],
        case["vi"],
        case["group"],
        method=METHODS[theirs["method"]],
        tau2=theirs["tau2_by"],
    )
    tolerance = ITERATIVE if theirs["method"] in ITERATED else CLOSED
    assert ours.groups.tolist() == case["groups"]
    for field, key in (("mu", "b"), ("se", "se"), ("tau2", "tau2")):
        check(field, getattr(ours, field), theirs[key], tolerance)
    check("q_between", ours.q_between, theirs["QM"], tolerance)
    check("p_value", ours.p_value, theirs["QM_p"], tolerance)
    assert ours.df == theirs["QM_df"]


def test_subgroups_are_all_pinned():
    methods = [m for m in METHODS if m not in ("EE", "HSk", "PMM", "GENQ")]
    assert [(n, t["method"], t["tau2_by"]) for n, _, t in TESTS] == [
        (name, method, by)
        for name in ("bcg_allocation", "raudenbush_setting", "unequal")
        for method in methods
        for by in ("separate", "common")
    ]


FACTORS = [
    (label, number(a["yi"]), number(a["vi"]), moderator, fit)
    for label, a in analyses()
    for moderator in a.get("meta_regression", {}).values()
    if all(column.startswith("level:") for column in moderator["columns"])
    for fit in moderator["fits"]
    if fit["test"] == "z"
]


@pytest.mark.parametrize(
    ("label", "yi", "vi", "moderator", "fit"),
    FACTORS,
    ids=[f"{f[0]}:{f[4]['method']}" for f in FACTORS],
)
def test_a_common_tau2_is_that_of_meta_regression_on_the_factor(label, yi, vi, moderator, fit):
    assert len(moderator["rows_used"]) == len(yi)
    indicators = np.array(moderator["design_without_intercept"])
    group = (indicators * np.arange(1, len(indicators) + 1)[:, None]).sum(axis=0)
    ours = subgroup_test(yi, vi, group, method=METHODS[fit["method"]], tau2="common")
    tolerance = ITERATIVE if fit["method"] in ITERATED else CLOSED
    check("tau2", ours.tau2[0], fit["tau2"], tolerance)
    check("q_between", ours.q_between, fit["QM"], tolerance)
    check("mu", ours.mu[0], fit["b"][0], tolerance)


def test_separate_subgroups_are_analyses_of_their_own():
    case = SUBGROUPS["unequal"]
    yi, vi, group = (np.array(case[key]) for key in ("yi", "vi", "group"))
    ours = subgroup_test(yi, vi, group, method="REML", tau2="separate")
    assert ours.k.tolist() == [1, 3, 4]
    for g, label in enumerate(ours.groups):
        alone = random_effects(
            yi[group == label],
            vi[group == label],
            method="REML",
            interval="normal",
            level=95,
            prediction="riley",
        )
        np.testing.assert_allclose(
            [ours.mu[g], ours.se[g], ours.tau2[g]], [alone.mu, alone.se, alone.tau2], rtol=1e-12
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"group": ["a", "a", "a"]}, "two or more"),
        ({"group": ["a", "b"]}, "group has shape"),
        ({"group": ["a", "b", "c"], "tau2": "common"}, "subgroup of its own"),
        ({"tau2": "shared"}, "tau2 'shared' is unknown"),
        ({"method": "EE"}, "common-effect model is CE"),
    ],
)
def test_bad_subgroups(change, message):
    call = {"group": ["a", "a", "b"], "method": "REML", "tau2": "separate", **change}
    group = call.pop("group")
    with pytest.raises(DataError, match=message):
        subgroup_test([1, 2, 3], [1, 1, 1], group, **call)

"""Every number of the pinned meta-analyses is compared by a test, or left out for a reason."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.stats.metafor_cases import REFERENCE

TESTS = Path(__file__).resolve().parents[1]
POOLS = "stats/test_randomeffects_metafor.py"
REGRESSION = "stats/metaregression/test_metaregression_metafor.py"
NESTED = "stats/multilevel/test_multilevel_r.py"
INFLUENCE = "stats/test_metainfluence.py"
PART = r"(primary|secondary\.\w+|\w+)"

# What a path must match in full, and the test that compares it.
COMPARED = {
    rf"{PART}\.models\.\d+\."
    r"(b|se|stat|df|pval|ci_lb|ci_ub|tau2|se_tau2|I2|H2|Q|Q_df|Q_p|k|loglik)": (
        POOLS,
        "test_agrees_with_metafor",
    ),
    rf"{PART}\.models\.\d+\.pi(_riley)?_[lu]b": (
        POOLS,
        "test_prediction_intervals_agree_with_metafor",
    ),
    rf"{PART}\.tau2_ci\.Q_profile\.(tau2|I2|H2)_[lu]b": (
        "stats/test_heterogeneity.py",
        "test_q_profile_agrees_with_metafor",
    ),
    rf"{PART}\.tau2_ci\.profile_likelihood_\w+\.tau2_[lu]b": (
        REGRESSION,
        "test_profile_limits_agree_with_metafor",
    ),
    r"primary\.meta_regression\.\w+\.fits\.\d+\."
    r"(k|p|b|se|stat|pval|ci_lb|ci_ub|vcov|df|tau2|se_tau2|I2|H2|R2)(\.\d+)*": (
        REGRESSION,
        "test_regressions_agree_with_metafor",
    ),
    r"primary\.meta_regression\.\w+\.fits\.\d+\.Q[EM](_df|_p)?(\.\d+)?": (
        REGRESSION,
        "test_regressions_agree_with_metafor",
    ),
    r"primary\.diagnostics\.\w+\.(leave1out|cumul)\..*": (
        POOLS,
        "test_deletions_and_accumulations_agree_with_metafor",
    ),
    r"primary\.diagnostics\.\w+\.(influence|rstandard|blup)\..*": (
        INFLUENCE,
        "test_every_pinned_diagnostic_agrees_with_metafor",
    ),
    r"primary\.permutation_test\.(zval|pval|iterations|exact|method|test)": (
        "stats/test_permutation.py",
        "test_exact_tests_agree_with_metafor",
    ),
    r"rma_mv_REML\..*": (NESTED, "test_the_reference_model"),
    r"robust_rma_\w+\..*": (NESTED, "test_the_reference_robust_errors"),
    r"aggregate_by_district\.\d+\..*": (NESTED, "test_the_reference_aggregates"),
}
# What no test here compares, and why.
LEFT_OUT = {
    r"escalc\..*": "effect sizes: their own module and tests",
    r"(mantel_haenszel|peto|back_transformed|ci_conversion)\b.*": "effect sizes: their own tests",
    r"(binary_small_study_tests|primary\.small_study_effects)\..*": "small studies: own tests",
    r".*default_control_models\..*": "what loose stopping rules leave; no number to reach",
    r".*\.(control|note|warnings|method|test|error|p)(\.\d+)?": "how a number was made",
    r".*\.(rows_used|measure|yi|vi|k|columns|coef_names|order)(\.\d+)*": "input of a test",
    r"k1\.tau2_ci": "null: one study has no interval of tau2",
    r"yi|vi|(.*\.)?design_without_intercept.*": "input of a test",
    rf"{PART}\.tau2_ci\.Q_profile\.tau_[lu]b": "square roots of numbers that are compared",
    rf"{PART}\.tau2_ci\.Q_profile\.(level|lower_bound_censored|upper_bound_sign|ci_is_null_set)": (
        "metafor's search bounds; README, what differs"
    ),
    rf"{PART}\.tau2_ci\.profile_likelihood_\w+\.level": "input of a test",
}


def leaves(content: Any, path: str = "") -> list[str]:
    """Paths of all values: lists of numbers are one value."""
    if isinstance(content, dict):
        return [leaf for key, value in content.items() for leaf in leaves(value, f"{path}.{key}")]
    if isinstance(content, list) and content and isinstance(content[0], (dict, list)):
        return [leaf for i, value in enumerate(content) for leaf in leaves(value, f"{path}.{i}")]
    return [path[1:]]


FILES = sorted(REFERENCE.glob("*.json"))
OF_METAFOR = [
    path
    for path in FILES
    if json.loads(path.read_text(encoding="utf-8")).get("schema") == "meta-reference/1"
]


@pytest.mark.parametrize("path", OF_METAFOR, ids=[path.stem for path in OF_METAFOR])
def test_every_value_is_compared_or_left_out_for_a_reason(path) -> None:
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    patterns = [re.compile(pattern) for pattern in (*COMPARED, *LEFT_OUT)]
    found = leaves(results)
    assert found
    missed = {leaf for leaf in found if not any(pattern.fullmatch(leaf) for pattern in patterns)}
    assert sorted(missed) == []


def test_no_pattern_is_idle_and_every_named_test_is_there() -> None:
    every = {
        leaf
        for path in OF_METAFOR
        for leaf in leaves(json.loads(path.read_text(encoding="utf-8"))["results"])
    }
    for pattern, (file, test) in COMPARED.items():
        assert any(re.fullmatch(pattern, leaf) for leaf in every), pattern
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), test
    assert len(OF_METAFOR) >= 12


def test_the_walk_sees_what_nobody_compares() -> None:
    paths = leaves({"primary": {"models": [{"b": 1.0, "surprise": [1, 2]}], "new": {"x": None}}})
    assert paths == ["primary.models.0.b", "primary.models.0.surprise", "primary.new.x"]
    patterns = (*COMPARED, *LEFT_OUT)
    known = [any(re.fullmatch(pattern, path) for pattern in patterns) for path in paths]
    assert known == [True, False, False]

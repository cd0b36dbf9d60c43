"""Meta-regression and profile-likelihood intervals against metafor, over every pinned fit."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.stats.metaregression import meta_regression, profile_likelihood
from tests.stats.metafor_cases import (
    CLOSED,
    INTERVALS,
    ITERATED,
    ITERATIVE,
    METHODS,
    PERCENT,
    analyses,
    check,
    number,
)

REGRESSED = {
    f"{label}:{moderator}": (a, content)
    for label, a in analyses()
    for moderator, content in a.get("meta_regression", {}).items()
}
OURS = {
    "b": "b",
    "se": "se",
    "statistic": "stat",
    "df": "df",
    "p_value": "pval",
    "ci_low": "ci_lb",
    "ci_high": "ci_ub",
    "vcov": "vcov",
    "tau2": "tau2",
    "se_tau2": "se_tau2",
    "h2": "H2",
    "qe": "QE",
    "qe_df": "QE_df",
    "qe_p": "QE_p",
    "qm": "QM",
    "qm_df": "QM_df",
    "qm_p": "QM_p",
}
# Coefficients of a calendar year are differences of numbers in the hundreds.
COEFFICIENTS = {"rtol": 1e-8, "atol": 1e-9}
# A profile limit is where a curve crosses a level: its error is that of the height over the slope.
PROFILE = {"rtol": 1e-6, "atol": 1e-6}


@pytest.mark.parametrize("label", REGRESSED)
def test_regressions_agree_with_metafor(label) -> None:
    analysis, content = REGRESSED[label]
    rows = [analysis["rows_used"].index(row) for row in content["rows_used"]]
    yi, vi = number(analysis["yi"])[rows], number(analysis["vi"])[rows]
    columns = [np.ones(len(rows)), *(number(c) for c in content["design_without_intercept"])]
    for fit in content["fits"]:
        assert "error" not in fit
        ours = meta_regression(
            yi,
            vi,
            np.column_stack(columns),
            names=fit["coef_names"],
            method=METHODS[fit["method"]],
            interval=INTERVALS[fit["test"]],
            level=95,
        )
        iterated = fit["method"] in ITERATED
        tolerance = ITERATIVE if iterated else COEFFICIENTS
        name = f"{label}:{fit['method']}:{fit['test']}"
        for field, theirs in OURS.items():
            check(f"{name} {field}", getattr(ours, field), fit[theirs], tolerance)
        for field, theirs in (("i2", "I2"), ("r2", "R2")):
            tolerance = PERCENT if iterated else COEFFICIENTS
            check(f"{name} {field}", getattr(ours, field), fit[theirs], tolerance)
        assert (ours.k, ours.p) == (fit["k"], fit["p"])


def test_all_regressions_are_there() -> None:
    assert len(REGRESSED) >= 7
    assert {len(content["fits"]) for _, content in REGRESSED.values()} == {14}


PROFILED = {
    f"{label}:{kind}": (a, kind, a["tau2_ci"][f"profile_likelihood_{kind}"])
    for label, a in analyses()
    if a.get("tau2_ci")
    for kind in ("ML", "REML")
}


@pytest.mark.parametrize("label", PROFILED)
def test_profile_limits_agree_with_metafor(label) -> None:
    analysis, kind, theirs = PROFILED[label]
    ours = profile_likelihood(
        number(analysis["yi"]), number(analysis["vi"]), method=kind, level=95, x=None
    )
    assert "error" not in theirs
    check("low", ours.tau2_low, theirs["tau2_lb"], PROFILE)
    if theirs["tau2_ub"] == 100:
        # metafor stops there; the curve is still inside.
        assert ours.tau2_high > 100
        return
    check("high", ours.tau2_high, theirs["tau2_ub"], PROFILE)


def test_all_profiles_are_there() -> None:
    assert len(PROFILED) >= 66


def test_a_mean_is_a_regression_on_ones() -> None:
    for label, a in analyses():
        for fit in a["models"]:
            flat = fit["method"] == "SJ" and np.ptp(number(a["yi"])) == 0
            if "default_control_models" not in a or fit["test"] != "z" or flat:
                continue
            vi = number(a["vi"])
            ours = meta_regression(
                number(a["yi"]),
                vi,
                np.ones((fit["k"], 1)),
                names=["mean"],
                method=METHODS[fit["method"]],
                interval=INTERVALS[fit["test"]],
                level=95,
                weights=1 / np.sqrt(vi) if fit["method"] == "GENQ" else None,
            )
            tolerance = ITERATIVE if fit["method"] in ITERATED else CLOSED
            name = f"{label}:{fit['method']}:{fit['test']}"
            for field, theirs in (("b", "b"), ("se", "se"), ("ci_low", "ci_lb")):
                check(f"{name} {field}", getattr(ours, field)[0], fit[theirs], tolerance)
            for field, theirs in (("tau2", "tau2"), ("se_tau2", "se_tau2"), ("h2", "H2")):
                check(f"{name} {field}", getattr(ours, field), fit[theirs], tolerance)

"""Every number of small-study tests pinned in tests/reference/meta, against metafor's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.stats.smallstudy import (
    excess_significance,
    harbord,
    orwin,
    peters,
    rank_test,
    regression_test,
    rosenberg,
    rosenthal,
    trim_and_fill,
)
from tests.stats.metafor_cases import CLOSED, ITERATIVE, PERCENT, check, datasets, load, number

INTERVALS = {"z": "normal", "knha": "hartung-knapp"}


def primaries() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name in datasets():
        primary = load(name)["results"].get("primary", {})
        if "small_study_effects" in primary:
            found.append((name, primary))
    return found


PRIMARIES = primaries()
NAMES = [name for name, _ in PRIMARIES]
BY_NAME = dict(PRIMARIES)


def effects(name: str) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    primary = BY_NAME[name]
    y, v = (np.atleast_1d(number(primary[key])) for key in ("yi", "vi"))
    return y, v, primary["small_study_effects"]


def test_the_set_is_there() -> None:
    assert len(NAMES) >= 9
    assert {"dat.bcg", "dat.normand1999", "dat.berkey1998_PD_first2"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_regression_tests(name: str) -> None:
    y, v, pinned = effects(name)
    compared = 0
    for key in [key for key in pinned if key.startswith("egger")]:
        theirs = pinned[key]
        if key == "egger_lm":
            options: dict[str, Any] = {"model": "lm"}
        else:
            _, _, method, test = key.split("_")
            method = "CE" if method == "FE" else method
            options = {"model": "meta", "method": method, "interval": INTERVALS[test]}
        if "error" in theirs:
            with pytest.raises(DesignError, match="3 studies"):
                regression_test(y, v, predictor="se", level=95, **options)
            continue
        ours = regression_test(y, v, predictor="se", level=95, **options)
        tolerance = ITERATIVE if options.get("method") == "REML" else CLOSED
        for value, field in (
            (ours.statistic, "stat"),
            (ours.df, "df"),
            (ours.p_value, "pval"),
            (ours.limit_est, "limit_est"),
            (ours.limit_low, "limit_ci_lb"),
            (ours.limit_high, "limit_ci_ub"),
        ):
            check(f"{name}:{key}:{field}", value, theirs[field], tolerance)
        compared += 1
    assert compared in (0, 6)


@pytest.mark.parametrize("name", NAMES)
def test_rank_correlation(name: str) -> None:
    y, v, pinned = effects(name)
    theirs = pinned["ranktest"]
    ours = rank_test(y, v)
    check(f"{name}:tau", ours.tau, theirs["tau"], CLOSED)
    check(f"{name}:p", ours.p_value, theirs["pval"], CLOSED)
    assert ours.exact is not bool(theirs["warnings"])


@pytest.mark.parametrize("name", NAMES)
def test_trim_and_fill(name: str) -> None:
    y, v, pinned = effects(name)
    for theirs in pinned["trimfill"]:
        label = f"{name}:{theirs['method']}:{theirs['estimator']}"
        method = "CE" if theirs["method"] == "FE" else theirs["method"]

        def ours(estimator=theirs["estimator"], method=method):
            return trim_and_fill(
                y, v, estimator=estimator, side="slope", method=method, interval="normal",
                level=95,
            )  # fmt: skip

        if "error" in theirs:
            with pytest.raises(DesignError, match=r"square root|two studies"):
                ours()
            continue
        found = ours()
        assert (found.side, found.k0) == (theirs["side"], theirs["k0"]), label
        tolerance = ITERATIVE if method == "REML" else CLOSED
        check(label, found.se_k0, theirs["se_k0"], CLOSED)
        check(label, found.p_k0, theirs["p_k0"], CLOSED)
        pool = found.filled
        for value, field in (
            (pool.mu, "b"),
            (pool.se, "se"),
            (pool.p_value, "pval"),
            (pool.ci_low, "ci_lb"),
            (pool.ci_high, "ci_ub"),
            (pool.tau2, "tau2"),
            (pool.q, "Q"),
        ):
            check(f"{label}:{field}", value, theirs[field], tolerance)
        check(f"{label}:I2", pool.i2, theirs["I2"], PERCENT)
        order = np.argsort(found.filled_yi)
        where = np.argsort(np.atleast_1d(number(theirs["filled_yi"])))
        for value, field in ((found.filled_yi, "filled_yi"), (found.filled_vi, "filled_vi")):
            pinned_values = np.atleast_1d(number(theirs[field]))[where]
            np.testing.assert_allclose(value[order], pinned_values, err_msg=label, **tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_fail_safe_numbers(name: str) -> None:
    y, v, pinned = effects(name)
    theirs = pinned["fsn"]
    found = rosenthal(y, v, alpha=0.05)
    assert found.n == theirs["Rosenthal"]["fsnum"]
    check(name, found.p_value, theirs["Rosenthal"]["pval"], CLOSED)
    found = rosenberg(y, v, alpha=0.05)
    assert found.n == theirs["Rosenberg"]["fsnum"]
    check(name, found.p_value, theirs["Rosenberg"]["pval"], CLOSED)
    check(name, found.mean, theirs["Rosenberg"]["meanes"], CLOSED)
    found = orwin(y, target=theirs["Orwin"]["target"])
    assert found.n == theirs["Orwin"]["fsnum"]
    check(name, found.mean, theirs["Orwin"]["meanes"], CLOSED)


@pytest.mark.parametrize("name", NAMES)
def test_excess_of_significant_studies(name: str) -> None:
    y, v, pinned = effects(name)
    theirs = pinned["tes"]
    ours = excess_significance(y, v, alpha=0.05)
    assert ours.observed == theirs["O"]
    check(name, ours.expected, theirs["E"], CLOSED)
    check(name, ours.ratio, theirs["OEratio"], CLOSED)
    check(name, ours.theta, theirs["theta"], CLOSED)
    if theirs["test"] == "exact":
        check(name, ours.p_value, theirs["pval"], CLOSED)
    else:
        check(name, ours.chi2, theirs["X2"], CLOSED)
        check(name, ours.chi2_p, theirs["pval"], CLOSED)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if "binary_small_study_tests" in load(name)["results"]]
)
def test_tests_by_counts(name: str) -> None:
    content = load(name)
    rows = content["input"]["rows"]
    cells = [[row[cell] for row in rows] for cell in ("ai", "bi", "ci", "di")]
    complete = [i for i in range(len(rows)) if all(column[i] is not None for column in cells)]
    cells = [[column[i] for i in complete] for column in cells]
    pinned = content["results"]["binary_small_study_tests"]
    for run, key, slope in ((harbord, "harbord", "bias"), (peters, "peters", "slope")):
        ours, theirs = run(*cells, level=95), pinned[key]
        assert (ours.k, ours.df) == (theirs["k"], theirs["df"])
        for value, field in (
            (ours.slope, slope),
            (ours.slope_se, "se"),
            (ours.statistic, "t"),
            (ours.p_value, "pval"),
        ):
            check(f"{name}:{key}:{field}", value, theirs[field], CLOSED)
    sizes = np.sum(cells, axis=0)[content["results"]["primary"]["rows_used"]]
    y, v, small = effects(name)
    theirs = small["regtest_rma_FE_predictor_ni"]
    ours = regression_test(
        y, v, model="meta", method="CE", interval="normal", predictor="n", ni=sizes, level=95
    )
    check(name, ours.statistic, theirs["stat"], CLOSED)
    check(name, ours.p_value, theirs["pval"], CLOSED)
    assert np.isnan(ours.limit_est)

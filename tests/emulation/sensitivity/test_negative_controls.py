"""Negative controls: published examples of empirical calibration, and checks of single ones."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.emulation.sensitivity import calibrate, check_controls, fit_null

DATA = Path(__file__).parents[2] / "reference" / "calibration"
# Printed digits of the mean and spread, and of the calibrated p-values.
PRINTED = 6e-6
THREE_DIGITS = 6e-4


def log_ratio(b, se, level=95.0):
    z = stats.norm.ppf(0.5 + level / 200)
    return Estimate(
        estimate=b, se=se, ci_low=b - z * se, ci_high=b + z * se, level=level, scale="log"
    )


def read(name):
    controls, positive = {}, None
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            one = log_ratio(float(row["log_rr"]), float(row["se"]))
            if row["control"] == "positive":
                positive = one
            else:
                controls[row["drug"]] = one
    return controls, positive


@pytest.mark.parametrize(
    ("name", "k", "mean", "sd", "ratio", "p", "calibrated"),
    [
        ("sccs", 45, 0.79212, 0.28342, 2.081, 2.8e-23, 0.839),
        ("cohort_method", 30, -0.04594, 0.54321, 4.032, 1.2e-11, 0.01315),
    ],
)
def test_published_examples(name, k, mean, sd, ratio, p, calibrated):
    controls, positive = read(name)
    null = fit_null(controls)
    assert null.k == k == len(controls)
    assert (null.mean, null.sd) == (
        pytest.approx(mean, abs=PRINTED),
        pytest.approx(sd, abs=PRINTED),
    )
    found = calibrate(positive, null, level=95.0)
    assert found.observed.natural[0] == pytest.approx(ratio, abs=THREE_DIGITS)
    assert found.p_observed == pytest.approx(p, rel=0.02)
    assert found.p_calibrated == pytest.approx(calibrated, abs=THREE_DIGITS)


def test_maximum_of_the_likelihood_by_search():
    controls, _ = read("cohort_method")
    b = np.array([e.estimate for e in controls.values()])
    s = np.array([e.se for e in controls.values()])

    def minus(parameters):
        return -stats.norm.logpdf(b, parameters[0], np.hypot(parameters[1], s)).sum()

    best = optimize.minimize(minus, [0.0, 0.3], method="Nelder-Mead", tol=1e-10)
    null = fit_null(controls)
    assert best.x == pytest.approx([null.mean, null.sd], abs=1e-4)


def test_no_systematic_error_changes_little():
    # 200 controls with random error only: the spread is near 0 and p-values stay.
    rng = np.random.default_rng(2)
    controls = {f"c{i}": log_ratio(rng.normal(0, 0.2), 0.2) for i in range(200)}
    null = fit_null(controls)
    assert abs(null.mean) < 0.05
    assert null.sd < 0.1
    found = calibrate(log_ratio(0.5, 0.2), null, level=95.0)
    assert found.p_calibrated == pytest.approx(found.p_observed, abs=0.03)


def test_calibrated_p_values_are_uniform_under_bias():
    rng = np.random.default_rng(4)
    se = rng.uniform(0.05, 0.3, 400)
    b = 0.4 + 0.25 * rng.normal(size=400) + se * rng.normal(size=400)
    controls = {f"c{i}": log_ratio(b[i], se[i]) for i in range(200)}
    null = fit_null(controls)
    p = [calibrate(log_ratio(b[i], se[i]), null, level=95.0) for i in range(200, 400)]
    # Chance: 200 draws of a share of 0.05 vary by 0.015.
    assert np.mean([one.p_calibrated < 0.05 for one in p]) == pytest.approx(0.05, abs=0.045)
    assert np.mean([one.p_observed < 0.05 for one in p]) > 0.5
    low = np.array([one.calibrated.ci_low for one in p])
    high = np.array([one.calibrated.ci_high for one in p])
    assert np.mean((low < 0) & (high > 0)) == pytest.approx(0.95, abs=0.045)


def test_calibration_by_hand():
    controls = {f"c{i}": log_ratio(b, 0.001) for i, b in enumerate((-0.2, -0.1, 0.1, 0.3, 0.4))}
    null = fit_null(controls)
    # Errors are next to nothing: mean 0.1 and the spread with n, sqrt(0.052).
    assert (null.mean, null.sd) == (
        pytest.approx(0.1, abs=1e-5),
        pytest.approx(math.sqrt(0.052), abs=1e-5),
    )
    found = calibrate(log_ratio(0.7, 0.3), null, level=90.0)
    se = math.sqrt(0.052 + 0.09)
    assert found.calibrated.estimate == pytest.approx(0.6, abs=1e-5)
    assert found.calibrated.ci_high == pytest.approx(0.6 + 1.644854 * se, abs=1e-5)
    assert found.to_frame()["ratio"].tolist() == pytest.approx([math.exp(0.7), math.exp(0.6)], 1e-4)
    assert "They are few" in found.summary()


def test_too_few_controls():
    few = {f"c{i}": log_ratio(0.1 * i, 0.2) for i in range(5)}
    few["c4"] = log_ratio(0.2, math.nan)
    with pytest.raises(DesignError, match=r"4 negative controls can.t .* \(c4 without"):
        fit_null(few)


def test_scale_and_error_are_needed():
    plain = Estimate(estimate=0.1, se=0.1, ci_low=0.0, ci_high=0.2, level=95.0, scale="identity")
    with pytest.raises(DesignError, match="log scale"):
        fit_null({"c": plain})
    null = fit_null({f"c{i}": log_ratio(0.1 * i, 0.2) for i in range(5)})
    with pytest.raises(DesignError, match="standard error"):
        calibrate(log_ratio(0.2, math.nan), null, level=95.0)


def test_single_controls():
    found = check_controls(
        {
            "second cancer": log_ratio(0.02, 0.1),
            "fracture": log_ratio(-0.5, 0.1),
            "cataract": log_ratio(0.21, 0.1),
            "none seen": log_ratio(0.0, math.nan),
        },
        level=95.0,
    )
    assert [d.verdict for d in found] == ["pass", "fail", "warn", "note"]
    # 2.1 standard errors: 0.036, times two for Holm's second of three.
    assert found[2].value == pytest.approx(0.0357, abs=1e-4)
    assert "Cataract" not in found[0].message
    assert found[1].advice.startswith("The groups differ")


def test_one_control_is_tested_at_the_level():
    (found,) = check_controls({"fracture": log_ratio(-0.21, 0.1)}, level=95.0)
    assert found.verdict == "fail"
    (wide,) = check_controls({"fracture": log_ratio(-0.21, 0.1)}, level=99.0)
    assert wide.verdict == "pass"

"""Immortal time in the Stanford heart transplant data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import stanford
from tests.emulation.groups.weightings import log_hr

QUICK = Inference(interval="influence")
CASES = Path(__file__).parents[1] / "reference" / "survival" / "cases"
# R's own convergence criterion; what is compared has been through two programs.
R = 1e-6


def estimate(name, question=None, **options):
    found = make_method(name, options)
    return found.estimate(stanford.load(), question or stanford.question(), QUICK)


def test_the_data_are_those_published():
    cohort = stanford.load()
    assert cohort.n == 103
    assert int(np.isfinite(cohort.treatment_time).sum()) == 69
    assert int(cohort.event.sum()) == 75


def test_the_time_dependent_model_is_that_of_r():
    """Case heart of R's survival package, with persons as clusters."""
    pinned = json.loads((CASES / "cox_heart_cluster_efron.json").read_text())["result"]
    place = pinned["covariates"].index("transplant")
    whole = stanford.question(horizon_months=59.0, at_months=(59.0,))
    found = log_hr(estimate("time_dependent_cox", whole))
    assert found.estimate == pytest.approx(pinned["coef"][place], abs=R)
    assert found.se == pytest.approx(pinned["se"][place], abs=R)


def test_the_naive_benefit_vanishes():
    naive = log_hr(estimate("ever_treated"))
    assert naive.ci_high < np.log(0.5)
    for name in ("time_dependent_cox", "landmark", "sequential_trials", "clone_censor_weight"):
        honest = log_hr(estimate(name))
        assert honest.ci_low < 0 < honest.ci_high
        assert honest.estimate > naive.estimate + 0.8


def test_immortal_time_is_named():
    immortal = {d.name: d for d in estimate("ever_treated").diagnostics}["immortal_time"]
    assert immortal.verdict == "fail"
    assert immortal.value > 0.05

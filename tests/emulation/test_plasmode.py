"""The pattern of Duchesneau et al. 2022, doi:10.1158/1055-9965.EPI-22-0495, where nothing works.

There, with a true hazard ratio of 1, ever against never treated gave 0.84 and left the truth out of
every interval; excluding immortal time gave 0.93; time-dependent treatment and landmarks were
centred on 1. The sizes differ with the design, the order does not.
"""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs
from tests.emulation.groups.weightings import log_hr, polynomial

QUICK = Inference(interval="influence")
REPEATS = 12
# Means of 12 estimates lie within so many of their standard errors of the truth.
ERRORS = 3.5
METHODS = {
    "ever": ("ever_treated", {"adjust": True}),
    "excluded": ("ever_treated", {"adjust": True, "immortal_time": "excluded"}),
    "changing": ("time_dependent_cox", {}),
    "landmark": ("landmark", {}),
    "trials": ("sequential_trials", {}),
}
# Enough that the bias of the first two is several standard errors, as in the publication, which had
# 24,329 patients; few where the truth is to be met.
PERSONS = {"ever": 6000, "excluded": 6000, "changing": 1000, "landmark": 1000, "trials": 1000}


@pytest.fixture(scope="module")
def estimates():
    """Return log hazard ratios and whether intervals hold 0, by method."""
    found = {name: [] for name in METHODS}
    for seed in range(REPEATS):
        cohorts = {n: designs.lt1(n, 100 + seed) for n in set(PERSONS.values())}
        for name, (method, options) in METHODS.items():
            cohort = cohorts[PERSONS[name]]
            if name == "landmark":
                cohort = polynomial(cohort)
            one = log_hr(make_method(method, options).estimate(cohort, designs.question(), QUICK))
            found[name].append((one.estimate, one.ci_low <= 0.0 <= one.ci_high))
    return {name: np.array(rows) for name, rows in found.items()}


def test_ever_against_never_never_holds_the_truth(estimates):
    value, covered = estimates["ever"].T
    assert np.exp(value.mean()) < 0.9
    assert covered.sum() == 0


def test_excluding_immortal_time_leaves_part_of_the_bias(estimates):
    ever, excluded = (estimates[name][:, 0].mean() for name in ("ever", "excluded"))
    spread = estimates["excluded"][:, 0].std(ddof=1) / np.sqrt(REPEATS)
    assert ever < excluded < -ERRORS * spread


@pytest.mark.parametrize("name", ["changing", "landmark", "trials"])
def test_methods_that_start_the_arms_together_are_centred(estimates, name):
    value, covered = estimates[name].T
    assert abs(value.mean()) < ERRORS * value.std(ddof=1) / np.sqrt(REPEATS)
    assert covered.sum() >= REPEATS - 3

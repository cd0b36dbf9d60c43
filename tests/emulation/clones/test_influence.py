"""Influence functions are the derivatives of the values by the weights of persons."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.emulation.clones.analysis import CloneAnalysis
from locoreg.emulation.clones.options import Choices
from tests.emulation import designs
from tests.emulation.clones import drawn

# A central difference of step 1e-3 errs by its square times the third derivative, which for single
# persons among some hundreds is of the order of 1e-6 of a first one of 1e-2.
STEP = 1e-3
DERIVATIVE = 2e-6

CASES = {
    "deadline": ({"initiation": "deadline"}, {}, {}),
    "all_initiators": ({"initiation": "all_initiators"}, {}, {}),
    "uniform": ({"initiation": "uniform"}, {}, {}),
    "none_within_grace": (
        {"initiation": "deadline", "comparator": "none_within_grace"},
        {},
        {},
    ),
    "loss": (
        {"initiation": "deadline"},
        {"lost": True},
        {"natural_censoring": "pooled_logistic"},
    ),
    "entry and causes": ({"initiation": "deadline"}, {"entry": True, "causes": True}, {}),
    "history, loss, entry": (
        {"initiation": "uniform"},
        {"history": True, "lost": True, "entry": True},
        {"natural_censoring": "pooled_logistic"},
    ),
    "stabilised": ({"initiation": "all_initiators"}, {}, {"stabilised": True}),
    "no grace": ({"initiation": "all_initiators", "grace_months": 0.0}, {"at_zero": True}, {}),
}


def made(name):
    asked, data, choices = CASES[name]
    data = dict(data)
    at_zero = data.pop("at_zero", False)
    cohort = drawn.cohort(400, 3, **data)
    if at_zero:
        # A grace period of no length: one in three is treated at time zero.
        cohort.treatment_time[:130] = 0.0
    question = designs.question(**asked, at_months=(3.0, 6.0, 12.0, 24.0, 36.0))
    return cohort, CloneAnalysis(cohort, question, Choices(**choices))


@pytest.mark.parametrize("name", CASES, ids=lambda name: name.replace(" ", "-"))
def test_influence_is_the_derivative(name):
    cohort, analysis = made(name)
    found = analysis.influence(left_out=False)
    assert found is not None
    rows = found.packed()
    # The weight of everybody at once changes nothing.
    np.testing.assert_allclose(rows.sum(axis=0), 0.0, atol=1e-9)
    some = np.unique(
        np.concatenate(
            [
                np.argsort(np.abs(found.log_hr))[-4:],
                np.arange(0, cohort.n, 97),
                np.flatnonzero(cohort.treatment_time <= 6.0)[:3],
            ]
        )
    )
    for i in some:
        weights = np.ones((2, cohort.n))
        weights[0, i] += STEP
        weights[1, i] -= STEP
        values = analysis.values(weights).packed()
        slope = (values[0] - values[1]) / (2.0 * STEP)
        np.testing.assert_allclose(rows[i], slope, atol=DERIVATIVE * max(1.0, np.abs(slope).max()))


# What is left out of those at risk is exact; the models of the weights still change by their
# derivative, which matters little at 36 months.
JACKKNIFE = 0.02


@pytest.mark.parametrize("initiation", ["deadline", "all_initiators"])
def test_variance_is_that_of_the_jackknife(initiation):
    n = 500
    cohort = designs.lt1(n, 5, log_hazard=np.log(0.6))
    analysis = CloneAnalysis(cohort, designs.question(initiation=initiation), Choices())
    weights = np.ones((n, n)) - np.eye(n)
    left_out = analysis.values(weights)
    at = np.flatnonzero(analysis.grid == 36.0)
    errors = {}
    for corrected in (False, True):
        found = analysis.influence(left_out=corrected)
        assert found is not None
        rows = found.curve[:, 1] - found.curve[:, 0]
        errors[corrected] = np.sqrt((rows[:, at] ** 2).sum(axis=0))
    changes = left_out.curve[:, 1] - left_out.curve[:, 0]
    changes = changes[:, at] - changes[:, at].mean(axis=0)
    jackknife = np.sqrt((changes**2).sum(axis=0))
    np.testing.assert_allclose(errors[True], jackknife, rtol=JACKKNIFE)
    # The derivative alone does not come near.
    assert (errors[False] < (1.0 - JACKKNIFE) * jackknife).all()

"""Sequential trials on the design of Keogh et al. 2023, doi:10.1002/sim.9718: exact truth.

Additive hazards, linear in normal variables: survival under a strategy is exp(-m + v/2), where m
and v are the mean and the variance of the cumulative hazard.
"""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs

VISITS = 5
SCENARIOS = {"1": (-1.0, 0.5), "2": (-3.0, 0.5), "3": (-1.0, 3.0)}
# Five printed digits.
PRINTED = 6e-6
# Estimates of a simulation lie within so many standard errors of the truth.
ERRORS = 3.5
QUICK = Inference(interval="influence")


def survival(treated, *, first=0, value=None, frailty=None):
    """Return survival one year apart after visit `first`, given its L and U or over them.

    Covariates are a combination of normal variables: a mean (by person), and loadings on U, the
    first L's own part, and each later one.
    """
    known = value is not None
    mean = value if known else 0.0
    mean_u = frailty if known else 0.0
    sd = np.array([0.0 if known else 0.1, 0.0 if known else 1.0] + [1.0] * VISITS)
    load = np.zeros(2 + VISITS)
    load[:2] = 1.0
    unit_u = np.zeros(2 + VISITS)
    unit_u[0] = 1.0
    total, total_load, out = 0.0, np.zeros(2 + VISITS), []
    for j in range(VISITS - first):
        total = total + 0.2 - 0.04 * treated + 0.015 * (mean + mean_u)
        total_load = total_load + 0.015 * (load + unit_u)
        variance = ((total_load * sd) ** 2).sum()
        out.append(np.exp(-total + variance / 2))
        mean = 0.8 * mean - treated + 0.1 * (first + j + 1) + mean_u
        load = 0.8 * load + unit_u
        load[2 + j] += 1.0
    return np.array(out)


def draw(n, seed, scenario):
    """Return a cohort, and U and L at each visit of those who live to it (NaN for others)."""
    rng = np.random.default_rng(seed)
    g0, slope = SCENARIOS[scenario]
    frailty, treated = rng.normal(0.0, 0.1, n), np.zeros(n, dtype=bool)
    time, event, started = np.full(n, 5.0), np.zeros(n, dtype=int), np.full(n, np.inf)
    alive, value = np.ones(n, dtype=bool), rng.normal(frailty, 1.0)
    seen = np.full((VISITS, n), np.nan)
    for k in range(VISITS):
        if k:
            value = rng.normal(0.8 * value - treated + 0.1 * k + frailty, 1.0)
        seen[k, alive] = value[alive]
        starts = alive & ~treated & (rng.random(n) < designs.expit(g0 + slope * value))
        started[starts] = k
        treated |= starts
        hazard = 0.2 - 0.04 * treated + 0.015 * value + 0.015 * frailty
        wait = rng.exponential(1.0, n) / np.maximum(hazard, 1e-12)
        dies = alive & (wait < 1.0)
        time[dies], event[dies] = k + wait[dies], 1
        alive &= ~dies
    person, visit = np.nonzero(~np.isnan(seen.T))
    history = designs.history("L", person, visit, seen[visit, person], n=n)
    cohort = designs.cohort(time=time, event=event, treatment_time=started, histories=(history,))
    return cohort, frailty, seen


def question():
    """Return the comparison of starting at a visit, and never."""
    return designs.question(
        treated_label="start",
        comparator_label="never",
        grace_months=0.0,
        horizon_months=5.0,
        at_months=(1.0, 2.0, 3.0, 4.0, 5.0),
    )


def estimate(cohort, until):
    method = make_method("sequential_trials", {"trials_until_months": until})
    return method.estimate(cohort, question(), QUICK)


def test_the_closed_form_gives_the_printed_digits():
    always, never = survival(1.0), survival(0.0)
    assert always == pytest.approx([0.85224, 0.73639, 0.64244, 0.56402, 0.49695], abs=PRINTED)
    assert never == pytest.approx([0.81883, 0.66965, 0.54636, 0.44430, 0.35982], abs=PRINTED)
    difference = [0.03342, 0.06674, 0.09608, 0.11972, 0.13713]
    assert always - never == pytest.approx(difference, abs=PRINTED)


@pytest.mark.parametrize("scenario", ["1", "2"])
def test_the_trial_of_the_first_visit_meets_the_truth(scenario):
    cohort, _, _ = draw(20000, 21, scenario)
    effect = estimate(cohort, 1.0)
    for year in range(1, 6):
        truth = survival(1.0)[year - 1] - survival(0.0)[year - 1]
        found = effect.contrast("survival_difference", year).estimate
        assert abs(found.estimate - truth) < ERRORS * found.se
        assert found.se < 0.03


def test_trials_of_all_visits_meet_the_truth():
    """Averaged over those eligible at each visit, given what they are then."""
    cohort, frailty, seen = draw(20000, 22, "1")
    effect = estimate(cohort, 5.0)
    totals = np.zeros((2, 6))
    at_risk = np.zeros((2, 6))
    for k in range(VISITS):
        here = (cohort.treatment_time >= k) & ~np.isnan(seen[k])
        for arm in (0, 1):
            curve = survival(float(arm), first=k, value=seen[k, here], frailty=frailty[here])
            alive = np.concatenate(([here.sum()], curve.sum(axis=1)))
            # Follow-up ends five years after the first visit: later trials are shorter.
            at_risk[arm, : alive.size - 1] += alive[:-1]
            totals[arm, 1 : alive.size] += alive[1:]
    steps = totals[:, 1:] / at_risk[:, :-1]
    truth = np.cumprod(steps, axis=1)
    for year in range(1, 6):
        found = effect.contrast("survival_difference", year).estimate
        assert abs(found.estimate - (truth[1] - truth[0])[year - 1]) < ERRORS * found.se


def test_near_positivity_is_told():
    """Scenario 3, in which published estimates too are biased, and vary twice as much."""
    effects = {s: estimate(draw(20000, 23, s)[0], 1.0) for s in ("1", "3")}
    assert not effects["1"].failed
    assert effects["3"].verdict == "fail"
    assert {d.name for d in effects["3"].failed} & {"balance", "top_share", "effective_size"}
    errors = [effects[s].contrast("survival_difference").estimate.se for s in ("1", "3")]
    assert errors[1] > 1.5 * errors[0]

"""What several tests of methods need: influence against refits, and a cohort with everything."""

from __future__ import annotations

import numpy as np

from locoreg.emulation.cohort import Column
from locoreg.emulation.methods import make_method
from tests.emulation import designs

# Central differences over 1e-4 are exact to about 1e-8; influences are of order 1.
REFIT = 2e-7
STEP = 1e-4


def derivative_gap(name, options, cohort, question):
    """Return the largest difference between influence and refits along a direction of weights."""
    analysis = make_method(name, options).bind(cohort, question)
    z = np.random.default_rng(0).normal(size=cohort.n)
    up, down = analysis.values(np.array([1 + STEP * z, 1 - STEP * z])).packed()
    refit = (up - down) / (2 * STEP)
    predicted = z @ analysis.influence().packed()
    assert np.isfinite(refit).all()
    assert np.abs(predicted).max() > 0.01
    return float(np.abs(refit - predicted).max())


def rich(kind, n=300, seed=4):
    """Return a cohort with late treatments, loss, histories, late entry or competing events.

    Treatment is at quarters of months, so that it lies within intervals too.
    """
    rng = np.random.default_rng(seed)
    drawn = designs.lt1(n, seed, log_hazard=-0.5)
    treated = drawn.treatment_time.copy()
    early = np.isfinite(treated)
    treated[early] += rng.integers(0, 4, early.sum()) * 0.25
    late = ~early & (rng.random(n) < 0.3)
    treated[late] = rng.integers(7, 20, late.sum())
    treated[treated > drawn.time] = np.inf
    event = np.where(rng.random(n) < 0.2, 0, drawn.event)
    more = {}
    if kind == "histories":
        person, time = np.repeat(np.arange(n), 4), np.tile([-1.0, 0.0, 2.0, 4.0], n)
        known = time < drawn.time[person]
        person, time = person[known], time[known]
        later = time > 0
        more["histories"] = (
            designs.history("size", person, time, rng.normal(size=person.size), n=n),
            designs.history(
                "response",
                person[later],
                time[later],
                rng.integers(0, 2, later.sum()),
                levels=("no", "yes"),
                n=n,
            ),
        )
    if kind == "late_entry":
        entry = np.where(rng.random(n) < 0.2, rng.random(n) * 8, 0.0)
        more["entry"] = np.minimum(entry, drawn.time * 0.5)
    if kind == "competing":
        event = np.where(event == 1, 1 + (rng.random(n) < 0.3), 0)
        more["event_labels"] = ("cancer death", "other death")
    return designs.cohort(
        time=drawn.time, event=event, treatment_time=treated, baseline=drawn.baseline, **more
    )


KINDS = ("plain", "histories", "late_entry", "competing")


def short_question(**changes):
    """Return a question whose horizon lies before the end of follow-up."""
    return designs.question(horizon_months=30.0, at_months=(6.0, 30.0), **changes)


WAYS = {
    "never": {},
    "none_within_grace": {"comparator": "none_within_grace"},
    "itt_like": {"comparator": "none_within_grace", "contrast": "itt_like"},
}


def polynomial(cohort):
    """Return LT-1 with powers and products of its confounders.

    Treatment by 6 months among those alive then is no logistic function of the two themselves: with
    them alone a landmark is off by 0.015 in survival at 36 months.
    """
    x1, x2 = (column.values for column in cohort.baseline)
    more = {"x2 squared": x2**2, "x2 cubed": x2**3, "x1 x2": x1 * x2, "x1 x2 squared": x1 * x2**2}
    columns = tuple(Column(name=name, kind="number", values=v) for name, v in more.items())
    return designs.cohort(
        time=cohort.time,
        event=cohort.event,
        treatment_time=cohort.treatment_time,
        baseline=cohort.baseline + columns,
    )


def log_hr(effect):
    return effect.contrast("hazard_ratio").estimate


def flow(effect):
    return {(step.arm, step.name): step.n for step in effect.flow}

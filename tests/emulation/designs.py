"""Cohorts drawn from designs whose truth is known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.emulation.cohort import Attrition, Coding, Cohort, Column, History
from locoreg.emulation.question import Question

MONTHS = 36
GRACE = 6


@dataclass(frozen=True)
class Truth:
    """Survival at chosen months and restricted means, comparator and treated."""

    survival: dict[int, tuple[float, float]]
    rmst: dict[int, tuple[float, float]]


def expit(x):
    return 1.0 / (1.0 + np.exp(-x))


def question(**changes: Any) -> Question:
    values: dict[str, Any] = {
        "treated_label": "treated within 6 months",
        "comparator_label": "never treated",
        "outcome": "death",
        "grace_months": 6.0,
        "interval_months": 1.0,
        "comparator": "never",
        "initiation": "deadline",
        "contrast": "per_protocol",
        "horizon_months": 36.0,
        "at_months": (6.0, 12.0, 36.0),
        "level": 95.0,
    }
    return Question(**{**values, **changes})


def cohort(
    *,
    time,
    event,
    treatment_time,
    baseline=(),
    histories=(),
    confounders=None,
    lost=None,
    entry=None,
    event_labels=("death",),
    **more: Any,
) -> Cohort:
    """Return a cohort of arrays, by default with all baseline variables as confounders."""
    n = len(time)
    names = tuple(column.name for column in baseline) if confounders is None else confounders
    return Cohort(
        person_id=tuple(f"p{i:06d}" for i in range(n)),
        time=np.asarray(time, dtype=float),
        event=np.asarray(event, dtype=np.int64),
        event_labels=event_labels,
        lost=np.zeros(n, dtype=bool) if lost is None else np.asarray(lost, dtype=bool),
        treatment_time=np.asarray(treatment_time, dtype=float),
        entry=None if entry is None else np.asarray(entry, dtype=float),
        baseline=tuple(baseline),
        histories=tuple(histories),
        coding=Coding(names=names, history_names=tuple(h.name for h in histories)),
        attrition=Attrition(source="drawn", started=n, steps=()),
        source="drawn",
        synthetic=True,
        **more,
    )


def lt1(n: int, seed: int, *, log_hazard: float = 0.0) -> Cohort:
    """Return a cohort of the design LT-1: 36 months, treatment at the starts of months 0 to 5.

    Treatment is at the start of a month, k; deaths in month k are in its middle, k + 0.5.
    """
    rng = np.random.default_rng(seed)
    x1 = (rng.random(n) < 0.5).astype(float)
    x2 = rng.normal(size=n)
    start = expit(-2.0 + x1 - 0.6 * x2)
    treated = np.full(n, np.inf)
    time = np.full(n, float(MONTHS))
    event = np.zeros(n, dtype=np.int64)
    alive = np.ones(n, dtype=bool)
    for k in range(MONTHS):
        if k < GRACE:
            now = alive & np.isinf(treated) & (rng.random(n) < start)
            treated[now] = k
        hazard = expit(-3.2 - 0.7 * x1 + 0.5 * x2 + log_hazard * np.isfinite(treated))
        dies = alive & (rng.random(n) < hazard)
        time[dies], event[dies] = k + 0.5, 1
        alive &= ~dies
    columns = (
        Column(name="x1", kind="category", values=x1, levels=("0", "1")),
        Column(name="x2", kind="number", values=x2),
    )
    return cohort(time=time, event=event, treatment_time=treated, baseline=columns)


def lt1_truth(log_hazard: float, initiation: str = "deadline") -> Truth:
    """Return exact values: never treated, and treated with natural timing.

    Those still untreated are treated at the start of month 5 (``deadline``), or become as the
    treated survivors with the same covariates are at month 6 (``all_initiators``).
    """
    last = {"deadline": GRACE - 1, "all_initiators": GRACE}[initiation]
    node, mass = np.polynomial.hermite_e.hermegauss(80)
    survival = {arm: np.zeros(MONTHS + 1) for arm in (0, 1)}
    for x1 in (0.0, 1.0):
        start = expit(-2.0 + x1 - 0.6 * node)
        base = -3.2 - 0.7 * x1 + 0.5 * node
        weight = mass / mass.sum() / 2
        waiting, done, never = np.ones_like(node), np.zeros_like(node), np.ones_like(node)
        for k in range(MONTHS + 1):
            survival[0][k] += weight @ never
            survival[1][k] += weight @ (waiting + done)
            if k == MONTHS:
                break
            share = 1.0 if k == last else start if k < last else 0.0
            waiting, done = waiting * (1 - share), done + waiting * share
            never = never * (1 - expit(base))
            waiting, done = waiting * (1 - expit(base)), done * (1 - expit(base + log_hazard))
    middle = {arm: (survival[arm][1:] + survival[arm][:-1]) / 2 for arm in (0, 1)}
    area = {arm: np.concatenate(([0.0], np.cumsum(middle[arm]))) for arm in (0, 1)}
    months = (6, 12, 24, 36)
    return Truth(
        survival={m: (survival[0][m], survival[1][m]) for m in months},
        rmst={m: (area[0][m], area[1][m]) for m in months},
    )


def history(name, person, time, values, *, levels=(), n) -> History:
    return History(
        name=name,
        kind="category" if levels else "number",
        person=np.asarray(person, dtype=np.int64),
        time=np.asarray(time, dtype=float),
        values=np.asarray(values, dtype=float),
        levels=tuple(levels),
        n=n,
    )

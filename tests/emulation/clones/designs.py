"""Designs with a confounder that changes, and with deaths of the operation; truth is exact.

Both have 36 months and a grace period of 6. Treatment is at the start of a month k, at time k;
deaths in month k are at k + 0.5, deaths of the operation at k itself. All states are finite, so
that survival under each strategy follows by recursion over months.
"""

from __future__ import annotations

import itertools

import numpy as np

from locoreg.emulation.cohort import Column
from tests.emulation import designs
from tests.emulation.designs import GRACE, MONTHS, expit

NEVER = "never"
DEADLINE = "deadline"
UNIFORM = "uniform"


def asked(strategy: str, k: int, natural):
    """Return the probability of treatment in month k under a strategy."""
    if strategy == NEVER or k >= GRACE:
        return np.zeros_like(natural)
    if strategy == UNIFORM:
        return np.full_like(natural, 1.0 / (GRACE - k))
    return np.ones_like(natural) if k == GRACE - 1 else natural


# --- A confounder that changes: response to systemic therapy, which nobody has at time zero. ---
RESPONSE_EFFECT = np.log(0.6)


def response_models(x, response, treated, effect):
    """Return probabilities of treatment, death, and of a response by the next month."""
    start = expit(-2.6 + 1.5 * response + 0.5 * x)
    death = expit(-2.8 - 1.0 * response + 0.5 * x + effect * treated)
    gain = expit(-1.6 + 0.6 * x)
    return start, death, gain


def response_cohort(n: int, seed: int, *, effect: float):
    rng = np.random.default_rng(seed)
    x = (rng.random(n) < 0.5).astype(float)
    response = np.zeros(n)
    treated, time = np.full(n, np.inf), np.full(n, float(MONTHS))
    event, alive = np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    person, when, value = [np.arange(n)], [np.zeros(n)], [np.zeros(n)]
    for k in range(MONTHS):
        if k < GRACE:
            start, _, _ = response_models(x, response, 0.0, effect)
            treated[alive & np.isinf(treated) & (rng.random(n) < start)] = k
        _, death, gain = response_models(x, response, np.isfinite(treated), effect)
        dies = alive & (rng.random(n) < death)
        time[dies], event[dies] = k + 0.5, 1
        alive &= ~dies
        gains = alive & (response == 0) & (rng.random(n) < gain)
        response[gains] = 1.0
        person.append(np.flatnonzero(gains))
        when.append(np.full(gains.sum(), k + 1.0))
        value.append(np.ones(gains.sum()))
    person, when, value = (np.concatenate(part) for part in (person, when, value))
    order = np.lexsort((when, person))
    history = designs.history(
        "response", person[order], when[order], value[order], levels=("no", "yes"), n=n
    )
    return designs.cohort(
        time=time,
        event=event,
        treatment_time=treated,
        baseline=(Column(name="x", kind="category", values=x, levels=("0", "1")),),
        histories=(history,),
    )


def response_truth(strategy: str, *, effect: float) -> np.ndarray:
    """Return survival at the starts of months 0 to 36."""
    out = np.zeros(MONTHS + 1)
    for x in (0.0, 1.0):
        # Mass by response and treatment.
        mass = {(0, 0): 0.5, (0, 1): 0.0, (1, 0): 0.0, (1, 1): 0.0}
        for k in range(MONTHS + 1):
            out[k] += sum(mass.values())
            for r in (0, 1):
                start = response_models(x, float(r), 0.0, effect)[0]
                share = float(asked(strategy, k, start))
                moved = mass[r, 0] * share
                mass[r, 0] -= moved
                mass[r, 1] += moved
            new = dict.fromkeys(mass, 0.0)
            for (r, t), m in mass.items():
                _, death, gain = response_models(x, float(r), float(t), effect)
                left = m * (1.0 - death)
                if r:
                    new[1, t] += left
                else:
                    new[1, t] += left * gain
                    new[0, t] += left * (1.0 - gain)
            mass = new
    return out


# --- Deaths of the operation, on its day. ---
OPERATIVE = 0.06


def operative_models(x1, x2, treated, effect):
    """Return probabilities of treatment, and of death in a month."""
    return (
        expit(-2.0 + 0.8 * x1 - 0.5 * x2),
        expit(-3.2 - 0.6 * x1 + 0.5 * x2 + effect * treated),
    )


def operative_cohort(n: int, seed: int, *, effect: float):
    rng = np.random.default_rng(seed)
    x1 = (rng.random(n) < 0.5).astype(float)
    x2 = rng.integers(0, 3, n).astype(float)
    treated, time = np.full(n, np.inf), np.full(n, float(MONTHS))
    event, alive = np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    for k in range(MONTHS):
        start, _ = operative_models(x1, x2, 0.0, effect)
        if k < GRACE:
            now = alive & np.isinf(treated) & (rng.random(n) < start)
            treated[now] = k
            dies = now & (rng.random(n) < OPERATIVE)
            time[dies], event[dies] = k, 1
            alive &= ~dies
        dies = alive & (rng.random(n) < operative_models(x1, x2, np.isfinite(treated), effect)[1])
        time[dies], event[dies] = k + 0.5, 1
        alive &= ~dies
    return designs.cohort(
        time=time,
        event=event,
        treatment_time=treated,
        baseline=(
            Column(name="x1", kind="category", values=x1, levels=("0", "1")),
            Column(name="x2", kind="category", values=x2, levels=("0", "1", "2")),
        ),
    )


def operative_truth(strategy: str, *, effect: float) -> np.ndarray:
    """Return survival at the ends of months 0 to 35, after a first value of 1."""
    out = np.zeros(MONTHS + 1)
    out[0] = 1.0
    for x1, x2 in itertools.product((0.0, 1.0), (0.0, 1.0, 2.0)):
        waiting, done = 1.0 / 6.0, 0.0
        for k in range(MONTHS):
            start, death = operative_models(x1, x2, 0.0, effect)
            moved = waiting * float(asked(strategy, k, np.asarray(start)))
            waiting, done = waiting - moved, done + moved * (1.0 - OPERATIVE)
            waiting *= 1.0 - death
            done *= 1.0 - operative_models(x1, x2, 1.0, effect)[1]
            out[k + 1] += waiting + done
    return out


def area(survival: np.ndarray) -> float:
    """Return the restricted mean to month 36 where deaths are in the middle of a month."""
    return float(((survival[1:] + survival[:-1]) / 2.0).sum())

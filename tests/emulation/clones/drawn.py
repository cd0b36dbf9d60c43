"""A cohort with everything that an analysis may meet: days, entry, loss, histories, causes."""

from __future__ import annotations

import numpy as np

from locoreg.emulation.cohort import Column
from tests.emulation import designs

DAY = 1.0 / 30.4375


def cohort(n: int, seed: int, *, entry=False, lost=False, causes=False, history=False, days=True):
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    site = rng.integers(0, 3, n).astype(float)
    fit = rng.normal(size=n)
    visit = np.array([0.0, 2.0, 4.0])
    response = rng.normal(size=(n, 3)) + 0.5 * fit[:, None]
    rate = 0.09 * np.exp(0.4 * age - 0.3 * (site == 2) + 0.4 * response[:, 1] * history)
    treated = rng.exponential(1.0 / rate)
    death = rng.exponential(18.0 * np.exp(-0.3 * age + 0.2 * response[:, 2] * history))
    loss = rng.exponential(40.0 * np.exp(0.3 * age)) if lost else np.full(n, np.inf)
    if days:
        treated, death, loss = (np.ceil(t / DAY) * DAY for t in (treated, death, loss))
    time = np.minimum(np.minimum(death, loss), 36.0)
    event = (death <= np.minimum(loss, 36.0)).astype(np.int64)
    if causes:
        event = event * np.where(rng.random(n) < 0.3, 2, 1)
    treated = np.where(treated <= np.minimum(time, 20.0), treated, np.inf)
    start = np.where(rng.random(n) < 0.5, 0.0, rng.uniform(0.0, 5.0, n)) if entry else None
    if entry:
        start = np.where(start < time, start, 0.0)
    histories = ()
    if history:
        person = np.repeat(np.arange(n), 2)
        histories = (
            designs.history(
                "response", person, np.tile(visit[1:], n), response[:, 1:].ravel(), n=n
            ),
        )
    return designs.cohort(
        time=time,
        event=event,
        treatment_time=treated,
        baseline=(
            Column(name="age", kind="number", values=age),
            Column(name="site", kind="category", values=site, levels=("a", "b", "c")),
        ),
        histories=histories,
        lost=(loss < 36.0) & (loss < death) if lost else None,
        entry=start,
        event_labels=("death of cancer", "other death") if causes else ("death",),
    )

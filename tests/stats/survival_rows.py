"""Small censored data sets for hypothesis, and the formulas of survival curves row by time."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


def by_definition(time, event, *, entry=None, weight=None, cluster=None, estimator="kaplan-meier"):
    """Return estimates with robust and model-based errors, row by time as in the formulas."""
    n = time.size
    entry = np.full(n, -1.0) if entry is None else entry
    weight = (np.ones(n) if weight is None else weight)[:, None]
    cluster = np.arange(n) if cluster is None else cluster
    times = np.unique(time)
    here = (entry[:, None] < times) & (times <= time[:, None])
    died = (time[:, None] == times) & (event[:, None] == 1)
    at_risk, events = (weight * here).sum(axis=0), (weight * died).sum(axis=0)
    carrying = ((weight > 0) & died).sum(axis=0)
    extinct = carrying == ((weight > 0) & here).sum(axis=0)
    hazard, variance, change = np.zeros(times.size), np.zeros(times.size), np.zeros(here.shape)
    for j in np.flatnonzero(carrying):
        size = carrying[j] if estimator == "fleming-harrington" else 1
        each = events[j] / size
        for k in range(size):
            left = at_risk[j] - k * each
            hazard[j] += each / left
            variance[j] += each / left**2
            change[:, j] += died[:, j] / size / left
            change[:, j] -= each / left**2 * (here[:, j] - k * died[:, j] / size)
    h_influence = weight * np.cumsum(change, axis=1)
    found = {"time": times, "cumulative_hazard": np.cumsum(hazard)}
    survival, influence = np.exp(-found["cumulative_hazard"]), -h_influence
    model = np.cumsum(variance)
    if estimator == "kaplan-meier":
        q = np.where(extinct & (carrying > 0), 1.0, hazard)
        survival = np.cumprod(1 - q)
        left = np.where(extinct, np.inf, at_risk - events)
        influence = -weight * np.cumsum(here * (died - q) / left, axis=1)
        model = np.cumsum(np.where(extinct & (carrying > 0), np.inf, q / left))
        model[survival == 0] = np.nan

    def robust(values):
        sums = np.zeros((cluster.max() + 1, times.size))
        np.add.at(sums, cluster, values)
        return (sums**2).sum(axis=0)

    found["estimate"] = survival
    found["robust"] = survival**2 * robust(influence), robust(h_influence)
    found["greenwood"] = survival**2 * model, np.cumsum(variance)
    return found


@st.composite
def datasets(draw, most=25):
    """Return ends and events, and options, with many ties, gaps and weights of 0."""
    n = draw(st.integers(2, most))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = generator.integers(1, draw(st.sampled_from([2, 4, 9, 41])), n).astype(float)
    event = (generator.random(n) < draw(st.sampled_from([0.0, 0.5, 0.9, 1.0]))).astype(int)
    late = generator.random(n) < draw(st.sampled_from([0.3, 1.0]))
    entry = np.where(late, np.floor(time * generator.random(n)), 0.0)
    whole = generator.integers(1, 4, n).astype(float)
    real = np.round(generator.uniform(0.1, 3.0, n), 2)
    some = np.append(1.5, np.where(generator.random(n - 1) < 0.4, 0.0, real[1:]))
    clusters = draw(st.sampled_from([1, 3, n]))
    return (
        time,
        event,
        {
            "entry": draw(st.sampled_from([None, entry])),
            "weight": draw(st.sampled_from([None, whole, real, some])),
            "cluster": draw(st.sampled_from([None, generator.integers(0, clusters, n)])),
        },
    )

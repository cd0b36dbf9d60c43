"""Rows of two groups, drawn by hypothesis: ties, delayed entry, weights, clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

# Tenths are not binary fractions, so that sums of weights round.
WEIGHTS = (0.0, 0.1, 0.3, 0.7, 1.0, 2.0, 3.1)


@st.composite
def rows(
    draw: st.DrawFn, *, entry: bool = True, weight: bool = True, smallest: int = 2
) -> dict[str, Any]:
    """Return time, event, strata, cluster, and sometimes entry and weight.

    Everybody is followed to time 12 in each stratum by one row without an event, so that any time
    up to there is usable.
    """
    n = draw(st.integers(smallest, 30))
    whole = st.lists(st.integers(1, 12), min_size=n, max_size=n)
    time = np.array(draw(whole), dtype=float)
    event = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    strata = np.array(draw(st.lists(st.sampled_from("ab"), min_size=n, max_size=n)))
    cluster = np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)))
    out: dict[str, Any] = {
        "time": np.append(time, [12.0, 12.0]),
        "event": np.append(event, [False, False]),
        "strata": np.append(strata, ["a", "b"]),
        "cluster": np.append(cluster, [0, 1]),
    }
    if entry and draw(st.booleans()):
        length = np.array(draw(whole), dtype=float)
        out["entry"] = np.append(np.maximum(time - length, 0.0), [0.0, 0.0])
    if weight and draw(st.booleans()):
        weights = draw(st.lists(st.sampled_from(WEIGHTS), min_size=n, max_size=n))
        out["weight"] = np.append(weights, [1.0, 0.3])
    return out


def take(rows: dict[str, Any], order: np.ndarray) -> dict[str, Any]:
    """Return the rows at these positions."""
    return {name: values[order] for name, values in rows.items()}


def without(rows: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the rows without some columns."""
    return {name: values for name, values in rows.items() if name not in names}

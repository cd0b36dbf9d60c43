"""A table of persons drawn from LT-1, with a protocol for it."""

from __future__ import annotations

import copy
import csv
from pathlib import Path
from typing import Any

import numpy as np

from tests.emulation import designs

PROTOCOL: dict[str, Any] = {
    "protocol": 1,
    "title": "Early surgery",
    "causal_question": "Does early surgery prolong life?",
    "table": {
        "person": "id",
        "time": "months",
        "event": "died",
        "events": {1: "death"},
        "treatment_time": "surgery",
        "unit": "months",
        "lost": "lost",
    },
    "eligibility": [{"name": "Adult", "variable": "age", "at_least": 18, "unknown": "exclude"}],
    "strategies": {
        "treated": {
            "label": "surgery in time",
            "grace_months": 6,
            "initiation": "all_initiators",
        },
        "comparator": {"label": "no surgery", "rule": "never"},
    },
    "contrast": "per_protocol",
    "interval_months": 1,
    "horizon_months": 24,
    "at_months": [12, 24],
    "level": 95,
    "confounders": {
        "baseline": [{"variable": "x1"}, {"variable": "x2"}],
        "missing": {"method": "refuse"},
    },
    "analysis": {
        "method": "clone_censor_weight",
        "intervals": {"kind": "auto", "replicates": 40, "seed": 1},
    },
}
SENSITIVITY = {
    "grace_months": [3],
    "truncation": [95],
    "methods": [
        {"method": "landmark", "options": {"landmark_months": 6}},
        {"method": "ever_treated"},
    ],
}


def protocol(**changes: Any) -> dict[str, Any]:
    """Return the protocol with keys changed."""
    return {**copy.deepcopy(PROTOCOL), **changes}


def rows(n: int, seed: int) -> dict[str, np.ndarray]:
    """Draw persons; a tenth of those alive at the end was lost before."""
    drawn = designs.lt1(n, seed, log_hazard=np.log(0.6))
    rng = np.random.default_rng(seed)
    time, event = drawn.time.copy(), drawn.event.copy()
    lost = (event == 0) & (rng.random(n) < 0.2)
    time[lost] = np.round(rng.uniform(8.0, 30.0, size=int(lost.sum())), 2)
    treated = np.where(drawn.treatment_time > time, np.inf, drawn.treatment_time)
    values = {column.name: column.values for column in drawn.baseline}
    return {
        "id": np.array([f"p{i:04d}" for i in range(n)]),
        "months": time,
        "died": event,
        "surgery": treated,
        "lost": lost.astype(int),
        "age": np.full(n, 60),
        **values,
    }


def write_table(path: Path, columns: dict[str, np.ndarray]) -> Path:
    """Write columns as CSV; what is not finite is empty."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(["" if _gap(value) else value for value in row])
    return path


def _gap(value: Any) -> bool:
    return isinstance(value, float) and not np.isfinite(value)

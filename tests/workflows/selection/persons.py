"""A table of persons with known effects, and a protocol that asks who gains."""

from __future__ import annotations

import copy
import csv
from pathlib import Path
from typing import Any

import numpy as np

TRIALS = ["badwe2015", "soran2018", "fitzal2019", "khan2022"]
PROTOCOL: dict[str, Any] = {
    "protocol": 1,
    "title": "Who gains, from a table",
    "causal_question": "Who lives longer with surgery?",
    "table": {
        "person": "id",
        "time": "time",
        "event": "event",
        "events": {1: "death"},
        "treated": "treated",
        "unit": "months",
    },
    "eligibility": [],
    "strategies": {
        "treated": {"label": "surgery", "grace_months": 0, "initiation": "all_initiators"},
        "comparator": {"label": "no surgery", "rule": "none_within_grace"},
    },
    "contrast": "itt_like",
    "interval_months": 1,
    "horizon_months": 24,
    "at_months": [24],
    "level": 95,
    "confounders": {
        "baseline": [{"variable": "age"}, {"variable": "ecog"}, {"variable": "bone"}],
        "missing": {"method": "category"},
    },
    "analysis": {
        "method": "aiptw",
        "options": {"groups": "time_zero"},
        "intervals": {"kind": "auto"},
    },
    "selection": {
        "measure": "rmst_difference",
        "landmark_months": 0,
        "cost": 0,
        "learner": {"name": "spline"},
        "rule": {"depth": 1, "min_persons": 30, "min_treated": 10, "min_comparator": 10},
        "groups": 4,
        "halves": 10,
        "seed": 1,
    },
}
BENCHMARK = {
    "studies": TRIALS,
    "eligibility": [
        {"name": "ECOG 0 or 1", "variable": "ecog", "at_most": 1, "unknown": "exclude"}
    ],
    "margin": 1.2,
}


def protocol(**changes: Any) -> dict[str, Any]:
    """Return the protocol with keys changed; ``a__b`` is the key b of a, None takes it away."""
    out = copy.deepcopy(PROTOCOL)
    for path, value in changes.items():
        *parts, last = path.split("__")
        inner = out
        for part in parts:
            inner = inner[part]
        if value is None:
            inner.pop(last)
        else:
            inner[last] = value
    return out


def rows(n: int, seed: int, *, young: float, old: float) -> dict[str, np.ndarray]:
    """Draw persons; surgery multiplies the hazard by one ratio under 60 and by another from then.

    Parameters
    ----------
    n, seed : int
        Persons, and the seed.
    young, old : float
        Hazard ratios.

    Returns
    -------
    dict of str to ndarray
        Columns by name. Nobody is censored before 30 months.
    """
    rng = np.random.default_rng(seed)
    age = rng.integers(35, 85, n).astype(float)
    ecog = rng.integers(0, 3, n).astype(float)
    bone = rng.integers(0, 2, n)
    treated = (rng.random(n) < np.where(ecog < 1, 0.6, 0.4)).astype(int)
    ratio = np.where(treated == 1, np.where(age < 60, young, old), 1.0)
    died = rng.exponential(1.0 / (0.04 * np.exp(0.3 * (ecog - 1.0)) * ratio))
    left = rng.uniform(30.0, 80.0, n)
    return {
        "id": np.array([f"p{i:04d}" for i in range(n)]),
        "time": np.minimum(died, left).round(3),
        "event": (died <= left).astype(int),
        "treated": treated,
        "age": age,
        "ecog": ecog,
        "bone": np.where(bone == 1, "yes", "no"),
        "hospital": rng.choice(["a", "b", "c"], n),
    }


def write_table(path: Path, columns: dict[str, np.ndarray]) -> str:
    """Write columns as CSV; unknown values are empty."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(["" if value != value else value for value in row])
    return str(path)

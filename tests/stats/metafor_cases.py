"""Reads the pinned numbers of tests/reference/meta and compares with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference" / "meta"

METHODS = {
    "FE": "CE",
    "EE": "CE",
    "DL": "DL",
    "HE": "HE",
    "HS": "HS",
    "HSk": "HSk",
    "SJ": "SJ",
    "ML": "ML",
    "REML": "REML",
    "EB": "EB",
    "PM": "PM",
    "PMM": "PMM",
    "GENQ": "GENQ",
}
INTERVALS = {
    "z": "normal",
    "t": "t",
    "knha": "hartung-knapp",
    "adhoc": "hartung-knapp-floor",
}
ITERATED = {"ML", "REML", "EB", "PM", "PMM"}

# Closed forms: what two correct programs may differ by in double precision.
CLOSED = {"rtol": 1e-9, "atol": 1e-12}
# Iterated: metafor's own stopping rule, tightened, leaves about 1e-11; where it creeps towards a
# boundary optimum it stops up to 1e-10 above zero.
ITERATIVE = {"rtol": 1e-8, "atol": 1e-9}
# I2 is in percent: the same floor on tau2, times a hundred over a typical variance of 0.01.
PERCENT = {"rtol": 1e-8, "atol": 1e-5}
# metafor's deletions run with the loosest threshold at which all of them converge.
DELETION = {"rtol": 1e-7, "atol": 1e-9}


def load(name: str) -> dict[str, Any]:
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def number(value: Any) -> Any:
    """NaN for null, floats for the strings that stand for infinities."""
    if isinstance(value, list):
        return np.array([number(item) for item in value])
    return np.nan if value is None else float(value)


def datasets() -> list[str]:
    """Names of the pinned files that hold plain meta-analyses."""
    found = sorted(path.stem for path in REFERENCE.glob("*.json"))
    return [name for name in found if is_plain(load(name))]


def is_plain(content: dict[str, Any]) -> bool:
    """Whether a file holds `models` of one set of effects, or the edge cases."""
    results = content.get("results", {})
    return "primary" in results or content.get("dataset") == "edge_cases"


def analyses() -> list[tuple[str, dict[str, Any]]]:
    """Every pinned analysis of one set of effects: label, then yi, vi, models and the rest."""
    found = []
    for name in datasets():
        results = load(name)["results"]
        if name == "edge_cases":
            found += [(f"{name}:{case}", content) for case, content in results.items()]
            continue
        found.append((f"{name}:{results['primary']['measure']}", results["primary"]))
        for measure, content in results.get("secondary", {}).items():
            effects = results["escalc"][measure]
            rows = content["rows_used"]
            pair = {key: [effects[key][i] for i in rows] for key in ("yi", "vi")}
            found.append((f"{name}:{measure}", {**content, **pair}))
    return found


def fits() -> list[tuple[str, np.ndarray, np.ndarray, dict[str, Any]]]:
    """Every pinned fit that the kernel offers: label, yi, vi, numbers."""
    return [
        (f"{label}:{fit['method']}:{fit['test']}", number(a["yi"]), number(a["vi"]), fit)
        for label, a in analyses()
        for fit in a["models"]
    ]


def check(name: str, ours: Any, theirs: Any, tolerance: dict[str, float]) -> None:
    np.testing.assert_allclose(ours, number(theirs), err_msg=name, **tolerance)

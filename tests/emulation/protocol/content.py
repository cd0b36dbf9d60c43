"""Contents of protocols that are valid, to be changed by tests."""

from __future__ import annotations

import copy
from typing import Any

REGISTRY: dict[str, Any] = {
    "protocol": 1,
    "title": "Early surgery",
    "causal_question": "Does early surgery prolong life?",
    "time_zero": {"event": "first_metastasis"},
    "eligibility": [
        {"name": "De novo", "variable": "de_novo", "equals": True, "unknown": "exclude"},
        {"name": "Adult", "variable": "age", "at_least": 18, "unknown": "exclude"},
    ],
    "strategies": {
        "treated": {
            "label": "surgery",
            "treatment": {"target": ["primary"], "modality": ["surgery"]},
            "grace_months": 6,
            "initiation": "all_initiators",
        },
        "comparator": {"label": "none", "rule": "never"},
    },
    "contrast": "per_protocol",
    "follow_up": {"until": "2024-12-31"},
    "outcome": {"event": "death"},
    "interval_months": 1,
    "horizon_months": 36,
    "at_months": [12, 36],
    "level": 95,
    "confounders": {
        "baseline": [{"variable": "age", "spline": 3}, {"variable": "site"}],
        "time_varying": ["response"],
        "missing": {"method": "category"},
    },
    "analysis": {
        "method": "ever_treated",
        "intervals": {"kind": "bootstrap", "replicates": 50, "seed": 1},
    },
}

TABLE: dict[str, Any] = {
    **{
        key: value
        for key, value in REGISTRY.items()
        if key not in ("time_zero", "follow_up", "outcome")
    },
    "eligibility": [{"name": "Adult", "variable": "age", "at_least": 18, "unknown": "exclude"}],
    "strategies": {
        "treated": {"label": "surgery", "grace_months": 6, "initiation": "deadline"},
        "comparator": {"label": "none", "rule": "never"},
    },
    "table": {
        "person": "id",
        "time": "months",
        "event": "status",
        "treatment_time": "surgery_month",
        "unit": "months",
        "events": {1: "death", 2: "other death"},
        "visit_person": "id",
        "visit_time": "month",
    },
}


def changed(content: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy in which the key at ``a.b.0.c`` has another value, or is gone for ``...``."""
    out = copy.deepcopy(content)
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    here: Any = out
    for part in way:
        here = here[part] if isinstance(here, list) else here.setdefault(part, {})
    if value is ...:
        del here[last]
    elif isinstance(here, list) and last == len(here):
        here.append(value)
    else:
        here[last] = value
    return out

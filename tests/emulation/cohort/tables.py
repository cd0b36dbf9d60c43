"""A protocol for a table, and a table of four persons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from locoreg.emulation.protocol import TrialProtocol

NAN = np.nan


def protocol(**changes: Any) -> TrialProtocol:
    content: dict[str, Any] = {
        "protocol": 1,
        "title": "A table",
        "causal_question": "Does treatment change survival?",
        "table": {
            "person": "id",
            "time": "time",
            "event": "status",
            "treatment_time": "op",
            "unit": "months",
            "events": {1: "death"},
        },
        "eligibility": [],
        "strategies": {
            "treated": {"label": "A", "grace_months": 6, "initiation": "all_initiators"},
            "comparator": {"label": "B", "rule": "never"},
        },
        "contrast": "per_protocol",
        "interval_months": 1,
        "horizon_months": 24,
        "at_months": [24],
        "level": 95,
        "confounders": {
            "baseline": [{"variable": "age"}, {"variable": "stage"}],
            "missing": {"method": "refuse"},
        },
        "analysis": {"method": "ever_treated", "intervals": {"kind": "none"}},
    }
    table = {**content["table"], **changes.pop("table", {})}
    confounders = {**content["confounders"], **changes.pop("confounders", {})}
    return TrialProtocol.model_validate(
        {**content, **changes, "table": table, "confounders": confounders}
    )


def people(**changes: Any) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "id": ["p3", "p1", "p2", "p4"],
        "time": [12.0, 24.0, 5.0, 30.0],
        "status": [1, 0, 1, 0],
        "op": [2.0, NAN, NAN, 8.0],
        "age": [61, 55, 70, 48],
        "stage": ["III", "IV", "III", "IV"],
    }
    return pd.DataFrame({**columns, **changes})

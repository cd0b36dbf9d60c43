"""A small protocol for a table."""

from __future__ import annotations

from typing import Any

from locoreg.emulation.protocol.model import TrialProtocol


def table_protocol(**changes: Any) -> TrialProtocol:
    """Return a protocol of LT-1 with some parts replaced."""
    parts: dict[str, Any] = {
        "protocol": 1,
        "title": "Early treatment, from a table",
        "causal_question": "Do patients live longer if treated within 6 months?",
        "table": {
            "person": "person",
            "time": "time",
            "event": "event",
            "events": {1: "death"},
            "treatment_time": "treatment_time",
            "unit": "months",
        },
        "eligibility": (),
        "strategies": {
            "treated": {
                "label": "treated within 6 months",
                "grace_months": 6,
                "initiation": "deadline",
            },
            "comparator": {"label": "never treated", "rule": "never"},
        },
        "contrast": "per_protocol",
        "interval_months": 1,
        "horizon_months": 36,
        "at_months": [6, 12, 36],
        "level": 95,
        "confounders": {
            "baseline": [{"variable": "x1"}, {"variable": "x2"}],
            "missing": {"method": "refuse"},
        },
        "analysis": {"method": "landmark", "intervals": {"kind": "influence"}},
    }
    return TrialProtocol.model_validate({**parts, **changes})

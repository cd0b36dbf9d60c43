"""Results of a small run, made by hand: pools of a few studies, and an emulation."""

from __future__ import annotations

import copy
import math
from typing import Any

Z95 = 1.959963984540054
TRIALS = ((-0.10, 0.12), (-0.30, 0.15), (0.05, 0.13))
REGISTRIES = ((-0.80, 0.10, "registry"), (-0.60, 0.08, "matched"))
POOL = ("primary-surgery", "overall_survival", "rct")
EMULATED = (-0.25, 0.20)


def estimate(mid: float, se: float, level: float = 95.0) -> dict[str, Any]:
    low, high = mid - Z95 * se, mid + Z95 * se
    natural = {"estimate": math.exp(mid), "ci_low": math.exp(low), "ci_high": math.exp(high)}
    return {
        "estimate": mid, "se": se, "ci_low": low, "ci_high": high, "level": level, "scale": "log",
        "natural": natural,
    }  # fmt: skip


def common(effects: Any) -> tuple[float, float]:
    """Return the inverse-variance pool."""
    weights = [1 / se**2 for _, se, *_ in effects]
    mid = sum(w * one[0] for w, one in zip(weights, effects, strict=True)) / sum(weights)
    return mid, sum(weights) ** -0.5


def pool(effects: Any, design: str, ids: str) -> dict[str, Any]:
    """Return a pool as results.json has it."""
    mid, se = common(effects)
    found = estimate(mid, se)
    studies = [
        {
            "study_id": f"{ids}{i}", "label": f"{ids.title()} {i}", "yi": one[0], "se": one[1],
            "weight": 100 / len(effects), "n": 200, "events": 100, "year": 2010 + i,
            "design": one[2] if len(one) > 2 else design, "estimate": estimate(*one[:2]),
        }
        for i, one in enumerate(effects, 1)
    ]  # fmt: skip
    return {
        "key": f"primary-surgery/overall_survival/{design}",
        "outcome": {"label": "Overall survival", "event": "death", "event_is": "adverse"},
        "pool": {
            "question": "primary-surgery", "outcome": "overall_survival", "design": design,
            "title": "Does it", "measure": "HR", "reference_arm": "control", "method": "REML",
            "interval": "hartung-knapp", "mu": found, "floor": None, "prediction": None,
            "normal_interval": found, "common_effect": found, "tau2": 0.01, "i2": 40.0,
            "i2_ci": [0.0, 90.0], "q": 4.0, "q_df": len(effects) - 1, "q_p": 0.1,
            "k": len(effects), "studies": studies, "indirect": [], "findings": [],
            "differs": False,
        },
    }  # fmt: skip


def emulation(**changes: Any) -> dict[str, Any]:
    """Return what is read of an emulation's results; it is sound unless changed."""
    found = {
        "title": "An emulation",
        "synthetic": False,
        "audit": [],
        "protocol": {"outcome": {"event": "death"}},
        "question": {
            "treated_label": "Surgery", "comparator_label": "No surgery", "outcome": "death",
        },
        "primary": {
            "biased": None, "diagnostics": [], "balance": [], "flow": [],
            "contrasts": [
                {"measure": "hazard_ratio", "at_months": 36.0, "comparator": None,
                 "treated": None, **estimate(*EMULATED)}
            ],
        },
        "sensitivity": {"negative_control_verdicts": []},
    }  # fmt: skip
    return {**found, **changes}


def results(*emulations: tuple[str, Any], trials: Any = TRIALS) -> dict[str, Any]:
    """Return a run that pooled trials, and comparisons without randomisation."""
    words = {
        "population": "Patients", "intervention": "Surgery", "comparator": "No surgery",
        "favours_intervention": "surgery", "favours_control": "no surgery",
    }  # fmt: skip
    return {
        "tables": {"source": "own"},
        "questions": [
            {
                "question": "primary-surgery",
                "title": "Does it",
                "about": words,
                "pools": [
                    pool(trials, "rct", "trial"),
                    pool(REGISTRIES, "observational", "cohort"),
                ],
                "empty": [
                    {"outcome": "overall_survival", "design": "cohort", "reason": "none is there."}
                ],
                "not_pooled": [],
            }
        ],
        "emulation": [{"name": name, "results": found} for name, found in emulations],
        "selection": [],
    }


def turned(told: dict[str, Any]) -> dict[str, Any]:
    """Return the same run with its tables of control relative to intervention."""
    out = copy.deepcopy(told)
    for item in out["questions"][0]["pools"]:
        item["pool"]["reference_arm"] = "intervention"
        for one in item["pool"]["studies"]:
            one["yi"] = -one["yi"]
        mu = item["pool"]["mu"]
        item["pool"]["mu"] = estimate(-mu["estimate"], mu["se"])
    return out


LADDER = {"mean": -0.2, "shared_sd": 0.3, "own_sd": 0.1, "weight": 1, "source": "assumed"}
PLAN: dict[str, Any] = {
    "question": POOL[0],
    "outcome": POOL[1],
    "design": POOL[2],
    "bayes": {"tau_priors": ["half-normal(0.5)"], "mu_prior": "flat", "thresholds": [0.9]},
}


def designs(*ladder: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the part designs; a tau near 0 makes its answer a weighted mean."""
    return {
        "tau_prior": "half-normal(0.000001)", "mu_prior": "flat", "reach": 0.5,
        "ladder": [{**LADDER, **one} for one in ladder], **changes,
    }  # fmt: skip

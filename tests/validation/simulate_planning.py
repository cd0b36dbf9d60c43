"""Simulates trials patient by patient beside each closed form of power; writes planning.json.

Usage: python tests/validation/simulate_planning.py
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy
import scipy

from locoreg.planning.design import ControlCurve
from locoreg.planning.observed import Accrual, FollowUp
from locoreg.planning.piecewise import HazardRatio
from locoreg.planning.simulated import simulate_power
from locoreg.planning.testsize import design_power, design_size
from locoreg.planning.twoarm import Landmark, LogRank, RestrictedMean, TwoArmDesign

RECORD = Path(__file__).with_name("planning.json")
SEED = 20261126
REPLICATIONS = 10_000
POWER = 0.85

_UNIFORM = FollowUp(
    accrual=Accrual(ends=(48.0,), rates=(1.0,)), after_months=36.0, dropout_per_year=0.03
)
_SLOW = FollowUp(
    accrual=Accrual(ends=(12.0, 48.0), rates=(1.0, 3.0)), after_months=36.0, dropout_per_year=0.03
)
_HALVES = HazardRatio(starts=(0.0,), ratios=(0.65,))
_BASE = TwoArmDesign(
    control=ControlCurve(months=(36.0,), survival=(0.6,)), ratio=_HALVES,
    test=LogRank(margin=1.0), alpha=0.05, sides=2, allocation=0.5, follow_up=_UNIFORM,
)  # fmt: skip
_LATE = HazardRatio(starts=(0.0, 6.0), ratios=(1.0, 0.55))
_RMST = RestrictedMean(horizon_months=60.0, margin_months=0.0)
_PLAIN = Landmark(at_months=36.0, scale="plain", margin=0.0)
DESIGNS = {
    "log-rank": _BASE,
    "log-rank, two thirds treated": replace(_BASE, allocation=2 / 3),
    "log-rank, one third treated": replace(_BASE, allocation=1 / 3),
    "log-rank, one sided": replace(_BASE, sides=1, alpha=0.025),
    "log-rank, late effect": replace(_BASE, ratio=_LATE),
    "log-rank, accrual that rises, bent hazards": replace(
        _BASE, follow_up=_SLOW,
        control=ControlCurve(months=(12.0, 36.0), survival=(0.75, 0.6)),
    ),
    "log-rank, non-inferiority": replace(
        _BASE, ratio=HazardRatio(starts=(0.0,), ratios=(0.95,)), test=LogRank(margin=1.35),
        sides=1, alpha=0.025,
    ),
    "log-rank, no effect": replace(_BASE, ratio=HazardRatio(starts=(0.0,), ratios=(1.0,))),
    "restricted mean": replace(_BASE, test=_RMST),
    "restricted mean, two thirds treated": replace(_BASE, test=_RMST, allocation=2 / 3),
    "restricted mean, late effect": replace(_BASE, test=_RMST, ratio=_LATE),
    "restricted mean, non-inferiority": replace(
        _BASE, ratio=HazardRatio(starts=(0.0,), ratios=(0.95,)),
        test=RestrictedMean(horizon_months=60.0, margin_months=3.0), sides=1, alpha=0.025,
    ),
    "landmark, plain": replace(_BASE, test=_PLAIN),
    "landmark, log-log": replace(_BASE, test=Landmark(at_months=36.0, scale="log-log", margin=0.0)),
    "landmark, late effect": replace(_BASE, test=_PLAIN, ratio=_LATE),
}  # fmt: skip
NULL_PATIENTS = 500


def measure(name: str, replications: int) -> dict[str, object]:
    """Return formula and simulation of one design."""
    design = DESIGNS[name]
    null = name.endswith("no effect")
    size = (
        design_power(design, patients=NULL_PATIENTS) if null else design_size(design, power=POWER)
    )
    found = simulate_power(design, patients=size.patients, replications=replications, seed=SEED)
    return {
        "design": name,
        "patients": size.patients,
        "power_formula": size.power,
        "power_schoenfeld": size.power_of_events,
        "events_formula": size.events,
        **found.to_dict(),
    }


def main() -> None:
    """Simulate every design and write the record."""
    record = {
        "source": {
            "script": "tests/validation/simulate_planning.py",
            "seed": SEED,
            "replications": REPLICATIONS,
            "numpy": numpy.__version__,
            "scipy": scipy.__version__,
        },
        "power": POWER,
        "results": [measure(name, REPLICATIONS) for name in DESIGNS],
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

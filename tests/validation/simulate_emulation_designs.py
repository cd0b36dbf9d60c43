"""Measures the bias of clone-censor-weight where a confounder changes, or operations kill.

Writes emulation_designs.json. Point estimates only, in small and large cohorts with the same number
of persons in all: a bias from the ratio of few large weights goes down with their number, an error
of the method stays.

Usage: python -m tests.validation.simulate_emulation_designs
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy

from locoreg.emulation.cohort import Cohort
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs
from tests.emulation.clones import designs as exact

RECORD = Path(__file__).with_name("emulation_designs.json")
SEED = 20261300
# Persons: replications.
SIZES = {2_000: 200, 20_000: 60}
FIRST = (2_000, 2)
MONTHS = (6, 12, 36)
EFFECTS = {"null": 0.0, "log 0.6": float(np.log(0.6))}
DESIGNS: dict[str, tuple[Callable[..., Cohort], Callable[..., np.ndarray]]] = {
    "changing confounder": (exact.response_cohort, exact.response_truth),
    "operative deaths": (exact.operative_cohort, exact.operative_truth),
}
NONE = Inference(interval="none")


def once(design: str, effect: str, persons: int, replicate: int) -> list[list[float]]:
    """Return survival of comparator and treated, and its difference, at each month."""
    seed = SEED + 1000 * replicate + persons % 997
    cohort = DESIGNS[design][0](persons, seed, effect=EFFECTS[effect])
    found = make_method("clone_censor_weight", {}).estimate(cohort, designs.question(), NONE)
    rows = [found.contrast("survival_difference", float(month)) for month in MONTHS]
    return [[one.comparator, one.treated, one.estimate.estimate] for one in rows]


def true_values(design: str, effect: str) -> np.ndarray:
    """Return the exact values in the order of `once`."""
    truth = DESIGNS[design][1]
    never = truth(exact.NEVER, effect=EFFECTS[effect])[list(MONTHS)]
    treated = truth(exact.DEADLINE, effect=EFFECTS[effect])[list(MONTHS)]
    return np.column_stack([never, treated, treated - never])


def measure(design: str, effect: str, persons: int, replications: int) -> list[dict[str, Any]]:
    jobs = (joblib.delayed(once)(design, effect, persons, r) for r in range(replications))
    found = np.array(joblib.Parallel(n_jobs=2)(jobs))
    truth = true_values(design, effect)
    return [
        {
            "design": design,
            "effect": effect,
            "persons": persons,
            "value": value,
            "month": month,
            "truth": float(truth[m, v]),
            "bias": float(found[:, m, v].mean() - truth[m, v]),
            "bias_mcse": float(found[:, m, v].std(ddof=1) / np.sqrt(replications)),
            "sd": float(found[:, m, v].std(ddof=1)),
            "replications": replications,
        }
        for m, month in enumerate(MONTHS)
        for v, value in enumerate(("never", "treated", "difference"))
    ]


def main() -> None:
    results = []
    for design in DESIGNS:
        for effect in EFFECTS:
            for persons, replications in SIZES.items():
                for row in measure(design, effect, persons, replications):
                    results.append(row)
                    print(
                        f"{design:<20} {effect:<8} {persons:>7} {row['value']:<10} "
                        f"{row['month']:>3} truth {row['truth']:+.4f} bias {row['bias']:+.5f} "
                        f"({row['bias_mcse']:.5f}) z {row['bias'] / row['bias_mcse']:+.1f}",
                        flush=True,
                    )
    record = {
        "source": {
            "script": Path(__file__).name,
            "seed": SEED,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "design": {"sizes": {str(n): r for n, r in SIZES.items()}, "months": list(MONTHS)},
        "results": results,
        "first": [measure(design, "log 0.6", *FIRST) for design in DESIGNS],
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

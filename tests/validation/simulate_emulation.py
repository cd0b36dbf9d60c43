"""Measures bias and interval coverage of clone-censor-weight in LT-1, and writes emulation.json.

Usage: python -m tests.validation.simulate_emulation
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy

from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from tests.emulation import designs

RECORD = Path(__file__).with_name("emulation.json")
SEED = 20261100
REPLICATIONS = 1000
FIRST = 4
PERSONS = 1000
BOOTSTRAP = 300
MONTHS = (6, 12, 36)
EFFECTS = {"null": 0.0, "log 0.6": float(np.log(0.6))}
INITIATIONS = ("deadline", "all_initiators")
MEASURES = ("survival_difference", "rmst_difference")
KINDS = ("influence", "bootstrap")


def once(
    effect: str, initiation: str, replicate: int, kinds: tuple[str, ...] = KINDS
) -> dict[str, list[float]]:
    """Return estimate, limits and standard error of each number, by interval kind."""
    cohort = designs.lt1(PERSONS, SEED + replicate, log_hazard=EFFECTS[effect])
    asked = designs.question(initiation=initiation)
    method = make_method("clone_censor_weight", {})
    out = {}
    for kind in kinds:
        how = Inference(interval="influence")
        if kind == "bootstrap":
            how = Inference(interval="bootstrap", replicates=BOOTSTRAP, seed=replicate, jobs=1)
        found = method.estimate(cohort, asked, how)
        for measure in MEASURES:
            for month in MONTHS:
                one = found.contrast(measure, float(month)).estimate
                out[f"{kind}|{measure}|{month}"] = [
                    one.estimate,
                    one.ci_low,
                    one.ci_high,
                    one.se,
                ]
    return out


def true_value(effect: str, initiation: str, measure: str, month: int) -> float:
    """Return the exact value of what an initiation estimates."""
    truth = designs.lt1_truth(EFFECTS[effect], initiation)
    values = truth.survival if measure == "survival_difference" else truth.rmst
    comparator, treated = values[month]
    return float(treated - comparator)


def measure(effect: str, initiation: str, replications: int) -> list[dict[str, Any]]:
    jobs = (joblib.delayed(once)(effect, initiation, r) for r in range(replications))
    found = joblib.Parallel(n_jobs=2)(jobs)
    return summarise(effect, initiation, found)


def summarise(
    effect: str, initiation: str, found: list[dict[str, list[float]]]
) -> list[dict[str, Any]]:
    """Return bias and coverage of each number over replicates."""
    rows = []
    for key in found[0]:
        kind, name, month = key.split("|")
        truth = true_value(effect, initiation, name, int(month))
        value, low, high, se = np.array([one[key] for one in found]).T
        covered = (low <= truth) & (truth <= high)
        rows.append(
            {
                "effect": effect,
                "initiation": initiation,
                "interval": kind,
                "measure": name,
                "month": int(month),
                "truth": truth,
                "bias": float(value.mean() - truth),
                "bias_mcse": float(value.std(ddof=1) / np.sqrt(value.size)),
                "sd": float(value.std(ddof=1)),
                "mean_se": float(se.mean()),
                "coverage": float(covered.mean()),
                "replications": int(value.size),
            }
        )
    return rows


def main() -> None:
    results = []
    for effect in EFFECTS:
        for initiation in INITIATIONS:
            for row in measure(effect, initiation, REPLICATIONS):
                results.append(row)
                print(
                    f"{effect:<8} {initiation:<15} {row['interval']:<10} {row['measure']:<20} "
                    f"{row['month']:>3} truth {row['truth']:+.4f} bias {row['bias']:+.4f} "
                    f"({row['bias_mcse']:.4f}) sd {row['sd']:.4f} se {row['mean_se']:.4f} "
                    f"coverage {row['coverage']:.3f}",
                    flush=True,
                )
    record = {
        "source": {
            "script": Path(__file__).name,
            "seed": SEED,
            "stream": "cohorts of seeds seed, seed + 1, ...",
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "design": {
            "persons": PERSONS,
            "bootstrap_replicates": BOOTSTRAP,
            "months": list(MONTHS),
            "replications": REPLICATIONS,
        },
        "results": results,
        "first": {
            "replications": FIRST,
            "results": measure("null", "all_initiators", FIRST),
        },
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

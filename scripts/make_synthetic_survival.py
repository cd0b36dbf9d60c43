"""Write examples/SYNTHETIC_survival.csv: invented patients, drawn from a seed.

Nobody in it exists. Local therapy has no effect on the hazard here; patients with fewer metastases
get it more often and live longer, which the weights undo.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

SEED = 20261125
PATIENTS = 420
TARGET = Path(__file__).resolve().parents[1] / "examples" / "SYNTHETIC_survival.csv"


def main() -> None:
    """Draw the patients and write them."""
    draw = np.random.default_rng(SEED)
    few_metastases = draw.random(PATIENTS) < 0.5
    chance = np.where(few_metastases, 0.65, 0.3)
    treated = draw.random(PATIENTS) < chance
    of_cancer = draw.exponential(np.where(few_metastases, 62.0, 30.0))
    of_other = draw.exponential(230.0, PATIENTS)
    end = draw.uniform(20.0, 96.0, PATIENTS)
    months = np.minimum(np.minimum(of_cancer, of_other), end)
    cause = np.where(months == end, 0, np.where(months == of_cancer, 1, 2))
    hospital = draw.integers(1, 13, PATIENTS)
    weight = 1.0 / np.where(treated, chance, 1.0 - chance)
    rows = [
        {
            "patient": f"SYNTHETIC-{i + 1:03d}",
            "months": f"{months[i]:.1f}",
            "dead": int(cause[i] > 0),
            "cause": int(cause[i]),
            "arm": "local therapy" if treated[i] else "systemic therapy alone",
            "few_metastases": int(few_metastases[i]),
            "weight": f"{weight[i]:.3f}",
            "hospital": f"H{hospital[i]:02d}",
        }
        for i in range(PATIENTS)
    ]
    with TARGET.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()

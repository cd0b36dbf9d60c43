"""Measures bias and coverage of pooled effects against a known truth, and writes meta.json.

Usage: python tests/validation/simulate_meta.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import scipy

from locoreg.stats.randomeffects import random_effects

RECORD = Path(__file__).with_name("meta.json")
SEED = 20240701
REPLICATIONS = 20_000
LEVEL = 95
# A log hazard ratio; its variance is about 4/events.
TRUTH = -0.2
SIZES = ("equal", "unequal")
EQUAL = 0.05
UNEQUAL = (0.009, 0.6)
STUDIES = (3, 5, 10)
TAUS = (0.0, 0.1, 0.3)
ANALYSES = {
    "REML, Hartung-Knapp": {"method": "REML", "interval": "hartung-knapp"},
    "REML, Hartung-Knapp with floor": {"method": "REML", "interval": "hartung-knapp-floor"},
    "DL, normal": {"method": "DL", "interval": "normal"},
    "common effect, normal": {"method": "CE", "interval": "normal"},
}


def draw(sizes: str, k: int, tau: float, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effects and variances of n pools, and the true effect in a further study of each.

    Equal sizes: 80 events each. Unequal: the variances follow a scaled chi-squared distribution
    with 1 df, cut to 7 to 450 events, a design that is hard on every interval.
    """
    rng = np.random.default_rng([SEED, SIZES.index(sizes), k, round(100 * tau)])
    if sizes == "equal":
        vi = np.full((n, k), EQUAL)
    else:
        vi = np.clip(0.25 * rng.chisquare(1, (n, k)), *UNEQUAL)
    effects = rng.normal(TRUTH, tau, (n, k))
    return rng.normal(effects, np.sqrt(vi)), vi, rng.normal(TRUTH, tau, n)


def measure(sizes: str, k: int, tau: float, n: int) -> list[dict[str, object]]:
    """Bias, coverage and width of each analysis in one scenario."""
    yi, vi, further = draw(sizes, k, tau, n)
    rows: list[dict[str, object]] = []
    for name, options in ANALYSES.items():
        fit = random_effects(yi, vi, level=LEVEL, prediction="riley", **options)
        covered = (fit.ci_low <= TRUTH) & (fit.ci_high >= TRUTH)
        rows.append(
            {
                "sizes": sizes,
                "k": k,
                "tau": tau,
                "analysis": name,
                "bias": float(fit.mu.mean() - TRUTH),
                "bias_mcse": float(fit.mu.std(ddof=1) / np.sqrt(n)),
                "coverage": float(100 * covered.mean()),
                "coverage_mcse": float(100 * covered.std() / np.sqrt(n)),
                "median_width": float(np.median(fit.ci_high - fit.ci_low)),
                "mean_tau2": float(fit.tau2.mean()),
                "prediction_coverage": None
                if np.isnan(fit.pi_low).all()
                else float(100 * ((fit.pi_low <= further) & (fit.pi_high >= further)).mean()),
            }
        )
    return rows


def main() -> None:
    results = [
        row
        for sizes in SIZES
        for k in STUDIES
        for tau in TAUS
        for row in measure(sizes, k, tau, REPLICATIONS)
    ]
    record = {
        "source": {
            "script": Path(__file__).name,
            "seed": SEED,
            "stream": "numpy.random.default_rng([seed, index of sizes, k, 100 tau])",
            "replications": REPLICATIONS,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "design": {
            "truth": TRUTH,
            "level": LEVEL,
            "sizes": list(SIZES),
            "variances": {"equal": EQUAL, "unequal": list(UNEQUAL)},
            "k": list(STUDIES),
            "tau": list(TAUS),
            "analyses": ANALYSES,
        },
        "results": results,
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for row in results:
        print(
            f"{row['sizes']:<8} k={row['k']:<3} tau={row['tau']:<4} {row['analysis']:<32} "
            f"bias {row['bias']:+.4f} coverage {row['coverage']:.1f} "
            f"width {row['median_width']:.2f} prediction {row['prediction_coverage']}"
        )


if __name__ == "__main__":
    main()

"""Causal forest: locoreg beside EconML and scikit-learn, in one run.

Usage: python benchmarks/bench_forest.py [--largest N] [--peers N] [--out FILE]

EconML must be installed in the same environment; without it its rows say so. All programs get the
same residuals, of true nuisances, and one thread.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from harness import Measured, python, save_arrays, table, versions

HERE = Path(__file__).parent
SEED = 20261126
COLUMNS = 15
TREES = 500
NEW = 2000
CAP = 900.0
SIZES = (2_000, 10_000, 50_000, 1_000_000)
PEERS_UP_TO = 50_000

READ = """
from pathlib import Path
folder = Path({folder!r})
read = lambda name: np.fromfile(folder / (name + ".bin"))
treatment, outcome, truth = read("treatment"), read("outcome"), read("truth")
X = np.ascontiguousarray(read("X").reshape({columns}, -1).T)
new = np.ascontiguousarray(read("new").reshape({columns}, -1).T)
def error(effect):
    return float(np.sqrt(np.mean((np.ravel(effect) - truth) ** 2)))
"""
OURS = """
from locoreg.stats.forest import ForestOptions, grow_forest
def fit():
    return grow_forest(X, treatment, outcome, options=ForestOptions(trees={trees}), seed=1).forest
"""
ECONML = """
import warnings
warnings.filterwarnings("ignore")
from econml.grf import CausalForest
def fit():
    return CausalForest(
        n_estimators={trees}, criterion="het", honest=True, fit_intercept=False,
        min_samples_leaf=5, n_jobs=1, random_state=1,
    ).fit(X, treatment, outcome)
"""
SKLEARN = """
from sklearn.ensemble import RandomForestRegressor
def fit():
    return RandomForestRegressor(
        n_estimators={trees}, min_samples_leaf=max(20, len(X) // 100), max_samples=0.5,
        n_jobs=1, random_state=1,
    ).fit(X, outcome / treatment, sample_weight=treatment**2)
"""
PROGRAMS = (("locoreg", OURS), ("econml.grf", ECONML), ("scikit-learn, R-learner", SKLEARN))


def effect_of(X: np.ndarray) -> np.ndarray:
    """Return effects in months: a step, a curve, and an interaction."""
    step = np.where(X[:, 0] > 0.6, 3.0, 0.0)
    return np.asarray(step + np.sin(3.0 * X[:, 1]) + 2.0 * X[:, 2] * X[:, 3])


def draw(folder: Path, n: int) -> None:
    """Write residuals of n persons with treatment by the first column, and new persons."""
    rng = np.random.default_rng([SEED, n])
    X, new = rng.random((n, COLUMNS)), rng.random((NEW, COLUMNS))
    e = 0.25 + 0.5 * X[:, 0]
    treatment = (rng.random(n) < e) - e
    outcome = treatment * effect_of(X) + rng.normal(0.0, 3.0, n)
    save_arrays(folder, X=X, treatment=treatment, outcome=outcome, new=new, truth=effect_of(new))


def measure(largest: int, peers: int) -> list[tuple[str, str, Measured | None]]:
    rows: list[tuple[str, str, Measured | None]] = []
    for n in (size for size in SIZES if size <= largest):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            draw(folder, n)
            read = READ.format(folder=name, columns=COLUMNS)
            for program, code in PROGRAMS:
                if program != "locoreg" and n > peers:
                    continue
                setup = read + code.format(trees=TREES)
                found = python(setup, "fit()", "error(result.predict(new))", 1, CAP)
                rows.append((f"n = {n:,}", program, found))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "forest.md")
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--peers", type=int, default=PEERS_UP_TO)
    options = parser.parse_args()
    rows = measure(options.largest, options.peers)
    spread = effect_of(np.random.default_rng(SEED).random((100_000, COLUMNS))).std()
    lines = [
        "# Causal forest",
        "",
        f"{versions('numpy', 'numba', 'econml', 'scikit-learn')}; one",
        f"thread. {COLUMNS} columns, {TREES} trees, residuals of true nuisances. CPU seconds of",
        "growing the forest, least of the calls after a first one; ours include out-of-bag effects",
        f"of all persons. The result is the root mean squared error of the effect of {NEW:,} new",
        f"persons, whose effects have a standard deviation of {spread:.2f}. Written by",
        "`python benchmarks/bench_forest.py`.",
        "",
        *table(rows),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

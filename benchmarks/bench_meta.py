"""Random-effects pooling: locoreg against PyMARE and metafor, in CPU seconds, in one run.

Usage: python benchmarks/bench_meta.py [--out benchmarks/results/meta.md]

PyMARE (``pip install pymare``) and R with metafor are used if they are there; the table says so
if not. Every program fits the same simulated data by REML with the Hartung-Knapp adjustment and
gives the pooled effect with its interval. The shortfall of a fit is how far its restricted
log-likelihood lies below the highest point of a fine grid, polished; a miss is one above 0.001.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import scipy

from locoreg.stats.randomeffects import random_effects

HERE = Path(__file__).parent
N, K = 10_000, 10
METAFOR_ROWS = 500
# Rounding and loose stopping rules stay below this; another hump of the likelihood does not.
MISS = 1e-3
SEED = 20240601


def simulate(design: str, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([SEED, n, k])
    if design == "usual":
        vi = np.clip(0.25 * rng.chisquare(1, (n, k)), 0.009, 0.6)
        tau2 = rng.choice([0.0, 0.02, 0.1], (n, 1))
    else:
        precise = rng.random((n, k)) < 0.3
        low, high = rng.uniform(-5, -4, (n, k)), rng.uniform(-1, 0.5, (n, k))
        vi = 10 ** np.where(precise, low, high)
        tau2 = 10 ** rng.uniform(-5, 0, (n, 1))
    return rng.normal(-0.2, np.sqrt(vi + tau2)), vi


def profile(yi: np.ndarray, vi: np.ndarray, tau2: np.ndarray) -> np.ndarray:
    """Restricted log-likelihood at tau2 of shape (n, grid)."""
    w = 1.0 / (vi[:, None, :] + tau2[:, :, None])
    total = w.sum(axis=2)
    mean = (w * yi[:, None, :]).sum(axis=2) / total
    q = (w * (yi[:, None, :] - mean[:, :, None]) ** 2).sum(axis=2)
    return 0.5 * (np.log(w).sum(axis=2) - np.log(total) - q)


def highest(yi: np.ndarray, vi: np.ndarray) -> np.ndarray:
    """Highest point of the restricted likelihood on a grid of 1,000 values, zoomed in thrice."""
    out = []
    for start in range(0, len(yi), 200):
        y, v = yi[start : start + 200], vi[start : start + 200]
        top = 2 * ((y - y.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) + v.max(axis=1)
        low = 1e-3 * v.min(axis=1)
        steps = (top / low)[:, None] ** np.linspace(0, 1, 1000)
        grid = np.hstack([np.zeros((len(y), 1)), low[:, None] * steps])
        height = profile(y, v, grid)
        rows = np.arange(len(y))
        for _ in range(3):
            best = height.argmax(axis=1)
            left = grid[rows, np.maximum(best - 1, 0)]
            right = grid[rows, np.minimum(best + 1, grid.shape[1] - 1)]
            grid = left[:, None] + (right - left)[:, None] * np.linspace(0, 1, 25)
            height = profile(y, v, grid)
        out.append(height.max(axis=1))
    return np.concatenate(out)


def shortfall(yi: np.ndarray, vi: np.ndarray, tau2: np.ndarray, best: np.ndarray) -> np.ndarray:
    return np.maximum(best - profile(yi, vi, tau2[:, None])[:, 0], 0.0)


def timed(fit: Callable[[], np.ndarray], repeats: int) -> tuple[float, np.ndarray]:
    """Least CPU time of a few runs after one that warms up, and the result."""
    result = fit()
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        result = fit()
        spent.append(time.process_time() - start)
    return min(spent), result


def by_locoreg(yi: np.ndarray, vi: np.ndarray) -> np.ndarray:
    fit = random_effects(
        yi, vi, method="REML", interval="hartung-knapp", level=95, prediction="riley"
    )
    return fit.tau2


def by_pymare(yi: np.ndarray, vi: np.ndarray) -> np.ndarray:
    from pymare import Dataset
    from pymare.estimators import VarianceBasedLikelihoodEstimator

    estimator = VarianceBasedLikelihoodEstimator(method="REML")
    results = estimator.fit_dataset(Dataset(y=yi.T, v=vi.T)).summary()
    results.get_fe_stats(alpha=0.05)
    return np.ravel(results.tau2)


def by_metafor(yi: np.ndarray, vi: np.ndarray) -> dict | None:
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.csv"
        np.savetxt(file, np.hstack([yi, vi]), delimiter=",", fmt="%.17g")
        run = subprocess.run(
            ["Rscript", str(HERE / "bench_meta.R"), str(file)], capture_output=True, text=True
        )
    return json.loads(run.stdout) if run.returncode == 0 else None


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def many(design: str) -> tuple[list[str], str | None]:
    """Rows of the table for ten thousand meta-analyses of one design, and metafor's version."""
    yi, vi = simulate(design, N, K)
    best = highest(yi, vi)
    ours, tau2 = timed(lambda: by_locoreg(yi, vi), 5)
    rows = [row(design, "locoreg", N, ours, ours, shortfall(yi, vi, tau2, best))]
    if installed("pymare"):
        seconds, tau2 = timed(lambda: by_pymare(yi, vi), 3)
        rows.append(row(design, "PyMARE", N, seconds, ours, shortfall(yi, vi, tau2, best)))
    r = by_metafor(yi[:METAFOR_ROWS], vi[:METAFOR_ROWS])
    if r is None:
        return rows, None
    found = np.array([np.nan if t is None else t for t in r["tau2"]])
    done = np.flatnonzero(np.isfinite(found))
    short = shortfall(yi[done], vi[done], found[done], best[done])
    seconds = r["seconds"] * N / METAFOR_ROWS
    rows.append(row(design, "metafor", METAFOR_ROWS, seconds, ours, short))
    return rows, f"R {r['R']}, metafor {r['metafor']}"


def row(
    design: str, program: str, asked: int, seconds: float, ours: float, short: np.ndarray
) -> str:
    return (
        f"| {design} | {program} | {seconds:.3g} | {seconds / ours:.3g} | {(short > MISS).sum()} "
        f"of {asked:,} | {asked - short.size} of {asked:,} | {short.max():.1g} |"
    )


def single(k: int) -> list[str]:
    """Rows of the table for one meta-analysis of k studies."""
    yi, vi = simulate("usual", 1, k)
    ours, _ = timed(lambda: by_locoreg(yi, vi), 20)
    cells = {"locoreg": ours}
    if installed("pymare"):
        cells["PyMARE"], _ = timed(lambda: by_pymare(yi, vi), 10)
    if k <= 1000:
        r = by_metafor(yi, vi)
        if r is not None:
            cells["metafor"] = r["seconds"]
    return [f"| {k:,} | {p} | {1000 * s:.3g} | {s / ours:.3g} |" for p, s in cells.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results" / "meta.md")
    out = parser.parse_args().out
    usual, r_version = many("usual")
    mixed, _ = many("mixed")
    versions = [
        f"Python {platform.python_version()}",
        f"NumPy {np.__version__}",
        f"SciPy {scipy.__version__}",
        f"PyMARE {installed('pymare') or 'not installed'}",
        r_version or "R with metafor not found",
    ]
    lines = [
        "# Random-effects pooling",
        "",
        f"{', '.join(versions)}.",
        "CPU seconds, least of several runs; one call each for locoreg and PyMARE. Written by",
        "`python benchmarks/bench_meta.py`.",
        "",
        f"## {N:,} meta-analyses of {K} studies, REML with Hartung-Knapp",
        "",
        f"metafor (default settings) fits the first {METAFOR_ROWS} in a loop; its time is scaled.",
        "*Usual*: variances 0.009 to 0.6. *Mixed*: precise studies among vague ones, so that the",
        "likelihood can have several maxima. The shortfall is how far the log-likelihood lies",
        f"below that of a polished fine grid; a miss is one above {MISS:g}. *Stopped* counts fits",
        "that ended in an error.",
        "",
        "| design | program | CPU s | times ours | misses | stopped | largest shortfall |",
        "|---|---|--:|--:|--:|--:|--:|",
        *usual,
        *mixed,
        "",
        "locoreg's call also gives Q, I2, H2, weights, prediction intervals and the likelihood.",
        "",
        "## One meta-analysis of many studies",
        "",
        "metafor is left out at 10,000 studies, because it works with dense k x k matrices.",
        "",
        "| studies | program | CPU ms | times ours |",
        "|--:|---|--:|--:|",
        *single(1_000),
        *single(10_000),
        "",
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

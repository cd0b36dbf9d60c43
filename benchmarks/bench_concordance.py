"""Concordance: locoreg against Python peers and R, in CPU seconds, in one run.

Usage: python benchmarks/bench_concordance.py [--out benchmarks/results/concordance.md]

Each call runs in a process of its own, one thread, after one call that is not counted (the first
call compiles or loads compiled code). CPU seconds are the least of several; peak memory is what the
call adds to the data. Results stand beside the times, so that a fast wrong answer would be seen.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from harness import Measured, python, r, save_arrays, table, versions

HERE = Path(__file__).parent
SEED = 20260301
N, N_SMALL, N_FINE_GRAY = 1_000_000, 20_000, 4_000
Row = tuple[str, str, Measured | None]

READ = """
read = lambda name: np.fromfile("{folder}/" + name + ".bin")
time_, event, entry, score, weight = map(read, ("time", "event", "entry", "score", "weight"))
"""
LOCOREG = """
from locoreg.stats.concordance import concordance
options = dict(higher_is_riskier=True, level=95)
"""
RUST = """
from survival import core
rows = core.CovariateMatrix(score.tolist(), score.size, 1)
ends = core.SurvivalData(time_.tolist(), event.astype(int).tolist())
weights = core.Weights(weight.tolist())
"""
R_READ = """
read <- function(name) readBin(paste0("{folder}/", name, ".bin"), "double", 1e7)
time <- read("time"); event <- read("event"); entry <- read("entry"); score <- read("score")
weight <- read("weight")
"""
VALUE = "result.concordance.se"
VALUE_RUST = "result.var[0][0] ** 0.5"
VALUE_R = "sqrt(result$var)"


def make_data(folder: Path, n: int) -> None:
    rng = np.random.default_rng([SEED, n])
    score = rng.normal(size=n)
    time = rng.exponential(1000 * np.exp(-score))
    censored = rng.uniform(0.0, 4000.0, n)
    event = time <= censored
    time = np.minimum(time, censored)
    save_arrays(
        folder,
        time=time,
        event=event,
        entry=time * rng.uniform(0, 0.5, n),
        score=score,
        weight=rng.uniform(0.5, 2.0, n),
    )


def plain(folder: Path, n: int) -> list[Row]:
    read, task = READ.format(folder=folder), f"Harrell's C with standard error, {n:,} rows"
    call = "concordance(Surv(time, event) ~ score, reverse = TRUE)"
    return [
        (
            task,
            "locoreg",
            python(read + LOCOREG, "concordance(time_, event, score, **options)", VALUE, 5),
        ),
        (
            task,
            "survival (Rust)",
            python(read + RUST, "core.concordancefit(ends, rows, reverse=True)", VALUE_RUST, 3),
        ),
        (task, "R survival", r(R_READ.format(folder=folder), call, VALUE_R, 2)),
    ]


def weighted(folder: Path, n: int) -> list[Row]:
    read = READ.format(folder=folder)
    task = f"Uno's C, weights, with standard error, {n:,} rows"
    call = (
        "concordance(Surv(time, event) ~ score, weights = weight, timewt = 'n/G2', reverse = TRUE)"
    )
    return [
        (
            task,
            "locoreg",
            python(
                read + LOCOREG,
                "concordance(time_, event, score, weight=weight, time_weight='n/G2', **options)",
                VALUE,
                5,
            ),
        ),
        (
            task,
            "survival (Rust)",
            python(
                read + RUST,
                "core.concordancefit(ends, rows, weights, timewt='n/G2', reverse=True)",
                VALUE_RUST,
                3,
            ),
        ),
        (task, "R survival", r(R_READ.format(folder=folder), call, VALUE_R, 1)),
    ]


def delayed(folder: Path, n: int) -> list[Row]:
    read, task = READ.format(folder=folder), f"Harrell's C, delayed entry, {n:,} rows"
    rust = "spans = core.CountingProcessData(entry.tolist(), ends.time, ends.status)"
    call = "concordance(Surv(entry, time, event) ~ score, reverse = TRUE)"
    return [
        (
            task,
            "locoreg",
            python(
                read + LOCOREG, "concordance(time_, event, score, entry=entry, **options)", VALUE, 3
            ),
        ),
        (
            task,
            "survival (Rust)",
            python(
                read + RUST + rust,
                "core.concordancefit_counting(spans, rows, reverse=True)",
                VALUE_RUST,
                2,
            ),
        ),
        (task, "R survival", r(R_READ.format(folder=folder), call, VALUE_R, 1)),
    ]


def estimate_only(folder: Path, n: int) -> list[Row]:
    """Peers without a standard error, or too slow for more rows."""
    read, task = READ.format(folder=folder), f"Harrell's C, {n:,} rows"
    return [
        (
            task,
            "locoreg",
            python(
                read + LOCOREG,
                "concordance(time_, event, score, **options)",
                "result.concordance.estimate",
                9,
            ),
        ),
        (
            task,
            "survival (Rust)",
            python(
                read + RUST,
                "core.concordancefit(ends, rows, reverse=True)",
                "result.concordance[0]",
                5,
            ),
        ),
        (
            task,
            "lifelines, no error",
            python(
                read + "from lifelines.utils import concordance_index",
                "concordance_index(time_, -score, event)",
                "result",
                3,
            ),
        ),
        (
            task,
            "scikit-survival, no error",
            python(
                read + "from sksurv.metrics import concordance_index_censored",
                "concordance_index_censored(event > 0, time_, score)[0]",
                "result",
                1,
            ),
        ),
        (
            task,
            "greenwood, no error",
            python(
                read + "from greenwood import Surv, concordance_index\n"
                "y = Surv(time_, event=event.astype(int))",
                "concordance_index(y, score)",
                "result",
                1,
            ),
        ),
    ]


def fine_gray(folder: Path, n: int) -> list[Row]:
    """The regression whose expanded rows grow with the square of the number of patients."""
    read = READ.format(folder=folder) + (
        "cause = (event * (1 + np.arange(event.size) % 2)).astype(int)\n"
        "X = np.column_stack([score, weight])\n"
    )
    rust = """
from survival import regression
def fit():
    e = regression.finegray_expand(time_, cause, 1)
    row = np.asarray(e.row) - 1
    return regression.coxph_fit(
        np.asarray(e.end), (cause[row] == 1).astype(int), X[row], entry=np.asarray(e.start),
        weights=np.asarray(e.wt), cluster=row)
"""
    read_r = R_READ.format(folder=folder) + (
        "suppressMessages(library(cmprsk)); cause <- event * (1 + (seq_along(event) - 1) %% 2)\n"
        "d <- data.frame(time, cause = factor(cause, 0:2), score, weight, id = seq_along(time))\n"
        "fit <- function() { e <- finegray(Surv(time, cause) ~ ., d, etype = '1')\n"
        "  coxph(Surv(fgstart, fgstop, fgstatus) ~ score + weight, e, weights = fgwt,\n"
        "    cluster = id) }\n"
    )
    task, expanded = f"Fine-Gray as crr, {n:,} rows", f"Fine-Gray as finegray, {n:,} rows"
    ours = "from locoreg.stats.regression import fine_gray"
    call = "fine_gray(time_, cause, X, cause=1, level=95, method='{}')"
    crr = "crr(time, cause, cbind(score, weight))"
    return [
        (task, "locoreg", python(read + ours, call.format("crr"), "result.se[0]", 5)),
        (task, "R cmprsk", r(read_r, crr, "sqrt(result$var[1, 1])", 1)),
        (expanded, "locoreg", python(read + ours, call.format("finegray"), "result.se[0]", 5)),
        (expanded, "survival (Rust)", python(read + rust, "fit()", "result.var[0][0] ** 0.5", 2)),
        (expanded, "R survival", r(read_r, "fit()", "sqrt(result$var[1, 1])", 1)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results" / "concordance.md")
    out = parser.parse_args().out
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folders = {}
        for n in (N, N_SMALL, N_FINE_GRAY):
            folders[n] = Path(name) / str(n)
            folders[n].mkdir()
            make_data(folders[n], n)
        for task, n in (
            (plain, N),
            (weighted, N),
            (delayed, N),
            (estimate_only, N_SMALL),
            (fine_gray, N_FINE_GRAY),
        ):
            rows += task(folders[n], n)
    lines = [
        "# Concordance and Fine-Gray regression",
        "",
        f"{versions('numpy', 'numba', 'survival', 'lifelines', 'scikit-survival', 'greenwood')}.",
        "CPU seconds, least of several runs after a first one, one thread, each program in a",
        "process of its own; the peak is what the call adds to the data. The result is the",
        "standard error where there is one, and otherwise the concordance. Written by",
        "`python benchmarks/bench_concordance.py`.",
        "",
        *table(rows),
        "",
        "The Rust package's inputs are converted to its own types before the clock starts. At",
        f"{N:,} rows some times differ by rounding only; all three programs merge them.",
        "",
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

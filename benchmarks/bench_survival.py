"""Nonparametric estimators: locoreg against Python peers and R, in one run.

Usage: python benchmarks/bench_survival.py [--out benchmarks/results/survival.md]

Each call runs in a process of its own, one thread, after one call that is not counted (the first
call compiles or loads compiled code). CPU seconds are the least of several; peak memory is what the
call adds to the data. Results stand beside the times, so that a fast wrong answer would be seen.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from harness import Measured, python, r, save_arrays, table, versions

HERE = Path(__file__).parent
SEED = 20260301
N, N_INCIDENCE, N_BOOTSTRAP, B = 1_000_000, 100_000, 20_000, 1_000
HORIZON, AT = 1000.0, 500.0
Row = tuple[str, str, Measured | None]

READ = """
read = lambda name: np.fromfile("{folder}/" + name + ".bin")
time_, event, weight, group, cause = map(read, ("time", "event", "weight", "group", "cause"))
"""
R_READ = """
read <- function(name) readBin(paste0("{folder}/", name, ".bin"), "double", 1e7)
time <- read("time"); event <- read("event"); weight <- read("weight"); group <- read("group")
cause <- factor(read("cause"), 0:2)
"""


def make_data(folder: Path, n: int, *, days: bool) -> None:
    rng = np.random.default_rng([SEED, n, days])
    time = rng.exponential(1200.0, n)
    censored = rng.uniform(0.0, 4000.0, n)
    event = time <= censored
    time = np.minimum(time, censored)
    save_arrays(
        folder,
        time=np.ceil(time) if days else time,
        event=event,
        weight=rng.uniform(0.5, 2.0, n),
        group=rng.integers(0, 2, n),
        cause=event * rng.integers(1, 3, n),
    )


def kaplan_meier(folder: Path, kind: str) -> list[Row]:
    read, read_r = READ.format(folder=folder), R_READ.format(folder=folder)
    plain, robust = f"Kaplan-Meier, {kind}", f"Kaplan-Meier, {kind}, weights, robust variance"
    locoreg = read + "import locoreg as lr"
    rust = read + "import survival"
    curve_at = f"result.estimate[np.searchsorted(result.time, {AT}, side='right') - 1]"
    peer_at = f"np.asarray(result.surv)[np.searchsorted(result.time, {AT}, side='right') - 1]"
    at_r = f"result$surv[findInterval({AT}, result$time)]"
    statsmodels = read + "from statsmodels.duration.survfunc import SurvfuncRight"
    lifelines = read + "from lifelines import KaplanMeierFitter"
    return [
        (plain, "locoreg", python(locoreg, "lr.kaplan_meier(time_, event, level=95)", curve_at, 5)),
        (
            plain,
            "statsmodels",
            python(
                statsmodels,
                "SurvfuncRight(time_, event)",
                f"result.surv_prob[np.searchsorted(result.surv_times, {AT}, side='right') - 1]",
                5,
            ),
        ),
        (
            plain,
            "lifelines",
            python(lifelines, "KaplanMeierFitter().fit(time_, event)", f"result.predict({AT})", 3),
        ),
        (
            plain,
            "survival (Rust)",
            python(rust, "survival.survfit(survival.Surv(time_, event))", peer_at, 3),
        ),
        (plain, "R survival", r(read_r, "survfit(Surv(time, event) ~ 1)", at_r, 3)),
        (
            robust,
            "locoreg",
            python(locoreg, "lr.kaplan_meier(time_, event, weight=weight, level=95)", curve_at, 5),
        ),
        (
            robust,
            "survival (Rust)",
            python(
                rust,
                "survival.survfit(survival.Surv(time_, event), weights=weight, robust=True)",
                peer_at,
                3,
            ),
        ),
    ]


def incidence(folder: Path) -> list[Row]:
    read, read_r = READ.format(folder=folder), R_READ.format(folder=folder)
    task = f"Aalen-Johansen with errors, {N_INCIDENCE:,} rows, days"
    return [
        (
            task,
            "locoreg",
            python(
                read + "import locoreg as lr",
                "lr.aalen_johansen(time_, cause, level=95)",
                f"result.curves[0]({AT})[0]",
                9,
            ),
        ),
        (
            task,
            "statsmodels",
            python(
                read + "from statsmodels.duration.survfunc import CumIncidenceRight",
                "CumIncidenceRight(time_, cause)",
                f"result.cinc[0][np.searchsorted(result.times, {AT}, side='right') - 1]",
                9,
            ),
        ),
        (
            task,
            "R survival",
            r(
                read_r,
                "survfit(Surv(time, cause) ~ 1)",
                f"result$pstate[findInterval({AT}, result$time), 2]",
                1,
            ),
        ),
    ]


def restricted_mean(folder: Path) -> list[Row]:
    read, read_r = READ.format(folder=folder), R_READ.format(folder=folder)
    task = f"Difference in restricted means, {N:,} rows, days"
    call = (
        f"lr.rmst(time_, event, strata=group, reference=0, horizon={HORIZON}, level=95)"
        ".contrasts[0].difference"
    )
    mean_r = f"summary(survfit(Surv(time, event) ~ group), rmean = {HORIZON})$table[, 'rmean']"
    return [
        (task, "locoreg", python(read + "import locoreg as lr", call, "result.estimate", 5)),
        (
            task,
            "survival (Rust)",
            python(
                read + "import survival",
                "survival.validation.rmst_comparison("
                f"time_, event.astype(int), group.astype(int), {HORIZON})",
                "result.difference[0]",
                3,
            ),
        ),
        (task, "R survival", r(read_r, mean_r, "diff(result)", 3)),
    ]


def bootstrap(folder: Path) -> list[Row]:
    read = READ.format(folder=folder)
    task = f"{B:,} bootstrap weighted curves, {N_BOOTSTRAP:,} rows, continuous"
    weights = f"""
import locoreg as lr
weights = np.random.default_rng(1).multinomial({N_BOOTSTRAP}, np.full({N_BOOTSTRAP},
    1 / {N_BOOTSTRAP}), {B}).astype(float) * weight
"""
    peer = f"""
from lifelines import KaplanMeierFitter
weights = np.random.default_rng(1).multinomial({N_BOOTSTRAP}, np.full({N_BOOTSTRAP},
    1 / {N_BOOTSTRAP}), 20).astype(float) * weight
import warnings
warnings.filterwarnings("ignore")
def fit(w):
    keep = w > 0
    return KaplanMeierFitter().fit(time_[keep], event[keep], weights=w[keep]).predict({AT})
"""
    measured = python(read + peer, "np.array([fit(w) for w in weights])", "result.std(ddof=1)", 1)
    if measured is not None:
        measured = Measured(
            measured.cpu * B / 20, measured.first * B / 20, measured.peak, measured.value
        )
    return [
        (
            task,
            "locoreg",
            python(
                read + weights,
                f"lr.many_kaplan_meier(time_, event, weights, times=[{AT}])",
                "result[:, 0].std(ddof=1)",
                3,
            ),
        ),
        (task, "lifelines, scaled from 20 curves", measured),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results/survival.md")
    out = parser.parse_args().out
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        tasks = (("days", N, True), ("continuous", N, False))
        for kind, n, days in tasks:
            folder = Path(scratch) / kind
            folder.mkdir()
            make_data(folder, n, days=days)
            rows += kaplan_meier(folder, f"{n:,} rows, {kind}")
        rows += restricted_mean(Path(scratch) / "days")
        make_data(Path(scratch), N_INCIDENCE, days=True)
        rows += incidence(Path(scratch))
        make_data(Path(scratch), N_BOOTSTRAP, days=False)
        rows += bootstrap(Path(scratch))
    lines = [
        "# Survival curves, cumulative incidence and restricted means",
        "",
        versions("numpy", "numba", "statsmodels", "lifelines", "survival") + f"; {os.cpu_count()} "
        "cores, one used. CPU seconds, least of several calls after a first one;",
        "written by `python benchmarks/bench_survival.py`. Of the Kaplan-Meier programs statsmodels"
        " gives no interval.",
        "",
        *table(rows),
    ]
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

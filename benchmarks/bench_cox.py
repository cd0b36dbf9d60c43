"""Cox models: locoreg against Python peers and R, in one run.

Usage: python benchmarks/bench_cox.py [--out benchmarks/results/cox.md]

Each call runs in a process of its own, one thread, after one call that is not counted (the first
call compiles or loads compiled code). CPU seconds are the least of several; peak memory is what the
call adds to the data. The last column is the first coefficient, so that a fast wrong answer would
be seen. Programs that are not installed, or need more than the time limit, are left out and said to
be. locoreg's calls check the input and give baseline hazard and tests as well.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from harness import Measured, python, r, save_arrays, table, versions

HERE = Path(__file__).parent
SEED = 20260302
P, ROWS_EACH = 10, 5
N, N_LARGE, N_BOOTSTRAP, B, B_PEER = 100_000, 1_000_000, 20_000, 200, 5
CAP = 240
Row = tuple[str, str, Measured | None]

READ = f"""
read = lambda name: np.fromfile("{{folder}}/" + name + ".bin")
entry, time_, event, weight, cluster = map(read, ("entry", "time", "event", "weight", "cluster"))
X = np.ascontiguousarray(read("X").reshape({P}, -1).T)
names = ["x%d" % j for j in range({P})]
"""
R_READ = f"""
read <- function(name) readBin(paste0("{{folder}}/", name, ".bin"), "double", 1e8)
d <- as.data.frame(matrix(read("X"), ncol = {P})); names(d) <- paste0("x", 0:{P - 1})
d$entry <- read("entry"); d$time <- read("time"); d$event <- read("event")
d$weight <- read("weight"); d$cluster <- read("cluster")
"""
TERMS = " + ".join(f"x{j}" for j in range(P))
LOCOREG = "from locoreg import cox, many_cox"
RUST = "from survival.regression import coxph_fit"
OURS, RUSTS, RS = "result.coefficients[0]", "result.coefficients[0]", "coef(result)[1]"


def covariates(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Half of them normal, half of them 0 and 1, and the hazard they give."""
    X = rng.normal(size=(n, P))
    X[:, P // 2 :] = X[:, P // 2 :] > 0.5
    return X, np.exp(X @ np.linspace(-0.3, 0.3, P))


def make_data(folder: Path, n: int, *, days: bool) -> None:
    rng = np.random.default_rng([SEED, n, days])
    X, hazard = covariates(rng, n)
    time, censored = rng.exponential(1000.0, n) / hazard, rng.exponential(1000.0, n)
    event = time <= censored
    time = np.minimum(time, censored)
    save_arrays(
        folder,
        X=X,
        entry=np.zeros(n),
        time=np.ceil(time) if days else time,
        event=event,
        weight=rng.uniform(0.5, 2.0, n),
        cluster=np.arange(n),
    )


def make_intervals(folder: Path, n: int) -> None:
    """Rows of persons who are seen several times, in days; one covariate changes."""
    rng = np.random.default_rng([SEED, n])
    persons = n // ROWS_EACH
    X, hazard = covariates(rng, persons)
    time, censored = rng.exponential(1000.0, persons) / hazard, rng.exponential(1000.0, persons)
    event = np.zeros((persons, ROWS_EACH))
    event[:, -1] = time <= censored
    end = np.ceil(np.minimum(time, censored)) + ROWS_EACH
    cuts = np.floor(np.sort(rng.random((persons, ROWS_EACH - 1)), axis=1) * end[:, None])
    marks = np.hstack([np.zeros((persons, 1)), cuts, end[:, None]])
    kept = np.diff(marks).ravel() > 0
    X = np.repeat(X, ROWS_EACH, axis=0)
    X[:, 0] += rng.normal(size=len(X))
    save_arrays(
        folder,
        X=X[kept],
        entry=marks[:, :-1].ravel()[kept],
        time=marks[:, 1:].ravel()[kept],
        event=event.ravel()[kept],
        weight=np.ones(kept.sum()),
        cluster=np.repeat(np.arange(persons), ROWS_EACH)[kept],
    )


def one_fit(
    folder: Path, task: str, *, robust: bool, repeat: int, with_r: bool = True
) -> list[Row]:
    """Rows of the table for an unweighted fit."""
    read, read_r = READ.format(folder=folder), R_READ.format(folder=folder)
    variance = "robust" if robust else "model"
    ours = python(
        read + LOCOREG, f"cox(time_, event, X, level=95, variance='{variance}')", OURS, repeat, CAP
    )
    rust = python(
        read + RUST, f"coxph_fit(time_, event, X, robust={robust})", RUSTS, max(repeat // 2, 1), CAP
    )
    rows = [(task, "locoreg", ours), (task, "survival (Rust)", rust)]
    # R makes the robust variance of a million rows in minutes.
    if with_r:
        call = f"coxph(Surv(time, event) ~ {TERMS}, d, robust = {str(robust).upper()})"
        rows.append((task, "R survival", r(read_r, call, RS, 1, CAP)))
    return rows


def peers(folder: Path, task: str) -> list[Row]:
    read = READ.format(folder=folder)
    lifelines = python(
        read + "from lifelines import CoxPHFitter\nimport pandas as pd\n"
        "d = pd.DataFrame(X, columns=names).assign(time=time_, event=event)",
        "CoxPHFitter().fit(d, 'time', 'event')",
        "result.params_.iloc[0]",
        1,
        CAP,
    )
    statsmodels = python(
        read + "from statsmodels.duration.hazard_regression import PHReg",
        "PHReg(time_, X, status=event, ties='efron').fit()",
        "result.params[0]",
        1,
        CAP,
    )
    return [(task, "lifelines", lifelines), (task, "statsmodels", statsmodels)]


def weighted(folder: Path, task: str) -> list[Row]:
    read, read_r = READ.format(folder=folder), R_READ.format(folder=folder)
    call = f"coxph(Surv(time, event) ~ {TERMS}, d, weights = weight, robust = TRUE)"
    return [
        (
            task,
            "locoreg",
            python(read + LOCOREG, "cox(time_, event, X, weight=weight, level=95)", OURS, 5, CAP),
        ),
        (
            task,
            "survival (Rust)",
            python(
                read + RUST,
                "coxph_fit(time_, event, X, weights=weight, robust=True)",
                RUSTS,
                2,
                CAP,
            ),
        ),
        (task, "R survival", r(read_r, call, RS, 1, CAP)),
    ]


def intervals(folder: Path, task: str, *, clusters: bool) -> list[Row]:
    read, read_r = READ.format(folder=folder), R_READ.format(folder=folder)
    more = ", cluster=cluster" if clusters else ""
    call = f"coxph(Surv(entry, time, event) ~ {TERMS}, d{more})"
    return [
        (
            task,
            "locoreg",
            python(
                read + LOCOREG,
                f"cox(time_, event, X, entry=entry, level=95{more})",
                OURS,
                3,
                CAP,
            ),
        ),
        (
            task,
            "survival (Rust)",
            python(read + RUST, f"coxph_fit(time_, event, X, entry{more})", RUSTS, 1, CAP),
        ),
        (task, "R survival", r(read_r, call, RS, 1, CAP)),
    ]


def bootstrap(folder: Path, task: str) -> list[Row]:
    read = READ.format(folder=folder)
    draw = f"\nw = np.random.default_rng(1).multinomial({N_BOOTSTRAP}, np.full({N_BOOTSTRAP}, "
    draw += f"1 / {N_BOOTSTRAP}), {B}).astype(float)\n"
    # The peer refuses weights of 0; one loop over the rows that were drawn.
    loop = "[coxph_fit(time_[v > 0], event[v > 0], X[v > 0], weights=v[v > 0])"
    loop += f" for v in w[:{B_PEER}]]"
    ours = python(
        read + draw + LOCOREG,
        "many_cox(time_, event, X, w)",
        f"result.coefficients[:{B_PEER}, 0].mean()",
        1,
        CAP,
    )
    rust = python(read + draw + RUST, loop, "np.mean([f.coefficients[0] for f in result])", 1, CAP)
    scaled = None
    if rust is not None:
        times = B / B_PEER
        scaled = Measured(rust.cpu * times, rust.first * times, rust.peak, rust.value)
    return [(task, "locoreg", ours), (task, f"survival (Rust), {B_PEER} scaled", scaled)]


def measure(scratch: Path) -> list[Row]:
    rows: list[Row] = []
    for n, days in ((N, True), (N, False), (N_LARGE, True), (N_LARGE, False)):
        kind = "days" if days else "continuous"
        make_data(scratch, n, days=days)
        repeat = 7 if n == N else 3
        rows += one_fit(scratch, f"{n:,} rows, {kind}", robust=False, repeat=repeat)
        rows += one_fit(
            scratch, f"{n:,} rows, {kind}, robust", robust=True, repeat=repeat, with_r=n == N
        )
        if n == N and days:
            rows += peers(scratch, f"{n:,} rows, {kind}")
            rows += weighted(scratch, f"{n:,} rows, {kind}, weights, robust")
    make_intervals(scratch, N_LARGE)
    rows += intervals(scratch, f"{N_LARGE:,} intervals, days", clusters=False)
    rows += intervals(scratch, f"{N_LARGE:,} intervals, days, clusters", clusters=True)
    make_data(scratch, N_BOOTSTRAP, days=True)
    rows += bootstrap(scratch, f"{B} bootstrap fits, {N_BOOTSTRAP:,} rows, days")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results/cox.md")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as scratch:
        rows = measure(Path(scratch))
    lines = [
        "# Cox models",
        "",
        versions("numpy", "numba", "statsmodels", "lifelines", "survival")
        + f"; {os.cpu_count()} cores, one used.",
        f"{P} covariates, half of them 0 and 1; about half of the rows end in the event; ties by"
        " Efron. CPU seconds,",
        "least of several calls after a first one; written by `python benchmarks/bench_cox.py`."
        f" Time limit {CAP} s.",
        "",
        *table(rows),
    ]
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

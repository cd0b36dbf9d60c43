"""Clone-censor-weight: locoreg beside Python peers, in one run, and how its cost grows.

Usage: python benchmarks/bench_clone_censor_weight.py [--largest N] [--out FILE] [--plot FILE]

The peers (clone-censor-weight, pySEQTarget) must be installed in the same environment; without
them their rows say so. pySEQTarget emulates sequential trials: its row is the nearest that it
does, the trial that starts at time zero with weights against departing.

The bootstrap with two workers is timed by the clock, and its memory is that of all processes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from harness import ONE_THREAD, Measured, python, save_arrays, table, versions

HERE = Path(__file__).parent
SEED = 20260401
COVARIATES = 20
MONTHS, GRACE = 36, 6
CAP = 600.0
SIZES = (1_000, 3_000, 10_000, 20_000, 100_000, 1_000_000)
PEER_SIZES = (1_000, 3_000)
BOOTSTRAP_SIZE, REPLICATES, WORKERS = 20_000, 500, 2

READ = """
from pathlib import Path
folder = Path({folder!r})
read = lambda name: np.fromfile(folder / (name + ".bin"))
end, event, treated = read("time"), read("event").astype(int), read("treated")
treated = np.where(treated < 0, np.inf, treated)
n = end.size
X = read("X").reshape(-1, n).T
"""
OURS = """
from locoreg.emulation.clones.analysis import CloneAnalysis
from locoreg.emulation.clones.options import Choices
from locoreg.emulation.cohort import Attrition, Coding, Cohort, Column
from locoreg.emulation.question import Question
names = tuple("x%d" % j for j in range(X.shape[1]))
cohort = Cohort(
    person_id=tuple(map(str, range(n))), time=end, event=event, event_labels=("death",),
    lost=np.zeros(n, dtype=bool), treatment_time=treated, entry=None,
    baseline=tuple(Column(name=m, kind="number", values=X[:, j]) for j, m in enumerate(names)),
    histories=(), coding=Coding(names=names), source="drawn", synthetic=True,
    attrition=Attrition(source="drawn", started=n, steps=()),
)
question = Question(
    treated_label="treated", comparator_label="never", outcome="death", grace_months=6.0,
    interval_months=1.0, comparator="never", initiation="deadline", contrast="per_protocol",
    horizon_months=36.0, at_months=(36.0,), level=95.0,
)
one = np.ones((1, n))
def point():
    return CloneAnalysis(cohort, question, Choices()).values(one)
"""
BOOT = """
import json, resource, time
import numpy as np
{setup}
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
method = make_method("clone_censor_weight", {{}})
def run(replicates):
    how = Inference(interval="bootstrap", replicates=replicates, seed=1, jobs={workers})
    return method.estimate(cohort, question, how)
run(40)
started = time.perf_counter()
found = run({replicates})
seconds = time.perf_counter() - started
peaks = [resource.getrusage(who).ru_maxrss for who in
         (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
from joblib.externals.loky import get_reusable_executor
get_reusable_executor().shutdown(wait=True)
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
se = found.contrast("survival_difference", 36.0).estimate.se
print(json.dumps([seconds, (peaks[0] + {workers} * child) / 1024, se]))
"""
LONG = """
import pandas as pd
rows = np.where(event == 1, end + 0.5, end).astype(int)
person = np.repeat(np.arange(n), rows + 1)
month = np.concatenate([np.arange(k + 1) for k in rows])
last = month == rows[person]
d = pd.DataFrame({"id": person, "month": month})
d["death"] = (last & (event[person] == 1)).astype(int)
d["starts"] = (treated[person] == month).astype(int)
for j in range(X.shape[1]):
    d["x%d" % j] = X[person, j]
terms = " + ".join("x%d" % j for j in range(X.shape[1]))
"""
PEER = """
from ccw import CCW, DataSpec, InitiateBy, NoInitiationThrough
names = tuple("x%d" % j for j in range(X.shape[1]))
spec = DataSpec(id="id", time="month", treatment="starts", outcome="death", baseline=names)
model = CCW(
    spec=spec, strategies={"treated": InitiateBy(5), "never": NoInitiationThrough(35)},
    weight_models="C(tstart) + " + terms, followup_end=36,
    censoring_model="protocol_only",
)
"""
SEQUENTIAL = """
from pySEQTarget import SEQopts, SEQuential
d["eligible"] = (d["month"] == 0).astype(int)
d["on"] = (treated[person] <= month).astype(int)
names = ["x%d" % j for j in range(X.shape[1])]
import polars as pl
data = pl.from_pandas(d)
def sequential():
    model = SEQuential(
        data, id_col="id", time_col="month", eligible_col="eligible", treatment_col="on",
        outcome_col="death", time_varying_cols=[], fixed_cols=names, method="censoring",
        parameters=SEQopts(weighted=True, selection_first_trial=True, km_curves=True),
    )
    model.expand()
    model.fit()
    model.survival()
    return model
"""


def draw(folder: Path, n: int) -> None:
    """Write a cohort: treatment at the start of one of six months, deaths in the middle of one."""
    rng = np.random.default_rng([SEED, n])
    X = rng.normal(size=(n, COVARIATES))
    lean = 0.3 * X[:, 0] - 0.3 * X[:, 1] + 0.1 * X[:, 2:6].sum(axis=1)
    risk = -3.5 - 0.4 * X[:, 0] + 0.3 * X[:, 1]
    treated, time = np.full(n, -1.0), np.full(n, float(MONTHS))
    event, alive = np.zeros(n), np.ones(n, dtype=bool)
    for k in range(MONTHS):
        if k < GRACE:
            now = alive & (treated < 0) & (rng.random(n) < 1 / (1 + np.exp(1.8 - lean)))
            treated[now] = k
        hazard = 1 / (1 + np.exp(-risk - np.log(0.7) * (treated >= 0)))
        dies = alive & (rng.random(n) < hazard)
        time[dies], event[dies] = k + 0.5, 1.0
        alive &= ~dies
    save_arrays(folder, X=X, time=time, event=event, treated=treated)


def measure(largest: int) -> list[tuple[str, str, Measured | None]]:
    rows: list[tuple[str, str, Measured | None]] = []
    for n in (size for size in SIZES if size <= largest):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            draw(folder, n)
            read = READ.format(folder=name)
            task = f"point estimate, n = {n:,}"
            repeat = 2 if n <= 100_000 else 1
            value = "result.curve[0, 0, -1]"
            rows.append((task, "locoreg", python(read + OURS, "point()", value, repeat, CAP)))
            if n in PEER_SIZES:
                risk = "1 - result.risk('never')"
                peer = python(read + LONG + PEER, "model.fit(d)", risk, repeat, CAP)
                rows.append((task, "clone-censor-weight", peer))
                # Its curves are those of another model; nothing to compare.
                other = python(read + LONG + SEQUENTIAL, "sequential()", "np.nan", repeat, CAP)
                rows.append((task, "pySEQTarget", other))
    return rows


def bootstrap() -> str:
    """Return in words what the bootstrap costs."""
    with tempfile.TemporaryDirectory() as name:
        draw(Path(name), BOOTSTRAP_SIZE)
        program = BOOT.format(
            setup=READ.format(folder=name) + OURS, workers=WORKERS, replicates=REPLICATES
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | ONE_THREAD,
        )
    seconds, peak, se = json.loads(done.stdout.strip().splitlines()[-1])
    return (
        f"{REPLICATES} bootstrap replicates, n = {BOOTSTRAP_SIZE:,}, {WORKERS} workers: "
        f"{seconds:.0f} s by the clock, at most {peak:.0f} MB in all processes together (standard "
        f"error of the difference of survival at {MONTHS} months {se:.4f})."
    )


def plot(rows: list[tuple[str, str, Measured | None]], out: Path) -> None:
    """Draw CPU seconds of the point estimate by the number of persons, both axes logarithmic."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
    for program, marker in (("locoreg", "o"), ("clone-censor-weight", "s"), ("pySEQTarget", "^")):
        points = [
            (int(re.sub(r"\D", "", task.split("n =")[1])), m.cpu)
            for task, who, m in rows
            if who == program and m is not None
        ]
        if not points:
            continue
        n, seconds = np.array(points).T
        axes.plot(n, seconds, marker=marker, label=program)
        if program == "locoreg":
            ideal = n * np.log(n)
            axes.plot(n, seconds[-1] * ideal / ideal[-1], "k:", label="proportional to n log n")
    axes.set(xscale="log", yscale="log", xlabel="Persons", ylabel="CPU seconds")
    axes.legend(frameon=False)
    plt.rcParams["svg.hashsalt"] = "locoreg"
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    results = HERE / "results" / "clone_censor_weight.md"
    image = HERE.parent / "docs" / "images" / "emulation-scaling.svg"
    parser.add_argument("--out", type=Path, default=results)
    parser.add_argument("--plot", type=Path, default=image)
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    options = parser.parse_args()
    rows = measure(options.largest)
    lines = [
        "# Clone-censor-weight",
        "",
        f"{versions('numpy', 'clone-censor-weight', 'pySEQTarget', 'statsmodels')}; 2 cores, one",
        f"used but for the bootstrap. {COVARIATES} confounders, {MONTHS} months, grace period of",
        f"{GRACE} months. CPU seconds, least of the calls after a first one; the",
        "result is survival at 36 months without treatment. Written by",
        "`python benchmarks/bench_clone_censor_weight.py`.",
        "",
        *table(rows),
        "",
        "pySEQTarget fits a model of the outcome instead of weighted curves: seconds are of a like",
        "analysis, results of another.",
        "",
        bootstrap(),
        "",
        "![CPU seconds by number of persons](images/emulation-scaling.svg)",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    for path in (options.out, options.plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    plot(rows, options.plot)


if __name__ == "__main__":
    main()

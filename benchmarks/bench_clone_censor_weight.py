"""Clone-censor-weight: locoreg beside Python peers, in one run, and how its cost grows.

Usage: python benchmarks/bench_clone_censor_weight.py [--out FILE.md] [--largest N]

The peers (clone-censor-weight, pySEQTarget) must be installed in the same environment; without
them their rows say so. pySEQTarget emulates sequential trials: its row is the nearest that it
does, the trial that starts at time zero with weights against departing.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from harness import Measured, python, save_arrays, table, versions

SEED = 20260401
COVARIATES = 20
MONTHS, GRACE = 36, 6
CAP = 600.0
SIZES = (1_000, 3_000, 10_000, 20_000, 100_000, 1_000_000)
PEER_SIZES = (1_000, 3_000)
BOOTSTRAP_SIZES = (1_000, 20_000)
REPLICATES = 20

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
analysis = CloneAnalysis(cohort, question, Choices())
draws = np.random.default_rng(1).multinomial(n, np.ones(n) / n, size=REPLICATES).astype(float)
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
            value = "result.area[0, 1, -1] - result.area[0, 0, -1]"
            rows.append((task, "locoreg", python(read + OURS, "point()", value, repeat, CAP)))
            if n in PEER_SIZES:
                peer = python(read + LONG + PEER, "model.fit(d)", "0.0", 1, CAP)
                rows.append((task, "clone-censor-weight", peer))
                other = python(read + LONG + SEQUENTIAL, "sequential()", "0.0", 1, CAP)
                rows.append((task, "pySEQTarget", other))
            if n in BOOTSTRAP_SIZES:
                setup = read + OURS + BOOT.replace("REPLICATES", str(REPLICATES))
                boot = python(setup, "analysis.values(draws)", "result.area[:, 1, -1].std()", 1)
                rows.append((f"{REPLICATES} bootstrap replicates, n = {n:,}", "locoreg", boot))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    options = parser.parse_args()
    lines = [versions("numpy", "clone-censor-weight", "pySEQTarget"), ""]
    lines += table(measure(options.largest))
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

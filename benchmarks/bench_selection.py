"""Who gains: the whole of it, stage by stage, and how its cost grows.

Usage: python benchmarks/bench_selection.py [--largest N] [--jobs N] [--out FILE]

Scores, the default stack of learners, risk modelling, assessment on held-out persons, and the rule
of depth 2, as `locoreg select` does them. R's grf does the first two; it is GPL, is in no package
archive of Debian, and was not run here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness import ONE_THREAD, versions

HERE = Path(__file__).parent
SEED = 20261127
COLUMNS = 15
SIZES = (2_000, 50_000, 1_000_000)

# The second setting of Cui et al. 2023 (doi:10.1093/jrsssb/qkac001), restricted mean up to 2.
CHILD = """
import json, resource, sys, time
import numpy as np
from locoreg.selection.assess import AssessOptions, assess
from locoreg.selection.data import selection_data
from locoreg.selection.learners import make_learner
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules import RuleOptions, honest_rule, rule_value
from locoreg.selection.scores import ScoreOptions, scores
from locoreg.stats.warmup import warm_up

n, columns, seed, jobs = (int(one) for one in sys.argv[1:])
list(warm_up())

def draw(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.random((n, columns))
    e = (1.0 + 20.0 * X[:, 0] * (1.0 - X[:, 0]) ** 3) / 4.0
    w = (rng.random(n) < e).astype(float)
    rate = lambda arm: np.exp(X[:, 0] + (X[:, 1] - 0.5) * arm)
    died = (rng.exponential(size=n) / rate(w)) ** 2
    lost = 3.0 * rng.random(n)
    mean = lambda r: 2.0 / r**2 * (1.0 - np.exp(-r * 2**0.5) * (1.0 + r * 2**0.5))
    return X, w, np.minimum(died, lost), (died <= lost) * 1.0, mean(rate(1.0)) - mean(rate(0.0))

stages = []
started = [time.process_time(), time.perf_counter()]
def lap(name):
    now = [time.process_time(), time.perf_counter()]
    stages.append([name, now[0] - started[0], now[1] - started[1]])
    started[:] = now

X, w, time_, event, _ = draw(n, seed)
new, *_, truth = draw(5000, seed + 1)
started[:] = [time.process_time(), time.perf_counter()]
data = selection_data(time=time_, event=event, treated=w, covariates=X)
question = SelectionQuestion(
    measure="rmst_difference", horizon_months=2.0, time_zero="randomisation",
    treated_label="treatment", comparator_label="control", outcome="death", level=95.0,
)
made = scores(data, question, ScoreOptions(seed=1, jobs=jobs))
lap("scores")
fit = make_learner("stack", {}).fit(made, seed=1)
lap("learners: forest, splines, hazards, their stack")
found = assess(
    made, make_learner("stack", {}), AssessOptions(cost=0.0, groups=5, seed=1),
    risk=make_learner("risk", {}),
)
lap("assessment, risk modelling included")
rule_options = RuleOptions(cost=0.0, seed=1, jobs=jobs)
rule_value(made, rule_options, heterogeneity_p=found.test.p)
honest_rule(made, rule_options)
lap("rule of depth 2 and its worth")
error = float(np.sqrt(np.mean((fit.model.predict(new) - truth) ** 2)))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"stages": stages, "error": error, "spread": float(truth.std()), "peak": peak}))
"""


def measure(n: int, jobs: int) -> dict[str, Any]:
    """Return CPU and wall seconds of each stage, peak memory in MB, and the error."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(n), str(COLUMNS), str(SEED), str(jobs)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "selection.md")
    parser.add_argument("--largest", type=int, default=SIZES[1])
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    lines = [
        "# Who gains",
        "",
        f"{versions('numpy', 'numba', 'lightgbm', 'scikit-learn')};",
        f"{options.jobs} threads, {COLUMNS} columns, second setting of Cui et al. 2023. Memory is",
        "the peak of the process. The error is the root mean squared error of the stack's effect",
        "on 5,000 new persons. Written by",
        f"`python benchmarks/bench_selection.py --largest {options.largest}`.",
        "",
        "| persons | stage | CPU s | wall s |",
        "|---|---|---|---|",
    ]
    notes = []
    for n in (size for size in SIZES if size <= options.largest):
        found = measure(n, options.jobs)
        whole = [sum(stage[k] for stage in found["stages"]) for k in (1, 2)]
        for name, cpu, wall in [*found["stages"], ["**whole**", *whole]]:
            lines.append(f"| {n:,} | {name} | {cpu:.1f} | {wall:.1f} |")
        notes.append(
            f"{n:,} persons: peak {found['peak']:,.0f} MB; error {found['error']:.4f}, standard "
            f"deviation of the effects {found['spread']:.4f}."
        )
    text = "\n".join([*lines, "", *notes]) + "\n"
    print(text)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

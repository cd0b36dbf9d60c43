"""Exact policy trees: locoreg against Python peers and R, in one run.

Usage: python benchmarks/bench_policytree.py [--out benchmarks/results/policytree.md]

Each call runs in a process of its own, after one call that is not counted (the first call compiles
or loads compiled code). CPU seconds are the least of several, with binning; peak memory is what the
call adds to the data. The last column is the value of the tree per person on its own persons, so
that a tree that is not the best would be seen. Programs that are not installed, or need more than
the time limit, are left out and said to be.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from harness import Measured, python, r, save_arrays, table, versions

HERE = Path(__file__).parent
SEED = 20260701
CAP = 300
Row = tuple[str, str, Measured | None]

READ = """
import numpy as np
read = lambda name: np.fromfile("{folder}/" + name + ".bin")
reward, treated = read("reward"), read("treated") == 1.0
X = np.ascontiguousarray(read("X").reshape({p}, -1).T)
worth = lambda treats: float((reward * treats).mean())
"""
OURS = """
from locoreg.stats.policytree import PolicyProblem, TreeLimits, bin_columns, policy_tree
def fit(bins, depth, jobs):
    problem = PolicyProblem(bins=bin_columns(X, bins=bins), reward=reward, treated=treated,
                            weight=np.ones(reward.size))
    return policy_tree(problem, TreeLimits(depth=depth), jobs=jobs)
"""
ECONML = """
from econml.policy import PolicyTree
"""
GREEDY = """
from sklearn.tree import DecisionTreeClassifier
"""
R_READ = """
read <- function(name) readBin(paste0("{folder}/", name, ".bin"), "double", 1e8)
X <- matrix(read("X"), ncol = {p}); reward <- read("reward"); library(policytree)
"""


def make_data(folder: Path, n: int, p: int) -> None:
    """Effects by two columns without main effects, and one column with one."""
    rng = np.random.default_rng([SEED, n, p])
    X = rng.normal(size=(n, p))
    effect = 0.5 * np.sign(X[:, 0]) * np.sign(X[:, 1]) + 0.2 * X[:, 2]
    save_arrays(folder, X=X, reward=effect + 1.5 * rng.normal(size=n), treated=rng.random(n) < 0.5)


def measured(folder: Path, n: int, p: int, depth: int, bins: int, *, peers: bool) -> list[Row]:
    make_data(folder, n, p)
    task = f"{n:,} x {p}, depth {depth}, {bins} bins"
    read = READ.format(folder=folder, p=p)
    repeat = 3 if n <= 100_000 else 1
    rows: list[Row] = [
        (
            task,
            "locoreg" if jobs == 1 else f"locoreg, {jobs} threads",
            python(
                read + OURS, f"fit({bins}, {depth}, {jobs})", "worth(result.tree.treats(X))",
                repeat, CAP,
            ),
        )
        for jobs in (1, 2)
    ]  # fmt: skip
    if not peers:
        return rows
    both = "np.column_stack([np.zeros(reward.size), reward])"
    rows.append(
        (
            task,
            "EconML PolicyTree (greedy)",
            python(
                read + ECONML, f"PolicyTree(max_depth={depth}, random_state=0).fit(X, {both})",
                "worth(result.predict(X) == 1)", 1, CAP,
            ),
        )
    )  # fmt: skip
    rows.append(
        (
            task,
            "scikit-learn, weighted (greedy)",
            python(
                read + GREEDY,
                f"DecisionTreeClassifier(max_depth={depth}, random_state=0)"
                ".fit(X, reward > 0, sample_weight=abs(reward))",
                "worth(result.predict(X))", 1, CAP,
            ),
        )
    )  # fmt: skip
    rows.append(
        (
            task,
            "R policytree (exact, no bins)",
            r(
                R_READ.format(folder=folder, p=p),
                f"policy_tree(X, cbind(0, reward), depth = {depth})",
                "mean(reward * (predict(result, X) == 2))", 1, CAP,
            ),
        )
    )  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results/policytree.md")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = [
            *measured(folder, 10_000, 10, 2, 64, peers=True),
            *measured(folder, 1_000_000, 15, 2, 64, peers=False),
            *measured(folder, 100_000, 15, 3, 16, peers=False),
        ]
    lines = [
        "# Exact policy trees",
        "",
        versions("numpy", "numba", "scikit-learn", "econml", "policytree")
        + f"; {os.cpu_count()} cores.",
        "CPU seconds, least of several calls after a first one; written by"
        f" `python benchmarks/bench_policytree.py`. Time limit {CAP} s.",
        "",
        *table(rows),
    ]
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

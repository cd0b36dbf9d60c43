"""CPU seconds and memory of all scores, one thread: ``python benchmarks/bench_scores.py 50000``."""

from __future__ import annotations

import sys

from harness import python

SETUP = """
import sys
sys.path.insert(0, ".")
from locoreg.selection.scores import ScoreOptions, scores
from tests.selection.designs import draw
one = draw("type2", {n}, seed=1)
data, question = one.data(), one.question()
options = ScoreOptions(seed=1, jobs=1)
scores(data.take(__import__("numpy").arange(1000)), question, options)
"""


def main() -> None:
    for n in map(int, sys.argv[1:] or ["10000", "50000"]):
        setup = SETUP.format(n=n)
        found = python(
            setup, "scores(data, question, options)", "result.average().estimate", 1, cap=7200
        )
        if found is None:
            print(f"{n:>9,d} persons: failed, or over the time limit")
            continue
        print(f"{n:>9,d} persons: {found.cpu:7.1f} CPU s, {found.peak:6.0f} MB beyond the data")


if __name__ == "__main__":
    main()

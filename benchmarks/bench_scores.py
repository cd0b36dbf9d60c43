"""CPU seconds and memory of all scores (one thread): ``python benchmarks/bench_scores.py 50000``."""

from __future__ import annotations

import sys

from harness import measure

SETUP = """
import sys
sys.path.insert(0, ".")
from locoreg.selection.scores import ScoreOptions, scores
from tests.selection.designs import draw
one = draw("type2", {n}, seed=1)
data, question = one.data(), one.question()
options = ScoreOptions(seed=1, jobs=1)
scores(data.take(range_of(1000)), question, options)
"""


def main() -> None:
    for n in map(int, sys.argv[1:] or ["10000", "50000"]):
        setup = SETUP.replace("range_of(1000)", "__import__('numpy').arange(1000)").format(n=n)
        found = measure(setup, "scores(data, question, options)", "result.average().estimate", 0)
        print(f"{n:>9,d} persons: {found.first:7.1f} CPU s, {found.peak:6.0f} MB beyond the data")


if __name__ == "__main__":
    main()

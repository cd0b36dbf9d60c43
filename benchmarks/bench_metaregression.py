"""Meta-regression and three-level models: cost by the number of effects, beside metafor's.

Usage: python benchmarks/bench_metaregression.py [--metafor 1000]

CPU seconds of one fit by REML with one moderator. R with metafor is used up to the size given by
--metafor, whose time grows with the cube of the number of effects; 0 leaves it out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from locoreg.stats.metaregression import meta_regression
from locoreg.stats.multilevel import multilevel_effects

HERE = Path(__file__).parent
SIZES = (1_000, 10_000, 100_000)
EFFECTS_PER_STUDY = 4
SEED = 20240601
HEAD = """# Meta-regression and three-level models

CPU seconds of one fit by REML with one moderator, four effects per study (`python
benchmarks/bench_metaregression.py`), beside metafor 3.8.1 (`rma`, and `rma.mv` with sparse
matrices). Cost is linear in the number of effects; metafor's grows with its cube, and was not run
beyond 1,000. Slopes agree to the last column.

"""


def simulate(k: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng([SEED, k])
    study = np.arange(k) // EFFECTS_PER_STUDY
    vi = rng.uniform(0.01, 0.3, k)
    x = rng.normal(size=k)
    between = rng.normal(0, 0.3, k // EFFECTS_PER_STUDY + 1)[study]
    yi = 0.2 + 0.1 * x + between + rng.normal(0, np.sqrt(vi + 0.04))
    return {"yi": yi, "vi": vi, "x": x, "study": study, "effect": np.arange(k)}


def ours(data: dict[str, np.ndarray]) -> dict[str, list[float]]:
    design = np.column_stack([np.ones(data["yi"].size), data["x"]])
    options = {"names": ["mean", "x"], "method": "REML", "interval": "normal", "level": 95}
    start = time.process_time()
    plain = meta_regression(data["yi"], data["vi"], design, **options)
    middle = time.process_time()
    groups = {"study": data["study"], "effect": data["effect"]}
    nested = multilevel_effects(data["yi"], data["vi"], x=design, groups=groups, **options)
    end = time.process_time()
    return {
        "regression": [middle - start, float(plain.b[1]), plain.tau2],
        "three_level": [end - middle, float(nested.b[1]), float(nested.sigma2[0])],
    }


def theirs(data: dict[str, np.ndarray]) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "effects.csv"
        columns = np.column_stack(list(data.values()))
        np.savetxt(path, columns, delimiter=",", header=",".join(data), comments="", fmt="%.17g")
        command = ["Rscript", str(HERE / "bench_metaregression.R"), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "metaregression.md")
    parser.add_argument("--metafor", type=int, default=1_000)
    asked = parser.parse_args()
    ours(simulate(100))
    lines = [
        "| effects | model | locoreg, s | metafor, s | ratio | slope apart |",
        "|---|---|---|---|---|---|",
    ]
    for k in SIZES:
        data = simulate(k)
        own = ours(data)
        other = theirs(data) if k <= asked.metafor and shutil.which("Rscript") else None
        for model in ("regression", "three_level"):
            row = [f"{k:,}", model.replace("_", "-"), f"{own[model][0]:.3f}"]
            if other is None:
                row += ["not run", "", ""]
            else:
                apart = abs(own[model][1] - other[model][1])
                row += [f"{other[model][0]:.2f}", f"{other[model][0] / own[model][0]:.0f}"]
                row.append(f"{apart:.1e}")
            lines.append("| " + " | ".join(row) + " |")
    text = "\n".join(lines) + "\n"
    print(text)
    asked.out.write_text(HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    main()

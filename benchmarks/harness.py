"""Measure one call of a program in a process of its own: CPU seconds and peak memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

# One thread for everybody: the peers' linear algebra would use more.
ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
}
CHILD = """
import gc, json, resource, time
import numpy as np
{setup}
def call():
    return {call}
started = time.process_time()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result = call()
first = time.process_time() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
seconds = []
for _ in range({repeat}):
    del result
    gc.collect()
    started = time.process_time()
    result = call()
    seconds.append(time.process_time() - started)
value = {value}
print(json.dumps([min(seconds), first, peak / 1024, float(value)]))
"""
R_CHILD = """
suppressMessages(library(survival))
{setup}
invisible(gc(reset = TRUE))
seconds <- sapply(seq_len({repeat}), function(i) {{
  t <- system.time(result <<- {call}); t[["user.self"]] + t[["sys.self"]] }})
cat(sprintf("[%.6f, %.6f, %.1f, %.12g]", min(seconds), seconds[1], sum(gc()[, 6]), {value}))
"""


@dataclass(frozen=True)
class Measured:
    """CPU seconds of the best and the first call, peak memory in MB, and a number to compare."""

    cpu: float
    first: float
    peak: float
    value: float


def python(setup: str, call: str, value: str, repeat: int, cap: float = 300) -> Measured | None:
    """Run a call in a fresh Python; None where a library is missing or the time runs out."""
    program = CHILD.format(setup=setup, call=call, value=value, repeat=repeat)
    return _run([sys.executable, "-c", program], cap)


def r(setup: str, call: str, value: str, repeat: int, cap: float = 300) -> Measured | None:
    """Run a call in a fresh R, if there is one with the survival package."""
    if not shutil.which("Rscript"):
        return None
    program = R_CHILD.format(setup=setup, call=call, value=value, repeat=repeat)
    with tempfile.NamedTemporaryFile("w", suffix=".R") as file:
        file.write(program)
        file.flush()
        return _run(["Rscript", file.name], cap)


def _run(command: Sequence[str], cap: float) -> Measured | None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=cap,
            env=os.environ | ONE_THREAD,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        if "ModuleNotFoundError" not in done.stderr:
            print(done.stderr, file=sys.stderr)
        return None
    return Measured(*json.loads(done.stdout.strip().splitlines()[-1]))


def save_arrays(folder: Path, **arrays: object) -> None:
    """Write arrays as raw doubles, which Python and R read without a parser."""
    for name, values in arrays.items():
        np.asarray(values, dtype=np.float64).ravel(order="F").tofile(folder / f"{name}.bin")


def versions(*packages: str) -> str:
    """Return ``NumPy 2.4.6, R 4.2.2`` for those that are installed."""
    found = [f"Python {sys.version.split()[0]}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    if shutil.which("Rscript"):
        asked = "cat(R.version$major, R.version$minor, as.character(packageVersion('survival')))"
        answer = subprocess.run(
            ["Rscript", "-e", asked], capture_output=True, text=True, check=False
        ).stdout.split()
        if len(answer) == 3:
            found.append(f"R {answer[0]}.{answer[1]}, survival for R {answer[2]}")
    return ", ".join(found)


def table(rows: Sequence[tuple[str, str, Measured | None]]) -> list[str]:
    """Return Markdown rows, with ratios against locoreg's row of the same task."""
    ours = {task: m.cpu for task, program, m in rows if program == "locoreg" and m is not None}
    lines = [
        "| task | program | CPU s | times ours | peak MB | result |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for task, program, m in rows:
        if m is None:
            lines.append(f"| {task} | {program} | not run or over the time limit | | | |")
        else:
            lines.append(
                f"| {task} | {program} | {m.cpu:.3g} | {m.cpu / ours[task]:.2f} "
                f"| {m.peak:.0f} | {m.value:.8g} |"
            )
    return lines

"""Import of a large CSV file: locoreg with its checks, and pandas and polars without any.

Usage: python benchmarks/bench_import.py [--out benchmarks/results/import.md] [--rows 1000000]

The file has eight columns of made-up results. Every program reads it, turns dates, numbers,
booleans and codes into their types, sets unknown ones to null and writes Parquet. Only locoreg
makes keys, notes reasons, counts codes and looks for keys that stand twice. The result is
the sum of all values.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from harness import Measured, table, versions

HERE = Path(__file__).parent
SEED = 20260402
ANALYTES = ("ctDNA_fraction", "CEA", "CA15-3", "VAF", "CTC")
MAP = """
format: 1
source_system: bench
calendar: real
missing: {not_recorded: [Unk]}
files:
  - file: "*.csv"
    dates: ["%Y-%m-%d"]
    tables:
      - table: biomarker
        columns: {patient_id: patient, date: drawn, fluid: fluid, analyte: analyte, value: result,
          unit: unit, detected: detected, assay: assay}
"""
LOCOREG = """
from pathlib import Path
from locoreg.registry.importing import import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.store import read_registry
import_into(Path({out!r}), [{csv!r}], source="delimited", options=SourceOptions(map=Path({map!r})))
with read_registry({out!r}).connect() as con:
    print(con.execute("SELECT sum(value) FROM biomarker").fetchall()[0][0])
"""
PANDAS = """
import pandas as pd
t = pd.read_csv({csv!r}, dtype=str, na_values=["Unk"])
t["drawn"] = pd.to_datetime(t["drawn"], format="%Y-%m-%d")
t["result"] = pd.to_numeric(t["result"])
t["detected"] = t["detected"].map({{"yes": True, "No": False}})
t["fluid"] = t["fluid"].map({{"Plasma": "plasma"}})
t.to_parquet({out!r})
print(t["result"].sum())
"""
POLARS = """
import polars as pl
t = pl.read_csv({csv!r}, infer_schema=False, null_values=["Unk"]).with_columns(
    pl.col("drawn").str.to_date("%Y-%m-%d"),
    pl.col("result").cast(pl.Float64),
    pl.col("detected").replace_strict({{"yes": True, "No": False}}, return_dtype=pl.Boolean),
    pl.col("fluid").replace_strict({{"Plasma": "plasma"}}, return_dtype=pl.String),
)
t.write_parquet({out!r})
print(t["result"].sum())
"""


def write(path: Path, rows: int, *, quoted: bool) -> None:
    """Write the file; ``quoted``: every text stands in quotes, as R writes it."""
    rng = np.random.default_rng(SEED)
    mark = '"' if quoted else ""
    with path.open("w", encoding="utf-8") as target:
        target.write("patient,drawn,analyte,result,unit,detected,assay,fluid\n")
        for start in range(0, rows, 100_000):
            n = min(100_000, rows - start)
            patient = rng.integers(1, max(2, rows // 10), n)
            days = (np.datetime64("2010-01-01") + rng.integers(0, 5000, n)).astype(str)
            kind, value, share = (
                rng.integers(0, 5, n),
                np.round(rng.lognormal(1, 1, n), 3),
                rng.random(n),
            )
            for i in range(n):
                texts = (
                    f"P{patient[i]:07}", days[i], ANALYTES[kind[i]],
                    value[i] if share[i] > 0.05 else "Unk", "ng/mL",
                    "yes" if share[i] > 0.3 else "No", f"assay {kind[i]}", "Plasma",
                )  # fmt: skip
                target.write(",".join(f"{mark}{text}{mark}" for text in texts) + "\n")


def whole(program: str) -> Measured | None:
    """Measure a whole process: start, imports, work; None where a library is missing."""
    before = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    printed = child.stdout.read()
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    print(f"{time.monotonic() - before:.0f} s", file=sys.stderr)
    if status != 0:
        if "ModuleNotFoundError" not in said:
            print(said, file=sys.stderr)
        return None
    seconds = used.ru_utime + used.ru_stime
    return Measured(seconds, seconds, used.ru_maxrss / 1024, float(printed.split()[-1]))


def compare(folder: Path, rows: int) -> list[tuple[str, str, Measured | None]]:
    (folder / "map.yaml").write_text(MAP, encoding="utf-8")
    out = []
    for quoted in (False, True):
        path = folder / f"quoted-{quoted}.csv"
        write(path, rows, quoted=quoted)
        task = f"Import of {rows:,} rows" + (", every cell in quotes" if quoted else "")
        for name, program in (("locoreg", LOCOREG), ("pandas", PANDAS), ("polars", POLARS)):
            made = str(folder / f"{name}-{quoted}")
            filled = program.format(csv=str(path), out=made, map=str(folder / "map.yaml"))
            out.append((task, name, whole(filled)))
        path.unlink()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE / "results/import.md")
    parser.add_argument("--rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        rows = compare(Path(scratch), asked.rows)
    lines = [
        "# Import of delimited files",
        "",
        versions("pyarrow", "duckdb", "pandas", "polars") + f"; {os.cpu_count()} cores.",
        "CPU seconds and peak memory of whole processes. Only locoreg checks cells, makes keys,",
        "counts codes, notes why a value is unknown and looks for keys that stand twice. The",
        "result is the sum of all values. Written by `python benchmarks/bench_import.py`.",
        "",
        *table(rows),
    ]
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

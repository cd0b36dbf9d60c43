"""Checking a registry: locoreg against pandas and polars, in CPU seconds, in one run.

Usage: python benchmarks/bench_check.py [--patients 1000000] [--out benchmarks/results/check.md]

Nine rules on a table of patients and one of primaries, a million rows each, with errors put in.
Every program reads the same Parquet files, counts what breaks each rule, and gives a table of
issues with rule, key, column and value; the number of issues stands beside the times. locoreg lists
at most 1,000 rows per rule, with message and source row. Last, all rules run on ten million rows,
completeness by year and site included.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from big_registry import make
from harness import Measured, python, table, versions

from locoreg.registry.store.batch import ImportBatch
from locoreg.registry.store.transaction import add_import

HERE = Path(__file__).parent
SEED = 20260303
PATIENTS = 1_000_000
CHUNK = 100_000
DAY_2010 = 14_610  # days from 1970-01-01
RULES = (
    "patient-unknown",
    "icd-o-syntax",
    "tnm-syntax",
    "size-range",
    "death-before-diagnosis",
    "last-contact-before-entry",
    "follow-up-after-death",
    "vital-status",
    "age-at-diagnosis",
)
Row = tuple[str, str, Measured | None]

LOCOREG = """
from locoreg.registry.store import read_registry
from locoreg.registry.validate import check_registry
registry = read_registry("{folder}")
"""
FILES = """
from pathlib import Path
patient, tumour = (str(next(Path("{folder}").glob("tables/" + t + "/*.parquet")))
                   for t in ("patient", "primary_tumour"))
TOPOGRAPHY = r"^C[0-9]{2}(\\.[0-9])?$"
T = (r"^T(X|0|is(\\((DCIS|LCIS|Paget)\\))?|1(mi|mic|[a-c])?|2|3|4[a-d]?)(\\((m|s|[0-9]+)\\))?$")
"""
PANDAS = (
    FILES
    + """
import pandas as pd

def latest(d, precision):
    out = d.copy()
    month, year = precision == "month", precision == "year"
    out[month] = d[month] + pd.offsets.MonthEnd(0)
    out[year] = d[year] + pd.offsets.YearEnd(0)
    return out

def check():
    p = pd.read_parquet(patient, columns=["patient_id", "birth_year", "vital_status", "death_cause",
        "entry_date", "last_contact_date", "last_contact_date_precision", "death_date",
        "death_date_precision"])
    t = pd.read_parquet(tumour, columns=["tumour_id", "patient_id", "dx_date", "dx_date_precision",
        "topography", "ct", "size_mm"])
    for frame in (p, t):
        for name in frame.columns:
            if name.endswith("_date"):
                frame[name] = pd.to_datetime(frame[name])
    first = t.groupby("patient_id", as_index=False).agg(dx=("dx_date", "min"))
    q = p.merge(first, on="patient_id", how="left")
    u = t.merge(p[["patient_id", "birth_year"]], on="patient_id", how="left", indicator=True)
    death_hi = latest(q.death_date, q.death_date_precision)
    contact_hi = latest(q.last_contact_date, q.last_contact_date_precision)
    age = u.dx_date.dt.year - u.birth_year
    alive, dead = q.vital_status == "alive", q.vital_status == "dead"
    q_rules = [
        ("death-before-diagnosis", "death_date", death_hi < q.dx),
        ("last-contact-before-entry", "last_contact_date", contact_hi < q.entry_date),
        ("follow-up-after-death", "last_contact_date", q.last_contact_date > death_hi),
        ("vital-status", "death_date", dead & q.death_date.isna()),
        ("vital-status", "vital_status", alive & q.death_date.notna()),
        ("vital-status", "death_cause", q.death_cause.notna() & q.death_date.isna() & ~dead),
    ]
    u_rules = [
        ("patient-unknown", "patient_id", u._merge == "left_only"),
        ("icd-o-syntax", "topography",
            u.topography.notna() & ~u.topography.str.match(TOPOGRAPHY, na=False)),
        ("tnm-syntax", "ct", u.ct.notna() & ~u.ct.str.match(T, na=False)),
        ("size-range", "size_mm", (u.size_mm <= 0) | (u.size_mm > 300)),
        ("age-at-diagnosis", "dx_date", (age < 15) | (age > 110)),
    ]
    issues = []
    for frame, key, rules in ((q, "patient_id", q_rules), (u, "tumour_id", u_rules)):
        for rule, column, broken in rules:
            rows = frame.loc[broken.to_numpy(dtype=bool, na_value=False), [key, column]]
            issues.append(pd.DataFrame({
                "rule": rule, "row_key": rows[key].to_numpy(), "column": column,
                "value": rows[column].astype(str).to_numpy()}))
    return pd.concat(issues)
"""
)
POLARS = (
    FILES
    + """
import polars as pl

def latest(name):
    d, precision = pl.col(name), pl.col(name + "_precision")
    return (pl.when(precision == "month").then(d.dt.month_end())
        .when(precision == "year").then(d.dt.offset_by("1y").dt.offset_by("-1d")).otherwise(d))

def check():
    p, t = pl.scan_parquet(patient), pl.scan_parquet(tumour)
    first = t.group_by("patient_id").agg(dx=pl.col("dx_date").min())
    q = p.join(first, on="patient_id", how="left").with_columns(
        death_hi=latest("death_date"), contact_hi=latest("last_contact_date"))
    known = p.select("patient_id", "birth_year", known=pl.lit(True))
    u = t.join(known, on="patient_id", how="left")
    col = pl.col
    dead, alive = col("vital_status") == "dead", col("vital_status") == "alive"
    age = col("dx_date").dt.year() - col("birth_year")
    q_rules = [
        ("death-before-diagnosis", "death_date", col("death_hi") < col("dx")),
        ("last-contact-before-entry", "last_contact_date", col("contact_hi") < col("entry_date")),
        ("follow-up-after-death", "last_contact_date", col("last_contact_date") > col("death_hi")),
        ("vital-status", "death_date", dead & col("death_date").is_null()),
        ("vital-status", "vital_status", alive & col("death_date").is_not_null()),
        ("vital-status", "death_cause", col("death_cause").is_not_null()
            & col("death_date").is_null() & dead.not_().fill_null(True)),
    ]
    u_rules = [
        ("patient-unknown", "patient_id", col("known").is_null()),
        ("icd-o-syntax", "topography", col("topography").str.contains(TOPOGRAPHY).not_()),
        ("tnm-syntax", "ct", col("ct").str.contains(T).not_()),
        ("size-range", "size_mm", (col("size_mm") <= 0) | (col("size_mm") > 300)),
        ("age-at-diagnosis", "dx_date", (age < 15) | (age > 110)),
    ]
    issues = [
        frame.filter(broken).select(rule=pl.lit(rule), row_key=col(key), column=pl.lit(column),
            value=col(column).cast(pl.String))
        for frame, key, rules in ((q, "patient_id", q_rules), (u, "tumour_id", u_rules))
        for rule, column, broken in rules
    ]
    return pl.concat(issues).collect()
"""
)


class Drawn:
    """Columns of one slice of patients, a thousandth of most of them wrong."""

    def __init__(self, first: int, n: int) -> None:
        self.rng = np.random.default_rng([SEED, first])
        self.first, self.n = first, n

    def hit(self, share: float) -> np.ndarray:
        return self.rng.random(self.n) < share

    def dates(self, name: str, days: np.ndarray, missing: np.ndarray) -> dict[str, pa.Array]:
        """Return a date, a twentieth of it known to the month only."""
        month = self.hit(0.05)
        whole = days.astype("datetime64[D]")
        stored = np.where(month, whole.astype("datetime64[M]").astype("datetime64[D]"), whole)
        precision = np.where(month, "month", "day").astype(object)
        return {
            name: pa.array(stored, mask=missing).cast(pa.date32()),
            f"{name}_precision": pa.array(precision, mask=missing, type=pa.string()),
        }

    def text(self, usual: str, wrong: str, share: float) -> pa.Array:
        return pa.array(np.where(self.hit(share), wrong, usual).astype(object), pa.string())


def slices(first: int, n: int) -> dict[str, pa.Table]:
    """Return the two tables of one slice."""
    d = Drawn(first, n)
    rng = d.rng
    names = [f"P{number:07}" for number in range(first, first + n)]
    dx = DAY_2010 + rng.integers(0, 3000, n)
    entry = dx + rng.integers(0, 500, n)
    end = entry + rng.exponential(900, n).astype(int)
    death = np.where(d.hit(0.001), dx - 100, end)
    contact = np.where(d.hit(0.001), entry - 100, end)
    dead = d.hit(0.6)
    status = np.where(dead ^ d.hit(0.002), "dead", "alive").astype(object)
    none = np.zeros(n, dtype=bool)
    birth = np.where(d.hit(0.001), 2015, rng.integers(1925, 1985, n))
    owner = [name if ok else "nobody" for name, ok in zip(names, ~d.hit(0.001), strict=True)]
    size = np.where(d.hit(0.001), 450.0, rng.integers(5, 90, n).astype(float))
    tables = {
        "patient": {
            "patient_id": pa.array(names),
            "site_id": pa.array(rng.choice(list("ABCD"), n).astype(object), pa.string()),
            "birth_year": pa.array(birth.astype(np.int16)),
            **d.dates("entry_date", entry, none),
            **d.dates("last_contact_date", contact, none),
            **d.dates("death_date", death, ~dead),
            "vital_status": pa.array(status, pa.string()),
        },
        "primary_tumour": {
            "tumour_id": pa.array([f"T{number:07}" for number in range(first, first + n)]),
            "patient_id": pa.array(owner),
            **d.dates("dx_date", dx, none),
            "topography": d.text("C50.4", "C504", 0.001),
            "ct": d.text("T2", "pT2", 0.001),
            "size_mm": pa.array(size),
        },
    }
    origin = {
        name: {
            "source_file": pa.repeat(pa.scalar(f"{name}.csv"), n),
            "source_row": pa.array(np.arange(first + 2, first + n + 2), pa.int64()),
        }
        for name in tables
    }
    return {name: pa.table({**columns, **origin[name]}) for name, columns in tables.items()}


def make_small(folder: Path, patients: int) -> None:
    """Write the registry of patients and primaries."""

    def fill(batch: ImportBatch) -> None:
        for first in range(0, patients, CHUNK):
            for name, rows in slices(first, min(CHUNK, patients - first)).items():
                batch.add(name, rows)

    add_import(
        folder,
        fill,
        source="synthetic",
        source_system="benchmark",
        fingerprint=f"{SEED:08d}{patients:08d}",
        synthetic=True,
    )


def nine_rules(folder: Path, n: int) -> list[Row]:
    task = f"nine rules, {n:,} patients and primaries"
    setup = LOCOREG.format(folder=folder)
    call = f"check_registry(registry, rules={list(RULES)})"
    count = "sum(result.by_severity.values())"
    return [
        (task, "locoreg", python(setup, call, count, 3)),
        (
            task,
            "pandas",
            python(PANDAS.replace("{folder}", str(folder)), "check()", "len(result)", 3),
        ),
        (
            task,
            "polars",
            python(POLARS.replace("{folder}", str(folder)), "check()", "len(result)", 3),
        ),
    ]


def all_rules(folder: Path, n: int) -> list[Row]:
    setup = LOCOREG.format(folder=folder)
    count = "sum(result.by_severity.values())"
    task = f"all rules, {n:,} patients, {11 * n:,} rows"
    return [(task, "locoreg", python(setup, "check_registry(registry)", count, 1, cap=900))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "check.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name) / "small", Path(name) / "large"
        make_small(small, asked.patients)
        rows = nine_rules(small, asked.patients)
        make(large, asked.patients)
        rows += all_rules(large, asked.patients)
    lines = [
        "# Checking a registry",
        "",
        f"{versions('duckdb', 'pyarrow', 'pandas', 'polars')}.",
        "CPU seconds over all threads, least of several runs after a first one, each program in a",
        "process of its own, reading Parquet; the peak is what the call adds. The result is the",
        "number of issues. locoreg gives messages and source rows besides; all its rules include",
        "completeness by year and site. Written by `python benchmarks/bench_check.py`.",
        "",
        *table(rows),
        "",
        "Errors were put into about one in a thousand rows for the nine rules; the large registry",
        "is drawn without regard to the order of dates, so that most patients break some rule.",
        "",
    ]
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

"""Make a large made-up registry for benchmarks: ten events per patient.

Usage: python benchmarks/big_registry.py FOLDER [--patients 1000000]

Of the ten, four are lesions, three disease events and three local treatments; each patient has one
primary tumour besides. Some dates are known to the month, some are unknown. The distributions are
for speed and comparison of programs only; they say nothing about patients.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa

from locoreg.registry.store.batch import ImportBatch
from locoreg.registry.store.transaction import add_import
from locoreg.registry.tables import TABLES

SEED = 20260401
CHUNK = 100_000
LESIONS, EVENTS, THERAPIES = 4, 3, 3
DAY_2008 = 13_879  # days from 1970-01-01
ORGANS = [
    *("bone", "liver", "lung", "brain"),
    *("distant_ln", "skin_soft_tissue", "regional_ln", "breast"),
]
TYPES = ["distant_recurrence", "progression", "local_recurrence"]
MODALITIES = ["surgery", "sabr", "conventional_rt", "rfa"]
TARGETS = ["lesion", "primary", "regional_nodes"]
INTENTS = ["ablative", "palliative", "diagnostic"]


class Chunk:
    """Columns of one slice of patients."""

    def __init__(self, first: int, n: int) -> None:
        self.rng = np.random.default_rng([SEED, first])
        self.first, self.n = first, n
        self.patient = pa.array([f"P{number:07}" for number in range(first, first + n)])
        self.diagnosed = DAY_2008 + self.rng.integers(0, 3650, n)
        self.spread = self.diagnosed + self.rng.exponential(900, n).astype(int)

    def words(self, options: list[str], n: int, p: list[float]) -> pa.Array:
        """Draw words; what is left of the probability is null."""
        drawn = self.rng.choice(len(options) + 1, n, p=[*p, max(0.0, 1 - sum(p))])
        codes = pa.array(drawn, mask=drawn == len(options), type=pa.int32())
        return pa.DictionaryArray.from_arrays(codes, options).cast(pa.string())

    def dates(self, name: str, days: np.ndarray, unknown: float) -> dict[str, pa.Array]:
        """Return a date with its precision: 5 % to the month, a share unknown."""
        missing = self.rng.random(len(days)) < unknown
        month = self.rng.random(len(days)) < 0.05
        whole = days.astype("datetime64[D]")
        stored = np.where(month, whole.astype("datetime64[M]").astype("datetime64[D]"), whole)
        precision = np.where(month, "month", "day").astype(object)
        return {
            name: pa.array(stored, mask=missing).cast(pa.date32()),
            f"{name}_precision": pa.array(precision, mask=missing, type=pa.string()),
        }

    def many(self, per: int) -> tuple[pa.Array, np.ndarray, np.ndarray]:
        """Return patients, their rows and the day of spread, each repeated."""
        rows = np.repeat(np.arange(self.n), per)
        return self.patient.take(pa.array(rows)), rows, self.spread[rows]

    def keys(self, prefix: str, n: int, per: int) -> pa.Array:
        return pa.array(
            [f"{prefix}{number:08}" for number in range(self.first * per, self.first * per + n)]
        )


def tables(first: int, n: int) -> dict[str, pa.Table]:
    """Return the tables of one slice of patients."""
    c = Chunk(first, n)
    rng = c.rng
    end = c.spread + rng.exponential(1100, n).astype(int)
    dead = rng.random(n) < 0.7
    out = {
        "patient": {
            "patient_id": c.patient,
            "site_id": c.words(["A", "B", "C"], n, [0.5, 0.3, 0.2]),
            **c.dates("entry_date", c.diagnosed + rng.integers(0, 1200, n), 0.02),
            **c.dates("last_contact_date", end, 0.01),
            **c.dates("death_date", end, 0.0),
        },
        "primary_tumour": {
            "tumour_id": c.keys("T", n, 1),
            "patient_id": c.patient,
            **c.dates("dx_date", c.diagnosed, 0.01),
            "cm": c.words(["M0", "M1"], n, [0.7, 0.1]),
        },
    }
    alive = pa.array(~dead)
    for name in ("death_date", "death_date_precision"):
        values = out["patient"][name]
        out["patient"][name] = pa.compute.if_else(alive, pa.scalar(None, values.type), values)
    person, _, spread = c.many(LESIONS)
    m = len(person)
    out["lesion"] = {
        "lesion_id": c.keys("L", m, LESIONS),
        "patient_id": person,
        "organ": c.words(ORGANS, m, [0.3, 0.15, 0.15, 0.05, 0.1, 0.05, 0.1, 0.05]),
        **c.dates("first_seen_date", spread + rng.integers(0, 400, m), 0.03),
        "is_regional": pa.array(rng.random(m) < 0.1, mask=rng.random(m) < 0.5),
    }
    person, _, spread = c.many(EVENTS)
    m = len(person)
    out["disease_event"] = {
        "event_id": c.keys("E", m, EVENTS),
        "patient_id": person,
        **c.dates("date", spread + rng.integers(-30, 900, m), 0.02),
        "type": c.words(TYPES, m, [0.25, 0.5, 0.25]),
    }
    person, _, spread = c.many(THERAPIES)
    m = len(person)
    out["local_therapy"] = {
        "lt_id": c.keys("X", m, THERAPIES),
        "patient_id": person,
        **c.dates("start_date", spread + rng.integers(-1500, 1500, m), 0.02),
        "target": c.words(TARGETS, m, [0.3, 0.5, 0.15]),
        "modality": c.words(MODALITIES, m, [0.5, 0.2, 0.2, 0.05]),
        "organ": c.words(ORGANS, m, [0.1, 0.1, 0.1, 0.05, 0.0, 0.0, 0.1, 0.5]),
        "intent": c.words(INTENTS, m, [0.5, 0.2, 0.1]),
    }
    return {name: whole(name, columns) for name, columns in out.items()}


def whole(name: str, columns: dict[str, pa.Array]) -> pa.Table:
    """Return a table with its provenance."""
    n = len(next(iter(columns.values())))
    rows = pa.array(np.arange(2, n + 2), type=pa.int64())
    file = pa.repeat(pa.scalar(f"{name}.csv"), n)
    assert set(columns) <= set(TABLES[name].names)
    return pa.table({**columns, "source_file": file, "source_row": rows})


def make(folder: Path, patients: int) -> None:
    """Write the registry, unless it is there."""

    def fill(batch: ImportBatch) -> None:
        for first in range(0, patients, CHUNK):
            for name, rows in tables(first, min(CHUNK, patients - first)).items():
                batch.add(name, rows)

    add_import(
        folder,
        fill,
        source="synthetic",
        source_system="benchmark",
        fingerprint=f"{SEED:08d}{patients:08d}",
        synthetic=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=1_000_000)
    asked = parser.parse_args()
    make(asked.folder, asked.patients)

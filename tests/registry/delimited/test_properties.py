"""Whatever is imported: a clear error or rows set aside, and a registry that is whole."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import LocoregError
from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.store import read_registry

MAP = """
format: 1
calendar: real
files:
  - file: "*"
    dates: ["%Y-%m-%d"]
    tables:
      - table: patient
        columns:
          patient_id: id
          sex: {from: sex, codes: {F: female, M: male}}
          birth_year: born
          last_contact_date: last
      - table: primary_tumour
        columns: {patient_id: id, tumour_id: {template: "{id}-t"}, size_mm: {from: size, unit: cm}}
"""
NAMES = ("id", "sex", "born", "last", "size")
NASTY = st.sampled_from(
    [
        "=cmd|'/c calc'!A1", "+1", "@SUM(A1)", "-2+3", "'; DROP TABLE patient; --", '"', "\u202e",
        "\t", "2020-02-30", "1e400", "-1", "NaN", "99999", "F ", "é", "\x1f", "\r", "\n", "\ufeff",
        "0",
    ]
)  # fmt: skip
CELL = st.one_of(NASTY, st.text(max_size=6), st.just(""))


def run(data: bytes, *, name: str = "x.csv") -> ImportReport | None:
    """Import bytes into a new registry; None if there was a clear error."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "m.yaml").write_text(MAP, encoding="utf-8")
        (folder / name).write_bytes(data)
        registry = folder / "registry"
        try:
            report = import_into(
                registry,
                [str(folder / name)],
                source="delimited",
                options=SourceOptions(map=folder / "m.yaml"),
            )
        except LocoregError:
            assert not (registry / "manifest.json").exists()
            assert not list(registry.glob("tables/*/*.parquet"))
            return None
        assert balanced(report)
        whole = read_registry(registry)
        assert whole.rows()["patient"] == report.accepted.get("patient", 0)
        return report


def balanced(report: ImportReport) -> bool:
    """Return whether every row read was accepted, was there already, set aside or unused."""
    counts = report.batch.counts
    of_tables = sum(count.set_aside for count in counts.values())
    before_tables = report.n_set_aside - of_tables
    unused = sum(n for source in report.batch.sources for n in source.unused.values())
    patients = counts.get("patient")
    kept = 0
    if patients is not None:
        kept = patients.accepted + patients.already_there + patients.set_aside
    return report.read == kept + unused + before_tables


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=12)
def test_arbitrary_bytes(data: bytes) -> None:
    run(data)
    run(b"id,sex,born,last,size\n" + data)


@given(st.binary(max_size=200), st.sampled_from(["x.csv.gz", "x.zip"]))
@settings(deadline=None, max_examples=10)
def test_arbitrary_bytes_in_packed_files(data: bytes, name: str) -> None:
    start = {"x.csv.gz": b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "x.zip": b"PK\x03\x04"}[name]
    assert run(start + data, name=name) is None


@given(
    st.permutations([*NAMES, "other"]), st.lists(st.lists(CELL, min_size=6, max_size=6), max_size=6)
)
@settings(deadline=None, max_examples=12)
def test_columns_in_any_order_and_any_cells(header: list[str], rows: list[list[str]]) -> None:
    target = io.StringIO()
    csv.writer(target).writerows([header, *rows])
    report = run(target.getvalue().encode("utf-8", "replace"))
    if report is not None:
        assert report.read >= len(rows) or any("\n" in c or "\r" in c for r in rows for c in r)


@given(st.lists(st.sampled_from([*NAMES, "", " id ", "ID"]), min_size=1, max_size=8))
@settings(deadline=None, max_examples=12)
def test_headers_with_columns_twice_or_missing(header: list[str]) -> None:
    report = run((",".join(header) + "\n" + ",".join("1" for _ in header) + "\n").encode())
    tidy = [name.strip() for name in header]
    assert (report is not None) == all(tidy.count(name) == 1 for name in NAMES)


@given(st.text(min_size=1, max_size=12))
@settings(deadline=None, max_examples=15)
def test_names_in_archives(name: str) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"../{name}"), "id,sex,born,last,size\n1,F,1,2,3\n")
    assert run(target.getvalue(), name="x.zip") is None


def test_formulas_are_kept_as_they_stand() -> None:
    report = run(b"id,sex,born,last,size\n=cmd|'/c calc'!A1,F,1960,2020-01-01,2\n")
    assert report is not None
    assert report.accepted == {"patient": 1, "primary_tumour": 1}


def test_a_line_of_50_megabytes() -> None:
    start = b"id,sex,born,last,size\n1,F,1960,2020-01-01,2\n"
    report = run(start + b"x" * 50_000_000 + b"\n2,F,1960,2020-01-01,2\n")
    assert report is not None
    assert report.accepted["patient"] == 2
    assert report.batch.set_aside == {"the line is longer than any row can be": 1}

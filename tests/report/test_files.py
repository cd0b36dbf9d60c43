"""The files beside the page: complete, repeatable, safe, all or nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from pathlib import Path

import pytest

import locoreg.report as report
from locoreg.core.csvtext import to_csv
from locoreg.core.jsontext import json_ready
from locoreg.report import write_report
from locoreg.report.csvtables import csv_tables
from locoreg.workflows.run import StudyResult

TABLES = {
    "excluded",
    "findings",
    "multiverse",
    "pooled_studies",
    "pools",
    "provenance",
    "reproduction_matches",
    "reproductions",
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_all_files_are_there(folder: Path, shipped: StudyResult) -> None:
    names = set(contents(folder))
    assert {f"tables/{t}.csv" for t in TABLES} <= names
    for stem in (
        "forest_primary-surgery_overall_survival",
        "forest_primary-surgery_locoregional_progression",
        "forest_lung-metastasectomy_overall_survival",
    ):
        assert {f"figures/{stem}.svg", f"figures/{stem}.pdf"} <= names
    for question in shipped.questions:
        for item in question.pools:
            stem = "figures/multiverse_" + item.key.replace("/", "_")
            assert (f"{stem}.svg" in names) == (item.multiverse is not None)
    assert {"report.html", "results.json"} <= names


def test_same_result_same_bytes(shipped: StudyResult, folder: Path, tmp_path: Path) -> None:
    again = write_report(shipped, tmp_path / "again")
    assert again == tmp_path / "again" / "report.html"
    assert contents(again.parent) == contents(folder)


def test_results_json_round_trips_without_nan(shipped: StudyResult, folder: Path) -> None:
    text = (folder / "results.json").read_text(encoding="utf-8")

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse) == json_ready(shipped.to_dict())
    assert json.loads(text)["schema"] == 1


def test_page_names_the_hash_of_results_json(folder: Path) -> None:
    digest = hashlib.sha256((folder / "results.json").read_bytes()).hexdigest()
    assert digest in (folder / "report.html").read_text(encoding="utf-8")


def test_tables_hold_the_results(shipped: StudyResult, folder: Path) -> None:
    pools = {row["pool"]: row for row in rows(folder, "pools")}
    items = [item for question in shipped.questions for item in question.pools]
    assert list(pools) == [item.key for item in items]
    for item in items:
        assert float(pools[item.key]["estimate"]) == item.pool.meta.mu.natural[0]
        of = [row for row in rows(folder, "pooled_studies") if row["pool"] == item.key]
        assert [row["study_id"] for row in of] == [s.study_id for s in item.pool.studies]
        assert math.isclose(sum(float(row["weight_percent"]) for row in of), 100)
    assert len(rows(folder, "findings")) == len(shipped.audit.findings)
    assert [r["verdict"] for r in rows(folder, "reproductions")] == [
        r.verdict for r in shipped.reproductions
    ]
    known = {row["claim_id"] for row in rows(folder, "provenance")}
    assert {c for item in items for s in item.pool.studies for c in s.claim_ids} <= known


def test_tables_have_even_rows(shipped: StudyResult) -> None:
    for text in csv_tables(shipped).values():
        widths = {len(row) for row in csv.reader(io.StringIO(text))}
        assert len(widths) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "  ="])
def test_csv_cells_are_no_formulas(start: str) -> None:
    text = to_csv([("label",), (f'{start}HYPERLINK("http://x")',)])
    cell = list(csv.reader(io.StringIO(text, newline="")))[1][0]
    assert cell.startswith("'")


def test_csv_numbers_stay_numbers() -> None:
    rows = [("a\rb", 'q"'), ("x", "y")]
    assert list(csv.reader(io.StringIO(to_csv(rows), newline=""))) == [list(row) for row in rows]
    assert to_csv([(-0.5, 3, None, math.nan, True, ("a", "b"))]) == "-0.5,3,,,yes,a; b\n"


def test_failure_leaves_the_earlier_report(
    small: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_report(small, out)
    before = contents(out)

    def fail(page: object) -> str:
        raise RuntimeError("half-way")

    monkeypatch.setattr(report, "render", fail)
    with pytest.raises(RuntimeError, match="half-way"):
        write_report(small, out)
    assert contents(out) == before
    with pytest.raises(RuntimeError, match="half-way"):
        write_report(small, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_full_disk_leaves_the_earlier_report(
    small: StudyResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_report(small, out)
    before = contents(out)
    write_bytes = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "report.html":
            raise OSError("no space left on device")
        return write_bytes(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write_report(small, out)
    monkeypatch.undo()
    assert contents(out) == before


def test_figures_of_an_earlier_run_do_not_stay(small: StudyResult, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "figures").mkdir(parents=True)
    stale = out / "figures" / "forest_old_overall_survival.svg"
    own = out / "figures" / "notes.svg"
    stale.write_text("old")
    own.write_text("mine")
    write_report(small, out)
    assert not stale.exists()
    assert own.read_text() == "mine"

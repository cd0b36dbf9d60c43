"""The script of CONTRIBUTING's first recipe: rows are added whole, or not at all."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from locoreg.core.errors import DataError
from locoreg.evidence.catalog import load_catalog, shipped_folder

ROOT = Path(__file__).resolve().parents[2]
CLAIM = (
    "claim_id,study_id,report_id,kind,outcome,measure,reference_arm,"
    "estimate,ci_low,ci_high,ci_level\n"
)
GOOD = {
    "references": "reference_id,study_id,version,title,year\nnew25,new25,1,Invented,2025\n",
    "studies": "study_id,label,question_id,design\nnew25,New,primary-surgery,rct\n",
    "claims": CLAIM + "N1,new25,new25,effect,OS,HR,control,0.82,0.62,1.08,95\n",
}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_folder(), tmp_path / "tables"))


@pytest.fixture
def add_rows(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield __import__("add_rows").add_rows
    sys.modules.pop("add_rows", None)


def write(folder: Path, contents: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in contents.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_rows_are_appended_and_the_others_stay(add_rows, tables, tmp_path):
    before = {p.name: p.read_bytes() for p in tables.glob("*.csv")}
    assert add_rows(write(tmp_path / "new", GOOD), tables) == {
        "references.csv": 1,
        "studies.csv": 1,
        "claims.csv": 1,
    }
    for path in tables.glob("*.csv"):
        assert path.read_bytes().startswith(before[path.name])
    assert load_catalog(tables).claims["N1"].estimate == 0.82


def test_a_correction_of_a_shipped_row_can_be_added(add_rows, tables, tmp_path):
    claim = next(c for c in load_catalog().claims.values() if c.kind == "effect")
    row = (
        CLAIM.strip() + ",supersedes,reason\n"
        f"N2,{claim.study_id},,effect,OS,HR,control,0.5,0.4,0.6,95,{claim.claim_id},invented\n"
    )
    assert add_rows(write(tmp_path / "new", {"claims": row}), tables) == {"claims.csv": 1}
    assert claim.claim_id in load_catalog(tables).superseded()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"claims": GOOD["claims"].replace("ci_level", "ci_lvl")}, "unknown column 'ci_lvl'"),
        ({"claims": GOOD["claims"].replace(",95\n", ",0.95\n")}, "0.95 is a fraction"),
        ({"studies": GOOD["studies"].replace("new25", "khan2022")}, "must be unique"),
    ],
)
def test_a_fault_leaves_the_tables_as_they_were(add_rows, tables, tmp_path, change, fault):
    before = {p.name: p.read_bytes() for p in tables.glob("*.csv")}
    with pytest.raises(DataError, match=fault):
        add_rows(write(tmp_path / "new", GOOD | change), tables)
    assert before == {p.name: p.read_bytes() for p in tables.glob("*.csv")}


def test_an_empty_folder_is_an_error(add_rows, tables, tmp_path):
    with pytest.raises(DataError, match="holds none of"):
        add_rows(tmp_path, tables)

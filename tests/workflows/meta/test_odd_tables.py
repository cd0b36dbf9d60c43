"""Tables and options with a slip: one clear refusal, or a note beside the numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import LocoregError
from locoreg.workflows.meta import meta_table

ASKED: dict[str, Any] = {"measure": "OR", "method": "REML", "interval": "normal", "level": 95}
COUNTS = "study,ai,n1i,ci,n2i,year\nA,1,20,3,20,1\nB,4,40,6,41,2\nC,2,30,5,33,3\n"


def table(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"cluster": "study", "within": "study"}, "one level, not two"),
        ({"mods": ["year", "year"]}, "year twice"),
        ({"by": "year", "subgroup_tau2": "common"}, "has one study"),
        ({"permute": 100, "seed": -1, "mods": ["year"]}, "A seed"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, asked: dict[str, Any], words: str
) -> None:
    rows = "".join(f"S{i},1,20,3,2{i % 5},{i}\n" for i in range(9))
    text = COUNTS if "by" in asked or "cluster" in asked else COUNTS + rows
    with pytest.raises(LocoregError, match=words):
        meta_table(table(tmp_path, text), **ASKED, **asked)


def test_a_group_of_nobody_is_told(tmp_path: Path) -> None:
    report = meta_table(table(tmp_path, COUNTS + "D,0,0,1,10,4\n"), **ASKED)
    assert "A group of nobody: D." in report.notes


@pytest.mark.parametrize(("estimate", "told"), [("0.65", True), ("0.81", False), ("0.8", False)])
def test_an_estimate_off_the_middle_of_its_interval_is_told(
    tmp_path: Path, estimate: str, told: bool
) -> None:
    path = table(tmp_path, f"study,est,ci_low,ci_high\nA,{estimate},0.6,1.1\n")
    report = meta_table(path, **(ASKED | {"measure": "HR", "ci_level": 95}))
    assert any("far from the middle" in note for note in report.notes) == told


def test_a_line_break_in_a_name_breaks_no_list(tmp_path: Path) -> None:
    path = table(tmp_path, 'study,yi,vi\n"A\nB",1,2\nC,2,2\n')
    report = meta_table(path, **(ASKED | {"measure": "GEN"}))
    assert [study.label for study in report.studies] == ["A B", "C"]

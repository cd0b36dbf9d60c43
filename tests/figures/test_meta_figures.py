"""Figures of anyone's table show the report's numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.core.errors import DesignError
from locoreg.figures import to_svg
from locoreg.figures.meta import (
    baujat_figure,
    cumulative_figure,
    figures_of_report,
    leave_one_out_figure,
    table_funnel,
)
from locoreg.figures.meta.tableaxis import limits_of
from locoreg.figures.meta.tableforest import forest_table
from locoreg.figures.table import PooledRow, StudyRow
from locoreg.workflows.meta import meta_table
from locoreg.workflows.meta.measures import MEASURES

TABLE = """study,year,ai,n1i,ci,n2i,kind
<script>,1990,4,10,5,12,x
B,1980,3,20,7,22,y
C,2000,0,30,4,31,x
D,2010,9,40,12,38,y
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "t.csv"
    file.write_text(TABLE, encoding="utf-8")
    return file


def test_every_figure_is_drawn_and_labels_are_escaped(path: Path) -> None:
    report = meta_table(
        path, measure="RR", method="REML", interval="normal", level=95, by="kind",
        subgroup_tau2="separate", leave_one_out=True, order="year", baujat=True,
        small_study=True, alpha=0.1, steps=(0.025,), alternative="less",
    )  # fmt: skip
    figures = figures_of_report(report, title=None)
    assert set(figures) == {"forest", "leave_one_out", "cumulative", "baujat", "funnel"}
    for figure in figures.values():
        svg = to_svg(figure)
        assert "<script>" not in svg
        assert "&lt;script&gt;" in svg


def test_forest_has_the_numbers_of_the_report(path: Path) -> None:
    report = meta_table(
        path, measure="RR", method="REML", interval="normal", level=95, by="kind",
        subgroup_tau2="separate",
    )  # fmt: skip
    table = forest_table(report, title="A title")
    entries = table.groups[0].entries
    studies = [entry for entry in entries if isinstance(entry, StudyRow)]
    pools = [entry for entry in entries if isinstance(entry, PooledRow)]
    assert {s.interval for s in studies} == {s.natural for s in report.studies}
    assert [p.kind for p in pools] == ["subgroup", "subgroup", "main"]
    assert pools[-1].interval == report.pooled.natural
    assert any(study.marks == "*" for study in studies)
    assert table.title == "A title"


def test_parts_that_were_not_computed_have_no_figure(path: Path) -> None:
    report = meta_table(path, measure="RR", method="REML", interval="normal", level=95)
    for draw in (baujat_figure, cumulative_figure, leave_one_out_figure, table_funnel):
        with pytest.raises(DesignError):
            draw(report, title=None)


def test_axis_of_proportions_runs_from_zero_to_one_at_most() -> None:
    assert limits_of(MEASURES["PFT"], [0.6, 0.97, 1.0]) == (0.0, 1.0)
    assert limits_of(MEASURES["PLO"], [0.01, 0.043]) == pytest.approx((0.0, 0.05))
    assert limits_of(MEASURES["OR"], [0.5, 2.0]) is None

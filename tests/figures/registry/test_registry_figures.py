"""Figures of a registry's cohort: what is drawn is what is counted."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from locoreg.core.errors import DesignError
from locoreg.figures import to_svg
from locoreg.figures.registry import (
    cohort_flow_figure,
    cohort_survival_figure,
    missing_figure,
    read_out,
    timing_figure,
)
from locoreg.registry.describe.counts import Count
from locoreg.registry.describe.followup import GroupSurvival, Step
from locoreg.workflows.registry.exploring import CohortCurves, Missingness, Timing
from locoreg.workflows.registry.exploring.curves import cohort_curves
from locoreg.workflows.registry.exploring.missing import MissingCell
from locoreg.workflows.registry.exploring.timing import Bar

HOSTILE = '<script>alert("x")</script> & Ωx'


def count(n: int) -> Count:
    return Count(f"{n:,}", n)


STEPS = (
    Step(label="in the registry", left_out=count(0), remaining=count(1000)),
    Step(label=HOSTILE, left_out=count(400), remaining=count(600)),
    Step(label="few", left_out=Count("≤10", None), remaining=Count("≥590", None)),
    Step(label="last", left_out=Count("hidden", None), remaining=count(300)),
)


def texts(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.findobj(Text)]


def boxes(figure: Figure, role: str) -> list[Rectangle]:
    return [r for r in figure.findobj(Rectangle) if (r.get_gid() or "").rpartition("--")[2] == role]


def test_bars_of_the_flow_are_as_long_as_their_counts() -> None:
    figure = cohort_flow_figure(STEPS, small_cells=10)
    widths = [bar.get_width() for bar in boxes(figure, "bar")]
    assert widths == pytest.approx([200.0, 120.0, 60.0])
    lost = [bar.get_width() for bar in boxes(figure, "lost")]
    assert lost == pytest.approx([80.0])


def test_hidden_counts_of_the_flow_have_a_text_and_no_bar() -> None:
    figure = cohort_flow_figure(STEPS, small_cells=10)
    assert {"≥590", "−≤10", "−hidden"} <= set(texts(figure))
    assert not [b for b in figure.findobj(Rectangle) if (b.get_gid() or "").startswith("step2-bar")]


def test_labels_are_escaped_and_the_drawing_describes_itself() -> None:
    svg = to_svg(cohort_flow_figure(STEPS, synthetic=True, title=HOSTILE))
    root = ET.fromstring(svg)
    assert "<script" not in svg
    assert HOSTILE in "".join(root.itertext())
    assert "SYNTHETIC" in "".join(root.itertext())
    assert "400 left out, 600 left" in "".join(root.itertext())


def test_a_flow_needs_a_step() -> None:
    with pytest.raises(DesignError, match="without steps"):
        cohort_flow_figure(())


TIMING = Timing(
    words="surgery of the primary",
    bars=(
        Bar(start=0, end=3, count=count(40)),
        Bar(start=3, end=6, count=count(20)),
        Bar(start=6, end=9, count=Count("≤10", None)),
        Bar(start=9, end=12, count=count(0)),
    ),
    apart=(("Month 12 or later", Count("hidden", None)), ("None on record", count(500))),
    synthetic=True,
)


def test_bars_of_the_histogram_are_as_high_as_their_counts() -> None:
    figure = timing_figure(TIMING, origin="first distant metastasis", small_cells=10)
    heights = [bar.get_height() for bar in boxes(figure, "bar")]
    assert heights[0] == pytest.approx(2 * heights[1])
    assert heights[2] == pytest.approx(0)
    assert texts(figure).count("?") == 1
    said = " ".join(texts(figure))
    assert "none on record 500" in said
    assert "SYNTHETIC" in said
    assert str(figure.axes[0].get_label()).count("most, 40 patients, from month 0") == 1


def test_a_histogram_without_a_shown_count_is_drawn() -> None:
    empty = replace(TIMING, bars=tuple(replace(b, count=count(0)) for b in TIMING.bars))
    assert "0" in texts(timing_figure(empty, origin="x"))


MISSING = Missingness(
    columns=("2010", "2011", "Overall"),
    sizes=(100, 200, 300),
    lines=(
        (
            "Grade",
            (
                MissingCell(text="100.0%", n=100, percent=100.0),
                MissingCell(text="≤10", n=None, percent=None),
                MissingCell(text="hidden", n=None, percent=None),
            ),
        ),
    ),
    complete=("Age",),
    left_out=("2012",),
    synthetic=False,
)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_each_cell_of_unknown_values_has_its_number_on_a_readable_shade() -> None:
    figure = missing_figure(MISSING, small_cells=10)
    said = texts(figure)
    assert {"100.0%", "≤10", "hidden", "2010", "100"} <= set(said)
    assert "Known for every patient: Age." in " ".join(said)
    assert "2012" in " ".join(said)
    from matplotlib.colors import to_hex

    deepest = min(luminance(to_hex(b.get_facecolor())) for b in boxes(figure, "cell"))
    assert (deepest + 0.05) / (luminance("#1A1A1A") + 0.05) > 4.5


def people(n: int) -> dict[str, np.ndarray]:
    zero = np.full(n, np.datetime64("2015-01-01"), dtype="datetime64[D]")
    return {
        "zero": zero,
        "end_date": zero + np.arange(30, 30 + 20 * n, 20).astype("timedelta64[D]"),
        "entry_date": zero,
        "died": np.arange(n) % 3 != 0,
    }


def curves(*, later: bool) -> CohortCurves:
    group = np.array(["treated", "none"] * 100, dtype=object)
    rows = people(200)
    survival = [
        GroupSurvival(
            group=name,
            n=count(100),
            deaths=count(60),
            late_entries=count(0),
            follow_up=(None, None, None),
            survival=(None, None, None),
            at=(),
        )
        for name in ("treated", "none", "few")
    ]
    survival[2] = replace(survival[2], n=Count("≤10", None))
    found = cohort_curves(
        rows,
        np.ones(200, dtype=bool),
        group,
        survival=survival,
        source="r",
        sha256="0" * 64,
        level=95,
        at=(12,),
        horizon=24,
        origin="first distant metastasis",
        after_time_zero=later,
        small_cells=10,
        options={},
    )
    assert found is not None
    return found


def test_the_notice_on_immortal_time_travels_with_the_figure() -> None:
    marked = to_svg(
        cohort_survival_figure(curves(later=True), order=(), by="Surgery", synthetic=False)
    )
    assert "Immortal time" in marked
    assert "Hatched" in marked
    plain = to_svg(
        cohort_survival_figure(curves(later=False), order=(), by="Surgery", synthetic=False)
    )
    assert "Immortal time" not in plain
    assert "pattern" not in plain


def test_groups_that_are_not_drawn_are_named() -> None:
    figure = cohort_survival_figure(curves(later=False), order=(), by="X", synthetic=True)
    assert "few." in " ".join(texts(figure))


def test_the_cursor_knows_where_months_lie() -> None:
    figure = cohort_survival_figure(curves(later=False), order=(), by="X", synthetic=False)
    place = read_out(figure)
    end = curves(later=False).readings()["end"]
    ticks = {
        float(line.get_xdata()[0])  # type: ignore[index,arg-type]
        for line in figure.findobj(Line2D)
        if (line.get_gid() or "").startswith("curves-axes--x-tick")
    }
    for month in (0, 12, 24):
        x = place["left"] + (place["right"] - place["left"]) * month / end
        assert min(abs(x - tick) for tick in ticks) < 0.01


def test_other_figures_have_no_time_axis() -> None:
    with pytest.raises(DesignError, match="no axis of time"):
        read_out(timing_figure(TIMING, origin="x"))

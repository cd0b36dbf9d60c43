"""Specifications, the ladder of bias, the benchmark: rows, axis, what is not estimable."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.figures import (
    benchmark_figure,
    ladder_figure,
    plot,
    sides,
    specification_figure,
)
from locoreg.figures.emulation.intervals import SOLID
from locoreg.figures.emulation.intervaltable import axis_of
from locoreg.figures.layouts import PAPER
from locoreg.workflows.emulation.view import EstimateRow
from tests.figures.conftest import SVG
from tests.report.emulation import views

# Coordinates are written with two decimals, a marker's edge with as many.
WRITTEN = 0.02


@pytest.fixture(scope="module")
def specifications(drawn):
    return drawn(
        specification_figure(
            views.specifications(), measure="survival_difference", at_months=36.0,
            favours=("never treated", "treated"),
        )
    )  # fmt: skip


def axis(shown):
    """Return a function from values to places, read off the ticks."""
    part = shown.part("scale")
    texts = [
        (float("".join(t.itertext()).replace("\N{MINUS SIGN}", "-")), float(t.get("x")))
        for t in part.iter(f"{{{SVG}}}text")
    ]
    values, xs = np.array(texts).T
    return lambda v: np.interp(v, values, xs)


def middle(shown, key, role):
    left, _, right, _ = shown.box(key, role)
    return (left + right) / 2


def test_every_specification_has_a_row_in_its_group(specifications) -> None:
    rows = specifications.keys(r"group\d+-row\d+")
    assert len(rows) == len(views.specifications())
    heads = [specifications.texts(key)[0] for key in specifications.keys(r"group\d+-head")]
    assert heads == ["Primary analysis", "Grace period", "Truncation of weights", "Method"]


def test_places_and_texts_are_in_percentage_points(specifications) -> None:
    x = axis(specifications)
    assert "+14.0 (+8.1 to +19.9)" in specifications.texts("group0-row0")
    assert middle(specifications, "group0-row0", "marker") == pytest.approx(x(14.0), abs=WRITTEN)
    left, _, right, _ = specifications.box("group0-row0", "interval")
    assert (left, right) == pytest.approx((x(8.12), x(19.88)), abs=WRITTEN)


def test_what_is_not_estimable_keeps_its_row_and_reason(specifications) -> None:
    assert not specifications.has("group3-row0", "marker")
    texts = specifications.texts("group3-row0")
    assert any(t.startswith("not estimable: the initiation model") for t in texts)
    # The row is too short for the reason, which the notes and the sentence give in full.
    assert "leave the hospital out of the model" in specifications.sentence("group3-row0")
    assert "leave the hospital out" in " ".join(specifications.texts("notes"))


def test_a_failed_diagnostic_makes_the_marker_hollow(specifications) -> None:
    fills = []
    for key in ("group2-row2", "group2-row3"):
        path = specifications.part(f"{key}--marker").find(f".//{{{SVG}}}path")
        fills.append(path.get("fill", "").upper())
    assert fills == [SOLID, PAPER]
    assert "fail" in specifications.texts("group2-row3")
    assert "conservation" in specifications.sentence("group2-row3")


def test_a_row_without_interval_has_its_number_alone(specifications) -> None:
    assert "+20.0" in specifications.texts("group3-row2")
    assert not specifications.has("group3-row2", "interval")


def test_labels_are_escaped_and_whole_in_the_title(specifications) -> None:
    assert views.HOSTILE in specifications.texts("group3-row1")
    assert specifications.sentence("group3-row1").startswith(views.HOSTILE)


def test_sides_follow_the_measure() -> None:
    assert sides("survival_difference", "surgery", "none") == ("none", "surgery")
    assert sides("rmst_difference", "surgery", "none") == ("none", "surgery")
    assert sides("incidence_difference", "surgery", "none") == ("surgery", "none")
    assert sides("time_lost_difference", "surgery", "none") == ("surgery", "none")
    assert sides("hazard_ratio", "surgery", "none") == ("surgery", "none")


def test_sides_are_written_beside_no_effect(specifications) -> None:
    assert specifications.texts("favours") == ["← Favours never treated", "Favours treated →"]


def test_interval_beyond_the_axis_ends_in_an_arrow_and_keeps_its_numbers(drawn) -> None:
    wide = replace(views.specifications()[0], estimate=views.estimate(0.1, 0.5))
    shown = drawn(
        specification_figure((wide,), measure="survival_difference", axis_limits=(-20.0, 40.0))
    )
    assert shown.has("group0-row0", "arrow-low")
    assert shown.has("group0-row0", "arrow-high")
    assert "+10.0 (−88.0 to +108.0)" in shown.texts("group0-row0")
    assert any("Arrow head" in text for text in shown.texts("notes"))


def test_an_estimate_beyond_the_axis_is_an_arrow_not_a_marker(drawn) -> None:
    far = replace(views.specifications()[0], estimate=views.estimate(0.9, 0.01))
    shown = drawn(
        specification_figure((far,), measure="survival_difference", axis_limits=(-20.0, 40.0))
    )
    assert not shown.has("group0-row0", "marker")
    assert shown.has("group0-row0", "arrow-high")


@pytest.mark.parametrize(
    "ends", [(0.8, 1.4), (-3.1, -0.2), (-40.0, 55.0), (0.0, 0.0), (1e-4, 3e-4)], ids=str
)
def test_axis_of_differences_holds_its_ends_and_zero(ends: tuple[float, float]) -> None:
    found = axis_of(ends, "identity", None)
    for value in (*ends, 0.0):
        assert 0.0 <= found.fraction(value) <= 1.0
    assert 0.0 in found.ticks
    assert 2 <= len(found.ticks) <= 9


def test_axis_of_many_ends_is_not_dwarfed_by_one() -> None:
    ends = [0.01 * i for i in range(40)] + [500.0]
    assert axis_of(ends, "identity", None).high < 1.0


def test_ratios_and_differences_cannot_share_an_axis() -> None:
    rows = (
        EstimateRow(label="a", estimate=views.estimate(0.1)),
        EstimateRow(label="b", estimate=views.estimate(0.1, 0.1, "log")),
    )
    with pytest.raises(DesignError, match="share an axis"):
        specification_figure(rows, measure="hazard_ratio")


def test_no_specification_is_refused() -> None:
    with pytest.raises(DesignError, match="no specification"):
        specification_figure((), measure="survival_difference")


def test_ladder_marks_the_truth_where_it_is(drawn) -> None:
    ladder = views.ladder()
    truth = replace(ladder.truth, survival_difference=(0.02, 0.1417), log_hazard_ratio=-0.51)
    shown = drawn(plot(replace(ladder, truth=truth), synthetic=True))
    x = axis(shown)
    left, _, right, _ = shown.box("truth", "line")
    assert left == pytest.approx(right, abs=WRITTEN)
    assert left == pytest.approx(x(14.17), abs=WRITTEN)
    assert shown.texts("truth-name") == ["Truth +14.2"]
    ratio = drawn(plot(replace(ladder, truth=truth), measure="hazard_ratio"))
    assert ratio.texts("truth-name") == [f"Truth {math.exp(-0.51):.2f}"]


def test_ladder_without_truth_has_no_line(drawn) -> None:
    shown = drawn(ladder_figure(views.ladder(truth=False)))
    assert shown.part("truth") is None
    assert shown.part("truth-name") is None


def test_ladder_joins_its_steps_and_names_the_bias(drawn) -> None:
    shown = drawn(ladder_figure(views.ladder()))
    # Five of six steps have a difference: four pieces join them.
    assert len(shown.keys(r"group0-row\d+-link")) == 4
    assert "biased by design" in shown.sentence("group0-row0")
    assert any("immortal time" in text for text in shown.texts("notes"))
    assert "✖ biased" in shown.texts("group0-row0")


def test_ladder_knows_two_measures() -> None:
    with pytest.raises(DesignError, match="no measure"):
        ladder_figure(views.ladder(), measure="odds_ratio")


def test_benchmark_keeps_groups_apart_without_a_diamond(drawn) -> None:
    shown = drawn(plot(views.benchmark(), favours=("surgery", "none")))
    heads = [shown.texts(key)[0] for key in shown.keys(r"group\d+-head")]
    assert heads == ["Randomised trials", "Emulation"]
    assert len(shown.keys(r"group0-row\d+")) == 5
    assert len(shown.keys(r"group1-row\d+")) == 1
    assert not any("diamond" in (g.get("id") or "") for g in shown.root.iter(f"{{{SVG}}}g"))
    assert "1.04 (0.81 to 1.34)" in shown.texts("group0-row0")
    agreement = " ".join(shown.texts("group1-remarks"))
    assert "significance" in agreement
    assert "0 of 3" in agreement
    assert any("not pooled" in text for text in shown.texts("notes"))


def test_benchmark_without_trials_says_so(drawn) -> None:
    shown = drawn(benchmark_figure(replace(views.benchmark(), trials=())))
    assert shown.texts("group0-remarks") == ["No trial has a number for this question."]


def test_level_is_told_where_it_is_one(drawn) -> None:
    ninety = Estimate(estimate=0.1, se=0.1, ci_low=-0.1, ci_high=0.3, level=90.0, scale="identity")
    rows = (EstimateRow(label="a", estimate=ninety),)
    shown = drawn(specification_figure(rows, measure="survival_difference"))
    assert "Estimate (90% CI)" in shown.texts("heads")
    both = (*rows, EstimateRow(label="b", estimate=views.estimate(0.1)))
    shown = drawn(specification_figure(both, measure="survival_difference"))
    assert "Estimate (CI)" in shown.texts("heads")

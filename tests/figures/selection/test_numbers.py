"""What figures of selection draw stands where the numbers say."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from locoreg.core.errors import DataError, DesignError
from locoreg.figures import (
    benefit_figure,
    calibration_figure,
    gate_figure,
    plot,
    selection_figure,
    selection_kinds_of,
    sensitivity_figure,
    setting_of,
    strength_figure,
    support_figure,
    toc_figure,
    value_figure,
)
from locoreg.figures.selection import share_above, unit_of
from locoreg.figures.selection.chart import nice_axis, reach_axis
from tests.figures.selection import made

MINUS = "\N{MINUS SIGN}"


def named(figure: Figure, gid: str) -> list[object]:
    return [a for a in figure.findobj() if (a.get_gid() or "").startswith(gid)]


def centre(figure: Figure, gid: str) -> tuple[float, float]:
    (found,) = [a for a in named(figure, gid) if isinstance(a, Ellipse)]
    return found.get_center()


def scale(figure: Figure, role: str, axis: int) -> np.ndarray:
    """Return slope and intercept from places to values, by the labels of the ticks."""
    ticks = [t for t in figure.axes[0].texts if (t.get_gid() or "").startswith(f"axes--{role}")]
    places = [t.get_position()[axis] for t in ticks]
    values = [float(t.get_text().replace(MINUS, "-").rstrip("%")) for t in ticks]
    return np.polyfit(places, values, 1)


def value_at(figure: Figure, place: tuple[float, float]) -> tuple[float, float]:
    # Labels are centred on their digits: the baseline lies 0.36 of their size below the tick.
    x = np.polyval(scale(figure, "label", 0), place[0])
    y = np.polyval(scale(figure, "y-label", 1), place[1] + 0.36 * 8.0)
    return float(x), float(y)


def words(figure: Figure) -> str:
    return " ".join(t.get_text() for t in figure.axes[0].texts)


def test_share_above_is_that_of_the_quantiles() -> None:
    quantiles = np.arange(1.0, 100.0)
    assert share_above(quantiles, 50.0) == pytest.approx(0.5)
    assert share_above(quantiles, 20.25) == pytest.approx(0.7975)
    assert share_above(quantiles, 0.5) == 1.0
    assert share_above(quantiles, 99.0) == 0.0
    # Half of the persons have the effect 0: none of them lies above it.
    assert share_above(np.repeat([0.0, 1.0], [50, 49]), 0.0) == pytest.approx(0.5)


def test_axis_holds_estimates_and_usual_intervals_but_no_huge_one() -> None:
    usual = reach_axis([0.0, 1.0], [-9.0, -8.0], [9.0, 10.0])
    assert usual.low <= -9.0
    assert usual.high >= 10.0
    huge = reach_axis([0.0, 1.0, 2.0], [-1.0, -999.0, 1.0], [1.0, 999.0, 3.0])
    assert -20.0 < huge.low < -1.0
    assert 3.0 < huge.high < 20.0
    assert nice_axis(2.0, 2.0).low < 2.0 < nice_axis(2.0, 2.0).high


def test_targeting_curve_stands_at_its_numbers() -> None:
    found = made.curve()
    figure = toc_figure(found, area=made.estimate(2.0))
    for i, (share, mid) in enumerate(zip(found.share, found.estimate, strict=True)):
        x, y = value_at(figure, centre(figure, f"share{i}--"))
        assert x == pytest.approx(100 * share, abs=0.2)
        assert y == pytest.approx(mid, abs=0.05)
    assert "AUTOC +2.00 (+0.04 to +3.96) months" in words(figure)


def test_probabilities_are_in_percentage_points() -> None:
    figure = toc_figure(made.curve(unit="probability", factor=0.01))
    assert "percentage points" in words(figure)
    _, y = value_at(figure, centre(figure, "share0--"))
    assert y == pytest.approx(5.0 * 10 / 11, abs=0.05)
    assert unit_of("probability").interval(0.031, -0.002, 0.064) == f"+3.1 ({MINUS}0.2 to +6.4)"
    assert unit_of("months").signed(0.0) == "0.00"


def test_calibration_stands_at_prediction_and_effect() -> None:
    found = made.calibration(made.groups([-3.0, 4.0]))
    figure = calibration_figure(found)
    for i, mid in enumerate((-3.0, 4.0)):
        x, y = value_at(figure, centre(figure, f"group{i}--dot"))
        assert x == pytest.approx(0.7 * mid, abs=0.05)
        assert y == pytest.approx(mid, abs=0.05)
    assert "Slope 1.20 (0.61 to 1.79)" in words(figure)
    assert "p < 0.001" in words(figure)


def test_line_of_the_slope_goes_through_the_average_at_the_mean_prediction() -> None:
    found = made.calibration(made.groups([-3.0, 4.0]))
    figure = calibration_figure(found)
    (line,) = named(figure, "slope--line")
    ends = [value_at(figure, (float(x), float(y))) for x, y in line.get_xydata()]  # type: ignore[attr-defined]
    (x0, y0), (x1, y1) = ends
    assert (y1 - y0) / (x1 - x0) == pytest.approx(1.2, abs=0.01)
    mean = (100 * -2.1 + 101 * 2.8) / 201
    assert y0 + 1.2 * (mean - x0) == pytest.approx(1.0, abs=0.05)


def test_huge_interval_ends_in_arrows_and_keeps_its_limits() -> None:
    figure = gate_figure(made.groups([0.0, 1.0, 2.0, 3.0], ses=[1.0, 40.0, 1.0, 1.0]))
    assert named(figure, "row1--arrow-low")
    assert named(figure, "row1--arrow-high")
    assert not named(figure, "row0--arrow")
    assert f"+1.00 ({MINUS}103.00 to +105.00)" in words(figure)
    assert "Arrow head" in words(figure)


def test_group_without_effect_keeps_its_row() -> None:
    figure = gate_figure(made.groups([math.nan, 1.0], predicted=False))
    assert "not estimable" in words(figure)
    assert not named(figure, "row0--marker")
    assert named(figure, "row1--marker")


def test_tree_has_every_leaf_with_its_option_and_effect() -> None:
    rule = made.tree(2)
    figure = plot(rule)
    shown = words(figure)
    for leaf in rule.leaves.leaves:
        assert f"Leaf {leaf.leaf}: {rule.rule.option(leaf.treats)}" in shown
        assert unit_of("months").estimate(leaf.effect) in shown
        assert f"{leaf.n:,} persons, {leaf.treated:,} had surgery" in shown
    boxes = [a for a in named(figure, "box") if (a.get_gid() or "").endswith("--box")]  # type: ignore[attr-defined]
    assert len(boxes) == len(rule.rule.tree.nodes)
    heads = [a for a in named(figure, "arrows") if "--head" in (a.get_gid() or "")]  # type: ignore[attr-defined]
    assert len(heads) == len(boxes) - 1
    assert "If not known, as:" in shown


def test_leaf_that_other_persons_tell_against_says_so() -> None:
    rule = made.tree(1)
    assert "tell against" not in words(plot(rule))
    turned = [
        replace(leaf, effect=made.estimate(-9.0 if leaf.treats else 9.0))
        for leaf in rule.leaves.leaves
    ]
    figure = plot(replace(rule, leaves=replace(rule.leaves, leaves=tuple(turned))))
    assert words(figure).count("tell against this option") == len(turned)


def test_value_of_treating_everybody_is_the_difference() -> None:
    found = made.values([0.0, 4.0])
    figure = value_figure(found)
    (line,) = named(figure, "everybody--line")
    places = line.get_path().vertices  # type: ignore[attr-defined]
    for place, one in zip(places, found.values, strict=True):
        x, y = value_at(figure, (float(place[0]), float(place[1])))
        assert x == pytest.approx(one.cost, abs=0.02)
        wanted = one.against_none.estimate - one.against_all.estimate
        assert y == pytest.approx(wanted, abs=0.03)
    assert "90%" in words(figure)
    assert "50%" in words(figure)


def test_tipping_factor_is_drawn_where_it_is() -> None:
    figure = sensitivity_figure(made.marginal([1.0, 2.0]), unit="months")
    (line,) = named(figure, "tipping--line")
    x, _ = value_at(figure, tuple(line.get_xydata()[0]))  # type: ignore[attr-defined]
    assert x == pytest.approx(1.7, abs=0.005)
    never = sensitivity_figure(made.marginal([1.0, 2.0], tipping=None), unit="months")
    assert not named(never, "tipping--line")
    assert "No factor up to 50" in words(never)


def test_line_of_strengths_holds_the_robustness() -> None:
    found = made.result().doubts.omitted[0]
    figure = strength_figure(found)
    (line,) = named(figure, "effect-line--line")
    places = line.get_path().vertices  # type: ignore[attr-defined]
    points = [value_at(figure, (float(x), float(y))) for x, y in places]
    r = found.robustness
    for d, y in points[5:-5:40]:
        bias = y / 100 * (d / 100) / (1 - d / 100)
        assert bias == pytest.approx(r**2 / (1 - r), rel=0.05)


def test_support_shows_groups_and_no_person() -> None:
    model = made.result().model
    figure = support_figure(model)
    dots = [a for a in named(figure, "group") if isinstance(a, Ellipse)]
    assert len(dots) == 2 * model.cells.size.size
    n, share = value_at(figure, dots[1].get_center())
    assert n == pytest.approx(model.cells.size[0], abs=0.6)
    assert share == pytest.approx(100 * model.cells.count[1, 0] / model.cells.size[0], abs=0.6)
    few = replace(model.cells, count=model.cells.count // 20)
    with pytest.raises(DataError, match="fewer than 10 persons are not drawn"):
        support_figure(replace(model, cells=few))


def test_result_draws_its_kinds_and_no_rule_that_is_not_shown() -> None:
    kinds = selection_kinds_of(made.result())
    assert {"toc", "rule", "leaves", "value", "support"} <= set(kinds)
    assert "subgroups" not in kinds
    assert plot(made.result(), kind="toc").get_label()
    for found, reason in (
        (made.no_rule(), "No rule"),
        (made.contradicted(), "No rule is shown: not credible"),
    ):
        assert not {"rule", "leaves", "sides"} & set(selection_kinds_of(found))
        with pytest.raises(DesignError, match=reason):
            selection_figure(found, kind="rule")
    with pytest.raises(DesignError, match="no figure of kind 'tox'"):
        selection_figure(made.result(), kind="tox")


def test_alarms_of_a_result() -> None:
    setting = setting_of(made.contradicted())
    assert setting.synthetic
    assert setting.alerts[0].startswith("Not credible:")
    assert "Overlap of the probability" in setting_of(made.failing()).alerts[0]
    assert setting.title("x").startswith("SYNTHETIC PATIENTS")


def test_bad_input_is_named() -> None:
    with pytest.raises(DataError, match="99 quantiles"):
        benefit_figure([1.0, 2.0], cost=0.0, unit="months")
    with pytest.raises(DataError, match="99 quantiles"):
        benefit_figure([float(-i) for i in range(99)], cost=0.0, unit="months")
    with pytest.raises(DataError, match="no group has a predicted effect"):
        calibration_figure(made.calibration(made.groups([1.0], predicted=False)))
    with pytest.raises(DataError, match="no cost"):
        value_figure(made.values([]))
    with pytest.raises(DataError, match="no factor"):
        sensitivity_figure(made.marginal([]), unit="months")
    with pytest.raises(DataError, match="no share"):
        toc_figure(made.curve(shares=0))
    with pytest.raises(DesignError, match="no figure for a float"):
        plot(1.0)


def test_figures_do_not_bring_the_learners_libraries() -> None:
    code = "import sys, locoreg.figures; print({'sklearn', 'lightgbm'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"

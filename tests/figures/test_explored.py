"""Plots of influence, shifts, funnels and families: texts and places against the results."""

from __future__ import annotations

import math
import re

import pytest

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import interval_text
from locoreg.figures import describe, plot, to_svg
from locoreg.figures.pooltable import ORDERS, order_of
from locoreg.workflows.explore.family import Family, Member
from locoreg.workflows.explore.funnel import funnel_of
from locoreg.workflows.explore.shift import BiasShift, ShiftRow
from locoreg.workflows.explore.spread import influence_of
from tests.figures.conftest import REGISTRIES, TRIALS

EVIL = "<script>alert(1)</script> & \x00 Örtlich 試験"


def texts(figure) -> list[str]:
    return [artist.get_text() for artist in figure.axes[0].texts]


def parts(figure) -> dict[str, list]:
    found: dict[str, list] = {}
    for artist in figure.findobj():
        part, mark, role = (artist.get_gid() or "").partition("--")
        if mark:
            found.setdefault(part, []).append((role, artist))
    return found


def test_influence_shows_the_pool_without_each(make_pool) -> None:
    found = influence_of(make_pool(TRIALS))
    figure = plot(found)
    shown = texts(figure)
    for row in found.rows:
        assert interval_text(*row.without.natural) in " ".join(shown)
    assert sum("All studies" in one for one in shown) == 1
    marks = parts(figure)
    squares = [marks[f"r{i}"] for i in range(len(found.rows))]
    xs = []
    for of in squares:
        box = next(artist for role, artist in of if role == "without")
        xs.append(box.get_x() + box.get_width() / 2)
    # Distances between squares are those between the logarithms.
    logs = [row.without.estimate for row in found.rows]
    for x, value in zip(xs[1:], logs[1:], strict=True):
        slope = (xs[1] - xs[0]) / (logs[1] - logs[0])
        assert x - xs[0] == pytest.approx(slope * (value - logs[0]), abs=0.01)
    line = next(artist for role, artist in marks["reference"] if role == "line")
    slope = (xs[1] - xs[0]) / (logs[1] - logs[0])
    pooled = xs[0] + slope * (found.pool.meta.mu.estimate - logs[0])
    assert line.get_xdata()[0] == pytest.approx(pooled, abs=0.01)
    assert "Cook" in describe(found)


def test_influence_of_two_studies_is_refused(make_pool) -> None:
    with pytest.raises(DesignError, match="three studies"):
        plot(influence_of(make_pool(TRIALS[:2])))


def shift(pool, **changes) -> BiasShift:
    mu = Estimate(estimate=-0.4, se=0.2, ci_low=-0.8, ci_high=0.0, level=95, scale="log")
    rows = tuple(
        ShiftRow(
            study_id=study.study_id,
            label=changes.get("label", study.label),
            printed=None if i == 0 else mu,
            supported=study.effect.estimate(95),
            moves=i < 2,
            reading=("read otherwise (direction).",) if i == 0 else (),
        )
        for i, study in enumerate(pool.studies)
    )
    pooled = ShiftRow(
        study_id="", label="Pooled", printed=mu, supported=pool.meta.mu, moves=True, reading=()
    )
    return BiasShift(pool=pool, rows=rows, pooled=pooled)


def test_shift_shows_both_readings(make_pool) -> None:
    found = shift(make_pool(TRIALS))
    figure = plot(found)
    marks = parts(figure)
    roles = {role for role, _ in marks["r0"]}
    assert "supported" in roles
    assert "printed" not in roles
    assert {"supported", "printed"} <= {role for role, _ in marks["r1"]}
    assert "no number" in texts(figure)
    assert "2 studies are read differently, of 5" in describe(found)
    assert "direction)." in " ".join(texts(figure))
    assert ".." not in " ".join(texts(figure))


def test_intervals_beyond_the_axis_end_in_arrows_and_keep_their_text(make_pool) -> None:
    found = influence_of(make_pool(TRIALS))
    figure = plot(found, axis_limits=(0.95, 1.05))
    marks = parts(figure)
    assert any(role.endswith("arrow-low") for role, _ in marks["r0"])
    assert any("goes beyond the axis" in one for one in texts(figure))
    assert interval_text(*found.rows[0].without.natural) in " ".join(texts(figure))


def test_labels_are_escaped_and_cut(make_pool) -> None:
    for figure in (
        plot(shift(make_pool(TRIALS), label=EVIL * 4)),
        plot(family(label=EVIL)),
    ):
        svg = to_svg(figure)
        assert "<script>" not in svg
        assert "&lt;script&gt;" in svg
        assert " style=" not in svg


def ten(make_pool):
    rows = [(*row[:3], "rct", *row[4:]) for row in (*TRIALS, *REGISTRIES) if "memory" not in row[0]]
    assert len(rows) == 10
    return make_pool(rows)


def test_funnel_from_ten_studies_on(make_pool) -> None:
    pool = ten(make_pool)
    found = funnel_of(pool)
    assert found.too_few == ""
    assert len(found.points) == 10
    figure = plot(found, axis_limits=(0.1, 10))
    marks = parts(figure)
    low, high = math.log(0.1), math.log(10)
    left = next(a for role, a in marks["regions"] if role == "back")
    x0, width = left.get_x(), left.get_width()
    top, height = left.get_y(), left.get_height()
    ticks = [a for role, a in marks["scale"] if role.startswith("se-label")]
    largest = max(float(a.get_text()) for a in ticks)
    for i, point in enumerate(found.points):
        disc = next(a for role, a in marks[f"s{i}"] if role == "point")
        x, y = disc.get_center()
        assert x == pytest.approx(x0 + width * (point.yi - low) / (high - low), abs=0.01)
        assert y == pytest.approx(top + height * point.se / largest, abs=0.6)
    dashed = {role: a for role, a in marks["pseudo-limits"]}
    ends = dashed["high"].get_xdata()[-1], dashed["high"].get_ydata()[-1]
    se = (ends[1] - top) / height * largest
    reach = (ends[0] - x0) / width * (high - low) + low
    assert reach == pytest.approx(found.centre + 1.959964 * se, abs=0.02)
    assert "p under 1%" in texts(figure)


def test_no_funnel_under_ten(make_pool) -> None:
    with pytest.raises(DesignError, match="too few studies: 5 of 10"):
        plot(funnel_of(make_pool(TRIALS)))


def member(study_id: str, first, last, **more) -> Member:
    return Member(
        **{
            "study_id": study_id, "label": study_id.title(), "design": "cohort",
            "shares": ("cohort A",), "first": first, "last": last, "printed": "",
            "overlaps": None, "is_self": False, **more,
        }
    )  # fmt: skip


def family(label: str = "One") -> Family:
    return Family(
        study_id="one",
        label=label,
        members=(
            member("one", 2004, 2012, is_self=True, shares=(), label=label),
            member("two", 2010, 2015, overlaps=True),
            member("three", 2013, 2013, overlaps=False),
            member("four", None, None),
        ),
    )


def test_family_bars_stand_at_their_years() -> None:
    figure = plot(family())
    marks = parts(figure)
    bars = {
        part: next(a for role, a in of if role == "bar")
        for part, of in marks.items()
        if any(role == "bar" for role, _ in of)
    }
    assert set(bars) == {"m0", "m1", "m2"}
    # A year is as wide in each bar: both ends count in full.
    year = bars["m2"].get_width()
    assert bars["m0"].get_width() == pytest.approx(9 * year)
    assert bars["m1"].get_x() - bars["m0"].get_x() == pytest.approx(6 * year)
    assert "years not recorded" in texts(figure)
    assert "Two overlap" in describe(family())
    with pytest.raises(DesignError, match="no study of this family"):
        plot(Family(study_id="x", label="X", members=(member("x", None, None, is_self=True),)))


# By risk of bias only where assessments are given: see test_bias_marks.
PLAIN_ORDERS = sorted(set(ORDERS) - {"bias"})


@pytest.mark.parametrize("order", PLAIN_ORDERS)
def test_forest_orders_its_rows_and_says_so(make_pool, order) -> None:
    pool = make_pool(TRIALS)
    figure = plot(pool, order=order)
    assert any(one.startswith(ORDERS[order].split(",")[0].strip(". ")) for one in texts(figure))
    ys = {}
    for i, study in enumerate(pool.studies[k] for k in order_of(pool, order)):
        label = next(a for role, a in parts(figure)[f"g0-r{i}"] if role == "label")
        assert label.get_text().startswith(study.label)
        ys[i] = label.get_position()[1]
    assert list(ys.values()) == sorted(ys.values())
    values = {
        "weight": [-pool.meta.weights[k] for k in order_of(pool, "weight")],
        "effect": [pool.meta.yi[k] for k in order_of(pool, "effect")],
        "year": [pool.studies[k].year for k in order_of(pool, "year")],
    }
    for one in values.values():
        assert one == sorted(one)


def test_weights_stay_with_their_studies_in_any_order(make_pool) -> None:
    pool = make_pool(TRIALS)
    sentences = [
        {str(a.get_label()) for of in parts(plot(pool, order=o)).values() for _, a in of}
        for o in PLAIN_ORDERS
    ]
    assert all(one == sentences[0] for one in sentences)


def test_an_unknown_order_is_refused(make_pool) -> None:
    with pytest.raises(DesignError, match="no order"):
        plot(make_pool(TRIALS), order="size")


def test_ids_of_a_drawing_are_its_own(make_pool) -> None:
    pool = ten(make_pool)
    for result in (influence_of(pool), shift(pool), funnel_of(pool), family(), pool):
        ids = re.findall(r'\bid="([^"]+)"', to_svg(plot(result)))
        assert len(ids) == len(set(ids))

"""Contour funnel of anyone's effects: marks against the numbers."""

from __future__ import annotations

import json
import math

import pytest

from locoreg.core.errors import DataError
from locoreg.figures import to_svg
from locoreg.figures.funnel import funnel_figure, funnel_summary
from locoreg.workflows.explore.funnel import FunnelLine, funnel_of_effects

Y = [0.1, 0.5, 0.9, 0.3, -0.2, 0.7, 0.0, 0.2, 0.35, 0.4]
SE = [0.1, 0.2, 0.4, 0.05, 0.15, 0.4, 0.1, 0.2, 0.3, 0.25]
LINES = (
    FunnelLine(label="Egger's line", intercept=0.05, slope=1.2, predictor="se"),
    FunnelLine(label="PEESE curve", intercept=0.1, slope=2.0, predictor="variance"),
)


def funnel(k: int = 10, **options):
    given = {"scale": "log", "centre": 0.25, "level": 95, "measure": "HR", **options}
    labels = [f"Study {i}" for i in range(k)]
    return funnel_of_effects(labels, Y[:k], SE[:k], **given)


def marks(figure) -> dict[str, list]:
    found: dict[str, list] = {}
    for artist in figure.findobj():
        part, mark, role = (artist.get_gid() or "").partition("--")
        if mark:
            found.setdefault(part, []).append((role, artist))
    return found


@pytest.mark.parametrize("scale", ["log", "identity"])
def test_points_mirror_images_and_lines_stand_where_they_should(scale) -> None:
    filled = [("mirror of Study 2", -0.4, 0.4)]
    result = funnel(scale=scale, filled=filled, lines=LINES)
    limits = (0.2, 5.0) if scale == "log" else (-2.0, 2.0)
    figure = funnel_figure(result, axis_limits=limits)
    drawn = marks(figure)
    back = next(a for role, a in drawn["regions"] if role == "back")
    low, high = (math.log(x) for x in limits) if scale == "log" else limits
    largest = float(next(a for role, a in drawn["scale"] if role == "se-label4").get_text())

    def place(effect: float, se: float) -> tuple[float, float]:
        x = back.get_x() + back.get_width() * (effect - low) / (high - low)
        return x, back.get_y() + back.get_height() * se / largest

    for part, effect, se in [
        *((f"s{i}", y, s) for i, (y, s) in enumerate(zip(Y, SE, strict=True))),
        ("f0", -0.4, 0.4),
    ]:
        disc = next(a for role, a in drawn[part] if role == "point")
        assert disc.get_center() == pytest.approx(place(effect, se), abs=0.01)
    hollow = next(a for role, a in drawn["f0"] if role == "point")
    solid = next(a for role, a in drawn["s0"] if role == "point")
    assert hollow.get_facecolor() != solid.get_facecolor()
    egger = [a for role, a in drawn["trend0"] if role.startswith("trend")]
    assert len(egger) == 1
    start, stop = egger[0].get_xydata()
    assert tuple(start) == pytest.approx(place(0.05, 0.0), abs=0.01)
    assert tuple(stop) == pytest.approx(place(0.05 + 1.2 * largest, largest), abs=0.01)
    curve = [a for role, a in drawn["trend1"] if role.startswith("trend")]
    assert len(curve) > 20
    for piece in curve:
        x, y = piece.get_xydata()[-1]
        se = (y - back.get_y()) / back.get_height() * largest
        assert x == pytest.approx(place(0.1 + 2 * se**2, se)[0], abs=0.01)
    words = [artist.get_text() for artist in figure.axes[0].texts]
    assert {"Egger's line", "PEESE curve", "filled in (trim and fill)"} <= set(words)
    assert not any("No test is computed" in text for text in words)


def test_under_ten_it_is_drawn_with_a_remark() -> None:
    figure = funnel_figure(funnel(4))
    words = [artist.get_text() for artist in figure.axes[0].texts]
    assert "Fewer than ten studies: too few to judge asymmetry." in words
    assert "too few" in funnel_summary(funnel(4))
    assert funnel().too_few == ""
    assert "Fewer" not in funnel_summary(funnel())


def test_one_study_and_unsafe_words() -> None:
    result = funnel_of_effects(
        ["<script>x</script>"], [0.2], [0.1], scale="identity", centre=0.2, level=90,
        title="<b>T</b>", filled=[("<i>m</i>", 0.2, 0.1)],
        lines=[FunnelLine(label="<u>l</u>", intercept=0.0, slope=1.0, predictor="se")],
    )  # fmt: skip
    svg = to_svg(funnel_figure(result))
    for tag in ("<script>", "<b>", "<i>", "<u>"):
        assert tag not in svg
    assert json.dumps(result.to_dict())
    assert "Effect of 0.20" in funnel_summary(result)


def test_what_cannot_be_drawn_is_refused() -> None:
    for labels, y, se in ((["a"], [0.1], [0.0]), (["a"], [math.nan], [0.1]), ([], [], [])):
        with pytest.raises(DataError, match="funnel"):
            funnel_of_effects(labels, y, se, scale="log", centre=0.0, level=95)
    with pytest.raises(DataError, match="pooled effect"):
        funnel(centre=math.nan)


def test_single_groups_have_no_regions_and_an_axis_of_their_own() -> None:
    means = [101.2, 98.1, 110.0, 104.0]
    result = funnel_of_effects(
        list("abcd"), means, [1.9, 1.6, 2.0, 1.1], scale="identity", centre=103.2, level=95,
        one_group=True, tested=True,
    )  # fmt: skip
    figure = funnel_figure(result)
    drawn = marks(figure)
    assert "no-effect" not in drawn
    assert [role for role, _ in drawn["regions"]] == ["back"]
    # No study ends in an arrow head, though none is anywhere near 0.
    assert all(any(role == "point" for role, _ in drawn[f"s{i}"]) for i in range(4))
    ticks = [float(a.get_text()) for role, a in drawn["scale"] if role.startswith("label")]
    assert min(ticks) <= 98.1
    assert max(ticks) >= 110.0
    words = to_svg(figure)
    assert "own test of no effect" not in words
    assert "p above" not in words
    assert "No test is computed" not in words

"""Every figure of selection, in ordinary and extreme states: nothing overlaps or is cut."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from functools import cache

import pytest
from matplotlib.figure import Figure

from locoreg.figures import (
    Setting,
    benefit_figure,
    calibration_figure,
    gate_figure,
    leaf_figure,
    plot,
    selection_figure,
    sensitivity_figure,
    strength_figure,
    support_figure,
    to_svg,
    toc_figure,
    value_figure,
)
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import contrast
from locoreg.figures.textfit import text_width
from tests.figures.selection import made

TOUCH, CAP = 0.6, 0.73
BUSY = Setting(
    question=made.question(treated_label=made.LONG[0], comparator_label=made.LONG[1]),
    population="1,500 persons of a registry with a name that is long enough to be wrapped",
    synthetic=True,
    alerts=(
        "Not credible: the registry and the randomised trials differ by more than chance allows.",
        "Failed checks: Overlap; Censoring; Events; Persons; and 3 more. Do not rely on them.",
    ),
)
NAN = math.nan
WIDE = [1.0, 1.0, 400.0, 1.0]


def long_groups() -> Figure:
    labels = [f"group {i}: " + "with many words, " * (i % 7) + "<b>" for i in range(20)]
    found = made.groups([(-1.0) ** i * i for i in range(20)], labels=labels)
    return gate_figure(found, average=made.estimate(0.5), setting=BUSY)


def kind(name: str) -> Callable[[], Figure]:
    return lambda: selection_figure(made.result(), kind=name)


FIGURES: dict[str, Callable[[], Figure]] = {
    **{f"result {name}": kind(name) for name in (
        "toc", "calibration", "groups", "benefit", "rule", "leaves", "sides", "value", "support",
        "sensitivity", "strength",
    )},
    "toc busy": lambda: toc_figure(made.curve(), area=made.estimate(2.0), setting=BUSY),
    "toc probability": lambda: toc_figure(made.curve(unit="probability", factor=0.01)),
    "toc one share": lambda: toc_figure(made.curve(shares=1)),
    "calibration huge interval": lambda: calibration_figure(
        made.calibration(made.groups([-3.0, 0.0, 1.0, 4.0], ses=WIDE)), setting=BUSY
    ),
    "calibration one group": lambda: calibration_figure(made.calibration(made.groups([2.0]))),
    "calibration same prediction": lambda: calibration_figure(
        made.calibration(made.groups([0.0, 0.0]), spread=0.0)
    ),
    "groups 20 long": long_groups,
    "groups huge interval": lambda: gate_figure(
        made.groups([-3.0, -2.0, 1.0, 4.0], ses=WIDE), average=made.estimate(0.2)
    ),
    "groups negative": lambda: gate_figure(made.groups([-9.0, -8.0, -7.0]), setting=BUSY),
    "groups not estimable": lambda: gate_figure(made.groups([NAN, 1.0])),
    "groups none": lambda: gate_figure(made.groups([])),
    "tree depth 1": lambda: plot(made.tree(1)),
    "tree depth 3": lambda: plot(made.tree(3), setting=BUSY),
    "tree long names": lambda: plot(made.tree(2, long=True), setting=BUSY),
    "tree one leaf": lambda: plot(made.one_leaf()),
    "leaves long names": lambda: leaf_figure(made.tree(2, long=True).leaves),
    "benefit probability": lambda: benefit_figure(
        [0.01 * i - 0.3 for i in range(99)], cost=0.05, unit="probability", setting=BUSY
    ),
    "benefit same for all": lambda: benefit_figure([2.0] * 99, cost=0.0, unit="months"),
    "value one cost": lambda: value_figure(made.values([2.0])),
    "value many costs": lambda: value_figure(
        made.values([0.1 * i for i in range(40)]), setting=BUSY
    ),
    "sensitivity one factor": lambda: sensitivity_figure(made.marginal([1.5]), unit="months"),
    "sensitivity never": lambda: sensitivity_figure(
        made.marginal([1.0, 2.0], tipping=None), unit="months", setting=BUSY
    ),
    "strength busy": lambda: strength_figure(made.result().doubts.omitted[0], setting=BUSY),
    "support busy": lambda: support_figure(made.result().model, setting=BUSY),
    "strength known covariates": lambda: selection_figure(made.full(), kind="strength"),
    "subgroups": lambda: selection_figure(made.full(), kind="subgroups"),
    "contradicted": lambda: selection_figure(made.contradicted(), kind="toc"),
}  # fmt: skip
names = pytest.mark.parametrize("name", FIGURES)


@cache
def drawn(name: str) -> Figure:
    return FIGURES[name]()


def boxes(figure: Figure) -> list[tuple[str, float, float, float, float]]:
    """Return each text with its left, top, right and bottom in points."""
    out = []
    for artist in figure.axes[0].texts:
        text, size = artist.get_text(), artist.get_fontsize()
        weight = "bold" if artist.get_fontweight() == "bold" else "normal"
        width = text_width(text, size, weight)
        x, y = artist.get_position()
        left = x - {"left": 0.0, "center": width / 2, "right": width}[artist.get_ha()]
        out.append((text, left, y - CAP * size, left + width, y))
    return out


@names
def test_no_text_leaves_the_sheet(name: str) -> None:
    height = drawn(name).get_size_inches()[1] * 72
    for text, left, top, right, bottom in boxes(drawn(name)):
        assert left >= -TOUCH, text
        assert right <= WIDTH + TOUCH, text
        assert top >= 0, text
        assert bottom <= height, text


@names
def test_no_texts_overlap(name: str) -> None:
    found = [box for box in boxes(drawn(name)) if box[0].strip()]
    touching = [
        (a[0], b[0])
        for a, b in itertools.combinations(found, 2)
        if a[1] < b[3] - TOUCH
        and b[1] < a[3] - TOUCH
        and a[2] < b[4] - TOUCH
        and b[2] < a[4] - TOUCH
    ]
    assert not touching


@names
def test_texts_stand_out_and_are_large_enough(name: str) -> None:
    for artist in drawn(name).axes[0].texts:
        assert contrast(artist.get_color()) >= 4.5, artist.get_text()
        assert artist.get_fontsize() >= 7.5, artist.get_text()


@names
def test_ids_are_used_once(name: str) -> None:
    ids = re.findall(r' id="([^"]+)"', to_svg(drawn(name)))
    assert len(ids) == len(set(ids))


@names
def test_words_for_those_who_cannot_see_it(name: str) -> None:
    svg = to_svg(drawn(name))
    assert drawn(name).get_label()
    assert any(sign.isdigit() for sign in str(drawn(name).axes[0].get_label())) or "none" in name
    assert "<b>" not in svg
    assert "<script" not in svg
    assert ' style="' not in svg


@pytest.mark.parametrize("name", [name for name in FIGURES if "busy" in name])
def test_warnings_travel_with_the_figure(name: str) -> None:
    label = str(drawn(name).get_label())
    assert label.startswith("SYNTHETIC PATIENTS")
    told = str(drawn(name).axes[0].get_label())
    assert told.startswith("Not credible")
    assert "Failed checks" in told

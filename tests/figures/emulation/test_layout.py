"""Every figure of an emulation, in ordinary and extreme states: nothing overlaps or is cut."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure

from locoreg.emulation.cohort import Attrition
from locoreg.emulation.cohort.attrition import AttritionStep
from locoreg.emulation.effect import Effect
from locoreg.figures import (
    benchmark_figure,
    ladder_figure,
    overlap_figure,
    plot,
    specification_figure,
    to_svg,
)
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import contrast
from locoreg.figures.textfit import text_width
from locoreg.workflows.emulation.view import EstimateRow
from tests.emulation import designs
from tests.figures.emulation import effects
from tests.report.emulation import views

# Texts may come this close before they count as touching, in points.
TOUCH = 0.6
# Height of a line of digits and letters without descenders, in parts of the font size.
CAP = 0.73
LONG = (
    "surgery of the primary tumour with clear margins within 6 months of the first metastasis, "
    "& nothing else <b>",
    "no surgery of the primary tumour, whatever else is done, for the whole of follow-up",
)


@cache
def plain() -> Effect:
    return effects.weighted_effect(400)


@cache
def failing() -> Effect:
    other = replace(effects.FAILED, title="Effective sample size", arm="never treated")
    return effects.weighted_effect(400, diagnostics=(effects.FAILED, other, effects.WARNED))


@cache
def long_names() -> Effect:
    effect = plain()
    question = designs.question(treated_label=LONG[0], comparator_label=LONG[1])
    arms = tuple(replace(a, label=x) for a, x in zip(effect.arms, LONG[::-1], strict=True))
    return replace(
        effect, question=question, arms=arms, flow=effects.flow(question),
        weights=effects.weights(question),
    )  # fmt: skip


def rows(count: int) -> tuple[EstimateRow, ...]:
    found = itertools.cycle(views.specifications())
    return tuple(itertools.islice(found, count))


def steps(count: int) -> Attrition:
    return Attrition(
        source="registry", started=100_000,
        steps=tuple(
            AttritionStep(
                name=f"criterion {i} " + "with many words " * (i % 12), excluded=3_000,
                left=100_000 - 3_000 * (i + 1), unknown=i,
            )
            for i in range(count)
        ),
    )  # fmt: skip


def overlap(**more: object) -> Figure:
    found = views.overlap()
    return overlap_figure(found.score, found.treated, **more)  # type: ignore[arg-type]


FIGURES: dict[str, Callable[[], Figure]] = {
    "curves": lambda: plot(plain()),
    "curves failing": lambda: plot(failing()),
    "curves long names": lambda: plot(long_names()),
    "curves no interval": lambda: plot(effects.weighted_effect(200, intervals=False)),
    "curves competing": lambda: plot(effects.weighted_effect(300, competing=True)),
    "curves late entry": lambda: plot(effects.weighted_effect(300, late=True)),
    "curves biased": lambda: plot(replace(plain(), biased=views.IMMORTAL)),
    "difference": lambda: plot(failing(), kind="difference"),
    "difference long names": lambda: plot(long_names(), kind="difference"),
    "weights": lambda: plot(failing(), kind="weights"),
    "weights long names": lambda: plot(long_names(), kind="weights"),
    "weights many times": lambda: plot(
        replace(plain(), weights=effects.weights(plain().question, tuple(np.arange(37.0)))),
        kind="weights",
    ),
    "flow": lambda: plot(failing(), kind="flow"),
    "flow long names": lambda: plot(long_names(), kind="flow"),
    "balance": lambda: plot(plain(), kind="balance"),
    "balance one row": lambda: plot(
        replace(plain(), balance=effects.balance(1, (0.0,))), kind="balance"
    ),
    "balance 30 rows 4 times": lambda: plot(
        replace(long_names(), balance=effects.balance(30, (0.0, 3.0, 6.0, 12.0))), kind="balance"
    ),
    "attrition": lambda: plot(effects.ATTRITION),
    "attrition no step": lambda: plot(steps(0)),
    "attrition 30 steps": lambda: plot(steps(30), synthetic=True),
    "overlap": lambda: overlap(limits=(0.05, 0.95), labels=LONG),
    "specifications": lambda: specification_figure(
        rows(11), measure="survival_difference", at_months=36.0, favours=LONG
    ),
    "specifications 1": lambda: specification_figure(rows(1), measure="survival_difference"),
    "specifications 30": lambda: specification_figure(rows(30), measure="survival_difference"),
    "specifications none estimable": lambda: specification_figure(
        (replace(rows(1)[0], estimate=None, verdict="not estimable", note="no patients"),),
        measure="survival_difference",
    ),
    "ladder": lambda: ladder_figure(views.ladder(), synthetic=True, favours=("never", "surgery")),
    "ladder hazard ratio": lambda: ladder_figure(views.ladder(), measure="hazard_ratio"),
    "benchmark": lambda: benchmark_figure(views.benchmark(), favours=("surgery", "none")),
}
names = pytest.mark.parametrize("name", FIGURES)


@cache
def drawn_figure(name: str) -> Figure:
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
    figure = drawn_figure(name)
    height = figure.get_size_inches()[1] * 72
    for text, left, top, right, bottom in boxes(figure):
        assert left >= -TOUCH, text
        assert right <= WIDTH + TOUCH, text
        assert top >= 0, text
        assert bottom <= height, text


@names
def test_no_texts_overlap(name: str) -> None:
    found = [box for box in boxes(drawn_figure(name)) if box[0].strip()]
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
def test_texts_stand_out_from_the_paper(name: str) -> None:
    for artist in drawn_figure(name).axes[0].texts:
        assert contrast(artist.get_color()) >= 4.5, artist.get_text()


@names
def test_words_for_those_who_cannot_see_it(name: str) -> None:
    svg = to_svg(drawn_figure(name))
    assert "<title" in svg
    assert "<desc" in svg
    assert figure_words(drawn_figure(name))[1]
    assert "<script" not in svg
    assert ' style="' not in svg
    assert "<b>" not in svg


def figure_words(figure: Figure) -> tuple[str, str]:
    return str(figure.get_label()), str(figure.axes[0].get_label())

"""The figures of the page of an emulation, each with its name and title."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.figures import (
    Figure,
    attrition_figure,
    benchmark_figure,
    effect_figure,
    kinds_of,
    ladder_figure,
    save,
    sides,
    specification_figure,
    to_svg,
)
from locoreg.figures.emulation.words import alerts_of
from locoreg.workflows.emulation.view import EmulationView

if TYPE_CHECKING:
    from locoreg.emulation.effect import Effect

TITLES = {
    "attrition": "From the source to the cohort",
    "flow": "Flow of persons through the arms",
    "balance": "Balance of confounders",
    "weights": "Weights over time",
    "curves": "Curves of both strategies",
    "difference": "Difference of the curves",
    "specifications": "Estimates by specification",
    "ladder": "Bias ladder: differences",
    "ladder_hazard_ratio": "Bias ladder: hazard ratios",
    "subgroups": "Estimates in subgroups",
    "benchmark": "The emulation beside randomised trials",
}
# Curves of other methods are drawn for so many of them.
MOST_ALTERNATIVES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A figure.

    Attributes
    ----------
    name, title : str
        File name without ending; name of the region.
    svg : str
        Markup with title and description, its ids unique in the page.
    figure : Figure
        The same, for print.
    """

    name: str
    title: str
    svg: str
    figure: Figure

    def pdf(self) -> bytes:
        """Return the figure for print."""
        with tempfile.TemporaryDirectory() as folder:
            return save(self.figure, Path(folder) / f"{self.name}.pdf").read_bytes()


def draw(view: EmulationView) -> dict[str, Drawing]:
    """Draw every figure for which an emulation holds something.

    Parameters
    ----------
    view : EmulationView
        What the page shows.

    Returns
    -------
    dict of str to Drawing
        By name, in the order of the page.
    """
    makers: dict[str, Callable[[], Figure]] = {
        "attrition": lambda: attrition_figure(
            view.attrition,
            synthetic=view.synthetic,
            alerts=_alerts(view),
            small_cells=view.small_cells,
        )
    }
    kinds = kinds_of(view.shown)
    for kind in ("flow", "balance", "weights"):
        if kind in kinds:
            makers[kind] = _of_effect(view, kind)
    makers["curves"] = _of_effect(view, "curves")
    makers |= _comparisons(view)
    drawings = {name: _drawing(name, TITLES[name], make()) for name, make in makers.items()}
    for i, effect in enumerate(view.alternatives[:MOST_ALTERNATIVES], 1):
        name = f"curves_{i}_{effect.method}"
        drawings[name] = _drawing(name, effect.title, _alternative(view, effect))
    return drawings


def _alternative(view: EmulationView, effect: Effect) -> Figure:
    marked = view.carrying(effect)
    return effect_figure(marked, small_cells=view.small_cells, **_told(view, "curves"))


def _alerts(view: EmulationView) -> tuple[str, ...]:
    return alerts_of(view.drawn)


def _of_effect(view: EmulationView, kind: str) -> Callable[[], Figure]:
    return lambda: effect_figure(
        view.drawn, kind=kind, small_cells=view.small_cells, **_told(view, kind)
    )


def _told(view: EmulationView, kind: str) -> dict[str, Any]:
    """Return what a figure of curves says of the emulation, so that an export names it."""
    if kind != "curves":
        return {}
    return {"notes": (f"Emulated trial: {view.title}. Source: {view.attrition.source}.",)}


def _comparisons(view: EmulationView) -> Mapping[str, Callable[[], Figure]]:
    """Return the makers of figures that lay estimates beside each other."""
    alerts = _alerts(view)
    makers: dict[str, Callable[[], Figure]] = {}
    if view.specifications:
        makers["specifications"] = lambda: specification_figure(
            view.specifications, measure=view.measure, at_months=view.at_months,
            favours=_sides(view, view.measure), synthetic=view.synthetic, alerts=alerts,
        )  # fmt: skip
    if view.ladder is not None:
        for name, measure, kind in (
            ("ladder", "difference", view.ladder.measure),
            ("ladder_hazard_ratio", "hazard_ratio", "hazard_ratio"),
        ):
            makers[name] = _ladder(view, measure, kind)
    if view.subgroups:
        makers["subgroups"] = lambda: specification_figure(
            view.subgroups, measure=view.measure, at_months=view.at_months,
            title=TITLES["subgroups"], rows_are="subgroup", favours=_sides(view, view.measure),
            synthetic=view.synthetic, alerts=alerts,
        )  # fmt: skip
    if view.benchmark is not None and (view.benchmark.trials or view.benchmark.emulations):
        makers["benchmark"] = _benchmark(view)
    return makers


def _ladder(view: EmulationView, measure: str, kind: str) -> Callable[[], Figure]:
    ladder = view.ladder
    assert ladder is not None
    return lambda: ladder_figure(
        ladder,
        measure=measure,
        favours=_sides(view, kind),
        synthetic=view.synthetic,
        alerts=_alerts(view),
    )


def _benchmark(view: EmulationView) -> Callable[[], Figure]:
    found = view.benchmark
    assert found is not None
    return lambda: benchmark_figure(
        found,
        favours=_sides(view, "hazard_ratio"),
        synthetic=view.synthetic,
        alerts=_alerts(view),
    )


def _sides(view: EmulationView, measure: str) -> tuple[str, str]:
    q = view.primary.question
    return sides(measure, q.treated_label, q.comparator_label)


def _drawing(name: str, title: str, figure: Figure) -> Drawing:
    return Drawing(
        name=name, title=title, svg=to_svg(figure, prefix=name.replace("_", "-")), figure=figure
    )

"""The figures of the page of a selection, each with its name and title."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from locoreg.figures import (
    Figure,
    attrition_figure,
    benchmark_figure,
    selection_figure,
    selection_kinds_of,
    sensitivity_figure,
    setting_of,
    sides,
    strength_figure,
    to_svg,
)
from locoreg.report.emulation.drawings import Drawing
from locoreg.workflows.selection.saving import trials_beside

if TYPE_CHECKING:
    from locoreg.workflows.selection.result import SelectionResult

TITLES = {
    "attrition": "From the source to the persons analysed",
    "trials": "The registry beside randomised trials",
    "support": "Support: which persons the data can tell about",
    "toc": "Targeting curve",
    "calibration": "Calibration of the predicted effects",
    "groups": "Effects by quantiles of the predicted effect",
    "benefit": "Distribution of predicted effects",
    "subgroups": "Effects in subgroups",
    "rule": "The rule as a tree",
    "leaves": "Effects in the leaves of the rule",
    "sides": "Effects in those whom rules treat, and in the others",
    "value": "Value against cost",
}


def draw(result: SelectionResult, *, small_cells: int | None = None) -> dict[str, Drawing]:
    """Draw every figure for which a result holds something.

    Parameters
    ----------
    result : SelectionResult
        The result.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden in the flow.

    Returns
    -------
    dict of str to Drawing
        By name. Bounds of hidden confounding have a figure per group of persons.
    """
    setting = setting_of(result)
    makers: dict[str, Callable[[], Figure]] = {
        "attrition": lambda: attrition_figure(
            result.data.attrition,
            synthetic=setting.synthetic,
            alerts=setting.alerts,
            small_cells=small_cells,
        )
    }
    beside = None if result.doubts.anchor is None else trials_beside(result.doubts.anchor)
    if beside is not None:
        q = result.question
        makers["trials"] = lambda: benchmark_figure(
            beside,
            title=TITLES["trials"],
            favours=sides("hazard_ratio", q.treated_label, q.comparator_label),
            synthetic=setting.synthetic,
            alerts=setting.alerts,
        )
    for kind in selection_kinds_of(result):
        if kind in TITLES:
            makers[kind] = _of_kind(result, kind)
    drawings = {name: _made(name, TITLES[name], make()) for name, make in makers.items()}
    for i, bounds in enumerate(result.doubts.marginal, 1):
        figure = sensitivity_figure(bounds, unit=result.question.unit, setting=setting)
        name = f"sensitivity_{i}"
        drawings[name] = _made(name, f"Wrong odds of treatment: {bounds.label}", figure)
    for i, found in enumerate(result.doubts.omitted, 1):
        name = f"strength_{i}"
        title = f"Strength of a hidden variable: {found.label}"
        drawings[name] = _made(name, title, strength_figure(found, setting=setting))
    return drawings


def _of_kind(result: SelectionResult, kind: str) -> Callable[[], Figure]:
    return lambda: selection_figure(result, kind=kind)


def _made(name: str, title: str, figure: Figure) -> Drawing:
    return Drawing(
        name=name, title=title, svg=to_svg(figure, prefix=name.replace("_", "-")), figure=figure
    )

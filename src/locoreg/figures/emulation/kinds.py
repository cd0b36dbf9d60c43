"""The kinds of figure that an effect has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.effect import Effect
from locoreg.figures.emulation.curves import effect_difference, weighted_curves
from locoreg.figures.emulation.flow import attrition_figure, flow_figure
from locoreg.figures.emulation.love import love_plot
from locoreg.figures.emulation.weights import weight_figure
from locoreg.figures.emulation.words import alerts_of


def _attrition(
    effect: Effect, *, title: str | None = None, small_cells: int | None = None
) -> Figure:
    return attrition_figure(
        effect.attrition, title=title, synthetic=effect.synthetic, alerts=alerts_of(effect),
        small_cells=small_cells,
    )  # fmt: skip


_FIGURES: dict[str, Callable[..., Figure]] = {
    "curves": weighted_curves,
    "difference": effect_difference,
    "balance": love_plot,
    "weights": weight_figure,
    "flow": flow_figure,
    "attrition": _attrition,
}
EFFECT_KINDS: tuple[str, ...] = tuple(_FIGURES)


def effect_figure(effect: Effect, *, kind: str = "curves", **options: Any) -> Figure:
    """Draw an effect.

    Parameters
    ----------
    effect : Effect
        What a method returned.
    kind : {"curves", "difference", "balance", "weights", "flow", "attrition"}
        What is drawn.
    **options
        Of the function that draws it: :func:`weighted_curves`, :func:`effect_difference`,
        :func:`love_plot`, :func:`weight_figure`, :func:`flow_figure`, or the title of an
        attrition flow.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; failed diagnostics stand in it.

    Raises
    ------
    DesignError
        If there is no such kind, or the effect has nothing to draw of it.
    """
    if kind not in _FIGURES:
        raise DesignError(
            f"an effect has no figure of kind {kind!r}.", hint=did_you_mean(kind, EFFECT_KINDS)
        )
    return _FIGURES[kind](effect, **options)


def kinds_of(effect: Effect) -> tuple[str, ...]:
    """Return the kinds of figure for which an effect holds something to draw."""
    has = {
        "balance": bool(effect.balance),
        "weights": bool(effect.weights),
        "flow": bool(effect.flow),
        "attrition": bool(effect.attrition.started),
    }
    return tuple(kind for kind in EFFECT_KINDS if has.get(kind, True))

"""Draw results: the only place that knows a plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.evidence.meta import MetaAnalysis
from locoreg.evidence.multiverse import Multiverse
from locoreg.evidence.pooling import EvidencePool
from locoreg.figures.describe import describe
from locoreg.figures.forest import forest_of_meta, forest_of_pools
from locoreg.figures.multiverse import specification_curve
from locoreg.figures.svg import save, to_svg

__all__ = ["Figure", "describe", "plot", "save", "specification_curve", "to_svg"]


@singledispatch
def plot(result: object, *, layout: str = "revman") -> Figure:
    """Draw a result.

    What can be set depends on the kind of result; see the functions named.

    Parameters
    ----------
    result : EvidencePool, sequence of EvidencePool, MetaAnalysis or Multiverse
        Pools give a forest plot (:func:`~locoreg.figures.forest.forest_of_pools`:
        ``layout``, ``axis_limits``, ``exclusions``), several pools of a
        question one with a group each, a meta-analysis the same without a
        catalogue behind it (:func:`~locoreg.figures.forest.forest_of_meta`:
        ``layout``, ``axis_limits``, ``title``, ``measure``, ``favours``), a
        multiverse a specification curve
        (:func:`~locoreg.figures.multiverse.specification_curve`: the same and
        ``most``).
    layout : {"revman", "jama", "bmj"}
        Columns, wording and palette.

    Returns
    -------
    matplotlib.figure.Figure
        Free to be restyled; :func:`to_svg` and :func:`save` write it.

    Raises
    ------
    DesignError
        If the result is of no kind that is drawn, or holds no study.
    """
    raise DesignError(
        f"there is no figure for a {type(result).__name__}.",
        hint="draw pools of evidence, a meta-analysis or a multiverse.",
    )


@plot.register
def _(
    result: EvidencePool,
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    exclusions: bool = True,
) -> Figure:
    return forest_of_pools([result], layout=layout, axis_limits=axis_limits, exclusions=exclusions)


@plot.register(Sequence)
def _(
    result: Sequence[EvidencePool],
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    exclusions: bool = True,
) -> Figure:
    if isinstance(result, str) or not all(isinstance(r, EvidencePool) for r in result):
        raise DesignError("only pools of evidence can be drawn together.")
    return forest_of_pools(result, layout=layout, axis_limits=axis_limits, exclusions=exclusions)


@plot.register
def _(
    result: MetaAnalysis,
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    title: str | None = None,
    measure: str | None = None,
    favours: tuple[str, str] = ("", ""),
) -> Figure:
    return forest_of_meta(
        result,
        layout=layout,
        axis_limits=axis_limits,
        title=title,
        measure=measure,
        favours=favours,
    )


@plot.register
def _(
    result: Multiverse,
    *,
    layout: str = "revman",
    axis_limits: tuple[float, float] | None = None,
    title: str | None = None,
    measure: str | None = None,
    favours: tuple[str, str] = ("", ""),
    most: int = 64,
) -> Figure:
    return specification_curve(
        result,
        layout=layout,
        axis_limits=axis_limits,
        title=title,
        measure=measure,
        favours=favours,
        most=most,
    )

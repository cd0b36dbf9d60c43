"""Pens for curves: traces, bands and marks in one path each."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from locoreg.figures.canvas import Pen
from locoreg.stats.survivaldata import FloatArray


class CurvePen(Pen):
    """A pen that also draws paths of many points."""

    def trace(
        self,
        points: FloatArray,
        *,
        role: str,
        colour: str,
        width: float,
        dashes: tuple[float, ...] | None = None,
    ) -> None:
        """Draw an open line through points, shape (p, 2)."""
        patch = PathPatch(_path(points), facecolor="none", edgecolor=colour, linewidth=width)
        patch.set_capstyle("butt")
        if dashes is not None:
            patch.set_linestyle((0, tuple(length / width for length in dashes)))
        self._add(patch, role)

    def area(
        self, outline: FloatArray, *, role: str, fill: str, opacity: float, hatch: str | None = None
    ) -> None:
        """Fill a closed outline, shape (p, 2), and hatch it in a colour."""
        patch = PathPatch(_path(outline, closed=True), facecolor=fill, alpha=opacity, linewidth=0.0)
        self._add(patch, role)
        if hatch is not None:
            lines = PathPatch(
                _path(outline, closed=True),
                facecolor="none",
                edgecolor=hatch,
                hatch="//",
                linewidth=0.0,
            )
            self._add(lines, f"{role}-hatch")

    def ticks(
        self, centres: FloatArray, half: float, *, role: str, colour: str, width: float
    ) -> None:
        """Draw short upright lines about points, shape (p, 2), as one path."""
        points = np.repeat(centres, 2, axis=0)
        points[0::2, 1] -= half
        points[1::2, 1] += half
        codes = np.tile([Path.MOVETO, Path.LINETO], centres.shape[0])
        path = Path(np.round(points, 2), codes)
        path.should_simplify = False
        self._add(PathPatch(path, facecolor="none", edgecolor=colour, linewidth=width), role)

    def _add(self, patch: PathPatch, role: str) -> None:
        patch.set_joinstyle("miter")
        patch.set_clip_on(False)
        self._axes.add_patch(patch)
        self._name(patch, role)


def _path(points: FloatArray, *, closed: bool = False) -> Path:
    path = Path(np.vstack((points, points[:1])), closed=True) if closed else Path(points)
    # Points are thinned already, to a stated tolerance.
    path.should_simplify = False
    return path

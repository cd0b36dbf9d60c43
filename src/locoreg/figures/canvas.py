"""A sheet to draw on, in points from the upper left corner; every mark belongs to a named part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Polygon, Rectangle

from locoreg.figures.layouts import INK, PAPER
from locoreg.figures.textfit import FAMILY

Align = Literal["left", "center", "right"]
Point = tuple[float, float]
PART_MARK = "--"
# Half the height of digits, so that a text can be centred on a line by its baseline.
HALF_DIGIT = 0.36
# Settings of the user's session that are none of a figure's business.
_SESSION = frozenset(
    {
        "backend",
        "backend_fallback",
        "date.epoch",
        "docstring.hardcopy",
        "figure.max_open_warning",
        "figure.raise_window",
        "interactive",
        "savefig.directory",
        "timezone",
        "tk.window_focus",
        "toolbar",
        "webagg.address",
        "webagg.open_in_browser",
        "webagg.port",
        "webagg.port_retries",
    }
)
_FIXED: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "locoreg", "pdf.fonttype": 42}


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with matplotlib's own defaults, whatever the user's session has set."""
    own: dict[Any, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if k not in _SESSION}
    with matplotlib.rc_context({**own, **_FIXED}):
        yield


class Canvas:
    """A figure with one invisible axes whose unit is the point and whose y grows downwards.

    Parameters
    ----------
    width : float
        Width in points.
    """

    def __init__(self, width: float) -> None:
        self.width = width
        self.figure = Figure(figsize=(width / 72, 1), facecolor=PAPER)
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, width)

    def pen(self, part: str, sentence: str = "", *, under: bool = False) -> Pen:
        """Return a pen whose marks belong to a part; the sentence describes it to readers.

        Marks of a pen with ``under`` lie below those of all other pens.
        """
        return Pen(self, part, sentence, under=under)

    def finish(self, height: float, *, title: str, description: str) -> Figure:
        """Set the height in points and the words for those who can't see the figure."""
        self.figure.set_size_inches(self.width / 72, height / 72)
        self.axes.set_ylim(height, 0)
        self.figure.set_label(title)
        self.axes.set_label(description)
        return self.figure


class Pen:
    """Draws the marks of one part, in the order in which they shall lie on each other."""

    def __init__(self, canvas: Canvas, part: str, sentence: str, *, under: bool) -> None:
        self._axes = canvas.axes
        # One height for all keeps the order of drawing, and so a part's marks together.
        self._height = 1 if under else 2
        self._part = part
        self._sentence = sentence
        self._used: dict[str, int] = {}

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        role: str,
        size: float,
        align: Align = "left",
        bold: bool = False,
        italic: bool = False,
        colour: str = INK,
    ) -> None:
        """Write one line whose digits are centred on y."""
        artist = self._axes.text(
            x,
            y + HALF_DIGIT * size,
            text,
            fontsize=size,
            fontfamily=[FAMILY],
            fontweight="bold" if bold else "normal",
            fontstyle="italic" if italic else "normal",
            color=colour,
            ha=align,
            va="baseline",
            parse_math=False,
            clip_on=False,
        )
        self._name(artist, role)

    def line(
        self,
        start: Point,
        end: Point,
        *,
        role: str,
        colour: str,
        width: float,
        dashes: tuple[float, float] | None = None,
    ) -> None:
        """Draw a straight line, dashed if lengths of dash and gap in points are given."""
        artist = Line2D(
            [start[0], end[0]],
            [start[1], end[1]],
            color=colour,
            linewidth=width,
            solid_capstyle="butt",
            clip_on=False,
        )
        if dashes is not None:
            artist.set_linestyle((0, tuple(length / width for length in dashes)))
        self._axes.add_line(artist)
        self._name(artist, role)

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        role: str,
        fill: str | None,
        edge: str | None = None,
    ) -> None:
        """Draw a rectangle."""
        self._patch(Rectangle((left, top), width, height), role, fill, edge)

    def disc(self, x: float, y: float, diameter: float, *, role: str, fill: str) -> None:
        """Draw a circle."""
        self._patch(Ellipse((x, y), diameter, diameter), role, fill, None)

    def shape(
        self, points: Sequence[Point], *, role: str, fill: str | None, edge: str | None = None
    ) -> None:
        """Draw a closed polygon."""
        self._patch(Polygon(list(points), closed=True), role, fill, edge)

    def _patch(
        self, patch: Rectangle | Ellipse | Polygon, role: str, fill: str | None, edge: str | None
    ) -> None:
        patch.set_facecolor(fill or "none")
        patch.set_edgecolor(edge or "none")
        patch.set_linewidth(1.0 if edge else 0.0)
        patch.set_joinstyle("miter")
        patch.set_clip_on(False)
        self._axes.add_patch(patch)
        self._name(patch, role)

    def _name(self, artist: Artist, role: str) -> None:
        count = self._used.get(role, 0)
        self._used[role] = count + 1
        artist.set_gid(f"{self._part}{PART_MARK}{role}{count or ''}")
        artist.set_zorder(self._height)
        if self._sentence and len(self._used) == 1 and count == 0:
            artist.set_label(self._sentence)

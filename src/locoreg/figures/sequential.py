"""Draw a trial sequential analysis: the cumulative z-curve against its boundaries."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.figure import Figure

from locoreg.core.numbertext import plural
from locoreg.evidence.sequential import SequentialRow, share_text
from locoreg.figures.canvas import Canvas, Point, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.layouts import FAINT_INK, INK, PAPER, RULE
from locoreg.figures.textfit import one_line, text_width, wrap
from locoreg.workflows.sequential import SequentialView

WIDTH = 760.0
HEIGHT = 330.0
LEFT, RIGHT = 74.0, 600.0
CURVE = "#005A8C"
BOUND = "#8C2D04"
WEDGE = "#DDE3E8"
# Largest z drawn: boundaries of early looks lie beyond, where nothing is to be seen.
TOP_Z = 8.0
LEAST_Z = 3.0
# Where less than this share is there the axis ends before the required information.
NEAREST_SHARE = 0.2
LABEL_STEP = 9.0
# Half the width of a region of futility at a single look.
BAR = 3.0


def sequential_figure(view: SequentialView) -> Figure:
    """Draw a trial sequential analysis.

    Parameters
    ----------
    view : SequentialView
        From :func:`locoreg.workflows.sequential.sequential_of_pool`.

    Returns
    -------
    matplotlib.figure.Figure
        Share of the required information across, z upwards.
    """
    return _Sheet(view).draw()


def sequential_summary(view: SequentialView) -> str:
    """Return what the figure shows in numbers."""
    last = view.analysis.last
    return (
        f"{plural(len(view.analysis.rows), 'trial')}, cumulative z {last.z:.2f} at "
        f"{share_text(last.fraction)} of the required information. "
        f"{view.analysis.verdict.sentence}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A look with its boundaries, and its share of the required information."""

    share: float
    benefit: float
    harm: float
    low: float
    high: float


class _Sheet:
    """Draws from top to bottom; ``y`` is where the next line begins."""

    def __init__(self, view: SequentialView) -> None:
        self.view = view
        self.rows = view.analysis.rows
        there = max(row.fraction for row in self.rows)
        self.cut = view.analysis.final is not None and there < NEAREST_SHARE
        self.end = 1.25 * there if self.cut else 1.06 * max(1.0, there)
        places = [_place(row.fraction, row) for row in self.rows if row.look is not None]
        final = view.analysis.final
        if final is not None:
            places.append(
                _Place(
                    share=1.0, benefit=final.benefit, harm=final.harm, low=final.futility_low,
                    high=final.futility_high,
                )
            )  # fmt: skip
        self.places = places
        sizes = [abs(row.z) for row in self.rows]
        bounds = [abs(p.benefit) for p in places if abs(p.benefit) <= TOP_Z]
        self.reach = min(TOP_Z, math.ceil(max([LEAST_Z, *sizes, *bounds]) + 0.5))
        self.y = MARGIN

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            self._head()
            self.top = self.y
            self._futility()
            self._grid()
            self._bounds()
            self._curve()
            self._legend()
            self._notes()
            return self.canvas.finish(
                self.y + MARGIN, title=self._title(), description=sequential_summary(self.view)
            )

    def _title(self) -> str:
        return one_line(f"{self.view.title}: trial sequential analysis")

    def _head(self) -> None:
        pen = self.canvas.pen("title")
        for line in wrap(self._title(), WIDTH - 2 * MARGIN, TITLE, "bold"):
            pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True)
            self.y += 14
        pen = self.canvas.pen("subtitle")
        for line in wrap(self.view.analysis.verdict.sentence, WIDTH - 2 * MARGIN, TEXT):
            pen.text(MARGIN, self.y + 6, line, role="line", size=TEXT, colour=FAINT_INK)
            self.y += 11
        self.y += 18

    def x(self, share: float) -> float:
        """Return the place of a share of the required information."""
        return LEFT + share / self.end * (RIGHT - LEFT)

    def height(self, z: float) -> float:
        """Return the place of a z-value, held within the plot."""
        held = max(-self.reach, min(self.reach, z))
        return self.top + (1 - held / self.reach) / 2 * HEIGHT

    def _grid(self) -> None:
        pen = self.canvas.pen("scale")
        bottom = self.top + HEIGHT
        pen.line((LEFT, self.top), (LEFT, bottom), role="side", colour=INK, width=0.8)
        pen.line((LEFT, bottom), (RIGHT, bottom), role="line", colour=INK, width=0.8)
        whole = int(self.reach)
        for z in (one for one in range(-whole, whole + 1) if whole <= 5 or one % 2 == 0):
            y = self.height(z)
            pen.line((LEFT - 3.5, y), (LEFT, y), role="z-tick", colour=INK, width=0.8)
            text = f"{z:d}".replace("-", "−")
            pen.text(LEFT - 6, y, text, role="z-label", size=HEAD, align="right")
        null = self.height(0)
        pen.line((LEFT, null), (RIGHT, null), role="no-effect", colour=INK, width=0.6)
        step = _round_step(self.end / 5)
        for i in range(int(self.end / step) + 1):
            x = self.x(i * step)
            pen.line((x, bottom), (x, bottom + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, bottom + 10, f"{100 * i * step:g}%", role="label", size=HEAD,
                     align="center")  # fmt: skip
        pen.text(MARGIN, self.top - 11, "Cumulative z", role="z-title", size=HEAD, bold=True)
        self.y = bottom + 17
        pen = self.canvas.pen("favours")
        high, low = (
            one_line(f"{arrow} Favours {what}")
            for arrow, what in (("↑", self.view.favours_high), ("↓", self.view.favours_low))
        )
        # Outside the plot, where no boundary or point can lie.
        pen.text(RIGHT, self.top - 11, high, role="high", size=SMALL, colour=FAINT_INK,
                 align="right")  # fmt: skip
        pen.text(RIGHT, self.y + 4, low, role="low", size=SMALL, colour=FAINT_INK,
                 align="right")  # fmt: skip
        self.y += 10
        pen = self.canvas.pen("axis-title")
        pen.text((LEFT + RIGHT) / 2, self.y + 5, self._axis_title(), role="title", size=HEAD,
                 align="center", bold=True)  # fmt: skip
        self.y += 16

    def _axis_title(self) -> str:
        events = self.view.required_events
        of = "" if events is None else f" (100% is {events:,.0f} events in equal arms)"
        return f"Share of the required information{of}"

    def _futility(self) -> None:
        edges = self._futility_edges()
        if not edges:
            return
        pen = self.canvas.pen("futility", under=True)
        upper = [(self.x(share), self.height(high)) for share, _, high in edges]
        lower = [(self.x(share), self.height(low)) for share, low, _ in edges]
        if len(edges) == 1:
            # A region at one look has no width: a bar that the eye can find.
            (x, top), (_, bottom) = upper[0], lower[0]
            upper, lower = [(x - BAR, top), (x + BAR, top)], [(x - BAR, bottom), (x + BAR, bottom)]
        pen.shape([*upper, *reversed(lower)], role="region", fill=WEDGE)
        pen.line(upper[0], lower[0], role="edge", colour=RULE, width=1.0)

    def _futility_edges(self) -> list[tuple[float, float, float]]:
        """Return share, low and high edge of the region of futility where it is in the plot."""
        edges = [
            (p.share, _or(p.low, -self.reach), _or(p.high, self.reach))
            for p in self.places
            if not (math.isnan(p.low) and math.isnan(p.high))
        ]
        inside = [edge for edge in edges if edge[0] <= self.end]
        if inside and len(inside) < len(edges):
            (s0, *here), (s1, *there) = inside[-1], edges[len(inside)]
            part = (self.end - s0) / (s1 - s0)
            low, high = (a + part * (b - a) for a, b in zip(here, there, strict=True))
            inside.append((self.end, low, high))
        return inside

    def _bounds(self) -> None:
        z = self.view.analysis.conventional
        both = (z, -z) if self.view.analysis.options.sides == 2 else (
            z * self.view.analysis.options.direction,
        )  # fmt: skip
        pen = self.canvas.pen("conventional")
        for one in both:
            y = self.height(one)
            pen.line((LEFT, y), (RIGHT, y), role="line", colour=FAINT_INK, width=0.8,
                     dashes=(2, 3))  # fmt: skip
            pen.text(RIGHT + 6, y, f"{one:.2f}".replace("-", "−") + " single test", role="label",
                     size=SMALL, colour=FAINT_INK)  # fmt: skip
        for name in ("benefit", "harm"):
            drawn = [(p.share, getattr(p, name)) for p in self.places]
            self._bound(name, [(s, b) for s, b in drawn if not math.isnan(b)])
        if not self.cut:
            pen = self.canvas.pen("required")
            x = self.x(1.0)
            pen.line((x, self.top), (x, self.top + HEIGHT), role="line", colour=INK, width=1.0)
            pen.text(x - 4, self.top + 6, "Required information", role="label", size=SMALL,
                     align="right")  # fmt: skip

    def _bound(self, name: str, points: list[tuple[float, float]]) -> None:
        """Draw a boundary through its looks, cut where it leaves the plot."""
        pen = self.canvas.pen(name)
        seen = [(s, b) for s, b in points if abs(b) <= self.reach and s <= self.end]
        for (s0, b0), (s1, b1) in pairwise(points):
            ends = self._clip(s0, b0, s1, b1)
            if ends is not None:
                pen.line(*ends, role="line", colour=BOUND, width=1.5)
        for share, bound in seen:
            x, y = self.x(share), self.height(bound)
            pen.line((x - 3, y), (x + 3, y), role="look", colour=BOUND, width=1.5)
        if seen:
            share, bound = seen[0]
            x, side = self.x(share), 1 if bound > 0 else -1
            text = f"Boundary for {name}"
            after = x + 8 + text_width(text, SMALL) <= RIGHT
            y = self.height(bound) - 11 * side
            y = min(max(y, self.top + 5), self.top + HEIGHT - 6)
            pen.text(x + 8 if after else x - 8, y, text, role="label", size=SMALL, colour=BOUND,
                     align="left" if after else "right")  # fmt: skip

    def _clip(self, s0: float, b0: float, s1: float, b1: float) -> tuple[Point, Point] | None:
        """Return the part of a piece of boundary that lies within the plot."""
        first, last = 0.0, 1.0
        if s1 > self.end:
            last = min(last, (self.end - s0) / (s1 - s0))
        limit = math.copysign(self.reach, b0)
        if abs(b0) > self.reach:
            if abs(b1) >= self.reach:
                return None
            first = (limit - b0) / (b1 - b0)
        if first >= last:
            return None
        at = [(s0 + part * (s1 - s0), b0 + part * (b1 - b0)) for part in (first, last)]
        return (
            (self.x(at[0][0]), self.height(at[0][1])),
            (self.x(at[1][0]), self.height(at[1][1])),
        )

    def _curve(self) -> None:
        pen = self.canvas.pen("curve")
        points = [(0.0, 0.0), *((row.fraction, row.z) for row in self.rows)]
        places = [(self.x(s), self.height(z)) for s, z in points]
        for start, stop in pairwise(places):
            pen.line(start, stop, role="line", colour=CURVE, width=1.6)
        for i, (row, (x, y)) in enumerate(zip(self.rows, places[1:], strict=True)):
            sentence = (
                f"{one_line(row.label)}: z {row.z:.2f} at {share_text(row.fraction)} of the "
                f"required information, {self.view.measure} {row.mu.text()}"
            )
            pen = self.canvas.pen(f"s{i}", sentence)
            pen.disc(x, y, 8.0, role="edge", fill=PAPER)
            pen.disc(x, y, 6.4, role="point", fill=CURVE if row.look is not None else FAINT_INK)
            pen.text(x, y - 9 if i % 2 == 0 else y + 10, str(i + 1), role="number", size=SMALL,
                     align="center", bold=True)  # fmt: skip

    def _legend(self) -> None:
        pen = self.canvas.pen("legend")
        low = self.height(-self.view.analysis.conventional) + 14
        y = max(self.top + 40, low)
        for i, row in enumerate(self.rows):
            if y > self.top + HEIGHT + 20:
                rest = len(self.rows) - i
                pen.text(RIGHT + 6, y, f"and {rest} more", role="rest", size=SMALL)
                break
            text = f"{i + 1}  {one_line(row.label)}"
            if row.date:
                text += f" {row.date}" if row.date not in row.label else ""
            pieces = wrap(text, WIDTH - RIGHT - 6 - MARGIN, SMALL)
            for piece in pieces:
                pen.text(RIGHT + 6, y, piece, role="trial", size=SMALL)
                y += LABEL_STEP

    def _notes(self) -> None:
        self.y += 4
        pen = self.canvas.pen("notes")
        notes = [
            "Points: the pool of the trials up to each, in order of publication. Boundaries hold "
            "at the looks and are joined by lines.",
        ]
        if self._futility_edges():
            notes.append("Grey: region of futility.")
        if self.cut:
            share = share_text(self.view.analysis.required.fraction)
            notes.append(
                f"The axis ends before the required information, of which there is {share}."
            )
        beyond = [p for p in self.places if math.isnan(p.benefit) or abs(p.benefit) > self.reach]
        if beyond:
            notes.append(
                f"At {plural(len(beyond), 'look')} the boundary lies beyond the plot or there is "
                "none."
            )
        for note in notes:
            for line in wrap(note, WIDTH - 2 * MARGIN, SMALL):
                pen.text(MARGIN, self.y + 5, line, role="line", size=SMALL, colour=FAINT_INK)
                self.y += 10


def _place(share: float, row: SequentialRow) -> _Place:
    return _Place(
        share=share, benefit=row.benefit, harm=row.harm, low=row.futility_low,
        high=row.futility_high,
    )  # fmt: skip


def _or(value: float, other: float) -> float:
    return other if math.isnan(value) else value


def _round_step(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)

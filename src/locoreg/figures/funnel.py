"""Draw effects against their standard errors, with regions of significance."""

from __future__ import annotations

import math
from itertools import pairwise

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Scale
from locoreg.core.numbertext import decimal_text, interval_text, plural
from locoreg.figures.axis import EffectAxis, choose_axis, tick_text
from locoreg.figures.canvas import Canvas, Point, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.layouts import FAINT_INK, INK, PAPER, RULE
from locoreg.figures.textfit import one_line, wrap
from locoreg.figures.wording import axis_title, favours_labels
from locoreg.workflows.explore.funnel import EffectsFunnel, Funnel, FunnelPoint

WIDTH = 760.0
HEIGHT = 340.0
LEFT, RIGHT = 74.0, 610.0
BACK = "#F4F4F4"
# From the narrowest region outwards; the innermost is white, the point contrasts with each.
SHADES = (PAPER, "#D2D7DC", "#E3E6EA")
POINT = "#005A8C"
# Lines of regressions, each with its own dashes, so that colour is not the only difference.
TRENDS: tuple[tuple[str, tuple[float, float] | None], ...] = (
    ("#9A3412", None),
    ("#5B2A86", (7.0, 2.0)),
    ("#1F5F3B", (2.0, 2.0)),
)
CURVE_STEPS = 48


def funnel_figure(
    result: Funnel | EffectsFunnel, *, axis_limits: tuple[float, float] | None = None
) -> Figure:
    """Draw a funnel plot.

    Parameters
    ----------
    result : Funnel or EffectsFunnel
        Ten studies or more of a pool of the evidence; any number of anyone's effects, with a
        remark under ten.
    axis_limits : tuple of float, optional
        Ends of the effect axis; studies beyond end in arrow heads.

    Returns
    -------
    matplotlib.figure.Figure
        Effect across, standard error downwards.

    Raises
    ------
    DesignError
        If a pool of the evidence has too few studies.
    """
    return _Sheet(_effects_of(result), funnel_summary(result), axis_limits).draw()


def funnel_summary(result: Funnel | EffectsFunnel) -> str:
    """Return what the figure shows in numbers."""
    shown = _effects_of(result)
    largest = max(point.se for point in shown.points)
    studies = plural(len(shown.points), "study", "studies")
    text = f"{studies}, standard errors up to {decimal_text(largest)}, about a pooled "
    middle = (shown.centre, shown.centre_low, shown.centre_high)
    pooled = [_natural(value, shown.scale) for value in middle]
    text += f"{shown.measure} of "
    text += decimal_text(pooled[0]) if math.isnan(pooled[1]) else interval_text(*pooled)
    if shown.filled:
        text += f", with {plural(len(shown.filled), 'study', 'studies')} filled in"
    return f"{text}. {shown.too_few}".strip()


def _effects_of(result: Funnel | EffectsFunnel) -> EffectsFunnel:
    """Return what is drawn, whatever it is of."""
    if isinstance(result, EffectsFunnel):
        return result
    if result.too_few:
        raise DesignError(
            f"no funnel plot: {result.too_few}.",
            hint="with fewer, asymmetry can't be told from chance.",
        )
    pool = result.pool
    return EffectsFunnel(
        title=f"{pool.outcome.label}, {pool.design_label.lower()}: funnel plot",
        subtitle=pool.question.population,
        measure=pool.question.measure,
        axis_title=axis_title(pool.question.measure, pool.outcome),
        favours=favours_labels(pool.question, pool.outcome),
        scale=result.scale,
        points=result.points,
        filled=(),
        centre=result.centre,
        centre_low=pool.meta.mu.ci_low,
        centre_high=pool.meta.mu.ci_high,
        level=pool.meta.mu.level,
        limits_z=result.limits_z,
        regions=result.regions,
        lines=(),
        one_group=False,
        tested=False,
        too_few="",
    )


def _natural(value: float, scale: Scale) -> float:
    return math.exp(min(value, 700.0)) if scale == "log" else value


class _Sheet:
    """Draws from top to bottom; ``y`` is where the next line begins."""

    def __init__(
        self, result: EffectsFunnel, summary: str, axis_limits: tuple[float, float] | None
    ) -> None:
        self.result = result
        self.summary = summary
        drawn = (*result.points, *result.filled)
        largest = max(point.se for point in drawn)
        self.largest = _round_up(largest)
        reach = [result.centre + side * result.limits_z * largest for side in (-1, 1)]
        ends = [self._natural(end) for end in reach] + [p.effect for p in drawn]
        if axis_limits is None and result.one_group:
            axis_limits = _about(ends)
        self.axis: EffectAxis = choose_axis(ends, scale=result.scale, limits=axis_limits)
        self.y = MARGIN

    def _natural(self, value: float) -> float:
        return _natural(value, self.result.scale)

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            self._head()
            self.top = self.y
            self._regions()
            self._lines()
            self._trends()
            for i, point in enumerate(self.result.points):
                self._point(f"s{i}", point, filled=False)
            for i, point in enumerate(self.result.filled):
                self._point(f"f{i}", point, filled=True)
            self._scales()
            self._legend()
            self._notes()
            return self.canvas.finish(
                self.y + MARGIN, title=one_line(self.result.title), description=self.summary
            )

    def _head(self) -> None:
        pen = self.canvas.pen("title")
        for line in wrap(one_line(self.result.title), WIDTH - 2 * MARGIN, TITLE, "bold"):
            pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True)
            self.y += 14
        pen = self.canvas.pen("subtitle")
        text = one_line(self.result.subtitle)
        for line in wrap(text, WIDTH - 2 * MARGIN, TEXT):
            pen.text(MARGIN, self.y + 6, line, role="line", size=TEXT, colour=FAINT_INK)
            self.y += 11
        self.y += 18

    def x(self, effect: float) -> float:
        """Return the place of an effect on the natural scale, not cut."""
        return LEFT + self.axis.fraction(effect) * (RIGHT - LEFT)

    def depth(self, se: float) -> float:
        """Return the place of a standard error."""
        return self.top + se / self.largest * HEIGHT

    def _regions(self) -> None:
        pen = self.canvas.pen("regions", under=True)
        pen.box(LEFT, self.top, RIGHT - LEFT, HEIGHT, role="back", fill=BACK)
        # Without a value that means no effect there is nothing to be significant against.
        pairs = list(zip(self.result.regions, SHADES, strict=not self.result.one_group))
        for region, fill in reversed(pairs):
            reach = region.z * self.largest
            corners = self._triangle(0.0, reach)
            pen.shape(corners, role=f"region-{region.level:g}", fill=fill)

    def _triangle(self, centre: float, reach: float) -> list[Point]:
        """Return the part of a funnel that lies between the edges of the plot."""
        corners: list[Point] = [
            (self.x(self._natural(centre)), self.top),
            (self.x(self._natural(centre + reach)), self.top + HEIGHT),
            (self.x(self._natural(centre - reach)), self.top + HEIGHT),
        ]
        return _clip(_clip(corners, LEFT, 1.0), RIGHT, -1.0)

    def _lines(self) -> None:
        result = self.result
        if not result.one_group:
            null = self.x(self.axis.no_effect)
            self.canvas.pen("no-effect").line(
                (null, self.top), (null, self.top + HEIGHT), role="line", colour=INK, width=0.8
            )
        centre = self.x(self._natural(result.centre))
        pen = self.canvas.pen("pseudo-limits")
        if LEFT <= centre <= RIGHT:
            bottom = (centre, self.top + HEIGHT)
            pen.line(
                (centre, self.top), bottom, role="centre", colour=INK, width=0.9, dashes=(4, 3)
            )
        for side, role in ((-1.0, "low"), (1.0, "high")):
            end = self.x(self._natural(result.centre + side * result.limits_z * self.largest))
            start = (centre, self.top)
            stop = (end, self.top + HEIGHT)
            kept = _cut_line(start, stop)
            if kept is not None:
                pen.line(*kept, role=role, colour=INK, width=0.9, dashes=(4, 3))

    def _trends(self) -> None:
        """Draw the lines of regressions on the size of studies, from no error downwards."""
        for i, line in enumerate(self.result.lines):
            pen = self.canvas.pen(f"trend{i}", one_line(line.label))
            steps = 1 if line.predictor == "se" else CURVE_STEPS
            errors = [part / steps * self.largest for part in range(steps + 1)]
            places = [
                (self.x(self._natural(line.at(error))), self.depth(error)) for error in errors
            ]
            for start, stop in pairwise(places):
                kept = _cut_line(start, stop)
                if kept is not None:
                    colour, dashes = TRENDS[i % len(TRENDS)]
                    pen.line(*kept, role="trend", colour=colour, width=1.4, dashes=dashes)

    def _point(self, part: str, point: FunnelPoint, *, filled: bool) -> None:
        sentence = (
            f"{one_line(point.label)}: {self.result.measure} "
            f"{decimal_text(point.effect)}, standard error {decimal_text(point.se)}"
        )
        if filled:
            sentence += ", filled in"
        pen = self.canvas.pen(part, sentence)
        x, y = self.x(point.effect), self.depth(point.se)
        if LEFT <= x <= RIGHT:
            pen.disc(x, y, 7.0, role="edge", fill=POINT if filled else PAPER)
            if filled:
                pen.disc(x, y, 4.6, role="point", fill=PAPER)
            else:
                pen.disc(x, y, 5.6, role="point", fill=POINT)
            return
        tip, back = (LEFT - 1, 6.0) if x < LEFT else (RIGHT + 1, -6.0)
        corners = [(tip, y), (tip + back, y - 3.2), (tip + back, y + 3.2)]
        pen.shape(corners, role="arrow", fill=POINT)

    def _scales(self) -> None:
        pen = self.canvas.pen("scale")
        bottom = self.top + HEIGHT
        pen.line((LEFT, bottom), (RIGHT, bottom), role="line", colour=INK, width=0.8)
        for tick in self.axis.ticks:
            x = self.x(tick)
            pen.line((x, bottom), (x, bottom + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, bottom + 10, tick_text(tick), role="label", size=HEAD, align="center")
        pen.line((LEFT, self.top), (LEFT, bottom), role="side", colour=INK, width=0.8)
        for part in (0.0, 0.25, 0.5, 0.75, 1.0):
            se = part * self.largest
            y = self.depth(se)
            pen.line((LEFT - 3.5, y), (LEFT, y), role="se-tick", colour=INK, width=0.8)
            pen.text(LEFT - 6, y, f"{se:.3g}", role="se-label", size=HEAD, align="right")
        pen.text(MARGIN, self.top - 7, "Standard error", role="se-title", size=HEAD, bold=True)
        self.y = bottom + 17
        self._sides()
        title = one_line(self.result.axis_title)
        middle = (LEFT + RIGHT) / 2
        pen = self.canvas.pen("axis-title")
        pen.text(middle, self.y + 5, title, role="title", size=HEAD, align="center", bold=True)
        self.y += 16

    def _sides(self) -> None:
        left, right = (one_line(side) for side in self.result.favours)
        if not left and not right:
            return
        pen = self.canvas.pen("favours")
        pen.text(LEFT, self.y + 4, f"← {left}", role="left", size=SMALL, colour=FAINT_INK)
        pen.text(
            RIGHT, self.y + 4, f"{right} →", role="right", size=SMALL, align="right",
            colour=FAINT_INK,
        )  # fmt: skip
        self.y += 12

    def _legend(self) -> None:
        pen = self.canvas.pen("legend")
        x, y = RIGHT + 16, self.top + 6
        levels = [f"{100 - region.level:g}%" for region in self.result.regions]
        words = [f"p {above} to {below}" for below, above in pairwise(levels)]
        if levels:
            words = [f"p above {levels[0]}", *words, f"p under {levels[-1]}"]
        for fill, text in zip((*SHADES, BACK)[: len(words)], words, strict=True):
            pen.box(x, y - 5, 12, 10, role="box", fill=fill, edge=RULE)
            pen.text(x + 18, y, text, role="text", size=SMALL)
            y += 16
        pen.line((x, y), (x + 12, y), role="dashes", colour=INK, width=0.9, dashes=(4, 3))
        level = f"{self.result.level:g}% pseudo-limits"
        pen.text(x + 18, y, level, role="text", size=SMALL)
        for i, line in enumerate(self.result.lines):
            y += 16
            colour, dashes = TRENDS[i % len(TRENDS)]
            pen.line((x, y), (x + 12, y), role="trend", colour=colour, width=1.4, dashes=dashes)
            pen.text(x + 18, y, one_line(line.label), role="text", size=SMALL)
        if self.result.filled:
            y += 16
            pen.disc(x + 6, y, 7.0, role="edge", fill=POINT)
            pen.disc(x + 6, y, 4.6, role="hollow", fill=PAPER)
            pen.text(x + 18, y, "filled in (trim and fill)", role="text", size=SMALL)

    def _notes(self) -> None:
        self.y += 4
        pen = self.canvas.pen("notes")
        result = self.result
        tested = bool(result.lines or result.filled or result.tested)
        shades = " Shades: where a study's own test of no effect would stand."
        gap = "A gap on one side" if result.one_group else "A gap where small studies without an"
        gap += " among the small studies" if result.one_group else " effect would lie"
        for note in (
            result.too_few,
            "Dashed: pooled effect and the limits within which studies would lie if they differed "
            "by chance alone." + ("" if result.one_group else shades),
            f"{gap} may come from selective publication, from true differences of small studies, "
            "or from chance." + ("" if tested else " No test is computed."),
        ):
            if not note:
                continue
            for line in wrap(note, WIDTH - 2 * MARGIN, SMALL):
                pen.text(MARGIN, self.y + 5, line, role="line", size=SMALL, colour=FAINT_INK)
                self.y += 10
            self.y += 1.5


def _about(ends: list[float]) -> tuple[float, float]:
    """Return round limits, four steps apart, that hold all ends."""
    span = max(ends) - min(ends)
    power = 10.0 ** math.floor(math.log10(span / 4))
    for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20):
        low = math.floor(min(ends) / (step * power)) * step * power
        if low + 4 * step * power >= max(ends):
            break
    return low, low + 4 * step * power


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power
        for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10)
        if step * power >= 1.02 * value or step == 10
    )


def _clip(corners: list[Point], edge: float, sign: float) -> list[Point]:
    """Clip a convex polygon at an upright line; the side of ``sign`` stays."""
    kept: list[Point] = []
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        inside0, inside1 = sign * (x0 - edge) >= 0, sign * (x1 - edge) >= 0
        if inside0:
            kept.append((x0, y0))
        if inside0 != inside1:
            kept.append((edge, y0 + (y1 - y0) * (edge - x0) / (x1 - x0)))
    return kept or [(edge, corners[0][1])] * 3


def _cut_line(start: Point, stop: Point) -> tuple[Point, Point] | None:
    """Return the part of a line between the edges of the plot."""
    (x0, y0), (x1, y1) = start, stop
    parts = [0.0, 1.0]
    if x1 != x0:
        first, last = sorted(((LEFT - x0) / (x1 - x0), (RIGHT - x0) / (x1 - x0)))
        parts = [max(0.0, first), min(1.0, last)]
    if parts[0] >= parts[1]:
        return None
    ends = [(x0 + part * (x1 - x0), y0 + part * (y1 - y0)) for part in parts]
    return ends[0], ends[1]

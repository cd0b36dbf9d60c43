"""Draw a pool under several priors, and each study shrunk towards the others."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text, interval_text, range_text
from locoreg.evidence.posterior import probability_text
from locoreg.evidence.priorsensitivity import BayesianRow, PriorSensitivity, ShrunkStudy
from locoreg.figures.axis import EffectAxis, choose_axis, tick_text, trimmed
from locoreg.figures.canvas import Canvas, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.layouts import FAINT_INK, INK, RULE
from locoreg.figures.rowplot import Mark, PlotRow, RowPlot, beyond, draw_rows
from locoreg.figures.textfit import wrap

WIDTH = 760.0
PANEL = 210.0
# Distinct to most colour-blind eyes (Okabe and Ito); each bar stands over its words.
COLOURS = ("#0072B2", "#D55E00", "#007A5A", "#A0428A", "#6B5B00", "#1A1A1A")
BLUE, GREY = "#0072B2", "#6B6B6B"


def posterior_figure(
    result: PriorSensitivity,
    *,
    title: str,
    measure: str,
    axis_limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw the posterior of the mean effect under each prior, one over the other.

    Parameters
    ----------
    result : PriorSensitivity
        At most six priors.
    title : str
        Outcome, population and comparison.
    measure : str
        Axis title, ``Hazard ratio for death`` say.
    axis_limits : tuple of float, optional
        Ends of the axis on the natural scale.

    Returns
    -------
    matplotlib.figure.Figure
        Curves above, a bar with median and interval for each prior below.

    Raises
    ------
    DesignError
        If there are more priors than can be told apart.
    """
    if len(result.rows) > len(COLOURS):
        raise DesignError(
            f"{len(result.rows)} posteriors can't be told apart in one panel.",
            hint=f"draw at most {len(COLOURS)} priors.",
        )
    return _Densities(result, title, measure, axis_limits).draw()


class _Densities:
    """Draws from top to bottom; ``y`` is where the next line begins."""

    def __init__(
        self,
        result: PriorSensitivity,
        title: str,
        measure: str,
        limits: tuple[float, float] | None,
    ) -> None:
        self.result, self.title, self.measure = result, title, measure
        ends = [end for row in result.rows for end in row.mu.natural[1:]]
        self.axis: EffectAxis = choose_axis(ends, scale=result.scale, limits=limits)
        self.left, self.right = MARGIN + 4, WIDTH - MARGIN - 4
        self.y = MARGIN

    def x(self, value: float) -> float:
        """Return the place of a natural value."""
        return self.left + self.axis.fraction(value) * (self.right - self.left)

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            pen = self.canvas.pen("title")
            for line in wrap(self.title, WIDTH - 2 * MARGIN, TITLE, "bold"):
                pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True)
                self.y += 14
            self.y += 8
            top = self.y
            self._curves()
            self._scale(top)
            self._rows()
            self._notes()
            return self.canvas.finish(
                self.y + MARGIN, title=self.title, description=posterior_summary(self.result)
            )

    def _curves(self) -> None:
        highest = max(height for row in self.result.rows for _, height in row.density)
        floor = self.y + PANEL
        for i, row in enumerate(self.result.rows):
            points = [
                (self.x(self.result.natural(place)), floor - (PANEL - 8) * height / highest)
                for place, height in row.density
            ]
            points = [point for point in points if self.left <= point[0] <= self.right]
            pen = self.canvas.pen(f"curve{i}", f"Posterior under {row.name}")
            for start, end in pairwise(points):
                pen.line(start, end, role="curve", colour=COLOURS[i], width=1.5)
        self.y = floor

    def _scale(self, top: float) -> None:
        null = self.axis.no_effect
        self.canvas.pen("no-effect", under=True).line(
            (self.x(null), top), (self.x(null), self.y), role="line", colour=INK, width=0.8
        )
        for i, threshold in enumerate(self.result.thresholds):
            place = self.result.natural(threshold)
            if place != null and 0 <= self.axis.fraction(place) <= 1:
                self.canvas.pen(f"threshold{i}", under=True).line(
                    (self.x(place), top), (self.x(place), self.y),
                    role="line", colour=RULE, width=0.8, dashes=(3.0, 2.0),
                )  # fmt: skip
        pen = self.canvas.pen("scale")
        pen.line((self.left, self.y), (self.right, self.y), role="line", colour=INK, width=0.8)
        for tick in self.axis.ticks:
            x = self.x(tick)
            pen.line((x, self.y), (x, self.y + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, self.y + 9.5, tick_text(tick), role="label", size=HEAD, align="center")
        self.y += 17
        self.canvas.pen("axis-title").text(
            (self.left + self.right) / 2, self.y + 5, self.measure, role="title", size=HEAD,
            align="center", bold=True,
        )  # fmt: skip
        self.y += 18

    def _rows(self) -> None:
        for i, row in enumerate(self.result.rows):
            pen = self.canvas.pen(f"r{i}", _sentence(self.result, row))
            mid, low, high = row.mu.natural
            middle = self.y + 7
            start = max(self.x(low), self.left)
            end = min(self.x(high), self.right)
            pen.line((start, middle), (end, middle), role="interval", colour=COLOURS[i], width=2.2)
            if 0 <= self.axis.fraction(mid) <= 1:
                pen.disc(self.x(mid), middle, 6.0, role="median", fill=COLOURS[i])
            self.y += 14
            self._words(row, i)

    def _words(self, row: BayesianRow, i: int) -> None:
        pen = self.canvas.pen(f"r{i}-words")
        y = self.y + 5
        pen.line((MARGIN, y), (MARGIN + 26, y), role="key", colour=COLOURS[i], width=1.5)
        for line in wrap(_sentence(self.result, row), WIDTH - 2 * MARGIN - 34, TEXT):
            pen.text(MARGIN + 34, self.y + 5, line, role="text", size=TEXT)
            self.y += 11
        self.y += 3

    def _notes(self) -> None:
        pen = self.canvas.pen("notes")
        self.y += 4
        for note in (
            f"Posterior density of the mean effect; bars: median and {self.result.level:g}% "
            f"central interval; prior on the mean {self.result.mu_prior.name}. Dashed: the "
            "thresholds whose probabilities are given.",
            *(f"Left out: {name}: {reason}" for name, reason in self.result.refused),
        ):
            for line in wrap(note, WIDTH - 2 * MARGIN, SMALL):
                pen.text(MARGIN, self.y + 5, line, role="line", size=SMALL, colour=FAINT_INK)
                self.y += 10


def _sentence(result: PriorSensitivity, row: BayesianRow) -> str:
    chances = ", ".join(
        f"below {decimal_text(result.natural(c))}: {probability_text(p)}"
        for c, p in zip(result.thresholds, row.below, strict=True)
    )
    return f"{row.name}: {row.mu.text()}" + (f"; probability {chances}" if chances else "")


def posterior_summary(result: PriorSensitivity) -> str:
    """Return the finding in numbers.

    Parameters
    ----------
    result : PriorSensitivity
        The table.

    Returns
    -------
    str
        The main prior, and the range of the probabilities over all.
    """
    main = result.rows[0]
    text = f"{len(result.studies)} studies under {main.name}: {main.mu.text()}."
    for c, (low, high) in zip(result.thresholds, result.ranges, strict=True):
        text += (
            f" Probability below {decimal_text(result.natural(c))} over {len(result.rows)} "
            f"priors: {probability_text(low)} to {probability_text(high)}."
        )
    return text


def shrinkage_figure(
    result: PriorSensitivity,
    *,
    title: str,
    measure: str,
    favours: tuple[str, str],
    axis_limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw each study as printed and shrunk, the mean, and a new study.

    Parameters
    ----------
    result : PriorSensitivity
        Its first prior is drawn.
    title : str
        Outcome, population and comparison.
    measure : str
        Axis title.
    favours : tuple of str
        Words for the left and the right side.
    axis_limits : tuple of float, optional
        Ends of the axis on the natural scale.

    Returns
    -------
    matplotlib.figure.Figure
        One row per study.
    """
    main = result.rows[0]
    rows = [_shrunk_row(i, study) for i, study in enumerate(result.studies)]
    new = (result.natural(main.new_low), result.natural(main.new_high))
    rows.append(
        PlotRow(
            key="mean",
            label="Mean effect",
            marks=(Mark(role="mean", interval=main.mu.natural, shape="diamond", colour=INK),),
            cells=("", main.mu.text(), ""),
            sentence=f"Mean effect {main.mu.text()}",
            bold=True,
        )
    )
    rows.append(
        PlotRow(
            key="new",
            label="A new study",
            marks=(
                Mark(role="new", interval=(main.mu.natural[0], *new), shape="ring", colour=INK),
            ),
            cells=("", f"{range_text(*new)}", ""),
            sentence=f"Effect in a new study {range_text(*new)}",
        )
    )
    ends = [end for row in rows for mark in row.marks for end in mark.interval[1:]]
    axis = choose_axis(ends, scale=result.scale, limits=axis_limits)
    axis = axis if axis_limits else trimmed(axis, ends)
    notes = [
        "Printed: estimate and interval of the study alone. Shrunk: posterior median and central "
        f"interval of its own effect, given all studies; prior on tau {main.tau_prior.words}.",
    ]
    if beyond(axis, rows):
        notes.append("Arrow head: the interval goes beyond the axis.")
    return draw_rows(
        RowPlot(
            title=title,
            subtitle=f"Each study's own effect under {main.name}",
            summary=posterior_summary(result),
            axis=axis,
            axis_title=measure,
            favours=favours,
            heads=("As printed", f"Shrunk ({result.level:g}% interval)", "Weight"),
            rows=tuple(rows),
            legend=(("square", GREY, "as printed"), ("ring", BLUE, "shrunk")),
            reference=main.mu.natural[0],
            height=20.0,
            notes=tuple(notes),
        )
    )


def _shrunk_row(i: int, study: ShrunkStudy) -> PlotRow:
    printed, shrunk = (interval_text(*e.natural) for e in (study.printed, study.shrunk))
    return PlotRow(
        key=f"s{i}",
        label=study.label,
        marks=(
            Mark(
                role="printed", interval=study.printed.natural, shape="square", colour=GREY,
                offset=-4.0,
            ),
            Mark(
                role="shrunk", interval=study.shrunk.natural, shape="ring", colour=BLUE, offset=4.0
            ),
        ),
        cells=(printed, shrunk, f"{study.weight:.0f}%"),
        sentence=f"{study.label}: printed {printed}, shrunk {shrunk}, weight {study.weight:.0f}%",
    )  # fmt: skip

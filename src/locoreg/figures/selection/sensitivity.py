"""Hidden confounding: bounds by how wrong the odds of treatment may be, and strengths."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.core.numbertext import decimal_text
from locoreg.figures.axis import tick_text
from locoreg.figures.columns import MARGIN, TEXT
from locoreg.figures.emulation.plate import Words
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import INK, PAPER
from locoreg.figures.selection.chart import (
    BLUE,
    DASH,
    NARROW,
    ORANGE,
    WIDE,
    Chart,
    nice_axis,
    reach_axis,
)
from locoreg.figures.selection.words import PLAIN, Setting, Unit, unit_of
from locoreg.figures.survival.arms import mix
from locoreg.figures.textfit import ellipsise, one_line, text_width
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    from locoreg.selection.assess.robustness import MarginalSensitivity, OmittedBias

FINE = 200
# The axes of strengths reach so many times the strength that explains the effect.
STRENGTHS_REACH = 2.5


def sensitivity_figure(
    found: MarginalSensitivity,
    *,
    unit: str,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw bounds of a gain by the factor by which the odds of treatment may be wrong.

    Parameters
    ----------
    found : MarginalSensitivity
        Bounds by factor.
    unit : str
        ``months`` or ``probability``.
    setting : Setting
        Question, persons, warnings.
    title : str, optional
        What the figure is about.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        Bounds with their limits, the line of no gain, and the factor that reaches it.

    Raises
    ------
    DataError
        If there is no factor.
    """
    if not found.bounds:
        raise DataError("there is no factor of the odds.", hint="give factors, 1 or more.")
    own = unit_of(unit)
    level = found.bounds[0].lower.level
    parts = [one_line(found.reading).rstrip(".")]
    parts += [
        f"odds wrong by {tick_text(b.factor)}: {own.signed(b.lower.estimate)} to "
        f"{own.signed(b.upper.estimate)}, limits {own.signed(b.lower.ci_low)} to "
        f"{own.signed(b.upper.ci_high)}"
        for b in found.bounds
    ]
    words = Words(
        title=setting.title(title or f"Hidden confounding: bounds of the gain, {found.label}"),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description="; ".join(parts),
        notes=(
            "At a factor of 2, the odds of treatment of some persons are twice or half what their "
            "measured covariates tell. The gain is per person of the whole population, over "
            "treating nobody.",
            found.reading,
            *found.notes,
            *notes,
        ),
    )
    return _Bounds(words, found, own, level).draw()


class _Bounds(Chart):
    def __init__(self, words: Words, found: MarginalSensitivity, unit: Unit, level: float) -> None:
        self.found, self.unit, self.level = found, unit, level
        f = unit.factor
        self.factor = [b.factor for b in found.bounds]
        self.lower = [f * b.lower.estimate for b in found.bounds]
        self.upper = [f * b.upper.estimate for b in found.bounds]
        self.low = [f * b.lower.ci_low for b in found.bounds]
        self.high = [f * b.upper.ci_high for b in found.bounds]
        last = max(self.factor)
        if found.tipping is not None and found.tipping <= 2.0 * last:
            last = max(last, found.tipping)
        super().__init__(
            words,
            nice_axis(1.0, max(last, 1.25)),
            reach_axis(
                (*self.lower, *self.upper), (*self.low, *self.lower), (*self.upper, *self.high)
            ),
            (
                "Factor by which the odds of treatment may be wrong, either way",
                f"Gain per person, {unit.name}",
            ),
            height=240.0,
        )

    def key(self) -> None:
        """Draw the key."""
        self.key_row(
            (
                ("band", NARROW, "between the bounds"),
                ("band", WIDE, f"with {self.level:g}% limits of the bounds"),
                ("line", BLUE, "bounds"),
                ("dash", ORANGE, "factor at which a bound reaches 0"),
            )
        )

    def curves(self) -> None:
        """Draw bands, bounds and the factor that tips."""
        for part, lows, highs, fill in (
            ("limits", self.low, self.high, WIDE),
            ("bounds", self.lower, self.upper, NARROW),
        ):
            self.band(part, self.factor, lows, highs, fill=fill, sentence=part)
        self.zero(sentence="no gain")
        for part, values in (("lower", self.lower), ("upper", self.upper)):
            if len(values) > 1:
                self.pen(part, f"{part} bound").trace(
                    self.points(self.factor, values), role="line", colour=BLUE, width=1.6
                )
        for i, factor in enumerate(self.factor):
            low, high = self.lower[i], self.upper[i]
            pen = self.pen(f"factor{i}", self._sentence(i))
            if len(self.factor) == 1:
                self.upright(pen, self.x(factor), self.low[i], self.high[i], colour=BLUE, width=1.0)
            for value in (low, high):
                if self.inside_y(value):
                    pen.disc(self.x(factor), self.y_at(value), 4.6, role="dot", fill=BLUE)
                else:
                    self.upright(pen, self.x(factor), value, value, colour=BLUE, width=1.0)
        self._tipping()

    def _sentence(self, i: int) -> str:
        bound = self.found.bounds[i]
        return (
            f"factor {tick_text(bound.factor)}: {self.unit.signed(bound.lower.estimate)} to "
            f"{self.unit.signed(bound.upper.estimate)} {self.unit.name}"
        )

    def finding(self) -> str:
        """Return the factors at which the bound and its limit reach 0."""
        tip, limit = self.found.tipping, self.found.tipping_limit
        if tip is None:
            return "No factor up to 50 brings the bound to 0."
        told = f"The bound reaches 0 at a factor of {decimal_text(tip)}"
        return told + ("." if limit is None else f", its limit at {decimal_text(limit)}.")

    def _tipping(self) -> None:
        tip = self.found.tipping
        if tip is not None and self.inside_x(tip):
            ends = ((tip, self.y_axis.low), (tip, self.y_axis.high))
            self.straight(
                "tipping", ends, colour=ORANGE, width=1.3, dashes=DASH, sentence=self.finding(),
                under=False,
            )  # fmt: skip


def strength_figure(
    found: OmittedBias,
    *,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw how strong a hidden variable must be to explain an effect.

    Parameters
    ----------
    found : OmittedBias
        The effect, its robustness, and known strengths.
    setting : Setting
        Question, persons, warnings.
    title : str, optional
        What the figure is about.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        Share of the treatment explained against share of the outcome: hidden variables beyond the
        lines bring the effect, or its interval, to what it is compared with. Dots are known
        covariates.
    """
    parts = [one_line(found.reading).rstrip(".")]
    parts += [
        f"{b.strength.label}: {b.strength.treatment:.1%} of treatment, {b.strength.outcome:.1%} "
        "of outcome"
        for b in found.bounds
    ]
    words = Words(
        title=setting.title(
            title or f"Hidden confounding: strength that would explain the effect, {found.label}"
        ),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description="; ".join(parts),
        notes=(
            "Shares are those of what treatment and covariates leave. A hidden variable at or "
            "beyond a line, at worst correlation, would explain the finding. Dots: a hidden "
            "variable as strong as a known covariate.",
            found.reading,
            *found.notes,
            *notes,
        ),
    )
    return _Strengths(words, found).draw()


class _Strengths(Chart):
    right_room = 70.0

    def __init__(self, words: Words, found: OmittedBias) -> None:
        self.found = found
        known = [(b.strength.treatment, b.strength.outcome) for b in found.bounds]
        most = max([STRENGTHS_REACH * found.robustness, *(max(one) for one in known), 0.01])
        axis = nice_axis(0.0, min(100.0 * most, 100.0))
        super().__init__(
            words,
            axis,
            axis,
            ("Explains of the treatment, %", "Explains of the outcome, %"),
            height=290.0,
        )
        self.marks = [
            (100.0 * b.strength.treatment, 100.0 * b.strength.outcome, b.strength.label)
            for b in found.bounds
        ]

    def key(self) -> None:
        """Draw the key."""
        entries = [("line", ORANGE, "explains the effect")]
        if self.found.robustness_limit > 0:
            entries.append(("dash", BLUE, "brings its interval there"))
        if self.marks:
            entries.append(("dot", INK, "as strong as a known covariate"))
        self.key_row(entries)

    def curves(self) -> None:
        """Draw the lines of strengths, then known covariates."""
        beyond = self._line(self.found.robustness)
        if beyond is not None:
            corner = np.array([[self.right, self.top], [float(beyond[0, 0]), self.top]])
            outline = np.vstack((corner, beyond, [[self.right, beyond[-1, 1]]]))
            self.pen("explained", "strengths that explain the effect", under=True).area(
                outline, role="area", fill=mix("#D55E00", 0.85), opacity=1.0
            )
            self.pen("effect-line", "strengths that explain the effect").trace(
                beyond, role="line", colour=ORANGE, width=1.8
            )
        limit = self._line(self.found.robustness_limit)
        if limit is not None:
            self.pen("limit-line", "strengths that bring the interval there").trace(
                limit, role="line", colour=BLUE, width=1.5, dashes=DASH
            )
        self._known()

    def finding(self) -> str:
        """Return the robustness."""
        return (
            f"{self.found.robustness:.1%} of both would explain the effect; "
            f"{self.found.robustness_limit:.1%} would bring its interval there."
        )

    def _line(self, robustness: float) -> FloatArray | None:
        """Return the line on which the product of both strengths is that of the robustness."""
        if not 0.0 < robustness < 1.0:
            return None
        square = robustness**2 / (1.0 - robustness)
        last = min(self.x_axis.high / 100.0, 1.0 - 1e-6)
        # Where the line leaves the plot at its upper edge.
        top = min(self.y_axis.high / 100.0, 1.0)
        first = square / (square + top)
        if first >= last:
            return None
        d = np.geomspace(first, last, FINE)
        y = square * (1.0 - d) / d
        return self.points((100.0 * d).tolist(), (100.0 * y).tolist())

    def _known(self) -> None:
        taken: list[tuple[float, float, float]] = []
        for i, (d, y, label) in enumerate(sorted(self.marks)):
            x, at = self.x(d), self.y_at(y)
            pen = self.pen(f"known{i}", f"{label}: {d:.1f}% of treatment, {y:.1f}% of outcome")
            pen.disc(x, at, 6.0, role="dot", fill=INK)
            text = ellipsise(one_line(label), WIDTH - MARGIN - x - 8, TEXT)
            width = text_width(text, TEXT)
            place = min(at, self.bottom - 7)
            while any(
                abs(place - other) < 11.0 and x + 7 < end and begin < x + 7 + width
                for other, begin, end in taken
            ):
                place -= 11.0
            if not math.isclose(place, at):
                pen.line((x, at), (x + 6, place), role="leader", colour=INK, width=0.5)
            taken.append((place, x + 7, x + 7 + width))
            pen.box(x + 6, place - 5.5, width + 3, 11, role="paper", fill=PAPER)
            pen.text(x + 7, place, text, role="label", size=TEXT)

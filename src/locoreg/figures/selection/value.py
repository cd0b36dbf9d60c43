"""Value of a rule against cost, beside treating nobody and treating everybody."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.figures.axis import tick_text
from locoreg.figures.columns import HEAD, MARGIN, SMALL
from locoreg.figures.emulation.plate import Words
from locoreg.figures.layouts import FAINT_INK, INK
from locoreg.figures.selection.chart import BLUE, DASH, ORANGE, WIDE, Chart, nice_axis, reach_axis
from locoreg.figures.selection.words import PLAIN, Setting, unit_of
from locoreg.figures.textfit import text_width

if TYPE_CHECKING:
    from locoreg.selection.assess import ValueCurve

APART = 4.0


def value_figure(
    curve: ValueCurve,
    *,
    average: Estimate | None = None,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw what treating by predicted effect gains per person, by what treatment must gain.

    Parameters
    ----------
    curve : ValueCurve
        Values by cost.
    average : Estimate, optional
        Average effect: it gives treating everybody an interval in the text.
    setting : Setting
        Question, persons, warnings.
    title : str, optional
        What the figure is about.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        The rule with its interval, nobody treated (0), everybody treated; shares treated below.

    Raises
    ------
    DataError
        If the curve has no cost.
    """
    if not curve.values:
        raise DataError("the value curve has no cost.", hint="assess with costs.")
    unit = unit_of(curve.values[0].unit)
    level = curve.values[0].against_none.level
    parts = [
        f"cost {tick_text(unit.factor * v.cost)}: rule {unit.estimate(v.against_none)} against "
        f"nobody, {unit.estimate(v.against_all)} against everybody, {v.share_treated:.0%} treated"
        for v in curve.values
    ]
    if average is not None:
        parts.append(f"average effect {unit.estimate(average)} {unit.name}")
    words = Words(
        title=setting.title(title or "Value against cost"),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description="; ".join(parts),
        notes=(
            f"Gain per person of the whole population over treating nobody, costs taken off, by "
            f"held-out scores; band: {level:g}% interval at each cost. Treated are those whose "
            "predicted effect exceeds the cost, which is what treatment must gain to be worth it.",
            *notes,
        ),
    )
    return _Value(words, curve).draw()


class _Value(Chart):
    def __init__(self, words: Words, curve: ValueCurve) -> None:
        self.curve, self.unit = curve, unit_of(curve.values[0].unit)
        f = self.unit.factor
        self.cost = [f * v.cost for v in curve.values]
        self.gain = [f * v.against_none.estimate for v in curve.values]
        self.low = [f * v.against_none.ci_low for v in curve.values]
        self.high = [f * v.against_none.ci_high for v in curve.values]
        self.everybody = [
            f * (v.against_none.estimate - v.against_all.estimate) for v in curve.values
        ]
        known = [v for v in self.everybody if math.isfinite(v)]
        super().__init__(
            words,
            nice_axis(min(self.cost), max(self.cost)),
            reach_axis(self.gain, self.low, self.high, also=(0.0, *known)),
            (
                f"Cost: what treatment must gain to be worth it, {self.unit.name}",
                f"Gain per person over treating nobody, {self.unit.name}",
            ),
            height=240.0,
        )
        head = text_width("Treated by the rule", SMALL)
        self.left = max(self.left, MARGIN + head + 22.0)

    def key(self) -> None:
        """Draw the key."""
        self.key_row(
            (
                ("line", BLUE, "treat where the predicted effect exceeds the cost"),
                ("band", WIDE, "its interval"),
                ("dash", ORANGE, "treat everybody"),
                ("line", INK, "treat nobody"),
            )
        )

    def curves(self) -> None:
        """Draw the three policies."""
        self.band("band", self.cost, self.low, self.high, fill=WIDE, sentence="interval")
        self.zero(sentence="treat nobody: 0")
        if len(self.cost) > 1:
            for part, values, colour, width, dashes in (
                ("everybody", self.everybody, ORANGE, 1.6, DASH),
                ("rule", self.gain, BLUE, 1.9, None),
            ):
                self.pen(part, _NAMES[part]).trace(
                    self.points(self.cost, values), role="line", colour=colour, width=width,
                    dashes=dashes,
                )  # fmt: skip
        for i, value in enumerate(self.curve.values):
            told = self.unit.estimate(value.against_none)
            pen = self.pen(
                f"cost{i}",
                f"cost {tick_text(self.cost[i])}: {told}; {value.share_treated:.0%} treated",
            )
            x = self.x(self.cost[i])
            if len(self.cost) == 1:
                self.upright(pen, x, self.low[i], self.high[i], colour=BLUE, width=1.4)
                y = self.y_at(self.everybody[i])
                pen.line((x - 9, y), (x + 9, y), role="everybody", colour=ORANGE, width=1.8)
            pen.disc(x, self.y_at(self.gain[i]), 5.0, role="dot", fill=BLUE)

    def under(self) -> None:
        """Write the shares treated below the axis, as many as there is room for."""
        pen = self.pen("shares", "share treated by cost")
        self.y += 3
        pen.text(MARGIN, self.y + 6, "Treated by the rule", role="head", size=SMALL,
                 colour=FAINT_INK)  # fmt: skip
        end = -math.inf
        for value, cost in zip(self.curve.values, self.cost, strict=True):
            text = f"{value.share_treated:.0%}"
            half = text_width(text, HEAD) / 2
            if self.x(cost) - half > end + APART:
                pen.text(
                    self.x(cost), self.y + 6, text, role="share", size=HEAD, align="center",
                    colour=BLUE,
                )  # fmt: skip
                end = self.x(cost) + half
        self.y += 16


_NAMES = {"everybody": "treat everybody", "rule": "treat by predicted effect"}

"""Targeting curve: what ranking persons by predicted effect gains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.figures.axis import EffectAxis
from locoreg.figures.emulation.plate import Words
from locoreg.figures.selection.chart import BLUE, NARROW, WIDE, Chart, reach_axis
from locoreg.figures.selection.words import PLAIN, Setting, unit_of

if TYPE_CHECKING:
    from locoreg.selection.assess import TargetingCurve

SHARE_TICKS = tuple(float(v) for v in range(0, 101, 20))


def toc_figure(
    curve: TargetingCurve,
    *,
    area: Estimate | None = None,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw a targeting curve with its joint band and pointwise intervals.

    Parameters
    ----------
    curve : TargetingCurve
        Effect among the highest ranked minus the average effect, by their share.
    area : Estimate, optional
        Area under the curve (AUTOC), for the text.
    setting : Setting
        Question, persons, warnings.
    title : str, optional
        What the figure is about.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        A curve that lies above 0 where those ranked highest benefit more than the average.

    Raises
    ------
    DataError
        If the curve has no share.
    """
    if not curve.share:
        raise DataError("the targeting curve has no share of persons.", hint="assess with shares.")
    unit = unit_of(curve.unit)
    parts = []
    if area is not None:
        parts.append(f"AUTOC {unit.estimate(area)} {unit.name} ({area.level:g}% interval)")
    parts += [
        f"{100 * share:g}% ranked highest: {unit.interval(mid, low, high)}"
        for share, mid, low, high in zip(
            curve.share, curve.estimate, curve.band_low, curve.band_high, strict=True
        )
    ]
    words = Words(
        title=setting.title(title or "Targeting curve: effect among the persons ranked highest"),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description="; ".join(parts),
        notes=(
            f"Effect among the share of persons whose predicted effect is highest, minus the "
            f"average effect, by held-out doubly robust scores. {curve.level:g}% limits: those of "
            "the wide band hold jointly over all shares, those of the narrow one at each share.",
            *notes,
        ),
    )
    return _Targeting(words, curve, area).draw()


class _Targeting(Chart):
    def __init__(self, words: Words, curve: TargetingCurve, area: Estimate | None) -> None:
        self.curve, self.area, self.unit = curve, area, unit_of(curve.unit)
        f = self.unit.factor
        self.mid, self.low, self.high, self.band_low, self.band_high = (
            tuple(f * v for v in values)
            for values in (
                curve.estimate, curve.ci_low, curve.ci_high, curve.band_low, curve.band_high,
            )
        )  # fmt: skip
        self.share = tuple(100.0 * v for v in curve.share)
        super().__init__(
            words,
            EffectAxis(low=0.0, high=100.0, ticks=SHARE_TICKS, scale="identity"),
            reach_axis(self.mid, self.band_low, self.band_high),
            (
                "Share of persons ranked highest by predicted effect",
                f"Effect among them minus the average effect, {self.unit.name}",
            ),
        )
        self.percent_x = True

    def key(self) -> None:
        """Draw the key."""
        level = f"{self.curve.level:g}%"
        entries = [
            ("line", BLUE, "estimate"),
            ("band", NARROW, f"{level} interval at each share"),
            ("band", WIDE, f"{level} band over all shares"),
        ]
        self.key_row(entries)

    def curves(self) -> None:
        """Draw bands, the line of no difference and the curve."""
        for part, lows, highs, fill, what in (
            ("joint", self.band_low, self.band_high, WIDE, "joint band"),
            ("pointwise", self.low, self.high, NARROW, "intervals at each share"),
        ):
            self.band(part, self.share, lows, highs, fill=fill, sentence=what)
        self.zero(sentence="no gain over the average")
        if len(self.share) > 1:
            pen = self.pen("curve", "targeting curve")
            pen.trace(self.points(self.share, self.mid), role="line", colour=BLUE, width=1.8)
        for i, (share, mid) in enumerate(zip(self.share, self.mid, strict=True)):
            told = self.unit.interval(
                self.curve.estimate[i], self.curve.band_low[i], self.curve.band_high[i]
            )
            pen = self.pen(f"share{i}", f"{share:g}% ranked highest: {told} {self.unit.name}")
            if len(self.share) == 1:
                self.upright(
                    pen, self.x(share), self.band_low[i], self.band_high[i], colour=BLUE, width=1.3
                )
            pen.disc(self.x(share), self.y_at(mid), 5.0, role="dot", fill=BLUE)

    def finding(self) -> str:
        """Return the area."""
        if self.area is None:
            return ""
        level = f"{self.area.level:g}% interval"
        return f"AUTOC {self.unit.estimate(self.area)} {self.unit.name} ({level})"

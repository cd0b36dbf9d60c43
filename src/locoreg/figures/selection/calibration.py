"""Calibration: held-out effects of groups against their predicted effects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.core.numbertext import decimal_text, p_text, plural
from locoreg.figures.emulation.plate import Words
from locoreg.figures.layouts import FAINT_INK, INK
from locoreg.figures.selection.chart import BLUE, DASH, ORANGE, Chart, nice_axis, reach_axis
from locoreg.figures.selection.words import PLAIN, Setting, plain_text, unit_of

if TYPE_CHECKING:
    from locoreg.selection.assess import Calibration, GroupEffect

RUG = 16.0


def calibration_figure(
    calibration: Calibration,
    *,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw held-out effects of groups against the effects that were predicted for them.

    Parameters
    ----------
    calibration : Calibration
        Groups, slope, quantiles of the predicted effects.
    setting : Setting
        Question, persons, warnings.
    title : str, optional
        What the figure is about.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        Points near the line of identity where predictions are right.

    Raises
    ------
    DataError
        If no group has a predicted effect.
    """
    groups = tuple(
        g for g in calibration.groups.groups if g.predicted is not None and _known(g.predicted)
    )
    if not groups:
        raise DataError(
            "no group has a predicted effect.",
            hint="draw the calibration of groups by quantiles of the predicted effect.",
        )
    left_out = len(calibration.groups.groups) - len(groups)
    level = calibration.groups.level
    words = Words(
        title=setting.title(title or "Calibration: held-out effects against predicted effects"),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description=_told(calibration, groups),
        notes=(
            f"Groups by quantiles of the predicted effect; their effects are means of held-out "
            f"doubly robust scores. Thick: {level:g}% interval of each group; thin: {level:g}% "
            "limits that hold jointly. Marks under the plot: each stands for 1% of persons.",
            *((f"{plural(left_out, 'group')} without a predicted effect not drawn.",)
              if left_out else ()),
            *notes,
        ),
    )  # fmt: skip
    return _Calibration(words, calibration, groups).draw()


def _told(calibration: Calibration, groups: tuple[GroupEffect, ...]) -> str:
    """Return slope, average and groups in words."""
    unit = unit_of(calibration.groups.unit)
    parts = [
        f"slope {plain_text(calibration.slope)}, 1 where predictions are right",
        f"average effect {unit.estimate(calibration.average)} {unit.name}",
    ]
    for g in groups:
        held = unit.interval(g.effect.estimate, g.band_low, g.band_high)
        parts.append(
            f"{g.label}: predicted {unit.signed(g.predicted or 0.0)}, held-out {held}, "
            f"{plural(g.n, 'person')}"
        )
    return "; ".join(parts)


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


class _Calibration(Chart):
    def __init__(
        self, words: Words, calibration: Calibration, groups: tuple[GroupEffect, ...]
    ) -> None:
        self.calibration, self.groups = calibration, groups
        self.unit = unit_of(calibration.groups.unit)
        f = self.unit.factor
        self.predicted = [f * (g.predicted or 0.0) for g in groups]
        mids = [f * g.effect.estimate for g in groups]
        bands = [(f * g.band_low, f * g.band_high) for g in groups]
        self.rug = [f * v for v in calibration.predicted if math.isfinite(v)]
        held = [v for v in mids if math.isfinite(v)] or [0.0]
        ends = [*self.predicted, *self.rug, 0.0]
        x_axis = nice_axis(min(ends), max(ends))
        y_axis = reach_axis(
            held,
            [b[0] for b, m in zip(bands, mids, strict=True) if math.isfinite(m)] or [0.0],
            [b[1] for b, m in zip(bands, mids, strict=True) if math.isfinite(m)] or [0.0],
            also=(0.0, min(self.predicted), max(self.predicted)),
        )
        super().__init__(
            words,
            x_axis,
            y_axis,
            (
                f"Predicted effect (mean of the group), {self.unit.name}",
                f"Held-out effect (mean of the scores), {self.unit.name}",
            ),
            height=300.0,
        )

    def key(self) -> None:
        """Draw the key."""
        self.key_row(
            (
                ("dot", BLUE, "group, with its intervals"),
                ("dash", FAINT_INK, "identity: predictions right"),
                ("line", ORANGE, "line of the calibration slope"),
                ("tick", INK, "1% of persons"),
            )
        )

    def curves(self) -> None:
        """Draw identity, the line of the slope, and the groups."""
        self.zero()
        low, high = self.x_axis.low, self.x_axis.high
        self.straight(
            "identity", ((low, low), (high, high)), colour=FAINT_INK, width=1.0, dashes=DASH,
            sentence="identity",
        )  # fmt: skip
        self._slope(low, high)
        f = self.unit.factor
        for i, group in enumerate(self.groups):
            told = self.unit.interval(group.effect.estimate, group.band_low, group.band_high)
            predicted = self.unit.signed(group.predicted or 0.0)
            pen = self.pen(f"group{i}", f"{group.label}: predicted {predicted}, held-out {told}")
            x = self.x(self.predicted[i])
            effect = group.effect
            if not math.isfinite(effect.estimate):
                continue
            self.upright(pen, x, f * group.band_low, f * group.band_high, colour=BLUE, width=0.9)
            self.upright(pen, x, f * effect.ci_low, f * effect.ci_high, colour=BLUE, width=2.6)
            pen.disc(x, self.y_at(f * effect.estimate), 7.0, role="dot", fill=BLUE)

    def _slope(self, low: float, high: float) -> None:
        slope, average = self.calibration.slope.estimate, self.calibration.average.estimate
        if not (math.isfinite(slope) and math.isfinite(average)):
            return
        sizes = [g.n for g in self.groups]
        centre = float(np.average(self.predicted, weights=sizes)) if any(sizes) else 0.0
        mid = self.unit.factor * average
        ends = ((low, mid + slope * (low - centre)), (high, mid + slope * (high - centre)))
        self.straight("slope", ends, colour=ORANGE, width=1.6, sentence=f"slope {slope:.2f}")

    def finding(self) -> str:
        """Return slope, its test and the error."""
        p = p_text(self.calibration.p_heterogeneity)
        return (
            f"Slope {plain_text(self.calibration.slope)}; that it is 0: {p}; calibration error "
            f"{self._error()}"
        )

    def _error(self) -> str:
        error = self.unit.factor * self.calibration.error
        return f"{decimal_text(error, self.unit.digits)} {self.unit.name}"

    def under(self) -> None:
        """Draw one mark per hundredth of the persons."""
        if not self.rug:
            return
        pen = self.pen("rug", "quantiles of the predicted effects")
        y = self.y + RUG / 2
        centres = np.array([(self.x(v), y) for v in self.rug], dtype=np.float64)
        pen.ticks(centres, RUG / 2 - 2, role="tick", colour=INK, width=0.7)
        self.y += RUG + 4

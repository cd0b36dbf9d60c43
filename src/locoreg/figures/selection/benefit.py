"""Distribution of predicted effects, beside no effect and what treatment must gain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.figures.emulation.plate import Words
from locoreg.figures.layouts import INK
from locoreg.figures.selection.chart import DASH, GREEN, ORANGE, Chart, nice_axis
from locoreg.figures.selection.words import PLAIN, Setting, Unit, unit_of
from locoreg.figures.survival.arms import mix
from locoreg.stats.survivaldata import FloatArray

BARS = 24
QUANTILES = 99
ABOVE, BELOW = mix("#0072B2", 0.35), mix("#D55E00", 0.5)


def benefit_figure(
    predicted: Sequence[float],
    *,
    cost: float,
    unit: str,
    average: Estimate | None = None,
    setting: Setting = PLAIN,
    title: str | None = None,
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw the distribution of predicted effects.

    Parameters
    ----------
    predicted : sequence of float
        Quantiles 0.01 to 0.99 of the predicted effects of persons that the model did not see
        (``Calibration.predicted``).
    cost : float
        What treatment must gain to be worth it, in the unit of the effect.
    unit : str
        ``months`` or ``probability``.
    average : Estimate, optional
        Average effect, for its line.
    setting : Setting
        Question, persons, warnings.
    title : str, optional
        What the figure is about.
    notes : tuple of str
        Paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        Bars by predicted effect; those above the cost in another colour.

    Raises
    ------
    DataError
        If there are not 99 ascending quantiles.
    """
    values = np.asarray(predicted, dtype=np.float64)
    if values.shape != (QUANTILES,) or not np.isfinite(values).all() or (np.diff(values) < 0).any():
        raise DataError(
            "predicted effects must be the 99 quantiles 0.01 to 0.99, ascending.",
            hint="give the predicted effects of a calibration.",
        )
    above = share_above(values, cost)
    told = _told(values, cost, unit_of(unit), average)
    words = Words(
        title=setting.title(title or "Distribution of predicted effects"),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description=told,
        notes=(
            "Predictions for persons that the model did not see. They are shrunken and uncertain: "
            "their spread is not that of the true effects, and no bar is an effect of a person. "
            "The lowest and highest 1% of persons are not drawn.",
            *notes,
        ),
    )
    return _Benefit(words, values, cost, unit, above, average).draw()


def _told(values: FloatArray, cost: float, unit: Unit, average: Estimate | None) -> str:
    """Return the distribution in words."""
    negative = 1.0 - share_above(values, 0.0)
    parts = [
        f"median {unit.signed(float(values[49]))} {unit.name}",
        f"98% of persons between {unit.signed(float(values[0]))} and "
        f"{unit.signed(float(values[-1]))}",
        f"about {share_above(values, cost):.0%} above the cost of {unit.signed(cost)}",
        f"about {negative:.0%} at or below 0",
    ]
    if average is not None:
        parts.append(f"average effect {unit.estimate(average)}")
    return "; ".join(parts)


def share_above(quantiles: FloatArray, cost: float) -> float:
    """Return about which share of persons has a predicted effect above a cost.

    Parameters
    ----------
    quantiles : ndarray of float, shape (99,)
        Quantiles 0.01 to 0.99.
    cost : float
        The cost.

    Returns
    -------
    float
        Interpolated between quantiles; 0 above the last, 1 below the first.
    """
    if cost < quantiles[0]:
        return 1.0
    if cost >= quantiles[-1]:
        return 0.0
    last = int(np.searchsorted(quantiles, cost, side="right"))
    low, high = quantiles[last - 1], quantiles[last]
    return float(1.0 - (last + (cost - low) / (high - low)) / 100.0)


class _Benefit(Chart):
    def __init__(
        self,
        words: Words,
        values: FloatArray,
        cost: float,
        unit: str,
        above: float,
        average: Estimate | None,
    ) -> None:
        self.unit, self.above = unit_of(unit), above
        f = self.unit.factor
        self.cost = f * cost
        self.average = None if average is None else f * average.estimate
        marks = [0.0, self.cost, *([] if self.average is None else [self.average])]
        shown = f * values
        same = shown[-1] - shown[0] <= 1e-12
        half = max(abs(v - shown[0]) for v in (*marks, shown[0] + 1.0)) / 30 if same else 0.0
        ends = (shown[0] - half, shown[-1] + half)
        axis = nice_axis(min(ends[0], *marks), max(ends[1], *marks))
        self.edges = np.linspace(*ends, 2 if same else BARS + 1)
        self.shares = np.histogram(shown, bins=self.edges)[0] / (QUANTILES + 1.0) * 100.0
        super().__init__(
            words,
            axis,
            nice_axis(0.0, float(self.shares.max())),
            (f"Predicted effect, {self.unit.name}", "Share of persons, %"),
            height=220.0,
        )

    def key(self) -> None:
        """Draw the key."""
        entries = [
            ("band", ABOVE, "predicted effect above the cost"),
            ("band", BELOW, "at or below the cost"),
            ("line", INK, "no effect"),
            ("dash", ORANGE, f"cost: {self.unit.signed(self.cost / self.unit.factor)}"),
        ]
        if self.average is not None:
            entries.append(("dash", GREEN, "average effect"))
        self.key_row(entries)

    def curves(self) -> None:
        """Draw bars and lines."""
        pen = self.pen("bars", "shares of persons by predicted effect", under=True)
        for low, high, share in zip(self.edges[:-1], self.edges[1:], self.shares, strict=True):
            if share > 0:
                for begin, end, fill in (
                    (low, min(high, self.cost), BELOW),
                    (max(low, self.cost), high, ABOVE),
                ):
                    if end > begin:
                        top = self.y_at(float(share))
                        pen.box(
                            self.x(begin), top, self.x(end) - self.x(begin), self.bottom - top,
                            role="bar", fill=fill,
                        )  # fmt: skip
        marks: list[tuple[str, float, str, tuple[float, float] | None]] = [
            ("no-effect", 0.0, INK, None),
            ("cost", self.cost, ORANGE, DASH),
        ]
        if self.average is not None:
            marks.append(("average", self.average, GREEN, (2.0, 2.0)))
        for part, value, colour, dashes in marks:
            self.straight(
                part, ((value, 0.0), (value, self.y_axis.high)), colour=colour, width=1.4,
                dashes=dashes, sentence=part.replace("-", " "), under=False,
            )  # fmt: skip

    def finding(self) -> str:
        """Return the share above the cost."""
        return f"About {self.above:.0%} of persons have a predicted effect above the cost."

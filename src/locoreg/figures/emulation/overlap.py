"""Overlap of propensity scores: a histogram of each group, back to back, with weighted outlines."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.errors import DataError
from locoreg.figures.axis import tick_text
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT
from locoreg.figures.emulation.plate import Plate, Words, count_text
from locoreg.figures.emulation.words import arm_style, marked_title
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import INK, PAPER
from locoreg.figures.survival.arms import mix
from locoreg.figures.textfit import ellipsise, one_line
from locoreg.stats.survivaldata import BoolArray, FloatArray

BINS = 40
HALF = 120.0
AXIS_ROOM = 34.0


def overlap_figure(
    score: FloatArray,
    treated: BoolArray,
    *,
    weight: FloatArray | None = None,
    limits: tuple[float, float] | None = None,
    labels: tuple[str, str] = ("not treated", "treated"),
    title: str | None = None,
    synthetic: bool = False,
    alerts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Figure:
    """Draw the scores of both groups as mirrored histograms.

    Parameters
    ----------
    score : ndarray of float, shape (n,)
        Probability of treatment.
    treated : ndarray of bool, shape (n,)
        Who was treated.
    weight : ndarray of float, shape (n,), optional
        Weights: an outline shows the weighted distribution.
    limits : tuple of float, optional
        Scores outside are trimmed; dashed lines show them.
    labels : tuple of str
        Words for those not treated, and those treated.
    title : str, optional
        What the figure is about.
    synthetic : bool
        Whether the patients are made up.
    alerts, notes : tuple of str
        Warnings under the title; paragraphs below.

    Returns
    -------
    matplotlib.figure.Figure
        The treated above, the others below.

    Raises
    ------
    DataError
        If scores are no probabilities, or a group is empty.
    """
    if score.shape != treated.shape or not np.all((score >= 0) & (score <= 1)):
        raise DataError(
            "propensity scores must be between 0 and 1, one per person.",
            hint="leave out persons without a score, and say how many.",
        )
    if not treated.any() or treated.all():
        raise DataError("one of the two groups has nobody.", hint="both are needed.")
    words = Words(
        title=marked_title(title or "Overlap of propensity scores", synthetic=synthetic),
        subtitle="",
        alerts=alerts,
        description=_said(score, treated, labels),
        notes=(_drawn(score, weight, limits), *notes),
    )
    return _Overlap(words, score, treated, weight, limits, labels).draw()


def _said(score: FloatArray, treated: BoolArray, labels: tuple[str, str]) -> str:
    """Return the scores of both groups in words."""
    parts = []
    for label, group in ((labels[1], treated), (labels[0], ~treated)):
        own = score[group]
        below, above = (100.0 * float(mask.mean()) for mask in (own < 0.05, own > 0.95))
        parts.append(
            f"{one_line(label)}: {count_text(own.size)} persons, median {np.median(own):.2f}, "
            f"{below:.1f}% below 0.05, {above:.1f}% above 0.95"
        )
    return "; ".join(parts)


def _drawn(score: FloatArray, weight: FloatArray | None, limits: tuple[float, float] | None) -> str:
    """Return what bars, outlines and dashed lines are."""
    parts = ["Bars: share of each group's persons per bin."]
    if weight is not None:
        parts.append("Outline: share of each group's weight.")
    if limits is not None:
        out = 100.0 * float(((score < limits[0]) | (score > limits[1])).mean())
        parts.append(
            f"Dashed: scores under {limits[0]:g} and over {limits[1]:g} are trimmed "
            f"({out:.1f}% of persons)."
        )
    return " ".join(parts)


class _Overlap(Plate):
    def __init__(
        self,
        words: Words,
        score: FloatArray,
        treated: BoolArray,
        weight: FloatArray | None,
        limits: tuple[float, float] | None,
        labels: tuple[str, str],
    ) -> None:
        super().__init__(words)
        self.limits = limits
        self.labels = labels
        edges = np.linspace(0.0, 1.0, BINS + 1)
        self.bars, self.outlines = [], []
        for group in (~treated, treated):
            self.bars.append(_shares(score[group], None, edges))
            own = None if weight is None else weight[group]
            self.outlines.append(None if own is None else _shares(score[group], own, edges))
        shown = [*self.bars, *(o for o in self.outlines if o is not None)]
        self.reach = float(max(s.max() for s in shown))
        self.left = MARGIN + AXIS_ROOM
        self.width = WIDTH - MARGIN - self.left

    def body(self) -> None:
        """Draw both halves about the axis."""
        top = self.y + 16
        middle = top + HALF
        for group in (1, 0):
            self._half(group, middle, up=group == 1)
        self._limits(middle)
        self._axes(middle)
        self.y = middle + HALF + 46

    def _half(self, group: int, middle: float, *, up: bool) -> None:
        style = arm_style(group)
        label = one_line(self.labels[group])
        sign = -1.0 if up else 1.0
        pen = self.pen(f"group{group}-bars", f"{label}: distribution of scores")
        step = self.width / BINS
        for b, share in enumerate(self.bars[group].tolist()):
            if share > 0:
                height = HALF * share / self.reach
                top = middle - height if up else middle
                pen.box(
                    self.left + b * step, top, step - 0.6, height, role="bar",
                    fill=mix(style.band, 0.55),
                )  # fmt: skip
        outline = self.outlines[group]
        if outline is not None:
            heights = middle + sign * HALF * np.repeat(outline, 2) / self.reach
            xs = self.left + step * np.repeat(np.arange(BINS + 1), 2)[1:-1]
            xs = np.concatenate(([self.left], xs, [self.left + self.width]))
            ys = np.concatenate(([middle], heights, [middle]))
            self.pen(f"group{group}-outline", f"{label}: weighted distribution").trace(
                np.round(np.column_stack((xs, ys)), 2), role="line", colour=style.line,
                width=1.3, dashes=style.dashes,
            )  # fmt: skip
        y = middle + sign * (HALF + 8)
        text = ellipsise(label, self.width, TEXT, "bold")
        name = self.pen(f"group{group}-name", label)
        name.box(self.left + 2, y - 6, 4, 12, role="paper", fill=PAPER)
        name.text(self.left + 4, y, text, role="text", size=TEXT, bold=True, colour=style.line)

    def _limits(self, middle: float) -> None:
        for i, limit in enumerate(self.limits or ()):
            x = self.left + self.width * limit
            self.pen(f"limit{i}").line(
                (x, middle - HALF), (x, middle + HALF), role="line", colour=INK, width=0.9,
                dashes=(4.0, 2.5),
            )  # fmt: skip

    def _axes(self, middle: float) -> None:
        pen = self.pen("axes")
        right = self.left + self.width
        pen.line((self.left, middle), (right, middle), role="zero", colour=INK, width=0.8)
        bottom = middle + HALF + 16
        pen.line((self.left, bottom), (right, bottom), role="x", colour=INK, width=0.8)
        for k in range(11):
            x = self.left + self.width * k / 10
            pen.line((x, bottom), (x, bottom + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, bottom + 10, tick_text(k / 10), role="label", size=HEAD, align="center")
        pen.line(
            (self.left, middle - HALF), (self.left, middle + HALF), role="y", colour=INK, width=0.8
        )
        for part in (-1.0, -0.5, 0.0, 0.5, 1.0):
            y = middle - HALF * part
            text = f"{abs(100 * part * self.reach):.3g}%"
            pen.line((self.left - 3.5, y), (self.left, y), role="y-tick", colour=INK, width=0.8)
            pen.text(self.left - 6, y, text, role="y-label", size=SMALL, align="right")
        pen.text(
            self.left + self.width / 2, bottom + 22, "Propensity score", role="title", size=HEAD,
            align="center", bold=True,
        )  # fmt: skip


def _shares(score: FloatArray, weight: FloatArray | None, edges: FloatArray) -> FloatArray:
    counts, _ = np.histogram(score, bins=edges, weights=weight)
    total = float(counts.sum())
    return np.asarray(counts / total if total > 0 else counts, dtype=np.float64)

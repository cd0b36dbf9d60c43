"""Figures of digitised curves: read points and reconstruction, averaged curves, ratio over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import plural
from locoreg.figures.axis import EffectAxis, choose_axis
from locoreg.figures.columns import SMALL
from locoreg.figures.differencestrip import Series, StripChart
from locoreg.figures.emulation.plate import SMALL_LINE, Words
from locoreg.figures.layouts import INK
from locoreg.figures.selection.chart import (
    BLUE,
    ORANGE,
    WIDE,
    Chart,
    nice_axis,
    reach_axis,
)
from locoreg.figures.textfit import text_width

if TYPE_CHECKING:
    from locoreg.evidence.digitised import DigitisedArm, DigitisedStudy, PooledCurves

UNIT = EffectAxis(low=0.0, high=1.0, ticks=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0), scale="identity")
NOT_OBSERVED = "Times are reconstructed from a printed curve, not observed."


def reconstruction_figure(study: DigitisedStudy) -> Figure:
    """Draw the read points of both arms over the curves of the reconstructed times.

    Parameters
    ----------
    study : DigitisedStudy
        A reconstructed study.

    Returns
    -------
    matplotlib.figure.Figure
        Points and curves; numbers at risk reported and reconstructed, and the largest differences,
        below.
    """
    arms = (study.intervention, study.control)
    words = Words(
        title=f"{study.study_id}: {study.outcome}, read and reconstructed",
        subtitle=", ".join(dict.fromkeys(arm.read.source_figure for arm in arms)),
        alerts=tuple(f"{arm.read.arm}: {text}" for arm in arms for text in arm.checks.failures),
        description="; ".join(_check_text(arm) for arm in arms),
        notes=(NOT_OBSERVED, *(_check_text(arm) for arm in arms)),
    )
    return _Read(words, study).draw()


def _check_text(arm: DigitisedArm) -> str:
    checks = arm.checks
    text = (
        f"{arm.read.arm}: largest difference of the curves {checks.max_error:.4f} at"
        f" {checks.max_error_time:.1f} months, RMSE {checks.rmse:.4f}"
    )
    if not math.isnan(checks.at_risk_max):
        text += f"; of numbers at risk {checks.at_risk_max:g}"
    return f"{text}."


class _Read(StripChart):
    def __init__(self, words: Words, study: DigitisedStudy) -> None:
        self.study = study
        self.hidden = 0
        self.arms = ((study.intervention, BLUE), (study.control, ORANGE))
        last = max(float(arm.made.points.time[-1]) for arm, _ in self.arms)
        super().__init__(words, nice_axis(0.0, last), UNIT, ("Months", "Survival"))

    def key(self) -> None:
        """Draw the key."""
        rows = []
        for arm, colour in self.arms:
            rows.append(("line", colour, f"{arm.read.arm}, reconstructed"))
            rows.append(("dot", colour, "read points"))
        self.key_row(rows)

    def curves(self) -> None:
        """Draw reconstructed curves as steps, and the read points."""
        for name, (arm, colour) in zip(("intervention", "control"), self.arms, strict=True):
            made = arm.made
            times = np.unique(np.r_[0.0, made.time])
            values = made.curve(times)
            xs, ys = np.repeat(times, 2)[1:], np.repeat(values, 2)[:-1]
            pen = self.pen(f"curve-{name}", f"{arm.read.arm}, reconstructed")
            pen.trace(self.points(xs.tolist(), ys.tolist()), role="line", colour=colour, width=1.2)
            pen = self.pen(f"points-{name}", f"{plural(made.points.time.size, 'read point')}")
            for t, s in zip(made.points.time, made.points.survival, strict=True):
                pen.disc(self.x(float(t)), self.y_at(float(s)), 3.4, role="dot", fill=colour)

    def under(self) -> None:
        """Draw differences at the read points, and write numbers at risk under their times."""
        series = []
        for name, (arm, colour) in zip(("intervention", "control"), self.arms, strict=True):
            points = arm.made.points
            last = np.r_[np.diff(points.time) > 0, True]
            times = points.time[last]
            gaps = (arm.made.curve(times) - points.survival[last]).tolist()
            series.append(
                Series(
                    part=f"difference-{name}",
                    sentence=f"{arm.read.arm}: {_check_text(arm)}",
                    colour=colour,
                    xs=times.tolist(),
                    values=gaps,
                    lows=[],
                    highs=[],
                )
            )
        self.strip(
            "Reconstructed less read survival, at the read points", series, dots=True, least=0.01
        )
        for name, (arm, colour) in zip(("intervention", "control"), self.arms, strict=True):
            self._numbers_at_risk(name, arm, colour)

    def _numbers_at_risk(self, name: str, arm: DigitisedArm, colour: str) -> None:
        checks = arm.checks
        told = f"{arm.read.arm}: at risk, reported / reconstructed"
        if not checks.at_risk_times.size:
            told = f"{arm.read.arm}: {arm.made.n} at risk at time 0, no others reported"
        pen = self.pen(f"risk-{name}", told)
        self.y += 4
        pen.text(self.left, self.y + 5, told, role="head", size=SMALL, colour=colour)
        self.y += SMALL_LINE
        if not checks.at_risk_times.size:
            return
        first = f"{arm.made.n} / {arm.made.n}"
        pen.text(self.left, self.y + 5, first, role="number", size=SMALL, align="center")
        reach = self.left + text_width(first, SMALL) / 2
        for time, reported, made in zip(
            checks.at_risk_times, checks.at_risk_reported, checks.at_risk_made, strict=True
        ):
            x = self.x(float(time))
            text = f"{reported:g} / {made:g}"
            half = text_width(text, SMALL) / 2
            if x - half < reach + 4:
                self.hidden += 1
                continue
            reach = x + half
            bold = reported != made
            pen.text(x, self.y + 5, text, role="number", size=SMALL, align="center", bold=bold)
        self.y += SMALL_LINE

    def drawn_notes(self) -> tuple[str, ...]:
        """Return how many numbers at risk had no room."""
        notes = super().drawn_notes()
        if self.hidden:
            notes += (f"{self.hidden} numbers at risk have no room here; the results hold them.",)
        return notes


def pooled_curves_figure(pooled: PooledCurves) -> Figure:
    """Draw survival of both arms averaged over studies.

    Parameters
    ----------
    pooled : PooledCurves
        Analyses of several studies.

    Returns
    -------
    matplotlib.figure.Figure
        Two curves up to the shortest follow-up.
    """
    curves = pooled.curves
    known = np.isfinite(curves.difference_low)
    last = int(np.flatnonzero(known)[-1])
    words = Words(
        title=(
            f"{pooled.outcome}: curves averaged over"
            f" {plural(len(pooled.studies), 'study', 'studies')}"
        ),
        subtitle="Each study weighs by its persons, the same in both arms",
        alerts=_alerts(pooled),
        description=(
            f"at {curves.time[last]:.1f} months: intervention {curves.intervention[last]:.3f},"
            f" control {curves.control[last]:.3f}, difference {curves.difference[last]:.3f}"
            f" ({curves.difference_low[last]:.3f} to {curves.difference_high[last]:.3f})"
        ),
        notes=(
            NOT_OBSERVED,
            "Weights: "
            + ", ".join(
                f"{name} {100 * weight:.1f}%"
                for name, weight in zip(curves.studies, curves.weights, strict=True)
            )
            + f". Averages end at {curves.time[-1]:.1f} months, the shortest follow-up.",
        ),
    )
    return _Averaged(words, pooled).draw()


def _alerts(pooled: PooledCurves) -> tuple[str, ...]:
    if not pooled.failed:
        return ()
    return (f"Reconstruction outside its limits: {', '.join(pooled.failed)}.",)


class _Averaged(StripChart):
    def __init__(self, words: Words, pooled: PooledCurves) -> None:
        self.pooled = pooled
        axis = nice_axis(0.0, float(pooled.curves.time[-1]))
        super().__init__(words, axis, UNIT, ("Months", "Survival"))

    def key(self) -> None:
        """Draw the key."""
        level = f"{self.pooled.level:g}% pointwise limits of the difference"
        self.key_row(
            [("line", BLUE, "intervention"), ("line", ORANGE, "control"), ("band", WIDE, level)]
        )

    def finding(self) -> str:
        """Return the one-stage hazard ratio."""
        level = f"{self.pooled.level:g}%"
        return f"One-stage hazard ratio {self.pooled.hr_text()}, {level} interval"

    def under(self) -> None:
        """Draw the difference of the curves."""
        curves = self.pooled.curves
        one = Series(
            part="difference",
            sentence="intervention less control",
            colour=INK,
            xs=curves.time.tolist(),
            values=curves.difference.tolist(),
            lows=curves.difference_low.tolist(),
            highs=curves.difference_high.tolist(),
        )
        self.strip("Difference of survival, intervention less control", [one], dots=False)

    def curves(self) -> None:
        """Draw both curves."""
        curves = self.pooled.curves
        for name, values, colour in (
            ("intervention", curves.intervention, BLUE),
            ("control", curves.control, ORANGE),
        ):
            pen = self.pen(f"curve-{name}", f"{name}, averaged")
            pen.trace(
                self.points(curves.time.tolist(), values.tolist()),
                role="line",
                colour=colour,
                width=1.7,
            )


def hazard_ratio_figure(pooled: PooledCurves) -> Figure:
    """Draw the hazard ratio over time: its trend with log time, and by interval.

    Parameters
    ----------
    pooled : PooledCurves
        Analyses of several studies.

    Returns
    -------
    matplotlib.figure.Figure
        Hazard ratio on a log axis; band and line for the trend, upright intervals where there are
        cuts.
    """
    told = [f"{one.text()}." for one in pooled.intervals]
    if pooled.log_time is None:
        told.append(f"No trend with log time: {pooled.log_time_reason}")
    words = Words(
        title=f"{pooled.outcome}: hazard ratio over time",
        subtitle="Intervention over control, studies as strata",
        alerts=_alerts(pooled),
        description=" ".join(told) or f"one-stage hazard ratio {pooled.hr_text()}",
        notes=(NOT_OBSERVED, *told),
    )
    return _OverTime(words, pooled).draw()


class _OverTime(Chart):
    def __init__(self, words: Words, pooled: PooledCurves) -> None:
        self.pooled = pooled
        last = float(max(study.follow_up for study in pooled.studies))
        self.months = [last * k / 60 for k in range(1, 61)]
        log_time = pooled.log_time
        self.trend: list[Estimate] = []
        if log_time is not None:
            self.trend = [log_time.at(month) for month in self.months]
        self.known = [one for one in pooled.intervals if math.isfinite(one.hr.estimate)]
        self.last = last
        every = [*self.trend, *(one.hr for one in self.known)]
        logs = reach_axis(
            [one.estimate for one in every],
            [one.ci_low for one in every],
            [one.ci_high for one in every],
        )
        axis = choose_axis([math.exp(logs.low), math.exp(logs.high)], scale="log")
        super().__init__(words, nice_axis(0.0, last), axis, ("Months", "Hazard ratio"))

    def key(self) -> None:
        """Draw the key."""
        level = f"{self.pooled.level:g}%"
        rows = []
        if self.trend:
            rows += [("line", BLUE, "trend with log time"), ("band", WIDE, f"{level} limits")]
        if self.known:
            rows.append(("dot", INK, f"within an interval, {level} limits"))
        if rows:
            self.key_row(rows)

    def curves(self) -> None:
        """Draw the trend, its band, and the intervals."""
        low, high = self.x_axis.low, self.x_axis.high
        if self.trend:
            shown = [one.natural for one in self.trend]
            self.band(
                "trend-band",
                self.months,
                [one[1] for one in shown],
                [one[2] for one in shown],
                fill=WIDE,
                sentence="limits of the trend",
            )
        ends = ((low, 1.0), (high, 1.0))
        self.straight("zero", ends, colour=INK, width=0.9, sentence="no difference")
        if self.trend:
            pen = self.pen("trend", "hazard ratio by log time")
            mids = [one[0] for one in shown]
            pen.trace(self.points(self.months, mids), role="line", colour=BLUE, width=1.7)
        for k, one in enumerate(self.known):
            stop = min(one.stop, self.last)
            pen = self.pen(f"interval{k}", one.text())
            mid, ci_low, ci_high = one.hr.natural
            x, y = self.x((one.start + stop) / 2), self.y_at(mid)
            ends_x = (self.x(one.start) + 1.5, y), (self.x(stop) - 1.5, y)
            pen.line(*ends_x, role="span", colour=INK, width=1.2)
            self.upright(pen, x, ci_low, ci_high, colour=INK, width=1.2)
            pen.disc(x, y, 5.0, role="dot", fill=INK)

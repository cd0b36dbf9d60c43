"""Figures of digitised curves: read points and reconstruction, averaged curves, ratio over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import plural
from locoreg.figures.axis import EffectAxis
from locoreg.figures.columns import SMALL
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
        f"{arm.read.arm}: largest difference of the curves {checks.max_error:.3f} at"
        f" {checks.max_error_time:.1f} months, RMSE {checks.rmse:.4f}"
    )
    if not math.isnan(checks.at_risk_max):
        text += f"; of numbers at risk {checks.at_risk_max:g}"
    return f"{text}."


class _Read(Chart):
    def __init__(self, words: Words, study: DigitisedStudy) -> None:
        self.study = study
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
        """Write numbers at risk, reported and reconstructed, under their times."""
        for name, (arm, colour) in zip(("intervention", "control"), self.arms, strict=True):
            checks = arm.checks
            if not checks.at_risk_times.size:
                continue
            pen = self.pen(f"risk-{name}", f"{arm.read.arm}: at risk, reported / reconstructed")
            self.y += 4
            pen.text(
                self.left,
                self.y + 5,
                f"{arm.read.arm}: at risk, reported / reconstructed",
                role="head",
                size=SMALL,
                colour=colour,
            )
            self.y += SMALL_LINE
            taken = -math.inf
            for time, told, made in zip(
                checks.at_risk_times, checks.at_risk_reported, checks.at_risk_made, strict=True
            ):
                x = self.x(float(time))
                text = f"{told:g} / {made:g}"
                if x - taken < 5.5 * len(text):
                    continue
                taken = x
                pen.text(x, self.y + 5, text, role="number", size=SMALL, align="center")
            self.y += SMALL_LINE


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
    last = -1
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
        notes=(NOT_OBSERVED,),
    )
    return _Averaged(words, pooled).draw()


def _alerts(pooled: PooledCurves) -> tuple[str, ...]:
    if not pooled.failed:
        return ()
    return (f"Reconstruction outside its limits: {', '.join(pooled.failed)}.",)


class _Averaged(Chart):
    def __init__(self, words: Words, pooled: PooledCurves) -> None:
        self.pooled = pooled
        axis = nice_axis(0.0, float(pooled.curves.time[-1]))
        super().__init__(words, axis, UNIT, ("Months", "Survival"))

    def key(self) -> None:
        """Draw the key."""
        self.key_row([("line", BLUE, "intervention"), ("line", ORANGE, "control")])

    def finding(self) -> str:
        """Return the one-stage hazard ratio."""
        level = f"{self.pooled.level:g}%"
        return f"One-stage hazard ratio {self.pooled.hr.text()}, {level} interval"

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
        Log hazard ratio; band and line for the trend, upright intervals where there are cuts.
    """
    told = [f"{one.text()}" for one in pooled.intervals]
    words = Words(
        title=f"{pooled.outcome}: hazard ratio over time",
        subtitle="Intervention over control, studies as strata",
        alerts=_alerts(pooled),
        description="; ".join(told) or f"one-stage hazard ratio {pooled.hr.text()}",
        notes=(NOT_OBSERVED, *told),
    )
    return _OverTime(words, pooled).draw()


class _OverTime(Chart):
    def __init__(self, words: Words, pooled: PooledCurves) -> None:
        self.pooled = pooled
        last = float(max(study.follow_up for study in pooled.studies))
        self.months = [last * k / 60 for k in range(1, 61)]
        self.trend: list[Estimate] = [pooled.log_time.at(month) for month in self.months]
        known = [one for one in pooled.intervals if math.isfinite(one.hr.estimate)]
        every = [*self.trend, *(one.hr for one in known)]
        self.known, self.last = known, last
        axis = reach_axis(
            [one.estimate for one in every],
            [one.ci_low for one in every],
            [one.ci_high for one in every],
        )
        super().__init__(words, nice_axis(0.0, last), axis, ("Months", "Log hazard ratio"))

    def key(self) -> None:
        """Draw the key."""
        level = f"{self.pooled.level:g}%"
        rows = [("line", BLUE, "trend with log time"), ("band", WIDE, f"{level} limits")]
        if self.known:
            rows.append(("dot", INK, f"within an interval, {level} limits"))
        self.key_row(rows)

    def curves(self) -> None:
        """Draw the trend, its band, and the intervals."""
        self.band(
            "trend-band",
            self.months,
            [one.ci_low for one in self.trend],
            [one.ci_high for one in self.trend],
            fill=WIDE,
            sentence="limits of the trend",
        )
        self.zero(sentence="no difference")
        pen = self.pen("trend", "hazard ratio by log time")
        mids = [one.estimate for one in self.trend]
        pen.trace(self.points(self.months, mids), role="line", colour=BLUE, width=1.7)
        for k, one in enumerate(self.known):
            middle = (one.start + min(one.stop, self.last)) / 2
            pen = self.pen(f"interval{k}", one.text())
            x = self.x(middle)
            self.upright(pen, x, one.hr.ci_low, one.hr.ci_high, colour=INK, width=1.2)
            pen.disc(x, self.y_at(one.hr.estimate), 5.0, role="dot", fill=INK)

"""The courses of a group: one of survival, or one of incidence per cause."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.stats.curves import SurvivalCurve
from locoreg.stats.incidence import CumulativeIncidence
from locoreg.stats.survivaldata import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """One step function of a group.

    Attributes
    ----------
    cause : str
        Cause of the event; empty for survival.
    start : float
        Value at time 0: 1 for survival, 0 for incidence.
    estimate, ci_low, ci_high : ndarray of float, shape (m,)
        Values and pointwise limits at the group's times.
    events : ndarray of int, shape (m,)
        Events at each time.
    """

    cause: str
    start: float
    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    events: IntArray


def courses(curve: SurvivalCurve | CumulativeIncidence) -> tuple[Course, ...]:
    """Return the courses of a group."""
    if isinstance(curve, SurvivalCurve):
        return (
            Course(
                cause="",
                start=1.0,
                estimate=curve.estimate,
                ci_low=curve.ci_low,
                ci_high=curve.ci_high,
                events=curve.events,
            ),
        )
    return tuple(
        Course(
            cause=cause,
            start=0.0,
            estimate=curve.estimate[:, i],
            ci_low=curve.ci_low[:, i],
            ci_high=curve.ci_high[:, i],
            events=curve.events[:, i],
        )
        for i, cause in enumerate(curve.causes)
    )

"""Survival averaged over studies: the same mix of studies in both arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.frames import frame
from locoreg.evidence.digitised.studies import DigitisedStudy
from locoreg.evidence.effectsize import z_value
from locoreg.stats.survivalcurves import kaplan_meier

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
# Months between the points of the averaged curves.
POINTS = 121


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AveragedCurves:
    """Survival of both arms, averaged over studies with weights that both arms share.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
        Months, up to the shortest follow-up of any arm.
    intervention, control, difference : ndarray of float, shape (m,)
        Averaged Kaplan-Meier estimates, and intervention less control.
    intervention_se, control_se, difference_se : ndarray of float, shape (m,)
        Standard errors (Greenwood) with the weights and the studies taken as given.
    difference_low, difference_high : ndarray of float, shape (m,)
        Pointwise limits of the difference.
    studies : tuple of str
        Studies.
    weights : tuple of float
        Persons of each study over all persons.
    level : float
        Level in percent.
    """

    time: FloatArray
    intervention: FloatArray
    control: FloatArray
    difference: FloatArray
    intervention_se: FloatArray
    control_se: FloatArray
    difference_se: FloatArray
    difference_low: FloatArray
    difference_high: FloatArray
    studies: tuple[str, ...]
    weights: tuple[float, ...]
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the curves as JSON-ready values."""
        out: dict[str, Any] = {}
        for name in self.__slots__:
            value = getattr(self, name)
            out[name] = value.tolist() if isinstance(value, np.ndarray) else value
        out["studies"], out["weights"] = list(self.studies), list(self.weights)
        return out

    def to_frame(self) -> pd.DataFrame:
        """Return one row per time."""
        columns = [n for n in self.__slots__ if n not in ("studies", "weights", "level")]
        return frame({name: getattr(self, name) for name in columns})


def averaged_curves(studies: Sequence[DigitisedStudy], *, level: float) -> AveragedCurves:
    """Average the curves of studies, each weighted by its persons in both arms together.

    Parameters
    ----------
    studies : sequence of DigitisedStudy
        At least one.
    level : float
        Level in percent.

    Returns
    -------
    AveragedCurves
        What survival would be in the mix of these studies, under each treatment.
    """
    persons = np.array([float(s.intervention.made.n + s.control.made.n) for s in studies])
    weight = persons / persons.sum()
    grid = np.linspace(0.0, min(study.follow_up for study in studies), POINTS)
    arms: dict[str, tuple[FloatArray, FloatArray]] = {}
    for role in ("intervention", "control"):
        mean, variance = np.zeros(POINTS), np.zeros(POINTS)
        for share, study in zip(weight, studies, strict=True):
            made = getattr(study, role).made
            # The last read point may lie a rounding after the last time.
            times = np.minimum(grid, made.time[-1])
            curve = kaplan_meier(made.time, made.event, level=level)["all"].at(times)
            mean += share * curve.estimate
            variance += share**2 * curve.se**2
        arms[role] = (mean, np.sqrt(variance))
    difference = arms["intervention"][0] - arms["control"][0]
    se = np.hypot(arms["intervention"][1], arms["control"][1])
    half = z_value(level) * se
    return AveragedCurves(
        time=grid,
        intervention=arms["intervention"][0],
        control=arms["control"][0],
        difference=difference,
        intervention_se=arms["intervention"][1],
        control_se=arms["control"][1],
        difference_se=se,
        difference_low=difference - half,
        difference_high=difference + half,
        studies=tuple(study.study_id for study in studies),
        weights=tuple(weight.tolist()),
        level=level,
    )

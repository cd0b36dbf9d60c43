"""Reconstructed studies: both arms, their checks, their hazard ratio beside the reported one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from locoreg.core.errors import DataError, DesignError, LocoregError, did_you_mean
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text
from locoreg.evidence.digitised.persontimes import PersonTimes, whole_rows, without_information
from locoreg.evidence.digitised.reading import ReadCurve
from locoreg.stats.cox import cox
from locoreg.stats.reconstruct import CurveChecks, Reconstruction, check_reconstruction, reconstruct
from locoreg.stats.studies import check_level

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyLimits:
    """What counts as an accurate reconstruction; no value is agreed on, so that none is assumed.

    Attributes
    ----------
    rmse, mean_error, max_error : float
        Largest root mean square, mean absolute and absolute difference of survival, as
        proportions.
    at_risk : float
        Largest difference of a number at risk, as a share of n.
    """

    rmse: float
    mean_error: float
    max_error: float
    at_risk: float

    def to_dict(self) -> dict[str, float]:
        """Return the limits as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DigitisedArm:
    """One arm: what was read, what was made of it, and how well that fits.

    Attributes
    ----------
    read : ReadCurve
        The curve as read.
    made : Reconstruction
        Individual times in months.
    checks : CurveChecks
        Accuracy.
    median : float
        Median of the reconstructed times in months; NaN if not reached.
    """

    read: ReadCurve
    made: Reconstruction
    checks: CurveChecks
    median: float

    def to_dict(self) -> dict[str, Any]:
        """Return the arm as JSON-ready values."""
        read = self.read
        return {
            "study_id": read.study_id,
            "arm": read.arm,
            "role": read.role,
            "outcome": read.outcome,
            "source_figure": read.source_figure,
            "location": read.location,
            "read_by": read.read_by,
            "read_on": read.read_on,
            "reading_notes": list(read.notes),
            "median": self.median,
            "median_reported": read.median,
            "reconstruction": self.made.to_dict(),
            "checks": self.checks.to_dict(),
        }

    def summary(self) -> str:
        """Return the arm in lines."""
        median = "not reached" if math.isnan(self.median) else f"{decimal_text(self.median, 1)}"
        lines = [f"{self.read.study_id}, {self.read.arm} ({self.read.role}): {self.made.summary()}"]
        if self.read.median is not None:
            median += f", reported {decimal_text(self.read.median, 1)}"
        lines += [*self.read.notes, f"Median in months: {median}.", self.checks.summary()]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DigitisedStudy:
    """Both arms of a study.

    Attributes
    ----------
    study_id, outcome : str
        The study and the outcome.
    intervention, control : DigitisedArm
        The arms.
    hr : Estimate
        Log hazard ratio of the reconstructed times, intervention over control; its interval takes
        the times as if they had been observed. Infinite with events in one arm only, NaN with none.
    hr_reason : str
        Why ``hr`` is not finite; empty if it is.
    hr_reported : Estimate or None
        As reported; NaN limits if none are.
    """

    study_id: str
    outcome: str
    intervention: DigitisedArm
    control: DigitisedArm
    hr: Estimate
    hr_reason: str
    hr_reported: Estimate | None

    @property
    def ratio_to_reported(self) -> float:
        """Reconstructed over reported hazard ratio; NaN without one."""
        if self.hr_reported is None or not math.isfinite(self.hr.estimate):
            return math.nan
        return math.exp(self.hr.estimate - self.hr_reported.estimate)

    @property
    def passed(self) -> bool:
        """Whether all checks of both arms pass."""
        return self.intervention.checks.passed and self.control.checks.passed

    @property
    def follow_up(self) -> float:
        """Last read point of the arm that was read less far, in months."""
        return float(min(a.made.points.time[-1] for a in (self.intervention, self.control)))

    @property
    def reach(self) -> float:
        """Last month at which both curves are known; infinite if both have come to 0."""
        ends = []
        for arm in (self.intervention.made, self.control.made):
            last = float(arm.time[-1])
            ends.append(math.inf if arm.curve([last])[0] == 0 else last)
        return min(ends)

    def rows(self) -> tuple[FloatArray, NDArray[np.bool_], FloatArray]:
        """Return times, events and treatment (1 intervention) of all persons."""
        arms = (self.control.made, self.intervention.made)
        return (
            np.concatenate([arm.time for arm in arms]),
            np.concatenate([arm.event for arm in arms]),
            np.repeat([0.0, 1.0], [arm.n for arm in arms]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the study as JSON-ready values."""
        return {
            "study_id": self.study_id,
            "outcome": self.outcome,
            "reference_arm": self.control.read.arm,
            "hr": self.hr.to_dict(),
            "hr_reason": self.hr_reason,
            "hr_reported": None if self.hr_reported is None else self.hr_reported.to_dict(),
            "ratio_to_reported": self.ratio_to_reported,
            "passed": self.passed,
            "arms": [self.intervention.to_dict(), self.control.to_dict()],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per person."""
        arms = (self.control, self.intervention)
        return frame(
            {
                "study_id": [self.study_id] * sum(arm.made.n for arm in arms),
                "arm": [arm.read.arm for arm in arms for _ in range(arm.made.n)],
                "role": [arm.read.role for arm in arms for _ in range(arm.made.n)],
                "time": np.concatenate([arm.made.time for arm in arms]),
                "event": np.concatenate([arm.made.event.astype(int) for arm in arms]),
            }
        )

    def summary(self) -> str:
        """Return the study in lines."""
        lines = [arm.summary() for arm in (self.intervention, self.control)]
        value = f"{self.hr.text()}, level {self.hr.level:g}%"
        if self.hr_reason:
            value = f"not estimable ({self.hr_reason})"
        text = (
            f"{self.study_id}: hazard ratio of {self.intervention.read.arm} over"
            f" {self.control.read.arm} {value}"
        )
        if self.hr_reported is not None:
            reported = self.hr_reported
            printed = decimal_text(math.exp(reported.estimate))
            if not math.isnan(reported.se):
                printed = reported.text()
            text += f"; reported {printed}"
            if not self.hr_reason:
                text += f" (ratio of the two {self.ratio_to_reported:.3f})"
        return "\n".join([*lines, f"{text}."])


def make_arm(read: ReadCurve, *, limits: AccuracyLimits) -> DigitisedArm:
    """Reconstruct and check one arm.

    Parameters
    ----------
    read : ReadCurve
        The curve as read.
    limits : AccuracyLimits
        What the checks compare with.

    Returns
    -------
    DigitisedArm
        Times and checks.
    """
    try:
        made = reconstruct(
            read.time,
            read.survival,
            n=read.n,
            at_risk_times=read.at_risk_times if read.at_risk_times else None,
            at_risk=read.at_risk if read.at_risk else None,
            total_events=read.events,
            curve_end="cut" if read.curve_end == "cut" else "follow-up",
        )
    except LocoregError as error:
        raise DataError(f"{read.study_id}/{read.arm}: {error.message}", hint=error.hint) from error
    checks = check_reconstruction(
        made,
        rmse_limit=limits.rmse,
        mean_limit=limits.mean_error,
        max_limit=limits.max_error,
        at_risk_limit=limits.at_risk,
    )
    below = made.time[made.curve(made.time) <= 0.5]
    median = float(below[0]) if below.size else math.nan
    return DigitisedArm(read=read, made=made, checks=checks, median=median)


def make_studies(
    curves: Sequence[ReadCurve], *, outcome: str | None, level: float, limits: AccuracyLimits
) -> tuple[DigitisedStudy, ...]:
    """Reconstruct all studies of one outcome.

    Parameters
    ----------
    curves : sequence of ReadCurve
        Arms as read.
    outcome : str or None
        Outcome; may be None if there is one only.
    level : float
        Level of the intervals in percent.
    limits : AccuracyLimits
        Limits of the checks of accuracy.

    Returns
    -------
    tuple of DigitisedStudy
        In order of appearance.
    """
    check_level(level)
    outcomes = sorted({curve.outcome for curve in curves})
    if outcome is None and len(outcomes) != 1:
        raise DesignError(
            f"there are curves of {len(outcomes)} outcomes.",
            hint=f"choose one of {', '.join(outcomes)}.",
        )
    chosen = outcomes[0] if outcome is None else outcome
    if chosen not in outcomes:
        raise DesignError(f"no curve has outcome {chosen!r}.", hint=did_you_mean(chosen, outcomes))
    grouped: dict[str, list[ReadCurve]] = {}
    for curve in curves:
        if curve.outcome == chosen:
            grouped.setdefault(curve.study_id, []).append(curve)
    for study, arms in grouped.items():
        if sorted(arm.role for arm in arms) != ["control", "intervention"]:
            raise DataError(
                f"{study} needs one intervention arm and one control arm in curves.csv;"
                f" it has {', '.join(f'{arm.arm} ({arm.role})' for arm in arms)}."
            )
    return tuple(_study(study, arms, level, limits) for study, arms in grouped.items())


def _study(
    study: str, reads: list[ReadCurve], level: float, limits: AccuracyLimits
) -> DigitisedStudy:
    arms = {read.role: make_arm(read, limits=limits) for read in reads}
    made = (arms["control"].made, arms["intervention"].made)
    hr, reason = _hazard_ratio(study, made, level)
    return DigitisedStudy(
        study_id=study,
        outcome=reads[0].outcome,
        intervention=arms["intervention"],
        control=arms["control"],
        hr=hr,
        hr_reason=reason,
        hr_reported=_reported(study, reads),
    )


def _hazard_ratio(
    study: str, made: tuple[Reconstruction, Reconstruction], level: float
) -> tuple[Estimate, str]:
    """Return the log hazard ratio of both arms, and why it is not finite."""
    rows = whole_rows(
        PersonTimes(
            time=np.concatenate([arm.time for arm in made]),
            event=np.concatenate([arm.event for arm in made]),
            treated=np.repeat([0.0, 1.0], [arm.n for arm in made]),
            study=np.full(made[0].n + made[1].n, study),
        )
    )
    silent = without_information(rows)
    if silent:
        nan = math.nan
        nothing = Estimate(estimate=nan, se=nan, ci_low=nan, ci_high=nan, level=level, scale="log")
        return nothing, silent[study]
    fit = cox(
        rows.stop,
        rows.event,
        rows.treated,
        level=level,
        names=["intervention"],
        monotone="report",
    )
    hr = fit.hazard_ratio("intervention")
    if math.isinf(hr.estimate):
        return hr, f"events in the {'intervention' if hr.estimate > 0 else 'control'} arm only"
    return hr, ""


def _reported(study: str, reads: list[ReadCurve]) -> Estimate | None:
    given = {
        (read.hr, read.hr_low, read.hr_high, read.hr_level) for read in reads if read.hr is not None
    }
    if len(given) > 1:
        raise DataError(f"the two rows of {study} in curves.csv report different hazard ratios.")
    if not given:
        return None
    hr, low, high, level = given.pop()
    assert hr is not None
    nan = math.nan
    if low is None or high is None or level is None:
        return Estimate(
            estimate=math.log(hr), se=nan, ci_low=nan, ci_high=nan, level=nan, scale="log"
        )
    width = 2 * float(ndtri(0.5 + level / 200))
    return Estimate(
        estimate=math.log(hr),
        se=math.log(high / low) / width,
        ci_low=math.log(low),
        ci_high=math.log(high),
        level=level,
        scale="log",
    )

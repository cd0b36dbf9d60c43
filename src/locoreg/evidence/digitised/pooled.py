"""Analyses of reconstructed times of several studies: one-stage, two-stage, and over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DesignError, LocoregError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text, plural
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.evidence.digitised.averaged import AveragedCurves, averaged_curves
from locoreg.evidence.digitised.contrasts import PooledContrast, pool_estimates, pooled_contrast
from locoreg.evidence.digitised.persontimes import (
    POOL_VARIANCES,
    PersonTimes,
    PoolVariance,
    clusters,
    cox_variance,
    whole_rows,
    without_information,
)
from locoreg.evidence.digitised.studies import DigitisedStudy
from locoreg.evidence.digitised.timesplit import (
    IntervalRatio,
    LogTimeEffect,
    log_time_effect,
    log_time_words,
    piecewise,
)
from locoreg.evidence.digitised.trendtest import TrendTest, trend_tests
from locoreg.evidence.meta import MetaAnalysis
from locoreg.stats.cox import CoxModel, cox
from locoreg.stats.studies import check_level, check_option

if TYPE_CHECKING:
    import pandas as pd

ASSUMED = (
    "Intervals take the reconstructed times as if they had been observed: the error of reading and"
    " reconstructing curves is in none of them."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledCurves:
    """Analyses of several digitised studies.

    Attributes
    ----------
    outcome : str
        Outcome.
    studies : tuple of DigitisedStudy
        Reconstructed studies, each with its hazard ratio and checks.
    one_stage : CoxModel
        Cox model with a baseline hazard per study; intervention over control. Infinite if one arm
        has no event in any study.
    one_stage_left_out : tuple of str
        Studies that tell nothing about a hazard ratio, each with the reason.
    two_stage : MetaAnalysis or None
        Pool of the studies' log hazard ratios; None if none is finite.
    two_stage_left_out : tuple of str
        Studies without a finite log hazard ratio.
    curves : AveragedCurves
        Averaged curves.
    rmst, survival : tuple of PooledContrast
        Differences at the horizons and times asked for.
    intervals : tuple of IntervalRatio
        Hazard ratio by interval; empty without cuts.
    log_time : LogTimeEffect or None
        Trend of the log hazard ratio with log time; None if it can't be estimated.
    log_time_reason : str
        Why not; empty if it is.
    proportional : tuple of TrendTest
        Tests of proportional hazards by study, and of all with studies as strata.
    variance : {"model", "robust", "robust-by-study"}
        Variance of the one-stage models.
    level : float
        Level in percent.
    provenance : Provenance
        Options and hash of the reconstructed times.
    """

    outcome: str
    studies: tuple[DigitisedStudy, ...]
    one_stage: CoxModel
    one_stage_left_out: tuple[str, ...]
    two_stage: MetaAnalysis | None
    two_stage_left_out: tuple[str, ...]
    curves: AveragedCurves
    rmst: tuple[PooledContrast, ...]
    survival: tuple[PooledContrast, ...]
    intervals: tuple[IntervalRatio, ...]
    log_time: LogTimeEffect | None
    log_time_reason: str
    proportional: tuple[TrendTest, ...]
    variance: PoolVariance
    level: float
    provenance: Provenance

    @property
    def hr(self) -> Estimate:
        """One-stage log hazard ratio, intervention over control."""
        return self.one_stage.hazard_ratio("intervention")

    def hr_text(self) -> str:
        """Return the one-stage hazard ratio in words, or why it has none."""
        if math.isinf(self.hr.estimate):
            arm = "intervention" if self.hr.estimate > 0 else "control"
            return f"not estimable (events in the {arm} arm only)"
        return f"{self.hr.text()}, variance {self.variance}"

    @property
    def failed(self) -> tuple[str, ...]:
        """Studies whose reconstruction fails a check."""
        return tuple(study.study_id for study in self.studies if not study.passed)

    def to_dict(self) -> dict[str, Any]:
        """Return all results as JSON-ready values."""
        return {
            "outcome": self.outcome,
            "direction": "intervention over control; intervention less control",
            "studies": [study.to_dict() for study in self.studies],
            "failed_checks": list(self.failed),
            "one_stage": {
                "hr": self.hr.to_dict(),
                "variance": self.variance,
                "left_out": list(self.one_stage_left_out),
                "model": self.one_stage.to_dict(),
            },
            "two_stage": None if self.two_stage is None else self.two_stage.to_dict(),
            "two_stage_left_out": list(self.two_stage_left_out),
            "curves": self.curves.to_dict(),
            "rmst": [one.to_dict() for one in self.rmst],
            "survival": [one.to_dict() for one in self.survival],
            "intervals": [one.to_dict() for one in self.intervals],
            "log_time": None if self.log_time is None else self.log_time.to_dict(),
            "log_time_reason": self.log_time_reason,
            "proportional": [one.to_dict() for one in self.proportional],
            "assumed": ASSUMED,
            "level": self.level,
            "provenance": self.provenance.to_dict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per study: hazard ratio of the reconstruction and as reported."""
        reported = [study.hr_reported for study in self.studies]
        return frame(
            {
                "study_id": [study.study_id for study in self.studies],
                "n": [s.intervention.made.n + s.control.made.n for s in self.studies],
                "events": [
                    s.intervention.made.events + s.control.made.events for s in self.studies
                ],
                "hr": [study.hr.natural[0] for study in self.studies],
                "ci_low": [study.hr.natural[1] for study in self.studies],
                "ci_high": [study.hr.natural[2] for study in self.studies],
                "hr_reported": [math.nan if r is None else r.natural[0] for r in reported],
                "ratio_to_reported": [study.ratio_to_reported for study in self.studies],
                "passed": [study.passed for study in self.studies],
            }
        )

    def summary(self) -> str:
        """Return the results in lines."""
        lines = [
            f"{self.outcome}: {plural(len(self.studies), 'study', 'studies')}, intervention"
            f" against control, level {self.level:g}%.",
            *(_study_line(study) for study in self.studies),
            f"One-stage hazard ratio, studies as strata: {self.hr_text()}.",
            *(f"No information for it: {name}." for name in self.one_stage_left_out),
        ]
        if self.two_stage is not None:
            lines.append(
                f"Two-stage ({self.two_stage.method}, {self.two_stage.interval}):"
                f" {self.two_stage.mu.text()}."
            )
        lines += [f"Left out of the two-stage pool: {name}." for name in self.two_stage_left_out]
        lines += [one.text() for one in (*self.rmst, *self.survival)]
        lines += [f"Hazard ratio from {one.text()}." for one in self.intervals]
        if self.log_time is None:
            lines.append(f"No trend with log time: {self.log_time_reason}")
        else:
            lines.append(log_time_words(self.log_time))
        lines += [one.text() for one in self.proportional]
        if self.failed:
            lines.append(f"Reconstruction outside its limits: {', '.join(self.failed)}.")
        return "\n".join([*lines, ASSUMED])


def _study_line(study: DigitisedStudy) -> str:
    value = f"not estimable ({study.hr_reason})" if study.hr_reason else study.hr.text()
    text = f"{study.study_id}: {value}"
    if study.hr_reported is not None:
        text += f", reported {decimal_text(math.exp(study.hr_reported.estimate))}"
    return f"{text}."


def pool_curves(
    studies: Sequence[DigitisedStudy],
    *,
    level: float,
    horizons: Sequence[float],
    at: Sequence[float],
    cuts: Sequence[float],
    method: str,
    interval: str,
    variance: PoolVariance,
) -> PooledCurves:
    """Analyse the reconstructed times of several studies.

    Parameters
    ----------
    studies : sequence of DigitisedStudy
        One outcome.
    level : float
        Level in percent.
    horizons : sequence of float
        Months to which restricted means are compared; several show their course.
    at : sequence of float
        Months at which survival is compared.
    cuts : sequence of float
        Months at which the hazard ratio may change.
    method, interval : str
        Estimator of tau2 and kind of interval of the two-stage pools, as in ``meta_analysis``.
    variance : {"model", "robust", "robust-by-study"}
        Variance of the Cox models; robust clusters are persons, or studies. With few studies the
        latter is too small.

    Returns
    -------
    PooledCurves
        All analyses; a study whose curves end before a horizon is left out there and named.
    """
    check_level(level)
    if not studies:
        raise DesignError("there is no study to pool.")
    for name, values in (("horizon", horizons), ("time", at)):
        if any(not (math.isfinite(value) and value > 0) for value in values):
            raise DesignError(f"a {name} must be a number of months above 0.")
    check_option("variance", variance, POOL_VARIANCES)
    persons = _persons(studies)
    one_stage, silent = _one_stage(persons, level, variance)
    log_time, log_time_reason = _log_time(persons, level, variance)
    finite = [s for s in studies if math.isfinite(s.hr.estimate) and s.hr.se > 0]
    options = {"method": method, "interval": interval, "level": level}
    return PooledCurves(
        outcome=studies[0].outcome,
        studies=tuple(studies),
        one_stage=one_stage,
        one_stage_left_out=tuple(f"{name} ({why})" for name, why in sorted(silent.items())),
        two_stage=pool_estimates([s.hr for s in finite], [s.study_id for s in finite], options),
        two_stage_left_out=tuple(
            f"{s.study_id} ({s.hr_reason or 'no standard error'})"
            for s in studies
            if s not in finite
        ),
        curves=averaged_curves(studies, level=level),
        rmst=tuple(
            pooled_contrast("rmst", studies, time, options) for time in sorted(set(horizons))
        ),
        survival=tuple(
            pooled_contrast("survival", studies, time, options) for time in sorted(set(at))
        ),
        intervals=piecewise(persons, cuts, level=level, variance=variance) if cuts else (),
        log_time=log_time,
        log_time_reason=log_time_reason,
        proportional=trend_tests(persons),
        variance=variance,
        level=level,
        provenance=Provenance(
            input_sha256=sha256_of_bytes(persons.time.tobytes(), persons.event.tobytes()),
            options={
                **options,
                "horizons": list(horizons),
                "at": list(at),
                "cuts": list(cuts),
                "variance": variance,
            },
        ),
    )


def _contrasts(
    quantity: str,
    studies: Sequence[DigitisedStudy],
    times: Sequence[float],
    options: dict[str, Any],
) -> tuple[PooledContrast, ...]:
    return tuple(pooled_contrast(quantity, studies, time, options) for time in sorted(set(times)))


def _persons(studies: Sequence[DigitisedStudy]) -> PersonTimes:
    rows = [study.rows() for study in studies]
    return PersonTimes(
        time=np.concatenate([row[0] for row in rows]),
        event=np.concatenate([row[1] for row in rows]),
        treated=np.concatenate([row[2] for row in rows]),
        study=np.concatenate(
            [np.full(row[0].size, study.study_id) for row, study in zip(rows, studies, strict=True)]
        ),
    )


def _one_stage(
    persons: PersonTimes, level: float, variance: PoolVariance
) -> tuple[CoxModel, dict[str, str]]:
    """Fit the stratified model to all studies; return it and who tells nothing."""
    rows = whole_rows(persons)
    silent = without_information(rows)
    if len(silent) == len(persons.names):
        raise DesignError(
            "no study has an event while both arms are at risk, so that there is no hazard ratio.",
            hint="look at the curves with locoreg curves reconstruct.",
        )
    telling = rows.of(~np.isin(rows.study, list(silent)))
    fit = cox(
        telling.stop,
        telling.event,
        telling.treated,
        strata=telling.study,
        cluster=clusters(telling, variance, 1),
        level=level,
        variance=cox_variance(variance),
        monotone="report",
        names=["intervention"],
    )
    return fit, silent


def _log_time(
    persons: PersonTimes, level: float, variance: PoolVariance
) -> tuple[LogTimeEffect | None, str]:
    silent = without_information(whole_rows(persons))
    telling = persons.of(~np.isin(persons.study, list(silent)))
    try:
        return log_time_effect(telling, level=level, variance=variance), ""
    except LocoregError as error:
        return None, error.message

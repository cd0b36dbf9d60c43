"""Analyses of reconstructed times of several studies: one-stage, two-stage, and over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text, p_text, plural
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.evidence.digitised.averaged import AveragedCurves, averaged_curves
from locoreg.evidence.digitised.studies import DigitisedStudy
from locoreg.evidence.digitised.timesplit import (
    IntervalRatio,
    LogTimeEffect,
    PersonTimes,
    log_time_effect,
    log_time_words,
    piecewise,
)
from locoreg.evidence.meta import MetaAnalysis, meta_analysis
from locoreg.stats.cox import CoxModel, cox
from locoreg.stats.cox.model import CoxVariance
from locoreg.stats.regression.hazardstest import proportional_hazards_test
from locoreg.stats.restrictedmean import rmst
from locoreg.stats.studies import check_level
from locoreg.stats.survivalat import survival_at

if TYPE_CHECKING:
    import pandas as pd

ASSUMED = (
    "Intervals take the reconstructed times as if they had been observed: the error of reading and"
    " reconstructing curves is in none of them."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledContrast:
    """A difference at one time in each study, and its pool.

    Attributes
    ----------
    quantity : {"rmst", "survival"}
        Restricted mean survival time to ``time`` (months), or survival at it (proportion).
    time : float
        Horizon or time in months.
    studies : tuple of str
        Studies whose curves reach it.
    differences : tuple of Estimate
        Intervention less control.
    pool : MetaAnalysis or None
        Their pool; None if no study has a usable standard error.
    left_out : tuple of str
        Studies left out, each with the reason.
    """

    quantity: str
    time: float
    studies: tuple[str, ...]
    differences: tuple[Estimate, ...]
    pool: MetaAnalysis | None
    left_out: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "quantity": self.quantity,
            "time": self.time,
            "studies": [
                {"study_id": name, "difference": value.to_dict()}
                for name, value in zip(self.studies, self.differences, strict=True)
            ],
            "pool": None if self.pool is None else self.pool.to_dict(),
            "left_out": list(self.left_out),
        }

    def text(self) -> str:
        """Return a line."""
        if self.quantity == "rmst":
            what = f"Difference of restricted mean to {self.time:g} months"
        else:
            what = f"Difference of survival at {self.time:g} months"
        value = "no study to pool" if self.pool is None else self.pool.mu.text()
        line = f"{what}: {value}, {plural(len(self.studies), 'study', 'studies')}."
        return " ".join([line, *(f"Left out: {reason}." for reason in self.left_out)])


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
        Cox model with a baseline hazard per study; intervention over control.
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
    log_time : LogTimeEffect
        Trend of the log hazard ratio with log time.
    proportional_p : tuple of (str, float)
        p-value of proportional hazards against a trend with 1 less the Kaplan-Meier estimate, by
        study, and of all with studies as strata under ``all``.
    level : float
        Level in percent.
    provenance : Provenance
        Options and hash of the reconstructed times.
    """

    outcome: str
    studies: tuple[DigitisedStudy, ...]
    one_stage: CoxModel
    two_stage: MetaAnalysis | None
    two_stage_left_out: tuple[str, ...]
    curves: AveragedCurves
    rmst: tuple[PooledContrast, ...]
    survival: tuple[PooledContrast, ...]
    intervals: tuple[IntervalRatio, ...]
    log_time: LogTimeEffect
    proportional_p: tuple[tuple[str, float], ...]
    level: float
    provenance: Provenance

    @property
    def hr(self) -> Estimate:
        """One-stage log hazard ratio, intervention over control."""
        return self.one_stage.hazard_ratio("intervention")

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
            "one_stage": {"hr": self.hr.to_dict(), "model": self.one_stage.to_dict()},
            "two_stage": None if self.two_stage is None else self.two_stage.to_dict(),
            "two_stage_left_out": list(self.two_stage_left_out),
            "curves": self.curves.to_dict(),
            "rmst": [one.to_dict() for one in self.rmst],
            "survival": [one.to_dict() for one in self.survival],
            "intervals": [one.to_dict() for one in self.intervals],
            "log_time": self.log_time.to_dict(),
            "proportional_p": dict(self.proportional_p),
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
            f"One-stage hazard ratio, studies as strata: {self.hr.text()}.",
        ]
        if self.two_stage is not None:
            lines.append(
                f"Two-stage ({self.two_stage.method}, {self.two_stage.interval}):"
                f" {self.two_stage.mu.text()}."
            )
        lines += [f"Left out of the two-stage pool: {name}." for name in self.two_stage_left_out]
        lines += [one.text() for one in (*self.rmst, *self.survival)]
        lines += [f"Hazard ratio from {one.text()}." for one in self.intervals]
        lines.append(log_time_words(self.log_time))
        lines += [
            f"Proportional hazards, {'all studies' if name == 'all' else name}:"
            f" {'not tested' if math.isnan(p) else p_text(p)}."
            for name, p in self.proportional_p
        ]
        if self.failed:
            lines.append(f"Reconstruction outside its limits: {', '.join(self.failed)}.")
        return "\n".join([*lines, ASSUMED])


def _study_line(study: DigitisedStudy) -> str:
    text = f"{study.study_id}: {study.hr.text()}"
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
    variance: CoxVariance,
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
    variance : {"model", "robust"}
        Variance of the Cox models; robust clusters are persons.

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
    persons = _persons(studies)
    one_stage = cox(
        persons.time,
        persons.event,
        persons.treated,
        strata=persons.study,
        level=level,
        variance=variance,
        names=["intervention"],
    )
    finite = [s for s in studies if math.isfinite(s.hr.estimate) and s.hr.se > 0]
    options = {"method": method, "interval": interval, "level": level}
    return PooledCurves(
        outcome=studies[0].outcome,
        studies=tuple(studies),
        one_stage=one_stage,
        two_stage=_pool([s.hr for s in finite], [s.study_id for s in finite], options),
        two_stage_left_out=tuple(
            f"{s.study_id} (no finite hazard ratio)" for s in studies if s not in finite
        ),
        curves=averaged_curves(studies, level=level),
        rmst=tuple(_contrast("rmst", studies, time, options) for time in sorted(set(horizons))),
        survival=tuple(_contrast("survival", studies, time, options) for time in sorted(set(at))),
        intervals=piecewise(persons, cuts, level=level, variance=variance) if cuts else (),
        log_time=log_time_effect(persons, level=level, variance=variance),
        proportional_p=_proportional(persons),
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


def _pool(
    values: Sequence[Estimate], labels: Sequence[str], options: dict[str, Any]
) -> MetaAnalysis | None:
    if not values:
        return None
    return meta_analysis(
        [value.estimate for value in values],
        se=[value.se for value in values],
        scale=values[0].scale,
        labels=labels,
        **options,
    )


def _contrast(
    quantity: str, studies: Sequence[DigitisedStudy], time: float, options: dict[str, Any]
) -> PooledContrast:
    estimate: Callable[[DigitisedStudy, float, float], Estimate]
    estimate = _mean_difference if quantity == "rmst" else _survival_difference
    names, values, left_out = [], [], []
    for study in studies:
        if study.follow_up < time:
            left_out.append(f"{study.study_id} (its curves end at {study.follow_up:.1f} months)")
            continue
        value = estimate(study, time, options["level"])
        if not (math.isfinite(value.estimate) and value.se > 0):
            left_out.append(f"{study.study_id} (no standard error of the difference)")
            continue
        names.append(study.study_id)
        values.append(value)
    return PooledContrast(
        quantity=quantity,
        time=time,
        studies=tuple(names),
        differences=tuple(values),
        pool=_pool(values, names, options),
        left_out=tuple(left_out),
    )


def _mean_difference(study: DigitisedStudy, time: float, level: float) -> Estimate:
    months, event, treated = study.rows()
    found = rmst(months, event, horizon=time, level=level, strata=treated, reference=0.0)
    return found.contrasts[0].difference


def _survival_difference(study: DigitisedStudy, time: float, level: float) -> Estimate:
    months, event, treated = study.rows()
    found = survival_at(months, event, times=[time], level=level, strata=treated, reference=0.0)
    return found.contrasts[0].difference


def _proportional(persons: PersonTimes) -> tuple[tuple[str, float], ...]:
    names = sorted(set(persons.study.tolist()))
    out = []
    for name in names:
        mine = persons.study == name
        out.append((name, _trend(persons, mine)))
    if len(names) > 1:
        out.append(("all", _trend(persons, np.ones(persons.study.size, dtype=bool))))
    return tuple(out)


def _trend(persons: PersonTimes, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> float:
    treated = persons.treated[rows & persons.event]
    # With events in one arm only, or two, there is no trend to test.
    if treated.size < 3 or np.ptp(treated) == 0:
        return math.nan
    test = proportional_hazards_test(
        persons.time[rows],
        persons.event[rows],
        persons.treated[rows],
        transform="km",
        strata=persons.study[rows],
        names=["intervention"],
    )
    return float(test.global_p_value)

"""Differences of restricted means and of survival at one time, by study and pooled."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import plural
from locoreg.evidence.digitised.studies import DigitisedStudy
from locoreg.evidence.meta import MetaAnalysis, meta_analysis
from locoreg.stats.restrictedmean import rmst
from locoreg.stats.survivalat import survival_at


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


def pool_estimates(
    values: Sequence[Estimate], labels: Sequence[str], options: dict[str, Any]
) -> MetaAnalysis | None:
    """Pool estimates of studies; None if there is none."""
    if not values:
        return None
    return meta_analysis(
        [value.estimate for value in values],
        se=[value.se for value in values],
        scale=values[0].scale,
        labels=labels,
        **options,
    )


def pooled_contrast(
    quantity: str, studies: Sequence[DigitisedStudy], time: float, options: dict[str, Any]
) -> PooledContrast:
    """Return a difference at one time by study, and its pool.

    Parameters
    ----------
    quantity : {"rmst", "survival"}
        What is compared.
    studies : sequence of DigitisedStudy
        Studies; those whose curves end before, other than at 0, are left out and named.
    time : float
        Months.
    options : dict
        Level, method and interval of ``meta_analysis``.

    Returns
    -------
    PooledContrast
        Differences, intervention less control.
    """
    estimate: Callable[[DigitisedStudy, float, float], Estimate]
    estimate = _mean_difference if quantity == "rmst" else _survival_difference
    names, values, left_out = [], [], []
    for study in studies:
        # A last time may lie a rounding before the last read point.
        if time > study.reach * (1 + 1e-9):
            left_out.append(f"{study.study_id} (its curves end at {study.reach:.1f} months)")
            continue
        value = estimate(study, min(time, study.reach), options["level"])
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
        pool=pool_estimates(values, names, options),
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

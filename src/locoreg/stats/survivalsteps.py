"""The steps of survival curves and cumulative hazards, from the counts of one group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from locoreg.stats.risktable import Tally
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.survivalvariance import Increments

StepEstimator = Literal["kaplan-meier", "nelson-aalen", "fleming-harrington"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Survival and cumulative hazard at each distinct time of one group.

    Attributes
    ----------
    survival, cumulative_hazard : ndarray of float, shape (m,)
        The estimates. Survival that has come to 0 stays there, also if persons enter later.
    log_variance, hazard_variance : ndarray of float, shape (m,)
        Model-based variances of log survival and of the cumulative hazard; the same object where
        survival is exp(-H).
    """

    survival: FloatArray
    cumulative_hazard: FloatArray
    log_variance: FloatArray
    hazard_variance: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sensitivities:
    """How estimates depend on the weights of the rows.

    Attributes
    ----------
    log_survival, hazard : Increments
        Of log survival and of the cumulative hazard; the same object where survival is exp(-H).
    """

    log_survival: Increments
    hazard: Increments


def survival_steps(table: Tally, estimator: StepEstimator) -> Steps:
    """Estimate survival and the cumulative hazard.

    Parameters
    ----------
    table : Tally
        Counts with one kind of event.
    estimator : {"kaplan-meier", "nelson-aalen", "fleming-harrington"}
        The product of 1 - d/n beside the sum of d/n, or exp(-H) with ties as named.

    Returns
    -------
    Steps
        Estimates with model-based variances.
    """
    at_risk, events = _divisor(table.weighted_at_risk), table.weighted_events[:, 0]
    if estimator == "fleming-harrington":
        parts = _one_after_another(at_risk, events, table.carrying_events[:, 0])
        hazard, share = parts.hazard, parts.share
    else:
        hazard = events / at_risk
        share = hazard / at_risk
    cumulative = np.cumsum(hazard)
    hazard_variance = np.cumsum(share, out=share)
    if estimator != "kaplan-meier":
        return Steps(
            survival=np.exp(-cumulative),
            cumulative_hazard=cumulative,
            log_variance=hazard_variance,
            hazard_variance=hazard_variance,
        )
    # With nobody left survival is 0, whatever the weights.
    share = hazard / _divisor(at_risk - events)
    survival = np.subtract(1.0, hazard, out=hazard)
    return Steps(
        survival=np.cumprod(survival, out=survival),
        cumulative_hazard=cumulative,
        log_variance=np.cumsum(share, out=share),
        hazard_variance=hazard_variance,
    )


def sensitivities(table: Tally, estimator: StepEstimator) -> Sensitivities:
    """Return what each row contributes to log survival and the cumulative hazard.

    Parameters
    ----------
    table : Tally
        Counts with one kind of event.
    estimator : {"kaplan-meier", "nelson-aalen", "fleming-harrington"}
        As for ``survival_steps``.

    Returns
    -------
    Sensitivities
        Increments of both.
    """
    at_risk, events = _divisor(table.weighted_at_risk), table.weighted_events[:, 0]
    if estimator == "fleming-harrington":
        parts = _one_after_another(at_risk, events, table.carrying_events[:, 0])
        of_hazard = Increments(share=parts.share, jump=parts.jump)
    else:
        per_person = 1.0 / at_risk
        of_hazard = Increments(share=events * per_person**2, jump=per_person)
    if estimator != "kaplan-meier":
        return Sensitivities(log_survival=of_hazard, hazard=of_hazard)
    per_left = 1.0 / _divisor(at_risk - events)
    of_log = Increments(share=events / at_risk * per_left, jump=per_left)
    return Sensitivities(log_survival=of_log, hazard=of_hazard)


def _divisor(weights: FloatArray) -> FloatArray:
    """Return weights with infinity for 0, so that what is divided by them vanishes."""
    if weights.min() > 0:
        return weights
    return np.where(weights > 0, weights, np.inf)


class _Parts(NamedTuple):
    """Hazard of each time, its model-based variance, and what a unit of weight with it adds."""

    hazard: FloatArray
    share: FloatArray
    jump: FloatArray


def _one_after_another(at_risk: FloatArray, events: FloatArray, rows: IntArray) -> _Parts:
    """Return the hazard when the D events of a time, of mean weight b, come one after another.

    The k-th finds n - k b at risk: the hazard is the sum of b/(n - k b) over k = 0, ..., D - 1.
    """
    some = np.flatnonzero(rows)
    size = rows[some]
    begin = np.cumsum(size) - size
    before = np.arange(size.sum()) - np.repeat(begin, size)
    each = np.repeat(events[some] / size, size)
    per_left = 1.0 / (np.repeat(at_risk[some], size) - before * each)
    terms = each * per_left
    later = per_left * (1.0 + before * terms)
    parts = _Parts(*np.zeros((3, rows.size)))
    if some.size:
        parts.hazard[some] = np.add.reduceat(terms, begin)
        parts.share[some] = np.add.reduceat(terms * per_left, begin)
        parts.jump[some] = np.add.reduceat(later, begin) / size
    return parts

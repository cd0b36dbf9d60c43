"""Overlap of the probabilities of treatment between those treated and those not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from locoreg.core.errors import DataError, LocoregError
from locoreg.core.numbertext import decimal_text, plural
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.diagnostics.positivity import known_groups
from locoreg.emulation.diagnostics.thresholds import (
    AUC_FAIL,
    AUC_WARN,
    EXTREME_WARN,
    OVERLAP_FAIL,
    OVERLAP_WARN,
    STRATUM_SHARE_WARN,
    SUPPORT_FAIL,
    SUPPORT_WARN,
)
from locoreg.emulation.diagnostics.verdicts import judged, noted
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.question import Question
from locoreg.stats.glm import glm
from locoreg.stats.survivaldata import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How far the probabilities of treatment of two groups overlap.

    Attributes
    ----------
    coefficient : float
        Area under the lower of the two densities: 1 where they are the same, 0 where apart.
    outside : float
        Share of persons outside the range that both groups have.
    extreme : float
        Share of persons with a probability under 0.05 or above 0.95.
    auc : float
        Probability that a treated person's probability is higher than an untreated one's, ties
        counted by half.
    """

    coefficient: float
    outside: float
    extreme: float
    auc: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


def overlap(score: FloatArray, treated: BoolArray) -> Overlap:
    """Compare the probabilities of treatment of two groups.

    Parameters
    ----------
    score : ndarray of float, shape (n,)
        Probabilities of treatment.
    treated : ndarray of bool, shape (n,)
        Who was treated.

    Returns
    -------
    Overlap
        The coefficient is one minus the largest distance of the two distribution functions. For a
        probability of treatment this is the area under both densities, without bins: their ratio
        is proportional to e / (1 - e), so they cross once.

    Raises
    ------
    DataError
        If a group is empty or a value is no probability.
    """
    if not bool(((score >= 0.0) & (score <= 1.0)).all()):
        raise DataError("a probability of treatment is unknown or not between 0 and 1.")
    one, other = np.sort(score[treated]), np.sort(score[~treated])
    if not (one.size and other.size):
        raise DataError(
            "overlap needs persons in both groups.", hint="check the strategy and grace period."
        )
    values = np.unique(score)
    distance = np.abs(
        np.searchsorted(one, values, side="right") / one.size
        - np.searchsorted(other, values, side="right") / other.size
    ).max()
    low, high = max(one[0], other[0]), min(one[-1], other[-1])
    ranks = stats.rankdata(score)
    auc = (float(ranks[treated].sum()) / one.size - 0.5 * (one.size + 1)) / other.size
    edge = STRATUM_SHARE_WARN
    return Overlap(
        coefficient=1.0 - float(distance),
        outside=float(((score < low) | (score > high)).mean()),
        extreme=float(((score < edge) | (score > 1.0 - edge)).mean()),
        auc=auc,
    )


def overlap_diagnostics(found: Overlap) -> tuple[Diagnostic, ...]:
    """Judge overlap.

    Parameters
    ----------
    found : Overlap
        The numbers.

    Returns
    -------
    tuple of Diagnostic
        ``overlap``, ``extreme_probability``, ``common_support`` and ``treatment_auc``.
    """
    advice = (
        "Compare within the range where both groups occur: narrow eligibility, trim with the "
        "number of persons told, or take overlap weights."
    )
    return (
        judged(
            "overlap",
            "Overlap of the probability of treatment",
            found.coefficient,
            warn=OVERLAP_WARN,
            fail=OVERLAP_FAIL,
            high_is_bad=False,
            message=f"the two distributions overlap by {decimal_text(found.coefficient)}.",
            advice=advice,
        ),
        judged(
            "extreme_probability",
            "Probabilities of treatment near 0 or 1",
            found.extreme,
            warn=EXTREME_WARN,
            fail=None,
            high_is_bad=True,
            message=f"{found.extreme:.1%} of persons have a probability of treatment under 0.05 or "
            "above 0.95.",
            advice=advice,
        ),
        judged(
            "common_support",
            "Persons outside common support",
            found.outside,
            warn=SUPPORT_WARN,
            fail=SUPPORT_FAIL,
            high_is_bad=True,
            message=f"{found.outside:.1%} of persons lie outside the range that both groups have.",
            advice=advice,
        ),
        judged(
            "treatment_auc",
            "How far treatment is predicted",
            found.auc,
            warn=AUC_WARN,
            fail=AUC_FAIL,
            high_is_bad=True,
            message=f"the area under the curve of the model of treatment is "
            f"{decimal_text(found.auc)}.",
            advice="Confounders nearly decide who is treated. " + advice,
        ),
    )


def cohort_overlap(cohort: Cohort, question: Question) -> tuple[Diagnostic, ...]:
    """Judge overlap by a logistic model of treatment within the grace period.

    Parameters
    ----------
    cohort : Cohort
        The persons; baseline confounders are the covariates.
    question : Question
        With the grace period.

    Returns
    -------
    tuple of Diagnostic
        As `overlap_diagnostics`; a failed ``overlap`` alone where the model can't be fitted, with
        the reason. Persons who died or left untreated before the end of the grace period take no
        part, nor do those with an unknown confounder, who are counted.
    """
    treated, untreated = known_groups(cohort, question)
    known = treated | untreated
    complete = known.copy()
    for column in cohort.confounders():
        complete &= ~column.missing
    rows = np.flatnonzero(complete)
    left_out = int((known & ~complete).sum())
    told = f" {plural(left_out, 'person')} with an unknown confounder left out." if left_out else ""
    if rows.size == 0:
        why = f"nobody can be judged.{told}"
        return (noted("overlap", "Overlap of the probability of treatment", None, why),)
    try:
        design = cohort.take(rows).design()
        score = glm(
            treated[rows].astype(np.float64),
            np.column_stack([np.ones(rows.size), design.X]),
            family="logistic",
            names=["intercept", *design.names],
        ).fitted
        found = overlap_diagnostics(overlap(score, treated[rows]))
    except LocoregError as error:
        return (
            Diagnostic(
                name="overlap",
                title="Overlap of the probability of treatment",
                verdict="fail",
                value=None,
                threshold=OVERLAP_FAIL,
                message=f"no model of treatment could be fitted: {error.message}{told}",
                advice="Look at the strata without treated or without untreated persons: merge a "
                "level, or leave it out of the population.",
            ),
        )
    return tuple(replace(one, message=one.message + told) for one in found)

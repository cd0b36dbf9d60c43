"""Whom a question of robustness is about: everybody, or those whom a rule treats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, plural
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import Scores
from locoreg.stats.rankweighted import estimate_of
from locoreg.stats.survivaldata import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Whom:
    """Persons with their weights in an average.

    Attributes
    ----------
    label : str
        Who they are, in words.
    treat : ndarray of float, shape (n,)
        Probability that the rule treats each person; 1 for everybody.
    weight : ndarray of float, shape (n,)
        Sampling weight times `treat`, scaled to add up to 1.
    share : float
        Share of all persons that they are, by sampling weights.
    n : int
        Persons of positive weight.
    level : float
        Level of intervals in percent.
    cluster : ndarray of int, shape (n,), or None
        Codes of clusters.
    """

    label: str
    treat: FloatArray
    weight: FloatArray
    share: float
    n: int
    level: float
    cluster: IntArray | None

    def mean(self, values: FloatArray) -> tuple[float, FloatArray]:
        """Return the mean of values over the persons, and the influence of each person."""
        mean = float(self.weight @ values)
        return mean, self.weight * (values - mean)

    def estimate(self, value: float, influence: FloatArray) -> Estimate:
        """Return an estimate with the interval of its influence values."""
        return estimate_of(value, influence, level=self.level, cluster=self.cluster)


def whom(scores: Scores, treat: ArrayLike | None) -> Whom:
    """Return whom a question is about.

    Parameters
    ----------
    scores : Scores
        The scores.
    treat : array_like of bool or float, shape (n,), or None
        Whom a rule treats, or with what probability; None for everybody.

    Returns
    -------
    Whom
        The persons.

    Raises
    ------
    DataError
        If `treat` has another length, or is not between 0 and 1.
    DesignError
        If the rule treats nobody.
    """
    if treat is None:
        part, label = np.ones(scores.n), "everybody"
    else:
        part, label = np.asarray(treat, dtype=np.float64), "those whom the rule treats"
        if part.shape != (scores.n,):
            raise DataError(
                f"treat has shape {part.shape} for {scores.n} persons.",
                hint="give one value per person.",
            )
        if not ((part >= 0.0) & (part <= 1.0)).all():
            raise DataError("treat is not between 0 and 1.", hint="give True or False, or shares.")
    weight = scores.weight * part
    total = float(weight.sum())
    if total == 0.0:
        raise DesignError(
            "the rule treats nobody: there is no effect whose robustness could be asked for."
        )
    return Whom(
        label=label,
        treat=part,
        weight=weight / total,
        share=total / float(scores.weight.sum()),
        n=int((part > 0.0).sum()),
        level=scores.question.level,
        cluster=scores.cluster,
    )


def amount(value: float, question: SelectionQuestion) -> str:
    """Return an effect with its unit: ``2.41 months``, or percentage points."""
    if question.measure == "rmst_difference":
        return f"{decimal_text(value)} months"
    return f"{decimal_text(100.0 * value, 1)} percentage points"


def found(estimate: Estimate, question: SelectionQuestion) -> str:
    """Return an effect with its interval and unit."""
    factor, digits, unit = 1.0, 2, "months"
    if question.measure != "rmst_difference":
        factor, digits, unit = 100.0, 1, "percentage points"
    low, high = (decimal_text(factor * v, digits) for v in (estimate.ci_low, estimate.ci_high))
    return f"{decimal_text(factor * estimate.estimate, digits)} ({low} to {high}) {unit}"


def persons(n: int) -> str:
    """Return ``1 person`` or ``12 persons``."""
    return plural(n, "person")

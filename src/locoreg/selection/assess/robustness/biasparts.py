"""Means that the bias of an omitted variable is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DataError
from locoreg.selection.assess.robustness.whom import Whom
from locoreg.selection.scores import Scores
from locoreg.selection.scores.followup import FollowUp
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BiasParts:
    """Means that the bias is made of, each with the influence of every person.

    Attributes
    ----------
    effect, residual_variance, weight_square : (float, ndarray of shape (n,))
        Average effect; variance of the outcome that treatment and covariates leave; mean square of
        the signed inverse probabilities of treatment.
    notes : tuple of str
        How they were computed.
    """

    effect: tuple[float, FloatArray]
    residual_variance: tuple[float, FloatArray]
    weight_square: tuple[float, FloatArray]
    notes: tuple[str, ...]

    def bias(self, factor: float) -> tuple[float, FloatArray]:
        """Return the largest bias at a factor of strength, and its influence."""
        (s, ds), (v, dv) = self.residual_variance, self.weight_square
        root = math.sqrt(s * v)
        if root == 0.0:
            return 0.0, np.zeros_like(ds)
        return factor * root, factor * (ds * v + s * dv) / (2.0 * root)


def bias_parts(scores: Scores, about: Whom) -> BiasParts:
    """Return the parts of omitted-variable bias among some persons.

    Parameters
    ----------
    scores : Scores
        The scores.
    about : Whom
        The persons.

    Returns
    -------
    BiasParts
        The variance is that of the uncensored outcome, from persons whose outcome is known,
        weighted by the inverse of their probability of being uncensored; with late entry, that of
        the replaced outcome, which is larger, so that bounds are wider. The mean square is the
        debiased one (``2 m(alpha) - alpha^2``), or where that is not positive, the mean of
        ``1 / (e (1 - e))``.
    """
    notes: list[str] = []
    e = scores.propensity
    alpha = np.where(scores.data.treated, 1.0 / e, -1.0 / (1.0 - e))
    square = about.mean(2.0 / (e * (1.0 - e)) - alpha**2)
    if not square[0] > 0.0:
        square = about.mean(1.0 / (e * (1.0 - e)))
        notes.append(
            "The debiased mean square of the weights is not positive: it was taken from the "
            "modelled probabilities of treatment."
        )
    own = np.where(scores.data.treated, scores.treated_mean, scores.comparator_mean)
    if scores.data.entry is None:
        follow = FollowUp.of(scores.data, scores.question, scores.options)
        known = about.weight * np.where(follow.done, 1.0 / scores.uncensored, 0.0)
        gap = np.where(follow.done, (follow.value - own) ** 2, 0.0)
    else:
        known, gap = about.weight, (scores.outcome - own) ** 2
        notes.append(
            "Persons enter late: the residual variance is that of the replaced outcome, and the "
            "bounds are wider than they need be."
        )
    total = float(known.sum())
    if total == 0.0:
        raise DataError(
            f"the outcome of nobody among {about.label} is known.", hint="shorten the horizon."
        )
    variance = float(known @ gap) / total
    return BiasParts(
        effect=about.mean(scores.gamma),
        residual_variance=(variance, known * (gap - variance) / total),
        weight_square=square,
        notes=tuple(notes),
    )

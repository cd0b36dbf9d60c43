"""Means that the bias of an omitted variable is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

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
        The variance is that of the uncensored outcome, from persons who were observed from time
        zero on and whose outcome is known, weighted by the inverse of their probability of being
        uncensored. Where there is nobody like that, it is that of the replaced outcome, which is
        larger, so that bounds are wider. The mean square is the
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
    known, gap, note = _residuals(scores, about, own)
    notes += note
    total = float(known.sum())
    variance = float(known @ gap) / total
    return BiasParts(
        effect=about.mean(scores.gamma),
        residual_variance=(variance, known * (gap - variance) / total),
        weight_square=square,
        notes=tuple(notes),
    )


def _residuals(
    scores: Scores, about: Whom, own: FloatArray
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Return weights and squared residuals whose mean is the residual variance, and notes."""
    entry = scores.data.entry
    start = np.ones(scores.n, dtype=bool) if entry is None else entry == 0.0
    follow = FollowUp.of(scores.data, scores.question, scores.options)
    seen = start & follow.done
    known = about.weight * np.where(seen, 1.0 / scores.uncensored, 0.0)
    if not known.any():
        note = (
            "Nobody was observed from time zero to a known outcome: the residual variance is that "
            "of the replaced outcome, and the bounds are wider than they need be."
        )
        return about.weight, (scores.outcome - own) ** 2, [note]
    gap = np.where(seen, (follow.value - own) ** 2, 0.0)
    late = int((~start & (about.weight > 0.0)).sum())
    note = (
        f"The residual variance is that of those observed from time zero on: {late} entered later."
    )
    return known, gap, [note] if late else []

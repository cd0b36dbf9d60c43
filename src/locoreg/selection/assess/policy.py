"""Value of a rule: what it gains per person, against treating nobody and everybody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.selection.assess.heldout import HeldOut
from locoreg.selection.assess.results import Harm, PolicyValue, ValueCurve
from locoreg.selection.scores.result import Scores
from locoreg.stats.rankweighted import weighted_mean
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray


def policy_value(
    scores: Scores, treat: ArrayLike, *, cost: float, label: str, level: float
) -> PolicyValue:
    """Estimate what a rule gains per person.

    With the score Gamma of each person and the rule's choice pi(x), the gain over treating nobody
    is the mean of pi (Gamma - cost), that over treating everybody the mean of
    (pi - 1)(Gamma - cost) (Athey and Wager 2021, doi:10.3982/ECTA15732). Both are weighted by
    sampling weights; intervals are those of the influence function, with clusters.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    treat : array_like of bool or float, shape (n,)
        Whom the rule treats, or with what probability. It must not have been learnt from these
        persons: each by a rule of the other folds, or by one laid down before.
    cost : float
        What treatment must gain to be worth it, in the unit of the effect.
    label : str
        The rule in words.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    PolicyValue
        Gains, share treated, and what those who are moved gain by it.

    Raises
    ------
    DataError
        If the choices don't fit the persons or are no probabilities.
    """
    check_level(level)
    if not math.isfinite(cost):
        raise DataError(f"cost is {cost}.", hint="give a number in the unit of the effect.")
    pi = _choices(scores, treat)
    net, w = scores.gamma - cost, scores.weight

    def mean(values: FloatArray) -> Estimate:
        return weighted_mean(values, level=level, weight=w, cluster=scores.cluster)

    return PolicyValue(
        label=label,
        cost=float(cost),
        share_treated=float((w * pi).sum() / w.sum()),
        against_none=mean(pi * net),
        against_all=mean((pi - 1.0) * net),
        harm=(
            _harm(scores, scores.question.comparator_label, pi, net, level),
            _harm(scores, scores.question.treated_label, 1.0 - pi, -net, level),
        ),
        unit=scores.question.unit,
    )


def _choices(scores: Scores, treat: ArrayLike) -> FloatArray:
    pi = np.asarray(treat, dtype=np.float64)
    if pi.shape != (scores.n,):
        raise DataError(
            f"treat has shape {pi.shape}, but there are {scores.n} persons.",
            hint="give one choice per person, in the order of the scores.",
        )
    bad = ~((pi >= 0.0) & (pi <= 1.0))
    if bad.any():
        raise DataError(
            f"treat of person {int(np.argmax(bad)) + 1} is {pi[bad][0]}.",
            hint="give True, False or a probability.",
        )
    return pi


def _harm(
    scores: Scores, moved_from: str, moved: FloatArray, gain: FloatArray, level: float
) -> Harm:
    """Return what those gain who are moved away from an option."""
    rows = np.flatnonzero(moved > 0.0)
    w, cluster = scores.weight, scores.cluster
    return Harm(
        moved_from=moved_from,
        n=rows.size,
        share=float((w * moved).sum() / w.sum()),
        gain=None
        if rows.size == 0
        else weighted_mean(
            gain[rows],
            level=level,
            weight=w[rows] * moved[rows],
            cluster=None if cluster is None else cluster[rows],
        ),
    )


def value_curve(
    scores: Scores, held: HeldOut, costs: Sequence[float], *, level: float
) -> ValueCurve:
    """Estimate the value of treating those whose predicted effect exceeds a cost, by cost.

    Persons without a prediction (those of the first fold of the sequential design) are left out.
    The gain over treating nobody, as a function of the cost, is the net benefit of decision curves.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    held : HeldOut
        Effects that were predicted without the person.
    costs : sequence of float
        Costs in the unit of the effect, ascending.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    ValueCurve
        One value per cost.

    Raises
    ------
    DesignError
        If there are no costs, or they don't ascend.
    """
    if not costs or any(b <= a for a, b in pairwise(costs)):
        raise DesignError(f"costs are {tuple(costs)}.", hint="give one or more, ascending.")
    part, effect, _ = held.on(scores)
    return ValueCurve(
        values=tuple(
            policy_value(
                part,
                effect > cost,
                cost=cost,
                label=f"{held.learner}: treat where the predicted effect exceeds {cost:g}",
                level=level,
            )
            for cost in costs
        )
    )

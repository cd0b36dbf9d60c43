"""How well predicted effects rank persons by their benefit."""

from __future__ import annotations

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.selection.assess.heldout import HeldOut, percentiles
from locoreg.selection.assess.heterogeneity import sum_of_folds
from locoreg.selection.assess.outcomes import Comparison
from locoreg.selection.assess.results import TargetingCurve
from locoreg.selection.learners.base import effect_residuals
from locoreg.selection.scores.result import Scores
from locoreg.stats.rankweighted import (
    Target,
    rank_weighted,
    rank_weighted_difference,
    targeting_curve,
    weighted_mean,
)
from locoreg.stats.survivaldata import FloatArray, IntArray


def ranking_area(scores: Scores, held: HeldOut, *, target: Target, level: float) -> Estimate:
    """Estimate AUTOC or Qini of predicted effects, over the folds together.

    Persons are ranked within their fold. With several folds the number describes and is no test:
    the folds' models share persons, so that its interval is somewhat too short.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    held : HeldOut
        Effects that were predicted without the person.
    target : {"autoc", "qini"}
        The area.
    level : float
        Level of the interval in percent.

    Returns
    -------
    Estimate
        In the unit of the effect.
    """
    part, effect, fold = held.on(scores)
    return rank_weighted(
        part.gamma,
        percentiles(effect, fold, part.weight),
        level=level,
        target=target,
        weight=part.data.weight,
        cluster=part.cluster,
    )


def ranking_curve(
    scores: Scores,
    held: HeldOut,
    *,
    shares: tuple[float, ...],
    level: float,
    seed: int,
    replicates: int = 10_000,
) -> TargetingCurve:
    """Estimate the targeting curve of predicted effects, over the folds together.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    held : HeldOut
        Effects that were predicted without the person.
    shares : tuple of float
        Shares of persons, ascending, the last is 1.
    level : float
        Level of pointwise and joint limits in percent.
    seed : int
        Seed of the joint limits.
    replicates : int
        Draws of the joint limits.

    Returns
    -------
    TargetingCurve
        Effect among those who rank highest, less the average effect.
    """
    part, effect, fold = held.on(scores)
    made = targeting_curve(
        part.gamma,
        percentiles(effect, fold, part.weight),
        shares,
        level=level,
        seed=seed,
        replicates=replicates,
        weight=part.data.weight,
        cluster=part.cluster,
    )
    half = float(special.ndtri(0.5 + level / 200.0)) * made.se
    joint = made.critical * made.se
    return TargetingCurve(
        share=tuple(made.share.tolist()),
        estimate=tuple(made.estimate.tolist()),
        se=tuple(made.se.tolist()),
        ci_low=tuple((made.estimate - half).tolist()),
        ci_high=tuple((made.estimate + half).tolist()),
        band_low=tuple((made.estimate - joint).tolist()),
        band_high=tuple((made.estimate + joint).tolist()),
        level=level,
        unit=part.question.unit,
    )


def compare(
    scores: Scores,
    pair: tuple[HeldOut, HeldOut],
    tested: tuple[HeldOut, HeldOut],
    *,
    target: Target,
    level: float,
) -> Comparison:
    """Compare two learners on the same persons and folds.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    pair : tuple of HeldOut
        Effects of the learner and the other, for the estimates.
    tested : tuple of HeldOut
        The same of the sequential design, for the test; with external predictions the same pair.
    target : {"autoc", "qini"}
        The area.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    Comparison
        The first less the second.

    Raises
    ------
    DesignError
        If the two were not predicted on the same folds.
    """
    for one, two in (pair, tested):
        if not np.array_equal(one.fold, two.fold):
            raise DesignError(
                f"{one.learner} and {two.learner} were predicted on different folds.",
                hint="use the same folds for both.",
            )
    held, other = pair
    part, effect, fold = held.on(scores)
    _, against, _ = other.on(scores)
    gain = _losses(part, against) - _losses(part, effect)
    mine, theirs = tested

    def fold_difference(inside: Scores, rows: IntArray) -> Estimate:
        return _difference(inside, mine.effect[rows], theirs.effect[rows], target, level)

    return Comparison(
        other=other.learner,
        area=ranking_area(scores, other, target=target, level=level),
        difference=_difference(
            part,
            percentiles(effect, fold, part.weight),
            percentiles(against, fold, part.weight),
            target,
            level,
        ),
        p=sum_of_folds(scores, mine, fold_difference),
        loss_gain=weighted_mean(gain, level=level, weight=part.weight, cluster=part.cluster),
    )


def _difference(
    part: Scores, one: FloatArray, two: FloatArray, target: Target, level: float
) -> Estimate:
    return rank_weighted_difference(
        part.gamma,
        one,
        two,
        level=level,
        target=target,
        weight=part.data.weight,
        cluster=part.cluster,
    )


def _losses(part: Scores, effect: FloatArray) -> FloatArray:
    treatment, outcome = effect_residuals(part)
    return np.asarray((outcome - treatment * effect) ** 2)

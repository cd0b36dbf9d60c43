"""Test that effects differ between persons in a way that a learner finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.selection.assess.calibration import calibration_line
from locoreg.selection.assess.heldout import HeldOut, same_for_all
from locoreg.selection.assess.outcomes import FoldStatistic, HeterogeneityTest
from locoreg.selection.scores.result import Scores
from locoreg.stats.rankweighted import TARGETS, Target, rank_weighted, rank_weighted_test
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

POWER = 80.0
# Of a useless ranking: variance of the area per variance of the scores and person, which is that of
# -log(U) - 1, and of 1/2 - U, for uniform U.
NULL_VARIANCE: dict[Target, float] = {"autoc": 1.0, "qini": 1.0 / 12.0}
# Area per difference of the effect between two halves that the ranking tells apart.
HALVES: dict[Target, float] = {"autoc": math.log(2.0) / 2.0, "qini": 1.0 / 8.0}


def heterogeneity_test(
    scores: Scores, held: HeldOut, *, target: Target, level: float, power: float = POWER
) -> HeterogeneityTest:
    """Test whether the area under the targeting curve is above 0.

    Each fold is tested with a model of the folds before it. Given these, its statistic has mean 0
    where effects don't differ, so that the sum over folds, divided by the root of their number, is
    standard normal in large samples. The statistics of ordinary cross-fits are correlated: their
    mean rejects too often.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    held : HeldOut
        Effects of the sequential design, or of other persons than those of training.
    target : {"autoc", "qini"}
        The area.
    level : float
        100 less the level of the test in percent: 95 for a one-sided test at 5 percent.
    power : float
        Power in percent of the effect that is called detectable.

    Returns
    -------
    HeterogeneityTest
        Statistic, p-value, and what the test could find. A fold for which the model predicts the
        same effect for everybody counts as 0.

    Raises
    ------
    DesignError
        If the effects are those of ordinary cross-fits, or a fold has one unit only.
    """
    check_option("target", target, TARGETS)
    check_level(power)
    if held.design == "folds":
        raise DesignError(
            "the test needs sequential or external predictions: those of ordinary folds are "
            "correlated and reject too often.",
            hint="use crossfit_sequential.",
        )
    part, effect, fold = held.on(scores)
    alpha = 2.0 * check_level(level)
    folds = tuple(
        _fold(part, effect, np.flatnonzero(fold == number), number, target, level)
        for number in held.folds
    )
    root = math.sqrt(len(folds))
    area = sum(one.statistic for one in folds) / root
    slope = [one.slope.estimate / one.slope.se if one.slope is not None else 0.0 for one in folds]
    errors = [_null_error(part, fold, one, target) for one in folds]
    steep = sum(slope) / root
    reach = float(special.ndtri(1.0 - alpha) + special.ndtri(power / 100.0))
    detectable = reach * root / sum(1.0 / se for se in errors)
    return HeterogeneityTest(
        learner=held.learner,
        design=held.design,
        target=target,
        statistic=area,
        p=float(special.ndtr(-area)),
        area=mean_of_folds([one.area for one in folds]),
        slope_statistic=steep,
        slope_p=float(special.ndtr(-steep)),
        folds=folds,
        constant_folds=sum(one.slope is None for one in folds),
        detectable=detectable,
        detectable_difference=detectable / HALVES[target],
        power=power,
        alpha=alpha,
        unit=part.question.unit,
    )


def _fold(
    part: Scores, effect: FloatArray, rows: IntArray, number: int, target: Target, level: float
) -> FoldStatistic:
    gamma, w = part.gamma[rows], part.weight[rows]
    cluster = None if part.cluster is None else part.cluster[rows]
    if rows.size < 3 or (cluster is not None and np.unique(cluster).size < 2):
        raise DesignError(
            f"fold {number + 1} has {rows.size} persons"
            + ("." if cluster is None else f" of {np.unique(cluster).size} clusters."),
            hint="take fewer folds.",
        )
    mine = effect[rows]
    same = same_for_all(mine)
    area: Estimate = rank_weighted(
        gamma,
        np.zeros(rows.size) if same else mine,
        level=level,
        target=target,
        weight=w,
        cluster=cluster,
    )
    slope = (
        None if same else calibration_line(gamma, mine, level=level, weight=w, cluster=cluster)[1]
    )
    statistic = 0.0
    if not same:
        statistic = rank_weighted_test(
            gamma, mine, target=target, weight=w, cluster=cluster
        ).statistic
    return FoldStatistic(fold=number, n=rows.size, area=area, statistic=statistic, slope=slope)


def mean_of_folds(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of uncorrelated estimates of one level."""
    first, m = estimates[0], len(estimates)
    value = sum(one.estimate for one in estimates) / m
    se = math.sqrt(sum(one.se**2 for one in estimates)) / m
    half = float(special.ndtri(0.5 + first.level / 200.0)) * se
    return replace(first, estimate=value, se=se, ci_low=value - half, ci_high=value + half)


def sum_of_folds(
    scores: Scores, held: HeldOut, estimate: Callable[[Scores, IntArray], Estimate]
) -> float | None:
    """Return the one-sided p-value of an estimate that is made in each fold.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    held : HeldOut
        Effects of the sequential design, or of other persons than those of training.
    estimate : callable
        From the scores of a fold, and its persons' places among all, to an estimate.

    Returns
    -------
    float or None
        From the sum of the folds' standardised estimates; folds without spread count as 0. None
        if none has any.
    """
    total, known = 0.0, 0
    for number in held.folds:
        rows = np.flatnonzero(held.fold == number)
        one = estimate(scores.take(rows), rows)
        if one_sided(one) is not None:
            total += one.estimate / one.se
            known += 1
    return float(special.ndtr(-total / math.sqrt(len(held.folds)))) if known else None


def one_sided(estimate: Estimate) -> float | None:
    """Return the one-sided p-value of an estimate of 0 or less; None if it has no spread."""
    # Influences that are 0 but for rounding are no spread.
    if not estimate.se > 1e-12 * abs(estimate.estimate) or estimate.se < 1e-300:
        return None
    return float(special.ndtr(-estimate.estimate / estimate.se))


def _null_error(part: Scores, fold: IntArray, one: FoldStatistic, target: Target) -> float:
    """Return the standard error of the fold's area, for a ranking that tells nothing."""
    rows = fold == one.fold
    w, gamma = part.weight[rows], part.gamma[rows]
    mean = (w * gamma).sum() / w.sum()
    square = float((w**2 * (gamma - mean) ** 2).sum() / w.sum() ** 2)
    return math.sqrt(NULL_VARIANCE[target] * square)

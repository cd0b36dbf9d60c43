"""Persons in whom both options occur: Crump's limit, trimming, the effect in the overlap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.emulation.cohort import Attrition
from locoreg.emulation.cohort.attrition import AttritionStep
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.scores.result import Scores
from locoreg.stats.rankweighted import estimate_of
from locoreg.stats.survivaldata import FloatArray


def crump_cutoff(propensity: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the limit beyond which persons cost more precision than they bring.

    Parameters
    ----------
    propensity : ndarray of float, shape (n,)
        Probabilities of treatment, between 0 and 1.
    weight : ndarray of float, shape (n,), optional
        Sampling weights.

    Returns
    -------
    float
        The limit a: the average effect of those with a probability from a to 1 - a has the least
        variance if outcomes are equally spread [1]_. 0 where nobody is to be left out.

    References
    ----------
    .. [1] Crump RK, Hotz VJ, Imbens GW, Mitnik OA (2009). Dealing with limited overlap in
       estimation of average treatment effects. Biometrika 96, 187-199. doi:10.1093/biomet/asn055
    """
    cost = 1.0 / (propensity * (1.0 - propensity))
    w = np.ones(cost.size) if weight is None else weight
    order = np.argsort(cost)
    cost, w = cost[order], w[order]
    mean = np.cumsum(w * cost) / np.cumsum(w)
    if cost[-1] <= 2.0 * mean[-1]:
        return 0.0
    # The largest cost that is at most twice the mean of those up to it.
    most = 2.0 * mean[np.flatnonzero(cost <= 2.0 * mean)[-1]]
    return float(0.5 - np.sqrt(max(0.25 - 1.0 / most, 0.0)))


def trim(scores: Scores, *, cutoff: float) -> SelectionData:
    """Return the persons in whom both options occur. Scores are then to be made anew.

    Parameters
    ----------
    scores : Scores
        Scores, whose probabilities of treatment decide.
    cutoff : float
        Persons with a probability below it or above 1 less it are left out; `crump_cutoff` gives
        one. The average effect is then that of those who stay.

    Returns
    -------
    SelectionData
        Those who stay, with their number as a step of the attrition and in the notes.

    Raises
    ------
    DesignError
        If the cutoff is not from 0 to 0.5, or nobody stays.
    """
    if not 0.0 <= cutoff < 0.5:
        raise DesignError(f"cutoff is {cutoff}.", hint="give a probability below 0.5.")
    e, data = scores.propensity, scores.data
    stay = np.flatnonzero((e >= cutoff) & (e <= 1.0 - cutoff))
    if not stay.size:
        raise DesignError(
            f"nobody has a probability of treatment from {cutoff:g} to {1.0 - cutoff:g}.",
            hint="take a smaller cutoff.",
        )
    out = data.n - stay.size
    words = f"probability of treatment from {cutoff:.3g} to {1.0 - cutoff:.3g}"
    step = AttritionStep(name=words, excluded=int(out), left=int(stay.size))
    return replace(
        data.take(stay),
        attrition=Attrition(
            source=data.attrition.source,
            started=data.attrition.started,
            steps=(*data.attrition.steps, step),
        ),
        notes=(*data.notes, f"{out} of {data.n} persons were left out: no {words}."),
    )


def overlap_average(scores: Scores) -> Estimate:
    """Return the average effect in the overlap: persons weigh e (1 - e).

    Parameters
    ----------
    scores : Scores
        The scores.

    Returns
    -------
    Estimate
        Regression of the outcome's residual on that of treatment [1]_; its target is the average of
        effects with the weights e (1 - e) [2]_, and errors of e(x) and m(x) enter by their product
        or square only. No probability of treatment is divided by.

    References
    ----------
    .. [1] Robinson PM (1988). Root-N-consistent semiparametric regression. Econometrica 56,
       931-954. doi:10.2307/1912705
    .. [2] Li F, Morgan KL, Zaslavsky AM (2018). Balancing covariates via propensity score
       weighting. Journal of the American Statistical Association 113, 390-400.
       doi:10.1080/01621459.2016.1260466
    """
    treatment, outcome = scores.treated - scores.propensity, scores.outcome - scores.mean
    w = scores.weight
    size = float((w * treatment**2).sum())
    effect = float((w * treatment * outcome).sum()) / size
    influence = w * treatment * (outcome - effect * treatment) / size
    return estimate_of(effect, influence, level=scores.question.level, cluster=scores.cluster)

"""Average effects of groups: by quantiles of the predicted effect, and laid down before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.selection.assess.heldout import HeldOut, percentiles
from locoreg.selection.assess.outcomes import SubgroupDifference, SubgroupEffects
from locoreg.selection.assess.results import GroupEffect, GroupEffects
from locoreg.selection.scores.result import Scores
from locoreg.stats.maxt import joint_critical_value, max_t_p_values
from locoreg.stats.rankweighted import estimate_of, weighted_mean
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joint:
    """How joint limits are drawn."""

    level: float
    seed: int
    replicates: int


def quantile_groups(
    scores: Scores,
    held: HeldOut,
    *,
    groups: int,
    level: float,
    seed: int,
    replicates: int = 10_000,
) -> GroupEffects:
    """Estimate the average effect of persons by quantiles of the predicted effect.

    Quantiles are those of the fold, so that the levels of the folds' models don't matter
    (Chernozhukov, Demirer, Duflo and Fernandez-Val 2025, doi:10.3982/ECTA19303). Persons of equal
    predictions stay together; groups that are empty for this reason are not shown.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    held : HeldOut
        Effects that were predicted without the person.
    groups : int
        Number of groups.
    level : float
        Level of pointwise and joint limits in percent.
    seed : int
        Seed of the joint limits.
    replicates : int
        Draws of the joint limits.

    Returns
    -------
    GroupEffects
        From the least to the greatest predicted effect.
    """
    part, effect, fold = held.on(scores)
    place = percentiles(effect, fold, part.weight)
    number = np.minimum((place * groups).astype(np.int64), groups - 1)
    shown = np.unique(number)
    labels = [_quantile_label(int(k), groups) for k in shown]
    return _group_effects(
        part,
        f"Quantiles of the predicted effect ({held.learner})",
        labels,
        [number == k for k in shown],
        effect,
        _Joint(level=level, seed=seed, replicates=replicates),
    )


def _quantile_label(k: int, groups: int) -> str:
    extreme = {0: ", least", groups - 1: ", greatest"}
    return f"{k + 1} of {groups}{extreme.get(k, '')}"


def subgroup_effects(
    scores: Scores,
    groups: Mapping[str, ArrayLike],
    *,
    title: str,
    level: float,
    seed: int,
    replicates: int = 10_000,
) -> SubgroupEffects:
    """Estimate average effects of subgroups that were laid down before the analysis.

    Each subgroup is also compared with all other persons. The p-values of these differences are
    adjusted for all of them together by the largest statistic, step by step.

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    groups : mapping of str to array_like of bool, shape (n,)
        Subgroups by name. They may overlap.
    title : str
        What the subgroups are.
    level : float
        Level of pointwise and joint limits in percent.
    seed : int
        Seed of the joint limits and p-values.
    replicates : int
        Draws of both.

    Returns
    -------
    SubgroupEffects
        Effects and differences, in the order given.

    Raises
    ------
    DesignError
        If a subgroup has fewer than two persons, or there is none.
    DataError
        If a subgroup is no mask of the persons.
    """
    if not groups:
        raise DesignError("there are no subgroups.", hint="name one or more.")
    masks = [_mask(scores, name, values) for name, values in groups.items()]
    joint = _Joint(level=level, seed=seed, replicates=replicates)
    effects = _group_effects(scores, title, list(groups), masks, None, joint)
    return SubgroupEffects(
        groups=effects, differences=_differences(scores, list(groups), masks, joint)
    )


def _mask(scores: Scores, name: str, values: ArrayLike) -> BoolArray:
    mask = np.asarray(values)
    if mask.dtype != np.bool_ or mask.shape != (scores.n,):
        raise DataError(
            f"subgroup {name!r} is of type {mask.dtype} and shape {mask.shape}.",
            hint=f"give True or False for each of the {scores.n} persons.",
        )
    if mask.sum() < 2:
        raise DesignError(
            f"subgroup {name!r} has {int(mask.sum())} persons.", hint="leave it out, or merge it."
        )
    return mask


def _group_effects(
    scores: Scores,
    title: str,
    labels: Sequence[str],
    masks: Sequence[BoolArray],
    predicted: FloatArray | None,
    joint: _Joint,
) -> GroupEffects:
    check_level(joint.level)
    influence = np.column_stack([_influence(scores, mask) for mask in masks])
    critical = joint_critical_value(
        influence,
        level=joint.level,
        seed=joint.seed,
        replicates=joint.replicates,
        cluster=scores.cluster,
    )
    return GroupEffects(
        title=title,
        groups=tuple(
            _one(scores, label, mask, predicted, joint.level, critical)
            for label, mask in zip(labels, masks, strict=True)
        ),
        critical=critical,
        level=joint.level,
        unit=scores.question.unit,
    )


def _one(
    scores: Scores,
    label: str,
    mask: BoolArray,
    predicted: FloatArray | None,
    level: float,
    critical: float,
) -> GroupEffect:
    effect = group_mean(scores, scores.gamma, mask, level=level)
    w = scores.weight[mask]
    treated = int(scores.data.treated[mask].sum())
    return GroupEffect(
        label=label,
        n=int(mask.sum()),
        treated=treated,
        comparator=int(mask.sum()) - treated,
        predicted=None if predicted is None else float((w * predicted[mask]).sum() / w.sum()),
        effect=effect,
        band_low=effect.estimate - critical * effect.se,
        band_high=effect.estimate + critical * effect.se,
    )


def group_mean(scores: Scores, values: FloatArray, mask: BoolArray, *, level: float) -> Estimate:
    """Return the weighted mean of values of some persons, with clusters.

    Parameters
    ----------
    scores : Scores
        Weights and clusters of all persons.
    values : ndarray of float, shape (n,)
        Values of all persons.
    mask : ndarray of bool, shape (n,)
        Which of them count.
    level : float
        Level of the interval in percent.

    Returns
    -------
    Estimate
        Mean with the interval of its influence function.
    """
    cluster = scores.cluster
    return weighted_mean(
        values[mask],
        level=level,
        weight=scores.weight[mask],
        cluster=None if cluster is None else cluster[mask],
    )


def _influence(scores: Scores, mask: BoolArray) -> FloatArray:
    w = scores.weight * mask
    mean = (w * scores.gamma).sum() / w.sum()
    return np.asarray(w * (scores.gamma - mean) / w.sum())


def _differences(
    scores: Scores, labels: Sequence[str], masks: Sequence[BoolArray], joint: _Joint
) -> tuple[SubgroupDifference, ...]:
    """Compare each subgroup with all other persons."""
    influence = np.zeros((scores.n, len(masks)))
    estimates: list[Estimate | None] = []
    for j, mask in enumerate(masks):
        if (~mask).sum() < 2:
            estimates.append(None)
            continue
        influence[:, j] = _influence(scores, mask) - _influence(scores, ~mask)
        inside, outside = (
            group_mean(scores, scores.gamma, one, level=joint.level) for one in (mask, ~mask)
        )
        estimates.append(
            estimate_of(
                inside.estimate - outside.estimate,
                influence[:, j],
                level=joint.level,
                cluster=scores.cluster,
            )
        )
    statistic = np.array([_statistic(one) for one in estimates])
    adjusted = max_t_p_values(
        statistic,
        influence,
        seed=joint.seed,
        replicates=joint.replicates,
        cluster=scores.cluster,
    )
    return tuple(
        SubgroupDifference(
            label=label,
            difference=one,
            p=None if math.isnan(z) else float(2.0 * special.ndtr(-abs(z))),
            p_adjusted=None if math.isnan(z) else float(p),
        )
        for label, one, z, p in zip(labels, estimates, statistic, adjusted, strict=True)
    )


def _statistic(one: Estimate | None) -> float:
    return one.estimate / one.se if one is not None and one.se > 0.0 else math.nan

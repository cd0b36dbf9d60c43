"""Effects in the persons whom held-out rules treat, and in the others."""

from __future__ import annotations

import numpy as np

from locoreg.selection.assess.groups import subgroup_effects
from locoreg.selection.assess.results import GroupEffects
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import BoolArray


def side_effects(scores: Scores, treats: BoolArray, *, seed: int) -> GroupEffects | None:
    """Estimate the effects in both groups, with joint limits.

    Parameters
    ----------
    scores : Scores
        The scores.
    treats : ndarray of bool, shape (n,)
        Decisions of rules that did not see the person.
    seed : int
        Seed of the joint limits.

    Returns
    -------
    GroupEffects or None
        None where a group has fewer than two persons or clusters.
    """
    unit = np.arange(scores.n) if scores.cluster is None else scores.cluster
    if min(np.unique(unit[side]).size for side in (treats, ~treats)) < 2:
        return None
    return subgroup_effects(
        scores,
        {"treated by rules of the other folds": treats, "not treated by them": ~treats},
        title="Decisions of rules that did not see the person",
        level=scores.question.level,
        seed=seed,
    ).groups

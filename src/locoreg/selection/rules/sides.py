"""Effects in the persons whom held-out rules treat, and in the others."""

from __future__ import annotations

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
        None where a group has fewer than two persons.
    """
    if min(int(treats.sum()), int((~treats).sum())) < 2:
        return None
    return subgroup_effects(
        scores,
        {"treated by rules of the other folds": treats, "not treated by them": ~treats},
        title="Decisions of rules that did not see the person",
        level=scores.question.level,
        seed=seed,
    ).groups

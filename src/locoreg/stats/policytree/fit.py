"""The best tree, under a largest share if asked, and other trees that are nearly as good."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.policytree.problem import PolicyProblem, TreeLimits
from locoreg.stats.policytree.search import Structures, search
from locoreg.stats.policytree.tree import PolicyTree, Sketch, finished, treats_codes
from locoreg.stats.rankweighted import estimate_of
from locoreg.stats.survivaldata import BoolArray

# Structures whose decisions are looked at for a list, or to meet a share, at most.
MOST_LOOKED_AT = 1000
# Structures without a split: nobody, everybody.
UNSPLIT = 2
# Multiples of the charge at which structures are looked at for one that treats few enough: each
# charge moves the cuts of each structure.
FACTORS = (1.0, 1.25, 0.8, 1.5, 0.6, 2.0, 0.4, 3.0, 0.2, 5.0, 0.0)
# Steps of the search of the charge; it ends by itself after few.
MOST_CHARGES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class NearTree:
    """A tree that is nearly as good as the best.

    Attributes
    ----------
    tree : PolicyTree
        The tree.
    value : float
        Mean reward on the persons it was fitted to.
    share : float
        Weighted share treated.
    below, se : float
        How far its value is below the best one's, and the standard error of this difference.
    agreement : float
        Weighted share of persons decided as by the best tree.
    """

    tree: PolicyTree
    value: float
    share: float
    below: float
    se: float
    agreement: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFit:
    """The best tree.

    Attributes
    ----------
    tree : PolicyTree
        The tree.
    value : float
        Mean reward on the persons it was fitted to, which flatters it.
    share : float
        Weighted share treated.
    bound : float
        No tree that keeps the limits is better than this. Without a largest share it is the value
        (less penalties of complexity).
    possible : bool
        Whether any split leaves enough persons on both sides.
    near : tuple of NearTree
        Other trees within one standard error of the best, the best first.
    """

    tree: PolicyTree
    value: float
    share: float
    bound: float
    possible: bool
    near: tuple[NearTree, ...]


def policy_tree(
    problem: PolicyProblem,
    limits: TreeLimits,
    *,
    max_share: float | None = None,
    near: int = 0,
    jobs: int = 1,
) -> TreeFit:
    """Find the tree whose decisions have the largest mean reward.

    Parameters
    ----------
    problem : PolicyProblem
        The persons.
    limits : TreeLimits
        What a tree must keep.
    max_share : float, optional
        Largest weighted share of persons treated.
    near : int
        How many trees that are nearly as good to list, at most.
    jobs : int
        Threads; they change no result.

    Returns
    -------
    TreeFit
        Without `max_share` no tree on these bins is better. The exception is depth 3 with
        directions: where the root's column has one, trees are searched of which one side treats
        nobody or everybody, or of depth 2. With `max_share` the tree is the best that a charge on
        treatment finds, and `bound` says how much better any tree could be. Of equally good trees
        it has the fewest leaves.

    Raises
    ------
    DesignError
        If an option can't be used.

    Notes
    -----
    The near trees are the best of each structure (`search`), those with the same decisions listed
    once, while their value is within one standard error of the difference from the best.
    """
    if max_share is not None and not 0.0 < max_share <= 1.0:
        raise DesignError(f"max_share is {max_share}.", hint="give a share above 0, up to 1.")
    found = search(problem, limits, jobs=jobs)
    best, charge = found.build(0), 0.0
    possible = found.value.size > UNSPLIT
    bound = float(found.value[0]) / found.scale
    if max_share is not None and problem.share(_treats(problem, best)) > max_share:
        best, bound, charge, found = _shared(problem, limits, found, max_share, jobs)
    treats = _treats(problem, best)
    return TreeFit(
        tree=finished(best, problem.bins),
        value=problem.value(treats),
        share=problem.share(treats),
        bound=bound,
        possible=possible,
        near=_near(problem, found, treats, near, max_share, charge),
    )


def _treats(problem: PolicyProblem, sketch: Sketch) -> BoolArray:
    return treats_codes(sketch, problem.bins.codes)


def _shared(
    problem: PolicyProblem, limits: TreeLimits, plain: Structures, most: float, jobs: int
) -> tuple[Sketch, float, float, Structures]:
    """Return the best tree found that treats few enough, a bound, the charge and its structures.

    A charge on treatment is raised until the best tree at the charge treats few enough: each step
    takes the charge at which the two trees next to the share are equally good, until no third is
    better (as Lagrange multipliers of one constraint). The bound is the dual value there.
    """
    high_value, high_share = _worth(problem, limits, plain.build(0))
    low: Sketch = False
    low_value, low_share = 0.0, 0.0
    bound = float(plain.value[0]) / plain.scale
    for _ in range(MOST_CHARGES):
        charge = (high_value - low_value) / (high_share - low_share)
        found = search(problem, limits, jobs=jobs, charge=charge)
        bound = min(bound, float(found.value[0]) / found.scale + charge * most)
        best = found.build(0)
        value, share = _worth(problem, limits, best)
        gain = (value - charge * share) - (low_value - charge * low_share)
        if gain <= 1e-10 * max(abs(high_value), abs(low_value)):
            break
        if share <= most:
            low, low_value, low_share = best, value, share
        else:
            high_value, high_share = value, share
    for factor in FACTORS:
        other = (
            found if factor == 1.0 else search(problem, limits, jobs=jobs, charge=factor * charge)
        )
        low, low_value = _improved(problem, limits, other, factor * charge, most, low, low_value)
        if bound - low_value <= 1e-10 * abs(bound):
            break
    return low, bound, charge, found


def _improved(
    problem: PolicyProblem,
    limits: TreeLimits,
    found: Structures,
    charge: float,
    most: float,
    low: Sketch,
    low_value: float,
) -> tuple[Sketch, float]:
    """Return the best of a tree and the structures at a charge that treat few enough."""
    for place in range(min(found.value.size, MOST_LOOKED_AT)):
        # A tree that treats few enough pays at most this charge.
        if float(found.value[place]) / found.scale + charge * most <= low_value:
            break
        sketch = found.build(place)
        value, share = _worth(problem, limits, sketch)
        if share <= most and value > low_value:
            low, low_value = sketch, value
    return low, low_value


def _worth(problem: PolicyProblem, limits: TreeLimits, sketch: Sketch) -> tuple[float, float]:
    treats = _treats(problem, sketch)
    return problem.value(treats) - limits.complexity * _splits(sketch), problem.share(treats)


def _splits(sketch: Sketch) -> int:
    return 0 if isinstance(sketch, bool) else 1 + _splits(sketch[2]) + _splits(sketch[3])


def _near(
    problem: PolicyProblem,
    found: Structures,
    best: BoolArray,
    most: int,
    max_share: float | None,
    charge: float,
) -> tuple[NearTree, ...]:
    value = problem.value(best)
    total = float(problem.weight.sum())
    units = problem.n if problem.cluster is None else np.unique(problem.cluster).size
    each = np.abs(problem.weight * problem.reward) / total
    worth = each if problem.cluster is None else np.bincount(problem.cluster, weights=each)
    # No difference of two trees has a larger standard error.
    widest = math.sqrt(float((worth**2).sum()) * units / max(units - 1, 1))
    seen = {best.tobytes()}
    listed: list[NearTree] = []
    for place in range(min(found.value.size, MOST_LOOKED_AT) if most else 0):
        # A tree that treats few enough pays at most this charge.
        most_worth = float(found.value[place]) / found.scale + charge * (max_share or 0.0)
        if len(listed) == most or value - most_worth > 2.0 * widest:
            break
        sketch = found.build(place)
        treats = _treats(problem, sketch)
        if treats.tobytes() in seen:
            continue
        seen.add(treats.tobytes())
        one = _compared(problem, sketch, treats, best)
        few = max_share is None or one.share <= max_share
        if few and one.below <= one.se:
            listed.append(one)
    return tuple(sorted(listed, key=lambda one: one.below))


def _compared(
    problem: PolicyProblem, sketch: Sketch, treats: BoolArray, best: BoolArray
) -> NearTree:
    w = problem.weight / problem.weight.sum()
    gap = (best.astype(np.float64) - treats) * problem.reward
    below = float((w * gap).sum())
    paired = estimate_of(below, w * (gap - below), level=95.0, cluster=problem.cluster)
    return NearTree(
        tree=finished(sketch, problem.bins),
        value=problem.value(treats),
        share=problem.share(treats),
        below=below,
        se=paired.se,
        agreement=float(w[best == treats].sum()),
    )

"""What a policy tree is searched for: bins, rewards, and limits of leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.policytree.bins import Bins
from locoreg.stats.policytree.kernels import NONE
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLimits:
    """What a tree must keep.

    Attributes
    ----------
    depth : int
        Most splits on the way to a leaf: 1, 2 or 3.
    persons, treated, comparators : int
        Least number of each in a leaf; of persons at least 1.
    complexity : float
        Least gain of the mean reward that a further split must bring.
    monotone : tuple of int
        Per column: 1 where decisions must not fall as it rises with all others fixed (nobody
        untreated who would be treated at a lower value), -1 where they must not rise, 0 else. Empty
        for none.
    """

    depth: int
    persons: int = 1
    treated: int = 0
    comparators: int = 0
    complexity: float = 0.0
    monotone: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.depth not in (1, 2, 3):
            raise DesignError(f"depth is {self.depth}.", hint="exact search goes to 1, 2 or 3.")
        for name, least in (("persons", 1), ("treated", 0), ("comparators", 0)):
            if getattr(self, name) < least:
                raise DesignError(
                    f"the least number of {name} is {getattr(self, name)}.",
                    hint=f"give {least} or more.",
                )
        if not 0.0 <= self.complexity < math.inf:
            raise DesignError(
                f"complexity is {self.complexity}.", hint="give 0 or a least gain per split."
            )
        if not set(self.monotone) <= {-1, 0, 1}:
            raise DesignError("a direction is not -1, 0 or 1.", hint="0 asks for none.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolicyProblem:
    """Persons in bins, and what treating each is worth.

    Attributes
    ----------
    bins : Bins
        Columns of n persons in bins.
    reward : ndarray of float, shape (n,)
        What treating a person gains, costs taken off.
    treated : ndarray of bool, shape (n,)
        Who was treated, for the least numbers of leaves.
    weight : ndarray of float, shape (n,)
        Sampling weights.
    cluster : ndarray of int, shape (n,), or None
        Codes of clusters, for standard errors.
    """

    bins: Bins
    reward: FloatArray
    treated: BoolArray
    weight: FloatArray
    cluster: IntArray | None = None

    def __post_init__(self) -> None:
        n = self.bins.codes.shape[1]
        for name in ("reward", "treated", "weight"):
            if getattr(self, name).shape != (n,):
                raise DataError(f"{name} has {getattr(self, name).size} values for {n} persons.")
        if not np.isfinite(self.reward).all():
            raise DataError("a reward is not finite.", hint="leave the person out, and say so.")
        if not (np.isfinite(self.weight) & (self.weight > 0.0)).all():
            raise DataError("a weight is not positive.", hint="leave out persons of weight 0.")

    @property
    def n(self) -> int:
        """Number of persons."""
        return int(self.bins.codes.shape[1])

    @property
    def p(self) -> int:
        """Number of columns."""
        return int(self.bins.codes.shape[0])

    @property
    def sizes(self) -> IntArray:
        """Number of bins of each column, shape (p,)."""
        return np.array([cuts.size + 1 for cuts in self.bins.cuts], dtype=np.int64)

    def value(self, treats: BoolArray) -> float:
        """Return the weighted mean reward of decisions, shape (n,)."""
        return float((self.weight * self.reward)[treats].sum() / self.weight.sum())

    def share(self, treats: BoolArray) -> float:
        """Return the weighted share of persons treated by decisions, shape (n,)."""
        return float(self.weight[treats].sum() / self.weight.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Whole:
    """Rewards in whole units, whose sums don't depend on the order of persons or on threads.

    Attributes
    ----------
    reward : ndarray of int, shape (n,)
        Weighted rewards in units of 1 / scale.
    scale : float
        Units per unit of reward: the sum of absolute rewards is at most 2**57, so that each is
        rounded by less than 1e-11 of the mean one for up to a million persons.
    penalty : int
        What a split costs: at least 1 unit, so that of trees with equal rewards the one with the
        fewest leaves is the best.
    """

    reward: NDArray[np.int64]
    scale: float
    penalty: int


def whole_rewards(problem: PolicyProblem, limits: TreeLimits, charge: float = 0.0) -> Whole:
    """Return weighted rewards in whole units.

    Parameters
    ----------
    problem : PolicyProblem
        The persons.
    limits : TreeLimits
        Of them, complexity.
    charge : float
        A further cost of treating a person.

    Returns
    -------
    Whole
        Rewards less the charge.
    """
    worth = problem.weight * (problem.reward - charge)
    total = float(np.abs(worth).sum())
    # A power of two, so that scaling itself rounds nothing.
    scale = 1.0 if total == 0.0 else 2.0 ** math.floor(math.log2(-NONE / 4.0 / total))
    cost = limits.complexity * float(problem.weight.sum()) * scale
    return Whole(
        reward=np.rint(worth * scale).astype(np.int64),
        scale=scale,
        penalty=1 + min(round(cost), -NONE // 32),
    )


def directions(limits: TreeLimits, p: int) -> IntArray:
    """Return the direction of each of p columns, shape (p,)."""
    asked: Sequence[int] = limits.monotone or (0,) * p
    if len(asked) != p:
        raise DesignError(f"there are {len(asked)} directions for {p} columns.", hint="0 is none.")
    return np.array(asked, dtype=np.int64)

"""Exact search of the best tree, and of the best tree of each structure."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.policytree.kernels import NONE, search_leaves, search_pairs, search_slabs
from locoreg.stats.policytree.problem import (
    PolicyProblem,
    TreeLimits,
    Whole,
    directions,
    whole_rewards,
)
from locoreg.stats.policytree.tree import Sketch
from locoreg.stats.survivaldata import IntArray

# Options of one side of a split, in this order: nobody, everybody, then a split by each column.
NOBODY, EVERYBODY, SPLITS = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Structures:
    """The best tree of each structure: column of the root, option of its lower and upper side.

    Attributes
    ----------
    value : ndarray of int, shape (s,)
        Rewards less penalties in whole units, descending; those of equal value in a fixed order.
    scale : float
        Whole units per unit of reward, times the sum of weights.
    build : callable
        From a place in `value` to the tree's sketch.
    """

    value: IntArray
    scale: float
    build: Callable[[int], Sketch]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Best options below each cut of one or more roots; axes as the kernels say."""

    total: NDArray[np.int64]
    fits: NDArray[np.int64]
    value: NDArray[np.int64]
    arg: NDArray[np.int64]
    nested: NDArray[np.int64]
    nested_arg: NDArray[np.int64]

    @classmethod
    def empty(cls, lead: tuple[int, ...], cuts: int, children: tuple[int, ...]) -> _Found:
        inner = (*lead, *children, cuts)
        return cls(
            np.zeros((*lead, cuts, 2), dtype=np.int64),
            np.zeros((*lead, cuts), dtype=np.int64),
            np.full((*inner, 2), NONE, dtype=np.int64),
            np.zeros((*inner, 2, 3), dtype=np.int64),
            np.full(inner, NONE, dtype=np.int64),
            np.zeros((*inner, 4), dtype=np.int64),
        )

    def arrays(self) -> tuple[NDArray[np.int64], ...]:
        return (self.total, self.fits, self.value, self.arg, self.nested, self.nested_arg)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What every kernel needs."""

    codes: NDArray[np.uint8]
    sizes: IntArray
    whole: Whole
    treated: NDArray[np.uint8]
    least: IntArray
    direction: IntArray
    jobs: int

    @property
    def p(self) -> int:
        return int(self.sizes.size)

    @property
    def cuts(self) -> int:
        return int(self.sizes.max()) - 1

    def leaves(self) -> _Found:
        found = _Found.empty((self.p,), self.cuts, (0,))
        search_leaves(
            self.codes, self.sizes, self.whole.reward, self.treated, self.least, found.total,
            found.fits,
        )  # fmt: skip
        return found

    def pairs(self) -> _Found:
        p = self.p
        found = _Found.empty((p,), self.cuts, (p,))
        pairs = np.array([(j, k) for j in range(p) for k in range(j, p)], dtype=np.int64)
        parts = [pairs[start :: self.jobs] for start in range(self.jobs)]
        self._each(
            lambda part: search_pairs(
                self.codes, self.sizes, part, self.whole.reward, self.treated, self.least,
                self.whole.penalty, self.direction, found.arrays(),
            ),
            parts,
        )  # fmt: skip
        return found

    def slabs(self, reduce: Callable[[int, _Found], None]) -> None:
        def one(root: int) -> None:
            found = _Found.empty((self.cuts, 2, self.p), self.cuts, ())
            search_slabs(
                self.codes, self.sizes, root, self.whole.reward, self.treated, self.least,
                self.whole.penalty, self.direction, found.arrays(),
            )  # fmt: skip
            reduce(root, found)

        self._each(one, range(self.p))

    def _each(self, call: Callable[[Any], None], parts: Any) -> None:
        with ThreadPoolExecutor(self.jobs) as pool:
            for _ in pool.map(call, parts):
                pass


def search(
    problem: PolicyProblem, limits: TreeLimits, *, jobs: int = 1, charge: float = 0.0
) -> Structures:
    """Find the best tree of each structure.

    Parameters
    ----------
    problem : PolicyProblem
        The persons.
    limits : TreeLimits
        What a tree must keep.
    jobs : int
        Threads; they change no result.
    charge : float
        A further cost of treating a person.

    Returns
    -------
    Structures
        The first is the best tree. To depth 2 a structure names every column. At depth 3 it names
        those of the root and of the next splits; what is below these is the best.
    """
    whole = whole_rewards(problem, limits, charge)
    task = _Task(
        problem.bins.codes,
        problem.sizes,
        whole,
        problem.treated.astype(np.uint8),
        np.array([limits.persons, limits.treated, limits.comparators], dtype=np.int64),
        directions(limits, problem.p),
        jobs,
    )
    scale = whole.scale * float(problem.weight.sum())
    parts = [_no_split(problem, limits, whole)]
    if task.cuts > 0:
        parts += _split(task, limits.depth)
    return _ordered(parts, scale)


_Part = tuple[NDArray[np.int64], Callable[[int], Sketch]]


def _no_split(problem: PolicyProblem, limits: TreeLimits, whole: Whole) -> _Part:
    return np.array([0, whole.reward.sum()], dtype=np.int64), lambda i: bool(i)


def _ordered(parts: list[_Part], scale: float) -> Structures:
    values = np.concatenate([values for values, _ in parts])
    order = np.argsort(-values, kind="stable")
    order = order[values[order] > NONE // 2]
    starts = np.cumsum([0, *(values.size for values, _ in parts)])

    def build(place: int) -> Sketch:
        at = int(order[place])
        part = int(np.searchsorted(starts, at, side="right")) - 1
        return parts[part][1](at - int(starts[part]))

    return Structures(value=values[order], scale=scale, build=build)


def _split(task: _Task, depth: int) -> list[_Part]:
    shallow = task.leaves() if depth == 1 else task.pairs()
    part = _pair_part(task, shallow)
    if depth < 3:
        return [part]
    # Along a monotone root both sides' splits are matched to depth 2 only.
    return [part, _Deep.search(task, shallow).part(task)]


def _joined(
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    nested: NDArray[np.int64],
    fits: NDArray[np.int64],
    direction: IntArray,
    penalty: int,
) -> NDArray[np.int64]:
    """Return values of every pair of options of both sides, shape (..., m, q, q).

    `low` and `high` are (..., m, q), `nested` (..., m, q - 2), `fits` (..., m), and `direction`
    that of the split column, broadcast to (...).
    """
    q = low.shape[-1]
    both = low[..., :, None] + high[..., None, :] - penalty
    up, down = np.zeros((2, q, q), dtype=np.bool_)
    up[NOBODY, :] = up[:, EVERYBODY] = True
    down[:, NOBODY] = down[EVERYBODY, :] = True
    way = np.asarray(direction)[..., None, None, None]
    allowed = (way == 0) | ((way == 1) & up) | ((way == -1) & down)
    both = np.where(allowed & (fits[..., None, None] == 1), both, NONE)
    inner = np.arange(SPLITS, q)
    pairs = np.where((way[..., 0] != 0) & (fits[..., None] == 1), nested - penalty, NONE)
    both[..., inner, inner] = np.maximum(both[..., inner, inner], pairs)
    # Two impossible options together are no less impossible than one.
    return np.asarray(np.maximum(both, NONE))


def _pair_part(task: _Task, found: _Found) -> _Part:
    p, q = task.p, SPLITS + found.value.shape[1]
    best = np.empty((p, q, q), dtype=np.int64)
    cut = np.empty((p, q, q), dtype=np.int64)
    for j in range(p):
        sides = [_options(found.total[j, :, s], found.value[j, :, :, s].T) for s in range(2)]
        joined = _joined(
            sides[0], sides[1], found.nested[j].T, found.fits[j],
            task.direction[j], task.whole.penalty,
        )  # fmt: skip
        cut[j] = joined.argmax(axis=0)
        best[j] = joined.max(axis=0)

    def build(place: int) -> Sketch:
        j, low, high = (int(i) for i in np.unravel_index(place, best.shape))
        a = int(cut[j, low, high])
        if task.direction[j] and min(low, high) >= SPLITS:
            return (j, a, *_nested(found.nested_arg[j, low - SPLITS, a]))
        return (
            j,
            a,
            _option(low, lambda k: _child(found.arg[j, k, a, 0])),
            _option(high, lambda k: _child(found.arg[j, k, a, 1])),
        )

    return best.ravel(), build


def _options(total: NDArray[np.int64], splits: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.column_stack([np.zeros_like(total), total, splits])


def _option(option: int, split: Callable[[int], Sketch]) -> Sketch:
    return option == EVERYBODY if option < SPLITS else split(option - SPLITS)


def _child(arg: NDArray[np.int64]) -> Sketch:
    column, cut, side = arg.tolist()
    return (column, cut, side == 0, side == 1)


def _nested(arg: NDArray[np.int64]) -> tuple[Sketch, Sketch]:
    column, low, high, side = arg.tolist()
    return _child(np.array([column, low, side])), _child(np.array([column, high, side]))


@dataclass(frozen=True, slots=True, eq=False)
class _Deep:
    """Best subtrees of depth 2 on each side of each cut: column of the subtree's root last."""

    shallow: _Found
    value: NDArray[np.int64]  # (p, m, 2, p)
    chosen: NDArray[np.int64]  # (p, m, 2, p, 3): cut, option of the lower and upper side
    arg: NDArray[np.int64]  # (p, m, 2, p, 2, 3)
    nested_arg: NDArray[np.int64]  # (p, m, 2, p, 4)

    @classmethod
    def search(cls, task: _Task, shallow: _Found) -> _Deep:
        shape = (task.p, task.cuts, 2, task.p)
        made = cls(
            shallow,
            np.full(shape, NONE, dtype=np.int64),
            np.zeros((*shape, 3), dtype=np.int64),
            np.zeros((*shape, 2, 3), dtype=np.int64),
            np.zeros((*shape, 4), dtype=np.int64),
        )
        task.slabs(partial(made._reduce, task))
        return made

    def _reduce(self, task: _Task, root: int, found: _Found) -> None:
        sides = [
            np.stack(
                [np.zeros_like(found.total[..., s]), found.total[..., s], found.value[..., s]],
                axis=-1,
            )
            for s in range(2)
        ]
        joined = _joined(
            sides[0], sides[1], found.nested[..., None], found.fits, task.direction,
            task.whole.penalty,
        )  # fmt: skip
        flat = joined.reshape(*joined.shape[:3], -1)
        at = flat.argmax(axis=-1)
        self.value[root] = np.take_along_axis(flat, at[..., None], axis=-1)[..., 0]
        cut, low, high = np.unravel_index(at, joined.shape[3:])
        self.chosen[root] = np.stack([cut, low, high], axis=-1)
        index = cut[..., None]
        self.arg[root] = np.take_along_axis(found.arg, index[..., None, None], axis=3)[..., 0, :, :]
        self.nested_arg[root] = np.take_along_axis(found.nested_arg, index[..., None], axis=3)[
            ..., 0, :
        ]

    def part(self, task: _Task) -> _Part:
        p, q = task.p, SPLITS + task.p
        best = np.empty((p, q, q), dtype=np.int64)
        cut = np.empty((p, q, q), dtype=np.int64)
        for j in range(p):
            total = self.shallow.total[j]
            sides = [_options(total[:, s], self.value[j, :, s]) for s in range(2)]
            joined = _joined(
                sides[0], sides[1], np.full((task.cuts, p), NONE), self.shallow.fits[j],
                task.direction[j], task.whole.penalty,
            )  # fmt: skip
            cut[j], best[j] = joined.argmax(axis=0), joined.max(axis=0)

        def build(place: int) -> Sketch:
            j, low, high = (int(i) for i in np.unravel_index(place, best.shape))
            a = int(cut[j, low, high])
            return (
                j,
                a,
                _option(low, lambda k: self._below(task, j, a, 0, k)),
                _option(high, lambda k: self._below(task, j, a, 1, k)),
            )

        return best.ravel(), build

    def _below(self, task: _Task, j: int, a: int, s: int, k: int) -> Sketch:
        cut, low, high = self.chosen[j, a, s, k].tolist()
        if task.direction[k] and min(low, high) >= SPLITS:
            return (k, cut, *_nested(self.nested_arg[j, a, s, k]))
        arg = self.arg[j, a, s, k]
        return (
            k,
            cut,
            _option(low, lambda _: _child(arg[0])),
            _option(high, lambda _: _child(arg[1])),
        )

"""Rows that are grouped in levels: sorted so that every group is one stretch of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.likelihood import IntArray


@dataclass(frozen=True, slots=True)
class Nesting:
    """Groups within groups.

    Attributes
    ----------
    names : tuple of str
        Names of the levels that are told apart, innermost first.
    order : ndarray of int, shape (k,)
        Row numbers in sorted order.
    starts : tuple of ndarray of int
        For each level, innermost first, where its groups start among the units of the level below;
        the units below the innermost level are the rows.
    parent : tuple of ndarray of int
        For each level, the group of each unit of the level below.
    confounded : tuple of str
        Levels, outer ones, whose groups are those of another level.
    """

    names: tuple[str, ...]
    order: IntArray
    starts: tuple[IntArray, ...]
    parent: tuple[IntArray, ...]
    confounded: tuple[str, ...]

    def rows_of(self, level: int) -> IntArray:
        """Group of each sorted row at a level counted from 0, the innermost."""
        group = self.parent[0]
        for step in self.parent[1 : level + 1]:
            group = step[group]
        return group


def nest(groups: Mapping[str, ArrayLike], k: int) -> Nesting:
    """Sort rows by their groups.

    Parameters
    ----------
    groups : mapping of str to array_like, shape (k,)
        Labels by level, the outermost first. A group of an inner level lies within its outer group:
        the same label in two outer groups means two groups.
    k : int
        Number of rows.

    Returns
    -------
    Nesting
        The levels, innermost first.

    Raises
    ------
    DataError
        If labels are missing or don't fit the rows.
    DesignError
        If there is no level, or a level has one group.
    """
    if not groups:
        raise DesignError("There is no level to group by.", hint="name one, the outermost first.")
    number = np.zeros(k, dtype=np.intp)
    codes: list[IntArray] = []
    for name, labels in groups.items():
        number = _within(number, _codes(name, labels, k))
        if int(number.max()) == 0:
            raise DesignError(
                f"Level {name} has one group only: its variance can't be told from the mean.",
                hint="leave the level out.",
            )
        codes.append(number)
    order = np.lexsort(codes[::-1]).astype(np.intp)
    names: list[str] = []
    kept: list[IntArray] = []
    confounded: list[str] = []
    levels = list(zip(groups, codes, strict=True))[::-1]
    for name, code in levels:
        if kept and int(code.max()) == int(kept[-1].max()):
            confounded.append(name)
            continue
        names.append(name)
        kept.append(code)
    starts, parent = [], []
    units = np.arange(k)
    for code in kept:
        here = code[order][units]
        first = np.flatnonzero(np.r_[True, here[1:] != here[:-1]])
        starts.append(first)
        parent.append(np.cumsum(np.r_[False, here[1:] != here[:-1]]).astype(np.intp))
        units = units[first]
    return Nesting(tuple(names), order, tuple(starts), tuple(parent), tuple(confounded))


def _codes(name: str, labels: ArrayLike, k: int) -> IntArray:
    given = np.asarray(labels)
    if given.shape != (k,):
        raise DataError(
            f"{name} has shape {given.shape}, but there are {k} effects.",
            hint="give one label for each effect.",
        )
    missing = [value is None or value != value for value in given.tolist()]
    if any(missing):
        raise DataError(
            f"{name} of effect {missing.index(True) + 1} is missing.",
            hint="give every effect its group.",
        )
    return np.unique(given, return_inverse=True)[1].astype(np.intp)


def _within(outer: IntArray, inner: IntArray) -> IntArray:
    pairs = outer * (int(inner.max()) + 1) + inner
    return np.asarray(np.unique(pairs, return_inverse=True)[1], dtype=np.intp)

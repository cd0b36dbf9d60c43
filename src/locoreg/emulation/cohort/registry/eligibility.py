"""Criteria of eligibility, one after another, and who falls out at each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.cohort.attrition import AttritionStep
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.criteria import Judgement, judge
from locoreg.stats.survivaldata import BoolArray

if TYPE_CHECKING:
    from locoreg.emulation.protocol.parts import Criterion


class Flow:
    """Persons left after each step.

    Parameters
    ----------
    started : int
        Persons before the first step.
    n : int
        Persons who can pass it: those with a time zero.
    """

    def __init__(self, started: int, n: int) -> None:
        self.left = np.ones(n, dtype=np.bool_)
        self.steps: list[AttritionStep] = []
        self._last = started

    def stated(self, name: str, left: int, unknown: int) -> None:
        """Add a step whose persons are counted elsewhere."""
        self._add(name, left, unknown)

    def step(self, name: str, keep: BoolArray, unknown: BoolArray | None = None) -> None:
        """Leave out persons.

        Parameters
        ----------
        name : str
            The criterion in words.
        keep : ndarray of bool, shape (n,)
            Who passes.
        unknown : ndarray of bool, shape (n,), optional
            Of those who don't, for whom it can't be judged.
        """
        out = self.left & ~keep
        self.left = self.left & keep
        self._add(name, int(self.left.sum()), 0 if unknown is None else int((out & unknown).sum()))

    def rule(self, name: str, keep: BoolArray, unknown: BoolArray | None = None) -> None:
        """Leave out persons by a written rule; no step if it leaves nobody out."""
        if (self.left & ~keep).any():
            self.step(name, keep, unknown)

    def _add(self, name: str, left: int, unknown: int) -> None:
        self.steps.append(
            AttritionStep(name=name, excluded=self._last - left, left=left, unknown=unknown)
        )
        self._last = left


def judged(criterion: Criterion, column: Column) -> Judgement:
    """Judge a criterion on a variable of a registry.

    Parameters
    ----------
    criterion : Criterion
        The comparison, and what is done with unknown values.
    column : Column
        The variable.

    Returns
    -------
    Judgement
        Whom it keeps.

    Raises
    ------
    DesignError
        If the comparison does not fit the variable, or names a word that is none of its levels.
    """
    if column.kind == "category":
        _check_words(criterion, column)
    return judge(column, criterion)


def _check_words(criterion: Criterion, column: Column) -> None:
    for value in criterion.one_of or ():
        if isinstance(value, str) and value not in column.levels:
            raise DesignError(
                f"eligibility, {criterion.name!r}: {column.name} is never {value!r}.",
                hint=did_you_mean(value, column.levels)
                or f"its levels are {', '.join(column.levels)}.",
            )

"""Design matrices of meta-regressions: checked, and brought into units that lose no digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.studies import LARGEST, FloatArray

# A column whose part that the others don't explain is smaller than this share of it carries no
# more than rounding error.
INDEPENDENT = 1e-9


@dataclass(frozen=True, slots=True)
class Design:
    """A design matrix and the way back from its internal units.

    Attributes
    ----------
    names : tuple of str
        Names of the columns.
    raw : ndarray of float, shape (k, p)
        As given.
    x : ndarray of float, shape (k, p)
        Columns centred on one of their values, if there is an intercept, and scaled.
    back : ndarray of float, shape (p, p)
        Coefficients of the columns as given are ``back`` times those of `x`.
    intercept : int or None
        Number of the column of ones.
    """

    names: tuple[str, ...]
    raw: FloatArray
    x: FloatArray
    back: FloatArray
    intercept: int | None

    @property
    def tested(self) -> list[int]:
        """Columns that the omnibus test is about: all but the intercept, or that if alone."""
        every = list(range(len(self.names)))
        slopes = [j for j in every if j != self.intercept]
        return slopes or every

    def internal(self, x: FloatArray) -> FloatArray:
        """Bring further rows of the given columns into internal units."""
        return np.asarray(x @ self.back)


def check_design(x: ArrayLike, names: Sequence[str], k: int) -> Design:
    """Check a design matrix and find its internal units.

    Parameters
    ----------
    x : array_like, shape (k, p)
        Design matrix with all its columns, a column of ones included if there is an intercept.
    names : sequence of str
        Names of the columns.
    k : int
        Number of studies.

    Returns
    -------
    Design
        The design.

    Raises
    ------
    DataError
        If the matrix can't be read or holds numbers that aren't finite.
    DesignError
        If there are too few studies or a column depends on others.
    """
    raw, labels = _readable(x, names, k)
    p = raw.shape[1]
    if k <= p:
        raise DesignError(
            f"{k} studies can't bear {p} coefficients and leave something to judge them by.",
            hint="use fewer moderators.",
        )
    constant = np.flatnonzero((raw == 1.0).all(axis=0))
    intercept = int(constant[0]) if constant.size else None
    centre = np.zeros(p)
    if intercept is not None:
        middle = np.argsort(raw, axis=0, kind="stable")[k // 2]
        centre = np.take_along_axis(raw, middle[None], axis=0)[0]
        centre[intercept] = 0.0
    moved = raw - centre
    scale = np.abs(moved).max(axis=0)
    _check_rank(moved, np.where(scale > 0.0, scale, 1.0), labels)
    back = np.diag(1.0 / scale)
    if intercept is not None:
        back[intercept] -= np.where(np.arange(p) == intercept, 0.0, centre / scale)
    return Design(names=labels, raw=raw, x=moved / scale, back=back, intercept=intercept)


def _readable(x: ArrayLike, names: Sequence[str], k: int) -> tuple[FloatArray, tuple[str, ...]]:
    try:
        raw = np.array(x, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("x can't be read as numbers.", hint="code categories as 0 and 1.") from None
    labels = tuple(str(name) for name in names)
    if raw.ndim != 2 or raw.shape[0] != k or raw.shape[1] == 0:
        raise DataError(
            f"x has shape {raw.shape}, but there are {k} studies.",
            hint="give one row for each study and one column for each coefficient.",
        )
    if len(labels) != raw.shape[1] or len(set(labels)) != len(labels):
        raise DataError(
            f"x has {raw.shape[1]} columns, but the names are {', '.join(labels) or 'missing'}.",
            hint="give one name of its own for each column.",
        )
    bad = ~(np.abs(raw) < LARGEST)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise DataError(
            f"{labels[column]} of study {row + 1} is {raw[row, column]}.",
            hint="leave the study out, and say so, or mend the value.",
        )
    return raw, labels


def _check_rank(moved: FloatArray, scale: FloatArray, names: tuple[str, ...]) -> None:
    """Raise at the first column that those before it explain."""
    base = np.zeros((moved.shape[0], 0))
    for j, name in enumerate(names):
        column = moved[:, j] / scale[j]
        size = float(np.linalg.norm(column))
        left = column
        for _ in range(2):
            left = left - base @ (base.T @ left)
        length = float(np.linalg.norm(left))
        if length <= INDEPENDENT * size or size == 0.0:
            before = ", ".join(names[:j]) or "nothing"
            raise DesignError(
                f"Column {name} of x adds nothing to the columns before it ({before}).",
                hint="leave it out.",
            )
        base = np.column_stack([base, left / length])

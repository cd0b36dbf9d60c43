"""Does a finite estimate exist? Separation of the outcome by the covariates, found exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg, optimize, sparse

from locoreg.core.errors import ConvergenceError
from locoreg.stats.glm.data import Design
from locoreg.stats.survivaldata import FloatArray, IntArray, named_rows

# Margins are 0 or 1 at the solution, so that anything between tells them apart.
MARGIN = 0.5
# Directions are of order 1 in scaled covariates; the solver is exact to about 1e-9 there.
NONZERO = 1e-6
MOST_NAMED_COVARIATES = 6
# Rows in the first program, rows that one round adds, and how far a row may be on the wrong side.
FIRST_ROWS = 1_000
MOST_ADDED = 1_000
FEASIBLE = 1e-7
RANK_TOLERANCE = 1e-11


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Separation:
    """A direction in which the likelihood never falls.

    Attributes
    ----------
    kind : {"complete", "quasi-complete"}
        Whether all rows are fitted perfectly in the limit, or some.
    direction : ndarray of float, shape (p,)
        Added in growing multiples to any coefficients it raises the likelihood; 0 for covariates
        that take no part. Among such directions the shortest in the covariates' scales.
    names : tuple of str
        Covariates that take part.
    rows : ndarray of int
        Rows (from 0) that are fitted perfectly in the limit.
    used_rows : int
        Rows with a weight.
    outcome : float or None
        The outcome if it is the same in all of these rows.
    """

    kind: Literal["complete", "quasi-complete"]
    direction: FloatArray
    names: tuple[str, ...]
    rows: IntArray
    used_rows: int
    outcome: float | None

    def text(self) -> str:
        """Return one sentence: which coefficients are infinite, and on which rows that rests."""
        signs = np.where(self.direction[self.direction != 0.0] > 0, "+", "\N{MINUS SIGN}")
        shown = [
            f"{name!r} ({sign}\N{INFINITY})" for name, sign in zip(self.names, signs, strict=True)
        ]
        listed = ", ".join(shown[:MOST_NAMED_COVARIATES])
        if len(shown) > MOST_NAMED_COVARIATES:
            listed += f" and {len(shown) - MOST_NAMED_COVARIATES} more"
        run = f"coefficients of {listed} run" if len(shown) > 1 else f"coefficient of {listed} runs"
        marked = np.zeros(int(self.rows.max()) + 1, dtype=np.bool_)
        marked[self.rows] = True
        text = (
            f"he outcome is separated ({self.kind}), and no finite estimate exists: as the {run} "
            f"away, {self.rows.size} of {self.used_rows} rows "
            f"{'is' if self.rows.size == 1 else 'are'} fitted ever better ({named_rows(marked)})."
        )
        if self.outcome is None:
            return f"T{text}"
        return f"y is {self.outcome:g} in all rows with a weight: t{text}"


class SeparationError(ConvergenceError):
    """There is no finite maximum-likelihood estimate: the covariates separate the outcome.

    Parameters
    ----------
    separation : Separation
        What was found.
    """

    def __init__(self, separation: Separation) -> None:
        super().__init__(
            separation.text(),
            hint='penalty="firth" gives finite estimates; or merge or leave out the covariates '
            "named.",
        )
        self.separation = separation

    def __reduce__(self) -> tuple[type[SeparationError], tuple[Separation]]:
        # A worker's error must arrive whole: by default it would be made from its message.
        return (SeparationError, (self.separation,))


def find_separation(design: Design) -> Separation | None:
    """Tell whether the maximum-likelihood estimate is infinite.

    It is if some direction d has ``x_i d >= 0`` for rows with the event, ``x_i d <= 0`` for rows
    without, and not all are 0 [1]_ [2]_; for counts ``x_i d = 0`` for positive ones and
    ``x_i d <= 0`` for zeros [3]_. Two linear programs decide: the first finds all rows that some
    direction fits perfectly, the second the shortest direction that fits them.

    Parameters
    ----------
    design : Design
        The checked rows, whose covariates have full rank.

    Returns
    -------
    Separation or None
        None if the estimate is finite.

    For the complementary log-log link the same condition decides [4]_.

    References
    ----------
    .. [1] Albert A, Anderson JA (1984). Biometrika 71:1-10. doi:10.1093/biomet/71.1.1
    .. [2] Konis K (2007). Linear programming algorithms for detecting separated data in binary
       logistic regression models. DPhil thesis, University of Oxford.
    .. [3] Correia S, Guimaraes P, Zylkin T (2019). arXiv:1903.01633.
    .. [4] Silvapulle MJ (1981). J R Stat Soc B 43:310-313. doi:10.1111/j.2517-6161.1981.tb01676.x
    """
    used = np.flatnonzero(design.used)
    X, y = design.X[used], design.y[used]
    size = np.abs(X).max(axis=0)
    one_sided = np.ones(y.size, dtype=np.bool_) if design.family.binary else y == 0.0
    signed = (X / size) * np.where(y > 0.0, 1.0, -1.0)[:, None]
    free, fixed = _distinct(signed[one_sided]), _distinct(signed[~one_sided])
    if free.rows.size == 0:
        return None
    margins, some_direction = _margins(free.rows, fixed.rows)
    perfect = margins > MARGIN
    if not perfect.any():
        return None
    zero = _spanning(np.concatenate((free.rows[~perfect], fixed.rows)))
    direction = _shortest(free.rows[perfect], zero, some_direction) / size
    rows = used[one_sided][perfect[free.inverse]]
    return Separation(
        kind="complete" if rows.size == used.size else "quasi-complete",
        direction=direction,
        names=tuple(design.names[j] for j in np.flatnonzero(direction)),
        rows=rows,
        used_rows=used.size,
        outcome=float(y[0]) if (y == y[0]).all() else None,
    )


@dataclass(frozen=True, slots=True)
class _Distinct:
    rows: FloatArray
    inverse: IntArray


def _distinct(rows: FloatArray) -> _Distinct:
    """Return the distinct rows: with categories they are few, and the programs small."""
    distinct, inverse = np.unique(rows, axis=0, return_inverse=True)
    return _Distinct(distinct, inverse.reshape(-1).astype(np.int64))


def _margins(free: FloatArray, fixed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return x d in the rows for the direction d that fits most of them perfectly, and that d.

    x d is at least 0 in all free rows and 0 in all fixed ones, and at least 1 in every free row in
    which any such direction is positive. The program is solved on some of the rows; those that its
    answer violates come in. Rows that it fits perfectly need not be looked at again: a large
    multiple of this answer outweighs whatever is added to it.
    """
    direction = np.zeros(free.shape[1])
    equal = _spanning(fixed)
    while True:
        margins = free @ direction
        open_rows = free[margins <= MARGIN]
        added = _one_direction(open_rows, equal)
        gained = open_rows @ added > MARGIN
        if not gained.any():
            return margins, direction
        done = margins > MARGIN
        loss = -(free[done] @ added).min(initial=0.0)
        direction = direction * (1.0 + loss / MARGIN) + added


def _one_direction(free: FloatArray, equal: FloatArray) -> FloatArray:
    """Return d with x d >= 0 in all rows, and >= 1 in some if such a d exists; 0 otherwise.

    If no direction fits rows that span the same space as all, none fits all.
    """
    m = free.shape[0]
    chosen = np.zeros(m, dtype=np.bool_)
    chosen[:: max(1, m // FIRST_ROWS)] = True
    chosen[_spanning_rows(free)] = True
    while True:
        direction = _largest_margins(free[chosen], equal)
        margins = free @ direction
        violated = margins < -FEASIBLE * max(1.0, float(np.abs(direction).max()))
        if not violated.any() or not (violated & ~chosen).any():
            return direction if (margins > MARGIN).any() else np.zeros_like(direction)
        worst = np.argsort(margins)[:MOST_ADDED]
        chosen[worst[violated[worst]]] = True


def _largest_margins(free: FloatArray, equal: FloatArray) -> FloatArray:
    """Maximise the sum of margins 0 <= t <= 1 with t <= x d.

    As d can be scaled at will, the best one has t = 1 in every row that any d fits, 0 elsewhere.
    """
    m, p = free.shape
    program = optimize.linprog(
        np.concatenate((np.zeros(p), -np.ones(m))),
        A_ub=sparse.hstack([sparse.csr_array(-free), sparse.eye_array(m)], format="csr"),
        b_ub=np.zeros(m),
        A_eq=np.hstack([equal, np.zeros((equal.shape[0], m))]) if equal.size else None,
        b_eq=np.zeros(equal.shape[0]) if equal.size else None,
        bounds=[(None, None)] * p + [(0.0, 1.0)] * m,
        method="highs",
    )
    if program.x is None:
        raise ConvergenceError(
            f"Whether the covariates separate the outcome could not be decided: {program.message}",
            hint="scale the covariates, or leave out those that are nearly combinations of others.",
        )
    return np.asarray(program.x[:p], dtype=np.float64)


def _shortest(perfect: FloatArray, equal: FloatArray, other: FloatArray) -> FloatArray:
    """Return the direction d of least sum of absolute values with x d >= 1, and 0 in the others.

    Where rounding leaves the program without an answer it is the other direction.
    """
    m, p = perfect.shape
    chosen = np.zeros(m, dtype=np.bool_)
    chosen[:: max(1, m // FIRST_ROWS)] = True
    while True:
        rows = perfect[chosen]
        found = optimize.linprog(
            np.ones(2 * p),
            A_ub=np.hstack([-rows, rows]),
            b_ub=-np.ones(rows.shape[0]),
            A_eq=np.hstack([equal, -equal]) if equal.size else None,
            b_eq=np.zeros(equal.shape[0]) if equal.size else None,
            bounds=(0.0, None),
            method="highs",
        ).x
        direction = other.copy() if found is None else found[:p] - found[p:]
        margins = perfect @ direction
        violated = (margins < MARGIN) & ~chosen
        if found is None or not violated.any():
            direction[np.abs(direction) < NONZERO * np.abs(direction).max()] = 0.0
            return np.asarray(direction)
        worst = np.argsort(margins)[:MOST_ADDED]
        chosen[worst[violated[worst]]] = True


def _spanning_rows(rows: FloatArray) -> IntArray:
    """Return positions of rows that span what all rows span."""
    if rows.shape[0] == 0:
        return np.zeros(0, dtype=np.int64)
    _, triangle, order = linalg.qr(rows.T, mode="economic", pivoting=True, check_finite=False)
    size = np.abs(np.diagonal(triangle))
    return np.asarray(order[: int((size > RANK_TOLERANCE * size[0]).sum())], dtype=np.int64)


def _spanning(rows: FloatArray) -> FloatArray:
    return np.asarray(rows[_spanning_rows(rows)])

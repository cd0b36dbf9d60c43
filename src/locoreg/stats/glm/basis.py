"""Covariates as orthogonal columns: rank, and coordinates in which Newton's steps are stable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.glm.kernels import orthogonalise
from locoreg.stats.survivaldata import FloatArray

# A covariate whose part that the ones before it don't explain is shorter than this, relative to
# the covariate itself, is a combination of them: R's glm() takes the same bound.
RANK_TOLERANCE = 1e-11
# A covariate takes part in such a combination if its share of it is at least this.
SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class Basis:
    """Coordinates ``Q = X T^-1`` with ``Q'Q = n I``.

    Attributes
    ----------
    T : ndarray of float, shape (p, p)
        Upper triangular; coefficients of Q are ``T beta``.
    """

    T: FloatArray

    def to_beta(self, gamma: FloatArray) -> FloatArray:
        """Return coefficients of X, shape (..., p), from those of Q."""
        # One by one, so that the digits don't depend on how many there are. LU of a triangular
        # matrix is the matrix: this is back substitution.
        beta = np.linalg.solve(self.T, gamma[..., None])[..., 0]
        return np.asarray(beta, dtype=np.float64)

    def to_gamma(self, beta: FloatArray) -> FloatArray:
        """Return coefficients of Q, shape (..., p), from those of X."""
        return np.asarray(beta @ self.T.T)

    def rows(self, X: FloatArray) -> FloatArray:
        """Return rows of covariates in these coordinates, shape (n, p)."""
        return np.asarray(np.linalg.solve(self.T.T, X.T).T)

    def covariance(self, in_q: FloatArray) -> FloatArray:
        """Return a covariance of coefficients of X from one of coefficients of Q."""
        full = np.linalg.solve(self.T, np.linalg.solve(self.T, in_q).T)
        return np.asarray(0.5 * (full + full.T), dtype=np.float64)

    def information(self, in_q: FloatArray) -> FloatArray:
        """Return an information matrix of coefficients of X from one of Q."""
        full = self.T.T @ in_q @ self.T
        return np.asarray(0.5 * (full + full.T), dtype=np.float64)


def orthogonal_basis(X: FloatArray, names: tuple[str, ...]) -> tuple[Basis, FloatArray]:
    """Turn covariates into orthogonal columns.

    Parameters
    ----------
    X : ndarray of float, shape (n, p)
        Covariates of the rows with a weight.
    names : tuple of str
        Their names.

    Returns
    -------
    basis : Basis
        The coordinates.
    columns : ndarray of float, shape (p, n)
        The covariates in them.

    Raises
    ------
    DesignError
        If a column is zero or a combination of those before it; the message names them.
    """
    n, p = X.shape
    size = np.abs(X).max(axis=0)
    if not size.all():
        name = names[int(np.argmin(size))]
        raise DesignError(
            f"Covariate {name!r} is 0 in every row with a weight.", hint="leave it out."
        )
    if n < p:
        raise DesignError(
            f"There are {p} covariates, but {n} rows with a weight.", hint="leave covariates out."
        )
    columns = np.ascontiguousarray((X / size).T)
    T = np.zeros((p, p))
    dependent = orthogonalise(columns, T, RANK_TOLERANCE)
    if dependent >= 0:
        raise DesignError(
            _dependence(T, dependent, names),
            hint="leave one of them out: only differences between them could be estimated.",
        )
    root = np.sqrt(n)
    columns *= root
    return Basis(T=np.asarray(T * size / root)), columns


def _dependence(T: FloatArray, column: int, names: tuple[str, ...]) -> str:
    """Return a sentence that names a dependent column and those that make it up."""
    shares = np.abs(np.linalg.solve(T[:column, :column], T[:column, column]))
    others = [names[j] for j in np.flatnonzero(shares > SHARE * shares.max())]
    if len(others) == 1:
        return f"Covariate {names[column]!r} is proportional to {others[0]!r}."
    listed = ", ".join(repr(name) for name in others[:-1]) + f" and {others[-1]!r}"
    return f"Covariate {names[column]!r} is a combination of {listed}."

r"""Weighted regressions laid out around their pivot rows.

Of the ``k`` rows ``p`` pivots are chosen that carry most of the weight and whose design is regular.
In terms of the fitted values at the pivots the design is the identity there and :math:`B` in the
other rows, and the data are the contrasts :math:`z = y_r - B y_p`. With weights :math:`w`,

.. math:: G = B'W_rB, \qquad S = W_p + G, \qquad \delta = S^{-1}B'W_r z,

the residuals are :math:`z - B\delta` and :math:`-\delta`, and the blocks of
:math:`P = W - WX(X'WX)^{-1}X'W` are :math:`W_r - W_rBS^{-1}B'W_r`, :math:`-W_rBS^{-1}W_p` and
:math:`GS^{-1}W_p`. No small number is the difference of two large ones, however unequal the
weights, which the textbook formulas can't say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.studies import FloatArray


@dataclass(frozen=True, slots=True)
class Contrasts:
    """n regressions of k rows on p columns, around p pivot rows each; m = k - p.

    Attributes
    ----------
    z : ndarray of float, shape (n, m)
        Contrasts of the other rows with the pivots.
    b : ndarray of float, shape (n, m, p)
        Design of the other rows, in terms of the pivots.
    order : ndarray of int, shape (n, k)
        Row numbers: pivots first.
    y_pivot : ndarray of float, shape (n, p)
        Effects at the pivots, less the origin.
    x_pivot : ndarray of float, shape (n, p, p)
        Design of the pivots.
    origin : ndarray of float, shape (n,)
        What was taken off all effects: 0 unless the design has an intercept.
    """

    z: FloatArray
    b: FloatArray
    order: np.ndarray
    y_pivot: FloatArray
    x_pivot: FloatArray
    origin: FloatArray

    def split(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Part values of shape (n, k) into those of the pivots and of the other rows."""
        sorted_values = np.take_along_axis(values, self.order, axis=1)
        p = self.y_pivot.shape[1]
        return sorted_values[:, :p], sorted_values[:, p:]

    def join(self, pivots: FloatArray, rest: FloatArray) -> FloatArray:
        """Put values of pivots and other rows back into the order of the data."""
        joined = np.empty_like(self.order, dtype=np.float64)
        np.put_along_axis(joined, self.order, np.concatenate([pivots, rest], axis=1), axis=1)
        return joined

    def take(self, rows: np.ndarray) -> Contrasts:
        """Return the numbered regressions only."""
        if rows.size == self.origin.size and (rows == np.arange(rows.size)).all():
            return self
        parts = (self.z, self.b, self.order, self.y_pivot, self.x_pivot, self.origin)
        return Contrasts(*(part[rows] for part in parts))


@dataclass(frozen=True, slots=True)
class WeightedFit:
    """Weighted least squares of contrasts.

    Attributes
    ----------
    w_pivot, w_rest : ndarray of float, shape (n, p) and (n, m)
        Weights.
    g, s_inverse : ndarray of float, shape (n, p, p)
        See the module's text.
    delta : ndarray of float, shape (n, p)
        Fitted values at the pivots less their effects.
    residual : ndarray of float, shape (n, m)
        Residuals of the other rows; those of the pivots are -delta.
    left : ndarray of float, shape (n, m)
        One less the leverage of the other rows.
    logdet : ndarray of float, shape (n,)
        Log-determinant of S.
    """

    w_pivot: FloatArray
    w_rest: FloatArray
    g: FloatArray
    s_inverse: FloatArray
    delta: FloatArray
    residual: FloatArray
    left: FloatArray
    logdet: FloatArray

    @property
    def q(self) -> FloatArray:
        """Weighted residual sum of squares, shape (n,)."""
        return np.asarray(
            (self.w_rest * self.residual**2).sum(axis=1)
            + (self.w_pivot * self.delta**2).sum(axis=1)
        )

    @property
    def fall(self) -> FloatArray:
        """Sum of squares of the weighted residuals, y'P^2y, shape (n,)."""
        return np.asarray(
            ((self.w_rest * self.residual) ** 2).sum(axis=1)
            + ((self.w_pivot * self.delta) ** 2).sum(axis=1)
        )


def lay_around_pivots(
    y: FloatArray, x: FloatArray, weight: FloatArray, *, intercept: bool
) -> Contrasts:
    """Choose the pivots and form the contrasts.

    Parameters
    ----------
    y, weight : ndarray of float, shape (n, k)
        Effects, and weights that say which rows to prefer as pivots.
    x : ndarray of float, shape (n, k, p)
        Designs of full column rank.
    intercept : bool
        Whether the columns span the constant, so that an origin may be taken off.

    Returns
    -------
    Contrasts
        The same regressions.
    """
    n, k, p = x.shape
    rest = np.sqrt(weight)[:, :, None] * x
    number = np.arange(n)
    pivots = np.empty((n, p), dtype=np.intp)
    for j in range(p):
        size = np.einsum("nkp,nkp->nk", rest, rest)
        if j:
            np.put_along_axis(size, pivots[:, :j], -1.0, axis=1)
        pivots[:, j] = size.argmax(axis=1)
        row = rest[number, pivots[:, j]]
        row = row / np.sqrt(np.einsum("np,np->n", row, row))[:, None]
        rest = rest - np.einsum("nkp,np->nk", rest, row)[:, :, None] * row[:, None, :]
    chosen = np.zeros((n, k), dtype=np.bool_)
    np.put_along_axis(chosen, pivots, True, axis=1)
    others = np.nonzero(~chosen)[1].reshape(n, k - p)
    order = np.concatenate([pivots, others], axis=1)
    origin = np.zeros(n)
    if intercept:
        origin = y[number, pivots[:, 0]]
        y = y - origin[:, None]
    x_pivot = np.take_along_axis(x, pivots[:, :, None], axis=1)
    x_rest = np.take_along_axis(x, others[:, :, None], axis=1)
    b = np.linalg.solve(x_pivot.transpose(0, 2, 1), x_rest.transpose(0, 2, 1)).transpose(0, 2, 1)
    y_pivot = np.take_along_axis(y, pivots, axis=1)
    z = np.take_along_axis(y, others, axis=1) - np.einsum("nmp,np->nm", b, y_pivot)
    return Contrasts(z, np.ascontiguousarray(b), order, y_pivot, x_pivot, origin)


def fit_contrasts(c: Contrasts, w_pivot: FloatArray, w_rest: FloatArray) -> WeightedFit:
    """Fit by weighted least squares.

    Parameters
    ----------
    c : Contrasts
        The regressions.
    w_pivot, w_rest : ndarray of float, shape (n, p) and (n, m)
        Weights.

    Returns
    -------
    WeightedFit
        The fit.
    """
    weighted = w_rest[:, :, None] * c.b
    g = c.b.transpose(0, 2, 1) @ weighted
    p = w_pivot.shape[1]
    s = g + w_pivot[:, :, None] * np.eye(p)
    scale = 1.0 / np.sqrt(np.einsum("npp->np", s))
    unit = s * scale[:, :, None] * scale[:, None, :]
    s_inverse = np.linalg.inv(unit) * scale[:, :, None] * scale[:, None, :]
    delta = np.einsum("npq,nmq,nm->np", s_inverse, weighted, c.z, optimize=True)
    logdet = np.linalg.slogdet(unit)[1] - 2.0 * np.log(scale).sum(axis=1)
    leverage = np.einsum("nmp,nmp->nm", weighted @ s_inverse, c.b)
    return WeightedFit(
        w_pivot=w_pivot,
        w_rest=w_rest,
        g=g,
        s_inverse=s_inverse,
        delta=delta,
        residual=c.z - np.einsum("nmp,np->nm", c.b, delta),
        left=1.0 - leverage,
        logdet=logdet,
    )


def cube(c: Contrasts, fit: WeightedFit) -> FloatArray:
    """Return y'P^3y: the weighted residual sum of squares of the weighted residuals.

    Parameters
    ----------
    c : Contrasts
        The regressions.
    fit : WeightedFit
        Their fit.

    Returns
    -------
    ndarray of float, shape (n,)
        The sum.
    """
    e_rest, e_pivot = fit.w_rest * fit.residual, -fit.w_pivot * fit.delta
    z = e_rest - np.einsum("nmp,np->nm", c.b, e_pivot)
    delta = np.einsum("npq,nmq,nm->np", fit.s_inverse, c.b, fit.w_rest * z, optimize=True)
    residual = z - np.einsum("nmp,np->nm", c.b, delta)
    return np.asarray((fit.w_rest * residual**2).sum(axis=1) + (fit.w_pivot * delta**2).sum(axis=1))


def trace(
    fit: WeightedFit, u_pivot: FloatArray | float = 1.0, u_rest: FloatArray | float = 1.0
) -> FloatArray:
    """Return tr(P U) of a diagonal U.

    Parameters
    ----------
    fit : WeightedFit
        The fit whose P is meant.
    u_pivot, u_rest : ndarray of float or float
        Diagonal of U; 1 for the identity.

    Returns
    -------
    ndarray of float, shape (n,)
        The trace.
    """
    at_pivots = np.einsum("npq,nqp->np", fit.g, fit.s_inverse) * fit.w_pivot
    return np.asarray(
        (u_rest * fit.w_rest * fit.left).sum(axis=1) + (u_pivot * at_pivots).sum(axis=1)
    )


def trace_of_pair(
    c: Contrasts,
    fit: WeightedFit,
    u: tuple[FloatArray, FloatArray],
    t: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return tr(P U P T) of two diagonal matrices.

    Parameters
    ----------
    c : Contrasts
        The regressions.
    fit : WeightedFit
        The fit whose P is meant.
    u, t : tuple of two ndarrays of float, shape (n, p) and (n, m)
        Diagonals of U and T: of the pivots and of the other rows.

    Returns
    -------
    ndarray of float, shape (n,)
        The trace.
    """
    (u_pivot, u_rest), (t_pivot, t_rest) = u, t
    w = fit.w_rest
    bt = c.b.transpose(0, 2, 1)
    h_u = fit.s_inverse @ (bt @ ((w * w * u_rest)[:, :, None] * c.b))
    h_t = fit.s_inverse @ (bt @ ((w * w * t_rest)[:, :, None] * c.b))
    inner = u_rest * t_rest * w * w
    rest = (inner * fit.left**2).sum(axis=1)
    rest += np.einsum("npq,nqp->n", h_u, h_t) - (inner * (1.0 - fit.left) ** 2).sum(axis=1)
    across = (w[:, :, None] * (c.b @ fit.s_inverse) * fit.w_pivot[:, None, :]) ** 2
    mixed = np.einsum("nm,nmp,np->n", u_rest, across, t_pivot, optimize=True)
    mixed += np.einsum("nm,nmp,np->n", t_rest, across, u_pivot, optimize=True)
    pivots = (fit.g @ fit.s_inverse * fit.w_pivot[:, None, :]) ** 2
    return np.asarray(rest + mixed + np.einsum("np,npq,nq->n", u_pivot, pivots, t_pivot))

"""Estimating equations: solved, stacked, and their sandwich covariance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.stats.sandwich.derivative import extrapolated_jacobian, shifted
from locoreg.stats.sandwich.results import Derivative, MEstimate, check_smooth, label
from locoreg.stats.survivaldata import FloatArray, IntArray, label_codes, named_rows

Equations = Callable[[FloatArray], FloatArray]

# A root is one where another Newton step would move no parameter by more than this share of its
# standard error.
ROOT_TOLERANCE = 1e-8
# A given root may be as far off as other programs leave theirs: nothing next to a standard error.
GIVEN_ROOT_TOLERANCE = 1e-3
MOST_POLISHING_STEPS = 20
# Differences are taken over steps that change the standardised equations by about AIM standard
# deviations of their sum; within a factor of NEAR of it is near enough.
AIM, NEAR = 0.2, 4.0
MOST_STEP_SEARCHES = 60
# Condition number of the standardised derivative above which rounding decides its inverse.
MOST_CONDITION = 1e12


def m_estimate(
    psi: Equations,
    *,
    start: ArrayLike,
    names: Sequence[str] | None = None,
    cluster: ArrayLike | None = None,
    jacobian: Derivative | None = None,
) -> MEstimate:
    """Solve estimating equations ``sum_i psi_i(theta) = 0`` and give the sandwich covariance.

    Parameters
    ----------
    psi : callable
        From parameters, shape (p,), to the estimating functions of each row, shape (n, p). Weights
        are part of them.
    start : array_like, shape (p,)
        Where the search begins; the nearer the better.
    names : sequence of str, optional
        Names of the parameters; ``parameter 1``, ... without.
    cluster : array_like, shape (n,), optional
        Labels of rows that belong together.
    jacobian : callable, optional
        From parameters to the derivative of the *sum* of psi over rows, shape (p, p), equation by
        parameter. Without it the derivative is taken by central differences, extrapolated.

    Returns
    -------
    MEstimate
        Root and covariance.

    Raises
    ------
    DataError
        If psi gives numbers of the wrong shape, or not finite ones at the start.
    ConvergenceError
        If no root is found.
    DesignError
        If the equations don't determine a parameter.

    Notes
    -----
    The covariance is ``A^-1 B A^-T / n`` [1]_ [2]_. Parameters estimated along the way, such as
    those of weights, belong in theta: their uncertainty is then in the covariance. Rows must be
    independent, or clusters if given.

    References
    ----------
    .. [1] Stefanski LA, Boos DD (2002). The American Statistician 56:29-38.
       doi:10.1198/000313002753631330
    .. [2] Huber PJ (1967). Proc Fifth Berkeley Symposium 1:221-233.
    """
    begin = np.atleast_1d(np.asarray(start, dtype=np.float64)).copy()
    first = _rows(psi, begin)
    if jacobian is not None:
        _given_jacobian(jacobian, begin)
    scale = np.sqrt((first**2).sum(axis=0))
    scale = np.where(scale > 0.0, scale, 1.0)
    with np.errstate(all="ignore"):
        found = optimize.root(
            lambda theta: psi(theta).sum(axis=0) / scale,
            begin,
            jac=None if jacobian is None else (lambda t: jacobian(t) / scale[:, None]),
            method="hybr",
            tol=1e-12,
        )
        theta = _polish(psi, np.asarray(found.x, dtype=np.float64), jacobian)
    return sandwich(psi, theta, names=names, cluster=cluster, jacobian=jacobian)


def sandwich(
    psi: Equations,
    theta: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    cluster: ArrayLike | None = None,
    jacobian: Derivative | None = None,
) -> MEstimate:
    """Return the sandwich covariance of a root that is already known.

    Parameters
    ----------
    psi, names, cluster, jacobian
        As for `m_estimate`.
    theta : array_like, shape (p,)
        The root.

    Returns
    -------
    MEstimate
        The same root and its covariance.

    Raises
    ------
    DataError
        If shapes don't fit, numbers are not finite, or theta is not a root.
    DesignError
        If the equations don't determine a parameter.
    ConvergenceError
        If psi is not smooth near theta and no jacobian is given.
    """
    at = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    rows = _rows(psi, at)
    n, p = rows.shape
    labels = label("parameter", names, p)
    J, error = _jacobian(psi, at, rows, jacobian, labels)
    inverse = _inverse(J, rows, labels)
    influence = -rows @ inverse.T
    summed, codes = influence, None
    if cluster is not None:
        codes = cluster_labels(cluster, n)
        summed, rows_summed = cluster_sums(influence, codes), cluster_sums(rows, codes)
    else:
        rows_summed = rows
    covariance = summed.T @ summed
    errors = np.sqrt(np.diagonal(covariance))
    left = np.abs(influence.sum(axis=0)) / np.where(errors > 0.0, errors, 1.0)
    if left.max() > GIVEN_ROOT_TOLERANCE:
        worst = int(np.argmax(left))
        raise DataError(
            f"theta is not a root: {labels[worst]} is {left[worst]:.2g} standard errors away from "
            "one.",
            hint="solve the equations first, with m_estimate or to a tighter tolerance.",
        )
    return MEstimate(
        names=labels,
        theta=at,
        covariance=covariance,
        bread=-J / n,
        meat=rows_summed.T @ rows_summed / n,
        influence=influence,
        n=n,
        clusters=None if codes is None else int(codes.max()) + 1,
        largest_step=float(left.max()),
        derivative_error=error,
    )


def stack(blocks: Sequence[Callable[..., FloatArray]], *, sizes: Sequence[int]) -> Equations:
    """Return the estimating functions of several steps as those of one.

    Parameters
    ----------
    blocks : sequence of callable
        One per step. The k-th takes the parameters of steps 1 to k, an array each, and gives the
        estimating functions of its own parameters, shape (n, size of step k).
    sizes : sequence of int
        Number of parameters of each step.

    Returns
    -------
    callable
        From all parameters, one after the other, to all estimating functions side by side.

    Raises
    ------
    DataError
        If there is not one size per step.

    Examples
    --------
    A mean, and then the variance about it:

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> psi = stack(
    ...     [
    ...         lambda mean: x[:, None] - mean,
    ...         lambda mean, variance: (x[:, None] - mean) ** 2 - variance,
    ...     ],
    ...     sizes=(1, 1),
    ... )
    >>> psi(np.array([3.0, 14.0 / 3.0])).sum(axis=0).round(12) + 0.0
    array([0., 0.])
    """
    if len(blocks) != len(sizes) or not blocks or min(sizes) < 1:
        raise DataError(
            f"There are {len(blocks)} steps and sizes {tuple(sizes)}.",
            hint="give the number of parameters of each step, 1 or more.",
        )
    bounds = np.cumsum((0, *sizes))

    def stacked(theta: FloatArray) -> FloatArray:
        if theta.size != bounds[-1]:
            raise DataError(
                f"theta has {theta.size} parameters, but the steps have {bounds[-1]}.",
                hint="put the parameters of the steps one after the other.",
            )
        parts = [theta[a:b] for a, b in pairwise(bounds)]
        found = []
        for k, block in enumerate(blocks):
            values = np.asarray(block(*parts[: k + 1]), dtype=np.float64)
            if values.ndim != 2 or values.shape[1] != sizes[k]:
                raise DataError(
                    f"Step {k + 1} gives an array of shape {values.shape}.",
                    hint=f"it must give one row per person and {sizes[k]} columns.",
                )
            found.append(values)
        return np.hstack(found)

    return stacked


def cluster_labels(cluster: ArrayLike, n: int) -> IntArray:
    """Return codes 0, 1, ... of cluster labels.

    Parameters
    ----------
    cluster : array_like, shape (n,)
        Labels of any kind.
    n : int
        Number of rows.

    Returns
    -------
    ndarray of int, shape (n,)
        Codes in sorted order of the labels.

    Raises
    ------
    DataError
        If a label is missing, there are not n of them, or all are the same.
    """
    raw = np.asarray(cluster)
    if raw.shape != (n,):
        raise DataError(
            f"cluster has shape {raw.shape}, but there are {n} rows.",
            hint="give one label per row.",
        )
    codes = label_codes("cluster", raw, n)[0]
    if not codes.any():
        raise DataError("There is one cluster only.", hint="robust variances need two or more.")
    return codes


def cluster_sums(values: FloatArray, codes: IntArray) -> FloatArray:
    """Return the sums of rows over clusters.

    Parameters
    ----------
    values : ndarray of float, shape (n, p)
        Rows.
    codes : ndarray of int, shape (n,)
        Cluster of each row, from 0.

    Returns
    -------
    ndarray of float, shape (g, p)
        A row per cluster.
    """
    groups = int(codes.max()) + 1
    return np.stack(
        [np.bincount(codes, weights=column, minlength=groups) for column in values.T], axis=1
    )


def _rows(psi: Equations, theta: FloatArray) -> FloatArray:
    values = np.asarray(psi(theta), dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != theta.size or values.shape[0] == 0:
        raise DataError(
            f"psi gives an array of shape {values.shape} for {theta.size} parameters.",
            hint="it must give one row per person and one column per parameter.",
        )
    bad = ~np.asarray(np.isfinite(values).all(axis=1))
    if bad.any():
        raise DataError(
            f"psi is not finite in {named_rows(bad)} at theta = {np.round(theta, 6).tolist()}.",
            hint="start elsewhere, or mend these rows.",
        )
    return values


def _polish(psi: Equations, theta: FloatArray, jacobian: Derivative | None) -> FloatArray:
    """Take Newton steps until they are a negligible part of the standard errors."""
    for _ in range(MOST_POLISHING_STEPS):
        rows = _rows(psi, theta)
        labels = label("parameter", None, theta.size)
        J, _ = _jacobian(psi, theta, rows, jacobian, labels)
        influence = -rows @ _inverse(J, rows, labels).T
        step = influence.sum(axis=0)
        errors = np.sqrt((influence**2).sum(axis=0))
        theta = theta + step
        if (np.abs(step) <= ROOT_TOLERANCE * np.where(errors > 0.0, errors, 1.0)).all():
            return theta
    raise ConvergenceError(
        f"No root of the estimating equations was found: after {MOST_POLISHING_STEPS} Newton steps "
        f"parameter {int(np.argmax(np.abs(step) / errors)) + 1} still moves.",
        hint="start nearer to the root, or check that there is one.",
    )


def _jacobian(
    psi: Equations,
    theta: FloatArray,
    rows: FloatArray,
    jacobian: Derivative | None,
    labels: tuple[str, ...],
) -> tuple[FloatArray, float]:
    """Return the derivative of the sum of psi and its relative error."""
    p = theta.size
    if jacobian is not None:
        return _given_jacobian(jacobian, theta), 0.0
    spread = np.sqrt((rows**2).sum(axis=0))
    scale = np.where(spread > 0.0, spread, 1.0)

    def standardised(at: FloatArray) -> FloatArray:
        return np.asarray(psi(at).sum(axis=0) / scale)

    with np.errstate(all="ignore"):
        step = np.array([_step(standardised, theta, j, labels[j]) for j in range(p)])
        J, error = extrapolated_jacobian(standardised, theta, step)
    return J * scale[:, None], check_smooth(J * step, error * step, "psi")


def _given_jacobian(jacobian: Derivative, theta: FloatArray) -> FloatArray:
    J = np.asarray(jacobian(theta), dtype=np.float64)
    p = theta.size
    if J.shape != (p, p) or not np.isfinite(J).all():
        raise DataError(
            f"jacobian gives an array of shape {J.shape}, or one that is not finite.",
            hint=f"it must give {p} by {p} finite numbers: equation by parameter.",
        )
    return J


def _step(
    standardised: Callable[[FloatArray], FloatArray], theta: FloatArray, j: int, name: str
) -> float:
    """Return a step in a parameter over which the equations change by about AIM."""
    step = 1e-6 * max(abs(float(theta[j])), 1.0)
    for _ in range(MOST_STEP_SEARCHES):
        above, below = (shifted(standardised, theta, j, sign * step) for sign in (1.0, -1.0))
        change = float(np.abs(above - below).max())
        if not np.isfinite(change):
            step /= 1e4
        elif change == 0.0:
            step *= 1e3
        elif AIM / NEAR <= change <= AIM * NEAR:
            return step
        else:
            step *= float(np.clip(AIM / change, 1e-4, 1e4))
        if not 0.0 < step < 1e100:
            break
    raise DesignError(
        f"The estimating equations don't determine {name}: they hardly change with it.",
        hint="leave the parameter out, or give jacobian=.",
    )


def _inverse(J: FloatArray, rows: FloatArray, labels: tuple[str, ...]) -> FloatArray:
    """Return the inverse of the derivative, or name the parameters that it leaves open."""
    spread = np.sqrt((rows**2).sum(axis=0))
    standardised = J / np.where(spread > 0.0, spread, 1.0)[:, None]
    size = np.sqrt((standardised**2).sum(axis=0))
    standardised = standardised / np.where(size > 0.0, size, 1.0)
    _, values, directions = np.linalg.svd(standardised)
    if not values[-1] * MOST_CONDITION > values[0]:
        share = np.abs(directions[-1])
        open_ones = [labels[j] for j in np.flatnonzero(share > 0.01 * share.max())]
        raise DesignError(
            f"The estimating equations don't determine {', '.join(open_ones)}.",
            hint="two of them may say the same, or parameters enter only together.",
        )
    return np.asarray(
        np.linalg.inv(standardised) / np.where(spread > 0, spread, 1.0) / size[:, None]
    )

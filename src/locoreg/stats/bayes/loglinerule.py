"""Integrals over tau from 0 to infinity: Gauss-Legendre panels in log tau, as fine as needed.

In u = log tau every density here is smooth on the scale of 1, whatever the ratio of the variances,
because variances enter as v + exp(2u); its tails fall at least as powers of tau, that is
exponentially in u. Only the peak can be narrow, with many studies: panels are halved until the
integral, and those of the functions that the caller names, no longer change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from locoreg.core.errors import ConvergenceError

FloatArray = NDArray[np.float64]
Line = Callable[[FloatArray], FloatArray]

# The squares of tau between these ends stay in double precision.
REACH = 340.0
_STEP = 1.0
_ORDER = 10
# exp(-44) is 8e-20: what lies below can't move a sum in double precision.
_DROP = 44.0
_TOLERANCE = 1e-13
_ROUNDING = 1e-15
_DEEPEST = 40
# Mass that may lie beyond the reach, for densities that fall as powers of log tau only.
_BEYOND = 1e-9
NODES, _WEIGHTS = np.polynomial.legendre.leggauss(_ORDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRule:
    """Nodes and weights over the line of log tau.

    Attributes
    ----------
    edges : ndarray of float, shape (p, 2)
        Ends of the panels, in order; gaps between them hold nothing.
    u : ndarray of float, shape (p, 10)
        Nodes.
    weight : ndarray of float, shape (p, 10)
        Density times step at each node; all of them sum to 1.
    log_total : float
        Log of the integral.
    peak : float
        Where the density of u is largest.
    """

    edges: FloatArray
    u: FloatArray
    weight: FloatArray
    log_total: float
    peak: float


def nodes_in(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Gauss-Legendre nodes and steps of panels.

    Parameters
    ----------
    low, high : ndarray of float, shape (p,)
        Ends of the panels.

    Returns
    -------
    tuple of ndarray of float, shape (p, 10)
        Nodes and steps.
    """
    half = (high - low)[:, None] / 2.0
    middle = (high + low)[:, None] / 2.0
    return middle + half * NODES, half * _WEIGHTS


def scan(low: float, high: float) -> FloatArray:
    """Return points of log tau, at most a unit apart, between two ends and within the reach."""
    start, end = max(low, -REACH), min(high, REACH)
    count = max(2, int(np.ceil((end - start) / _STEP)) + 1)
    return np.linspace(start, end, count)


def highest(log_f: Line, points: FloatArray, values: FloatArray) -> tuple[float, float]:
    """Return the place and the height of the highest point of a smooth function.

    Parameters
    ----------
    log_f : callable
        Of an array of u.
    points, values : ndarray of float, shape (n,)
        A scan that is fine enough to see every hill.

    Returns
    -------
    tuple of float
        u and value.
    """
    best = (float(points[np.argmax(values)]), float(values.max()))
    for i in hills(values, best[1]):
        low, high = points[max(i - 1, 0)], points[min(i + 1, points.size - 1)]
        found = minimize_scalar(
            lambda u: -float(log_f(np.array([u]))[0]),
            bounds=(float(low), float(high)),
            method="bounded",
            options={"xatol": 1e-11, "maxiter": 200},
        )
        if -float(found.fun) > best[1]:
            best = (float(found.x), -float(found.fun))
    return best


def hills(values: FloatArray, top: float) -> list[int]:
    """Return the indices of the highest point of a scan and of its other clear maxima.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        The scan.
    top : float
        Its highest value.

    Returns
    -------
    list of int
        The highest first. A plateau that is uneven by rounding has no other maxima.
    """
    padded = np.full(values.size + 2, -np.inf)
    padded[1:-1] = values
    clear = 1e-9 * max(1.0, abs(top))
    with np.errstate(invalid="ignore"):
        rises = (values > padded[:-2] + clear) & (values > padded[2:] + clear)
    found = np.flatnonzero(rises & np.isfinite(values))
    # Many studies make a peak so narrow that its neighbours in the scan lie far below it: the
    # highest point of the scan need not be beside it.
    order = found[np.argsort(-values[found], kind="stable")][:8]
    first = int(np.argmax(values))
    return [first, *(int(i) for i in order if i != first)]


def adapt(
    log_f: Line, *, low: float, high: float, terms: int, also: Line | None = None
) -> LineRule:
    """Return a rule that integrates exp(log_f) over log tau, and its products with ``also``.

    Parameters
    ----------
    log_f : callable
        Log density of u = log tau, up to a constant, of an array of u.
    low, high : float
        Least and largest u; may be infinite.
    terms : int
        How many logs the log density sums: its rounding grows with them.
    also : callable, optional
        Functions between 0 and 1 whose integrals shall be as exact: of u, shape (n,), to shape
        (m, n).

    Returns
    -------
    LineRule
        With an error of about 1e-12 of the whole, and more only where the logs of thousands of
        studies round.

    Raises
    ------
    ConvergenceError
        If the density is 0 or not finite everywhere, or too much of it lies beyond the numbers
        that double precision has.
    """
    points = scan(low, high)
    values = log_f(points)
    values = np.where(np.isnan(values), -np.inf, values)
    if not np.isfinite(values).any() or np.isposinf(values).any():
        raise ConvergenceError(
            "the posterior of tau can't be evaluated: its density is 0 or infinite throughout.",
            hint="look for effects or variances in another unit than the prior's.",
        )
    peak, top = highest(log_f, points, values)
    _check_reach(points, values, top, low, high)
    starts, ends = _first_panels(points, values, peak, top)
    kept: list[tuple[FloatArray, FloatArray]] = []
    total = 0.0
    tolerance = _TOLERANCE + _ROUNDING * (abs(top) + terms)
    for _ in range(_DEEPEST):
        whole, halves = _compare(log_f, also, top, starts, ends)
        total = max(total, float(halves[0].sum()) + sum(float(m.sum()) for _, m in kept))
        near = np.abs(whole - halves).max(axis=0) <= tolerance * total
        if near.any():
            edges = np.stack([starts[near], ends[near]], axis=1)
            kept.append((edges, halves[0][near]))
        starts, ends = _halve(starts[~near], ends[~near])
        if not starts.size:
            break
    else:
        raise ConvergenceError("the posterior of tau has a peak too narrow to be integrated.")
    return _assemble(log_f, np.concatenate([e for e, _ in kept]), peak, top)


def _first_panels(
    points: FloatArray, values: FloatArray, peak: float, top: float
) -> tuple[FloatArray, FloatArray]:
    # The peak is an edge, so that no panel can step over it.
    edges = np.unique(np.append(points, np.clip(peak, points[0], points[-1])))
    near = np.interp(edges, points, np.maximum(values, top - 1e6))
    near[edges == peak] = top
    high = np.maximum(near[:-1], near[1:])
    keep = high > top - _DROP
    return edges[:-1][keep], edges[1:][keep]


def _halve(starts: FloatArray, ends: FloatArray) -> tuple[FloatArray, FloatArray]:
    middle = (starts + ends) / 2.0
    return np.concatenate([starts, middle]), np.concatenate([middle, ends])


def _compare(
    log_f: Line, also: Line | None, top: float, starts: FloatArray, ends: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the integrals over panels at once and in halves, shape (1 + m, p)."""
    whole = _integrals(log_f, also, top, starts, ends)
    left, right = _halve(starts, ends)
    halves = _integrals(log_f, also, top, left, right)
    count = starts.size
    return whole, halves[:, :count] + halves[:, count:]


def _integrals(
    log_f: Line, also: Line | None, top: float, starts: FloatArray, ends: FloatArray
) -> FloatArray:
    u, step = nodes_in(starts, ends)
    flat = u.ravel()
    density = np.exp(log_f(flat) - top) * step.ravel()
    rows = density[None] if also is None else np.concatenate([density[None], density * also(flat)])
    return np.asarray(rows.reshape(len(rows), *u.shape).sum(axis=2))


def _assemble(log_f: Line, edges: FloatArray, peak: float, top: float) -> LineRule:
    edges = edges[np.argsort(edges[:, 0], kind="stable")]
    starts, ends = _halve(edges[:, 0], edges[:, 1])
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    u, step = nodes_in(starts, ends)
    weight = np.exp(log_f(u.ravel()).reshape(u.shape) - top) * step
    total = float(weight.sum())
    return LineRule(
        edges=np.stack([starts, ends], axis=1),
        u=u,
        weight=weight / total,
        log_total=float(np.log(total)) + top,
        peak=peak,
    )


def _check_reach(
    points: FloatArray, values: FloatArray, top: float, low: float, high: float
) -> None:
    """Raise if the density is still large where double precision ends."""
    for at_end, limit in ((0, low), (-1, high)):
        if np.isfinite(limit) and abs(limit) <= REACH:
            continue
        if values[at_end] > top + np.log(_BEYOND / REACH):
            raise ConvergenceError(
                "the posterior of tau has so heavy a tail that it can't be integrated.",
                hint="take a prior on tau with a lighter tail.",
            )

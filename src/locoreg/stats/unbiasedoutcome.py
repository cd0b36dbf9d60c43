"""Outcomes of censored persons, replaced so that their mean stays what it is.

For a function f of the time T, follow-up U and event D, the value

    D f(U) / G(U-) + (1 - D) Q(U) / G(U) - integral over (entry, U] of Q(s) d(1 / G(s))

has the mean of f(T) given covariates if either the survival function S behind
Q(s) = E[f(T) | T > s] or the survival function G of censoring is right (Rubin and van der Laan
2007, doi:10.2202/1557-4679.1052). The increments of 1/G are exact, so that the weights add up to
one for each person.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Gauss-Legendre on (0, 1): five points are exact to about 1e-12 for hazards that are constant
# within a bin.
_RAW_NODES, _RAW_SHARES = np.polynomial.legendre.leggauss(5)
NODES = np.ascontiguousarray((_RAW_NODES + 1.0) / 2.0)
SHARES = np.ascontiguousarray(_RAW_SHARES / 2.0)


class UnbiasedOutcome(NamedTuple):
    """Replaced outcomes.

    Attributes
    ----------
    value : ndarray of float, shape (n,)
        Given survival up to entry.
    uncensored : ndarray of float, shape (n,)
        Probability of being uncensored up to the end of follow-up, given so at entry.
    at_entry : ndarray of float, shape (n,)
        Q at entry.
    alive_at_entry : ndarray of float, shape (n,)
        S at entry.
    """

    value: FloatArray
    uncensored: FloatArray
    at_entry: FloatArray
    alive_at_entry: FloatArray


def unbiased_outcome(
    time: FloatArray,
    done: BoolArray,
    entry: FloatArray,
    value: FloatArray,
    edges: FloatArray,
    hazard: FloatArray,
    censoring: FloatArray,
    *,
    restricted_mean: bool,
    months: bool,
    smallest: float = 0.0,
) -> UnbiasedOutcome:
    """Return the replaced outcome of each person.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        End of follow-up, at most the horizon.
    done : ndarray of bool, shape (n,)
        Whether the outcome is known: the event happened, or the horizon was reached.
    entry : ndarray of float, shape (n,)
        Start of observation.
    value : ndarray of float, shape (n,)
        f(U), used where the outcome is known.
    edges : ndarray of float, shape (b + 1,)
        Edges of the bins, from 0 to the horizon.
    hazard, censoring : ndarray of float, shape (n, b)
        Of the event and of censoring, in the person's own arm: rates per unit of time, or with
        `months` probabilities per month.
    restricted_mean : bool
        f is the time up to the horizon, and not the probability to live beyond it.
    months : bool
        Times are whole months and edges are too; of an event and censoring in the same month the
        event is first. Censoring in the last month loses nothing, and has no hazard.
    smallest : float
        G is held at or above this; its increments stay exact.

    Returns
    -------
    UnbiasedOutcome
        The values.
    """
    n = time.size
    out = np.empty((4, n))
    kernel = _monthly if months else _continuous
    kernel(
        time,
        done,
        entry,
        value,
        edges,
        np.ascontiguousarray(hazard),
        np.ascontiguousarray(censoring),
        restricted_mean,
        1.0 / smallest if smallest > 0.0 else math.inf,
        out,
    )
    return UnbiasedOutcome(value=out[0], uncensored=out[1], at_entry=out[2], alive_at_entry=out[3])


def mean_outcome(
    edges: FloatArray, hazard: FloatArray, *, restricted_mean: bool, months: bool
) -> FloatArray:
    """Return E[f(T)] under hazards that are constant within bins, shape (n,).

    Parameters
    ----------
    edges, hazard, restricted_mean, months
        As for `unbiased_outcome`.

    Returns
    -------
    ndarray of float, shape (n,)
        Restricted mean time, or survival at the horizon.
    """
    out = np.empty(hazard.shape[0])
    _means(edges, np.ascontiguousarray(hazard), restricted_mean, months, out)
    return out


@compiled
def _area(rate: float, width: float) -> float:
    """Return the integral of exp(-rate s) over (0, width)."""
    if rate * width < 1e-12:
        return width
    return -math.expm1(-rate * width) / rate


@compiled
def _months_area(probability: float, count: float) -> float:
    """Return the sum of (1 - probability)^j for j from 1 to count."""
    if probability < 1e-12:
        return count
    stay = 1.0 - probability
    return float(stay * (1.0 - stay**count) / probability)


@compiled
def _means(
    edges: FloatArray, hazard: FloatArray, restricted_mean: bool, months: bool, out: FloatArray
) -> None:
    bins = edges.size - 1
    for i in range(hazard.shape[0]):
        alive, area = 1.0, 0.0
        for b in range(bins):
            width, rate = edges[b + 1] - edges[b], hazard[i, b]
            if months:
                area += alive * _months_area(rate, width)
                alive *= (1.0 - rate) ** width
            else:
                area += alive * _area(rate, width)
                alive *= math.exp(-rate * width)
        out[i] = area if restricted_mean else alive


@compiled
def _continuous(
    time: FloatArray,
    done: BoolArray,
    entry: FloatArray,
    value: FloatArray,
    edges: FloatArray,
    hazard: FloatArray,
    censoring: FloatArray,
    restricted_mean: bool,
    most: float,
    out: FloatArray,
) -> None:
    bins = edges.size - 1
    # Of the rest of the time after each edge, given survival up to it: its mean, or P(T > L).
    rest = np.empty(bins + 1)
    for i in range(time.size):
        rest[bins] = 0.0 if restricted_mean else 1.0
        for b in range(bins - 1, -1, -1):
            width, rate = edges[b + 1] - edges[b], hazard[i, b]
            stay = math.exp(-rate * width)
            rest[b] = stay * rest[b + 1] + (_area(rate, width) if restricted_mean else 0.0)
        alive, inverse, total = 1.0, 1.0, 0.0
        begin, end = entry[i], time[i]
        # Entered at the horizon or later: the outcome was known at entry.
        at_entry, q_end = value[i], 0.0
        entered = False
        for b in range(bins):
            low, high = edges[b], edges[b + 1]
            rate, lost = hazard[i, b], censoring[i, b]
            if high <= begin:
                alive *= math.exp(-rate * (high - low))
                continue
            left, right = max(low, begin), min(high, end)
            if not entered:
                entered = True
                alive *= math.exp(-rate * (left - low))
                at_entry = _value_at(left, high, rate, rest[b + 1], restricted_mean)
                q_end = at_entry
            if right <= left:
                break
            width = right - left
            # Beyond the most that 1/G may be it does not grow, and has no increments.
            if lost > 0.0:
                width = min(width, math.log(most / inverse) / lost)
            step = inverse * math.expm1(lost * width)
            if step > 0.0:
                total += step * _held(left, width, high, lost, rate, rest[b + 1], restricted_mean)
                inverse += step
            q_end = _value_at(right, high, rate, rest[b + 1], restricted_mean)
            if right >= end:
                break
        out[0, i] = (value[i] if done[i] else q_end) * inverse - total
        out[1, i] = 1.0 / inverse
        out[2, i] = at_entry
        out[3, i] = alive


@compiled
def _value_at(s: float, high: float, rate: float, rest: float, restricted_mean: bool) -> float:
    """Return Q(s) for s in a bin that ends at high."""
    stay = math.exp(-rate * (high - s))
    if restricted_mean:
        return s + _area(rate, high - s) + stay * rest
    return stay * rest


@compiled
def _held(
    left: float,
    width: float,
    high: float,
    lost: float,
    rate: float,
    rest: float,
    restricted_mean: bool,
) -> float:
    """Return the mean of Q over a part of a bin, weighted by the increments of 1/G."""
    mass, sums = 0.0, 0.0
    for k in range(NODES.size):
        s = NODES[k] * width
        w = SHARES[k] * math.exp(lost * s)
        mass += w
        sums += w * _value_at(left + s, high, rate, rest, restricted_mean)
    return sums / mass


@compiled
def _monthly(
    time: FloatArray,
    done: BoolArray,
    entry: FloatArray,
    value: FloatArray,
    edges: FloatArray,
    hazard: FloatArray,
    censoring: FloatArray,
    restricted_mean: bool,
    most: float,
    out: FloatArray,
) -> None:
    bins = edges.size - 1
    last = int(edges[bins])
    # Q(k) = E[f(T) | T > k] for k = -1, 0, ..., last - 1, stored at k + 1.
    q = np.empty(last + 1)
    for i in range(time.size):
        # Mean of the months that follow month k, given T > k; after the last month there is none.
        after = 0.0 if restricted_mean else 1.0
        b = bins - 1
        for k in range(last - 1, -2, -1):
            q[k + 1] = (k + 1.0 + after) if restricted_mean else after
            if k < 0:
                break
            if k < edges[b]:
                b -= 1
            stay = 1.0 - hazard[i, b]
            after = stay * ((1.0 + after) if restricted_mean else after)
        begin, end = int(entry[i]), int(time[i])
        alive, inverse, total = 1.0, 1.0, 0.0
        b = 0
        for k in range(last):
            if k >= edges[b + 1]:
                b += 1
            if k < begin:
                alive *= 1.0 - hazard[i, b]
                continue
            # With the event in month k nobody is censored in it any more.
            if k > end or (k == end and done[i]) or k == last - 1:
                break
            new = min(inverse / (1.0 - censoring[i, b]), most)
            total += q[k + 1] * (new - inverse)
            inverse = new
        out[0, i] = (value[i] if done[i] else q[min(end, last - 1) + 1]) * inverse - total
        out[1, i] = 1.0 / inverse
        out[2, i] = q[begin]
        out[3, i] = alive

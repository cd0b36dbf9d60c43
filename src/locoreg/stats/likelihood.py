r"""Likelihood of the between-study variance, and a search that can't miss its maximum.

Write :math:`x` for tau2. With the contrasts of the effects rotated so that their covariance is
diagonal, :math:`d_i + x`, both scores (derivatives of the profile log-likelihoods) are half of
:math:`R(x) - p(x)`:

.. math:: R(x) = \sum_i \frac{z_i^2}{(d_i + x)^2}, \qquad p(x) = \sum_i \frac{1}{d_i + x},

with the same :math:`d_i` in both sums for REML and :math:`d_i = v_i` in the second for ML. Neither
the rotation nor a k x k matrix is needed: :math:`R = y'P^2y` and :math:`p = \mathrm{tr} P` (or
:math:`\mathrm{tr} W`) are plain sums over studies. Let :math:`T = y'P^3y` and
:math:`p_2 = -p'(x)`. By the Cauchy-Schwarz inequality

.. math:: e_1(x) = R/T - x, \qquad e_2(x) = p/p_2 - x

never decrease. The log-ratio :math:`h = \log(R/p)` has the sign of the score and the slope
:math:`-2/(x + e_1) + 1/(x + e_2)`, so the values at the two ends of a cell bound the slope inside.
A cell where :math:`2 e_2(a) + a > e_1(b)` has a falling :math:`h`, hence at most one zero; where
the bounds keep :math:`h` from changing sign it has none; any other cell is split. Every local
maximum is therefore found and bracketed, and the highest of them, zero included, is returned. When
the variances differ by less than a factor of two, the first cell already qualifies: the
likelihood has one maximum only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import ConvergenceError
from locoreg.stats.studies import FloatArray, Studies

IntArray = NDArray[np.intp]

# Newton's error after a step is about the square of the step before it, so that the last step
# taken leaves less than the rounding error of the score.
LAST_STEP = 1e-9
# Two extrema closer than this (relative) differ in log-likelihood by less than rounding shows.
NARROWEST_CELL = 1e-9
# Bound on the relative error of the sums, with room for ten thousand studies.
ROUNDING = 1e-12
NEWTON_STEPS = 30
MOST_STEPS = 120
MOST_SPLITS = 200


@dataclass(frozen=True, slots=True)
class Fit:
    """Weighted means of the blocks at a given between-study variance.

    Attributes
    ----------
    w : ndarray of float, shape (k, b, n)
        Weights 1/(v + tau2).
    total : ndarray of float, shape (b, n)
        Their sums.
    mean : ndarray of float, shape (b, n)
        Weighted means, counted from each block's origin.
    residual : ndarray of float, shape (k, b, n)
        Effects less the mean, times the weight.
    """

    w: FloatArray
    total: FloatArray
    mean: FloatArray
    residual: FloatArray


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one likelihood at one between-study variance for each of m cells' ends.

    Attributes
    ----------
    x : ndarray of float, shape (m,)
        Between-study variance.
    h : ndarray of float, shape (m,)
        Log-ratio of the two parts of the score; positive where the likelihood rises.
    e1, e2 : ndarray of float, shape (m,)
        Offsets that never decrease with x; see the module's text.
    """

    x: FloatArray
    h: FloatArray
    e1: FloatArray
    e2: FloatArray

    def take(self, which: IntArray | NDArray[np.bool_]) -> Score:
        """Return the chosen ends only."""
        return Score(self.x[which], self.h[which], self.e1[which], self.e2[which])

    def join(self, other: Score) -> Score:
        """Return these ends followed by others."""
        pairs = ((self.x, other.x), (self.h, other.h), (self.e1, other.e1), (self.e2, other.e2))
        return Score(*(np.concatenate(pair) for pair in pairs))

    @property
    def slope(self) -> FloatArray:
        """Derivative of h."""
        return 1.0 / (self.x + self.e2) - 2.0 / (self.x + self.e1)


def over_studies(*factors: FloatArray) -> FloatArray:
    """Sum a product of arrays (k, b, n) over the studies of each block: shape (b, n)."""
    return np.asarray(np.einsum(",".join(["kbn"] * len(factors)) + "->bn", *factors))


def over_all(*factors: FloatArray) -> FloatArray:
    """Sum a product of arrays (k, b, n) over studies and blocks: shape (n,)."""
    return np.asarray(over_studies(*factors).sum(axis=0))


def fit_means(y: FloatArray, v: FloatArray, tau2: FloatArray) -> Fit:
    """Fit the weighted mean of each block.

    Parameters
    ----------
    y, v : ndarray of float, shape (k, b, n)
        Effects and variances as `Studies` holds them.
    tau2 : ndarray of float, shape (n,)
        Between-study variance.

    Returns
    -------
    Fit
        Weights, their sums, means and weighted residuals.
    """
    w = 1.0 / (v + tau2)
    total = w.sum(axis=0)
    mean = over_studies(w, y) / total
    return Fit(w=w, total=total, mean=mean, residual=w * (y - mean))


def traces(w: FloatArray, total: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return tr P and tr P^2 of P = W - W1(1'W1)^-1 1'W without cancellation.

    Expanded around the first study, whose weight is the largest, every difference that remains is
    one of a smaller from a larger number of the same sign pattern; the textbook form loses all
    digits when one study outweighs the others by 1e8.

    Parameters
    ----------
    w : ndarray of float, shape (k, b, n)
        Weights, the largest of each block first.
    total : ndarray of float, shape (b, n)
        Their sums.

    Returns
    -------
    tuple of two ndarrays of float, shape (n,)
        The traces, summed over blocks.
    """
    top, rest = w[0], w[1:]
    a = rest.sum(axis=0)
    b = over_studies(rest, rest)
    c = over_studies(rest, rest, rest)
    first = (2.0 * top * a + (a * a - b)) / total
    second = (top * top * (a * a + 3.0 * b) + 2.0 * top * (a * b - c)) / total**2
    second += (b * (a * a + b) - 2.0 * c * a) / total**2
    return np.asarray(first.sum(axis=0)), np.asarray(second.sum(axis=0))


def log_likelihood(studies: Studies, tau2: FloatArray, *, restricted: bool) -> FloatArray:
    """Profile log-likelihood of the between-study variance, constants included.

    Parameters
    ----------
    studies : Studies
        The data.
    tau2 : ndarray of float, shape (n,)
        Between-study variance.
    restricted : bool
        REML's likelihood, scaled as metafor scales it (with the determinant of X'X), else ML's.

    Returns
    -------
    ndarray of float, shape (n,)
        The log-likelihood.
    """
    fit = fit_means(studies.y, studies.v, tau2)
    spread = studies.v + tau2
    logs = np.log(np.where(spread < np.inf, spread, 1.0)).sum(axis=(0, 1))
    q = over_all(fit.residual, studies.y - fit.mean)
    count = studies.k
    if restricted:
        count = studies.df
        logs = logs + (np.log(fit.total) - np.log(studies.size)).sum(axis=0)
    return np.asarray(-0.5 * (count * np.log(2.0 * np.pi) + logs + q))


def maximise(studies: Studies, spread: FloatArray, *, restricted: bool) -> FloatArray:
    """Find the between-study variance at which the likelihood is highest.

    Parameters
    ----------
    studies : Studies
        The data.
    spread : ndarray of float, shape (n,)
        Unweighted sum of squares around the blocks' means; no zero of the score lies above it.
    restricted : bool
        REML instead of ML.

    Returns
    -------
    ndarray of float, shape (n,)
        The global maximiser over tau2 >= 0.
    """
    largest = np.where(studies.v < np.inf, studies.v, 0.0).max(axis=(0, 1))
    smallest = studies.v.min(axis=(0, 1))
    return highest(_Scores(studies, restricted, smallest, largest), spread, smallest)


class Scores(Protocol):
    """A family of likelihoods of the between-study variance, numbered from 0."""

    def at(self, rows: IntArray, x: FloatArray) -> Score:
        """Return the scores of the numbered likelihoods, each at its x."""

    def height(self, rows: IntArray, x: FloatArray) -> FloatArray:
        """Return the log-likelihoods, each at its x."""


def highest(scores: Scores, spread: FloatArray, smallest: FloatArray) -> FloatArray:
    """Find for each likelihood of a family the place of its highest point.

    Parameters
    ----------
    scores : Scores
        The family; its members have the form of the module's text.
    spread : ndarray of float, shape (n,)
        Unweighted residual sum of squares; no zero of the score lies above it.
    smallest : ndarray of float, shape (n,)
        Smallest sampling variance. Where the spread is no larger, the maximum is at 0.

    Returns
    -------
    ndarray of float, shape (n,)
        The global maximiser over tau2 >= 0.
    """
    tau2 = np.zeros(spread.shape)
    rows = np.flatnonzero(spread > smallest)
    if rows.size == 0:
        return tau2
    low = scores.at(rows, np.zeros(rows.size))
    found, left, right = _brackets(scores, rows, low, scores.at(rows, 2.0 * spread[rows]))
    roots = _refine(scores, found, left, right)
    at_zero = rows[low.h <= 0.0]
    found = np.concatenate([at_zero, found])
    roots = np.concatenate([np.zeros(at_zero.size), roots])
    contested = np.bincount(found, minlength=spread.size)[found] > 1
    tau2[found[~contested]] = roots[~contested]
    if contested.any():
        rivals, values = found[contested], roots[contested]
        order = np.lexsort((scores.height(rivals, values), rivals))
        tau2[rivals[order]] = values[order]
    return tau2


def score_from_sums(
    x: FloatArray,
    sums: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    low: FloatArray,
    high: FloatArray,
) -> Score:
    """Put the sums of the module's text together.

    Parameters
    ----------
    x : ndarray of float, shape (m,)
        Between-study variance.
    sums : tuple of four ndarrays of float, shape (m,)
        R, T, p and p2.
    low, high : ndarray of float, shape (m,)
        Extreme sampling variances. All d_i lie between them, and so do their means. Where x is
        much larger, the differences are rounding error: the bounds and the slack keep them safe.

    Returns
    -------
    Score
        The score with its offsets.
    """
    r, t, p, p2 = sums
    e1 = np.clip(r / t - x + ROUNDING * x, low, high)
    return Score(x=x, h=np.log(r / p), e1=e1, e2=np.clip(p / p2 - x, low, high))


@dataclass(frozen=True, slots=True)
class _Scores:
    """The score as a function of the meta-analysis and the between-study variance."""

    studies: Studies
    restricted: bool
    smallest: FloatArray
    largest: FloatArray

    def subset(self, rows: IntArray) -> Studies:
        s = self.studies
        if rows.size == s.y.shape[2] and (rows == np.arange(rows.size)).all():
            return s
        return Studies(
            y=s.y.take(rows, axis=2),
            v=s.v.take(rows, axis=2),
            origin=s.origin.take(rows, axis=1),
            size=s.size.take(rows, axis=1),
        )

    def at(self, rows: IntArray, x: FloatArray) -> Score:
        part = self.subset(rows)
        fit = fit_means(part.y, part.v, x)
        e = fit.residual
        r = over_all(e, e)
        centred = e - over_studies(fit.w, e) / fit.total
        t = over_all(fit.w, centred, centred)
        if self.restricted:
            p, p2 = traces(fit.w, fit.total)
        else:
            p, p2 = fit.total.sum(axis=0), over_all(fit.w, fit.w)
        return score_from_sums(x, (r, t, p, p2), self.smallest[rows], self.largest[rows])

    def height(self, rows: IntArray, x: FloatArray) -> FloatArray:
        return log_likelihood(self.subset(rows), x, restricted=self.restricted)


def _brackets(
    scores: Scores, rows: IntArray, low: Score, high: Score
) -> tuple[IntArray, Score, Score]:
    """Split cells until each holds one maximum, which is kept, or provably none."""
    kept: list[tuple[IntArray, Score, Score]] = []
    for _ in range(MOST_SPLITS):
        settled = 2.0 * low.e2 + low.x > high.e1
        settled |= high.x - low.x <= NARROWEST_CELL * (high.x + high.e2)
        hit = settled & (low.h > 0.0) & (high.h <= 0.0)
        kept.append((rows[hit], low.take(hit), high.take(hit)))
        still = np.flatnonzero(~settled)
        if still.size:
            still = still[_may_change_sign(low.take(still), high.take(still))]
        if still.size == 0:
            break
        rows, low, high = rows[still], low.take(still), high.take(still)
        # To the right of the first point h falls for certain; the second halves the cell as
        # seen by the sums, which depend on the ratio of its ends.
        turn = high.e1 - 2.0 * low.e2
        half = np.sqrt((low.x + low.e2) * (high.x + low.e2)) - low.e2
        middle = scores.at(rows, np.where((turn > low.x) & (turn < half), turn, half))
        rows = np.concatenate([rows, rows])
        low, high = low.join(middle), middle.join(high)
    else:
        raise ConvergenceError("The search for the likelihood's maxima did not end.")
    left, right = kept[0][1], kept[0][2]
    for _, more_left, more_right in kept[1:]:
        left, right = left.join(more_left), right.join(more_right)
    return np.concatenate([part[0] for part in kept]), left, right


def _may_change_sign(low: Score, high: Score) -> NDArray[np.bool_]:
    """Tell for each cell whether the bounds on the slope leave room for a zero of h."""
    a, b = low.x, high.x
    top = np.clip(high.e1 - 2.0 * low.e2, a, b)
    most = low.h + np.log((top + low.e2) / (a + low.e2))
    most -= 2.0 * np.log((top + high.e1) / (a + high.e1))
    least = low.h + np.log((b + high.e2) / (a + high.e2))
    least -= 2.0 * np.log((b + low.e1) / (a + low.e1))
    negative = (low.h < 0.0) & (high.h < 0.0) & (most < 0.0)
    positive = (low.h > 0.0) & (high.h > 0.0) & (least > 0.0)
    return np.asarray(~(negative | positive))


def _refine(scores: Scores, rows: IntArray, low: Score, high: Score) -> FloatArray:
    """Find the zero of the score in brackets where h falls, by Newton's method on exp(-h).

    That function is linear for equal variances. A step that leaves the bracket is replaced by
    bisection, and so is every step after the first thirty, which bounds the number of steps.
    """
    roots = np.zeros(rows.size)
    active = np.arange(rows.size)
    a, b = low.x, high.x
    rise = -np.expm1(-low.h)
    x = a + (b - a) * rise / (rise + np.expm1(-high.h))
    for step_number in range(MOST_STEPS):
        if active.size == 0:
            return roots
        here = scores.at(rows[active], x)
        a, b = np.where(here.h > 0.0, x, a), np.where(here.h > 0.0, b, x)
        size = x + here.e2
        step = np.expm1(here.h) / -here.slope
        done = (np.abs(step) <= LAST_STEP * size) | (b - a <= 4.0 * np.finfo(float).eps * size)
        proposal = x + step
        astray = ~((proposal >= a) & (proposal <= b)) | (step_number >= NEWTON_STEPS)
        x = np.where(done, np.clip(proposal, a, b), np.where(astray, 0.5 * (a + b), proposal))
        roots[active[done]] = x[done]
        going = ~done
        active, a, b, x = active[going], a[going], b[going], x[going]
    raise ConvergenceError("The maximum of the likelihood was bracketed but not reached.")

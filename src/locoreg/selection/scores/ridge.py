"""Smooth models: ridge-penalised hazards, probabilities and means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from locoreg.core.errors import ConvergenceError
from locoreg.stats.survivaldata import FloatArray, IntArray

# Penalties of squared coefficients of standardised columns, in persons' (or events') worth of
# information. Separated data have finite fits under each.
PENALTIES = (1.0, 10.0, 100.0, 400.0)
# Of the bins of time around the mean, and of their difference between arms.
BIN_PENALTY, ARM_BIN_PENALTY, ARM_PENALTY = 0.05, 2.0, 0.05
STEPS, SMALLEST_STEP = 50, 1e-9
# Newton's method stops where a step would gain less log-likelihood than half of this: far below
# what data can tell.
TOLERANCE = 1e-3
# Persons beyond whom a smooth model hardly gets better: its error is then that of its form.
MOST_PERSONS = 40_000
# Linear predictors beyond this are held, so that a step of Newton's method can't overflow.
MOST_LINK = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskRows:
    """Persons at risk of something, by bins of time.

    Attributes
    ----------
    exposure : ndarray of float, shape (n, b)
        Time at risk in each bin, or number of months.
    place : ndarray of int, shape (n,)
        Bin in which follow-up ends.
    happened : ndarray of bool, shape (n,)
        Whether it ended with it.
    """

    exposure: FloatArray
    place: IntArray
    happened: FloatArray

    def take(self, rows: IntArray) -> RiskRows:
        """Return the rows of some persons."""
        return RiskRows(
            exposure=self.exposure[rows], place=self.place[rows], happened=self.happened[rows]
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardDesign:
    """Columns of a hazard: bins by arm, basis, treatment by basis, covariates by time.

    Attributes
    ----------
    Z : ndarray of float, shape (n, k)
        Columns that act alike at all times.
    V : ndarray of float, shape (n, v)
        Columns whose effect changes along the clock.
    arm : ndarray of bool, shape (n,)
        Who is treated.
    clock : ndarray of float, shape (b,)
        Places of the bins, from -1 to 1.
    """

    Z: FloatArray
    V: FloatArray
    arm: FloatArray
    clock: FloatArray

    @property
    def times(self) -> tuple[FloatArray, FloatArray]:
        """Columns of the bins for either arm, each of shape (b, 2 + 2 b)."""
        b = self.clock.size
        one, eye, none = np.ones((b, 1)), np.eye(b), np.zeros((b, b))
        return np.hstack([one, 0.0 * one, eye, none]), np.hstack([one, one, eye, eye])

    def penalty(self, size: float) -> FloatArray:
        """Return the penalty of each coefficient."""
        b = self.clock.size
        bins = [0.0, ARM_PENALTY, *([BIN_PENALTY] * b), *([ARM_BIN_PENALTY] * b)]
        return np.concatenate([bins, np.full(self.Z.shape[1] + self.V.shape[1], size)])

    def link(self, beta: FloatArray) -> FloatArray:
        """Return the linear predictor, shape (n, b)."""
        comparator, treated = self.times
        r, k = comparator.shape[1], self.Z.shape[1]
        time = np.where(self.arm[:, None] > 0, treated @ beta[:r], comparator @ beta[:r])
        fixed = self.Z @ beta[r : r + k]
        slope = self.V @ beta[r + k :]
        eta = time + fixed[:, None] + slope[:, None] * self.clock
        return np.asarray(np.clip(eta, -MOST_LINK, MOST_LINK))

    def gradient(self, residual: FloatArray) -> FloatArray:
        """Return the sums of a residual, shape (n, b), over the columns."""
        comparator, treated = self.times
        own = self.arm > 0
        time = residual[~own].sum(axis=0) @ comparator + residual[own].sum(axis=0) @ treated
        return np.concatenate(
            [time, residual.sum(axis=1) @ self.Z, (residual @ self.clock) @ self.V]
        )

    def information(self, w: FloatArray) -> FloatArray:
        """Return the weighted cross-products of the columns; w has shape (n, b)."""
        own = self.arm > 0
        s0, s1, s2 = w.sum(axis=1), w @ self.clock, w @ self.clock**2
        Z, V = self.Z, self.V
        r = 2 + 2 * self.clock.size
        tt, tz, tv = np.zeros((r, r)), np.zeros((r, Z.shape[1])), np.zeros((r, V.shape[1]))
        for members, columns in zip((~own, own), self.times, strict=True):
            part = w[members]
            tt += (columns.T * part.sum(axis=0)) @ columns
            tz += columns.T @ (part.T @ Z[members])
            tv += (columns.T * self.clock) @ (part.T @ V[members])
        zz, zv = (Z.T * s0) @ Z, (Z.T * s1) @ V
        vv = (V.T * s2) @ V
        return np.asarray(np.block([[tt, tz, tv], [tz.T, zz, zv], [tv.T, zv.T, vv]]))


def fit_hazard(
    design: HazardDesign, risk: RiskRows, weight: FloatArray, *, months: bool
) -> tuple[FloatArray, ...]:
    """Fit a hazard under each penalty.

    The likelihood is that of a hazard that is constant within bins: Poisson in continuous time,
    binomial with the logit link in whole months.

    Parameters
    ----------
    design : HazardDesign
        Columns.
    risk : RiskRows
        Who was at risk, and to whom it happened.
    weight : ndarray of float, shape (n,)
        Weights of persons.
    months : bool
        Whether times are whole months.

    Returns
    -------
    tuple of ndarray
        Coefficients under each of PENALTIES.

    Raises
    ------
    ConvergenceError
        If Newton's method fails.
    """
    n, b = risk.exposure.shape
    exposure = risk.exposure * weight[:, None]
    counts = np.zeros((n, b))
    counts[np.arange(n), risk.place] = risk.happened * weight
    rate = max(counts.sum(), 0.5) / max(exposure.sum(), 1e-300)
    r = 2 + 2 * b
    beta = np.zeros(r + design.Z.shape[1] + design.V.shape[1])
    beta[0] = np.log(rate / max(1.0 - rate, 1e-3)) if months else np.log(rate)

    def loss(eta: FloatArray) -> float:
        if months:
            return float((exposure * np.logaddexp(0.0, eta) - counts * eta).sum())
        return float((exposure * np.exp(eta) - counts * eta).sum())

    def moments(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
        p = special.expit(eta) if months else np.exp(eta)
        mean = exposure * p
        return counts - mean, mean * (1.0 - p) if months else mean

    def pieces(new: FloatArray) -> tuple[FloatArray, FloatArray]:
        residual, w = moments(design.link(new))
        return design.gradient(residual), design.information(w)

    found = []
    for size in sorted(PENALTIES, reverse=True):
        beta = _maximise(
            beta, design.penalty(size), lambda new: loss(design.link(new)), pieces, "hazard"
        )
        found.append(beta)
    return tuple(reversed(found))


def _maximise(
    beta: FloatArray,
    penalty: FloatArray,
    loss: Callable[[FloatArray], float],
    pieces: Callable[[FloatArray], tuple[FloatArray, FloatArray]],
    name: str,
) -> FloatArray:
    """Return the coefficients with the least penalised loss, by Newton's method."""

    def whole(new: FloatArray) -> float:
        return loss(new) + 0.5 * float(penalty @ new**2)

    for _ in range(STEPS):
        gradient, information = pieces(beta)
        slope = gradient - penalty * beta
        step = _solve(information, penalty, slope)
        if float(slope @ step) < TOLERANCE:
            return beta
        start, half = whole(beta), 1.0
        while whole(beta + half * step) > start and half > SMALLEST_STEP:
            half /= 2.0
        if half <= SMALLEST_STEP:
            return beta  # no step along an ascent direction helps: rounding is all that is left
        beta = beta + half * step
    raise ConvergenceError(
        f"a smooth model of a {name} did not converge in {STEPS} steps.",
        hint="look for covariates with extreme values.",
    )


def _solve(information: FloatArray, penalty: FloatArray, slope: FloatArray) -> FloatArray:
    whole = information + np.diag(penalty)
    # Directions without information and penalty (an empty arm) stay where they are.
    whole[np.diag_indices_from(whole)] += 1e-9 * max(float(np.trace(whole)) / penalty.size, 1e-12)
    return np.asarray(linalg.cho_solve(linalg.cho_factor(whole), slope))


def fit_logistic(
    Z: FloatArray, y: FloatArray, weight: FloatArray
) -> tuple[tuple[float, FloatArray], ...]:
    """Return intercept and coefficients of a logistic regression under each of PENALTIES."""
    columns = np.column_stack([np.ones(y.size), Z])
    beta = np.zeros(columns.shape[1])
    share = float(np.clip(weight @ y / weight.sum(), 1e-6, 1.0 - 1e-6))
    beta[0] = special.logit(share)

    def loss(new: FloatArray) -> float:
        eta = np.clip(columns @ new, -MOST_LINK, MOST_LINK)
        return float(weight @ (np.logaddexp(0.0, eta) - y * eta))

    def pieces(new: FloatArray) -> tuple[FloatArray, FloatArray]:
        p = special.expit(np.clip(columns @ new, -MOST_LINK, MOST_LINK))
        return columns.T @ (weight * (y - p)), (columns.T * (weight * p * (1.0 - p))) @ columns

    found = []
    for size in sorted(PENALTIES, reverse=True):
        penalty = np.concatenate([[0.0], np.full(Z.shape[1], size)])
        beta = _maximise(beta, penalty, loss, pieces, "probability")
        found.append((float(beta[0]), beta[1:]))
    return tuple(reversed(found))


def fit_linear(
    Z: FloatArray, y: FloatArray, weight: FloatArray
) -> tuple[tuple[float, FloatArray], ...]:
    """Return intercept and coefficients of a linear regression under each of PENALTIES."""
    share = weight / weight.sum()
    middle = float(share @ y)
    centre = share @ Z
    C = Z - centre
    information, slope = (C.T * weight) @ C, C.T @ (weight * (y - middle))
    found = []
    for size in PENALTIES:
        beta = _solve(information, np.full(Z.shape[1], size), slope)
        found.append((middle - float(centre @ beta), beta))
    return tuple(found)

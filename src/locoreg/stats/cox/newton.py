"""Newton's method on the partial likelihood, with its two ways to have no answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from locoreg.core.errors import ConvergenceError
from locoreg.stats.cox.likelihood import Likelihood, Point
from locoreg.stats.survivaldata import BoolArray, FloatArray

MOST_ITERATIONS = 50
MOST_HALVINGS = 30
# In standard deviations of a covariate: leaves variances right to nine digits. Newton's method
# squares the error at each step, so that the point after it is exact.
SMALL_STEP = 1e-9
# Enough where only coefficients are asked for: they are right to ten digits after it.
SMALL_STEP_ALONE = 3e-6
# On a likelihood without a maximum the steps stay as long as they are (each changes the risk of
# some row e-fold) while what they gain goes to zero. Before a maximum they shrink by far more.
NO_GAIN = 1e-9
LONG_STEP = 1e-5
STEADY = 0.5
# Longer steps, in standard deviations, lead to where the largest risk drowns all others.
LONGEST_STEP = 5.0
# Eigenvalues of the scaled information below this are rounding.
FLAT = 1e-9
# Smaller coordinates of a direction of length 1 are rounding as well.
NO_PART = 1e-3
# Squared share of a covariate that the others leave unexplained within risk sets; rounding leaves
# about 1e-13.
NO_VARIATION = 1e-10


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where Newton's method ended.

    Attributes
    ----------
    beta : ndarray of float, shape (p,)
        Coefficients of the packed covariates.
    point : Point
        The likelihood at them but for the last, tiny step.
    iterations : int
        Steps taken.
    direction : ndarray of float, shape (p,)
        1 and -1 for coefficients that run to infinity and minus infinity, 0 for the others.
    """

    beta: FloatArray
    point: Point
    iterations: int
    direction: FloatArray


def solve(information: FloatArray, score: FloatArray) -> FloatArray:
    """Return the Newton step.

    Parameters
    ----------
    information : ndarray of float, shape (p, p)
        Positive definite, however small some of it.
    score : ndarray of float, shape (p,) or (p, k)
        Right-hand side.

    Returns
    -------
    ndarray of float
        Same shape as the score.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the information is singular to working precision, or not finite.
    """
    size = np.sqrt(np.diag(information))
    if not (np.isfinite(information).all() and (size > 0).all()):
        raise np.linalg.LinAlgError
    factor = linalg.cho_factor(information / np.outer(size, size), lower=True)
    inner = linalg.cho_solve(factor, (score.T / size).T)
    return np.asarray((inner.T / size).T)


def dependent_columns(information: FloatArray, events: float) -> list[tuple[int, list[int]]]:
    """Return covariates that don't vary, or are combinations of earlier ones, within risk sets.

    Parameters
    ----------
    information : ndarray of float, shape (p, p)
        At any coefficients: which combinations carry no information does not depend on them.
    events : float
        Sum of the weights of the events.

    Returns
    -------
    list of (int, list of int)
        Column and the earlier columns that determine it; none where it is constant.
    """
    if _independent(information, events):
        return []
    found: list[tuple[int, list[int]]] = []
    kept: list[int] = []
    for j in range(len(information)):
        own = information[j, j]
        if not own > NO_VARIATION * events:
            found.append((j, []))
            continue
        if kept:
            cross = information[kept, j]
            slope = solve(information[np.ix_(kept, kept)], cross)
            if own - slope @ cross <= NO_VARIATION * own:
                part = np.abs(slope) * np.sqrt(np.diag(information)[kept] / own)
                found.append((j, [k for k, size in zip(kept, part, strict=True) if size > 1e-6]))
                continue
        kept.append(j)
    return found


def _independent(information: FloatArray, events: float) -> bool:
    size = np.diag(information)
    if not (size > NO_VARIATION * events).all():
        return False
    root = np.sqrt(size)
    try:
        factor = np.linalg.cholesky(information / np.outer(root, root))
    except np.linalg.LinAlgError:
        return False
    # The squares of the diagonal are what the columns before leave unexplained.
    return bool((np.diag(factor) ** 2 > NO_VARIATION).all())


def maximise(
    likelihood: Likelihood,
    start: FloatArray,
    point: Point,
    free: BoolArray | None = None,
    last_step: float = SMALL_STEP,
) -> Maximum:
    """Climb to the maximum.

    Parameters
    ----------
    likelihood : Likelihood
        Weighed rows; left as evaluated last, where the last, tiny step starts.
    start : ndarray of float, shape (p,)
        First coefficients.
    point : Point
        The likelihood at them, just evaluated.
    free : ndarray of bool, shape (p,), optional
        Coefficients that may move; all without it.
    last_step : float
        In standard deviations of a covariate: the first step not longer than this is the last. Its
        square is the error left in the coefficients, itself that in everything else.

    Returns
    -------
    Maximum
        With a ``direction`` if the likelihood rises for ever.

    Raises
    ------
    ConvergenceError
        If the steps come to no end.
    """
    beta = start
    part = np.ones(beta.size, dtype=np.bool_) if free is None else free
    steady = np.zeros(beta.size, dtype=np.bool_)
    before = np.full(beta.size, np.inf)
    for iteration in range(MOST_ITERATIONS):
        step, flat = np.zeros(beta.size), np.zeros(beta.size, dtype=np.bool_)
        step[part], flat[part] = _step(point.information[np.ix_(part, part)], point.score[part])
        gain = float(point.score @ step)
        size = np.abs(step)
        steady = (size > LONG_STEP) & (size > STEADY * before)
        if gain <= NO_GAIN and (steady | flat).any():
            return Maximum(beta, point, iteration, np.sign(beta + step) * (steady | flat))
        if size.max(initial=0.0) <= last_step:
            return Maximum(beta + step, point, iteration + 1, np.zeros(beta.size))
        before = size
        reached = _climb(likelihood, beta, point, _short(step))
        if reached is None:
            break
        beta, point = reached
    if steady.any():
        return Maximum(beta, point, iteration, np.sign(beta) * steady)
    raise ConvergenceError(
        f"the Cox fit did not converge; it stopped after {iteration} steps.",
        hint="look for covariates with extreme values, or almost determined by others.",
    )


def _short(step: FloatArray) -> FloatArray:
    return np.asarray(step * (LONGEST_STEP / max(np.abs(step).max(initial=0.0), LONGEST_STEP)))


def _step(information: FloatArray, score: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the Newton step, and which coefficients move in directions without information.

    There is information in all directions at 0, so that where it has gone the likelihood is flat
    because coefficients are on their way to infinity.
    """
    step, flat = np.zeros(score.size), np.diag(information) <= np.finfo(np.float64).tiny
    some = ~flat
    if some.any():
        size = np.sqrt(np.diag(information)[some])
        values, vectors = np.linalg.eigh(information[np.ix_(some, some)] / np.outer(size, size))
        told = values > FLAT
        part = vectors[:, told]
        step[some] = part @ ((part.T @ (score[some] / size)) / values[told]) / size
        flat[some] = (np.abs(vectors[:, ~told]) > NO_PART).any(axis=1)
    return step, flat


def _climb(
    likelihood: Likelihood, beta: FloatArray, point: Point, step: FloatArray
) -> tuple[FloatArray, Point] | None:
    """Take the step, or as many halves of it as the likelihood needs to rise; None if too many."""
    for _ in range(MOST_HALVINGS):
        reached = likelihood.evaluate(beta + step)
        # Rounding of a sum of logarithms must not count as a fall.
        rises = reached.loglik >= point.loglik - 1e-11 * abs(point.loglik)
        if rises and np.isfinite(reached.information).all():
            return beta + step, reached
        step = step / 2.0
    return None

"""Permutation tests of a pooled effect and of the coefficients of a meta-regression."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.metaregression.design import Design, check_design
from locoreg.stats.metaregression.problem import pose
from locoreg.stats.metaregression.solved import solve, wald
from locoreg.stats.randomeffects import INTERVALS, Interval, random_effects
from locoreg.stats.studies import CHUNK, FloatArray, Inputs, check_inputs, check_option
from locoreg.stats.tau2 import Method, check_method, check_weights

# Statistics that differ by less are the same number, reached in another order of additions.
SAME = 1.5e-8
# Some minutes of work; beyond it random permutations say the same.
MOST_EXACT = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationTest:
    """Permutation p-values, two-sided.

    Attributes
    ----------
    method, interval : str
        The options of each fit; tau2 is estimated anew for every permutation.
    names : tuple of str
        Coefficients.
    statistic, p_value : ndarray of float, shape (p,)
        Observed test statistics, and the share of permutations, the observed arrangement among
        them, whose absolute statistic is as large or larger.
    qm, qm_p : float
        The same for the omnibus test of a meta-regression; NaN for a mean.
    permutations : int
        How many arrangements there are in the reference set: 2^k sign patterns, or all distinct
        orders of the rows of x, or the random ones and the observed one.
    exact : bool
        Whether these were all there are.
    mc_error : ndarray of float, shape (p,)
        Monte Carlo standard error of p_value; 0 if exact.
    """

    method: Method
    interval: Interval
    names: tuple[str, ...]
    statistic: FloatArray
    p_value: FloatArray
    qm: float
    qm_p: float
    permutations: int
    exact: bool
    mc_error: FloatArray


def permutation_test(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    x: ArrayLike | None,
    names: Sequence[str],
    method: Method,
    interval: Interval,
    draws: int | Literal["exact"],
    seed: int | np.random.Generator | None,
) -> PermutationTest:
    """Test by permutation: of signs for a mean, of the rows of x for a meta-regression.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    x : array_like, shape (k, p), or None
        Design matrix with all its columns; None for the mean, as for a single column of ones.
    names : sequence of str
        Names of the columns; ignored without x, where the only column is ``intercept``.
    method, interval
        As for `locoreg.stats.metaregression.meta_regression`, without GENQ. The interval decides
        which standard error the statistic has.
    draws : int or "exact"
        Number of random permutations; or all of them, if there are no more than two million.
    seed : int, numpy.random.Generator or None
        Where randomness comes from; None if exact.

    Returns
    -------
    PermutationTest
        The p-values. With random permutations the observed arrangement counts as one of them, so
        that no p-value is below 1/(draws + 1).

    Raises
    ------
    DataError
        If the numbers or options can't be used.
    DesignError
        If there are too many permutations for an exact test.

    References
    ----------
    Follmann DA, Proschan MA (1999). Biometrics 55:732-737.
    Higgins JPT, Thompson SG (2004). Statistics in Medicine 23:1663-1682.
    """
    check_method(method)
    check_weights(method, None)
    check_option("interval", interval, INTERVALS)
    inputs = check_inputs(yi, vi, None)
    if not inputs.single:
        raise DataError("yi and vi must have one dimension here.", hint="give one meta-analysis.")
    rng = _generator(draws, seed)
    columns = np.ones((inputs.yi.shape[1], 1)) if x is None else np.asarray(x, dtype=np.float64)
    if columns.ndim == 2 and columns.shape[1] == 1 and (columns == 1.0).all():
        return _of_mean(
            inputs, ("intercept",) if x is None else tuple(names), method, interval, rng, draws
        )
    design = check_design(columns, names, inputs.yi.shape[1])
    return _of_regression(inputs, design, method, interval, rng, draws)


def _generator(
    draws: int | Literal["exact"], seed: int | np.random.Generator | None
) -> np.random.Generator | None:
    if draws == "exact":
        return None
    if isinstance(draws, str) or draws < 1:
        raise DataError(
            f"draws is {draws!r}, but must be a positive number or 'exact'.", hint="give 10000."
        )
    if seed is None:
        raise DataError("Random permutations need a seed.", hint="give a whole number.")
    if not isinstance(seed, np.random.Generator) and seed < 0:
        raise DataError(f"A seed is a whole number from 0, and not {seed}.")
    return np.random.default_rng(seed)


def _of_mean(
    inputs: Inputs,
    names: tuple[str, ...],
    method: Method,
    interval: Interval,
    rng: np.random.Generator | None,
    draws: int | Literal["exact"],
) -> PermutationTest:
    y, v = inputs.yi[0], inputs.vi[0]

    def statistics(signs: FloatArray) -> FloatArray:
        found = random_effects(
            signs * y, v, method=method, interval=interval, level=95.0, prediction="riley"
        )
        return np.abs(found.statistic)

    observed = random_effects(
        y, v, method=method, interval=interval, level=95.0, prediction="riley"
    ).statistic.reshape(1)
    limit = np.abs(observed[0]) - SAME
    count, total = 0, 0
    patterns = _all_signs(y.size) if rng is None else _random_signs(y.size, int(draws), rng)
    for signs in patterns:
        # Not "as large": a statistic of 0/0 counts against the effect.
        count += int((~(statistics(signs) < limit)).sum())
        total += signs.shape[0]
    return _report((method, interval), names, observed, (np.array([count]), 0), total, rng is None)


def _all_signs(k: int) -> Iterator[FloatArray]:
    """Half of the 2^k patterns: the others are their mirror images with the same statistic."""
    _affordable(2.0**k)
    half = 2 ** (k - 1)
    piece = max(1, CHUNK // k)
    bits = np.arange(k - 1)
    for start in range(0, half, piece):
        number = np.arange(start, min(start + piece, half))
        signs = np.ones((number.size, k))
        signs[:, 1:] -= 2.0 * ((number[:, None] >> bits) & 1)
        yield signs


def _random_signs(k: int, draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    piece = max(1, CHUNK // k)
    for start in range(0, draws, piece):
        yield rng.choice([-1.0, 1.0], (min(piece, draws - start), k))


def _affordable(count: float) -> None:
    if count > MOST_EXACT:
        raise DesignError(
            f"An exact test has {count:.3g} permutations.", hint="give draws, for example 10000."
        )


def _of_regression(
    inputs: Inputs,
    design: Design,
    method: Method,
    interval: Interval,
    rng: np.random.Generator | None,
    draws: int | Literal["exact"],
) -> PermutationTest:
    def statistics(orders: np.ndarray) -> tuple[FloatArray, FloatArray]:
        n = orders.shape[0]
        problem = pose(
            np.repeat(inputs.yi, n, axis=0),
            np.repeat(inputs.vi, n, axis=0),
            design.x[orders],
            intercept=design.intercept is not None,
        )
        solved = solve(problem, method, interval)
        b = solved.b @ design.back.T
        if design.intercept is not None:
            b[:, design.intercept] += problem.heavy.origin
        spread = np.einsum("pq,nqr,pr->np", design.back, solved.vcov, design.back, optimize=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            return b / np.sqrt(spread), wald(solved.b, solved.vcov, design.tested)

    k = design.raw.shape[0]
    observed, qm = statistics(np.arange(k)[None])
    count, count_qm, total = np.zeros(len(design.names), dtype=np.int64), 0, 0
    piece = max(1, 4 * CHUNK // (k * len(design.names)))
    orders = (
        _all_orders(design.raw, piece) if rng is None else _random_orders(k, int(draws), piece, rng)
    )
    for part in orders:
        z, q = statistics(part)
        count += (~(np.abs(z) < np.abs(observed[0]) - SAME)).sum(axis=0)
        count_qm += int((~(q < qm[0] - SAME)).sum())
        total += part.shape[0]
    # Reported as the fit has it: an F statistic unless the quantile is the normal one.
    shown = qm if interval == "normal" else qm / len(design.tested)
    return _report(
        (method, interval),
        design.names,
        observed[0],
        (count, count_qm),
        total,
        rng is None,
        shown[0],
    )


def _random_orders(
    k: int, draws: int, piece: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    for start in range(0, draws, piece):
        yield rng.permuted(np.tile(np.arange(k), (min(piece, draws - start), 1)), axis=1)


def _all_orders(x: FloatArray, piece: int) -> Iterator[np.ndarray]:
    """Every distinct arrangement of the rows of x, as row numbers."""
    kinds, kind = np.unique(x, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    sizes = np.bincount(kind)
    count = math.factorial(x.shape[0])
    for size in sizes.tolist():
        count //= math.factorial(size)
    _affordable(float(count))
    first = np.array([np.flatnonzero(kind == number)[0] for number in range(kinds.shape[0])])
    arrangement = np.sort(kind)
    batch = []
    for _ in range(count):
        batch.append(first[arrangement])
        if len(batch) == piece:
            yield np.array(batch)
            batch = []
        arrangement = _next(arrangement)
    if batch:
        yield np.array(batch)


def _next(arrangement: np.ndarray) -> np.ndarray:
    """Return the next arrangement in lexicographic order, the first after the last."""
    a = arrangement.tolist()
    i = len(a) - 2
    while i >= 0 and a[i] >= a[i + 1]:
        i -= 1
    if i >= 0:
        j = len(a) - 1
        while a[j] <= a[i]:
            j -= 1
        a[i], a[j] = a[j], a[i]
    a[i + 1 :] = a[:i:-1] if i >= 0 else a[::-1]
    return np.array(a)


def _report(
    options: tuple[Method, Interval],
    names: tuple[str, ...],
    observed: FloatArray,
    counts: tuple[np.ndarray, int],
    total: int,
    exact: bool,
    qm: float = np.nan,
) -> PermutationTest:
    extra = 0 if exact else 1
    whole = total + extra
    p = (counts[0] + extra) / whole
    mirrored = 2 if exact and np.isnan(qm) else 1
    return PermutationTest(
        method=options[0],
        interval=options[1],
        names=names,
        statistic=observed,
        p_value=p,
        qm=float(qm),
        qm_p=np.nan if np.isnan(qm) else (counts[1] + extra) / whole,
        permutations=whole * mirrored,
        exact=exact,
        mc_error=np.zeros_like(p) if exact else np.sqrt(p * (1.0 - p) / total),
    )

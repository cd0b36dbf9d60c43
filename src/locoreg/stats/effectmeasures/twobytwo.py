"""Measures of a 2x2 table: odds ratio, risk ratio, risk difference and their relatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.stats.effectmeasures.result import (
    BoolArray,
    EffectMeasures,
    FloatArray,
    ZeroCells,
    columns,
    effects,
    missing_rows,
    require_counts,
)
from locoreg.stats.studies import check_option

TwoByTwo = Literal[
    "OR", "RR", "RD", "AS", "PETO", "PHI", "YUQ", "YUY", "PBIT", "OR2DN", "OR2DL", "PHI-ST"
]


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells after any constant, and the two group sizes."""

    a: FloatArray
    b: FloatArray
    c: FloatArray
    d: FloatArray

    @property
    def n1(self) -> FloatArray:
        return self.a + self.b

    @property
    def n2(self) -> FloatArray:
        return self.c + self.d

    @property
    def p1(self) -> FloatArray:
        return self.a / self.n1

    @property
    def p2(self) -> FloatArray:
        return self.c / self.n2

    @property
    def inverse_sum(self) -> FloatArray:
        return 1 / self.a + 1 / self.b + 1 / self.c + 1 / self.d


_Pair = tuple[FloatArray, FloatArray]


def _log_odds_ratio(t: _Cells) -> _Pair:
    return np.log(t.a / t.b) - np.log(t.c / t.d), t.inverse_sum


def _log_risk_ratio(t: _Cells) -> _Pair:
    return np.log(t.p1) - np.log(t.p2), 1 / t.a - 1 / t.n1 + 1 / t.c - 1 / t.n2


def _risk_difference(t: _Cells) -> _Pair:
    return t.p1 - t.p2, t.p1 * (1 - t.p1) / t.n1 + t.p2 * (1 - t.p2) / t.n2


def _arcsine_difference(t: _Cells) -> _Pair:
    y = np.arcsin(np.sqrt(t.p1)) - np.arcsin(np.sqrt(t.p2))
    return y, 1 / (4 * t.n1) + 1 / (4 * t.n2)


def hypergeometric(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return observed less expected events of group 1, and the variance, at fixed margins.

    Parameters
    ----------
    a, b, c, d : ndarray of float
        Cells: events and non-events of group 1, then of group 2.

    Returns
    -------
    tuple of ndarray of float
        O - E and V of the hypergeometric distribution (Yusuf 1985); V is NaN for N below 2.
    """
    n1, n2, m1, m0 = a + b, c + d, a + c, b + d
    n = n1 + n2
    expected = m1 * (n1 / n)
    variance = m1 * m0 * (n1 / n) * (n2 / n) / np.where(n > 1, n - 1, np.nan)
    return a - expected, variance


def _peto(t: _Cells) -> _Pair:
    difference, variance = hypergeometric(t.a, t.b, t.c, t.d)
    return difference / variance, 1 / variance


def _phi(t: _Cells) -> FloatArray:
    m1, m0 = t.a + t.c, t.b + t.d
    return np.asarray((t.a * t.d - t.b * t.c) / np.sqrt(t.n1 * t.n2 * m1 * m0))


def _phi_cross_sectional(t: _Cells) -> _Pair:
    """One multinomial sample of N (Yule 1912)."""
    phi = _phi(t)
    n = t.n1 + t.n2
    row, column = (t.n1 - t.n2) / n, (t.a + t.c - t.b - t.d) / n
    rows, cols = t.n1 * t.n2 / n**2, (t.a + t.c) * (t.b + t.d) / n**2
    v = (
        1
        - phi**2
        + phi * (1 + phi**2 / 2) * row * column / np.sqrt(rows * cols)
        - 0.75 * phi**2 * (row**2 / rows + column**2 / cols)
    ) / n
    return phi, v


def _phi_stratified(t: _Cells) -> _Pair:
    """Two binomial samples of fixed size: delta method on phi(p1, p2)."""
    phi = _phi(t)
    share = t.n1 / (t.n1 + t.n2)
    p = share * t.p1 + (1 - share) * t.p2
    spread = p * (1 - p)
    bend = (t.p1 - t.p2) * (1 - 2 * p) / (2 * spread)
    by_p1, by_p2 = 1 - bend * share, -1 - bend * (1 - share)
    v = (
        share
        * (1 - share)
        / spread
        * (by_p1**2 * t.p1 * (1 - t.p1) / t.n1 + by_p2**2 * t.p2 * (1 - t.p2) / t.n2)
    )
    return phi, v


def _yule_q(t: _Cells) -> _Pair:
    ad, bc = t.a * t.d, t.b * t.c
    q = (ad - bc) / (ad + bc)
    return q, (1 - q**2) ** 2 * t.inverse_sum / 4


def _yule_y(t: _Cells) -> _Pair:
    ad, bc = np.sqrt(t.a * t.d), np.sqrt(t.b * t.c)
    y = (ad - bc) / (ad + bc)
    return y, (1 - y**2) ** 2 * t.inverse_sum / 16


def _probit_difference(t: _Cells) -> _Pair:
    z1, z2 = special.ndtri(t.p1), special.ndtri(t.p2)
    v1 = 2 * np.pi * t.p1 * (1 - t.p1) * np.exp(z1**2) / t.n1
    v2 = 2 * np.pi * t.p2 * (1 - t.p2) * np.exp(z2**2) / t.n2
    return z1 - z2, v1 + v2


def _scaled_log_odds(factor: float) -> Callable[[_Cells], _Pair]:
    def scaled(t: _Cells) -> _Pair:
        y, v = _log_odds_ratio(t)
        return y * factor, v * factor**2

    return scaled


_FORMULAS: dict[str, Callable[[_Cells], _Pair]] = {
    "OR": _log_odds_ratio,
    "RR": _log_risk_ratio,
    "RD": _risk_difference,
    "AS": _arcsine_difference,
    "PETO": _peto,
    "PHI": _phi_cross_sectional,
    "PHI-ST": _phi_stratified,
    "YUQ": _yule_q,
    "YUY": _yule_y,
    "PBIT": _probit_difference,
    "OR2DN": _scaled_log_odds(1 / 1.65),
    "OR2DL": _scaled_log_odds(3**0.5 / np.pi),
}
TWO_BY_TWO: tuple[TwoByTwo, ...] = get_args(TwoByTwo)


def two_by_two(
    measure: TwoByTwo,
    *,
    ai: ArrayLike,
    bi: ArrayLike,
    ci: ArrayLike,
    di: ArrayLike,
    zeros: ZeroCells,
) -> EffectMeasures:
    """Return effects of 2x2 tables, group 1 against group 2.

    Parameters
    ----------
    measure : str
        ``OR``, ``RR`` (logarithms), ``RD``, ``AS`` (difference of arcsine square roots), ``PETO``
        (one-step log odds ratio (O - E)/V), ``PHI`` (phi coefficient; one sample),
        ``PHI-ST`` (phi; two samples of fixed size), ``YUQ``, ``YUY`` (Yule), ``PBIT`` (probit
        difference), ``OR2DN``, ``OR2DL`` (log odds ratio as a standardised mean difference,
        divided by 1.65 or by pi/sqrt(3)).
    ai, bi : array_like, shape (k,)
        Events and non-events of group 1.
    ci, di : array_like, shape (k,)
        Events and non-events of group 2.
    zeros : ZeroCells
        What is done about zero cells.

    Returns
    -------
    EffectMeasures
        Large-sample variances.

    Raises
    ------
    DataError
        If a cell is negative or the measure is unknown.

    References
    ----------
    Woolf B (1955). Annals of Human Genetics 19:251-253 (OR).
    Katz D et al. (1978). Biometrics 34:469-474 (RR). doi:10.2307/2530610
    Ruecker G et al. (2009). Statistics in Medicine 28:721-738 (AS). doi:10.1002/sim.3511
    Yusuf S et al. (1985). Progress in Cardiovascular Diseases 27:335-371 (PETO).
    Yule GU (1912). JRSS 75:579-652 (PHI, YUQ, YUY). doi:10.2307/2340126
    Chinn S (2000). Statistics in Medicine 19:3127-3131 (OR2DL).
    Sanchez-Meca J et al. (2003). Psychological Methods 8:448-467 (PBIT, OR2DN).
    """
    check_option("measure", measure, TWO_BY_TWO)
    cells = columns(ai=ai, bi=bi, ci=ci, di=di)
    require_counts(ai=cells[0], bi=cells[1], ci=cells[2], di=cells[3])
    a, b, c, d = cells
    double = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    dropped = double if zeros.drop00 else np.zeros(a.shape, dtype=np.bool_)
    add = zeros.constant(measure)
    with_zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    corrected = corrected_rows(zeros, add, with_zero & ~dropped, missing_rows(cells))
    plus = np.where(corrected, add, 0.0)
    table = _Cells(a + plus, b + plus, c + plus, d + plus)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        y, v = _FORMULAS[measure](table)
    return effects(measure, y, v, cells, corrected=corrected, dropped=dropped)


def corrected_rows(
    zeros: ZeroCells, add: float, with_zero: BoolArray, missing: BoolArray
) -> BoolArray:
    """Return which rows get the constant.

    Parameters
    ----------
    zeros : ZeroCells
        The rule.
    add : float
        The constant.
    with_zero, missing : ndarray of bool, shape (k,)
        Rows with a zero, and rows with a missing number.

    Returns
    -------
    ndarray of bool, shape (k,)
        None of them if the constant is 0.
    """
    every = np.ones(with_zero.shape, dtype=np.bool_)
    known = with_zero & ~missing
    if add == 0 or zeros.to == "none":
        return ~every
    if zeros.to == "only0":
        return known
    return every if zeros.to == "all" or known.any() else ~every

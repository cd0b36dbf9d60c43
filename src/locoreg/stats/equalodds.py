"""Tests of equal odds ratios in several 2x2 tables."""

from __future__ import annotations

import numpy as np
from scipy import special

from locoreg.stats.effectmeasures.result import FloatArray

NO_TESTS = {
    "breslow_day": float("nan"),
    "breslow_day_p": float("nan"),
    "tarone": float("nan"),
    "tarone_df": float("nan"),
    "tarone_p": float("nan"),
}


def equal_odds(table: tuple[FloatArray, ...], mu: float) -> dict[str, float]:
    """Test whether tables share an odds ratio, by Breslow and Day and with Tarone's correction.

    Parameters
    ----------
    table : tuple of ndarray of float
        Cells a, b, c, d of the tables.
    mu : float
        Pooled log odds ratio.

    Returns
    -------
    dict of str to float
        Fields of `CountPool`; NaN where there is no pool.
    """
    a, b, c, d = table
    informative = (a + c > 0) & (b + d > 0)
    if not np.isfinite(mu) or not informative.any():
        return NO_TESTS
    a, b, c, d = (x[informative] for x in (a, b, c, d))
    n1, n2, m1 = a + b, c + d, a + c
    expected = _fitted(n1, n2, m1, float(np.exp(mu)))
    with np.errstate(divide="ignore"):
        inverse = 1 / expected + 1 / (n1 - expected) + 1 / (m1 - expected)
        variance = 1 / (inverse + 1 / (n2 - m1 + expected))
    statistic = float(np.sum((a - expected) ** 2 / variance))
    tarone = statistic - float(np.sum(a - expected) ** 2 / np.sum(variance))
    df = float(a.size - 1)
    return {
        "breslow_day": statistic,
        "breslow_day_p": _upper_tail(df, statistic),
        "tarone": tarone,
        "tarone_df": df,
        "tarone_p": _upper_tail(df, tarone),
    }


def _upper_tail(df: float, statistic: float) -> float:
    """Return the chi-squared tail; NaN for one table, which has nothing to differ from."""
    return float(special.chdtrc(df, max(statistic, 0.0))) if df > 0 else float("nan")


def _fitted(n1: FloatArray, n2: FloatArray, m1: FloatArray, ratio: float) -> FloatArray:
    """Return the events of group 1 that give each table the odds ratio, at its margins.

    The root of (1 - ratio) x^2 + (n2 - m1 + ratio (n1 + m1)) x - ratio n1 m1 between the ends,
    in the form that does not cancel.
    """
    square = 1.0 - ratio
    linear = n2 - m1 + ratio * (n1 + m1)
    constant = -ratio * n1 * m1
    root = np.sqrt(np.maximum(linear**2 - 4 * square * constant, 0.0))
    half = -(linear + np.where(linear >= 0, root, -root)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        one = constant / half
        other = half / square if square != 0 else one
    low, high = np.maximum(0.0, m1 - n2), np.minimum(n1, m1)
    inside = (one >= low) & (one <= high)
    return np.asarray(np.where(inside, one, other))

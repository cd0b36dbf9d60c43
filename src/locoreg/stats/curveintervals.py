"""Pointwise confidence intervals of a survival curve."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import special

from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray

CurveInterval = Literal["log", "log-log", "plain", "logit", "arcsine"]
CURVE_INTERVALS: tuple[CurveInterval, ...] = ("log", "log-log", "plain", "logit", "arcsine")


def curve_limits(
    estimate: FloatArray, se: FloatArray, interval: CurveInterval, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return pointwise confidence limits of a survival curve.

    Parameters
    ----------
    estimate, se : ndarray of float, shape (m,)
        Survival S and its standard error.
    interval : {"log", "log-log", "plain", "logit", "arcsine"}
        Scale on which the estimate is taken as normal: log S, log(-log S) [1]_, S (cut off at 0
        and 1), log(S / (1 - S)), arcsin(sqrt S) [2]_.
    level : float
        Level in percent.

    Returns
    -------
    ci_low, ci_high : ndarray of float, shape (m,)
        Limits; NaN where the scale has no value for the estimate: at S = 0 except for ``plain``,
        and at S = 1 for ``log-log``, ``logit`` and ``arcsine``. NaN too where the standard error
        is.

    References
    ----------
    .. [1] Kalbfleisch JD, Prentice RL (1980). The Statistical Analysis of Failure Time Data. Wiley.
    .. [2] Borgan O, Liestol K (1990). Scandinavian Journal of Statistics 17:35-41.
    """
    z = -float(special.ndtri(check_level(level)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _FORMS[interval](estimate, z * se)


def _plain(s: FloatArray, reach: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.maximum(s - reach, 0.0), np.minimum(s + reach, 1.0)


def _log(s: FloatArray, reach: FloatArray) -> tuple[FloatArray, FloatArray]:
    factor = np.exp(reach / s)
    return s / factor, np.minimum(s * factor, 1.0)


def _log_log(s: FloatArray, reach: FloatArray) -> tuple[FloatArray, FloatArray]:
    log_s = np.log(s)
    power = np.exp(reach / (s * log_s))
    return np.exp(log_s / power), np.exp(log_s * power)


def _logit(s: FloatArray, reach: FloatArray) -> tuple[FloatArray, FloatArray]:
    rest = 1.0 - s
    factor = np.exp(reach / (s * rest))
    return s / (s + rest * factor), s / (s + rest / factor)


def _arcsine(s: FloatArray, reach: FloatArray) -> tuple[FloatArray, FloatArray]:
    middle, step = np.arcsin(np.sqrt(s)), 0.5 * reach / np.sqrt(s * (1.0 - s))
    low = np.sin(np.maximum(middle - step, 0.0)) ** 2
    return low, np.sin(np.minimum(middle + step, np.pi / 2.0)) ** 2


_FORMS = {
    "plain": _plain,
    "log": _log,
    "log-log": _log_log,
    "logit": _logit,
    "arcsine": _arcsine,
}

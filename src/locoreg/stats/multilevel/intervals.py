"""Profile-likelihood intervals of the variances of a nested model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from locoreg.core.errors import ConvergenceError, DataError, did_you_mean
from locoreg.stats.multilevel.fit import MultilevelEffects, nested
from locoreg.stats.multilevel.variances import Nested, search
from locoreg.stats.studies import check_level

MOST_DOUBLINGS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceInterval:
    """Values of one level's variance that the likelihood does not reject.

    Attributes
    ----------
    name : str
        The level.
    level : float
        Level of the interval in percent.
    sigma2, low, high : float
        Estimate and limits.
    low_at_zero : bool
        Whether the lower limit was cut off at 0.
    """

    name: str
    level: float
    sigma2: float
    low: float
    high: float
    low_at_zero: bool


def variance_interval(fit: MultilevelEffects, name: str, *, level: float) -> VarianceInterval:
    """Profile the likelihood over one level's variance.

    Parameters
    ----------
    fit : MultilevelEffects
        The fit; its own likelihood, ML or REML, is profiled.
    name : str
        The level.
    level : float
        Level of the interval in percent.

    Returns
    -------
    VarianceInterval
        The limits next to the estimate at which twice the log-likelihood, highest over the other
        variances, has fallen by the chi-squared quantile with 1 df.

    Raises
    ------
    DataError
        If there is no such level, or its variance can't be told from another's.
    """
    tail = check_level(level)
    if name not in fit.nesting.names:
        reason = "can't be told from the level within it" if name in fit.levels else "is not there"
        raise DataError(f"Level {name!r} {reason}.", hint=did_you_mean(name, fit.nesting.names))
    place = fit.nesting.names.index(name)
    model = nested(fit.nesting, fit.residuals, fit.vi, fit.design, restricted=fit.method == "REML")
    cut = fit.loglik - 0.5 * float(special.chdtri(1.0, 2.0 * tail))
    estimate = float(fit.sigma2[fit.levels.index(name)])
    unit = float(model.v.size / (1.0 / model.v).sum())

    def above(size: float) -> float:
        return _profiled(model, place, float(np.expm1(size)) * unit) - cut

    here = float(np.log1p(estimate / unit))
    low = 0.0
    if above(0.0) < 0.0 < here:
        low = float(np.expm1(_cross(above, 0.0, here)) * unit)
    far = here + 1.0
    for _ in range(MOST_DOUBLINGS):
        if above(far) < 0.0:
            break
        far += 1.0
    else:
        raise ConvergenceError(f"The likelihood does not fall off with the variance of {name}.")
    high = float(np.expm1(_cross(above, here, far)) * unit)
    return VarianceInterval(
        name=name, level=float(level), sigma2=estimate, low=low, high=high, low_at_zero=low == 0.0
    )


def _profiled(model: Nested, place: int, value: float) -> float:
    fixed = np.full(len(model.nesting.names), np.nan)
    fixed[place] = value
    return search(model, fixed)[1]


def _cross(above: Callable[[float], float], left: float, right: float) -> float:
    return float(optimize.brentq(above, left, right, xtol=1e-12, rtol=1e-12, maxiter=200))

"""Profile-likelihood intervals of the (residual) between-study variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from locoreg.core.errors import ConvergenceError, DataError, DesignError
from locoreg.stats.metaregression.design import check_design
from locoreg.stats.metaregression.problem import Likelihoods, pose
from locoreg.stats.studies import CHUNK, FloatArray, check_inputs, check_level, check_option

LikelihoodMethod = Literal["ML", "REML"]
LIKELIHOOD_METHODS: tuple[LikelihoodMethod, ...] = ("ML", "REML")

# Fine enough that a second hump of the likelihood, which is never narrower than the ratio of two
# variances, doesn't fall between two points.
POINTS = 200
MOST_DOUBLINGS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileInterval:
    """Values of tau2 that the likelihood does not reject.

    Attributes
    ----------
    method : str
        ML or REML.
    level : float
        Level in percent.
    tau2, loglik : float
        The highest point of the likelihood.
    tau2_low, tau2_high : float
        The outermost values at which twice the log-likelihood is below its highest by the
        chi-squared quantile with 1 df; NaN for REML with no degree of freedom.
    low_at_zero : bool
        Whether the lower limit was cut off at 0.
    """

    method: LikelihoodMethod
    level: float
    tau2: float
    loglik: float
    tau2_low: float
    tau2_high: float
    low_at_zero: bool


def profile_likelihood(
    yi: ArrayLike, vi: ArrayLike, *, method: LikelihoodMethod, level: float, x: ArrayLike | None
) -> ProfileInterval:
    """Confidence interval for tau2 from the profile likelihood.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    method : {"ML", "REML"}
        Which likelihood.
    level : float
        Level in percent.
    x : array_like, shape (k, p), or None
        Design matrix of a meta-regression; None for a mean alone.

    Returns
    -------
    ProfileInterval
        The limits.

    Raises
    ------
    DataError
        If the numbers can't be used.
    DesignError
        If there are no more studies than columns.

    References
    ----------
    Hardy RJ, Thompson SG (1996). Statistics in Medicine 15:619-629.
    """
    check_option("method", method, LIKELIHOOD_METHODS)
    tail = check_level(level)
    inputs = check_inputs(yi, vi, None)
    if not inputs.single:
        raise DataError("yi and vi must have one dimension here.", hint="give one meta-analysis.")
    k = inputs.yi.shape[1]
    if k == 1 and x is None:
        raise DesignError(
            "One study says nothing about the variance between studies.", hint="give two or more."
        )
    columns = np.ones((k, 1)) if x is None else np.asarray(x, dtype=np.float64)
    labels = [f"column {j + 1}" for j in range(columns.shape[-1])]
    design = check_design(columns, labels, k)
    problem = pose(inputs.yi, inputs.vi, design.x[None], intercept=design.intercept is not None)
    curve = Likelihoods(problem, restricted=method == "REML")
    tau2 = float(curve.highest()[0])
    top = _heights(curve, np.array([tau2]))[0]
    cut = top - 0.5 * float(special.chdtri(1.0, 2.0 * tail))
    low, high = _limits(curve, tau2, cut, float(inputs.vi.min()))
    return ProfileInterval(
        method=method,
        level=float(level),
        tau2=tau2,
        loglik=float(top),
        tau2_low=low,
        tau2_high=high,
        low_at_zero=low == 0.0,
    )


def _heights(curve: Likelihoods, tau2: FloatArray) -> FloatArray:
    piece = max(1, CHUNK // curve.problem.k)
    parts = np.split(tau2, np.arange(piece, tau2.size, piece))
    return np.concatenate(
        [curve.height(np.zeros(part.size, dtype=np.intp), part) for part in parts]
    )


def _limits(curve: Likelihoods, tau2: float, cut: float, unit: float) -> tuple[float, float]:
    """Outermost places where the curve crosses the cut."""

    def above(log_size: float) -> float:
        return float(_heights(curve, np.array([np.expm1(log_size) * unit]))[0]) - cut

    def place(value: float) -> float:
        return float(np.log1p(value / unit))

    # Beyond the spread of the effects the likelihood only falls.
    spread = float(np.ptp(curve.problem.y) ** 2 * curve.problem.k)
    far = place(max(2.0 * spread, tau2, unit))
    for _ in range(MOST_DOUBLINGS):
        if above(far) < 0.0:
            break
        far += 1.0
    else:
        raise ConvergenceError("The likelihood of tau2 does not fall off.")
    grid = np.unique(np.concatenate([np.linspace(0.0, far, POINTS), [place(tau2)]]))
    height = _heights(curve, np.expm1(grid) * unit) - cut
    # The highest point itself may lie a rounding error below the cut's partner.
    inside = np.flatnonzero((height >= 0.0) | (grid == place(tau2)))
    first, last = int(inside[0]), int(inside[-1])
    high = _cross(above, grid[last], grid[last + 1])
    low = 0.0 if first == 0 else float(np.expm1(_cross(above, grid[first - 1], grid[first])) * unit)
    return low, float(np.expm1(high) * unit)


def _cross(above: Callable[[float], float], left: float, right: float) -> float:
    return float(optimize.brentq(above, left, right, xtol=1e-15, rtol=1e-14, maxiter=500))

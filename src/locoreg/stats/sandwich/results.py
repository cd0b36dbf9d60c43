"""What estimating equations and the delta method give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import ConvergenceError, DataError
from locoreg.core.estimate import Estimate, Scale
from locoreg.core.frames import frame
from locoreg.stats.sandwich.derivative import extrapolated_jacobian
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd

Derivative = Callable[[FloatArray], FloatArray]

# Relative error of a derivative above which a function can't be called smooth.
SMOOTH = 1e-4
# Share of a standard error over which a function of estimates is differentiated.
STEP = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MEstimate:
    """The root of estimating equations with its sandwich covariance.

    Attributes
    ----------
    names : tuple of str
        Names of the parameters.
    theta : ndarray of float, shape (p,)
        The root.
    covariance : ndarray of float, shape (p, p)
        ``A^-1 B A^-T / n``.
    bread : ndarray of float, shape (p, p)
        A: minus the mean derivative of the estimating functions.
    meat : ndarray of float, shape (p, p)
        B: mean outer product of the estimating functions, summed over clusters first if there are
        any.
    influence : ndarray of float, shape (n, p)
        Influence of each row on the root: the covariance is the sum of outer products of it,
        summed over clusters first.
    n : int
        Rows.
    clusters : int or None
        Number of clusters.
    largest_step : float
        Largest Newton step left, in standard errors.
    derivative_error : float
        Largest relative error of the numerical derivative; 0 if it was given.
    """

    names: tuple[str, ...]
    theta: FloatArray
    covariance: FloatArray
    bread: FloatArray
    meat: FloatArray
    influence: FloatArray
    n: int
    clusters: int | None
    largest_step: float
    derivative_error: float

    @property
    def se(self) -> FloatArray:
        """Standard errors, shape (p,)."""
        return np.sqrt(np.diagonal(self.covariance))

    def estimates(self, *, level: float, scale: Scale) -> tuple[Estimate, ...]:
        """Return the parameters with normal intervals.

        Parameters
        ----------
        level : float
            Level in percent.
        scale : {"log", "identity"}
            Scale that the parameters are on; nothing is transformed.

        Returns
        -------
        tuple of Estimate
            In the order of `names`.
        """
        return _normal_intervals(self.theta, self.se, level=level, scale=scale)

    def transform(
        self,
        function: Callable[[FloatArray], ArrayLike],
        *,
        names: Sequence[str] | None = None,
        jacobian: Derivative | None = None,
    ) -> DeltaMethod:
        """Return functions of the parameters by the delta method; see `delta_method`.

        Parameters
        ----------
        function : callable
            From parameters, shape (p,), to a number or values, shape (k,).
        names : sequence of str, optional
            Names of the values.
        jacobian : callable, optional
            From parameters to derivatives, shape (k, p).

        Returns
        -------
        DeltaMethod
            Values and covariance.
        """
        return delta_method(function, self.theta, self.covariance, names=names, jacobian=jacobian)

    def to_dict(self) -> dict[str, Any]:
        """Return root and covariance as JSON-ready values, without the rows."""
        return {
            "names": list(self.names),
            "theta": self.theta.tolist(),
            "se": self.se.tolist(),
            "covariance": self.covariance.tolist(),
            "n": self.n,
            "clusters": self.clusters,
            "largest_step": self.largest_step,
            "derivative_error": self.derivative_error,
        }

    def to_frame(self, *, level: float) -> pd.DataFrame:
        """Return one row per parameter: ``name``, ``estimate``, ``se``, ``ci_low``, ``ci_high``."""
        return _frame(self.names, self.estimates(level=level, scale="identity"))

    def summary(self, *, level: float) -> str:
        """Return one line per parameter with its interval, after one on the data."""
        head = f"Estimating equations, {self.n} rows"
        if self.clusters is not None:
            head += f" in {self.clusters} clusters"
        return head + "\n" + _lines(self.names, self.estimates(level=level, scale="identity"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeltaMethod:
    """Functions of parameters with their covariance.

    Attributes
    ----------
    names : tuple of str
        Names of the values.
    values : ndarray of float, shape (k,)
        The functions at the parameters.
    covariance : ndarray of float, shape (k, k)
        ``J V J'``.
    jacobian : ndarray of float, shape (k, p)
        J: derivatives by the parameters.
    """

    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    jacobian: FloatArray

    @property
    def se(self) -> FloatArray:
        """Standard errors, shape (k,)."""
        return np.sqrt(np.diagonal(self.covariance))

    def estimates(self, *, level: float, scale: Scale) -> tuple[Estimate, ...]:
        """Return the values with normal intervals; `scale` says which one they are on."""
        return _normal_intervals(self.values, self.se, level=level, scale=scale)

    def to_dict(self) -> dict[str, Any]:
        """Return values and covariance as JSON-ready values."""
        return {
            "names": list(self.names),
            "values": self.values.tolist(),
            "se": self.se.tolist(),
            "covariance": self.covariance.tolist(),
        }

    def to_frame(self, *, level: float) -> pd.DataFrame:
        """Return one row per value: ``name``, ``estimate``, ``se``, ``ci_low``, ``ci_high``."""
        return _frame(self.names, self.estimates(level=level, scale="identity"))

    def summary(self, *, level: float) -> str:
        """Return one line per value with its interval."""
        return _lines(self.names, self.estimates(level=level, scale="identity"))


def delta_method(
    function: Callable[[FloatArray], ArrayLike],
    theta: ArrayLike,
    covariance: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    jacobian: Derivative | None = None,
) -> DeltaMethod:
    """Return functions of estimates with their covariance to first order.

    Parameters
    ----------
    function : callable
        From parameters, shape (p,), to a number or values, shape (k,).
    theta : array_like, shape (p,)
        Estimates.
    covariance : array_like, shape (p, p)
        Their covariance.
    names : sequence of str, optional
        Names of the values; ``value 1``, ... without.
    jacobian : callable, optional
        From parameters to derivatives, shape (k, p). Without it they are central differences,
        extrapolated.

    Returns
    -------
    DeltaMethod
        Values and covariance ``J V J'``.

    Raises
    ------
    DataError
        If shapes don't fit or a value is not finite.
    ConvergenceError
        If the function is not smooth near the estimates.
    """
    at, v = np.asarray(theta, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    p = at.size
    if at.ndim != 1 or v.shape != (p, p):
        raise DataError(
            f"theta has shape {at.shape} and covariance {v.shape}.",
            hint="give p estimates and a p by p matrix.",
        )

    def vector(parameters: FloatArray) -> FloatArray:
        return np.atleast_1d(np.asarray(function(parameters), dtype=np.float64))

    values = vector(at)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise DataError(
            f"The function gives {values} at the estimates.", hint="it must give finite numbers."
        )
    if jacobian is None:
        spread = np.sqrt(np.diagonal(v))
        step = STEP * np.where(spread > 0.0, spread, 1e-3 * np.maximum(np.abs(at), 1e-3))
        J, error = extrapolated_jacobian(vector, at, step)
        check_smooth(J * step, error * step, "The function")
    else:
        J = np.asarray(jacobian(at), dtype=np.float64).reshape(values.size, p)
    return DeltaMethod(
        names=label("value", names, values.size),
        values=values,
        covariance=J @ v @ J.T,
        jacobian=J,
    )


def check_smooth(change: FloatArray, error: FloatArray, what: str) -> float:
    """Raise unless a numerical derivative is exact enough.

    Parameters
    ----------
    change, error : ndarray of float, shape (k, p)
        Derivatives and their errors, times the step in each parameter.
    what : str
        What was differentiated.

    Returns
    -------
    float
        Largest error, relative to the largest change of the same value.

    Raises
    ------
    ConvergenceError
        If it is larger than 1e-4 or not finite.
    """
    largest = np.abs(change).max(axis=1, keepdims=True)
    relative = error / np.where(largest > 0.0, largest, 1.0)
    worst = float(relative.max())
    if not worst <= SMOOTH:
        row, column = np.unravel_index(
            int(np.argmax(np.nan_to_num(relative, nan=np.inf))), relative.shape
        )
        raise ConvergenceError(
            f"{what} could not be differentiated: value {row + 1} is not smooth in parameter "
            f"{column + 1} near the estimates.",
            hint="give jacobian=, or a function without jumps and limits there.",
        )
    return worst


def label(kind: str, names: Sequence[str] | None, k: int) -> tuple[str, ...]:
    """Return k names, numbered ones if none are given.

    Parameters
    ----------
    kind : str
        What is numbered.
    names : sequence of str, or None
        Given names.
    k : int
        How many there must be.

    Returns
    -------
    tuple of str
        The names.

    Raises
    ------
    DataError
        If there are more or fewer.
    """
    if names is None:
        return tuple(f"{kind} {j + 1}" for j in range(k))
    given = tuple(str(name) for name in names)
    if len(given) != k:
        raise DataError(
            f"There are {len(given)} names, but {k} {kind}s.", hint="give one for each."
        )
    return given


def _normal_intervals(
    values: FloatArray, errors: FloatArray, *, level: float, scale: Scale
) -> tuple[Estimate, ...]:
    quantile = -float(special.ndtri(check_level(level)))
    return tuple(
        Estimate(
            estimate=float(value),
            se=float(error),
            ci_low=float(value - quantile * error),
            ci_high=float(value + quantile * error),
            level=float(level),
            scale=scale,
        )
        for value, error in zip(values, errors, strict=True)
    )


def _frame(names: tuple[str, ...], estimates: tuple[Estimate, ...]) -> pd.DataFrame:
    columns: dict[str, Any] = {"name": list(names)}
    for key in ("estimate", "se", "ci_low", "ci_high"):
        columns[key] = [getattr(one, key) for one in estimates]
    return frame(columns)


def _lines(names: tuple[str, ...], estimates: tuple[Estimate, ...]) -> str:
    width = max(len(name) for name in names)
    rows = zip(names, estimates, strict=True)
    return "\n".join(f"  {name:<{width}}  {one.text()}" for name, one in rows)

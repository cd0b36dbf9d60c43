"""Prior distributions of the parameters of a bias analysis."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray

PriorKind = Literal["fixed", "uniform", "log_uniform", "trapezoid", "beta"]
PRIOR_KINDS: tuple[PriorKind, ...] = get_args(PriorKind)
_PARAMETERS = {"fixed": 1, "uniform": 2, "log_uniform": 2, "trapezoid": 4, "beta": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """A prior distribution.

    Attributes
    ----------
    kind : {"fixed", "uniform", "log_uniform", "trapezoid", "beta"}
        fixed: one value. uniform: lowest, highest. log_uniform: the same, with an even logarithm
        (for ratios). trapezoid: lowest, start and end of the flat top, highest. beta: the two
        shapes of a beta distribution.
    parameters : tuple of float
        As listed.
    """

    kind: PriorKind
    parameters: tuple[float, ...]

    def __post_init__(self) -> None:
        check_option("kind", self.kind, PRIOR_KINDS)
        values = self.parameters
        needed = _PARAMETERS[self.kind]
        if len(values) != needed or not all(math.isfinite(v) for v in values):
            raise DesignError(
                f"the prior {self.kind} has the parameters {list(values)}.",
                hint=f"it needs {needed} finite numbers.",
            )
        if self.kind == "beta":
            wrong = min(values) <= 0.0
        else:
            wrong = list(values) != sorted(values)
            wrong = wrong or (self.kind == "log_uniform" and values[0] <= 0.0)
        if wrong:
            raise DesignError(
                f"the prior {self.kind} has the parameters {list(values)}.",
                hint="shapes of a beta distribution are positive, limits ascend, and those of "
                "log_uniform are positive.",
            )

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value."""
        return (0.0, 1.0) if self.kind == "beta" else (self.parameters[0], self.parameters[-1])

    def quantile(self, u: FloatArray) -> FloatArray:
        """Return quantiles.

        Parameters
        ----------
        u : ndarray of float
            Probabilities.

        Returns
        -------
        ndarray of float
            One per probability.
        """
        p = self.parameters
        if self.kind == "fixed":
            return np.full(u.shape, p[0])
        if self.kind == "uniform":
            return p[0] + u * (p[1] - p[0])
        if self.kind == "log_uniform":
            low, high = math.log(p[0]), math.log(p[1])
            return np.asarray(np.exp(low + u * (high - low)))
        if self.kind == "beta":
            return np.asarray(special.betaincinv(p[0], p[1], u))
        return _trapezoid(u, p[0], p[1], p[2], p[3])

    def to_dict(self) -> dict[str, Any]:
        """Return the prior as JSON-ready values."""
        return {**asdict(self), "parameters": list(self.parameters)}


def _trapezoid(u: FloatArray, low: float, start: float, end: float, high: float) -> FloatArray:
    height_inverse = 0.5 * ((high - low) + (end - start))
    if height_inverse == 0.0:
        return np.full(u.shape, low)
    rise, fall = start - low, high - end
    below, above = 0.5 * rise / height_inverse, 1.0 - 0.5 * fall / height_inverse
    left = low + np.sqrt(np.maximum(0.0, 2.0 * u * height_inverse * rise))
    flat = start + (u - below) * height_inverse
    right = high - np.sqrt(np.maximum(0.0, 2.0 * (1.0 - u) * height_inverse * fall))
    return np.where(u < below, left, np.where(u > above, right, flat))

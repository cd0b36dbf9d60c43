"""Classical boundaries of sequential tests: one shape, scaled to the level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.stats.groupsequential.boundaries import Z_TOLERANCE, check_test
from locoreg.stats.groupsequential.crossing import Regions, crossing, regions
from locoreg.stats.groupsequential.density import check_information
from locoreg.stats.studies import FloatArray

ClassicalName = Literal["pocock", "obrien-fleming", "wang-tsiatis", "haybittle-peto"]
CLASSICAL_NAMES: tuple[ClassicalName, ...] = (
    "pocock", "obrien-fleming", "wang-tsiatis", "haybittle-peto",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Classical:
    """A classical design: boundaries of one shape, scaled to the level.

    ``pocock`` z_k = C [1]_; ``obrien-fleming`` z_k = C / sqrt(t_k) [2]_; ``wang-tsiatis``
    z_k = C t_k^(d - 1/2), which has both as special cases, d = 1/2 and 0 [3]_;
    ``haybittle-peto`` a stated z at each look but the last, the last such that the level is kept
    [4]_.

    Attributes
    ----------
    name : str
        One of the names above.
    parameter : float or None
        d, or the stated z; None for the others.

    References
    ----------
    .. [1] Pocock SJ (1977). Biometrika 64:191-199. doi:10.1093/biomet/64.2.191
    .. [2] O'Brien PC, Fleming TR (1979). Biometrics 35:549-556. doi:10.2307/2530245
    .. [3] Wang SK, Tsiatis AA (1987). Biometrics 43:193-199. doi:10.2307/2531959
    .. [4] Haybittle JL (1971). British Journal of Radiology 44:793-797.
       doi:10.1259/0007-1285-44-526-793
    """

    name: ClassicalName
    parameter: float | None = None

    def __post_init__(self) -> None:
        if self.name not in CLASSICAL_NAMES:
            raise DesignError(
                f"there is no classical design {self.name!r}.",
                hint=did_you_mean(str(self.name), CLASSICAL_NAMES),
            )
        wants = self.name in ("wang-tsiatis", "haybittle-peto")
        if wants != (self.parameter is not None):
            raise DesignError(
                f"the design {self.name} has {'a' if wants else 'no'} parameter.",
                hint="Delta for wang-tsiatis, the z of the early looks for haybittle-peto.",
            )
        if self.parameter is None:
            return
        low, high = (-5.0, 0.5) if self.name == "wang-tsiatis" else (1.0, 8.0)
        if not low <= self.parameter <= high:
            raise DesignError(f"the parameter of {self.name} lies between {low:g} and {high:g}.")

    def shape(self, fractions: FloatArray) -> FloatArray:
        """Return the boundary up to its constant."""
        powers = {"pocock": 0.5, "obrien-fleming": 0.0}
        power = powers.get(self.name, self.parameter)
        return np.asarray(fractions ** (float(power or 0.0) - 0.5), dtype=np.float64)

    def text(self) -> str:
        """Return the name with its parameter, for readers."""
        names = {
            "pocock": "Pocock",
            "obrien-fleming": "O'Brien-Fleming",
            "wang-tsiatis": f"Wang-Tsiatis, Delta {self.parameter}",
            "haybittle-peto": f"Haybittle-Peto, z {self.parameter}",
        }
        return names[self.name]

    def to_dict(self) -> dict[str, Any]:
        """Return the design as JSON-ready values."""
        return {"name": self.name, "parameter": self.parameter}


def classical_boundaries(
    information: ArrayLike, *, alpha: float, sides: int, design: Classical
) -> Regions:
    """Return classical boundaries that keep the level at the looks given.

    Parameters
    ----------
    information : array_like, shape (k,)
        At the looks, the last one final.
    alpha : float
        Type I error, of both tails together if there are two.
    sides : int
        1 or 2.
    design : Classical
        Shape of the boundary.

    Returns
    -------
    Regions
        Boundaries of benefit, and of harm if there are two sides.

    Raises
    ------
    DesignError
        If no constant keeps the level.
    """
    tail = check_test(alpha, sides)
    looks = np.atleast_1d(np.asarray(information, dtype=np.float64))
    check_information(looks)
    fractions = looks / looks[-1]

    def at(constant: float) -> Regions:
        if design.name == "haybittle-peto":
            upper = np.full(looks.size, float(design.parameter or 0.0))
            upper[-1] = constant
        else:
            upper = constant * design.shape(fractions)
        return regions(looks, upper=upper, lower=-upper if sides == 2 else None)

    def gap(constant: float) -> float:
        return float(crossing(at(constant), drift=0.0).upper.sum()) - tail

    lowest, highest = 0.0 if sides == 2 else -2.0, 12.0
    if design.name != "haybittle-peto":
        lowest = 1e-6
    if gap(highest) >= 0:
        raise DesignError(
            "the early looks of this design spend all of alpha.",
            hint="state a larger z for them.",
        )
    if gap(lowest) <= 0:
        raise DesignError("no constant of this design spends so much alpha.")
    return at(float(brentq(gap, lowest, highest, xtol=Z_TOLERANCE, maxiter=200)))

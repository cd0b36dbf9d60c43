"""The sceptical p-value of a study and its replication."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy import integrate, special

from locoreg.core.errors import DesignError


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepticalP:
    """How far two studies together convince a sceptic.

    Attributes
    ----------
    z : float
        The sceptical z-value, not negative.
    nominal : float
        One-sided in the direction of the trial; above 0.5 where the directions differ.
    controlled : float
        The same, calibrated: where neither study has an effect it is at most p with probability
        p^2, as for two significant trials.
    """

    z: float
    nominal: float
    controlled: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {"z": self.z, "nominal": self.nominal, "controlled": self.controlled}


def sceptical_p(
    *, original: float, original_se: float, replication: float, replication_se: float
) -> ScepticalP:
    """Return the sceptical p-value.

    Parameters
    ----------
    original, original_se : float
        Estimate of the trial and its standard error, on the scale on which it is normal.
    replication, replication_se : float
        Those of the emulation.

    Returns
    -------
    ScepticalP
        With ``z_S`` from ``(z_o^2 / z_S^2 - 1)(z_r^2 / z_S^2 - 1) = c``, where c is the variance of
        the trial over that of the emulation: how sceptical a prior of no effect must be for the
        trial to convince no longer, and whether the emulation is at odds with that prior.

    Raises
    ------
    DesignError
        If a standard error is not positive.

    References
    ----------
    Held 2020, doi:10.1111/rssa.12493. Micheloud, Balabdaoui & Held 2023, doi:10.1111/stan.12312.
    For emulations: Köppe et al., arXiv 2412.09334.
    """
    if not (original_se > 0.0 and replication_se > 0.0):
        raise DesignError(
            "a standard error is not positive.", hint="give estimates with intervals."
        )
    one, other = original / original_se, replication / replication_se
    c = (original_se / replication_se) ** 2
    z = _z_value(one * one, other * other, c)
    same = one * other > 0.0
    nominal = float(special.ndtr(-z if same else z))
    controlled = math.sqrt(_chance(z, c))
    return ScepticalP(z=z, nominal=nominal, controlled=controlled if same else 1.0 - controlled)


def _z_value(one: float, other: float, c: float) -> float:
    """Solve for z_S from the squares of both z-values."""
    # With u = z_S^2: (1 - c) u^2 - (one + other) u + one * other = 0, the root under both. This
    # form of it holds at c = 1 too and does not cancel.
    total, product = one + other, one * other
    root = math.sqrt(max(0.0, total * total - 4.0 * (1.0 - c) * product))
    return math.sqrt(2.0 * product / (total + root)) if total > 0.0 else 0.0


def _chance(z: float, c: float) -> float:
    """Return the probability of a sceptical z-value of at least z with no effect in either."""
    if z == 0.0:
        return 0.25

    def density(x: float) -> float:
        needed = z * math.sqrt(1.0 + c / ((x / z) ** 2 - 1.0)) if x > z else math.inf
        tail = float(special.ndtr(-needed))
        return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi) * tail

    value, _ = integrate.quad(
        density, z, z + 40.0, epsabs=0.0, epsrel=1e-8, limit=200, points=[z + 1.0]
    )
    return float(value)

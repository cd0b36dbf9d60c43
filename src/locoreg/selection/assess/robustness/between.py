"""Spread of a number between sites."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.stats.randomeffects import random_effects


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenSites:
    """Spread of one number between sites.

    Attributes
    ----------
    what : str
        The number.
    sites : int
        Sites that have it.
    mean : Estimate
        Mean over sites, by a random-effects model (REML, Hartung-Knapp interval with a floor).
    tau : float
        Standard deviation between sites.
    i2 : float
        Share of the variance that is between sites, in percent.
    p_value : float
        Test that the sites are the same (Cochran's Q).
    prediction : tuple of float or None
        Limits of the number at a further site; None for fewer than three.
    """

    what: str
    sites: int
    mean: Estimate
    tau: float
    i2: float
    p_value: float
    prediction: tuple[float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """Return the spread as JSON-ready values."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "mean": self.mean.to_dict(),
            "prediction": None if self.prediction is None else list(self.prediction),
        }


def between_sites(
    what: str, values: Sequence[Estimate | None], *, level: float
) -> BetweenSites | None:
    """Return the spread of a number between sites.

    Parameters
    ----------
    what : str
        The number.
    values : sequence of Estimate or None
        One per site; None where the site has none. Those without error are left out.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    BetweenSites or None
        None for fewer than two sites.
    """
    usable = [one for one in values if one is not None and one.se > 0.0]
    if len(usable) < 2:
        return None
    fit = random_effects(
        [one.estimate for one in usable],
        [one.se**2 for one in usable],
        method="REML",
        interval="hartung-knapp-floor",
        level=level,
        prediction="riley",
    )
    return BetweenSites(
        what=what,
        sites=len(usable),
        mean=Estimate(
            estimate=float(fit.mu),
            se=float(fit.se),
            ci_low=float(fit.ci_low),
            ci_high=float(fit.ci_high),
            level=level,
            scale="identity",
        ),
        tau=math.sqrt(float(fit.tau2)),
        i2=float(fit.i2),
        p_value=float(fit.q_p),
        prediction=(float(fit.pi_low), float(fit.pi_high)) if len(usable) > 2 else None,
    )

"""How far the assumed bias must move before a conclusion changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from locoreg.core.errors import DataError
from locoreg.evidence.designs.biases import DesignGroup, adjusted_model
from locoreg.stats.bayes import Mixtures, MuPrior, TauPrior, mix
from locoreg.stats.studies import check_level

# Points on either side at which a change is looked for before it is located.
_POINTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Tipping:
    """The shift of the mean bias of all non-randomised designs at which a conclusion changes.

    Attributes
    ----------
    sign : float
        The smallest shift, on the scale of the effects, that moves the median of mu to the null;
        NaN if none up to ``reach`` does.
    interval : float
        The smallest shift that moves a limit of the interval to the null: it then includes the
        null where it did not, or excludes it where it did. NaN if none up to ``reach`` does.
    includes_null : bool
        Whether the interval includes the null as things stand.
    reach : float
        Largest shift looked at, to either side.
    """

    sign: float
    interval: float
    includes_null: bool
    reach: float


def tipping(
    groups: Sequence[DesignGroup],
    *,
    tau_prior: TauPrior,
    mu_prior: MuPrior,
    level: float,
    null: float,
    reach: float,
) -> Tipping:
    """Return how far the assumed bias must move before a conclusion changes.

    Parameters
    ----------
    groups : sequence of DesignGroup
        The designs of a step, at least one of them with a bias.
    tau_prior : TauPrior
    mu_prior : MuPrior
        Priors.
    level : float
        Level of the interval in percent.
    null : float
        Value of mu that means no effect.
    reach : float
        Largest shift to look at, above 0.

    Returns
    -------
    Tipping
        Found on a grid of 25 shifts, then located exactly.
    """
    if not (math.isfinite(reach) and reach > 0):
        raise DataError(f"the reach of the tipping analysis is {reach}, but must be above 0.")
    tail = check_level(level)

    def at(shift: float) -> Mixtures:
        model = adjusted_model(groups, mu_prior, shift=shift)
        assert model is not None
        return mix(model, tau_prior)

    def median(shift: float) -> float:
        return float(at(shift).mu.cdf(null)) - 0.5

    def limits(shift: float) -> float:
        # Positive where the null lies in the interval, negative outside.
        below = float(at(shift).mu.cdf(null))
        return min(below, 1.0 - below) - tail

    return Tipping(
        sign=_nearest_root(median, reach),
        interval=_nearest_root(limits, reach),
        includes_null=limits(0.0) >= 0,
        reach=reach,
    )


def _nearest_root(f: Callable[[float], float], reach: float) -> float:
    """Return the root nearest to 0 between -reach and reach, NaN if a grid sees none."""
    start = f(0.0)
    if start == 0:
        return 0.0
    steps = np.linspace(0.0, reach, _POINTS + 1)
    before = {1.0: start, -1.0: start}
    for low, high in pairwise(steps):
        found = []
        for side in (1.0, -1.0):
            value = f(side * float(high))
            if value == 0 or (value > 0) != (before[side] > 0):
                found.append(float(brentq(f, side * float(low), side * float(high), xtol=1e-9)))
            before[side] = value
        if found:
            return min(found, key=abs)
    return math.nan

"""The guard of the Hartung-Knapp interval: the floored one where the plain one collapses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from locoreg.core.estimate import Estimate, Scale
from locoreg.stats.randomeffects import Interval, RandomEffects
from locoreg.stats.tau2 import Method

PLAIN = "hartung-knapp"


def estimate_at(fit: RandomEffects, scale: Scale, row: int | tuple[()] = ()) -> Estimate:
    """Return one pool of a kernel's result.

    Parameters
    ----------
    fit : RandomEffects
        One pool, or one per row.
    scale : {"log", "identity"}
        Scale of the effects.
    row : int, optional
        Which of several pools.

    Returns
    -------
    Estimate
        Its mean effect.
    """
    return Estimate(
        estimate=float(fit.mu[row]),
        se=float(fit.se[row]),
        ci_low=float(fit.ci_low[row]),
        ci_high=float(fit.ci_high[row]),
        level=float(fit.level),
        scale=scale,
    )


def floored(
    run: Callable[[Method, Interval], RandomEffects], fit: RandomEffects, scale: Scale
) -> tuple[Estimate | None, ...]:
    """Return the floored pools where Hartung-Knapp is narrower than the common effect.

    Studies that agree more than chance would have them make the plain
    interval collapse (Röver, Knapp & Friede 2015, doi:10.1186/s12874-015-0091-1).

    Parameters
    ----------
    run : callable
        Gives the same pools by another method and interval.
    fit : RandomEffects
        The pools.
    scale : {"log", "identity"}
        Scale of the effects.

    Returns
    -------
    tuple of Estimate or None
        One per pool; None where the plain interval needs no floor.
    """
    width = np.atleast_1d(fit.ci_high - fit.ci_low)
    if fit.interval != PLAIN or fit.method == "CE":
        return (None,) * width.size
    common = run("CE", "normal")
    narrow = width < np.atleast_1d(common.ci_high - common.ci_low) * (1 - 1e-12)
    # A single study keeps its own interval, as wide as the common-effect one.
    if not narrow.any():
        return (None,) * width.size
    floor = run(fit.method, "hartung-knapp-floor")
    single = np.ndim(floor.mu) == 0
    return tuple(
        estimate_at(floor, scale, () if single else i) if needed else None
        for i, needed in enumerate(narrow)
    )

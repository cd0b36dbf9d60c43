"""How much the studies of a pool differ, and what hangs on each of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.evidence.estimators import method_name
from locoreg.evidence.pooling import EvidencePool
from locoreg.stats.heterogeneity import q_profile
from locoreg.stats.metainfluence import meta_influence

# Viechtbauer & Cheung 2010, as metafor marks them: a guide to the eye and no test.
FAR_RESIDUAL = 1.96
FAR_DFBETAS = 1.0
# Median of a chi-squared variable with one degree of freedom.
FAR_COOK = 0.4549364231195728
FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluenceRow:
    """What one study does to a pool.

    Attributes
    ----------
    study_id, label : str
        The study.
    without : Estimate
        The pool without it, with the pool's own kind of interval.
    floor : Estimate or None
        The floored interval of that pool, where the plain one collapses.
    i2, tau2 : float
        Heterogeneity without it; I2 in percent.
    weight : float
        Its weight in the pool, in percent.
    residual, cook, dfbetas, cov_ratio : float
        See :class:`locoreg.stats.metainfluence.MetaInfluence`.
    far : tuple of str
        Measures beyond the usual guides, in words.
    """

    study_id: str
    label: str
    without: Estimate
    floor: Estimate | None
    i2: float
    tau2: float
    weight: float
    residual: float
    cook: float
    dfbetas: float
    cov_ratio: float
    far: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """Deletion diagnostics of a pool.

    Attributes
    ----------
    pool : EvidencePool
    rows : tuple of InfluenceRow
        One per study, in the order of the pool; empty under three studies.
    """

    pool: EvidencePool
    rows: tuple[InfluenceRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnostics as JSON-ready values."""
        return {
            "mu": self.pool.meta.mu.to_dict(),
            "studies": [
                {
                    "study_id": row.study_id,
                    "label": row.label,
                    "without": row.without.to_dict(),
                    "floor": None if row.floor is None else row.floor.to_dict(),
                    "i2": row.i2,
                    "tau2": row.tau2,
                    "weight": row.weight,
                    "residual": row.residual,
                    "cook": row.cook,
                    "dfbetas": row.dfbetas,
                    "cov_ratio": row.cov_ratio,
                    "far": list(row.far),
                }
                for row in self.rows
            ],
        }


def influence_of(pool: EvidencePool) -> Influence:
    """Return what each study does to a pool.

    Parameters
    ----------
    pool : EvidencePool
        A pool.

    Returns
    -------
    Influence
        Without rows under three studies.
    """
    meta = pool.meta
    if meta.k < FEWEST:
        return Influence(pool=pool, rows=())
    found = meta_influence(meta.yi, _variances(meta.se), method=method_name(meta.method))
    rows = []
    for i, (study, without) in enumerate(zip(pool.studies, pool.leave_one_out, strict=True)):
        residual, cook, dfbetas = (
            float(of[i]) for of in (found.residual, found.cook, found.dfbetas)
        )
        rows.append(
            InfluenceRow(
                study_id=study.study_id,
                label=study.label,
                without=without.mu,
                floor=without.floor,
                i2=without.i2,
                tau2=without.tau2,
                weight=meta.weights[i],
                residual=residual,
                cook=cook,
                dfbetas=dfbetas,
                cov_ratio=float(found.cov_ratio[i]),
                far=_far(residual, cook, dfbetas),
            )
        )
    return Influence(pool=pool, rows=tuple(rows))


def _far(residual: float, cook: float, dfbetas: float) -> tuple[str, ...]:
    return tuple(
        words
        for words, beyond in (
            (f"residual beyond {FAR_RESIDUAL:g}", abs(residual) > FAR_RESIDUAL),
            ("Cook's distance beyond 0.45", cook > FAR_COOK),
            (f"DFBETAS beyond {FAR_DFBETAS:g}", abs(dfbetas) > FAR_DFBETAS),
        )
        if beyond
    )


def h2_interval(pool: EvidencePool) -> tuple[float, float]:
    """Return the interval of H2 that follows from the one of tau2; NaN where there is none."""
    meta = pool.meta
    if meta.k < 2 or meta.method == "CE":
        return (math.nan, math.nan)
    profile = q_profile(meta.yi, _variances(meta.se), level=meta.mu.level)
    return (float(profile.h2_low), float(profile.h2_high))


def _variances(se: tuple[float, ...]) -> list[float]:
    return [one**2 for one in se]

"""Effects against their standard errors, for pools with enough studies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Scale
from locoreg.evidence.effectsize import z_value
from locoreg.evidence.pooling import EvidencePool

# Sterne 2011, doi:10.1136/bmj.d4002: with fewer, asymmetry can't be told from chance.
FEWEST = 10
LEVELS = (90.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelPoint:
    """One study of a funnel plot.

    Attributes
    ----------
    study_id, label : str
        The study.
    effect : float
        On the natural scale.
    yi, se : float
        On the analysis scale.
    """

    study_id: str
    label: str
    effect: float
    yi: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region about no effect in which a study's own interval includes it.

    Attributes
    ----------
    level : float
        Level of that interval in percent.
    z : float
        Half-width in standard errors.
    """

    level: float
    z: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """A funnel plot with regions of significance about no effect.

    Attributes
    ----------
    pool : EvidencePool
    scale : {"log", "identity"}
    points : tuple of FunnelPoint
        Empty where there are too few studies.
    centre : float
        Pooled effect on the analysis scale: the axis of the pseudo-limits.
    limits_z : float
        Half-width of the pseudo-limits in standard errors, at the pool's level.
    regions : tuple of Region
        Widest last.
    too_few : str
        Why there is none; empty where there is one.
    """

    pool: EvidencePool
    scale: Scale
    points: tuple[FunnelPoint, ...]
    centre: float
    limits_z: float
    regions: tuple[Region, ...]
    too_few: str

    def to_dict(self) -> dict[str, Any]:
        """Return the funnel as JSON-ready values."""
        return {
            "scale": self.scale,
            "centre": self.centre,
            "level": self.pool.meta.mu.level,
            "studies": [
                {"study_id": p.study_id, "label": p.label, "yi": p.yi, "se": p.se}
                for p in self.points
            ],
            "too_few": self.too_few or None,
        }


def funnel_of(pool: EvidencePool) -> Funnel:
    """Return the funnel of a pool, or why there is none.

    Parameters
    ----------
    pool : EvidencePool
        A pool.

    Returns
    -------
    Funnel
        Without points under ten studies.
    """
    meta = pool.meta
    few = meta.k < FEWEST
    ratio = meta.mu.scale == "log"
    return Funnel(
        pool=pool,
        scale=meta.mu.scale,
        points=()
        if few
        else tuple(
            FunnelPoint(
                study_id=study.study_id,
                label=study.label,
                effect=math.exp(yi) if ratio else yi,
                yi=yi,
                se=se,
            )
            for study, yi, se in zip(pool.studies, meta.yi, meta.se, strict=True)
        ),
        centre=meta.mu.estimate,
        limits_z=z_value(meta.mu.level),
        regions=tuple(Region(level=level, z=z_value(level)) for level in LEVELS),
        too_few=f"too few studies: {meta.k} of {FEWEST}" if few else "",
    )

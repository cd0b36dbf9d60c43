"""Effects against their standard errors, for pools with enough studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from locoreg.core.errors import DataError
from locoreg.core.estimate import Scale
from locoreg.evidence.effectsize import z_value
from locoreg.evidence.pooling import EvidencePool

# Sterne 2011, doi:10.1136/bmj.d4002: with fewer, asymmetry can't be told from chance.
FEWEST = 10
LEVELS = (90.0, 95.0, 99.0)
TOO_FEW = "Fewer than ten studies: too few to judge asymmetry."

Curve = Literal["se", "variance"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelLine:
    """A line that a regression of effects on the size of studies gives.

    Attributes
    ----------
    label : str
        Its name in the legend: ``Egger's line``.
    intercept, slope : float
        On the analysis scale: intercept + slope * predictor.
    predictor : {"se", "variance"}
        What it is a line in; one in the variance is a curve here.
    """

    label: str
    intercept: float
    slope: float
    predictor: Curve

    def at(self, se: float) -> float:
        """Return the effect at a standard error."""
        return self.intercept + self.slope * (se if self.predictor == "se" else se * se)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectsFunnel:
    """A contour funnel of anyone's effects.

    Attributes
    ----------
    title, subtitle : str
        Heading; the subtitle may be empty.
    measure : str
        Short name of the measure for sentences.
    axis_title : str
        Words under the effect axis.
    favours : tuple of str
        Words for the left and the right side of no effect; empty for none.
    scale : {"log", "identity"}
        Scale of the effects.
    points, filled : tuple of FunnelPoint
        The studies, and the mirror images that trim and fill added.
    centre, centre_low, centre_high : float
        Pooled effect on the analysis scale, the axis of the pseudo-limits; its interval may be
        NaN.
    level : float
        Level of the pseudo-limits in percent.
    limits_z : float
        Their half-width in standard errors.
    regions : tuple of Region
        Regions of significance about no effect, widest last.
    lines : tuple of FunnelLine
        Egger's line, PEESE's curve.
    one_group : bool
        Whether the effects describe single groups, of which no value means no effect: without
        regions, on an axis of the effects alone.
    tested : bool
        Whether tests of small-study effects stand beside it.
    too_few : str
        A remark that is drawn under ten studies, else empty.
    """

    title: str
    subtitle: str
    measure: str
    axis_title: str
    favours: tuple[str, str]
    scale: Scale
    points: tuple[FunnelPoint, ...]
    filled: tuple[FunnelPoint, ...]
    centre: float
    centre_low: float
    centre_high: float
    level: float
    limits_z: float
    regions: tuple[Region, ...]
    lines: tuple[FunnelLine, ...]
    one_group: bool
    tested: bool
    too_few: str

    def to_dict(self) -> dict[str, Any]:
        """Return the funnel as JSON-ready values."""
        return {
            "scale": self.scale,
            "centre": self.centre,
            "level": self.level,
            "studies": [{"label": p.label, "yi": p.yi, "se": p.se} for p in self.points],
            "filled": [{"label": p.label, "yi": p.yi, "se": p.se} for p in self.filled],
            "lines": [
                {
                    "label": line.label,
                    "intercept": line.intercept,
                    "slope": line.slope,
                    "predictor": line.predictor,
                }
                for line in self.lines
            ],
            "too_few": self.too_few or None,
        }


def funnel_of_effects(
    labels: Sequence[str],
    yi: Sequence[float],
    se: Sequence[float],
    *,
    scale: Scale,
    centre: float,
    level: float,
    title: str = "Funnel plot",
    subtitle: str = "",
    measure: str | None = None,
    axis_title: str | None = None,
    favours: tuple[str, str] = ("", ""),
    centre_interval: tuple[float, float] = (math.nan, math.nan),
    filled: Sequence[tuple[str, float, float]] = (),
    lines: Sequence[FunnelLine] = (),
    one_group: bool = False,
    tested: bool = False,
) -> EffectsFunnel:
    """Return a contour funnel of effects and standard errors.

    Parameters
    ----------
    labels, yi, se : sequence, length k
        Names, effects on the analysis scale and standard errors.
    scale : {"log", "identity"}
        Scale of the effects.
    centre : float
        Pooled effect on the analysis scale.
    level : float
        Level of the pseudo-limits in percent.
    title, subtitle, measure, axis_title, favours
        Words; the measure is ``Ratio`` or ``Effect`` if not given, the axis takes the measure.
    centre_interval : tuple of float
        Interval of the pooled effect on the analysis scale.
    filled : sequence of (label, effect, standard error)
        Mirror images from trim and fill: drawn hollow.
    lines : sequence of FunnelLine
        Egger's line, PEESE's curve.
    one_group : bool
        Whether the effects are proportions, rates or means of single groups.
    tested : bool
        Whether tests of small-study effects stand beside the figure.

    Returns
    -------
    EffectsFunnel
        Drawn for any number of studies, with a remark under ten.

    Raises
    ------
    DataError
        If there are no studies, lengths differ or a number can't be drawn.
    """
    if not labels or not len(labels) == len(yi) == len(se):
        raise DataError(
            f"a funnel needs as many labels as effects and standard errors, one or more; there "
            f"are {len(labels)}, {len(yi)} and {len(se)}."
        )
    name = measure or ("Ratio" if scale == "log" else "Effect")
    rows = list(zip(labels, yi, se, strict=True))
    points = tuple(_point(f"s{i}", *row, scale) for i, row in enumerate(rows))
    if not math.isfinite(centre):
        raise DataError(f"the pooled effect of a funnel is {centre}, not a number.")
    return EffectsFunnel(
        title=title,
        subtitle=subtitle,
        measure=name,
        axis_title=axis_title or name,
        favours=favours,
        scale=scale,
        points=points,
        filled=tuple(_point(f"f{i}", *row, scale) for i, row in enumerate(filled)),
        centre=float(centre),
        centre_low=float(centre_interval[0]),
        centre_high=float(centre_interval[1]),
        level=float(level),
        limits_z=z_value(level),
        regions=() if one_group else tuple(Region(level=each, z=z_value(each)) for each in LEVELS),
        lines=tuple(lines),
        one_group=one_group,
        tested=tested,
        too_few=TOO_FEW if len(points) < FEWEST else "",
    )


def _point(study_id: str, label: str, yi: float, se: float, scale: Scale) -> FunnelPoint:
    if not (math.isfinite(yi) and math.isfinite(se) and se > 0):
        raise DataError(
            f"{label} can't stand in a funnel: effect {yi}, standard error {se}.",
            hint="effects are finite, standard errors finite and above 0.",
        )
    effect = yi if scale == "identity" else math.exp(min(float(yi), 700.0))
    return FunnelPoint(study_id=study_id, label=label, effect=effect, yi=float(yi), se=float(se))


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

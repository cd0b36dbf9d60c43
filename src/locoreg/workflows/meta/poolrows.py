"""A pooled effect as a row: on the scale of the pool and on that on which it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.numbertext import decimal_text
from locoreg.evidence.estimators import method_name
from locoreg.stats.effectmeasures.result import FloatArray
from locoreg.stats.randomeffects import (
    Interval,
    RandomEffects,
    cumulative,
    leave_one_out,
    random_effects,
)
from locoreg.workflows.meta.measures import Measure
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.studies import StudyEffects

Triple = tuple[float, float, float]
NAN = float("nan")
# Differences of proportions and of rates.
DIFFERENCES = ("RD", "AS", "IRD", "IRSD")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRow:
    """One pooled effect.

    Attributes
    ----------
    label : str
        What is pooled, or what is left out.
    k : int
        Effects.
    estimate, se, ci_low, ci_high, p_value : float
        On the scale of the pool; the test is of 0.
    tau2, i2, q, q_p : float
        Heterogeneity; NaN where the method has none.
    natural : tuple of float
        Estimate and limits on the scale on which they are read.
    """

    label: str
    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    tau2: float
    i2: float
    q: float
    q_p: float
    natural: Triple

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        names = ("label", "k", "estimate", "se", "ci_low", "ci_high", "p_value")
        out: dict[str, Any] = {name: getattr(self, name) for name in names}
        out.update(tau2=self.tau2, i2=self.i2, q=self.q, q_p=self.q_p)
        out["natural"] = natural_dict(self.natural)
        return out


def natural_dict(values: Triple) -> dict[str, float]:
    """Return estimate and limits by name."""
    return dict(zip(("estimate", "ci_low", "ci_high"), values, strict=True))


def natural(measure: Measure, values: Triple, sizes: FloatArray) -> Triple:
    """Return a pooled estimate and its limits on the scale on which they are read.

    Parameters
    ----------
    measure : Measure
    values : tuple of float
        On the scale of the pool.
    sizes : ndarray of float
        Sizes of the studies pooled, for the Freeman-Tukey transforms.

    Returns
    -------
    tuple of float
        NaN where the sizes are needed and not known.
    """
    size = NAN
    if measure.needs_sizes:
        if not (sizes > 0).all():
            return NAN, NAN, NAN
        size = measure.common_size(sizes)
    mid, low, high = measure.natural(np.array(values), size).tolist()
    return mid, low, high


def shown(measure: Measure, values: Triple) -> str:
    """Return ``0.94 (0.63 to 1.40)``; three decimals for risks, rates and their differences."""
    small = measure.kind in ("proportion", "one rate") or measure.name in DIFFERENCES
    mid, low, high = (decimal_text(value, 3 if small else 2) for value in values)
    return f"{mid} ({low} to {high})"


def row_of(
    label: str, fit: RandomEffects, measure: Measure, sizes: FloatArray, at: int | tuple[()] = ()
) -> PoolRow:
    """Return one fit of the kernel as a row."""
    values = {
        name: float(getattr(fit, name)[at])
        for name in ("mu", "se", "ci_low", "ci_high", "p_value", "tau2", "i2", "q", "q_p")
    }
    triple = (values["mu"], values["ci_low"], values["ci_high"])
    return PoolRow(
        label=label,
        k=int(fit.k[at]),
        estimate=values["mu"],
        natural=natural(measure, triple, sizes),
        **{name: value for name, value in values.items() if name != "mu"},
    )


def _asked(options: MetaOptions) -> dict[str, Any]:
    interval: Interval = options.interval  # type: ignore[assignment]
    return {
        "method": method_name(options.method),
        "interval": interval,
        "level": options.level,
        "prediction": options.prediction,
    }


def pool_rows_of(
    effects: StudyEffects, groups: list[tuple[str, np.ndarray]], options: MetaOptions
) -> tuple[PoolRow, ...]:
    """Pool groups of studies, each by itself.

    Parameters
    ----------
    effects : StudyEffects
    groups : list of tuple
        Name of a group and the places of its studies.
    options : MetaOptions

    Returns
    -------
    tuple of PoolRow
        One per group.
    """
    return tuple(
        row_of(
            label,
            random_effects(effects.yi[at], effects.vi[at], **_asked(options)),
            effects.measure,
            effects.sizes[at],
        )
        for label, at in groups
    )


def without_each(effects: StudyEffects, options: MetaOptions) -> tuple[PoolRow, ...]:
    """Pool without each study in turn; the row carries the name of the one left out."""
    fit = leave_one_out(effects.yi, effects.vi, **_asked(options))
    return tuple(
        row_of(label, fit, effects.measure, np.delete(effects.sizes, i), i)
        for i, label in enumerate(effects.labels)
    )


def up_to_each(
    effects: StudyEffects, order: np.ndarray, options: MetaOptions
) -> tuple[PoolRow, ...]:
    """Pool the first study of an order, the first two, and so on."""
    fit = cumulative(effects.yi, effects.vi, order=order, **_asked(options))
    return tuple(
        row_of(effects.labels[j], fit, effects.measure, effects.sizes[order[: i + 1]], i)
        for i, j in enumerate(order.tolist())
    )

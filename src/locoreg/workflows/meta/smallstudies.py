"""Small-study effects of a table."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.evidence.smallstudy import SmallStudyEffects, small_study_effects
from locoreg.workflows.meta.measures import Measure
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.reading import StudyTable
from locoreg.workflows.meta.studies import StudyEffects, cells_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallStudyPart:
    """Every test and correction that fits the table.

    Attributes
    ----------
    effects : SmallStudyEffects
    """

    effects: SmallStudyEffects

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON-ready values."""
        return self.effects.to_dict()

    def lines(self) -> list[str]:
        """Return them in plain lines."""
        return ["Small-study effects:", *self.effects.summary().splitlines()]


def small_study_part(
    table: StudyTable, effects: StudyEffects, options: MetaOptions
) -> SmallStudyPart:
    """Test and correct for small-study effects.

    Parameters
    ----------
    table : StudyTable
    effects : StudyEffects
    options : MetaOptions
        With ``alpha``, ``steps`` and ``alternative``.

    Returns
    -------
    SmallStudyPart
        Tests on sample size where the sizes are known, on counts for odds ratios of 2x2 tables.

    Raises
    ------
    DataError, DesignError
        If there are fewer than three studies or the options can't be used.
    """
    if options.alpha is None or options.alternative is None or not options.steps:
        raise DesignError("--small-study needs --alpha, --steps and --alternative.")
    counts = None
    if {"ai", "ci"} <= set(table.layout) and options.measure in ("OR", "PETO"):
        cells = cells_of(table)
        a, b, c, d = (cells[role][effects.rows] for role in ("ai", "bi", "ci", "di"))
        counts = (a, b, c, d)
    sized = effects.measure.kind != "one rate" and bool(np.all(effects.sizes > 0))
    found = small_study_effects(
        effects.yi,
        effects.vi,
        method=options.method,
        interval=options.interval,
        level=options.level,
        alpha=options.alpha,
        steps=options.steps,
        alternative=options.alternative,
        scale=effects.measure.scale,
        labels=effects.labels,
        ni=effects.sizes if sized else None,
        counts=counts,
        target=_target(effects.measure, options.target),
        natural=_reading(effects),
        one_group=effects.measure.one_group,
    )
    return SmallStudyPart(effects=found)


def _target(measure: Measure, read: float | None) -> float | None:
    """Return the smallest effect that matters on the scale of the pool."""
    if read is None or measure.transform == "identity":
        return read
    if measure.transform == "hyperbolic tangent" and abs(read) < 1:
        return math.atanh(read)
    if measure.transform == "exponential" and read > 0:
        return math.log(read)
    raise DesignError(
        f"--target {read:g}: no {measure.words}.",
        hint="give the smallest effect that matters as it is read: 0.9 for a ratio.",
    )


def _reading(effects: StudyEffects) -> Callable[[float], float] | None:
    """Return the way back from the scale of the pool, for those that a scale doesn't name."""
    measure, sizes = effects.measure, effects.sizes
    if measure.transform in ("identity", "exponential"):
        return None
    if measure.needs_sizes and not (sizes > 0).all():
        return None
    size = measure.common_size(sizes)
    return lambda value: float(measure.natural(np.array(value), size))

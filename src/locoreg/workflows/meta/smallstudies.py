"""Small-study effects of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.evidence.smallstudy import SmallStudyEffects, small_study_effects
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
    )
    return SmallStudyPart(effects=found)

"""Ever against never treated: the biased comparison, kept to show the bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.effect import Detail
from locoreg.emulation.inference import Analysis, Values
from locoreg.emulation.methods.base import Method
from locoreg.emulation.question import Question
from locoreg.stats.cox import many_cox
from locoreg.stats.manycurves import many_curves
from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class EverTreated(Method):
    """Compare those who are ever treated with those who never are, from time zero on."""

    name: ClassVar[str] = "ever_treated"
    title: ClassVar[str] = "Ever against never treated"
    biased: ClassVar[str | None] = (
        "groups are formed by what happens after time zero: the treated could not die before their "
        "treatment (immortal time)."
    )

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        return (
            "Difference between persons who were ever treated and persons who never were, counted "
            "from time zero; not the effect of a strategy."
        )

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort."""
        if cohort.competing:
            raise DesignError("competing events are not built here yet.")
        return _Groups(cohort, question)


class _Groups:
    def __init__(self, cohort: Cohort, question: Question) -> None:
        self.cohort = cohort
        self.grid = question.grid()
        self.treated = np.isfinite(cohort.treatment_time)

    def values(self, weights: FloatArray) -> Values:
        """Return Kaplan-Meier curves of the two groups under each weighting."""
        cohort = self.cohort
        curves, areas = [], []
        for group in (~self.treated, self.treated):
            rows = np.flatnonzero(group)
            entry = None if cohort.entry is None else cohort.entry[rows]
            curve, area = many_curves(
                cohort.time[rows],
                cohort.event[rows] == 1,
                np.ascontiguousarray(weights[:, rows]),
                times=self.grid,
                entry=entry,
            )
            curves.append(curve)
            areas.append(area)
        fit = many_cox(
            cohort.time,
            cohort.event == 1,
            self.treated[:, None].astype(np.float64),
            weights,
            entry=cohort.entry,
        )
        return Values(
            curve=np.stack(curves, axis=1),
            area=np.stack(areas, axis=1),
            log_hr=fit.coefficients[:, 0],
        )

    def influence(self) -> Values | None:
        """Return None: not built yet."""
        return None

    def detail(self) -> Detail:
        """Return no detail yet."""
        empty = (np.zeros(0), np.zeros(0))
        return Detail(
            steps=(empty, empty),
            counts=((), ()),
            balance=(),
            weights=(),
            flow=(),
            diagnostics=(),
            notes=(),
        )


METHOD = EverTreated

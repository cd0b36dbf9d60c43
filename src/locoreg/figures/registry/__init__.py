"""Draw what a registry holds: who is left at each step, when treatment came, what is unknown."""

from __future__ import annotations

from locoreg.figures.registry.attrition import cohort_flow_figure
from locoreg.figures.registry.missing import missing_figure
from locoreg.figures.registry.survival import cohort_survival_figure, read_out
from locoreg.figures.registry.timing import timing_figure

__all__ = [
    "cohort_flow_figure",
    "cohort_survival_figure",
    "missing_figure",
    "read_out",
    "timing_figure",
]

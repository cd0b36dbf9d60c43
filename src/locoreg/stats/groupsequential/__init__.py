"""Sequential tests: boundaries, chances to cross them, and estimates after stopping."""

from locoreg.stats.groupsequential.boundaries import (
    WEDGES,
    Futility,
    Spent,
    spending_boundaries,
)
from locoreg.stats.groupsequential.classical import (
    CLASSICAL_NAMES,
    Classical,
    classical_boundaries,
)
from locoreg.stats.groupsequential.crossing import Crossing, Regions, crossing, regions
from locoreg.stats.groupsequential.design import (
    FutilityRule,
    SequentialDesign,
    expected_information,
    sequential_design,
)
from locoreg.stats.groupsequential.inference import StageWise, repeated_intervals, stage_wise
from locoreg.stats.groupsequential.spending import SPENDING_NAMES, Spending

__all__ = [
    "CLASSICAL_NAMES",
    "SPENDING_NAMES",
    "WEDGES",
    "Classical",
    "Crossing",
    "Futility",
    "FutilityRule",
    "Regions",
    "SequentialDesign",
    "Spending",
    "Spent",
    "StageWise",
    "classical_boundaries",
    "crossing",
    "expected_information",
    "regions",
    "repeated_intervals",
    "sequential_design",
    "spending_boundaries",
    "stage_wise",
]

"""One row per person at time zero, with what happened before and after."""

from locoreg.emulation.cohort.arrays import cohort_from_arrays
from locoreg.emulation.cohort.attrition import Attrition, AttritionStep
from locoreg.emulation.cohort.columns import Column, History
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Coding, Design
from locoreg.emulation.cohort.missing import apply_missing
from locoreg.emulation.cohort.table import cohort_from_table

__all__ = [
    "Attrition",
    "AttritionStep",
    "Coding",
    "Cohort",
    "Column",
    "Design",
    "History",
    "apply_missing",
    "cohort_from_arrays",
    "cohort_from_table",
]

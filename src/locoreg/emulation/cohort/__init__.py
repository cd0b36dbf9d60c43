"""One row per person at time zero, with what happened before and after."""

from locoreg.emulation.cohort.attrition import Attrition, AttritionStep
from locoreg.emulation.cohort.columns import Column, History
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Coding, Design

__all__ = ["Attrition", "AttritionStep", "Coding", "Cohort", "Column", "Design", "History"]

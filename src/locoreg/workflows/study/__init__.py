"""The study file: what `locoreg run` is asked to do."""

from __future__ import annotations

from locoreg.workflows.study.plan import (
    ANALYSES,
    DescribePlan,
    EmulationPlan,
    EvidencePlan,
    PicoPlan,
    QuestionPlan,
    RegistryPlan,
    SelectionEntry,
    SimulatePlan,
    StudyPlan,
)
from locoreg.workflows.study.read import read_study

__all__ = [
    "ANALYSES",
    "DescribePlan",
    "EmulationPlan",
    "EvidencePlan",
    "PicoPlan",
    "QuestionPlan",
    "RegistryPlan",
    "SelectionEntry",
    "SimulatePlan",
    "StudyPlan",
    "read_study",
]

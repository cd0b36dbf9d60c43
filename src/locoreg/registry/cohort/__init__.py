"""Patient-level questions to a registry, written once for every engine."""

from __future__ import annotations

from locoreg.registry.cohort.course import patient_course
from locoreg.registry.cohort.question import CourseQuestion
from locoreg.registry.cohort.result import CohortResult

__all__ = ["CohortResult", "CourseQuestion", "patient_course"]

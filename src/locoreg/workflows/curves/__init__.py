"""Survival curves and cumulative incidences of anyone's table."""

from __future__ import annotations

from locoreg.workflows.curves.report import CurveReport
from locoreg.workflows.curves.task import curves_of_table

__all__ = ["CurveReport", "curves_of_table"]

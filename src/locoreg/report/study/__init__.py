"""Run a whole study: cached steps, and one report made from them."""

from __future__ import annotations

from locoreg.report.study.engine import run_study
from locoreg.report.study.stage import CancelledError, Stage

__all__ = ["CancelledError", "Stage", "run_study"]

"""Emulate the trial of a protocol: cohort, effect, sensitivity, trials beside, report."""

from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.emulation.task import emulate

__all__ = ["EmulationResult", "emulate"]

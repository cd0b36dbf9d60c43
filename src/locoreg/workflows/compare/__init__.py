"""Name what moved between two runs of a study, and why."""

from __future__ import annotations

from locoreg.workflows.compare.result import Comparison, Moved
from locoreg.workflows.compare.task import Compared, compare_results, compare_runs, compared

__all__ = [
    "Compared",
    "Comparison",
    "Moved",
    "compare_results",
    "compare_runs",
    "compared",
]

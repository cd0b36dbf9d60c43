"""Meta-analysis of anyone's table."""

from __future__ import annotations

from locoreg.workflows.meta.report import MetaReport
from locoreg.workflows.meta.task import meta_table

__all__ = ["MetaReport", "meta_table"]

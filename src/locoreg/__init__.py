"""Evidence engine for local therapy in metastatic breast cancer.

For research. Not a medical device.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import (
    ConvergenceError,
    DataError,
    DesignError,
    LocoregError,
)
from locoreg.core.estimate import Estimate
from locoreg.core.findings import Finding, Location
from locoreg.core.version import __version__

if TYPE_CHECKING:
    from locoreg.evidence.audit import AuditReport, audit
    from locoreg.evidence.catalog import load_catalog, read_catalog
    from locoreg.evidence.effectsize import EffectSize
    from locoreg.evidence.meta import MetaAnalysis, meta_analysis
    from locoreg.evidence.multiverse import Multiverse, multiverse
    from locoreg.evidence.pooling import EvidencePool
    from locoreg.evidence.records import Catalog
    from locoreg.evidence.reproduce import Reproduction
    from locoreg.figures import plot, save
    from locoreg.report import write_report
    from locoreg.workflows.evidence import pool_question as pool
    from locoreg.workflows.evidence import reproduce_pool as reproduce
    from locoreg.workflows.run import StudyResult
    from locoreg.workflows.run import run_study as run

# Imported when first used, so that `import locoreg` and `locoreg --help` stay quick.
_LAZY = {
    "AuditReport": ("locoreg.evidence.audit", "AuditReport"),
    "Catalog": ("locoreg.evidence.records", "Catalog"),
    "EffectSize": ("locoreg.evidence.effectsize", "EffectSize"),
    "EvidencePool": ("locoreg.evidence.pooling", "EvidencePool"),
    "MetaAnalysis": ("locoreg.evidence.meta", "MetaAnalysis"),
    "Multiverse": ("locoreg.evidence.multiverse", "Multiverse"),
    "Reproduction": ("locoreg.evidence.reproduce", "Reproduction"),
    "StudyResult": ("locoreg.workflows.run", "StudyResult"),
    "audit": ("locoreg.evidence.audit", "audit"),
    "load_catalog": ("locoreg.evidence.catalog", "load_catalog"),
    "meta_analysis": ("locoreg.evidence.meta", "meta_analysis"),
    "multiverse": ("locoreg.evidence.multiverse", "multiverse"),
    "plot": ("locoreg.figures", "plot"),
    "pool": ("locoreg.workflows.evidence", "pool_question"),
    "read_catalog": ("locoreg.evidence.catalog", "read_catalog"),
    "reproduce": ("locoreg.workflows.evidence", "reproduce_pool"),
    "run": ("locoreg.workflows.run", "run_study"),
    "save": ("locoreg.figures", "save"),
    "write_report": ("locoreg.report", "write_report"),
}

__all__ = [
    "AuditReport",
    "Catalog",
    "ConvergenceError",
    "DataError",
    "DesignError",
    "EffectSize",
    "Estimate",
    "EvidencePool",
    "Finding",
    "Location",
    "LocoregError",
    "MetaAnalysis",
    "Multiverse",
    "Reproduction",
    "StudyResult",
    "__version__",
    "audit",
    "load_catalog",
    "meta_analysis",
    "multiverse",
    "plot",
    "pool",
    "read_catalog",
    "reproduce",
    "run",
    "save",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        module, attribute = _LAZY[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'locoreg' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

"""Multiple imputation of confounders by chained equations."""

from locoreg.emulation.imputation.chained import Chains
from locoreg.emulation.imputation.estimate import Completed, complete, estimate_with_imputation
from locoreg.emulation.imputation.options import Imputation
from locoreg.emulation.imputation.rubin import Pooled, rubin

__all__ = [
    "Chains",
    "Completed",
    "Imputation",
    "Pooled",
    "complete",
    "estimate_with_imputation",
    "rubin",
]

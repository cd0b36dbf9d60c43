"""A causal forest on residuals: honest, on binned columns."""

from locoreg.stats.forest.grow import GrownForest, grow_forest
from locoreg.stats.forest.options import ForestOptions
from locoreg.stats.forest.result import Forest

__all__ = ["Forest", "ForestOptions", "GrownForest", "grow_forest"]

"""Several effects from one study: nested random effects, robust errors, aggregation."""

from locoreg.stats.multilevel.aggregate import AggregatedEffects, aggregate_effects
from locoreg.stats.multilevel.clusterrobust import ClusterRobust, cluster_robust
from locoreg.stats.multilevel.fit import MultilevelEffects, multilevel_effects
from locoreg.stats.multilevel.intervals import VarianceInterval, variance_interval

__all__ = [
    "AggregatedEffects",
    "ClusterRobust",
    "MultilevelEffects",
    "VarianceInterval",
    "aggregate_effects",
    "cluster_robust",
    "multilevel_effects",
    "variance_interval",
]

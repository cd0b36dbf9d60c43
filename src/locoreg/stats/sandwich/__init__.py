"""Sandwich covariance of stacked estimating equations, and the delta method."""

from locoreg.stats.sandwich.equations import (
    cluster_labels,
    cluster_sums,
    m_estimate,
    sandwich,
    stack,
)
from locoreg.stats.sandwich.results import DeltaMethod, MEstimate, delta_method

__all__ = [
    "DeltaMethod",
    "MEstimate",
    "cluster_labels",
    "cluster_sums",
    "delta_method",
    "m_estimate",
    "sandwich",
    "stack",
]

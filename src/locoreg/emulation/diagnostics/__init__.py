"""Diagnostics of an emulation: numbers with thresholds that were fixed beforehand."""

from locoreg.emulation.diagnostics.balance import balance_rows, largest_smd
from locoreg.emulation.diagnostics.cohortchecks import (
    diagnose,
    last_interval,
    raw_balance,
    time_zero,
)
from locoreg.emulation.diagnostics.followup import (
    cohort_horizon_support,
    follow_up,
    horizon_support,
    left_truncation,
    supported_until,
)
from locoreg.emulation.diagnostics.hazards import (
    cohort_proportional_hazards,
    proportional_hazards,
)
from locoreg.emulation.diagnostics.immortal import (
    ImmortalTime,
    early_rates,
    immortal_diagnostics,
    immortal_time,
    naive_hazard_ratio,
    shared_events,
)
from locoreg.emulation.diagnostics.measurement import late_confounders, missing_confounders
from locoreg.emulation.diagnostics.overlap import (
    Overlap,
    cohort_overlap,
    overlap,
    overlap_diagnostics,
)
from locoreg.emulation.diagnostics.positivity import Stratum, positivity, strata
from locoreg.emulation.diagnostics.wholetimes import whole_times

__all__ = [
    "ImmortalTime",
    "Overlap",
    "Stratum",
    "balance_rows",
    "cohort_horizon_support",
    "cohort_overlap",
    "cohort_proportional_hazards",
    "diagnose",
    "early_rates",
    "follow_up",
    "horizon_support",
    "immortal_diagnostics",
    "immortal_time",
    "largest_smd",
    "last_interval",
    "late_confounders",
    "left_truncation",
    "missing_confounders",
    "naive_hazard_ratio",
    "overlap",
    "overlap_diagnostics",
    "positivity",
    "proportional_hazards",
    "raw_balance",
    "shared_events",
    "strata",
    "supported_until",
    "time_zero",
    "whole_times",
]

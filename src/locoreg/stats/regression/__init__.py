"""Regression of censored times beside the Cox model: Fine-Gray, parametric, and diagnostics."""

from locoreg.stats.regression.aft import aft
from locoreg.stats.regression.aftresult import AFT
from locoreg.stats.regression.finegray import fine_gray
from locoreg.stats.regression.finegrayresult import FineGray
from locoreg.stats.regression.hazardstest import ProportionalHazardsTest, proportional_hazards_test
from locoreg.stats.regression.residuals import CoxResiduals, cox_residuals

__all__ = [
    "AFT",
    "CoxResiduals",
    "FineGray",
    "ProportionalHazardsTest",
    "aft",
    "cox_residuals",
    "fine_gray",
    "proportional_hazards_test",
]

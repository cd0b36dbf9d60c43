"""Small-study effects: tests of asymmetry and pools that allow for missing studies."""

from __future__ import annotations

from locoreg.stats.smallstudy.asymmetry import RegressionTest, regression_test
from locoreg.stats.smallstudy.bycounts import debray, harbord, macaskill, peters
from locoreg.stats.smallstudy.excesssignificance import ExcessSignificance, excess_significance
from locoreg.stats.smallstudy.failsafe import FailSafeN, orwin, rosenberg, rosenthal
from locoreg.stats.smallstudy.petpeese import PetPeese, pet_peese
from locoreg.stats.smallstudy.ranktest import RankTest, rank_test
from locoreg.stats.smallstudy.stepselection import StepSelection, step_selection
from locoreg.stats.smallstudy.trimfill import TrimAndFill, trim_and_fill

__all__ = [
    "ExcessSignificance",
    "FailSafeN",
    "PetPeese",
    "RankTest",
    "RegressionTest",
    "StepSelection",
    "TrimAndFill",
    "debray",
    "excess_significance",
    "harbord",
    "macaskill",
    "orwin",
    "pet_peese",
    "peters",
    "rank_test",
    "regression_test",
    "rosenberg",
    "rosenthal",
    "step_selection",
    "trim_and_fill",
]

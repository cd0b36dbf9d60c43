"""Assessment of predicted effects on persons whom no model saw."""

from locoreg.selection.assess.assessment import Assessment
from locoreg.selection.assess.benefit import c_for_benefit
from locoreg.selection.assess.calibration import calibration, calibration_line
from locoreg.selection.assess.groups import quantile_groups, subgroup_effects
from locoreg.selection.assess.heldout import HeldOut, crossfit, crossfit_sequential, external
from locoreg.selection.assess.heterogeneity import heterogeneity_test
from locoreg.selection.assess.options import AssessOptions
from locoreg.selection.assess.outcomes import (
    Comparison,
    ConcordanceForBenefit,
    FoldStatistic,
    HeterogeneityTest,
    SecondaryTest,
    SubgroupDifference,
    SubgroupEffects,
)
from locoreg.selection.assess.policy import policy_value, value_curve
from locoreg.selection.assess.ranking import compare, ranking_area, ranking_curve
from locoreg.selection.assess.results import (
    Calibration,
    GroupEffect,
    GroupEffects,
    Harm,
    PolicyValue,
    TargetingCurve,
    ValueCurve,
)
from locoreg.selection.assess.run import assess, assess_held_out, median_estimate

__all__ = [
    "AssessOptions",
    "Assessment",
    "Calibration",
    "Comparison",
    "ConcordanceForBenefit",
    "FoldStatistic",
    "GroupEffect",
    "GroupEffects",
    "Harm",
    "HeldOut",
    "HeterogeneityTest",
    "PolicyValue",
    "SecondaryTest",
    "SubgroupDifference",
    "SubgroupEffects",
    "TargetingCurve",
    "ValueCurve",
    "assess",
    "assess_held_out",
    "c_for_benefit",
    "calibration",
    "calibration_line",
    "compare",
    "crossfit",
    "crossfit_sequential",
    "external",
    "heterogeneity_test",
    "median_estimate",
    "policy_value",
    "quantile_groups",
    "ranking_area",
    "ranking_curve",
    "subgroup_effects",
    "value_curve",
]

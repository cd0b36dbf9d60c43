"""What could make a finding wrong: hidden confounding, trials, other sites, chance."""

from locoreg.selection.assess.robustness.anchor import Anchor, Eligible, anchor, trial_eligible
from locoreg.selection.assess.robustness.between import BetweenSites
from locoreg.selection.assess.robustness.controls import (
    NegativeControl,
    NegativeControls,
    negative_controls,
)
from locoreg.selection.assess.robustness.covariates import CovariateStrength, covariate_strengths
from locoreg.selection.assess.robustness.credibility import Credibility, credibility
from locoreg.selection.assess.robustness.explained import HiddenBias, explains
from locoreg.selection.assess.robustness.hidden import (
    BinaryConfounder,
    HiddenConfounder,
    NormalConfounder,
    hidden_effect,
)
from locoreg.selection.assess.robustness.marginal import (
    BoundScores,
    MarginalBound,
    MarginalSensitivity,
    bound_scores,
    marginal_sensitivity,
)
from locoreg.selection.assess.robustness.omitted import (
    BiasBound,
    BiasContours,
    OmittedBias,
    Strength,
    bias_contours,
    omitted_bias,
)
from locoreg.selection.assess.robustness.sites import (
    SiteOptions,
    SiteResult,
    Transport,
    leave_one_site_out,
)
from locoreg.selection.assess.robustness.stability import (
    CutSpread,
    Frequency,
    Stability,
    TreatingRule,
    stability,
)
from locoreg.selection.assess.robustness.tipping import (
    TippingConfounder,
    TippingConfounders,
    tipping_confounders,
)

__all__ = [
    "Anchor",
    "BetweenSites",
    "BiasBound",
    "BiasContours",
    "BinaryConfounder",
    "BoundScores",
    "CovariateStrength",
    "Credibility",
    "CutSpread",
    "Eligible",
    "Frequency",
    "HiddenBias",
    "HiddenConfounder",
    "MarginalBound",
    "MarginalSensitivity",
    "NegativeControl",
    "NegativeControls",
    "NormalConfounder",
    "OmittedBias",
    "SiteOptions",
    "SiteResult",
    "Stability",
    "Strength",
    "TippingConfounder",
    "TippingConfounders",
    "Transport",
    "TreatingRule",
    "anchor",
    "bias_contours",
    "bound_scores",
    "covariate_strengths",
    "credibility",
    "explains",
    "hidden_effect",
    "leave_one_site_out",
    "marginal_sensitivity",
    "negative_controls",
    "omitted_bias",
    "stability",
    "tipping_confounders",
    "trial_eligible",
]

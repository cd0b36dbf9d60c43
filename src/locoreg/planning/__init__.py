"""The next trial: events, patients, and what it would add to the trials there are."""

from locoreg.planning.accruing import (
    AccrualForecast,
    AccrualModel,
    AccrualPrior,
    TrialAccrual,
    accrual_model,
    forecast,
)
from locoreg.planning.added import AddedTrial, add_trial
from locoreg.planning.assured import Assurance, assurance
from locoreg.planning.conclusions import (
    AgainstImportant,
    ExcludesNull,
    PoolModel,
    ProbabilityReached,
)
from locoreg.planning.design import ControlCurve, TrialDesign
from locoreg.planning.enrichment import Enrichment, EnrichmentDesign, GroupEffect, enrich
from locoreg.planning.events import events_required, log_hazard_ratio_variance, power_of_events
from locoreg.planning.followed import event_probability
from locoreg.planning.hypothetical import HypotheticalPool, HypotheticalTrial, add_hypothetical
from locoreg.planning.information import Information, information_of
from locoreg.planning.mixture import Believed, NormalMixture, believed, normal_belief
from locoreg.planning.observed import Accrual, FollowUp, uniform_follow_up
from locoreg.planning.piecewise import HazardRatio, PiecewiseCurve
from locoreg.planning.simulated import SimulatedPower, simulate_power
from locoreg.planning.size import TrialSize, trial_size
from locoreg.planning.testsize import DesignSize, design_power, design_size, power_curve
from locoreg.planning.twoarm import (
    Drift,
    Landmark,
    LogRank,
    RestrictedMean,
    TwoArmDesign,
    drift,
)
from locoreg.planning.value import TrialValue, trial_value

__all__ = [
    "Accrual",
    "AccrualForecast",
    "AccrualModel",
    "AccrualPrior",
    "AddedTrial",
    "AgainstImportant",
    "Assurance",
    "Believed",
    "ControlCurve",
    "DesignSize",
    "Drift",
    "Enrichment",
    "EnrichmentDesign",
    "ExcludesNull",
    "FollowUp",
    "GroupEffect",
    "HazardRatio",
    "HypotheticalPool",
    "HypotheticalTrial",
    "Information",
    "Landmark",
    "LogRank",
    "NormalMixture",
    "PiecewiseCurve",
    "PoolModel",
    "ProbabilityReached",
    "RestrictedMean",
    "SimulatedPower",
    "TrialAccrual",
    "TrialDesign",
    "TrialSize",
    "TrialValue",
    "TwoArmDesign",
    "accrual_model",
    "add_hypothetical",
    "add_trial",
    "assurance",
    "believed",
    "design_power",
    "design_size",
    "drift",
    "enrich",
    "event_probability",
    "events_required",
    "forecast",
    "information_of",
    "log_hazard_ratio_variance",
    "normal_belief",
    "power_curve",
    "power_of_events",
    "simulate_power",
    "trial_size",
    "trial_value",
    "uniform_follow_up",
]

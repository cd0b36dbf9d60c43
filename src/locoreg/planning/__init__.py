"""The next trial: events, patients, and what it would add to the trials there are."""

from locoreg.planning.added import AddedTrial, add_trial
from locoreg.planning.design import ControlCurve, TrialDesign
from locoreg.planning.events import events_required, log_hazard_ratio_variance, power_of_events
from locoreg.planning.followed import event_probability
from locoreg.planning.information import Information, information_of
from locoreg.planning.size import TrialSize, trial_size

__all__ = [
    "AddedTrial",
    "ControlCurve",
    "Information",
    "TrialDesign",
    "TrialSize",
    "add_trial",
    "event_probability",
    "events_required",
    "information_of",
    "log_hazard_ratio_variance",
    "power_of_events",
    "trial_size",
]

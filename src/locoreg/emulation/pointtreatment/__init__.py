"""Groups formed at one time, and adjustment for confounders as of that time."""

from locoreg.emulation.pointtreatment.entropybalancing import entropy_balance
from locoreg.emulation.pointtreatment.means import (
    augmented_mean_difference,
    mean_difference,
    outcome_means,
    weighted_mean_difference,
)
from locoreg.emulation.pointtreatment.score import ScoreModel
from locoreg.emulation.pointtreatment.tilts import tilt_slopes, tilt_weights

__all__ = [
    "ScoreModel",
    "augmented_mean_difference",
    "entropy_balance",
    "mean_difference",
    "outcome_means",
    "tilt_slopes",
    "tilt_weights",
    "weighted_mean_difference",
]

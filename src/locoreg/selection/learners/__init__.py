"""Learners of effects by covariates."""

from locoreg.selection.learners.base import EffectModel, Learner, LearnerFit, effect_loss
from locoreg.selection.learners.calibration import CalibratedEffect, calibrate_effects
from locoreg.selection.learners.constant import ConstantEffect, ConstantLearner
from locoreg.selection.learners.forest import ForestEffect, ForestLearner
from locoreg.selection.learners.plugin import (
    SurvivalSEffect,
    SurvivalSLearner,
    SurvivalTEffect,
    SurvivalTLearner,
)
from locoreg.selection.learners.registry import (
    DEFAULT_LEARNER,
    learner_names,
    make_learner,
    restore_model,
)
from locoreg.selection.learners.risk import RiskEffect, RiskLearner
from locoreg.selection.learners.spline import SplineEffect, SplineLearner
from locoreg.selection.learners.stack import StackEffect, StackLearner

__all__ = [
    "DEFAULT_LEARNER",
    "CalibratedEffect",
    "ConstantEffect",
    "ConstantLearner",
    "EffectModel",
    "ForestEffect",
    "ForestLearner",
    "Learner",
    "LearnerFit",
    "RiskEffect",
    "RiskLearner",
    "SplineEffect",
    "SplineLearner",
    "StackEffect",
    "StackLearner",
    "SurvivalSEffect",
    "SurvivalSLearner",
    "SurvivalTEffect",
    "SurvivalTLearner",
    "calibrate_effects",
    "effect_loss",
    "learner_names",
    "make_learner",
    "restore_model",
]

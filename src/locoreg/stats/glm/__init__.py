"""Weighted logistic, Poisson and complementary log-log regression with honest variances."""

from locoreg.stats.glm.fit import estimating_function, glm
from locoreg.stats.glm.profile import profile_interval
from locoreg.stats.glm.replicates import glm_replicates
from locoreg.stats.glm.result import GLM, GLMReplicates
from locoreg.stats.glm.separation import Separation, SeparationError

__all__ = [
    "GLM",
    "GLMReplicates",
    "Separation",
    "SeparationError",
    "estimating_function",
    "glm",
    "glm_replicates",
    "profile_interval",
]

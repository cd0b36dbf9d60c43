"""Meta-regression: the mixed-effects model with moderators."""

from locoreg.stats.metaregression.prediction import RegressionPrediction, predict
from locoreg.stats.metaregression.profile import ProfileInterval, profile_likelihood
from locoreg.stats.metaregression.regression import MetaRegression, meta_regression

__all__ = [
    "MetaRegression",
    "ProfileInterval",
    "RegressionPrediction",
    "meta_regression",
    "predict",
    "profile_likelihood",
]

"""Weighted least squares with the penalties of lasso and elastic net, cross-validated."""

from locoreg.stats.penalised.crossvalidation import elastic_net_cv, elastic_net_of_moments
from locoreg.stats.penalised.moments import FoldMoments, Moments
from locoreg.stats.penalised.path import elastic_net_path, largest_lambda
from locoreg.stats.penalised.result import ElasticNetFit, Rule

__all__ = [
    "ElasticNetFit",
    "FoldMoments",
    "Moments",
    "Rule",
    "elastic_net_cv",
    "elastic_net_of_moments",
    "elastic_net_path",
    "largest_lambda",
]

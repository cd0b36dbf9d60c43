"""Bayesian random-effects meta-analysis by quadrature: nothing is sampled."""

from locoreg.stats.bayes.empiricalpriors import rhodes_prior, turner_prior
from locoreg.stats.bayes.halfnormal import Posterior, half_normal_posterior
from locoreg.stats.bayes.hierarchy import Hierarchy, one_group
from locoreg.stats.bayes.mixtureposterior import Marginal, Mixtures, Shrinkage, mix
from locoreg.stats.bayes.normalmixture import NormalMixture
from locoreg.stats.bayes.priortext import parse_mu_prior, parse_tau_prior
from locoreg.stats.bayes.randomeffectsbayes import (
    BayesFactors,
    BayesRandomEffects,
    Peaks,
    bayes_random_effects,
    study_marginal,
)
from locoreg.stats.bayes.taupriors import FLAT, MuPrior, TauPrior

__all__ = [
    "FLAT",
    "BayesFactors",
    "BayesRandomEffects",
    "Hierarchy",
    "Marginal",
    "Mixtures",
    "MuPrior",
    "NormalMixture",
    "Peaks",
    "Posterior",
    "Shrinkage",
    "TauPrior",
    "bayes_random_effects",
    "half_normal_posterior",
    "mix",
    "one_group",
    "parse_mu_prior",
    "parse_tau_prior",
    "rhodes_prior",
    "study_marginal",
    "turner_prior",
]

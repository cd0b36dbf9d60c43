"""The Bayesian answer beside a pool of two or three studies."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.estimate import Scale
from locoreg.core.numbertext import interval_text
from locoreg.stats.bayes import Posterior, half_normal_posterior
from locoreg.stats.tau2 import Method

FloatArray = NDArray[np.float64]

# Studies so few that tau2 is hardly estimable and a prior on tau says more than its estimate.
FEW = (2, 3)
# Weakly informative for log ratios (Röver et al. 2021, doi:10.1002/jrsm.1475).
TAU_SCALE = 0.5


def posterior_words(found: Posterior) -> str:
    """Return the posterior of a ratio in words, on the natural scale."""
    shown = interval_text(*(math.exp(x) for x in (found.mu, found.mu_low, found.mu_high)))
    chance = probability_text(found.below)
    return (
        f"Bayesian, half-normal({found.tau_scale:g}) prior on tau: {shown}, "
        f"{found.level:g}% interval; probability of a ratio below 1: {chance}"
    )


def probability_text(p: float) -> str:
    """Return a probability with two decimals, and never a certainty."""
    if p > 0.995:
        return "above 0.99"
    return "below 0.01" if p < 0.005 else f"{p:.2f}"


def posterior_of_few(
    y: FloatArray, variance: FloatArray, k: int, method: Method, level: float, scale: Scale
) -> Posterior | None:
    """Return the posterior for two or three effects on the log scale, else None."""
    if method == "CE" or scale != "log" or k not in FEW:
        return None
    return half_normal_posterior(y, variance, tau_scale=TAU_SCALE, level=level)


def posterior_dict(found: Posterior) -> dict[str, Any]:
    """Return a posterior as JSON-ready values, its prior named."""
    return {
        **asdict(found),
        "prior": f"half-normal({found.tau_scale:g}) on tau, flat on mu",
        "natural": {
            "estimate": math.exp(found.mu),
            "ci_low": math.exp(found.mu_low),
            "ci_high": math.exp(found.mu_high),
        },
    }

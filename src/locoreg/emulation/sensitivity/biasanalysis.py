"""Probabilistic bias analysis of an unmeasured binary confounder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import decimal_text, range_text
from locoreg.emulation.sensitivity.armvalues import ArmValues
from locoreg.emulation.sensitivity.priors import Prior
from locoreg.emulation.sensitivity.unmeasured import bias_factor
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd

FEWEST_DRAWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfounderPriors:
    """What is believed of an unmeasured binary confounder.

    Attributes
    ----------
    prevalence_treated, prevalence_comparator : Prior
        Share of each arm that has it.
    hazard_ratio : Prior
        Ratio of the outcome between those with and without it.
    correlation : float
        Correlation of the two prevalences on the normal scale: if one is high, so is the other.
    """

    prevalence_treated: Prior
    prevalence_comparator: Prior
    hazard_ratio: Prior
    correlation: float

    def __post_init__(self) -> None:
        if not -1.0 <= self.correlation <= 1.0:
            raise DesignError(f"correlation is {self.correlation}.", hint="give -1 to 1.")
        for name in ("prevalence_treated", "prevalence_comparator"):
            low, high = getattr(self, name).range
            if low < 0.0 or high > 1.0:
                raise DesignError(
                    f"the prior of {name} goes from {low:g} to {high:g}.",
                    hint="a prevalence lies between 0 and 1.",
                )
        if not self.hazard_ratio.range[0] > 0.0:
            raise DesignError("the prior of hazard_ratio is not positive throughout.")

    @classmethod
    def uniform(cls, ranges: dict[str, tuple[float, float]]) -> ConfounderPriors:
        """Return even priors over ranges, as a protocol states them.

        Parameters
        ----------
        ranges : dict of str to (float, float)
            ``prevalence_treated``, ``prevalence_comparator`` and ``hazard_ratio``. The ratio's
            logarithm is even, so that 1/2 and 2 weigh the same.

        Returns
        -------
        ConfounderPriors
            Independent.
        """
        names = ("prevalence_treated", "prevalence_comparator", "hazard_ratio")
        if set(ranges) != set(names):
            raise DesignError(
                f"an unmeasured confounder is given by {sorted(ranges)}.",
                hint="give " + ", ".join(names) + ".",
            )
        return cls(
            prevalence_treated=Prior(kind="uniform", parameters=ranges[names[0]]),
            prevalence_comparator=Prior(kind="uniform", parameters=ranges[names[1]]),
            hazard_ratio=Prior(kind="log_uniform", parameters=ranges[names[2]]),
            correlation=0.0,
        )

    def draw(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """Return draws of the bias factor, shape (draws,)."""
        z = rng.standard_normal((3, draws))
        z[1] = self.correlation * z[0] + math.sqrt(1.0 - self.correlation**2) * z[1]
        u = special.ndtr(z)
        return bias_factor(
            self.hazard_ratio.quantile(u[2]),
            self.prevalence_treated.quantile(u[0]),
            self.prevalence_comparator.quantile(u[1]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the priors as JSON-ready values."""
        return {
            "prevalence_treated": self.prevalence_treated.to_dict(),
            "prevalence_comparator": self.prevalence_comparator.to_dict(),
            "hazard_ratio": self.hazard_ratio.to_dict(),
            "correlation": self.correlation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasAnalysis:
    """What is left of an estimate under the priors.

    Attributes
    ----------
    scale : {"ratio", "survival_difference"}
        What is estimated; ratios are told on the natural scale.
    observed : tuple of float
        Estimate and limits as they were: random error only.
    systematic, total : tuple of float
        Median and the percentiles of the level: bias only, and bias with random error.
    beyond : float
        Share of the draws of `total` on the observed side of no effect.
    level : float
        Percent between the outer percentiles.
    draws, seed : int
        How many, and from which seed.
    priors : ConfounderPriors
        The priors.
    """

    scale: Literal["ratio", "survival_difference"]
    observed: tuple[float, float, float]
    systematic: tuple[float, float, float]
    total: tuple[float, float, float]
    beyond: float
    level: float
    draws: int
    seed: int
    priors: ConfounderPriors

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as JSON-ready values."""
        out: dict[str, Any] = {"scale": self.scale}
        for name in ("observed", "systematic", "total"):
            out[name] = list(getattr(self, name))
        out |= {"beyond": self.beyond, "level": self.level}
        return out | {"draws": self.draws, "seed": self.seed, "priors": self.priors.to_dict()}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per kind of error: ``observed``, ``systematic``, ``total``."""
        rows = {name: getattr(self, name) for name in ("observed", "systematic", "total")}
        return frame(
            {
                "error": list(rows),
                "median": [row[0] for row in rows.values()],
                "low": [row[1] for row in rows.values()],
                "high": [row[2] for row in rows.values()],
            }
        )

    def summary(self) -> str:
        """Return the three intervals in lines."""
        words = {
            "observed": "random error alone",
            "systematic": "unmeasured confounding alone",
            "total": "both",
        }
        what = "Ratio" if self.scale == "ratio" else "Difference of survival"
        lines = [f"{what}, {self.level:g}% of the draws ({self.draws} draws, seed {self.seed}):"]
        for name, text in words.items():
            mid, low, high = getattr(self, name)
            lines.append(f"  {text}: {decimal_text(mid)} ({range_text(low, high)})")
        lines.append(f"  share of draws on the observed side of no effect: {self.beyond:.1%}")
        return "\n".join(lines)


def bias_analysis(
    observed: Estimate | ArmValues, priors: ConfounderPriors, *, draws: int, seed: int
) -> BiasAnalysis:
    """Return the distribution of an estimate over what the confounder may be.

    Parameters
    ----------
    observed : Estimate or ArmValues
        A ratio on the log scale, or the event probabilities of the strategies: their difference
        is then that of survival.
    priors : ConfounderPriors
        What is believed of the confounder.
    draws : int
        Draws, at least 1,000.
    seed : int
        Seed.

    Returns
    -------
    BiasAnalysis
        For a ratio each draw is the estimate over the bias factor B, times the exponent of a
        normal random error. For survival the treated's curve S becomes S^(1/B), as if its hazard
        were over B: what the treated would have had with the comparator's share of the
        confounder.

    References
    ----------
    Lash et al. 2014, doi:10.1093/ije/dyu149. Lin, Psaty & Kronmal 1998, doi:10.2307/2533848.
    """
    if draws < FEWEST_DRAWS:
        raise DesignError(f"{draws} draws are too few.", hint=f"take at least {FEWEST_DRAWS}.")
    rng = np.random.default_rng(seed)
    bias = priors.draw(draws, rng)
    noise = rng.standard_normal(draws)
    if isinstance(observed, Estimate):
        return _of_ratio(observed, priors, bias, noise, seed)
    return _of_survival(observed, priors, bias, noise, seed)


def _of_ratio(
    observed: Estimate, priors: ConfounderPriors, bias: FloatArray, noise: FloatArray, seed: int
) -> BiasAnalysis:
    if observed.scale != "log":
        raise DesignError("a ratio is needed on the log scale.", hint="or give ArmValues.")
    systematic = observed.estimate - np.log(bias)
    total = systematic + observed.se * noise
    side = math.copysign(1.0, observed.estimate)
    return BiasAnalysis(
        scale="ratio",
        observed=observed.natural,
        systematic=_percentiles(np.exp(systematic), observed.level),
        total=_percentiles(np.exp(total), observed.level),
        beyond=float(np.mean(total * side > 0.0)),
        level=observed.level,
        draws=bias.size,
        seed=seed,
        priors=priors,
    )


def _of_survival(
    observed: ArmValues, priors: ConfounderPriors, bias: FloatArray, noise: FloatArray, seed: int
) -> BiasAnalysis:
    treated, comparator = 1.0 - observed.treated, 1.0 - observed.comparator
    if not treated > 0.0:
        raise DesignError("nobody is alive under the treated strategy.")
    moved = treated ** (1.0 / bias)
    slope = moved / treated / bias
    variance = (
        (slope * observed.se_treated) ** 2
        + observed.se_comparator**2
        - 2.0 * slope * observed.covariance
    )
    systematic = moved - comparator
    total = systematic + np.sqrt(np.maximum(variance, 0.0)) * noise
    difference = treated - comparator
    z = -float(special.ndtri((1.0 - observed.level / 100.0) / 2.0))
    spread = z * observed.se_difference
    side = math.copysign(1.0, difference)
    return BiasAnalysis(
        scale="survival_difference",
        observed=(difference, difference - spread, difference + spread),
        systematic=_percentiles(systematic, observed.level),
        total=_percentiles(total, observed.level),
        beyond=float(np.mean(total * side > 0.0)),
        level=observed.level,
        draws=bias.size,
        seed=seed,
        priors=priors,
    )


def _percentiles(values: FloatArray, level: float) -> tuple[float, float, float]:
    tail = (1.0 - level / 100.0) / 2.0
    mid, low, high = np.quantile(values, [0.5, tail, 1.0 - tail])
    return float(mid), float(low), float(high)

"""The Bayesian pool of a table, under the prior that the user states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.numbertext import decimal_text
from locoreg.stats.bayes.mixtureposterior import Marginal
from locoreg.stats.bayes.priortext import parse_mu_prior, parse_tau_prior
from locoreg.stats.bayes.randomeffectsbayes import BayesRandomEffects, bayes_random_effects
from locoreg.workflows.meta.measures import Measure
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.poolrows import NAN, Triple, natural, natural_dict, shown
from locoreg.workflows.meta.studies import StudyEffects


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesianPart:
    """Posterior of the pool.

    Attributes
    ----------
    posterior : BayesRandomEffects
    natural, new : tuple of float
        Median and central interval of the mean and of a new study's effect, as they are read.
    below_null : float
        Probability that the mean lies below 0 on the scale of the pool; NaN for single groups, of
        which no value means no effect.
    labels : tuple of str
        Studies, in the order of the posterior's.
    """

    posterior: BayesRandomEffects
    natural: Triple
    new: Triple
    below_null: float
    labels: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the posterior as JSON-ready values."""
        p = self.posterior
        return {
            "tau_prior": p.tau_prior.name,
            "mu_prior": p.mu_prior.name,
            "level": p.level,
            "mu": _marginal(p.mu),
            "tau": _marginal(p.tau),
            "new_study": _marginal(p.new),
            "natural": natural_dict(self.natural),
            "new_study_natural": natural_dict(self.new),
            "below_null": self.below_null,
            "shrunk": [
                {
                    "label": label,
                    "mean": float(p.studies.mean[i]),
                    "sd": float(p.studies.sd[i]),
                    "median": float(p.studies.median[i]),
                    "low": float(p.studies.low[i]),
                    "high": float(p.studies.high[i]),
                }
                for i, label in enumerate(self.labels)
            ],
            "weights": p.weights.tolist(),
            "bayes_factor_tau": p.factors.tau,
            "log_marginal": p.log_marginal,
        }

    def lines(self, measure: Measure) -> list[str]:
        """Return the posterior in plain lines."""
        p = self.posterior
        low, high = decimal_text(p.tau.low, 3), decimal_text(p.tau.high, 3)
        # A single group's proportion, rate or mean has no value that means no effect.
        below = "" if measure.one_group else f"; chance below no effect {_chance(self.below_null)}"
        return [
            f"Bayesian, tau ~ {p.tau_prior.name}, mu ~ {p.mu_prior.name}: "
            f"{shown(measure, self.natural)}, posterior median and central {p.level:g}% interval",
            f"  tau {decimal_text(p.tau.median, 3)} ({low} to {high}); a new study's effect "
            f"{shown(measure, self.new)}{below}",
        ]


def bayesian_part(effects: StudyEffects, options: MetaOptions) -> BayesianPart:
    """Return the posterior under the prior on tau that was stated and a flat one on mu.

    Parameters
    ----------
    effects : StudyEffects
    options : MetaOptions

    Returns
    -------
    BayesianPart

    Raises
    ------
    DataError, DesignError
        If the prior can't be read, or the posterior would be improper.
    """
    found = bayes_random_effects(
        effects.yi,
        effects.vi,
        tau_prior=parse_tau_prior(options.tau_prior),
        mu_prior=parse_mu_prior("flat"),
        level=options.level,
        null=0.0,
    )
    return BayesianPart(
        posterior=found,
        natural=natural(effects.measure, _triple(found.mu), effects.sizes),
        new=natural(effects.measure, _triple(found.new), effects.sizes),
        below_null=NAN if effects.measure.one_group else found.below(0.0),
        labels=effects.labels,
    )


def _chance(share: float) -> str:
    """Return a probability with three decimals, ends as bounds."""
    if share < 0.001:
        return "under 0.001"
    return "over 0.999" if share > 0.999 else f"{share:.3f}"


def _triple(marginal: Marginal) -> Triple:
    return marginal.median, marginal.low, marginal.high


def _marginal(marginal: Marginal) -> dict[str, Any]:
    names = ("median", "mean", "sd", "mode")
    out: dict[str, Any] = {name: float(getattr(marginal, name)) for name in names}
    out["central"] = {"low": marginal.low, "high": marginal.high}
    out["shortest"] = {"low": marginal.shortest_low, "high": marginal.shortest_high}
    return out

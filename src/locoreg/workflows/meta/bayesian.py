"""The Bayesian pool of a table, under the prior that the user states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.numbertext import decimal_text, range_text
from locoreg.stats.bayes.mixtureposterior import Marginal
from locoreg.stats.bayes.priortext import parse_mu_prior, parse_tau_prior
from locoreg.stats.bayes.randomeffectsbayes import BayesRandomEffects, bayes_random_effects
from locoreg.workflows.meta.measures import Measure
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.poolrows import Triple, natural, natural_dict, shown
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
        Probability that the mean lies below 0 on the scale of the pool.
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
        tau = p.tau
        return [
            f"Bayesian, tau ~ {p.tau_prior.name}, mu ~ {p.mu_prior.name}: "
            f"{shown(measure, self.natural)}, posterior median and central {p.level:g}% interval",
            f"  tau {decimal_text(tau.median, 3)} ({range_text(tau.low, tau.high)}); a new study's "
            f"effect {shown(measure, self.new)}; probability below no effect "
            f"{decimal_text(self.below_null, 3)}",
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
        below_null=found.below(0.0),
        labels=effects.labels,
    )


def _triple(marginal: Marginal) -> Triple:
    return marginal.median, marginal.low, marginal.high


def _marginal(marginal: Marginal) -> dict[str, Any]:
    names = ("median", "mean", "sd", "mode")
    out: dict[str, Any] = {name: float(getattr(marginal, name)) for name in names}
    out["central"] = {"low": marginal.low, "high": marginal.high}
    out["shortest"] = {"low": marginal.shortest_low, "high": marginal.shortest_high}
    return out

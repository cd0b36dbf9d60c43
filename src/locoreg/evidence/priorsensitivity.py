"""A pool under several priors on tau: probabilities and their range, shrinkage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate, Scale
from locoreg.core.numbertext import decimal_text, range_text
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.evidence.effectsize import z_value
from locoreg.evidence.posterior import probability_text
from locoreg.stats.bayes import (
    BayesRandomEffects,
    Marginal,
    MuPrior,
    TauPrior,
    bayes_random_effects,
)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BayesianRow:
    """The posterior under one prior on tau.

    Attributes
    ----------
    name : str
        Name of the prior in the table.
    tau_prior : TauPrior
    mu : Estimate
        Median and central interval of the mean effect; se is the posterior sd.
    mu_mean : float
        Posterior mean; NaN where it does not exist.
    tau, tau_low, tau_high : float
        Median and central interval of the between-study standard deviation.
    new_low, new_high : float
        Central interval of the effect in a new study.
    below : tuple of float
        Posterior probability that mu is below each threshold.
    new_below : tuple of float
        The same of the effect in a new study.
    tau_factor : float
        Bayes factor of tau = 0 against the model; NaN under an improper prior.
    mu_factor : float
        Bayes factor of no effect against the model; NaN under a flat prior on mu.
    density : tuple of (float, float)
        Places on the scale of the effects and posterior density of mu there, to be drawn.
    """

    name: str
    tau_prior: TauPrior
    mu: Estimate
    mu_mean: float
    tau: float
    tau_low: float
    tau_high: float
    new_low: float
    new_high: float
    below: tuple[float, ...]
    new_below: tuple[float, ...]
    tau_factor: float
    mu_factor: float
    density: tuple[tuple[float, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return {
            "name": self.name,
            **self.tau_prior.to_dict(),
            "mu": self.mu.to_dict(),
            "mu_mean": self.mu_mean,
            "tau": self.tau,
            "tau_low": self.tau_low,
            "tau_high": self.tau_high,
            "new": {"low": self.new_low, "high": self.new_high},
            "below": list(self.below),
            "new_below": list(self.new_below),
            "bayes_factor_tau": self.tau_factor,
            "bayes_factor_mu": self.mu_factor,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkStudy:
    """A study as printed, and its own effect given all others under the first prior.

    Attributes
    ----------
    label : str
    printed, shrunk : Estimate
        The second is the posterior median with its central interval.
    weight : float
        Posterior mean weight in mu, in percent.
    """

    label: str
    printed: Estimate
    shrunk: Estimate
    weight: float

    def to_dict(self) -> dict[str, Any]:
        """Return the study as JSON-ready values."""
        return {
            "label": self.label,
            "printed": self.printed.to_dict(),
            "shrunk": self.shrunk.to_dict(),
            "weight": self.weight,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorSensitivity:
    """A pool under several priors on tau.

    Attributes
    ----------
    rows : tuple of BayesianRow
        One per prior; the first is the main one.
    refused : tuple of (str, str)
        Priors under which the posterior is improper, with the reason.
    studies : tuple of ShrunkStudy
        Shrinkage under the first prior.
    thresholds : tuple of float
        On the scale of the effects.
    mu_prior : MuPrior
    level, null : float
    scale : {"log", "identity"}
    factor_reason : str
        Why there is no Bayes factor for mu; empty where there is one.
    provenance : Provenance
    """

    rows: tuple[BayesianRow, ...]
    refused: tuple[tuple[str, str], ...]
    studies: tuple[ShrunkStudy, ...]
    thresholds: tuple[float, ...]
    mu_prior: MuPrior
    level: float
    null: float
    scale: Scale
    factor_reason: str
    provenance: Provenance

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """Least and largest probability of each threshold over the priors."""
        return tuple(
            (min(column), max(column))
            for column in zip(*(row.below for row in self.rows), strict=True)
        )

    def natural(self, value: float) -> float:
        """Return a value on the natural scale."""
        if self.scale == "identity":
            return value
        return math.exp(value) if value < 709 else math.inf

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "refused": [{"name": name, "reason": reason} for name, reason in self.refused],
            "studies": [study.to_dict() for study in self.studies],
            "thresholds": list(self.thresholds),
            "ranges": [{"low": low, "high": high} for low, high in self.ranges],
            "mu_prior": self.mu_prior.name,
            "level": self.level,
            "null": self.null,
            "scale": self.scale,
            "bayes_factor_mu_reason": self.factor_reason or None,
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the table in plain lines, on the natural scale."""
        lines = [
            f"{len(self.studies)} studies, prior on mu {self.mu_prior.name}, "
            f"{self.level:g}% central intervals, by quadrature."
        ]
        for row in self.rows:
            chances = ", ".join(
                f"below {decimal_text(self.natural(c))} {probability_text(p)}"
                for c, p in zip(self.thresholds, row.below, strict=True)
            )
            lines.append(
                f"{row.name}: {row.mu.text()}; {chances}; tau {decimal_text(row.tau)} "
                f"({range_text(row.tau_low, row.tau_high)}); new study "
                f"{range_text(self.natural(row.new_low), self.natural(row.new_high))}."
            )
        for c, (low, high) in zip(self.thresholds, self.ranges, strict=True):
            lines.append(
                f"Probability below {decimal_text(self.natural(c))} over the priors: "
                f"{probability_text(low)} to {probability_text(high)}."
            )
        lines += [f"Left out: {name}: {reason}" for name, reason in self.refused]
        return "\n".join(lines)


def prior_sensitivity(
    yi: ArrayLike,
    se: ArrayLike,
    *,
    labels: Sequence[str],
    priors: Mapping[str, TauPrior],
    mu_prior: MuPrior,
    thresholds: Sequence[float],
    null: float,
    level: float,
    scale: Scale,
) -> PriorSensitivity:
    """Pool the same effects under several priors on tau.

    Parameters
    ----------
    yi, se : array_like, shape (k,)
        Effects on the analysis scale and standard errors.
    labels : sequence of str
        Names of the studies.
    priors : mapping of str to TauPrior
        Priors by the names to show; the first is the main one.
    mu_prior : MuPrior
        Prior on the mean effect.
    thresholds : sequence of float
        Values of mu, on the analysis scale, whose probabilities are asked.
    null : float
        No effect, on the analysis scale.
    level : float
        Level of the intervals in percent.
    scale : {"log", "identity"}
        Scale of the effects.

    Returns
    -------
    PriorSensitivity
        With shrinkage under the first prior.

    Raises
    ------
    DesignError
        If no prior is given, or none has a proper posterior.
    DataError
        If the input can't be used.
    """
    y, s = _numbers(yi, se, labels)
    _check_thresholds(thresholds)
    rows, refused, main = [], [], None
    for name, prior in priors.items():
        try:
            found = bayes_random_effects(
                y, s**2, tau_prior=prior, mu_prior=mu_prior, level=level, null=null
            )
        except DesignError as error:
            refused.append((name, str(error)))
            continue
        main = main or found
        rows.append(_row(name, found, thresholds, scale))
    if main is None:
        reasons = " ".join(reason for _, reason in refused)
        raise DesignError(f"no prior on tau gives a posterior. {reasons}".strip())
    return PriorSensitivity(
        rows=tuple(rows),
        refused=tuple(refused),
        studies=_shrunk(main, y, s, labels, scale),
        thresholds=tuple(float(c) for c in thresholds),
        mu_prior=mu_prior,
        level=float(level),
        null=float(null),
        scale=scale,
        factor_reason=main.factors.mu_reason,
        provenance=Provenance(
            input_sha256=sha256_of_bytes(y.tobytes(), s.tobytes()),
            options={
                "priors": {name: prior.words for name, prior in priors.items()},
                "mu_prior": mu_prior.name,
                "thresholds": [float(c) for c in thresholds],
                "null": float(null),
                "level": float(level),
                "scale": scale,
            },
        ),
    )


def _numbers(yi: ArrayLike, se: ArrayLike, labels: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    try:
        y, s = np.asarray(yi, dtype=float), np.asarray(se, dtype=float)
    except (TypeError, ValueError):
        raise DataError("effects or standard errors can't be read as numbers.") from None
    if not (y.ndim == 1 and y.shape == s.shape and len(labels) == y.size):
        raise DataError(
            f"there are {y.size} effects, {s.size} standard errors and {len(labels)} labels."
        )
    if np.any(~(s > 0)):
        where = int(np.argmax(~(s > 0)))
        raise DataError(f"the standard error of {labels[where]} is {s[where]}, not above 0.")
    return y, s


def _check_thresholds(thresholds: Sequence[float]) -> None:
    if not all(math.isfinite(c) for c in thresholds):
        raise DataError("a threshold is not a finite number on the scale of the effects.")


def _row(
    name: str, found: BayesRandomEffects, thresholds: Sequence[float], scale: Scale
) -> BayesianRow:
    mu = found.mu
    # Beyond one in 2,000 on either side the curve lies on its axis.
    ends = found.mixtures.mu.quantile(np.array([0.0005, 0.9995]))
    places = np.linspace(float(ends[0]), float(ends[1]), 161)
    heights = found.mixtures.mu.density(places)
    return BayesianRow(
        name=name,
        tau_prior=found.tau_prior,
        mu=_estimate(mu, found.level, scale),
        mu_mean=mu.mean,
        tau=found.tau.median,
        tau_low=found.tau.low,
        tau_high=found.tau.high,
        new_low=found.new.low,
        new_high=found.new.high,
        below=tuple(found.below(float(c)) for c in thresholds),
        new_below=tuple(found.new_below(float(c)) for c in thresholds),
        tau_factor=found.factors.tau,
        mu_factor=found.factors.mu,
        density=tuple(zip(places.tolist(), heights.tolist(), strict=True)),
    )


def _estimate(of: Marginal, level: float, scale: Scale) -> Estimate:
    return Estimate(
        estimate=of.median, se=of.sd, ci_low=of.low, ci_high=of.high, level=level, scale=scale
    )


def _shrunk(
    found: BayesRandomEffects,
    y: FloatArray,
    s: FloatArray,
    labels: Sequence[str],
    scale: Scale,
) -> tuple[ShrunkStudy, ...]:
    half = float(z_value(found.level))
    own = found.studies
    return tuple(
        ShrunkStudy(
            label=label,
            printed=Estimate(
                estimate=float(y[i]),
                se=float(s[i]),
                ci_low=float(y[i] - half * s[i]),
                ci_high=float(y[i] + half * s[i]),
                level=found.level,
                scale=scale,
            ),
            shrunk=Estimate(
                estimate=float(own.median[i]),
                se=float(own.sd[i]),
                ci_low=float(own.low[i]),
                ci_high=float(own.high[i]),
                level=found.level,
                scale=scale,
            ),
            weight=100.0 * float(found.weights[i]),
        )
        for i, label in enumerate(labels)
    )

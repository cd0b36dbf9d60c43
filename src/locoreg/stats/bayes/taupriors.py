"""Priors on the between-study standard deviation tau, and on the mean effect mu.

Every prior is a frozen value: a family, its numbers, and the words that name it. Some families
depend on the sampling variances; :meth:`TauPrior.bind` gives them. Families, tails and the
conditions under which a posterior is proper: Röver 2020, doi:10.18637/jss.v093.i06, section 2.2;
Gelman 2006, doi:10.1214/06-BA117A.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.bayes.loglinerule import adapt
from locoreg.stats.bayes.priorfamilies import FAMILIES, Family

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TauPrior:
    """A prior on tau.

    Attributes
    ----------
    family : str
        A name of :data:`FAMILIES`.
    numbers : tuple of float
        Its numbers, in the order of the family's ``parameters``.
    source : str
        Where the numbers come from; empty where they are the user's.
    """

    family: str
    numbers: tuple[float, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        kind = FAMILIES.get(self.family)
        if kind is None:
            raise DesignError(
                f"there is no prior on tau of family {self.family!r}.",
                hint=f"known are {', '.join(FAMILIES)}.",
            )
        if len(self.numbers) != len(kind.parameters):
            raise DesignError(
                f"the prior {self.family} takes {_wanted(kind)}, not {len(self.numbers)} numbers."
            )
        fault = kind.fault(*self.numbers) if all(map(math.isfinite, self.numbers)) else "finite"
        if fault:
            raise DataError(
                f"the prior {self.name} can't be used: its numbers must be {fault}.",
                hint="a prior scale is above 0.",
            )

    @property
    def kind(self) -> Family:
        """The family."""
        return FAMILIES[self.family]

    @property
    def name(self) -> str:
        """The prior as :func:`locoreg.stats.bayes.parse_tau_prior` reads it."""
        if not self.numbers:
            return self.family
        return f"{self.family}({', '.join(f'{x:.10g}' for x in self.numbers)})"

    @property
    def words(self) -> str:
        """The prior in words, with its scale and source."""
        text = f"{self.name} on {self.kind.on}"
        return f"{text} ({self.source})" if self.source else text

    @property
    def proper(self) -> bool:
        """Whether the prior integrates to 1; an improper one gives no Bayes factor."""
        return self.kind.proper

    def bind(self, vi: ArrayLike) -> BoundTauPrior:
        """Return the prior as functions of tau, for studies with these variances."""
        v = np.asarray(vi, dtype=np.float64)
        kind = self.kind
        if v.size < kind.least:
            raise DesignError(
                f"the prior {self.name} is not defined for {v.size} "
                f"{'study' if v.size == 1 else 'studies'}: it needs {kind.least}."
            )
        scale = kind.scale(v) if kind.scale is not None else 1.0
        constant = 0.0
        if kind.by_studies is not None and kind.proper:
            constant = _log_total(kind, v)
        return BoundTauPrior(prior=self, v=v, scale=scale, log_constant=constant)

    def to_dict(self) -> dict[str, object]:
        """Return the prior as JSON-ready values."""
        return {
            "prior": self.name,
            "on": self.kind.on,
            "family": self.family,
            "numbers": dict(zip(self.kind.parameters, self.numbers, strict=True)),
            "proper": self.proper,
            "source": self.source or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTauPrior:
    """A prior on tau whose dependence on the sampling variances, if any, is resolved.

    Attributes
    ----------
    prior : TauPrior
    v : ndarray of float, shape (k,)
        Sampling variances.
    scale : float
        The typical standard error that data-dependent families use.
    log_constant : float
        Log integral of a proper density that has no constant in closed form.
    """

    prior: TauPrior
    v: FloatArray
    scale: float
    log_constant: float

    @property
    def support(self) -> tuple[float, float]:
        """Least and largest value of tau."""
        return self.prior.kind.support(*self.prior.numbers)

    def log_density(self, tau: ArrayLike) -> FloatArray:
        """Return the log density of tau, up to a constant where the prior is improper."""
        at = np.asarray(tau, dtype=np.float64)
        kind = self.prior.kind
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            if kind.by_studies is not None:
                found = kind.by_studies(at, self.v) - self.log_constant
            else:
                found = kind.log_density(at / self.scale, *self.prior.numbers)
                found = found - math.log(self.scale)
        low, high = self.support
        return np.where((at < low) | (at > high), -np.inf, found)

    def density(self, tau: ArrayLike) -> FloatArray:
        """Return the density of tau."""
        return np.exp(self.log_density(tau))

    def cdf(self, tau: ArrayLike) -> FloatArray:
        """Return the prior probability of at most tau.

        Raises
        ------
        DesignError
            If the prior is improper or has no closed form.
        """
        kind = self._closed("cdf")
        assert kind.cdf is not None
        with np.errstate(divide="ignore", over="ignore"):
            at = np.asarray(tau, dtype=np.float64) / self.scale
            return np.asarray(kind.cdf(at, *self.prior.numbers))

    def quantile(self, p: ArrayLike) -> FloatArray:
        """Return a quantile of tau.

        Raises
        ------
        DesignError
            If the prior is improper or has no closed form.
        """
        kind = self._closed("quantiles")
        assert kind.quantile is not None
        at = np.asarray(p, dtype=np.float64)
        if np.any((at < 0) | (at > 1)):
            raise DataError("a probability lies outside 0 to 1.")
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(kind.quantile(at, *self.prior.numbers) * self.scale)

    def _closed(self, what: str) -> Family:
        kind = self.prior.kind
        if kind.cdf is None or kind.quantile is None:
            reason = "is improper" if not kind.proper else "has none in closed form"
            raise DesignError(f"the prior {self.prior.name} has no {what}: it {reason}.")
        return kind


@dataclass(frozen=True, slots=True, kw_only=True)
class MuPrior:
    """A normal prior on the mean effect; without numbers it is flat, which is improper.

    Attributes
    ----------
    mean, sd : float or None
        On the scale of the effects; both or neither.
    """

    mean: float | None = None
    sd: float | None = None

    def __post_init__(self) -> None:
        if (self.mean is None) != (self.sd is None):
            raise DesignError("a normal prior on mu needs its mean and its sd; a flat one neither.")
        if self.mean is None or self.sd is None:
            return
        if not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd > 0):
            raise DataError(
                f"the prior normal({self.mean:g}, {self.sd:g}) on mu needs a finite mean and an "
                "sd above 0."
            )

    @property
    def proper(self) -> bool:
        """Whether the prior integrates to 1."""
        return self.sd is not None

    @property
    def name(self) -> str:
        """``flat`` or ``normal(mean, sd)``."""
        if self.mean is None or self.sd is None:
            return "flat"
        return f"normal({self.mean:.10g}, {self.sd:.10g})"

    def log_density(self, mu: float) -> float:
        """Return the log density at mu; 0 for the flat prior."""
        if self.mean is None or self.sd is None:
            return 0.0
        z = (mu - self.mean) / self.sd
        return -0.5 * z * z - math.log(self.sd) - 0.5 * math.log(2 * math.pi)


FLAT = MuPrior()


def least_studies(prior: TauPrior, mu: MuPrior) -> int:
    """Return how many studies the posterior needs to be proper.

    Where tau is large the marginal likelihood falls as tau to the power of -(k - 1), or -k under a
    normal prior on mu; the improper families fall as a known power themselves.

    Parameters
    ----------
    prior : TauPrior
        Prior on tau.
    mu : MuPrior
        Prior on mu.

    Returns
    -------
    int
        1 for proper priors, but for ``uniform-i2``, which needs 2 to be defined.
    """
    k = prior.kind.least
    if prior.proper:
        return k
    while (k if mu.proper else k - 1) + prior.kind.tail(*prior.numbers) <= 1:
        k += 1
    return k


def _wanted(kind: Family) -> str:
    if not kind.parameters:
        return "no number"
    return f"{len(kind.parameters)} ({', '.join(kind.parameters)})"


def _log_total(kind: Family, v: FloatArray) -> float:
    """Return the log integral over tau of a density given by the studies' variances."""
    assert kind.by_studies is not None
    by_studies = kind.by_studies
    rule = adapt(lambda u: by_studies(np.exp(u), v) + u, low=-np.inf, high=np.inf, terms=v.size)
    return rule.log_total

"""Priors read from text: ``half-normal(0.5)``, ``log-normal(-2.56, 1.74) on tau2``, ``flat``."""

from __future__ import annotations

import re

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.stats.bayes.priorfamilies import FAMILIES
from locoreg.stats.bayes.taupriors import FLAT, MuPrior, TauPrior

_FORM = re.compile(
    r"^\s*(?P<name>[a-z0-9][a-z0-9 _-]*?)\s*(?:\((?P<numbers>[^()]*)\))?"
    r"(?:\s+on\s+(?P<on>tau2?|tau\^2|tau²))?\s*$"
)
# Spellings of other programs and of papers.
_ALSO = {
    "halfnormal": "half-normal",
    "halft": "half-t",
    "half-student-t": "half-t",
    "halfcauchy": "half-cauchy",
    "halflogistic": "half-logistic",
    "shrinkage": "uniform-shrinkage",
    "i2": "uniform-i2",
    "bergerdeely": "berger-deely",
    "lognormal": "log-normal",
    "logt": "log-t",
    "log-student-t": "log-t",
}
_NEEDS_ON = {"log-normal": ("tau", "tau2"), "log-t": ("tau2",)}


def parse_tau_prior(text: str) -> TauPrior:
    """Read a prior on tau.

    Parameters
    ----------
    text : str
        A family and its numbers: ``half-normal(0.5)``, ``half-cauchy(0.5)``, ``half-t(4, 0.5)``
        (degrees of freedom, scale), ``exponential(0.3)`` (its mean), ``uniform(0, 4)``,
        ``log-normal(-2.56, 1.74) on tau2``, ``log-t(-3.44, 2.59, 5) on tau2``, ``jeffreys``.

    Returns
    -------
    TauPrior
        The prior.

    Raises
    ------
    DesignError
        If the family is not known, or what its numbers describe is not said.
    DataError
        If a number can't be read or used.
    """
    match = _FORM.match(text.casefold())
    if match is None:
        raise DesignError(f"the prior {text!r} can't be read.", hint="write half-normal(0.5), say.")
    name = re.sub(r"[ _]+", "-", match["name"])
    name = _ALSO.get(name, name)
    on = (match["on"] or "").replace("^2", "2").replace("²", "2")
    if name in _NEEDS_ON:
        allowed = _NEEDS_ON[name]
        if on not in allowed:
            raise DesignError(
                f"the prior {text!r} does not say what its numbers describe.",
                hint="write " + " or ".join(f"'{text.strip()} on {one}'" for one in allowed) + ".",
            )
        name = f"{name}-{on}"
    elif on and (name not in FAMILIES or FAMILIES[name].on != on):
        raise DesignError(f"the prior {name} can't be stated on {on}.", hint="leave that out.")
    if name not in FAMILIES:
        raise DesignError(
            f"there is no prior on tau of family {match['name']!r}.",
            hint=did_you_mean(name, FAMILIES) or f"known are {', '.join(FAMILIES)}.",
        )
    return TauPrior(family=name, numbers=_numbers(match["numbers"], text))


def parse_mu_prior(text: str) -> MuPrior:
    """Read a prior on the mean effect.

    Parameters
    ----------
    text : str
        ``flat`` or ``normal(mean, sd)``, on the scale of the effects.

    Returns
    -------
    MuPrior
        The prior.

    Raises
    ------
    DesignError
        If it is neither.
    """
    match = _FORM.match(text.casefold())
    if match is not None and match["on"] is None:
        numbers = _numbers(match["numbers"], text)
        if match["name"] in ("flat", "uniform") and not numbers:
            return FLAT
        if match["name"] == "normal" and len(numbers) == 2:
            return MuPrior(mean=numbers[0], sd=numbers[1])
    raise DesignError(
        f"the prior {text!r} on mu can't be read.", hint="write flat or normal(0, 2)."
    )


def _numbers(text: str | None, whole: str) -> tuple[float, ...]:
    if text is None or not text.strip():
        return ()
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise DataError(
            f"the numbers of the prior {whole!r} can't be read.",
            hint="separate them by commas, with a point for decimals.",
        ) from None

"""Priors as a study file states them: families with their numbers, and published ones by name."""

from __future__ import annotations

import re

from locoreg.core.errors import DesignError
from locoreg.stats.bayes import TauPrior, parse_mu_prior, parse_tau_prior, turner_prior

# turner(2015, all-cause mortality, non-pharmacological v pharmacological)
_TURNER = re.compile(r"\s*turner\s*\((.*)\)\s*\Z", re.IGNORECASE)
_EXAMPLE = "write turner(2015, all-cause mortality, non-pharmacological v pharmacological), say."


def tau_prior_of(text: str) -> TauPrior:
    """Return a prior on tau by the text that states it.

    Parameters
    ----------
    text : str
        A family with its numbers, as :func:`locoreg.stats.bayes.parse_tau_prior` reads it, or
        ``turner(EDITION, OUTCOME, COMPARISON)``: a prior of Turner et al. for log odds ratios
        (2012, doi:10.1093/ije/dys041; 2015, doi:10.1002/sim.6381).

    Returns
    -------
    TauPrior
        The prior.

    Raises
    ------
    DesignError, DataError
        If the text can't be read.
    """
    match = _TURNER.match(text)
    if match is None:
        return parse_tau_prior(text)
    # Outcomes may have commas in their names, editions and comparisons have none.
    edition, _, rest = match[1].partition(",")
    outcome, _, comparison = rest.rpartition(",")
    if not edition.strip().isdecimal() or not outcome.strip() or not comparison.strip():
        raise DesignError(f"the prior {text!r} can't be read.", hint=_EXAMPLE)
    return turner_prior(
        edition=int(edition), outcome=outcome.strip(), comparison=comparison.strip()
    )


def check_mu_prior(text: str) -> None:
    """Refuse a prior on the mean effect that can't be read.

    Parameters
    ----------
    text : str
        ``flat`` or ``normal(mean, sd)``.
    """
    parse_mu_prior(text)

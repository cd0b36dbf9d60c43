"""Names of estimators and intervals, with other tools' spellings of them."""

from __future__ import annotations

from locoreg.core.errors import DataError, did_you_mean
from locoreg.stats.randomeffects import Interval
from locoreg.stats.tau2 import Method

# Other tools' spellings, so that a user of metafor or meta finds what they know.
METHODS = {
    "CE": ("CE", "FE", "EE"),
    "DL": ("DL",),
    "HE": ("HE",),
    "HS": ("HS",),
    "HSk": ("HSk",),
    "SJ": ("SJ",),
    "ML": ("ML",),
    "REML": ("REML",),
    "EB": ("EB",),
    "PM": ("PM",),
    "PMM": ("PMM",),
    "GENQ": ("GENQ",),
}
INTERVALS = {
    "normal": ("normal", "z", "wald"),
    "t": ("t",),
    "hartung-knapp": ("hartung-knapp", "hk", "hksj", "knha"),
    "hartung-knapp-floor": ("hartung-knapp-floor", "adhoc"),
}
METHOD_LABELS = {
    "CE": "common effect, inverse variance",
    "DL": "DerSimonian-Laird",
    "HE": "Hedges",
    "HS": "Hunter-Schmidt",
    "HSk": "Hunter-Schmidt, corrected for few studies",
    "SJ": "Sidik-Jonkman",
    "ML": "maximum likelihood",
    "REML": "restricted maximum likelihood",
    "EB": "empirical Bayes",
    "PM": "Paule-Mandel",
    "PMM": "Paule-Mandel, median-unbiased",
    "GENQ": "Q with given weights",
}


def method_name(method: str) -> Method:
    """Return the estimator's name for a name or another tool's spelling of it."""
    return _canonical("method", method, METHODS)  # type: ignore[return-value]


def interval_name(interval: str) -> Interval:
    """Return the interval's name for a name or another tool's spelling of it."""
    return _canonical("interval", interval, INTERVALS)  # type: ignore[return-value]


def usual_interval(method: str) -> str:
    """Return the interval that goes with an estimator unless the user chooses.

    Hartung-Knapp with the random-effects estimators; the normal interval with
    the common-effect model and with DerSimonian-Laird, whose textbook form has
    it (DerSimonian & Laird 1986).
    """
    return "normal" if method_name(method) in ("CE", "DL") else "hartung-knapp"


def _canonical(what: str, given: str, names: dict[str, tuple[str, ...]]) -> str:
    for name, spellings in names.items():
        if given.casefold() in (spelling.casefold() for spelling in spellings):
            return name
    raise DataError(f"there is no {what} {given!r}.", hint=did_you_mean(given, names))

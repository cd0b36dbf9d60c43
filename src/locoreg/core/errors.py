"""The errors that locoreg raises on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# More options than this in one sentence help nobody.
MOST_LISTED = 24


class LocoregError(Exception):
    """Base of every error that a user can mend.

    Parameters
    ----------
    message : str
        One sentence: what is wrong and where.
    hint : str, optional
        What to do about it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} Hint: {self.hint}"


class DataError(LocoregError):
    """The input data can't be used as they are."""


class DesignError(LocoregError):
    """The question asked does not fit the data or the options given."""


class NothingToPoolError(DesignError):
    """No study has a usable number: an answer to show, and no slip in the question."""


class ConvergenceError(LocoregError):
    """An iterative computation did not reach its answer."""


def did_you_mean(name: str, options: Iterable[str]) -> str | None:
    """Return a hint that names the options closest to a mistyped name.

    Parameters
    ----------
    name : str
        What was given.
    options : iterable of str
        What is allowed.

    Returns
    -------
    str or None
        A sentence, or None when nothing is close and the options are too many to list.
    """
    allowed = sorted(options)
    folded = name.casefold()
    close = [option for option in allowed if folded and folded in option.casefold()][:3]
    close = close or get_close_matches(name, allowed, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if not allowed or len(allowed) > MOST_LISTED:
        return None
    return f"allowed are {', '.join(allowed)}."

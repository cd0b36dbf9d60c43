"""Whole numbers of the command line: one with a fraction is refused, and not rounded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

import cyclopts

_WHOLE = re.compile(r"[+-]?\d+")


def convert(kind: Any, tokens: Sequence[cyclopts.Token]) -> Any:
    """Convert what was given for a parameter; cyclopts alone would round 1.4 to 1.

    Parameters
    ----------
    kind : type
        Of the parameter.
    tokens : sequence of Token
        What was given.

    Returns
    -------
    object
        As cyclopts converts it.

    Raises
    ------
    ValueError
        If a whole number has a fraction or an exponent.
    """
    if _is_whole(kind):
        for token in tokens:
            if not _WHOLE.fullmatch(token.value.strip()):
                raise ValueError(f"{token.value!r} is no whole number")
    return cyclopts.convert(kind, tokens)


def _is_whole(kind: Any) -> bool:
    inner = [one for one in get_args(kind) if one not in (type(None), Ellipsis)]
    return kind is int or (bool(inner) and all(_is_whole(one) for one in inner))

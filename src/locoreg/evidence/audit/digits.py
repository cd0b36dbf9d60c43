"""Typing slips: the numbers that one slip turns into each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator


def swaps(text: str) -> Iterator[str]:
    """Yield the numbers with two adjacent digits exchanged: 0.67 gives 6.07 never, 0.76 yes.

    Parameters
    ----------
    text : str
        A printed number. The decimal point stays where it is.
    """
    places = [i for i, sign in enumerate(text) if sign.isdigit()]
    for first, second in itertools.pairwise(places):
        if text[first] != text[second]:
            signs = list(text)
            signs[first], signs[second] = signs[second], signs[first]
            yield "".join(signs)


def replacements(text: str) -> Iterator[str]:
    """Yield the numbers with one digit changed."""
    for i, sign in enumerate(text):
        if sign.isdigit():
            yield from (text[:i] + d + text[i + 1 :] for d in "0123456789" if d != sign)


def is_swap(first: str, second: str) -> bool:
    """Return whether two printed numbers differ by one exchange of adjacent digits."""
    return second in set(swaps(first))


def slip(first: str, second: str) -> str | None:
    """Return how one slip turns one printed number into the other, or None."""
    if is_swap(first, second):
        return "two adjacent digits are exchanged"
    if second in set(replacements(first)):
        return "one digit differs"
    return None

"""Find the part of a result that belongs to a stratum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.stats.survivaldata import label_text


class _OfStratum(Protocol):
    @property
    def stratum(self) -> str: ...


Part = TypeVar("Part", bound=_OfStratum)


def part_of(parts: Iterable[Part], stratum: object) -> Part:
    """Return the part of a stratum.

    Parameters
    ----------
    parts : iterable
        Curves, means or bands, one per stratum.
    stratum : object
        Its label, as it was given or as text.

    Returns
    -------
    object
        The part.

    Raises
    ------
    DesignError
        If there is no such stratum; the hint names the nearest.
    """
    by_name = {part.stratum: part for part in parts}
    name = label_text(stratum)
    if name not in by_name:
        raise DesignError(f"there is no stratum {name!r}.", hint=did_you_mean(name, by_name))
    return by_name[name]

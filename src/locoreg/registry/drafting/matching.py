"""Which columns of the registry a header may name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from locoreg.registry.drafting.folding import words
from locoreg.registry.drafting.profile import ColumnProfile
from locoreg.registry.drafting.vocabulary import header_phrases

Place = tuple[str, str]
UNITS = {
    "mm": "mm",
    "millimeter": "mm",
    "millimetre": "mm",
    "cm": "cm",
    "centimeter": "cm",
    "centimetre": "cm",
    "gy": "Gy",
    "gray": "Gy",
    "cgy": "cGy",
    "mgy": "mGy",
    "day": "days",
    "days": "days",
    "tage": "days",
    "week": "weeks",
    "weeks": "weeks",
    "month": "months",
    "months": "months",
    "mo": "months",
    "mos": "months",
    "monate": "months",
    "mois": "months",
    "year": "years",
    "years": "years",
    "yrs": "years",
    "jahre": "years",
}
# Words of a header that add nothing.
_FILLERS = frozenset(
    ("the", "of", "at", "a", "an", "patient", "tumor", "tumour", "value", "in", "is", "nr", "no")
)
_SHORT = 4
# Candidates that are named in a comment at most.
MOST_CANDIDATES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a header says.

    Attributes
    ----------
    exact : tuple of (str, str)
        Tables and columns whose name or synonym the header is.
    near : tuple of (str, str)
        Those whose synonym stands in the header or in the description, best first.
    unit : str or None
        Unit that the header names.
    """

    exact: tuple[Place, ...]
    near: tuple[Place, ...]
    unit: str | None


def match_header(profile: ColumnProfile) -> Match:
    """Return what the header and the description of a column may mean."""
    unit = next((u for name in profile.names if (u := header_unit(name)) is not None), None)
    described = words(profile.description)[:12]
    unit = unit or header_unit(described)
    phrases = header_phrases()
    for name in profile.names:
        for spelling in _spellings(name):
            if spelling in phrases:
                return Match(exact=phrases[spelling], near=(), unit=unit)
    for spelling in _spellings(described):
        if spelling in phrases:
            return Match(exact=(), near=phrases[spelling][:MOST_CANDIDATES], unit=unit)
    near = next((found for name in profile.names if (found := _near(name))), ())
    return Match(exact=(), near=near or _near(described), unit=unit)


def header_unit(header: tuple[str, ...]) -> str | None:
    """Return the unit that a header's words name."""
    return next((UNITS[word] for word in reversed(header) if word in UNITS), None)


def _spellings(header: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield header
    if len(header) > 1 and len("".join(header)) <= _SHORT:
        # cT is two words by its capital letter, and one word to a physician.
        yield ("".join(header),)
    bare = tuple(word for word in header if word not in UNITS)
    yield bare
    yield tuple(word for word in bare if word not in _FILLERS)


def _near(header: tuple[str, ...]) -> tuple[Place, ...]:
    """Return what phrases in a header name that make up half of it at least."""
    found: dict[Place, int] = {}
    phrases = header_phrases()
    telling = [word for word in header if word not in _FILLERS and word not in UNITS]
    for length in range(min(len(header), 6), 0, -1):
        if 2 * length < len(telling):
            break
        for start in range(len(header) - length + 1):
            part = header[start : start + length]
            if length == 1 and len(part[0]) < 3 and part[0].isascii():
                continue
            for place in phrases.get(part, ()):
                if place[1] != "patient_id":
                    found.setdefault(place, length)
    ranked = sorted(found, key=lambda place: -found[place])
    return tuple(ranked[:MOST_CANDIDATES])

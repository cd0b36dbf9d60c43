"""What words of the data mean: from the shipped lists of synonyms."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from locoreg.registry.drafting.folding import fold, loose, words
from locoreg.registry.tables import REASONS, TABLES, Column

UNKNOWN = "unknown"


def canonical_word(table: str, column: Column, value: str) -> str | None:
    """Return the canonical code that a value stands for, None if it is no known synonym.

    Parameters
    ----------
    table : str
        Canonical table.
    column : Column
        Its column: with a vocabulary, or of type ``bool``.
    value : str
        Value of the source.
    """
    own = {fold(code): code for code in column.allowed}
    lists = _vocabularies()
    named = lists.get(f"{table}.{column.name}") or lists.get(column.name) or {}
    if column.type == "bool":
        named = lists["bool"]
    for text in (fold(value), loose(value)):
        if text in own:
            return own[text]
        if text in named and (not column.allowed or named[text] in column.allowed):
            return named[text]
    return None


def reason_word(value: str) -> str | None:
    """Return why there is no value (``not_recorded`` and so on), None if the text is a value."""
    known = _vocabularies()[UNKNOWN]
    found = known.get(fold(value)) or known.get(loose(value))
    return found if found in REASONS else None


@cache
def private_words() -> frozenset[str]:
    """Return words of headers of columns that hold names, numbers of persons or free text."""
    return frozenset(_vocabularies()["private"])


def marker_of(header: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    """Return the receptor or marker that a header names, and the other words of the header.

    Parameters
    ----------
    header : tuple of str
        Words of the header.

    Returns
    -------
    tuple or None
        Such as ``("HER2_IHC", ("value", "primary"))`` for ``HER2_IHC_VALUE_PRIMARY``.
    """
    joined = _joined(header)
    known = _marker_phrases()
    for length in (3, 2, 1):
        for start in range(len(joined) - length + 1):
            found = known.get(joined[start : start + length])
            if found:
                rest = joined[:start] + joined[start + length :]
                return _method(found, rest)
    return None


def _joined(header: tuple[str, ...]) -> tuple[str, ...]:
    """Put ``her 2``, ``ki 67``, ``pd l1`` together."""
    out: list[str] = []
    pairs = {("her", "2"): "her2", ("ki", "67"): "ki67", ("pd", "l1"): "pdl1"}
    for word in header:
        both = pairs.get((out[-1], word)) if out else None
        if both:
            out[-1] = both
        else:
            out.append(word)
    return tuple(out)


def _method(marker: str, rest: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    if marker == "HER2":
        for word, method in (("ihc", "HER2_IHC"), ("fish", "HER2_ISH"), ("ish", "HER2_ISH")):
            if word in rest:
                return method, tuple(w for w in rest if w != word)
    return marker, rest


@cache
def _marker_phrases() -> Mapping[tuple[str, ...], str]:
    # "fish" and "re" alone are words of headers that mean other things.
    alone = {"fish", "re", "rp", "er status", "her2 status", "her2 overall", "her 2"}
    return {
        words(text): canonical
        for text, canonical in _vocabularies()["marker"].items()
        if text not in alone
    }


@cache
def _vocabularies() -> Mapping[str, Mapping[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for record in _read("words.csv"):
        known = out.setdefault(record["vocabulary"], {})
        for word in record["words"].split("|"):
            known.setdefault(fold(word), record["canonical"])
    return out


@cache
def header_phrases() -> Mapping[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return which columns of which tables a header's words may name.

    Returns
    -------
    mapping
        From the words of a header to pairs of table and column; every canonical column's own name
        is among them.
    """
    out: dict[tuple[str, ...], dict[tuple[str, str], None]] = {}
    for record in _read("headers.csv"):
        place = (record["table"], record["column"])
        own = record["column"].replace("_", " ")
        for phrase in (own, *record["phrases"].split("|")):
            out.setdefault(words(phrase), {})[place] = None
    return {phrase: tuple(places) for phrase, places in out.items()}


def _read(name: str) -> Iterator[dict[str, str]]:
    text = files("locoreg.registry.drafting").joinpath(name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def known_places() -> Iterator[tuple[str, str]]:
    """Return each table and column that the lists of headers name."""
    for record in _read("headers.csv"):
        if record["column"] in TABLES[record["table"]].names:
            yield record["table"], record["column"]

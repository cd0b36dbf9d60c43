"""Texts as they are compared: headers as words, values without case and accents."""

from __future__ import annotations

import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def fold(text: str) -> str:
    """Return a value without case, accents and superfluous spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = unicodedata.normalize("NFKD", plain)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def words(header: str) -> tuple[str, ...]:
    """Return the words of a header: ``DateOfBirth``, ``date_of_birth`` and ``Date of birth``."""
    text = unicodedata.normalize("NFC", _CAMEL.sub(" ", header)).casefold().translate(_UMLAUTS)
    return tuple(fold(word) for word in _WORD.findall(text))


def loose(text: str) -> str:
    """Return a value as its words only: ``III (High)`` is ``iii high``."""
    return " ".join(_WORD.findall(fold(text)))

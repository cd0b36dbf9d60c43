"""Bundles and lists that are too large to be held at once: read entry by entry."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import Any

from locoreg.registry.mcode.jsontext import BadJsonError, decode_from

PIECE_BYTES = 4 << 20
# One entry, or one other element of the bundle.
ENTRY_CHARACTERS = 64 << 20
_SPACE = " \t\r\n"
_NUMBER = "0123456789.eE+-"


class _Text:
    """The text of a stream, of which only a window is held."""

    def __init__(self, head: bytes, stream: BufferedReader) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._stream = stream
        self._ended = False
        self._text = self._decode(head, final=False)
        self._at = 0

    def next(self) -> str:
        """Return the next character that is no space without taking it; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, wanted: str) -> None:
        """Take a character; BadJsonError if another one comes next."""
        if self.next() != wanted:
            raise BadJsonError("the text is no valid JSON")
        self._at += 1

    def value(self) -> Any:
        """Take a value."""
        self.next()
        while True:
            try:
                value, end = decode_from(self._text, self._at)
            except json.JSONDecodeError:
                if len(self._text) - self._at > ENTRY_CHARACTERS:
                    raise BadJsonError("one entry is larger than 64 MB") from None
                if not self._more():
                    raise BadJsonError("the text is no valid JSON") from None
                continue
            # A number may go on in what was not yet read: "1." and "1e" are read as 1.
            if not self._text[end:].strip(_NUMBER) and self._more():
                continue
            self._at = end
            return value

    def _more(self) -> bool:
        """Read on; False if there is no more."""
        if self._ended:
            return False
        # An entry that does not fit is tried again with twice as much.
        piece = self._stream.read(max(PIECE_BYTES, len(self._text) - self._at))
        self._ended = not piece
        self._text = self._text[self._at :] + self._decode(piece, final=self._ended)
        self._at = 0
        return True

    def _decode(self, piece: bytes, *, final: bool) -> str:
        try:
            return self._decoder.decode(piece, final)
        except UnicodeDecodeError:
            raise BadJsonError("the text is not UTF-8") from None


def read_large(
    head: bytes, stream: BufferedReader, entry: Callable[[Any, int], None]
) -> dict[str, Any] | None:
    """Hand on the entries of a bundle, or the elements of a list, one after the other.

    Parameters
    ----------
    head : bytes
        What was read of the stream.
    stream : BufferedReader
        The rest.
    entry : callable
        Takes an entry or element and its number from 1.

    Returns
    -------
    dict or None
        The other elements of the bundle; None for a list.

    Raises
    ------
    BadJsonError
        If the text is no JSON, or no object and no list.
    """
    text = _Text(head, stream)
    if text.next() == "[":
        for number, value in enumerate(_elements(text), start=1):
            entry(value, number)
        _end(text)
        return None
    others: dict[str, Any] = {}
    text.take("{")
    while text.next() != "}":
        name = text.value()
        text.take(":")
        if not isinstance(name, str) or name in others:
            raise BadJsonError("an object names an element twice")
        if name == "entry" and text.next() == "[":
            others[name] = []
            for number, value in enumerate(_elements(text), start=1):
                entry(value, number)
        else:
            others[name] = text.value()
        if text.next() != "}":
            text.take(",")
    text.take("}")
    _end(text)
    return others


def _elements(text: _Text) -> Iterator[Any]:
    text.take("[")
    while text.next() != "]":
        yield text.value()
        if text.next() != "]":
            text.take(",")
    text.take("]")


def _end(text: _Text) -> None:
    if text.next():
        raise BadJsonError("the text is no valid JSON")

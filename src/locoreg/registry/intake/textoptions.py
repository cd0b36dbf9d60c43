"""How a delimited file is written."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Literal

from locoreg.core.errors import DesignError

DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii", "latin-1",
    "iso8859-15", "cp1252", "cp1250", "cp850", "cp437", "mac-roman",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """How a delimited file is written, as far as it is stated.

    Attributes
    ----------
    delimiter : str or None
        Character, or ``tab``, ``comma``, ``semicolon``, ``pipe``; seen from the header if None.
    encoding : str or None
        Encoding; UTF-8, or what a byte order mark says, if None.
    comment : str
        Lines above the header that begin with this text are no header; empty for none.
    quoting : {"standard", "none"}
        ``none``: quotes are characters like others.
    skip : int
        Lines at the start that are no header, such as a title; read as comments.
    """

    delimiter: str | None = None
    encoding: str | None = None
    comment: str = "#"
    quoting: Literal["standard", "none"] = "standard"
    skip: int = 0

    def __post_init__(self) -> None:
        if self.delimiter is not None:
            char = DELIMITERS.get(self.delimiter, self.delimiter)
            if len(char) != 1 or char in '"\r\n\0 ':
                raise DesignError(
                    f"{self.delimiter!r} can't be a delimiter.",
                    hint=f"one character, or one of {', '.join(DELIMITERS)}.",
                )
        if self.encoding is not None:
            self.codec()

    def codec(self) -> str | None:
        """Return the name of the encoding as Python has it, None if not stated."""
        if self.encoding is None:
            return None
        try:
            name = codecs.lookup(self.encoding).name
        except (LookupError, ValueError):
            name = ""
        if name not in {codecs.lookup(known).name for known in ENCODINGS}:
            raise DesignError(
                f"the encoding {self.encoding!r} is not known.",
                hint=f"allowed are {', '.join(ENCODINGS)}.",
            )
        return name

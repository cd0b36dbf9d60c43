"""JSON as it must be: no element twice, no NaN, no bottomless nesting."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

TOO_DEEP = "the JSON is nested deeper than any resource"


class BadJsonError(Exception):
    """A text is no usable JSON; the message is the same for every text with this fault."""


def decode(raw: bytes) -> Any:
    """Return the value of a JSON text.

    Parameters
    ----------
    raw : bytes
        UTF-8.

    Raises
    ------
    BadJsonError
        If it is no JSON, names an element twice, or is nested without end.
    """
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadJsonError("the text is not UTF-8") from None
    except RecursionError:
        raise BadJsonError(TOO_DEEP) from None
    except json.JSONDecodeError:
        raise BadJsonError("the text is no valid JSON") from None
    except ValueError:
        # Python refuses whole numbers of more than 4,300 digits.
        raise BadJsonError("a number has thousands of digits") from None


def decode_from(text: str, start: int) -> tuple[Any, int]:
    """Return the value that begins at a place of a text, and where it ends.

    Raises
    ------
    json.JSONDecodeError
        If it is no JSON, or the text ends too early.
    BadJsonError
        If it names an element twice, or is nested without end.
    """
    try:
        return _DECODER.raw_decode(text, start)
    except RecursionError:
        raise BadJsonError(TOO_DEEP) from None
    except json.JSONDecodeError:
        raise
    except ValueError:
        raise BadJsonError("a number has thousands of digits") from None


def encode(value: Any) -> bytes:
    """Return a value that was decoded as compact JSON; BadJsonError if it is too deep."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8")
    except RecursionError:
        raise BadJsonError(TOO_DEEP) from None
    except UnicodeEncodeError:
        # Half of a surrogate pair can only be written as it was read.
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJsonError("an object names an element twice")
    return found


def _constant(name: str) -> NoReturn:
    raise BadJsonError(f"{name} is no number in JSON")


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise BadJsonError("a number is larger than any measurement")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_number
)

"""A hash of what a protocol says, whatever its spelling."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> Any:
    """Return JSON-ready values in which equal numbers are written alike: 6.0 as 6.

    Parameters
    ----------
    value : object
        JSON-ready values.

    Returns
    -------
    object
        The same with whole floats as integers.
    """
    if isinstance(value, dict):
        return {str(key): canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def content_sha256(content: Any) -> str:
    """Return the SHA-256 of JSON-ready values; the order of keys does not matter.

    Parameters
    ----------
    content : object
        JSON-ready values.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    text = json.dumps(canonical(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()

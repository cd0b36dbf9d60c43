"""JSON without NaN: what every ``--json`` prints."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any


def json_ready(value: Any) -> Any:
    """Return the value with NaN and infinities as null and tuples as lists.

    Parameters
    ----------
    value : object
        Mappings, sequences, numbers (NumPy's included), strings, None.

    Returns
    -------
    object
        Plain dicts, lists, numbers, strings, booleans and None.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [json_ready(item) for item in value]
    if hasattr(value, "tolist"):
        return json_ready(value.tolist())
    number = float(value)
    return number if math.isfinite(number) else None


def dumps(value: Any) -> str:
    """Return the value as one indented JSON document, null instead of NaN."""
    return json.dumps(json_ready(value), indent=2, ensure_ascii=False, allow_nan=False)

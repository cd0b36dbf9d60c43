"""Every other number of the results, by its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from locoreg.core.numbertext import decimal_text

# What tells items of a list apart, so that one more in front does not move all the others.
NAMES = (
    "key", "name", "study_id", "label", "claim_id", "pool_id", "question", "measure", "rule",
    "variable", "number", "group",
)  # fmt: skip
# A list of so many numbers is a curve: it moves as one.
SERIES = 8
# Hashes and texts on how results were made; the reasons tell of them.
LEFT_OUT = (
    "provenance", "steps", "inputs", "changes", "study_file", "protocol", "plan", "schema",
    "model_card", "protocol_sha256", "options", "version",
)  # fmt: skip


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every number and verdict of JSON-ready values with its path.

    Parameters
    ----------
    value : dict, list, str, float, bool or None
        The values.
    path : str
        Where they stand.

    Yields
    ------
    tuple of str and value
        Path, and what stands there; a long list of numbers as a tuple.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in LEFT_OUT:
                yield from leaves(inner, f"{path}/{key}" if path else key)
    elif isinstance(value, list):
        if len(value) >= SERIES and all(_is_number(one) or one is None for one in value):
            yield path, tuple(value)
            return
        seen: dict[str, int] = {}
        for i, inner in enumerate(value):
            name = _name(inner, i)
            seen[name] = seen.get(name, 0) + 1
            # A second item of the same name is told apart by its place among them.
            place = name if seen[name] == 1 else f"{name}#{seen[name]}"
            yield from leaves(inner, f"{path}/{place}")
    else:
        yield path, value


def shown(value: Any) -> str:
    """Return a value as text."""
    if isinstance(value, tuple):
        return f"a series of {len(value)} numbers"
    if _is_number(value):
        return f"{value:,}" if isinstance(value, int) else _float(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _float(value: float) -> str:
    # Two decimals hide what moved in a small number.
    return decimal_text(value) if abs(value) >= 1 else f"{value:.3g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(item: Any, place: int) -> str:
    if isinstance(item, dict):
        parts = [str(item[key]) for key in NAMES if isinstance(item.get(key), str)]
        parts += [f"{item['at_months']:g}"] if _is_number(item.get("at_months")) else []
        if parts:
            return " ".join(parts[:3])
    return str(place)

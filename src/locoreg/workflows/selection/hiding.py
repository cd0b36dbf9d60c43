"""A selection without counts of few persons."""

from __future__ import annotations

from typing import Any

from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.emulation.smallcells import shown_attrition
from locoreg.workflows.emulation.smalltexts import redacted
from locoreg.workflows.selection.result import SelectionResult

# Keys that count persons or events of theirs.
COUNTS = frozenset(
    ("n", "treated", "comparator", "events", "censored", "followed", "persons", "n_treated",
     "n_comparator", "trained", "held_out")
)  # fmt: skip


def hidden_selection(result: SelectionResult, limit: int | None) -> dict[str, Any]:
    """Return ``results.json`` of a selection without counts of few persons.

    Parameters
    ----------
    result : SelectionResult
        The selection.
    limit : int or None
        Counts from 1 to this many are hidden; None hides nothing.

    Returns
    -------
    dict
        Where one count of a list of groups is small, all counts of the list are null: they add up
        to what is known. Texts are redacted, and the flow is that of the page.
    """
    check_small_cells(limit)
    if limit is None:
        return result.to_dict()
    out: dict[str, Any] = _hide(result.to_dict(), limit, result.data.n)
    out["small_cells"] = limit
    started, steps = shown_attrition(result.data.attrition, limit)
    out["data"]["attrition"] = {
        "source": result.data.attrition.source,
        "started": started.n,
        "steps": [
            {
                "name": step.name,
                "excluded": step.excluded.n,
                "unknown": step.unknown.n,
                "left": step.left.n,
            }
            for step in steps
        ],
        "left": result.data.attrition.left,
    }
    n = result.data.n
    out["data"]["unknown"] = {
        name: None if is_small(count, limit) or is_small(n - count, limit) else count
        for name, count in result.data.unknown
    }
    return out


def is_small(value: Any, limit: int) -> bool:
    """Return whether a value is a count that is hidden."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= limit


def has_small(value: Any, limit: int) -> bool:
    """Return whether any count in JSON-ready values is small."""
    if isinstance(value, dict):
        return any(
            (key in COUNTS and is_small(one, limit)) or has_small(one, limit)
            for key, one in value.items()
        )
    return isinstance(value, list) and any(has_small(one, limit) for one in value)


def _hide(value: Any, limit: int, n: int, *, all_of_it: bool = False) -> Any:
    if isinstance(value, str):
        return redacted(value, limit, n)
    if isinstance(value, dict):
        own = {key: one for key, one in value.items() if key in COUNTS}
        gone = all_of_it or any(is_small(one, limit) for one in own.values())
        return {
            key: None
            if gone and key in own and isinstance(one, int)
            else _hide(one, limit, n, all_of_it=all_of_it and not isinstance(one, list))
            for key, one in value.items()
        }
    if isinstance(value, list):
        gone = any(
            isinstance(one, dict)
            and any(key in COUNTS and is_small(v, limit) for key, v in one.items())
            for one in value
        )
        return [_hide(one, limit, n, all_of_it=gone) for one in value]
    return value

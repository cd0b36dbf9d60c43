"""What differs in what two runs were made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Records = Mapping[str, Mapping[str, Any]]
# Names of the parts of a step's options that need no name of their own.
_PLAIN = ("entry", "evidence", "registry")


def reasons(
    before: dict[str, Any], after: dict[str, Any], old: Records, new: Records
) -> Iterator[str]:
    """Yield what differs, step by step.

    Parameters
    ----------
    before, after : dict
        Results of the two runs.
    old, new : mapping of str to mapping
        Records of their steps by name: key, version, options, inputs.

    Yields
    ------
    str
        A sentence each.
    """
    first, second = (r["provenance"]["version"] for r in (before, after))
    if first != second:
        yield f"locoreg {first} was used before, now {second}."
    sources = [{r.get("source") for r in one.values() if r.get("source")} for one in (old, new)]
    if first == second and sources[0] and sources[1] and sources[0] != sources[1]:
        yield "The program differs, under the same version number."
    yield from _study(before, after)
    names = [one["name"] for one in before["steps"]], [one["name"] for one in after["steps"]]
    yield from (f"New part: {name}." for name in names[1] if name not in names[0])
    yield from (f"Part left out: {name}." for name in names[0] if name not in names[1])
    keys = [{one["name"]: one.get("key") for one in r["steps"]} for r in (before, after)]
    for name in (name for name in names[1] if name in names[0]):
        if keys[0][name] == keys[1][name]:
            continue
        told = list(_step(name, old.get(name, {}), new.get(name, {})))
        yield from told
        needs = new.get(name, {}).get("needs") or ()
        if not told and any(keys[0].get(one) != keys[1].get(one) for one in needs):
            yield f"{name}: rests on {', '.join(needs)}, which differs."


def _study(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield what differs in studies, and in what the study file says of the whole."""
    was = (before.get("tables") or {}).get("studies") or ()
    is_now = (after.get("tables") or {}).get("studies") or ()
    if was and is_now:
        yield from (f"Study {one} added to the tables." for one in is_now if one not in was)
        yield from (f"Study {one} gone from the tables." for one in was if one not in is_now)
    for name in ("title", "search_date", "question", "small_cells"):
        yield from _differences(name, before.get(name), after.get(name))
    plans = [(r["provenance"].get("options") or {}).get("plans") or {} for r in (before, after)]
    for name in ("findings", "how_sure", "planning"):
        yield from _differences(name, plans[0].get(name), plans[1].get(name))


def _step(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    before, after = old.get("options") or {}, new.get("options") or {}
    for part in dict.fromkeys((*before, *after)):
        if part == "study_file":
            continue
        prefix = f"{name}" if part in _PLAIN else f"{name}, {part}"
        yield from _differences(prefix, before.get(part), after.get(part))
    inputs = [
        {one["name"]: one["sha256"] for one in record.get("inputs") or ()} for record in (old, new)
    ]
    for what in dict.fromkeys((*inputs[0], *inputs[1])):
        a, b = inputs[0].get(what), inputs[1].get(what)
        if a != b and a is not None and b is not None and what != "protocol":
            yield f"{name}: the {what} data differ (SHA-256 {a[:12]} before, now {b[:12]})."


def _differences(place: str, before: Any, after: Any) -> Iterator[str]:
    """Yield where two values differ, as deep as they are alike in form."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            sign = ": " if ":" not in place else "."
            yield from _differences(f"{place}{sign}{key}", before.get(key), after.get(key))
    elif (
        isinstance(before, list)
        and isinstance(after, list)
        and len(before) == len(after)
        and any(isinstance(one, dict) for one in (*before, *after))
    ):
        for i, (a, b) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{place}.{_named(a, b, i)}", a, b)
    else:
        yield f"{place} {_text(before)} -> {_text(after)}."


def _named(before: Any, after: Any, place: int) -> str:
    for key in ("name", "question", "label", "variable"):
        values = {one.get(key) for one in (before, after) if isinstance(one, dict)}
        if len(values) == 1 and None not in values:
            return str(values.pop())
    return str(place)


def _text(value: Any) -> str:
    if value is None:
        return "not given"
    if isinstance(value, list):
        return "[" + ", ".join(_text(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_text(v)}" for k, v in value.items()) + "}"
    return f"{value:g}" if isinstance(value, float) else str(value)

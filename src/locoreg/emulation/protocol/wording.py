"""Errors of validation as faults: what is wrong, in words, and the nearest known key."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from locoreg.core.errors import did_you_mean
from locoreg.core.tables import shorten
from locoreg.emulation.protocol.faults import Fault, FaultsError, Path

# Keys without a default because they say what is estimated.
_ESTIMAND = (
    "grace_months",
    "initiation",
    "rule",
    "contrast",
    "interval_months",
    "horizon_months",
    "at_months",
    "level",
    "unknown",
)
_KINDS = {
    "float_parsing": "is no number",
    "float_type": "is no number",
    "int_parsing": "is no whole number",
    "int_type": "is no whole number",
    "int_from_float": "is no whole number",
    "finite_number": "is no finite number",
    "string_type": "is no text",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "tuple_type": "is no list",
    "dict_type": "holds no keys",
    "model_type": "holds no keys",
    "model_attributes_type": "holds no keys",
}
_LIMITS = {
    "greater_than": ("gt", "is not above"),
    "greater_than_equal": ("ge", "is below"),
    "less_than": ("lt", "is not below"),
    "less_than_equal": ("le", "is above"),
}
_LISTS = {
    "tuple_type": "write a list: [a, b].",
    "string_type": 'put it in quotes: "..." makes a text.',
}


def faults_of(error: ValidationError, model: type[BaseModel], content: Any) -> tuple[Fault, ...]:
    """Return what a validation found, each thing once.

    Parameters
    ----------
    error : ValidationError
        What was raised.
    model : type
        The model that was to be made.
    content : object
        What it was to be made of.

    Returns
    -------
    tuple of Fault
        In the order of the model.
    """
    found: dict[Path, Fault] = {}
    for item in error.errors(include_url=False):
        for fault in _faults(dict(item), model, content):
            # Every member of a union that does not fit is an error of its own at one place.
            key = fault.path if item["type"] != "value_error" else (*fault.path, fault.message)
            found.setdefault(key, fault)
    return tuple(found.values())


def _faults(item: Mapping[str, Any], model: type[BaseModel], content: Any) -> Iterator[Fault]:
    path = _real_path(item["loc"], content, keep_last=item["type"] == "missing")
    inner = item.get("ctx", {}).get("error")
    if isinstance(inner, FaultsError):
        yield from (fault.below(path) for fault in inner.faults)
    elif item["type"] == "extra_forbidden":
        known = _keys(_model_at(model, path[:-1]))
        yield Fault(
            path=path,
            message="there is no such key",
            hint=did_you_mean(str(path[-1]), known) or f"known are {', '.join(known)}.",
        )
    elif item["type"] == "missing":
        why = " (it says what is estimated, so it has no default)" if path[-1] in _ESTIMAND else ""
        yield Fault(path=path, message=f"is missing{why}")
    else:
        yield _value_fault(path, item)


def _value_fault(path: Path, item: Mapping[str, Any]) -> Fault:
    kind, given, ctx = item["type"], item.get("input"), item.get("ctx", {})
    shown = _shown(given)
    if kind == "literal_error":
        allowed = [text.strip("'") for text in ctx["expected"].replace(" or ", ", ").split(", ")]
        hint = did_you_mean(str(given), allowed) or f"allowed are {', '.join(allowed)}."
        return Fault(path=path, message=f"{shown} is not allowed", hint=hint)
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return Fault(path=path, message=f"{shown} {words} {ctx[name]:g}")
    if kind == "string_too_short":
        return Fault(path=path, message="is empty", hint="write a text, or leave the key out.")
    if kind in ("too_long", "missing", "too_short"):
        return Fault(path=path, message=f"{shown} has the wrong number of values")
    if kind in _KINDS:
        return Fault(path=path, message=f"{shown} {_KINDS[kind]}", hint=_LISTS.get(kind))
    text = item["msg"].removeprefix("Value error, ").removesuffix(".")
    return Fault(path=path, message=f"{text[:1].lower()}{text[1:]}, not {shown}")


def _shown(value: Any) -> str:
    if value is None:
        return "an empty value"
    if isinstance(value, Mapping):
        return "a part with keys"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return shorten(repr(value))


def _real_path(loc: Iterable[str | int], content: Any, *, keep_last: bool) -> Path:
    """Return the parts of pydantic's location that stand in the content too."""
    parts = tuple(loc)
    path: list[str | int] = []
    here = content
    for position, part in enumerate(parts):
        key = _key(here, part)
        if key is not None:
            path.append(key)
            here = here[key]
        elif keep_last and position == len(parts) - 1:
            path.append(part)
    return tuple(path)


def _key(content: Any, part: str | int) -> str | int | None:
    """Return the key or position under which a content holds a part of a location."""
    if isinstance(content, Mapping):
        found = next((key for key in content if str(key) == str(part)), None)
        return found if isinstance(found, str | int) else None
    listed = isinstance(content, list | tuple) and isinstance(part, int)
    return part if listed and 0 <= int(part) < len(content) else None


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [] if model is None else list(model.model_fields)


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Return the model of the part at a path; None if it is no model."""
    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            info = here.model_fields.get(str(part))
            here = None if info is None else info.annotation
        else:
            inner = [arg for arg in get_args(here) if arg is not Ellipsis]
            here = inner[-1] if inner else None
        here = _without_none(here)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation

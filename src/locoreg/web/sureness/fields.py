"""Fields of a form whose every value is stated: what is shown, and what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

Options = tuple[tuple[str, str], ...]
Faults = dict[str, str]
Loc = tuple[int | str, ...]
MISSING = "State it: nothing is assumed."
_SPLIT = re.compile(r"[,;\s]+")
_NUMBER = ("float_parsing", "int_parsing", "int_from_float", "float_type", "int_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field.

    Attributes
    ----------
    name, label : str
        In the query, and as it is read.
    legend : str
        Of the group that it stands in.
    parts : tuple of str
        Parts of the page that it is asked for.
    hint : str
        Unit, or how it is written.
    options : tuple of (str, str)
        Of a choice; empty for a text.
    optional : bool
        Whether it may be left empty.
    """

    name: str
    label: str
    legend: str
    parts: tuple[str, ...]
    hint: str = ""
    options: Options = ()
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """A field with its value and what is wrong with it.

    Attributes
    ----------
    field : FormField
    value, fault : str
    """

    field: FormField
    value: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """Fields under one legend."""

    legend: str
    fields: tuple[ShownField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as it is shown.

    Attributes
    ----------
    groups : tuple of ShownGroup
        Of the part that is shown.
    hidden : tuple of (str, str)
        Values of the other parts, so that they are not lost.
    faults : tuple of (str, str, str)
        Field, its label, and what is wrong; the field is empty for what concerns no single one.
    """

    groups: tuple[ShownGroup, ...]
    hidden: tuple[tuple[str, str], ...]
    faults: tuple[tuple[str, str, str], ...]


def form_of(
    fields: Sequence[FormField], values: Mapping[str, str], part: str, faults: Mapping[str, str]
) -> Form:
    """Return the form of a part.

    Parameters
    ----------
    fields : sequence of FormField
        Of all parts.
    values : mapping
        By field.
    part : str
        The part that is shown.
    faults : mapping
        By field.

    Returns
    -------
    Form
        Fields of other parts are hidden, with their values.
    """
    groups: dict[str, list[ShownField]] = {}
    hidden = []
    for one in fields:
        value = values.get(one.name, "")
        if part in one.parts:
            shown = ShownField(field=one, value=value, fault=faults.get(one.name, ""))
            groups.setdefault(one.legend, []).append(shown)
        elif value:
            hidden.append((one.name, value))
    labels = {one.name: one.label for one in fields if part in one.parts}
    return Form(
        groups=tuple(
            ShownGroup(legend=legend, fields=tuple(found)) for legend, found in groups.items()
        ),
        hidden=tuple(hidden),
        faults=tuple(
            (name if name in labels else "", labels.get(name, ""), fault)
            for name, fault in faults.items()
        ),
    )


def missing(fields: Sequence[FormField], values: Mapping[str, str], part: str) -> Faults:
    """Return the fields of a part that are empty and may not be."""
    return {
        one.name: MISSING
        for one in fields
        if part in one.parts and not one.optional and not values.get(one.name, "").strip()
    }


def listed(text: str) -> list[str]:
    """Return the entries of a list."""
    return [one for one in _SPLIT.split(text.strip()) if one]


def points(text: str) -> list[tuple[str, str]]:
    """Return ``36=67.9, 60=48`` as pairs of texts; ValueError where one has no ``=``."""
    out = []
    for one in re.split(r"[,;]", text):
        left, equals, right = one.partition("=")
        if not equals or not left.strip() or not right.strip():
            raise ValueError(f"{one.strip()!r} is not month=percent: write 36=67.9")
        out.append((left.strip(), right.strip()))
    return out


def number_of(values: Mapping[str, str], name: str, faults: Faults) -> float | None:
    """Return a field as a finite number; None where it is empty or, with a fault, none."""
    text = values.get(name, "").strip()
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if math.isfinite(found):
        return found
    faults.setdefault(name, f"{text!r} is not a number.")
    return None


def faults_of(error: ValidationError, place: Callable[[Loc], str]) -> Faults:
    """Return what a plan finds wrong, by field.

    Parameters
    ----------
    error : ValidationError
        From the plan.
    place : callable
        From a place in the plan to the field; empty for what concerns none.

    Returns
    -------
    dict of str to str
        One fault per field.
    """
    out: Faults = {}
    for one in error.errors():
        out.setdefault(place(one["loc"]), _told(one))
    return out


def last_of(loc: Loc, places: Mapping[str, str]) -> str:
    """Return the field of the last name of a place that is known; empty if none is."""
    names = [str(part) for part in loc if not isinstance(part, int)]
    return next((places[name] for name in reversed(names) if name in places), "")


def _told(one: ErrorDetails) -> str:
    if one["type"] in _NUMBER:
        return f"{str(one['input'])[:60]!r} is not a number of the kind that is asked for."
    told = str(one["msg"]).removeprefix("Value error, ")
    return f"{told[:1].upper()}{told[1:]}."

"""What the columns of a REDCap export are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from locoreg.registry.redcap.choices import checkbox_suffixes
from locoreg.registry.redcap.dictionary import Dictionary, Field
from locoreg.registry.redcap.texts import folded

Kind = Literal["field", "checkbox", "status", "structure", "unknown"]
EVENT = "redcap_event_name"
INSTRUMENT = "redcap_repeat_instrument"
INSTANCE = "redcap_repeat_instance"
GROUP = "redcap_data_access_group"
STRUCTURE = (EVENT, INSTRUMENT, INSTANCE, GROUP)
# Columns that REDCap adds and that say nothing about a patient.
_ADDED = ("redcap_survey_identifier", "redcap_survey_timestamp", "redcap_survey_return_code")
_LABELS = {
    "event name": EVENT,
    "repeat instrument": INSTRUMENT,
    "repeat instance": INSTANCE,
    "data access group": GROUP,
    "survey identifier": "redcap_survey_identifier",
    "survey timestamp": "redcap_survey_timestamp",
}
_CHOICE = re.compile(r"^(?P<label>.*?) ?\(choice=(?P<choice>.*)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportColumn:
    """One column of an export.

    Attributes
    ----------
    place : int
        Its place, from 0.
    header : str
        As it stands.
    kind : {"field", "checkbox", "status", "structure", "unknown"}
        Field; one choice of a checkbox field; status of a form (``form_complete``); a column
        that REDCap adds.
    name : str
        What a raw export calls it.
    field : Field or None
        Field of the dictionary.
    code : str or None
        Choice of the checkbox.
    """

    place: int
    header: str
    kind: Kind
    name: str
    field: Field | None = None
    code: str | None = None

    @property
    def form(self) -> str | None:
        """Form that the column belongs to, None for those that REDCap adds."""
        if self.kind == "status":
            return self.name.removesuffix("_complete")
        return None if self.field is None else self.field.form


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportHeader:
    """The columns of an export.

    Attributes
    ----------
    columns : tuple of ExportColumn
        In order.
    labelled : bool
        Whether the header has labels instead of names.
    """

    columns: tuple[ExportColumn, ...]
    labelled: bool

    def known(self) -> Iterator[ExportColumn]:
        """Return the columns that the dictionary (or REDCap itself) explains, each name once."""
        seen: set[str] = set()
        for column in self.columns:
            if column.kind != "unknown" and column.name not in seen:
                seen.add(column.name)
                yield column

    def duplicates(self) -> list[ExportColumn]:
        """Return the columns whose name an earlier column has."""
        first: dict[str, int] = {}
        for column in self.columns:
            first.setdefault(column.name, column.place)
        return [c for c in self.columns if c.kind != "unknown" and first[c.name] != c.place]


def resolve_header(header: Sequence[str], dictionary: Dictionary) -> ExportHeader:
    """Return what each column of an export is.

    Parameters
    ----------
    header : sequence of str
        First row of the export: names (raw) or labels.
    dictionary : Dictionary
        Data dictionary of the project.

    Returns
    -------
    ExportHeader
        Labels that several fields share are given out in the dictionary's order, as REDCap
        exports its fields in that order.
    """
    by_name = [_by_name(place, text, dictionary) for place, text in enumerate(header)]
    by_label = list(_by_label(header, dictionary))
    labelled = _explained(by_label) > _explained(by_name)
    first, second = (by_label, by_name) if labelled else (by_name, by_label)
    columns = tuple(a if a.kind != "unknown" else b for a, b in zip(first, second, strict=True))
    return ExportHeader(columns=columns, labelled=labelled)


def _explained(columns: Sequence[ExportColumn]) -> int:
    return sum(column.kind != "unknown" for column in columns)


def _by_name(place: int, header: str, dictionary: Dictionary) -> ExportColumn:
    name = header.strip().lower()
    field = dictionary.by_name.get(name)
    if field is not None and field.type != "checkbox":
        return ExportColumn(place=place, header=header, kind="field", name=name, field=field)
    if name in STRUCTURE or name in _ADDED:
        return ExportColumn(place=place, header=header, kind="structure", name=name)
    if (form := name.removesuffix("_complete")) != name and form in dictionary.forms:
        return ExportColumn(place=place, header=header, kind="status", name=name)
    if (form := name.removesuffix("_timestamp")) != name and form in dictionary.forms:
        return ExportColumn(place=place, header=header, kind="structure", name=name)
    base, mark, suffix = name.partition("___")
    field = dictionary.by_name.get(base)
    if mark and field is not None and field.type == "checkbox":
        # A suffix that is no choice is a missing-data code of the project.
        code = _code_of(field, suffix) or suffix
        return ExportColumn(
            place=place, header=header, kind="checkbox", name=name, field=field, code=code
        )
    return ExportColumn(place=place, header=header, kind="unknown", name=header.strip())


def _code_of(field: Field, suffix: str) -> str | None:
    for choice in field.choices:
        if suffix in checkbox_suffixes(choice.code):
            return choice.code
    return None


def _by_label(header: Sequence[str], dictionary: Dictionary) -> Iterator[ExportColumn]:
    labels: dict[str, list[Field]] = {}
    for field in dictionary.fields:
        if field.has_data:
            labels.setdefault(folded(field.label), []).append(field)
    order = {field.name: place for place, field in enumerate(dictionary.fields)}
    last: Field | None = None
    taken: set[str] = set()
    for place, text in enumerate(header):
        column = _labelled(place, text, labels, order, last, taken)
        if column.field is not None:
            last = column.field
        taken.add(column.name)
        yield column


def _labelled(
    place: int,
    header: str,
    labels: Mapping[str, list[Field]],
    order: Mapping[str, int],
    last: Field | None,
    taken: set[str],
) -> ExportColumn:
    text = folded(header)
    after = -1 if last is None else order[last.name]
    if text == "complete?" and last is not None:
        name = f"{last.form}_complete"
        return ExportColumn(place=place, header=header, kind="status", name=name)
    if (name := _LABELS.get(text, "")) and name not in taken:
        return ExportColumn(place=place, header=header, kind="structure", name=name)
    plain = [f for f in labels.get(text, ()) if f.type != "checkbox"]
    if field := _next(plain, order, after, taken):
        return ExportColumn(place=place, header=header, kind="field", name=field.name, field=field)
    found = _CHOICE.match(text)
    boxes = labels.get(found["label"].strip(), ()) if found else ()
    for field in sorted(boxes, key=lambda f: (order[f.name] < after, order[f.name])):
        for choice in field.choices:
            name = f"{field.name}___{checkbox_suffixes(choice.code)[0]}"
            if found and folded(choice.label) == found["choice"] and name not in taken:
                return ExportColumn(
                    place=place,
                    header=header,
                    kind="checkbox",
                    name=name,
                    field=field,
                    code=choice.code,
                )
    return ExportColumn(place=place, header=header, kind="unknown", name=header.strip())


def _next(
    fields: Sequence[Field], order: Mapping[str, int], after: int, taken: set[str]
) -> Field | None:
    free = [field for field in fields if field.name not in taken]
    later = [field for field in free if order[field.name] > after]
    return next(iter(later or free), None)

"""Cells of an export as a raw export has them: codes, 0 and 1, dates without a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from locoreg.registry.redcap.dictionary import Dictionary
from locoreg.registry.redcap.header import EVENT, INSTRUMENT, ExportColumn
from locoreg.registry.redcap.texts import event_name, folded, slug

if TYPE_CHECKING:
    import pyarrow as pa

_STATUS = {"incomplete": "0", "unverified": "1", "complete": "2"}
_BOX = {"checked": "1", "unchecked": "0"}
UNREADABLE = "unreadable"
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")
_TIMED = re.compile(r"(\d{4}-\d{2}-\d{2})[ T]\d{1,2}:\d{2}(:\d{2})?")


@dataclass(slots=True)
class Votes:
    """Evidence on whether cells hold codes or labels.

    Attributes
    ----------
    codes, labels : int
        Distinct cells that are a code and no label of their field, and the other way round.
    """

    codes: int = 0
    labels: int = 0

    def labelled(self, header_labelled: bool) -> bool:
        """Return whether the export holds labels; undecided cells go by the header."""
        if self.codes == self.labels:
            return header_labelled
        return self.labels > self.codes


def vote(column: ExportColumn, cells: Iterable[str], votes: Votes) -> None:
    """Add what the distinct cells of a column say about codes or labels."""
    field = column.field
    if column.kind == "checkbox":
        for cell in cells:
            votes.codes += cell in ("0", "1")
            votes.labels += cell.lower() in _BOX
    elif field is not None and field.choices:
        codes = {choice.code for choice in field.choices}
        labels = {folded(choice.label) for choice in field.choices}
        for cell in cells:
            if cell:
                is_label = folded(cell) in labels
                votes.codes += cell in codes and not is_label
                votes.labels += is_label and cell not in codes


def raw_cells(
    column: ExportColumn,
    cells: pa.Array,
    dictionary: Dictionary,
    *,
    labelled: bool,
    unknown: frozenset[str] = frozenset(),
) -> pa.Array:
    """Return cells as a raw export has them.

    Parameters
    ----------
    column : ExportColumn
        What the column is.
    cells : pyarrow.Array
        Texts.
    dictionary : Dictionary
        Data dictionary.
    labelled : bool
        Whether the export holds labels: they count first where a text is both code and label.
    unknown : frozenset of str
        Labels (folded) that mean unknown: cells with such a choice become its label, since its
        code may be a value elsewhere.

    Returns
    -------
    pyarrow.Array
        Texts that stand for nothing known are left as they are.
    """
    import pyarrow as pa

    encoded = cells.dictionary_encode()
    distinct: list[str] = encoded.dictionary.to_pylist()
    if column.kind == "field" and column.field is not None and column.field.is_date:
        changed = [_without_time(cell) for cell in distinct]
    else:
        known = _translation(column, dictionary, distinct, labelled=labelled)
        labels = _unknown_labels(column, unknown)
        changed = [labels.get(code := known.get(cell, cell), code) for cell in distinct]
    if changed == distinct:
        return cells
    return pa.array(changed, pa.string()).take(encoded.indices)


def _unknown_labels(column: ExportColumn, unknown: frozenset[str]) -> Mapping[str, str]:
    if column.kind != "field" or column.field is None or not unknown:
        return {}
    choices = column.field.choices
    return {c.code: c.label for c in choices if folded(c.label) in unknown}


def _without_time(cell: str) -> str:
    found = _TIMED.fullmatch(cell)
    return found[1] if found else cell


def _translation(
    column: ExportColumn, dictionary: Dictionary, distinct: list[str], *, labelled: bool
) -> Mapping[str, str]:
    if column.kind == "status":
        return {cell: _STATUS[cell.lower()] for cell in distinct if cell.lower() in _STATUS}
    if column.kind == "checkbox":
        return {cell: _box(column, cell) for cell in distinct if cell}
    if column.name == EVENT:
        return {cell: event_name(cell) for cell in distinct}
    if column.name == INSTRUMENT:
        forms = {slug(form): form for form in dictionary.forms}
        return {cell: forms.get(slug(cell), cell) for cell in distinct if cell}
    if column.field is None or not column.field.choices:
        return {}
    codes = {choice.code: choice.code for choice in column.field.choices}
    labels: dict[str, str] = {}
    for choice in column.field.choices:
        labels.setdefault(folded(choice.label), choice.code)
    by_label = {cell: labels[folded(cell)] for cell in distinct if folded(cell) in labels}
    return {**codes, **by_label} if labelled else {**by_label, **codes}


def _box(column: ExportColumn, cell: str) -> str:
    """Return 1 or 0 for a box; exports of labels may hold the choice's own label if ticked."""
    if cell.lower() in _BOX:
        return _BOX[cell.lower()]
    choices = column.field.choices if column.field else ()
    label = next((c.label for c in choices if c.code == column.code), None)
    return "1" if label is not None and folded(cell) == folded(label) else cell


def years_only(cells: pa.Array) -> pa.Array:
    """Return the years of dates of birth; what holds digits and no single year is unreadable."""
    import pyarrow as pa

    encoded = cells.dictionary_encode()
    years = [_year(cell) for cell in encoded.dictionary.to_pylist()]
    return pa.array(years, pa.string()).take(encoded.indices)


def _year(cell: str) -> str:
    found = set(_YEAR.findall(cell))
    if len(found) == 1:
        return str(found.pop())
    # Missing-data codes such as UNK or -99 stay; anything longer may be a date.
    return cell if len(cell) <= 4 else UNREADABLE

"""The data dictionary of a REDCap project: its fields, forms and choices."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from locoreg.core.errors import DataError
from locoreg.registry.redcap.choices import Choice, parse_choices
from locoreg.registry.redcap.texts import plain_text

WHERE_TO_EXPORT = (
    "export it in REDCap under Project Setup, 'Data Dictionary', 'Download the current Data "
    "Dictionary' (or as the API's metadata in CSV), and give it as the dictionary."
)
LARGEST = 64 * 1024 * 1024
# Headers of the download and of the API, letters and digits only.
_HEADERS = {
    "name": ("variablefieldname", "fieldname"),
    "form": ("formname",),
    "type": ("fieldtype",),
    "label": ("fieldlabel",),
    "choices": (
        "choicescalculationsorsliderlabels",
        "choicesorcalculations",
        "selectchoicesorcalculations",
    ),
    "validation": ("textvalidationtypeorshowslidernumber", "textvalidationtype"),
    "identifier": ("identifier",),
}
_REQUIRED = ("name", "form", "type", "choices")
_FIXED_CHOICES = {
    "yesno": (Choice(code="1", label="Yes"), Choice(code="0", label="No")),
    "truefalse": (Choice(code="1", label="True"), Choice(code="0", label="False")),
}
_NO_DATA = ("descriptive", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the project.

    Attributes
    ----------
    name, form, type, label : str
        As the dictionary has them; the label without markup.
    choices : tuple of Choice
        Choices of radio, dropdown and checkbox fields, and of yes/no and true/false fields.
    validation : str
        Validation of a text field such as ``date_ymd``.
    identifier : bool
        Whether the field is flagged as an identifier.
    row : int
        Row in the dictionary.
    """

    name: str
    form: str
    type: str
    label: str
    choices: tuple[Choice, ...]
    validation: str
    identifier: bool
    row: int

    @property
    def is_date(self) -> bool:
        """Whether the field holds dates (with or without a time)."""
        return self.validation.startswith(("date_", "datetime_"))

    @property
    def has_data(self) -> bool:
        """Whether exports have a column of the field."""
        return self.type not in _NO_DATA


@dataclass(frozen=True)
class Dictionary:
    """A data dictionary.

    Attributes
    ----------
    name : str
        Name of the file.
    fields : tuple of Field
        Fields in order; the first is the record id.
    remarks : tuple of (int, str)
        What was odd: row of the dictionary, words.
    """

    name: str
    fields: tuple[Field, ...]
    remarks: tuple[tuple[int, str], ...]

    @property
    def record_id(self) -> Field:
        """The field that holds the record id."""
        return self.fields[0]

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Names of the forms (instruments) in order."""
        return tuple(dict.fromkeys(field.form for field in self.fields))


def read_dictionary(path: Path) -> Dictionary:
    """Read a data dictionary (CSV), as downloaded or as the API delivers it.

    Parameters
    ----------
    path : Path
        File.

    Returns
    -------
    Dictionary
        Fields in the order of the file.

    Raises
    ------
    DataError
        If the file can't be read or is no data dictionary.
    """
    try:
        with path.open("rb") as handle:
            content = handle.read(LARGEST + 1)
    except OSError as error:
        raise DataError(
            f"the data dictionary {path} can't be read: {error.strerror}.", hint=WHERE_TO_EXPORT
        ) from error
    if len(content) > LARGEST:
        raise DataError(
            f"{path.name} is larger than any data dictionary (64 MB).", hint=WHERE_TO_EXPORT
        )
    return parse_dictionary(content, path.name)


def parse_dictionary(content: bytes, name: str) -> Dictionary:
    """Return the data dictionary that a file's bytes hold; errors as in `read_dictionary`."""
    rows = _rows(content, name)
    header = next(rows, (1, []))[1]
    places = _places(header)
    if lacking := [key for key in _REQUIRED if key not in places]:
        wanted = {"name": "Variable / Field Name", "form": "Form Name", "type": "Field Type"}
        column = wanted.get(lacking[0], "Choices, Calculations, OR Slider Labels")
        raise DataError(
            f"{name} is no REDCap data dictionary: there is no column {column!r}.",
            hint=WHERE_TO_EXPORT,
        )
    fields, remarks = _fields(rows, places)
    if not fields:
        raise DataError(f"the data dictionary {name} has no fields.", hint=WHERE_TO_EXPORT)
    return Dictionary(name=name, fields=tuple(fields), remarks=tuple(remarks))


def looks_like_dictionary(header: Sequence[str]) -> bool:
    """Return whether a file with this header is a data dictionary and no export."""
    return {"name", "form", "type"} <= set(_places(header))


def _rows(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    text = _decode(content)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"the data dictionary {name} breaks off at line {line}: {error}.",
            hint=WHERE_TO_EXPORT,
        ) from error


def _decode(content: bytes) -> str:
    for encoding in ("utf-16", "utf-8-sig", "cp1252"):
        if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _places(header: Sequence[str]) -> dict[str, int]:
    names = ["".join(c for c in cell.lower() if c.isalnum()) for cell in header]
    found = {}
    for key, spellings in _HEADERS.items():
        place = next((names.index(s) for s in spellings if s in names), None)
        if place is not None:
            found[key] = place
    return found


def _fields(
    rows: Iterator[tuple[int, list[str]]], places: Mapping[str, int]
) -> tuple[list[Field], list[tuple[int, str]]]:
    fields: dict[str, Field] = {}
    remarks: list[tuple[int, str]] = []
    form = ""
    for number, row in rows:
        cells = {
            key: row[place].strip() if place < len(row) else "" for key, place in places.items()
        }
        name = cells["name"].lower()
        # A form's name may stand in the first of its rows only.
        form = cells["form"] or form
        if not name:
            remarks.append((number, "the row names no field and is left out."))
        elif name in fields:
            remarks.append((number, f"the field {name} is defined twice; the first counts."))
        else:
            fields[name], odd = _field(number, name, form, cells)
            remarks += [(number, f"{name}: {words}") for words in odd]
    return list(fields.values()), remarks


def _field(
    number: int, name: str, form: str, cells: Mapping[str, str]
) -> tuple[Field, tuple[str, ...]]:
    kind = cells["type"].lower().replace("drop-down", "dropdown")
    choices: tuple[Choice, ...] = _FIXED_CHOICES.get(kind, ())
    odd: tuple[str, ...] = ()
    if kind in ("radio", "dropdown", "checkbox"):
        choices, odd = parse_choices(cells["choices"])
    field = Field(
        name=name,
        form=form,
        type=kind,
        label=plain_text(cells.get("label", "")),
        choices=choices,
        validation=_validation(cells.get("validation", "")),
        identifier=cells.get("identifier", "").lower() in ("y", "yes", "1", "true", "x"),
        row=number,
    )
    return field, odd


def _validation(text: str) -> str:
    # "date" is what old projects call date_ymd.
    folded = text.lower()
    return {"date": "date_ymd", "datetime": "datetime_ymd"}.get(folded, folded)

"""The column map: what a user writes to say what the columns of a file mean."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.intake.textoptions import TextOptions

Reason = Literal["not_done", "not_recorded", "not_applicable"]
Missing = dict[Reason, list[str]]
Scalar = str | int | float | bool | None


class MapPart(BaseModel):
    """A part of a map: unknown keys are refused, nothing can be changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _from_name(value: Any) -> Any:
    return {"from": value} if isinstance(value, (str, list)) else value


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Names = Annotated[list[str], BeforeValidator(_listed)]


class Condition(MapPart):
    """Which rows an entry takes.

    Attributes
    ----------
    column : str
        Column of the file.
    is_in, not_in : list of str or None
        Texts that it must, or must not, hold (``in``, ``not_in``).
    known : bool or None
        Whether it must be known, or unknown.
    """

    column: str
    is_in: Annotated[list[str] | None, BeforeValidator(_listed)] = Field(alias="in", default=None)
    not_in: Annotated[list[str] | None, BeforeValidator(_listed)] = None
    known: bool | None = None


class ColumnSpec(MapPart):
    """Where the value of one column of the registry comes from, and how it is read.

    Attributes
    ----------
    source : list of str
        Columns of the file (``from``): the first that is known counts.
    template : str or None
        Text with names of columns in braces, instead of ``from``.
    codes : dict or None
        Canonical value of each code; None for unknown.
    doubtful : dict
        Codes that are read, and raise an issue with these words.
    missing : dict or None
        Texts that mean unknown, in addition to those of the map.
    split : str or None
        What stands between several codes in one cell; they are read one by one and joined with
        semicolons.
    kind : {"text", "code", "snomed"} or None
        How text is read: as it is; as a code (``12.0`` is 12); with SNOMED CT's check digit.
    unit : str or None
        Unit of numbers, or of offsets: days, weeks, months, years.
    unit_column : str or None
        Column that holds the unit.
    decimal : {"point", "comma"} or None
        Decimal mark.
    dates : list of str or None
        Formats of dates.
    century_from : int or None
        First of the hundred years that two-digit years stand for.
    since : str or None
        ``birth`` or an anchor of the file: the numbers are offsets from it.
    before : str or None
        Anchor at which the numbers are ages: ``birth_year`` is counted back from it.
    rounded : {"down", "nearest", "up"}
        How whole months or years were made: it says which period they stand for.
    precision : {"day", "month", "year"} or None
        Precision of offsets; that of their unit if None.
    labelled_as : str or None
        Origin that the source's own documentation names: ``since_birth``, ``since_diagnosis``.
    when : list of Condition
        Conditions of the row: where they are not met, the value is null (not applicable).
    optional : bool
        Whether files without this column are accepted.
    """

    source: Annotated[list[str], BeforeValidator(_listed)] = Field(alias="from", default=[])
    template: str | None = None
    codes: dict[str, Scalar] | None = None
    doubtful: dict[str, str] = {}
    missing: Missing | None = None
    split: str | None = Field(default=None, min_length=1)
    kind: Literal["text", "code", "snomed"] | None = None
    unit: str | None = None
    unit_column: str | None = None
    decimal: Literal["point", "comma"] | None = None
    dates: Annotated[list[str] | None, BeforeValidator(_listed)] = None
    century_from: int | None = Field(default=None, ge=1800, le=2100)
    since: str | None = None
    before: str | None = None
    rounded: Literal["down", "nearest", "up"] = "down"
    precision: Literal["day", "month", "year"] | None = None
    labelled_as: Literal["since_birth", "since_diagnosis"] | None = None
    when: Annotated[list[Condition], BeforeValidator(_one_or_more)] = []
    optional: bool = False


Column = Annotated[ColumnSpec, BeforeValidator(_from_name)]


class SplitSpec(MapPart):
    """A column whose cells hold several values.

    Attributes
    ----------
    column : str
        Column of the file.
    by : str
        What stands between the values.
    """

    column: str
    by: str = Field(min_length=1)


class TableSpec(MapPart):
    """One row (or several) of a table of the registry from each row of the file.

    Attributes
    ----------
    table : str
        Table of the registry.
    when : list of Condition
        Conditions that a row must meet, all of them.
    constants : dict
        Values that are the same in all rows.
    columns : dict of str to ColumnSpec
        Columns of the registry.
    split : SplitSpec or None
        Column with several values in a cell: one row is made of each.
    repeat : list of dict
        Further columns, once per row to make: wide to long.
    """

    table: str
    when: Annotated[list[Condition], BeforeValidator(_one_or_more)] = []
    constants: dict[str, Scalar] = {}
    columns: dict[str, Column] = {}
    split: SplitSpec | None = None
    repeat: list[dict[str, Column]] = []


class LookupSpec(MapPart):
    """Columns of another file of the import, brought in by a key.

    Attributes
    ----------
    file : str
        Pattern of the other file's base name.
    key : str
        Column of this file.
    other_key : str or None
        Column of the other file, if it is called otherwise there.
    columns : dict
        Columns of the other file, and which of several values is taken: ``same`` (they must be
        equal), ``first``, ``smallest``, ``largest`` (of numbers or ISO dates).
    """

    file: str
    key: str
    other_key: str | None = None
    columns: dict[str, Literal["same", "first", "smallest", "largest"]]


class FileSpec(MapPart):
    """How the files of one kind are written and what becomes of them.

    Attributes
    ----------
    file : str
        Pattern of the base name (``*`` and ``?``).
    optional : bool
        Whether it may be missing.
    delimiter, encoding, comment, quoting, skip
        As in ``TextOptions``.
    decimal : {"point", "comma"}
        Decimal mark.
    dates : list of str
        Formats of dates.
    century_from : int or None
        First of the hundred years that two-digit years stand for.
    anchors : dict of str to ColumnSpec
        Dates that offsets are counted from: ``diagnosis``, ``last_contact`` and others.
    lookups : list of LookupSpec
        Columns of other files.
    tables : list of TableSpec
        What becomes of each row.
    """

    file: str
    optional: bool = False
    delimiter: str | None = None
    encoding: str | None = None
    comment: str = "#"
    quoting: Literal["standard", "none"] = "standard"
    skip: int = Field(default=0, ge=0, le=1000)
    decimal: Literal["point", "comma"] = "point"
    dates: Names = []
    century_from: int | None = Field(default=None, ge=1800, le=2100)
    anchors: dict[str, Column] = {}
    lookups: list[LookupSpec] = []
    tables: list[TableSpec]


class ColumnMap(MapPart):
    """A column map.

    Attributes
    ----------
    format : {1}
        Version of this format.
    source_system : str or None
        Name of the system, for the rows' provenance.
    site : str or None
        Site of all patients.
    calendar : {"real", "shifted", "relative"}
        What the dates are: see ``patient.calendar``.
    origin : date or None
        What day 0 is, where dates are relative.
    origin_is : str
        What happened on day 0; offsets name it in ``since:``.
    days_per_month : float
        Days of a month in offsets.
    missing : dict
        Texts that mean unknown, with the reason, in all columns.
    files : list of FileSpec
        The files.
    """

    format: Literal[1]
    source_system: str | None = None
    site: str | None = None
    calendar: Literal["real", "shifted", "relative"]
    origin: date | None = None
    origin_is: str = "birth"
    days_per_month: float = Field(default=DAYS_PER_MONTH, ge=28, le=31)
    missing: Missing = {}
    files: list[FileSpec] = Field(min_length=1)


def text_options(spec: FileSpec) -> TextOptions:
    """Return how a file is written, as its part of a map says."""
    return TextOptions(
        delimiter=spec.delimiter,
        encoding=spec.encoding,
        comment=spec.comment,
        quoting=spec.quoting,
        skip=spec.skip,
    )

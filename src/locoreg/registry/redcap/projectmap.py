"""A column map read together with the data dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.registry.mapping.check import check_map
from locoreg.registry.mapping.spec import ColumnMap, ColumnSpec, FileSpec
from locoreg.registry.mapping.template import template_names
from locoreg.registry.mapping.yamltext import Tree, read_yaml
from locoreg.registry.redcap.dictionary import Dictionary, Field
from locoreg.registry.redcap.expand import expand_file
from locoreg.registry.redcap.header import STRUCTURE
from locoreg.registry.redcap.rows import is_private
from locoreg.registry.redcap.texts import folded
from locoreg.registry.tables import TABLES

# How an instrument stands where other maps have the pattern of a file.
MARK = "instrument "
# Exports hold dates so, whatever the validation of the field.
DATES = ["%Y-%m-%d"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectMap:
    """A map and what it says about the project.

    Attributes
    ----------
    column_map : ColumnMap
        The map with all codes of choices written out.
    text : bytes
        Its text, for fingerprints.
    unknown : frozenset of str
        Labels (folded) that mean unknown.
    years_of : frozenset of str
        Fields of which only the year may be kept.
    flagged_dates : tuple of str
        Date fields flagged as identifiers that the map uses.
    """

    column_map: ColumnMap
    text: bytes
    unknown: frozenset[str]
    years_of: frozenset[str]
    flagged_dates: tuple[str, ...]


def instrument_of(spec: FileSpec) -> str | None:
    """Return the instrument that a part of a map is about, None for patterns of files."""
    return spec.file.removeprefix(MARK) if spec.file.startswith(MARK) else None


def load_project_map(path: Path, dictionary: Dictionary) -> ProjectMap:
    """Read a column map for a REDCap project.

    Parameters
    ----------
    path : Path
        YAML file; parts of ``files`` may say ``instrument: NAME`` instead of ``file:``.
    dictionary : Dictionary
        Data dictionary of the project.

    Returns
    -------
    ProjectMap
        The map, checked against the dictionary.

    Raises
    ------
    DataError, DesignError
        If the map can't be read, is wrong, names fields that the project lacks, or would keep
        identifiers or free text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise DataError(f"the map {path} can't be read: {why}.") from None
    return parse_project_map(text, dictionary, name=path.name)


def parse_project_map(text: str, dictionary: Dictionary, *, name: str = "the map") -> ProjectMap:
    """Return the map in a text; parameters and errors as of `load_project_map`."""
    tree = read_yaml(text, name=name)
    column_map = _validated(tree, dictionary, name)
    check_map(column_map, tree, name)
    years, flagged = _check_fields(column_map, dictionary, tree, name)
    files = [expand_file(spec, dictionary) for spec in column_map.files]
    return ProjectMap(
        column_map=column_map.model_copy(update={"files": files}),
        text=text.encode(),
        unknown=_unknown_labels(column_map),
        years_of=frozenset(years),
        flagged_dates=tuple(sorted(flagged)),
    )


def _check_fields(
    column_map: ColumnMap, dictionary: Dictionary, tree: Tree, name: str
) -> tuple[set[str], set[str]]:
    """Return the fields of which only the year is kept, and the dates flagged as identifiers."""
    years: set[str] = set()
    flagged: set[str] = set()
    for i, spec in enumerate(column_map.files):
        if spec.lookups:
            place = tree.place(("files", i, "lookups"))
            raise DesignError(f"{name}, {place}: a map of a REDCap project has no lookups.")
        for path, target, column in _specs(spec, ("files", i)):
            place = f"{name}, {tree.place(path)}"
            fields = [_field_of(dictionary, source, place) for source in _sources(column)]
            for field in (f for f in fields if f is not None):
                _check_private(field, target, column, dictionary, place)
                if target == "birth_year":
                    years.add(field.name)
                elif field.identifier:
                    flagged.add(field.name)
        _check_conditions(spec, dictionary, tree, name, i)
    return years, flagged


def _check_conditions(
    spec: FileSpec, dictionary: Dictionary, tree: Tree, name: str, number: int
) -> None:
    for j, table in enumerate(spec.tables):
        for k, condition in enumerate(table.when):
            path = ("files", number, "tables", j, "when", k)
            place = f"{name}, {tree.place(path)}"
            field = _field_of(dictionary, condition.column, place)
            if field is not None and is_private(field):
                raise _refusal(field, place)


def _validated(tree: Tree, dictionary: Dictionary, name: str) -> ColumnMap:
    if not isinstance(tree.value, dict):
        raise DesignError(f"{name} is no map: it has no keys.")
    raw = dict(tree.value)
    if raw.get("format") == "1":
        raw["format"] = 1
    if isinstance(raw.get("files"), list):
        raw["files"] = [
            _as_file(part, dictionary, f"{name}, {tree.place(('files', i))}")
            for i, part in enumerate(raw["files"])
        ]
    try:
        return ColumnMap.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = tuple(p for p in first["loc"] if p not in ("str", "int", "float", "bool", "[key]"))
        message = first["msg"].removesuffix(".")
        words = f"{message[:1].lower()}{message[1:]}"
        raise DesignError(f"{name}, {tree.place(path)}: {words}.") from None


def _as_file(part: Any, dictionary: Dictionary, place: str) -> Any:
    """Return a part of ``files`` with an instrument as the rest of the code takes it."""
    if not isinstance(part, dict):
        return part
    out = {"dates": DATES, **part}
    if "instrument" not in out:
        return out
    instrument = out.pop("instrument")
    if "file" in out:
        raise DesignError(f"{place}: state either file: or instrument:, not both.")
    if instrument not in dictionary.forms:
        raise DesignError(
            f"{place}: the data dictionary has no instrument {instrument!r}.",
            hint=did_you_mean(str(instrument), dictionary.forms),
        )
    return {"file": f"{MARK}{instrument}", **out}


def _specs(
    spec: FileSpec, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str, ColumnSpec]]:
    for name, column in spec.anchors.items():
        yield (*path, "anchors", name), "last_contact_date", column
    for j, table in enumerate(spec.tables):
        for name, column in table.columns.items():
            yield (*path, "tables", j, "columns", name), name, column
        for k, again in enumerate(table.repeat):
            for name, column in again.items():
                yield (*path, "tables", j, "repeat", k, name), name, column


def _sources(column: ColumnSpec) -> tuple[str, ...]:
    names = column.source if column.template is None else template_names(column.template)
    return (*names, *([column.unit_column] if column.unit_column else []))


def _field_of(dictionary: Dictionary, name: str, place: str) -> Field | None:
    """Return the field that a column of an export belongs to; None for REDCap's own columns."""
    if name in dictionary.by_name and dictionary.by_name[name].type != "checkbox":
        return dictionary.by_name[name]
    if name in STRUCTURE or name.removesuffix("_complete") in dictionary.forms:
        return None
    base, mark, _ = name.partition("___")
    field = dictionary.by_name.get(base)
    if field is not None and field.type == "checkbox":
        if mark:
            return field
        raise DesignError(
            f"{place}: {name} is a checkbox field; exports have a column for each choice.",
            hint=f"name one such as {name}___{field.choices[0].code if field.choices else 1}.",
        )
    raise DesignError(
        f"{place}: the data dictionary has no field {name!r}.",
        hint=did_you_mean(name, [*dictionary.by_name, *STRUCTURE]),
    )


def _check_private(
    field: Field, target: str, column: ColumnSpec, dictionary: Dictionary, place: str
) -> None:
    """Refuse what would keep identifiers or free text."""
    if field.type == "notes":
        raise _refusal(field, place)
    if not field.identifier or target == "birth_year":
        return
    if field.is_date and column.template is None and _is_date(target):
        return
    if field is dictionary.record_id:
        raise DesignError(
            f"{place}: the record id {field.name} is flagged as an identifier and can't be kept.",
            hint="export with 'Hash the Record ID field', or, if the ids are pseudonyms already, "
            "clear the flag in the dictionary.",
        )
    raise _refusal(field, place)


def _is_date(target: str) -> bool:
    return any(c.name == target and c.type == "date" for t in TABLES.values() for c in t.columns)


def _refusal(field: Field, place: str) -> DesignError:
    kind = "free text" if field.type == "notes" else "flagged as an identifier"
    return DesignError(
        f"{place}: the field {field.name} is {kind} and can't be kept.",
        hint="leave it out of the map."
        if field.type == "notes"
        else "leave it out of the map; of dates of birth only the year is kept (birth_year).",
    )


def _unknown_labels(column_map: ColumnMap) -> frozenset[str]:
    layers = [column_map.missing]
    for spec in column_map.files:
        layers += [column.missing or {} for _, _, column in _specs(spec, ())]
    return frozenset(
        folded(text) for layer in layers for texts in layer.values() for text in texts if text
    )

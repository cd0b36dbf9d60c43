"""Read column maps and find the shipped ones."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.registry.mapping.check import check_map
from locoreg.registry.mapping.spec import (
    ColumnMap,
    ColumnSpec,
    Condition,
    FileSpec,
    LookupSpec,
    SplitSpec,
    TableSpec,
)
from locoreg.registry.mapping.yamltext import Tree, read_yaml

SUFFIXES = (".yaml", ".yml")
# What a key belongs to, by a word above it; the innermost first.
PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("when", Condition),
    ("lookups", LookupSpec),
    ("split", SplitSpec),
    ("columns", ColumnSpec),
    ("repeat", ColumnSpec),
    ("anchors", ColumnSpec),
    ("tables", TableSpec),
    ("files", FileSpec),
)


def parse_map(text: str, *, name: str = "the map") -> ColumnMap:
    """Read a column map.

    Parameters
    ----------
    text : str
        YAML.
    name : str
        Name for messages.

    Returns
    -------
    ColumnMap
        The map, checked against the tables of the registry.

    Raises
    ------
    DesignError
        With the line and the key at fault.
    """
    tree = read_yaml(text, name=name)
    if not isinstance(tree.value, dict):
        raise DesignError(f"{name} is no map: it has no keys.", hint="see the column map's page.")
    raw = dict(tree.value)
    if raw.get("format") == "1":
        raw["format"] = 1
    try:
        column_map = ColumnMap.model_validate(raw)
    except ValidationError as error:
        raise _as_design_error(error, tree, name) from None
    check_map(column_map, tree, name)
    return column_map


def load_map(path: Path) -> ColumnMap:
    """Read a column map from a file.

    Parameters
    ----------
    path : Path
        YAML file.

    Returns
    -------
    ColumnMap
        The map.

    Raises
    ------
    DataError
        If the file can't be read.
    DesignError
        If the map is wrong: with the line and the key.
    """
    return parse_map(_text(path), name=path.name)


def shipped_maps() -> tuple[str, ...]:
    """Return the names of the maps that locoreg brings along."""
    folder = files("locoreg.registry.maps")
    names = (entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(sorted(name.removesuffix(".yaml") for name in names))


def require_tables(column_map: ColumnMap, name: str) -> None:
    """Raise DesignError if a map makes no rows of any table: an unfinished draft.

    Parameters
    ----------
    column_map : ColumnMap
        The map.
    name : str
        Its name, for the message.
    """
    if not any(spec.tables for spec in column_map.files):
        raise DesignError(
            f"the map {name} makes no rows of any table.",
            hint="decide its lines with '# ?': without their marks they are entries of tables.",
        )


def find_map(name_or_path: str | Path) -> tuple[ColumnMap, bytes]:
    """Return a map by the name of a shipped one, or by the path of a file.

    Parameters
    ----------
    name_or_path : str or Path
        ``breast_msk_2018``, or a file.

    Returns
    -------
    column_map : ColumnMap
        The map.
    text : bytes
        Its text, for fingerprints.

    Raises
    ------
    DataError
        If there is neither.
    DesignError
        If the map is wrong.
    """
    text = str(name_or_path)
    shipped = shipped_maps()
    if text in shipped:
        body = files("locoreg.registry.maps").joinpath(f"{text}.yaml").read_text(encoding="utf-8")
        return parse_map(body, name=f"{text}.yaml"), body.encode()
    path = Path(text)
    if not path.exists() and not text.endswith(SUFFIXES):
        raise DataError(f"there is no map {text!r}.", hint=did_you_mean(text, shipped))
    body = _text(path)
    return parse_map(body, name=path.name), body.encode()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"there is no map {path}.") from None
    except OSError as error:
        raise DataError(f"the map {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"the map {path} is not UTF-8 (byte {error.start}).") from None


def _as_design_error(error: ValidationError, tree: Tree, name: str) -> DesignError:
    first = error.errors(include_url=False)[0]
    path = tuple(part for part in first["loc"] if _stands(part))
    more = error.error_count() - 1
    others = f" ({more} more)" if more else ""
    place = f"{name}, {tree.place(path)}"
    if first["type"] == "extra_forbidden":
        key = str(path[-1])
        hint = did_you_mean(key, _siblings(path))
        return DesignError(f"{place}: there is no key {key!r}{others}.", hint=hint)
    if first["type"] == "missing":
        return DesignError(f"{place}: the key is missing{others}.")
    given = _shown(first.get("input"))
    text = first["msg"].removesuffix(".")
    return DesignError(f"{place}: {text[:1].lower()}{text[1:]}{given}{others}.")


def _stands(part: str | int) -> bool:
    """Return whether a part of pydantic's location stands in the file too."""
    return not (isinstance(part, str) and part in {"str", "int", "float", "bool", "[key]"})


def _shown(value: Any) -> str:
    return f", not {value!r}" if isinstance(value, (str, int)) else ""


def _siblings(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """Return the keys that are known where a key is not."""
    around = set(path[:-1])
    kind = next((part for word, part in PARTS if word in around), ColumnMap)
    return tuple(info.alias or name for name, info in kind.model_fields.items())

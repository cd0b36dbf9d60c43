"""Thresholds of the rules: the table that is shipped, and what a user sets in its place."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError, DesignError, did_you_mean

MAX_FILE_BYTES = 1_000_000
Thresholds = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One number that a rule compares with.

    Attributes
    ----------
    rule, name : str
        Rule, and name of the threshold in it.
    value : float
        The value.
    unit : str
        UCUM unit; 1 for shares and counts.
    reason : str
        Why it is this value.
    """

    rule: str
    name: str
    value: float
    unit: str
    reason: str


@cache
def threshold_table() -> tuple[Threshold, ...]:
    """Return the table of thresholds that is shipped."""
    text = files("locoreg.registry.validate").joinpath("thresholds.csv").read_text("utf-8")
    return tuple(
        Threshold(
            rule=row["rule"],
            name=row["threshold"],
            value=float(row["value"]),
            unit=row["unit"],
            reason=row["reason"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def default_thresholds() -> Thresholds:
    """Return the shipped thresholds by rule and name."""
    out: Thresholds = {}
    for one in threshold_table():
        out.setdefault(one.rule, {})[one.name] = one.value
    return out


def with_defaults(given: Mapping[str, Mapping[str, float]] | None) -> Thresholds:
    """Return the thresholds in use.

    Parameters
    ----------
    given : mapping, optional
        Thresholds by rule and name that take the place of the shipped ones.

    Returns
    -------
    dict
        Every threshold of every rule.

    Raises
    ------
    DesignError
        If a rule or threshold is unknown, or a value is no number.
    """
    out = default_thresholds()
    for rule, values in (given or {}).items():
        if rule not in out:
            raise DesignError(
                f"there is no rule {rule!r} with thresholds.", hint=did_you_mean(str(rule), out)
            )
        if not isinstance(values, Mapping):
            raise DesignError(
                f"the thresholds of {rule} must be given by name.",
                hint=f"for example {next(iter(out[rule]))}: {next(iter(out[rule].values())):g}.",
            )
        for name, value in values.items():
            if name not in out[rule]:
                raise DesignError(
                    f"rule {rule} has no threshold {name!r}.",
                    hint=did_you_mean(str(name), out[rule]),
                )
            out[rule][name] = _number(rule, name, value)
    return out


def _number(rule: str, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DesignError(f"threshold {name} of {rule} is {value!r}, but must be a number.")
    return float(value)


def read_thresholds(path: Path | str) -> Thresholds:
    """Read thresholds that take the place of the shipped ones.

    Parameters
    ----------
    path : Path or str
        YAML (``rule: {threshold: value}``), or CSV with the columns rule, threshold and value, as
        the shipped table has them. Thresholds that are left out keep their values.

    Returns
    -------
    dict
        Those given, by rule and name, for ``check_registry``.

    Raises
    ------
    DataError
        If the file can't be read, or a rule, threshold or value in it is unknown.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path} is missing.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DataError(f"{path} is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not UTF-8 text (byte {error.start}).") from error
    given = _from_csv(path, text) if path.suffix.casefold() == ".csv" else _from_yaml(path, text)
    try:
        with_defaults(given)
    except DesignError as error:
        raise DataError(f"{path.name}: {error.message}", hint=error.hint) from error
    return {
        rule: {name: float(value) for name, value in values.items()}
        for rule, values in given.items()
    }


def _from_yaml(path: Path, text: str) -> dict[str, Any]:
    import yaml

    try:
        _check_keys(path, yaml.compose(text, Loader=yaml.SafeLoader))
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise DataError(f"{path.name} is not valid YAML: {first}.") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise DataError(f"{path.name} must hold rules with their thresholds.")
    return {str(rule): values for rule, values in document.items()}


def _check_keys(path: Path, node: Any, depth: int = 0) -> None:
    """Raise if a rule or a threshold stands there twice: YAML would keep the last one."""
    if getattr(node, "id", None) != "mapping" or depth > 1:
        return
    seen = set()
    for key, value in node.value:
        if str(key.value) in seen:
            line = key.start_mark.line + 1
            raise DataError(f"{path.name}, line {line}: {key.value} stands there twice.")
        seen.add(str(key.value))
        _check_keys(path, value, depth + 1)


def _from_csv(path: Path, text: str) -> dict[str, Any]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    given: dict[str, Any] = {}
    try:
        lacking = [n for n in ("rule", "threshold", "value") if n not in (reader.fieldnames or ())]
        if lacking:
            raise DataError(f"{path.name}, row 1: column {lacking[0]!r} is missing.")
        for row in reader:
            rule, name, value = (row[n] or "" for n in ("rule", "threshold", "value"))
            if not rule.strip() and not name.strip():
                continue
            values = given.setdefault(rule.strip(), {})
            if name.strip() in values:
                raise DataError(
                    f"{path.name}, row {reader.line_num}: {name} of {rule} stands there twice."
                )
            try:
                values[name.strip()] = float(value)
            except ValueError as error:
                raise DataError(
                    f"{path.name}, row {reader.line_num}: {value!r} is not a number."
                ) from error
    except csv.Error as error:
        raise DataError(f"{path.name} is not valid CSV: {error}.") from error
    return given

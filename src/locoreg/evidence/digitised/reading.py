"""Read a folder of digitised curves; every fault is named by file, row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.tables import Column, Value, parse_cell
from locoreg.evidence.digitised.tables import AT_RISK, CURVES, MONTHS, POINTS

WEBPLOT = "webplotdigitizer.csv"
NAMED = ("number", "integer")
FILES = ("curves.csv", "points.csv", "at_risk.csv", WEBPLOT)
# A hand that reads a picture misses its edges by about this share of the axis.
EDGE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCurve:
    """One arm as it was read, before anything is reconstructed.

    Attributes
    ----------
    study_id, arm, role, outcome : str
        Whose curve.
    n : int
        Persons at time 0.
    events : int or None
        Reported events.
    time_unit, curve_end : str
        As given.
    time, survival : tuple of float
        Points: months and proportions.
    at_risk_times, at_risk : tuple of float
        Numbers at risk, times in months.
    median : float or None
        Reported median in months.
    hr, hr_low, hr_high, hr_level : float or None
        Reported hazard ratio, intervention over control.
    source_figure, location, read_by, read_on : str
        Where the curve stands, who read it, and when.
    notes : tuple of str
        What was changed: points sorted, or moved to the edge of the picture.
    """

    study_id: str
    arm: str
    role: str
    outcome: str
    n: int
    events: int | None
    time_unit: str
    curve_end: str
    time: tuple[float, ...]
    survival: tuple[float, ...]
    at_risk_times: tuple[float, ...]
    at_risk: tuple[float, ...]
    median: float | None
    hr: float | None
    hr_low: float | None
    hr_high: float | None
    hr_level: float | None
    source_figure: str
    location: str
    read_by: str
    read_on: str
    notes: tuple[str, ...]


Record = dict[str, Value]
Key = tuple[str, str]


def read_folder(folder: Path) -> tuple[ReadCurve, ...]:
    """Read ``curves.csv`` with ``points.csv`` or WebPlotDigitizer's export, and ``at_risk.csv``.

    Parameters
    ----------
    folder : Path
        Holds ``curves.csv``; ``points.csv`` or ``webplotdigitizer.csv`` or both; ``at_risk.csv``
        if there are numbers at risk.

    Returns
    -------
    tuple of ReadCurve
        In the order of ``curves.csv``.

    Raises
    ------
    DataError
        With file, row and column of the first fault.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}.", hint="locoreg curves template makes one.")
    _refuse_other_files(folder)
    listed = _table(folder / "curves.csv", CURVES)
    arms: dict[Key, Record] = {}
    for number, record in listed:
        key = _key(record)
        if key in arms:
            raise DataError(f"curves.csv, row {number}: arm {_named(key)} stands there twice.")
        _check_reported(number, record)
        _check_date(number, str(record["read_on"]))
        arms[key] = record
    points = _points(folder, arms)
    risks: dict[Key, list[tuple[float, float]]] = {key: [] for key in arms}
    if (folder / "at_risk.csv").is_file():
        for number, record in _table(folder / "at_risk.csv", AT_RISK):
            key = _known(_key(record), arms, f"at_risk.csv, row {number}")
            risks[key].append((_number(record["time"]), _number(record["n"])))
    return tuple(_curve(key, arms[key], points[key], risks[key]) for key in arms)


def _refuse_other_files(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".csv" and path.name not in FILES:
            hint = did_you_mean(path.name, FILES)
            if "cens" in path.name.lower():
                hint = (
                    "marked censoring times are not used; numbers at risk in at_risk.csv tell how"
                    " many left."
                )
            raise DataError(f"{path.name} in {folder} is no table of curves.", hint=hint)


def _points(folder: Path, arms: dict[Key, Record]) -> dict[Key, list[tuple[float, float]]]:
    own, exported = folder / "points.csv", folder / WEBPLOT
    if not own.is_file() and not exported.is_file():
        raise DataError(f"{folder} holds neither points.csv nor {WEBPLOT}.")
    points: dict[Key, list[tuple[float, float]]] = {key: [] for key in arms}
    if own.is_file():
        for number, record in _table(own, POINTS):
            key = _known(_key(record), arms, f"points.csv, row {number}")
            points[key].append((_number(record["time"]), _number(record["survival"])))
    if exported.is_file():
        for key, pairs in read_webplot(exported).items():
            points[_known(key, arms, WEBPLOT)].extend(pairs)
    for key, pairs in points.items():
        if not pairs:
            raise DataError(f"arm {_named(key)} of curves.csv has no points.")
    return points


def read_webplot(path: Path) -> dict[Key, list[tuple[float, float]]]:
    """Read WebPlotDigitizer's export of several datasets side by side.

    Parameters
    ----------
    path : Path
        Row 1 holds the names of the datasets, ``study/arm``, each over two columns; row 2 X and Y.

    Returns
    -------
    dict
        Points by study and arm.
    """
    lines, decimal_comma = _lines(path)
    if len(lines) < 3:
        raise DataError(f"{path.name} needs a row of names, a row of X and Y, and points.")
    names, heads = lines[0][1], lines[1][1]
    found: dict[Key, list[tuple[float, float]]] = {}
    columns: list[tuple[int, Key]] = []
    for column in range(0, len(heads) - 1, 2):
        if [cell.strip().upper() for cell in heads[column : column + 2]] != ["X", "Y"]:
            raise DataError(
                f"{path.name}, row 2: columns {column + 1} and {column + 2} are not X and Y."
            )
        name = names[column].strip() if column < len(names) else ""
        study, slash, arm = name.partition("/")
        if not slash or not study.strip() or not arm.strip():
            raise DataError(
                f"{path.name}, row 1, column {column + 1}: {name!r} is not study/arm.",
                hint="name the datasets like smith2019/surgery in WebPlotDigitizer.",
            )
        key = (study.strip(), arm.strip())
        if key in found:
            raise DataError(f"{path.name}, row 1: {_named(key)} stands there twice.")
        found[key] = []
        columns.append((column, key))
    for number, cells in lines[2:]:
        for column, key in columns:
            pair = [cell.strip() for cell in cells[column : column + 2]]
            if not any(pair):
                continue
            where = f"{path.name}, row {number}"
            x, y = (_float(text, decimal_comma, where, _named(key)) for text in (*pair, "")[:2])
            found[key].append((x, y))
    return found


def _float(text: str, decimal_comma: bool, where: str, what: str) -> float:
    try:
        value = float(text.replace(",", ".") if decimal_comma else text)
    except ValueError:
        raise DataError(f"{where}: {text!r} of {what} is not a number.") from None
    return value


def _lines(path: Path) -> tuple[list[tuple[int, list[str]]], bool]:
    """Return numbered lines that are not blank, and whether commas may be decimal signs."""
    if not path.is_file():
        raise DataError(f"{path.name} is missing in {path.parent}.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name} is not UTF-8 text.", hint="save it as CSV UTF-8.") from None
    head = text.partition("\n")[0]
    sign = ";" if ";" in head else "\t" if "\t" in head else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True))
    except csv.Error as error:
        raise DataError(f"{path.name}: not valid CSV ({error}).") from error
    lines = [(i + 1, row) for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not lines:
        raise DataError(f"{path.name} is empty.", hint="the first row must hold column names.")
    return lines, sign != ","


def _table(path: Path, columns: Sequence[Column]) -> list[tuple[int, Record]]:
    lines, decimal_comma = _lines(path)
    header = [cell.strip() for cell in lines[0][1]]
    names = [column.name for column in columns]
    for name in header:
        if name not in names:
            raise DataError(
                f"{path.name}, row 1: unknown column {name!r}.", hint=did_you_mean(name, names)
            )
        if header.count(name) > 1:
            raise DataError(f"{path.name}, row 1: column {name!r} stands there twice.")
    for column in columns:
        if column.required and column.name not in header:
            raise DataError(f"{path.name}, row 1: column {column.name!r} is missing.")
    out = []
    for number, cells in lines[1:]:
        if len(cells) > len(header):
            raise DataError(
                f"{path.name}, row {number}: {len(cells)} cells under {len(header)} columns.",
                hint="write 0.5 and not 0,5 in a file with commas between cells.",
            )
        texts = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        record = {
            column.name: _cell(path, number, column, texts.get(column.name, ""), decimal_comma)
            for column in columns
        }
        out.append((number, record))
    return out


def _cell(path: Path, number: int, column: Column, text: str, decimal_comma: bool) -> Value:
    if decimal_comma and column.type in NAMED:
        text = text.replace(",", ".")
    try:
        return parse_cell(text, column)
    except ValueError as error:
        raise DataError(f"{path.name}, row {number}, column {column.name}: {error}.") from error


def _check_reported(number: int, record: Record) -> None:
    where = f"curves.csv, row {number}"
    parts = [record[name] for name in ("hr_low", "hr_high", "hr_level")]
    if any(part is not None for part in parts):
        if record["hr"] is None or any(part is None for part in parts):
            raise DataError(f"{where}: limits need hr, hr_low, hr_high and hr_level together.")
        low, mid, high = (_number(record[name]) for name in ("hr_low", "hr", "hr_high"))
        if not 0 < low <= mid <= high:
            raise DataError(f"{where}: hr_low, hr and hr_high are not in order.")
        if not 1 < _number(record["hr_level"]) < 100:
            raise DataError(f"{where}: hr_level is a percentage, for example 95.")
    if record["hr"] is not None and _number(record["hr"]) <= 0:
        raise DataError(f"{where}: hr must be above 0.")


def _check_date(number: int, text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise DataError(
            f"curves.csv, row {number}, column read_on: {text!r} is no date.",
            hint="write 2026-05-31.",
        ) from None


def _key(record: Record) -> Key:
    return str(record["study_id"]), str(record["arm"])


def _known(key: Key, arms: dict[Key, Record], where: str) -> Key:
    if key not in arms:
        raise DataError(
            f"{where}: arm {_named(key)} is not in curves.csv.",
            hint=did_you_mean(_named(key), [_named(one) for one in arms]),
        )
    return key


def _named(key: Key) -> str:
    return f"{key[0]}/{key[1]}"


def _number(value: Value) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _optional(value: Value, factor: float = 1.0) -> float | None:
    return None if value is None else _number(value) * factor


def _curve(
    key: Key,
    record: Record,
    points: list[tuple[float, float]],
    risks: list[tuple[float, float]],
) -> ReadCurve:
    months = MONTHS[str(record["time_unit"])]
    scale = 0.01 if record["survival_scale"] == "percent" else 1.0
    highest = max(survival for _, survival in points)
    if scale == 0.01 and highest <= 1:
        raise DataError(
            f"points of {_named(key)} are said to be percent, but none is above 1.",
            hint="write proportion under survival_scale in curves.csv.",
        )
    pairs, notes = _inside([(time * months, survival * scale) for time, survival in points])
    if risks != sorted(risks):
        notes.append("Numbers at risk were not in order of time, and were sorted.")
    return ReadCurve(
        study_id=key[0],
        arm=key[1],
        role=str(record["role"]),
        outcome=str(record["outcome"]),
        n=int(_number(record["n"])),
        events=None if record["events"] is None else int(_number(record["events"])),
        time_unit=str(record["time_unit"]),
        curve_end=str(record["curve_end"]),
        time=tuple(time for time, _ in pairs),
        survival=tuple(survival for _, survival in pairs),
        at_risk_times=tuple(time * months for time, _ in sorted(risks)),
        at_risk=tuple(number for _, number in sorted(risks)),
        median=_optional(record["median"], months),
        hr=_optional(record["hr"]),
        hr_low=_optional(record["hr_low"]),
        hr_high=_optional(record["hr_high"]),
        hr_level=_optional(record["hr_level"]),
        source_figure=str(record["source_figure"]),
        location=str(record["location"] or ""),
        read_by=str(record["read_by"]),
        read_on=str(record["read_on"]),
        notes=tuple(notes),
    )


def _inside(
    points: list[tuple[float, float]],
) -> tuple[list[tuple[float, float]], list[str]]:
    """Move points a little beyond the edges of the picture to them, and tell how many."""
    last = max(time for time, _ in points)
    moved, out, worst = 0, [], 0.0
    for time, survival in points:
        t = 0.0 if -EDGE * last <= time < 0 else time
        s = survival
        if 1 < survival <= 1 + EDGE:
            s = 1.0
        elif -EDGE <= survival < 0:
            s = 0.0
        moved += (t, s) != (time, survival)
        worst = max(worst, abs(s - survival))
        out.append((t, s))
    notes = []
    if moved:
        notes.append(
            f"{moved} points beyond the edges of the picture were moved to them, survival by"
            f" {worst:.3g} at most."
        )
    if [time for time, _ in points] != sorted(time for time, _ in points):
        notes.append("Points were not in order of time, and were sorted.")
    return out, notes

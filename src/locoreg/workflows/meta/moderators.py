"""Moderators of a table as columns of a design: numbers as they are, words as indicators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DataError, did_you_mean
from locoreg.stats.effectmeasures.result import FloatArray
from locoreg.workflows.meta.options import MetaOptions
from locoreg.workflows.meta.reading import StudyTable, as_numbers
from locoreg.workflows.meta.studies import LeftOutStudy, StudyEffects, left_out_dicts

MOST_LEVELS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderators:
    """The design of a meta-regression.

    Attributes
    ----------
    x : ndarray of float, shape (k, p)
        Intercept first.
    names : tuple of str
        Columns: ``intercept``, ``year``, ``alloc=random``.
    kept : ndarray of int, shape (k,)
        Places among the pooled studies.
    references : dict of str to str
        Level of each factor that the others are compared with.
    left_out : tuple of LeftOutStudy
        Pooled studies without a value of a moderator.
    """

    x: FloatArray
    names: tuple[str, ...]
    kept: np.ndarray
    references: dict[str, str]
    left_out: tuple[LeftOutStudy, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what the columns are as JSON-ready values."""
        return {
            "columns": list(self.names),
            "references": dict(self.references),
            "left_out": left_out_dicts(self.left_out),
        }


def moderators_of(
    table: StudyTable, effects: StudyEffects, options: MetaOptions, decimal: str | None
) -> Moderators:
    """Return the design of the moderators asked for.

    Parameters
    ----------
    table : StudyTable
    effects : StudyEffects
    options : MetaOptions
        With ``mods``, ``factors`` and ``references``.
    decimal : {"point", "comma"} or None
        Sign before the decimals.

    Returns
    -------
    Moderators
        Columns of the studies that have every moderator.

    Raises
    ------
    DataError
        If a moderator has one value only, or a reference level does not exist.
    """
    rows = effects.rows.tolist()
    cells = {name: [table.texts[name][i] for i in rows] for name in options.mods}
    absent = [[name for name in options.mods if cells[name][i] is None] for i in range(len(rows))]
    kept = np.array([i for i, names in enumerate(absent) if not names], dtype=np.int64)
    left_out = tuple(
        LeftOutStudy(
            label=effects.labels[i],
            line=effects.line[i],
            reason=f"no value of {', '.join(names)}",
        )
        for i, names in enumerate(absent)
        if names
    )
    if not kept.size:
        raise DataError(f"{table.file}: no pooled study has a value of {', '.join(options.mods)}.")
    columns, names, references = [np.ones(kept.size)], ["intercept"], {}
    for name in options.mods:
        values = [cells[name][i] for i in kept.tolist()]
        numbers = None if name in options.factors else as_numbers(values, decimal)
        if numbers is not None:
            if name in options.references:
                raise DataError(
                    f"column {name} holds numbers and has no reference level.",
                    hint=f"add --factors {name} if they are codes.",
                )
            columns.append(numbers)
            names.append(name)
            continue
        levels, reference = _levels(table.file, name, [str(v) for v in values], options)
        references[name] = reference
        for level in levels:
            if level != reference:
                columns.append(np.array([float(v == level) for v in values]))
                names.append(f"{name}={level}")
    return Moderators(
        x=np.column_stack(columns),
        names=tuple(names),
        kept=kept,
        references=references,
        left_out=left_out,
    )


def _levels(file: str, name: str, values: list[str], options: MetaOptions) -> tuple[list[str], str]:
    levels = sorted(set(values), key=_in_order)
    if len(levels) < 2:
        raise DataError(f"{file}, column {name}: all studies have {levels[0]!r}.")
    if len(levels) > MOST_LEVELS:
        raise DataError(
            f"{file}, column {name} has {len(levels)} different words.",
            hint="a factor has few levels; is one of its cells no number?",
        )
    reference = options.references.get(name, levels[0])
    if reference not in levels:
        raise DataError(
            f"{file}, column {name} has no level {reference!r}.",
            hint=did_you_mean(reference, levels),
        )
    return levels, reference


def _in_order(text: str) -> tuple[bool, float, str]:
    """Numbers before words, and 2 before 10."""
    try:
        return False, float(text), text
    except ValueError:
        return True, 0.0, text


def groups_of(
    table: StudyTable, effects: StudyEffects, column: str
) -> tuple[list[tuple[str, np.ndarray]], tuple[LeftOutStudy, ...]]:
    """Return places of the pooled studies by the words of a column, and studies without one."""
    cells = [table.texts[column][i] for i in effects.rows.tolist()]
    levels = sorted({cell for cell in cells if cell is not None}, key=_in_order)
    groups = [
        (level, np.array([i for i, cell in enumerate(cells) if cell == level], dtype=np.int64))
        for level in levels
    ]
    missing = tuple(
        LeftOutStudy(label=effects.labels[i], line=effects.line[i], reason=f"no value of {column}")
        for i, cell in enumerate(cells)
        if cell is None
    )
    return groups, missing


def order_of(
    table: StudyTable, effects: StudyEffects, column: str, decimal: str | None
) -> np.ndarray:
    """Return the places of the pooled studies in the order of a column; ties in the table's order.

    Parameters
    ----------
    table : StudyTable
    effects : StudyEffects
    column : str
        Numbers, or words in alphabetical order.
    decimal : {"point", "comma"} or None
        Sign before the decimals.

    Returns
    -------
    ndarray of int, shape (k,)

    Raises
    ------
    DataError
        If a pooled study has no value.
    """
    cells = [table.texts[column][i] for i in effects.rows.tolist()]
    for i, cell in enumerate(cells):
        if cell is None:
            raise DataError(
                f"{table.file}, row {effects.line[i]}: no value of {column}, which orders the "
                "cumulative pools.",
                hint="fill it in, or take the study out of the table.",
            )
    numbers = as_numbers(cells, decimal)
    if numbers is not None:
        return np.argsort(numbers, kind="stable")
    words = [str(cell) for cell in cells]
    return np.array(sorted(range(len(words)), key=lambda i: words[i]), dtype=np.int64)

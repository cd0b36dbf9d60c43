"""Codes of choices in a map: written as codes or as labels, or not written at all."""

from __future__ import annotations

import re

from locoreg.registry.mapping.numbers import FALSE, TRUE
from locoreg.registry.mapping.spec import ColumnSpec, Condition, FileSpec, Scalar, TableSpec
from locoreg.registry.mapping.values import canonical
from locoreg.registry.redcap.choices import Choice, checkbox_suffixes
from locoreg.registry.redcap.dictionary import Dictionary
from locoreg.registry.redcap.header import EVENT, INSTRUMENT
from locoreg.registry.redcap.texts import event_name, folded, slug
from locoreg.registry.tables import TABLES, Column

# Labels whose code is no number.
_NO_NUMBER = (
    "unknown",
    "unk",
    "missing",
    "other",
    "na",
    "n/a",
    "not known",
    "not done",
    "not applicable",
    "not recorded",
    "not available",
    "not reported",
    "not assessed",
    "not evaluable",
)
_BOX = {"checked": "1", "unchecked": "0"}


def expand_file(spec: FileSpec, dictionary: Dictionary) -> FileSpec:
    """Return a part of a map in which every choice stands with its code.

    Parameters
    ----------
    spec : FileSpec
        Part of a map.
    dictionary : Dictionary
        Data dictionary.

    Returns
    -------
    FileSpec
        Where the map states codes, labels are replaced by their codes. Where it states none,
        choices are read by their labels: the labels themselves for texts, labels that are
        canonical words for columns with a vocabulary.
    """
    tables = [_expand_table(table, dictionary) for table in spec.tables]
    return spec.model_copy(update={"tables": tables})


def _expand_table(entry: TableSpec, dictionary: Dictionary) -> TableSpec:
    table = TABLES[entry.table]

    def expanded(columns: dict[str, ColumnSpec]) -> dict[str, ColumnSpec]:
        return {
            name: _expand_column(column, table.column(name), dictionary)
            for name, column in columns.items()
        }

    return entry.model_copy(
        update={
            "columns": expanded(entry.columns),
            "repeat": [expanded(again) for again in entry.repeat],
            "when": [_expand_condition(condition, dictionary) for condition in entry.when],
        }
    )


def _choices(name: str, dictionary: Dictionary) -> tuple[Choice, ...]:
    """Return codes and labels of a column of an export; a ticked box has the choice's label."""
    base, mark, suffix = name.partition("___")
    field = dictionary.by_name.get(base)
    if mark and field is not None and field.type == "checkbox":
        labels = [c.label for c in field.choices if suffix in checkbox_suffixes(c.code)]
        return tuple(Choice(code="1", label=label) for label in labels[:1])
    field = dictionary.by_name.get(name)
    return () if field is None else field.choices


def _expand_column(spec: ColumnSpec, column: Column, dictionary: Dictionary) -> ColumnSpec:
    if column.type in ("date", "number") or spec.kind is not None or not spec.source:
        return spec
    if column.name.endswith("_id") and spec.codes is None:
        return spec
    read = [(_choices(name, dictionary), _is_box(name, dictionary)) for name in spec.source]
    if spec.codes is None:
        own = [_own_codes(choices, column, is_box=is_box) for choices, is_box in read]
        known = [codes for codes in own if codes is not None]
        if len(known) < len(own):
            return spec
        merged = {code: value for codes in reversed(known) for code, value in codes.items()}
        return spec.model_copy(update={"codes": merged})
    codes: dict[str, Scalar] = {}
    doubtful: dict[str, str] = {}
    for choices, is_box in read:
        for text, value in spec.codes.items():
            codes.setdefault(_code(text, choices, is_box=is_box), canonical(column, value))
        for text, words in spec.doubtful.items():
            doubtful.setdefault(_code(text, choices, is_box=is_box), words)
    return spec.model_copy(update={"codes": codes, "doubtful": doubtful})


def _is_box(name: str, dictionary: Dictionary) -> bool:
    return "___" in name and name not in dictionary.by_name


def _code(text: str, choices: tuple[Choice, ...], *, is_box: bool) -> str:
    if is_box and text.lower() in _BOX:
        return _BOX[text.lower()]
    if any(text == choice.code for choice in choices):
        return text
    return next((c.code for c in choices if folded(c.label) == folded(text)), text)


def _own_codes(
    choices: tuple[Choice, ...], column: Column, *, is_box: bool
) -> dict[str, Scalar] | None:
    """Return what choices mean by their labels; None if the cells need no codes.

    A choice whose label is not understood has no code: its number alone may mean anything.
    """
    if not choices or (is_box and column.type == "bool"):
        return None
    meanings = {choice.code: _meaning(choice, column) for choice in choices}
    found: dict[str, Scalar] = {c: value for c, value in meanings.items() if value is not None}
    if is_box:
        # A box that is not ticked says nothing about other choices.
        found["0"] = None
    return found


def _meaning(choice: Choice, column: Column) -> Scalar:
    text = folded(choice.label)
    if column.type == "bool":
        return True if text in TRUE else False if text in FALSE else None
    if column.type.startswith("int"):
        return choice_number(choice, column)
    if not column.allowed:
        return choice.label
    named = {folded(value): value for value in column.allowed}
    return named.get(text) or (named.get(folded(choice.code)) if _is_word(choice.code) else None)


def _is_word(code: str) -> bool:
    return any(char.isalpha() for char in code)


def choice_number(choice: Choice, column: Column) -> int | None:
    """Return the number that a choice stands for.

    Parameters
    ----------
    choice : Choice
        A choice.
    column : Column
        Column of whole numbers.

    Returns
    -------
    int or None
        The number in a label such as ``ECOG 2``; the code itself if the label has none, unless it
        says that nothing is known; None if the column can't hold it.
    """
    digits = re.findall(r"\d+", choice.label)
    if not digits and folded(choice.label) not in _NO_NUMBER:
        digits = [choice.code]
    text = digits[0] if len(digits) == 1 else ""
    if not (text.isascii() and text.isdigit()) or (column.allowed and text not in column.allowed):
        return None
    return int(text) if len(text) < 5 else None


def _expand_condition(condition: Condition, dictionary: Dictionary) -> Condition:
    def both(texts: list[str] | None) -> list[str] | None:
        if texts is None:
            return None
        choices = _choices(condition.column, dictionary)
        is_box = _is_box(condition.column, dictionary)
        out = list(texts)
        for text in texts:
            out.append(_code(text, choices, is_box=is_box))
            if condition.column == EVENT:
                out.append(event_name(text))
            if condition.column == INSTRUMENT:
                out.append(slug(text))
            out += [c.label for c in choices if c.code == text and not is_box]
        return list(dict.fromkeys(out))

    return condition.model_copy(
        update={"is_in": both(condition.is_in), "not_in": both(condition.not_in)}
    )

"""Write a draft as a commented map."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from locoreg.core.numbertext import plural
from locoreg.registry.drafting.deciding import ORIGIN, Decisions
from locoreg.registry.drafting.model import Cell, Entry, FileDraft
from locoreg.registry.drafting.profile import ColumnProfile
from locoreg.registry.tables import TABLES

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Plain words that YAML reads as something else.
_SPECIAL = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan"))
_WIDEST = 100
_COMMENT_CHARACTERS = 300
_MOST_SHOWN = 12


def scalar(text: str) -> str:
    """Return a text as a YAML scalar, in quotes where that is safer."""
    if _PLAIN.fullmatch(text) and text.lower() not in _SPECIAL:
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def comment(text: str) -> str:
    """Return a text as one line of a comment: without control characters."""
    line = " ".join(text.split())
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= _COMMENT_CHARACTERS else f"{line[:_COMMENT_CHARACTERS]} …"


def write_draft(drafts: Sequence[FileDraft], decisions: Decisions, rows: int) -> str:
    """Return the map as text.

    Parameters
    ----------
    drafts : sequence of FileDraft
        Files in order.
    decisions : Decisions
        What holds for all of them.
    rows : int
        Rows of a file that were read at most.

    Returns
    -------
    str
        YAML that loads as a map; open questions are comments that begin with ``# ?``.
    """
    lines = [
        f"# Draft of a column map, from the headers and at most {rows:,} rows of each file.",
        "# Lines with '# ?' wait for a person: decide them, delete the mark, and import.",
        "format: 1",
        "# ? source_system: a name for where the data come from",
        "# ? site: a name, if all patients are of one site",
    ]
    if decisions.relative:
        lines += [
            "calendar: relative  # dates are numbers counted from birth",
            f"origin: {ORIGIN}  # the day that stands for every birth",
        ]
    else:
        lines.append("calendar: real  # ? shifted, if dates were moved to hide patients")
    lines += _missing(decisions.missing)
    lines.append("files:")
    for draft in drafts:
        lines += _file(draft)
    return "\n".join(lines) + "\n"


def _missing(missing: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if not missing:
        return
    yield "missing:"
    for reason, texts in missing.items():
        yield f"  {reason}: [{', '.join(scalar(text) for text in texts)}]"
    if any(text.casefold() in ("na", "n/a") for text in missing.get("not_recorded", ())):
        yield '  # ? "NA" may mean not applicable'


def _file(draft: FileDraft) -> Iterator[str]:
    profile = draft.profile
    yield f"  - {profile.selector}: {scalar(profile.name)}"
    told = f"{profile.n_rows:,} {'row' if profile.n_rows == 1 else 'rows'}" + (
        "" if profile.whole else " read, there are more"
    )
    yield f"    # {told}, {plural(len(profile.columns), 'column')}"
    for remark in profile.remarks:
        yield f"    # ? {comment(remark)}"
    if profile.delimiter is not None:
        yield f"    delimiter: {profile.delimiter}"
    if profile.encoding is not None:
        yield f"    encoding: {profile.encoding}"
    if draft.dates:
        yield f"    dates: [{', '.join(scalar(text) for text in draft.dates)}]"
    entries = list(draft.entries)
    if any(entry.doubt is None for entry in entries):
        yield "    tables:"
    else:
        yield "    tables: []  # take the brackets away with the first mark below"
    for entry in sorted(entries, key=lambda entry: entry.doubt is not None):
        if entry.doubt is None:
            yield from _entry(entry)
        else:
            yield f"      # ? an entry for {entry.table}: {comment(entry.doubt)}"
            yield from (f"      # {line[6:]}" for line in _entry(entry))
    if draft.unused:
        yield "    # Columns that no entry holds:"
        yield from (f"    #   {_unused(column, told)}" for column, told in draft.unused)


def _entry(entry: Entry) -> Iterator[str]:
    yield f"      - table: {entry.table}"
    for question in entry.questions:
        yield f"        # ? {comment(question)}"
    if entry.when is not None:
        yield f"        when: {_flow(entry.when)}"
    if entry.constants:
        yield f"        constants: {_flow(entry.constants)}"
    yield "        columns:"
    names = TABLES[entry.table].names
    for name in sorted(entry.columns, key=names.index):
        yield from _cell(name, entry.columns[name])
    if entry.repeat:
        yield "        repeat:"
        for remark in dict.fromkeys(r for _, c in entry.cells() for r in c.remarks):
            yield f"          # ? {comment(remark)}"
        for part in entry.repeat:
            facts = {n: _spec(c) for n, c in part.items() if c.doubt is None}
            if facts:
                yield f"          - {_flow(facts)}"
            doubts = {n: _spec(c) for n, c in part.items() if c.doubt is not None}
            for why in dict.fromkeys(c.doubt for c in part.values() if c.doubt is not None):
                yield f"          # ? - {comment(f'{_flow(doubts)} # {why}')}"


def _cell(name: str, cell: Cell) -> Iterator[str]:
    text = f"          {name}: {_flow(_spec(cell))}"
    if cell.doubt is not None:
        yield f"          # ? {comment(f'{text.strip()}  # {cell.doubt}')}"
        return
    codes = cell.spec.get("codes")
    if codes is not None and len(text) > _WIDEST:
        yield f"          {name}:"
        for key, value in _spec(cell).items():
            if key != "codes":
                yield f"            {key}: {_flow(value)}"
        yield "            codes:"
        yield from (f"              {scalar(k)}: {scalar(v)}" for k, v in codes.items())
    else:
        yield text
    for remark in cell.remarks:
        yield f"          # ? {comment(f'{name}: {remark}')}"


def _spec(cell: Cell) -> Any:
    return {"from": cell.header, **cell.spec} if cell.spec else cell.header


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return scalar(str(value))


def _unused(column: ColumnProfile, told: str) -> str:
    kind = f"{column.n_distinct:,} different values" if column.n_distinct != 1 else "one value"
    if not column.values:
        kind = "no values"
    elif column.shows_values:
        common = [v for v, n in column.values.items() if n > 1][:_MOST_SHOWN]
        kind = ", ".join(f"{_labelled(column, v)} ({column.values[v]})" for v in common)
    elif column.middle is not None and not column.looks_private and not column.private:
        kind += f", numbers with median {column.middle:.4g}"
    return comment(f"{column.header}: {kind}" + (f". {told}" if told else ""))


def _labelled(column: ColumnProfile, value: str) -> str:
    label = column.labels.get(value)
    return f"{value} {label}" if label is not None and label != value else value

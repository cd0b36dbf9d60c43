"""Statements of the catalogue that hold no pooled number."""

from __future__ import annotations

from locoreg.report.blocks import (
    Block,
    Column,
    Details,
    Link,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    joined,
    text,
)
from locoreg.report.context import Context
from locoreg.report.words import NONE, doi_link, verification, words

_TITLES = {
    "definition": "Definitions",
    "prognostic_factor": "Prognostic factors",
    "biomarker": "Biomarkers",
    "judgement": "Judgements",
    "guideline": "Guidelines",
}
_DIRECTIONS = {
    "adverse": "▼ adverse",
    "favourable": "▲ favourable",
    "none": "● none",
    "modifies": "◇ modifies the effect",
    "confounds": "◇ confounds",
}


def statements(context: Context) -> Section:
    """Return the statements by kind, each with its source and verification."""
    title = "Statements without a pooled number"
    found = context.result.catalog.statements.values()
    if not found:
        return Section("statements", title, (Paragraph(text("The tables hold none.")),))
    kinds = {kind: None for kind in (*_TITLES, *(s.kind for s in found))}
    blocks: list[Block] = [
        Paragraph(text("Paraphrased from the publications; none of them enters a pool."))
    ]
    blocks += [
        Details(
            text(f"{_TITLES.get(kind, words(kind))} ({count})"),
            (_table(context, kind),),
        )
        for kind in kinds
        if (count := sum(s.kind == kind for s in found))
    ]
    return Section("statements", title, tuple(blocks))


def _table(context: Context, kind: str) -> Table:
    rows = []
    for statement in context.result.catalog.statements.values():
        if statement.kind != kind:
            continue
        cells = [
            text(words(statement.topic)),
            text(statement.statement),
            text(_about(statement.setting, statement.population, statement.use)),
            text(statement.numbers or NONE),
            _source(context, statement.source_id, statement.reference_numbers, statement.doi),
            text(verification(statement.verification)),
        ]
        if kind == "prognostic_factor":
            cells.insert(2, text(_DIRECTIONS.get(statement.direction or "", NONE)))
            cells.insert(3, text(statement.adjusted or NONE))
        rows.append(Row(tuple(cells)))
    columns = [
        Column("Topic"),
        Column("Statement", wide=True),
        Column("About"),
        Column("Numbers"),
        Column("Source"),
        Column("Verified"),
    ]
    if kind == "prognostic_factor":
        columns.insert(2, Column("Direction for survival"))
        columns.insert(3, Column("Adjusted"))
    return _without_empty(Table(_TITLES.get(kind, words(kind)), tuple(columns), tuple(rows)))


def _without_empty(table: Table) -> Table:
    """Return a table without the columns that hold a dash in every row."""
    filled = [
        i
        for i in range(len(table.columns))
        if any(row.cells[i] not in ((), (NONE,)) for row in table.rows)
    ]
    rows = tuple(Row(tuple(row.cells[i] for i in filled)) for row in table.rows)
    return Table(table.caption, tuple(table.columns[i] for i in filled), rows)


def _about(*parts: str | None) -> str:
    return "; ".join(part for part in parts if part) or NONE


def _source(
    context: Context, source_id: str | None, numbers: tuple[str, ...], doi: str | None
) -> Text:
    parts: list[Text] = []
    if source_id:
        parts.append(context.anchors.reference(source_id))
    by_number = {str(r.number): r for r in context.result.catalog.references.values() if r.number}
    cited: list[Text] = []
    for number in numbers:
        reference = by_number.get(number)
        if reference is None:
            cited.append((number,))
        else:
            anchor = context.anchors.reference_anchor(reference.reference_id)
            cited.append((Link(f"#{anchor}", number),))
    if cited:
        parts.append(("its references ", *joined(tuple(cited), ", ")))
    parts.append(doi_link(doi))
    return joined(tuple(parts)) or (NONE,)

"""The publications of the tables."""

from __future__ import annotations

from locoreg.report.blocks import Code, Column, Paragraph, Row, Section, Table, text
from locoreg.report.context import Context
from locoreg.report.words import NONE, doi_link, verification


def references(context: Context) -> Section:
    """Return every publication of the tables, those with a number of the review first."""
    title = "References"
    found = list(context.result.catalog.references.values())
    if not found:
        return Section("references", title, (Paragraph(text("The tables hold none.")),))
    # A stable sort: publications without a number keep the order of the table.
    found.sort(key=lambda r: (r.number is None, r.number or 0))
    rows = tuple(
        Row(
            (
                text(Code(r.reference_id)),
                text(NONE if r.number is None else str(r.number)),
                text(
                    _sentence(r.authors),
                    _sentence(r.title),
                    " ".join(str(p) for p in (r.journal, r.year, r.locator) if p),
                ),
                doi_link(r.doi or r.doi_printed) or (NONE,),
                text(verification(r.verification)),
            ),
            anchor=context.anchors.reference_anchor(r.reference_id),
        )
        for r in found
    )
    table = Table(
        "Publications of the tables",
        (
            Column("Id"),
            Column("No.", numeric=True),
            Column("Publication", wide=True),
            Column("DOI"),
            Column("Verified"),
        ),
        rows,
        text("No.: number in the reference list of the review that the tables start from."),
    )
    return Section("references", title, (table,))


def _sentence(part: str | None) -> str:
    if not part:
        return ""
    return part + (" " if part.endswith((".", "?", "!")) else ". ")

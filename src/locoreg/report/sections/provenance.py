"""Where every pooled number stands."""

from __future__ import annotations

from locoreg.report.blocks import (
    Block,
    Break,
    Code,
    Column,
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
from locoreg.report.words import NONE, doi_link, verification


def provenance(context: Context) -> Section:
    """Return the rows that the pooled numbers rest on, and the corrections among them."""
    title = "Provenance of every pooled number"
    if not context.anchors.claims:
        return Section("provenance", title, (Paragraph(text("No number is pooled.")),))
    blocks: list[Block] = [
        Paragraph(
            text(
                "One row per printed passage. A printed number is never changed in place: a "
                "correction is a row of its own, with its reason."
            )
        ),
        _rows(context),
    ]
    corrections = _corrections(context)
    if corrections.rows:
        blocks.append(corrections)
    return Section("provenance", title, tuple(blocks))


def _rows(context: Context) -> Table:
    catalog = context.result.catalog
    rows = []
    for claim_id in context.anchors.claims:
        claim = catalog.claims[claim_id]
        study = catalog.studies.get(claim.study_id)
        place = claim.location()
        rows.append(
            Row(
                (
                    text(Code(claim_id), Break(), place.file, Break(), f"row {place.row}"),
                    text(study.label if study else claim.study_id),
                    context.anchors.printed(claim_id),
                    _publication(context, catalog.report_id(claim), claim.source_id),
                    text(place.source or NONE),
                    text(verification(claim.verification)),
                ),
                anchor=context.anchors.claim_anchor(claim_id),
            )
        )
    return Table(
        "Rows that the pooled numbers rest on",
        (
            Column("Row"),
            Column("Study"),
            Column("Printed", wide=True),
            Column("Publication", wide=True),
            Column("Place"),
            Column("Verified"),
        ),
        tuple(rows),
    )


def _publication(context: Context, report_id: str, source_id: str | None) -> Text:
    parts: list[Text] = []
    for reference_id in dict.fromkeys((report_id, source_id)):
        reference = context.result.catalog.references.get(reference_id or "")
        if reference is None:
            continue
        link = context.anchors.reference(reference.reference_id)
        if reference_id != report_id:
            parts.append(("read in ", *link))
            continue
        parts.append(link)
        parts.append(doi_link(reference.doi or reference.doi_printed))
    return joined(tuple(parts), Break()) or (NONE,)


def _corrections(context: Context) -> Table:
    catalog = context.result.catalog
    rows = []
    for claim_id in context.anchors.claims:
        claim = catalog.claims[claim_id]
        if not claim.supersedes:
            continue
        rows.append(
            Row(
                (
                    (Link(f"#{context.anchors.claim_anchor(claim_id)}", claim_id),),
                    context.anchors.claim(claim.supersedes),
                    context.anchors.printed(claim.supersedes),
                    text(claim.reason or NONE),
                )
            )
        )
    return Table(
        "Corrections",
        (
            Column("Row"),
            Column("Corrects"),
            Column("Printed there", wide=True),
            Column("Reason", wide=True),
        ),
        tuple(rows),
    )

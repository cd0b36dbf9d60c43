"""What was audited and found."""

from __future__ import annotations

from locoreg.core.findings import SEVERITIES, Finding
from locoreg.report.blocks import (
    Block,
    Break,
    Code,
    Column,
    Details,
    Facts,
    Paragraph,
    Quote,
    Record,
    Row,
    Section,
    Table,
    Text,
    joined,
    text,
)
from locoreg.report.context import Context
from locoreg.report.words import SEVERITY_MEANS, general, plural, severity, whole, words

# These two are open on the page; the others stand behind a summary line.
OPEN = ("blocking", "serious")


def audit(context: Context) -> Section:
    """Return the counts, the checks and every finding."""
    report = context.result.audit
    found = len(report.findings)
    blocks: list[Block] = [
        Paragraph(
            text(
                f"{plural(len(report.checks), 'check')} ran over all tables and gave "
                f"{plural(found, 'finding')}. A finding is a statement on printed numbers with "
                "its arithmetic, and not a judgement on the people who printed them."
            )
        ),
        _counts(context),
        Details(text("What each check examined"), (_checks(context),)),
    ]
    numbered = list(enumerate(report.findings, start=1))
    for name in SEVERITIES:
        of = [(number, f) for number, f in numbered if f.severity == name]
        blocks.append(_group(context, name, of))
    return Section("audit", "What was audited and found", tuple(blocks))


def _counts(context: Context) -> Table:
    return Table(
        "Findings by severity",
        (Column("Severity"), Column("Means", wide=True), Column("Findings", numeric=True)),
        tuple(
            Row((text(severity(name)), text(SEVERITY_MEANS[name]), text(whole(count))))
            for name, count in context.result.audit.counts.items()
        ),
    )


def _checks(context: Context) -> Table:
    report = context.result.audit
    rows = [
        Row(
            (
                text(Code(check.rule)),
                text(check.description),
                text(whole(check.examined)),
                text(whole(check.found)),
            )
        )
        for check in report.checks
    ]
    others = len(report.findings) - sum(check.found for check in report.checks)
    return Table(
        "Checks",
        (
            Column("Rule"),
            Column("What it checks", wide=True),
            Column("Examined", numeric=True),
            Column("Findings", numeric=True),
        ),
        tuple(rows),
        text(f"{plural(others, 'further finding')} on cells that could not be read.")
        if others > 0
        else (),
    )


def _group(context: Context, name: str, of: list[tuple[int, Finding]]) -> Section:
    title = f"{name.capitalize()}: {plural(len(of), 'finding')}"
    records = tuple(_finding(context, number, finding) for number, finding in of)
    blocks: tuple[Block, ...]
    if not records:
        blocks = (Paragraph(text("None.")),)
    elif name in OPEN:
        blocks = records
    else:
        summary = text(f"Show {plural(len(of), f'{name} finding')}")
        blocks = (Details(summary, records),)
    return Section(f"findings-{name}", title, blocks)


def _finding(context: Context, number: int, finding: Finding) -> Record:
    pairs: list[tuple[str, Text]] = []
    if finding.value is not None:
        against = "" if finding.limit is None else f", compared with {general(finding.limit)}"
        pairs.append(("Value", text(general(finding.value) + against)))
    pairs.append(("Stands in", _places(finding)))
    if finding.changes:
        pairs.append(("Would change", text(finding.changes)))
    if finding.reading:
        pairs.append(("Reading supported", text(_reading(finding.reading))))
    if finding.claim_ids:
        rows = joined(tuple(context.anchors.claim(c) for c in finding.claim_ids), ", ")
        pairs.append(("Rows", rows))
    return Record(
        f"finding-{number}",
        text(f"F{number} ", severity(finding.severity), f" {_subject(context, finding)}: ")
        + text(Code(finding.rule)),
        (Paragraph(text(finding.message)), Facts(tuple(pairs))),
        finding.severity,
    )


def _subject(context: Context, finding: Finding) -> str:
    study = context.result.catalog.studies.get(finding.subject)
    return study.label if study else finding.subject


def _places(finding: Finding) -> Text:
    """Return where the numbers stand, the cells of one row together."""
    columns: dict[tuple[str, int | None, str | None, str | None], list[str]] = {}
    for place in (finding.location, *finding.also):
        key = (place.file, place.row, place.source, place.printed)
        columns.setdefault(key, []).extend([place.column] if place.column else [])
    out: list[Text] = []
    for (file, row, source, printed), names in columns.items():
        where = [file, f"row {row}"] if row is not None else [file]
        if names:
            where.append(f"column{'s' if len(names) > 1 else ''} {', '.join(dict.fromkeys(names))}")
        one = text(", ".join(where))
        if source:
            one += text(f" ({source})")
        if printed:
            one += text(": ", Quote(printed))
        out.append(one)
    return joined(tuple(out), Break())


def _reading(reading: str) -> str:
    column, _, value = reading.partition("=")
    if column == "exclude":
        return "the number is not used"
    return f"{words(column)} = {words(value)}"


def finding_summary(findings: tuple[Finding, ...], context: Context) -> Text:
    """Return findings as marks with links, for a table cell."""
    lines: list[Text] = []
    for name in SEVERITIES:
        of = tuple(context.anchors.finding(f) for f in findings if f.severity == name)
        if of:
            lines.append(text(severity(name), " ") + joined(of, ", "))
    return joined(tuple(lines), Break()) or ("none",)

"""What stands before and after estimates: protocol, cohort, diagnostics, checklist, sources."""

from __future__ import annotations

from collections.abc import Mapping

from locoreg.figures.emulation.words import upper_first
from locoreg.report.blocks import (
    Badge,
    Block,
    Break,
    Code,
    Column,
    Facts,
    Inline,
    Items,
    Listing,
    Paragraph,
    Record,
    Row,
    Section,
    Table,
    Text,
    Tile,
    Tiles,
    text,
)
from locoreg.report.emulation.drawings import Drawing
from locoreg.report.emulation.tables import (
    attrition_table,
    balance_table,
    behind,
    flow_table,
    plain,
    verdict,
    weights_table,
    with_figure,
)
from locoreg.report.words import NONE, general, severity
from locoreg.workflows.emulation.view import EmulationView, TargetRow

_STATUS = {
    "filled": Badge("filled", "✔", "good"),
    "to_write": Badge("to write", "▲", "serious"),
    "not_applicable": Badge("not applicable", "○", "note"),
}


def protocol(view: EmulationView) -> Section:
    """Return the target trial beside its emulation."""
    lead = (
        "The trial that would answer the question, and how it is emulated. Numbers are those of "
        "the items of TARGET 2025 (doi:10.1001/jama.2025.13350); the topics are in our own words."
    )
    table = Table(
        "The target trial and its emulation",
        (
            Column("Part"),
            Column("Target trial", wide=True),
            Column("Emulation", wide=True),
            Column("Status"),
        ),
        tuple(
            Row(
                (
                    text(row.topic, Break(), f"({row.number})"),
                    _lines(row.target_trial),
                    _lines(row.emulation),
                    _status(row),
                )
            )
            for row in view.compared
        ),
        stacks=True,
    )
    return Section("protocol", "Protocol", (Paragraph(text(lead)), table))


def _lines(words: str) -> Text:
    """Return a text of several lines."""
    parts: list[Inline] = []
    for line in words.split("\n"):
        if parts:
            parts.append(Break())
        parts.append(line)
    return text(*parts) or (NONE,)


def _status(row: TargetRow) -> Text:
    return text(_STATUS.get(row.status, row.status))


def cohort(view: EmulationView, drawings: Mapping[str, Drawing]) -> Section:
    """Return who was followed, who was left out, and what the audit of time zero found."""
    blocks: list[Block] = [
        *with_figure(
            drawings["attrition"],
            "Persons left after each criterion, and those whom it excluded.",
            attrition_table(view),
        ),
        Section("audit", "Audit of time zero", _audit(view)),
    ]
    for table in view.cohort:
        blocks += plain(table)
    return Section("cohort", "Who was followed", tuple(blocks))


def _audit(view: EmulationView) -> tuple[Block, ...]:
    lead = "Eligibility, assignment and the start of follow-up must coincide at time zero."
    blocks: list[Block] = [Paragraph(text(lead))]
    if not view.audit:
        blocks.append(Paragraph(text("The audit found nothing.")))
    for i, found in enumerate(view.audit, 1):
        facts: list[tuple[str, Text]] = [("Found", text(upper_first(found.message)))]
        if found.value is not None:
            facts.append(("Number", text(general(found.value))))
        if found.changes:
            facts.append(("What it changes", text(found.changes)))
        title = text(severity(found.severity), f" {found.rule.replace('-', ' ').replace('_', ' ')}")
        tone = found.severity
        blocks.append(Record(f"audit-{i}", title, (Facts(tuple(facts)),), tone))
    return tuple(blocks)


def diagnostics(view: EmulationView, drawings: Mapping[str, Drawing]) -> Section:
    """Return the diagnostics with their verdicts, then the figures behind them."""
    blocks: list[Block] = [_tiles(view), _table(view)]
    effect = view.shown
    for name, caption, maker in (
        ("flow", "What became of persons, or of their clones, in each arm.", flow_table),
        (
            "balance",
            "Standardised mean differences before and after weighting. What to look for: filled "
            "squares in the shaded zone.",
            balance_table,
        ),
        (
            "weights",
            "Weights over time. What to look for: no weight far above the others, and an effective "
            "sample size that is not far below the number followed.",
            weights_table,
        ),
    ):
        if name in drawings:
            blocks += with_figure(drawings[name], caption, maker(view))
    if not effect.diagnostics:
        blocks.insert(0, Paragraph(text("The analysis tells no diagnostics.")))
    return Section("diagnostics", "Diagnostics", tuple(blocks))


def _tiles(view: EmulationView) -> Tiles:
    counts = dict.fromkeys(("fail", "warn", "pass", "note"), 0)
    for d in view.diagnostics:
        counts[d.verdict] += 1
    signs = {"fail": "✖", "warn": "▲", "pass": "✔", "note": "○"}
    return Tiles(
        tuple(
            Tile(f"{signs[name]} {name}", f"{count}", main=name == "fail" and count > 0)
            for name, count in counts.items()
        )
    )


def _table(view: EmulationView) -> Table:
    rows = []
    for d in view.diagnostics:
        said = upper_first(d.message if not d.advice else f"{d.message} {d.advice}")
        rows.append(
            Row(
                (
                    text(d.title, f" ({d.arm})" if d.arm else ""),
                    verdict(d.verdict),
                    text(general(d.value)),
                    text(general(d.threshold)),
                    text(said),
                ),
                anchor=f"diagnostic-{d.name}" if d.arm is None else "",
                emphasis=d.verdict == "fail",
            )
        )
    return Table(
        "Diagnostics, failed ones first; thresholds were fixed beforehand",
        (
            Column("Diagnostic"),
            Column("Verdict"),
            Column("Found", numeric=True),
            Column("Threshold", numeric=True),
            Column("What was found, and what to do", wide=True),
        ),
        tuple(rows),
        stacks=True,
    )


def checklist(view: EmulationView) -> Section:
    """Return all items of the reporting checklist."""
    left = [row.number for row in view.checklist if row.status == "to_write"]
    lead = (
        "Items of TARGET 2025 (doi:10.1001/jama.2025.13350) by number, with topics in our own "
        "words. Read the statement itself for what each asks."
    )
    blocks: list[Block] = [Paragraph(text(lead))]
    if left:
        blocks.append(Paragraph(text(f"People must write, or add to, items {', '.join(left)}.")))
    blocks.append(
        Table(
            "Reporting checklist",
            (Column("Item"), Column("Topic"), Column("Text", wide=True), Column("Status")),
            tuple(
                Row(
                    (
                        text(row.number),
                        text(row.topic),
                        _lines("\n".join(t for t in (row.target_trial, row.emulation) if t)),
                        _status(row),
                    )
                )
                for row in view.checklist
            ),
            stacks=True,
        )
    )
    # Items 13 and 14 hold the estimates.
    shown = behind(view, blocks, "the checklist, which holds the estimates,")
    return Section("checklist", "Reporting checklist", shown)


def reproduce(view: EmulationView) -> Section:
    """Return how to run the emulation again, and what it was made from."""
    blocks: list[Block] = []
    if view.command:
        blocks.append(Listing("Command", view.command))
    if view.python:
        blocks.append(Listing("Python", view.python))
    pairs = tuple((name, text(Code(value))) for name, value in view.provenance)
    blocks.append(Facts(pairs) if pairs else Items(()))
    return Section("reproduce", "Reproduce", tuple(blocks))

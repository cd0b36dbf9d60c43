"""An uploaded table of studies as blocks: what was found in it, and what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from locoreg.core.findings import SEVERITIES, Finding, count_by_severity
from locoreg.core.numbertext import percent_texts
from locoreg.figures import to_svg
from locoreg.figures.forest import forest_of_pools
from locoreg.report.blocks import (
    Badge,
    Block,
    Column,
    Figure,
    Items,
    Paragraph,
    Row,
    Section,
    Table,
    Text,
    Value,
    text,
)
from locoreg.report.words import NONE, SEVERITY_SIGNS, effect
from locoreg.web.figureroutes import downloads
from locoreg.web.views import View
from locoreg.workflows.uploadedstudies import UploadedPool, UploadedStudies

if TYPE_CHECKING:
    from locoreg.evidence.pooling import EvidencePool

# Rows of a list have the same numbers in the tables that are made of it.
_OF_LIST = re.compile(r"^(claims|studies|references)\.csv, row(?= \d)")
# Findings on one page; the download has all.
MOST = 200


def found_blocks(studied: UploadedStudies) -> tuple[Block, ...]:
    """Return what can't be used and what the audit found, worst first.

    Parameters
    ----------
    studied : UploadedStudies
        The tables.

    Returns
    -------
    tuple of Block
        Sections.
    """
    blocks: list[Block] = []
    if studied.faults:
        place = _place if studied.is_list else str
        lines = tuple(text(place(one.message)) for one in studied.faults[:MOST])
        more = len(studied.faults) - len(lines)
        rest = (Paragraph(text(f"And {more} more."), role="note"),) if more else ()
        told = "These rows took no part in the audit or in a pool, until the cells are mended."
        blocks.append(
            Section("left-out", "Rows left out", (Paragraph(text(told)), Items(lines), *rest))
        )
    counts = count_by_severity(studied.findings)
    summary = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES)
    parts: list[Block] = [Paragraph(text(f"{summary}."))]
    if studied.findings:
        parts.append(_findings(studied.findings[:MOST]))
    if len(studied.findings) > MOST:
        parts.append(
            Paragraph(text(f"The first {MOST} are shown; the CSV file has all."), role="note")
        )
    return (*blocks, Section("findings", "What the audit found", tuple(parts)))


def _place(message: str) -> str:
    """Return a message on a list's row without the table that the row was written to."""
    return _OF_LIST.sub("Row", message)


def _findings(findings: Sequence[Finding]) -> Table:
    rows = tuple(
        Row(
            (
                text(one.rule),
                text(Badge(one.severity, SEVERITY_SIGNS[one.severity], one.severity)),
                text(str(one.location)),
                text(one.message),
                text(one.changes),
            )
        )
        for one in findings
    )
    columns = (
        Column("Rule"), Column("Severity"), Column("Place"), Column("What was found", wide=True),
        Column("What it changes", wide=True),
    )  # fmt: skip
    return Table("Findings, worst first", columns, rows, stacks=True)


def finding_rows(studied: UploadedStudies) -> list[list[object]]:
    """Return faults and findings as rows of a CSV file."""
    head: list[object] = ["rule", "severity", "subject", "place", "message", "changes"]
    return [head] + [
        [one.rule, one.severity, one.subject, str(one.location), one.message, one.changes]
        for one in (*studied.faults, *studied.findings)
    ]


def pool_sections(studied: UploadedStudies, view: View, root: str) -> tuple[Section, ...]:
    """Return one section per group of designs, drawn; hold the drawing lock.

    Parameters
    ----------
    studied : UploadedStudies
        The tables.
    view : View
        The page's view.
    root : str
        What every path begins with.

    Returns
    -------
    tuple of Section
        Pools, then designs without one.
    """
    sections = [_section(studied, one, view, root) for one in studied.pools]
    if studied.empty:
        items = Items(tuple(text(reason) for _, reason in studied.empty))
        sections.append(Section("empty", "Designs without a usable study", (items,)))
    return tuple(sections)


def value_key(studied: UploadedStudies, one: UploadedPool) -> str:
    """Return where a pooled number stands."""
    question, outcome = studied.question.question_id, studied.outcome.outcome_id
    return f"upload/{question}/{outcome}/{one.pool.selection.design}"


def _section(studied: UploadedStudies, one: UploadedPool, view: View, root: str) -> Section:
    pool, mu = one.pool, one.pool.meta.mu
    design = pool.selection.design
    title = f"{pool.outcome.label}: {pool.design_label.lower()}"
    number = Value(effect(mu), mu.natural[0], value_key(studied, one))
    blocks: list[Block] = [
        Paragraph(text(f"{pool.question.measure} ", number, f", {mu.level:g}% interval.")),
        Paragraph(text(one.answer)),
        Figure(
            f"forest-{design}", title,
            to_svg(forest_of_pools([pool]), prefix=f"forest-{design}"),
            text(f"{title}; the reference arm is the control arm."),
            downloads=downloads(root, f"upload-forest-{design}", view), table=study_table(pool),
        ),
    ]  # fmt: skip
    if pool.excluded:
        lines = tuple(text(f"{left.label}: {left.reason}.") for left in pool.excluded)
        blocks += [Paragraph(text("Studies left out of this pool:")), Items(lines)]
    return Section(f"design-{design}", pool.design_label, tuple(blocks))


def study_table(pool: EvidencePool) -> Table:
    """Return the numbers of a forest plot.

    Parameters
    ----------
    pool : EvidencePool
        What is drawn.

    Returns
    -------
    Table
        The studies, then the pool.
    """
    meta, level = pool.meta, pool.meta.mu.level
    weights = percent_texts(meta.weights)
    rows = [
        Row((text(s.label), _text(s.year), text(effect(s.effect.estimate(level))), text(weight)))
        for s, weight in zip(pool.studies, weights, strict=True)
    ]
    name = "Pooled" if meta.k > 1 else "One study: nothing is pooled"
    rows.append(Row((text(name), (), text(effect(meta.mu)), ()), emphasis=True))
    measure = pool.question.measure
    columns = (
        Column("Study"), Column("Year", numeric=True),
        Column(f"{measure} ({level:g}% interval)", numeric=True), Column("Weight %", numeric=True),
    )  # fmt: skip
    return Table(f"Studies: {pool.design_label.lower()}", columns, tuple(rows))


def _text(year: int | None) -> Text:
    return text(NONE if year is None else str(year))

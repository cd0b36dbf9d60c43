"""The audit as a board: what is found about each study under each rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.findings import SEVERITIES, Finding, Severity
from locoreg.evidence.records import Catalog
from locoreg.workflows.explore.rules import rule_notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The findings about one study under one rule: how many, and the worst."""

    rule: str
    count: int
    worst: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One study, publication or table that findings are about.

    Attributes
    ----------
    subject, label, question : str
        Id, name and question id; the last empty where there is none.
    is_study : bool
        Whether it has a page.
    cells : tuple of Cell
        Rules that found something, in the order of the columns.
    count : int
        Findings in all.
    worst : str
        Worst severity.
    """

    subject: str
    label: str
    question: str
    is_study: bool
    cells: tuple[Cell, ...]
    count: int
    worst: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Findings by study and rule.

    Attributes
    ----------
    rows : tuple of BoardRow
    rules : tuple of str
        Rules with a finding, the worst first: the columns.
    findings : tuple of Finding
        Those counted, worst first.
    """

    rows: tuple[BoardRow, ...]
    rules: tuple[str, ...]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the board as JSON-ready values."""
        return {
            "rules": list(self.rules),
            "rows": [
                {
                    "subject": row.subject,
                    "label": row.label,
                    "question": row.question or None,
                    "worst": row.worst,
                    "count": row.count,
                    "cells": [
                        {"rule": c.rule, "count": c.count, "worst": c.worst} for c in row.cells
                    ],
                }
                for row in self.rows
            ],
        }


def board_of(
    catalog: Catalog,
    findings: Iterable[Finding],
    *,
    at_least: str = "note",
    question: str = "",
    by: str = "worst",
) -> Board:
    """Return the board.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    findings : iterable of Finding
        The audit's findings on them.
    at_least : {"blocking", "serious", "minor", "note"}
        Mildest severity shown.
    question : str
        Question id; empty for all.
    by : {"worst", "study", "count"}
        Order of the rows.

    Returns
    -------
    Board
        Only studies and rules with a finding of that severity.

    Raises
    ------
    DataError
        If there is no such question or severity.
    """
    if question:
        catalog.question(question)
    if at_least not in SEVERITIES:
        raise DataError(
            f"there is no severity {at_least!r}.", hint=did_you_mean(at_least, SEVERITIES)
        )
    limit = SEVERITIES.index(at_least)
    shown = [
        f
        for f in findings
        if SEVERITIES.index(f.severity) <= limit
        and (not question or _question(catalog, f.subject) == question)
    ]
    shown.sort(key=lambda f: SEVERITIES.index(f.severity))
    rules = _rules(shown)
    subjects: dict[str, list[Finding]] = {}
    for finding in shown:
        subjects.setdefault(finding.subject, []).append(finding)
    rows = [_row(catalog, subject, of, rules) for subject, of in subjects.items()]
    orders: dict[str, Any] = {
        "worst": lambda r: (SEVERITIES.index(r.worst), -r.count, r.label.casefold()),
        "study": lambda r: (r.label.casefold(),),
        "count": lambda r: (-r.count, SEVERITIES.index(r.worst), r.label.casefold()),
    }
    rows.sort(key=orders[by])
    return Board(rows=tuple(rows), rules=rules, findings=tuple(shown))


def board_table(board: Board) -> list[list[Any]]:
    """Return the board for CSV: a column per rule that holds count and worst severity."""
    head = ["subject", "label", "question", "worst", "findings", *board.rules]
    rows: list[list[Any]] = [head]
    for row in board.rows:
        cells = {cell.rule: f"{cell.count} {cell.worst}" for cell in row.cells}
        fixed = [row.subject, row.label, row.question, row.worst, row.count]
        rows.append([*fixed, *(cells.get(rule, "") for rule in board.rules)])
    return rows


def findings_table(findings: Iterable[Finding]) -> list[list[Any]]:
    """Return findings for CSV, one per row with message and place."""
    head = [
        "rule", "severity", "subject", "message", "value", "limit", "file", "row", "column",
        "printed", "source", "changes", "reading", "claim_ids",
    ]  # fmt: skip
    rows: list[list[Any]] = [head]
    for f in findings:
        place = f.location
        rows.append(
            [
                f.rule, f.severity, f.subject, f.message, f.value, f.limit, place.file, place.row,
                place.column, place.printed, place.source, f.changes, f.reading, f.claim_ids,
            ]
        )  # fmt: skip
    return rows


def _question(catalog: Catalog, subject: str) -> str:
    study = catalog.studies.get(subject)
    return (study.question_id or "") if study else ""


def _rules(findings: list[Finding]) -> tuple[str, ...]:
    """Return the rules that found something, the worst first, then in the order of the checks."""
    order = [note.rule for note in rule_notes()]
    worst: dict[str, int] = {}
    for finding in findings:
        severity = SEVERITIES.index(finding.severity)
        worst[finding.rule] = min(worst.get(finding.rule, severity), severity)
    return tuple(sorted(worst, key=lambda rule: (worst[rule], order.index(rule))))


def _row(
    catalog: Catalog, subject: str, findings: list[Finding], rules: tuple[str, ...]
) -> BoardRow:
    study = catalog.studies.get(subject)
    reference = catalog.references.get(subject)
    label = study.label if study else reference.title if reference else subject
    cells = []
    for rule in rules:
        of = [f.severity for f in findings if f.rule == rule]
        if of:
            worst = min(of, key=SEVERITIES.index)
            cells.append(Cell(rule=rule, count=len(of), worst=worst))
    return BoardRow(
        subject=subject,
        label=label,
        question=_question(catalog, subject),
        is_study=study is not None,
        cells=tuple(cells),
        count=len(findings),
        worst=min((f.severity for f in findings), key=SEVERITIES.index),
    )

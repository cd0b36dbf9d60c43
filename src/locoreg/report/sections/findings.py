"""The summary of findings: one table per question, with the reasons of its certainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Facts,
    Items,
    Link,
    Row,
    Section,
    Strong,
    Table,
    Text,
    Value,
    text,
)
from locoreg.report.words import NONE, doi_link, plural
from locoreg.workflows.conclusion.sentences import listed

ANCHOR = "summary-of-findings"
_NOTE = (
    "With = without^HR for a hazard ratio of an adverse event, the limits through the same map "
    "(GRADE guidance 27, "
)
_WORDS = "Statements by certainty and size of effect: GRADE guidance 26, "
_ASSUMED = (
    "The assumed outcome without the intervention is taken as known; its own uncertainty is not "
    "in the intervals."
)


def findings(results: Mapping[str, Any]) -> Section | None:
    """Return the summary of findings.

    Parameters
    ----------
    results : mapping
        ``results.json`` of the run.

    Returns
    -------
    Section or None
        None where the study file asks for none.
    """
    told = results.get("findings")
    if told is None:
        return None
    parts = tuple(_table(one) for one in told["tables"])
    return Section(ANCHOR, "Summary of findings", parts)


def tables(results: Mapping[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the summary of findings as rows of a table, header first.

    Parameters
    ----------
    results : mapping
        ``results.json`` of the run.

    Returns
    -------
    dict of str to list of tuple
        ``summary_of_findings``; empty where there is none.
    """
    told = results.get("findings")
    if told is None:
        return {}
    rows: list[tuple[Any, ...]] = [
        ("question", "outcome", "design", "label", "state", "measure", "relative", "level",
         "studies", "participants", "participants_of", "baseline", "at_months", "source",
         "without", "with", "with_low", "with_high", "difference", "difference_low",
         "difference_high", "important_per_1000", "size", "certainty", "author", "reasons",
         "statement", "interval", "refused")
    ]  # fmt: skip
    for table in told["tables"]:
        for row in table["rows"]:
            rows += _csv_rows(row)
    return {"summary_of_findings": rows}


def _csv_rows(row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    judged, relative = row["certainty"] or {}, row["relative"] or {}
    reasons = [
        f"{one['domain']} {one['by']:+d}: {one['reason']}" for one in judged.get("reasons", ())
    ]
    head = (
        row["question"], row["outcome"], row["design"], row["label"], row["state"],
        row["measure"], relative.get("text"), relative.get("level"), row["studies"],
        row["participants"], row["participants_of"],
    )  # fmt: skip
    tail = (judged.get("level", "not judged"), judged.get("author"), tuple(reasons))
    out = []
    for one in row["baselines"]:
        said = _statement_of(row, one)
        out.append(
            (*head, one["label"], one["at_months"], one["source"], one["without"], one["with"],
             one["with_low"], one["with_high"], one["difference"], one["difference_low"],
             one["difference_high"], row["important_per_1000"], one["size"], *tail,
             one["statement"], said["reach"], row["refused"])
        )  # fmt: skip
    out += [
        (*head, one["label"], one["at_months"], *(None,) * 8, row["important_per_1000"], None,
         *tail, None, None, one["refused"])
        for one in row["not_stated"]
    ]  # fmt: skip
    empty = (None,) * 10
    return out or [
        (*head, *empty, row["important_per_1000"], None, *tail, None, None, row["refused"])
    ]


def _statement_of(row: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the statement of a baseline at a time."""
    wanted = (one["label"], one["at_months"])
    found: Mapping[str, Any] = next(s for s in row["statements"] if wanted in _spoken_of(row, s))
    return found


def _spoken_of(row: Mapping[str, Any], said: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the baselines of a statement, each with its time.

    Results stored when a baseline had one time only name the labels alone.
    """
    if "of" in said:
        return [(of["label"], of["at_months"]) for of in said["of"]]
    return [
        (one["label"], one["at_months"])
        for one in row["baselines"]
        if one["label"] in said["labels"]
    ]


def _table(table: Mapping[str, Any]) -> Section:
    anchor = slug(ANCHOR, table["question"])
    blocks: list[Block] = [Facts(_head(table))]
    blocks += [_said(row) for row in table["rows"] if row["statements"]]
    blocks.append(
        Table(
            f"Summary of findings: {table['title']}",
            _columns(table["rows"]),
            tuple(
                one
                for row in table["rows"]
                for one in _rows(anchor, row, len(_levels(table["rows"])) == 1)
            ),
            text(
                _NOTE, *doi_link("10.1016/j.jclinepi.2019.10.015"), "). ", _ASSUMED, " ", _WORDS,
                *doi_link("10.1016/j.jclinepi.2019.10.014"), ".",
            ),
            stacks=True,
        )
    )  # fmt: skip
    if table["footnotes"]:
        blocks.append(_footnotes(anchor, table["footnotes"]))
    return Section(anchor, f"Effects per 1,000: {table['title']}", tuple(blocks))


def _levels(rows: Sequence[Mapping[str, Any]]) -> set[float]:
    return {row["relative"]["level"] for row in rows if row["relative"] is not None}


def _columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Return the columns; they name the level of the intervals where all have one."""
    levels = _levels(rows)
    interval = f"{levels.pop():g}% CI" if len(levels) == 1 else "CI"
    return (
        Column("Outcome and baseline"),
        Column("Participants (studies)"),
        Column(f"Relative effect ({interval})"),
        Column("Without, per 1,000"),
        Column(f"With, per 1,000 ({interval})"),
        Column(f"Difference per 1,000 ({interval})"),
        Column("Certainty"),
        Column("In words"),
    )


def _head(table: Mapping[str, Any]) -> tuple[tuple[str, Text], ...]:
    pairs = [
        ("Patients", table["population"]),
        ("Intervention", table["intervention"]),
        ("Comparator", table["comparator"]),
        ("Setting", table["setting"] or "not stated in the study file"),
        ("Last search", table["search_date"] or "not stated"),
    ]
    sources = dict.fromkeys(
        f"{one['label']}, {one['at_months']:g} months: {one['source']}"
        for row in table["rows"]
        for one in row["baselines"]
    )
    pairs.append(("Source of the outcome without", "; ".join(sources) or NONE))
    authors = dict.fromkeys(
        row["certainty"]["author"] for row in table["rows"] if row["certainty"] is not None
    )
    pairs.append(("Certainty judged by", "; ".join(authors) or "nobody"))
    return tuple((name, text(value or NONE)) for name, value in pairs)


def _said(row: Mapping[str, Any]) -> Callout:
    """Return what is said of an outcome in words, with what the interval holds."""
    lines = []
    for one in row["statements"]:
        labels = ", ".join(
            f"{label} at {months:g} months" for label, months in _spoken_of(row, one)
        )
        lines.append(
            text(Strong(one["text"]), f" {one['reach']} Baseline: {labels}; a difference matters "
                 f"from {row['important_per_1000']:g} per 1,000 on, as the study file states.")
        )  # fmt: skip
    return Callout(f"{row['label']}. {row['design_label']}", (Items(tuple(lines)),), "note")


def _rows(anchor: str, row: Mapping[str, Any], one_level: bool) -> list[Row]:
    name = f"{row['label']}. {row['design_label']}"
    relative: Text = (NONE,)
    if row["relative"] is not None:
        found = row["relative"]
        told = "" if one_level else f", {found['level']:g}% interval"
        relative = text(Value(found["text"], found["value"], found["key"]), told)
    shared = (text(_participants(row)), relative)
    certainty = _certainty(anchor, row)
    if not row["baselines"]:
        cells = (text(Strong(name)), *shared, (NONE,), (NONE,), (NONE,), certainty)
        return [Row((*cells, text(row["refused"] or NONE)))]
    out: list[Row] = []
    last = {one["label"]: one for one in row["baselines"]}
    missing = _not_stated(name, row, (*shared, certainty))
    for one in row["baselines"]:
        capped = " (limit set to 0 or 1,000)" if one["capped"] else ""
        out.append(
            Row(
                (
                    text(Strong(name), f": {row['state']} at {one['at_months']:g} months; "
                         f"baseline {one['label']}"),
                    *shared,
                    text(Value(one["without_text"], one["without"], f"{one['key']}/without")),
                    text(Value(one["with_text"], one["with"], f"{one['key']}/with"), capped),
                    text(Value(one["difference_text"], one["difference"],
                               f"{one['key']}/difference")),
                    certainty,
                    text(one.get("statement") or _statement_of(row, one)["text"]),
                )
            )
        )  # fmt: skip
        if one is last[one["label"]] and one["label"] in missing:
            out.append(missing[one["label"]])
    return out


def _not_stated(
    name: str, row: Mapping[str, Any], cells: tuple[Text, Text, Text]
) -> dict[str, Row]:
    """Return a row per baseline that lacks a point at a time of the table."""
    times: dict[str, list[str]] = {}
    for one in row.get("not_stated", ()):
        times.setdefault(one["label"], []).append(f"{one['at_months']:g}")
    participants, relative, certainty = cells
    none = (NONE,)
    told = "No source for the outcome without the intervention is stated; nothing is interpolated."
    return {
        label: Row(
            (
                text(Strong(name), f": {row['state']} at {listed(months)} months; "
                     f"baseline {label}"),
                participants, relative, none, none, none, certainty, text(told),
            )
        )
        for label, months in times.items()
    }  # fmt: skip


def _participants(row: Mapping[str, Any]) -> str:
    studies = plural(row["studies"], "study", "studies")
    if row["participants"] is None:
        return f"not stated ({studies})"
    some = row["participants_of"] < row["studies"]
    known = f", of {row['participants_of']} that state them" if some else ""
    return f"{row['participants']:,} ({studies}{known})"


def _certainty(anchor: str, row: Mapping[str, Any]) -> Text:
    judged = row["certainty"]
    if judged is None:
        return text("not judged")
    links: list[Any] = []
    for reason in judged["reasons"]:
        number = reason["footnote"]
        links += [" ", Link(f"#{anchor}-note-{number}", f"[{number}]")]
    return text(f"{judged['symbols']} {judged['level']}", *links)


def _footnotes(anchor: str, notes: list[str]) -> Table:
    return Table(
        "Why certainty was rated down or up",
        (Column("Note"), Column("Domain and reason", wide=True)),
        tuple(
            Row((text(f"[{i}]"), text(note)), anchor=f"{anchor}-note-{i}")
            for i, note in enumerate(notes, 1)
        ),
    )

"""The GRADE domains of a pool: what a rule proposes beside what a person decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.report.blocks import (
    Badge,
    Block,
    Column,
    Details,
    Items,
    Paragraph,
    Row,
    Strong,
    Table,
    Text,
    Value,
    joined,
    text,
)
from locoreg.report.words import NONE
from locoreg.workflows.conclusion.sentences import signed

# Domains that rate down come first; the others can only rate up.
DOWN = 5
NO_RECORD = "no assessment on record"


def certainty_blocks(entry: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the domains of a pool and the risk of bias of its studies.

    Parameters
    ----------
    entry : mapping
        Of ``how_sure`` in the results.
    part : mapping
        Its ``certainty``.

    Yields
    ------
    Block
        Domains first.
    """
    found = part["result"]
    domains = list(enumerate(found["domains"]))
    shown = [(i, one) for i, one in domains if i < DOWN or _moves(one)]
    rest = [one for i, one in domains if not (i < DOWN or _moves(one))]
    yield Table(
        f"Domains of certainty: {entry['label']}, {entry['design_label'].lower()}",
        (
            Column("Domain"), Column("Proposed"),
            Column("Why the rule proposes it", wide=True), Column("Judged"),
            Column("By whom and why", wide=True),
        ),
        tuple(_row(one, f"{part['key']}/result/domains/{i}") for i, one in shown),
        text(*_note(part, rest)),
        stacks=True,
    )  # fmt: skip
    rules = tuple(
        text(Strong(f"{_name(one)}. "), f"{one['proposal']['rule']} {one['proposal']['source']}.")
        for _, one in domains
    )
    yield Details(text("The rules and their sources"), (Items(rules),))
    yield from _bias(part["risk_of_bias"])


def _name(one: Mapping[str, Any]) -> str:
    domain = str(one["domain"])
    return domain[:1].upper() + domain[1:]


def _moves(one: Mapping[str, Any]) -> bool:
    judged = one["judgement"]
    return bool(one["proposal"]["by"]) or (judged is not None and bool(judged["by"]))


def _note(part: Mapping[str, Any], rest: list[Mapping[str, Any]]) -> Iterator[str]:
    found = part["result"]
    yield (
        f"Certainty starts at {found['start']}. Proposals follow the rules below; what is kept is "
        "what a person judged. A difference matters from "
        f"{part['important_per_1000']:g} per 1,000 on, as the study file states. "
    )
    if rest:
        yield f"No move is proposed or judged on: {', '.join(one['domain'] for one in rest)}."


def _row(one: Mapping[str, Any], key: str) -> Row:
    proposal, judged = one["proposal"], one["judgement"]
    proposed: Text = (
        text("a person must judge")
        if proposal["by"] is None
        else (Value(signed(proposal["by"], 0), proposal["by"], f"{key}/proposal/by"),)
    )
    mark: Text = (" ", Badge("differs", "≠", "serious")) if one["agrees"] is False else ()
    if judged is None:
        return Row(
            (text(_name(one)), proposed, text(proposal["reason"]), text("not judged"), (NONE,))
        )
    decided: Text = (
        (Value(signed(judged["by"], 0), judged["by"], f"{key}/judgement/by"),)
        if judged["stated"]
        else text("not named")
    )
    return Row(
        (
            text(_name(one)),
            proposed,
            text(proposal["reason"]),
            text(*decided, *mark),
            text(_why(judged)),
        )
    )


def _why(judged: Mapping[str, Any]) -> str:
    if not judged["stated"]:
        return "Not named by the person who judged, so that it does not move the level."
    date = f", {judged['date']}" if judged["date"] else ""
    return f"{judged['author']}{date}: {judged['reason'] or 'no reason is given.'}"


def _bias(rows: list[Mapping[str, Any]]) -> Iterator[Block]:
    """Yield the assessments of risk of bias, each with where it comes from."""
    if all(one["assessment"] is None for one in rows):
        names = ", ".join(one["label"] for one in rows)
        yield Paragraph(
            text(Strong("Risk of bias: "), f"{NO_RECORD} for any of the studies ({names}).")
        )
        return
    yield Table(
        "Risk of bias of each study, as assessed",
        (
            Column("Study"), Column("Instrument"), Column("Overall"),
            Column("Domains", wide=True), Column("Assessed by, and where", wide=True),
        ),
        tuple(one for row in rows for one in _assessed(row)),
        text(
            "Words are those of the instrument. An overall judgement that is not on record follows "
            "from the domains by the instrument's algorithm, where it gives one answer."
        ),
        stacks=True,
    )  # fmt: skip


def _assessed(row: Mapping[str, Any]) -> Iterator[Row]:
    found = row["assessment"]
    if found is None:
        yield Row((text(row["label"]), (NONE,), text(NO_RECORD), (NONE,), (NONE,)))
        return
    for one in (found, *row["others"]):
        name = row["label"] if one is found else f"{row['label']}, another assessment"
        yield _assessment(name, one)


def _assessment(name: str, found: Mapping[str, Any]) -> Row:
    overall = found["overall"] or "none"
    derived = "" if found["overall_recorded"] or found["overall"] is None else " (by the algorithm)"
    against = f" {found['contradicts']}." if found["contradicts"] else ""
    domains = tuple(
        text(f"{one['domain']}: {one['judgement'] or 'not judged'}") for one in found["domains"]
    )
    return Row(
        (
            text(name),
            text(found["tool_label"]),
            text(f"{overall}{derived}.{against}" if against else f"{overall}{derived}"),
            joined(domains),
            text(f"{found['assessor']}; {'; '.join(found['sources'])}"),
        )
    )

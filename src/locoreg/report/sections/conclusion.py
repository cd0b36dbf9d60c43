"""The conclusion, question by question: what failed first, each number with where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Badge,
    Block,
    Callout,
    Inline,
    Items,
    Paragraph,
    Record,
    Section,
    Strong,
    Text,
    Tone,
    Value,
    text,
)

_LEAD = (
    "Each question in the same order: randomised trials, other comparisons, emulated trials, "
    "whether they agree, who gains, how sure one can be, and what would settle it. No sentence "
    "says what to do."
)
_SYNTHETIC = (
    "The registry of this run is made up. Nothing that is said of its patients is about anybody."
)


def conclusion(results: Mapping[str, Any]) -> Section:
    """Return the conclusion of a run.

    Parameters
    ----------
    results : mapping
        ``results.json`` of the run, with its ``conclusion``.

    Returns
    -------
    Section
        One section per question.
    """
    told = results["conclusion"]
    blocks: list[Block] = [Paragraph(text(_LEAD))]
    if told["synthetic"]:
        blocks.append(Callout("Synthetic patients", (Paragraph(text(_SYNTHETIC)),), "serious"))
    if not told["questions"]:
        blocks.append(Paragraph(text("The study asks no question that could be concluded on.")))
    blocks += [_question(question, i) for i, question in enumerate(told["questions"], 1)]
    return Section("conclusion", "Conclusion", tuple(blocks))


def sentence_text(sentence: Mapping[str, Any]) -> Text:
    """Return a sentence with its numbers marked.

    Parameters
    ----------
    sentence : mapping
        With ``parts``: words, and numbers with their text, value and key.

    Returns
    -------
    Text
        Words and values.
    """
    parts: list[Inline] = []
    for part in sentence["parts"]:
        if isinstance(part, str):
            parts.append(part)
        else:
            parts.append(Value(part["text"], part["value"], part["key"]))
    return text(*parts)


def _question(question: Mapping[str, Any], number: int) -> Section:
    anchor = slug("conclusion", question["question"] or str(number))
    return Section(
        anchor,
        f"In short: {question['title']}",
        tuple(_item(anchor, item) for item in question["items"]),
    )


def _item(anchor: str, item: Mapping[str, Any]) -> Record:
    failed = [one for one in item["sentences"] if one["tone"] == "blocking"]
    rest = [one for one in item["sentences"] if one["tone"] != "blocking"]
    blocks: list[Block] = []
    if failed:
        lines = tuple(text(Badge("fail", "✖", "blocking"), " ", *sentence_text(s)) for s in failed)
        blocks.append(Callout("First: what failed", (Items(lines),), "blocking"))
    if len(rest) == 1:
        blocks.append(Paragraph(_line(rest[0])))
    elif rest:
        blocks.append(Items(tuple(_line(one) for one in rest)))
    tone: Tone = "blocking" if failed else "plain"
    return Record(slug(anchor, item["topic"]), text(Strong(item["title"])), tuple(blocks), tone)


def _line(sentence: Mapping[str, Any]) -> Text:
    if sentence["tone"] == "serious":
        return text(Badge("mind", "▲", "serious"), " ", *sentence_text(sentence))
    return sentence_text(sentence)

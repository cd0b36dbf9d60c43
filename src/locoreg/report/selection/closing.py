"""What stands at the end: the model and its card, notes, how to run it again."""

from __future__ import annotations

import json

from locoreg.report.blocks import (
    Block,
    Code,
    Details,
    Facts,
    Items,
    Listing,
    Paragraph,
    Section,
    Text,
    text,
)
from locoreg.report.selection.parts import Shown
from locoreg.workflows.selection.saving import card_of, patient_template


def model(shown: Shown) -> Section:
    """Return the card of the model, its intended use, and how to ask it about a patient."""
    found = shown.result.model
    blocks: list[Block] = [
        Paragraph(text(found.intended_use), "lead"),
        Paragraph(
            text(
                "The folder model holds the model, without a patient in it. It gives no number "
                "for a patient who is unlike those of the data, but says why."
            )
        ),
        Listing("Command", "locoreg select predict model patient.json"),
        Listing(
            "Python",
            "from locoreg.workflows.selection.predicting import predict\n\n"
            'print(predict("model", "patient.json").text())',
        ),
        Details(
            text("patient.json: one value per covariate; null where it is not known"),
            (Listing("patient.json", patient_template(found)),),
        ),
    ]
    for i, section in enumerate(card_of(found).sections, 1):
        inner: tuple[Block, ...] = (Items(tuple(text(line) for line in section.lines)),)
        if shown.blocked and section.title == "Metrics":
            inner = (Details(text("Show the metrics anyway; checks failed"), inner),)
        blocks.append(Section(f"card-{i}", section.title, inner))
    return Section("model", "Model card", tuple(blocks))


def notes(shown: Shown) -> Section:
    """Return notes and limits."""
    result = shown.result
    found = dict.fromkeys((*result.notes, *result.rule.rule.notes, *result.model.limits))
    return Section("notes", "Notes and limits", (Items(tuple(text(note) for note in found)),))


def reproduce(shown: Shown) -> Section:
    """Return how to run it again, and what it was made from."""
    blocks: list[Block] = []
    if shown.command:
        blocks.append(Listing("Command", shown.command))
    if shown.python:
        blocks.append(Listing("Python", shown.python))
    made = shown.result.provenance
    pairs: list[tuple[str, Text]] = [
        ("Software", text(Code(f"locoreg {made.version}"))),
        ("Data, SHA-256", text(Code(made.input_sha256))),
        ("Seed", text(Code(f"{shown.result.plan.seed}"))),
    ]
    if shown.result.protocol is not None:
        pairs.insert(1, ("Protocol, SHA-256", text(Code(shown.result.protocol.sha256))))
    blocks.append(Facts(tuple(pairs)))
    plan = json.dumps(shown.result.plan.to_dict(), indent=1, sort_keys=True)
    options = json.dumps(made.options, indent=1, sort_keys=True)
    blocks += [
        Details(text("How it was asked"), (Listing("Plan", plan),)),
        Details(text("Options of the scores"), (Listing("Options", options),)),
    ]
    return Section("reproduce", "Reproduce", tuple(blocks))

"""What each step of the page on who gains shows, taken from its stored page and results."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from locoreg.figures.selection import unit_of
from locoreg.report.blocks import Block, Callout, Details, Paragraph, Section, Value, text
from locoreg.web.emulation.opened import Opened
from locoreg.web.emulation.parts import (
    closed_blocks,
    head_of,
    hides,
    marked,
    opened_blocks,
    section_of,
    with_files,
)
from locoreg.workflows.selection.stepped import (
    SelectionFailures,
    average_of,
    selection_failures,
)

# Credibility first: nothing after it means anything without it.
STEPS = (
    ("credibility", "Credibility", ("credibility",)),
    ("persons", "Persons", ("persons", "diagnostics")),
    ("differences", "Do effects differ?", ("average", "heterogeneity")),
    ("subgroups", "Subgroups", ("subgroups",)),
    ("rule", "Rule", ("rule", "value")),
    ("doubts", "Doubts", ("doubts",)),
    ("model", "Model", ("model", "notes")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GainShown:
    """One step of the page.

    Attributes
    ----------
    blocks : tuple of Block
        What it shows.
    gated : bool
        Whether something is left out since a check failed.
    failures : SelectionFailures
        What failed.
    steps : tuple of (str, str)
        Steps that there are: name and words.
    """

    blocks: tuple[Block, ...]
    gated: bool
    failures: SelectionFailures
    steps: tuple[tuple[str, str], ...]


def show_gains(opened: Opened, step: str, root: str, *, anyway: bool) -> GainShown:
    """Return one step of the page on who gains.

    Parameters
    ----------
    opened : Opened
        The selection.
    step : str
        One of `STEPS`.
    root : str
        What every path begins with.
    anyway : bool
        Whether estimates are shown although a check failed.

    Returns
    -------
    GainShown
        Its blocks. A rule that the trials contradict is shown under no condition: the page that
        is stored has none.
    """
    there = tuple(
        (name, words)
        for name, words, anchors in STEPS
        if any(section_of(opened.page, anchor) is not None for anchor in anchors)
    )
    anchors = next(found for name, _, found in STEPS if name == step)
    sections = tuple(
        one for one in (section_of(opened.page, name) for name in anchors) if one is not None
    )
    valued = tuple(_valued(opened, one) for one in sections)
    inner = opened_blocks(valued) if anyway else closed_blocks(valued)
    failures = selection_failures(opened.results)
    blocks = with_files(opened, inner, root)
    if failures and step not in ("credibility", "persons"):
        blocks = marked(blocks, failures.names)
    if step == "credibility":
        # What failed is said above every step.
        facts = tuple(one for one in head_of(opened.page) if not _is_alarm(one))
        blocks = (*blocks, *facts)
    return GainShown(
        blocks=blocks,
        gated=hides(valued) and not anyway,
        failures=failures,
        steps=there,
    )


def _is_alarm(block: Block) -> bool:
    return isinstance(block, Callout) and block.tone == "blocking"


def _valued(opened: Opened, section: Section) -> Section:
    """Return a section with the average effect as a number that has its key in the results."""
    if section.anchor != "average":
        return section
    sentence = average_paragraph(opened)
    return Section(section.anchor, section.title, _replaced(section.blocks, sentence))


def _replaced(blocks: tuple[Block, ...], sentence: Paragraph) -> tuple[Block, ...]:
    out: list[Block] = []
    for one in blocks:
        if isinstance(one, Paragraph) and one.role == "lead":
            out.append(sentence)
        elif isinstance(one, Details):
            out.append(replace(one, blocks=_replaced(one.blocks, sentence)))
        else:
            out.append(one)
    return tuple(out)


def average_paragraph(opened: Opened) -> Paragraph:
    """Return the average effect in a sentence, its number with its key in the results."""
    found = average_of(opened.results, opened.name)
    unit, estimate = unit_of(found.unit), found.estimate
    mid = None if math.isnan(estimate.estimate) else estimate.estimate
    return Paragraph(
        text(
            f"Average effect of {found.treated} against {found.comparator} ({found.estimand}): ",
            Value("not estimable" if mid is None else unit.estimate(estimate), mid, found.key),
            f" {unit.name}, {estimate.level:g}% interval.",
        ),
        "lead",
    )

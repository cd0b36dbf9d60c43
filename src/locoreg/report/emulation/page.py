"""The page of an emulation: its parts in their order."""

from __future__ import annotations

from collections.abc import Mapping

from locoreg.figures.emulation.words import outcome_words, persons_words
from locoreg.report.blocks import (
    Badge,
    Block,
    Callout,
    Code,
    Facts,
    Items,
    Page,
    Paragraph,
    Section,
    Text,
    text,
)
from locoreg.report.emulation.drawings import Drawing, draw
from locoreg.report.emulation.estimates import answer, estimates
from locoreg.report.emulation.sensitivity import benchmark, sensitivity
from locoreg.report.emulation.study import checklist, cohort, diagnostics, protocol, reproduce
from locoreg.report.render import render
from locoreg.report.words import DISCLAIMER
from locoreg.workflows.emulation.smalltexts import rule_words
from locoreg.workflows.emulation.view import EmulationView

SYNTHETIC = "SYNTHETIC PATIENTS"


def emulation_page(view: EmulationView, drawings: Mapping[str, Drawing] | None = None) -> str:
    """Return the page of an emulation as one self-contained HTML document.

    Parameters
    ----------
    view : EmulationView
        What it shows.
    drawings : mapping of str to Drawing, optional
        Its figures, where they are drawn already.

    Returns
    -------
    str
        HTML that asks for nothing outside itself. Failed diagnostics stand first; the estimates
        then lie behind a line to open, and are printed all the same.
    """
    return render(build(view, draw(view) if drawings is None else drawings))


def build(view: EmulationView, drawings: Mapping[str, Drawing]) -> Page:
    """Return the blocks of the page.

    Parameters
    ----------
    view, drawings
        As for `emulation_page`.

    Returns
    -------
    Page
        Every part, in order.
    """
    sections: tuple[Section, ...] = (
        protocol(view),
        cohort(view, drawings),
        diagnostics(view, drawings),
        estimates(view, drawings),
        *sensitivity(view, drawings),
        *benchmark(view, drawings),
        *_limits(view),
        checklist(view),
        reproduce(view),
    )
    mark = f"{SYNTHETIC}. " if view.synthetic else ""
    return Page(
        title=f"{mark}{view.title}",
        strip=f"{mark}{DISCLAIMER}",
        head=_head(view),
        sections=sections,
        foot=text(f"{mark}{DISCLAIMER} Made with locoreg {view.version}."),
    )


def _head(view: EmulationView) -> tuple[Block, ...]:
    blocks: list[Block] = _alarm(view)
    if view.synthetic:
        blocks.append(
            Callout(
                "Synthetic patients",
                (Paragraph(text("These patients are made up. Nothing here is about anybody.")),),
                "serious",
            )
        )
    q = view.shown.question
    pairs: list[tuple[str, Text]] = [
        ("Question", text(view.causal_question)),
        ("Strategies", text(f"{q.treated_label}, against {q.comparator_label}")),
        ("Outcome", text(outcome_words(view.primary))),
        ("Method", text(view.shown.title)),
        (
            "Persons",
            text(persons_words(view.primary, view.small_cells)),
        ),
        ("Source", text(view.attrition.source)),
        ("Protocol", text("SHA-256 ", Code(view.protocol_sha256))),
        ("Software", text(f"locoreg {view.version}")),
    ]
    if view.small_cells is not None:
        pairs.append(("Small cells", text(rule_words(view.small_cells))))
    blocks.append(Facts(tuple(pairs)))
    if not view.blocked:
        blocks.append(answer(view))
    return tuple(blocks)


def _alarm(view: EmulationView) -> list[Block]:
    """Return what stands at the very top: what failed, so that estimates must not be relied on."""
    items: list[Text] = []
    if view.shown.biased:
        items.append(text(Badge("biased by design", "✖", "blocking"), f": {view.shown.biased}"))
    for d in view.shown.failed:
        arm = f" ({d.arm})" if d.arm else ""
        what = f" {d.title}{arm}: {d.message} {d.advice}".rstrip()
        items.append(text(Badge("fail", "✖", "blocking"), what))
    for finding in view.blocking:
        what = f" {finding.rule}: {finding.message} {finding.changes}".rstrip()
        items.append(text(Badge("blocking finding", "✖", "blocking"), what))
    if not items:
        return []
    lead = (
        "Do not rely on the estimates. They stand behind a line to open in each part below, and "
        "carry this warning into every figure and table."
    )
    return [
        Callout("What failed", (Items(tuple(items)), Paragraph(text(lead))), "blocking"),
    ]


def _limits(view: EmulationView) -> tuple[Section, ...]:
    notes = tuple(dict.fromkeys((*view.shown.notes, *view.notes)))
    if not notes:
        return ()
    return (Section("notes", "Notes and limits", (Items(tuple(text(n) for n in notes)),)),)

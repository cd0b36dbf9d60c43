"""The page of a selection: its parts in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from locoreg.report.blocks import Page, text
from locoreg.report.emulation.drawings import Drawing
from locoreg.report.render import render
from locoreg.report.selection.closing import model, notes, reproduce
from locoreg.report.selection.doubts import doubts
from locoreg.report.selection.drawings import draw
from locoreg.report.selection.effects import average, heterogeneity, subgroups
from locoreg.report.selection.parts import Shown
from locoreg.report.selection.rule import rule, value
from locoreg.report.selection.study import credibility, diagnostics, head, persons
from locoreg.report.words import DISCLAIMER

if TYPE_CHECKING:
    from locoreg.workflows.selection.result import SelectionResult

SYNTHETIC = "SYNTHETIC PATIENTS"


def selection_page(
    result: SelectionResult,
    drawings: Mapping[str, Drawing] | None = None,
    *,
    command: str = "",
    python: str = "",
) -> str:
    """Return the page of a selection as one self-contained HTML document.

    Parameters
    ----------
    result : SelectionResult
        What it shows.
    drawings : mapping of str to Drawing, optional
        Its figures, where they are drawn already.
    command, python : str
        How to run it again.

    Returns
    -------
    str
        HTML that asks for nothing outside itself. What failed stands first; estimates then lie
        behind a line to open. Where the randomised trials contradict the data, there is no rule.
    """
    return render(
        build(
            Shown(
                result=result,
                drawings=draw(result) if drawings is None else drawings,
                command=command,
                python=python,
            )
        )
    )


def build(shown: Shown) -> Page:
    """Return the blocks of the page.

    Parameters
    ----------
    shown : Shown
        The result with its figures.

    Returns
    -------
    Page
        Every part, in order.
    """
    result = shown.result
    mark = f"{SYNTHETIC}. " if result.data.synthetic else ""
    return Page(
        title=f"{mark}{_title(result.title)}",
        strip=f"{mark}{DISCLAIMER}",
        head=head(shown),
        sections=(
            credibility(shown),
            persons(shown),
            diagnostics(shown),
            average(shown),
            heterogeneity(shown),
            *subgroups(shown),
            rule(shown),
            value(shown),
            doubts(shown),
            model(shown),
            notes(shown),
            reproduce(shown),
        ),
        foot=text(f"{mark}{DISCLAIMER} Made with locoreg {result.provenance.version}."),
    )


def _title(title: str) -> str:
    if title.lower().startswith("who gains"):
        return title
    return f"Who gains: {title[:1].lower()}{title[1:]}"

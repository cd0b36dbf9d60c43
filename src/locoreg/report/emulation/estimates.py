"""Estimates: curves, contrasts, other methods."""

from __future__ import annotations

import math
from collections.abc import Mapping

from locoreg.figures import describe
from locoreg.figures.emulation.words import contrast_text, estimand_words, interval_note
from locoreg.report.blocks import Block, Column, Paragraph, Row, Section, Table, text
from locoreg.report.emulation.drawings import Drawing
from locoreg.report.emulation.tables import (
    behind,
    contrasts_table,
    curves_table,
    verdict,
    with_figure,
)
from locoreg.report.words import NONE
from locoreg.workflows.emulation.view import EmulationView


def answer(view: EmulationView) -> Paragraph:
    """Return the answer in a sentence."""
    return Paragraph(text(f"{describe(view.shown)}."), "lead")


def estimates(view: EmulationView, drawings: Mapping[str, Drawing]) -> Section:
    """Return what was estimated; behind a line to open where a diagnostic failed."""
    effect = view.shown
    blocks: list[Block] = [
        answer(view),
        Paragraph(text(f"{estimand_words(effect)} {interval_note(effect)}")),
        *with_figure(
            drawings["curves"],
            "Curves of both strategies with numbers at risk, and their difference.",
            curves_table(view),
        ),
        contrasts_table(view),
    ]
    if view.alternatives:
        blocks.append(_methods(view))
    own = {name: d for name, d in drawings.items() if name.startswith("curves_")}
    for drawing, other in zip(own.values(), view.alternatives, strict=False):
        blocks += with_figure(drawing, other.estimand, _short(other.title, view, drawing))
    return Section("estimates", "Estimates", behind(view, blocks, "the estimates"))


def _short(title: str, view: EmulationView, drawing: Drawing) -> Table:
    """Return the contrasts of another method."""
    effect = next(e for e in view.alternatives if e.title == title)
    return Table(
        f"Contrasts: {title}",
        (
            Column("Measure", wide=True),
            Column("Month", numeric=True),
            Column("Estimate", numeric=True),
        ),
        tuple(
            Row((text(c.words), text(f"{c.at_months:g}"), text(contrast_text(c, level=False))))
            for c in effect.contrasts
        ),
    )


def _methods(view: EmulationView) -> Table:
    """Return the numbers of each method at the horizon."""
    kinds = (
        ("survival_difference", "incidence_difference"),
        ("rmst_difference", "time_lost_difference"),
        ("hazard_ratio",),
    )
    rows = []
    shown = view.shown
    for effect in (shown, *view.alternatives):
        at = effect.question.horizon_months
        cells = []
        for kind in kinds:
            found = [c for c in effect.contrasts if c.measure in kind and c.at_months == at]
            known = found and not math.isnan(found[0].estimate.estimate)
            cells.append(text(contrast_text(found[0], level=False) if known else NONE))
        mark = "biased" if effect.biased else effect.verdict
        name = text(effect.title)
        main = effect is shown
        rows.append(Row((name, *cells, verdict(mark), text(effect.interval)), emphasis=main))
    q = view.shown.question
    return Table(
        f"Methods, at {q.horizon_months:g} months ({q.level:g}% CI); the primary one in bold",
        (
            Column("Method"),
            Column("Difference, percentage points", numeric=True),
            Column("Difference of restricted means, months", numeric=True),
            Column("Hazard ratio", numeric=True),
            Column("Verdict"),
            Column("Interval"),
        ),
        tuple(rows),
        stacks=True,
    )

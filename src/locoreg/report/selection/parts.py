"""What parts of the page share: numbers with units, rows of groups, and what failed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text
from locoreg.figures.selection import Unit, unit_of
from locoreg.report.blocks import Badge, Block, Column, Details, Row, Table, text
from locoreg.report.emulation.drawings import Drawing
from locoreg.report.emulation.tables import verdict
from locoreg.report.words import NONE, effect, general

if TYPE_CHECKING:
    from locoreg.emulation.effect import Diagnostic
    from locoreg.selection.assess import GroupEffects
    from locoreg.workflows.selection.result import SelectionResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A result with its figures.

    Attributes
    ----------
    result : SelectionResult
        The result.
    drawings : mapping of str to Drawing
        Its figures by name.
    command, python : str
        How to run it again; empty for none.
    """

    result: SelectionResult
    drawings: Mapping[str, Drawing]
    command: str = ""
    python: str = ""

    @property
    def unit(self) -> Unit:
        """How effects are printed."""
        return unit_of(self.result.question.unit)

    @property
    def broken(self) -> tuple[Diagnostic, ...]:
        """What failed of the data and of their credibility: no estimate can be relied on."""
        own = (*self.result.doubts.credibility.checks, *self.result.diagnostics)
        return tuple(d for d in own if d.verdict == "fail")

    @property
    def blocked(self) -> bool:
        """Whether estimates stand behind a line to open."""
        return self.contradicted or bool(self.broken)

    @property
    def contradicted(self) -> bool:
        """Whether the randomised trials contradict the data."""
        return self.result.doubts.credibility.verdict == "not credible"

    def effect(self, estimate: Estimate | None) -> str:
        """Return an effect with its interval; a dash where there is none."""
        if estimate is None or math.isnan(estimate.estimate):
            return NONE
        return self.unit.estimate(estimate)


def behind(shown: Shown, blocks: Sequence[Block], what: str) -> tuple[Block, ...]:
    """Return blocks, behind a line to open where anything failed; they are printed all the same."""
    if not shown.blocked or not blocks:
        return tuple(blocks)
    failed = ["the randomised trials contradict the data"] if shown.contradicted else []
    failed += [d.heading for d in shown.broken]
    line = f" Show {what} anyway. Failed: {'; '.join(dict.fromkeys(failed))}"
    return (Details(text(Badge("fail", "✖", "blocking"), line), tuple(blocks)),)


def checks_table(found: Sequence[Diagnostic], caption: str) -> Table:
    """Return verdicts with what was found and what to do."""
    rows = tuple(
        Row(
            (
                text(d.heading),
                verdict(d.verdict),
                text(general(d.value)),
                text(general(d.threshold)),
                text(f"{d.message} {d.advice}".strip()),
            ),
            emphasis=d.verdict == "fail",
        )
        for d in found
    )
    return Table(
        caption,
        (
            Column("Check"),
            Column("Verdict"),
            Column("Found", numeric=True),
            Column("Threshold", numeric=True),
            Column("What was found, and what to do", wide=True),
        ),
        rows,
        stacks=True,
    )


def groups_table(shown: Shown, found: GroupEffects, caption: str) -> Table:
    """Return the effects of groups."""
    predicted = any(g.predicted is not None for g in found.groups)
    rows = []
    for g in found.groups:
        cells = [f"{g.n:,}", f"{g.treated:,}", f"{g.comparator:,}"]
        if predicted:
            cells.append(NONE if g.predicted is None else shown.unit.signed(g.predicted))
        cells += [shown.effect(g.effect), joint_text(shown, g.band_low, g.band_high)]
        rows.append(Row((text(g.label), *(text(cell) for cell in cells))))
    q = shown.result.question
    return Table(
        caption,
        (
            Column("Group", wide=True),
            Column("Persons", numeric=True),
            Column(q.treated_label, numeric=True),
            Column(q.comparator_label, numeric=True),
            *((Column(f"Predicted, {shown.unit.name}", numeric=True),) if predicted else ()),
            Column(f"Effect, {shown.unit.name} ({found.level:g}% CI)", numeric=True),
            Column("Joint limits", numeric=True),
        ),
        tuple(rows),
        stacks=True,
    )


def joint_text(shown: Shown, low: float, high: float) -> str:
    """Return joint limits; a dash where there are none."""
    if math.isnan(low) or math.isnan(high):
        return NONE
    return f"{shown.unit.signed(low)} to {shown.unit.signed(high)}"


def plain_effect(estimate: Estimate | None) -> str:
    """Return an estimate without unit, such as a slope or hazard ratio."""
    return NONE if estimate is None else effect(estimate)


def number(value: float | None) -> str:
    """Return a number; a dash where there is none."""
    return NONE if value is None or math.isnan(value) else decimal_text(value)


def share(value: float) -> str:
    """Return a share in percent with one decimal."""
    return NONE if math.isnan(value) else f"{value:.1%}"

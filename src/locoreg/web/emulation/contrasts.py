"""The contrasts of an emulation as a table of numbers with their keys."""

from __future__ import annotations

import math

from locoreg.core.numbertext import decimal_text
from locoreg.figures.emulation.words import contrast_text
from locoreg.report.blocks import Column, Row, Table, Value, text
from locoreg.report.words import NONE
from locoreg.web.emulation.opened import Opened
from locoreg.workflows.emulation.stepped import (
    KeyedContrast,
    contrasts_of,
    failures_of,
    families_of,
)

_PERCENT = ("survival", "incidence")


def contrasts_table(opened: Opened) -> Table:
    """Return the contrasts of the primary analysis, each number with its key in the results.

    Parameters
    ----------
    opened : Opened
        The emulation.

    Returns
    -------
    Table
        Differences first, the hazard ratio last, with a note on proportional hazards; what failed
        is in the note.
    """
    question = opened.results["question"]
    rows = tuple(_contrast_row(one) for one in contrasts_of(opened.results, opened.name))
    treated, comparator = question["treated_label"], question["comparator_label"]
    return Table(
        f"Contrasts: {treated} against {comparator}",
        (
            Column("Measure", wide=True),
            Column("Month", numeric=True),
            Column(treated, numeric=True),
            Column(comparator, numeric=True),
            Column(f"Estimate ({question['level']:g}% CI)", numeric=True),
        ),
        rows,
        text(*_notes(opened)),
        stacks=True,
    )


def _contrast_row(one: KeyedContrast) -> Row:
    c = one.contrast
    percent = c.measure.startswith(_PERCENT)
    arms = [_arm(v, percent=percent) for v in (c.treated, c.comparator)]
    points = percent and c.measure.endswith("_difference")
    mid = c.estimate.natural[0]
    value = Value(contrast_text(c, level=False), None if math.isnan(mid) else mid, one.key)
    words = f"{c.words} (percentage points)" if points else c.words
    return Row((text(words), text(f"{c.at_months:g}"), *(text(a) for a in arms), (value,)))


def _arm(value: float, *, percent: bool) -> str:
    if math.isnan(value):
        return NONE
    return f"{value:.1%}" if percent else decimal_text(value)


def _notes(opened: Opened) -> list[str]:
    notes = []
    failed = failures_of(opened.results).names
    if failed:
        notes.append(f"Failed: {'; '.join(failed)}. Do not rely on these numbers. ")
    for family in families_of(opened.results):
        if family.key == "hazards":
            notes += [
                f"Hazard ratio last: {one.message} {family.look_for} " for one in family.checks
            ]
    return notes

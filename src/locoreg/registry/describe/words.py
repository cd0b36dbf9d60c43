"""A description as text for the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from locoreg.core.numbertext import decimal_text
from locoreg.registry.describe.tableone import TableOne

if TYPE_CHECKING:
    from locoreg.registry.describe.followup import GroupSurvival
    from locoreg.registry.describe.task import Description

HIDDEN = "hidden: too few patients"


def description_text(found: Description) -> str:
    """Return flow, Table 1, follow-up and survival, one block after the other."""
    lines = [f"Registry {found.registry}. Time zero: {found.time_zero}.", ""]
    lines += [*found.notes, "", "Flow of patients"]
    for step in found.flow:
        out = "" if step.left_out.n == 0 else f"   (left out: {step.left_out.text})"
        lines.append(f"  {step.remaining.text:>10}  {step.label}{out}")
    if found.imprecise.n != 0:
        words = "of those with a time zero know it to the month or year only"
        lines.append(f"  {found.imprecise.text:>10}  {words}")
    lines += ["", "Table 1", *table_text(found.table), "", *_survival_text(found)]
    return "\n".join(lines)


def table_text(table: TableOne) -> list[str]:
    """Return Table 1 as lines of even columns."""
    heads = ("", *table.header(), *(("SMD",) if len(table.columns) > 2 else ()))
    rows = [heads]
    last = ""
    for line in table.lines:
        unit = f", {line.unit}" if line.unit else ""
        if line.variable != last and line.level:
            rows.append(
                (f"{line.label}, n (%)", *[""] * len(table.columns), *_smd(line.smd, heads))
            )
        if line.level:
            rows.append((f"  {line.level}", *(c.text for c in line.cells), *_blank(heads)))
        else:
            label = f"{line.label}{unit}, {line.statistic}"
            rows.append((label, *(c.text for c in line.cells), *_smd(line.smd, heads)))
        last = line.variable
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    for name, size in table.left_out.items():
        lines.append(f"Left out, too small to be shown: {name} ({size} patients).")
    return lines + list(table.notes)


def _blank(heads: tuple[str, ...]) -> tuple[str, ...]:
    return ("",) if heads[-1] == "SMD" else ()


def _smd(value: float | None, heads: tuple[str, ...]) -> tuple[str, ...]:
    if heads[-1] != "SMD":
        return ()
    return ("" if value is None else decimal_text(value, 3),)


def _survival_text(found: Description) -> list[str]:
    level = f"{found.level:g}% interval"
    lines = [f"Follow-up and survival in months from time zero, median ({level})"]
    for group in found.survival:
        late = group.late_entries
        later = "" if late.n == 0 else f", {late.text} entered later"
        lines += [
            f"  {group.group}: {group.n.text} patients, {group.deaths.text} deaths{later}",
            f"    follow-up (reverse Kaplan-Meier) {median_text(group, 'follow_up')}",
            f"    survival (Kaplan-Meier)          {median_text(group, 'survival')}",
        ]
        lines += [
            f"    alive at {row[0]:g} {'month' if row[0] == 1 else 'months'}: {percent_text(row)}"
            for row in group.at
        ]
    return lines


def median_text(group: GroupSurvival, what: str) -> str:
    """Return a median with its limits, or why there is none; ``follow_up`` or ``survival``."""
    if what in group.hidden:
        return HIDDEN
    limits = group.survival if what == "survival" else group.follow_up
    texts = ["not reached" if v is None else decimal_text(v, 1) for v in limits]
    return f"{texts[0]} ({texts[1]} to {texts[2]})"


def percent_text(row: tuple[float, float | None, float | None, float | None]) -> str:
    """Return survival at a month in percent with its limits, or why there is none."""
    _, survival, low, high = row
    if survival is None or low is None or high is None:
        return HIDDEN
    if math.isnan(survival):
        return "not estimable: nobody was followed so long"
    if math.isnan(low) or math.isnan(high):
        return f"{decimal_text(100 * survival, 1)}% (no interval: no event yet)"
    texts = [decimal_text(100 * v, 1) for v in (survival, low, high)]
    return f"{texts[0]}% ({texts[1]} to {texts[2]})"

"""Numbers at risk below the curves of an effect, with small counts hidden."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.emulation.effect import CountRow, Effect
from locoreg.figures.emulation.words import arm_style, is_incidence, is_weighted
from locoreg.figures.survival.risktable import ArmTable
from locoreg.figures.textfit import one_line
from locoreg.registry.describe.counts import Count
from locoreg.workflows.curves.counts import CountRow as TableRow
from locoreg.workflows.curves.counts import CountTable
from locoreg.workflows.curves.smallcells import count_text
from locoreg.workflows.emulation.smallcells import HIDDEN, KINDS, shown_counts

NONE = "–"


def entered(row: CountRow) -> int:
    """Return how many came under observation until a time."""
    return row.raw_at_risk + row.raw_censored + row.raw_events


def entered_late(effect: Effect) -> bool:
    """Return whether some are followed only from after time zero on."""
    return any(entered(r) > entered(arm.counts[0]) for arm in effect.arms for r in arm.counts)


def risk_tables(
    effect: Effect, ticks: tuple[float, ...], small_cells: int | None
) -> tuple[ArmTable, ...]:
    """Return the numbers at risk of both strategies.

    Parameters
    ----------
    effect : Effect
        What a method returned.
    ticks : tuple of float
        Times.
    small_cells : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    tuple of ArmTable
        Persons (or clones), then sums of weights where there are weights; none where the method
        tells no counts.
    """
    if not all(arm.counts for arm in effect.arms):
        return ()
    kinds = [("at_risk", "At risk"), ("censored", "Censored"), ("events", event_words(effect))]
    out = []
    for i, arm in enumerate(effect.arms):
        shown = shown_counts(arm, small_cells, effect.n)
        places = [k for k, row in enumerate(arm.counts) if row.at_months in ticks]
        rows = [arm.counts[k] for k in places]
        found = [
            _cells(
                key, words, [shown[key][k].n for k in places], 0, [shown[key][k] for k in places]
            )
            for key, words in kinds
        ]
        if entered_late(effect):
            found.append(_cells("entered", "Entered", [shown["entered"][k].n for k in places], 0))
        if is_weighted(effect):
            found += _weighted(
                rows, kinds, [[shown[k][p].n is None for p in places] for k in KINDS]
            )
        out.append(
            ArmTable(
                key=f"arm{i}",
                name=one_line(arm.label),
                style=arm_style(i),
                counts=CountTable(
                    stratum=arm.label,
                    n=shown["at_risk"][0].n,
                    n_text=shown["at_risk"][0].text,
                    time=tuple(row.at_months for row in rows),
                    rows=tuple(found),
                ),
            )
        )
    return tuple(out)


def event_words(effect: Effect) -> str:
    """Return what the events of the counts are."""
    return "Events of any kind" if is_incidence(effect) else "Events"


def _weighted(
    rows: Sequence[CountRow], kinds: Sequence[tuple[str, str]], hidden: Sequence[Sequence[bool]]
) -> list[TableRow]:
    """Return the rows of sums of weights, hidden where the count is: a weight may be 1."""
    digits = 0 if max(row.at_risk for row in rows) >= 1000 else 1
    out = []
    for (key, words), hide in zip(kinds, hidden, strict=True):
        values: list[float | None] = [
            None if away else float(getattr(row, key)) for row, away in zip(rows, hide, strict=True)
        ]
        out.append(_cells(f"weighted_{key}", f"{words}, weighted", values, digits))
    return out


def _cells(
    key: str,
    words: str,
    values: Sequence[float | None],
    digits: int,
    shown: Sequence[Count] = (),
) -> TableRow:
    """Return a row of counts; a dash for those hidden, or the limit that they don't exceed."""
    texts = [NONE if value is None else count_text(value, digits) for value in values]
    for i, count in enumerate(shown):
        if count.n is None and count.text != HIDDEN:
            texts[i] = count.text
    return TableRow(
        key=key,
        label=words,
        counts=tuple(values),
        texts=tuple(texts),
        total=values[-1],
        total_text=texts[-1],
    )

"""Cells with patients and events of a forest plot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from locoreg.core.numbertext import count_text
from locoreg.evidence.lines import PooledStudy

UNKNOWN = "–"
_COLUMNS = (
    ("arm_a", "events_intervention", "n_intervention"),
    ("arm_b", "events_control", "n_control"),
    ("total", "events", "n"),
)


def has_events(studies: Iterable[PooledStudy]) -> bool:
    """Return whether any study has a number of events, in an arm or in all."""
    return any(
        getattr(study.counts, events) is not None for study in studies for _, events, _ in _COLUMNS
    )


def count_cells(studies: Sequence[PooledStudy], *, events: bool) -> dict[str, str]:
    """Return patients and events of one study, or their sums over several.

    Parameters
    ----------
    studies : sequence of PooledStudy
        A sum is given only if all of them have the number.
    events : bool
        Whether the figure shows events: then an unknown number is a dash, so
        that no number of patients reads as one of events.

    Returns
    -------
    dict
        ``54/173``, ``–/173`` or ``173`` by column; no cell where nothing is known.
    """
    cells = {}
    for column, part, whole in _COLUMNS:
        died, treated = _total(studies, part), _total(studies, whole)
        if died is None and treated is None:
            continue
        if treated is None:
            cells[column] = f"{died}/{UNKNOWN}"
        else:
            mark = f"{UNKNOWN}/" if events and died is None else ""
            cells[column] = mark + count_text(died, treated)
    return cells


def _total(studies: Sequence[PooledStudy], name: str) -> int | None:
    values = [getattr(study.counts, name) for study in studies]
    return None if None in values else sum(values)

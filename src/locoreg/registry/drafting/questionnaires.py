"""Items of questionnaires in columns of their own: ``c30_q1`` to ``c30_q30``, ``GP1``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from locoreg.registry.drafting.fitting import fit
from locoreg.registry.drafting.model import Cell, Entry, Looked

TABLE = "qol_response"
# So many columns of one questionnaire make it one.
FEWEST_ITEMS = 8
_NUMBER = re.compile(r"(?:q|item|i)?0?(\d{1,2})")
_FACT = re.compile(r"gp[1-7]|gs[1-7]|ge[1-6]|gf[1-7]|b[1-9]|p2")
_EORTC = {"c30": ("QLQ-C30", 1, 30), "br23": ("QLQ-BR23", 31, 53)}
# Answers are ticked on these scales; items 29 and 30 of the QLQ-C30 have seven steps.
_ANSWERS = {"QLQ-C30": (1, 4), "QLQ-BR23": (1, 4), "FACT-B": (0, 4)}
_SEVEN = ("29", "30")


def questionnaire_entries(columns: Sequence[Looked]) -> list[Entry]:
    """Return an entry for each item of a questionnaire.

    Parameters
    ----------
    columns : sequence of Looked
        Columns of a file; those that are used are marked.

    Returns
    -------
    list of Entry
        Of ``qol_response``; only where many columns are items of the same questionnaire.
    """
    found: dict[str, dict[str, Looked]] = {}
    for looked in columns:
        item = None if looked.used else _item(looked.profile.words)
        if item is not None:
            found.setdefault(item[0], {}).setdefault(item[1], looked)
    day = next((c for c in columns if (TABLE, "date") in c.good), None)
    entries = []
    for instrument, items in found.items():
        if len(items) >= FEWEST_ITEMS and _plausible(instrument, items):
            entries += _entries(instrument, items, day)
    return entries


def _item(header: tuple[str, ...]) -> tuple[str, str] | None:
    joined = [word.removeprefix("qlq") or word for word in header]
    for word in joined:
        if word in _EORTC:
            instrument, first, last = _EORTC[word]
            number = _NUMBER.fullmatch(joined[-1])
            if number is not None and first <= int(number[1]) <= last:
                return instrument, str(int(number[1]))
            return None
    if header and _FACT.fullmatch(header[-1]):
        return "FACT-B", header[-1].upper()
    return None


def _plausible(instrument: str, items: Mapping[str, Looked]) -> bool:
    """Return whether the answers lie on the questionnaire's scale (or mean unknown)."""
    low, high = _ANSWERS[instrument]
    right = total = 0
    for item, looked in items.items():
        top = 7 if instrument == "QLQ-C30" and item in _SEVEN else high
        for number, count in looked.profile.numbers.items():
            total += count
            right += count * (low <= number <= top or number in (8, 9))
    return total > 0 and right >= 0.95 * total


def _entries(instrument: str, items: Mapping[str, Looked], day: Looked | None) -> list[Entry]:
    entries = []
    for item, looked in items.items():
        read = fit(looked.profile, TABLE, "value", None)
        if read.problem is not None and looked.profile.values:
            continue
        looked.used = True
        entry = Entry(table=TABLE, constants={"instrument": instrument, "item": item})
        entry.columns["value"] = Cell(
            header=looked.profile.header, spec=dict(read.spec), remarks=[], fit=read, looked=looked
        )
        if day is not None:
            day.used = True
            when = day.good[TABLE, "date"]
            entry.columns["date"] = Cell(
                header=day.profile.header, spec=dict(when.spec), remarks=[], fit=when, looked=day
            )
        entries.append(entry)
    if entries:
        entries[0].questions.append(
            f"version of the {instrument}: add it to the constants of all its items"
        )
        if day is None:
            entries[0].questions.append("date: which column holds the day of the answers?")
    return entries

"""Wide repeats: ``date_1, ecog_1, date_2, ecog_2`` are rows of one table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from locoreg.registry.drafting.fitting import Fit, fit, stands_for_itself
from locoreg.registry.drafting.matching import match_header
from locoreg.registry.drafting.model import Cell, Entry, Looked
from locoreg.registry.tables import TABLES, Column

_LAST = re.compile(r"(?P<stem>.*?[^\W\d_].*?)[ _.-]*(?P<n>\d{1,2})$", re.DOTALL)
_FIRST = re.compile(
    r"(?P<stem>[^\W\d_]+(?:[ _.-][^\W\d_]+)*)[ _.-]?(?P<n>\d{1,2})[ _.-](?P<tail>[^\W\d_].*)$",
    re.DOTALL,
)
FEWEST = 2


def repeat_entries(columns: Sequence[Looked], scores: Mapping[str, float]) -> list[Entry]:
    """Return entries made of columns that stand several times with a number.

    Parameters
    ----------
    columns : sequence of Looked
        Columns of a file; those that are used are marked.
    scores : mapping of str to float
        How much the file speaks for each table.

    Returns
    -------
    list of Entry
        With ``repeat``.
    """
    groups: dict[str, dict[int, Looked]] = {}
    for looked in columns:
        if looked.used or looked.good:
            continue
        for stem, number in _numbered(looked.profile.header):
            groups.setdefault(stem, {}).setdefault(number, looked)
    by_numbers: dict[tuple[int, ...], dict[str, dict[int, Looked]]] = {}
    for stem, members in groups.items():
        if len(members) >= FEWEST:
            by_numbers.setdefault(tuple(sorted(members)), {})[stem] = members
    entries = []
    for numbers, stems in by_numbers.items():
        entries += _entries(numbers, stems, scores)
    return entries


def _numbered(header: str) -> list[tuple[str, int]]:
    out = []
    if found := _LAST.match(header):
        out.append((found["stem"], int(found["n"])))
    elif found := _FIRST.match(header):
        out.append((f"{found['stem']} {found['tail']}", int(found["n"])))
    return out


def _entries(
    numbers: Sequence[int], stems: Mapping[str, Mapping[int, Looked]], scores: Mapping[str, float]
) -> list[Entry]:
    places: dict[str, list[tuple[str, str]]] = {}
    units: dict[str, str | None] = {}
    for stem, members in stems.items():
        first = members[numbers[0]]
        match = match_header(replace(first.profile, header=stem))
        units[stem] = match.unit
        fitting = [p for p in match.exact if p[1] != "patient_id" and p[0] != "patient"]
        if fitting:
            places[stem] = fitting
    votes = Counter(table for found in places.values() for table in {t for t, _ in found})
    made: dict[str, Entry] = {}
    for stem, found in places.items():
        place = max(found, key=lambda p: (votes[p[0]], scores[p[0]]))
        entry = made.setdefault(place[0], Entry(table=place[0], repeat=[{} for _ in numbers]))
        _add(entry, place[1], numbers, stems[stem], units[stem])
    return [entry for entry in made.values() if any(entry.repeat)]


def _add(
    entry: Entry,
    column: str,
    numbers: Sequence[int],
    members: Mapping[int, Looked],
    unit: str | None,
) -> None:
    fits = {n: fit(members[n].profile, entry.table, column, unit) for n in numbers}
    filled = [f for n, f in fits.items() if members[n].profile.values]
    wrong = next((f.problem for f in filled if f.problem is not None), None)
    if not filled or wrong is not None or column in entry.repeat[0]:
        header = " ".join(members[numbers[0]].profile.header.split())
        entry.questions.append(f"{header} and so on may be {column}: {wrong or 'no values'}")
        return
    shared = _shared(filled, TABLES[entry.table].column(column))
    for part, number in zip(entry.repeat, numbers, strict=True):
        looked = members[number]
        looked.used = True
        own = fits[number] if looked.profile.values else filled[0]
        part[column] = Cell(
            header=looked.profile.header,
            spec=dict(shared),
            remarks=list(own.remarks),
            fit=own,
            looked=looked,
        )


def _shared(fits: Sequence[Fit], target: Column) -> dict[str, object]:
    """Return one reading for all repeats: rare codes may stand in some of them only."""
    out: dict[str, object] = {}
    known: dict[str, str] = {}
    for found in fits:
        out.update({key: value for key, value in found.spec.items() if key != "codes"})
        known.update(found.known)
    if known and not stands_for_itself(known, target):
        out["codes"] = known
    return out

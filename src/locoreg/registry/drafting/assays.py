"""Receptors in columns of their own: ``ER_STATUS_PRIMARY``, ``HER2_IHC_SCORE``, ``Ki67 (%)``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from locoreg.registry.drafting.fitting import Fit, fit
from locoreg.registry.drafting.folding import words
from locoreg.registry.drafting.model import Cell, Entry, Looked
from locoreg.registry.drafting.vocabulary import marker_of

TABLE = "receptor_assay"
_CONTEXTS = {
    "primary": "primary",
    "primaertumor": "primary",
    "metastasis": "metastasis",
    "metastatic": "metastasis",
    "met": "metastasis",
    "mets": "metastasis",
    "metastase": "metastasis",
    "recurrence": "locoregional_recurrence",
    "rezidiv": "locoregional_recurrence",
}
_KINDS = {
    "status": ("interpretation", "value_code"),
    "result": ("interpretation", "value_code"),
    "interpretation": ("interpretation",),
    "pct": ("value_num",),
    "percent": ("value_num",),
    "percentage": ("value_num",),
    "perc": ("value_num",),
    "ratio": ("value_num",),
    "score": ("value_code", "value_num", "interpretation"),
    "value": ("value_code", "value_num", "interpretation"),
    "ihc": ("value_code", "interpretation", "value_num"),
    "date": ("sample_date",),
    "method": ("method",),
}
_ANY = ("interpretation", "value_code", "value_num")
# Words that change nothing.
_IDLE = frozenset(
    (
        "overall",
        "patient",
        "of",
        "the",
        "at",
        "in",
        "sample",
        "sequenced",
        "tumor",
        "tumour",
        "dx",
        "diagnosis",
        "test",
        "receptor",
        "specimen",
        "biopsy",
        "index",
        "initial",
        "neu",
        "and",
        "as",
        "per",
        "report",
        "by",
        "measured",
        "asco",
        "cap",
    )
)
_SCORE = re.compile(r"[0-3](-[0-3])?\+")
# A percent or a ratio is never higher.
_HIGHEST = {"%": 100.0, "ratio": 30.0}


def assay_entries(columns: Sequence[Looked]) -> list[Entry]:
    """Return an entry for each marker and sample that columns of their own speak of.

    Parameters
    ----------
    columns : sequence of Looked
        Columns of a file; those that are used are marked.

    Returns
    -------
    list of Entry
        Of ``receptor_assay``; a header that says more than marker, sample and kind of result is a
        question.
    """
    entries: dict[tuple[str, str | None], Entry] = {}
    for looked in columns:
        if looked.used or looked.good or looked.profile.private:
            continue
        found = next((m for name in looked.profile.names if (m := marker_of(name))), None)
        if found is None:
            continue
        marker, rest = found
        described = words(f"{looked.profile.title} {looked.profile.description}")
        context = _context(rest) or _context(described)
        read = _read(looked, marker, rest)
        if read is None:
            continue
        column, fitted = read
        entry = entries.setdefault((marker, context), _entry(marker, context))
        _add(entry, column, looked, fitted, _unclear(rest))
    for (_, context), entry in entries.items():
        if context is None:
            _ask_context(entry, columns)
    return list(entries.values())


def _context(said: Sequence[str]) -> str | None:
    found = {_CONTEXTS[word] for word in said if word in _CONTEXTS}
    return found.pop() if len(found) == 1 else None


def _entry(marker: str, context: str | None) -> Entry:
    constants = {"marker": marker}
    if context is not None:
        constants["context"] = context
    return Entry(table=TABLE, constants=constants)


def _ask_context(entry: Entry, columns: Sequence[Looked]) -> None:
    """Ask what was sampled; a column of the file may say."""
    told = next((c for c in columns if (TABLE, "context") in c.good), None)
    if told is None:
        entry.questions.append(
            "context: primary, locoregional_recurrence or metastasis? the header does not say"
        )
        return
    told.used = True
    found = told.fits[TABLE, "context"]
    entry.columns["context"] = Cell(
        header=told.profile.header,
        spec=dict(found.spec),
        remarks=[],
        fit=found,
        looked=told,
        doubt="does this column say what was sampled for this test?",
    )


def _unclear(rest: Sequence[str]) -> str | None:
    odd = [w for w in rest if w not in _CONTEXTS and w not in _KINDS and w not in _IDLE]
    return f"what does {' '.join(odd)!r} in the header mean?" if odd else None


def _read(looked: Looked, marker: str, rest: Sequence[str]) -> tuple[str, Fit] | None:
    """Return which column of the table the values are, and how they are read."""
    kinds = next((_KINDS[word] for word in rest if word in _KINDS), _ANY)
    if any(_SCORE.match(value) for value in looked.profile.values):
        kinds = ("value_code", *kinds)
    first: tuple[str, Fit] | None = None
    for column in kinds:
        found = fit(looked.profile, TABLE, column, None)
        if found.problem is None and column == "value_num":
            unit = "ratio" if marker == "HER2_ISH" or "ratio" in rest else "%"
            if looked.profile.quantile(0.99) > _HIGHEST[unit]:
                found = replace(found, problem=f"some numbers are higher than any {unit}")
        if found.problem is None:
            return column, found
        first = first or (column, found)
    # A number beside a marker that is no result says nothing; a header with a kind is a question.
    return first if any(word in _KINDS for word in rest) else None


def _add(entry: Entry, column: str, looked: Looked, found: Fit, unclear: str | None) -> None:
    taken = column in entry.columns
    doubt = found.problem or unclear
    if taken and doubt is None:
        doubt = f"{' '.join(entry.columns[column].header.split())} is taken for {column} already"
    looked.used = True
    cell = Cell(
        header=looked.profile.header,
        spec=dict(found.spec),
        remarks=list(found.remarks),
        fit=found,
        looked=looked,
        doubt=doubt,
    )
    if taken:
        header = " ".join(cell.header.split())
        entry.questions.append(f"{column} may also be {header}: {doubt}")
        return
    entry.columns[column] = cell
    if column == "value_num" and doubt is None:
        ratio = entry.constants["marker"] == "HER2_ISH"
        entry.constants["value_unit"] = "ratio" if ratio else "%"

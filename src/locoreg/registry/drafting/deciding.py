"""What can only be decided with all columns in view: date formats, origins, unknown words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from locoreg.registry.drafting.assigning import settle
from locoreg.registry.drafting.dates import DateReading
from locoreg.registry.drafting.model import Cell, Entry, FileDraft
from locoreg.registry.drafting.offsets import OffsetReading
from locoreg.registry.drafting.survival import settle_ages
from locoreg.registry.drafting.vocabulary import reason_word

ORIGIN = "1900-01-01"


@dataclass(slots=True)
class Decisions:
    """Keys of the map that hold for all files.

    Attributes
    ----------
    relative : bool
        Whether dates are numbers counted from birth.
    missing : dict of str to list of str
        Words for unknown, by reason.
    """

    relative: bool
    missing: dict[str, list[str]] = field(default_factory=dict)


def decide(drafts: Sequence[FileDraft]) -> Decisions:
    """Decide what the files decide together, and mark the rest as questions.

    Parameters
    ----------
    drafts : sequence of FileDraft
        Changed in place.

    Returns
    -------
    Decisions
        Calendar and words for unknown.
    """
    for draft in drafts:
        _date_formats(draft)
    cells = [cell for draft in drafts for _, cell in _facts(draft)]
    real = any(cell.fit.dates is not None for cell in cells)
    ages = any(o.looks_like == "ages" for cell in cells if (o := cell.fit.offsets) is not None)
    relative = ages and not real
    for draft in drafts:
        _origins(draft, relative=relative)
        settle_ages(draft)
        for entry in draft.entries:
            if relative and entry.table == "patient":
                _born_at_origin(entry)
            settle(entry)
    return Decisions(relative=relative, missing=_missing(drafts))


def _facts(draft: FileDraft) -> Iterator[tuple[str, Cell]]:
    for entry in draft.entries:
        for name, cell in entry.cells():
            if cell.doubt is None:
                yield name, cell


def _date_formats(draft: FileDraft) -> None:
    dated = [(cell, cell.fit.dates) for _, cell in _facts(draft) if cell.fit.dates is not None]
    clear = Counter(
        format_ for _, dates in dated if not dates.ambiguous for format_ in dates.formats
    )
    read: list[tuple[Cell, tuple[str, ...]]] = []
    for cell, dates in dated:
        formats = _chosen(cell, dates, clear)
        if formats:
            read.append((cell, formats))
    usual = Counter(formats for _, formats in read)
    if not usual:
        return
    common = max(usual, key=lambda formats: usual[formats])
    draft.dates = list(common)
    for cell, formats in read:
        if formats != common:
            cell.spec["dates"] = list(formats)
        if len(formats) > 1:
            cell.remarks.append(f"its dates are written in {len(formats)} ways")


def _chosen(cell: Cell, dates: DateReading, clear: Counter[str]) -> tuple[str, ...]:
    if dates.short_years:
        cell.doubt = (
            f"its years have two digits ({', '.join(dates.formats)}): add dates: and century_from: "
            "if you know the century"
        )
        cell.spec.update({"dates": list(dates.formats), "century_from": "1930"})
        return ()
    if not dates.ambiguous:
        return dates.formats
    told = [format_ for format_ in dates.ambiguous if clear[format_]]
    if len(told) == 1:
        cell.remarks.append(f"read as {told[0]}, as other columns of the file are written")
        other = next(f for f in dates.ambiguous if f != told[0])
        rest = tuple(f for f in dates.formats if f not in (told[0], other))
        return (told[0], *rest)
    first, second = dates.ambiguous
    cell.doubt = f"day or month first? all its values can be {first} and {second}"
    cell.spec["dates"] = [first]
    return ()


def _origins(draft: FileDraft, *, relative: bool) -> None:
    """Decide what numbers instead of dates are counted from."""
    for entry in draft.entries:
        for name, cell in entry.cells():
            offsets = cell.fit.offsets
            if offsets is None or cell.doubt is not None:
                continue
            if offsets.looks_like == "ages" and relative:
                _since_birth(cell, offsets)
            elif offsets.looks_like == "ages":
                cell.doubt = (
                    f"{offsets.words}: counted from birth, but other columns are calendar dates"
                )
            elif not _since_diagnosis(draft, name, cell, offsets):
                cell.doubt = f"counted from what? {offsets.words}"
                since = "birth" if relative and offsets.likely_unit else "diagnosis"
                unit = offsets.unit or offsets.likely_unit
                cell.spec.update({"since": since, **({"unit": unit} if unit else {})})


def _born_at_origin(entry: Entry) -> None:
    """State the year of birth where every date is counted from birth."""
    entry.columns.pop("birth_year", None)
    entry.constants["birth_year"] = ORIGIN[:4]
    entry.questions.append("birth_year: all are born at the origin, so that dates give ages")


def _since_birth(cell: Cell, offsets: OffsetReading) -> None:
    cell.spec.update({"since": "birth", "unit": offsets.unit})
    if offsets.contradicts:
        cell.spec["labelled_as"] = "since_diagnosis"
        cell.remarks.append(
            f"the header or its description says an interval since diagnosis, but {offsets.words}: "
            "counted from birth here; check it"
        )
    else:
        cell.remarks.append(f"{offsets.words}: counted from birth")


def _since_diagnosis(draft: FileDraft, name: str, cell: Cell, offsets: OffsetReading) -> bool:
    if offsets.looks_like != "intervals" or offsets.says != "diagnosis" or name == "dx_date":
        return False
    diagnosis = [c for n, c in _facts(draft) if n == "dx_date" and c is not cell]
    if not diagnosis:
        return False
    cell.spec.update({"since": "diagnosis", "unit": offsets.unit})
    cell.remarks.append(f"{offsets.words}, and the header says since diagnosis")
    return True


def _missing(drafts: Sequence[FileDraft]) -> dict[str, list[str]]:
    """Return the words for unknown that stand in columns of the map and are no codes there."""
    cells = [cell for draft in drafts for entry in draft.entries for _, cell in entry.cells()]
    codes = {text.casefold() for cell in cells if cell.doubt is None for text in cell.fit.known}
    found: dict[str, str] = {}
    for cell in cells:
        for word in cell.looked.profile.missing_words:
            found.setdefault(word.casefold(), word)
    out: dict[str, list[str]] = {}
    for folded, word in sorted(found.items()):
        reason = reason_word(word)
        if reason is not None and folded not in codes:
            out.setdefault(reason, []).append(word)
    return out

"""Draft a column map from files, for a person to finish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.core.numbertext import plural
from locoreg.registry.drafting.assigning import add_patients, assign
from locoreg.registry.drafting.deciding import decide
from locoreg.registry.drafting.model import FileDraft
from locoreg.registry.drafting.reading import MOST_ROWS, read_delimited
from locoreg.registry.drafting.redcapforms import read_redcap
from locoreg.registry.drafting.writing import comment, write_draft
from locoreg.registry.redcap.dictionary import WHERE_TO_EXPORT, read_dictionary

SOURCES = ("delimited", "redcap")


@dataclass(frozen=True, slots=True, kw_only=True)
class MapDraft:
    """A drafted column map.

    Attributes
    ----------
    yaml : str
        The map; open questions are comments that begin with ``# ?``.
    notes : tuple of str
        What a person should know first.
    n_mapped, n_unused : int
        Columns of the files that the draft uses, and that it does not.
    n_questions : int
        Lines that wait for a decision.
    """

    yaml: str
    notes: tuple[str, ...]
    n_mapped: int
    n_unused: int
    n_questions: int

    def summary(self) -> str:
        """Return what the draft holds and what is left to decide."""
        lines = [
            f"{plural(self.n_mapped, 'column')} in the draft, "
            f"{plural(self.n_unused, 'column')} without use, "
            f"{plural(self.n_questions, 'question')} to decide (lines with '# ?').",
            *self.notes,
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the draft as JSON-ready values."""
        return {
            "yaml": self.yaml,
            "notes": list(self.notes),
            "n_mapped": self.n_mapped,
            "n_unused": self.n_unused,
            "n_questions": self.n_questions,
        }


def draft_map(
    locations: Sequence[str],
    *,
    source: Literal["delimited", "redcap"],
    dictionary: Path | None = None,
) -> MapDraft:
    """Draft the column map of files from their headers and values.

    Parameters
    ----------
    locations : sequence of str
        Files and folders.
    source : {"delimited", "redcap"}
        What the files are.
    dictionary : Path or None
        Data dictionary of a REDCap project.

    Returns
    -------
    MapDraft
        A map that loads: what headers and values make certain is filled in, the rest stands as a
        comment with the reason. It quotes no values but category labels.

    Raises
    ------
    DataError, DesignError
        If a file can't be read, or the dictionary is missing.
    """
    if not locations:
        raise DesignError("nothing to draft a map from.", hint="name the files.")
    if source not in SOURCES:
        raise DesignError(f"there is no draft for {source!r}.", hint=did_you_mean(source, SOURCES))
    if source == "redcap":
        if dictionary is None:
            raise DataError("a REDCap map needs the data dictionary.", hint=WHERE_TO_EXPORT)
        profiles = read_redcap(locations, read_dictionary(dictionary))
    elif dictionary is not None:
        raise DesignError("a data dictionary goes with source redcap only.")
    else:
        profiles = read_delimited(locations)
    if not profiles:
        raise DataError(
            "no instrument of the export has anything but identifiers, free text and blanks.",
            hint="is the export of this project, and were its forms filled in?",
        )
    drafts = [assign(profile) for profile in profiles]
    add_patients(drafts)
    decisions = decide(drafts)
    text = write_draft(drafts, decisions, MOST_ROWS)
    used = {
        (i, cell.header)
        for i, draft in enumerate(drafts)
        for entry in draft.entries
        if entry.doubt is None
        for _, cell in entry.cells()
        if cell.doubt is None
    }
    return MapDraft(
        yaml=text,
        notes=tuple(_notes(drafts)),
        n_mapped=len(used),
        n_unused=sum(len(draft.profile.columns) for draft in drafts) - len(used),
        n_questions=sum(line.count("# ?") for line in text.splitlines()[2:]),
    )


def _notes(drafts: Sequence[FileDraft]) -> list[str]:
    notes = []
    for draft in drafts:
        name = comment(draft.profile.name)
        if not draft.profile.whole:
            notes.append(f"{name}: only the first {draft.profile.n_rows:,} rows were read.")
        if not any(entry.doubt is None for entry in draft.entries):
            notes.append(f"{name}: nothing in it is certain; see the comments.")
        notes += [f"{name}: {comment(remark)}." for remark in draft.profile.remarks]
    tables = {e.table for d in drafts for e in d.entries if e.doubt is None}
    if "patient" not in tables:
        notes.append("No file gives rows of the table patient: add an entry for it.")
    return notes

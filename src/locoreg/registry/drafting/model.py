"""What a draft consists of, before it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from locoreg.registry.drafting.fitting import Fit
from locoreg.registry.drafting.matching import Match
from locoreg.registry.drafting.profile import ColumnProfile


@dataclass(slots=True)
class FileProfile:
    """A file (or an instrument) as far as it was read.

    Attributes
    ----------
    selector : {"file", "instrument"}
        Key of the map that names it.
    name : str
        Base name of the file or name of the instrument.
    columns : list of ColumnProfile
        Its columns.
    delimiter, encoding : str or None
        How the file is written; None where it needs no word in the map.
    n_rows : int
        Rows that were read.
    whole : bool
        Whether these are all rows.
    patient_id : str or None
        Column of the patient's id where the source says so itself.
    remarks : list of str
        What a person should know.
    """

    selector: str
    name: str
    columns: list[ColumnProfile]
    delimiter: str | None
    encoding: str | None
    n_rows: int
    whole: bool
    patient_id: str | None = None
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Looked:
    """A column with what its header and its values say.

    Attributes
    ----------
    profile : ColumnProfile
        The column.
    match : Match
        What the header names.
    fits : dict
        For each table and column that the header names exactly, how the values fit.
    used : bool
        Whether an entry holds it (as a fact or as a question).
    """

    profile: ColumnProfile
    match: Match
    fits: dict[tuple[str, str], Fit]
    used: bool = False

    @property
    def good(self) -> dict[tuple[str, str], Fit]:
        """Fits that need no decision (dates and offsets may still need one)."""
        return {place: fit for place, fit in self.fits.items() if fit.problem is None}


@dataclass(slots=True)
class Cell:
    """One column of the registry in an entry.

    Attributes
    ----------
    header : str
        Column of the file.
    spec : dict
        Keys besides ``from``.
    remarks : list of str
        Comments.
    doubt : str or None
        Why it stands as a comment only.
    fit : Fit
        How its values fit.
    looked : Looked
        The column.
    """

    header: str
    spec: dict[str, Any]
    remarks: list[str]
    fit: Fit
    looked: Looked
    doubt: str | None = None


@dataclass(slots=True)
class Entry:
    """One entry of ``tables``.

    Attributes
    ----------
    table : str
        Table of the registry.
    columns : dict of str to Cell
        Its columns.
    constants : dict
        Values that are the same in all rows.
    when : dict or None
        Condition.
    repeat : list of dict of str to Cell
        Columns of wide repeats.
    questions : list of str
        Comments on the entry as a whole.
    doubt : str or None
        Why the whole entry stands as a comment only.
    """

    table: str
    columns: dict[str, Cell] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    when: dict[str, Any] | None = None
    repeat: list[dict[str, Cell]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    doubt: str | None = None

    def cells(self) -> list[tuple[str, Cell]]:
        """Return all columns, those of repeats too."""
        again = [pair for part in self.repeat for pair in part.items()]
        return [*self.columns.items(), *again]


@dataclass(slots=True)
class FileDraft:
    """What becomes of a file.

    Attributes
    ----------
    profile : FileProfile
        The file.
    entries : list of Entry
        Entries of ``tables``.
    dates : list of str
        Date formats of the file.
    unused : list of (ColumnProfile, str)
        Columns that no entry holds, and what might be done with them.
    patient : Looked or None
        Column of the patient's id.
    """

    profile: FileProfile
    entries: list[Entry]
    dates: list[str] = field(default_factory=list)
    unused: list[tuple[ColumnProfile, str]] = field(default_factory=list)
    patient: Looked | None = None

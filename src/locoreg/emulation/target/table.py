"""The reporting table as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from locoreg.core.frames import frame
from locoreg.emulation.target.items import DOI, PARTS, Section

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["filled", "to_write", "not_applicable"]
STATUSES: tuple[Status, ...] = get_args(Status)
STATUS_WORDS: dict[Status, str] = {
    "filled": "filled",
    "to_write": "to write",
    "not_applicable": "not applicable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """One item.

    Attributes
    ----------
    number, section, topic : str
        As in `Item`.
    target_trial : str
        Text on the target trial; empty where the item is about the emulation.
    emulation : str
        Text on the emulation or the report; empty where the item specifies the trial.
    status : {"filled", "to_write", "not_applicable"}
        ``to_write``: people must write it, or add to what stands there.
    """

    number: str
    section: Section
    topic: str
    target_trial: str
    emulation: str
    status: Status

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPart:
    """One part of the trial beside its emulation.

    Attributes
    ----------
    letter, topic : str
        Part of items 6 and 7.
    target_trial, emulation : str
        The texts.
    """

    letter: str
    topic: str
    target_trial: str
    emulation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTable:
    """The items of the TARGET statement, filled.

    Attributes
    ----------
    rows : tuple of TargetRow
        All items in their order.
    protocol_sha256 : str
        Hash of the protocol.
    synthetic : bool
        Whether the patients are made up.
    """

    rows: tuple[TargetRow, ...]
    protocol_sha256: str
    synthetic: bool

    @property
    def to_write(self) -> tuple[str, ...]:
        """Numbers of the items that people must write."""
        return tuple(row.number for row in self.rows if row.status == "to_write")

    def row(self, number: str) -> TargetRow:
        """Return an item by number; KeyError if there is none."""
        for row in self.rows:
            if row.number == number:
                return row
        raise KeyError(number)

    def side_by_side(self) -> tuple[ComparedPart, ...]:
        """Return the trial's parts (item 6) beside their emulation (item 7)."""
        return tuple(
            ComparedPart(
                letter=letter,
                topic=topic,
                target_trial=self.row(f"6{letter}").target_trial,
                emulation="\n".join(
                    row.emulation
                    for row in self.rows
                    if row.number.partition(".")[0] == f"7{letter}" and row.emulation
                ),
            )
            for letter, topic in PARTS.items()
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready values."""
        return {
            "statement": f"TARGET 2025, doi:{DOI}; topics in our own words",
            "protocol_sha256": self.protocol_sha256,
            "synthetic": self.synthetic,
            "to_write": list(self.to_write),
            "rows": [row.to_dict() for row in self.rows],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per item.

        Returns
        -------
        pandas.DataFrame
            Columns ``number``, ``section``, ``topic``, ``target_trial``, ``emulation``, ``status``.
        """
        names = TargetRow.__slots__
        return frame({name: [getattr(row, name) for row in self.rows] for name in names})

    def summary(self) -> str:
        """Return the table as text."""
        lines = ["SYNTHETIC: these patients are made up.", ""] if self.synthetic else []
        lines.append(f"TARGET 2025 (doi:{DOI}), topics in our own words")
        for row in self.rows:
            lines.append(f"{row.number:<7}{row.topic} [{STATUS_WORDS[row.status]}]")
            for text in (row.target_trial, row.emulation):
                lines += [f"       {line}" for line in text.split("\n") if line]
        return "\n".join(lines)

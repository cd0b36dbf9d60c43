"""Rows of evidence tables that came, went or changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from locoreg.evidence.catalog import RECORDS
from locoreg.evidence.records import Catalog
from locoreg.evidence.riskofbias import BiasRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A row that differs between two sets of tables.

    Attributes
    ----------
    table, key : str
        Where it stands.
    kind : {"added", "corrected", "edited", "removed"}
        ``corrected``: an added row that supersedes another.
    study_id : str
        Study that it is about; empty if none.
    cells : tuple of (str, str, str)
        Column, text before and text after; of edited rows only.
    supersedes, reason : str
        The row that it corrects, and why; empty otherwise.
    printed : str
        The printed passage of a claim.
    """

    table: str
    key: str
    kind: str
    study_id: str
    cells: tuple[tuple[str, str, str], ...]
    supersedes: str
    reason: str
    printed: str

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON-ready values."""
        return {
            "table": self.table,
            "key": self.key,
            "kind": self.kind,
            "study_id": self.study_id or None,
            "cells": [
                {"column": name, "before": before, "after": after}
                for name, before, after in self.cells
            ],
            "supersedes": self.supersedes or None,
            "reason": self.reason or None,
            "printed": self.printed or None,
        }

    @property
    def words(self) -> str:
        """The change in one line."""
        told = f"{self.table} {self.key} {self.kind}"
        if self.kind == "corrected":
            return f"{told}: in place of {self.supersedes}: {self.reason}"
        if self.cells:
            shown = "; ".join(f"{n}: {b or 'empty'} → {a or 'empty'}" for n, b, a in self.cells)
            return f"{told}: {shown}"
        return f"{told}: {self.printed}" if self.printed else told


def row_changes(old: Catalog, new: Catalog) -> tuple[RowChange, ...]:
    """Return the rows that differ, table by table.

    Parameters
    ----------
    old, new : Catalog
        Two sets of tables.

    Returns
    -------
    tuple of RowChange
        In the order of the tables; removed rows after the others of a table.
    """
    out: list[RowChange] = []
    for table in RECORDS:
        out += _of_table(table, getattr(old, table), getattr(new, table))
    return tuple(out)


BIAS = "risk_of_bias"
# Where a row stands is no part of what it says.
_PLACE = ("rob_id", "file", "row")


def bias_changes(old: Iterable[BiasRecord], new: Iterable[BiasRecord]) -> tuple[RowChange, ...]:
    """Return the judgements of risk of bias that differ.

    Parameters
    ----------
    old, new : iterable of BiasRecord
        Two sets of judgements.

    Returns
    -------
    tuple of RowChange
        Removed rows after the others.
    """
    before = {one.rob_id: one for one in old}
    after = {one.rob_id: one for one in new}
    out = []
    for key, record in after.items():
        cells: tuple[tuple[str, str, str], ...] = ()
        if key in before:
            cells = tuple(_cells(_said(before[key]), _said(record)))
            if not cells:
                continue
        out.append(_bias_change(record, "edited" if cells else "added", cells))
    out += [_bias_change(one, "removed", ()) for key, one in before.items() if key not in after]
    return tuple(out)


def _said(record: BiasRecord) -> dict[str, str]:
    texts = {one.name: str(getattr(record, one.name)) for one in fields(record)}
    return {name: text for name, text in texts.items() if name not in _PLACE and text}


def _bias_change(
    record: BiasRecord, kind: str, cells: tuple[tuple[str, str, str], ...]
) -> RowChange:
    return RowChange(
        table=BIAS,
        key=record.rob_id,
        kind=kind,
        study_id=record.study_id,
        cells=cells,
        supersedes="",
        reason="",
        printed=f"{record.domain}: {record.judgement} ({record.assessor})",
    )


def _of_table(table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[RowChange]:
    for key, record in new.items():
        if key not in old:
            target = str(getattr(record, "supersedes", None) or "")
            yield _change(table, key, "corrected" if target else "added", record)
            continue
        cells = tuple(_cells(_filled(old[key]), _filled(record)))
        if cells:
            yield _change(table, key, "edited", record, cells)
    for key, record in old.items():
        if key not in new:
            yield _change(table, key, "removed", record)


def _change(
    table: str,
    key: str,
    kind: str,
    record: Any,
    cells: tuple[tuple[str, str, str], ...] = (),
) -> RowChange:
    return RowChange(
        table=table,
        key=key,
        kind=kind,
        study_id=str(getattr(record, "study_id", None) or ""),
        cells=cells,
        supersedes=str(getattr(record, "supersedes", None) or ""),
        reason=str(getattr(record, "reason", None) or "") if kind == "corrected" else "",
        printed=str(getattr(record, "verbatim", None) or ""),
    )


def _filled(record: Any) -> dict[str, str]:
    return {name: text for name, text in record.row.printed.items() if text}


def _cells(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*new, *old)):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            yield name, before, after


def rows_of_study(
    changes: Iterable[RowChange], catalog: Catalog, study_id: str
) -> tuple[RowChange, ...]:
    """Return the changed rows of a study and of the records that are versions of it.

    Parameters
    ----------
    changes : iterable of RowChange
        From :func:`row_changes`.
    catalog : Catalog
        The later tables.
    study_id : str
        A study of a pool.

    Returns
    -------
    tuple of RowChange
        In their order.
    """
    ids = {study_id} | {
        one.study_id for one in catalog.studies.values() if one.version_of == study_id
    }
    return tuple(one for one in changes if one.study_id in ids)

"""What the audit's corrections move: each study as printed and as supported."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import NothingToPoolError
from locoreg.core.estimate import Estimate
from locoreg.core.findings import Finding
from locoreg.evidence.lines import PooledStudy
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.records import Catalog
from locoreg.workflows.evidence import pool_question


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """One study, or the pool, read in two ways.

    Attributes
    ----------
    study_id, label : str
        The study; ``study_id`` is empty for the pool.
    printed : Estimate or None
        As its table prints it; None where that gives no number.
    supported : Estimate
        As the audit supports it.
    moves : bool
        Whether the two differ.
    reading : tuple of str
        What was read differently, in words.
    """

    study_id: str
    label: str
    printed: Estimate | None
    supported: Estimate
    moves: bool
    reading: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BiasShift:
    """A pool and its studies as printed, and as the audit supports them.

    Attributes
    ----------
    pool : EvidencePool
        As supported.
    rows : tuple of ShiftRow
        One per study, in the order of the pool.
    pooled : ShiftRow
        The pools of both.
    """

    pool: EvidencePool
    rows: tuple[ShiftRow, ...]
    pooled: ShiftRow

    def to_dict(self) -> dict[str, Any]:
        """Return both readings as JSON-ready values."""
        return {
            "studies": [_row_dict(row) for row in self.rows],
            "pooled": _row_dict(self.pooled),
        }


def shift_of(catalog: Catalog, findings: Iterable[Finding], pool: EvidencePool) -> BiasShift | None:
    """Return how a pool moves between the two readings; None where it is the printed one.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    findings : iterable of Finding
        The audit's findings on them.
    pool : EvidencePool
        A pool as the audit supports it.

    Returns
    -------
    BiasShift or None
        The same studies and reports in both readings.
    """
    if pool.as_printed is None:
        return None
    level = pool.meta.mu.level
    naive = _printed(catalog, findings, pool)
    rows = tuple(_row(study, naive.get(study.study_id), level) for study in pool.studies)
    pooled = ShiftRow(
        study_id="",
        label="Pooled" if pool.meta.k > 1 else "One study",
        printed=pool.as_printed.mu,
        supported=pool.meta.mu,
        moves=any(row.moves for row in rows),
        reading=(),
    )
    return BiasShift(pool=pool, rows=rows, pooled=pooled)


def _printed(
    catalog: Catalog, findings: Iterable[Finding], pool: EvidencePool
) -> dict[str, PooledStudy]:
    try:
        naive = pool_question(
            catalog,
            pool.question.question_id,
            design=pool.selection.design,
            outcome=pool.outcome.outcome_id,
            subgroup=pool.selection.subgroup,
            studies=[s.study_id for s in pool.studies],
            reports=[
                f"{s.study_id}={s.report_id}"
                for s in pool.studies
                if s.report_id in catalog.references
            ],
            as_printed=True,
            include_memory=pool.selection.include_memory,
            method=pool.meta.method,
            interval=pool.meta.interval,
            level=pool.meta.mu.level,
            findings=findings,
        )
    except NothingToPoolError:
        # As printed none of the rows gives a number; each row says so.
        return {}
    assert isinstance(naive, EvidencePool)
    return {s.study_id: s for s in naive.studies}


def _row(study: PooledStudy, naive: PooledStudy | None, level: float) -> ShiftRow:
    supported = study.effect.estimate(level)
    printed = None if naive is None else naive.effect.estimate(level)
    return ShiftRow(
        study_id=study.study_id,
        label=study.label,
        printed=printed,
        supported=supported,
        moves=printed is None or _differ(printed, supported),
        reading=study.applied,
    )


def _differ(one: Estimate, other: Estimate) -> bool:
    return not (
        math.isclose(one.estimate, other.estimate, abs_tol=1e-12)
        and math.isclose(one.se, other.se, rel_tol=1e-12)
    )


def _row_dict(row: ShiftRow) -> dict[str, Any]:
    return {
        "study_id": row.study_id or None,
        "label": row.label,
        "printed": None if row.printed is None else row.printed.to_dict(),
        "supported": row.supported.to_dict(),
        "moves": row.moves,
        "reading": list(row.reading),
    }

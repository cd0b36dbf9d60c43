"""What a report tells of a registry: its hash, its quality in counts, survival as curves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from locoreg.core.jsontext import dumps
from locoreg.core.provenance import Provenance
from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.describe.followup import steps_of
from locoreg.registry.describe.people import (
    TIME_ZERO_WORDS,
    VARIABLES,
    TimeZero,
    add_subtypes,
    people_at,
)
from locoreg.registry.describe.tableone import OVERALL, UNKNOWN, in_order
from locoreg.registry.store import read_registry
from locoreg.registry.validate import check_registry
from locoreg.registry.validate.smallcells import Hider
from locoreg.stats.survivalcurves import kaplan_meier
from locoreg.workflows.curves.counts import count_table
from locoreg.workflows.curves.landmarks import landmarks_of, median_of
from locoreg.workflows.curves.report import CurveReport
from locoreg.workflows.curves.ticks import time_ticks

TRUTH = "truth"


def registry_sha256(folder: Path) -> str:
    """Return the hash of a registry's state.

    Parameters
    ----------
    folder : Path
        The registry.

    Returns
    -------
    str
        Over the hashes of the files that its manifest lists and what it tells of each import; and
        over the truth, where patients are made up.
    """
    registry = read_registry(folder)
    content = registry.manifest.model_dump(mode="json")
    digest = hashlib.sha256(dumps(content).encode())
    for path in sorted((folder / TRUTH).glob("*")):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def quality_counts(folder: Path, *, small_cells: int | None) -> dict[str, Any]:
    """Check a registry and count what was found.

    Parameters
    ----------
    folder : Path
        The registry.
    small_cells : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    dict
        ``patients``, ``rows``, ``by_severity`` and ``rules`` (``rule``, ``severity``, ``count``,
        ``shown``), with null where a count is hidden; no value of any patient.
    """
    found = check_registry(read_registry(folder), thresholds=None, rules=None)
    hider = Hider(small_cells)

    def count(n: int) -> dict[str, Any]:
        return {"count": None if hider.hides(n) else n, "shown": hider.count(n)}

    by_severity: dict[str, list[int]] = {}
    for one in found.counts:
        by_severity.setdefault(one.severity, []).append(one.count)
    return {
        "patients": count(found.patients),
        "rows": {name: count(n) for name, n in found.table_rows.items()},
        "by_severity": {
            severity: _total(by_severity.get(severity, []), hider) for severity in found.by_severity
        },
        "rules": [
            {"rule": one.rule, "severity": one.severity, **count(one.count)}
            for one in found.counts
            if one.count
        ],
    }


def _total(parts: Sequence[int], hider: Hider) -> dict[str, Any]:
    """Return a sum of counts that are shown beside it, so that it gives none of them away."""
    whole = sum(parts)
    hidden = any(hider.hides(one) for one in parts)
    return {"count": None if hidden else whole, "shown": hider.total(list(parts))}


def survival_curves(
    folder: Path,
    *,
    time_zero: TimeZero,
    level: float,
    by: str | None,
    at: Sequence[float],
    small_cells: int | None,
    source: str,
) -> CurveReport:
    """Return survival in a registry as curves, of those whom its description follows.

    Parameters
    ----------
    folder : Path
        The registry.
    time_zero, level, by, at, small_cells
        As for ``describe``.
    source : str
        What the registry is called.

    Returns
    -------
    CurveReport
        Kaplan-Meier curves with delayed entry; with counts at the ticks of the axis.
    """
    registry = read_registry(folder)
    with registry.connect() as con:
        people = people_at(con, time_zero=time_zero, staging_days=0)
    add_subtypes(registry, people)
    _, _, followed = steps_of(people)
    zero = people["zero"][followed]
    months = {
        name: (people[name][followed] - zero) / np.timedelta64(1, "D") / DAYS_PER_MONTH
        for name in ("end_date", "entry_date")
    }
    entry = np.nan_to_num(np.maximum(months["entry_date"], 0.0), nan=0.0)
    strata = None
    order: list[str] = []
    if by is not None:
        words = dict(next(v for v in VARIABLES if v.key == by).labels)
        strata = np.array(
            [UNKNOWN if one is None else words.get(one, str(one)) for one in people[by][followed]],
            dtype=object,
        )
        order = _shown_groups(people, by, words, small_cells)
    keep = np.ones(entry.size, bool) if strata is None else np.isin(strata, order)
    curves = kaplan_meier(
        months["end_date"][keep],
        people["died"][followed].astype(bool)[keep],
        level=level,
        strata=None if strata is None else strata[keep],
        entry=entry[keep] if entry[keep].any() else None,
    )
    last = max(float(curve.time[-1]) for curve in curves)
    return CurveReport(
        file=source,
        columns={},
        rows=int(keep.sum()),
        left_out=(),
        curves=curves,
        medians=tuple(median_of(curve, small_cells) for curve in curves),
        landmarks=landmarks_of(curves, at, small_cells),
        counts=tuple(
            count_table(
                curve,
                time_ticks(last, "months", None),
                delayed_entry=curves.delayed_entry,
                weighted=False,
                small_cells=small_cells,
            )
            for curve in curves
        ),
        rmst=None,
        difference=None,
        logrank=None,
        unit="months",
        origin=TIME_ZERO_WORDS[time_zero],
        weighting="",
        after_time_zero=False,
        small_cells=small_cells,
        until=None,
        provenance=Provenance(
            input_sha256=registry_sha256(folder),
            options={"time_zero": time_zero, "level": level, "by": by, "at": list(at)},
        ),
    )


def _shown_groups(
    people: dict[str, Any], by: str, words: dict[str, str], small_cells: int | None
) -> list[str]:
    """Return the groups that a description shows, in its order."""
    with_zero = ~np.isnat(people["zero"])
    labels = [UNKNOWN if v is None else words.get(v, str(v)) for v in people[by][with_zero]]
    names, counts = np.unique(np.array(labels, dtype=object), return_counts=True)
    small = small_cells or 0
    kept = [name for name, n in zip(names, counts, strict=True) if n > small and name != OVERALL]
    variable = next(v for v in VARIABLES if v.key == by)
    return in_order(kept, tuple(words.get(level, level) for level in variable.levels))

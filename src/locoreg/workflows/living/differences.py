"""What changed between two sets of evidence, and which number moved which conclusion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.core.numbertext import interval_text, plural
from locoreg.core.provenance import Provenance, sha256_of_bytes
from locoreg.workflows.conclusion.pools import read_interval
from locoreg.workflows.conclusion.sentences import finite
from locoreg.workflows.living.attribution import Move, attribute, together
from locoreg.workflows.living.evidencesides import Key, PoolSettings, Side, open_side
from locoreg.workflows.living.poolconclusions import (
    Context,
    Standards,
    changed,
    conclusions_of,
    listed_conclusions,
)
from locoreg.workflows.living.rowchanges import (
    BIAS,
    RowChange,
    bias_changes,
    row_changes,
    rows_of_study,
)

ORDER = (
    "Each change is made alone in the earlier pool, and undone alone in the later one; what "
    "changes do together may depend on their order."
)
NOT_LOOKED_AT = (
    "Thresholds and certainty were not looked at: state a baseline and the smallest difference "
    "that matters."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolChange:
    """One pool before and after.

    Attributes
    ----------
    key : tuple of str
        Question, outcome and design.
    before, after : dict or None
        The interval that is read; None where there is no pool.
    k_before, k_after : int
        Studies.
    why : str
        Why there is no pool after, where there is none.
    conclusions : tuple of dict
        Those that changed: conclusion, before, after.
    moves : tuple of Move
        What each change does.
    rows : mapping
        Changed rows by study.
    sums : dict
        How far the changes add up.
    measure : str
        HR, say.
    """

    key: Key
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    k_before: int
    k_after: int
    why: str
    conclusions: tuple[dict[str, Any], ...]
    moves: tuple[Move, ...]
    rows: Mapping[str, tuple[RowChange, ...]]
    sums: Mapping[str, Any]
    measure: str

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON-ready values."""
        return {
            "question": self.key[0],
            "outcome": self.key[1],
            "design": self.key[2],
            "measure": self.measure,
            "before": None if self.before is None else dict(self.before),
            "after": None if self.after is None else dict(self.after),
            "studies_before": self.k_before,
            "studies_after": self.k_after,
            "why_none": self.why or None,
            "conclusions": list(self.conclusions),
            "moves": [one.to_dict() for one in self.moves],
            "rows": {study: [one.to_dict() for one in rows] for study, rows in self.rows.items()},
            "sums": dict(self.sums),
        }

    def _beside(self) -> str:
        """Return what changed beside the numbers."""
        rows = [row for found in self.rows.values() for row in found if row.table == BIAS]
        if not rows:
            return ""
        return f": {plural(len(rows), 'judgement')} of risk of bias changed"

    def lines(self) -> Iterator[str]:
        """Yield the change in plain lines."""
        yield (
            f"{'/'.join(self.key)}: {self.measure} {_shown(self.before)} ({self.k_before}) → "
            f"{_shown(self.after)} ({self.k_after})"
        )
        if self.why:
            yield f"  {self.why}"
        for one in self.conclusions:
            name = one["conclusion"]
            yield f"  Changed, {name}: {one['before']} → {one['after']}"
            movers = [(move, move.words_for(name)) for move in self.moves]
            named = [f"{_named(move)} ({words})" for move, words in movers if words]
            if named:
                yield f"    moved by {'; '.join(named)}"
            else:
                yield f"    no pooled number moved it{self._beside()}"
        if not self.conclusions:
            yield "  No conclusion changed."
        for move in self.moves:
            yield f"  {_named(move)}: {_did(move)}"
            for row in self.rows.get(move.study_id, ()):
                yield f"    {row.words}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDiff:
    """What changed between two sets of evidence.

    Attributes
    ----------
    old, new : str
        The two sides.
    rows : tuple of RowChange
        Rows that came, went or changed; empty where a side is a run.
    compared_rows : bool
        Whether both sides hold rows.
    pools : tuple of PoolChange
        Pools that changed.
    same : int
        Pools that did not.
    standards : Standards
        What conclusions were read against.
    provenance : Provenance
        Hashes and options.
    """

    old: str
    new: str
    rows: tuple[RowChange, ...]
    compared_rows: bool
    pools: tuple[PoolChange, ...]
    same: int
    standards: Standards
    provenance: Provenance

    @property
    def moved(self) -> bool:
        """Whether a conclusion changed."""
        return any(pool.conclusions for pool in self.pools)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        return {
            "old": self.old,
            "new": self.new,
            "rows": [one.to_dict() for one in self.rows],
            "rows_compared": self.compared_rows,
            "pools": [one.to_dict() for one in self.pools],
            "pools_unchanged": self.same,
            "conclusion_changed": self.moved,
            "standards": self.standards.to_dict(),
            "order": ORDER,
            "provenance": self.provenance.to_dict(),
        }

    def summary(self) -> str:
        """Return the comparison in plain lines."""
        options = self.provenance.options
        interval = options["interval"] or "the interval that goes with it"
        level = "the question's level" if options["level"] is None else f"{options['level']:g}%"
        lines = [f"{self.old} → {self.new}."]
        if self.compared_rows:
            lines.append(f"Tables are pooled by {options['method']}, {interval}, {level}.")
        if not self.standards.complete:
            lines.append(NOT_LOOKED_AT)
        lines += ["", f"Rows: {_counted(self.rows) if self.compared_rows else 'not compared'}."]
        lines += [f"  {one.words}" for one in self.rows]
        lines += ["", f"Pools: {len(self.pools)} changed, {self.same} did not."]
        for pool in self.pools:
            lines += pool.lines()
        if any(len(pool.moves) > 1 for pool in self.pools):
            lines += ["", ORDER]
        return "\n".join(lines)


def diff_evidence(
    old: str, new: str, *, settings: PoolSettings, standards: Standards
) -> EvidenceDiff:
    """Compare two sets of evidence.

    Parameters
    ----------
    old, new : str
        ``shipped``, a folder of tables, several joined by ``+``, or the folder of a run.
    settings : PoolSettings
        How tables are pooled.
    standards : Standards
        What conclusions are read against.

    Returns
    -------
    EvidenceDiff
        Rows, and pools with the number that moved each conclusion.
    """
    return compare_sides(
        open_side(old, settings), open_side(new, settings), settings=settings, standards=standards
    )


def compare_sides(
    old: Side, new: Side, *, settings: PoolSettings, standards: Standards
) -> EvidenceDiff:
    """Compare two opened sides; see :func:`diff_evidence`."""
    both = old.catalog is not None and new.catalog is not None
    rows: tuple[RowChange, ...] = ()
    if old.catalog is not None and new.catalog is not None:
        rows = (
            *row_changes(old.catalog, new.catalog),
            *bias_changes(old.bias, new.bias),
        )
    keys = list(dict.fromkeys((*new.contexts, *old.contexts)))
    found = [_pool_change(key, old, new, rows, standards) for key in keys]
    pools = tuple(one for one in found if one is not None)
    return EvidenceDiff(
        old=old.name,
        new=new.name,
        rows=rows,
        compared_rows=both,
        pools=pools,
        same=len(keys) - len(pools),
        standards=standards,
        provenance=Provenance(
            input_sha256=sha256_of_bytes(old.sha256.encode(), new.sha256.encode()),
            options={"old": old.name, "new": new.name, **settings.to_dict(),
                     **standards.to_dict()},
        ),
    )  # fmt: skip


def _pool_change(
    key: Key, old: Side, new: Side, rows: Sequence[RowChange], standards: Standards
) -> PoolChange | None:
    before, after = old.pools.get(key), new.pools.get(key)
    contexts = (_context(old, new, key), _context(new, old, key))
    was = conclusions_of(before, contexts[0], standards)
    is_ = conclusions_of(after, contexts[1], standards)
    names = changed(was, is_)
    moves = attribute(before, after, contexts, standards)
    if not names and not moves:
        return None
    by_study: dict[str, tuple[RowChange, ...]] = {}
    if new.catalog is not None:
        lines = [one["study_id"] for one in (after or before or {"studies": ()})["studies"]]
        judged = [one for one in lines if any(r.table == BIAS and r.study_id == one for r in rows)]
        named = dict.fromkeys((*(m.study_id for m in moves), *judged))
        by_study = {one: rows_of_study(rows, new.catalog, one) for one in named}
    told = after if after is not None else before
    return PoolChange(
        key=key,
        before=None if before is None else read_interval(before),
        after=None if after is None else read_interval(after),
        k_before=0 if before is None else len(before["studies"]),
        k_after=0 if after is None else len(after["studies"]),
        why="" if after is not None else new.empty.get(key, "not asked for"),
        conclusions=tuple(listed_conclusions(names, was, is_)),
        moves=moves,
        rows=by_study,
        sums=together(before, after, moves),
        measure="" if told is None else str(told["measure"]),
    )


def _context(side: Side, other: Side, key: Key) -> Context:
    return side.contexts[key] if key in side.contexts else other.contexts[key]


def _shown(read: Mapping[str, Any] | None) -> str:
    if read is None:
        return "none"
    natural = read.get("natural") or read
    values = [finite(natural[name]) for name in ("estimate", "ci_low", "ci_high")]
    return f"{interval_text(values[0], values[1], values[2])}, {read['level']:g}%"


def _named(move: Move) -> str:
    line = move.after or move.before or {}
    rows = ", ".join(line.get("claim_ids", ()))
    return f"{move.label} ({rows})" if rows else move.label


def _did(move: Move) -> str:
    alone = _shown(move.alone["pool"])
    without = _shown(move.without["pool"])
    return f"{move.kind}; the earlier pool with it alone {alone}; the later without it {without}"


def _counted(rows: Sequence[RowChange]) -> str:
    if not rows:
        return "none changed"
    kinds: dict[str, int] = {}
    for one in rows:
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())

"""Which number moved which conclusion: each change alone, and all but each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.evidence.meta import meta_analysis
from locoreg.workflows.conclusion.pools import read_interval
from locoreg.workflows.conclusion.sentences import finite
from locoreg.workflows.living.poolconclusions import (
    Context,
    PoolDict,
    Standards,
    changed,
    conclusions_of,
    listed_conclusions,
)

# Of the effects of a study read from the same row twice.
SAME = 1e-12
SETTINGS = "settings"
Lines = dict[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What one study's change does to a pool.

    Attributes
    ----------
    study_id, label : str
        The study; ``settings`` where method, interval or level changed.
    kind : {"added", "removed", "changed", "settings"}
        What became of it in this pool.
    before, after : dict or None
        Its number: effect, standard error, report, rows.
    alone : dict
        The earlier pool with this change only: estimate, shift, conclusions that move.
    without : dict
        The later pool with every change but this: the same.
    """

    study_id: str
    label: str
    kind: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    alone: dict[str, Any]
    without: dict[str, Any]

    @property
    def moves(self) -> tuple[str, ...]:
        """Conclusions that it moves by itself, or that don't move without it."""
        return tuple(dict.fromkeys((*self.alone["moves"], *self.without["moves"])))

    def words_for(self, conclusion: str) -> str:
        """Return how it has to do with a conclusion; empty if not at all."""
        by_itself = conclusion in self.alone["moves"]
        needed = conclusion in self.without["moves"]
        if by_itself and needed:
            return "by itself, and not without it"
        if by_itself:
            return "by itself; the other changes do so without it as well"
        return "only together with the other changes" if needed else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the move as JSON-ready values."""
        return {
            "study_id": self.study_id,
            "label": self.label,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "alone": self.alone,
            "without": self.without,
            "moves": list(self.moves),
        }


def attribute(
    old: PoolDict | None,
    new: PoolDict | None,
    contexts: tuple[Context, Context],
    standards: Standards,
) -> tuple[Move, ...]:
    """Return what each change of a pool's lines does to it.

    The lines are pooled anew with the later pool's method, interval and level. A change is a
    study that came, went, or has another number; changed settings are one more.

    Parameters
    ----------
    old, new : mapping or None
        ``EvidencePool.to_dict()`` before and after; None where there is no pool.
    contexts : tuple of Context
        Before and after.
    standards : Standards
        Baselines and threshold.

    Returns
    -------
    tuple of Move
        Settings first, then studies in the order of the later pool.
    """
    template = new if new is not None else old
    if template is None:
        return ()
    past, present = _lines(old), _lines(new)
    start = conclusions_of(old, contexts[0], standards)
    end = conclusions_of(new, contexts[1], standards)
    moves = []
    base = old
    if old is not None and new is not None and _settings(old) != _settings(new):
        base = _repool(list(past.values()), template)
        moves.append(_settings_move(old, new, base, contexts, standards))
        start = conclusions_of(base, contexts[0], standards)
    for study_id in _differing(past, present):
        alone = _pooled({**past}, study_id, present, template)
        without = _pooled({**present}, study_id, past, template)
        line = present.get(study_id) or past[study_id]
        moves.append(
            Move(
                study_id=study_id,
                label=str(line["label"]),
                kind=_kind(study_id, past, present),
                before=_number(past.get(study_id)),
                after=_number(present.get(study_id)),
                alone=_effect(base, alone, start, contexts[0], standards),
                # What the later pool would say without it, against what it says.
                without=_effect(new, without, end, contexts[1], standards),
            )
        )
    return tuple(moves)


def _settings_move(
    old: PoolDict,
    new: PoolDict,
    base: PoolDict | None,
    contexts: tuple[Context, Context],
    standards: Standards,
) -> Move:
    start = conclusions_of(old, contexts[0], standards)
    end = conclusions_of(new, contexts[1], standards)
    undone = _repool(list(_lines(new).values()), old)
    return Move(
        study_id=SETTINGS,
        label="Method, interval, level or measure",
        kind=SETTINGS,
        before=dict(_settings(old)),
        after=dict(_settings(new)),
        alone=_effect(old, base, start, contexts[0], standards),
        without=_effect(new, undone, end, contexts[1], standards),
    )


def together(old: PoolDict | None, new: PoolDict | None, moves: Sequence[Move]) -> dict[str, Any]:
    """Return how far the changes add up.

    Parameters
    ----------
    old, new : mapping or None
        The pool before and after.
    moves : sequence of Move
        From :func:`attribute`.

    Returns
    -------
    dict
        On the analysis scale: the shift of all, the sum of the shifts of each alone, and the
        rest, which depends on the order in which changes are made.
    """
    shift = _estimate(new) - _estimate(old)
    alone = math.fsum(one.alone["shift"] for one in moves) if moves else math.nan
    return {"together": shift, "sum_of_each_alone": alone, "depends_on_order": shift - alone}


def _settings(pool: PoolDict) -> dict[str, Any]:
    return {
        "method": pool["method"],
        "interval": pool["interval"],
        "level": pool["mu"]["level"],
        "measure": pool["measure"],
        "reference_arm": pool["reference_arm"],
    }


def _lines(pool: PoolDict | None) -> Lines:
    return {} if pool is None else {one["study_id"]: one for one in pool["studies"]}


def _differing(past: Lines, present: Lines) -> list[str]:
    return [
        name for name in dict.fromkeys((*present, *past)) if _kind(name, past, present) != "same"
    ]


def _kind(study_id: str, past: Lines, present: Lines) -> str:
    if study_id not in past:
        return "added"
    if study_id not in present:
        return "removed"
    one, other = past[study_id], present[study_id]
    same = all(
        math.isclose(finite(one[name]), finite(other[name]), rel_tol=SAME, abs_tol=SAME)
        for name in ("yi", "se")
    )
    return "same" if same else "changed"


def _pooled(lines: Lines, study_id: str, source: Lines, template: PoolDict) -> PoolDict | None:
    """Return the pool of lines with one study as another set has it."""
    if study_id in source:
        lines[study_id] = source[study_id]
    else:
        del lines[study_id]
    ordered = sorted(lines.values(), key=lambda one: (one["year"] or 0, one["study_id"]))
    return _repool(ordered, template)


def _repool(lines: Sequence[Mapping[str, Any]], template: PoolDict) -> PoolDict | None:
    if not lines:
        return None
    meta = meta_analysis(
        [finite(one["yi"]) for one in lines],
        se=[finite(one["se"]) for one in lines],
        method=template["method"],
        interval=template["interval"],
        level=template["mu"]["level"],
        scale=template["mu"]["scale"],
        labels=[str(one["label"]) for one in lines],
    )
    studies = [{**one, "weight": weight} for one, weight in zip(lines, meta.weights, strict=True)]
    return {**template, **meta.to_dict(), "studies": studies}


def _effect(
    base: PoolDict | None,
    pool: PoolDict | None,
    conclusions: Mapping[str, str],
    context: Context,
    standards: Standards,
) -> dict[str, Any]:
    found = conclusions_of(pool, context, standards)
    names = changed(conclusions, found)
    return {
        "pool": None if pool is None else dict(read_interval(pool)),
        "shift": _estimate(pool) - _estimate(base),
        "moves": list(names),
        "conclusions": listed_conclusions(names, conclusions, found),
    }


def _estimate(pool: PoolDict | None) -> float:
    return math.nan if pool is None else finite(read_interval(pool)["estimate"])


def _number(line: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if line is None:
        return None
    return {
        "yi": line["yi"],
        "se": line["se"],
        "estimate": line["estimate"],
        "report_id": line["report_id"],
        "claim_ids": list(line["claim_ids"]),
        "printed": line["printed"],
        "applied": list(line["applied"]),
    }

"""How sure one can be of the pools of a run: each entry of the part ``how_sure``, computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from locoreg.core.errors import DesignError
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.conclusion.pools import Results, design_label
from locoreg.workflows.conclusion.settling import Keep, dropped
from locoreg.workflows.sureness.orientedpool import OrientedPool, oriented_pool
from locoreg.workflows.sureness.sureparts import SureParts
from locoreg.workflows.sureness.sureplan import PARTS, HowSurePlan


def assess(
    results: Results,
    plans: Sequence[HowSurePlan],
    *,
    findings: Sequence[FindingsPlan],
    tables: Sequence[str | Path],
    keep: Keep = dropped,
) -> list[dict[str, Any]]:
    """Return how sure one can be of each pool that is asked for.

    Parameters
    ----------
    results : mapping
        Results of the run so far; ``questions``, ``tables`` and ``emulation`` are read.
    plans : sequence of HowSurePlan
        Of the study file.
    findings : sequence of FindingsPlan
        Of the study file: thresholds and a person's certainty.
    tables : sequence of str or Path
        Sets of evidence tables: ``shipped``, or folders.
    keep : callable
        Given the key and the result of each part that has a figure; by default nothing is kept.

    Returns
    -------
    list of dict
        JSON-ready, one per entry: the pool, and ``bayes``, ``small_study``, ``designs`` and
        ``certainty``; null where a part is not asked for, ``refused`` in it where it could not be
        had.
    """
    judged = {one.pool: one for one in findings}
    return [_entry(results, plan, judged.get(plan.pool), tables, keep) for plan in plans]


def _entry(
    results: Results,
    plan: HowSurePlan,
    finding: FindingsPlan | None,
    tables: Sequence[str | Path],
    keep: Keep,
) -> dict[str, Any]:
    key = f"how_sure/{'/'.join(plan.pool)}"
    head: dict[str, Any] = {
        "key": key,
        "question": plan.question,
        "outcome": plan.outcome,
        "design": plan.design,
        "design_label": design_label(plan.design),
        "label": plan.outcome.replace("_", " "),
        "pool": None,
        "refused": "",
        **dict.fromkeys(PARTS),
    }
    try:
        pool = oriented_pool(results, plan.pool)
    except DesignError as error:
        return {**head, "refused": str(error)}
    parts = SureParts(results, plan, pool, finding, key, tables, keep).parts()
    return {**head, "label": pool.label, "pool": _pool(pool), **parts}


def _pool(pool: OrientedPool) -> dict[str, Any]:
    return {
        "key": pool.key,
        "title": pool.title,
        "event": pool.event,
        "measure": pool.measure,
        "scale": pool.scale,
        "level": pool.level,
        "k": len(pool.studies),
        "turned": pool.turned,
        "benefit": "below" if pool.benefit_below else "above",
        "favours_below": pool.favours_below,
        "favours_above": pool.favours_above,
    }

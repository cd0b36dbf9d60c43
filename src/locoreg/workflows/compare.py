"""Name what moved between two runs of a study."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from locoreg.core.errors import DataError


def changes_since(previous: Path, now: dict[str, Any]) -> tuple[str, ...]:
    """Compare results with those of an earlier run.

    Parameters
    ----------
    previous : Path
        ``results.json`` of the earlier run.
    now : dict
        The new results, as :func:`locoreg.workflows.run.results_dict` gives them.

    Returns
    -------
    tuple of str
        One sentence per change: studies added or gone, pools moved, verdicts
        changed, findings added or gone. Empty if nothing moved.

    Raises
    ------
    DataError
        If the earlier file is not a results file of this schema.
    """
    try:
        before = json.loads(previous.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(
            f"{previous} is not a results file.", hint="remove it, or choose another folder."
        ) from error
    if not isinstance(before, dict) or before.get("schema") != now["schema"]:
        raise DataError(
            f"{previous} is of another schema.", hint="remove it, or choose another folder."
        )
    return tuple(_changes(before, now))


def _changes(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    if before["provenance"]["version"] != now["provenance"]["version"]:
        yield (
            f"locoreg {before['provenance']['version']} was used before, "
            f"now {now['provenance']['version']}."
        )
    yield from _set_changes("study", before["tables"]["studies"], now["tables"]["studies"])
    yield from _pool_changes(_pools(before), _pools(now))
    old = {r["target"]["pool_id"]: r["verdict"] for r in before["reproductions"]}
    for item in now["reproductions"]:
        pool = item["target"]["pool_id"]
        if old.get(pool, item["verdict"]) != item["verdict"]:
            yield f"Reproduction of {pool}: {old[pool]} before, now {item['verdict']}."
    yield from _set_changes("finding", _findings(before["audit"]), _findings(now["audit"]))


def _pool_changes(
    before: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]
) -> Iterator[str]:
    yield from _set_changes("pool", before, now)
    for key in (key for key in now if key in before):
        old, new = before[key], now[key]
        was = {s["study_id"]: s for s in old["studies"]}
        is_now = {s["study_id"]: s for s in new["studies"]}
        reasons = [
            *(f"{s['label']} added" for study_id, s in is_now.items() if study_id not in was),
            *(f"{s['label']} left out" for study_id, s in was.items() if study_id not in is_now),
            *(
                f"{s['label']} read differently"
                for study_id, s in is_now.items()
                if study_id in was
                and (was[study_id]["yi"], was[study_id]["se"])
                != (is_now[study_id]["yi"], is_now[study_id]["se"])
            ),
        ]
        if old["mu"] != new["mu"]:
            why = "; ".join(reasons) or "other method or interval"
            yield f"{key}: {_text(old)} before, now {_text(new)} ({why})."
        elif reasons:
            yield f"{key}: {'; '.join(reasons)}; the pooled numbers did not move."


def _pools(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {p["key"]: p["pool"] for q in results["questions"] for p in q["pools"]}


def _findings(audit: dict[str, Any]) -> list[str]:
    return [f"{f['rule']} on {f['subject']}" for f in audit["findings"]]


def _set_changes(what: str, before: Any, now: Any) -> Iterator[str]:
    for name in sorted(set(now) - set(before)):
        yield f"New {what}: {name}."
    for name in sorted(set(before) - set(now)):
        yield f"Gone {what}: {name}."


def _text(pool: dict[str, Any]) -> str:
    natural = pool["mu"].get("natural") or pool["mu"]
    return "{:.2f} ({:.2f} to {:.2f}, k = {})".format(
        natural["estimate"], natural["ci_low"], natural["ci_high"], pool["k"]
    )

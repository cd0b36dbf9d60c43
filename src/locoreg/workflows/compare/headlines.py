"""The numbers that answers rest on, by key, as they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from locoreg.core.numbertext import range_text
from locoreg.workflows.compare.number import Number, estimate_words, with_limits
from locoreg.workflows.compare.surenumbers import planned_numbers, sure_numbers


def headlines(results: dict[str, Any]) -> dict[str, Number]:
    """Return the headline numbers of a run.

    Parameters
    ----------
    results : dict
        Its ``results.json``.

    Returns
    -------
    dict of str to Number
        By key: pools, registry, emulations, selections, how sure, and the next trial.
    """
    found: dict[str, Number] = {}
    for one in (
        *_pools(results),
        *_reproductions(results),
        *_findings(results),
        *_registry(results),
        *(n for part in results.get("emulation") or () for n in _emulation(part)),
        *(n for part in results.get("selection") or () for n in _selection(part)),
        *(n for part in results.get("how_sure") or () for n in sure_numbers(part)),
        *(n for part in results.get("planning") or () for n in planned_numbers(part)),
    ):
        found[one.key] = one
    return found


def _pools(results: dict[str, Any]) -> Iterator[Number]:
    for question in results.get("questions") or ():
        for item in question["pools"]:
            key, pool = f"evidence/{item['key']}", item["pool"]
            words, exact = estimate_words(pool["mu"])
            name = item["key"].replace("_", " ")
            yield Number(key, name, f"{words}, k = {pool['k']}", (*exact, pool["k"]))
            if pool.get("prediction"):
                shown = pool["prediction"].get("natural") or pool["prediction"]
                limits = (shown["low"], shown["high"])
                yield Number(
                    f"{key}/prediction", f"{name}, prediction interval",
                    range_text(*limits), limits,
                )  # fmt: skip


def _reproductions(results: dict[str, Any]) -> Iterator[Number]:
    for one in results.get("reproductions") or ():
        pool = one["target"]["pool_id"]
        verdict = one["verdict"]
        yield Number(
            f"evidence/reproduction/{pool}", f"Reproduction of {pool}", verdict, (verdict,)
        )


def _findings(results: dict[str, Any]) -> Iterator[Number]:
    for one in (results.get("audit") or {}).get("findings") or ():
        what = f"{one['rule']} on {one['subject']}"
        place = one["location"].get("row")
        key = f"evidence/audit/{what}/{place}/{one['location'].get('column')}"
        where = "" if place is None else f", row {place}"
        yield Number(key, f"Finding {what}{where}", one["severity"], (one["severity"],))


def _registry(results: dict[str, Any]) -> Iterator[Number]:
    found = results.get("registry") or {}
    for i, step in enumerate(found.get("flow") or ()):
        shown = step["shown"]["remaining"]
        yield Number(f"registry/flow/{i}", f"Registry, {step['step']}", shown, (shown,))
    for group in found.get("survival") or ():
        key, who = f"registry/survival/{group['group']}", f"Registry, {group['group']}"
        median = group["survival_months"]
        exact = (median["median"], median["ci_low"], median["ci_high"])
        yield Number(f"{key}/median", f"{who}, median survival", with_limits(*exact), exact)
        for row in group["at"]:
            exact = (row["survival"], row["ci_low"], row["ci_high"])
            label = f"{who}, alive at {row['month']:g} months"
            yield Number(f"{key}/at/{row['month']:g}", label, with_limits(*exact), exact)


def _emulation(part: dict[str, Any]) -> Iterator[Number]:
    name, found = part["name"], part["results"]
    key, primary = f"emulation/{name}", found["primary"]
    for one in primary["contrasts"]:
        words, exact = estimate_words(one)
        measure = one["measure"].replace("_", " ")
        label = f"Emulation {name}, {measure} at {one['at_months']:g} months"
        yield Number(f"{key}/{one['measure']}@{one['at_months']:g}", label, words, exact)
    for one in primary["diagnostics"]:
        arm = one.get("arm") or ""
        label = f"Emulation {name}, diagnostic {one['title'].lower()}{f', {arm}' if arm else ''}"
        yield Number(
            f"{key}/diagnostic/{one['name']}/{arm}", label, one["verdict"], (one["verdict"],)
        )
    beside = found.get("sensitivity") or {}
    ladder = beside.get("bias_ladder") or {}
    for i, row in enumerate(ladder.get("rows") or ()):
        words, exact = estimate_words(row["difference"])
        verdict = row["verdict"]
        label = f"Emulation {name}, ladder, {row['label'].lower()}"
        yield Number(f"{key}/ladder/{i}", label, f"{words}, {verdict}", (*exact, verdict))
    yield from _benchmark(key, name, (beside.get("benchmark") or {}).get("benchmark"))


def _benchmark(key: str, name: str, found: dict[str, Any] | None) -> Iterator[Number]:
    if found is None:
        return
    rows = [*(found.get("trials") or ()), *([found["pooled"]] if found.get("pooled") else [])]
    for row in rows:
        who, agreement = row["trial"]["label"], row["agreement"]
        text = (
            f"significance {agreement['significance']}, estimate {_yes(agreement['estimate'])}, "
            f"difference {_yes(agreement['difference'])}"
        )
        label = f"Emulation {name}, agreement with {who}"
        yield Number(f"{key}/benchmark/{who}", label, text, (text,))


def _yes(agrees: object) -> str:
    return "agrees" if agrees else "does not agree"


def _selection(part: dict[str, Any]) -> Iterator[Number]:
    name, found = part["name"], part["results"]
    key, label = f"selection/{name}", f"Selection {name}"
    words, exact = estimate_words(found["average"])
    yield Number(f"{key}/average", f"{label}, average effect", words, exact)
    verdict = found["credibility"]["verdict"]
    yield Number(f"{key}/credibility", f"{label}, credibility", verdict, (verdict,))
    shown = "shown" if found["rule"]["shown"] else "none"
    yield Number(f"{key}/rule", f"{label}, rule", shown, (shown,))
    area = (found.get("assessment") or {}).get("autoc")
    words, exact = estimate_words(area)
    yield Number(f"{key}/autoc", f"{label}, area under the targeting curve", words, exact)
    for one in (*found["credibility"].get("checks", ()), *found["diagnostics"]):
        arm = one.get("arm") or ""
        title = f"{label}, check {one['title'].lower()}{f', {arm}' if arm else ''}"
        yield Number(f"{key}/check/{one['name']}/{arm}", title, one["verdict"], (one["verdict"],))

"""Who gains: whether it can be believed first, then rule, differences and the average effect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import decimal_text, p_text
from locoreg.workflows.conclusion.sentences import (
    Item,
    Number,
    Sentence,
    count_number,
    finite,
    made_up,
    said,
    signed,
)

Selection = Mapping[str, Any]


def selection_item(selections: list[Selection]) -> Item:
    """Return who gains, as the selections find it."""
    sentences: list[Sentence] = []
    for one in selections:
        told = _shown(one["name"], one["results"])
        sentences += made_up(told, bool(one["results"]["synthetic"]))
    return Item(topic="selection", title="Who gains", sentences=tuple(sentences))


def failed_checks(results: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the checks of a selection that failed."""
    checks = [
        *results["diagnostics"],
        *results["assessment"]["diagnostics"],
        *results["credibility"]["checks"],
    ]
    return tuple(one for one in checks if one["verdict"] == "fail")


def _shown(name: str, results: Mapping[str, Any]) -> Iterator[Sentence]:
    credibility = results["credibility"]
    contradicted = not credibility["shows_rule"]
    yield said(
        f"{results['title']}. Can it be believed: {credibility['verdict']}. "
        f"{credibility['reading']}",
        tone="blocking" if contradicted else "plain",
    )
    for one in failed_checks(results):
        arm = f" ({one['arm']})" if one["arm"] else ""
        yield said(f"Failed: {one['title']}{arm}. {one['message']}", tone="blocking")
    if credibility["not_done"]:
        yield said(f"Not done: {'; '.join(credibility['not_done'])}.")
    if contradicted:
        yield said("No rule and no effect is given where the trials contradict the registry.")
        return
    yield from _differences(name, results)
    yield _average(name, results)
    rule = results["rule"]
    if rule is None:
        yield said("No rule was asked for.")
    else:
        yield said(rule["reading"].splitlines()[0])


def _differences(name: str, results: Mapping[str, Any]) -> Iterator[Sentence]:
    test = results["assessment"]["test"]
    p = finite(test["p"])
    if math.isnan(p):
        yield said("Whether effects differ between patients could not be tested.")
        return
    unfound = "are not found, which does not show that there are none"
    found = "are found" if test["found"] else unfound
    yield said(
        f"Differences of the effect between patients {found} (",
        Number(p_text(p), p, f"selection/{name}/heterogeneity/p"),
        ", one-sided, in ",
        count_number(results["assessment"]["n"], f"selection/{name}/n"),
        " patients).",
    )


def _with_limits(mid: str, low: str, high: str) -> str:
    unknown = decimal_text(math.nan)
    return mid if unknown in (mid, low, high) else f"{mid} ({low} to {high})"


def _average(name: str, results: Mapping[str, Any]) -> Sentence:
    question, average = results["question"], results["average"]
    months = question["measure"].startswith("rmst")
    scale, digits = (1.0, 2) if months else (100.0, 1)
    mid, low, high = (
        signed(scale * finite(average[part]), digits) for part in ("estimate", "ci_low", "ci_high")
    )
    raw = finite(average["estimate"])
    return said(
        "Average effect in these patients: ",
        Number(_with_limits(mid, low, high), None if math.isnan(raw) else raw,
               f"selection/{name}/average"),
        f" {'months' if months else 'percentage points'} within {question['horizon_months']:g} "
        f"months of {question['time_zero']} ({average['level']:g}% interval).",
    )  # fmt: skip

"""An emulation without small counts: its cohort, checklist, results.json and summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.effect import BalanceRow, Effect
from locoreg.registry.describe.counts import Count, shown_count
from locoreg.workflows.emulation.result import EmulationResult
from locoreg.workflows.emulation.smallcells import (
    KINDS,
    hide_parts,
    shown_attrition,
    shown_counts,
    shown_flow,
)
from locoreg.workflows.emulation.smalleffects import hide_balance, hide_effect, hide_finding
from locoreg.workflows.emulation.smalltexts import redacted, rule_words
from locoreg.workflows.emulation.subgroups import SubgroupRow
from locoreg.workflows.emulation.summaries import CohortSummary

LOST, ENDED = "Lost to follow-up", "End of the study"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGroup:
    """A group of the cohort with its counts as shown.

    Attributes
    ----------
    label : str
        What its persons did.
    n : Count
        Persons.
    ends : dict of str to Count
        How follow-up ended: events by kind, lost, end of the study.
    median_follow_up_months : float
        As it is.
    """

    label: str
    n: Count
    ends: Mapping[str, Count]
    median_follow_up_months: float


def shown_groups(cohort: CohortSummary, limit: int | None) -> tuple[ShownGroup, ShownGroup]:
    """Return the two groups of a cohort with counts as shown.

    Parameters
    ----------
    cohort : CohortSummary
        The cohort.
    limit : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    tuple of ShownGroup
        Not treated within the grace period, then treated within it.
    """
    sizes = hide_parts([one.n for one in cohort.strategies], limit)
    out = []
    for one, n in zip(cohort.strategies, sizes, strict=True):
        ends = {**dict(one.events), LOST: one.lost}
        ends[ENDED] = one.n - sum(ends.values())
        cells = hide_parts(list(ends.values()), limit)
        out.append(
            ShownGroup(
                label=one.label, n=n, ends=dict(zip(ends, cells, strict=True)),
                median_follow_up_months=one.median_follow_up_months,
            )
        )  # fmt: skip
    return out[0], out[1]


def shown_baseline(cohort: CohortSummary, limit: int | None) -> tuple[BalanceRow, ...]:
    """Return the baseline; shares of few persons are NaN."""
    if limit is None:
        return cohort.baseline
    no, yes = cohort.strategies
    sizes = {row.at_months: (no.n, yes.n) for row in cohort.baseline}
    return hide_balance(cohort.baseline, sizes, limit)


def shown_missing(cohort: CohortSummary, limit: int | None) -> tuple[tuple[str, Count, Count], ...]:
    """Return how many values are missing, not treated and treated, as shown."""
    no, yes = (one.n for one in cohort.strategies)
    return tuple(
        (name, shown_count(a, limit, within=no), shown_count(b, limit, within=yes))
        for name, a, b in cohort.missing
    )


def shown_subgroups(rows: Sequence[SubgroupRow], limit: int | None) -> list[tuple[Count, Count]]:
    """Return persons and treated persons of each subgroup as shown.

    Parameters
    ----------
    rows : sequence of SubgroupRow
        Subgroups, by variable.
    limit : int or None
        Counts from 1 to this many are hidden.

    Returns
    -------
    list of (Count, Count)
        The levels of a variable add up to the cohort: one that is hidden hides another.
    """
    out: dict[int, tuple[Count, Count]] = {}
    for variable in dict.fromkeys(row.variable for row in rows):
        places = [i for i, row in enumerate(rows) if row.variable == variable]
        sizes = hide_parts([rows[i].n for i in places], limit)
        treated = hide_parts([rows[i].n_treated for i in places], limit)
        for i, n, some in zip(places, sizes, treated, strict=True):
            others = rows[i].n - rows[i].n_treated
            few = limit is not None and 1 <= others <= limit
            out[i] = (Count("hidden", None) if few else n, some)
    return [out[i] for i in range(len(rows))]


def shown_checklist(result: EmulationResult, limit: int | None) -> dict[str, str]:
    """Return the texts of the reporting checklist's emulation, by item, without small counts.

    Parameters
    ----------
    result : EmulationResult
        The emulation.
    limit : int or None
        Counts from 1 to this many are hidden; None leaves the texts as they are.

    Returns
    -------
    dict of str to str
        One text per item.
    """
    texts = {row.number: row.emulation for row in result.target.rows}
    if limit is None:
        return texts
    n = result.cohort.n
    texts = {number: redacted(text, limit, n) for number, text in texts.items()}
    own = _counted_items(result, limit)
    return {number: own.get(number, text) for number, text in texts.items()}


def _counted_items(result: EmulationResult, limit: int) -> dict[str, str]:
    """Return the items that are made of counts: flow, baseline, follow-up, missing, outcomes."""
    cohort = result.cohort
    started, steps = shown_attrition(result.attrition, limit)
    groups = shown_groups(cohort, limit)
    baseline = shown_baseline(cohort, limit)
    flow = [f"{started.text} persons assessed."]
    flow += [f"{s.name}: {s.excluded.text} excluded, {s.unknown.text} unknown." for s in steps]
    flow += [f"{cohort.n:,} persons eligible."]
    flow += [f"{g.label}: {g.n.text} assigned." for g in groups]
    missing = [
        f"{name}: {a.text} of those not treated, {b.text} of the treated."
        for name, a, b in shown_missing(cohort, limit)
    ]
    return {
        "8": "\n".join(flow),
        "9": "\n".join(
            f"{g.label}: {'; '.join(_share(row, place) for row in baseline)}."
            for place, g in enumerate(groups)
        ),
        "10": "\n".join(
            f"{g.label}: median follow-up {g.median_follow_up_months:.1f} months; ended by: "
            f"{'; '.join(f'{name} {count.text}' for name, count in g.ends.items())}."
            for g in groups
        ),
        "11": "\n".join(missing) or "No value of a confounder is missing.",
        "12": "\n".join(f"{g.label}: {next(iter(g.ends.values())).text} outcomes." for g in groups),
    }


def _share(row: BalanceRow, place: int) -> str:
    value = row.raw_treated if place else row.raw_comparator
    name = f"{row.variable}: {row.level}" if row.level else row.variable
    if value != value:
        return f"{name} hidden"
    return f"{name} {100 * value:.1f}%" if row.level else f"{name} mean {value:.2f}"


def hidden_dict(result: EmulationResult, limit: int | None) -> dict[str, Any]:
    """Return ``results.json`` without small counts.

    Parameters
    ----------
    result : EmulationResult
        The emulation.
    limit : int or None
        Counts from 1 to this many are hidden: null, with ``shown`` beside them as they may be
        printed. None shows all.

    Returns
    -------
    dict
        As ``EmulationResult.to_dict``, with ``small_cells``.
    """
    out = {**result.to_dict(), "small_cells": limit}
    if limit is None:
        return out
    n = result.cohort.n
    out["cohort"] = _cohort_dict(result.cohort, limit)
    out["attrition"] = _attrition_dict(result.attrition, limit)
    out["audit"] = [hide_finding(finding, limit, n).to_dict() for finding in result.audit]
    out["primary"] = effect_dict(result.primary, limit)
    out["sensitivity"] = _walk(_sensitivity(result, out["sensitivity"], limit), limit, n)
    texts = shown_checklist(result, limit)
    out["target"] = _walk(out["target"], limit, n)
    for row in out["target"].get("rows", out["target"].get("items", ())):
        row["emulation"] = texts.get(row["number"], row["emulation"])
    return out


def effect_dict(effect: Effect, limit: int | None) -> dict[str, Any]:
    """Return an effect as JSON-ready values without small counts."""
    out = hide_effect(effect, limit).to_dict()
    if limit is None:
        return out
    for arm, values in zip(effect.arms, out["arms"], strict=True):
        shown = shown_counts(arm, limit, effect.n)
        for i, row in enumerate(values["at_risk"]):
            for kind in KINDS:
                count = shown[kind][i]
                row[f"raw_{kind}"] = count.n
                # Weights may be 1: a weighted count would give it away.
                row[kind] = row[kind] if count.n is not None else None
    for step, count in zip(out["flow"], shown_flow(effect, limit), strict=True):
        step["n"] = count.n
        step["shown"] = count.text
    out["attrition"] = _attrition_dict(effect.attrition, limit)
    treated = shown_count(effect.n_treated, limit, within=effect.n)
    out["n_treated"] = treated.n
    return out


def _attrition_dict(attrition: Attrition, limit: int) -> dict[str, Any]:
    started, steps = shown_attrition(attrition, limit)
    return {
        "source": attrition.source,
        "started": started.n,
        "steps": [
            {
                "name": step.name,
                "excluded": step.excluded.n,
                "unknown": step.unknown.n,
                "left": step.left.n,
            }
            for step in steps
        ],
        "left": attrition.left,
    }


def _cohort_dict(cohort: CohortSummary, limit: int) -> dict[str, Any]:
    out = cohort.to_dict()
    for group, values in zip(shown_groups(cohort, limit), out["strategies"], strict=True):
        values["n"] = group.n.n
        values["events"] = {name: group.ends[name].n for name in values["events"]}
        values["lost"] = group.ends[LOST].n
        values["shown"] = {name: count.text for name, count in group.ends.items()}
    for key in ("entered_late", "treated_later"):
        out[key] = shown_count(out[key], limit, within=cohort.n).n
    out["missing"] = [
        {"variable": name, "untreated": a.n, "treated": b.n}
        for name, a, b in shown_missing(cohort, limit)
    ]
    out["baseline"] = [row.to_dict() for row in shown_baseline(cohort, limit)]
    return out


def _sensitivity(result: EmulationResult, values: dict[str, Any], limit: int) -> dict[str, Any]:
    extras = result.extras
    out = dict(values)
    for run, one in zip(extras.alternatives, out["alternatives"], strict=True):
        if run.effect is not None:
            one["effect"] = effect_dict(run.effect, limit)
    for row, (n, treated) in zip(
        out["subgroups"], shown_subgroups(extras.subgroups, limit), strict=True
    ):
        row["n"], row["n_treated"] = n.n, treated.n
        row["shown"] = {"n": n.text, "n_treated": treated.text}
    for row in out["negative_controls"]:
        row["events"] = shown_count(row["events"], limit).n
    trials = extras.trials
    if trials is not None:
        if trials.effect is not None:
            out["benchmark"]["effect"] = effect_dict(trials.effect, limit)
        steps = Attrition(source="", started=result.cohort.n, steps=trials.steps)
        out["benchmark"]["steps"] = _attrition_dict(steps, limit)["steps"]
    return out


def _walk(value: Any, limit: int, n: int) -> Any:
    """Return JSON-ready values with every text redacted."""
    if isinstance(value, str):
        return redacted(value, limit, n)
    if isinstance(value, dict):
        return {key: _walk(one, limit, n) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(one, limit, n) for one in value]
    return value


def hidden_summary(result: EmulationResult, limit: int | None) -> str:
    """Return an emulation as text without small counts.

    Parameters
    ----------
    result : EmulationResult
        The emulation.
    limit : int or None
        Counts from 1 to this many are hidden; None shows all.

    Returns
    -------
    str
        The summary, with the rule as its last line where it is applied.
    """
    if limit is None:
        return result.summary()
    started, steps = shown_attrition(result.attrition, limit)
    flow = [f"Flow: {started.text} persons in the source"]
    flow += [f"  {s.excluded.text:>8} out: {s.name}; {s.left.text} left" for s in steps]
    lines = result.summary().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("Flow: "))
    rest = [redacted(line, limit, result.cohort.n) for line in lines[first + 1 + len(steps) :]]
    return "\n".join([*lines[:first], *flow, *rest, rule_words(limit)])

"""The summary of findings: relative and absolute effects with the certainty as judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from locoreg.core.errors import LocoregError
from locoreg.evidence.absolute import why_not_absolute
from locoreg.workflows.conclusion.baselinetimes import absolute_at
from locoreg.workflows.conclusion.plan import Certainty, FindingsPlan
from locoreg.workflows.conclusion.pools import (
    OutcomeWords,
    Results,
    design_label,
    find_pool,
    outcome_words,
    pool_key,
    question_words,
    read_interval,
    why_no_pool,
)
from locoreg.workflows.conclusion.sentences import interval_number, listed
from locoreg.workflows.conclusion.statements import SYMBOLS, Size, reach, size_of, statement

UNKNOWN_EVENT = "neither the run nor the shipped tables say what the event of this outcome is"
NOT_JUDGED = "not judged"
NO_STATEMENT = "No statement: its words depend on certainty, which nobody has judged."


def summarise(results: Results, plans: Sequence[FindingsPlan]) -> dict[str, Any] | None:
    """Return the summary of findings, one table per question.

    Parameters
    ----------
    results : mapping
        Results of the run so far; ``questions`` and ``tables`` are read.
    plans : sequence of FindingsPlan
        From the study file.

    Returns
    -------
    dict or None
        JSON-ready; None where no outcome was asked for.
    """
    if not plans:
        return None
    tables = []
    for question in dict.fromkeys(plan.question for plan in plans):
        words = question_words(results, question)
        mine = [plan for plan in plans if plan.question == question]
        notes = _Footnotes()
        rows = [_row(results, plan, words.favours_intervention, notes) for plan in mine]
        asked = results.get("question") or {}
        tables.append(
            {
                "question": question,
                "title": words.title,
                "population": words.population,
                "intervention": words.intervention,
                "comparator": words.comparator,
                "setting": str(asked.get("setting") or ""),
                "search_date": results.get("search_date"),
                "rows": rows,
                "footnotes": notes.texts,
            }
        )
    return {"tables": tables}


class _Footnotes:
    """Numbers footnotes in the order in which they are met, equal ones once."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def number(self, words: str) -> int:
        if words not in self.texts:
            self.texts.append(words)
        return self.texts.index(words) + 1


def _row(
    results: Results, plan: FindingsPlan, intervention: str, notes: _Footnotes
) -> dict[str, Any]:
    item = find_pool(results, plan.pool)
    row: dict[str, Any] = {
        "question": plan.question,
        "outcome": plan.outcome,
        "design": plan.design,
        "design_label": design_label(plan.design),
        "label": plan.outcome.replace("_", " "),
        "key": f"findings/{'/'.join(plan.pool)}",
        "important_per_1000": plan.important.per_1000,
        "certainty": _certainty(plan.certainty, notes),
        "measure": None,
        "relative": None,
        "studies": 0,
        "participants": None,
        "participants_of": 0,
        "state": None,
        "baselines": [],
        "not_stated": [],
        "statements": [],
        "refused": "",
    }
    if item is None:
        return {**row, "certainty": None, "refused": why_no_pool(results, plan.pool)}
    pool = item["pool"]
    known = [study["n"] for study in pool["studies"] if study["n"] is not None]
    shown = read_interval(pool)
    relative = interval_number(dict(shown), pool_key(item), measure=pool["measure"])
    row |= {
        "measure": pool["measure"],
        "relative": {**relative.to_dict(), "level": pool["mu"]["level"]},
        "studies": pool["k"],
        "participants": sum(known) if known else None,
        "participants_of": len(known),
    }
    words = outcome_words(results, item)
    reason = why_not_absolute(pool["measure"]) or ("" if words is not None else UNKNOWN_EVENT)
    if reason or words is None:
        return {**row, "refused": f"No absolute effect: {reason}."}
    row |= {"label": words.label, "state": words.state}
    return row | _absolute(results, plan, words, intervention)


def _certainty(judged: Certainty | None, notes: _Footnotes) -> dict[str, Any] | None:
    if judged is None:
        return None
    reasons = [
        {
            "domain": reason.domain,
            "by": reason.by,
            "reason": reason.reason,
            "footnote": notes.number(_footnote(reason.domain, reason.by, reason.reason)),
        }
        for reason in judged.reasons
    ]
    return {
        "level": judged.level,
        "symbols": SYMBOLS[judged.level],
        "author": judged.author,
        "reasons": reasons,
    }


def _footnote(domain: str, by: int, reason: str) -> str:
    levels = "one level" if abs(by) == 1 else "two levels"
    ended = reason if reason.endswith((".", "!", "?")) else f"{reason}."
    return f"{'Down' if by < 0 else 'Up'} {levels} for {domain}: {ended}"


def _absolute(
    results: Results, plan: FindingsPlan, words: OutcomeWords, intervention: str
) -> dict[str, Any]:
    try:
        found = absolute_at(results, plan.pool, plan.baseline, months=plan.times)
    except LocoregError as error:
        return {"refused": f"No absolute effect: {error}", "baselines": [], "statements": []}
    known = [one for one in found if not one["refused"]]
    rows = [_baseline(plan, one, words, intervention) for one in known]
    missing = [
        {name: one[name] for name in ("label", "at_months", "refused")}
        for one in found
        if one["refused"]
    ]
    return {
        "baselines": rows,
        "not_stated": missing,
        "statements": _statements(plan, known, words, intervention),
    }


Differences = tuple[int, int, int]


def _baseline(
    plan: FindingsPlan, found: Mapping[str, Any], words: OutcomeWords, intervention: str
) -> dict[str, Any]:
    without, with_, low, high = (_per_1000(one) for one in _shares(found))
    differences = _printed_differences(found)
    size = size_of(differences[0], plan.important)
    rest = {name: value for name, value in found.items() if name not in ("state", "refused")}
    return {
        **rest,
        "without_text": str(without),
        "with_text": f"{with_} ({low} to {high})",
        "difference_text": _difference_text(differences[0], differences[1:], words.state),
        "size": size,
        "statement": _spoken(
            plan, size, differences[0] > 0, intervention, words.state, f"{found['at_months']:g}"
        ),
    }


def _per_1000(share: float) -> int:
    """Return a share per 1,000, halves upwards; 62.45 percent is a half, whatever its float."""
    return math.floor(1000 * share + 0.5 + 1e-9)


def _printed_differences(found: Mapping[str, Any]) -> Differences:
    """Return the differences of the counts as they are printed, so that words agree with them."""
    without, *rest = (_per_1000(one) for one in _shares(found))
    mid, low, high = (one - without for one in rest)
    return mid, low, high


def _shares(found: Mapping[str, Any]) -> tuple[float, float, float, float]:
    return found["without"], found["with"], found["with_low"], found["with_high"]


def _difference_text(difference: int, limits: tuple[int, int], state: str) -> str:
    """Return ``18 more alive (94 fewer to 91 more)``, of the numbers as they are printed."""

    def side(value: int) -> str:
        return "0" if value == 0 else f"{abs(value)} {'more' if value > 0 else 'fewer'}"

    head = f"0 more or fewer {state}" if difference == 0 else f"{side(difference)} {state}"
    return f"{head} ({side(limits[0])} to {side(limits[1])})"


def _statements(
    plan: FindingsPlan,
    found: Sequence[Mapping[str, Any]],
    words: OutcomeWords,
    intervention: str,
) -> list[dict[str, Any]]:
    """Return the statements; baselines of which the same is said share one."""
    groups: dict[tuple[Size, bool, str], list[Mapping[str, Any]]] = {}
    for one in found:
        mid, low, high = _printed_differences(one)
        size = size_of(mid, plan.important)
        # Of a difference that does not matter no direction is said.
        said = (size, size != "trivial" and mid > 0, reach(low, high, plan.important))
        groups.setdefault(said, []).append(one)
    return [
        _statement(plan, key, group, words.state, intervention) for key, group in groups.items()
    ]


def _statement(
    plan: FindingsPlan,
    key: tuple[Size, bool, str],
    group: Sequence[Mapping[str, Any]],
    state: str,
    intervention: str,
) -> dict[str, Any]:
    size, rises, reached = key
    months = listed(f"{one:g}" for one in sorted({one["at_months"] for one in group}))
    return {
        "labels": list(dict.fromkeys(one["label"] for one in group)),
        "of": [{"label": one["label"], "at_months": one["at_months"]} for one in group],
        "text": _spoken(plan, size, rises, intervention, state, months),
        "reach": reached,
        "judged": plan.certainty is not None,
    }


def _spoken(
    plan: FindingsPlan, size: Size, rises: bool, intervention: str, state: str, months: str
) -> str:
    """Return the statement by certainty and size; that there is none where nobody judged."""
    if plan.certainty is None:
        return NO_STATEMENT
    return statement(
        certainty=plan.certainty.level,
        size=size,
        rises=rises,
        intervention=intervention or "the intervention",
        outcome=f"the number of people {state} at {months} months",
    )

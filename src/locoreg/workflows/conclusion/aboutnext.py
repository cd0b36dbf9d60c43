"""What would settle it: the next trial as planned; else what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import decimal_text
from locoreg.workflows.answers import RANDOMISED
from locoreg.workflows.conclusion.pools import Results
from locoreg.workflows.conclusion.sentences import (
    Item,
    Number,
    Sentence,
    count_number,
    finite,
    interval_number,
    made_up,
    percent_number,
    said,
)


def settle_item(results: Results, question: Mapping[str, Any]) -> Item:
    """Return what would settle a question."""
    entries = [p for p in results.get("planning") or () if p["question"] == question["question"]]
    sentences = [one for entry in entries for one in _entry(entry)]
    if not entries:
        sentences = list(_missing(question))
    return Item(topic="settle", title="What would settle it", sentences=tuple(sentences))


def trial_sentences(entry: Mapping[str, Any], trial: Mapping[str, Any]) -> Iterator[Sentence]:
    """Yield what one planned trial takes, and what it would make of the pool."""
    key = trial["key"]
    if trial["refused"]:
        yield said(f"Hazard ratio {trial['hazard_ratio']:g}: {trial['refused']}", tone="serious")
        return
    size = trial["size"]
    sides = "two-sided" if entry["sides"] == 2 else "one-sided"
    event = f"events ({entry['event']})" if entry["event"] else "events"
    yield said(
        f"A trial that finds a hazard ratio of {decimal_text(trial['hazard_ratio'])} with "
        f"{entry['power']:g}% power ({sides}, {entry['alpha']:g}%) takes ",
        count_number(size["events"], f"{key}/size/events"), f" {event} and ",
        count_number(size["patients"], f"{key}/size/patients"),
        f" patients, over {entry['accrual_months']:g} months of accrual and "
        f"{entry['follow_up_months']:g} of follow-up.",
    )  # fmt: skip
    if trial["information"] is not None:
        yield _so_far(trial)
    if trial["added"] is not None:
        yield _with_it(trial)


def _so_far(trial: Mapping[str, Any]) -> Sentence:
    key, found = f"{trial['key']}/information", trial["information"]
    return said(
        "What is pooled so far amounts to ", count_number(found["events"], f"{key}/events"),
        " events of one such trial (", percent_number(found["share"], f"{key}/share"),
        " of those it takes) with the differences between studies, and to ",
        count_number(found["events_alike"], f"{key}/events_alike"),
        " if all had one effect.",
    )  # fmt: skip


def _with_it(trial: Mapping[str, Any]) -> Sentence:
    key, found = f"{trial['key']}/added", trial["added"]
    return said(
        f"With it, were its true hazard ratio {decimal_text(trial['hazard_ratio'])}, the pool is "
        "expected at ",
        interval_number(found["pool"], f"{key}/pool"),
        f" ({found['pool']['level']:g}% normal interval, τ² held), and its interval excludes 1 "
        "with a chance of ",
        percent_number(found["chance"], f"{key}/chance"),
        " (normal approximation).",
    )


def _entry(entry: Mapping[str, Any]) -> Iterator[Sentence]:
    if entry["refused"]:
        yield said(f"{entry['label']}: {entry['refused']}", tone="serious")
    for trial in entry["trials"]:
        yield from trial_sentences(entry, trial)
    yield from prospect_sentences(entry)
    points = "; ".join(
        f"{one['percent']:g}% at {one['at_months']:g} months, {one['source']}"
        for one in entry["control_survival"]
    )
    yield said(
        f"Assumed: without the event in the control arm {points}; "
        f"{100 * entry['allocation']:g}% of the patients in the intervention arm; "
        f"{entry['dropout_percent_per_year']:g}% lost to follow-up per year."
    )


def prospect_sentences(entry: Mapping[str, Any]) -> Iterator[Sentence]:
    """Yield what is known of the next trial beside its size, each part in a sentence.

    Parameters
    ----------
    entry : mapping
        Of ``planning``.

    Yields
    ------
    Sentence
        Of the parts that were asked for and could be computed.
    """
    makers = (
        ("sequential", _boundaries), ("assurance", _assured), ("value", _changes),
        ("accrual", _accrues), ("enrichment", _enriched),
    )  # fmt: skip
    for name, make in makers:
        part = entry.get(name)
        if part is None:
            continue
        if part["refused"]:
            yield said(f"{name.capitalize()}: {part['refused']}", tone="serious")
        else:
            yield from make(part)


def _boundaries(part: Mapping[str, Any]) -> Iterator[Sentence]:
    key, size = part["key"], part["required"]
    yield said(
        f"To find a hazard ratio of {decimal_text(part['options']['effect'])} the trials together "
        "take the information of ",
        count_number(part["required_events"], f"{key}/required_events"),
        " events of one trial; they have that of ",
        count_number(part["achieved_events"], f"{key}/achieved_events"), " (",
        percent_number(size["fraction"], f"{key}/required/fraction"),
        f"). {part['verdict']['sentence']}",
    )  # fmt: skip
    if size["trials"] is not None:
        fewest = size["trials"]["fewest"]
        yield said(
            "With the differences between trials as they are it takes at least ",
            count_number(fewest, f"{key}/required/trials/fewest"),
            f" more {'trial' if fewest == 1 else 'trials'}, however large.",
        )


def _assured(part: Mapping[str, Any]) -> Iterator[Sentence]:
    for i, one in enumerate(part["new_trial"]):
        key = f"{part['key']}/new_trial/{i}"
        yield said(
            "A trial of ", count_number(one["patients"], f"{key}/patients"),
            " patients finds a significant benefit with a chance of ",
            percent_number(one["benefit"], f"{key}/benefit"), ", a significant harm with ",
            percent_number(one["harm"], f"{key}/harm"),
            ", averaged over what the trials so far leave to be believed of its effect "
            f"({part['prior']}).",
        )  # fmt: skip


def _changes(part: Mapping[str, Any]) -> Iterator[Sentence]:
    for i, one in enumerate(part["values"]):
        held = one["conclusions"][0]
        key = f"{part['key']}/values/{i}"
        yield said(
            "A trial of ", count_number(one["patients"], f"{key}/patients"),
            " patients changes what the pool says of no effect with a chance of ",
            percent_number(held["chance_of_change"], f"{key}/conclusions/0/chance_of_change"),
            f" (now: {held['now']}).",
        )  # fmt: skip


def _accrues(part: Mapping[str, Any]) -> Iterator[Sentence]:
    for one in part["forecasts"]:
        if one["refused"]:
            yield said(f"Accrual: {one['refused']}", tone="serious")
            continue
        key = one["key"]
        yield said(
            "At the pace of the trials before, ", count_number(one["patients"], f"{key}/patients"),
            f" patients in {one['months']:g} months are not reached with a chance of ",
            percent_number(one["fails"], f"{key}/fails"), "; it takes ",
            count_number(one["months_median"], f"{key}/months_median"),
            f" months in the middle ({one['months_low']:.0f} to {one['months_high']:.0f}, 90%).",
        )  # fmt: skip


def _enriched(part: Mapping[str, Any]) -> Iterator[Sentence]:
    both = [part[name] for name in ("everybody", "selected")]
    if any(one["size"] is None for one in both):
        yield said("Enrichment: no size for everybody or for the selected; see the table.")
        return
    key = part["key"]
    sentence = said(
        "By the rule of ", f"{part['selection']}: " if "selection" in part else "the selection: ",
        count_number(both[1]["size"]["patients"], f"{key}/selected/size/patients"),
        " patients among the selected, of ",
        count_number(both[1]["screened"], f"{key}/selected/screened"),
        " looked at, against ",
        count_number(both[0]["size"]["patients"], f"{key}/everybody/size/patients"),
        " patients among everybody.",
    )  # fmt: skip
    yield from made_up([sentence], bool(part["synthetic"]))


def _missing(question: Mapping[str, Any]) -> Iterator[Sentence]:
    pools = [item for item in question["pools"] if item["pool"]["design"] in RANDOMISED]
    asked = [one for one in question["empty"] if one["design"] in RANDOMISED]
    if not pools and asked:
        yield said("Missing: a randomised trial. None with a usable number is in the tables.")
    elif not pools:
        yield said("Whether trials have settled it is not looked at: the study asks for none.")
    for item in pools:
        found = item["pool"]["prediction"]
        limits = None if found is None else found.get("natural")
        if limits is not None and finite(limits["low"]) < 1 < finite(limits["high"]):
            yield said(
                "Missing: why the studies differ. The range for a new study, ",
                Number(decimal_text(limits["low"]), limits["low"],
                       f"evidence/{item['key']}/prediction/low"),
                " to ",
                Number(decimal_text(limits["high"]), limits["high"],
                       f"evidence/{item['key']}/prediction/high"),
                ", holds both directions, and one more trial alone leaves it so.",
            )  # fmt: skip
    yield said(
        "How large a next trial would have to be is not computed: the study file has no part "
        "planning for this question."
    )

"""What would settle it: the next trial, its size, and what it would make of the pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locoreg.report.anchors import slug
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Facts,
    Items,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Text,
    Value,
    text,
)
from locoreg.report.drawings import Drawing
from locoreg.report.sections.conclusion import sentence_text
from locoreg.report.sections.prospects import prospects
from locoreg.report.words import NONE, doi_link
from locoreg.workflows.conclusion.sentences import interval_number, percent_number

ANCHOR = "next-step"
_SIZE = (
    Column("Hazard ratio to find"),
    Column("Events"),
    Column("Events by Freedman"),
    Column("Patients (intervention, control)"),
    Column("Patients by Lachin and Foulkes"),
    Column("Events seen, control"),
    Column("Events seen, intervention"),
)
_ADDS = (
    Column("Hazard ratio, if true"),
    Column("Pooled so far, of the events"),
    Column("The same, if all had one effect"),
    Column("Weight of the trial"),
    Column("Pool with it"),
    Column("Chance that its interval excludes 1"),
)


def next_step(results: Mapping[str, Any], drawn: Mapping[str, Drawing]) -> Section | None:
    """Return the next trial of each planning entry.

    Parameters
    ----------
    results : mapping
        ``results.json`` of the run.
    drawn : mapping
        Figures by the key of their part.

    Returns
    -------
    Section or None
        None where the study file plans nothing.
    """
    entries = results.get("planning")
    if not entries:
        return None
    told = _told(results)
    parts = tuple(_entry(entry, i, told, drawn) for i, entry in enumerate(entries, 1))
    return Section(ANCHOR, "What would settle it", parts)


def tables(results: Mapping[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the planned trials as rows of a table, header first.

    Parameters
    ----------
    results : mapping
        ``results.json`` of the run.

    Returns
    -------
    dict of str to list of tuple
        ``planning``; empty where nothing is planned.
    """
    entries = results.get("planning")
    if not entries:
        return {}
    size = ("events", "events_freedman", "probability_control", "probability_intervention",
            "patients", "patients_intervention", "patients_control", "patients_lachin_foulkes",
            "months")  # fmt: skip
    so_far = ("events", "events_alike", "share", "share_alike")
    rows: list[tuple[Any, ...]] = [
        ("question", "outcome", "design", "hazard_ratio", "power", "alpha", "sides", "allocation",
         "accrual_months", "follow_up_months", "dropout_percent_per_year", "control_survival",
         *size, *(f"so_far_{name}" for name in so_far), "pool_estimate", "pool_ci_low",
         "pool_ci_high", "pool_level", "pool_tau2", "weight", "chance", "refused")
    ]  # fmt: skip
    for entry in entries:
        for trial in entry["trials"]:
            found, now, added = (trial[part] or {} for part in ("size", "information", "added"))
            limits = (added.get("pool") or {}).get("natural") or {}
            rows.append(
                (entry["question"], entry["outcome"], entry["design"], trial["hazard_ratio"],
                 entry["power"], entry["alpha"], entry["sides"], entry["allocation"],
                 entry["accrual_months"], entry["follow_up_months"],
                 entry["dropout_percent_per_year"], tuple(_points(entry)),
                 *(found.get(name) for name in size), *(now.get(name) for name in so_far),
                 *(limits.get(name) for name in ("estimate", "ci_low", "ci_high")),
                 (added.get("pool") or {}).get("level"), added.get("tau2"), added.get("weight"),
                 added.get("chance"), trial["refused"] or entry["refused"])
            )  # fmt: skip
    return {"planning": rows}


def _told(results: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the sentences of the conclusion on the next trial, by question."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for question in (results.get("conclusion") or {}).get("questions") or ():
        for item in question["items"]:
            if item["topic"] == "settle":
                found[question["question"]] = item["sentences"]
    return found


def _entry(
    entry: Mapping[str, Any],
    number: int,
    told: Mapping[str, list[Mapping[str, Any]]],
    drawn: Mapping[str, Drawing],
) -> Section:
    blocks: list[Block] = []
    if entry["refused"]:
        blocks.append(
            Callout("Not joined to a pool", (Paragraph(text(entry["refused"])),), "serious")
        )
    sentences = [s for s in told.get(entry["question"], []) if _is_of(s, entry["key"])]
    if sentences:
        blocks.append(Items(tuple(sentence_text(one) for one in sentences)))
    blocks.append(Facts(_assumed(entry)))
    trials = [trial for trial in entry["trials"] if not trial["refused"]]
    blocks += [
        Callout(f"Hazard ratio {one['hazard_ratio']:g}", (Paragraph(text(one["refused"])),))
        for one in entry["trials"]
        if one["refused"]
    ]
    if trials:
        blocks.append(
            Table(
                f"Size of the next trial: {entry['label']}",
                _SIZE,
                tuple(_size(trial) for trial in trials),
                text("Events and patients are rounded up."),
                stacks=True,
            )
        )
    if entry["pool"] is not None and trials:
        blocks.append(_adds(entry, trials))
    blocks.append(Items(tuple(_formula(one) for one in entry["formulas"])))
    blocks += prospects(entry, number, drawn)
    anchor = slug(ANCHOR, str(number), entry["question"], entry["outcome"])
    return Section(anchor, f"{entry['label']}. {entry['design_label']}", tuple(blocks))


def _is_of(sentence: Mapping[str, Any], key: str) -> bool:
    return any(number["key"].startswith(f"{key}/") for number in sentence["numbers"])


def _assumed(entry: Mapping[str, Any]) -> tuple[tuple[str, Text], ...]:
    sides = "two-sided" if entry["sides"] == 2 else "one-sided"
    return (
        ("Test", text(f"log-rank, {sides} {entry['alpha']:g}%, power {entry['power']:g}%")),
        ("In the intervention arm", text(f"{_share(entry)} of the patients")),
        ("Control arm, without the event", text("; ".join(_points(entry)))),
        ("Accrual", text(f"{entry['accrual_months']:g} months, uniform")),
        ("Follow-up after the last patient", text(f"{entry['follow_up_months']:g} months")),
        ("Lost to follow-up", text(f"{entry['dropout_percent_per_year']:g}% per year, both arms")),
    )


def _share(entry: Mapping[str, Any]) -> str:
    return f"{entry['allocation']:.1%}".replace(".0%", "%")


def _points(entry: Mapping[str, Any]) -> list[str]:
    return [
        f"{one['percent']:g}% at {one['at_months']:g} months, {one['source']}"
        for one in entry["control_survival"]
    ]


def _size(trial: Mapping[str, Any]) -> Row:
    size, key = trial["size"], f"{trial['key']}/size"
    arms = f"{size['patients_intervention']:,}, {size['patients_control']:,}"
    other = size["patients_lachin_foulkes"]
    return Row(
        (
            text(Strong(f"{trial['hazard_ratio']:g}")),
            _count(size["events"], f"{key}/events"),
            _count(size["events_freedman"], f"{key}/events_freedman"),
            text(*_count(size["patients"], f"{key}/patients"), f" ({arms})"),
            _count(other, f"{key}/patients_lachin_foulkes"),
            text(f"{size['probability_control']:.0%}"),
            text(f"{size['probability_intervention']:.0%}"),
        )
    )


def _adds(entry: Mapping[str, Any], trials: list[Mapping[str, Any]]) -> Table:
    level = entry["pool"]["mu"]["level"]
    return Table(
        f"What it would add to the pool: {entry['label']}",
        _ADDS,
        tuple(_added(trial) for trial in trials),
        text(
            "Pooled so far: events of one trial with the pool's standard error, with the "
            f"differences between studies and as if all had one effect. Pool with it: {level:g}% "
            "normal interval; τ² is held at that of the pool so far, which another trial would "
            "change."
        ),
        stacks=True,
    )


def _added(trial: Mapping[str, Any]) -> Row:
    found, now, key = trial["added"], trial["information"], trial["key"]
    pool = interval_number(found["pool"], f"{key}/added/pool")
    chance = percent_number(found["chance"], f"{key}/added/chance")
    share, share_alike = (
        percent_number(now[name], f"{key}/information/{name}") for name in ("share", "share_alike")
    )
    alike = _count(now["events_alike"], f"{key}/information/events_alike")
    return Row(
        (
            text(Strong(f"{trial['hazard_ratio']:g}")),
            text(*_count(now["events"], f"{key}/information/events"), f" ({share.text})"),
            text(*alike, f" ({share_alike.text})"),
            text(f"{found['weight']:.0%}"),
            text(Value(pool.text, pool.value, pool.key)),
            text(Value(chance.text, chance.value, chance.key)),
        )
    )


def _count(value: int | float | None, key: str) -> Text:
    return (NONE,) if value is None else (Value(f"{value:,.0f}", float(value), key),)


def _formula(one: Mapping[str, Any]) -> Text:
    head = one["name"][:1].upper() + one["name"][1:]
    return text(
        f"{head}: {one['text']}", *((", ", *doi_link(one["doi"])) if one["doi"] else ()), "."
    )

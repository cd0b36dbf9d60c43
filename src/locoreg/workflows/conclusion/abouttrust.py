"""How sure: heterogeneity, few studies, open findings, failed checks, certainty as judged."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import decimal_text, plural
from locoreg.workflows.answers import RANDOMISED
from locoreg.workflows.conclusion.aboutemulations import (
    CONTROLS,
    Emulation,
    failed_words,
    not_done,
)
from locoreg.workflows.conclusion.aboutpools import is_randomised, outcome_label
from locoreg.workflows.conclusion.aboutselections import Selection, failed_checks
from locoreg.workflows.conclusion.pools import Results, design_label, pool_key
from locoreg.workflows.conclusion.sentences import (
    Item,
    Number,
    Sentence,
    finite,
    listed,
    made_up,
    percent_number,
    said,
    signed,
)
from locoreg.workflows.conclusion.suresentences import certainty_sentence, has, sure_sentences

# Studies under which heterogeneity can hardly be estimated.
FEW = 5


def certainty_item(
    results: Results,
    question: Mapping[str, Any],
    emulations: list[Emulation],
    selections: list[Selection],
) -> Item:
    """Return how sure one can be of what was said on a question."""
    trials = [item for item in question["pools"] if is_randomised(item)]
    sentences: list[Sentence] = []
    for item in trials or question["pools"]:
        sentences += _pool(results, item)
    sentences += list(_failed(emulations, selections))
    sentences += list(_judged(results, question))
    return Item(topic="certainty", title="How sure", sentences=tuple(sentences))


def _pool(results: Results, item: Mapping[str, Any]) -> Iterator[Sentence]:
    pool = item["pool"]
    name = f"{design_label(pool['design'])}, {outcome_label(results, item)}"
    if pool["k"] == 1:
        yield said(f"{name}: one study; nothing tells how much effects differ between studies.")
    else:
        yield _heterogeneity(name, item)
    if pool["prediction"] is not None:
        yield _prediction(name, item)
    yield from _open(name, pool)
    yield from _readings(name, item)


def _heterogeneity(name: str, item: Mapping[str, Any]) -> Sentence:
    pool, key, i2 = item["pool"], pool_key(item), finite(item["pool"]["i2"])
    few = "; with so few studies heterogeneity can hardly be estimated" if pool["k"] < FEW else ""
    return said(
        f"{name}: ", Number(str(pool["k"]), float(pool["k"]), f"{key}/k"), " studies; I² ",
        Number(_whole_percent(i2), None if math.isnan(i2) else i2, f"{key}/i2"), f"{few}.",
    )  # fmt: skip


def _whole_percent(value: float) -> str:
    return "not estimable" if math.isnan(value) else f"{value:.0f}%"


def _prediction(name: str, item: Mapping[str, Any]) -> Sentence:
    found = item["pool"]["prediction"]
    limits = found.get("natural", found)
    low, high = finite(limits["low"]), finite(limits["high"])
    if math.isnan(low) or math.isnan(high):
        return said(f"{name}: no prediction interval could be computed.")
    null = 1.0 if "natural" in found else 0.0
    both = "on both sides of no effect" if low < null < high else "on one side of no effect"
    return said(
        f"{name}: in a new study the effect is expected from ",
        Number(decimal_text(low), low, f"{pool_key(item)}/prediction/low"),
        " to ",
        Number(decimal_text(high), high, f"{pool_key(item)}/prediction/high"),
        f" ({found['level']:g}% prediction interval), {both}.",
    )


def _open(name: str, pool: Mapping[str, Any]) -> Iterator[Sentence]:
    found = [f for f in pool["findings"] if f["severity"] in ("blocking", "serious")]
    if not found:
        yield said(f"{name}: the audit has no blocking or serious finding on it.")
        return
    counts = Counter(f["severity"] for f in found)
    told = listed(
        plural(counts[severity], f"{severity} finding")
        for severity in ("blocking", "serious")
        if counts[severity]
    )
    which = "; ".join(dict.fromkeys(f"{f['rule']} ({f['subject']})" for f in found))
    reading = ""
    if counts["blocking"] and pool["differs"]:
        reading = " The pool reads the row in question as the audit supports it."
    yield said(f"{name}: {told} of the audit open: {which}.{reading}", tone="serious")


def _readings(name: str, item: Mapping[str, Any]) -> Iterator[Sentence]:
    found = item.get("multiverse")
    if found is None or found["n"] < 2:
        return
    yield said(
        f"{name}: doubtful rows can be read in {found['n']:,} ways; the interval tells "
        "the same in ",
        percent_number(
            finite(found["share_same_conclusion"]),
            f"{pool_key(item)}/multiverse/share_same_conclusion",
        ),
        " of them.",
    )


def _failed(emulations: list[Emulation], selections: list[Selection]) -> Iterator[Sentence]:
    for one in emulations:
        names = failed_words(one["results"])
        synthetic = bool(one["results"]["synthetic"])
        if names:
            yield from made_up(
                [said(f"Emulation {one['name']}: {listed(names)} failed.", tone="blocking")],
                synthetic,
            )
        else:
            warned = sum(d["verdict"] == "warn" for d in one["results"]["primary"]["diagnostics"])
            untested = "; its negative controls were not looked at"
            told = untested if CONTROLS in not_done(one["results"]) else ""
            yield from made_up(
                [said(f"Emulation {one['name']}: no diagnostic failed; {warned} warn{told}.")],
                synthetic,
            )
    for one in selections:
        failed = [check["title"] for check in failed_checks(one["results"])]
        if failed:
            told = f"Selection {one['name']}: {listed(dict.fromkeys(failed))} failed."
            yield from made_up([said(told, tone="blocking")], bool(one["results"]["synthetic"]))


def _judged(results: Results, question: Mapping[str, Any]) -> Iterator[Sentence]:
    """Yield the certainty of each outcome as judged and as proposed; else that nobody judged it."""
    entries = [
        one for one in results.get("how_sure") or () if one["question"] == question["question"]
    ]
    ruled = {(one["outcome"], one["design"]): one for one in entries if has(one, "certainty")}
    tables = (results.get("findings") or {}).get("tables") or []
    rows = [row for t in tables if t["question"] == question["question"] for row in t["rows"]]
    for row in rows:
        entry = ruled.get((row["outcome"], row["design"]))
        yield _as_judged(row) if entry is None else certainty_sentence(entry)
    if not rows and any(p["pool"]["design"] in RANDOMISED for p in question["pools"]):
        yield said("Certainty has not been judged.")
    for entry in entries:
        yield from sure_sentences(entry)


def _as_judged(row: Mapping[str, Any]) -> Sentence:
    judged = row["certainty"]
    name = f"{row['design_label']}, {row['label'].lower()}"
    if judged is None:
        return said(f"{name}: certainty has not been judged.")
    why = "; ".join(f"{one['domain']} {signed(one['by'], 0)}" for one in judged["reasons"])
    return said(
        f"{name}: certainty {judged['level']} {judged['symbols']} as judged by "
        f"{judged['author']}{f' ({why})' if why else ''}."
    )

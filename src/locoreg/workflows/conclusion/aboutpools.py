"""What the pools of a question show, trials and others apart."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import decimal_text
from locoreg.workflows.answers import RANDOMISED
from locoreg.workflows.conclusion.pools import (
    Results,
    design_label,
    outcome_words,
    pool_items,
    pool_key,
)
from locoreg.workflows.conclusion.sentences import (
    Item,
    Number,
    Sentence,
    finite,
    interval_number,
    levels_words,
    said,
)

# Differences of estimates within it are those that chance makes 19 times out of 20.
LARGEST_Z = 1.96
_LEVEL = re.compile(r"% interval\. ?")
_PRINTED = "Read as printed, without the corrections: "


def is_randomised(item: Mapping[str, Any]) -> bool:
    """Return whether a pool is of randomised trials."""
    return item["pool"]["design"] in RANDOMISED


def outcome_label(results: Results, item: Mapping[str, Any]) -> str:
    """Return the name of a pool's outcome, in lower case."""
    words = outcome_words(results, item)
    return (words.label if words else item["pool"]["outcome"].replace("_", " ")).lower()


def trials_item(results: Results, question: Mapping[str, Any]) -> Item:
    """Return what the randomised trials of a question show, or that there are none."""
    found = [item for item in question["pools"] if is_randomised(item)]
    sentences = [one for item in found for one in _shown(results, item)]
    empty = [one for one in question["empty"] if one["design"] in RANDOMISED]
    sentences += [said(_capital(one["reason"])) for one in empty]
    if not sentences:
        sentences.append(said("The study does not ask for randomised trials."))
    return Item(topic="trials", title="What the trials show", sentences=tuple(sentences))


def observational_item(results: Results, question: Mapping[str, Any]) -> Item | None:
    """Return what comparisons without randomisation show; None where none was asked for."""
    found = [item for item in question["pools"] if not is_randomised(item)]
    empty = [one for one in question["empty"] if one["design"] not in RANDOMISED]
    sentences = [one for item in found for one in _shown(results, item)]
    sentences += [said(_capital(one["reason"])) for one in empty]
    if not sentences:
        return None
    return Item(
        topic="observational",
        title="What comparisons without randomisation show",
        sentences=tuple(sentences),
    )


def apart(results: Results, question: Mapping[str, Any]) -> Iterator[Sentence]:
    """Yield, per outcome, whether trials and other comparisons differ by more than chance."""
    pools = list(pool_items(results, question["question"]))
    for trial in pools:
        if not is_randomised(trial) or trial["pool"]["measure"] not in ("HR", "OR", "RR"):
            continue
        for other in pools:
            alike = all(other["pool"][n] == trial["pool"][n] for n in ("outcome", "measure"))
            if alike and not is_randomised(other):
                yield _against(results, trial, other)


def _against(
    results: Results,
    trial: Mapping[str, Any],
    other: Mapping[str, Any],
) -> Sentence:
    one, two = (item["pool"]["normal_interval"] for item in (trial, other))
    gap = finite(two["estimate"]) - finite(one["estimate"])
    spread = math.hypot(finite(one["se"]), finite(two["se"]))
    z = gap / spread if spread > 0 else math.nan
    conflict = abs(z) >= LARGEST_Z
    where = f"conclusion/{other['key']}/z"
    whom = " ".join(
        f"{design_label(item['pool']['design'])}: {one}."
        for item in (trial, other)
        for one in item["pool"]["indirect"]
    )
    return said(
        f"{design_label(other['pool']['design'])} and randomised trials, "
        f"{outcome_label(results, trial)}: ",
        interval_number(other["pool"]["mu"], pool_key(other), measure=other["pool"]["measure"]),
        " against ",
        interval_number(trial["pool"]["mu"], pool_key(trial)),
        f" ({levels_words(other['pool']['mu'], trial['pool']['mu'])}). {_apart_words(z)} "
        "(standardised difference ",
        Number(decimal_text(z), None if math.isnan(z) else z, where),
        ", with normal standard errors)." + (f" {whom}" if whom else ""),
        tone="serious" if conflict else "plain",
    )


def _apart_words(z: float) -> str:
    if math.isnan(z):
        return "Whether they differ by more than chance can't be told"
    if abs(z) >= LARGEST_Z:
        return "They conflict: they differ by more than chance does 19 times out of 20"
    return "They differ by no more than chance allows"


def _shown(results: Results, item: Mapping[str, Any]) -> Iterator[Sentence]:
    pool = item["pool"]
    studies = "1 study" if pool["k"] == 1 else f"{pool['k']} studies"
    yield said(
        f"{design_label(pool['design'])} ({studies}), {outcome_label(results, item)}: ",
        interval_number(pool["mu"], pool_key(item), measure=pool["measure"]),
        f", {pool['mu']['level']:g}% interval.",
    )
    rest = _rest(item["answer"])
    if rest:
        yield said(rest)
    for one in pool["barred"]:
        yield said(f"Pooled in spite of a blocking finding: {one}", tone="serious")
    printed = pool["as_printed"]
    if printed is not None and pool["differs"]:
        yield said(
            _PRINTED,
            interval_number(printed["mu"], f"{pool_key(item)}/as_printed"),
            _tail(item["answer"]),
            tone="serious",
        )


def _rest(answer: str) -> str:
    """Return an answer without its first sentence, which is said with its number apart."""
    rest = _LEVEL.split(answer, maxsplit=1)[-1] if _LEVEL.search(answer) else answer
    return rest.split(_PRINTED, maxsplit=1)[0].strip()


def _tail(answer: str) -> str:
    """Return what an answer says after the numbers as printed."""
    told = answer.split(_PRINTED, maxsplit=1)
    ended = told[1].find(";") if len(told) == 2 else -1
    return "." if ended < 0 else told[1][ended:].strip()


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]

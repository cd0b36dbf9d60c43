"""Sentences on how sure one can be of a pool, from the part ``how_sure`` of the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from locoreg.core.numbertext import plural
from locoreg.workflows.conclusion.sentences import (
    Part,
    Sentence,
    interval_number,
    listed,
    percent_number,
    said,
    signed,
)
from locoreg.workflows.conclusion.statements import SYMBOLS

Entry = Mapping[str, Any]


def pool_words(entry: Entry) -> str:
    """Return design and outcome of an entry."""
    return f"{entry['design_label']}, {entry['label'].lower()}"


def has(entry: Entry, name: str) -> bool:
    """Return whether a part of an entry was asked for and could be had."""
    return bool(entry[name]) and not entry[name]["refused"]


def certainty_sentence(entry: Entry) -> Sentence:
    """Return the certainty as judged beside what the rules propose, and where they differ.

    Parameters
    ----------
    entry : mapping
        Of ``how_sure``, with its part ``certainty``.

    Returns
    -------
    Sentence
        One or two sentences.
    """
    found = entry["certainty"]["result"]
    most = "at most " if found["proposed_is_at_most"] else ""
    proposed = f"the rules propose {most}{found['proposed']}"
    if found["judged"] is None:
        judged = f"certainty has not been judged; {proposed}"
    else:
        author = next(one["judgement"]["author"] for one in found["domains"] if one["judgement"])
        level = f"{found['judged']} {SYMBOLS[found['judged']]}"
        judged = f"certainty {level} as judged by {author}; {proposed}"
    apart = [
        f"{one['domain']} ({_judged_as(one['judgement'])}, proposed "
        f"{signed(one['proposal']['by'], 0)})"
        for one in found["domains"]
        if one["agrees"] is False
    ]
    told = f". They differ on {listed(apart)}" if apart else ""
    left = f". Left to a person: {listed(found['open'])}" if found["open"] else ""
    return said(f"{pool_words(entry)}: {judged}{told}{left}.")


def _judged_as(judged: Mapping[str, Any]) -> str:
    return f"judged {signed(judged['by'], 0)}" if judged["stated"] else "not named"


def bayes_sentence(entry: Entry) -> Sentence:
    """Return the probability that the mean effect favours the intervention, under each prior.

    Parameters
    ----------
    entry : mapping
        Of ``how_sure``, with its part ``bayes``.

    Returns
    -------
    Sentence
        The main prior, and the range over all.
    """
    part, pool = entry["bayes"], entry["pool"]
    main, key = part["rows"][0], part["key"]
    side = pool["favours_below"] if pool["benefit"] == "below" else pool["favours_above"]
    parts: list[Part] = [
        f"{pool_words(entry)}: the mean effect favours {side} with probability ",
        percent_number(main["benefit"], f"{key}/rows/0/benefit"),
        f" (prior on τ {main['name']}, on the mean {part['mu_prior']})",
    ]
    if len(part["rows"]) > 1:
        ends = part["benefit_range"]
        parts += [
            ", ",
            percent_number(ends["low"], f"{key}/benefit_range/low"),
            " to ",
            percent_number(ends["high"], f"{key}/benefit_range/high"),
            f" over {len(part['rows'])} priors",
        ]
    return said(*parts, ".")


def designs_sentence(entry: Entry) -> Sentence:
    """Return the first and the last step of the ladder of designs.

    Parameters
    ----------
    entry : mapping
        Of ``how_sure``, with its part ``designs``.

    Returns
    -------
    Sentence
        With the designs that were left out.
    """
    part = entry["designs"]
    key, steps = part["key"], part["steps"]
    last = len(steps) - 1
    parts: list[Part] = [
        f"{entry['label']}, trials alone: ",
        interval_number(steps[0]["mu"], f"{key}/steps/0/mu", measure=entry["pool"]["measure"]),
        f"; with {plural(last, 'further design')} and the bias that is stated for each: ",
        interval_number(steps[last]["mu"], f"{key}/steps/{last}/mu"),
        f" (posterior medians with {part['level']:g}% central intervals)",
    ]
    if part["left_out"]:
        parts.append(f". Left out: {listed(one['label'] for one in part['left_out'])}")
    return said(*parts, ".")


def sure_sentences(entry: Entry) -> Iterator[Sentence]:
    """Yield what the parts of an entry come to, certainty excepted.

    Parameters
    ----------
    entry : mapping
        Of ``how_sure``.

    Yields
    ------
    Sentence
        Of each part; what was refused says so.
    """
    if entry["refused"]:
        yield said(f"{pool_words(entry)}: {entry['refused']}", tone="serious")
        return
    for name, make in (("bayes", bayes_sentence), ("designs", designs_sentence)):
        part = entry[name]
        if has(entry, name):
            yield make(entry)
        elif part is not None:
            yield said(f"{pool_words(entry)}, {NAMES[name]}: {part['refused']}", tone="serious")


NAMES = {
    "bayes": "Bayesian pool",
    "designs": "ladder of designs",
    "small_study": "small-study effects",
    "certainty": "certainty",
}

"""Texts of items 8 to 21: what was found, and what people write."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from locoreg.emulation.protocol.model import TrialProtocol
from locoreg.emulation.target.facts import StrategyFacts, TargetFacts
from locoreg.emulation.target.methods import Draft


def result_drafts(p: TrialProtocol, facts: TargetFacts | None) -> dict[str, Draft]:
    """Return the texts of items 8 to 21.

    Parameters
    ----------
    p : TrialProtocol
        The protocol.
    facts : TargetFacts or None
        What was found; None before the analysis.

    Returns
    -------
    dict of str to Draft
        By number.
    """
    people = {number: Draft(complete=False) for number in ("15", "17", "19", "20", "21")}
    people["18"] = Draft(emulation=f"SHA-256 of the protocol: {p.sha256}.", complete=False)
    if facts is None:
        pending = {str(number): Draft(complete=False) for number in range(8, 15)}
        return {**pending, **people, "16": Draft(complete=False)}
    return {**_found(p, facts), **people, "16": _limits(p, facts)}


def _found(p: TrialProtocol, facts: TargetFacts) -> dict[str, Draft]:
    flow = [
        f"{facts.assessed} persons assessed.",
        *(f"{text.rstrip('.')}." for text in facts.exclusions),
        f"{facts.eligible} persons eligible.",
        *_by_strategy(facts, lambda one: f"{one.assigned} assigned"),
    ]
    sensitivity = _block(facts.sensitivity)
    if not sensitivity:
        planned = p.sensitivity != type(p.sensitivity)()
        sensitivity = "" if planned else "None was planned."
    return {
        "8": Draft(emulation=_block(flow)),
        "9": _counted(facts, "baseline", "baseline values"),
        "10": Draft(emulation=_block(_by_strategy(facts, _follow_up))),
        "11": Draft(emulation=_missing(p, facts)),
        "12": Draft(emulation=_block(_by_strategy(facts, lambda one: f"{one.outcomes} outcomes"))),
        "13": Draft(
            emulation=_block([*_failed(facts), *facts.estimates]), complete=bool(facts.estimates)
        ),
        "14": Draft(emulation=sensitivity, complete=bool(sensitivity)),
    }


def _block(texts: tuple[str, ...] | list[str]) -> str:
    return "\n".join(texts)


def _by_strategy(facts: TargetFacts, words: Callable[[StrategyFacts], str]) -> list[str]:
    return [f"{one.label}: {words(one)}." for one in facts.strategies]


def _pairs(values: Mapping[str, object]) -> str:
    return "; ".join(f"{name} {value}" for name, value in values.items())


def _counted(facts: TargetFacts, name: str, words: str) -> Draft:
    rows = _by_strategy(facts, lambda one: _pairs(getattr(one, name)) or f"no {words} given")
    given = all(getattr(one, name) for one in facts.strategies)
    return Draft(emulation=_block(rows), complete=given and bool(facts.strategies))


def _follow_up(one: StrategyFacts) -> str:
    median = one.follow_up_median_months
    length = "" if median is None else f"median follow-up {median:.1f} months"
    ended = f"ended by: {_pairs(one.ended)}" if one.ended else ""
    return "; ".join(text for text in (length, ended) if text) or "follow-up not told"


def _missing(p: TrialProtocol, facts: TargetFacts) -> str:
    rows = _by_strategy(facts, lambda one: _pairs(one.missing) or "no value missing")
    if not p.confounders.baseline and not p.confounders.time_varying:
        rows.append("No confounder is used.")
    return _block(rows)


def _failed(facts: TargetFacts) -> list[str]:
    return [f"FAILED DIAGNOSTIC: {text}" for text in facts.failed_diagnostics]


def _limits(p: TrialProtocol, facts: TargetFacts) -> Draft:
    rows = [*_failed(facts), *facts.benchmark]
    rows.append("Confounding by what is not recorded can't be excluded.")
    if not p.confounders.time_varying:
        rows.append("No confounder is followed over time.")
    return Draft(emulation=_block(rows), complete=False)

"""The conclusion of a run, question by question, in sentences that know their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from locoreg.workflows.conclusion.aboutemulations import (
    Emulation,
    agreement_sentences,
    emulated_item,
)
from locoreg.workflows.conclusion.aboutnext import settle_item
from locoreg.workflows.conclusion.aboutpools import apart, observational_item, trials_item
from locoreg.workflows.conclusion.aboutselections import Selection, selection_item
from locoreg.workflows.conclusion.abouttrust import certainty_item
from locoreg.workflows.conclusion.pools import Results
from locoreg.workflows.conclusion.sentences import Item, said

UNATTACHED = "Registry results beside no pooled question"


def conclude(results: Results) -> dict[str, Any]:
    """Return the conclusion of a run.

    Parameters
    ----------
    results : mapping
        Results of the run: ``questions``, ``emulation``, ``selection``, ``findings`` and
        ``planning`` are read, each of which may be absent.

    Returns
    -------
    dict
        JSON-ready: ``questions``, each with ``items`` on trials, comparisons without
        randomisation, emulated trials, agreement, who gains, how sure, and what would settle it.
        Each sentence has its text and the numbers in it with where they stand in the results.
    """
    emulations = list(results.get("emulation") or ())
    selections = list(results.get("selection") or ())
    homes = {id(one): _home(results, one) for one in (*emulations, *selections)}
    out = []
    for question in results.get("questions") or ():
        name = question["question"]
        mine = [one for one in emulations if homes[id(one)] == name]
        whom = [one for one in selections if homes[id(one)] == name]
        items = _items(results, question, mine, whom)
        out.append(_question(name, str(question["title"]), items))
    loose = [one for one in emulations if homes[id(one)] is None]
    chosen = [one for one in selections if homes[id(one)] is None]
    if loose or chosen:
        out.append(_question("", UNATTACHED, _loose(loose, chosen)))
    return {"synthetic": bool(results.get("synthetic")), "questions": out}


def _question(name: str, title: str, items: list[Item]) -> dict[str, Any]:
    return {"question": name, "title": title, "items": [one.to_dict() for one in items]}


def _items(
    results: Results,
    question: Mapping[str, Any],
    emulations: list[Emulation],
    selections: list[Selection],
) -> list[Item]:
    items = [trials_item(results, question)]
    other = observational_item(results, question)
    items += [other] if other is not None else []
    if emulations:
        items.append(emulated_item(emulations))
    agreement = (*agreement_sentences(emulations), *apart(results, question))
    if agreement:
        items.append(Item(topic="agreement", title="Do they agree", sentences=agreement))
    if selections:
        items.append(selection_item(selections))
    items.append(certainty_item(results, question, emulations, selections))
    items.append(settle_item(results, question))
    return items


def _loose(emulations: list[Emulation], selections: list[Selection]) -> list[Item]:
    items = []
    if emulations:
        alone = said("No pool of the evidence part holds trials that this was laid beside.")
        told = (*agreement_sentences(emulations), alone)
        items.append(emulated_item(emulations))
        items.append(Item(topic="agreement", title="Do they agree", sentences=told))
    if selections:
        items.append(selection_item(selections))
    return items


def _home(results: Results, step: Mapping[str, Any]) -> str | None:
    """Return the question whose pooled studies a step names as its trials; None if there is none.

    The question with most of them; the earlier one where two have as many.
    """
    asked = (step["results"].get("protocol") or {}).get("benchmark") or {}
    named = {str(one).split("=")[0] for one in asked.get("studies") or ()}
    best, most = None, 0
    for question in results.get("questions") or ():
        pooled = {
            study[part]
            for item in question["pools"]
            for study in item["pool"]["studies"]
            for part in ("study_id", "report_id")
        }
        if len(named & pooled) > most:
            best, most = question["question"], len(named & pooled)
    return best

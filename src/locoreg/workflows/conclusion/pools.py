"""Pools of a run's results, and the words that belong to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.evidence.catalog import load_catalog
from locoreg.evidence.selection import DESIGN_LABELS
from locoreg.workflows.conclusion.sentences import finite

Results = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeWords:
    """How an outcome is called.

    Attributes
    ----------
    label, event, event_is : str
        As in the table of outcomes.
    """

    label: str
    event: str
    event_is: str

    @property
    def state(self) -> str:
        """Who is counted: those spared an adverse event, or those who had a favourable one."""
        if self.event_is == "favourable":
            return f"with {self.event}"
        return "alive" if self.event == "death" else f"free of {self.event}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionWords:
    """How a question's population and arms are called; empty where it is not known."""

    title: str
    population: str
    intervention: str
    comparator: str
    favours_intervention: str
    favours_control: str


def pool_items(results: Results, question: str | None = None) -> Iterator[Mapping[str, Any]]:
    """Yield the pools of a run with their keys, of one question or of all."""
    for asked in results.get("questions") or ():
        if question is None or asked["question"] == question:
            yield from asked["pools"]


def find_pool(results: Results, pool: tuple[str, str, str]) -> Mapping[str, Any] | None:
    """Return the pool of a question, outcome and design; None if there is none."""
    for item in pool_items(results, pool[0]):
        found = item["pool"]
        if (found["outcome"], found["design"]) == pool[1:]:
            return item
    return None


def why_no_pool(results: Results, pool: tuple[str, str, str]) -> str:
    """Return why there is no such pool."""
    for asked in results.get("questions") or ():
        if asked["question"] == pool[0]:
            for one in asked["empty"]:
                if (one["outcome"], one["design"]) == pool[1:]:
                    return str(one["reason"])
    return "the study's evidence part does not ask for this pool."


def estimate_of(found: Mapping[str, Any]) -> Estimate:
    """Return an estimate of the results."""
    return Estimate(
        estimate=finite(found["estimate"]), se=finite(found["se"]), ci_low=finite(found["ci_low"]),
        ci_high=finite(found["ci_high"]), level=float(found["level"]), scale=found["scale"],
    )  # fmt: skip


def read_interval(pool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the estimate whose interval is read: the floored one where the plain is too narrow."""
    found: Mapping[str, Any] = pool["mu"] if pool["floor"] is None else pool["floor"]
    return found


def outcome_words(results: Results, item: Mapping[str, Any]) -> OutcomeWords | None:
    """Return how a pool's outcome is called; None where neither run nor shipped tables say."""
    told = item.get("outcome")
    if told is not None:
        return OutcomeWords(label=told["label"], event=told["event"], event_is=told["event_is"])
    name = item["pool"]["outcome"]
    if (results.get("tables") or {}).get("source") != "shipped":
        return None
    record = load_catalog().outcomes.get(name)
    if record is None:
        return None
    return OutcomeWords(label=record.label, event=record.event, event_is=record.event_is)


def question_words(results: Results, question: str) -> QuestionWords:
    """Return how a question and its arms are called."""
    asked = next((q for q in results.get("questions") or () if q["question"] == question), None)
    title = question if asked is None else str(asked["title"])
    told = None if asked is None else asked.get("about")
    if told is None and (results.get("tables") or {}).get("source") == "shipped":
        record = load_catalog().questions.get(question)
        if record is not None:
            told = {name: getattr(record, name) for name in _WORDS}
    told = told or dict.fromkeys(_WORDS, "")
    return QuestionWords(title=title, **{name: str(told[name]) for name in _WORDS})


def design_label(design: str) -> str:
    """Return the words for a design or a group of designs."""
    return DESIGN_LABELS.get(design, design.replace("_", " "))


def pool_key(item: Mapping[str, Any]) -> str:
    """Return where a pool stands in the results of a run."""
    return f"evidence/{item['key']}"


_WORDS = (
    "population",
    "intervention",
    "comparator",
    "favours_intervention",
    "favours_control",
)

"""What the page of the next trial computes, kept by the hash of the tables and what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import LocoregError
from locoreg.web.emulation.opened import listed as listed_steps
from locoreg.web.state import State
from locoreg.web.sureness.nextview import RCT, AddedAsked, NextAsked, NextTrialView, next_asked
from locoreg.workflows.conclusion.pools import find_pool, why_no_pool
from locoreg.workflows.conclusion.trials import plan_trials
from locoreg.workflows.explore.addedtrials import with_trials
from locoreg.workflows.explore.asked import Asked
from locoreg.workflows.explore.explorer import Explored, explore
from locoreg.workflows.explore.pooledresults import NamedSelection, pooled_results

if TYPE_CHECKING:
    from locoreg.workflows.conclusion.nextplan import PlanningPlan
    from locoreg.workflows.planning.prospects import PoolWith


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An entry of a run's planning, with the results that have a figure.

    Attributes
    ----------
    entry : dict
        JSON-ready, as a run has it.
    kept : mapping
        Results by the key of their part.
    asked : tuple
        What they were made of, for what is kept of them.
    """

    entry: dict[str, Any]
    kept: Mapping[str, object]
    asked: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextFound:
    """What a view gives.

    Attributes
    ----------
    view : NextTrialView
        With what is stated in the form.
    fresh : bool
        Whether nobody stated it: the values are those of the example.
    found : Explored
        The pool so far.
    pooled : mapping or None
        The same as a run has it; None where there is none.
    reason : str
        Why there is none.
    asked : NextAsked
        What is asked, or what is wrong.
    planned : Planned or None
    added : PoolWith or None
        None where something is wrong.
    refused : str
        Why nothing could be added.
    """

    view: NextTrialView
    fresh: bool
    found: Explored
    pooled: Mapping[str, Any] | None
    reason: str
    asked: NextAsked
    planned: Planned | None
    added: PoolWith | None
    refused: str


def selections(state: State) -> tuple[NamedSelection, ...]:
    """Return the selections of the runs, by the name of run and step."""
    return tuple(
        NamedSelection(
            name=f"{one.run}/{one.name}", results=one.opened.results, data=str(one.opened.key)
        )
        for one in listed_steps(state, "selection")
        if one.opened is not None
    )


def found_of(state: State, given: NextTrialView, *, example: bool) -> NextFound:
    """Return what a view gives.

    Parameters
    ----------
    state : State
        Of the application.
    given : NextTrialView
        As it was asked.
    example : bool
        Whether the values of the example stand in where nothing was stated.

    Returns
    -------
    NextFound
        With results, or with what is wrong.
    """
    known = selections(state)
    question = _question(state, given)
    fresh = example and given.is_fresh
    view = given.stated(question) if example else given
    if fresh and known and not view.selection:
        view = view.model_copy(update={"selection": known[0].name})
    names = tuple(one.name for one in known)
    # The pool is found first: what is wrong with the form is shown beside it.
    found = _explored(state, view, question)
    asked = next_asked(view, question, found.outcome.outcome_id, selections=names)
    results = pooled_results(state.catalog, found, selections=known)
    pool = (question, found.outcome.outcome_id, RCT)
    item = find_pool(results, pool)
    planned = added = None
    refused = ""
    if asked.plan is not None:
        data = next((one.data for one in known if one.name == view.selection), "")
        planned = _planned(state, view, asked.plan, results, data)
    elif asked.added is not None:
        try:
            added = _added(results, pool, asked.added)
        except LocoregError as error:
            refused = str(error)
    return NextFound(
        view=view, fresh=fresh, found=found, pooled=None if item is None else item["pool"],
        reason="" if item is not None else why_no_pool(results, pool), asked=asked,
        planned=planned, added=added, refused=refused,
    )  # fmt: skip


def _question(state: State, given: NextTrialView) -> str:
    known = state.catalog.questions
    return state.catalog.question(given.question or next(iter(known))).question_id


def _asked(view: NextTrialView, question: str) -> Asked:
    """Return the pool; where a value of the form can't be used, the usual one stands beside it."""
    values = next_asked(view, question, view.outcome, selections=()).faults
    usable = {
        name: getattr(view, name)
        for name in ("method", "interval", "level")
        if getattr(view, name) and name not in values
    }
    level = usable.get("level")
    return Asked(
        question=question, outcome=view.outcome, design=RCT,
        method=usable.get("method", "REML"), interval=usable.get("interval"),
        level=None if level is None else float(level),
    )  # fmt: skip


def _explored(state: State, view: NextTrialView, question: str) -> Explored:
    asked = _asked(view, question)
    return state.kept.get(
        ("explored", state.catalog.sha256, repr(asked)),
        lambda: explore(state.catalog, state.findings, asked),
    )


def _planned(
    state: State, view: NextTrialView, plan: PlanningPlan, results: dict[str, Any], data: str
) -> Planned:
    key = (
        "next trial", state.catalog.sha256, plan.model_dump_json(), view.method, view.interval,
        view.level, data,
    )  # fmt: skip

    def make() -> Planned:
        kept: dict[str, object] = {}
        entries = plan_trials(results, (plan,), tables=state.settings.tables, keep=kept.__setitem__)
        return Planned(entry=entries[0], kept=kept, asked=key)

    return state.kept.get(key, make)


def _added(results: dict[str, Any], pool: tuple[str, str, str], asked: AddedAsked) -> PoolWith:
    return with_trials(
        results, pool, asked.trials, allocation=asked.allocation, important=asked.important,
        threshold=None, tau_scale=None,
    )  # fmt: skip

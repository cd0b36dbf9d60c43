"""What the page of certainty computes, kept by the hash of the tables and what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.web.emulation.opened import Opened
from locoreg.web.emulation.opened import listed as listed_steps
from locoreg.web.state import State
from locoreg.web.sureness.sureview import CertaintyView, SureAsked, sure_asked
from locoreg.workflows.conclusion.pools import find_pool, why_no_pool
from locoreg.workflows.explore.asked import Asked
from locoreg.workflows.explore.explorer import Explored, ExploredPool, explore
from locoreg.workflows.explore.pooledresults import pooled_results
from locoreg.workflows.sureness import assess

if TYPE_CHECKING:
    from locoreg.workflows.stored import StoredRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Certainty of a pool as a person judged it in a run.

    Attributes
    ----------
    run : str
        Name of the run.
    certainty : dict
        As its study file has it: level, author, reasons.
    """

    run: str
    certainty: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """An entry of a run's ``how_sure``, with the results that have a figure.

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
class SureFound:
    """What a view gives.

    Attributes
    ----------
    view : CertaintyView
        With what is stated in the form.
    fresh : bool
        Whether nobody stated it: the values are those of the example.
    found : Explored
        The pools.
    item : ExploredPool or None
        The one that is asked about.
    pooled : mapping or None
        The same as a run has it; None where there is none.
    reason : str
        Why there is none.
    judged : Judged or None
        By a person, in a run on the same tables.
    asked : SureAsked
        What is asked, or what is wrong.
    assessed : Assessed or None
        None where something is wrong.
    """

    view: CertaintyView
    fresh: bool
    found: Explored
    item: ExploredPool | None
    pooled: Mapping[str, Any] | None
    reason: str
    judged: Judged | None
    asked: SureAsked
    assessed: Assessed | None


def emulations(state: State) -> dict[str, Opened]:
    """Return the emulations of the runs, by the name of run and step."""
    return {
        f"{one.run}/{one.name}": one.opened
        for one in listed_steps(state, "emulation")
        if one.opened is not None
    }


def data_of(state: State, view: CertaintyView) -> str:
    """Return what a ladder depends on: the tables, and the emulations that join the trials."""
    joined = {view.design_1, view.design_2}
    used = [
        str(one.key) for name, one in emulations(state).items() if f"emulation:{name}" in joined
    ]
    return " ".join([state.catalog.sha256, *used])


def found_of(state: State, given: CertaintyView, *, example: bool) -> SureFound:
    """Return what a view gives.

    Parameters
    ----------
    state : State
        Of the application.
    given : CertaintyView
        As it was asked.
    example : bool
        Whether the values of the example stand in where nothing was stated.

    Returns
    -------
    SureFound
        With results, or with what is wrong.
    """
    known = emulations(state)
    names = tuple(known)
    question = state.catalog.question(
        given.question or next(iter(state.catalog.questions))
    ).question_id
    view = given.stated(question) if example else given
    found = _explored(state, view, question, names)
    outcome = found.outcome.outcome_id
    pool = (question, outcome, view.design)
    results: dict[str, Any] = pooled_results(state.catalog, found, selections=())
    results["emulation"] = [{"name": name, "results": one.results} for name, one in known.items()]
    item = find_pool(results, pool)
    pooled = None if item is None else item["pool"]
    judged = None if pooled is None else _judged(state, pool, pooled)
    asked = sure_asked(
        view, question, outcome, emulations=names,
        judged=None if judged is None else judged.certainty,
    )  # fmt: skip
    return SureFound(
        view=view,
        fresh=example and given.is_fresh,
        found=found,
        item=next((p for p in found.pools if p.pool.selection.design == view.design), None),
        pooled=pooled,
        reason="" if item is not None else why_no_pool(results, pool),
        judged=judged,
        asked=asked,
        assessed=None
        if asked.plan is None or pooled is None
        else _assessed(state, view, asked, results, known),
    )


def _explored(state: State, view: CertaintyView, question: str, names: tuple[str, ...]) -> Explored:
    """Return the pools; where a value of the form can't be used, the usual one stands beside it."""
    faults = sure_asked(view, question, view.outcome, emulations=names, judged=None).faults
    usable = {
        name: getattr(view, name)
        for name in ("method", "interval", "level")
        if getattr(view, name) and name not in faults
    }
    level = usable.get("level")
    asked = Asked(
        question=question, outcome=view.outcome, method=usable.get("method", "REML"),
        interval=usable.get("interval"), level=None if level is None else float(level),
    )  # fmt: skip
    return state.kept.get(
        ("explored", state.catalog.sha256, repr(asked)),
        lambda: explore(state.catalog, state.findings, asked),
    )


def _assessed(
    state: State,
    view: CertaintyView,
    asked: SureAsked,
    results: dict[str, Any],
    known: Mapping[str, Opened],
) -> Assessed:
    plan, finding = asked.plan, asked.finding
    assert plan is not None
    used = [
        str(known[name].key)
        for name in known
        if plan.designs is not None and name in {one.emulation for one in plan.designs.ladder}
    ]
    key = (
        "how sure", state.catalog.sha256, plan.model_dump_json(),
        "" if finding is None else finding.model_dump_json(),
        view.method, view.interval, view.level, *used,
    )  # fmt: skip

    def make() -> Assessed:
        kept: dict[str, object] = {}
        entries = assess(
            results, (plan,), findings=() if finding is None else (finding,),
            tables=state.settings.tables, keep=kept.__setitem__,
        )  # fmt: skip
        return Assessed(entry=entries[0], kept=kept, asked=key)

    return state.kept.get(key, make)


def _judged(state: State, pool: tuple[str, str, str], pooled: Mapping[str, Any]) -> Judged | None:
    """Return what a person judged of the very same pool: same tables, same studies, same model."""
    for run in state.runs():
        if (run.results.get("tables") or {}).get("sha256") != state.catalog.sha256:
            continue
        item = find_pool(run.results, pool)
        if item is None or item["pool"]["mu"] != pooled["mu"]:
            continue
        certainty = _certainty(run, pool)
        if certainty is not None:
            return Judged(run=run.name, certainty=certainty)
    return None


def _certainty(run: StoredRun, pool: tuple[str, str, str]) -> dict[str, Any] | None:
    findings = run.results.get("findings") or {}
    for table in findings.get("tables", ()):
        for row in table.get("rows", ()):
            told = row.get("certainty")
            if told and (row["question"], row["outcome"], row["design"]) == pool:
                return {
                    "level": told["level"],
                    "author": told["author"],
                    "reasons": [
                        {name: one[name] for name in ("domain", "by", "reason")}
                        for one in told["reasons"]
                    ],
                }
    return None

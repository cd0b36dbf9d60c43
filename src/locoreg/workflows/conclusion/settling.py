"""What would settle a question beside a trial's size: each part of a planning entry, computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from locoreg.core.errors import DesignError, LocoregError, did_you_mean
from locoreg.workflows.conclusion.boundaries import planned_looks, sequential_view
from locoreg.workflows.conclusion.nextplan import PlanningPlan
from locoreg.workflows.conclusion.pools import Results, find_pool, outcome_words, why_no_pool
from locoreg.workflows.planning.accrualforecast import forecast_accrual
from locoreg.workflows.planning.enriching import enrich_selection
from locoreg.workflows.planning.poolasked import PlannedPool, pool_of_results
from locoreg.workflows.planning.priorsasked import accrual_prior, enrichment_design
from locoreg.workflows.planning.prospects import (
    assurance_of_pool,
    rules_asked,
    value_of_trial,
)
from locoreg.workflows.planning.sizing import size_trial
from locoreg.workflows.planning.trialasked import TestName, TrialAsked

Part = dict[str, Any]


def settle_parts(
    results: Results, plan: PlanningPlan, key: str, *, tables: Sequence[str | Path]
) -> dict[str, Part | list[Part] | None]:
    """Return the parts that a planning entry asks for.

    Parameters
    ----------
    results : mapping
        Results of the run so far; ``questions`` and ``selection`` are read.
    plan : PlanningPlan
        The entry.
    key : str
        Where the entry stands in the results.
    tables : sequence of str or Path
        Sets of evidence tables, for the record of accrual.

    Returns
    -------
    dict
        JSON-ready: ``sequential``, ``looks``, ``tests``, ``assurance``, ``value``, ``accrual`` and
        ``enrichment``; null where a part was not asked for, ``refused`` in it where it could not
        be had.
    """
    asked = trial_asked(plan)
    found: dict[str, Part | list[Part] | None] = {
        "sequential": None,
        "looks": None,
        "tests": _tests(plan, asked, key),
        "assurance": None,
        "value": None,
        "accrual": None,
        "enrichment": None,
    }
    if plan.sequential is not None:
        found["sequential"] = _tried(
            f"{key}/sequential",
            lambda: sequential_view(results, plan, pool_planned(results, plan)).to_dict(),
        )
    if plan.looks is not None:
        found["looks"] = _tried(f"{key}/looks", lambda: planned_looks(plan, asked))
    if plan.assurance is not None:
        wanted = plan.assurance
        minimal, scale = wanted.minimal_hazard_ratio, wanted.tau_scale
        found["assurance"] = _tried(
            f"{key}/assurance",
            lambda: assurance_of_pool(
                asked, pool_planned(results, plan), patients=wanted.patients, tau_scale=scale,
                minimal_ratio=minimal,
            ).to_dict(),
        )  # fmt: skip
        found["value"] = _tried(
            f"{key}/value",
            lambda: value_of_trial(
                asked, pool_planned(results, plan), patients=wanted.patients, tau_scale=scale,
                rules=rules_asked(
                    important=minimal, threshold=wanted.threshold_percent, tau_scale=scale
                ),
            ).to_dict(),
        )  # fmt: skip
    if plan.accrual is not None:
        found["accrual"] = _accrual(plan, f"{key}/accrual", tables)
    if plan.enrichment is not None:
        found["enrichment"] = _tried(f"{key}/enrichment", lambda: _enrichment(results, plan))
    return found


def trial_asked(plan: PlanningPlan) -> TrialAsked:
    """Return the trial of an entry: a log-rank test for superiority."""
    return TrialAsked(
        control=",".join(f"{one.at_months:g}={one.percent:g}" for one in plan.control_survival),
        accrual=f"{plan.accrual_months:g}",
        follow_up=plan.follow_up_months,
        dropout=plan.dropout_percent_per_year,
        alpha=plan.alpha,
        sides=plan.sides,
        allocation=plan.allocation,
        test="log-rank",
        margin=1.0,
    )


def pool_planned(results: Results, plan: PlanningPlan) -> PlannedPool:
    """Return the pool that an entry's trial would join.

    Parameters
    ----------
    results : mapping
        Results of the run so far.
    plan : PlanningPlan
        The entry.

    Returns
    -------
    PlannedPool
        Of log hazard ratios of the intervention relative to control.

    Raises
    ------
    DesignError
        If there is none, or a trial could not join it.
    """
    item = find_pool(results, plan.pool)
    if item is None:
        raise DesignError(why_no_pool(results, plan.pool))
    words = outcome_words(results, item)
    if words is None:
        raise DesignError("neither the run nor the shipped tables say what the event is.")
    return pool_of_results(item["pool"], event_is=words.event_is)


def _tests(plan: PlanningPlan, asked: TrialAsked, key: str) -> list[Part]:
    """Return the sizes under other tests, per hazard ratio."""
    wanted: list[tuple[TestName, float]] = []
    if plan.rmst_months is not None:
        wanted.append(("rmst", plan.rmst_months))
    if plan.landmark_months is not None:
        wanted.append(("landmark", plan.landmark_months))
    out = []
    for name, months in wanted:
        other = replace(
            asked, test=name, margin=0.0, at_months=months,
            scale="log-log" if name == "landmark" else None,
        )  # fmt: skip
        for ratio in plan.hazard_ratio:
            part = _tried(
                f"{key}/tests/{name}/{ratio:g}", lambda a=other, r=ratio: _sized(a, r, plan.power)
            )
            out.append({**part, "test": name, "at_months": months, "hazard_ratio": ratio})
    return out


def _sized(asked: TrialAsked, ratio: float, power: float) -> Part:
    return size_trial(asked, hazard_ratio=f"{ratio:g}", power=power).to_dict()


def _accrual(plan: PlanningPlan, key: str, tables: Sequence[str | Path]) -> Part:
    wanted = plan.accrual
    assert wanted is not None
    prior = accrual_prior(
        rate=wanted.rate, rate_factor=wanted.rate_factor, variation=wanted.variation,
        stops=wanted.stops, stop_months=wanted.stop_months,
    )  # fmt: skip
    forecasts = [
        _tried(
            f"{key}/{n}",
            lambda n=n: forecast_accrual(
                patients=n, months=plan.accrual_months, centres=wanted.centres,
                studies=wanted.studies, prior=prior, tables=tables,
            ).to_dict(),
        )
        for n in wanted.patients
    ]  # fmt: skip
    return {"key": key, "refused": "", "forecasts": forecasts}


def _enrichment(results: Results, plan: PlanningPlan) -> Part:
    wanted = plan.enrichment
    assert wanted is not None
    known = {one["name"]: one["results"] for one in results.get("selection") or ()}
    if wanted.selection not in known:
        raise DesignError(
            f"the run has no selection {wanted.selection!r}.",
            hint=did_you_mean(wanted.selection, known),
        )
    design = enrichment_design(
        control=trial_asked(plan).control, horizon=wanted.horizon_months, power=plan.power,
        alpha=plan.alpha, sides=plan.sides, allocation=plan.allocation,
        follow_up=max(plan.follow_up_months, wanted.horizon_months),
        dropout=plan.dropout_percent_per_year, eligible=wanted.eligible_per_month,
        between=wanted.between_groups_sd,
    )  # fmt: skip
    found: Mapping[str, Any] = enrich_selection(
        known[wanted.selection], design, patients=wanted.patients
    ).to_dict()
    return {"selection": wanted.selection, "follow_up_months": design.after_months, **found}


def _tried(key: str, compute: Callable[[], Part]) -> Part:
    try:
        return {"key": key, "refused": "", **compute()}
    except LocoregError as error:
        return {"key": key, "refused": str(error)}

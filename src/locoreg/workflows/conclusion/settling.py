"""What would settle a question beside a trial's size: each part of a planning entry, computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from locoreg.core.errors import DesignError, LocoregError, did_you_mean
from locoreg.workflows.conclusion.boundaries import planned_looks, sequential_view
from locoreg.workflows.conclusion.nextparts import AccrualPlan
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
# Takes a result under the key of its part, for figures.
Keep = Callable[[str, object], None]


class Told(Protocol):
    """A result that is JSON-ready."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""


def dropped(key: str, result: object) -> None:
    """Keep nothing of a result: for those who draw no figures.

    Parameters
    ----------
    key : str
        Where it stands.
    result : object
        What was computed.
    """


def settle_parts(
    results: Results,
    plan: PlanningPlan,
    key: str,
    *,
    tables: Sequence[str | Path],
    keep: Keep,
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
    keep : callable
        Given the key and the result of each part that was computed.

    Returns
    -------
    dict
        JSON-ready: ``sequential``, ``looks``, ``tests``, ``assurance``, ``value``, ``accrual`` and
        ``enrichment``; null where a part was not asked for, ``refused`` in it where it could not
        be had.
    """
    return _Settler(results, plan, key, tables, keep).parts()


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


class _Settler:
    """Computes the parts of one entry."""

    def __init__(
        self,
        results: Results,
        plan: PlanningPlan,
        key: str,
        tables: Sequence[str | Path],
        keep: Keep,
    ) -> None:
        self.results = results
        self.plan = plan
        self.key = key
        self.tables = tables
        self.keep = keep
        self.asked = trial_asked(plan)

    def parts(self) -> dict[str, Part | list[Part] | None]:
        plan = self.plan
        return {
            "sequential": self._one("sequential", self._sequential, plan.sequential),
            "looks": self._one("looks", self._looks, plan.looks),
            "tests": self._tests(),
            "assurance": self._one("assurance", self._assurance, plan.assurance),
            "value": self._one("value", self._value, plan.assurance),
            "accrual": None if plan.accrual is None else self._accrual(plan.accrual),
            "enrichment": self._one("enrichment", self._enrichment, plan.enrichment),
        }

    def _one(self, name: str, compute: Callable[[], Told], asked: object) -> Part | None:
        return None if asked is None else self._tried(f"{self.key}/{name}", compute)

    def _tried(self, key: str, compute: Callable[[], Told]) -> Part:
        try:
            found = compute()
        except LocoregError as error:
            return {"key": key, "refused": str(error)}
        self.keep(key, found)
        return {"key": key, "refused": "", **found.to_dict()}

    def _pool(self) -> PlannedPool:
        return pool_planned(self.results, self.plan)

    def _sequential(self) -> Told:
        return sequential_view(self.results, self.plan, self._pool())

    def _looks(self) -> Told:
        return planned_looks(self.plan, self.asked)

    def _assurance(self) -> Told:
        wanted = self.plan.assurance
        assert wanted is not None
        return assurance_of_pool(
            self.asked,
            self._pool(),
            patients=wanted.patients,
            tau_scale=wanted.tau_scale,
            minimal_ratio=wanted.minimal_hazard_ratio,
        )

    def _value(self) -> Told:
        wanted = self.plan.assurance
        assert wanted is not None
        return value_of_trial(
            self.asked,
            self._pool(),
            patients=wanted.patients,
            tau_scale=wanted.tau_scale,
            rules=rules_asked(
                important=wanted.minimal_hazard_ratio,
                threshold=wanted.threshold_percent,
                tau_scale=wanted.tau_scale,
            ),
        )

    def _tests(self) -> list[Part]:
        """Return the sizes under other tests, per hazard ratio."""
        plan = self.plan
        wanted: tuple[tuple[TestName, float | None], ...] = (
            ("rmst", plan.rmst_months),
            ("landmark", plan.landmark_months),
        )
        out = []
        for name, months in wanted:
            if months is None:
                continue
            other = replace(
                self.asked,
                test=name,
                margin=0.0,
                at_months=months,
                scale="log-log" if name == "landmark" else None,
            )
            for ratio in plan.hazard_ratio:
                part = self._tried(
                    f"{self.key}/tests/{name}/{ratio:g}", partial(self._sized, other, ratio)
                )
                out.append({**part, "test": name, "at_months": months, "hazard_ratio": ratio})
        return out

    def _sized(self, asked: TrialAsked, ratio: float) -> Told:
        return size_trial(asked, hazard_ratio=f"{ratio:g}", power=self.plan.power)

    def _accrual(self, wanted: AccrualPlan) -> Part:
        key = f"{self.key}/accrual"
        forecasts = [
            self._tried(f"{key}/{n}", partial(self._forecast, wanted, n)) for n in wanted.patients
        ]
        return {"key": key, "refused": "", "forecasts": forecasts}

    def _forecast(self, wanted: AccrualPlan, patients: int) -> Told:
        return forecast_accrual(
            patients=patients,
            months=self.plan.accrual_months,
            centres=wanted.centres,
            studies=wanted.studies,
            prior=accrual_prior(
                rate=wanted.rate,
                rate_factor=wanted.rate_factor,
                variation=wanted.variation,
                stops=wanted.stops,
                stop_months=wanted.stop_months,
            ),
            tables=self.tables,
        )

    def _enrichment(self) -> Told:
        plan, wanted = self.plan, self.plan.enrichment
        assert wanted is not None
        known = {one["name"]: one["results"] for one in self.results.get("selection") or ()}
        if wanted.selection not in known:
            raise DesignError(
                f"the run has no selection {wanted.selection!r}.",
                hint=did_you_mean(wanted.selection, known),
            )
        design = enrichment_design(
            control=self.asked.control,
            horizon=wanted.horizon_months,
            power=plan.power,
            alpha=plan.alpha,
            sides=plan.sides,
            allocation=plan.allocation,
            follow_up=max(plan.follow_up_months, wanted.horizon_months),
            dropout=plan.dropout_percent_per_year,
            eligible=wanted.eligible_per_month,
            between=wanted.between_groups_sd,
        )
        return enrich_selection(known[wanted.selection], design, patients=wanted.patients)

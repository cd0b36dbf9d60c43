"""The next trial of each planning entry, and what it would make of the pool."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from locoreg.core.errors import LocoregError
from locoreg.planning import (
    AddedTrial,
    ControlCurve,
    TrialDesign,
    TrialSize,
    add_trial,
    information_of,
    log_hazard_ratio_variance,
    trial_size,
)
from locoreg.workflows.answers import RANDOMISED
from locoreg.workflows.conclusion.nextplan import PlanningPlan
from locoreg.workflows.conclusion.pools import (
    Results,
    design_label,
    find_pool,
    outcome_words,
    why_no_pool,
)
from locoreg.workflows.conclusion.sentences import finite
from locoreg.workflows.conclusion.settling import Keep, dropped, settle_parts

FORMULAS = (
    {
        "name": "events",
        "text": "events = (z_alpha + z_power)² / (p (1 − p) log(HR)²), p the share of the "
        "intervention arm: Schoenfeld 1983",
        "doi": "10.2307/2531021",
    },
    {
        "name": "events, alternative",
        "text": "(z_alpha + z_power)² (1 + r HR)² / (r (1 − HR)²), r intervention patients per "
        "control patient: Freedman 1982",
        "doi": "10.1002/sim.4780010204",
    },
    {
        "name": "patients",
        "text": "events / chance that a patient's event is seen, under constant hazards between "
        "the stated points, uniform accrual and constant drop-out: Lachin and Foulkes 1986",
        "doi": "10.2307/2531201",
    },
    {
        "name": "information so far",
        "text": "1 / (p (1 − p) se²) events, se of the pooled log hazard ratio with the normal "
        "interval; 4 / se² with equal arms",
        "doi": "",
    },
    {
        "name": "pool with the trial",
        "text": "weights 1 / (v + τ²), τ² held at that of the pool, v = 1 / (p (1 − p) events); "
        "normal interval. The chance takes the new trial's estimate as normal around its true "
        "hazard ratio with variance v",
        "doi": "",
    },
)


def plan_trials(
    results: Results,
    plans: Sequence[PlanningPlan],
    *,
    tables: Sequence[str | Path],
    keep: Keep = dropped,
) -> list[dict[str, Any]]:
    """Return the next trial of each entry.

    Parameters
    ----------
    results : mapping
        Results of the run so far; ``questions`` and ``tables`` are read.
    plans : sequence of PlanningPlan
        From the study file.
    tables : sequence of str or Path
        Sets of evidence tables: ``shipped``, or folders.
    keep : callable
        Given the key and the result of each part that was computed; by default nothing is kept.

    Returns
    -------
    list of dict
        JSON-ready, one per entry, with one trial per hazard ratio and the parts asked for. What
        can't be planned says why in ``refused``.
    """
    return [_entry(results, plan, i, tables, keep) for i, plan in enumerate(plans)]


def _entry(
    results: Results,
    plan: PlanningPlan,
    number: int,
    tables: Sequence[str | Path],
    keep: Keep,
) -> dict[str, Any]:
    item = find_pool(results, plan.pool)
    pool = None if item is None else item["pool"]
    words = None if item is None else outcome_words(results, item)
    refused = "" if pool is not None else why_no_pool(results, plan.pool)
    if pool is not None and pool["measure"] != "HR":
        refused = f"the pool is of the measure {pool['measure']}; a log-rank test is planned by HR."
    elif pool is not None and pool["design"] not in RANDOMISED:
        refused = (
            "the pool is of comparisons without randomisation: the trial is sized, and "
            "not joined to them."
        )
    key = f"planning/{number}/{'/'.join(plan.pool)}"
    trials = [
        _trial(plan, ratio, None if refused else pool, f"{key}/{ratio:g}")
        for ratio in plan.hazard_ratio
    ]
    return {
        "key": key,
        "question": plan.question,
        "outcome": plan.outcome,
        "design": plan.design,
        "design_label": design_label(plan.design),
        "label": plan.outcome.replace("_", " ") if words is None else words.label,
        "event": None if words is None else words.event,
        "power": plan.power,
        "alpha": plan.alpha,
        "sides": plan.sides,
        "allocation": plan.allocation,
        "control_survival": [one.model_dump() for one in plan.control_survival],
        "accrual_months": plan.accrual_months,
        "follow_up_months": plan.follow_up_months,
        "dropout_percent_per_year": plan.dropout_percent_per_year,
        "pool": None if refused or pool is None else _pool(plan, pool),
        "trials": trials,
        "formulas": [dict(one) for one in FORMULAS],
        "refused": refused,
        **settle_parts(results, plan, key, tables=tables, keep=keep),
    }


def _pool(plan: PlanningPlan, pool: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": f"evidence/{'/'.join(plan.pool)}",
        "mu": pool["mu"],
        "normal_interval": pool["normal_interval"],
        "common_effect": pool["common_effect"],
        "tau2": _tau2(pool),
        "k": pool["k"],
    }


def _tau2(pool: Mapping[str, Any]) -> float:
    """Return the between-study variance; 0 where none can be or is estimated."""
    found = finite(pool["tau2"])
    return 0.0 if math.isnan(found) else found


def _trial(
    plan: PlanningPlan, ratio: float, pool: Mapping[str, Any] | None, key: str
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "hazard_ratio": ratio, "key": key, "size": None, "information": None, "added": None,
        "refused": "",
    }  # fmt: skip
    try:
        size = trial_size(_design(plan, ratio))
        out["size"] = size.to_dict()
        if pool is not None:
            out["information"] = information_of(
                finite(pool["normal_interval"]["se"]), finite(pool["common_effect"]["se"]),
                required=size.events, allocation=plan.allocation,
            ).to_dict()  # fmt: skip
            out["added"] = _added(pool, size, ratio).to_dict()
    except LocoregError as error:
        out["refused"] = str(error)
    return out


def _design(plan: PlanningPlan, ratio: float) -> TrialDesign:
    return TrialDesign(
        hazard_ratio=ratio,
        power=plan.power / 100,
        alpha=plan.alpha / 100,
        sides=plan.sides,
        allocation=plan.allocation,
        control=ControlCurve(
            months=tuple(one.at_months for one in plan.control_survival),
            survival=tuple(one.percent / 100 for one in plan.control_survival),
        ),
        accrual_months=plan.accrual_months,
        follow_up_months=plan.follow_up_months,
        dropout_per_year=plan.dropout_percent_per_year / 100,
    )


def _added(pool: Mapping[str, Any], size: TrialSize, ratio: float) -> AddedTrial:
    # The pool may be of control relative to intervention; the stated ratio never is.
    turned = -1.0 if pool["reference_arm"] == "intervention" else 1.0
    return add_trial(
        [finite(study["yi"]) for study in pool["studies"]],
        [finite(study["se"]) ** 2 for study in pool["studies"]],
        tau2=_tau2(pool),
        log_hazard_ratio=turned * math.log(ratio),
        variance=log_hazard_ratio_variance(size.events, size.design.allocation),
        level=float(pool["mu"]["level"]),
    )

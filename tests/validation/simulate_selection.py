"""Measures `locoreg select` on synthetic registries, and writes selection.json.

Three questions, each on a scenario of the synthetic registry:

- `null`: how often is heterogeneity found, and a rule given, where treatment does nothing? Does the
  interval of the average effect hold 0? Samples are drawn without replacement from the patients of
  one large registry.
- `heterogeneous`: is the value of the rule on held-out patients that which it truly has? What one
  truly gains follows from the potential outcomes of the patients who meet its conditions.
- `unmeasured-confounder`: is the false effect explained by a hidden confounder of the planted size?

Usage: python -m tests.validation.simulate_selection [null] [heterogeneous] [unmeasured]
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from locoreg.core.version import __version__
from locoreg.emulation.protocol import read_protocol
from locoreg.registry.synthetic import simulate_registry
from locoreg.registry.synthetic.parameters import one
from locoreg.selection.assess import assess
from locoreg.selection.assess.robustness import NormalConfounder, explains
from locoreg.selection.data import SelectionData, landmark_data
from locoreg.selection.learners import make_learner
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules import honest_rule, rule_value
from locoreg.selection.scores import scores as make_scores
from locoreg.workflows.emulation.task import Source, build_cohort
from locoreg.workflows.selection.plan import plan_of

RECORD = Path(__file__).with_name("selection.json")
PROTOCOL = "select-primary-surgery"
SEED = 20261126
REPLICATIONS = 500
SAMPLE = 1_000
POOL = 150_000
REGISTRIES = 4
PATIENTS = 30_000
# Of whom some gain: fewer leave a rule without support in some registries.
GAINING = 60_000
DAYS_PER_MONTH = 30.4375


def persons(folder: Path) -> tuple[SelectionData, SelectionQuestion]:
    """Return the persons of the shipped protocol at its landmark."""
    loaded = read_protocol(PROTOCOL)
    chosen = loaded.protocol.selection
    assert chosen is not None
    assert chosen.histories_at is not None
    return landmark_data(
        build_cohort(loaded, Source(registry=str(folder))),
        loaded.protocol.question(),
        landmark_months=chosen.landmark_months,
        measure=chosen.measure,
        histories_at=chosen.histories_at,
        modifiers=chosen.modifiers,
        ordered=chosen.ordered,
    )


def registry(folder: str, scenario: str, patients: int, seed: int) -> Path:
    path = Path(folder) / f"{scenario}-{seed}"
    simulate_registry(path, patients=patients, seed=seed, scenario=scenario)
    return path


def null_replication(
    data: SelectionData, question: SelectionQuestion, seed: np.random.SeedSequence
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(data.n, SAMPLE, replace=False))
    number = int(rng.integers(2**31))
    plan = replace(plan_of(read_protocol(PROTOCOL).protocol, jobs=1), seed=number)
    made = make_scores(data.take(rows), question, plan.scores())
    found = assess(made, plan.make_learner(), plan.assessment(), risk=make_learner("risk", {}))
    rule = rule_value(made, replace(plan.rule, seed=number, jobs=1), heterogeneity_p=found.test.p)
    average = made.average()
    return {
        "p": found.test.p,
        "slope_p": found.test.slope_p,
        "rule": bool(rule.given),
        "average": average.estimate,
        "se": average.se,
        "covered": average.ci_low <= 0.0 <= average.ci_high,
    }


def measure_null(folder: str) -> dict[str, Any]:
    data, question = persons(registry(folder, "null", POOL, SEED))
    children = np.random.SeedSequence(SEED).spawn(REPLICATIONS)
    found = joblib.Parallel(n_jobs=2)(
        joblib.delayed(null_replication)(data, question, child) for child in children
    )
    return summarise(found, data.n)


def summarise(found: list[dict[str, Any]], pool: int) -> dict[str, Any]:
    """Return how often heterogeneity was found and the truth was covered."""
    p = np.array([row["p"] for row in found])
    slope = np.array([row["slope_p"] for row in found], dtype=float)
    average = np.array([row["average"] for row in found])
    return {
        "patients": POOL,
        "pool": pool,
        "sample": SAMPLE,
        "replications": len(found),
        "rejected": float((p < 0.05).mean()),
        "slope_rejected": float((slope < 0.05).mean()),
        "rules": float(np.mean([row["rule"] for row in found])),
        "average_mean": float(average.mean()),
        "average_sd": float(average.std(ddof=1)),
        "average_se": float(np.mean([row["se"] for row in found])),
        "covered": float(np.mean([row["covered"] for row in found])),
    }


def true_leaf_effects(folder: Path, rule: Any, data: SelectionData, months: float) -> np.ndarray:
    """Return what treatment by month 6 truly brings in each leaf, for those who live then."""
    table = pq.read_table(folder / "truth" / "SYNTHETIC-patients.parquet")
    place = {person: row for row, person in enumerate(table["patient_id"].to_pylist())}
    rows = np.array([place[person] for person in data.person_id])
    leaf = rule.leaf(rule.coding.encode(data.covariates))
    landmark, horizon = 6 * DAYS_PER_MONTH, (6 + months) * DAYS_PER_MONTH
    lived = {}
    for strategy in ("within_6", "none_within_6"):
        days = np.asarray(pc.fill_null(table[f"death_day_{strategy}"].cast("float64"), np.inf))
        days = days[rows]
        lived[strategy] = np.where(days > landmark, np.minimum(days, horizon) - landmark, np.nan)
    effects = np.full(int(leaf.max()) + 1, np.nan)
    for number in np.unique(leaf):
        mine = leaf == number
        effects[number] = (
            np.nanmean(lived["within_6"][mine]) - np.nanmean(lived["none_within_6"][mine])
        ) / DAYS_PER_MONTH
    return effects


def gaining(folder: str, seed: int) -> dict[str, Any]:
    """Return what is found in one registry where some gain, beside what is true."""
    place = registry(folder, "heterogeneous", GAINING, seed)
    data, question = persons(place)
    plan = replace(plan_of(read_protocol(PROTOCOL).protocol, jobs=1), seed=seed)
    made = make_scores(data, question, plan.scores())
    found = assess(made, plan.make_learner(), plan.assessment(), risk=make_learner("risk", {}))
    options = replace(plan.rule, seed=seed, jobs=1)
    worth = rule_value(made, options, heterogeneity_p=found.test.p)
    honest = honest_rule(made, options)
    effects = true_leaf_effects(place, honest.rule, data, question.horizon_months)
    X = honest.rule.coding.encode(data.covariates)
    treats, leaf = honest.rule.treats(X), honest.rule.leaf(X)
    true = float(np.mean(np.where(treats, effects[leaf] - plan.cost, 0.0)))
    value = honest.value.against_none
    return {
        "persons": data.n,
        "p": found.test.p,
        "rule": bool(worth.given),
        "variables": list(honest.rule.variables),
        "value": value.estimate,
        "se": value.se,
        "true_value": true,
        "covered": value.ci_low <= true <= value.ci_high,
    }


def hidden(folder: str, seed: int) -> dict[str, Any]:
    """Return what is found in one registry with a hidden confounder and no effect."""
    data, question = persons(registry(folder, "unmeasured-confounder", PATIENTS, seed))
    plan = replace(plan_of(read_protocol(PROTOCOL).protocol, jobs=1), seed=seed)
    made = make_scores(data, question, plan.scores())
    planted = NormalConfounder(
        log_odds=one("logit_therapy_unmeasured"), log_hazard_ratio=one("log_hr_unmeasured")
    )
    told = explains(made, planted)
    return {
        "persons": data.n,
        "average": told.effect.estimate,
        "ci_low": told.effect.ci_low,
        "ci_high": told.effect.ci_high,
        "adjusted": told.adjusted.estimate,
        "verdict": told.verdict,
        "reading": told.reading,
    }


def main(asked: list[str]) -> None:
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        if not asked or "null" in asked:
            record["null"] = measure_null(folder)
        for name, once in (("heterogeneous", gaining), ("unmeasured", hidden)):
            if not asked or name in asked:
                record[name] = joblib.Parallel(n_jobs=2)(
                    joblib.delayed(once)(folder, SEED + k) for k in range(REGISTRIES)
                )
    record["source"] = {"script": Path(__file__).name, "seed": SEED, "version": __version__}
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Measures errors of effects by covariates, and of average effects, in five published settings.

Writes selection_settings.json. Settings of Cui et al. 2023 (tests/selection/designs.py), 2,000
persons with 15 covariates; errors are those of the default learner on 2,000 further persons. For
each draw: the root mean squared error of the effects, their true standard deviation, the average
effect with its standard error, and whether its interval holds the true average among the persons of
the population. Learners are fitted in the first draws only, average effects are taken in all.

Usage: python -m tests.validation.simulate_settings [--draws 500] [--learnt 20] [--jobs 2]
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import joblib
import numpy as np

from locoreg.core.errors import DesignError
from locoreg.selection.learners import make_learner
from locoreg.selection.question import MEASURES, Measure
from locoreg.selection.scores import ScoreOptions, scores
from tests.selection import designs

RECORD = Path(__file__).with_name("selection_settings.json")
SEED = 20261700
PERSONS, FRESH, LARGE = 2_000, 2_000, 1_000_000
LEARNER = "stack"
# Root mean squared errors of R's grf 2.6.1 (causal_survival_forest, 2,000 trees, 2,000 persons): of
# the mean time over four draws by other seeds, of survival in one.
GRF: dict[Measure, dict[str, float]] = {
    "rmst_difference": {
        "type1": 0.0479, "type2": 0.0935, "type3": 0.393, "type4": 0.1707, "type5": 0.1045,
    },
    "survival_difference": {
        "type1": 0.0226, "type2": 0.0649, "type3": 0.0401, "type4": 0.0495, "type5": 0.0535,
    },
}  # fmt: skip


def seed_of(draw: int) -> int:
    return SEED + 1000 * draw


def true_average(setting: str, measure: Measure) -> float:
    """Return the average effect in the population, by a million persons."""
    return float(designs.draw(setting, LARGE, seed=SEED - 1, p=3).effect(measure).mean())


def once(
    setting: str, measure: Measure, draw: int, *, learn: bool, persons: int = PERSONS
) -> dict[str, Any]:
    """Return what one draw gives."""
    seed = seed_of(draw)
    trial = designs.draw(setting, persons, seed=seed)
    row: dict[str, Any] = {"setting": setting, "measure": measure, "draw": draw, "refused": None}
    try:
        found = scores(trial.data(), trial.question(measure), ScoreOptions(seed=draw, jobs=1))
    except DesignError as error:
        # Too few persons at the horizon in one arm: counted, with the reason.
        return {**row, "refused": str(error)}
    average = found.average()
    row |= {
        "average": average.estimate,
        "average_se": average.se,
        "ci_low": average.ci_low,
        "ci_high": average.ci_high,
        "rmse": None,
        "sd": None,
    }
    if learn:
        fresh = designs.draw(setting, FRESH, seed=seed + 1)
        truth = fresh.effect(measure)
        model = make_learner(LEARNER, {}).fit(found, seed=draw).model
        row["rmse"] = float(np.sqrt(np.mean((model.predict(fresh.X) - truth) ** 2)))
        row["sd"] = float(truth.std())
    return row


def measure_all(draws: int, learnt: int, jobs: int) -> list[dict[str, Any]]:
    """Return one row per setting, measure and draw."""
    made = cast(
        list[dict[str, Any]],
        joblib.Parallel(n_jobs=jobs, verbose=1)(
            joblib.delayed(once)(setting, measure, draw, learn=draw < learnt)
            for draw in range(draws)
            for measure in MEASURES
            for setting in designs.SETTINGS
        ),
    )
    return with_truth(made)


def with_truth(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the true average, and whether the interval holds it, to each row."""
    truth = {
        (setting, measure): true_average(setting, measure)
        for setting in designs.SETTINGS
        for measure in MEASURES
    }
    for row in made:
        if row["refused"]:
            continue
        row["truth"] = truth[row["setting"], row["measure"]]
        row["covered"] = bool(row["ci_low"] <= row["truth"] <= row["ci_high"])
    return made


def summarise(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return errors relative to grf, and bias and coverage of averages, per setting."""
    out = []
    for measure in MEASURES:
        for setting in designs.SETTINGS:
            drawn = [r for r in rows if (r["setting"], r["measure"]) == (setting, measure)]
            own = [r for r in drawn if not r["refused"]]
            errors = [r["rmse"] for r in own if r["rmse"] is not None]
            averages = np.array([r["average"] for r in own])
            out.append(
                {
                    "setting": setting,
                    "measure": measure,
                    "learnt": len(errors),
                    "rmse": float(np.mean(errors)),
                    "rmse_to_grf": float(np.mean(errors) / GRF[measure][setting]),
                    "rmse_to_sd": float(np.mean([r["rmse"] / r["sd"] for r in own if r["sd"]])),
                    "draws": len(own),
                    "refused": len(drawn) - len(own),
                    "truth": own[0]["truth"],
                    "bias": float(averages.mean() - own[0]["truth"]),
                    "bias_mcse": float(averages.std(ddof=1) / np.sqrt(len(own))),
                    "sd_of_average": float(averages.std(ddof=1)),
                    "mean_se": float(np.mean([r["average_se"] for r in own])),
                    "coverage": float(np.mean([r["covered"] for r in own])),
                }
            )
    return out


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--learnt", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    write_record(measure_all(given.draws, given.learnt, given.jobs))


def write_record(rows: list[dict[str, Any]]) -> None:
    """Write the record of rows, and print its summary."""
    summary = summarise(rows)
    for row in summary:
        print(
            f"{row['measure']:<20} {row['setting']} rmse {row['rmse']:.4f} "
            f"to grf {row['rmse_to_grf']:.3f} bias {row['bias']:+.4f} ({row['bias_mcse']:.4f}) "
            f"coverage {row['coverage']:.3f}"
        )
    record = {
        "source": {
            "script": Path(__file__).name,
            "seed": SEED,
            **{name: version(name) for name in ("numpy", "scipy", "lightgbm")},
        },
        "design": {
            "persons": PERSONS,
            "fresh": FRESH,
            "learner": make_learner(LEARNER, {}).to_dict(),
        },
        "summary": summary,
        "results": rows,
        "first": once("type1", "survival_difference", 0, learn=True, persons=400),
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Measures analyses of surgery of the primary where it does nothing, and writes duchesneau.json.

The pattern is that of a published plasmode simulation: ever against never treated is biased and
its intervals miss, analyses that keep time in order are centred [1]_. Patients are those of the
synthetic registry's scenario `null`, metastatic at diagnosis. All confounders are seen: those at
time zero, hospitals among them, and the state of the disease, which changes.

Usage: python -m tests.validation.simulate_duchesneau

.. [1] Duchesneau ED et al. (2022). Cancer Epidemiology, Biomarkers & Prevention 31:2079-2086.
   doi:10.1158/1055-9965.EPI-22-0495
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import scipy

from locoreg.emulation.cohort import Attrition, Coding, Cohort, Column, History
from locoreg.emulation.inference import Inference
from locoreg.emulation.methods import make_method
from locoreg.emulation.question import Question
from locoreg.registry.synthetic.chunk import make_chunk, plan
from locoreg.registry.synthetic.options import SimulationOptions
from locoreg.registry.synthetic.parameters import LESION_CLASSES, STATES, SUBTYPES
from locoreg.registry.synthetic.scenario import SCENARIOS
from locoreg.registry.synthetic.strategies import ASSESSMENTS, DAYS_PER_MONTH, month_starts

RECORD = Path(__file__).with_name("duchesneau.json")
SEED = 20261200
REPLICATIONS = 40
FIRST = 2
# Of all kinds; about 2,700 of them are metastatic at diagnosis.
PATIENTS = 10_000
HORIZON = 36.0
OPTIONS = SimulationOptions(late_entry=False, loss="none", missing="none")
MEASURES = {"hazard_ratio": "log hazard ratio", "survival_difference": "survival difference"}
# Name of the analysis: method, its options, and grace period and comparator of the question.
ANALYSES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "ever against never": ("ever_treated", {"adjust": True}, {}),
    "immortal time excluded": (
        "ever_treated",
        {"adjust": True, "immortal_time": "excluded"},
        {},
    ),
    "time-dependent Cox, time zero": ("time_dependent_cox", {"adjust": "baseline"}, {}),
    "time-dependent Cox, all": ("time_dependent_cox", {"adjust": "time_varying"}, {}),
    "landmark 6": ("landmark", {"histories_at": "landmark"}, {"grace_months": 6.0}),
    "landmark 12": ("landmark", {"histories_at": "landmark"}, {"grace_months": 12.0}),
    "clone-censor-weight 6, deadline": ("clone_censor_weight", {}, {"grace_months": 6.0}),
    "clone-censor-weight 12, deadline": ("clone_censor_weight", {}, {"grace_months": 12.0}),
    "clone-censor-weight 6, all initiators": (
        "clone_censor_weight",
        {},
        {"grace_months": 6.0, "initiation": "all_initiators"},
    ),
    "clone-censor-weight 12, all initiators": (
        "clone_censor_weight",
        {},
        {"grace_months": 12.0, "initiation": "all_initiators"},
    ),
}


def question(**changes: Any) -> Question:
    values: dict[str, Any] = {
        "treated_label": "surgery of the primary",
        "comparator_label": "no surgery of the primary",
        "outcome": "death",
        "grace_months": 6.0,
        "interval_months": 1.0,
        "comparator": "none_within_grace",
        "initiation": "deadline",
        "contrast": "per_protocol",
        "horizon_months": HORIZON,
        "at_months": (HORIZON,),
        "level": 95.0,
    }
    return Question(**{**values, **changes})


def number(rows: pa.Table, name: str) -> np.ndarray:
    return rows[name].cast(pa.float64()).to_numpy(zero_copy_only=False)


def category(name: str, codes: np.ndarray, levels: tuple[str, ...]) -> Column:
    return Column(name=name, kind="category", values=codes.astype(float), levels=levels)


def codes(rows: pa.Table, name: str, words: tuple[str, ...]) -> np.ndarray:
    place = {word: k for k, word in enumerate(words)}
    return np.array([place.get(word, -1) for word in rows[name].to_pylist()], dtype=float)


def baseline(rows: pa.Table) -> tuple[Column, ...]:
    """What acts on surgery and on death, and what acts on state and death; at time zero."""
    ecog = np.minimum(number(rows, "ecog"), 2)
    lesions = np.digitize(number(rows, "n_lesions"), (2, 4, 6))
    sites = tuple(sorted(set(rows["site_id"].to_pylist())))
    flags = {
        "visceral": number(rows, "visceral"),
        "brain": number(rows, "brain"),
        "three_organs": number(rows, "n_organs") >= 3,
    }
    return (
        Column(name="age", kind="number", values=number(rows, "age")),
        category("ecog", ecog, ("0", "1", "2")),
        Column(name="n_comorbidities", kind="number", values=number(rows, "n_comorbidities")),
        category("subtype", codes(rows, "subtype", SUBTYPES), SUBTYPES),
        category("lesion_class", lesions, LESION_CLASSES),
        category("site", codes(rows, "site_id", sites), sites),
        *(category(name, np.asarray(value), ("no", "yes")) for name, value in flags.items()),
    )


def state_history(rows: pa.Table, n: int) -> History:
    """The state of the disease: stable at time zero, then as assessed in those alive."""
    starts = month_starts()
    person, time = [np.arange(n)], [np.zeros(n)]
    value = [np.full(n, float(STATES.index("stable")))]
    for month in ASSESSMENTS:
        state = codes(rows, f"state_{month}", STATES)
        known = np.flatnonzero(state >= 0)
        person.append(known)
        time.append(np.full(known.size, starts[month] / DAYS_PER_MONTH))
        value.append(state[known])
    who, when, what = (np.concatenate(part) for part in (person, time, value))
    order = np.lexsort((when, who))
    return History(
        name="state",
        kind="category",
        person=who[order],
        time=when[order],
        values=what[order],
        levels=STATES,
        n=n,
    )


def draw(seed: int) -> Cohort:
    """Return the patients with metastases at diagnosis of one synthetic registry."""
    chunk = make_chunk(plan(SCENARIOS["null"], OPTIONS, patients=PATIENTS, seed=seed), 0)
    rows = chunk.truth
    rows = rows.filter(pa.array((number(rows, "de_novo") == 1) & (number(rows, "ecog") < 3)))
    n = rows.num_rows
    end, death = number(rows, "end_day"), number(rows, "death_day_natural")
    therapy = number(rows, "therapy_day_natural")
    columns = baseline(rows)
    history = state_history(rows, n)
    return Cohort(
        person_id=tuple(f"p{i}" for i in range(n)),
        time=end / DAYS_PER_MONTH,
        event=(death == end).astype(np.int64),
        event_labels=("death",),
        lost=np.zeros(n, dtype=bool),
        treatment_time=np.where(therapy <= end, therapy, np.inf) / DAYS_PER_MONTH,
        entry=None,
        baseline=columns,
        histories=(history,),
        coding=Coding(names=tuple(c.name for c in columns), history_names=("state",)),
        attrition=Attrition(source="synthetic registry", started=n, steps=()),
        source="synthetic registry",
        synthetic=True,
    )


def once(replicate: int) -> dict[str, list[float]]:
    """Return estimate, limits and standard error of each analysis, and what was drawn."""
    cohort = draw(SEED + replicate)
    early = [float((cohort.treatment_time <= g).mean()) for g in (6.0, 12.0, np.inf)]
    early[2] = float(np.isfinite(cohort.treatment_time).mean())
    out = {"drawn": [float(cohort.n), *early]}
    for name, (method, options, changes) in ANALYSES.items():
        asked = question(**changes)
        found = make_method(method, options).estimate(
            cohort, asked, Inference(interval="influence")
        )
        for measure, words in MEASURES.items():
            # Ratios are on the log scale.
            one = found.contrast(measure, HORIZON).estimate
            out[f"{name}|{words}"] = [one.estimate, one.ci_low, one.ci_high, one.se]
    return out


def measure(replications: int) -> tuple[list[dict[str, Any]], dict[str, float]]:
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(once)(r) for r in range(replications))
    n, by_6, by_12, ever = np.mean([one["drawn"] for one in found], axis=0)
    rows = []
    for key in (key for key in found[0] if key != "drawn"):
        analysis, name = key.split("|")
        value, low, high, se = np.array([one[key] for one in found]).T
        rows.append(
            {
                "analysis": analysis,
                "measure": name,
                "truth": 0.0,
                "bias": float(value.mean()),
                "bias_mcse": float(value.std(ddof=1) / np.sqrt(value.size)),
                "sd": float(value.std(ddof=1)),
                "mean_se": float(se.mean()),
                "coverage": float(((low <= 0) & (high >= 0)).mean()),
            }
        )
    drawn = {"patients": n, "by_6_months": by_6, "by_12_months": by_12, "ever": ever}
    return rows, {name: float(value) for name, value in drawn.items()}


def main() -> None:
    results, drawn = measure(REPLICATIONS)
    print({name: round(value, 3) for name, value in drawn.items()})
    for row in results:
        print(
            f"{row['analysis']:<40} {row['measure']:<20} bias {row['bias']:+.4f} "
            f"({row['bias_mcse']:.4f}) sd {row['sd']:.4f} se {row['mean_se']:.4f} "
            f"coverage {row['coverage']:.3f}"
        )
    record = {
        "source": {
            "script": Path(__file__).name,
            "seed": SEED,
            "stream": "synthetic registries of seeds seed, seed + 1, ...",
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "design": {
            "scenario": "null",
            "registry_patients": PATIENTS,
            "horizon_months": HORIZON,
            "options": OPTIONS.to_dict(),
            "replications": REPLICATIONS,
            "mean": drawn,
        },
        "results": results,
        "first": {"replications": FIRST, "results": measure(FIRST)[0]},
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Measures the bias of analyses of synthetic registries, and writes registry.json.

Usage: python tests/validation/simulate_registry.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import scipy

from locoreg.registry.synthetic.chunk import Chunk, Plan, make_chunk, plan
from locoreg.registry.synthetic.options import SimulationOptions
from locoreg.registry.synthetic.parameters import (
    LESION_CLASSES,
    STATES,
    SUBTYPES,
    one,
)
from locoreg.registry.synthetic.scenario import SCENARIOS
from locoreg.registry.synthetic.strategies import ASSESSMENTS, DAYS_PER_MONTH
from locoreg.registry.synthetic.truth.population import true_values
from locoreg.stats.cox import cox
from locoreg.stats.glm import glm
from locoreg.stats.glm.separation import SeparationError

RECORD = Path(__file__).with_name("registry.json")
SEED = 20260300
REPLICATIONS = 32
FIRST = 2
PATIENTS = 20_000
HORIZON = 36
GRACES = (6, 12)
SCENARIO_NAMES = ("null", "constant", "heterogeneous", "unmeasured-confounder")
# A setting where all is seen, so that what is left is confounding and immortal time.
OPTIONS = SimulationOptions(late_entry=False, loss="none", missing="none")
MONTHS_OF_THERAPY = 24
# Months with a coefficient of their own; later ones, in which few are operated, lie on a line.
FREE_MONTHS = 13


@dataclass(frozen=True)
class Sample:
    """Arrays of one simulated registry, one row per patient, times in months."""

    time: np.ndarray
    dead: np.ndarray
    cancer: np.ndarray
    therapy: np.ndarray
    month: np.ndarray
    state: np.ndarray
    confounders: np.ndarray
    prognostic: np.ndarray
    unmeasured: np.ndarray
    truth: dict[tuple[str, str], float | None]


# Patients for whom there is one question: surgery of the primary, or of a few metastases.
POPULATIONS = ("de novo", "recurrent, oligometastatic (1-5)")


@cache
def layout(scenario: str, seed: int) -> Plan:
    return plan(SCENARIOS[scenario], OPTIONS, patients=PATIENTS, seed=seed)


def members(rows: pa.Table, population: str) -> np.ndarray:
    de_novo = number(rows, "de_novo") == 1
    few = number(rows, "n_lesions") <= 5
    return de_novo if population == "de novo" else ~de_novo & few


def draw(scenario: str, seed: int, population: str) -> Sample:
    chunk = drawn(scenario, seed)
    rows = chunk.truth.filter(pa.array(members(chunk.truth, population)))
    end = number(rows, "end_day")
    death = number(rows, "death_day_natural")
    therapy = number(rows, "therapy_day_natural")
    therapy = np.where(therapy <= end, therapy, np.nan)
    dead = death == end
    cause = rows["death_cause_natural"].to_pylist()
    state = np.stack([codes(rows, f"state_{month}", STATES) for month in ASSESSMENTS], axis=1)
    values = true_values(chunk.sums)
    truth = {
        (v.subject, v.measure): v.expected
        for v in values
        if v.subgroup == population and v.horizon_months == HORIZON
    }
    confounders, prognostic = covariates(rows)
    return Sample(
        time=end / DAYS_PER_MONTH,
        dead=dead,
        cancer=dead & np.array([c == "breast_cancer" for c in cause]),
        therapy=therapy / DAYS_PER_MONTH,
        month=np.where(np.isnan(therapy), -1, np.nan_to_num(therapy) // DAYS_PER_MONTH).astype(int),
        state=state,
        confounders=confounders,
        prognostic=prognostic,
        unmeasured=number(rows, "unmeasured"),
        truth=truth,
    )


@lru_cache(maxsize=1)
def drawn(scenario: str, seed: int) -> Chunk:
    return make_chunk(layout(scenario, seed), 0)


def number(rows: pa.Table, name: str) -> np.ndarray:
    return rows[name].cast(pa.float64()).to_numpy(zero_copy_only=False)


def codes(rows: pa.Table, name: str, words: tuple[str, ...]) -> np.ndarray:
    place = {word: k for k, word in enumerate(words)}
    return np.array([place.get(word, -1) for word in rows[name].to_pylist()])


def dummies(values: np.ndarray, kinds: int) -> np.ndarray:
    return (values[:, None] == np.arange(1, kinds)).astype(float)


def covariates(rows: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """What acts on therapy and death, and what acts on death only; all at time zero."""
    interval = number(rows, "mfi_months")
    recurrent = 1 - number(rows, "de_novo")
    short = recurrent * (interval >= 6) * (interval < 24)
    sites = np.unique(rows["site_id"].to_pylist(), return_inverse=True)[1]
    lesions = np.digitize(number(rows, "n_lesions"), (2, 4, 6))
    flags = [number(rows, name) for name in ("visceral", "brain")]
    confounders = np.column_stack(
        [
            number(rows, "age") / 10,
            dummies(number(rows, "ecog"), 4),
            number(rows, "n_comorbidities"),
            dummies(codes(rows, "subtype", SUBTYPES), len(SUBTYPES)),
            dummies(lesions, len(LESION_CLASSES)),
            short,
            *flags,
            dummies(sites, sites.max() + 1),
        ]
    )
    prognostic = np.column_stack(
        [
            number(rows, "n_organs") >= 3,
            number(rows, "ctdna_level"),
            number(rows, "grade") == 3,
            number(rows, "hormone_receptor_lost"),
        ]
    )
    # A class that a population lacks has no column.
    return tuple(X[:, X.std(axis=0) > 0] for X in (confounders, prognostic))


def ever_never(s: Sample, X: np.ndarray | None = None) -> float:
    """The naive comparison: log hazard ratio of ever against never operated."""
    ever = (s.month >= 0).astype(float)[:, None]
    columns = ever if X is None else np.hstack([ever, X])
    return float(cox(s.time, s.dead, columns, level=95).coefficients[0])


def time_dependent(s: Sample, X: np.ndarray, *, state: bool) -> float:
    """Log hazard ratio of therapy as a covariate that changes, for death from breast cancer."""
    cuts = [0.0, *(np.floor(m * DAYS_PER_MONTH) / DAYS_PER_MONTH for m in ASSESSMENTS), np.inf]
    parts = []
    for k in range(len(cuts) - 1):
        low, high = cuts[k], cuts[k + 1]
        now = np.ones(s.time.size) if k == 0 else s.state[:, k - 1]
        worse = np.column_stack([now == 0, now == 2]).astype(float)
        for done in (0, 1):
            start = np.maximum(low, s.therapy) if done else np.full(s.time.size, low)
            stop = np.minimum(s.time, high)
            if not done:
                stop = np.fmin(stop, s.therapy)
            rows = np.flatnonzero(start < stop)
            event = s.cancer[rows] & (stop[rows] == s.time[rows])
            # Who dies on the day of therapy dies operated.
            event &= bool(done) | ~(s.therapy[rows] == s.time[rows])
            columns = [np.full((rows.size, 1), float(done)), X[rows]]
            if state:
                columns.append(worse[rows])
            parts.append((start[rows], stop[rows], event, np.hstack(columns)))
    start, stop, event, columns = (np.concatenate([p[k] for p in parts]) for k in range(4))
    return float(cox(stop, event, columns, entry=start, level=95).coefficients[0])


def therapy_model(s: Sample, until: int, *, unmeasured: bool) -> np.ndarray:
    """Fitted probabilities of therapy by month, NaN where a patient is not at risk."""
    last = np.floor(s.time).astype(int)
    rows, X, y = [], [], []
    base = s.confounders
    if unmeasured:
        base = np.column_stack([base, s.unmeasured])
    for k in range(until):
        at_risk = np.flatnonzero((last >= k) & ((s.month < 0) | (s.month >= k)))
        # Those who died in month k before their therapy could come are at risk all the same: the
        # decision stands at the beginning of the month.
        visit = np.searchsorted(ASSESSMENTS, k, side="right")
        now = np.ones(at_risk.size) if visit == 0 else s.state[at_risk, visit - 1]
        month = np.zeros((at_risk.size, FREE_MONTHS + 2))
        month[:, min(k, FREE_MONTHS)] = 1
        month[:, -1] = max(k - FREE_MONTHS, 0)
        X.append(np.column_stack([month, base[at_risk], now == 0, now == 2]))
        y.append(s.month[at_risk] == k)
        rows.append(np.column_stack([at_risk, np.full(at_risk.size, k)]))
    outcome, design = np.concatenate(y).astype(float), np.vstack(X)
    try:
        fit = glm(outcome, design, family="logistic")
    except SeparationError:
        # Nobody of a small class was operated.
        fit = glm(outcome, design, family="logistic", penalty="firth")
    out = np.full((s.time.size, until), np.nan)
    place = np.vstack(rows)
    out[place[:, 0], place[:, 1]] = 1 / (1 + np.exp(-design @ fit.coefficients))
    return out


def weighted_curve(s: Sample, weight: np.ndarray, censored: np.ndarray) -> tuple[float, float]:
    """Survival and restricted mean from monthly weights; ``censored``: month of leaving."""
    death = np.where(s.dead, np.floor(s.time).astype(int), 10**6)
    survival, mean = 1.0, 0.0
    starts = np.floor(np.arange(HORIZON + 1) * DAYS_PER_MONTH)
    for k in range(HORIZON):
        here = (death >= k) & (censored > k) & (s.time >= k)
        w = weight[here, min(k, weight.shape[1] - 1)]
        dies = death[here] == k
        share = (w * dies).sum() / w.sum()
        days = s.time[here][dies] * DAYS_PER_MONTH - starts[k]
        if dies.any():
            mean += survival * share * (w[dies] * days).sum() / w[dies].sum()
        survival *= 1 - share
        mean += survival * (starts[k + 1] - starts[k])
    mean += survival * (HORIZON * DAYS_PER_MONTH - starts[HORIZON])
    return survival, mean / DAYS_PER_MONTH


def clone_censor_weight(s: Sample, grace: int, share: np.ndarray) -> dict[str, float]:
    """Differences of survival and restricted mean, within a grace period less never."""
    stays = np.cumprod(1 / (1 - np.nan_to_num(share)), axis=1)
    never = np.where(s.month >= 0, s.month, 10**6)
    s0, m0 = weighted_curve(s, stays, never)
    early = (s.month >= 0) & (s.month < grace)
    leaves = np.where(early, 10**6, grace - 1)
    weight = np.ones((s.time.size, grace))
    forced = s.month == grace - 1
    weight[forced, grace - 1] = 1 / share[forced, grace - 1]
    s1, m1 = weighted_curve(s, weight, leaves)
    return {"survival": s1 - s0, "rmst": m1 - m0}


def analyse(
    scenario: str, replicate: int, population: str
) -> Iterator[tuple[str, str, float, float]]:
    """Yield analysis, estimand, estimate and truth."""
    s = draw(scenario, SEED + replicate, population)
    log_hr = {"none": 0.0, "constant": one("effect_constant")}.get(SCENARIOS[scenario].effect)
    full = np.hstack([s.confounders, s.prognostic])
    hidden = SCENARIOS[scenario].unmeasured
    if log_hr is not None:
        name = "log hazard ratio"
        yield "ever against never", name, ever_never(s), log_hr
        yield "ever against never, adjusted", name, ever_never(s, full), log_hr
        yield "time-dependent, at time zero", name, time_dependent(s, full, state=False), log_hr
        yield "time-dependent, all measured", name, time_dependent(s, full, state=True), log_hr
        if hidden:
            more = np.column_stack([full, s.unmeasured])
            value = time_dependent(s, more, state=True)
            yield "time-dependent, with the unmeasured", name, value, log_hr
    for known in (False, True) if hidden else (False,):
        share = therapy_model(s, MONTHS_OF_THERAPY, unmeasured=known)
        for grace in GRACES:
            contrast = f"per-protocol, grace {grace}"
            found = clone_censor_weight(s, grace, share)
            name = f"clone-censor-weight, grace {grace}"
            for measure, value in found.items():
                title = f"{name}, with the unmeasured" if known else name
                yield title, f"{measure} difference", value, s.truth[contrast, measure]


def measure(scenario: str, replications: int) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    for replicate in range(replications):
        for population in POPULATIONS:
            for analysis, estimand, value, truth in analyse(scenario, replicate, population):
                rows.setdefault((population, analysis, estimand), []).append((value, truth))
    out = []
    for (population, analysis, estimand), found in sorted(rows.items()):
        value, truth = np.array(found).T
        error = value - truth
        out.append(
            {
                "scenario": scenario,
                "population": population,
                "analysis": analysis,
                "estimand": estimand,
                "truth": float(truth.mean()),
                "mean": float(value.mean()),
                "bias": float(error.mean()),
                "bias_mcse": float(error.std(ddof=1) / np.sqrt(error.size)),
                "sd": float(error.std(ddof=1)),
            }
        )
    return out


def main() -> None:
    results = []
    for scenario in SCENARIO_NAMES:
        for row in measure(scenario, REPLICATIONS):
            results.append(row)
            print(
                f"{row['scenario']:<22} {row['population']:<34} {row['analysis']:<46} "
                f"{row['estimand']:<20} truth {row['truth']:+.4f} mean {row['mean']:+.4f} "
                f"bias {row['bias']:+.4f} ({row['bias_mcse']:.4f}) sd {row['sd']:.4f}",
                flush=True,
            )
    record = {
        "source": {
            "script": Path(__file__).name,
            "seed": SEED,
            "stream": "simulated registries of seeds seed, seed + 1, ...",
            "replications": REPLICATIONS,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "design": {
            "patients": PATIENTS,
            "horizon_months": HORIZON,
            "graces": list(GRACES),
            "scenarios": list(SCENARIO_NAMES),
            "options": OPTIONS.to_dict(),
            "populations": list(POPULATIONS),
        },
        "results": results,
        "first": {"replications": FIRST, "results": measure("null", FIRST)},
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

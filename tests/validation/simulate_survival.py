"""Measures coverage of the intervals and bands of survival analysis, and writes survival.json.

Usage: python tests/validation/simulate_survival.py
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.stats.aalenjohansen import aalen_johansen
from locoreg.stats.bands import BANDS, Band, confidence_bands
from locoreg.stats.curves import CURVE_INTERVALS, CurveInterval
from locoreg.stats.restrictedmean import rmst
from locoreg.stats.survivalat import survival_at
from locoreg.stats.survivalcurves import kaplan_meier
from locoreg.stats.survivaldifference import survival_difference

RECORD = Path(__file__).with_name("survival.json")
SEED = 20250301
LEVEL = 95
N = 300
REPLICATIONS = 6_000
# Each band from multipliers needs hundreds of draws.
BAND_REPLICATIONS = 4_000
MULTIPLIERS = 400
Rows = dict[str, Any]
Draw = Callable[[np.random.Generator], Rows]
# Replications at the start of each design that are recorded by themselves, for a quick check.
FIRST = 40


@dataclass(frozen=True)
class Answer:
    """What one analysis of one sample says about one true number or curve.

    ``estimand`` and ``analysis`` name it; a band has no estimate, and ``covered`` says if it holds
    the whole curve.
    """

    estimand: str
    analysis: str
    covered: bool
    error: float = np.nan
    se: float = np.nan


Analyse = Callable[[Rows, np.random.Generator], Iterator[Answer]]


def interval(estimand: str, analysis: str, found: Estimate, truth: float) -> Answer:
    return Answer(
        estimand,
        analysis,
        bool(found.ci_low <= truth <= found.ci_high),
        found.estimate - truth,
        found.se,
    )


def censor(rng: np.random.Generator, time: np.ndarray, latest: float = 2.4) -> Rows:
    """End follow-up at a time between 0.6 and ``latest``."""
    censored = rng.uniform(0.6, latest, time.size)
    return {"time": np.minimum(time, censored), "event": time <= censored}


# One group: exponential times, mean 1; a quarter is censored.
SURVIVALS = (0.8, 0.5, 0.3)
HORIZON = 1.2


def time_of(survival: float, rate: float = 1.0) -> float:
    return -np.log(survival) / rate


def one_group(rng: np.random.Generator) -> Rows:
    return censor(rng, rng.exponential(size=N))


def delayed_entry(rng: np.random.Generator) -> Rows:
    """Half of the patients come under observation late, if they live so long."""
    entry = np.where(np.arange(4 * N) % 2 == 0, 0.0, rng.uniform(0, 0.5, 4 * N))
    time = rng.exponential(size=4 * N)
    seen = np.flatnonzero(time > entry)[:N]
    rows = censor(rng, time[seen])
    return {**rows, "entry": entry[seen]}


def one_curve(rows: Rows, _: np.random.Generator) -> Iterator[Answer]:
    times = [time_of(s) for s in SURVIVALS]
    for kind in CURVE_INTERVALS:
        at = survival_at(**rows, times=times, level=LEVEL, interval=kind)
        for s, found in zip(SURVIVALS, at.survivals, strict=True):
            yield interval(f"S = {s}", f"{kind}, {at.variance}", found.survival, s)
        median = kaplan_meier(**rows, level=LEVEL, interval=kind).median
        yield interval("median", kind, median, np.log(2))
    yield from one_mean(rows, "greenwood")


def one_curve_robust(rows: Rows, _: np.random.Generator) -> Iterator[Answer]:
    times = [time_of(s) for s in SURVIVALS]
    for variance in ("greenwood", "robust"):
        at = survival_at(**rows, times=times, level=LEVEL, variance=variance)
        for s, found in zip(SURVIVALS, at.survivals, strict=True):
            yield interval(f"S = {s}", f"log-log, {variance}", found.survival, s)
        yield from one_mean(rows, variance)


def one_mean(rows: Rows, variance: str) -> Iterator[Answer]:
    mean = rmst(**rows, horizon=HORIZON, level=LEVEL, variance=variance)["all"]
    yield interval("RMST", variance, mean.rmst, 1 - np.exp(-HORIZON))


# Two groups, true curves as functions of time; the second one is the reference.
@dataclass(frozen=True)
class Pair:
    survival: tuple[Callable[[float], float], Callable[[float], float]]
    mean: tuple[Callable[[float], float], Callable[[float], float]]

    def answers(self, rows: Rows, variance: str, name: str = "") -> Iterator[Answer]:
        name = name or variance
        options = {"level": LEVEL, "reference": "b", "variance": variance}
        for t in (0.4, 0.9):
            (found,) = survival_at(**rows, times=[t], **options).contrasts
            a, b = (s(t) for s in self.survival)
            yield interval(f"S difference at {t}", name, found.difference, a - b)
            yield interval(f"S ratio at {t}", name, found.ratio, np.log(a / b))
        (found,) = rmst(**rows, horizon=HORIZON, **options).contrasts
        a, b = (m(HORIZON) for m in self.mean)
        yield interval("RMST difference", name, found.difference, a - b)
        yield interval("RMST ratio", name, found.ratio, np.log(a / b))
        lost = np.log((HORIZON - a) / (HORIZON - b))
        yield interval("RMTL ratio", name, found.rmtl_ratio, lost)


RATES = (0.7, 1.0)
EXPONENTIAL = Pair(
    survival=tuple(lambda t, r=r: np.exp(-r * t) for r in RATES),
    mean=tuple(lambda t, r=r: (1 - np.exp(-r * t)) / r for r in RATES),
)


def two_groups(rng: np.random.Generator) -> Rows:
    strata = np.where(np.arange(N) % 2 == 0, "a", "b")
    rates = np.where(strata == "a", *RATES)
    return {**censor(rng, rng.exponential(size=N) / rates), "strata": strata}


# Frailty: gamma with mean 1 and variance 1/2, shared by clusters; S(t) = (1 + rate t / 2)^-2.
FRAILTY = Pair(
    survival=tuple(lambda t, r=r: (1 + r * t / 2) ** -2 for r in RATES),
    mean=tuple(lambda t, r=r: 2 / r * (1 - 1 / (1 + r * t / 2)) for r in RATES),
)


def clusters(size: int, *, across: bool) -> Draw:
    """Clusters of patients who share a frailty; each in one group, or with both in it."""

    def draw(rng: np.random.Generator) -> Rows:
        cluster = np.arange(N) // size
        unit = np.arange(N) if across else cluster
        strata = np.where(unit % 2 == 0, "a", "b")
        rates = np.where(strata == "a", *RATES) * rng.gamma(2, 0.5, N // size)[cluster]
        time = rng.exponential(size=N) / rates
        return {**censor(rng, time), "strata": strata, "cluster": cluster}

    return draw


def clustered(rows: Rows, _: np.random.Generator) -> Iterator[Answer]:
    yield from FRAILTY.answers(rows, "robust", "clustered")


def clustered_and_not(rows: Rows, _: np.random.Generator) -> Iterator[Answer]:
    yield from clustered(rows, _)
    rows = {name: values for name, values in rows.items() if name != "cluster"}
    yield from FRAILTY.answers(rows, "robust", "clusters left out")


# Confounding by a binary covariate with known probabilities of treatment.
TREATED, HAZARD = (0.3, 0.6), (1.0, 2.0)


def mixture(curve: Callable[[float, float], float]) -> tuple[Callable[[float], float], ...]:
    return tuple(lambda t, r=r: sum(curve(t, r * h) for h in HAZARD) / len(HAZARD) for r in RATES)


WEIGHTED = Pair(
    survival=mixture(lambda t, r: np.exp(-r * t)),
    mean=mixture(lambda t, r: (1 - np.exp(-r * t)) / r),
)


def weights(rng: np.random.Generator) -> Rows:
    x = rng.integers(0, 2, N)
    chance = np.choose(x, TREATED)
    strata = np.where(rng.random(N) < chance, "a", "b")
    rates = np.where(strata == "a", *RATES) * np.choose(x, HAZARD)
    weight = np.where(strata == "a", 1 / chance, 1 / (1 - chance))
    return {**censor(rng, rng.exponential(size=N) / rates), "strata": strata, "weight": weight}


def weighted(rows: Rows, _: np.random.Generator) -> Iterator[Answer]:
    yield from WEIGHTED.answers(rows, "robust")
    at = survival_at(**rows, times=[0.4, 0.9], level=LEVEL)
    for found in at.survivals:
        truth = WEIGHTED.survival["ab".index(found.stratum)](found.time)
        name = f"S of {found.stratum} at {found.time}"
        yield interval(name, f"log-log, {at.variance}", found.survival, truth)
    for mean in rmst(**rows, horizon=HORIZON, level=LEVEL):
        truth = WEIGHTED.mean["ab".index(mean.stratum)](HORIZON)
        yield interval(f"RMST of {mean.stratum}", "robust", mean.rmst, truth)


# Two causes with constant hazards.
CAUSES = (0.6, 0.4)


def competing(rng: np.random.Generator) -> Rows:
    rows = censor(rng, rng.exponential(size=N) / sum(CAUSES))
    cause = 1 + (rng.random(N) < CAUSES[1] / sum(CAUSES))
    return {**rows, "event": rows["event"] * cause}


def incidences(rows: Rows, _: np.random.Generator) -> Iterator[Answer]:
    for kind in CURVE_INTERVALS:
        for variance in ("aalen", "robust") if kind == "log" else ("aalen",):
            found = aalen_johansen(**rows, level=LEVEL, interval=kind, variance=variance)
            at = found.at([0.4, 1.2])
            for j, t in enumerate(at.time):
                truth = CAUSES[0] / sum(CAUSES) * -np.expm1(-sum(CAUSES) * t)
                low, high = at.ci_low[j, 0], at.ci_high[j, 0]
                yield Answer(
                    f"incidence at {t}",
                    f"{kind}, {variance}",
                    bool(low <= truth <= high),
                    at.estimate[j, 0] - truth,
                    at.se[j, 0],
                )


# Bands from survival 0.9 to 0.3 (of the reference), rounded.
RANGE = (0.11, 1.2)
RANGE_WEIGHTED = (0.07, 0.87)
Curve = Callable[[np.ndarray], np.ndarray]


def holds(found: tuple[np.ndarray, ...], end: float, truth: Curve) -> bool:
    """Whether the steps of a band (time, low, high) hold a curve, at both ends of each step."""
    time, low, high = found
    ends = np.array([truth(time), truth(np.append(time[1:], end))])
    return bool((ends <= high).all() and (ends >= low).all())


def bands(rows: Rows, rng: np.random.Generator) -> Iterator[Answer]:
    for band in BANDS:
        for kind in CURVE_INTERVALS:
            yield one_band(rows, band, kind, "computed", {})
        drawn = {"variance": "robust", "replicates": MULTIPLIERS, "seed": rng}
        yield one_band(rows, band, "log-log", "multipliers", drawn)
    drawn["weight"] = rng.uniform(0.5, 2, N)
    yield one_band(rows, "equal-precision", "log-log", "multipliers, weights", drawn)


def one_band(rows: Rows, band: Band, kind: CurveInterval, name: str, options: Rows) -> Answer:
    found = confidence_bands(
        **rows, **options, band=band, interval=kind, time_range=RANGE, level=LEVEL
    )["all"]
    steps = (found.time, found.band_low, found.band_high)
    covered = holds(steps, RANGE[1], lambda t: np.exp(-t))
    return Answer("S over time", f"{band}, {kind}, {name}", covered)


def difference_band(pair: Pair, limits: tuple[float, float]) -> Analyse:
    def analyse(rows: Rows, rng: np.random.Generator) -> Iterator[Answer]:
        curve = survival_difference(
            **rows,
            reference="b",
            level=LEVEL,
            time_range=limits,
            replicates=MULTIPLIERS,
            seed=rng,
        )
        inside = ~np.isnan(curve.band_low)
        steps = tuple(v[inside] for v in (curve.time, curve.band_low, curve.band_high))
        a, b = pair.survival
        covered = holds(steps, limits[1], lambda t: a(t) - b(t))
        name = f"equal-precision, plain, multipliers, {curve.variance}"
        yield Answer("S difference over time", name, covered)

    return analyse


# Where the intervals are known to fail: few events, many survivors, few clusters.
def few_rows(rng: np.random.Generator) -> Rows:
    return censor(rng, rng.exponential(size=40), latest=6.0)


def extremes(rows: Rows, _: np.random.Generator) -> Iterator[Answer]:
    for s in (0.95, 0.15):
        for kind in CURVE_INTERVALS:
            try:
                at = survival_at(**rows, times=[time_of(s)], level=LEVEL, interval=kind)
            except DesignError:
                # Nobody is followed so long: no interval, and none that covers.
                yield Answer(f"S = {s}", kind, False)
                continue
            yield interval(f"S = {s}", kind, at.survivals[0].survival, s)


@dataclass(frozen=True)
class Design:
    draw: Draw
    analyse: Analyse
    replications: int
    limit: bool = False


DESIGNS = {
    "one group": Design(one_group, one_curve, REPLICATIONS),
    "delayed entry": Design(delayed_entry, one_curve_robust, REPLICATIONS),
    "two groups": Design(
        two_groups, lambda rows, _: EXPONENTIAL.answers(rows, "greenwood"), REPLICATIONS
    ),
    "clusters across groups": Design(clusters(3, across=True), clustered, REPLICATIONS),
    "clusters within groups": Design(clusters(3, across=False), clustered, REPLICATIONS),
    "weights": Design(weights, weighted, REPLICATIONS),
    "competing causes": Design(competing, incidences, REPLICATIONS),
    "band, one group": Design(one_group, bands, BAND_REPLICATIONS),
    "band, two groups": Design(two_groups, difference_band(EXPONENTIAL, RANGE), BAND_REPLICATIONS),
    "band, clusters across groups": Design(
        clusters(3, across=True), difference_band(FRAILTY, RANGE), BAND_REPLICATIONS
    ),
    "band, weights": Design(weights, difference_band(WEIGHTED, RANGE_WEIGHTED), BAND_REPLICATIONS),
    "limit: 40 patients": Design(few_rows, extremes, REPLICATIONS, limit=True),
    "limit: 10 clusters": Design(
        clusters(30, across=False), clustered_and_not, REPLICATIONS, limit=True
    ),
}


def measure(name: str, replications: int) -> list[dict[str, object]]:
    """Coverage, bias and mean standard error of each analysis in one design."""
    design = DESIGNS[name]
    rng = np.random.default_rng([SEED, list(DESIGNS).index(name)])
    answers: dict[tuple[str, str], list[tuple[bool, float, float]]] = {}
    for _ in range(replications):
        for a in design.analyse(design.draw(rng), rng):
            answers.setdefault((a.estimand, a.analysis), []).append((a.covered, a.error, a.se))
    rows: list[dict[str, object]] = []
    for (estimand, analysis), found in answers.items():
        covered, error, se = np.array(found, dtype=float).T
        share = covered.mean()
        row: dict[str, object] = {
            "design": name,
            "estimand": estimand,
            "analysis": analysis,
            "coverage": 100 * share,
            "coverage_mcse": 100 * float(np.sqrt(share * (1 - share) / replications)),
        }
        if not np.isnan(error).all():
            known = error[~np.isnan(error)]
            row["bias"] = float(known.mean())
            row["bias_mcse"] = float(known.std(ddof=1) / np.sqrt(known.size))
            row["sd"] = float(known.std(ddof=1))
            row["mean_se"] = None if np.isnan(se).all() else float(np.nanmean(se))
        rows.append(row)
    return rows


def main() -> None:
    results = [
        row for name, design in DESIGNS.items() for row in measure(name, design.replications)
    ]
    record = {
        "source": {
            "script": Path(__file__).name,
            "seed": SEED,
            "stream": "numpy.random.default_rng([seed, index of design])",
            "replications": REPLICATIONS,
            "band_replications": BAND_REPLICATIONS,
            "multipliers": MULTIPLIERS,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "design": {
            "level": LEVEL,
            "n": N,
            "rates": list(RATES),
            "horizon": HORIZON,
            "survivals": list(SURVIVALS),
            "range": list(RANGE),
            "range_weighted": list(RANGE_WEIGHTED),
            "designs": list(DESIGNS),
        },
        "results": results,
        "first": {
            "replications": FIRST,
            "results": [row for name in DESIGNS for row in measure(name, FIRST)],
        },
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for row in results:
        print(
            f"{row['design']:<24} {row['estimand']:<24} {row['analysis']:<40} "
            f"coverage {row['coverage']:.1f}"
        )


if __name__ == "__main__":
    main()

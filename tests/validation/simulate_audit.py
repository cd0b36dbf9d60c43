"""Measure the audit on simulated trials: false findings on clean tables, and injected errors found.

Two-arm trials are simulated patient by patient and written down as a paper
would print them. ``python tests/validation/simulate_audit.py`` rewrites
``audit.json`` beside this file; the seed is fixed.
"""

from __future__ import annotations

import csv
import json
import math
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from locoreg.core.findings import Finding
from locoreg.evidence.audit import audit
from locoreg.evidence.catalog import dictionary, read_catalog

SEED = 20221
CLEAN_STUDIES = 1500
INJECTED_STUDIES = 600
MOST_PATIENTS = 8000
LARGE_TRIAL = 1500
GRAVE = ("serious", "blocking")
Table = list[dict[str, Any]]
Array = np.ndarray[Any, Any]


# ---------------------------------------------------------------- patients


def cox(time: Array, event: Array, arm: Array, strata: Array) -> tuple[float, float, float]:
    """Return log hazard ratio, its SE and the log-rank z; no tied times."""
    pieces = []
    for level in np.unique(strata):
        inside = strata == level
        order = np.argsort(-time[inside])
        x = arm[inside][order].astype(float)
        pieces.append((x, event[inside][order], np.cumsum(1 - x), np.cumsum(x)))
    beta, information, first = 0.0, 1.0, None
    for _ in range(30):
        score, information = 0.0, 0.0
        for x, d, control, treated in pieces:
            risk = math.exp(beta) * treated
            share = risk / (risk + control)
            score += float(np.sum(d * (x - share)))
            information += float(np.sum(d * share * (1 - share)))
        if first is None:
            first = score / math.sqrt(information)
        if information <= 0:
            break
        step = float(np.clip(score / information, -1, 1))
        beta += step
        if abs(step) < 1e-9:
            break
    return beta, information**-0.5 if information > 0 else math.inf, first or 0.0


@dataclass
class Curve:
    """Kaplan-Meier curve of one arm, with Greenwood's sum."""

    times: Array
    survival: Array
    greenwood: Array

    def at(self, t: float) -> tuple[float, float]:
        """Return survival and the Greenwood sum at a time."""
        i = int(np.searchsorted(self.times, t, side="right"))
        return (1.0, 0.0) if i == 0 else (float(self.survival[i - 1]), float(self.greenwood[i - 1]))

    def median(self) -> float | None:
        """Return the first time with survival of one half or less."""
        below = np.flatnonzero(self.survival <= 0.5 + 1e-12)
        return float(self.times[below[0]]) if len(below) else None


def kaplan_meier(time: Array, event: Array) -> Curve:
    """Return the curve; no tied times."""
    order = np.argsort(time)
    t, d = time[order], event[order].astype(float)
    at_risk = len(t) - np.arange(len(t))
    survival = np.cumprod(1 - d / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(at_risk > d, d / (at_risk * (at_risk - d)), 0.0)
    return Curve(t, survival, np.cumsum(terms))


@dataclass
class Trial:
    """Patients of one simulated trial."""

    arm: Array
    group: Array
    time: Array
    death: Array
    first_time: Array
    first: Array
    years: float


def simulate(rng: np.random.Generator) -> Trial:
    """Draw one trial."""
    n = int(np.exp(rng.uniform(np.log(40), np.log(MOST_PATIENTS))))
    share = rng.choice([0.5, 0.5, 0.5, 0.6, 2 / 3, 0.75, 0.33])
    arm = (rng.permutation(n) < round(n * share)).astype(int)
    group = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])
    log_hr = rng.uniform(math.log(0.3), math.log(1.6))
    shape = rng.uniform(0.7, 1.5)
    scale = np.exp(rng.uniform(math.log(10), math.log(70))) / math.log(2) ** (1 / shape)
    prognosis = rng.choice([0.0, 0.4]) * (group - 0.7)
    hazard = np.exp(log_hr * arm + prognosis)
    cumulative = rng.exponential(size=n) / hazard
    if rng.random() < 0.15:
        # The effect begins late, or fades: another hazard ratio after the first part.
        late = rng.uniform(0, 0.6)
        other = np.exp((rng.choice([0.0, 0.5]) - 1) * log_hr * arm)
        rest = np.maximum(cumulative - late, 0) * other
        cumulative = np.minimum(cumulative, late) + rest
    death_time = scale * cumulative ** (1 / shape)
    progression = rng.exponential(size=n) * scale / np.exp(0.6 * log_hr * arm)
    target = rng.uniform(0.1, 0.8)
    follow = _follow_up(rng, death_time, target)
    time = np.minimum(death_time, follow) + rng.uniform(0, 1e-7, n)
    both = np.minimum(progression, death_time)
    return Trial(
        arm=arm,
        group=group,
        time=time,
        death=(death_time <= follow).astype(int),
        first_time=np.minimum(both, follow) + rng.uniform(0, 1e-7, n),
        first=(both <= follow).astype(int),
        years=float(follow.max()) / 12,
    )


def _follow_up(rng: np.random.Generator, death_time: Array, target: float) -> Array:
    """Return staggered entry with a closing date that censors the target share."""
    stagger = rng.uniform(0.3, 1.0, len(death_time))
    low, high = 1e-3, 1e6
    for _ in range(60):
        middle = math.sqrt(low * high)
        if np.mean(death_time > stagger * middle) > target:
            low = middle
        else:
            high = middle
    return stagger * high


# ------------------------------------------------------------------ tables


def p_text(z: float, sides: int, digits: int) -> tuple[str, str]:
    """Return operator and p as printed."""
    p = float(sides * ndtr(-abs(z)))
    p = min(p, 1.0)
    if p < 0.001:
        return "<", "0.001"
    return "=", f"{p:.{max(digits, 3 if p < 0.01 else 2)}f}"


class Writer:
    """Writes one trial as rows of the tables."""

    def __init__(self, rng: np.random.Generator, number: int, trial: Trial) -> None:
        self.rng, self.trial, self.study = rng, trial, f"trial{number}"
        self.rows: Table = []
        self.decimals = int(rng.choice([2, 2, 2, 2, 3]))
        self.level = float(rng.choice([95, 95, 95, 95, 95, 95, 90, 90, 80, 99]))
        self.with_events = rng.random() < 0.6
        self.with_se = rng.random()
        self.stratified = rng.random() < 0.3
        # Adjusted estimate beside the unadjusted log-rank test.
        self.adjusted = self.stratified and rng.random() < 0.3
        self.report = ""
        self.time_digits = int(rng.choice([0, 1, 1]))
        self.sides = 1 if rng.random() < 0.08 else 2

    def add(self, **values: Any) -> None:
        """Append a row."""
        claim = f"{self.study}-{len(self.rows) + 1}"
        row = {"claim_id": claim, "study_id": self.study, "report_id": self.report} | values
        self.rows.append(row)

    def effect(self, outcome: str, time: Array, event: Array, inside: Array, name: str) -> None:
        """Write a hazard ratio."""
        arm = self.trial.arm[inside]
        t, d = time[inside], event[inside]
        events = [int(d[arm == a].sum()) for a in (1, 0)]
        if min(events) < 3:
            return
        strata = self.trial.group[inside] if self.stratified else np.zeros(len(t))
        beta, se, z_score = cox(t, d, arm, strata)
        if self.adjusted:
            z_score = cox(t, d, arm, np.zeros(len(t)))[2]
        if not math.isfinite(se) or abs(beta) > 3:
            return
        wald = self.rng.random() < 0.4
        operator, p = p_text(
            beta / se if wald else z_score, self.sides, int(self.rng.choice([2, 3, 4]))
        )
        half = -float(ndtri((1 - self.level / 100) / 2)) * se
        q = self.decimals
        row: dict[str, Any] = {
            "kind": "effect",
            "outcome": outcome,
            "measure": "HR",
            "reference_arm": "control",
            "subgroup": name,
            "estimate": f"{math.exp(beta):.{q}f}",
            "ci_low": "",
            "ci_high": "",
            "ci_level": "",
            "adjusted": ("multivariable" if self.adjusted else "stratified")
            if self.stratified
            else "no",
            "n_intervention": int((arm == 1).sum()),
            "n_control": int((arm == 0).sum()),
            "n": len(arm),
        }
        if self.with_se < 0.9:
            row |= {
                "ci_low": f"{math.exp(beta - half):.{q}f}",
                "ci_high": f"{math.exp(beta + half):.{q}f}",
                "ci_level": f"{self.level:g}",
            }
        if self.with_se > 0.8:
            column, value = ("se", se) if self.rng.random() < 0.6 else ("variance", se**2)
            row[column] = f"{value:.{3 if column == 'se' else 4}f}"
        if not name or self.rng.random() < 0.5:
            row |= {
                "p_op": operator,
                "p_value": p,
                "p_tests": "Cox" if wald else "log-rank",
                "p_sided": "one" if self.sides == 1 else self.rng.choice(["two", ""]),
            }
        if self.with_events:
            row |= {
                "events": sum(events),
                "events_intervention": events[0],
                "events_control": events[1],
            }
        if float(row["estimate"]) > 0 and (not row["ci_low"] or float(row["ci_low"]) > 0):
            self.add(**row)

    def adjustment(self) -> str:
        """Return how estimates are adjusted."""
        if not self.stratified:
            return "no"
        return "multivariable" if self.adjusted else "stratified"

    def curves(self, outcome: str, time: Array, event: Array) -> None:
        """Write medians and survival at landmarks."""
        arm = self.trial.arm
        curves = [kaplan_meier(time[arm == a], event[arm == a]) for a in (1, 0)]
        medians = [curve.median() for curve in curves]
        shown = ["NR" if m is None else f"{m:.{self.time_digits}f}" for m in medians]
        sizes = {"n_intervention": int(arm.sum()), "n_control": int((1 - arm).sum())}
        self.add(
            kind="arms",
            outcome=outcome,
            statistic="median_time",
            unit="months",
            value_intervention=shown[0],
            value_control=shown[1],
            **sizes,
        )
        for months in (24, 60):
            if min(float(curve.times[-1]) for curve in curves) < months or self.rng.random() < 0.3:
                continue
            self.landmark(outcome, curves, months, sizes)

    def landmark(
        self, outcome: str, curves: list[Curve], months: int, sizes: dict[str, int]
    ) -> None:
        """Write survival at one time, with limits half of the time."""
        digits = int(self.rng.choice([0, 1]))
        row: dict[str, Any] = {
            "kind": "arms",
            "outcome": outcome,
            "unit": "percent",
            "statistic": "survival_proportion",
            "landmark_months": months,
        }
        if self.rng.random() < 0.5:
            row["column_header"] = f"{months // 12}-year survival"
        limits = self.rng.random() < 0.5
        for curve, name in zip(curves, ("intervention", "control"), strict=True):
            s, g = curve.at(months)
            row[f"value_{name}"] = f"{100 * s:.{digits}f}"
            if limits and 0.02 < s < 0.98 and g > 0:
                half = 1.96 * math.sqrt(g) / abs(math.log(s))
                row[f"low_{name}"] = f"{100 * s ** math.exp(half):.{digits}f}"
                row[f"high_{name}"] = f"{100 * s ** math.exp(-half):.{digits}f}"
                row["value_level"] = "95"
        self.add(**row, **sizes)

    def baseline(self) -> None:
        """Write baseline percentages, with a few missing values, and the follow-up."""
        arm = self.trial.arm
        for item in ("premenopausal", "bone only", "grade 3"):
            row: dict[str, Any] = {
                "kind": "proportion",
                "statistic": "proportion",
                "unit": "percent",
                "outcome_printed": f"baseline: {item}",
            }
            share = self.rng.uniform(0.1, 0.9)
            for value, name in ((1, "intervention"), (0, "control")):
                n = int((arm == value).sum())
                if self.rng.random() < 0.2:
                    n -= int(self.rng.integers(1, max(2, n // 10)))
                count = int(self.rng.binomial(n, share))
                row |= {f"value_{name}": f"{100 * count / n:.1f}", f"n_{name}": n}
            self.add(**row)
        n = len(arm)
        self.add(kind="count", statistic="n_randomised", value=n, unit="patients")
        reverse = kaplan_meier(self.trial.time, 1 - self.trial.death).median()
        if reverse is not None:
            self.add(
                kind="follow_up",
                statistic="median_follow_up",
                unit="months",
                value=f"{reverse:.{self.time_digits}f}",
            )

    def binary(self) -> None:
        """Write a response with its counts, as odds or risk ratio."""
        arm = self.trial.arm
        n = [int((arm == a).sum()) for a in (1, 0)]
        events = [int(self.rng.binomial(m, self.rng.uniform(0.1, 0.7))) for m in n]
        a, c = events
        if min(events) < 2 or a > n[0] - 2 or c > n[1] - 2:
            return
        measure = str(self.rng.choice(["OR", "RR"]))
        if measure == "OR":
            y = math.log(a * (n[1] - c) / (c * (n[0] - a)))
            v = 1 / a + 1 / (n[0] - a) + 1 / c + 1 / (n[1] - c)
        else:
            y, v = math.log(a / n[0] / (c / n[1])), 1 / a - 1 / n[0] + 1 / c - 1 / n[1]
        half = 1.96 * math.sqrt(v)
        self.add(
            kind="effect",
            outcome="response",
            measure=measure,
            reference_arm="control",
            estimate=f"{math.exp(y):.2f}",
            ci_low=f"{math.exp(y - half):.2f}",
            ci_high=f"{math.exp(y + half):.2f}",
            ci_level="95",
            adjusted="no",
            n_intervention=n[0],
            n_control=n[1],
            events_intervention=a,
            events_control=c,
        )

    def repeat(self) -> None:
        """Print some numbers a second time, in the abstract."""
        for row in [r for r in self.rows if r["kind"] in ("effect", "arms")][:2]:
            row["location"] = "Table 2"
            self.add(
                **{k: v for k, v in row.items() if k not in ("claim_id", "location")},
                location="abstract",
            )


def one_trial(rng: np.random.Generator, number: int) -> Table:
    """Return the rows of one clean trial."""
    while True:
        trial = simulate(rng)
        if (
            trial.years < 25
            and trial.death.sum() >= 8
            and min(trial.death[trial.arm == a].sum() for a in (0, 1)) >= 3
        ):
            break
    writer = Writer(rng, number, trial)
    everyone = np.ones(len(trial.arm), dtype=bool)
    if rng.random() < 0.15:
        early = earlier(trial)
        writer.report = f"{writer.study}-first"
        writer.effect("os", early.time, early.death, everyone, "")
        writer.curves("os", early.time, early.death)
        writer.report = f"{writer.study}-second"
    before = len(writer.rows)
    writer.effect("os", trial.time, trial.death, everyone, "")
    writer.curves("os", trial.time, trial.death)
    if rng.random() < 0.4:
        writer.effect("pfs", trial.first_time, trial.first, everyone, "")
        writer.curves("pfs", trial.first_time, trial.first)
    if rng.random() < 0.5:
        for level in range(3):
            writer.effect("os", trial.time, trial.death, trial.group == level, f"subtype={level}")
    if rng.random() < 0.2:
        writer.binary()
    writer.baseline()
    if rng.random() < 0.2 and not before:
        writer.repeat()
    # The latest report comes first, so that errors are put into it.
    return writer.rows[before:] + writer.rows[:before]


def earlier(trial: Trial) -> Trial:
    """Return the trial as it stood at 60% of its longest follow-up."""
    cut = 0.6 * float(trial.time.max())
    early = trial.time > cut
    return replace(
        trial,
        time=np.where(early, cut + np.linspace(0, 1e-7, len(early)), trial.time),
        death=np.where(early, 0, trial.death),
    )


OUTCOMES: Table = [
    {"outcome_id": "os", "label": "Overall survival", "event": "death", "event_is": "adverse"},
    {
        "outcome_id": "pfs",
        "label": "Progression-free survival",
        "event": "progression or death",
        "event_is": "adverse",
    },
    {"outcome_id": "response", "label": "Response", "event": "response", "event_is": "favourable"},
]


def find(studies: list[Table]) -> list[Finding]:
    """Write the tables, read them and audit them."""
    claims = [row for rows in studies for row in rows]
    ids = dict.fromkeys(row["study_id"] for row in claims)
    tables = {
        "claims": claims,
        "outcomes": OUTCOMES,
        "references": [
            {"reference_id": f"{x}-{name}", "study_id": x, "title": name, "version": i}
            for x in ids
            for i, name in enumerate(("first", "second"), start=1)
        ],
        "studies": [{"study_id": x, "label": x, "design": "rct"} for x in ids],
    }
    columns = dictionary()
    with tempfile.TemporaryDirectory() as name:
        for table, rows in tables.items():
            with (Path(name) / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
                out = csv.DictWriter(file, [column.name for column in columns[table]])
                out.writeheader()
                out.writerows(rows)
        catalog, faults = read_catalog(name)
        numbers = {c.row.number: c.study_id for c in catalog.claims.values()}
        report = audit(catalog, faults=faults)
    start = {i: row for i, row in enumerate(claims, start=2)}
    assert all(start[i]["study_id"] == x for i, x in numbers.items())
    return list(report.findings)


# -------------------------------------------------------------- injections


@dataclass
class Injected:
    """What was done, and what must be found."""

    claims: tuple[str, ...]
    rules: tuple[str, ...]
    columns: tuple[str, ...]
    detectable: bool


Inject = Callable[[np.random.Generator, Table], Injected | None]
LEVEL_RULES = (
    "more-events-than-patients",
    "level-against-events",
    "p-against-interval",
    "subgroup-information",
    "se-or-variance",
)


def _whole(rows: Table, *, limits: bool = True) -> dict[str, Any] | None:
    for row in rows:
        if row["kind"] == "effect" and row["outcome"] == "os" and not row["subgroup"]:
            return row if row["ci_low"] or not limits else None
    return None


def _se(row: dict[str, Any]) -> float:
    z = -float(ndtri((1 - float(row["ci_level"]) / 100) / 2))
    return (math.log(float(row["ci_high"])) - math.log(float(row["ci_low"]))) / 2 / z


def _arms(rows: Table, statistic: str) -> list[dict[str, Any]]:
    return [
        row
        for row in rows
        if row.get("statistic") == statistic
        and row.get("outcome") == "os"
        and "NR" not in (row["value_intervention"], row["value_control"])
        and min(float(row["value_intervention"]), float(row["value_control"])) > 0
        and (
            statistic == "median_time"
            or max(float(row["value_intervention"]), float(row["value_control"])) < 100
        )
    ]


def _other_ratio(row: dict[str, Any]) -> float:
    a, b = float(row["value_intervention"]), float(row["value_control"])
    if row["statistic"] == "median_time":
        return math.log(b / a)
    return math.log(math.log(a / 100) / math.log(b / 100))


def reversed_effect(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Print the reciprocal with its limits, or state the other reference arm."""
    row = _whole(rows)
    if row is None:
        return None
    others = _arms(rows, "median_time") + _arms(rows, "survival_proportion")
    y, se = math.log(float(row["estimate"])), _se(row)
    # Reversal can be seen only where effect and arms' numbers are clearly on one side.
    clear = (
        bool(others)
        and abs(y) > 2.2 * se
        and all(_other_ratio(other) * y > 1.2 * se**2 for other in others)
    )
    if rng.random() < 0.5:
        row["reference_arm"] = "intervention"
    else:
        q = len(row["estimate"].partition(".")[2])
        low, high = float(row["ci_low"]), float(row["ci_high"])
        row["estimate"] = f"{math.exp(-y):.{q}f}"
        row["ci_low"], row["ci_high"] = f"{1 / high:.{q}f}", f"{1 / low:.{q}f}"
    claims = (row["claim_id"], *(other["claim_id"] for other in others))
    return Injected(claims, ("direction",), ("reference_arm",), clear)


def reversed_large(rng: np.random.Generator, rows: Table) -> Injected | None:
    """State the other reference arm in a trial of 1,500 patients and more with printed events."""
    row = _whole(rows)
    if row is None or not row.get("events") or row["n"] < LARGE_TRIAL:
        return None
    y, se = math.log(float(row["estimate"])), _se(row)
    shares = [row[f"events_{arm}"] / row[f"n_{arm}"] for arm in ("intervention", "control")]
    clear = abs(y) > 2.2 * se and max(shares) < 0.8
    row["reference_arm"] = "intervention"
    others = _arms(rows, "median_time") + _arms(rows, "survival_proportion")
    claims = (row["claim_id"], *(other["claim_id"] for other in others))
    return Injected(claims, ("direction",), ("reference_arm",), clear)


def wrong_level(rng: np.random.Generator, rows: Table) -> Injected | None:
    """State another level for the interval of all patients."""
    row = _whole(rows)
    if row is None:
        return None
    true = float(row["ci_level"])
    row["ci_level"] = str(rng.choice([x for x in (90, 95, 99) if x != true]))
    factor = ndtri((1 + float(row["ci_level"]) / 100) / 2) / ndtri((1 + true / 100) / 2)
    z = abs(math.log(float(row["estimate"]))) / _se(row)
    shift = z * abs(factor - 1)
    p_shows = row.get("p_op") == "=" and shift > 0.5 + 0.15 * z
    events = int(row.get("events") or 0)
    # In a large trial two decimals leave the width of the interval open.
    open_share = _rounding_of_width(row)
    shift -= open_share * z
    # Too narrow against the events is a bound; too wide may be adjustment.
    events_show = events >= 20 and factor * (1 - open_share) > 1.15
    column = ("ci_level",)
    se_shows = bool(row.get("se")) and open_share < 0.05
    return Injected((row["claim_id"],), LEVEL_RULES, column, p_shows or events_show or se_shows)


def _rounding_of_width(row: dict[str, Any]) -> float:
    """Return the share of an interval's width, on the log scale, that rounding leaves open."""
    low, high = float(row["ci_low"]), float(row["ci_high"])
    half = 0.5 * 10.0 ** -len(row["ci_low"].partition(".")[2])
    return half * (1 / low + 1 / high) / (math.log(high) - math.log(low))


def _swap(rng: np.random.Generator, text: str) -> str | None:
    places = [i for i, c in enumerate(text) if c.isdigit()]
    pairs = [(a, b) for a, b in pairwise(places) if text[a] != text[b]]
    if not pairs:
        return None
    a, b = pairs[int(rng.integers(len(pairs)))]
    signs = list(text)
    signs[a], signs[b] = signs[b], signs[a]
    return "".join(signs)


def swapped_digit(column: str) -> Inject:
    """Return the injection that exchanges two adjacent digits of an effect's number."""

    def inject(rng: np.random.Generator, rows: Table) -> Injected | None:
        row = _whole(rows)
        if row is None or not row[column]:
            return None
        text = _swap(rng, row[column])
        if text is None or float(text) <= 0:
            return None
        half = (math.log(float(row["ci_high"])) - math.log(float(row["ci_low"]))) / 2
        share = abs(math.log(float(text) / float(row[column]))) / half
        if column != "estimate":
            share /= 2
        digits = len(text.partition(".")[2])
        rounding = 0.5 * 10**-digits * sum(1 / float(row[c]) for c in ("estimate", "ci_low")) / half
        row[column] = text
        rules = ("interval-asymmetry", "estimate-outside-interval", "invalid-cell", *LEVEL_RULES)
        reversed_limits = float(row["ci_low"]) > float(row["ci_high"])
        columns = ("ci_low",) if reversed_limits else (column,)
        return Injected((row["claim_id"],), rules, columns, share > 0.15 + rounding)

    return inject


def swapped_p(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Exchange two digits of a p-value."""
    row = _whole(rows)
    if row is None or row.get("p_op") != "=":
        return None
    text = _swap(rng, row["p_value"])
    if text is None or not 0 < float(text) <= 1:
        return None
    sides = 1 if row["p_sided"] == "one" else 2
    z = [-float(ndtri(float(x) / sides)) for x in (row["p_value"], text)]
    tolerance = 0.25 + 0.12 * abs(z[0]) + 5 * 10.0 ** -len(text.partition(".")[2])
    if row["ci_low"]:
        half = 0.5 * 10.0 ** -len(row["estimate"].partition(".")[2])
        tolerance += _rounding_of_width(row) * abs(z[0])
        tolerance += half / float(row["estimate"]) / _se(row)
    known = bool(row["p_sided"])
    row["p_value"] = text
    clear = abs(abs(z[0]) - abs(z[1])) > tolerance and known
    return Injected((row["claim_id"],), ("p-against-interval",), ("p_value",), clear)


def swapped_n(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Exchange two digits of a number of patients."""
    row = _whole(rows, limits=False)
    if row is None:
        return None
    column = str(rng.choice(["n", "n_intervention", "n_control"]))
    text = _swap(rng, str(row[column]))
    if text is None:
        return None
    row[column] = int(text)
    return Injected((row["claim_id"],), ("counts",), (column,), True)


def swapped_median(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Exchange two digits of a median."""
    found = _arms(rows, "median_time")
    if not found:
        return None
    row = found[0]
    column = str(rng.choice(["value_intervention", "value_control"]))
    text = _swap(rng, row[column])
    if text is None or float(text) <= 0:
        return None
    new, old = float(text), float(row[column])
    # Visible only if a landmark lies between the two readings.
    marks = [
        r
        for r in _arms(rows, "survival_proportion")
        if min(new, old) + 1.5 < r["landmark_months"] < max(new, old) - 1.5
        and abs(float(r[column]) - 50) > 4
    ]
    row[column] = text
    claims = (row["claim_id"], *(r["claim_id"] for r in marks))
    rules = ("survival-against-median", "direction", "outcome-order", "time-unit")
    return Injected(claims, rules, (column, "reference_arm"), bool(marks))


def swapped_percent(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Exchange two digits of a baseline percentage."""
    row = next(r for r in rows if r["kind"] == "proportion")
    arm = str(rng.choice(["intervention", "control"]))
    column = f"value_{arm}"
    text = _swap(rng, row[column])
    if text is None or float(text) > 100:
        return None
    n = row[f"n_{arm}"]
    possible = any(abs(100 * k / n - float(text)) <= 0.05 + 1e-9 for k in range(n + 1))
    row[column] = text
    return Injected((row["claim_id"],), ("grim",), (column,), not possible)


def swapped_arms(statistic: str) -> Inject:
    """Return the injection that exchanges the arms' values in one row."""

    def inject(rng: np.random.Generator, rows: Table) -> Injected | None:
        found, effect = _arms(rows, statistic), _whole(rows)
        if not found or effect is None:
            return None
        row = found[0]
        y, se, m = math.log(float(effect["estimate"])), _se(effect), _other_ratio(row)
        for name in ("value", "low", "high"):
            a, b = row.get(f"{name}_intervention"), row.get(f"{name}_control")
            if a is not None or b is not None:
                row[f"{name}_intervention"], row[f"{name}_control"] = b, a
        clear = y * m > 2.6 * se**2 + 0.1 and abs(y) > 1.5 * se
        rules = ("direction", "survival-against-median", "survival-order", "outcome-order")
        claims = (row["claim_id"], effect["claim_id"])
        columns = ("value_intervention", "value_control", "reference_arm")
        return Injected(claims, rules, columns, clear)

    return inject


def swapped_events(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Exchange the events of the arms, where the arms differ in size or outcome."""
    row = _whole(rows)
    if row is None or not row.get("events"):
        return None
    e, n = (
        [row[f"{what}_{arm}"] for arm in ("intervention", "control")] for what in ("events", "n")
    )
    y, se = math.log(float(row["estimate"])), _se(row)
    row["events_intervention"], row["events_control"] = e[1], e[0]
    above = e[1] > n[0] or e[0] > n[1]
    ratio = 0.0
    if not above and max(e[1] / n[0], e[0] / n[1]) < 0.85:
        ratio = math.log(math.log1p(-e[1] / n[0]) / math.log1p(-e[0] / n[1]))
    clear = above or (-ratio * y > 1.6 * se**2 + 0.15 and abs(y) > 1.5 * se)
    return Injected(
        (row["claim_id"],),
        ("direction", "counts"),
        ("events_intervention", "events_control", "reference_arm"),
        clear,
    )


def spread_confused(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Give a variance as standard error, or the reverse."""
    row = next((r for r in rows if r.get("se") or r.get("variance")), None)
    if row is None:
        return None
    column = "se" if row.get("se") else "variance"
    value = float(row[column])
    row[column] = f"{value**2 if column == 'se' else math.sqrt(value):.4f}"
    if float(row[column]) <= 0:
        return None
    informed = bool(row["ci_low"] or row.get("events"))
    return Injected(
        (row["claim_id"],), ("se-or-variance",), (column,), informed and not 0.75 < value < 1.33
    )


def events_above_n(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Put more events than patients in an arm."""
    row = _whole(rows, limits=False)
    if row is None or not row.get("events"):
        return None
    arm = str(rng.choice(["intervention", "control"]))
    row[f"events_{arm}"] = row[f"n_{arm}"] + int(rng.integers(1, 20))
    return Injected((row["claim_id"],), ("counts",), (f"events_{arm}", "events"), True)


def duplicated(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Repeat a row under another id."""
    row = dict(rows[int(rng.integers(len(rows)))])
    original = row["claim_id"]
    row["claim_id"] += "-again"
    rows.append(row)
    return Injected((original, row["claim_id"]), ("double-counting",), ("claim_id",), True)


def subgroup_for_total(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Exchange the labels of a subgroup and of the whole."""
    row = _whole(rows)
    part = next((r for r in rows if r.get("subgroup")), None)
    if row is None or part is None:
        return None
    row["subgroup"], part["subgroup"] = part["subgroup"], ""
    rules = ("subgroup-information", "counts", "level-against-events")
    columns = ("subgroup", "n", "n_intervention", "n_control", "events", "ci_level", "estimate")
    return Injected((row["claim_id"], part["claim_id"]), rules, columns, True)


def years_for_months(rng: np.random.Generator, rows: Table) -> Injected | None:
    """Mix up the unit of the medians, the follow-up or a landmark."""
    kind = str(rng.choice(["medians", "follow-up", "landmark"]))
    rules = (
        "time-unit",
        "landmark-label",
        "survival-against-median",
        "outcome-order",
        "survival-order",
    )
    marks = _arms(rows, "survival_proportion")
    medians = _arms(rows, "median_time")
    followed = [r for r in rows if r.get("statistic") == "median_follow_up"]
    if kind == "medians" and medians:
        row = medians[0]
        long = max(float(row["value_intervention"]), float(row["value_control"]))
        if rng.random() < 0.5:
            row["unit"] = "years"
            clear = long > 30 or bool(followed)
        else:
            for column in ("value_intervention", "value_control"):
                row[column] = f"{float(row[column]) / 12:.1f}"
            clear = bool(marks) and float(row["value_control"]) > 0
        columns = ("value_intervention", "value_control", "unit", "value")
        claims = (row["claim_id"], *(r["claim_id"] for r in (*marks, *followed)))
    elif kind == "follow-up" and followed:
        row = followed[0]
        row["value"] = f"{float(row['value']) / 12:.1f}"
        clear = bool(marks or medians)
        columns = ("value", "value_intervention", "value_control")
        claims = (row["claim_id"], *(r["claim_id"] for r in (*marks, *medians)))
    elif kind == "landmark" and marks:
        row = marks[-1]
        row["landmark_months"] = row["landmark_months"] // 12
        clear = bool(row.get("column_header"))
        columns = ("landmark_months", "value_intervention", "value_control")
        claims = (row["claim_id"], *(r["claim_id"] for r in (*marks, *medians)))
    else:
        return None
    return Injected(claims, rules, columns, clear)


NUMBERS = (
    *("estimate", "ci_low", "ci_high", "p_value", "se", "variance", "value"),
    *(f"{x}_{arm}" for x in ("value", "low", "high") for arm in ("intervention", "control")),
)


def without_zeros(rows: Table) -> Table:
    """Lose the trailing zeros of all numbers, as a spreadsheet does: 0.90 becomes 0.9."""
    out = deepcopy(rows)
    for row in out:
        for column in NUMBERS:
            text = row.get(column)
            if isinstance(text, str) and "." in text:
                row[column] = text.rstrip("0").rstrip(".")
    return out


def then_zeros_lost(inject: Inject) -> Inject:
    """Return the injection, followed by the loss of all trailing zeros."""

    def both(rng: np.random.Generator, rows: Table) -> Injected | None:
        injected = inject(rng, rows)
        if injected is not None:
            for row, lost in zip(rows, without_zeros(rows), strict=True):
                row.update(lost)
        return injected

    return both


INJECTIONS: dict[str, Inject] = {
    "reversed effect": reversed_effect,
    "wrong interval level": wrong_level,
    "swapped digits: estimate": swapped_digit("estimate"),
    "swapped digits: lower limit": swapped_digit("ci_low"),
    "swapped digits: upper limit": swapped_digit("ci_high"),
    "swapped digits: p": swapped_p,
    "swapped digits: n": swapped_n,
    "swapped digits: median": swapped_median,
    "swapped digits: percent": swapped_percent,
    "arms exchanged: medians": swapped_arms("median_time"),
    "arms exchanged: survival": swapped_arms("survival_proportion"),
    "arms exchanged: events": swapped_events,
    "SE for variance or reverse": spread_confused,
    "events above n": events_above_n,
    "duplicated row": duplicated,
    "subgroup for total": subgroup_for_total,
    "years for months": years_for_months,
    "wrong level, zeros lost": then_zeros_lost(wrong_level),
    "reversed effect, large trials": reversed_large,
    "reversed effect, zeros lost": then_zeros_lost(reversed_effect),
}


# ----------------------------------------------------------------- measure


def clean_rates(studies: list[Table]) -> dict[str, Any]:
    """Return the share of clean studies with a finding of each severity, and which rules."""
    worst: dict[str, set[str]] = defaultdict(set)
    rules: dict[str, set[str]] = defaultdict(set)
    for finding in find(studies):
        group = "serious or blocking" if finding.severity in GRAVE else finding.severity
        worst[group].add(finding.subject)
        rules[f"{finding.rule}, {finding.severity}"].add(finding.subject)
    n = len(studies)
    return {
        "studies": n,
        "rows": sum(len(rows) for rows in studies),
        "share": {
            name: round(len(worst[name]) / n, 4)
            for name in ("serious or blocking", "minor", "note")
        },
        "by_rule": {name: round(len(found) / n, 4) for name, found in sorted(rules.items())},
    }


def injected_rates(studies: list[Table], inject: Inject, seed: int) -> dict[str, Any]:
    """Return the share of injected errors that were found, at least minor."""
    rng = np.random.default_rng(seed)
    changed, what = [], {}
    for rows in studies:
        copy = deepcopy(rows)
        injected = inject(rng, copy)
        if injected is not None:
            changed.append(copy)
            what[copy[0]["study_id"]] = injected
    hits: dict[str, set[str]] = defaultdict(set)
    study_of_row = {}
    for i, row in enumerate((row for rows in changed for row in rows), start=2):
        study_of_row[i] = (row["study_id"], row["claim_id"])
    for finding in find(changed):
        subject, ids = finding.subject, set(finding.claim_ids)
        if finding.rule == "invalid-cell" and finding.location.row is not None:
            subject, claim = study_of_row[finding.location.row]
            ids = {claim}
        injected = what.get(subject)
        if injected is None or finding.severity == "note":
            continue
        if finding.rule in injected.rules and ids & set(injected.claims):
            hits["found"].add(subject)
            first = study_of_row.get(finding.location.row or 0, ("", ""))[1]
            if first in injected.claims and finding.location.column in injected.columns:
                hits["placed"].add(subject)
            if finding.severity in GRAVE:
                hits["grave"].add(subject)
    detectable = {study for study, injected in what.items() if injected.detectable}
    n, m = len(what), len(detectable)
    return {
        "injected": n,
        "found": round(len(hits["found"]) / max(n, 1), 3),
        "detectable": m,
        "found_of_detectable": round(len(hits["found"] & detectable) / max(m, 1), 3),
        "right_row_and_column": round(len(hits["placed"] & detectable) / max(m, 1), 3),
        "serious_or_blocking": round(len(hits["grave"] & detectable) / max(m, 1), 3),
    }


def measure(clean: int, injected: int, seed: int = SEED) -> dict[str, Any]:
    """Return all rates."""
    rng = np.random.default_rng(seed)
    studies = [one_trial(rng, i) for i in range(clean)]
    return {
        "source": {"script": "tests/validation/simulate_audit.py", "seed": seed},
        "clean": clean_rates(studies),
        "clean, zeros lost": clean_rates([without_zeros(rows) for rows in studies]),
        "injected": {
            name: injected_rates(studies[:injected], inject, seed + i)
            for i, (name, inject) in enumerate(INJECTIONS.items(), start=1)
        },
    }


if __name__ == "__main__":
    result = measure(CLEAN_STUDIES, INJECTED_STUDIES)
    text = json.dumps(result, indent=1) + "\n"
    target = Path(__file__).with_name("audit.json")
    if "--print" not in sys.argv:
        target.write_text(text, encoding="utf-8")
    print(text)

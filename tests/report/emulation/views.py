"""What pages show, filled by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from locoreg.core.estimate import Estimate
from locoreg.core.findings import Finding, Location
from locoreg.workflows.emulation.ladder import Ladder, LadderRow
from locoreg.workflows.emulation.truth import TrueEffect
from locoreg.workflows.emulation.view import (
    BenchmarkView,
    EmulationView,
    EstimateRow,
    PlainTable,
    TargetRow,
)
from tests.figures.emulation import effects

HOSTILE = '<script>alert("x")</script> & <b>bold</b>'


def estimate(mid: float, se: float = 0.03, scale: str = "identity") -> Estimate:
    return Estimate(
        estimate=mid,
        se=se,
        ci_low=mid - 1.96 * se,
        ci_high=mid + 1.96 * se,
        level=95.0,
        scale=scale,
    )


def specifications() -> tuple[EstimateRow, ...]:
    rows = [
        EstimateRow(
            label="Primary analysis: clone-censor-weight, 6 months of grace",
            estimate=estimate(0.14), verdict="pass", group="Primary analysis", main=True,
        )
    ]  # fmt: skip
    for months in (3, 9, 12):
        rows.append(
            EstimateRow(
                label=f"{months} months of grace", estimate=estimate(0.1 + 0.005 * months),
                verdict="warn" if months == 12 else "pass", group="Grace period",
            )
        )  # fmt: skip
    for cut in (99.5, 99.0, 97.5, 95.0):
        bad = cut < 97
        rows.append(
            EstimateRow(
                label=f"weights cut at the {cut:g}th percentile",
                estimate=estimate(0.14 + 0.01 * (100 - cut)), verdict="fail" if bad else "pass",
                note="conservation" if bad else "", group="Truncation of weights",
            )
        )  # fmt: skip
    rows.append(
        EstimateRow(
            label="Sequential trials", estimate=None, verdict="not estimable",
            note=(
                "the initiation model does not converge: hospital 4 has nobody who was treated in "
                "month 3; take hospitals together, or leave the hospital out of the model."
            ),
            group="Method",
        )
    )  # fmt: skip
    rows.append(EstimateRow(label=HOSTILE, estimate=estimate(0.12), verdict="pass", group="Method"))
    unknown = Estimate(
        estimate=0.2, se=np.nan, ci_low=np.nan, ci_high=np.nan, level=95.0, scale="identity"
    )
    rows.append(EstimateRow(label="No interval", estimate=unknown, verdict="note", group="Method"))
    return tuple(rows)


IMMORTAL = (
    "groups are formed by what happens after time zero: the treated could not die before their "
    "treatment (immortal time)."
)


def ladder(*, truth: bool = True) -> Ladder:
    def row(label: str, name: str, d: float | None, h: float | None, verdict: str, note: str = ""):
        return LadderRow(
            label=label, method=name,
            difference=None if d is None else estimate(d),
            hazard_ratio=None if h is None else estimate(h, 0.06, "log"),
            verdict=verdict, note=note,
        )  # fmt: skip

    return Ladder(
        measure="survival_difference",
        at_months=36.0,
        rows=(
            row("Ever against never", "ever_treated", 0.23, -0.6, "biased", IMMORTAL),
            row("Ever against never, adjusted", "ever_treated", 0.17, -0.4, "biased", IMMORTAL),
            row("Landmark at the end of the grace period", "landmark", 0.03, -0.1, "pass"),
            row("Time-dependent Cox model", "time_dependent_cox", None, -0.05, "pass"),
            row("Sequential trials", "sequential_trials", 0.01, 0.02, "warn"),
            row("Clone-censor-weight", "clone_censor_weight", -0.001, 0.01, "pass"),
        ),
        truth=TrueEffect(
            at_months=(12.0, 36.0), survival_difference=(0.0, 0.0), rmst_difference=(0.0, 0.0),
            log_hazard_ratio=0.0, persons=900, note="Potential outcomes of 900 persons.",
        )
        if truth
        else None,
        truth_note="Potential outcomes of 900 persons." if truth else "",
    )  # fmt: skip


def benchmark() -> BenchmarkView:
    trials = (
        ("Tata Memorial 2015", 0.04, 0.13),
        ("MF07-01 2018", -0.41, 0.15),
        ("ABCSG-28 2019", -0.37, 0.33),
        ("E2108 2022", 0.10, 0.16),
        ("JCOG1017 2023", -0.15, 0.11),
    )
    return BenchmarkView(
        measure="hazard_ratio",
        trials=tuple(
            EstimateRow(label=name, estimate=estimate(b, s, "log")) for name, b, s in trials
        ),
        emulations=(
            EstimateRow(
                label="Registry, patients whom the trials would have taken",
                estimate=estimate(-0.30, 0.09, "log"), verdict="pass", main=True,
            ),
        ),
        agreements=(
            "Tata Memorial: significance does not agree; estimate does not agree; difference does "
            "not agree (z 2.15); 0 of 3.",
            "E2108: significance does not agree; estimate does not agree; difference does not "
            "agree (z 2.18); 0 of 3.",
        ),
        note="820 persons left out: ECOG 0 or 1; 680 left.",
    )  # fmt: skip


@dataclass(frozen=True)
class Overlap:
    score: np.ndarray
    treated: np.ndarray
    weight: np.ndarray


def overlap(n: int = 4000) -> Overlap:
    rng = np.random.default_rng(1)
    score = 1 / (1 + np.exp(0.5 - rng.normal(size=n)))
    treated = rng.random(n) < score
    return Overlap(
        score=score, treated=treated, weight=np.where(treated, 1 - score, score)
    )  # fmt: skip


FINDING = Finding(
    rule="deaths-on-day-of-treatment",
    severity="minor",
    subject="cohort",
    message="3 persons died on the day of their treatment; they count as treated.",
    value=3,
    limit=0,
    location=Location(file="local_therapy"),
    changes="Their deaths are events of the treated strategy.",
)
BLOCKING = replace(
    FINDING,
    rule="treatment-before-time-zero",
    severity="blocking",
    message="41 persons were treated before time zero.",
    value=41,
    changes="They were not at risk of starting treatment.",
)


def view(*, primary: Any = None, **changes: Any) -> EmulationView:
    """Return a page's content with every part filled."""
    effect = effects.weighted_effect(400) if primary is None else primary
    other = replace(
        effect, method="landmark", title="Landmark at 6 months", balance=(), weights=(), flow=()
    )
    parts = (
        ("a", "eligibility", "Women with a first metastasis.", "The same, in the registry."),
        (
            "b",
            "strategies",
            "Surgery within 6 months; none.",
            "The same.\nDates from the registry.",
        ),
        ("c", "assignment", "At random, not blinded.", "By what was done; confounders adjusted."),
    )
    values: dict[str, Any] = {
        "title": f"Surgery of the primary tumour {HOSTILE}",
        "causal_question": "Does surgery of the primary tumour within 6 months prolong life?",
        "protocol_sha256": "ab" * 32,
        "version": "0.0",
        "compared": tuple(
            TargetRow(
                number=f"6{letter}, 7{letter}", topic=topic, target_trial=trial, emulation=own,
                status="filled",
            )
            for letter, topic, trial, own in parts
        ),
        "checklist": (
            TargetRow(
                number="1a", topic="abstract says so", target_trial="", emulation="It does.",
                status="filled",
            ),
            TargetRow(
                number="17", topic="ethics", target_trial="", emulation="", status="to_write"
            ),
        ),
        "attrition": effects.ATTRITION,
        "audit": (FINDING,),
        "cohort": (
            PlainTable(
                caption="Persons by what they did within the grace period",
                columns=("Group", "Persons", "Death", "Lost to follow-up"),
                rows=(("not treated", "560", "310", "12"), ("treated", "940", "420", "25")),
                note="These groups describe; their survival must not be compared.",
            ),
            PlainTable(
                caption="Missing values of confounders", columns=("Confounder", "Not treated"),
                rows=(), note="No value of a confounder is missing.",
            ),
        ),
        "primary": effect,
        "alternatives": (other,),
        "specifications": specifications(),
        "measure": "survival_difference",
        "at_months": 36.0,
        "ladder": ladder(),
        "bias": (
            PlainTable(
                caption="E-values", columns=("Measure", "Estimate", "E-value", "Limit"),
                rows=(("HR (common outcome)", "0.63", "1.99", "1.63"),), note="Smallest ratio.",
            ),
        ),
        "subgroups": (
            EstimateRow(
                label="HR+/HER2− (200 of 310 treated)", estimate=estimate(0.11), verdict="pass",
                group="subtype",
            ),
            EstimateRow(
                label="triple-negative (4 of 40 treated)", estimate=None,
                verdict="not estimable", note="nobody was treated in month 2.", group="subtype",
            ),
        ),
        "controls": (
            PlainTable(
                caption="Negative controls: outcomes that the treatment can't change",
                columns=("Outcome", "Events", "Difference", "Holds no effect"),
                rows=(("second primary", "31", "0.01 (−0.02 to 0.04)", "yes"),),
            ),
        ),
        "benchmark": benchmark(),
        "notes": ("Response to therapy is not in the registry.",),
        "provenance": (("Cohort, SHA-256", "cd" * 32), ("Seed", "7")),
        "command": "locoreg emulate primary-surgery-6-months --registry DIR --out OUT",
        "python": 'locoreg.emulate("primary-surgery-6-months", "DIR")',
    }  # fmt: skip
    return EmulationView(**{**values, **changes})

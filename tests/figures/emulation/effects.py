"""Effects with everything that figures show, from cohorts of the design LT-1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from locoreg.core.estimate import Estimate
from locoreg.core.provenance import Provenance
from locoreg.emulation.arms import (
    ArmRows,
    arm_counts,
    arm_row_influence,
    arm_steps,
    arm_values,
    count_times,
    person_sums,
)
from locoreg.emulation.cohort import Attrition, Cohort
from locoreg.emulation.cohort.attrition import AttritionStep
from locoreg.emulation.effect import (
    ArmCurve,
    BalanceRow,
    Contrast,
    Diagnostic,
    DifferenceCurve,
    Effect,
    FlowStep,
    WeightSummary,
)
from tests.emulation import designs

Z = 1.959963984540054

ATTRITION = Attrition(
    source="registry of four hospitals",
    started=48_213,
    steps=(
        AttritionStep(name="with a first metastasis", excluded=21_044, left=27_169, unknown=310),
        AttritionStep(name="women aged 18 years or older", excluded=402, left=26_767, unknown=12),
        AttritionStep(name="metastatic at first diagnosis", excluded=19_880, left=6_887),
        AttritionStep(
            name="performance status of ECOG 0 to 2 within 60 days before time zero",
            excluded=1_204,
            left=5_683,
            unknown=977,
        ),
        AttritionStep(name="no local therapy before time zero", excluded=83, left=5_600),
    ),
)

FAILED = Diagnostic(
    name="conservation",
    title="Conservation of weights",
    verdict="fail",
    value=0.62,
    threshold=0.9,
    message="the weights just after the grace period sum to 111.2, but 178 persons are alive.",
    advice="Fit the censoring at the end of the grace period with a logistic model.",
    arm="treated within 6 months",
)
PASSED = Diagnostic(
    name="ones",
    title="Weights before the deadline",
    verdict="pass",
    value=1.0,
    threshold=1.0,
    message="all weights are exactly 1 before month 6.",
)
WARNED = Diagnostic(
    name="top_share",
    title="Share of weight of the top 1%",
    verdict="warn",
    value=0.11,
    threshold=0.1,
    message="the 1% of patients with the largest weights hold 11% of the weight.",
    advice="Look at the truncation ladder.",
)
NOTED = Diagnostic(
    name="deaths",
    title="Shared deaths",
    verdict="note",
    value=42.0,
    threshold=None,
    message="42 deaths in the grace period count in both arms.",
)


def clone_rows(cohort: Cohort) -> list[tuple[ArmRows, Any]]:
    """Return rows and true weights of the comparator's and the treated clones."""
    x1, x2 = (column.values for column in cohort.baseline)
    p = designs.expit(-2.0 + x1 - 0.6 * x2)
    start, time, event = cohort.treatment_time, cohort.time, cohort.event
    parts: list[list[list[Any]]] = [[], []]
    for k in range(designs.GRACE + 1):
        end = np.inf if k == designs.GRACE else k + 1.0
        stop = np.minimum(np.minimum(time, end), start)
        rows = np.flatnonzero((time > k) & (start > k) & (stop > k))
        ends = np.where((stop == time) & (start > time), event, 0)[rows]
        goes_on = (stop[rows] == end) & (start[rows] > end)
        weight = (1 - p[rows]) ** -min(k + 1, designs.GRACE)
        parts[0].append([rows, np.full(rows.size, float(k)), stop[rows], ends, goes_on, weight])
    grace = float(designs.GRACE)
    stop = np.minimum(time, grace)
    rows = np.arange(cohort.n)
    early = np.where(time <= grace, event, 0)
    goes_on = (time > grace) & (start < grace)
    parts[1].append([rows, np.zeros(cohort.n), stop, early, goes_on, np.ones(cohort.n)])
    rows = np.flatnonzero(goes_on)
    weight = 1 / (1 - (1 - p[rows]) ** designs.GRACE)
    whole = np.zeros(rows.size, dtype=bool)
    parts[1].append([rows, np.full(rows.size, grace), time[rows], event[rows], whole, weight])
    out = []
    for part in parts:
        person, begin, end_, what, on, w = (
            np.concatenate(column) for column in zip(*part, strict=True)
        )
        arm = ArmRows.of(
            person, end_, what.astype(np.int64), start=begin, continues=on.astype(bool)
        )
        out.append((arm, w))
    return out


def weighted_effect(
    n: int = 1500,
    *,
    seed: int = 3,
    log_hazard: float = float(np.log(0.6)),
    diagnostics: tuple[Diagnostic, ...] = (PASSED, NOTED),
    intervals: bool = True,
    competing: bool = False,
    late: bool = False,
    **changes: Any,
) -> Effect:
    """Return an effect of weighted clones with every detail filled."""
    cohort = designs.lt1(n, seed, log_hazard=log_hazard)
    if competing:
        other = np.random.default_rng(seed).random(n) < 0.3
        cohort = replace(
            cohort,
            event=np.where((cohort.event == 1) & other, 2, cohort.event),
            event_labels=("death from breast cancer", "other death"),
        )
    question = designs.question(
        **({"outcome": "death from breast cancer"} if competing else {}), **changes
    )
    grid = question.grid()
    arms, influences = [], []
    for label, (rows, weight) in zip(
        (question.comparator_label, question.treated_label), clone_rows(cohort), strict=True
    ):
        if late:
            rows = _later(rows, seed)
        curve, area = arm_values(rows, weight[None, :], grid, competing=competing)
        influence = person_sums(
            rows, arm_row_influence(rows, weight, grid, competing=competing)[0], n
        )
        influences.append(influence)
        se = np.sqrt((influence**2).sum(axis=0))
        low, high = log_log_limits(curve[0], se)
        if not intervals:
            se, low, high = (np.full(grid.size, np.nan) for _ in range(3))
        steps = arm_steps(rows, weight, question.horizon_months, competing=competing)
        arms.append(
            ArmCurve(
                label=label, time=grid, estimate=curve[0], se=se, ci_low=low, ci_high=high,
                restricted_mean=area[0], step_time=steps[0], step_estimate=steps[1],
                counts=arm_counts(rows, weight, count_times(question.horizon_months)),
            )
        )  # fmt: skip
    difference = arms[1].estimate - arms[0].estimate
    se = np.sqrt(((influences[1] - influences[0]) ** 2).sum(axis=0))
    if not intervals:
        se = np.full(grid.size, np.nan)
    return Effect(
        method="clone_censor_weight",
        title="Clone-censor-weight",
        estimand=(
            "Difference if all were treated within 6 months, at their natural time, against if "
            "none ever were."
        ),
        biased=None,
        question=question,
        arms=(arms[0], arms[1]),
        difference=DifferenceCurve(
            time=grid, estimate=difference, se=se,
            ci_low=difference - Z * se, ci_high=difference + Z * se,
        ),
        contrasts=_contrasts(question, grid, arms, difference, se, competing=competing),
        n=n,
        n_treated=int((cohort.treatment_time <= 6).sum()),
        interval="influence" if intervals else "none",
        replicates=0,
        failed_replicates=0,
        balance=balance(),
        weights=weights(question),
        flow=flow(question),
        diagnostics=diagnostics,
        notes=("The hazard ratio is of unstabilised weights.",),
        attrition=ATTRITION,
        synthetic=True,
        provenance=Provenance(input_sha256="0" * 64),
    )  # fmt: skip


def log_log_limits(estimate: Any, se: Any) -> tuple[Any, Any]:
    """Return 95% limits that are symmetric on the scale log(-log p)."""
    inside = (estimate > 0) & (estimate < 1)
    p = np.where(inside, estimate, 0.5)
    reach = Z * se / np.abs(p * np.log(p))
    low, high = p ** np.exp(reach), p ** np.exp(-reach)
    return np.where(inside, low, estimate), np.where(inside, high, estimate)


def _later(rows: ArmRows, seed: int) -> ArmRows:
    """Let a part of the persons come under observation later."""
    entry = np.random.default_rng(seed).uniform(-20, 12, size=int(rows.person.max()) + 1)
    begin = np.maximum(rows.start, entry[rows.person])
    begin = np.where(begin < rows.stop, begin, rows.stop - 1e-3)
    return ArmRows.of(rows.person, rows.stop, rows.event, start=begin, continues=rows.continues)


def _contrasts(question, grid, arms, difference, se, *, competing):
    kinds = ("incidence", "time_lost") if competing else ("survival", "rmst")
    out = []
    for at in question.at_months:
        i = int(np.flatnonzero(grid == at)[0])
        out.append(
            Contrast(
                measure=f"{kinds[0]}_difference", at_months=at,
                estimate=Estimate(
                    estimate=float(difference[i]), se=float(se[i]),
                    ci_low=float(difference[i] - Z * se[i]),
                    ci_high=float(difference[i] + Z * se[i]), level=95.0, scale="identity",
                ),
                comparator=float(arms[0].estimate[i]), treated=float(arms[1].estimate[i]),
            )
        )  # fmt: skip
    means = [float(arm.restricted_mean[-1]) for arm in arms]
    gap, spread = means[1] - means[0], 12 * float(se[-1])
    for measure, value, s, scale in (
        (f"{kinds[1]}_difference", gap, spread, "identity"),
        ("hazard_ratio", float(np.log(0.63)), 2 * float(se[-1]), "log"),
    ):
        out.append(
            Contrast(
                measure=measure, at_months=question.horizon_months,
                estimate=Estimate(
                    estimate=value, se=s, ci_low=value - Z * s, ci_high=value + Z * s,
                    level=95.0, scale=scale,
                ),
                comparator=means[0], treated=means[1],
            )
        )  # fmt: skip
    return tuple(out)


def balance(
    variables: int = 12, times: tuple[float, ...] = (0.0, 6.0), seed: int = 5
) -> tuple[BalanceRow, ...]:
    """Return balance of made-up variables."""
    names = [
        "age", "ECOG 0", "ECOG 1", "ECOG 2 or worse", "HR+/HER2−", "HR+/HER2+", "HR−/HER2+",
        "triple-negative", "number of lesions", "visceral metastasis", "brain metastasis",
        "site: hospital of the university, department of gynaecology and obstetrics",
    ]  # fmt: skip
    names += [f"variable {i}" for i in range(len(names), variables)]
    rng = np.random.default_rng(seed)
    rows = []
    for at in times:
        for name in names[:variables]:
            before = float(rng.normal(0, 0.25))
            after = float(rng.normal(0, 0.04))
            rows.append(
                BalanceRow(
                    variable=name, level="", at_months=at, before=before, after=after,
                    mean_treated=0.4 + after / 2, mean_comparator=0.4,
                    raw_treated=0.4 + before / 2, raw_comparator=0.4,
                )
            )  # fmt: skip
    return tuple(rows)


def weights(
    question: Any, times: tuple[float, ...] = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 12.0, 36.0)
):
    """Return weights that grow as those of clones do."""
    out = []
    for arm, label in enumerate((question.comparator_label, question.treated_label)):
        for at in times:
            n = int(1500 * 0.97**at * (0.9 if arm == 0 else (1.0 if at < 6 else 0.45)))
            grown = min(at, 6) / 6 if arm == 0 else float(at >= 6)
            median, p99, most = 1 + grown, 1 + 4 * grown, 1 + 17 * grown * (1 + arm)
            mean = 1 + 1.2 * grown
            out.append(
                WeightSummary(
                    arm=label, at_months=at, n=n, total=n * mean, mean=mean, median=median,
                    p99=p99, largest=most, ess=n * (1 - 0.35 * grown),
                    top_share=0.01 + 0.05 * grown,
                )
            )  # fmt: skip
    return tuple(out)


def flow(question: Any) -> tuple[FlowStep, ...]:
    """Return the flow of clones."""
    no, yes = question.comparator_label, question.treated_label
    return (
        FlowStep(arm=None, name="persons in the cohort", n=1500),
        FlowStep(arm=None, name="clones, one per person and strategy", n=3000),
        FlowStep(arm=no, name="clones", n=1500),
        FlowStep(arm=no, name="censored because treatment began", n=640),
        FlowStep(arm=no, name="died before the end of the grace period", n=212),
        FlowStep(arm=no, name="followed after the grace period", n=648),
        FlowStep(arm=yes, name="clones", n=1500),
        FlowStep(arm=yes, name="treated within the grace period", n=640),
        FlowStep(arm=yes, name="died before the end of the grace period, untreated", n=170),
        FlowStep(arm=yes, name="censored at the end of the grace period, untreated", n=690),
        FlowStep(arm=yes, name="treated in the last interval (deadline)", n=71),
    )

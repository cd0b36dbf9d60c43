"""Results of selection for figures and reports: one analysed, others put together by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from locoreg.core.estimate import Estimate
from locoreg.emulation.benchmark import TrialEstimate
from locoreg.emulation.cohort import Attrition
from locoreg.emulation.cohort.attrition import AttritionStep
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.assess.outcomes import SubgroupDifference, SubgroupEffects
from locoreg.selection.assess.results import (
    Calibration,
    GroupEffect,
    GroupEffects,
    Harm,
    PolicyValue,
    TargetingCurve,
    ValueCurve,
)
from locoreg.selection.assess.robustness import (
    BiasBound,
    CovariateStrength,
    Frequency,
    HiddenBias,
    MarginalBound,
    MarginalSensitivity,
    NegativeControl,
    NegativeControls,
    SiteOptions,
    SiteResult,
    Stability,
    Strength,
    Transport,
    anchor,
)
from locoreg.selection.data import selection_data
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules import HonestRule, RuleOptions, fit_rule, honest_rule
from locoreg.selection.scores import ScoreOptions, scores
from locoreg.workflows.selection.plan import SelectionPlan
from locoreg.workflows.selection.result import SelectionResult
from locoreg.workflows.selection.task import select_from_data
from tests.selection.rules.made import patient_scores, scores_of

LONG = (
    "surgery of the primary tumour with clear margins within 6 months of the first metastasis, "
    "& nothing else <b>",
    "no surgery of the primary tumour, whatever else is done, for the whole of follow-up",
)
FAILED = Diagnostic(
    name="overlap", title="Overlap of the probability of treatment", verdict="fail", value=0.2,
    threshold=0.5, message="the two distributions overlap by 0.2.", advice="Leave persons out.",
)  # fmt: skip


def estimate(mid: float, se: float = 1.0) -> Estimate:
    return Estimate(
        estimate=mid, se=se, ci_low=mid - 1.96 * se, ci_high=mid + 1.96 * se, level=95.0,
        scale="identity",
    )  # fmt: skip


def question(**other: Any) -> SelectionQuestion:
    given = {
        "measure": "rmst_difference", "horizon_months": 60.0,
        "time_zero": "6 months after the first metastasis",
        "treated_label": "surgery of the primary", "comparator_label": "systemic therapy alone",
        "outcome": "death", "level": 95.0,
    }  # fmt: skip
    return SelectionQuestion(**{**given, **other})


def curve(*, unit: str = "months", factor: float = 1.0, shares: int = 11) -> TargetingCurve:
    share = np.linspace(0.0, 1.0, shares + 1)[1:]
    mid = factor * 5.0 * (1.0 - share)
    se = factor * 1.5 * np.sqrt((1.0 - share) / share)
    return TargetingCurve(
        share=tuple(share), estimate=tuple(mid), se=tuple(se), ci_low=tuple(mid - 1.96 * se),
        ci_high=tuple(mid + 1.96 * se), band_low=tuple(mid - 2.6 * se),
        band_high=tuple(mid + 2.6 * se), level=95.0, unit=unit,
    )  # fmt: skip


def groups(
    effects: list[float], *, ses: list[float] | None = None, labels: list[str] | None = None,
    unit: str = "months", predicted: bool = True,
) -> GroupEffects:  # fmt: skip
    errors = ses or [1.0] * len(effects)
    return GroupEffects(
        title="Quantiles of the predicted effect",
        groups=tuple(
            GroupEffect(
                label=labels[i] if labels else f"{i + 1} of {len(effects)}",
                n=100 + i,
                treated=40 + i,
                comparator=60,
                predicted=0.7 * mid if predicted else None,
                effect=estimate(mid, se),
                band_low=mid - 2.6 * se,
                band_high=mid + 2.6 * se,
            )
            for i, (mid, se) in enumerate(zip(effects, errors, strict=True))
        ),
        critical=2.6,
        level=95.0,
        unit=unit,
    )


def calibration(found: GroupEffects, spread: float = 3.0) -> Calibration:
    return Calibration(
        average=estimate(1.0, 0.4), slope=estimate(1.2, 0.3), p_heterogeneity=0.0004,
        groups=found, predicted=tuple(np.linspace(-spread, 2 * spread, 99)), error=0.4,
    )  # fmt: skip


def values(costs: list[float], *, unit: str = "months") -> ValueCurve:
    return ValueCurve(
        values=tuple(
            PolicyValue(
                label="predicted effect above the cost", cost=cost,
                share_treated=max(0.0, 0.9 - 0.1 * cost), against_none=estimate(3.0 - 0.4 * cost),
                against_all=estimate(1.0 + 0.2 * cost),
                harm=(Harm(moved_from="no surgery", n=90, share=0.5, gain=estimate(4.0)),
                      Harm(moved_from="surgery", n=0, share=0.0, gain=None)),
                unit=unit,
            )
            for cost in costs
        )
    )  # fmt: skip


def marginal(factors: list[float], *, tipping: float | None = 1.7) -> MarginalSensitivity:
    return MarginalSensitivity(
        label="everybody", value=estimate(4.0), against=0.0,
        bounds=tuple(
            MarginalBound(
                factor=f, lower=estimate(4.0 - 6.0 * np.log(f)),
                upper=estimate(4.0 + 6.0 * np.log(f)),
            )
            for f in factors
        ),
        tipping=tipping, tipping_limit=None if tipping is None else 1.3,
        reading="Odds of treatment wrong by a factor of 1.7 would explain the gain.", notes=(),
    )  # fmt: skip


@cache
def tree(depth: int, *, long: bool = False) -> HonestRule:
    """Return a rule of some depth, with names that don't fit into a line if asked for."""
    options = RuleOptions(
        cost=0.5, seed=1, depth=depth, min_persons=30, min_treated=10, min_comparator=10, jobs=1
    )
    found = patient_scores(900, 3)
    if long:
        rng = np.random.default_rng(1)
        first, second = rng.random(900) < 0.5, rng.random(900)
        names = [
            "the number of organs with metastases at the time of the first staging after diagnosis",
            "response_to_systemic_therapy_within_six_months",
        ]
        covariates = {
            names[0]: np.where(first, "one organ with at most three lesions <b>", "several organs"),
            names[1]: [None if v < 0.1 else float(np.round(v, 4)) for v in second],
        }
        gamma = np.where(first & (second > 0.5), 6.0, -3.0) + rng.standard_normal(900)
        found = scores_of(gamma, covariates)
    return honest_rule(found, options)


@cache
def one_leaf() -> HonestRule:
    """Return a rule that treats everybody alike."""
    found = scores_of(np.full(400, 3.0) + 0.01 * np.arange(400) % 3, {"age": np.arange(400.0)})
    options = RuleOptions(cost=0.0, seed=1, depth=1, min_persons=30, jobs=1)
    made = honest_rule(found, options)
    assert len(made.rule.leaves) == 1
    assert fit_rule(found, options).tree.leaves == 1
    return made


def _persons(n: int) -> Any:
    rng = np.random.default_rng(7)
    age = np.round(rng.normal(60, 11, n))
    organs = rng.choice([1.0, 2.0, 3.0, 5.0], n)
    subtype = rng.choice(["HR+", "TN"], n)
    marker = rng.uniform(5.0, 60.0, n)
    marker[rng.random(n) < 0.15] = np.nan
    treated = rng.random(n) < 1.0 / (1.0 + np.exp(0.02 * (age - 60)))
    good = organs <= 2
    hazard = 0.03 * np.where(treated, np.where(good, 0.25, 1.5), 1.0)
    death, lost = rng.exponential(1.0 / hazard), rng.uniform(40.0, 120.0, n)
    return selection_data(
        time=np.minimum(death, lost), event=(death <= lost).astype(int), treated=treated,
        covariates={"age": age, "organs": organs, "subtype": subtype, "marker": marker},
        source="made-up table",
    )  # fmt: skip


def plan() -> SelectionPlan:
    rule = RuleOptions(
        cost=1.0, seed=1, depth=1, min_persons=30, min_treated=10, min_comparator=10, jobs=1
    )
    return SelectionPlan(
        cost=1.0, seed=1, rule=rule, learner="spline", costs=(0.0, 3.0), groups=4, jobs=1,
        folds=4, odds_factors=(1.0, 1.5, 2.0),
    )  # fmt: skip


@cache
def result() -> SelectionResult:
    """Return a result whose rule is shown."""
    found = select_from_data(_persons(600), question(), plan(), sensitivity=False)
    assert found.shows_rule
    return found


@cache
def no_rule() -> SelectionResult:
    """Return the same where the data don't support a rule."""
    worth = replace(
        result().worth, given=False, reasons=("That effects are the same is not rejected.",)
    )
    return replace(result(), worth=worth)


@cache
def contradicted() -> SelectionResult:
    """Return the same where the randomised trials contradict the data; patients made up."""
    persons = _persons(600)
    months = question(measure="survival_difference")
    found = scores(persons, months, ScoreOptions(seed=1, folds=2, jobs=1))
    trial = TrialEstimate(
        study_id="t", label="TRIAL", year=2018,
        estimate=Estimate(
            estimate=0.3, se=0.05, ci_low=0.202, ci_high=0.398, level=95.0, scale="log"
        ),
    )  # fmt: skip
    beside = anchor(found, np.ones(persons.n, dtype=bool), (trial,), widest_ratio=2.0)
    assert beside.verdict == "not credible"
    doubts = result().doubts
    credibility = replace(
        doubts.credibility, verdict="not credible", reading=beside.reading, not_done=()
    )
    steps = (AttritionStep(name="adults", excluded=12, left=600, unknown=2),)
    data = replace(
        result().data, synthetic=True,
        attrition=Attrition(source="simulated registry", started=612, steps=steps),
    )  # fmt: skip
    return replace(
        result(), data=data, doubts=replace(doubts, anchor=beside, credibility=credibility)
    )


@cache
def failing() -> SelectionResult:
    """Return the same where a diagnostic of the data failed."""
    return replace(result(), diagnostics=(FAILED, *result().diagnostics))


def _doubts() -> dict[str, Any]:
    """Return checks that `result` was not put to, by hand."""
    strength = Strength(label="as strong as ecog", outcome=0.02, treatment=0.03)
    bound = BiasBound(
        strength=strength, bias=0.4, lower=estimate(3.0), upper=estimate(3.9),
        value_lower=estimate(1.0), value_upper=estimate(2.0),
    )  # fmt: skip
    value = values([1.0]).values[0]
    site = SiteResult(
        site="North <b>", n=120, treated=50, comparator=70, average=estimate(2.5),
        autoc=estimate(0.7), intercept=estimate(0.1), slope=None, value=value,
    )  # fmt: skip
    return {
        "omitted": tuple(
            replace(one, bounds=(bound, replace(bound, strength=replace(strength, label="age"))))
            for one in result().doubts.omitted
        ),
        "strengths": (
            CovariateStrength(
                name="ecog", label="everybody", strength=strength, effect=estimate(3.5),
                without=estimate(3.1), change=-0.4, odds_factor=1.37, reading="Weaker than that.",
            ),
        ),
        "explained": (
            HiddenBias(
                label="everybody", confounder={}, effect=estimate(3.5), against=0.0, bias=2.9,
                adjusted=estimate(0.6), verdict="explains", outcome=0.1, treatment=0.1,
                correlation=1.0, reading="A hidden confounder of that size explains the effect.",
            ),
        ),
        "controls": NegativeControls(
            controls=(
                NegativeControl(
                    name="second primary", label="everybody", horizon_months=36.0, n=590,
                    events=31, left_out=10, effect=None, diagnostic=FAILED,
                ),
            ),
            reading="The control can't be estimated.",
        ),
        "transport": Transport(
            learner="spline", options=SiteOptions(cost=1.0, seed=1), sites=(site,),
            too_small=(("Hill", 17),), between=(), reading="Learnt elsewhere it holds.",
            notes=("One site is too small.",),
        ),
        "stability": Stability(
            halves=20, failed=("half 3: too few",),
            variables=(Frequency(name="organs", count=19, share=0.95),),
            cuts=(Frequency(name="organs above 2", count=15, share=0.75),), spread=(),
            agreement=0.9, always=0.5, never=0.4, treated=(0.5, 0.4, 0.6), value=(3.0, 2.0, 4.0),
            value_over_all=(1.0, 0.5, 1.5), worse=0.1, unit="months", seed=1,
            reading="Most halves decide alike.",
        ),
        "notes": ("Comparison with randomised trials: not made. There is none.",),
    }  # fmt: skip


@cache
def full() -> SelectionResult:
    """Return the same with subgroups and every check, put together by hand."""
    found = groups([-1.0, 4.0], labels=["subtype: HR+", "subtype: TN"], predicted=False)
    differences = (
        SubgroupDifference(label="subtype: HR+", difference=estimate(-5.0), p=0.0001,
                           p_adjusted=0.0002),
        SubgroupDifference(label="everybody", difference=None, p=None, p_adjusted=None),
    )  # fmt: skip
    return replace(
        result(),
        subgroups=SubgroupEffects(
            groups=replace(found, title="Subgroups of the protocol"), differences=differences
        ),
        doubts=replace(result().doubts, **_doubts()),
    )

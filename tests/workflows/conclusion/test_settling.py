"""The parts of a planning entry beside the trial's size."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.sequential import Adjustment, SequentialOptions
from locoreg.planning.assured import assurance
from locoreg.planning.mixture import believed
from locoreg.stats.groupsequential import FutilityRule, Spending
from locoreg.workflows.conclusion import plan_trials
from locoreg.workflows.conclusion.settling import trial_asked
from locoreg.workflows.evidence import pool_question
from locoreg.workflows.planning.trialasked import design_asked
from locoreg.workflows.sequential import sequential_of_pool
from tests.workflows.conclusion import runs

SEQUENTIAL = {
    "hazard_ratio": 0.8,
    "spending": "obrien-fleming",
    "futility": "non-binding",
    "heterogeneity": "diversity",
    "heterogeneity_value": "estimated",
    "smallest_step": 5,
}
LOOKS = {"information": [0.5, 1], "spending": "obrien-fleming", "futility": "none"}
ACCRUAL = {
    "studies": ["fitzal2019", "khan2022"],
    "patients": [400],
    "rate": 4,
    "rate_factor": 5,
    "variation": 0.5,
    "stops": 0.5,
    "stop_months": 120,
}
ENRICHMENT = {
    "selection": "who",
    "horizon_months": 36,
    "eligible_per_month": 10,
    "between_groups_sd": 3,
    "patients": [400],
}


def entry(results: Any, **changes: Any) -> Any:
    kept: dict[str, object] = {}
    plan = runs.planning(**changes)
    found = plan_trials(results, [plan], tables=("shipped",), keep=kept.__setitem__)[0]
    return found, kept


def test_what_is_not_asked_for_is_null(evidence_results: Any) -> None:
    found, kept = entry(evidence_results)
    parts = ("sequential", "looks", "assurance", "value", "accrual", "enrichment")
    assert [found[name] for name in parts] == [None] * 6
    assert found["tests"] == []
    assert kept == {}


def test_boundaries_are_those_of_the_pool_itself(evidence_results: Any) -> None:
    found, kept = entry(evidence_results, sequential=SEQUENTIAL)
    pool = pool_question(runs.shipped(), "primary-surgery", design="rct")
    assert isinstance(pool, EvidencePool)
    spending = Spending(name="obrien-fleming")
    options = SequentialOptions(
        effect=0.8, scale="log", alpha=0.05, power=0.9, sides=2, spending=spending,
        futility=FutilityRule(spending=spending, binding=False, wedge="tail"),
        adjustment=Adjustment(kind="diversity", value=None), size_for="single look",
        method="REML", interval="hartung-knapp", level=95, smallest_step=5, ties="in order",
        penalty=None,
    )  # fmt: skip
    same = sequential_of_pool(pool, options)
    told = found["sequential"]
    assert told["refused"] == ""
    assert [row["study_id"] for row in told["rows"]] == [row.study_id for row in same.analysis.rows]
    for ours, theirs in zip(told["rows"], same.analysis.rows, strict=True):
        assert ours["z"] == pytest.approx(theirs.z, abs=1e-12)
        assert ours["fraction"] == pytest.approx(theirs.fraction, rel=1e-12)
    assert told["favours_low"] == same.favours_low
    assert list(kept) == [told["key"]]


def test_a_stated_diversity_takes_the_place_of_the_estimated_one(evidence_results: Any) -> None:
    stated = {**SEQUENTIAL, "heterogeneity_value": 0.5}
    found, _ = entry(evidence_results, sequential=stated)
    none = {**SEQUENTIAL, "heterogeneity": "none"}
    del none["heterogeneity_value"]
    plain, _ = entry(evidence_results, sequential=none)
    single = plain["sequential"]["required"]["required"]
    assert found["sequential"]["required"]["required"] == pytest.approx(2 * single, rel=1e-12)
    z = 1.959963984540054 + 1.2815515655446004
    assert single == pytest.approx((z / math.log(0.8)) ** 2, rel=1e-9)


def test_assurance_is_that_of_the_kernel(evidence_results: Any) -> None:
    asked = {"patients": [400], "tau_scale": 0.5, "minimal_hazard_ratio": 0.8}
    found, _ = entry(evidence_results, assurance=asked)
    studies = evidence_results["questions"][0]["pools"][0]["pool"]["studies"]
    belief = believed(
        [one["yi"] for one in studies], [one["se"] ** 2 for one in studies], tau_scale=0.5
    )
    design = design_asked(trial_asked(runs.planning()), "1")
    same = assurance(design, belief.new_trial, patients=400, minimal_ratio=0.8)
    told = found["assurance"]["new_trial"][0]
    assert told["benefit"] == pytest.approx(same.benefit, rel=1e-9)
    assert told["benefit"] + told["harm"] + told["neither"] == pytest.approx(1.0)
    value = found["value"]["values"][0]
    assert [held["rule"]["kind"] for held in value["conclusions"]] == [
        "excludes null", "against important",
    ]  # fmt: skip
    for held in value["conclusions"]:
        assert math.fsum(held["chance"]) == pytest.approx(1.0, abs=1e-6)


def test_other_tests_take_the_same_trial(evidence_results: Any) -> None:
    found, _ = entry(evidence_results, rmst_months=60, landmark_months=36, hazard_ratio=[0.7])
    told = [(one["test"], one["patients"]) for one in found["tests"]]
    assert [name for name, _ in told] == ["rmst", "landmark"]
    for one in found["tests"]:
        assert 0.9 <= one["power"] < 0.91


def test_looks_need_more_events_than_one_look(evidence_results: Any) -> None:
    found, _ = entry(evidence_results, looks=LOOKS)
    told = found["looks"]
    assert told["hazard_ratio"] == 0.7
    assert told["events"] > told["events_single"]
    assert told["looks"][-1]["events"] == told["events"]
    assert told["looks"][0]["hr_futility"] != told["looks"][0]["hr_futility"]


def test_accrual_rests_on_the_trials_that_are_named(evidence_results: Any) -> None:
    found, _ = entry(evidence_results, accrual=ACCRUAL)
    (told,) = found["accrual"]["forecasts"]
    assert [one["study_id"] for one in told["trials"]] == ["fitzal2019", "khan2022"]
    assert told["months"] == 84
    assert 0 < told["too_slow"] < 1
    missing, _ = entry(evidence_results, accrual={**ACCRUAL, "studies": ["nobody"]})
    (refused,) = missing["accrual"]["forecasts"]
    assert "nobody" in refused["refused"]


def test_enrichment_without_its_selection_says_so(evidence_results: Any) -> None:
    found, kept = entry(evidence_results, enrichment=ENRICHMENT)
    assert "no selection 'who'" in found["enrichment"]["refused"]
    assert kept == {}


def test_a_pool_that_no_trial_joins_refuses_what_rests_on_it(evidence_results: Any) -> None:
    found, _ = entry(
        evidence_results, design="observational", sequential=SEQUENTIAL,
        assurance={"patients": [400], "tau_scale": 0.5}, looks=LOOKS,
    )  # fmt: skip
    for name in ("sequential", "assurance", "value"):
        assert "without randomisation" in found[name]["refused"]
    assert found["looks"]["refused"] == ""


@pytest.mark.parametrize(
    ("part", "changes", "words"),
    [
        ("sequential", {"hazard_ratio": 1}, "no effect"),
        ("sequential", {"heterogeneity_value": 1.5}, "fractions under 1"),
        ("sequential", {"heterogeneity": "none"}, "goes with"),
        ("sequential", {"spending": "haybittle"}, "obrien-fleming"),
        ("looks", {"information": [0.5, 0.9]}, "end in 1"),
        ("looks", {"information": [1, 0.5]}, "ascend"),
        ("accrual", {"rate_factor": 1}, "greater than 1"),
        ("accrual", {"studies": []}, "at least 1"),
        ("enrichment", {"eligible_per_month": 0}, "greater than 0"),
    ],
)
def test_what_does_not_fit_is_named(part: str, changes: dict[str, Any], words: str) -> None:
    given = {
        "sequential": SEQUENTIAL, "looks": LOOKS, "accrual": ACCRUAL, "enrichment": ENRICHMENT,
    }[part]  # fmt: skip
    with pytest.raises(ValidationError, match=words):
        runs.planning(**{part: {**given, **changes}})


def test_numbers_of_patients_differ() -> None:
    with pytest.raises(ValidationError, match="twice"):
        runs.planning(assurance={"patients": [400, 400], "tau_scale": 0.5})

"""The next trial of a study file: the numbers of planning, joined to the pool."""

from __future__ import annotations

import copy
import math
from typing import Any

from locoreg.planning import add_trial, events_required
from locoreg.workflows.conclusion import plan_trials
from tests.workflows.conclusion import runs

CLOSED = 1e-9


def entry(results: Any, **changes: Any) -> Any:
    return plan_trials(results, [runs.planning(**changes)], tables=("shipped",))[0]


def test_size_is_that_of_the_formula(evidence_results: Any) -> None:
    for trial in entry(evidence_results)["trials"]:
        needed = events_required(
            trial["hazard_ratio"], power=0.9, alpha=0.05, sides=2, allocation=0.5,
            formula="schoenfeld",
        )  # fmt: skip
        assert trial["size"]["events"] == math.ceil(needed)
        assert trial["refused"] == ""


def test_information_is_four_over_the_variance_of_the_pool(evidence_results: Any) -> None:
    pool = evidence_results["questions"][0]["pools"][0]["pool"]
    found = entry(evidence_results)["trials"][0]["information"]
    assert abs(found["events"] - 4 / pool["normal_interval"]["se"] ** 2) < CLOSED
    assert abs(found["events_alike"] - 4 / pool["common_effect"]["se"] ** 2) < CLOSED
    assert found["share"] == found["events"] / found["required"]


def test_the_pool_with_it_rests_on_the_studies_and_their_tau2(evidence_results: Any) -> None:
    pool = evidence_results["questions"][0]["pools"][0]["pool"]
    trial = entry(evidence_results)["trials"][0]
    same = add_trial(
        [s["yi"] for s in pool["studies"]], [s["se"] ** 2 for s in pool["studies"]],
        tau2=pool["tau2"], log_hazard_ratio=math.log(0.7),
        variance=4 / trial["size"]["events"], level=95,
    )  # fmt: skip
    assert trial["added"]["chance"] == same.chance
    assert trial["added"]["pool"] == same.pool.to_dict()


def test_before_the_trial_its_weights_give_the_pool(evidence_results: Any) -> None:
    pool = evidence_results["questions"][0]["pools"][0]["pool"]
    weights = [1 / (s["se"] ** 2 + pool["tau2"]) for s in pool["studies"]]
    mu = sum(w * s["yi"] for w, s in zip(weights, pool["studies"], strict=True)) / sum(weights)
    assert abs(mu - pool["mu"]["estimate"]) < 1e-8
    assert abs(1 / math.sqrt(sum(weights)) - pool["normal_interval"]["se"]) < 1e-8


def test_without_a_pool_the_trial_has_its_size_and_no_more(evidence_results: Any) -> None:
    found = entry(evidence_results, question="lung-metastasectomy")
    assert "none is recorded" in found["refused"]
    assert found["trials"][0]["size"]["events"] == 331
    assert found["trials"][0]["added"] is None


def test_another_measure_is_not_joined(evidence_results: Any) -> None:
    results = copy.deepcopy(evidence_results)
    results["questions"][0]["pools"][0]["pool"]["measure"] = "OR"
    found = entry(results)
    assert "planned by HR" in found["refused"]
    assert found["pool"] is None


def test_a_pool_of_the_other_direction_is_met_in_its_own(evidence_results: Any) -> None:
    results = copy.deepcopy(evidence_results)
    pool = results["questions"][0]["pools"][0]["pool"]
    pool["reference_arm"] = "intervention"
    for one in pool["studies"]:
        one["yi"] = -one["yi"]
    turned = entry(results)["trials"][0]["added"]
    straight = entry(evidence_results)["trials"][0]["added"]
    assert abs(turned["pool"]["estimate"] + straight["pool"]["estimate"]) < CLOSED
    assert abs(turned["chance_above"] - straight["chance_below"]) < CLOSED


def test_a_common_effect_pool_has_no_tau2(evidence_results: Any) -> None:
    results = copy.deepcopy(evidence_results)
    results["questions"][0]["pools"][0]["pool"]["tau2"] = None
    assert entry(results)["pool"]["tau2"] == 0.0


def test_an_effect_next_to_none_is_refused_by_itself(evidence_results: Any) -> None:
    found = entry(evidence_results, hazard_ratio=[0.7, 0.99999])
    assert "takes more than" in found["trials"][1]["refused"]
    assert found["trials"][0]["size"] is not None


def test_each_formula_is_named_with_its_source(evidence_results: Any) -> None:
    told = " ".join(one["text"] for one in entry(evidence_results)["formulas"])
    for word in ("Schoenfeld 1983", "Freedman 1982", "Lachin and Foulkes 1986", "τ²", "normal"):
        assert word in told


def test_a_trial_is_not_joined_to_comparisons_without_randomisation(evidence_results: Any) -> None:
    found = entry(evidence_results, design="observational")
    assert "without randomisation" in found["refused"]
    assert found["pool"] is None
    for trial in found["trials"]:
        assert trial["size"]["events"] > 0
        assert trial["information"] is None
        assert trial["added"] is None

"""What a study file may ask of how sure a pool is, and what it may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import ValidationError

from locoreg.core.errors import DataError, DesignError
from locoreg.workflows.conclusion import check_plans
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.sureness import HowSurePlan
from locoreg.workflows.sureness.checkrules import check_rules
from locoreg.workflows.sureness.priortexts import tau_prior_of
from tests.workflows.conclusion.runs import FINDINGS
from tests.workflows.sureness.smallpools import PLAN, designs

BAYES = PLAN["bayes"]
SMALL = {"alpha": 10, "steps": [0.025], "alternative": "less"}


def plan(**changes: Any) -> HowSurePlan:
    return HowSurePlan.model_validate({**PLAN, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bayes": None}, "nothing is asked; give bayes, small_study, designs or certainty"),
        ({"bayes": {**BAYES, "tau_priors": ["half-normal"]}}, "tau_priors"),
        ({"bayes": {**BAYES, "tau_priors": ["turner(2015)"]}}, "can't be read"),
        ({"bayes": {**BAYES, "tau_priors": ["half-normal(1)", "half-normal(1)"]}}, "given twice"),
        ({"bayes": {**BAYES, "mu_prior": "cauchy(1)"}}, "mu_prior"),
        ({"bayes": {**BAYES, "thresholds": []}}, "thresholds"),
        ({"bayes": {"tau_priors": ["half-normal(1)"], "mu_prior": "flat"}}, "thresholds"),
        ({"small_study": {**SMALL, "alpha": 0.1}}, "0.1 is read as 0.1 percent: write 10"),
        ({"small_study": {**SMALL, "steps": [0.5, 0.1]}}, "the steps ascend"),
        ({"small_study": {**SMALL, "alternative": "lower"}}, "alternative"),
        ({"designs": designs()}, "ladder"),
        ({"designs": designs({"design": "rct"})}, "rct is none of observational"),
        ({"designs": designs({"design": "emulation:"})}, "emulation:NAME"),
        (
            {"designs": designs({"design": "matched"}, {"design": "observational"})},
            "observational already holds the studies of matched",
        ),
        ({"designs": designs({"design": "matched"}, {"design": "matched"})}, "given twice"),
        ({"designs": designs({"design": "matched", "weight": 1.5})}, "weight"),
        ({"designs": designs({"design": "matched", "source": ""})}, "source"),
        (
            {"design": "observational", "designs": designs({"design": "matched"})},
            "ask it of a pool of rct",
        ),
        ({"certainty": {"information": None}}, "otherwise"),
        (
            {"certainty": {
                "otherwise": "low",
                "information": {"alpha": 0.05, "power": 90, "sides": 2, "allocation": 0.5},
            }},
            "write 5",
        ),
    ],
)  # fmt: skip
def test_what_may_not_be_asked(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(**changes)


def test_nothing_that_defines_an_answer_has_a_default() -> None:
    asked = {"bayes": BAYES, "small_study": SMALL, "designs": designs({"design": "matched"})}
    for name, part in asked.items():
        for key in part:
            less = {one: value for one, value in part.items() if one != key}
            with pytest.raises(ValidationError, match=f"{name}.{key}"):
                plan(**{name: less})
    for key in ("mean", "shared_sd", "own_sd", "weight", "source"):
        part = designs({"design": "matched"})
        del part["ladder"][0][key]
        with pytest.raises(ValidationError, match=key):
            plan(designs=part)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("half-normal(0.5)", (0.5,)),
        ("turner(2015, all-cause mortality, non-pharmacological v pharmacological)", (-2.92, 1.02)),
        (
            "Turner(2015, cause-specific mortality, major morbidity or composite, "
            "pharmacological v control)",
            (-3.71, 1.74),
        ),
        ("turner(2015, any, any)", (-2.56, 1.74)),
        ("turner(2012, subjective, non-pharmacological)", (-2.01, 1.64)),
    ],
)
def test_priors_as_they_are_written(text: str, numbers: tuple[float, ...]) -> None:
    assert tau_prior_of(text).numbers == numbers


@pytest.mark.parametrize(
    "text", ["turner(1999, any, any)", "turner(2015, death, any)", "turner(x, any, any)", "none"]
)
def test_priors_that_are_not_there(text: str) -> None:
    with pytest.raises(DesignError):
        tau_prior_of(text)


@dataclass(frozen=True)
class Asked:
    question: str
    outcomes: tuple[str, ...]
    designs: tuple[str, ...]


ASKED = [Asked("primary-surgery", ("overall_survival",), ("rct", "observational"))]


def test_pools_are_those_of_the_evidence_part_and_each_is_asked_once() -> None:
    check_plans(ASKED, [], [], [plan()])
    with pytest.raises(DataError, match=r"how_sure.0.outcome"):
        check_plans(ASKED, [], [], [plan(outcome="overall-survival")])
    with pytest.raises(DataError, match=r"how_sure.1: .* is given twice"):
        check_plans(ASKED, [], [], [plan(), plan()])


def finding(**changes: Any) -> FindingsPlan:
    return FindingsPlan.model_validate({**FINDINGS, **changes})


def test_rules_of_certainty_need_the_findings_of_their_pool() -> None:
    asked = [plan(certainty={"otherwise": "low"})]
    check_rules(asked, [finding()])
    check_rules([plan()], [])
    with pytest.raises(DataError, match=r"how_sure.0.certainty: there is no entry of findings"):
        check_rules(asked, [finding(design="observational", certainty=None)])


def test_rules_and_person_start_at_the_same_level() -> None:
    judged = {"level": "moderate", "author": "a panel", "otherwise": "high",
              "reasons": [{"domain": "risk of bias", "by": -1, "reason": "so"}]}  # fmt: skip
    found = finding(design="observational", certainty=judged)
    asked = {"design": "observational", "certainty": {"otherwise": "high"}}
    check_rules([plan(**asked)], [found])
    with pytest.raises(DataError, match=r"the rules start at low, .* at high"):
        check_rules([plan(**{**asked, "certainty": {"otherwise": "low"}})], [found])
    with pytest.raises(ValidationError, match="starts at low"):
        finding(design="observational", certainty={**judged, "otherwise": "low"})

"""What a study file may say of findings and planning, and what it may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import ValidationError

from locoreg.core.errors import DataError
from locoreg.workflows.conclusion import check_plans
from tests.workflows.conclusion.runs import FINDINGS, findings, planning


@dataclass(frozen=True)
class Asked:
    question: str
    outcomes: tuple[str, ...]
    designs: tuple[str, ...]


ASKED = [Asked("primary-surgery", ("overall_survival", "locoregional_progression"), ("rct",))]


def judged(level: str, *reasons: tuple[str, int]) -> dict[str, Any]:
    return {
        "level": level,
        "author": "a panel",
        "reasons": [{"domain": d, "by": by, "reason": "so"} for d, by in reasons],
    }


@pytest.mark.parametrize(
    ("design", "certainty"),
    [
        ("rct", judged("high")),
        ("rct", judged("moderate", ("imprecision", -1))),
        ("rct", judged("very low", ("imprecision", -2), ("risk of bias", -2))),
        ("observational", judged("low")),
        ("observational", judged("high", ("large effect", 2))),
        ("observational", judged("very low", ("inconsistency", -2))),
    ],
)
def test_levels_that_follow_from_the_reasons(design: str, certainty: Any) -> None:
    found = findings(design=design, certainty=certainty)
    assert found.certainty is not None
    assert found.certainty.level == certainty["level"]


@pytest.mark.parametrize(
    ("design", "certainty", "words"),
    [
        ("rct", judged("high", ("imprecision", -1)), "gives moderate and not high"),
        ("observational", judged("high"), "starts at low"),
        ("rct", judged("moderate", ("imprecision", 1)), "write -1 or -2"),
        ("rct", judged("high", ("large effect", -1)), "write 1 or 2"),
        ("rct", judged("low", ("imprecision", -1), ("imprecision", -1)), "given twice"),
    ],
)
def test_levels_that_do_not(design: str, certainty: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        findings(design=design, certainty=certainty)


@pytest.mark.parametrize(
    "changes",
    [
        {"baseline": []},
        {"baseline": [FINDINGS["baseline"][0], FINDINGS["baseline"][0]]},
        {"baseline": [{**FINDINGS["baseline"][0], "survival_percent": 0}]},
        {"baseline": [{**FINDINGS["baseline"][0], "survival_percent": 100}]},
        {"baseline": [{**FINDINGS["baseline"][0], "survival_percent": 0.679}]},
        {"baseline": [{**FINDINGS["baseline"][0], "source": ""}]},
        {"baseline": [{"label": "low", "survival_percent": 50, "at_months": 12}]},
        {"important": {}},
        {"important": {"per_1000": 30, "large_per_1000": 100}},
        {"important": {"per_1000": 30, "moderate_per_1000": 20, "large_per_1000": 100}},
        {"certainty": {"level": "certain", "author": "x", "reasons": []}},
        {"extra": 1},
    ],
)
def test_entries_of_findings_that_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        findings(**changes)


POINTS = [
    {"at_months": 36, "survival_percent": 67.9, "source": "S042"},
    {"at_months": 60, "survival_percent": 45, "source": "a made-up source"},
]


def test_a_baseline_is_one_point_or_several() -> None:
    alone = findings().baseline[0]
    assert [(one.at_months, one.survival_percent) for one in alone.stated] == [(36, 67.9)]
    found = findings(baseline=[{"label": "low", "points": POINTS}], times=[36, 60])
    assert [one.at_months for one in found.baseline[0].stated] == [36, 60]
    assert found.times == (36, 60)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"baseline": [{"label": "low"}]}, "survival_percent, at_months, source are missing"),
        ({"baseline": [{"label": "low", "at_months": 1, "survival_percent": 50}]},
         "source is missing; or write points"),
        ({"baseline": [{"label": "low", "points": POINTS, "source": "x"}]},
         "source stands beside points"),
        ({"baseline": [{"label": "low", "points": POINTS[::-1]}]}, "the points ascend"),
        ({"baseline": [{"label": "low", "points": [POINTS[0], POINTS[0]]}]}, "the points ascend"),
        ({"times": [60, 36]}, "the times ascend"),
        ({"times": [0]}, "times"),
    ],
)  # fmt: skip
def test_baselines_and_times_that_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        findings(**changes)


@pytest.mark.parametrize("key", ["power", "alpha", "sides", "allocation", "control_survival",
                                 "accrual_months", "follow_up_months", "hazard_ratio",
                                 "dropout_percent_per_year"])  # fmt: skip
def test_nothing_of_a_plan_has_a_default(key: str) -> None:
    told = planning().model_dump()
    del told[key]
    with pytest.raises(ValidationError, match=key):
        planning().model_validate(told)


@pytest.mark.parametrize(
    "changes",
    [
        {"hazard_ratio": []},
        {"hazard_ratio": [1.0]},
        {"hazard_ratio": [0.7, 0.7]},
        {"hazard_ratio": [-1]},
        {"power": 100},
        {"power": 0.9},
        {"alpha": 0},
        {"sides": 3},
        {"allocation": 0},
        {"control_survival": []},
        {"control_survival": {"percent": 50, "at_months": 12}},
        {
            "control_survival": [
                {"percent": 50, "at_months": 12, "source": "a"},
                {"percent": 60, "at_months": 24, "source": "b"},
            ]
        },
        {"alpha": 0.05},
        {"alpha": 0.025},
        {"control_survival": {"percent": 0.6, "at_months": 12, "source": "a"}},
        {"accrual_months": 0},
        {"dropout_percent_per_year": 100},
        {"unknown": 1},
    ],
)
def test_entries_of_planning_that_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        planning(**changes)


def test_a_fraction_in_place_of_percent_is_told_as_one() -> None:
    with pytest.raises(ValidationError, match=r"0.05 is read as 0.05 percent: write 5"):
        planning(alpha=0.05)
    with pytest.raises(ValidationError, match=r"0.6 is read as 0.6 percent: write 60 instead"):
        planning(control_survival={"percent": 0.6, "at_months": 12, "source": "a"})
    # The one-sided 5% of JCOG1017.
    assert planning(alpha=5, sides=1).alpha == 5


def test_one_ratio_and_one_point_may_stand_without_a_list() -> None:
    found = planning(hazard_ratio=0.7)
    assert found.hazard_ratio == (0.7,)
    assert len(found.control_survival) == 1


def test_entries_of_pools_that_are_asked_for() -> None:
    check_plans(ASKED, [findings()], [planning()])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"question": "primary-surgry"}, r"findings.0.question.*primary-surgery"),
        ({"outcome": "survival"}, r"findings.0.outcome.*overall_survival"),
        ({"design": "observational", "certainty": None}, r"findings.0.design"),
    ],
)
def test_entries_of_no_pool_are_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        check_plans(ASKED, [findings(**changes)], [])


def test_a_planning_entry_of_no_pool_is_named() -> None:
    with pytest.raises(DataError, match=r"planning.0.question"):
        check_plans(ASKED, [], [planning(question="<script>")])


def test_a_pool_is_given_once_and_a_table_stays_short() -> None:
    with pytest.raises(DataError, match="given twice"):
        check_plans(ASKED, [findings(), findings()], [])
    names = tuple(f"o{i}" for i in range(8))
    many = [Asked("primary-surgery", names, ("rct",))]
    check_plans(many, [findings(outcome=name) for name in names[:7]], [])
    with pytest.raises(DataError, match="7 at most"):
        check_plans(many, [findings(outcome=name) for name in names], [])

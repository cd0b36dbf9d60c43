"""`select`: from a protocol and persons to effects, a rule or the reason why none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.core.jsontext import dumps
from locoreg.emulation.protocol import read_example
from locoreg.registry.synthetic import simulate_registry
from locoreg.selection.data import selection_data
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.rules import RuleOptions
from locoreg.workflows.selection.plan import SelectionPlan, plan_of
from locoreg.workflows.selection.predicting import predict
from locoreg.workflows.selection.result import SelectionResult
from locoreg.workflows.selection.task import select, select_from_data
from tests.workflows.selection import persons

PATIENT = {"age": 50, "ecog": 1, "bone": "yes"}


@pytest.fixture(scope="module")
def differing() -> SelectionResult:
    """Surgery helps under 60 and harms from then on."""
    return select(persons.protocol(), table=persons.rows(500, 1, young=0.2, old=2.5), jobs=1)


@pytest.fixture(scope="module")
def alike() -> SelectionResult:
    """Surgery does nothing."""
    table = persons.rows(400, 2, young=1.0, old=1.0)
    return select(persons.protocol(), table=table, sensitivity=False, jobs=1)


@pytest.fixture(scope="module")
def contradicted() -> SelectionResult:
    """Surgery helps as no trial has found, and more in the young."""
    return select(
        persons.protocol(benchmark=persons.BENCHMARK),
        table=persons.rows(700, 3, young=0.05, old=0.5),
        jobs=1,
    )


def test_the_modifier_is_found_and_the_rule_holds_in_others(differing: SelectionResult) -> None:
    assert differing.assessment.test.found
    assert differing.shows_rule
    assert differing.rule.rule.variables == ("age",)
    young, old = differing.rule.leaves.leaves
    assert (young.treats, old.treats) == (True, False)
    assert young.effect.ci_low > 0.0 > old.effect.ci_high
    assert differing.model.rule is not None
    assert differing.model.odds_factor == differing.plan.patient_factor == 1.5


def test_the_headline_is_the_value_of_the_rule_itself(differing: SelectionResult) -> None:
    lines = differing.rule_reading.splitlines()
    held = differing.rule.value
    low, high = (f"{v:.2f}" for v in (held.against_none.ci_low, held.against_none.ci_high))
    assert lines[0] == "The data support a rule."
    assert lines[1].startswith(f"On {differing.rule.leaves.persons} persons whom the rule did not")
    assert f"({low} to {high}) over treating nobody" in lines[1]
    assert lines[2].startswith("Rules of all folds but one")
    assert "intervals that are too short" in lines[2]


def test_text_has_one_order_and_every_effect_an_interval(differing: SelectionResult) -> None:
    text = differing.summary()
    parts = (
        "Who gains, from a table",
        "500 persons: ",
        "checks warns",
        "Average effect: ",
        "Effects differ between persons",
        "What the learner found",
        "The data support a rule.",
        "Who would gain more than 0 months by surgery",
        "Effects in months, in ",
        "Note: ",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.count("Average effect") == 1
    assert "0 months; treated are those treated by then" not in text
    assert "%%" not in text
    lines = text.splitlines()
    assert len(lines) == len({line for line in lines if line}) + lines.count("")
    for line in lines:
        if line.startswith("Note: "):
            assert line[6].isupper()
            assert line.endswith(".")


def test_frame_has_the_numbers_of_the_parts(differing: SelectionResult) -> None:
    frame = differing.to_frame()
    assert list(frame.columns) == ["part", "name", "n", "estimate", "se", "ci_low", "ci_high"]
    by_part = frame.groupby("part", sort=False).size().to_dict()
    assert by_part == {"average": 1, "learner": 4, "groups": 4, "leaves": 2, "rule": 2}
    leaves = frame[frame["part"] == "leaves"]
    assert leaves["n"].sum() == differing.rule.leaves.persons
    assert frame["estimate"][0] == differing.average.estimate
    gain = frame[frame["name"] == "gain over treating nobody"]["estimate"].item()
    assert gain == differing.rule.value.against_none.estimate


@pytest.mark.parametrize("which", ["differing", "alike", "contradicted"])
def test_json_has_no_nan_and_comes_back_the_same(
    which: str, request: pytest.FixtureRequest
) -> None:
    result: SelectionResult = request.getfixturevalue(which)
    text = dumps(result.to_dict())
    assert "NaN" not in text
    assert "Infinity" not in text
    assert dumps(json.loads(text)) == text


def test_without_an_effect_there_is_no_rule_and_a_reason(alike: SelectionResult) -> None:
    assert not alike.shows_rule
    assert alike.rule_reading.startswith("No rule. ")
    assert len(alike.worth.reasons) > 0
    assert alike.worth.reasons[0] in alike.summary()
    assert alike.model.rule is None
    told = alike.to_dict()["rule"]
    assert told["shown"] is False
    assert "rule" not in told
    assert "leaves" not in told
    assert set(alike.to_frame()["part"]) == {"average", "learner", "groups"}
    assert "would be found with a power of 80%" in alike.summary()


def test_where_trials_contradict_it_says_so_first_and_shows_no_rule(
    contradicted: SelectionResult,
) -> None:
    anchor = contradicted.doubts.anchor
    assert anchor is not None
    assert anchor.verdict == "not credible"
    assert not contradicted.shows_rule
    text = contradicted.summary()
    assert text.index("Not credible: the registry and the randomised trials differ") < text.index(
        "No rule is shown: not credible"
    )
    assert "leaf 1" not in text
    assert "Who would gain more" not in text
    assert "whom the rule treats" not in text
    assert "The data support a rule" not in text
    told = contradicted.to_dict()
    assert set(told["rule"]) == {"shown", "reading"}
    assert told["rule"]["shown"] is False
    # Rules of halves would tell the rule as well.
    assert told["doubts"]["stability"] is None
    assert "stability on halves" in told["credibility"]["not_done"]
    assert contradicted.model.rule is None
    assert set(contradicted.to_frame()["part"]) == {"average", "learner", "groups"}
    assert any(d.name == "trial_anchor" for d in contradicted.failed)


def test_a_contradicted_model_warns_before_any_number(contradicted: SelectionResult) -> None:
    lines = predict(contradicted.model, PATIENT).lines()
    first = next(i for i, line in enumerate(lines) if line.startswith("Not credible: "))
    effect = next(i for i, line in enumerate(lines) if "Patients like this were free of" in line)
    assert first < effect
    assert not any("leaf" in line for line in lines)


def test_trials_that_agree_don_t_hide_the_rule(differing: SelectionResult) -> None:
    doubts = differing.doubts
    assert doubts.anchor is None
    assert "comparison with randomised trials" in doubts.credibility.not_done
    assert doubts.stability is not None
    # One stage each, however many groups are asked about.
    said: list[str] = []
    select(
        persons.protocol(),
        table=persons.rows(400, 5, young=0.3, old=1.6),
        sensitivity=False,
        jobs=1,
        progress=said.append,
    )
    assert len(said) == len(set(said))


def test_order_of_rows_does_not_matter() -> None:
    columns = persons.rows(300, 6, young=0.3, old=1.6)
    mixed = np.random.default_rng(1).permutation(300)
    shuffled = {name: values[mixed] for name, values in columns.items()}
    first, second = (
        select(persons.protocol(), table=table, sensitivity=False, jobs=1).to_dict()
        for table in (columns, shuffled)
    )
    assert dumps(first) == dumps(second)


def test_unknown_and_constant_values_are_named() -> None:
    columns = persons.rows(300, 7, young=0.3, old=1.6)
    columns["ecog"] = np.where(np.arange(300) % 7 == 0, np.nan, columns["ecog"])
    columns["bone"] = np.full(300, "no")
    columns["time"][3] = -2.0
    result = select(persons.protocol(), table=columns, sensitivity=False, jobs=1)
    assert result.data.constant == ("bone",)
    assert dict(result.data.unknown) == {"ecog": 43}
    text = result.summary()
    assert "One value only, and so no part: bone." in text
    assert "Unknown for some: ecog (43)." in text
    assert "1 out: follow-up does not end before time zero; 299 left" in text
    assert "Note: Follow-up of 1 person ends before time zero" in text


def test_own_arrays_give_the_numbers_of_the_protocol() -> None:
    columns = persons.rows(300, 8, young=0.3, old=1.6)
    protocol = persons.protocol()
    result = select(protocol, table=columns, sensitivity=False, jobs=1)
    assert result.protocol is not None
    data = selection_data(
        time=columns["time"],
        event=columns["event"],
        treated=columns["treated"],
        covariates={name: columns[name] for name in ("age", "ecog", "bone")},
        person_id=columns["id"],
    )
    own = select_from_data(
        data, result.question, plan_of(result.protocol, jobs=1), sensitivity=False
    )
    assert own.average == result.average
    assert own.assessment.test.p == result.assessment.test.p
    assert own.rule.rule.text() == result.rule.rule.text()
    assert own.title == result.question.estimand


def plan(**changes: Any) -> SelectionPlan:
    options = RuleOptions(cost=0.0, seed=1, depth=1, jobs=1)
    given: dict[str, Any] = {"cost": 0.0, "seed": 1, "rule": options, "learner": "spline"}
    return SelectionPlan(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"learner": "splin"}, "did you mean spline"),
        ({"learner_options": {"knots": 3}}, "has no option 'knots'"),
        ({"groups": 1}, "groups"),
        ({"folds": 1}, "folds"),
        ({"jobs": 0}, "jobs is 0"),
    ],
)
def test_a_plan_that_can_t_be_carried_out_is_refused_at_once(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(DesignError) as raised:
        plan(**changes)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"depth": 2, "variables": None}, "a rule of depth 2 would be searched over 70 columns"),
        ({"cut_points": {"stage": (1.0,)}}, "stage, a category without order"),
        ({"monotone": {"stage": "increasing"}}, "stage, a category without order"),
        ({"variables": ("x71",)}, "'x71', which is no covariate"),
    ],
)
def test_a_rule_that_can_t_be_looked_for_is_refused_before_scores(
    changes: dict[str, Any], said: str
) -> None:
    rng = np.random.default_rng(1)
    numbers = {f"x{j + 1}": rng.normal(size=90) for j in range(69)}
    data = selection_data(
        time=rng.exponential(20.0, 90),
        event=rng.integers(0, 2, 90),
        treated=rng.integers(0, 2, 90),
        covariates={**numbers, "stage": rng.choice(["III", "IV"], 90)},
    )
    question = SelectionQuestion(
        measure="rmst_difference",
        horizon_months=12,
        time_zero="randomisation",
        treated_label="surgery",
        comparator_label="no surgery",
        outcome="death",
        level=95,
    )
    said_stages: list[str] = []
    with pytest.raises(DesignError) as raised:
        select_from_data(
            data,
            question,
            plan(rule=replace(plan().rule, **changes)),
            progress=said_stages.append,
        )
    assert said in str(raised.value)
    assert said_stages == []


def test_from_a_registry(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("registry") / "registry"
    simulate_registry(folder, patients=2500, seed=3, scenario="heterogeneous")
    content = read_example("select-primary-surgery").protocol.to_dict()
    content["selection"]["learner"] = {"name": "spline", "options": {}}
    content["horizon_months"] = 36
    content["at_months"] = [36]
    result = select(content, folder, sensitivity=False, jobs=1)
    assert result.data.synthetic
    text = result.summary()
    assert text.startswith("SYNTHETIC PATIENTS. Who gains from surgery of the primary")
    assert "since 6 months after the first distant metastasis" in result.question.estimand
    assert result.question.horizon_months == 30.0
    assert result.doubts.controls is not None
    assert result.doubts.anchor is not None
    assert len(result.doubts.explained) >= 2
    assert result.data.n == sum(arm.n for arm in result.data.arms)
    last = result.data.attrition.steps[-1]
    assert last.name == "alive and followed at 6 months"
    assert last.left == result.data.n


@pytest.mark.parametrize(
    ("factors", "middle"),
    [
        ((1.0, 1.25, 1.5, 2.0, 3.0), 1.5), ((1.0, 2.0), 2.0), ((3.0, 2.0, 2.0, 1.5), 2.0),
        ((1.0,), None),
    ],
)  # fmt: skip
def test_the_range_for_one_patient_has_the_middle_factor(
    factors: tuple[float, ...], middle: float | None
) -> None:
    plan = SelectionPlan(cost=0.0, seed=1, rule=RuleOptions(cost=0.0, seed=1), odds_factors=factors)
    assert plan.patient_factor == middle

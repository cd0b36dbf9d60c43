"""Rules as objects, text, JSON and source of a function."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.rules import Rule, RuleOptions, fit_rule
from locoreg.selection.scores import Scores
from tests.selection.rules.made import patient_scores, patients, scores_of

OPTIONS = RuleOptions(cost=0.5, seed=1, near_optimal=3, jobs=1)


@pytest.fixture(scope="module")
def scores() -> Scores:
    return patient_scores(1500, 1)


@pytest.fixture(scope="module")
def rule(scores: Scores) -> Rule:
    return fit_rule(scores, replace(OPTIONS, cost=2.0, cut_points={"age": (50, 60, 70)}))


def test_text_says_who_is_treated_and_where_the_unknown_go(rule: Rule) -> None:
    # Only HER2+ up to 60 years gain more than 2 months. The median age is 60.
    assert rule.text().splitlines() == [
        "Who would gain more than 2 months by surgery, learnt from 1500 persons (difference of the "
        "mean time free of death within 36 months since diagnosis):",
        "age at most 60, or unknown:",
        "  subtype is not HER2+, or unknown: no surgery (leaf 1)",
        "  subtype is HER2+: surgery (leaf 2)",
        "age above 60: no surgery (leaf 3)",
    ]
    assert rule.variables == ("age", "subtype")
    assert [split.text for split in rule.splits] == ["age above 60", "subtype is HER2+"]
    assert [split.unknown for split in rule.splits] == ["low", "low"]
    assert rule.leaves[1].text == "age at most 60, or unknown; subtype is HER2+"


def test_decisions_by_hand(rule: Rule) -> None:
    X = rule.coding.encode_patient
    young = {"age": 50, "subtype": "HER2+", "grade": "G1", "bone only": True}
    cases = [young, {**young, "subtype": None}, {**young, "age": 61}, {**young, "age": None}]
    rows = np.concatenate([X(one) for one in cases])
    assert rule.treats(rows).tolist() == [True, False, False, True]
    assert rule.leaf(rows).tolist() == [2, 1, 3, 2]
    with pytest.raises(DataError, match="needs 9 columns"):
        rule.treats(rows[:, :2])


def test_value_on_its_own_persons_is_that_of_its_decisions(rule: Rule, scores: Scores) -> None:
    treats = rule.treats(scores.X)
    gain = np.where(treats, scores.gamma - 2.0, 0.0).mean()
    assert rule.in_sample_value == pytest.approx(gain, abs=1e-12)
    assert rule.in_sample_bound == pytest.approx(gain, abs=1e-9)
    assert rule.in_sample_share == pytest.approx(treats.mean(), abs=1e-12)
    counts = np.bincount(rule.leaf(scores.X))[1:]
    assert counts.min() >= 50
    for one in rule.near:
        assert 0.0 <= one.below <= one.se
        assert one.agreement == pytest.approx(
            (one.tree.treats(scores.X) == treats).mean(), abs=1e-12
        )


def test_json_round_trip(rule: Rule, scores: Scores) -> None:
    again = Rule.from_dict(json.loads(json.dumps(rule.to_dict(), allow_nan=False)))
    assert again == rule
    assert (again.leaf(scores.X) == rule.leaf(scores.X)).all()


def test_broken_json_is_refused(rule: Rule) -> None:
    with pytest.raises(DataError, match="no rule of the schema"):
        Rule.from_dict({**rule.to_dict(), "schema": "other"})
    nodes = [dict(node) for node in rule.to_dict()["tree"]]
    nodes[1]["low"] = 0
    with pytest.raises(DataError, match="node 1 of the rule's tree is broken"):
        Rule.from_dict({**rule.to_dict(), "tree": nodes})


def function_of(rule: Rule) -> Any:
    names: dict[str, Any] = {}
    exec(compile(rule.python(), "rule", "exec"), names)
    return names["treat"]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_source_decides_as_the_rule(scores: Scores, depth: int) -> None:
    # By grade too, an ordered category with unknown values.
    graded = np.asarray(scores.X[:, scores.coding.places(["grade"])[0]])
    other = replace(scores, gamma1=scores.gamma1 + 4.0 * (graded > 0.5))
    for one in (scores, other):
        rule = fit_rule(one, replace(OPTIONS, depth=depth))
        treat = function_of(rule)
        covariates, _ = patients(400, 77)
        leaves = []
        for i in range(400):
            patient = {name: values[i] for name, values in covariates.items()}
            X = rule.coding.encode_patient(patient)
            treats, leaf, reason = treat(patient)
            assert (treats, leaf) == (bool(rule.treats(X)[0]), int(rule.leaf(X)[0]))
            assert reason == rule.leaves[leaf - 1].text
            leaves.append(leaf)
        assert set(leaves) == {one.leaf for one in rule.leaves}


def test_source_needs_the_standard_library_only_and_refuses(rule: Rule) -> None:
    imports = [line for line in rule.python().splitlines() if line.startswith(("import", "from"))]
    assert imports == ["import math"]
    treat = function_of(rule)
    good = {"age": 55, "subtype": "HER2+"}
    assert treat(good)[:2] == (True, 2)
    for change, message in (
        ({"age": 20}, "age is 20, outside the range 35.0 to 85.0"),
        ({"age": "55"}, "age is '55', not a finite number"),
        ({"age": float("nan")}, "age is nan, not a finite number"),
        ({"age": True}, "age is True, not a finite number"),
        ({"subtype": "her2"}, "subtype is 'her2'; its levels are HER2\\+, HR\\+, TN"),
        ({"Age": 50}, "no covariate 'Age'; it has age, subtype, grade, bone only"),
    ):
        with pytest.raises(ValueError, match=message):
            treat({**good, **change})
    with pytest.raises(ValueError, match="the patient has no subtype"):
        treat({"age": 55})


def test_source_refuses_an_unknown_value_that_was_always_known() -> None:
    rng = np.random.default_rng(4)
    size = rng.uniform(0.0, 10.0, 300).round(1)
    flag = rng.random(300) < 0.5
    scores = scores_of(np.where(size > 5.0, 2.0, -2.0) * (1 + flag), {"size": size, "flag": flag})
    treat = function_of(fit_rule(scores, replace(OPTIONS, depth=1)))
    with pytest.raises(ValueError, match="size is unknown, but was known for every patient"):
        treat({"size": None, "flag": True})
    assert treat({"size": 6})[0] is True


def test_weights_count_persons() -> None:
    rng = np.random.default_rng(9)
    X = rng.normal(size=(300, 2)).round(2)
    gamma = X[:, 0] + rng.normal(size=300)
    twice = np.concatenate([np.arange(300), np.arange(150)])
    options = RuleOptions(
        cost=0.0, seed=1, bins=255, min_persons=2, min_treated=1, min_comparator=1, depth=1, jobs=1
    )
    weighted = fit_rule(scores_of(gamma, X, weight=1.0 + (np.arange(300) < 150)), options)
    doubled = fit_rule(scores_of(gamma[twice], X[twice]), options)
    assert weighted.tree == doubled.tree
    assert weighted.in_sample_value == pytest.approx(doubled.in_sample_value, abs=1e-12)


def test_order_of_persons_changes_nothing(scores: Scores, rule: Rule) -> None:
    order = np.random.default_rng(3).permutation(scores.n)
    again = fit_rule(scores.take(order), rule.options)
    assert again.tree == rule.tree
    assert [one.tree for one in again.near] == [one.tree for one in rule.near]


def test_cut_points_of_an_ordered_category(scores: Scores) -> None:
    graded = np.asarray(scores.X[:, scores.coding.places(["grade"])[0]])
    other = replace(scores, gamma1=scores.gamma0 + np.where(graded > 1.5, 5.0, -5.0))
    options = replace(OPTIONS, variables=("grade",), depth=1)
    free = fit_rule(other, options)
    assert [leaf.text for leaf in free.leaves] == ["grade is G1 or G2, or unknown", "grade is G3"]
    asked = fit_rule(other, replace(options, cut_points={"grade": ("G1",)}))
    assert {split.high for split in asked.splits} <= {"grade is G2 or G3, or unknown"}


def test_directions_hold(scores: Scores) -> None:
    # The old lose: treating more of them is against the data, and never done the other way round.
    rule = fit_rule(scores, replace(OPTIONS, monotone={"age": "increasing"}))
    ages = np.sort(scores.X[:, 0])
    for row in scores.X[:30]:
        X = np.repeat(row[None], ages.size, axis=0)
        X[:, 0] = ages
        assert (np.diff(rule.treats(X).astype(int)) >= 0).all()


def test_share_is_kept(scores: Scores) -> None:
    rule = fit_rule(scores, replace(OPTIONS, max_share=0.2))
    assert 0.05 < rule.treats(scores.X).mean() <= 0.2
    assert rule.in_sample_bound >= rule.in_sample_value - 1e-12


def test_no_question_that_keeps_the_limits(scores: Scores) -> None:
    rule = fit_rule(scores, replace(OPTIONS, min_persons=751))
    assert rule.leaves[0].text == "everybody"
    assert rule.treats(scores.X).all() == (scores.gamma.mean() > 0.5)
    assert rule.notes[0].startswith("No question leaves at least 751 persons")
    assert function_of(rule)({}) == (bool(rule.treats(scores.X)[0]), 1, "everybody")


def test_no_question_that_gains(scores: Scores) -> None:
    rule = fit_rule(replace(scores, gamma1=scores.gamma0 + 3.0), OPTIONS)
    assert rule.tree.leaves == 1
    assert rule.notes == ("No question gains anything: the rule is the same for everybody.",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variables": ("ages",)}, "variables names 'ages'.* Hint: did you mean age"),
        ({"monotone": {"subtyp": "increasing"}}, "did you mean subtype"),
        ({"monotone": {"subtype": "increasing"}}, "subtype, a category without order"),
        ({"cut_points": {"subtype": ("TN",)}}, "subtype, a category without order"),
        ({"cut_points": {"grade": ("G9",)}}, "'G9', which is no level.*G1, G2, G3"),
        ({"cut_points": {"age": ("60",)}}, "cut_points of age hold '60'"),
        ({"cut_points": {"age": (70, 60)}}, "ascending"),
    ],
)
def test_options_that_do_not_fit(scores: Scores, change: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        fit_rule(scores, replace(OPTIONS, **change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": float("nan")}, "cost is nan"),
        ({"depth": 4}, "depth is 4"),
        ({"variables": ()}, "variables is empty"),
        ({"bins": 1}, "bins is 1"),
        ({"min_treated": 0}, "min_treated is 0"),
        ({"monotone": {"age": "up"}}, "monotone age"),
        ({"max_share": 1.5}, "max_share is 1.5"),
        ({"complexity": -0.1}, "complexity is -0.1"),
    ],
)
def test_options_are_checked(change: dict[str, Any], message: str) -> None:
    with pytest.raises((DesignError, DataError), match=message):
        replace(OPTIONS, **change)


def test_options_survive_json() -> None:
    options = replace(
        OPTIONS,
        variables=("age",),
        cut_points={"age": (50, 60), "grade": ("G1",)},
        monotone={"age": "decreasing"},
        max_share=0.3,
    )
    assert RuleOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options


def test_a_panel_of_features_is_refused_without_a_choice() -> None:
    rng = np.random.default_rng(12)
    X = rng.normal(size=(300, 90))
    scores = scores_of(X[:, 7] + rng.normal(size=300), X)
    with pytest.raises(DesignError, match=r"90 columns of 300 persons.*name the variables"):
        fit_rule(scores, OPTIONS)
    chosen = fit_rule(scores, replace(OPTIONS, variables=("x8", "x9", "x10")))
    assert "x8" in chosen.variables


def test_constant_covariates_are_left_out_and_named() -> None:
    rng = np.random.default_rng(2)
    covariates = {"size": rng.normal(size=200), "sex": ["female"] * 200}
    scores = scores_of(rng.normal(size=200) + covariates["size"], covariates)
    rule = fit_rule(scores, replace(OPTIONS, variables=("size", "sex")))
    assert rule.notes[-1] == "sex has one value only and is not asked for."
    with pytest.raises(DesignError, match="no variable of the rule"):
        fit_rule(scores, replace(OPTIONS, variables=("sex",)))

"""Rows that no pool can use are named."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("name", "near"), [("overall survivall", "did you mean Overall survival"), ("happiness", None)]
)
def test_unknown_outcome(run: Any, tools: Any, name: str, near: str | None) -> None:
    rows = [
        tools.effect("0.67", "0.52", "0.86", outcome=name),
        tools.arms("median_time", 40, 30, outcome=name),
    ]
    finding = tools.of(run(rows), "unknown-outcome")[0]
    assert finding.severity == "minor"
    assert repr(name) in finding.message
    assert (near in finding.message) if near else ("did you mean" not in finding.message)
    assert finding.claim_ids == ("c1", "c2")
    assert finding.location.column == "outcome"
    assert "pooled under no outcome" in finding.changes


@pytest.mark.parametrize("name", ["os", "OS", "Overall survival", " os "])
def test_ids_labels_and_aliases_are_known(run: Any, tools: Any, name: str) -> None:
    assert run([tools.effect("0.67", "0.52", "0.86", outcome=name)]).findings == ()


def test_baseline_items_need_no_outcome(run: Any, tools: Any) -> None:
    row = {
        "study_id": "one",
        "kind": "proportion",
        "statistic": "proportion",
        "unit": "percent",
        "outcome_printed": "baseline: grade 3",
        "value_intervention": 40,
        "value_control": 41,
    }
    assert run([row]).findings == ()


@pytest.mark.parametrize("more", [{}, {"p_op": "<", "p_value": "0.05"}])
def test_no_precision(run: Any, tools: Any, more: Any) -> None:
    row = tools.effect("0.67", "", "", "") | more
    finding = tools.of(run([row]), "no-precision")[0]
    assert finding.severity == "minor"
    assert "no standard error can be had from this row" in finding.message


@pytest.mark.parametrize(
    "more",
    [
        {"se": "0.13"},
        {"variance": "0.017"},
        {"p_op": "=", "p_value": "0.003"},
        {"o_minus_e": -20, "logrank_v": 50},
    ],
)
def test_other_ways_to_a_standard_error(run: Any, tools: Any, more: Any) -> None:
    row = tools.effect("0.67", "", "", "") | more
    assert tools.of(run([row]), "no-precision") == []

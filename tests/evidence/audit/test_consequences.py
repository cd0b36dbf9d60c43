"""What a finding says would change must be true of its case."""

from typing import Any

import pytest


@pytest.mark.parametrize("level", [94.5, 95.02, 95.03, 96, 97.5, 98.9, 99.5, 99.9])
def test_adjusted_levels_need_no_note(run: Any, tools: Any, level: float) -> None:
    assert run([tools.effect("0.66", "0.49", "0.88", level)]).findings == ()


def test_unusual_level_is_pooled_as_stated(run: Any, tools: Any) -> None:
    finding = tools.of(run([tools.effect("0.66", "0.49", "0.88", 59)]), "impossible-value")[0]
    assert finding.severity == "minor"
    assert "59% interval" in finding.changes
    assert "can't be used" not in finding.changes


def test_fractions_called_percent_are_excluded(run: Any, tools: Any) -> None:
    row = tools.arms("survival_proportion", 0.62, 0.41, landmark_months=60)
    finding = tools.of(run([row]), "impossible-value")[0]
    assert (finding.severity, finding.reading) == ("serious", "exclude")
    assert "62%" in finding.changes
    assert "41%" in finding.changes


def test_less_than_one_percent_after_a_row_in_percent_is_minor(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("survival_proportion", 20, 14, landmark_months=24),
        tools.arms("survival_proportion", 0.6, 0.5, landmark_months=60),
    ]
    finding = tools.of(run(rows), "impossible-value")[0]
    assert (finding.severity, finding.reading) == ("minor", None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"p_value": "0.001"}, "p-value then changes nothing"),
        ({"ci_high": "0.89"}, "depends on which of the two"),
    ],
)
def test_two_places_differ(run: Any, tools: Any, change: Any, words: str) -> None:
    row = tools.effect("0.66", "0.49", "0.88", p_value="0.005", location="Table 2")
    findings = tools.of(run([row, row | {"location": "abstract"} | change]), "table-against-text")
    assert [words in f.changes for f in findings] == [True]


def test_two_medians_differ(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("median_time", 30.1, 24.2, location="Table 2"),
        tools.arms("median_time", 31.0, 24.2, location="abstract"),
    ]
    finding = tools.of(run(rows), "table-against-text")[0]
    assert "either" in finding.changes

"""Intervals: estimate inside and in the middle; p, events and subgroups against the width."""

from typing import Any

import pytest


def rules(report: Any) -> dict[str, str]:
    return {f.rule: f.severity for f in report.findings}


def test_clean_effect_is_quiet(run: Any, tools: Any) -> None:
    row = tools.effect("0.66", "0.49", "0.88", p_value="0.005", n=274, events=190)
    assert run([row]).findings == ()


@pytest.mark.parametrize(
    ("numbers", "severity"),
    [
        (("0.77", "0.59", "1.01"), None),
        (("0.75", "0.59", "1.01"), None),
        (("0.73", "0.59", "1.01"), "minor"),
        (("0.69", "0.59", "1.01"), "serious"),
    ],
)
def test_asymmetry_grows_with_the_offset(
    run: Any, tools: Any, numbers: Any, severity: str | None
) -> None:
    assert rules(run([tools.effect(*numbers)])).get("interval-asymmetry") == severity


def test_exchanged_digits_are_named(run: Any, tools: Any) -> None:
    finding = tools.of(run([tools.effect("0.76", "0.52", "0.86")]), "interval-asymmetry")[0]
    assert finding.location.column == "estimate"
    assert "0.67 for 0.76" in finding.message


def test_p_decides_between_slips(run: Any, tools: Any) -> None:
    row = tools.effect("0.67", "0.25", "0.86", p_value="0.002")
    finding = tools.of(run([row]), "interval-asymmetry")[0]
    assert finding.location.column == "ci_low"
    assert "0.52 for 0.25" in finding.message


def test_interval_on_the_natural_scale(run: Any, tools: Any) -> None:
    finding = tools.of(run([tools.effect("1.50", "0.70", "2.30")]), "interval-asymmetry")[0]
    assert finding.severity == "minor"
    assert "natural scale" in finding.message


def test_difference_uses_the_arithmetic_middle(run: Any, tools: Any) -> None:
    quiet = tools.effect("-5.0", "-12.0", "2.0", measure="MD", outcome="pfs")
    assert run([quiet]).findings == ()
    finding = tools.of(run([quiet | {"estimate": "-9.0"}]), "interval-asymmetry")[0]
    assert "arithmetic" in finding.message


def test_estimate_outside_its_interval(run: Any, tools: Any) -> None:
    finding = tools.of(run([tools.effect("1.67", "0.52", "0.86")]), "estimate-outside-interval")[0]
    assert finding.severity == "blocking"
    assert finding.reading == "exclude"


def test_p_on_the_other_side_of_significance(run: Any, tools: Any) -> None:
    finding = tools.of(
        run([tools.effect("0.66", "0.49", "0.88", p_value="0.5")]), "p-against-interval"
    )[0]
    assert finding.severity == "serious"
    assert "significant" in finding.message


@pytest.mark.parametrize("operator", ["<", "<="])
def test_p_below_a_bound(run: Any, tools: Any, operator: str) -> None:
    row = tools.effect("0.50", "0.38", "0.66", p_value="0.001") | {"p_op": operator}
    assert run([row]).findings == ()
    weak = row | {"estimate": "0.90", "ci_low": "0.68", "ci_high": "1.19"}
    assert "p-against-interval" in rules(run([weak]))


def test_p_above_a_bound(run: Any, tools: Any) -> None:
    row = tools.effect("0.50", "0.38", "0.66", p_value="0.05") | {"p_op": ">"}
    assert rules(run([row])) == {"p-against-interval": "serious"}


def test_unstated_sides_try_both(run: Any, tools: Any) -> None:
    row = tools.effect("0.86", "0.69", "1.07", 90, p_value="0.13")
    assert run([row]).findings == ()
    assert rules(run([row | {"p_sided": "two"}])) == {"p-against-interval": "serious"}


@pytest.mark.parametrize("tests", ["5-year OS", "interaction", "baseline", "non-inferiority"])
def test_p_of_another_test_is_not_compared(run: Any, tools: Any, tests: str) -> None:
    row = tools.effect("0.66", "0.49", "0.88", p_value="0.5", p_tests=tests)
    assert run([row]).findings == ()


def test_p_beside_the_medians_is_used(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("0.66", "0.49", "0.88"),
        tools.arms("median_time", 46, 37, p_op="=", p_value="0.5"),
    ]
    finding = tools.of(run(rows), "p-against-interval")[0]
    assert finding.also[0].row == 3


def test_events_far_above_the_interval_are_a_note(run: Any, tools: Any) -> None:
    row = tools.effect("0.66", "0.43", "1.01", n=400, events=180)
    assert rules(run([row])) == {"level-against-events": "note"}


def test_matched_pairs_are_not_held_to_the_bound(run: Any, tools: Any) -> None:
    row = tools.effect("0.66", "0.49", "0.88", n=100, adjusted="propensity weighted")
    assert run([row]).findings == ()


def test_subgroups_hold_more_than_the_whole(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("0.80", "0.58", "1.10"),
        tools.effect("0.80", "0.60", "1.07", subgroup="er=positive"),
        tools.effect("0.80", "0.60", "1.07", subgroup="er=negative"),
    ]
    findings = tools.of(run(rows), "subgroup-information")
    assert {f.severity for f in findings} == {"serious", "minor"}


def test_whole_outside_its_subgroups(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("1.25", "0.96", "1.63"),
        tools.effect("0.80", "0.55", "1.16", subgroup="er=positive"),
        tools.effect("0.80", "0.55", "1.16", subgroup="er=negative"),
    ]
    report = run(rows)
    assert tools.of(report, "subgroup-information")[0].severity == "serious"
    assert tools.of(report, "direction")[0].severity == "blocking"


@pytest.mark.parametrize(
    ("column", "right", "wrong"), [("se", "0.149", "0.022"), ("variance", "0.022", "0.149")]
)
def test_se_and_variance_exchanged(
    run: Any, tools: Any, column: str, right: str, wrong: str
) -> None:
    row = tools.effect("0.66", "0.49", "0.88")
    assert run([row | {column: right}]).findings == ()
    finding = tools.of(run([row | {column: wrong}]), "se-or-variance")[0]
    assert finding.severity == "blocking"
    assert finding.location.column == column


def test_se_without_interval_against_events(run: Any, tools: Any) -> None:
    row = {k: v for k, v in tools.effect("0.66", "", "").items() if not k.startswith("ci_")}
    row |= {"n": 274, "events": 190}
    assert run([row | {"se": "0.145"}]).findings == ()
    assert rules(run([row | {"se": "0.021"}])) == {"se-or-variance": "blocking"}


def test_se_of_another_level(run: Any, tools: Any) -> None:
    finding = tools.of(run([tools.effect("0.66", "0.49", "0.88", se="0.178")]), "se-or-variance")[0]
    assert finding.reading == "ci_level=90"


def test_one_finding_for_one_wrong_level(run: Any, tools: Any) -> None:
    arms = {"n_intervention": 100, "n_control": 100, "events": 150}
    row = tools.effect("0.60", "0.46", "0.79", 95, p_value="0.0019", p_sided="two", **arms)
    right = row | {"ci_level": 90}
    assert run([right]).findings == ()
    findings = [f for f in run([row]).findings if f.rule != "verification"]
    assert [f.reading for f in findings] == ["ci_level=90"]

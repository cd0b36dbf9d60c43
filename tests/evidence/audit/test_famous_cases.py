"""Published trials whose numbers are known to mislead, and those that must stay quiet."""

from typing import Any

import pytest


def graver(report: Any) -> list[Any]:
    return [f for f in report.findings if f.severity in ("blocking", "serious", "minor")]


@pytest.fixture
def abcsg28(tools: Any) -> list[dict[str, Any]]:
    return [
        tools.effect("0.691", "0.358", "1.333", p_value="0.267", n_intervention=45, n_control=45),
        tools.arms("median_time", 34.6, 54.8, n_intervention=45, n_control=45),
    ]


def test_abcsg28_reads_reversed(run: Any, tools: Any, abcsg28: Any) -> None:
    finding = tools.of(run(abcsg28), "direction")[0]
    assert finding.severity == "blocking"
    assert finding.reading == "reference_arm=intervention"
    assert finding.location.column == "reference_arm"
    assert finding.location.row == 2
    assert "0.69" in finding.changes
    assert "1.45" in finding.changes
    assert "34.6" in finding.message
    assert finding.also[0].row == 3


def test_abcsg28_with_reference_stated_right_is_quiet(run: Any, abcsg28: Any) -> None:
    abcsg28[0]["reference_arm"] = "intervention"
    assert graver(run(abcsg28)) == []


def test_abcsg28_reference_arm_intervention_stated_wrongly(
    run: Any, tools: Any, abcsg28: Any
) -> None:
    abcsg28[0] |= {"reference_arm": "intervention"}
    abcsg28[1] |= {"value_intervention": 54.8, "value_control": 34.6}
    finding = tools.of(run(abcsg28), "direction")[0]
    assert finding.reading == "reference_arm=control"


def test_abcsg28_distant_progression(run: Any, tools: Any) -> None:
    rows = [
        tools.effect(".598", ".343", "1.043", outcome="distant", n=90),
        tools.arms("median_time", 13.9, 29.0, outcome="distant"),
    ]
    assert tools.of(run(rows), "direction")[0].severity == "blocking"


@pytest.mark.parametrize("medians", [(15.6, 24.9), (24.9, 15.6)])
def test_extend_is_no_more_than_a_note(run: Any, tools: Any, medians: Any) -> None:
    rows = [
        tools.effect("0.91", "0.34", "2.48", n=90),
        tools.arms("median_time", *medians),
    ]
    assert graver(run(rows)) == []


def test_mf0701_ten_years_needs_more_events_than_patients(run: Any, tools: Any) -> None:
    row = tools.effect(
        "0.71", "0.59", "0.86", p_value="0.0003", n=265, n_intervention=134, n_control=131
    )
    findings = graver(run([row]))
    assert [f.rule for f in findings] == ["more-events-than-patients"]
    assert findings[0].severity == "blocking"
    assert findings[0].reading == "exclude"
    assert findings[0].limit == 265
    assert "no other level is supported" in findings[0].message


def e2108(tools: Any, level: int) -> list[dict[str, Any]]:
    subgroups = [
        ("receptor=TN", "3.33", "1.09", "10.12", 20),
        ("receptor=HER2", "1.05", "0.49", "2.24", None),
        ("receptor=HR", "0.88", "0.56", "1.39", None),
    ]
    return [
        tools.effect(
            "1.11", "0.82", "1.52", level, p_value="0.57", p_sided="two", events=121, n=256
        ),
        *(
            tools.effect(est, low, high, subgroup=name, n=n)
            for name, est, low, high, n in subgroups
        ),
    ]


def test_e2108_stated_95_supports_90(run: Any, tools: Any) -> None:
    findings = graver(run(e2108(tools, 95)))
    assert [f.reading for f in findings] == ["ci_level=90"]
    assert findings[0].severity in ("serious", "blocking")
    assert findings[0].rule == "level-against-events"


def test_e2108_stated_90_is_quiet(run: Any, tools: Any) -> None:
    assert graver(run(e2108(tools, 90))) == []


def jcog(tools: Any, level: int) -> list[dict[str, Any]]:
    numbers = {"p_value": "0.1283", "p_sided": "one", "events": 221}
    arms = {"n_intervention": 202, "n_control": 205}
    return [tools.effect("0.857", "0.686", "1.072", level, **numbers, **arms)]


def test_jcog1017(run: Any, tools: Any) -> None:
    assert graver(run(jcog(tools, 90))) == []
    findings = graver(run(jcog(tools, 95)))
    assert [f.reading for f in findings] == ["ci_level=90"]


def test_nrg_br002(run: Any, tools: Any) -> None:
    row = tools.effect("0.92", "0.71", "1.17", 70, p_value="0.36", p_sided="one")
    assert graver(run([row])) == []
    findings = graver(run([row | {"ci_level": 95}]))
    assert [f.rule for f in findings] == ["p-against-interval"]
    assert findings[0].reading == "ci_level=70"


def test_abbas_survival_beyond_the_median(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("median_time", 49, 20, n_intervention=23, n_control=27),
        tools.arms("survival_proportion", 56, 25, landmark_months=60),
    ]
    findings = tools.of(run(rows), "survival-against-median")
    assert [f.severity for f in findings] == ["serious"]
    assert findings[0].location.column == "value_intervention"

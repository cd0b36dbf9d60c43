"""Numbers per arm: direction, survival, landmarks, units, counts and percentages."""

from typing import Any

import pytest


def rules(report: Any) -> dict[str, str]:
    return {f.rule: f.severity for f in report.findings}


def test_direction_agrees(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("0.66", "0.49", "0.88"),
        tools.arms("median_time", 46, 37),
        tools.arms("survival_proportion", 41.6, 24.4, landmark_months=60),
    ]
    assert run(rows).findings == ()


def test_inverted_effect(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("1.52", "1.14", "2.04"),
        tools.arms("survival_proportion", 41.6, 24.4, landmark_months=60),
    ]
    finding = tools.of(run(rows), "direction")[0]
    assert (finding.severity, finding.reading) == ("blocking", "reference_arm=intervention")


def test_medians_from_two_rows(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("2.00", "1.50", "2.67"),
        tools.arms("median_time", 46, ""),
        tools.arms("median_time", "", 23),
    ]
    assert rules(run(rows))["direction"] == "blocking"


def test_one_row_of_arms_exchanged(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("0.50", "0.40", "0.63"),
        tools.arms("median_time", 40, 20),
        tools.arms("survival_proportion", 12.5, 35.4, landmark_months=60),
    ]
    finding = tools.of(run(rows), "direction")[0]
    assert finding.location.row == 4
    assert finding.reading is None
    assert "contradicts itself" in finding.message


def test_log_rank_sign(run: Any, tools: Any) -> None:
    row = tools.effect("0.60", "0.45", "0.80", o_minus_e="24.0", logrank_v="47.0")
    assert rules(run([row]))["direction"] == "blocking"
    assert run([row | {"o_minus_e": "-24.0"}]).findings == ()


def test_counts_give_the_reciprocal(run: Any, tools: Any) -> None:
    cells = {"events_intervention": 20, "n_intervention": 100, "events_control": 40}
    row = tools.effect("0.38", "0.20", "0.71", measure="OR", n_control=100, **cells)
    assert "counts" not in rules(run([row]))
    finding = tools.of(
        run([row | {"estimate": "2.67", "ci_low": "1.42", "ci_high": "5.02"}]), "direction"
    )[0]
    assert finding.reading == "reference_arm=intervention"


def test_survival_before_the_median(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("median_time", 30, 20),
        tools.arms("survival_proportion", 44, 60, landmark_months=24),
    ]
    finding = tools.of(run(rows), "survival-against-median")
    assert {f.location.column for f in finding} == {"value_intervention", "value_control"}


def test_survival_near_the_median_is_quiet(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("median_time", 36, 20),
        tools.arms("survival_proportion", 50, 31, landmark_months=36),
    ]
    assert run(rows).findings == ()


def test_survival_rises(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("survival_proportion", 60, 50, landmark_months=24),
        tools.arms("survival_proportion", 65, 40, landmark_months=60),
    ]
    findings = tools.of(run(rows), "survival-order")
    assert [(f.severity, f.location.column) for f in findings] == [
        ("blocking", "value_intervention")
    ]


def test_incidence_falls(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("cumulative_incidence", 10, 20, landmark_months=24),
        tools.arms("cumulative_incidence", 15, 12, landmark_months=60),
    ]
    findings = tools.of(run(rows), "survival-order")
    assert [f.location.column for f in findings] == ["value_control"]


def test_survival_outside_its_limits(run: Any, tools: Any) -> None:
    row = tools.arms("survival_proportion", 42.3, 17.7, landmark_months=60, value_level=95)
    limits = {"low_intervention": 28, "high_intervention": 56, "low_control": 6, "high_control": 34}
    sizes = {"n_intervention": 66, "n_control": 33}
    assert run([row | limits | sizes]).findings == ()
    wrong = limits | {"low_control": 26}
    assert rules(run([row | wrong | sizes])) == {"estimate-outside-interval": "blocking"}


def test_limits_too_narrow_for_the_patients(run: Any, tools: Any) -> None:
    row = tools.arms("survival_proportion", 50, 40, landmark_months=60, value_level=95)
    row |= {"low_intervention": 45, "high_intervention": 55, "n_intervention": 60, "n_control": 60}
    assert rules(run([row])) == {"more-events-than-patients": "serious"}


def test_progression_after_death(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("median_time", 30, 25),
        tools.arms("median_time", 14, 29, outcome="pfs"),
    ]
    findings = tools.of(run(rows), "outcome-order")
    assert [f.location.column for f in findings] == ["value_control"]


@pytest.mark.parametrize(
    ("header", "landmark", "found"),
    [
        ("5-year overall survival", 60, False),
        ("OS at 36 months", 36, False),
        ("five-year OS", 60, False),
        ("5-year overall survival", 48, True),
        ("5-year overall survival", 5, True),
    ],
)
def test_landmark_against_header(
    run: Any, tools: Any, header: str, landmark: int, found: bool
) -> None:
    row = tools.arms("survival_proportion", 60, 40, landmark_months=landmark, column_header=header)
    findings = tools.of(run([row]), "landmark-label")
    assert bool(findings) == found
    if landmark == 5:
        assert "factor 12" in findings[0].message


def test_landmark_beyond_follow_up(run: Any, tools: Any) -> None:
    row = tools.arms("survival_proportion", 60, 40, landmark_months=60)
    follow = {"study_id": "one", "kind": "follow_up", "statistic": "median_follow_up"}
    assert run([row, follow | {"value": 40, "unit": "months"}]).findings == ()
    assert rules(run([row, follow | {"value": 23, "unit": "months"}])) == {"landmark-label": "note"}
    wrong = tools.of(run([row, follow | {"value": 4.2, "unit": "months"}]), "landmark-label")[0]
    assert wrong.severity == "serious"
    assert wrong.location.column == "value"
    assert run([row, follow | {"value": 4.2, "unit": "years"}]).findings == ()


def test_medians_in_years(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("median_time", 46, 37, unit="years"),
        {
            "study_id": "one",
            "kind": "follow_up",
            "statistic": "median_follow_up",
            "value": 40,
            "unit": "months",
        },
    ]
    findings = tools.of(run(rows), "time-unit")
    assert [f.location.column for f in findings] == ["unit"]


def test_follow_up_past_the_period(run: Any) -> None:
    row = {
        "study_id": "one",
        "kind": "follow_up",
        "statistic": "median_follow_up",
        "value": 130,
        "unit": "months",
    }
    studies = [{"study_id": "one", "label": "One", "design": "rct", "period": "2011-2015"}]
    references = [{"reference_id": "one2018", "study_id": "one", "title": "T", "year": 2018}]
    report = run([row], studies=studies, references=references)
    assert rules(report) == {"time-unit": "serious"}


def test_events_above_patients(run: Any, tools: Any) -> None:
    row = tools.effect("0.80", "0.52", "1.23", n_control=50, events_control=54)
    finding = tools.of(run([row]), "counts")[0]
    assert (finding.severity, finding.location.column) == ("blocking", "events_control")


def test_arms_do_not_add(run: Any, tools: Any) -> None:
    row = tools.effect("0.80", "0.52", "1.23", n=99, n_intervention=45, n_control=45)
    finding = tools.of(run([row]), "counts")[0]
    assert "45 + 45 = 90" in finding.message
    swapped = tools.effect("0.80", "0.52", "1.23", n=99, n_intervention=45, n_control=54)
    assert run([swapped]).findings == ()
    swapped["n_intervention"] = 54
    finding = tools.of(run([swapped, arm_sizes(45, 54)]), "counts")[0]
    assert "45 for 54 in n_intervention" in finding.message
    assert finding.location.column == "n_intervention"


def arm_sizes(first: int, second: int, **more: Any) -> dict[str, Any]:
    return {"study_id": "one", "kind": "arms", "n_intervention": first, "n_control": second} | more


def test_strata(run: Any, tools: Any) -> None:
    whole = arm_sizes(33, 30)
    single, multiple = "number=single", "number=multiple"
    clean = [whole, arm_sizes(27, 20, subgroup=single), arm_sizes(6, 10, subgroup=multiple)]
    assert run(clean).findings == ()
    above = [whole, arm_sizes(27, 20, subgroup=single), arm_sizes(16, 10, subgroup=multiple)]
    assert rules(run(above))["counts"] == "minor"
    partial = [
        whole,
        arm_sizes(20, 9, subgroup="number=solitary"),
        arm_sizes(5, 3, subgroup="number=more than 5"),
    ]
    assert run(partial).findings == ()
    larger = [whole, arm_sizes(72, 20, subgroup=single)]
    assert tools.of(run(larger), "counts")[0].severity == "serious"


def test_flow_of_patients(run: Any, tools: Any) -> None:
    rows = [
        {"study_id": "one", "kind": "count", "statistic": name, "value": n, "unit": "patients"}
        for name, n in (("n_registered", 250), ("n_randomised", 256))
    ]
    assert rules(run(rows)) == {"counts": "serious"}


def share(value: Any, n: int | None, **more: Any) -> dict[str, Any]:
    row = {
        "study_id": "one",
        "kind": "proportion",
        "statistic": "proportion",
        "unit": "percent",
        "outcome_printed": "grade 3",
        "value_intervention": value,
    }
    return row | ({"n_intervention": n} if n else {}) | more


@pytest.mark.parametrize(
    ("value", "n", "found"), [("26.7", 45, False), ("27.6", 45, True), ("27", 450, False)]
)
def test_grim(run: Any, tools: Any, value: str, n: int, found: bool) -> None:
    findings = tools.of(run([share(value, n)]), "grim")
    assert bool(findings) == found
    if found:
        assert "26.7% would be possible" in findings[0].message
        assert "12/45 = 26.67%" in findings[0].message


def test_grim_with_a_borrowed_denominator_is_a_note(run: Any, tools: Any) -> None:
    rows = [share("71.9", None), arm_sizes(136, 138)]
    assert {f.severity for f in tools.of(run(rows), "grim")} == {"note"}


def test_grim_spares_kaplan_meier(run: Any, tools: Any) -> None:
    row = tools.arms(
        "survival_proportion", 27.6, 30.1, landmark_months=60, n_intervention=45, n_control=45
    )
    assert run([row]).findings == ()


def test_percent_against_its_count(run: Any, tools: Any) -> None:
    assert run([share("26.7", 45, events_intervention=12)]).findings == ()
    finding = tools.of(run([share("26.7", 45, events_intervention=21)]), "grim")[0]
    assert finding.severity == "serious"


def test_percentages_pass_100(run: Any, tools: Any) -> None:
    rows = [
        share("92.8", None, outcome_printed="axillary dissection"),
        share("17", None, outcome_printed="sentinel node biopsy"),
    ]
    finding = tools.of(run(rows), "counts")[0]
    assert finding.severity == "note"
    assert "109.8%" in finding.message


def test_arm_sizes_in_reverse_order(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("0.90", "0.60", "1.35", n_intervention=66, n_control=33),
        arm_sizes(66, 33),
        tools.arms("median_time", 30, 28, n_intervention=33, n_control=66),
    ]
    findings = tools.of(run(rows), "direction")
    assert [(f.severity, f.location.row) for f in findings] == [("serious", 4)]


def test_events_above_the_patients_of_another_row(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("0.90", "0.60", "1.35", events=300),
        {"study_id": "one", "kind": "count", "statistic": "n_randomised", "value": 256},
    ]
    assert rules(run(rows))["counts"] == "blocking"


def test_adjusted_cohort_effect_may_differ_from_crude_medians(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("0.75", "0.60", "0.94", adjusted="multivariable"),
        tools.arms("median_time", 20, 24),
    ]
    studies = [{"study_id": "one", "label": "One", "design": "cohort"}]
    assert run(rows, studies=studies).findings == ()


def test_survival_against_the_median_of_another_report(run: Any, tools: Any) -> None:
    references = [
        {"reference_id": name, "study_id": "one", "title": name} for name in ("first", "second")
    ]
    rows = [
        tools.arms("median_time", 30, 20, report_id="first"),
        tools.arms("survival_proportion", 46, 27, landmark_months=48, report_id="second"),
    ]
    assert run(rows, references=references).findings == ()
    rows[1]["value_intervention"] = 64
    assert "survival-against-median" in rules(run(rows, references=references))


def test_medians_against_survival_without_an_effect(run: Any, tools: Any) -> None:
    sizes = {"n_intervention": 120, "n_control": 120}
    rows = [
        tools.arms("median_time", 40, 20, **sizes),
        tools.arms("survival_proportion", 35, 13, landmark_months=60),
    ]
    assert run(rows).findings == ()
    rows[1] |= {"value_intervention": 13, "value_control": 35}
    finding = tools.of(run(rows), "direction")[0]
    assert (finding.severity, finding.location.row) == ("serious", 3)


def test_odds_of_survival_are_not_called_reversed(run: Any, tools: Any) -> None:
    rows = [
        tools.effect("3.00", "1.80", "5.00", measure="OR", landmark_months=60),
        tools.arms("survival_proportion", 60, 33, landmark_months=60),
    ]
    finding = tools.of(run(rows), "direction")[0]
    assert (finding.severity, finding.reading) == ("minor", None)
    assert "may also count survivors" in finding.message


def test_header_against_a_time_that_the_text_supports(run: Any, tools: Any) -> None:
    row = tools.arms("survival_proportion", 82.1, 31.6, landmark_months=48)
    table = row | {"column_header": "5-year overall survival", "location": "Table 2"}
    text = row | {"verbatim": "4-year overall survival was better", "location": "text"}
    assert rules(run([table]))["landmark-label"] == "serious"
    assert rules(run([table, text]))["landmark-label"] == "minor"


def test_a_landmark_of_zero_stops_no_check(run: Any, tools: Any) -> None:
    rows = [
        tools.arms("survival_proportion", 90, 80, landmark_months=0, report_id="r1"),
        tools.arms("median_time", 20, 10, report_id="r2"),
    ]
    assert run(rows).checks

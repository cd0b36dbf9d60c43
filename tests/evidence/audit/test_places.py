"""Text, table, reports, reviews, labels, doubles, impossible values and the report itself."""

import json
from typing import Any

import pytest

from locoreg.evidence.audit import CHECKS, audit
from locoreg.evidence.catalog import read_catalog

REFERENCES = [
    {"reference_id": "first", "study_id": "one", "title": "First", "version": 1, "year": 2018},
    {"reference_id": "second", "study_id": "one", "title": "Second", "version": 2, "year": 2021},
    {"reference_id": "review", "title": "A review"},
]


def rules(report: Any) -> dict[str, str]:
    return {f.rule: f.severity for f in report.findings}


def test_text_and_table(run: Any, tools: Any) -> None:
    text = tools.effect("0.66", "0.49", "0.88", location="text")
    table = text | {"location": "Table 1"}
    assert run([text, table]).findings == ()
    finding = tools.of(run([text, table | {"ci_high": "0.89"}]), "table-against-text")[0]
    assert (finding.severity, finding.location.column) == ("minor", "ci_high")


def test_more_digits_are_not_a_difference(run: Any, tools: Any) -> None:
    text = tools.effect("0.86", "0.69", "1.07", 90, location="abstract")
    full = tools.effect("0.857", "0.686", "1.072", 90, location="text")
    assert run([text, full]).findings == ()


def test_p_and_its_bound(run: Any, tools: Any) -> None:
    text = tools.arms("median_time", 49, 20, p_op="<", p_value="0.001", location="text")
    table = text | {"p_op": "=", "location": "Table 2"}
    assert rules(run([text, table])) == {"table-against-text": "minor"}
    assert run([text, table | {"p_value": "0.0004"}]).findings == ()


def test_review_against_source(run: Any, tools: Any) -> None:
    own = tools.arms("survival_proportion", 54, 10, landmark_months=60, report_id="first")
    quoted = own | {"source_id": "review", "value_intervention": 57}
    finding = tools.of(run([own, quoted], references=REFERENCES), "review-against-source")[0]
    assert finding.location.row == 3
    assert "57 and 54" in finding.message


def test_quoted_reciprocal_is_named(run: Any, tools: Any) -> None:
    own = tools.effect("0.50", "0.40", "0.63", report_id="first")
    quoted = tools.effect("2.00", "1.59", "2.50", report_id="first", source_id="review")
    finding = tools.of(run([own, quoted], references=REFERENCES), "review-against-source")[0]
    assert finding.severity == "serious"
    assert "reciprocal" in finding.message


def test_two_reports(run: Any, tools: Any) -> None:
    first = tools.effect("0.66", "0.49", "0.88", report_id="first", n=274)
    second = tools.effect("0.68", "0.52", "0.89", report_id="second", n=274)
    assert rules(run([first, second], references=REFERENCES)) == {"double-counting": "note"}
    narrow = second | {"ci_low": "0.58", "ci_high": "0.80", "n": 265}
    report = run([first, narrow], references=REFERENCES)
    assert "although the patients fall from 274 to 265" in (
        tools.of(report, "report-against-report")[0].message
    )


def test_superseded_row_is_audited_and_named(run: Any, tools: Any) -> None:
    wrong = tools.effect("0.76", "0.52", "0.86")
    right = wrong | {"estimate": "0.67", "supersedes": "c1", "reason": "printed in the erratum"}
    finding = run([wrong, right]).findings[0]
    assert finding.severity == "serious"
    assert "corrected by c2" in finding.message


SENTENCE = "No progression of distant disease following systemic therapy"


def criterion(study: str, text: str, name: str = "criteria") -> dict[str, Any]:
    row = {"study_id": study, "kind": "criterion", "statistic": name, "source_id": "review"}
    return row | {"value_text": text}


def test_repeated_sentence(run: Any, tools: Any) -> None:
    rows = [criterion(x, SENTENCE) for x in ("one", "two", "three")]
    assert rules(run(rows, references=REFERENCES)) == {"repeated-text": "minor"}
    assert run(rows[:2], references=REFERENCES).findings == ()
    against = criterion("two", "None", "systemic therapy before randomisation")
    report = run([*rows, against], references=REFERENCES)
    assert rules(report) == {"repeated-text": "serious"}
    assert "two has 'None'" in report.findings[0].message


def test_measure_labels(run: Any, tools: Any) -> None:
    row = tools.effect("0.65", "0.59", "0.72", measure="OR")
    assert rules(run([row])) == {"measure-label": "note"}
    assert run([row | {"landmark_months": 60}]).findings == ()
    cox = tools.of(run([row | {"measure": "RR", "note": "Cox model"}]), "measure-label")[0]
    assert cox.reading == "measure=HR"
    assert rules(run([row | {"measure_resolved": "HR"}])) == {"measure-label": "note"}


def test_counts_show_the_measure(run: Any, tools: Any) -> None:
    cells = {"events_intervention": 20, "n_intervention": 100, "events_control": 40}
    row = tools.effect("0.50", "0.32", "0.79", measure="OR", n_control=100, **cells)
    finding = tools.of(run([row]), "measure-label")[0]
    assert (finding.severity, finding.reading) == ("serious", "measure=RR")
    assert run([row | {"measure": "RR", "landmark_months": 60}]).findings == ()


def test_pool_label_and_pool_beside_trials(run: Any, tools: Any) -> None:
    studies = [
        {"study_id": "one", "label": "One", "design": "rct", "question_id": "primary-surgery"},
        {"study_id": "meta", "label": "M", "design": "pooled", "question_id": "primary-surgery"},
    ]
    claims = [
        tools.effect("0.66", "0.49", "0.88"),
        tools.effect("0.81", "0.60", "1.11", study_id="meta", measure="OR"),
    ]
    pools = [{"pool_id": "p", "claim_id": "c2", "inputs": "one", "inputs_source": "text"}]
    report = run(claims, studies=studies, pools=pools)
    labels = tools.of(report, "measure-label")
    assert "measure=HR" in {f.reading for f in labels}
    assert "1 of its own trials" in tools.of(report, "double-counting")[0].message


def test_duplicate_rows(run: Any, tools: Any) -> None:
    row = tools.effect("0.66", "0.49", "0.88")
    finding = tools.of(run([row, row]), "double-counting")[0]
    assert (finding.severity, finding.location.row) == ("serious", 3)
    assert finding.claim_ids == ("c2", "c1")


def test_same_numbers_under_two_studies(run: Any, tools: Any) -> None:
    row = tools.effect("0.66", "0.49", "0.88", n=274)
    assert rules(run([row, row | {"study_id": "two"}])) == {"double-counting": "serious"}
    assert run([row, row | {"study_id": "two", "n": 180}]).findings == ()


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("registry_id", ("NCT1", "NCT1"), True),
        ("registry_id", ("NCT1", "NCT2"), False),
        ("cohort", ("SEER", "seer;NCDB"), True),
    ],
)
def test_shared_patients(run: Any, tools: Any, column: str, values: Any, found: bool) -> None:
    studies = [
        {
            "study_id": name,
            "label": name,
            "design": "cohort",
            column: value,
            "question_id": "primary-surgery",
        }
        for name, value in zip(("one", "two"), values, strict=True)
    ]
    rows = [
        tools.effect("0.66", "0.49", "0.88"),
        tools.effect("0.71", "0.55", "0.92", study_id="two"),
    ]
    assert ("double-counting" in rules(run(rows, studies=studies))) == found


def test_matched_and_unmatched(run: Any, tools: Any) -> None:
    rows = [tools.arms("median_time", 74, 13), tools.arms("median_time", 82, 31, matched_set="ps")]
    assert rules(run(rows)) == {"double-counting": "note"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (
            {"statistic": "median_time", "value_intervention": -3, "unit": "months"},
            "value_intervention",
        ),
        (
            {
                "statistic": "survival_proportion",
                "value_intervention": 120,
                "unit": "percent",
                "landmark_months": 60,
            },
            "value_intervention",
        ),
        (
            {
                "statistic": "survival_proportion",
                "value_intervention": 0.56,
                "unit": "percent",
                "value_control": 0.25,
                "landmark_months": 60,
            },
            "value_intervention",
        ),
        ({"p_value": 0, "p_op": "="}, "p_value"),
    ],
)
def test_impossible_values(run: Any, row: dict[str, Any], column: str) -> None:
    base = {"study_id": "one", "kind": "arms", "outcome": "os"}
    report = run([base | row])
    assert "impossible-value" in rules(report)
    assert report.findings[0].location.column == column


def test_unusual_level_and_extreme_ratio(run: Any, tools: Any) -> None:
    assert rules(run([tools.effect("0.66", "0.49", "0.88", 59)])) == {"impossible-value": "minor"}
    row = tools.effect("0.03", "0.02", "0.045", events=120, n=300)
    assert "impossible-value" in rules(run([row]))


def test_memory_is_noted_once(run: Any, tools: Any) -> None:
    rows = [tools.arms("median_time", 40 + i, 30, verification="memory") for i in range(2)]
    rows[1]["outcome"] = "pfs"
    findings = tools.of(run(rows), "verification")
    assert [f.severity for f in findings] == ["note"]


def test_report_formats(run: Any, tools: Any) -> None:
    report = run([tools.effect("0.76", "0.52", "0.86")])
    record = json.loads(json.dumps(report.to_dict()))
    assert record["counts"]["serious"] == 1
    assert {"rule", "description", "examined", "found"} == set(record["checks"][0])
    assert {c["rule"] for c in record["checks"]} == {c.rule for c in CHECKS}
    assert report.to_frame().loc[0, "rule"] == "interval-asymmetry"
    assert "SERIOUS" in report.summary()
    empty = run([tools.effect("0.67", "0.52", "0.86")])
    assert empty.summary() == "No findings."
    assert list(empty.to_frame().columns) == list(report.to_frame().columns)


def test_findings_are_counted_by_check(run: Any, tools: Any) -> None:
    # Two checks share the rule: the effect is inside its limits, the arm's value is not.
    rows = [
        tools.effect("0.67", "0.52", "0.86"),
        tools.arms(
            "survival_proportion",
            40,
            30,
            landmark_months=24,
            low_intervention=45,
            high_intervention=60,
        ),
    ]
    report = run(rows)
    of_rule = [c for c in report.checks if c.rule == "estimate-outside-interval"]
    assert [(c.examined, c.found) for c in of_rule] == [(1, 0), (1, 1)]
    assert sum(c.found for c in report.checks) == len(report.findings)
    assert all(c.found <= len(report.findings) for c in report.checks)


def test_faults_stand_in_the_report(run: Any, tools: Any, tmp_path: Any) -> None:
    run([tools.effect("0.67", "0.52", "0.86")])
    path = tmp_path / "claims.csv"
    path.write_text(path.read_text().replace("0.67", "0,67", 1).replace(",0,67,", ',"0,67",'))
    catalog, faults = read_catalog(tmp_path)
    report = audit(catalog, faults=faults)
    assert [f.rule for f in report.findings] == ["invalid-cell"]
    assert sum(c.found for c in report.checks) == 0
    assert report.counts["blocking"] == 1


def test_shared_cohort_of_two_designs_is_a_note(run: Any, tools: Any) -> None:
    studies = [
        {
            "study_id": name,
            "label": name,
            "design": design,
            "cohort": "A trial",
            "question_id": "primary-surgery",
        }
        for name, design in (("one", "rct"), ("two", "cohort"))
    ]
    rows = [
        tools.effect("0.66", "0.49", "0.88"),
        tools.effect("0.71", "0.55", "0.92", study_id="two"),
    ]
    assert rules(run(rows, studies=studies)) == {"double-counting": "note"}

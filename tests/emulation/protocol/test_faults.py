"""Every way in which a protocol can be wrong is told at its place, with what to do."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from locoreg.core.errors import DesignError
from locoreg.emulation.protocol import read_protocol
from tests.emulation.protocol.content import REGISTRY, TABLE, changed


def fault(content: dict[str, Any]) -> str:
    with pytest.raises(DesignError) as error:
        read_protocol(content)
    return str(error.value)


# What is changed in a valid protocol: id, path, value, and what the message must hold.
IN_A_REGISTRY = [
    ("unknown key", "horizon", 36, ["horizon: there is no such key", "horizon_months"]),
    (
        "unknown key deep inside",
        "strategies.treated.grace_month",
        6,
        ["strategies.treated.grace_month: there is no such key", "grace_months"],
    ),
    (
        "missing and defines the estimand",
        "strategies.treated.initiation",
        ...,
        ["strategies.treated.initiation: is missing", "no default"],
    ),
    ("no version", "protocol", ..., ["protocol: is missing"]),
    ("another version", "protocol", 2, ["protocol: 2 is not allowed", "allowed are 1"]),
    ("not a number", "horizon_months", "long", ["horizon_months: 'long' is no number"]),
    ("truth for a number", "horizon_months", True, ["horizon_months", "not true or false"]),
    ("infinite", "horizon_months", float("inf"), ["horizon_months", "finite"]),
    ("zero horizon", "horizon_months", 0, ["horizon_months: 0 is not above 0"]),
    ("empty title", "title", "", ["title: is empty"]),
    ("level as a fraction", "level", 0.95, ["level: 0.95 is no level", "write 95"]),
    ("grace beyond horizon", "strategies.treated.grace_months", 36, ["grace_months", "horizon"]),
    (
        "grace between intervals",
        "strategies.treated.grace_months",
        5.5,
        ["strategies.treated.grace_months: 5.5 months are no whole number of intervals of 1"],
    ),
    ("negative grace", "strategies.treated.grace_months", -1, ["grace_months: -1 is below 0"]),
    (
        "initiation mistyped",
        "strategies.treated.initiation",
        "all_initiator",
        ["strategies.treated.initiation: 'all_initiator' is not allowed", "all_initiators?"],
    ),
    ("time beyond horizon", "at_months.2", 48, ["at_months[2]: 48 is not after 0", "36"]),
    ("time zero among times", "at_months.2", 0, ["at_months[2]: 0 is not after 0"]),
    ("time twice", "at_months.2", 12, ["at_months[2]: 12 stands there twice"]),
    ("itt_like with never", "contrast", "itt_like", ["contrast", "none_within_grace"]),
    ("no time zero", "time_zero", ..., ["time_zero: is missing"]),
    ("no follow-up", "follow_up", ..., ["follow_up: is missing"]),
    ("no outcome", "outcome", ..., ["outcome: is missing"]),
    ("no treatment", "strategies.treated.treatment", ..., ["strategies.treated.treatment: is"]),
    (
        "unknown treatment code",
        "strategies.treated.treatment.modality.0",
        "surgry",
        ["strategies.treated.treatment.modality[0]: 'surgry' is no code", "did you mean surgery?"],
    ),
    (
        "diagnostic treatment",
        "strategies.treated.treatment.intent",
        ["ablative", "diagnostic"],
        ["treatment.intent[1]: a diagnostic procedure is no treatment"],
    ),
    (
        "no code accepted",
        "strategies.treated.treatment.organ",
        [],
        ["strategies.treated.treatment.organ: is empty"],
    ),
    ("line without number", "time_zero", {"event": "systemic_line"}, ["time_zero.number: is"]),
    (
        "number without line",
        "time_zero.number",
        2,
        ["time_zero.number: belongs to event systemic_line, not to first_metastasis"],
    ),
    (
        "response without window",
        "time_zero",
        {"event": "response", "responses": ["CR"]},
        ["time_zero.window_months: is missing"],
    ),
    (
        "response before the metastasis",
        "time_zero",
        {"event": "response", "responses": ["CR"], "window_months": [-2, 4]},
        ["time_zero.window_months[0]: begins before"],
    ),
    (
        "time zero is death",
        "time_zero",
        {"event": "date", "column": "death_date"},
        ["time_zero.column: death_date is the end of follow-up"],
    ),
    (
        "time zero in no column",
        "time_zero",
        {"event": "date", "column": "entry"},
        ["time_zero.column: 'entry' is no column of dates", "entry_date"],
    ),
    ("no date", "follow_up.until", "2024-13-31", ["follow_up.until: '2024-13-31'", "last_contact"]),
    (
        "quality of life without points",
        "outcome",
        {"event": "qol_deterioration", "instrument": "FACT-B", "scale": "TOI"},
        ["outcome.points: is missing"],
    ),
    (
        "unknown scale",
        "outcome",
        {"event": "qol_deterioration", "instrument": "FACT-B", "scale": "TIO", "points": 5},
        ["outcome.scale: FACT-B has no scale 'TIO'", "TOI"],
    ),
    (
        "unknown instrument",
        "outcome",
        {"event": "qol_deterioration", "instrument": "FACT", "scale": "TOI", "points": 5},
        ["outcome.instrument", "FACT-B"],
    ),
    ("points of death", "outcome.points", 5, ["outcome.points: belongs to event qol_det"]),
    (
        "criterion without comparison",
        "eligibility.0.equals",
        ...,
        ["eligibility[0]: has no comparison", "one_of"],
    ),
    ("two comparisons", "eligibility.0.at_most", 3, ["eligibility[0]: has several comparisons"]),
    ("limits crossed", "eligibility.1.at_most", 10, ["eligibility[1].at_least: 18 is above"]),
    (
        "nobody eligible",
        "eligibility.1",
        {"name": "x", "variable": "age", "one_of": [], "unknown": "exclude"},
        ["eligibility[1].one_of: is empty"],
    ),
    ("a list for a value", "eligibility.0.equals", [1], ["eligibility[0].equals: a list is"]),
    ("criterion twice", "eligibility.1.name", "De novo", ["eligibility[1].name", "twice"]),
    ("unknown not decided", "eligibility.0.unknown", ..., ["eligibility[0].unknown: is missing"]),
    (
        "confounder twice",
        "confounders.baseline.1.variable",
        "age",
        ["confounders.baseline[1].variable: age stands there twice"],
    ),
    ("spline too stiff", "confounders.baseline.0.spline", 1, ["baseline[0].spline: 1 is below 2"]),
    (
        "imputation without number",
        "confounders.missing",
        {"method": "multiple_imputation", "seed": 1},
        ["confounders.missing.imputations: is missing"],
    ),
    (
        "imputations of nothing",
        "confounders.missing.imputations",
        5,
        ["confounders.missing.imputations: belongs to multiple_imputation, not to category"],
    ),
    ("shift of nothing", "sensitivity", {"missing_shift": [0.5]}, ["sensitivity.missing_shift"]),
    ("bootstrap without seed", "analysis.intervals.seed", ..., ["analysis.intervals.seed: is"]),
    (
        "bootstrap without replicates",
        "analysis.intervals.replicates",
        ...,
        ["analysis.intervals.replicates: is missing"],
    ),
    (
        "unknown method",
        "analysis.method",
        "ever_treatd",
        ["analysis.method: there is no method 'ever_treatd'", "ever_treated"],
    ),
    (
        "unknown option",
        "analysis.options",
        {"wild_guess": 1},
        ["analysis.options: ever_treated has no option 'wild_guess'"],
    ),
    (
        "unknown method to compare with",
        "sensitivity",
        {"methods": [{"method": "magic"}]},
        ["sensitivity.methods[0].method: there is no method 'magic'"],
    ),
    (
        "grace to compare with beyond horizon",
        "sensitivity",
        {"grace_months": [3, 40]},
        ["sensitivity.grace_months[1]", "horizon"],
    ),
    (
        "the same grace again",
        "sensitivity",
        {"grace_months": [6]},
        ["sensitivity.grace_months[0]: 6 is the grace period of the main analysis"],
    ),
    (
        "truncation as a fraction",
        "sensitivity",
        {"truncation": [0.99]},
        ["sensitivity.truncation[0]: 0.99 is no percentile"],
    ),
    (
        "a range that is missing",
        "sensitivity",
        {"unmeasured": {"hazard_ratio": [1, 2], "prevalence_treated": [0.1, 0.2]}},
        ["sensitivity.unmeasured.prevalence_comparator: is missing"],
    ),
    (
        "a prevalence above 1",
        "sensitivity",
        {
            "unmeasured": {
                "hazard_ratio": [1, 2],
                "prevalence_treated": [10, 20],
                "prevalence_comparator": [0.1, 0.2],
            }
        },
        ["sensitivity.unmeasured.prevalence_treated: is no range between 0 and 1"],
    ),
    (
        "control without anything",
        "negative_controls",
        [{"name": "x"}],
        ["negative_controls[0]: must have either an event or the columns"],
    ),
    (
        "control in columns of a registry",
        "negative_controls",
        [{"name": "x", "time": "t", "status": "s"}],
        ["negative_controls[0]: names columns"],
    ),
    ("no trial", "benchmark", {"studies": []}, ["benchmark.studies: is empty"]),
    ("trial twice", "benchmark", {"studies": ["a", "a"]}, ["benchmark.studies[1]: a stands"]),
    ("no such item", "reporting", {"7g": "x"}, ["reporting.7g: is no item", "7g.i"]),
]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [row[1:] for row in IN_A_REGISTRY],
    ids=[row[0] for row in IN_A_REGISTRY],
)
def test_each_fault_is_told_at_its_place(path, value, words):
    message = fault(changed(REGISTRY, path, value))
    for text in words:
        assert text in message
    assert " faults." not in message, "one thing is wrong, so one thing is told"


def own(**more: Any) -> dict[str, Any]:
    variable = {"table": "performance", "column": "ecog", "window_months": [-3, 0], "take": "last"}
    return {**variable, **more}


VARIABLES = [
    ("unknown table", own(table="performances"), ["variables.v.table", "performance?"]),
    ("bookkeeping", own(table="issue", column="rule"), ["variables.v.table"]),
    ("unknown column", own(column="ecg"), ["variables.v.column: the table", "ecog"]),
    ("no column to take", own(column=None), ["variables.v.column: is missing"]),
    (
        "greatest of texts",
        own(table="imaging_assessment", column="response", take="max"),
        ["variables.v.take: max needs numbers"],
    ),
    (
        "outcome as a variable",
        own(table="patient", column="vital_status"),
        ["variables.v.column: patient.vital_status is known at the end of follow-up only"],
    ),
    ("unknown column to select by", own(where={"kind": 1}), ["variables.v.where.kind"]),
    (
        "unknown code to select by",
        own(table="biomarker", column="value", where={"fluid": "blod"}),
        ["variables.v.where.fluid: 'blod' is no code of biomarker.fluid", "blood"],
    ),
    (
        "one unknown code of several",
        own(table="biomarker", column="value", where={"fluid": ["blood", "x"]}),
        ["variables.v.where.fluid[1]: 'x' is no code"],
    ),
    (
        "which of several dates",
        own(table="systemic_line", column="regimen"),
        ["variables.v.date: is missing", "start_date, end_date"],
    ),
    ("no such date", own(date="day"), ["variables.v.date: 'day' is no column of dates"]),
    ("window turned round", own(window_months=[0, -3]), ["variables.v.window_months"]),
    ("how to take", own(take="newest"), ["variables.v.take: 'newest' is not allowed"]),
]


@pytest.mark.parametrize(
    ("variable", "words"), [row[1:] for row in VARIABLES], ids=[row[0] for row in VARIABLES]
)
def test_variables_must_be_words_of_the_registry(variable, words):
    message = fault({**REGISTRY, "variables": {"v": variable}})
    for text in words:
        assert text in message


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("confounders.baseline.1.variable", "late", "confounders.baseline[1].variable"),
        ("eligibility.0.variable", "late", "eligibility[0].variable"),
        ("subgroups", ["late"], "subgroups[0]"),
        (
            "benchmark",
            {
                "studies": ["a"],
                "eligibility": [
                    {"name": "x", "variable": "late", "at_most": 1, "unknown": "exclude"}
                ],
            },
            "benchmark.eligibility[0].variable",
        ),
    ],
    ids=["confounder", "criterion", "subgroup", "benchmark"],
)
def test_what_is_measured_after_time_zero_is_no_variable_of_time_zero(path, value, place):
    content = {**REGISTRY, "variables": {"late": own(window_months=[-3, 2])}}
    message = fault(changed(content, path, value))
    assert f"{place}: late is measured up to 2 months after time zero" in message
    assert "confounders.time_varying" in message


def test_a_variable_that_changes_may_be_measured_after_time_zero():
    content = {**REGISTRY, "variables": {"late": own(window_months=[-3, 24])}}
    read_protocol(changed(content, "confounders.time_varying", ["late"]))


IN_A_TABLE = [
    ("time zero", "time_zero", {"event": "diagnosis"}, ["time_zero: belongs to a registry"]),
    ("outcome", "outcome", {"event": "death"}, ["outcome: belongs to a registry"]),
    ("follow-up", "follow_up", {"until": "last_contact"}, ["follow_up: belongs to a registry"]),
    (
        "treatment",
        "strategies.treated.treatment",
        {"target": ["primary"]},
        ["strategies.treated.treatment: belongs to a registry"],
    ),
    (
        "variables",
        "variables",
        {"v": own()},
        ["variables: belongs to a registry"],
    ),
    (
        "event of a control",
        "negative_controls",
        [{"name": "x", "event": "other_death"}],
        ["negative_controls[0].event: belongs to a registry"],
    ),
    ("a column twice", "table.event", "months", ["table.event: the column 'months' is time"]),
    ("codes with a gap", "table.events", {1: "a", 3: "b"}, ["table.events: its codes are [1, 3]"]),
    ("censoring as an event", "table.events", {0: "a"}, ["table.events: its codes are [0]"]),
    ("unit", "table.unit", "weeks", ["table.unit: 'weeks' is not allowed", "days, months"]),
    ("visits without time", "table.visit_time", ..., ["table.visit_time: is missing beside"]),
    (
        "outcome as a confounder",
        "confounders.baseline.1.variable",
        "status",
        ["confounders.baseline[1].variable: the column 'status' is the table's event"],
    ),
    (
        "treatment over time",
        "confounders.time_varying",
        ["surgery_month"],
        ["confounders.time_varying[0]: the column 'surgery_month' is the table's treatment_time"],
    ),
    (
        "hospitals that no column names",
        "analysis.intervals.cluster",
        True,
        ["analysis.intervals.cluster: is true", "table.cluster"],
    ),
]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [row[1:] for row in IN_A_TABLE],
    ids=[row[0] for row in IN_A_TABLE],
)
def test_a_table_refuses_what_belongs_to_a_registry(path, value, words):
    message = fault(changed(TABLE, path, value))
    for text in words:
        assert text in message


def test_a_table_without_visits_has_nothing_that_changes():
    content = changed(changed(TABLE, "table.visit_time", ...), "table.visit_person", ...)
    assert "confounders.time_varying: needs a table of visits" in fault(content)


def test_both_contents_are_valid_as_they_stand():
    assert read_protocol(REGISTRY).protocol.question().intervals == 6
    assert read_protocol(TABLE).protocol.outcome_label == "death"


def test_all_faults_of_a_file_are_told_at_once_with_their_lines(tmp_path):
    content = changed(changed(REGISTRY, "level", 0.95), "at_months.2", 99)
    content = changed(content, "strategies.treated.grace_months", 99)
    file = tmp_path / "trial.yaml"
    text = yaml.safe_dump(content, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DesignError) as error:
        read_protocol(file)
    message = str(error.value)
    assert message.startswith("trial.yaml has 3 faults. (1) line ")
    lines = text.splitlines()
    for key, place in (("grace_months", "strategies.treated.grace_months"), ("level", "level")):
        number = next(i for i, line in enumerate(lines, 1) if line.strip().startswith(f"{key}:"))
        assert f"line {number}: {place}: " in message


def test_more_faults_than_help_are_counted():
    criteria = [{"name": f"c{i}", "variable": "age", "unknown": "exclude"} for i in range(11)]
    message = fault({**REGISTRY, "eligibility": criteria})
    assert message.startswith("the protocol has 11 faults. (1) eligibility[0]: ")
    assert message.endswith("And 3 more.")

"""Cohorts from tables of one's own."""

from __future__ import annotations

import re

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort import cohort_from_table
from tests.emulation.cohort.tables import NAN, people, protocol


def test_one_row_per_person_in_the_order_of_ids():
    found = cohort_from_table(people(), protocol())
    assert found.person_id == ("p1", "p2", "p3", "p4")
    np.testing.assert_array_equal(found.time, [24, 5, 12, 30])
    np.testing.assert_array_equal(found.event, [0, 1, 1, 0])
    np.testing.assert_array_equal(found.treatment_time, [np.inf, np.inf, 2, 8])
    np.testing.assert_array_equal(found.column("age").values, [55, 70, 61, 48])
    assert found.column("stage").levels == ("III", "IV")
    np.testing.assert_array_equal(found.column("stage").values, [1, 0, 0, 1])
    assert found.entry is None
    assert found.event_labels == ("death",)
    assert (found.attrition.started, found.attrition.left) == (4, 4)
    assert "coincide at time zero for all 4 persons" in found.audit[0].message


def kinds(folder):
    frame = people()
    csv, columnar = folder / "people.csv", folder / "people.parquet"
    frame.to_csv(csv, index=False)
    parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), columnar)
    return {
        "pandas": frame,
        "arrow": pa.Table.from_pandas(frame, preserve_index=False),
        "duckdb": duckdb.connect().from_df(frame),
        "lists": {name: list(frame[name]) for name in frame},
        "arrays": {name: frame[name].to_numpy() for name in frame},
        "pandas columns": {name: frame[name] for name in frame},
        "csv": csv,
        "parquet": str(columnar),
    }


def test_any_kind_of_table_gives_the_same_cohort(tmp_path):
    expected = cohort_from_table(people(), protocol()).sha256()
    for name, table in kinds(tmp_path).items():
        assert cohort_from_table(table, protocol()).sha256() == expected, name


class Streams:
    """A table that gives nothing but an Arrow stream, with types that pandas does not use."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_tables_of_other_libraries_are_read_by_their_arrow_stream():
    table = pa.Table.from_pandas(people(), preserve_index=False)
    stage = pa.DictionaryArray.from_arrays(
        pa.array([1, 0, 1, 0], pa.uint32()), pa.array(["IV", "III"], pa.string_view())
    )
    odd = table.set_column(table.column_names.index("stage"), "stage", stage)
    found = cohort_from_table(Streams(odd), protocol())
    # An order that nobody declared is not kept.
    assert found.sha256() == cohort_from_table(people(), protocol()).sha256()


def test_the_order_of_rows_does_not_matter():
    frame = people()
    turned = frame.iloc[[2, 0, 3, 1]].reset_index(drop=True)
    one, other = cohort_from_table(frame, protocol()), cohort_from_table(turned, protocol())
    assert one.sha256() == other.sha256()
    assert one.person_id == other.person_id


def test_days_become_months():
    days = people(time=[304.375, 365.25, 30.4375, 700], op=[60.875, NAN, NAN, NAN])
    found = cohort_from_table(days, protocol(table={"unit": "days"}))
    np.testing.assert_allclose(found.time[:3], [12, 1, 10])
    assert found.treatment_time[2] == pytest.approx(2.0)


def test_the_source_is_the_name_of_the_file(tmp_path):
    people().to_csv(tmp_path / "mine.csv", index=False)
    assert cohort_from_table(tmp_path / "mine.csv", protocol()).source == "mine.csv"
    assert cohort_from_table(people(), protocol(), source="hospital A").source == "hospital A"


CRITERIA = [
    {"name": "younger than 65", "variable": "age", "at_most": 64, "unknown": "exclude"},
    {"name": "stage IV", "variable": "stage", "equals": "IV", "unknown": "exclude"},
]


def test_criteria_are_applied_one_after_another():
    frame = people(age=[61, NAN, 70, 48])
    found = cohort_from_table(
        frame, protocol(eligibility=CRITERIA, confounders={"baseline": [{"variable": "age"}]})
    )
    assert found.person_id == ("p4",)
    steps = [(s.name, s.excluded, s.left, s.unknown) for s in found.attrition.steps[:2]]
    assert steps == [("younger than 65", 2, 2, 1), ("stage IV", 1, 1, 0)]


def test_unknown_values_may_be_included():
    criteria = [{**CRITERIA[0], "unknown": "include"}]
    frame = people(age=[61, NAN, 70, 48])
    rule = {"baseline": [{"variable": "stage"}]}
    found = cohort_from_table(frame, protocol(eligibility=criteria, confounders=rule))
    assert found.person_id == ("p1", "p3", "p4")


def test_true_and_false_are_criteria_and_categories():
    frame = people(fit=[True, False, True, True])
    criteria = [{"name": "fit", "variable": "fit", "equals": True, "unknown": "exclude"}]
    found = cohort_from_table(frame, protocol(eligibility=criteria))
    assert found.person_id == ("p2", "p3", "p4")
    assert found.column("fit").levels == ("no", "yes")


def test_exclusions_on_follow_up_are_counted():
    frame = pd.DataFrame(
        {
            "id": [f"p{i}" for i in range(6)],
            "time": [-1.0, 5, NAN, 8, 9, 12],
            "status": [1, 0, 1, NAN, 1, 0],
            "op": [NAN, -2, NAN, NAN, 1, NAN],
            "age": [1, 2, 3, 4, 5, 6],
            "stage": list("abcabc"),
        }
    )
    found = cohort_from_table(frame, protocol())
    assert found.person_id == ("p4", "p5")
    counts = {s.name: (s.excluded, s.unknown) for s in found.attrition.steps}
    assert counts == {
        "time and event of the end of follow-up are known": (2, 2),
        "follow-up does not end before time zero": (1, 0),
        "not treated before time zero": (1, 0),
    }


def test_left_truncation_is_kept_as_entry():
    frame = people(start=[-3.0, 2.0, 5.0, NAN])
    found = cohort_from_table(frame, protocol(table={"entry": "start"}))
    assert found.person_id == ("p1", "p3")
    np.testing.assert_array_equal(found.entry, [2, 0])
    last = found.attrition.steps[-1]
    assert (last.excluded, last.unknown) == (2, 1)


def test_all_observed_from_time_zero_have_no_entry():
    frame = people(start=[-3.0, 0.0, 0.0, -1])
    assert cohort_from_table(frame, protocol(table={"entry": "start"})).entry is None


def test_treatment_after_the_end_of_follow_up_is_a_finding():
    found = cohort_from_table(people(op=[13.0, NAN, NAN, 8]), protocol())
    assert np.isinf(found.treatment_time[2])
    finding = next(f for f in found.audit if f.rule == "treated_after_follow_up")
    assert finding.value == 1
    assert "p3" in finding.message


def test_treatment_on_the_last_day_counts():
    assert cohort_from_table(people(op=[12.0, NAN, NAN, 8]), protocol()).treatment_time[2] == 12


def test_loss_is_told_apart_from_the_end_of_the_study():
    found = cohort_from_table(people(gone=[NAN, 1, 0, 0]), protocol(table={"lost": "gone"}))
    np.testing.assert_array_equal(found.lost, [True, False, False, False])
    assert not [f for f in found.audit if f.rule == "loss_unknown"]
    assert [f for f in cohort_from_table(people(), protocol()).audit if f.rule == "loss_unknown"]


def test_competing_events_and_clusters():
    frame = people(status=[2, 0, 1, 0], site=["b", "a", "b", "c"])
    columns = {"events": {1: "cancer death", 2: "other death"}, "cluster": "site"}
    found = cohort_from_table(frame, protocol(table=columns))
    assert found.competing
    np.testing.assert_array_equal(found.event, [0, 1, 2, 0])
    np.testing.assert_array_equal(found.cluster, [0, 1, 1, 2])


def test_subgroups_and_negative_controls():
    frame = people(sex=[0, 1, 0, 1], fall=[3.0, 4, 5, 6], fell=[0, 1, 0, 0])
    controls = [{"name": "falls", "time": "fall", "status": "fell"}]
    found = cohort_from_table(frame, protocol(subgroups=["sex"], negative_controls=controls))
    assert found.subgroups["sex"].levels == ("0", "1")
    np.testing.assert_array_equal(found.negative_controls["falls"][0], [4, 5, 3, 6])
    np.testing.assert_array_equal(found.negative_controls["falls"][1], [1, 0, 0, 0])


def test_declared_levels_keep_their_order():
    stage = pd.Categorical(["III", "IV", "III", "IV"], categories=["IV", "III"])
    assert cohort_from_table(people(stage=stage), protocol()).column("stage").levels == (
        "IV",
        "III",
    )


def test_splines_are_taken_over():
    confounders = {"baseline": [{"variable": "age", "spline": 3}]}
    found = cohort_from_table(people(), protocol(confounders=confounders))
    assert found.coding.splines == (("age", 3),)


def test_complete_cases_are_a_step():
    frame = people(age=[61, NAN, 70, 48])
    found = cohort_from_table(
        frame, protocol(confounders={"missing": {"method": "complete_cases"}})
    )
    assert found.person_id == ("p2", "p3", "p4")
    assert found.attrition.steps[-1].name == "all confounders are known"


BAD = {
    "unknown column": (
        people().rename(columns={"age": "Age"}),
        "no column 'age'.*did you mean Age",
    ),
    "person twice": (people(id=["p1", "p2", "p1", "p3"]), "several rows for person p1"),
    "person empty": (people(id=["p1", None, "p2", "p3"]), r"\(person\) .* is empty in row 2"),
    "text time": (people(time=["a", "b", "c", "d"]), "holds text, not numbers"),
    "date time": (people(time=pd.to_datetime(["2020-01-01"] * 4)), "holds dates"),
    "unknown code": (people(status=[1, 0, 3, 0]), "holds 3 for person p2.*codes are 0, 1"),
    "date confounder": (people(age=pd.to_datetime(["2020-01-01"] * 4)), "holds dates"),
    "confounder unknown": (people(age=[1, 2, NAN, 3]), "age for 1 of 4"),
    "no rows": (people().iloc[:0], "no rows"),
    "no table": (7, "can't be read from int"),
    "ragged": ({"id": ["a", "b"], "time": [1]}, "can't be read"),
    "no file": ("nowhere.csv", "no file"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_are_refused(case):
    table, message = BAD[case]
    with pytest.raises(DataError) as caught:
        cohort_from_table(table, protocol())
    assert re.search(message, str(caught.value), re.DOTALL)


def test_a_column_named_twice_is_refused():
    frame = people()
    twice = pa.Table.from_arrays(
        [*pa.Table.from_pandas(frame).columns, pa.array([1, 2, 3, 4])], [*frame.columns, "age"]
    )
    with pytest.raises(DataError, match="2 columns 'age'"):
        cohort_from_table(twice, protocol())


MISFITS = {
    "mistyped level": (
        {"name": "late", "variable": "stage", "equals": "iv", "unknown": "exclude"},
        "stage is never iv.*did you mean IV",
    ),
    "text for a number": (
        {"name": "old", "variable": "age", "equals": "old", "unknown": "exclude"},
        "age is a number",
    ),
    "number for a text": (
        {"name": "late", "variable": "stage", "at_least": 3, "unknown": "exclude"},
        "stage is a category",
    ),
    "nobody left": (
        {"name": "aged", "variable": "age", "at_least": 99, "unknown": "exclude"},
        "nobody is left after the criterion 'aged'",
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_criteria_that_do_not_fit_are_refused(case):
    criterion, message = MISFITS[case]
    with pytest.raises(DesignError) as caught:
        cohort_from_table(people(), protocol(eligibility=[criterion]))
    assert re.search(message, str(caught.value), re.DOTALL)


def test_a_subgroup_of_many_numbers_is_refused():
    frame = pd.concat([people(id=[f"{i}-{k}" for k in range(4)]) for i in range(4)])
    frame = frame.assign(weight=np.arange(16.0))
    with pytest.raises(DesignError, match="weight is a number with 16 values"):
        cohort_from_table(frame, protocol(subgroups=["weight"]))


def test_a_protocol_without_a_table_is_refused():
    without = protocol().model_copy(update={"table": None})
    with pytest.raises(DesignError, match="no table: section"):
        cohort_from_table(people(), without)


def test_lost_that_is_no_flag_is_refused():
    with pytest.raises(DataError, match=r"lost.* is not 0 or 1 for person p4"):
        cohort_from_table(people(gone=[NAN, 1, 0, 7]), protocol(table={"lost": "gone"}))


def test_a_cluster_that_is_empty_is_refused():
    with pytest.raises(DataError, match=r"cluster.* is empty for person p1"):
        cohort_from_table(people(site=["a", None, "b", "b"]), protocol(table={"cluster": "site"}))


def test_a_negative_control_without_values_is_refused():
    frame = people(fall=[3.0, NAN, 5, 6], fell=[0, 1, 0, 0])
    controls = [{"name": "falls", "time": "fall", "status": "fell"}]
    with pytest.raises(DataError, match=r"negative control 'falls'.*person p1"):
        cohort_from_table(frame, protocol(negative_controls=controls))

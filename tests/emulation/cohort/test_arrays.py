"""Cohorts from arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from locoreg.core.errors import DataError
from locoreg.emulation.cohort import cohort_from_arrays

NAN = np.nan


def cohort(**changes: Any):
    given: dict[str, Any] = {
        "time": [12.0, 3.5, 24.0],
        "event": [1, 1, 0],
        "treatment_time": [2.0, NAN, np.inf],
        "covariates": {"age": [61, 74, 58], "stage": ["IV", "III", "IV"]},
        "event_labels": ["death"],
    }
    return cohort_from_arrays(**{**given, **changes})


def test_columns_become_variables():
    found = cohort(splines={"age": 3})
    assert found.person_id == ("1", "2", "3")
    np.testing.assert_array_equal(found.treatment_time, [2, np.inf, np.inf])
    assert found.coding.names == ("age", "stage")
    assert found.coding.splines == (("age", 3),)
    assert found.column("stage").levels == ("III", "IV")
    np.testing.assert_array_equal(found.column("stage").values, [1, 0, 1])
    assert not found.lost.any()
    assert found.attrition.left == 3


@pytest.mark.parametrize(
    "covariates",
    [
        np.array([[1.0, 2], [3, 4], [5, 7]]),
        pd.DataFrame({"x1": [1.0, 3, 5], "x2": [2.0, 4, 7]}),
        [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]],
    ],
    ids=["array", "frame", "lists"],
)
def test_covariates_of_any_kind(covariates):
    found = cohort(covariates=covariates)
    assert found.coding.names == ("x1", "x2")
    np.testing.assert_array_equal(found.design().X, [[1, 2], [3, 4], [5, 7]])


@pytest.mark.parametrize("nothing", [{}, np.zeros((3, 0))], ids=["mapping", "array"])
def test_no_covariates(nothing):
    assert cohort(covariates=nothing).baseline == ()


def test_unknown_covariates_are_kept():
    np.testing.assert_array_equal(
        cohort(covariates={"age": [61, NAN, 58]}).column("age").missing, [False, True, False]
    )


def test_booleans_are_events_and_categories():
    found = cohort(event=[True, True, False], covariates={"fit": np.array([True, False, True])})
    np.testing.assert_array_equal(found.event, [1, 1, 0])
    assert found.column("fit").levels == ("no", "yes")


def test_entry_lost_and_clusters():
    found = cohort(entry=[-1, 2, 0], lost=[0, 0, 1], cluster=["b", "a", "b"])
    np.testing.assert_array_equal(found.entry, [0, 2, 0])
    np.testing.assert_array_equal(found.lost, [False, False, True])
    np.testing.assert_array_equal(found.cluster, [1, 0, 1])
    assert cohort(entry=[-1, 0, 0]).entry is None


def test_histories_are_sorted_and_their_gaps_left_out():
    columns = (["c", "a", "a", "c"], [1.0, 3, -1, 2], [5.0, 7, 6, NAN])
    found = cohort(person_id=["a", "b", "c"], histories={"marker": columns})
    (marker,) = found.histories
    np.testing.assert_array_equal(marker.person, [0, 0, 2])
    np.testing.assert_array_equal(marker.time, [-1, 3, 1])
    np.testing.assert_array_equal(marker.values, [6, 7, 5])
    assert found.coding.history_names == ("marker",)


def test_histories_may_be_texts():
    columns = ([1, 1, 3], [0.0, 2, 0], ["PR", "PD", "SD"])
    (response,) = cohort(histories={"response": columns}).histories
    assert response.levels == ("PD", "PR", "SD")
    np.testing.assert_array_equal(response.at(5.0), [0, NAN, 2])


BAD = {
    "time missing": ({"time": [12.0, NAN, 24.0]}, "time is nan in row 2"),
    "time negative": ({"time": [12.0, -1, 24.0]}, "time is -1 in row 2"),
    "no persons": ({"time": []}, "time is empty"),
    "event unknown": ({"event": [1, 2, 0]}, "event is 2 in row 2, but there are 1"),
    "event a fraction": ({"event": [1, 0.5, 0]}, "event is 0.5"),
    "event short": ({"event": [1, 0]}, "event has 2 values"),
    "treated before": ({"treatment_time": [-1, NAN, NAN]}, "before time zero in row 1"),
    "treated after": ({"treatment_time": [NAN, 4, NAN]}, "after the end of follow-up in row 2"),
    "entry late": ({"entry": [0, 3.5, 0]}, "entry is not before time in row 2"),
    "lost with event": ({"lost": [1, 0, 0]}, "lost is 1 in row 1"),
    "covariates short": ({"covariates": {"age": [1, 2]}}, "covariates have 2 rows"),
    "covariates flat": ({"covariates": [1.0, 2.0, 3.0]}, r"shape \(3,\)"),
    "person twice": ({"person_id": ["a", "b", "a"]}, "2 of them distinct"),
    "stranger": ({"histories": {"m": (["9"], [0.0], [1.0])}}, "holds '9'"),
    "mixed": ({"covariates": {"age": np.array([1, "a", 2], dtype=object)}}, "column 'age'"),
}


@pytest.mark.parametrize("case", BAD)
def test_values_that_cannot_be_are_refused(case):
    changes, message = BAD[case]
    with pytest.raises(DataError, match=message):
        cohort(**changes)

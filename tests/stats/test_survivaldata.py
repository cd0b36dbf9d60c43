"""The gate of censored data: what it refuses and says, what it makes equal, what it leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError
from locoreg.stats.survivaldata import (
    check_survival,
    cluster_codes,
    label_codes,
    label_text,
    named_rows,
    numbers,
)
from locoreg.stats.timeorder import (
    TIME_TOLERANCE,
    merge_near_ties,
    near_ties,
    positions,
    positions_after,
)

MODEST = settings(deadline=None, max_examples=60)
TIME, EVENT = [3.0, 1.0, 2.0], [1, 0, 1]


def refused(message: str, **columns: object) -> None:
    rows = {"time": TIME, "event": EVENT, **columns}
    with pytest.raises(DataError, match=message) as caught:
        check_survival(rows.pop("time"), rows.pop("event"), **rows)
    assert caught.value.hint


# --- What is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"time": [1.0, -2.0, 3.0]}, r"time is negative in row 2 \(first: -2\)"),
        ({"time": [1.0, np.nan, np.inf]}, r"time is not a finite number in rows 2, 3"),
        ({"time": ["1", "2", "3"]}, "time holds text, not numbers"),
        ({"time": np.array(["1", "x", None], dtype=object)}, "time is missing in row 3"),
        ({"time": np.array([1, "x", 2], dtype=object)}, "time holds text"),
        ({"time": np.array([1, [2], 2], dtype=object)}, "time can't be read as numbers"),
        ({"time": np.array(["2020-01-01"] * 3, dtype="M8[D]")}, "time holds dates"),
        ({"time": np.array([1, 2, 3], dtype="m8[D]")}, "time holds durations"),
        ({"time": np.ones(3, dtype=complex)}, "time holds values of type complex128"),
        ({"time": np.ones((3, 1))}, r"time has shape \(3, 1\)"),
        ({"time": []}, "There are no rows"),
        ({"time": np.ma.masked_equal([1.0, 9.0, 2.0], 9.0)}, "time is missing in row 2"),
        ({"event": [1, 2, 0]}, r"event is neither 0 nor 1 in row 2 \(first: 2\)"),
        ({"event": [1.0, 0.5, np.nan]}, "event is not a finite number in row 3"),
        ({"event": [1, 0]}, "event has 2 rows, but time has 3"),
        ({"event": ["dead", "alive", "dead"]}, "event holds text"),
        ({"entry": [0.0, -1.0, 0.0]}, "entry is negative in row 2"),
        ({"entry": [0.0, 1.0, 0.0]}, "entry equals time, so that nobody is at risk, in row 2"),
        ({"entry": [4.0, 5.0, 0.0]}, "entry is after time in rows 1, 2"),
        ({"entry": [0.0, np.nan, 0.0]}, "entry is not a finite number in row 2"),
        ({"entry": [0.0, 1.0 - 1e-12, 0.0]}, "entry differs from time by rounding only in row 2"),
        ({"weight": [1.0, -1.0, 1.0]}, "weight is negative in row 2"),
        ({"weight": [1.0, np.inf, 1.0]}, "weight is not a finite number in row 2"),
        ({"weight": [0, 0, 0]}, "All weights are zero"),
        ({"cluster": ["a", None, "b"]}, "cluster is missing in row 2"),
        ({"cluster": [1.0, np.nan, 2.0]}, "cluster is missing in row 2"),
        ({"strata": pd.array([1, None, 2], dtype="Int64")}, "strata is missing in row 2"),
        ({"strata": ["a", "b"]}, r"strata has shape \(2,\), but time has 3 rows"),
        ({"strata": np.ma.masked_equal([1, 9, 2], 9)}, "strata is missing in row 2"),
    ],
)
def test_what_can_not_be_used_is_refused_with_its_rows(columns, message):
    if "time" in columns and len(columns["time"]) == 0:
        columns = {**columns, "event": []}
    refused(message, **columns)


def test_only_the_first_rows_are_named_and_the_others_counted():
    assert named_rows(np.arange(9) != 1) == "rows 1, 3, 4, 5, 6 and 3 more"
    assert named_rows(np.arange(9) == 1) == "row 2"


def test_causes_are_whole_numbers():
    assert check_survival(TIME, [0, 2, 1], causes=True).event.tolist() == [0, 2, 1]
    with pytest.raises(DataError, match="event is not a whole number from 0 on in rows 1, 2"):
        check_survival(TIME, [-1, 0.5, 1], causes=True)


# --- What is taken as it is ----------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        [True, False, True],
        np.array([1, 0, 1], dtype=np.int8),
        np.array([1.0, 0.0, 1.0]),
        pd.Series([1, 0, 1], dtype="Int64"),
        pd.Series([True, False, True]),
        np.array([True, False, True], dtype=object),
    ],
)
def test_events_of_any_kind_are_the_same(event):
    data = check_survival(TIME, event)
    assert data.event.tolist() == [1, 0, 1]
    assert data.event.dtype == np.int64


def test_rows_keep_their_order_and_the_input_is_left_alone():
    time = np.array([3.0, 1.0, 2.0, 2.0])
    entry = np.array([0.5, 0.0, 1.0, 0.0])
    weight = np.array([1.0, 0.0, 2.0, 1.0])
    for column in (time, entry, weight):
        column.flags.writeable = False
    strided = np.repeat(time, 2)[::2]
    data = check_survival(strided, [1, 1, 0, 1], entry=entry, weight=weight, strata=list("abab"))
    assert data.time.tolist() == time.tolist()
    assert data.entry is not None
    assert data.entry.tolist() == entry.tolist()
    assert data.strata_labels == ("a", "b")
    assert data.rows_of(1).tolist() == [1, 3]
    assert data.merged_times == 0
    assert data.order.time.tolist() == [1, 2, 3]
    assert data.order.begin.tolist() == [0, 1, 3]


def test_a_negative_zero_is_zero():
    order = check_survival([-0.0, 0.0, 1.0], [1, 0, 1]).order
    assert order.time.tolist() == [0, 1]


# --- Labels --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "codes", "labels"),
    [
        (["b", "a", "b"], [1, 0, 1], ("a", "b")),
        ([2.0, 1.0, 2.5], [1, 0, 2], ("1", "2", "2.5")),
        (np.array([7, -3, 7], dtype=np.int8), [1, 0, 1], ("-3", "7")),
        (np.array([2**62, -(2**62), 5]), [2, 0, 1], (str(-(2**62)), "5", str(2**62))),
        (np.array([255, 0, 128], dtype=np.uint8), [2, 0, 1], ("0", "128", "255")),
        ([True, False, True], [1, 0, 1], ("False", "True")),
        (np.array(["x", 1, "x"], dtype=object), [1, 0, 1], ("1", "x")),
        (pd.Categorical(["u", "t", "u"]), [1, 0, 1], ("t", "u")),
    ],
)
def test_labels_get_codes_in_sorted_order(values, codes, labels):
    found, names = label_codes("strata", values, 3)
    assert found.tolist() == codes
    assert names == labels
    assert cluster_codes("cluster", values, 3).tolist() == codes


def test_whole_numbers_are_shown_without_a_point():
    assert [label_text(value) for value in (2.0, 2.5, "2.0", 3)] == ["2", "2.5", "2.0", "3"]


def test_numbers_are_not_copied_without_need():
    values = np.arange(3.0)
    assert numbers("time", values) is values


# --- Near-tied times -----------------------------------------------------------------------


def test_times_that_differ_by_rounding_are_one():
    data = check_survival([0.1 + 0.2, 0.3, 0.8, 0.1 + 0.7], [1, 0, 1, 1])
    assert data.time.tolist() == [0.3, 0.3, 0.1 + 0.7, 0.1 + 0.7]
    assert data.merged_times == 2
    assert data.order.time.tolist() == [0.3, 0.1 + 0.7]


def test_an_entry_is_merged_with_an_end():
    data = check_survival([0.3, 1.0], [1, 1], entry=[0.0, 0.1 + 0.2])
    assert data.entry is not None
    assert data.entry.tolist() == [0.0, 0.3]
    assert data.merged_times == 1


def test_the_limit_grows_with_the_mean_time_and_chains_become_their_first():
    base = 1e6
    step = 0.9 * TIME_TOLERANCE * base
    assert (
        check_survival([base, base + step, base + 2 * step], [1, 1, 1]).time.tolist() == [base] * 3
    )
    assert check_survival([base, base + 1.2 * step], [1, 1]).merged_times == 0


@MODEST
@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_merging_gives_what_one_pass_over_the_sorted_times_gives(whole, seed):
    generator = np.random.default_rng(seed)
    times = np.array(whole) / 7.0 + generator.choice([0.0, 1e-9, 5e-9], len(whole))
    limit = TIME_TOLERANCE * max(1.0, np.unique(times).mean())
    expected, before, first = {}, -1.0, -1.0
    for value in np.unique(times):
        first = first if before >= 0 and value - before <= limit else value
        expected[value], before = first, value
    ties = near_ties(np.unique(times))
    merged = merge_near_ties(times, ties) if ties.time.size else times
    assert merged.tolist() == [expected[value] for value in times]
    assert ties.time.size == sum(first != value for value, first in expected.items())


@MODEST
@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.sampled_from([1.0, 0.37, 1e7]))
def test_positions_are_those_of_a_sort(whole, unit):
    times = np.array(whole) * unit
    distinct, position = positions(times)
    assert distinct.tolist() == np.unique(times).tolist()
    assert distinct[position].tolist() == times.tolist()
    assert positions_after(distinct, times).tolist() == (position + 1).tolist()
    few = times[:1] * 0.5
    assert positions_after(distinct, few) == np.searchsorted(distinct, few, side="right")

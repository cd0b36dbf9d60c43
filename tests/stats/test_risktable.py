"""Risk tables: counts and weights against the definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.stats.risktable import risk_table, tally
from locoreg.stats.timeorder import order_times

# Sums of the same doubles in another order.
REORDERED = {"rtol": 1e-12, "atol": 1e-12}
MODEST = settings(deadline=None, max_examples=50)


@st.composite
def datasets(draw):
    n = draw(st.integers(1, 30))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    unit = draw(st.sampled_from([1.0, 0.37]))
    time = unit * generator.integers(1, draw(st.sampled_from([2, 9, 41])), n)
    event = generator.integers(0, 4, n)
    entry = draw(st.sampled_from([None, time * generator.choice([0.0, 0.25, 0.5, 0.75], n)]))
    weight = draw(st.sampled_from([None, np.where(generator.random(n) < 0.3, 0.0, 0.7)]))
    return time, event, entry, weight


@MODEST
@given(data=datasets())
def test_counts_and_weights_are_those_of_the_definition(data):
    time, event, entry, weight = data
    table = risk_table(time, event, entry=entry, weight=weight, causes=3)
    start = np.full(time.size, -1.0) if entry is None else entry
    w = np.ones(time.size) if weight is None else weight
    before = -1.0
    assert table.time.tolist() == np.unique(time).tolist()
    for j, t in enumerate(table.time):
        here, ends = (start < t) & (t <= time), time == t
        entered = (start < t) & (start >= before)
        kinds = [ends & (event == cause) for cause in (1, 2, 3)]
        for rows, count, sums in (
            (here, table.at_risk[j], table.weighted_at_risk[j]),
            (ends & (event == 0), table.censored[j], table.weighted_censored[j]),
            (entered, table.entered[j], table.weighted_entered[j]),
            *zip(kinds, table.events[j], table.weighted_events[j], strict=True),
        ):
            assert count == rows.sum()
            np.testing.assert_allclose(sums, w[rows].sum(), **REORDERED)
        carrying = [(kind & (w > 0)).sum() for kind in kinds]
        assert table.carrying_events[j].tolist() == carrying
        before = t
    assert (table.time[table.exit] == time).all()
    if entry is not None:
        assert table.first is not None
        for row, j in enumerate(table.first):
            assert entry[row] < table.time[j]
            assert j == 0 or entry[row] >= table.time[j - 1]


@MODEST
@given(data=datasets())
def test_a_tally_of_sorted_times_is_the_table_of_the_rows(data):
    time, event, entry, _ = data
    died = (event > 1).astype(np.int64)
    table = risk_table(time, died, entry=entry)
    counts = tally(order_times(time, died, entry))
    for name in ("time", "at_risk", "events", "censored", "entered", "weighted_at_risk"):
        np.testing.assert_array_equal(getattr(counts, name), getattr(table, name), err_msg=name)


def test_nobody_leaves_no_crumb_of_weight():
    # 0.1 + 0.2 + 0.3 - 0.3 is not 0.1 + 0.2.
    time, event = np.array([1.0, 2.0, 5.0]), np.array([1, 1, 1])
    entry, weight = np.array([0.0, 0.0, 3.0]), np.array([0.1, 0.2, 0.3])
    table = risk_table(time, event, entry=entry, weight=weight)
    assert table.weighted_at_risk[1] == table.weighted_events[1, 0] == 0.2
    weight = np.array([0.1, 0.2, 0.0])
    table = risk_table(time, event, entry=entry, weight=weight)
    assert table.weighted_at_risk[2] == 0.0


def test_ends_and_starts_within_a_person_are_not_counted():
    time, entry = np.array([2.0, 5.0, 5.0]), np.array([0.0, 2.0, 0.0])
    table = risk_table(
        time,
        np.array([0, 0, 1]),
        entry=entry,
        weight=np.array([2.0, 3.0, 1.0]),
        continues=np.array([True, False, False]),
        resumes=np.array([False, True, False]),
    )
    assert table.censored.tolist() == [0, 1]
    assert table.entered.tolist() == [2, 0]
    assert table.weighted_censored.tolist() == [0, 3]
    assert table.weighted_entered.tolist() == [3, 0]
    assert table.weighted_at_risk.tolist() == [3, 4]

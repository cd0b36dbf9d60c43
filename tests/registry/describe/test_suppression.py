"""Small counts can't be computed from what is shown."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.registry.describe.counts import Count, shown_count, shown_flow
from locoreg.registry.describe.suppression import HIDDEN, SHOWN, SMALL, hide_small


def test_without_a_limit_everything_is_shown() -> None:
    assert not hide_small(np.array([[1, 2]]), None, margin=False).any()


def test_a_single_small_count_takes_the_next_smallest_with_it() -> None:
    state = hide_small(np.array([[3], [50], [20]]), 10, margin=False)
    assert state.ravel().tolist() == [SMALL, SHOWN, HIDDEN]


def test_two_small_counts_hide_each_other() -> None:
    state = hide_small(np.array([[3], [50], [4]]), 10, margin=False)
    assert state.ravel().tolist() == [SMALL, SHOWN, SMALL]


def test_zero_is_hidden_only_if_nothing_else_can_be() -> None:
    # Of 3 and 0 nobody may know which is which.
    assert hide_small(np.array([[3], [0]]), 10, margin=False).ravel().tolist() == [HIDDEN, HIDDEN]
    state = hide_small(np.array([[3], [0], [40]]), 10, margin=False)
    assert state.ravel().tolist() == [SMALL, SHOWN, HIDDEN]


def test_what_the_words_mean_gives_nothing_away() -> None:
    # Of 12 patients ≤10 and a number above 10 can only be 1 and 11.
    assert hide_small(np.array([[1], [11]]), 10, margin=False).ravel().tolist() == [HIDDEN, HIDDEN]
    # Two counts of at least 1 that add up to 2 are 1 and 1; to 20, 10 and 10.
    for small in (1, 10):
        state = hide_small(np.array([[small], [small], [50], [60]]), 10, margin=False)
        assert state.ravel().tolist() == [SMALL, SMALL, HIDDEN, SHOWN]


def test_unknown_is_hidden_only_if_no_level_can_be() -> None:
    # The unknown 30 stand in the lines of other organs too.
    counts = np.array([[4], [66], [30]])
    assert hide_small(counts, 10, margin=False, unknown=True).ravel().tolist() == [1, 2, 0]
    assert hide_small(counts, 10, margin=False).ravel().tolist() == [1, 0, 2]


def test_rows_protect_as_well() -> None:
    # Groups A and B and their sum: one small count needs a rectangle.
    counts = np.array([[3, 30, 33], [40, 50, 90]])
    state = hide_small(counts, 10, margin=True)
    assert (state != SHOWN).sum() >= 4
    assert state[0, 0] == SMALL


def solutions(counts: np.ndarray, state: np.ndarray, limit: int, margin: bool) -> list[set[int]]:
    """All values that each hidden cell can have, by trying every assignment."""
    cells = [tuple(p) for p in np.argwhere(state != SHOWN)]
    top = int(counts.max()) + limit + 2
    blurred = ((state == HIDDEN) & (counts >= 1) & (counts <= limit)).any(axis=0)
    ranges = []
    for p in cells:
        large = [0, *range(limit + 1, top)]
        rest = list(range(top)) if blurred[p[1]] else large
        ranges.append(list(range(1, limit + 1)) if state[p] == SMALL else rest)
    seen: list[set[int]] = [set() for _ in cells]
    for values in itertools.product(*ranges):
        trial = counts.copy()
        for place, value in zip(cells, values, strict=True):
            trial[place] = value
        if not np.array_equal(trial.sum(axis=0), counts.sum(axis=0)):
            continue
        if margin and not np.array_equal(trial[:, :-1].sum(axis=1), trial[:, -1]):
            continue
        for place, value in enumerate(values):
            seen[place].add(value)
    return seen


@given(
    st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=2, max_size=3),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_a_reader_who_tries_everything_is_left_with_two_values(
    rows: list[list[int]], margin: bool
) -> None:
    counts = np.array(rows)
    if margin:
        counts = np.column_stack([counts, counts.sum(axis=1)])
    state = hide_small(counts, 2, margin=margin)
    small = (counts >= 1) & (counts <= 2)
    assert (state[small] != SHOWN).all()
    cells = np.argwhere(state != SHOWN)
    if len(cells) == 0 or len(cells) > 4:
        return
    values = solutions(counts, state, 2, margin)
    for place, found in zip(map(tuple, cells), values, strict=True):
        assert counts[place] in found
        assert len(found) >= 2 or not small[place] or len(cells) == counts.size, (counts, state)


def test_counts_as_shown() -> None:
    assert shown_count(1234, None).text == "1,234"
    assert shown_count(0, 10).n == 0
    assert shown_count(10, 10).text == "≤10"
    assert shown_count(11, 10).n == 11
    # 196 of 200 known patients would give the 4 others away.
    assert shown_count(196, 10, within=200).text == "≥190"
    assert shown_count(200, 10, within=200).n == 200


def flow(remaining: list[int], last: Count | None = None) -> list[tuple[str, str]]:
    return [(a.text, b.text) for a, b in shown_flow(remaining, 10, last=last)]


def test_a_flow_never_gives_a_small_step_away() -> None:
    assert flow([300, 200, 196, 190, 150, 150]) == [
        ("0", "300"),
        ("100", "200"),
        ("hidden", "≥190"),
        ("hidden", "≥190"),
        ("hidden", "150"),
        ("0", "150"),
    ]
    # The second number is the size of the table: the first one gives way.
    assert flow([204, 200, 197]) == [("0", "≤210"), ("≤10", "200"), ("≤10", "≥190")]
    # 1 and 11 of 12: "≤10" beside a number above 10 would tell.
    assert flow([100, 100, 99, 88])[2:] == [("hidden", "≥90"), ("hidden", "88")]
    assert [b.n for _, b in shown_flow([5, 4, 3], None)] == [5, 4, 3]


def test_a_flow_hides_its_end_where_the_curves_do() -> None:
    last = Count("hidden", None)
    assert flow([100, 100, 80, 60, 60], last) == [
        ("0", "100"),
        ("0", "100"),
        ("20", "80"),
        ("hidden", "hidden"),
        ("0", "hidden"),
    ]

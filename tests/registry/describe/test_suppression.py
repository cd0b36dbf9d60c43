"""Small counts can't be computed from what is shown."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.registry.describe.counts import shown_count, shown_flow
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
    assert hide_small(np.array([[3], [0]]), 10, margin=False).ravel().tolist() == [SMALL, HIDDEN]
    state = hide_small(np.array([[3], [0], [40]]), 10, margin=False)
    assert state.ravel().tolist() == [SMALL, SHOWN, HIDDEN]


def test_rows_protect_as_well() -> None:
    # Groups A and B and their sum: one small count needs a rectangle.
    counts = np.array([[3, 30, 33], [40, 50, 90]])
    state = hide_small(counts, 10, margin=True)
    assert (state != SHOWN).sum() >= 4
    assert state[0, 0] == SMALL


def solutions(counts: np.ndarray, state: np.ndarray, limit: int, margin: bool) -> list[set[int]]:
    """All values that each hidden cell can have, by trying every assignment."""
    cells = [tuple(p) for p in np.argwhere(state != SHOWN)]
    ranges = [
        range(1, limit + 1) if state[p] == SMALL else range(int(counts.max()) + limit + 2)
        for p in cells
    ]
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
@settings(deadline=None, max_examples=40)
def test_nothing_is_given_away_by_the_equations(rows: list[list[int]], margin: bool) -> None:
    counts = np.array(rows)
    if margin:
        counts = np.column_stack([counts, counts.sum(axis=1)])
    state = hide_small(counts, 2, margin=margin)
    assert (state[(counts >= 1) & (counts <= 2)] == SMALL).all()
    cells = np.argwhere(state != SHOWN)
    if len(cells) == 0 or len(cells) == counts.size or len(cells) > 4:
        return
    values = solutions(counts, state, 2, margin)
    for (row, column), found in zip(cells, values, strict=True):
        # Bounds may still narrow a value; the equations alone must leave room.
        alone = (state[:, column] != SHOWN).sum() == 1
        assert not alone, (counts, state)
        assert counts[row, column] in found


def test_counts_as_shown() -> None:
    assert shown_count(1234, None).text == "1,234"
    assert shown_count(0, 10).n == 0
    assert shown_count(10, 10).text == "≤10"
    assert shown_count(11, 10).n == 11
    # 196 of 200 known patients would give the 4 others away.
    assert shown_count(196, 10, within=200).text == "≥190"
    assert shown_count(200, 10, within=200).n == 200


def test_a_flow_never_gives_a_small_step_away() -> None:
    texts = [(a.text, b.text) for a, b in shown_flow([200, 196, 190, 150, 150], 10)]
    assert texts == [
        ("0", "200"),
        ("≤10", "≥190"),
        ("≤10", "≥190"),
        ("hidden", "150"),
        ("0", "150"),
    ]
    assert [b.n for _, b in shown_flow([5, 4, 3], None)] == [5, 4, 3]

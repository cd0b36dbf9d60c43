"""Weighted rows of an arm."""

from __future__ import annotations

import numpy as np

from locoreg.emulation.arms import (
    ArmRows,
    arm_counts,
    arm_row_influence,
    arm_steps,
    arm_values,
    person_sums,
)

# The same sums in another order.
REORDERED = {"rtol": 1e-10, "atol": 1e-12}


def whole():
    return ArmRows.of(np.arange(5), np.array([1.0, 2, 3, 4, 5]), np.array([1, 0, 1, 1, 0]))


def split():
    """The same persons, cut at 1.5 and 2.5."""
    start = np.array([0, 0, 1.5, 0, 1.5, 2.5, 0, 1.5, 2.5, 0, 1.5, 2.5])
    stop = np.array([1, 1.5, 2, 1.5, 2.5, 3, 1.5, 2.5, 4, 1.5, 2.5, 5])
    person = np.array([0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])
    event = np.array([1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0])
    continues = np.append(person[1:] == person[:-1], False)
    return ArmRows.of(person, stop, event, start=start, continues=continues)


def test_cutting_rows_changes_nothing():
    weight = np.array([1.0, 2.0, 0.5, 1.5, 1.0])
    grid = np.array([0.0, 1.0, 2.5, 4.0, 5.0])
    one, many = whole(), split()
    for found, expected in zip(
        arm_values(many, weight[None, many.person], grid, competing=False),
        arm_values(one, weight[None], grid, competing=False),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, **REORDERED)
    for found, expected in zip(
        arm_row_influence(many, weight[many.person], grid, competing=False),
        arm_row_influence(one, weight, grid, competing=False),
        strict=True,
    ):
        np.testing.assert_allclose(person_sums(many, found, 5), expected, **REORDERED)
    times = np.array([0.0, 1.0, 1.5, 2.0, 5.0])
    assert arm_counts(many, weight[many.person], times) == arm_counts(one, weight, times)


def test_counts_by_hand():
    at = arm_counts(whole(), np.ones(5), np.array([0.0, 3.0]))
    assert (at[0].raw_at_risk, at[0].raw_events, at[0].raw_censored) == (5, 0, 0)
    assert (at[1].raw_at_risk, at[1].raw_events, at[1].raw_censored) == (3, 1, 1)


def test_steps_end_at_the_horizon():
    time, value = arm_steps(whole(), np.ones(5), 3.5, competing=False)
    np.testing.assert_allclose(time, [0, 1, 3])
    np.testing.assert_allclose(value, [1, 0.8, 0.8 * 2 / 3])

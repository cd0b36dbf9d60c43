"""Bins by quantiles and by cut-points."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.policytree import bin_columns
from locoreg.stats.policytree.bins import quantile_cuts, roundest


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (61.0, 62.0, 61.0),
        (0.0, 1.0, 0.0),
        (61.37, 61.44, 61.4),
        (-3.2, 4.0, 0.0),
        (-7.9, -7.2, -7.9),
        (147.0, 312.0, 200.0),
        (0.12345, 0.12346, 0.12345),
        (99.6, 100.2, 100.0),
    ],
)
def test_cuts_are_round(low: float, high: float, expected: float) -> None:
    assert roundest(low, high) == expected


def test_round_cuts_stay_between_neighbours() -> None:
    rng = np.random.default_rng(1)
    for scale in (1e-8, 1.0, 1e9):
        for low, gap in zip(rng.normal(size=50) * scale, rng.random(50) * scale, strict=True):
            assert low <= roundest(low, low + gap) < low + gap
    tight = np.nextafter(0.1, 1.0)
    assert 0.1 <= roundest(0.1, tight) < tight


def test_few_values_have_a_bin_each() -> None:
    made = bin_columns(np.array([[3.0], [1.0], [2.0], [2.0]]), bins=5)
    assert made.cuts[0].tolist() == [1.0, 2.0]
    assert made.codes[0].tolist() == [2, 0, 1, 1]


def test_quantiles_part_persons_evenly_in_any_order() -> None:
    values = np.random.default_rng(2).normal(size=10_000)
    cuts = quantile_cuts(values, 16)
    assert cuts.size == 15
    counts = np.bincount(np.searchsorted(cuts, values, side="left"))
    assert counts.min() >= 620
    assert counts.max() <= 630
    assert (quantile_cuts(values[::-1].copy(), 16) == cuts).all()


def test_frequent_values_are_not_parted() -> None:
    values = np.concatenate([np.zeros(900), np.arange(1.0, 101.0)])
    cuts = quantile_cuts(values, 10)
    assert 1 <= cuts.size <= 9
    assert cuts[0] == 0.0


def test_given_cut_points() -> None:
    X = np.array([[1.0, 0.0], [2.0, 0.0], [5.0, 0.0], [9.0, 0.0]])
    made = bin_columns(X, bins=4, cut_points={0: [0.5, 2.0, 5.0, 20.0]})
    # The first and last part nobody. At a cut-point is below it.
    assert made.cuts[0].tolist() == [2.0, 5.0]
    assert made.codes[0].tolist() == [0, 0, 1, 2]
    assert made.cuts[1].size == 0


def test_what_cannot_be_binned_is_refused() -> None:
    X = np.array([[1.0], [np.nan]])
    with pytest.raises(DataError, match="column 1 of X"):
        bin_columns(X, bins=4)
    with pytest.raises(DataError, match="shape"):
        bin_columns(np.zeros((0, 2)), bins=4)
    good = np.array([[1.0], [2.0]])
    with pytest.raises(DesignError, match="bins is 256"):
        bin_columns(good, bins=256)
    for points in ([2.0, 1.0], [1.0, 1.0], [], [np.inf]):
        with pytest.raises(DesignError, match="ascending"):
            bin_columns(good, bins=4, cut_points={0: points})

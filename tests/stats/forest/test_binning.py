"""Bins of columns: ties, few values, neighbours among floats, new rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.stats.forest.binning import Binning


def column(values: list[float], bins: int) -> tuple[np.ndarray, np.ndarray]:
    X = np.array(values, dtype=float)[:, None]
    made = Binning.of(X, bins)
    return made.edges, made.apply(X)[:, 0]


def test_each_of_few_values_has_its_bin() -> None:
    edges, bins = column([3.0, 1.0, 1.0, 7.0, 3.0], 4)
    assert edges.tolist() == [2.0, 5.0]
    assert bins.tolist() == [1, 0, 0, 2, 1]


def test_as_many_values_as_bins_are_told_apart() -> None:
    _, bins = column([float(k) for k in range(256)], 256)
    assert bins.tolist() == list(range(256))


def test_many_values_make_bins_of_about_equal_size() -> None:
    values = np.random.default_rng(1).normal(size=6400)
    _, bins = column(values.tolist(), 64)
    counts = np.bincount(bins)
    assert counts.tolist() == [100] * 64


def test_one_common_value_does_not_cost_the_others_their_bins() -> None:
    values = [0.0] * 900 + [float(k) for k in range(1, 101)]
    edges, bins = column(values, 10)
    assert bins[:900].tolist() == [0] * 900
    assert edges[0] == 0.5
    assert len(set(bins[900:].tolist())) >= 1


def test_neighbouring_floats_are_told_apart() -> None:
    low = 1.0
    high = float(np.nextafter(low, 2.0))
    _, bins = column([low, high, low], 8)
    assert bins.tolist() == [0, 1, 0]


def test_new_values_fall_in_the_bins_of_old_ones() -> None:
    X = np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    made = Binning.of(X, 8)
    assert made.widths.tolist() == [3, 1]
    new = np.array([[-9.0, 0.0], [1.5, 9.0], [1.6, 5.0], [99.0, 5.0]])
    # A value on an edge goes with the lower bin.
    assert made.apply(new).tolist() == [[0, 0], [0, 0], [1, 0], [2, 0]]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e300, 1e300) | st.integers(-3, 3).map(float), min_size=1, max_size=80),
    st.integers(2, 20),
)
def test_bins_keep_order_and_ties(values: list[float], most: int) -> None:
    _, bins = column(values, most)
    order = np.argsort(values, kind="stable")
    x, b = np.array(values)[order], bins[order].astype(int)
    assert (np.diff(b) >= 0).all()
    assert (b[1:][np.diff(x) == 0.0] == b[:-1][np.diff(x) == 0.0]).all()
    assert b.max() < most
    if np.unique(x).size <= most:
        assert np.unique(b).size == np.unique(x).size

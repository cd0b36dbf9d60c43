"""Random numbers and roles of a tree."""

from __future__ import annotations

import numpy as np

from locoreg.stats.forest.sampling import (
    FILLS,
    LEFT_OUT,
    SPLITS,
    draw_features,
    draw_roles,
    uniform,
)


def stream(seed: int) -> np.ndarray:
    return np.array([seed], dtype=np.uint64)


def test_stream_is_splitmix64() -> None:
    # First words of the generator's published implementation for seed 0.
    words = (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F)
    state = stream(0)
    assert [uniform(state) for _ in words] == [(w >> 11) * 2.0**-53 for w in words]


def test_roles_have_their_sizes() -> None:
    role = draw_roles(stream(3), 101, 70, 30)
    assert np.bincount(role).tolist() == [31, 30, 40]
    assert (SPLITS, FILLS, LEFT_OUT) == (1, 2, 0)


def test_every_unit_is_as_likely_in_every_role() -> None:
    state, counts = stream(4), np.zeros((3, 12))
    draws = 4000
    for _ in range(draws):
        role = draw_roles(state, 12, 8, 3)
        counts[role, np.arange(12)] += 1
    for role, share in ((LEFT_OUT, 4 / 12), (SPLITS, 3 / 12), (FILLS, 5 / 12)):
        se = np.sqrt(share * (1 - share) / draws)
        assert np.abs(counts[role] / draws - share).max() < 4 * se


def test_all_columns_are_looked_at_where_the_mean_is_all() -> None:
    order = np.arange(5)
    state = stream(5)
    assert draw_features(state, order, 5) == 5
    assert order.tolist() == [0, 1, 2, 3, 4]
    assert state[0] == 5


def test_number_of_columns_is_poisson_and_each_is_as_likely() -> None:
    state, order = stream(6), np.arange(30)
    counts, seen = [], np.zeros(30)
    for _ in range(4000):
        counts.append(draw_features(state, order, 6))
        assert sorted(order.tolist()) == list(range(30))
        seen[order[: counts[-1]]] += 1
    # Mean and variance of Poisson(6); the few zeros that become 1 change neither by 0.01.
    assert abs(np.mean(counts) - 6.0) < 4 * np.sqrt(6 / 4000) + 0.01
    assert abs(np.var(counts) - 6.0) < 0.6
    share = seen / 4000
    assert np.abs(share - 0.2).max() < 4 * np.sqrt(0.2 * 0.8 / 4000)
    assert min(counts) >= 1

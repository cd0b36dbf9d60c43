"""Compiled kernels: same numbers as the Python they are made from, with or without a cache."""

from __future__ import annotations

import math

import numba.core.caching
import numpy as np
import pytest

from locoreg.stats.jit import compiled


def ratio_sum(top, bottom) -> float:
    total = 0.0
    for i in range(top.size):
        total += top[i] / bottom[i]
    return total


def test_division_by_zero_follows_numpy() -> None:
    kernel = compiled(ratio_sum)
    assert kernel(np.array([1.0, 6.0]), np.array([2.0, 3.0])) == 2.5
    assert kernel(np.array([1.0]), np.array([0.0])) == math.inf


def test_without_a_folder_for_the_cache_kernels_still_compile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(ratio_sum)
    assert compiled(ratio_sum)(np.array([1.0]), np.array([4.0])) == 0.25

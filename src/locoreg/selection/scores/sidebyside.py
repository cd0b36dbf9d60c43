"""Fits of several folds at once, one thread each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(function: Callable[[T], R], items: Iterable[T], *, jobs: int) -> list[R]:
    """Return a function's values, some of them computed at the same time.

    LightGBM and NumPy let other threads work meanwhile. Their own threads are held to one: they
    would wait busily for each other.

    Parameters
    ----------
    function : callable
        Called with one item.
    items : iterable
        What it is called with.
    jobs : int
        Threads.

    Returns
    -------
    list
        In the order of the items.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        if jobs == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(function, items))

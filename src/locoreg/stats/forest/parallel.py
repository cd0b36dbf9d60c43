"""Run compiled kernels in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from locoreg.stats.jit import compiled

P = ParamSpec("P")
R = TypeVar("R")


def unlocked(function: Callable[P, R]) -> Callable[P, R]:
    """Return a compiled function that lets other threads run Python meanwhile.

    Parameters
    ----------
    function : callable
        As for `locoreg.stats.jit.compiled`.

    Returns
    -------
    callable
        Same arguments and result.
    """
    kernel: Any = compiled(function)
    kernel.targetoptions["nogil"] = True
    unlocked_kernel: Callable[P, R] = kernel
    return unlocked_kernel


def in_threads(call: Callable[..., R], arguments: Iterable[tuple[Any, ...]], jobs: int) -> list[R]:
    """Return the results of calls in the order of their arguments.

    Parameters
    ----------
    call : callable
        Safe to be called by several threads at a time.
    arguments : iterable of tuple
        Of each call.
    jobs : int
        Threads; 1 uses none.

    Returns
    -------
    list
        One result per call.
    """
    if jobs == 1:
        return [call(*one) for one in arguments]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        waiting = [pool.submit(call, *one) for one in arguments]
        return [one.result() for one in waiting]

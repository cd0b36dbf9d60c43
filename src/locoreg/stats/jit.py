"""Compile a kernel with Numba, once per machine: the result is kept in Numba's cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function compiled to machine code at its first call.

    Division by zero gives infinity or NaN as in NumPy, without a check in every step.

    Parameters
    ----------
    function : callable
        Loops over contiguous arrays of float64, int64 or bool.

    Returns
    -------
    callable
        Same arguments and result. Compiled code is kept beside the module, or in the user's cache
        folder where that can't be written, and read from there by later processes. Where neither
        can be written (a read-only container) each process compiles anew; ``NUMBA_CACHE_DIR``
        names another folder.
    """
    return _compile(function, set())


def summing(function: Callable[P, R]) -> Callable[P, R]:
    """Return a compiled function whose sums may be taken in any order, so that they use vectors.

    Only the order of additions and fused multiplication are left free; NaN and infinity keep their
    meaning.

    Parameters
    ----------
    function : callable
        As for `compiled`.

    Returns
    -------
    callable
        Same arguments; the last digits of sums depend on the processor.
    """
    return _compile(function, {"reassoc", "contract"})


def _compile(function: Callable[P, R], freedoms: set[str]) -> Callable[P, R]:
    kernel: Callable[P, R]
    try:
        kernel = njit(cache=True, error_model="numpy", fastmath=freedoms)(function)
    except RuntimeError:
        # Numba refuses to decorate when it finds no folder for its cache.
        kernel = njit(error_model="numpy", fastmath=freedoms)(function)
    return kernel


def cache_folder() -> str | None:
    """Return the folder where compiled kernels of this package are kept.

    Returns
    -------
    str or None
        None where no folder can be written.
    """
    probe: Any = _probe
    probe(0.0)
    return probe.stats.cache_path or None


@compiled
def _probe(value: float) -> float:
    """Stand for any kernel of the package."""
    return value

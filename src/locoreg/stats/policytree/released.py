"""Compile kernels that let other threads run."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def released(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function compiled at its first call, which runs beside other threads.

    As `locoreg.stats.jit.compiled`, but without Python's lock. Kernels add whole numbers only, so
    the number of threads changes no result.

    Parameters
    ----------
    function : callable
        Loops over arrays.

    Returns
    -------
    callable
        Same arguments and result.
    """
    kernel: Callable[P, R]
    try:
        kernel = njit(cache=True, error_model="numpy", nogil=True)(function)
    except RuntimeError:
        # Numba refuses to decorate when it finds no folder for its cache.
        kernel = njit(error_model="numpy", nogil=True)(function)
    return kernel

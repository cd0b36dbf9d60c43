"""Suprema of Kaplan-Meier processes, by random multipliers of the influence of each unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from locoreg.core.errors import DataError
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.survivalgroups import Group

# Numbers in the arrays of one block of replicates: 16 MB each.
BLOCK = 2_000_000
Seed = int | np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Process:
    """The process of log survival of one group, ready to be multiplied.

    Attributes
    ----------
    events : sparse array, shape (m, units)
        Weights of the units with an event at each of the group's first m times.
    ends, enters : sparse array, shape (m + 1, units), or None
        Weights of the units whose rows end, and begin to be at risk, at each time; the last row
        takes all later times together. None: all rows are at risk from the start.
    hazard, per_left : ndarray of float, shape (m, 1)
        As in ``Group``.
    """

    events: sparse.csr_array
    ends: sparse.csr_array
    enters: sparse.csr_array | None
    hazard: FloatArray
    per_left: FloatArray

    def draw(self, multipliers: FloatArray) -> FloatArray:
        """Return the process for multipliers of shape (units, b) at the m times, (m, b)."""
        leaving = self.ends @ multipliers
        at_risk = np.cumsum(leaving[::-1], axis=0)[::-1]
        if self.enters is not None:
            entering = self.enters @ multipliers
            at_risk[:-1] -= np.cumsum(entering[::-1], axis=0)[::-1][1:]
        expected = self.hazard * at_risk[:-1]
        return np.cumsum((expected - self.events @ multipliers) * self.per_left, axis=0)


def _process(group: Group, unit: IntArray, weight: FloatArray, units: int, until: float) -> Process:
    m = int(group.position(until))
    table = group.places
    died = (group.event == 1) & (table.exit < m)
    return Process(
        events=_summing(table.exit[died], unit[died], weight[died], (m, units)),
        ends=_summing(np.minimum(table.exit, m), unit, weight, (m + 1, units)),
        enters=None
        if table.first is None
        else _summing(np.minimum(table.first, m), unit, weight, (m + 1, units)),
        hazard=group.hazard[:m, None],
        per_left=group.per_left[:m, None],
    )


def _summing(
    row: IntArray, column: IntArray, weight: FloatArray, shape: tuple[int, int]
) -> sparse.csr_array:
    return sparse.csr_array((weight, (row, column)), shape=shape)


def processes(
    groups: list[Group], cluster: IntArray | None, until: float
) -> tuple[list[Process], int]:
    """Return the processes of groups, with common units, and the number of units.

    Parameters
    ----------
    groups : list of Group
        One or two groups.
    cluster : ndarray of int, shape (rows of all groups,), or None
        Codes of the clusters; None if each row is its own.
    until : float
        Last time that is asked for.

    Returns
    -------
    processes : list of Process
        One per group.
    units : int
        Number of units that need a multiplier each: the clusters; without them, rows of the same
        history share one, whose variance is the sum of theirs, which has the same law.
    """
    if cluster is not None:
        rows = np.concatenate([group.rows for group in groups])
        units = np.unique(cluster[rows])
        parts = [(np.searchsorted(units, cluster[group.rows]), _weights(group)) for group in groups]
        size = units.size
        return [
            _process(group, unit, weight, size, until)
            for group, (unit, weight) in zip(groups, parts, strict=True)
        ], size
    histories = [_histories(group, until) for group in groups]
    size = sum(count for _, _, count in histories)
    made, offset = [], 0
    for group, (unit, weight, count) in zip(groups, histories, strict=True):
        made.append(_process(group, unit + offset, weight, size, until))
        offset += count
    return made, size


def _weights(group: Group) -> FloatArray:
    return np.ones(group.n) if group.weight is None else group.weight


def _histories(group: Group, until: float) -> tuple[IntArray, FloatArray, int]:
    """Return for each row its history's code and share of the weight, and how many there are."""
    m = int(group.position(until))
    table = group.places
    end = np.minimum(table.exit, m)
    key = 2 * end + group.event * (end < m)
    if table.first is not None:
        key += 2 * (m + 1) * np.minimum(table.first, m)
    distinct, code, count = np.unique(key, return_inverse=True, return_counts=True)
    squares = np.bincount(code, np.square(_weights(group)))
    # Each row carries an equal part of the root of the sum of squares.
    return code, (np.sqrt(squares) / count)[code], distinct.size


def supremum_quantile(
    made: list[Process],
    units: int,
    deviation: Callable[[list[FloatArray]], FloatArray],
    level: float,
    replicates: int,
    seed: Seed,
) -> float:
    """Return the quantile of the largest standardised deviation over replicates.

    Parameters
    ----------
    made : list of Process
        Processes of the groups.
    units : int
        Number of multipliers.
    deviation : callable
        From the processes, shape (m, b) each, to the standardised process at the times of the
        band, shape (p, b).
    level : float
        Level of the band in percent.
    replicates : int
        Number of replicates.
    seed : int or numpy.random.Generator
        Source of the multipliers.

    Returns
    -------
    float
        The value of rank level * (replicates + 1), so that a further replicate stays below it with
        that probability.

    Raises
    ------
    DataError
        If there are too few replicates for the level, or no seed.

    References
    ----------
    Lin DY, Fleming TR, Wei LJ (1994). Biometrika 81:73-81. doi:10.1093/biomet/81.1.73
    """
    share = 1.0 - 2.0 * check_level(level)
    rank = math.ceil(share * (replicates + 1) - 1e-9)
    if rank > replicates:
        raise DataError(
            f"replicates is {replicates}, too few for a level of {level:g}.",
            hint="1000 or more are usual.",
        )
    generator = np.random.default_rng(seed)
    longest = max(units, *(process.hazard.size for process in made))
    block = max(1, min(replicates, BLOCK // longest))
    largest = np.empty(replicates)
    for start in range(0, replicates, block):
        stop = min(start + block, replicates)
        # Drawn one replicate after the other, so that the size of blocks changes nothing.
        multipliers = generator.standard_normal((stop - start, units)).T
        drawn = [process.draw(multipliers) for process in made]
        largest[start:stop] = np.abs(deviation(drawn)).max(axis=0)
    return float(np.partition(largest, rank - 1)[rank - 1])


def after_steps(drawn: FloatArray, at: IntArray) -> FloatArray:
    """Return drawn processes after each number of steps, shape (p, b); 0 before the first."""
    return np.asarray(np.concatenate((np.zeros((1, drawn.shape[1])), drawn))[at])


def check_replicates(replicates: int | None, seed: Seed | None) -> tuple[int, Seed]:
    """Return a number of replicates and a source of randomness, or raise without one."""
    if replicates is None or seed is None:
        missing = "replicates" if replicates is None else "seed"
        raise DataError(
            f"{missing} is missing: this band is computed from random multipliers.",
            hint="give replicates=1000 or more and seed=a whole number.",
        )
    if isinstance(replicates, bool) or int(replicates) != replicates or replicates < 1:
        raise DataError(
            f"replicates is {replicates!r}, but must be a whole number.",
            hint="1000 or more are usual.",
        )
    if isinstance(seed, int | np.integer) and not isinstance(seed, bool) and seed < 0:
        raise DataError(f"seed is {seed}, but must not be negative.", hint="any whole number does.")
    return int(replicates), seed

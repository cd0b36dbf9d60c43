"""Loops that lay out the rows of a Cox fit."""

from __future__ import annotations

from locoreg.stats.cox.kernels import WIDTH
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray


@compiled
def merge_positions(
    time: FloatArray,
    stratum: IntArray,
    entry: FloatArray,
    entry_stratum: IntArray,
    out: IntArray,
) -> None:
    """Fill out[s] with the number of entries at or after time[s], earlier strata included.

    NaN, in closing slots, counts the whole stratum.
    """
    at = 0
    for s in range(time.size):
        while at < entry.size and (
            entry_stratum[at] < stratum[s]
            or (entry_stratum[at] == stratum[s] and not entry[at] < time[s])
        ):
            at += 1
        out[s] = at


@compiled
def pack(
    source: FloatArray,
    by_row: bool,
    rows: IntArray,
    centre: FloatArray,
    factor: FloatArray,
    blocks: FloatArray,
) -> None:
    """Write (x - centre) factor of the given rows into blocks; source is X, or its transpose."""
    p = centre.size
    for k in range(blocks.shape[0]):
        low = k * WIDTH
        n = min(WIDTH, rows.size - low)
        block = blocks[k]
        if by_row:
            for i in range(n):
                row = rows[low + i]
                for j in range(p):
                    block[j, i] = (source[row, j] - centre[j]) * factor[j]
        else:
            for j in range(p):
                for i in range(n):
                    block[j, i] = (source[j, rows[low + i]] - centre[j]) * factor[j]
        for j in range(p):
            for i in range(n, WIDTH):
                block[j, i] = 0.0

"""Rows sorted and packed once, for any number of weight vectors and evaluations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.cox.kernels import WIDTH
from locoreg.stats.cox.packing import merge_positions, pack
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray, SurvivalData

# Rows from which centre and scale of the covariates are taken. They only keep the arithmetic well
# conditioned and cancel from every result.
SCALE_ROWS = 10_000
NO_SPREAD = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """Rows in one order, and where each slot's risk set ends in it.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Row numbers, by segment and from the last time to the first.
    blocks : ndarray of float, shape (n / WIDTH rounded up, p, WIDTH)
        Centred and scaled covariates; 0 beyond the last row.
    stop : ndarray of int, shape (m,)
        Number of rows up to the end of each slot's risk set, earlier segments included.
    """

    rows: IntArray
    blocks: FloatArray
    stop: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What every evaluation of the partial likelihood uses; see `kernels` for the words.

    Attributes
    ----------
    exits : Ordering
        Rows by the end of their follow-up, those with an event last among equal times. Rows that
        are at risk at no event time because of their entry are left out.
    entries : Ordering or None
        The same rows by the start of their follow-up; None without delayed entry.
    entry_rows : ndarray of int, shape (n,)
        Positions in the order of exits of the rows in the order of entries (size 0 without).
    offset, event : ndarray of float, shape (n,)
        Offsets, and 1 where the row ends in an event; in the order of exits, as all that follows.
    slot, entry_slot : ndarray of int, shape (n,)
        Slot of the last event time at or before the end, and the start (size 0 without entry).
    time : ndarray of float, shape (m,)
        Event time of each slot; NaN in closing ones.
    stratum : ndarray of int, shape (m,)
        Stratum of each slot.
    events : ndarray of int, shape (m,)
        Rows with the event at it, whatever their weights.
    closing : ndarray of int, shape (m,)
        1 in the slot that ends a segment.
    centre, scale : ndarray of float, shape (p,)
        Covariates are packed as (x - centre) / scale.
    """

    exits: Ordering
    entries: Ordering | None
    entry_rows: IntArray
    offset: FloatArray
    event: FloatArray
    slot: IntArray
    entry_slot: IntArray
    time: FloatArray
    stratum: IntArray
    events: IntArray
    closing: IntArray
    centre: FloatArray
    scale: FloatArray


@dataclass(frozen=True, slots=True)
class _Slots:
    """Slots while they are made: rows up to each in both orders, and what `Layout` says."""

    exit_stop: IntArray
    entry_stop: IntArray
    time: FloatArray
    stratum: IntArray
    events: IntArray
    closing: IntArray


def lay_out(
    data: SurvivalData,
    X: FloatArray,
    offset: FloatArray | None,
    *,
    centre: FloatArray | None = None,
    scale: FloatArray | None = None,
) -> Layout:
    """Sort the rows, find the risk sets and pack the covariates.

    Parameters
    ----------
    data : SurvivalData
        Checked rows.
    X : ndarray of float, shape (n, p)
        Checked covariates.
    offset : ndarray of float, shape (n,), or None
        Checked offsets.
    centre, scale : ndarray of float, shape (p,), optional
        Those of another layout; from the data otherwise.

    Returns
    -------
    Layout
        Weights are no part of it.
    """
    if centre is None or scale is None:
        sample = X[:: max(1, X.shape[0] // SCALE_ROWS)]
        centre, scale = sample.mean(axis=0), sample.std(axis=0)
        # A column of equal numbers has a deviation of the size of rounding.
        scale[scale <= NO_SPREAD * np.abs(sample).max(axis=0)] = 1.0
    # The event goes into the last bit of the time, which merging of near ties has freed: sorted by
    # one key, events come before censored rows, and after them when the order is turned.
    bits = (data.time + 0.0).view(np.int64) & ~np.int64(1)
    rows = _descending(bits | (1 - data.event), data.strata)
    slots = _slots(data, rows)
    entry_rows = None
    if data.entry is not None:
        entry_rows = _descending((data.entry + 0.0).view(np.int64), data.strata)
        slots, rows, entry_rows = _with_entry(data, data.entry, slots, rows, entry_rows)
    numbers = np.arange(slots.time.size)
    entries, entry_slot, places = None, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    if entry_rows is not None:
        entries = _ordering(entry_rows, X, centre, scale, slots.entry_stop)
        entry_slot = _carried(numbers, slots.entry_stop, entry_rows, data.n)[rows]
        places = np.empty(data.n, dtype=np.int64)
        places[rows] = np.arange(rows.size)
        places = places[entry_rows]
    return Layout(
        exits=_ordering(rows, X, centre, scale, slots.exit_stop),
        entries=entries,
        entry_rows=places,
        offset=np.zeros(rows.size) if offset is None else offset[rows],
        event=data.event[rows].astype(np.float64),
        slot=np.repeat(numbers, np.diff(slots.exit_stop, prepend=0)),
        entry_slot=entry_slot,
        time=slots.time,
        stratum=slots.stratum,
        events=slots.events,
        closing=slots.closing,
        centre=centre,
        scale=scale,
    )


def _descending(key: IntArray, strata: IntArray | None) -> IntArray:
    """Return rows by stratum, within it from the largest key to the smallest.

    The bits of a float that isn't negative, read as a whole number, are in the order of the floats.
    """
    rows = np.argsort(key)[::-1]
    if strata is not None:
        codes = strata[rows]
        # NumPy sorts numbers of 16 bits by counting.
        if codes.max() < np.iinfo(np.int16).max:
            codes = codes.astype(np.int16)
        rows = rows[np.argsort(codes, kind="stable")]
    return np.ascontiguousarray(rows)


def _slots(data: SurvivalData, rows: IntArray) -> _Slots:
    """Return the event times of each stratum, and a closing slot at its end."""
    n = rows.size
    time, event = data.time[rows], data.event[rows]
    stratum = np.zeros(n, dtype=np.int64) if data.strata is None else data.strata[rows]
    last = np.empty(n, dtype=np.bool_)
    last[-1] = True
    np.not_equal(stratum[1:], stratum[:-1], out=last[:-1])
    closes = np.flatnonzero(last) + 1
    last[:-1] |= time[1:] != time[:-1]
    # Events are last among equal times, so that the last row of a time tells whether it has any.
    ends = np.flatnonzero(last & (event == 1)) + 1
    dead = np.diff(np.cumsum(event)[ends - 1], prepend=0)
    where = np.searchsorted(ends, closes, side="right")
    stop = np.insert(ends, where, closes)
    closing = np.insert(np.zeros(ends.size, dtype=np.int64), where, 1)
    return _Slots(
        exit_stop=stop,
        entry_stop=np.empty(0, dtype=np.int64),
        time=np.where(closing == 1, np.nan, time[stop - 1]),
        stratum=stratum[stop - 1],
        events=np.insert(dead, where, 0),
        closing=closing,
    )


def _with_entry(
    data: SurvivalData,
    entry: FloatArray,
    slots: _Slots,
    rows: IntArray,
    entry_rows: IntArray,
) -> tuple[_Slots, IntArray, IntArray]:
    """Leave out rows that are never at risk, and close a segment where nobody is."""
    strata = np.zeros(data.n, dtype=np.int64) if data.strata is None else data.strata
    entry_stop = np.empty(slots.time.size, dtype=np.int64)
    merge_positions(slots.time, slots.stratum, entry[entry_rows], strata[entry_rows], entry_stop)
    numbers = np.arange(slots.time.size)
    first = _carried(numbers, slots.exit_stop, rows, data.n)
    after = _carried(numbers, entry_stop, entry_rows, data.n)
    at_risk = first != after
    exit_stop, rows = _kept(at_risk, rows, slots.exit_stop)
    entry_stop, entry_rows = _kept(at_risk, entry_rows, entry_stop)
    # Everyone who came before has entered at or after this event time: nobody is left from before.
    gap = np.flatnonzero(
        (slots.closing[1:] == 0) & (slots.closing[:-1] == 0) & (exit_stop[:-1] == entry_stop[1:])
    )
    at = gap + 1
    whole = _Slots(
        exit_stop=np.insert(exit_stop, at, exit_stop[gap]),
        entry_stop=np.insert(entry_stop, at, entry_stop[at]),
        time=np.insert(slots.time, at, np.nan),
        stratum=np.insert(slots.stratum, at, slots.stratum[gap]),
        events=np.insert(slots.events, at, 0),
        closing=np.insert(slots.closing, at, 1),
    )
    return whole, rows, entry_rows


def _carried(numbers: IntArray, stop: IntArray, rows: IntArray, n: int) -> IntArray:
    """Return each row's slot, in the order of the data."""
    out = np.zeros(n, dtype=np.int64)
    out[rows] = np.repeat(numbers, np.diff(stop, prepend=0))
    return out


def _kept(keep: BoolArray, rows: IntArray, stop: IntArray) -> tuple[IntArray, IntArray]:
    chosen = keep[rows]
    before = np.concatenate(([0], np.cumsum(chosen)))
    return before[stop], rows[chosen]


def _ordering(
    rows: IntArray,
    X: FloatArray,
    centre: FloatArray,
    scale: FloatArray,
    stop: IntArray,
) -> Ordering:
    blocks = np.empty((-(-rows.size // WIDTH), X.shape[1], WIDTH))
    by_row = not X.flags.f_contiguous
    source = np.ascontiguousarray(X) if by_row else X.T
    pack(source, by_row, rows, centre, 1.0 / scale, blocks)
    return Ordering(rows=rows, blocks=blocks, stop=stop)

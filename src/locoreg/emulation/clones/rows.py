"""Rows of follow-up of the clones in one arm, cut where weights change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.arms import ArmRows
from locoreg.stats.pathrows import PathRows
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventTimes:
    """Distinct times at which follow-up ends, common to both arms.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
        Ascending.
    """

    time: FloatArray

    def path(self, start: FloatArray, stop: FloatArray, event: IntArray) -> PathRows:
        """Return rows placed on the times up to the last at which a row ends."""
        last = np.searchsorted(self.time, stop, side="right") - 1
        used = int(last.max(initial=-1)) + 1
        first = np.searchsorted(self.time, start, side="right")
        return PathRows(
            time=self.time[:used],
            first=np.asarray(first, dtype=np.int64),
            last=np.asarray(last, dtype=np.int64),
            event=event,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """A stretch of follow-up per person.

    Attributes
    ----------
    person : ndarray of int, shape (s,)
        Whose.
    low, high : ndarray of float, shape (s,)
        At risk after low, up to high.
    began : bool
        Whether treatment has begun.
    """

    person: IntArray
    low: FloatArray
    high: FloatArray
    began: bool

    @classmethod
    def of(cls, low: FloatArray, high: FloatArray, chosen: BoolArray, *, began: bool) -> Segment:
        """Return the stretches of chosen persons that have a length."""
        person = np.flatnonzero(chosen & (low < high))
        return cls(person=person, low=low[person], high=high[person], began=began)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutRows:
    """Segments cut into rows.

    Attributes
    ----------
    person, piece : ndarray of int, shape (r,)
        Person, and piece of time, of each row.
    start, stop : ndarray of float, shape (r,)
        At risk after start, up to stop.
    began : ndarray of bool, shape (r,)
        Whether treatment has begun.
    """

    person: IntArray
    piece: IntArray
    start: FloatArray
    stop: FloatArray
    began: BoolArray

    def take(self, kept: BoolArray) -> CutRows:
        """Return some of the rows."""
        if kept.all():
            return self
        return CutRows(
            person=self.person[kept],
            piece=self.piece[kept],
            start=self.start[kept],
            stop=self.stop[kept],
            began=self.began[kept],
        )


def cut(segment: Segment, starts: FloatArray) -> CutRows:
    """Cut segments at the starts of pieces.

    Parameters
    ----------
    segment : Segment
        The stretches.
    starts : ndarray of float, shape (m,)
        Ascending, the first minus infinity.

    Returns
    -------
    CutRows
        Rows of a person one after the other.
    """
    first = np.searchsorted(starts, segment.low, side="right") - 1
    # The first piece starts before every time, but is not after a low of minus infinity.
    first = np.maximum(first, 0)
    last = np.searchsorted(starts, segment.high, side="left") - 1
    size = last - first + 1
    source = np.repeat(np.arange(size.size), size)
    ends = np.cumsum(size)
    piece = np.arange(source.size) - np.repeat(ends - size, size) + np.repeat(first, size)
    after = np.append(starts[1:], np.inf)
    return CutRows(
        person=segment.person[source],
        piece=piece,
        start=np.maximum(segment.low[source], starts[piece]),
        stop=np.minimum(segment.high[source], after[piece]),
        began=np.full(source.size, segment.began),
    )


def joined(parts: list[CutRows]) -> CutRows:
    """Return rows of several segments, by person and in the order of the segments."""
    person = np.concatenate([part.person for part in parts])
    order = np.argsort(person, kind="stable")
    return CutRows(
        person=person[order],
        piece=np.concatenate([part.piece for part in parts])[order],
        start=np.concatenate([part.start for part in parts])[order],
        stop=np.concatenate([part.stop for part in parts])[order],
        began=np.concatenate([part.began for part in parts])[order],
    )


def arm_rows(rows: CutRows, stop: FloatArray, event: IntArray, times: EventTimes) -> ArmRows:
    """Place rows; the row that ends with a person's follow-up has its event.

    Parameters
    ----------
    rows : CutRows
        The rows.
    stop, event : ndarray, shape (n,)
        End of each clone's follow-up and what ended it.
    times : EventTimes
        Where rows are placed.

    Returns
    -------
    ArmRows
        Ready for curves.
    """
    continues = np.zeros(rows.person.size, dtype=np.bool_)
    continues[:-1] = (rows.person[1:] == rows.person[:-1]) & (rows.start[1:] == rows.stop[:-1])
    own = np.where(rows.stop == stop[rows.person], event[rows.person], 0)
    return ArmRows(
        person=rows.person,
        start=rows.start,
        stop=rows.stop,
        event=own,
        continues=continues,
        path=times.path(rows.start, rows.stop, own),
    )

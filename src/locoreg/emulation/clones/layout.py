"""The rows of an arm and where they stand in the tables of hazards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.clones.factors import Places
from locoreg.emulation.clones.hazards import HazardTable
from locoreg.emulation.clones.intervals import Pieces
from locoreg.emulation.clones.rows import CutRows, Segment, cut, joined
from locoreg.emulation.clones.tables import Timed
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

ALWAYS = Pieces(
    start=np.array([-np.inf]), interval=np.array([-1], dtype=np.int64), share=np.zeros(1)
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """Rows of an arm, cut at the pieces of its clocks.

    Attributes
    ----------
    rows : CutRows
        The rows.
    own, loss : ndarray of int, shape (r,)
        Piece of each row on the clock of treatment and on that of loss to follow-up.
    """

    rows: CutRows
    own: IntArray
    loss: IntArray

    def without(self, gone: BoolArray) -> Layout:
        """Return the layout without some rows."""
        kept = ~gone
        return Layout(rows=self.rows.take(kept), own=self.own[kept], loss=self.loss[kept])


def lay_out(segments: list[Segment], starts: FloatArray, loss: Timed | None) -> Layout:
    """Cut segments where weights change.

    Parameters
    ----------
    segments : list of Segment
        In the order of time.
    starts : ndarray of float, shape (m,)
        Starts of the pieces on the clock of treatment, the first minus infinity.
    loss : Timed or None
        Model of loss to follow-up.

    Returns
    -------
    Layout
        By person.
    """
    other = ALWAYS.start if loss is None else loss.pieces.start
    both = np.union1d(starts, other)
    # Once treated, only loss to follow-up changes the weight.
    rows = joined([cut(s, other if s.began else both) for s in segments])
    begin = rows.start
    return Layout(
        rows=rows,
        own=np.asarray(np.searchsorted(starts, begin, side="right") - 1, dtype=np.int64),
        loss=np.asarray(np.searchsorted(other, begin, side="right") - 1, dtype=np.int64),
    )


def only(pieces: Pieces, interval: int) -> Pieces:
    """Return the pieces of one interval, numbered 0, and a first piece before them."""
    chosen = np.flatnonzero(pieces.interval == interval)
    start = pieces.start[chosen]
    lead = [] if start.size and start[0] == -np.inf else [0.0]
    return Pieces(
        start=np.concatenate([np.full(len(lead), -np.inf), start]),
        interval=np.concatenate([np.full(len(lead), -1), np.zeros(chosen.size)]).astype(np.int64),
        share=np.concatenate([lead, pieces.share[chosen]]),
    )


def treatment_places(
    layout: Layout,
    table: HazardTable,
    pieces: Pieces,
    started: IntArray,
    asked: FloatArray,
    *,
    first: int = 0,
) -> Places:
    """Return where rows stand in a table of hazards of treatment.

    Parameters
    ----------
    layout : Layout
        The rows.
    table : HazardTable
        The hazards.
    pieces : Pieces
        The clock.
    started : ndarray of int, shape (n,)
        Interval of the table in which each person's treatment starts; -1 for none of them.
    asked : ndarray of float, shape (a,)
        What the strategy asks for.
    first : int
        Number in the table of the interval that the pieces call 0.

    Returns
    -------
    Places
        One per row.
    """
    person, began = layout.rows.person, layout.rows.began
    k = np.where(began, started[person], pieces.interval[layout.own] + first)
    k = np.where(~began & (pieces.interval[layout.own] < 0), -1, k)
    base = table.first[person]
    return Places(
        cell=np.where((k >= 0) & (base >= 0), base + k, -1),
        share=np.where(began, 0.0, pieces.share[layout.own]),
        began=began,
        asked=asked,
    )


def departed(places: Places, table: HazardTable) -> BoolArray:
    """Return rows whose weight is 0: treatment is asked for with certainty, and hasn't begun."""
    asked = places.asked[table.interval[np.maximum(places.cell, 0)]]
    sure = (places.cell >= 0) & (asked == 1.0) & (places.share >= 1.0)
    return np.asarray(sure & ~places.began)


def loss_places(layout: Layout, loss: Timed) -> Places:
    """Return where rows stand in the table of hazards of loss to follow-up; none is asked for."""
    k = loss.pieces.interval[layout.loss]
    return Places(
        cell=np.where(k >= 0, loss.table.first[layout.rows.person] + k, -1),
        share=loss.pieces.share[layout.loss],
        began=np.zeros(k.size, dtype=np.bool_),
        asked=np.zeros(loss.active.size),
    )

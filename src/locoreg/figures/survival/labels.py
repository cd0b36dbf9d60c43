"""Places for labels on curves, clear of all curves and of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from locoreg.stats.survivaldata import FloatArray

# Distances in points: from the own curve, and at least from the others.
OWN, OTHERS = 3.0, 4.0
ALONG = (0.8, 0.65, 0.5, 0.9, 0.35, 0.2)
SHIFTS = (0.0, -5.0, 5.0, -9.0, 9.0)
# Combinations tried before a legend takes the labels' place.
MOST_TRIED = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A label that looks for a place.

    Attributes
    ----------
    key : str
        The curve.
    lines : tuple of str
        Its words.
    width, height : float
        Room that they take in points.
    corners : ndarray of float, shape (p, 2)
        The curve on the sheet.
    """

    key: str
    lines: tuple[str, ...]
    width: float
    height: float
    corners: FloatArray

    def spot(self, left: float, top: float) -> Spot:
        """Return the label at a place."""
        return Spot(lines=self.lines, left=left, top=top, width=self.width, height=self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place for a label: its lines, the upper left corner and the size in points."""

    lines: tuple[str, ...]
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where labels may stand: the edges in points, and whether curves rise."""

    left: float
    right: float
    top: float
    bottom: float
    rising: bool


def place_labels(wanted: Sequence[Wanted], room: Room) -> dict[str, Spot] | None:
    """Find a place for every label.

    Parameters
    ----------
    wanted : sequence of Wanted
        Labels and curves.
    room : Room
        Where labels may stand.

    Returns
    -------
    dict of str to Spot, or None
        A spot for each curve: behind its end, else beside it; None if some labels would collide
        with a curve or each other wherever they stood.
    """
    choices = [_free(item, wanted, room) for item in wanted]
    if not all(choices):
        return None
    order = sorted(range(len(wanted)), key=lambda i: len(choices[i]))
    chosen: dict[int, Spot] = {}
    tried = [0]

    def fits(depth: int) -> bool:
        if depth == len(order):
            return True
        i = order[depth]
        for spot in choices[i]:
            tried[0] += 1
            if tried[0] > MOST_TRIED:
                return False
            if not any(_overlap(spot, other) for other in chosen.values()):
                chosen[i] = spot
                if fits(depth + 1):
                    return True
                del chosen[i]
        return False

    return {wanted[i].key: spot for i, spot in chosen.items()} if fits(0) else None


def _free(item: Wanted, all_items: Sequence[Wanted], room: Room) -> list[Spot]:
    others = [other.corners for other in all_items if other is not item]
    return [
        spot
        for spot in _candidates(item, room)
        if room.left <= spot.left
        and spot.left + spot.width <= room.right
        and room.top <= spot.top
        and spot.top + spot.height <= room.bottom
        and _belongs(spot, item.corners, others)
    ]


def _candidates(item: Wanted, room: Room) -> Iterator[Spot]:
    """Yield places from the best one on."""
    corners = item.corners
    end_x, end_y = float(corners[-1, 0]), float(corners[-1, 1])
    for shift in SHIFTS:
        yield item.spot(end_x + 5, end_y - item.height / 2 + shift)
    start = float(corners[0, 0])
    for part in ALONG:
        x = start + part * (end_x - start)
        y = float(corners[max(int(np.searchsorted(corners[:, 0], x, side="right")) - 1, 0), 1])
        # Beyond the point a falling curve lies lower, before it higher; a rising one the reverse.
        above, below = y - OWN - item.height, y + OWN
        after, before = x + 2, x - 2 - item.width
        pairs = (
            ((before, above), (after, below)) if room.rising else ((after, above), (before, below))
        )
        for left, top in pairs:
            yield item.spot(left, top)


def _belongs(spot: Spot, own: FloatArray, others: Sequence[FloatArray]) -> bool:
    """Return whether a spot is clear of all curves and plainly closest to its own."""
    near = distance(spot, own)
    clear = max(OTHERS, near + 1.5)
    return near > 1.0 and all(distance(spot, corners) >= clear for corners in others)


def distance(spot: Spot, corners: FloatArray) -> float:
    """Return how far a spot is from a curve of upright and level pieces; 0 if they cross."""
    low = np.minimum(corners[:-1], corners[1:])
    high = np.maximum(corners[:-1], corners[1:])
    zero = np.zeros(low.shape[0])
    aside = np.maximum.reduce([low[:, 0] - spot.left - spot.width, spot.left - high[:, 0], zero])
    over = np.maximum.reduce([low[:, 1] - spot.top - spot.height, spot.top - high[:, 1], zero])
    return float(np.hypot(aside, over).min())


def _overlap(one: Spot, other: Spot) -> bool:
    return (
        one.left < other.left + other.width + 3
        and other.left < one.left + one.width + 3
        and one.top < other.top + other.height + 1
        and other.top < one.top + one.height + 1
    )

"""How easily a search explains pools that were never published."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.spatial import cKDTree

from locoreg.evidence.effectsize import z_value
from locoreg.evidence.reproduce.results import Chance
from locoreg.evidence.reproduce.search import ESTIMATORS, INTERVALS, is_common
from locoreg.evidence.reproduce.settings import Published

FloatArray = NDArray[np.float64]

MADE_UP = 4_000
# Made-up pools: the estimate moves by up to this share of the half-width,
# the logarithm of the half-width by up to this much.
SHIFT, STRETCH = 0.5, 0.25
SEED = 2021
COMMON = np.array([[is_common(e, i) for i in INTERVALS] for e in ESTIMATORS])


class Neighbourhood:
    """The settings near a published pool, by number of departures.

    A printed pool is a box: the numbers that round to it. A made-up pool is the
    same box elsewhere, so it is as precise, and as hard to hit, as the published
    one; a setting explains it by falling into the box. Where a p-value is printed
    too, a made-up pool has the normal one of its interval.
    """

    def __init__(self, published: Published) -> None:
        printed = np.array([published.estimate, published.ci_low, published.ci_high])
        halves = np.array(published.half_units)
        edges = np.stack([printed - halves, printed + halves])
        self._log = published.log
        if published.log:
            # A limit printed as 0.00 has no lower edge on the log scale.
            edges = np.log(np.maximum(edges, halves / 10))
        self._centre, self._radius = edges.mean(axis=0), np.diff(edges, axis=0)[0] / 2
        half = (self._centre[2] - self._centre[1]) / 2
        moves = np.random.default_rng(SEED).uniform(-1, 1, (2, MADE_UP))
        shift = SHIFT * half * moves[0]
        wider = half * np.expm1(STRETCH * moves[1])
        self._moves = np.stack([shift, shift - wider, shift + wider], axis=-1) / self._radius
        self._reach = np.abs(self._moves).max(axis=0) + 1
        self._p_half_unit: float | None = None
        p = published.p_value
        if published.p_op == "=" and p is not None and 0 < p < 1:
            self._p_half_unit = published.p_half_unit
            se = half / z_value(published.level)
            # The effect that the printed p-value implies moves with the estimate.
            effect = np.copysign(-special.ndtri(p / 2) * se, self._centre[0])
            z = (effect + shift) / (se * np.exp(STRETCH * moves[1]))
            scaled = 2 * special.ndtr(-np.abs(z)) / self._p_half_unit
            self._moves = np.column_stack([self._moves, scaled])
        self._near: dict[tuple[int, bool], list[FloatArray]] = {}

    def add(self, numbers: FloatArray, p_value: FloatArray, departures: int) -> None:
        """Keep the settings of a level that could explain a made-up pool.

        Parameters
        ----------
        numbers : ndarray, shape (inputs, estimators, intervals, 3)
            Estimate and limits of the settings.
        p_value : ndarray, shape (inputs, estimators, intervals)
            Their p-values.
        departures : int
            Departures of all of them.
        """
        for common in (True, False):
            chosen = COMMON if common else ~COMMON
            self._keep(numbers[:, chosen], p_value[:, chosen], (departures, common))

    def _keep(self, numbers: FloatArray, p_value: FloatArray, key: tuple[int, bool]) -> None:
        flat = numbers.reshape(-1, 3)
        edges = self._centre + np.array([[-1], [1]]) * self._reach * self._radius
        low, high = np.exp(edges) if self._log else edges
        inside = ((flat >= low) & (flat <= high)).all(axis=1)
        near = flat[inside]
        scaled = ((np.log(near) if self._log else near) - self._centre) / self._radius
        if self._p_half_unit is not None:
            p = p_value.reshape(-1)[inside] / self._p_half_unit
            scaled = np.column_stack([scaled, p])
        self._near.setdefault(key, []).append(scaled)

    def chance(self, departures: int, *, with_p: bool, common: bool) -> Chance:
        """Return how many made-up pools the settings with so many departures, or fewer, match.

        Parameters
        ----------
        departures : int
            Most departures.
        with_p : bool
            Whether the p-value must match too, where one is printed.
        common : bool
            Whether only settings with a method in common use count.
        """
        columns = self._moves.shape[1] if with_p else 3
        parts = [
            part
            for (level, in_use), near in self._near.items()
            if level <= departures and (in_use or not common)
            for part in near
        ]
        settings = np.concatenate([*parts, np.empty((0, self._moves.shape[1]))])
        found = np.zeros(MADE_UP)
        if len(settings):
            tree = cKDTree(settings[:, :columns])
            made_up = self._moves[:, :columns]
            found = tree.query_ball_point(made_up, r=1.0, p=np.inf, return_length=True)
        return Chance(
            departures=departures,
            common_only=common,
            pools=MADE_UP,
            share_explained=float((found > 0).mean()),
            expected_matches=float(found.mean()),
        )

"""Columns by which effects differ: splines of numbers, levels, products of pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError
from locoreg.stats.naturalspline import KNOT_QUANTILES, natural_spline
from locoreg.stats.survivaldata import FloatArray, IntArray

# Columns with fewer distinct values enter linearly.
LEAST_DISTINCT = 8
# Quantiles that the summary shows, and those whose distance scales a column.
SHOWN = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectBasis:
    """Columns of a model of effects.

    Attributes
    ----------
    places : tuple of int
        Columns of the scores' coding that enter.
    names : tuple of str
        Their names.
    total_columns : int
        Number of columns of the coding.
    knots : tuple of ndarray of float
        Knots of the natural spline of each; empty where it enters linearly.
    centre, scale : ndarray of float, shape (u,)
        Linear parts are ``(x - centre) / scale``; for columns of 0 and 1 these are 0 and 1.
    low, high : ndarray of float, shape (u,)
        Range of each column; values beyond count as its ends.
    shown : ndarray of float, shape (u, 3)
        Quantiles 0.1, 0.5 and 0.9.
    pairs : ndarray of int, shape (q, 2)
        Pairs of columns whose linear parts are multiplied.
    """

    places: tuple[int, ...]
    names: tuple[str, ...]
    total_columns: int
    knots: tuple[FloatArray, ...]
    centre: FloatArray
    scale: FloatArray
    low: FloatArray
    high: FloatArray
    shown: FloatArray
    pairs: IntArray

    @classmethod
    def of(
        cls,
        X: FloatArray,
        weight: FloatArray,
        places: tuple[int, ...],
        names: tuple[str, ...],
        *,
        df: int,
        most_products: int,
    ) -> Self:
        """Return the basis of persons.

        Parameters
        ----------
        X : ndarray of float, shape (n, p)
            All columns of the scores' coding.
        weight : ndarray of float, shape (n,)
            Sampling weights, for quantiles.
        places, names
            The columns that enter, and their names.
        df : int
            Degrees of freedom of splines; 1 for linear terms only.
        most_products : int
            With more pairs than this no products are made.

        Returns
        -------
        EffectBasis
            Knots and scales of these persons.
        """
        u = len(places)
        centre, scale = np.zeros(u), np.ones(u)
        low, high, shown = np.empty(u), np.empty(u), np.empty((u, 3))
        knots: list[FloatArray] = []
        for k, j in enumerate(places):
            values, code = np.unique(X[:, j], return_inverse=True)
            mass = np.bincount(code, weights=weight).astype(np.float64)
            low[k], high[k] = values[0], values[-1]
            shown[k] = _quantiles(values, mass, SHOWN)
            found = _knots(values, mass, df)
            knots.append(found)
            if found.size:
                # The linear part of the natural spline.
                centre[k], scale[k] = (found[0] + found[-1]) / 2.0, (found[-1] - found[0]) / 2.0
            elif not np.isin(values, (0.0, 1.0)).all():
                middle = float(mass @ values / mass.sum())
                spread = float(np.sqrt(mass @ (values - middle) ** 2 / mass.sum()))
                centre[k], scale[k] = middle, spread if spread > 0.0 else 1.0
        pairs = np.column_stack(np.triu_indices(u, 1)).astype(np.int64)
        if len(pairs) > most_products:
            pairs = pairs[:0]
        return cls(
            places=places,
            names=names,
            total_columns=X.shape[1],
            knots=tuple(knots),
            centre=centre,
            scale=scale,
            low=low,
            high=high,
            shown=shown,
            pairs=pairs,
        )

    @property
    def owners(self) -> IntArray:
        """Column of the coding, by its place in `places`, of each column that is no product."""
        sizes = [1 + max(0, knots.size - 2) for knots in self.knots]
        return np.repeat(np.arange(len(sizes)), sizes)

    @property
    def size(self) -> int:
        """Number of columns of the basis."""
        return int(self.owners.size + len(self.pairs))

    def columns(self, X: FloatArray) -> FloatArray:
        """Return the columns of the basis.

        Parameters
        ----------
        X : ndarray of float, shape (m, p)
            All columns of the scores' coding.

        Returns
        -------
        ndarray of float, shape (m, size)
            Linear part and curved parts of each column in turn, then products.

        Raises
        ------
        DataError
            If X has other columns, or values that are not finite.
        """
        given = np.asarray(X, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != self.total_columns:
            raise DataError(
                f"X has shape {given.shape}, but the model takes rows of {self.total_columns} "
                "columns.",
                hint="code persons with the coding of the scores.",
            )
        own = given[:, list(self.places)]
        if not np.isfinite(own).all():
            raise DataError("X has values that are not finite.", hint="code unknown values.")
        own = np.clip(own, self.low, self.high)
        linear = (own - self.centre) / self.scale
        out = np.empty((given.shape[0], self.size))
        at = 0
        for k, knots in enumerate(self.knots):
            out[:, at] = linear[:, k]
            at += 1
            if knots.size:
                curved = natural_spline(own[:, k], knots)[:, 1:]
                out[:, at : at + curved.shape[1]] = curved
                at += curved.shape[1]
        for one, other in self.pairs.tolist():
            np.multiply(linear[:, one], linear[:, other], out=out[:, at])
            at += 1
        return out

    def describe(self, coefficients: FloatArray, unit: str) -> tuple[str, ...]:
        """Return the terms that are not 0 in words.

        Parameters
        ----------
        coefficients : ndarray of float, shape (size,)
            Coefficients of the columns.
        unit : str
            Unit of the effect.

        Returns
        -------
        tuple of str
            One line per column of the coding, against its median, or against 0 for a level; and one
            per product. The largest come first.
        """
        lines: list[tuple[float, str]] = []
        owners = self.owners
        for k, name in enumerate(self.names):
            own = coefficients[: owners.size][owners == k]
            if not own.any():
                continue
            if not self.knots[k].size:
                size = float(own[0] / self.scale[k])
                span = float(self.shown[k, 2] - self.shown[k, 0]) or 1.0
                lines.append((abs(size * span), f"{name}: {size:+.3g} {unit} per unit"))
                continue
            low, middle, high = (float(q) for q in self.shown[k])
            at = self._shape(k, own)
            lines.append(
                (
                    max(abs(at[0]), abs(at[1])),
                    f"{name}: {at[0]:+.3g} {unit} at {low:.3g}, {at[1]:+.3g} at {high:.3g}, "
                    f"against {middle:.3g}",
                )
            )
        for (one, other), size in zip(self.pairs, coefficients[owners.size :], strict=True):
            if size:
                text = f"{self._linear(one)} x {self._linear(other)}: {size:+.3g} {unit}"
                lines.append((abs(float(size)), text))
        return tuple(text for _, text in sorted(lines, key=lambda line: (-line[0], line[1])))

    def _shape(self, k: int, own: FloatArray) -> tuple[float, float]:
        """Return what a spline adds at the outer quantiles, against the median."""
        curve = natural_spline(self.shown[k], self.knots[k]) @ own
        return float(curve[0] - curve[1]), float(curve[2] - curve[1])

    def _linear(self, k: int) -> str:
        if self.centre[k] == 0.0 and self.scale[k] == 1.0:
            return self.names[k]
        return f"({self.names[k]} - {self.centre[k]:.3g})/{self.scale[k]:.3g}"

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the basis again."""
        return {
            "places": list(self.places),
            "names": list(self.names),
            "total_columns": self.total_columns,
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the basis by name."""
        return {
            "knots": np.concatenate([*self.knots, np.zeros(0)]),
            "knot_counts": np.array([knots.size for knots in self.knots], dtype=np.int64),
            "centre": self.centre,
            "scale": self.scale,
            "low": self.low,
            "high": self.high,
            "shown": self.shown,
            "pairs": self.pairs,
        }

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the basis of settings and arrays."""
        counts = np.asarray(arrays["knot_counts"], dtype=np.int64)
        places = tuple(int(j) for j in settings["places"])
        if len(places) != counts.size or any(
            not 0 <= j < int(settings["total_columns"]) for j in places
        ):
            raise DataError(
                "the columns of the model don't fit its arrays.", hint="take the file anew."
            )
        values = np.asarray(arrays["knots"], dtype=np.float64)
        names = ("centre", "scale", "low", "high", "shown")
        return cls(
            places=places,
            names=tuple(settings["names"]),
            total_columns=int(settings["total_columns"]),
            knots=tuple(np.split(values, np.cumsum(counts)))[:-1],
            pairs=np.asarray(arrays["pairs"], dtype=np.int64).reshape(-1, 2),
            **{name: np.asarray(arrays[name], dtype=np.float64) for name in names},
        )


def _quantiles(values: FloatArray, mass: FloatArray, at: tuple[float, ...]) -> FloatArray:
    """Return weighted quantiles of distinct values: linear between the middles of their masses."""
    middle = (np.cumsum(mass) - mass / 2.0) / mass.sum()
    return np.asarray(np.interp(at, middle, values))


def _knots(values: FloatArray, mass: FloatArray, df: int) -> FloatArray:
    if df < 2 or values.size < LEAST_DISTINCT:
        return np.zeros(0)
    knots = _quantiles(values, mass, KNOT_QUANTILES[df])
    # Where many values are equal knots may coincide: then a straight line has to do.
    narrow = np.diff(knots).min() <= 1e-6 * (values[-1] - values[0])
    return np.zeros(0) if narrow else knots

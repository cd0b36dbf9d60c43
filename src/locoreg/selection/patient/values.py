"""What values the patients of the data have: ranges, levels, and pairs that don't occur."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from locoreg.emulation.cohort import Column
from locoreg.selection.patient.limits import EXPECTED_TOGETHER, LEAST_SHOWN, MOST_PAIRED
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

UNKNOWN = "not known"
Few = Literal["both", "treated", "comparator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Values of one covariate in a few groups.

    Attributes
    ----------
    name : str
        The covariate.
    edges : tuple of float
        Upper limits of the groups of a number, but for the last.
    labels : tuple of str
        The groups in words: ranges of a number, or levels; the last is ``not known``.
    """

    name: str
    edges: tuple[float, ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, column: Column) -> Bins:
        """Return the groups of a covariate: quarters of a number, or the levels."""
        if column.kind == "category":
            return cls(name=column.name, edges=(), labels=(*column.levels, UNKNOWN))
        known = column.values[~column.missing]
        edges = np.unique(np.quantile(known, (0.25, 0.5, 0.75), method="inverted_cdf"))
        edges = edges[edges < known.max()]
        ends = [f"{edge:.4g}" for edge in edges.tolist()]
        labels = [f"at most {ends[0]}"] if ends else ["any value"]
        labels += [f"above {a} up to {b}" for a, b in itertools.pairwise(ends)]
        labels += [f"above {ends[-1]}"] if ends else []
        return cls(name=column.name, edges=tuple(edges.tolist()), labels=(*labels, UNKNOWN))

    def codes(self, column: Column) -> IntArray:
        """Return the group of each person, shape (n,)."""
        last = len(self.labels) - 1
        known = np.where(column.missing, 0.0, column.values)
        code = known if column.kind == "category" else np.searchsorted(self.edges, known)
        return np.where(column.missing, last, code).astype(np.int64)

    def code(self, value: Any) -> int:
        """Return the group of a value; None is unknown."""
        if value is None:
            return len(self.labels) - 1
        if not self.edges and value in self.labels:
            return self.labels.index(value)
        return int(np.searchsorted(self.edges, float(value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Two values that hardly anybody has together.

    Attributes
    ----------
    first, second : str
        The covariates.
    first_code, second_code : int
        The groups of their values.
    """

    first: str
    second: str
    first_code: int
    second_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSupport:
    """Values that the persons of the data have, without a count below 10.

    Attributes
    ----------
    n : int
        Persons.
    ranges : dict of str to (float, float)
        Of each number about the smallest and the largest value: the tenth from either end,
        mirrored at the mean of the ten. Fewer than 10 persons lie beyond.
    few : dict of str to dict of str to str
        By covariate, the levels (and ``not known``) that fewer than 10 persons with an option
        have: ``treated``, ``comparator``, or ``both``.
    bins : dict of str to Bins
        Groups of values, for pairs.
    holes : tuple of Hole
        Pairs of groups with fewer than 10 persons where at least 30 would be expected.
    """

    n: int
    ranges: dict[str, tuple[float, float]]
    few: dict[str, dict[str, Few]]
    bins: dict[str, Bins]
    holes: tuple[Hole, ...]

    @classmethod
    def of(cls, columns: Sequence[Column], treated: BoolArray) -> ValueSupport:
        """Return the values of persons.

        Parameters
        ----------
        columns : sequence of Column
            The covariates.
        treated : ndarray of bool, shape (n,)
            Who was treated.

        Returns
        -------
        ValueSupport
            Their support.
        """
        few = {column.name: _few(column, treated) for column in columns}
        bins = {column.name: Bins.of(column) for column in columns}
        return cls(
            n=int(treated.size),
            ranges={c.name: _reach(c.values) for c in columns if c.kind == "number"},
            few={name: found for name, found in few.items() if found},
            bins=bins,
            holes=_holes(columns, bins) if len(columns) <= MOST_PAIRED else (),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the support as JSON-ready values."""
        return {
            "n": self.n,
            "ranges": {name: list(span) for name, span in self.ranges.items()},
            "few": {name: dict(found) for name, found in self.few.items()},
            "bins": [asdict(one) for one in self.bins.values()],
            "holes": [asdict(hole) for hole in self.holes],
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> ValueSupport:
        """Return the support of a dict from `to_dict`."""
        bins = [
            Bins(name=one["name"], edges=tuple(one["edges"]), labels=tuple(one["labels"]))
            for one in given["bins"]
        ]
        return cls(
            n=int(given["n"]),
            ranges={name: (span[0], span[1]) for name, span in given["ranges"].items()},
            few={name: dict(found) for name, found in given["few"].items()},
            bins={one.name: one for one in bins},
            holes=tuple(Hole(**hole) for hole in given["holes"]),
        )


def _reach(values: FloatArray) -> tuple[float, float]:
    """Return about the smallest and largest value, from the ten at either end together.

    The tenth value is mirrored at the mean of the ten: with values that are spread evenly this is
    the last one, and it tells of no single person.
    """
    known = np.sort(values[~np.isnan(values)])
    place = min(LEAST_SHOWN, (known.size + 1) // 2)
    low, high = known[:place], known[-place:]
    return float(2.0 * low.mean() - low[-1]), float(2.0 * high.mean() - high[0])


def _few(column: Column, treated: BoolArray) -> dict[str, Few]:
    """Return the levels that too few persons have; of a number only being unknown is a level."""
    levels: dict[str, BoolArray] = {}
    if column.kind == "category":
        levels = {name: column.values == code for code, name in enumerate(column.levels)}
    if column.missing.any():
        levels[UNKNOWN] = column.missing
    found: dict[str, Few] = {}
    for name, here in levels.items():
        some = int((here & treated).sum())
        others = int(here.sum()) - some
        if max(some, others) < LEAST_SHOWN:
            found[name] = "both"
        elif some < LEAST_SHOWN:
            found[name] = "treated"
        elif others < LEAST_SHOWN:
            found[name] = "comparator"
    return found


def _holes(columns: Sequence[Column], bins: Mapping[str, Bins]) -> tuple[Hole, ...]:
    codes = {column.name: bins[column.name].codes(column) for column in columns}
    out: list[Hole] = []
    for one, other in itertools.combinations(codes, 2):
        rows, wide = len(bins[one].labels), len(bins[other].labels)
        both = np.bincount(codes[one] * wide + codes[other], minlength=rows * wide)
        table = both.reshape(rows, wide).astype(np.float64)
        expected = table.sum(axis=1)[:, None] * table.sum(axis=0) / table.sum()
        for a, b in np.argwhere((table < LEAST_SHOWN) & (expected >= EXPECTED_TOGETHER)).tolist():
            out.append(Hole(first=one, second=other, first_code=a, second_code=b))
    return tuple(out)

"""Covariates as columns of numbers, the same for persons of the data and for a new patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from locoreg.core.errors import DataError, did_you_mean
from locoreg.emulation.cohort import Column
from locoreg.stats.survivaldata import FloatArray

FeatureKind = Literal["number", "level", "rank", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column of numbers.

    Attributes
    ----------
    variable : str
        The covariate that it codes.
    kind : {"number", "level", "rank", "unknown"}
        The number itself; 1 at one level of a category; the rank of an ordered level; 1 where the
        covariate is unknown.
    level : str or None
        The level of kind ``level``.
    fill : float
        What stands where the covariate is unknown: the median, for numbers and ranks.
    """

    variable: str
    kind: FeatureKind
    level: str | None = None
    fill: float = 0.0

    @property
    def name(self) -> str:
        """Name of the column, such as ``age``, ``subtype: HER2+`` or ``age: unknown``."""
        if self.kind == "level":
            return f"{self.variable}: {self.level}"
        return f"{self.variable}: unknown" if self.kind == "unknown" else self.variable


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureCoding:
    """How covariates become columns.

    Attributes
    ----------
    features : tuple of Feature
        The columns in their order.
    levels : dict of str to tuple of str
        Levels of each category.
    ranges : dict of str to (float, float)
        Smallest and largest known value of each number.
    constant : tuple of str
        Covariates that have one value only, and no column.
    """

    features: tuple[Feature, ...]
    levels: dict[str, tuple[str, ...]]
    ranges: dict[str, tuple[float, float]]
    constant: tuple[str, ...] = ()

    @classmethod
    def of(cls, columns: Sequence[Column], ordered: Sequence[str] = ()) -> FeatureCoding:
        """Return the coding of covariates.

        Parameters
        ----------
        columns : sequence of Column
            The covariates. A category with two levels has a column for the second; others have
            one per level that occurs. A covariate that is unknown for some has one for that.
        ordered : sequence of str
            Categories that are coded by rank.

        Returns
        -------
        FeatureCoding
            The columns.

        Raises
        ------
        DataError
            If a covariate is unknown for everybody, or no covariate varies.
        """
        features: list[Feature] = []
        constant: list[str] = []
        for column in columns:
            known = column.values[~column.missing]
            if not known.size:
                raise DataError(
                    f"the covariate {column.name} is unknown for everybody.", hint="leave it out."
                )
            found = _features(column, known, column.name in ordered)
            features += found
            if not found:
                constant.append(column.name)
        if not features:
            raise DataError(
                "no covariate varies.", hint="give covariates with more than one value."
            )
        return cls(
            features=tuple(features),
            levels={c.name: c.levels for c in columns if c.kind == "category"},
            ranges={
                c.name: (float(np.nanmin(c.values)), float(np.nanmax(c.values)))
                for c in columns
                if c.kind == "number"
            },
            constant=tuple(constant),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(feature.name for feature in self.features)

    @property
    def variables(self) -> tuple[str, ...]:
        """Covariates that have columns, each once."""
        return tuple(dict.fromkeys(feature.variable for feature in self.features))

    def places(self, variables: Sequence[str]) -> list[int]:
        """Return the places of the columns of some covariates."""
        return [j for j, feature in enumerate(self.features) if feature.variable in variables]

    def encode(self, columns: Sequence[Column]) -> FloatArray:
        """Return the columns of numbers of persons, shape (n, p).

        Parameters
        ----------
        columns : sequence of Column
            The covariates, with the levels of the coding.

        Returns
        -------
        ndarray of float, shape (n, p)
            No NaN.
        """
        by_name = {column.name: column for column in columns}
        n = columns[0].values.size
        X = np.empty((n, len(self.features)))
        for j, feature in enumerate(self.features):
            X[:, j] = _coded(feature, by_name[feature.variable])
        return X

    def encode_patient(self, patient: Mapping[str, Any]) -> FloatArray:
        """Return the columns of numbers of one patient, shape (1, p).

        Parameters
        ----------
        patient : mapping of str to value
            Each covariate; None where it is unknown.

        Returns
        -------
        ndarray of float, shape (1, p)
            The columns.

        Raises
        ------
        DataError
            If a covariate is missing, is none of the coding, or has a value that can't be used.
        """
        known = self.variables
        strange = [name for name in patient if name not in known and name not in self.constant]
        if strange:
            raise DataError(
                f"the model has no covariate {strange[0]!r}.",
                hint=did_you_mean(strange[0], known) or f"it has {', '.join(known)}.",
            )
        absent = [name for name in known if name not in patient]
        if absent:
            raise DataError(
                f"the patient has no {', '.join(absent)}.",
                hint="give each covariate; null where it is unknown.",
            )
        return self.encode([self._column(name, patient[name]) for name in known])

    def _column(self, name: str, value: Any) -> Column:
        if name in self.levels:
            levels = self.levels[name]
            code = np.nan if value is None else _level_code(name, value, levels)
            column = Column(name=name, kind="category", values=np.array([code]), levels=levels)
            self._check_unknown(column)
            return column
        if value is None:
            number = np.nan
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise DataError(f"{name} is {value!r}, not a number.", hint="give a number or null.")
        else:
            number = float(value)
            if not np.isfinite(number):
                raise DataError(f"{name} is {value!r}.", hint="give a finite number or null.")
        column = Column(name=name, kind="number", values=np.array([number]))
        self._check_unknown(column)
        return column

    def _check_unknown(self, column: Column) -> None:
        """Refuse an unknown value of a covariate that was known for everybody."""
        name = column.name
        has_unknown = any(f.variable == name and f.kind == "unknown" for f in self.features)
        if column.missing.any() and not has_unknown:
            raise DataError(
                f"{name} is unknown, but it was known for every patient of the model.",
                hint="find it out: no patient of the data is like this one.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the coding as JSON-ready values."""
        return {
            "features": [asdict(feature) for feature in self.features],
            "levels": {name: list(levels) for name, levels in self.levels.items()},
            "ranges": {name: list(span) for name, span in self.ranges.items()},
            "constant": list(self.constant),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> FeatureCoding:
        """Return the coding that `to_dict` wrote.

        Parameters
        ----------
        given : mapping
            As written.

        Returns
        -------
        FeatureCoding
            The same.
        """
        return cls(
            features=tuple(Feature(**one) for one in given["features"]),
            levels={name: tuple(levels) for name, levels in given["levels"].items()},
            ranges={name: (span[0], span[1]) for name, span in given["ranges"].items()},
            constant=tuple(given["constant"]),
        )


def _features(column: Column, known: FloatArray, ordered: bool) -> list[Feature]:
    name, unknown = column.name, bool(column.missing.any())
    varies = bool(known.max() > known.min())
    out: list[Feature] = []
    if varies and (column.kind == "number" or ordered):
        kind: FeatureKind = "number" if column.kind == "number" else "rank"
        out = [Feature(variable=name, kind=kind, fill=float(np.median(known)))]
    elif varies:
        present = np.unique(known).astype(int).tolist()
        shown = present[1:] if len(present) == 2 else present
        out = [Feature(variable=name, kind="level", level=column.levels[code]) for code in shown]
    if unknown:
        out.append(Feature(variable=name, kind="unknown"))
    return out


def _coded(feature: Feature, column: Column) -> FloatArray:
    if feature.kind == "unknown":
        return np.asarray(column.missing, dtype=np.float64)
    if feature.kind == "level":
        assert feature.level is not None
        return np.asarray(column.values == column.levels.index(feature.level), dtype=np.float64)
    return np.where(column.missing, feature.fill, column.values)


def _level_code(name: str, value: Any, levels: Sequence[str]) -> float:
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    if text not in levels:
        raise DataError(
            f"{name} is {value!r}, which no patient of the model has.",
            hint=did_you_mean(text, levels) or f"its levels are {', '.join(levels)}.",
        )
    return float(levels.index(text))

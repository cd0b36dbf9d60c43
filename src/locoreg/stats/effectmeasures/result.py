"""Effects of studies with their sampling variances, and why a study has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.stats.studies import check_option

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

AddedTo = Literal["only0", "all", "if0all", "none"]
ADDED_TO: tuple[AddedTo, ...] = ("only0", "all", "if0all", "none")

# Why a study has no effect, by the code in `EffectMeasures.omitted`.
REASONS = (
    "",
    "a number is missing",
    "no events, or only events, in both groups",
    "the measure is not defined for these numbers",
)
MISSING, DOUBLE_ZERO, UNDEFINED = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeroCells:
    """What is done about counts of zero.

    Attributes
    ----------
    add : float or None
        Constant that is added to each cell; None for the measure's own: 0 for AS, PHI, IRSD, PAS,
        PFT, IRS and IRFT, which are defined at zero, and 1/2 for all others.
    to : {"only0", "all", "if0all", "none"}
        Studies it is added to: those with a zero, all, all if one has a zero, none.
    drop00 : bool
        Whether studies of two groups without events (or with events only) have no effect.
    """

    add: float | None
    to: AddedTo
    drop00: bool

    def __post_init__(self) -> None:
        check_option("to", self.to, ADDED_TO)
        if self.add is not None and not 0 <= self.add < 10:
            raise DataError(
                f"add is {self.add:g}, but must lie between 0 and 10.", hint="1/2 is usual."
            )

    def constant(self, measure: str) -> float:
        """Return the constant for a measure."""
        if self.to == "none":
            return 0.0
        if self.add is None:
            return 0.0 if measure in _DEFINED_AT_ZERO else 0.5
        return float(self.add)


_DEFINED_AT_ZERO = frozenset(("AS", "PHI", "PHI-ST", "IRSD", "PAS", "PFT", "IRS", "IRFT"))


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectMeasures:
    """Effects and sampling variances of k studies.

    Attributes
    ----------
    measure : str
        What was computed.
    yi, vi : ndarray of float, shape (k,)
        Effects on the scale on which they are pooled, and variances; NaN where there is none.
    omitted : ndarray of int8, shape (k,)
        0 where there is an effect, otherwise the place of the reason in `REASONS`.
    corrected : ndarray of bool, shape (k,)
        Whether a constant was added to the counts.
    """

    measure: str
    yi: FloatArray
    vi: FloatArray
    omitted: NDArray[np.int8]
    corrected: BoolArray


def columns(**given: ArrayLike) -> tuple[FloatArray, ...]:
    """Return the columns as float arrays of one length.

    Parameters
    ----------
    **given : array_like, shape (k,)
        Columns by name; NaN where a number is missing.

    Returns
    -------
    tuple of ndarray of float
        In the order given.

    Raises
    ------
    DataError
        If a column holds no numbers, is not one-dimensional, or their lengths differ.
    """
    found = []
    for name, values in given.items():
        try:
            array = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(
                f"{name} can't be read as numbers.", hint="give an array of floats."
            ) from None
        if array.ndim != 1:
            raise DataError(f"{name} must have one dimension.", hint="one number per study.")
        found.append(array)
    if len({array.size for array in found}) > 1:
        sizes = ", ".join(f"{n} {a.size}" for n, a in zip(given, found, strict=True))
        raise DataError(f"the columns have different lengths: {sizes}.")
    return tuple(found)


def require(good: BoolArray, values: FloatArray, name: str, fault: str, hint: str) -> None:
    """Raise at the first row that has a number and breaks a rule.

    Parameters
    ----------
    good : ndarray of bool
        Whether a row obeys; rows with NaN are not judged.
    values : ndarray of float
        The numbers judged.
    name, fault, hint : str
        Column, what is wrong and what to do.
    """
    bad = ~good & ~np.isnan(values)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"row {row + 1}: {name} is {values[row]:g}, {fault}.", hint=hint)


def require_counts(**given: FloatArray) -> None:
    """Raise unless counts are finite and not negative."""
    for name, values in given.items():
        require(
            np.isfinite(values) & (values >= 0),
            values,
            name,
            "which is no count",
            "counts are 0 or more.",
        )


def require_positive(hint: str, **given: FloatArray) -> None:
    """Raise unless numbers are finite and above 0."""
    for name, values in given.items():
        require(np.isfinite(values) & (values > 0), values, name, "not above 0", hint)


def missing_rows(given: tuple[FloatArray, ...]) -> BoolArray:
    """Return which rows lack a number in one of the columns."""
    return np.asarray(np.isnan(np.stack(given)).any(axis=0))


def effects(
    measure: str,
    yi: FloatArray,
    vi: FloatArray,
    inputs: tuple[FloatArray, ...],
    *,
    corrected: BoolArray | None = None,
    dropped: BoolArray | None = None,
) -> EffectMeasures:
    """Return effects with the reason where there is none.

    Parameters
    ----------
    measure : str
        Name of the measure.
    yi, vi : ndarray of float, shape (k,)
        What the formula gave.
    inputs : tuple of ndarray of float
        The columns; NaN marks a missing number.
    corrected, dropped : ndarray of bool, optional
        Rows with an added constant, and rows without events in both groups that are left out.

    Returns
    -------
    EffectMeasures
        NaN in both yi and vi wherever one of them is not finite.
    """
    omitted = np.zeros(yi.shape, dtype=np.int8)
    omitted[~(np.isfinite(yi) & np.isfinite(vi))] = UNDEFINED
    if dropped is not None:
        omitted[dropped] = DOUBLE_ZERO
    omitted[missing_rows(inputs)] = MISSING
    gone = omitted > 0
    used = np.zeros(yi.shape, dtype=np.bool_) if corrected is None else corrected & ~gone
    return EffectMeasures(
        measure=measure,
        yi=np.where(gone, np.nan, yi),
        vi=np.where(gone, np.nan, vi),
        omitted=omitted,
        corrected=used,
    )

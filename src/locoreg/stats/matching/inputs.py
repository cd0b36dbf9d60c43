"""What is matched: arms, distance, covariates, strata and caliper, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import (
    BoolArray,
    FloatArray,
    IntArray,
    label_codes,
    refuse_rows,
)

Estimand = Literal["att", "atc", "ate"]
Scale = Literal["identity", "logit"]
Metric = Literal["difference", "mahalanobis"]
Unit = Literal["sd", "absolute"]
Discard = Literal["treated", "control", "both"]

# Distances that differ by less than this share of the largest are equal but for rounding.
TIE = 1e-12
_MEND = "leave the row out, and say so, or mend it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Checked input of a matching.

    Attributes
    ----------
    treated : ndarray of bool, shape (n,)
        The arms.
    focal : ndarray of bool, shape (n,)
        The arm that the other is matched to: the controls for the ATC, else the treated.
    estimand : {"att", "atc", "ate"}
        Whom the effect is about.
    distance : ndarray of float, shape (n,), or None
        The scalar, on the scale on which it is compared; near-tied values are made equal.
    tolerance : float
        Differences of the distance closer than this are equal.
    covariates : ndarray of float, shape (n, p), or None
        The matrix.
    names : tuple of str
        Names of the covariates.
    metric : {"difference", "mahalanobis"}
        How far apart two persons are.
    stratum : ndarray of int, shape (n,)
        Codes of the exact strata; all 0 without.
    strata : tuple of str
        Their labels; empty without.
    discarded : ndarray of bool, shape (n,)
        Outside the range of the other arm's distances.
    caliper : float
        Largest difference of the distance in a pair, in its units; infinity without.
    caliper_sd : float
        Standard deviation of the distance that is the unit of the caliper; NaN without a distance.
    """

    treated: BoolArray
    focal: BoolArray
    estimand: Estimand
    distance: FloatArray | None
    tolerance: float
    covariates: FloatArray | None
    names: tuple[str, ...]
    metric: Metric
    stratum: IntArray
    strata: tuple[str, ...]
    discarded: BoolArray
    caliper: float
    caliper_sd: float

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.treated.size


def check_design(
    treated: ArrayLike,
    *,
    estimand: Estimand,
    distance: ArrayLike | None,
    scale: Scale,
    covariates: ArrayLike | None,
    covariate_names: Sequence[str] | None,
    metric: Metric | None,
    exact: ArrayLike | Mapping[str, ArrayLike] | None,
    discard: Discard | None,
    caliper: float | None,
    caliper_unit: Unit | None,
) -> Design:
    """Check what is matched.

    Parameters
    ----------
    treated, estimand, distance, scale, covariates, covariate_names, metric
        As for `match`.
    exact, discard, caliper, caliper_unit
        As for `match`.

    Returns
    -------
    Design
        The same rows in the same order.

    Raises
    ------
    DataError
        If values can't be used.
    DesignError
        If options don't fit together.
    """
    check_option("estimand", estimand, ("att", "atc", "ate"))
    check_option("scale", scale, ("identity", "logit"))
    arm = _arms(treated)
    n = arm.size
    if distance is None and scale != "identity":
        raise DesignError(f"scale is {scale!r}, but there is no distance.", hint="give distance.")
    scalar = None if distance is None else _distance(distance, scale, n)
    matrix = None if covariates is None else _matrix(covariates, n)
    names = _names(covariate_names, matrix)
    if matrix is not None:
        _refuse_missing(matrix, names)
    codes, labels = _strata(exact, n)
    discarded = _discarded(arm, scalar, discard)
    width, unit = _caliper(caliper, caliper_unit, scalar, discarded)
    tolerance = 0.0 if scalar is None else TIE * float(np.abs(scalar).max())
    return Design(
        treated=arm,
        focal=~arm if estimand == "atc" else arm,
        estimand=estimand,
        distance=None if scalar is None else merge_near_ties(scalar, tolerance),
        tolerance=tolerance,
        covariates=matrix,
        names=names,
        metric=_metric(metric, scalar is not None, matrix is not None),
        stratum=codes,
        strata=labels,
        discarded=discarded,
        caliper=width,
        caliper_sd=unit,
    )


def merge_near_ties(values: FloatArray, tolerance: float) -> FloatArray:
    """Give values that are closer than the tolerance to their neighbour the value of the first.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Numbers in any order.
    tolerance : float
        Largest gap that is rounding.

    Returns
    -------
    ndarray of float, shape (n,)
        Numbers of which equal ones are exactly equal.
    """
    distinct = np.unique(values)
    firsts = distinct[np.r_[True, np.diff(distinct) > tolerance]]
    return np.asarray(firsts[np.searchsorted(firsts, values, side="right") - 1])


def _floats(name: str, values: ArrayLike) -> FloatArray:
    raw = np.asarray(values)
    if raw.dtype.kind not in "biufO" or any(
        isinstance(value, str | bytes) for value in (raw.flat if raw.dtype.kind == "O" else ())
    ):
        raise DataError(f"{name} holds no numbers.", hint="convert it to numbers first.")
    try:
        return np.ascontiguousarray(raw, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} can't be read as numbers.", hint="missing values can't be matched on."
        ) from None


def _vector(name: str, values: ArrayLike, n: int | None) -> FloatArray:
    array = _floats(name, values)
    if array.ndim != 1 or (n is not None and array.size != n):
        expected = "one dimension" if n is None else f"the {n} rows of treated"
        raise DataError(
            f"{name} has shape {array.shape}, but must have {expected}.",
            hint="give one value per row.",
        )
    refuse_rows(~np.isfinite(array), name, array, "is not a finite number", _MEND)
    return array


def _arms(treated: ArrayLike) -> BoolArray:
    values = _vector("treated", treated, None)
    if values.size == 0:
        raise DataError("There are no rows: treated is empty.", hint="give at least two rows.")
    bad = (values != 0.0) & (values != 1.0)
    refuse_rows(bad, "treated", values, "is neither 0 nor 1", "1 for treated, 0 for control.")
    arm = np.asarray(values == 1.0)
    if not arm.any() or arm.all():
        missing = "controls" if arm.any() else "treated persons"
        raise DataError(
            f"There are no {missing} among the {arm.size} rows.",
            hint="matching needs both arms: 1 for treated, 0 for control.",
        )
    return arm


def _distance(distance: ArrayLike, scale: Scale, n: int) -> FloatArray:
    values = _vector("distance", distance, n)
    if scale == "identity":
        return values
    bad = (values <= 0.0) | (values >= 1.0)
    refuse_rows(
        bad,
        "distance",
        values,
        "has no logit: it is not between 0 and 1",
        "give probabilities, or the linear predictor with scale='identity'.",
    )
    return np.asarray(np.log(values) - np.log1p(-values))


def _matrix(covariates: ArrayLike, n: int) -> FloatArray:
    matrix = _floats("covariates", covariates)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2 or matrix.shape[0] != n or matrix.shape[1] == 0:
        raise DataError(
            f"covariates have shape {matrix.shape}, but must have the {n} rows of treated and at "
            "least one column.",
            hint="give one row per person and one column per covariate.",
        )
    return matrix


def _names(given: Sequence[str] | None, matrix: FloatArray | None) -> tuple[str, ...]:
    if matrix is None:
        if given is not None:
            raise DesignError(
                "There are names of covariates, but no covariates.", hint="give both."
            )
        return ()
    p = matrix.shape[1]
    names = tuple(f"x{j + 1}" for j in range(p)) if given is None else tuple(map(str, given))
    if len(names) != p or len(set(names)) != p:
        raise DataError(
            f"There are {len(set(names))} different covariate names for {p} columns.",
            hint="give one name per column.",
        )
    return names


def _refuse_missing(matrix: FloatArray, names: tuple[str, ...]) -> None:
    for name, column in zip(names, matrix.T, strict=True):
        refuse_rows(~np.isfinite(column), name, column, "is not a finite number", _MEND)


def _metric(metric: Metric | None, scalar: bool, matrix: bool) -> Metric:
    if metric is None:
        metric = "difference" if scalar else "mahalanobis"
    check_option("metric", metric, ("difference", "mahalanobis"))
    if metric == "difference" and not scalar:
        raise DesignError(
            "There is no distance to take differences of.",
            hint="give distance, such as a propensity score, or covariates for Mahalanobis.",
        )
    if metric == "mahalanobis" and not matrix:
        raise DesignError(
            "The Mahalanobis metric needs covariates.", hint="give covariates, shape (n, p)."
        )
    return metric


def _strata(exact: Any, n: int) -> tuple[IntArray, tuple[str, ...]]:
    if exact is None:
        return np.zeros(n, dtype=np.int64), ()
    columns = dict(exact) if isinstance(exact, Mapping) else {"": exact}
    texts: list[tuple[str, ...]] = []
    codes: list[IntArray] = []
    for name, values in columns.items():
        column = np.asarray(values)
        if column.shape != (n,):
            raise DataError(
                f"exact{f' {name!r}' if name else ''} has shape {column.shape}, but must have the "
                f"{n} rows of treated.",
                hint="give one label per row, or a mapping of names to such columns.",
            )
        code, labels = label_codes(f"exact {name}".strip(), column, n)
        codes.append(code)
        texts.append(tuple(f"{name}={label}" if name else label for label in labels))
    if not codes:
        raise DataError("exact names no column.", hint="leave it out to match without strata.")
    distinct, combined = np.unique(np.column_stack(codes), axis=0, return_inverse=True)
    labels = tuple(
        ", ".join(text[code] for text, code in zip(texts, row, strict=True))
        for row in distinct.tolist()
    )
    return combined.astype(np.int64).reshape(n), labels


def _discarded(arm: BoolArray, distance: FloatArray | None, discard: Discard | None) -> BoolArray:
    out = np.zeros(arm.size, dtype=np.bool_)
    if discard is None:
        return out
    check_option("discard", discard, ("treated", "control", "both"))
    if distance is None:
        raise DesignError(
            "discard needs a distance: it drops persons outside the other arm's range of it.",
            hint="give distance, such as a propensity score.",
        )
    for members, name in ((arm, "treated"), (~arm, "control")):
        if discard in (name, "both"):
            other = distance[~members]
            out |= members & ((distance < other.min()) | (distance > other.max()))
    if not (arm & ~out).any() or not (~arm & ~out).any():
        raise DataError(
            "discard leaves one arm empty: the ranges of the distance don't overlap.",
            hint="there is nobody to compare with; look at the distance by arm.",
        )
    return out


def _caliper(
    caliper: float | None, unit: Unit | None, distance: FloatArray | None, discarded: BoolArray
) -> tuple[float, float]:
    kept = None if distance is None else distance[~discarded]
    sd = float("nan") if kept is None else float(kept.std(ddof=1))
    if caliper is None:
        if unit is not None:
            raise DesignError("There is a unit, but no caliper.", hint="give both or neither.")
        return float("inf"), sd
    if kept is None:
        raise DesignError(
            "The caliper is on the distance, and there is none.",
            hint="give distance, such as a propensity score.",
        )
    if unit is None:
        raise DesignError(
            f"A caliper of {caliper} of what?",
            hint="say caliper_unit='sd' (standard deviations of the distance) or 'absolute'.",
        )
    check_option("caliper_unit", unit, ("sd", "absolute"))
    if not isinstance(caliper, Real) or not caliper > 0.0 or not np.isfinite(caliper):
        raise DesignError(f"caliper is {caliper}, but must be positive.", hint="0.2 sd is usual.")
    if unit == "absolute":
        return float(caliper), sd
    if not sd > 0.0:
        raise DataError(
            "The distance is constant, so that it has no standard deviation.",
            hint="it can't tell persons apart; give another distance.",
        )
    return float(caliper) * sd, sd

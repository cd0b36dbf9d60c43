"""How alike the arms are before and after matching, and how many persons are left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.frames import frame
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCounts:
    """Persons of one arm.

    Attributes
    ----------
    all, matched, unmatched, discarded : int
        Rows in all, with a weight, without, and outside the other arm's range.
    effective : float
        Effective number of the matched: ``sum(w)^2 / sum(w^2)``.
    """

    all: int
    matched: int
    unmatched: int
    discarded: int
    effective: float

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "all": self.all,
            "matched": self.matched,
            "unmatched": self.unmatched,
            "discarded": self.discarded,
            "effective": self.effective,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Means by arm, before and after matching; arrays have one number per covariate, shape (p,).

    Attributes
    ----------
    names : tuple of str
        The distance, if there is one, and the covariates.
    sd : ndarray of float
        What differences are divided by: the standard deviation before matching in the treated
        (ATT) or the controls (ATC), or the root of the mean variance of the two (ATE). For a
        covariate of zeros and ones the variance is ``p (1 - p)``.
    mean_treated, mean_control, smd, variance_ratio : ndarray of float
        Before matching: means, their difference over ``sd``, and the variance of the treated over
        that of the controls (NaN for a covariate of zeros and ones).
    matched_mean_treated, matched_mean_control, matched_smd, matched_variance_ratio : ndarray
        The same after matching, weighted.
    """

    names: tuple[str, ...]
    sd: FloatArray
    mean_treated: FloatArray
    mean_control: FloatArray
    smd: FloatArray
    variance_ratio: FloatArray
    matched_mean_treated: FloatArray
    matched_mean_control: FloatArray
    matched_smd: FloatArray
    matched_variance_ratio: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Return the table as JSON-ready lists."""
        return {
            name: list(value) if isinstance(value, tuple) else value.tolist()
            for name, value in self._columns().items()
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per covariate."""
        return frame(self._columns())

    def _columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def count_arm(arm: BoolArray, weights: FloatArray, discarded: BoolArray) -> ArmCounts:
    """Count the rows of an arm.

    Parameters
    ----------
    arm, discarded : ndarray of bool, shape (n,)
        Rows of the arm, and rows out of range.
    weights : ndarray of float, shape (n,)
        Matching weights.

    Returns
    -------
    ArmCounts
        The counts.
    """
    w = weights[arm & (weights > 0)]
    out = int((arm & discarded).sum())
    size = int(arm.sum())
    return ArmCounts(
        all=size,
        matched=w.size,
        unmatched=size - w.size - out,
        discarded=out,
        effective=float(w.sum() ** 2 / (w * w).sum()) if w.size else 0.0,
    )


def balance_table(
    columns: dict[str, FloatArray], treated: BoolArray, focal: BoolArray | None, weights: FloatArray
) -> Balance:
    """Compare the arms.

    Parameters
    ----------
    columns : dict of str to ndarray of float, shape (n,)
        What is compared.
    treated : ndarray of bool, shape (n,)
        The arms.
    focal : ndarray of bool, shape (n,), or None
        The arm whose standard deviation is the unit; None for that of both.
    weights : ndarray of float, shape (n,)
        Matching weights.

    Returns
    -------
    Balance
        The table.
    """
    rows = [_compare(values, treated, focal, weights) for values in columns.values()]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 9).T
    return Balance(
        names=tuple(columns),
        sd=table[0],
        mean_treated=table[1],
        mean_control=table[2],
        smd=table[3],
        variance_ratio=table[4],
        matched_mean_treated=table[5],
        matched_mean_control=table[6],
        matched_smd=table[7],
        matched_variance_ratio=table[8],
    )


def _compare(
    values: FloatArray, treated: BoolArray, focal: BoolArray | None, weights: FloatArray
) -> list[float]:
    binary = bool(((values == 0.0) | (values == 1.0)).all())
    ones = np.ones(values.size)
    if focal is not None:
        sd = np.sqrt(_variance(values, ones, focal, binary))
    else:
        arms = [_variance(values, ones, arm, binary) for arm in (treated, ~treated)]
        sd = np.sqrt(0.5 * (arms[0] + arms[1]))
    out = [float(sd)]
    for w in (ones, weights):
        mean = [_mean(values, w, arm) for arm in (treated, ~treated)]
        ratio = float("nan")
        if not binary:
            spread = [_variance(values, w, arm, False) for arm in (treated, ~treated)]
            ratio = _over(spread[0], spread[1])
        out += [*mean, _over(mean[0] - mean[1], float(sd)), ratio]
    return out


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0.0 else float("nan")


def _mean(values: FloatArray, weights: FloatArray, arm: BoolArray) -> float:
    w = weights[arm]
    return _over(float(w @ values[arm]), float(w.sum()))


def _variance(values: FloatArray, weights: FloatArray, arm: BoolArray, binary: bool) -> float:
    """Weighted variance, without bias for equal weights; of zeros and ones p (1 - p)."""
    w, x = weights[arm], values[arm]
    if not w.any():
        return float("nan")
    w = w / w.sum()
    squares = float(w @ (x - w @ x) ** 2)
    return squares if binary else _over(squares, 1.0 - float(w @ w))

"""How good predicted probabilities are: area under the curve, calibration, Brier score."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import special

from locoreg.core.estimate import Estimate
from locoreg.selection.biomarkers.logistic import recalibration
from locoreg.stats.rankweighted import estimate_of
from locoreg.stats.survivaldata import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationGroup:
    """Persons with similar predictions.

    Attributes
    ----------
    n : int
        Persons.
    predicted, observed : float
        Mean probability, and share with the label, weighted.
    ci_low, ci_high : float
        Wilson limits of the share, by the effective number of persons.
    """

    n: int
    predicted: float
    observed: float
    ci_low: float
    ci_high: float

    def to_dict(self) -> dict[str, Any]:
        """Return the group as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrimination:
    """Quality of held-out probabilities.

    Attributes
    ----------
    auc : Estimate
        Area under the receiver operating characteristic curve.
    brier, brier_scaled : float
        Mean squared error of the probabilities, and the share by which it is below that of
        predicting the prevalence for everybody.
    intercept, slope : Estimate
        Of a logistic regression on the log odds predicted: 0 and 1 if calibrated.
    groups : tuple of CalibrationGroup
        By quantiles of the prediction.
    """

    auc: Estimate
    brier: float
    brier_scaled: float
    intercept: Estimate
    slope: Estimate
    groups: tuple[CalibrationGroup, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "auc": self.auc.to_dict(),
            "brier": self.brier,
            "brier_scaled": self.brier_scaled,
            "intercept": self.intercept.to_dict(),
            "slope": self.slope.to_dict(),
            "groups": [one.to_dict() for one in self.groups],
        }


def area_under_curve(
    prediction: FloatArray,
    y: FloatArray,
    *,
    level: float,
    weight: FloatArray | None = None,
    cluster: IntArray | None = None,
) -> Estimate:
    """Estimate the probability that a person with the label has the higher prediction.

    The interval is DeLong's (1988, doi:10.2307/2531595) by the placements of each person among
    those of the other label; they are added within clusters (Obuchowski 1997,
    doi:10.2307/2533958).

    Parameters
    ----------
    prediction : ndarray of float, shape (n,)
        Predictions.
    y : ndarray of float, shape (n,)
        0 or 1, both present.
    level : float
        Level in percent.
    weight : ndarray of float, shape (n,), optional
        Weights.
    cluster : ndarray of int, shape (n,), optional
        Clusters.

    Returns
    -------
    Estimate
        On the identity scale; limits are kept within 0 and 1.
    """
    w = np.ones(y.size) if weight is None else weight
    place = np.empty(y.size)
    for label in (0.0, 1.0):
        own, other = y == label, y != label
        lower = _share_below(prediction[own], prediction[other], w[other])
        place[own] = lower if label == 1.0 else 1.0 - lower
    share = np.where(y == 1.0, w / w[y == 1.0].sum(), w / w[y == 0.0].sum())
    value = float((share * place)[y == 1.0].sum())
    made = estimate_of(value, share * (place - value), level=level, cluster=cluster)
    return Estimate(
        estimate=made.estimate,
        se=made.se,
        ci_low=max(made.ci_low, 0.0),
        ci_high=min(made.ci_high, 1.0),
        level=level,
        scale="identity",
    )


def discrimination(
    probability: FloatArray,
    y: FloatArray,
    *,
    level: float,
    groups: int,
    weight: FloatArray,
    cluster: IntArray | None,
) -> Discrimination:
    """Describe held-out probabilities.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
        Held-out probabilities.
    y : ndarray of float, shape (n,)
        0 or 1, both present.
    level : float
        Level in percent.
    groups : int
        Groups of the calibration.
    weight : ndarray of float, shape (n,)
        Weights.
    cluster : ndarray of int, shape (n,), or None
        Clusters.

    Returns
    -------
    Discrimination
        Discrimination and calibration.
    """
    w = weight / weight.sum()
    brier = float(w @ (probability - y) ** 2)
    rate = float(w @ y)
    values, covariance = recalibration(special.logit(probability), y, weight, cluster)
    intercept, slope = (
        _estimate(float(value), float(variance), level)
        for value, variance in zip(values, np.diag(covariance), strict=True)
    )
    return Discrimination(
        auc=area_under_curve(probability, y, level=level, weight=weight, cluster=cluster),
        brier=brier,
        brier_scaled=1.0 - brier / (rate * (1.0 - rate)),
        intercept=intercept,
        slope=slope,
        groups=_groups(probability, y, weight, groups, level),
    )


def wilson(share: float, n: float, level: float) -> tuple[float, float]:
    """Return Wilson limits of a share (1927, doi:10.1080/01621459.1927.10502953)."""
    z = float(special.ndtri(0.5 + level / 200.0))
    middle = (share + z**2 / (2.0 * n)) / (1.0 + z**2 / n)
    half = z / (1.0 + z**2 / n) * math.sqrt(share * (1.0 - share) / n + z**2 / (4.0 * n**2))
    return middle - half, middle + half


def _share_below(values: FloatArray, others: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the weighted share of others below each value, ties counted half."""
    order = np.argsort(others, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(weight[order])])
    low = reached[np.searchsorted(others[order], values, side="left")]
    high = reached[np.searchsorted(others[order], values, side="right")]
    return np.asarray((low + high) / (2.0 * reached[-1]))


def _estimate(value: float, variance: float, level: float) -> Estimate:
    se = math.sqrt(variance) if variance >= 0.0 else math.nan
    half = float(special.ndtri(0.5 + level / 200.0)) * se
    return Estimate(
        estimate=value, se=se, ci_low=value - half, ci_high=value + half, level=level,
        scale="identity",
    )  # fmt: skip


def _groups(
    probability: FloatArray, y: FloatArray, weight: FloatArray, groups: int, level: float
) -> tuple[CalibrationGroup, ...]:
    edges = np.unique(np.quantile(probability, np.linspace(0.0, 1.0, groups + 1)[1:-1]))
    code = np.searchsorted(edges, probability, side="right")
    out = []
    for k in np.unique(code).tolist():
        rows = code == k
        w = weight[rows]
        share = float(w @ y[rows] / w.sum())
        low, high = wilson(share, float(w.sum() ** 2 / (w @ w)), level)
        out.append(
            CalibrationGroup(
                n=int(rows.sum()),
                predicted=float(w @ probability[rows] / w.sum()),
                observed=share,
                ci_low=low,
                ci_high=high,
            )
        )
    return tuple(out)

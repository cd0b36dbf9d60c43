"""How different two persons are: squared differences of columns in units of their spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.selection.data.features import Feature, FeatureCoding
from locoreg.selection.patient.limits import LEVEL_SPREADS
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Interquartile range of a standard normal variable.
NORMAL_IQR = 1.3489795003921634


def column_spreads(coding: FeatureCoding, X: FloatArray) -> FloatArray:
    """Return the difference that counts as one in each column, shape (p,).

    Parameters
    ----------
    coding : FeatureCoding
        The columns.
    X : ndarray of float, shape (n, p)
        The persons.

    Returns
    -------
    ndarray of float, shape (p,)
        For numbers and ranks the interquartile range over 1.349, or the standard deviation where
        that is 0. For levels so that a different level counts two spreads: two columns differ
        where a category has a column for each level.
    """
    columns = [feature.variable for feature in coding.features if feature.kind == "level"]
    return np.array(
        [_spread(f, X[:, j], columns.count(f.variable)) for j, f in enumerate(coding.features)]
    )


def _spread(feature: Feature, values: FloatArray, levels: int) -> float:
    if feature.kind == "level":
        return float(np.sqrt(min(levels, 2)) / LEVEL_SPREADS)
    if feature.kind == "unknown":
        return 1.0 / LEVEL_SPREADS
    low, high = np.quantile(values, (0.25, 0.75))
    spread = float(high - low) / NORMAL_IQR or float(values.std())
    return spread if spread > 0.0 else 1.0


def importance_of_columns(coding: FeatureCoding, importance: Mapping[str, float]) -> FloatArray:
    """Return how much each column counts for being alike, shape (p,).

    Parameters
    ----------
    coding : FeatureCoding
        The columns.
    importance : mapping of str to float
        Importance of covariates, not negative. Those that are not named count 0.

    Returns
    -------
    ndarray of float, shape (p,)
        Their mean is 1.

    Raises
    ------
    DesignError
        If a name is no covariate, or none counts.
    """
    for name, value in importance.items():
        if name not in coding.variables:
            raise DesignError(
                f"importance names {name!r}, which is no covariate.",
                hint=did_you_mean(name, coding.variables),
            )
        if not 0.0 <= value < np.inf:
            raise DesignError(
                f"the importance of {name} is {value}.", hint="give a number from 0 on."
            )
    out = np.array([importance.get(feature.variable, 0.0) for feature in coding.features])
    if not out.any():
        raise DesignError("no covariate has an importance above 0.", hint="name one.")
    return np.asarray(out * out.size / out.sum())


def are_flags(X: FloatArray) -> BoolArray:
    """Return which columns hold nothing but 0 and 1, shape (p,)."""
    return np.asarray(((X == 0.0) | (X == 1.0)).all(axis=0))

"""Weights that are functions of a propensity score, and their slopes."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import BoolArray, FloatArray

Target = Literal["ate", "att", "ato"]
TARGETS: tuple[Target, ...] = get_args(Target)
WHOM: dict[Target, str] = {
    "ate": "in all persons",
    "att": "in persons like the treated",
    "ato": "in persons for whom treatment was undecided (overlap population)",
}


def tilt_weights(score: FloatArray, treated: BoolArray, *, target: Target) -> FloatArray:
    """Return the weights that make either group stand for a target population.

    Parameters
    ----------
    score : ndarray of float, shape (..., n)
        Propensity scores, each between 0 and 1.
    treated : ndarray of bool, shape (n,)
        Who is treated.
    target : {"ate", "att", "ato"}
        All persons: 1/e and 1/(1 - e). The treated: 1 and e/(1 - e). The overlap population:
        1 - e and e.

    Returns
    -------
    ndarray of float, shape (..., n)
        Weights, not normalised.

    References
    ----------
    .. [1] Li F, Morgan KL, Zaslavsky AM (2018). JASA 113:390-400.
       doi:10.1080/01621459.2016.1260466
    """
    check_option("target", target, TARGETS)
    if target == "ate":
        return np.where(treated, 1.0 / score, 1.0 / (1.0 - score))
    if target == "att":
        return np.where(treated, 1.0, score / (1.0 - score))
    return np.where(treated, 1.0 - score, score)


def tilt_slopes(score: FloatArray, treated: BoolArray, *, target: Target) -> FloatArray:
    """Return the derivative of the log of the weights by the logit of the score, shape (n,)."""
    check_option("target", target, TARGETS)
    if target == "ate":
        return np.where(treated, score - 1.0, score)
    if target == "att":
        return np.where(treated, 0.0, 1.0)
    return np.where(treated, -score, 1.0 - score)

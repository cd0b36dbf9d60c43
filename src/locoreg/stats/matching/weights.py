"""Matching weights."""

from __future__ import annotations

import numpy as np

from locoreg.stats.matching.inputs import Estimand
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


def pair_numbers(pairs: IntArray, n: int) -> IntArray:
    """Give every row the number of its pair, in a matching without replacement.

    Parameters
    ----------
    pairs : ndarray of int, shape (m, 1 + ratio)
        A row of the focal arm, and those matched to it or -1.
    n : int
        Number of rows.

    Returns
    -------
    ndarray of int, shape (n,)
        0, 1, ... in the order of the pairs; -1 for rows in none.
    """
    out = np.full(n, -1, dtype=np.int64)
    some = pairs[(pairs[:, 1:] >= 0).any(axis=1)]
    number = np.broadcast_to(np.arange(some.shape[0])[:, None], some.shape)
    out[some[some >= 0]] = number[some >= 0]
    return out


def pair_weights(pairs: IntArray, n: int, treated: BoolArray) -> FloatArray:
    """Weigh the focal arm by 1 and everybody else by the shares in the matches they are part of.

    Parameters
    ----------
    pairs : ndarray of int, shape (m, 1 + ratio)
        A row of the focal arm, and those matched to it or -1.
    n : int
        Number of rows.
    treated : ndarray of bool, shape (n,)
        The arms.

    Returns
    -------
    ndarray of float, shape (n,)
        Weights that sum to the number of matched rows in each arm.
    """
    weights = np.zeros(n)
    found = pairs[:, 1:] >= 0
    size = found.sum(axis=1)
    weights[pairs[size > 0, 0]] = 1.0
    share = np.broadcast_to(1.0 / np.maximum(size, 1)[:, None], found.shape)
    np.add.at(weights, pairs[:, 1:][found], share[found])
    return _scaled(weights, treated)


def subclass_weights(subclass: IntArray, treated: BoolArray, estimand: Estimand) -> FloatArray:
    """Weigh rows by the odds or the inverse of the share of their arm in their subclass.

    Parameters
    ----------
    subclass : ndarray of int, shape (n,)
        Numbers from 0, each with both arms; -1 for rows in none.
    treated : ndarray of bool, shape (n,)
        The arms.
    estimand : {"att", "atc", "ate"}
        For the ATT 1 for the treated and p / (1 - p) for the controls, p being the share of the
        treated; for the ATC (1 - p) / p and 1; for the ATE 1 / p and 1 / (1 - p).

    Returns
    -------
    ndarray of float, shape (n,)
        Weights that sum to the number of matched rows in each arm.
    """
    weights = np.zeros(subclass.size)
    member = subclass >= 0
    if not member.any():
        return weights
    code, arm = subclass[member], treated[member]
    size = [np.bincount(code[arm == side], minlength=int(code.max()) + 1) for side in (False, True)]
    same = np.where(arm, size[1][code], size[0][code])
    if estimand == "ate":
        target = size[0][code] + size[1][code]
    else:
        target = size[int(estimand == "att")][code]
    weights[member] = target / same
    return _scaled(weights, treated)


def _scaled(weights: FloatArray, treated: BoolArray) -> FloatArray:
    for arm in (treated, ~treated):
        some = arm & (weights > 0)
        if some.any():
            weights[some] /= weights[some].mean()
    return weights

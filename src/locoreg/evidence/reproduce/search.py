"""Every setting with a given number of departures, pooled and compared with the printed digits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from locoreg.evidence.effectsize import z_value
from locoreg.evidence.reproduce.candidates import Family
from locoreg.evidence.reproduce.settings import Departure, InputUsed, Published, Setting
from locoreg.stats.randomeffects import random_effects
from locoreg.stats.tau2 import Method

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# The empirical Bayes and the Paule-Mandel equations have the same root: searched once.
# In the order of use in published pools, which decides ties between settings.
ESTIMATORS: tuple[Method, ...] = ("DL", "CE", "REML", "PM", "ML", "HE", "SJ", "HS")
INTERVALS = ("normal", "Hartung-Knapp", "t")
# What the software that most reviews use (Review Manager; R's meta and metafor)
# gives without being asked for anything else.
IN_USE = {("CE", "normal"), ("DL", "normal"), ("REML", "normal"), ("REML", "Hartung-Knapp")}
PER_INPUT = len(ESTIMATORS) * len(INTERVALS)
# Halves are printed either way: 0.565 as 0.56 or as 0.57.
TOLERANCE = 1.0 + 1e-6


def is_common(estimator: str, interval: str) -> bool:
    """Return whether an estimator with its interval is in common use."""
    return (estimator, interval) in IN_USE


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Input sets of one family and one variant.

    Attributes
    ----------
    family : Family
    variant : int
    chosen : ndarray of int, shape (n, k)
        Option of each input.
    yi, se : ndarray of float, shape (n, k)
        NaN where an input is left out.
    """

    family: Family
    variant: int
    chosen: IntArray
    yi: FloatArray
    se: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """The pools of a block; arrays have shape (n, estimators, intervals).

    Attributes
    ----------
    numbers : ndarray of float, shape (n, estimators, intervals, 3)
        Estimate and limits, natural scale.
    p_value : ndarray of float
    tau2, i2_tau2 : ndarray of float, shape (n, estimators)
    i2_q : ndarray of float, shape (n,)
    """

    numbers: FloatArray
    p_value: FloatArray
    tau2: FloatArray
    i2_tau2: FloatArray
    i2_q: FloatArray


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands in the search."""

    block: Block
    row: int
    estimator: int
    interval: int

    @property
    def variant(self) -> int:
        """SE rule and rounding, the most usual first."""
        return self.block.variant


def count_inputs(family: Family, departures: int) -> int:
    """Return how many input sets a family has with exactly so many departures."""
    total = 0
    for variant in family.variants:
        rest = departures - len(variant.departures)
        if rest < 0:
            continue
        ways = np.zeros(rest + 1)
        ways[0] = 1
        for options in family.inputs:
            costs = np.bincount([len(o.departures) for o in options], minlength=rest + 1)
            ways = np.convolve(ways, costs[: rest + 1])[: rest + 1]
        total += int(ways[rest])
    return total


def blocks(family: Family, departures: int) -> Iterator[Block]:
    """Yield the input sets of a family with exactly so many departures."""
    by_rest: dict[int, IntArray] = {}
    for index, variant in enumerate(family.variants):
        rest = departures - len(variant.departures)
        if rest < 0:
            continue
        if rest not in by_rest:
            by_rest[rest] = _combinations(family, rest)
        block = _block(family, index, by_rest[rest])
        if block.chosen.size:
            yield block


def _combinations(family: Family, departures: int) -> IntArray:
    chosen = np.zeros((1, 0), dtype=np.int64)
    spent = np.zeros(1, dtype=np.int64)
    for options in family.inputs:
        cost = np.array([len(o.departures) for o in options])
        total = spent[:, None] + cost
        rows, option = np.nonzero(total <= departures)
        chosen = np.column_stack([chosen[rows], option])
        spent = total[rows, option]
    return np.asarray(chosen[spent == departures])


def _block(family: Family, variant: int, chosen: IntArray) -> Block:
    yi, se, usable = _numbers(family, variant, chosen)
    for earlier in range(variant):
        cheaper = len(family.variants[earlier].departures)
        if cheaper <= len(family.variants[variant].departures):
            other_yi, other_se, _ = _numbers(family, earlier, chosen)
            same = np.isclose(yi, other_yi, rtol=0, atol=1e-12, equal_nan=True)
            same &= np.isclose(se, other_se, rtol=0, atol=1e-12, equal_nan=True)
            usable &= ~same.all(axis=1)
    return Block(
        family=family, variant=variant, chosen=chosen[usable], yi=yi[usable], se=se[usable]
    )


def _numbers(
    family: Family, variant: int, chosen: IntArray
) -> tuple[FloatArray, FloatArray, BoolArray]:
    yi, se = np.empty(chosen.shape), np.empty(chosen.shape)
    usable = np.ones(len(chosen), dtype=np.bool_)
    present = np.zeros(len(chosen), dtype=np.int64)
    for i, options in enumerate(family.inputs):
        picked = chosen[:, i]
        yi[:, i] = np.array([o.yi[variant] for o in options])[picked]
        se[:, i] = np.array([o.se[variant] for o in options])[picked]
        absent = np.array([o.absent for o in options])[picked]
        usable &= absent | np.isfinite(se[:, i])
        present += ~absent
    return yi, se, usable & (present >= 2)


def pools(block: Block, published: Published) -> Pools:
    """Pool every input set of a block by every estimator, with every interval."""
    n = len(block.chosen)
    shape = (n, len(ESTIMATORS))
    numbers = np.empty((*shape, len(INTERVALS), 3))
    p_value = np.empty((*shape, len(INTERVALS)))
    tau2, i2 = np.empty(shape), np.empty(shape)
    k = np.isfinite(block.se).sum(axis=1)
    for e, method in enumerate(ESTIMATORS):
        fit = random_effects(
            block.yi,
            block.se**2,
            method=method,
            interval="normal",
            level=published.level,
            prediction="riley",
        )
        tau2[:, e], i2[:, e] = fit.tau2, fit.i2
        residual = np.where(np.isfinite(block.yi), block.yi, 0.0) - fit.mu[:, None]
        knapp = np.sqrt((fit.weights * residual**2).sum(axis=1) / (k - 1))
        for i, se in enumerate((fit.se, knapp, fit.se)):
            df = np.inf if i == 0 else k - 1
            numbers[:, e, i], p_value[:, e, i] = _interval(fit.mu, se, df, published)
    # Q and its df don't depend on the estimator.
    excess = np.maximum(fit.q - fit.q_df, 0.0)
    i2_q = 100.0 * np.divide(excess, fit.q, out=np.zeros(n), where=fit.q > 0)
    return Pools(numbers=numbers, p_value=p_value, tau2=tau2, i2_tau2=i2, i2_q=i2_q)


def _interval(
    mu: FloatArray, se: FloatArray, df: IntArray | float, published: Published
) -> tuple[FloatArray, FloatArray]:
    tail = (1 - published.level / 100) / 2
    critical = z_value(published.level) if np.isscalar(df) else -special.stdtrit(df, tail)
    three = np.stack([mu, mu - critical * se, mu + critical * se], axis=-1)
    z = np.abs(mu) / np.maximum(se, np.finfo(float).tiny)
    p = np.asarray(special.ndtr(-z) if np.isscalar(df) else special.stdtr(df, -z), np.float64)
    # Limits so wide that they would overflow match no printed digits.
    return np.asarray(np.exp(np.clip(three, -700, 700)) if published.log else three), 2 * p


def distances(found: Pools, published: Published) -> FloatArray:
    """Return each pool's largest distance from the printed numbers, in half units."""
    printed = np.array([published.estimate, published.ci_low, published.ci_high])
    return np.asarray(
        (np.abs(found.numbers - printed) / np.array(published.half_units)).max(axis=-1)
    )


def further_digits(found: Pools, published: Published) -> BoolArray:
    """Return which pools also give the printed I2 and p-value, where printed."""
    good = np.ones(found.p_value.shape, dtype=np.bool_)
    if published.i2 is not None:
        half = published.i2_half_unit * TOLERANCE
        by_q = np.abs(found.i2_q - published.i2) <= half
        good &= (by_q[:, None] | (np.abs(found.i2_tau2 - published.i2) <= half))[..., None]
    if published.p_value is not None:
        half = published.p_half_unit * TOLERANCE
        if published.p_op in ("<", "<="):
            good &= found.p_value <= published.p_value + half
        elif published.p_op in (">", ">="):
            good &= found.p_value >= published.p_value - half
        else:
            good &= np.abs(found.p_value - published.p_value) <= half
    return good


def departures_at(place: Place) -> tuple[Departure, ...]:
    """Return the departures of a setting."""
    family = place.block.family
    chosen = place.block.chosen[place.row]
    own = [d for i, c in enumerate(chosen) for d in family.inputs[i][c].departures]
    return (*own, *family.variants[place.block.variant].departures)


def setting(place: Place, published: Published, found: Pools | None = None) -> Setting:
    """Return a setting in full."""
    block, row, e, i = place.block, place.row, place.estimator, place.interval
    if found is None:
        one = slice(row, row + 1)
        block = Block(
            family=block.family,
            variant=block.variant,
            chosen=block.chosen[one],
            yi=block.yi[one],
            se=block.se[one],
        )
        found, row = pools(block, published), 0
    variant = block.family.variants[block.variant]
    estimate, low, high = (float(x) for x in found.numbers[row, e, i])
    inputs = []
    for options, c, y, s in zip(
        block.family.inputs, block.chosen[row], block.yi[row], block.se[row], strict=True
    ):
        option = options[c]
        inputs.append(
            InputUsed(
                study_id=option.study_id,
                label=option.label,
                report_id=option.report_id,
                claim_id=option.claim_id,
                used=option.used,
                yi=float(y),
                se=float(s),
            )
        )
    return Setting(
        estimator=ESTIMATORS[e],
        interval=INTERVALS[i],
        se_rule=variant.se_rule,
        rounding=variant.rounding,
        departures=departures_at(place),
        inputs=tuple(inputs),
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        tau2=float(found.tau2[row, e]),
        i2=float(found.i2_q[row]),
        p_value=float(found.p_value[row, e, i]),
        distance=float(distances(found, published)[row, e, i]),
    )

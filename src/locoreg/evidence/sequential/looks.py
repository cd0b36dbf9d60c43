"""Looks of a trial sequential analysis: which there are, and the boundaries at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.evidence.sequential.options import SequentialOptions
from locoreg.evidence.sequential.size import quantile_sum
from locoreg.evidence.sequential.trials import Trials
from locoreg.stats.groupsequential import (
    Futility,
    Regions,
    SequentialDesign,
    regions,
    sequential_design,
    spending_boundaries,
)
from locoreg.stats.studies import FloatArray

# Looks nearer than this to the required information are at it.
AT_END = 1e-6
# A trial that adds less than this share of the information there is has no look of its own: next
# to nothing can be spent at it, and it costs hundreds of times the nodes.
LEAST_ADDED = 1e-3
# The inflation depends on the shares of the information at the looks, and they on it. Secant
# steps settle in about five rounds; where a look passes the end, plain ones take over.
INFLATION_TOLERANCE, SECANT_ROUNDS, MOST_ROUNDS = 1e-9, 20, 40
# Where a wedge comes and goes with its look's share, the size jumps between two values that differ
# by less than this; the larger one has the power.
LARGEST_JUMP = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Shares of the required information, looks and boundaries towards benefit.

    Attributes
    ----------
    fraction : ndarray of float, shape (k,)
        Share of the required information after each trial.
    taken : tuple of int
        Indices of the trials after which a look is taken.
    region : Regions
        Boundaries, benefit upwards: at the looks up to the first with all of the required
        information, or at those taken and one more with all of it.
    inflation : float
        By which the looks multiply the required information.
    """

    fraction: FloatArray
    taken: tuple[int, ...]
    region: Regions
    inflation: float


def find_looks(
    shares: FloatArray, trials: Trials, options: SequentialOptions, looks: Sequence[int] | None
) -> Looks:
    """Find looks and boundaries; if the size allows for the looks, its inflation first.

    Parameters
    ----------
    shares : ndarray of float, shape (k,)
        Cumulative information over what a single look would require.
    trials : Trials
        In order.
    options : SequentialOptions
        What defines the analysis.
    looks : sequence of int, optional
        Stated looks, from 1.

    Returns
    -------
    Looks
        With boundaries.

    Raises
    ------
    DesignError
        If the looks are not numbers of trials.
    ConvergenceError
        If size and looks don't settle.
    """
    if options.size_for == "single look":
        drift = quantile_sum(options.alpha, options.power, options.sides)
        return _spend(shares, _taken(shares, trials, options, looks), drift, 1.0, options)
    inflation, before = 1.0, None
    plain: list[float] = []
    for done in range(MOST_ROUNDS):
        fraction = shares / inflation
        design = _design(fraction, _taken(fraction, trials, options, looks), options)
        gap = design.inflation - inflation
        if abs(gap) <= INFLATION_TOLERANCE:
            return _spend_at(inflation, shares, trials, options, looks)
        following = design.inflation
        if done >= SECANT_ROUNDS:
            plain.append(following)
        elif before is not None and gap != before[1]:
            step = inflation - gap * (inflation - before[0]) / (gap - before[1])
            following = step if 1.0 <= step <= 2.0 * design.inflation else following
        before, inflation = (inflation, gap), following
    last = plain[len(plain) // 2 :]
    if max(last) - min(last) > LARGEST_JUMP:
        raise ConvergenceError(
            "the looks and the information that is required with them do not settle.",
            hint="take the information of a single look, or state the looks.",
        )
    return _spend_at(max(last), shares, trials, options, looks)


def _spend_at(
    inflation: float,
    shares: FloatArray,
    trials: Trials,
    options: SequentialOptions,
    looks: Sequence[int] | None,
) -> Looks:
    fraction = shares / inflation
    taken = _taken(fraction, trials, options, looks)
    drift = quantile_sum(options.alpha, options.power, options.sides) * inflation**0.5
    return _spend(fraction, taken, drift, inflation, options)


def _design(
    fraction: FloatArray, taken: tuple[int, ...], options: SequentialOptions
) -> SequentialDesign:
    ahead = [float(fraction[i]) for i in taken if fraction[i] < 1 - AT_END]
    return sequential_design(
        [*ahead, 1.0], alpha=options.alpha, power=options.power, sides=options.sides,
        shape=options.spending, futility=options.futility,
    )  # fmt: skip


def _taken(
    fraction: FloatArray, trials: Trials, options: SequentialOptions, looks: Sequence[int] | None
) -> tuple[int, ...]:
    """Return the indices of the trials at which a look is taken."""
    last = fraction.size - 1
    if looks is not None:
        chosen = sorted(set(looks))
        if not chosen or chosen[0] < 1 or chosen[-1] > last + 1:
            raise DesignError(f"looks are numbers of trials from 1 to {last + 1}.")
        return tuple(one - 1 for one in chosen)
    taken: list[int] = []
    step = options.smallest_step / 100
    for i in range(last + 1):
        same = options.ties == "one look" and i < last and trials.dates[i] != ""
        if same and trials.dates[i] == trials.dates[i + 1]:
            continue
        before = float(fraction[taken[-1]]) if taken else 0.0
        if fraction[i] - before >= max(step, LEAST_ADDED * float(fraction[i])):
            taken.append(i)
        elif i == last:
            # The last trial has its look: it takes the place of the one before.
            taken = [*taken[:-1], last]
    return tuple(taken)


def _spend(
    fraction: FloatArray,
    taken: tuple[int, ...],
    drift: float,
    inflation: float,
    options: SequentialOptions,
) -> Looks:
    """Put boundaries at the looks up to the required information."""
    ahead = [i for i in taken if fraction[i] < 1 - AT_END]
    beyond = [i for i in taken if fraction[i] >= 1 - AT_END]
    end = max(1.0, float(fraction[beyond[0]])) if beyond else 1.0
    information = np.array([*(float(fraction[i]) for i in ahead), end])
    rule = options.futility
    region = spending_boundaries(
        information, final=1.0, alpha=options.alpha, sides=options.sides,
        spending=options.spending,
        futility=None if rule is None else Futility(
            spending=rule.spending, beta=1 - options.power, drift=drift, binding=rule.binding,
            wedge=rule.wedge,
        ),
    ).region  # fmt: skip
    if rule is not None:
        region = _met(region, options.sides)
    return Looks(fraction=fraction, taken=taken, region=region, inflation=inflation)


def _met(region: Regions, sides: int) -> Regions:
    """Let futility meet benefit at the last look, where the analysis ends in any case."""
    inner, lower = region.inner.copy(), region.lower.copy()
    if sides == 2:
        inner[-1] = region.upper[-1]
    else:
        lower[-1] = region.upper[-1]
    return regions(region.information, upper=region.upper, lower=lower, inner=inner)

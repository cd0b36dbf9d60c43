"""The hazard ratio of two arms from what is at risk and what happens at each time."""

from __future__ import annotations

import numpy as np

from locoreg.emulation.arms import ArmRows
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray

MOST_ITERATIONS = 50
SMALL_STEP = 1e-11


class ArmSums:
    """Weighted sums over the rows of both arms at every distinct time.

    Parameters
    ----------
    arms : tuple of ArmRows
        Comparator, then treated.
    weights : list of ndarray of float, shape (r,)
        Weights of the rows of each.
    counts : list of ndarray of float, shape (r,), or None
        How much the person of each row counts: the weights are then divided, at each time, by
        their mean over those at risk in the arm (stabilised by a numerator that depends on time
        and arm alone). None leaves them as they are.
    m : int
        Distinct times.

    Attributes
    ----------
    at_risk, dead : ndarray of float, shape (2, m)
        Weight at risk, and of those with event 1, by arm.
    count : ndarray of int, shape (m,)
        Rows with event 1 and a weight, of both arms.
    raw, weighted, events : ndarray of float, shape (2, m)
        Where weights are stabilised: counts at risk, and weights at risk and with the event
        before stabilisation.
    """

    def __init__(
        self,
        arms: tuple[ArmRows, ArmRows],
        weights: list[FloatArray],
        counts: list[FloatArray] | None,
        m: int,
    ) -> None:
        self.at_risk, self.dead = np.zeros((2, m)), np.zeros((2, m))
        self.count = np.zeros(m, dtype=np.int64)
        _fill(arms, weights, self.at_risk, self.dead, self.count)
        self.raw = self.weighted = self.events = np.zeros((2, 0))
        if counts is not None:
            self.raw = np.zeros((2, m))
            _fill(arms, counts, self.raw, np.zeros((2, m)), np.zeros(m, dtype=np.int64))
            self.weighted, self.events = self.at_risk, self.dead
            self.at_risk = self.raw
            self.dead = self.events * self._mean_one()

    @property
    def stabilised(self) -> bool:
        """Whether weights are divided by their mean."""
        return self.raw.size > 0

    def _mean_one(self) -> FloatArray:
        some = self.weighted > 0.0
        return np.divide(self.raw, self.weighted, out=np.zeros_like(self.raw), where=some)

    def slopes(self, beta: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return derivatives of the score by weight at risk, events and counts at risk, (2, m)."""
        risk, dead = np.zeros_like(self.at_risk), np.zeros_like(self.at_risk)
        _slopes(beta, self.at_risk, self.dead, self.count, risk, dead)
        if not self.stabilised:
            return risk, dead, np.zeros_like(risk)
        mean_one = self._mean_one()
        some = self.weighted > 0.0
        share = np.divide(self.events, self.weighted, out=np.zeros_like(risk), where=some)
        return -dead * mean_one * share, dead * mean_one, risk + dead * share


def _fill(
    arms: tuple[ArmRows, ArmRows],
    weights: list[FloatArray],
    at_risk: FloatArray,
    dead: FloatArray,
    count: IntArray,
) -> None:
    for a, (rows, weight) in enumerate(zip(arms, weights, strict=True)):
        path = rows.path
        _sums(weight, path.first, path.last, path.event, at_risk[a], dead[a], count)


def log_hazard_ratio(sums: ArmSums) -> float:
    """Return the log hazard ratio of treated over comparator, ties as Efron does.

    Parameters
    ----------
    sums : ArmSums
        Of both arms.

    Returns
    -------
    float
        Where the weighted partial likelihood of the clones is largest; NaN where an arm has no
        event at a time at which both are at risk.
    """
    beta = 0.0
    for _ in range(MOST_ITERATIONS):
        score, information = _score(beta, sums.at_risk, sums.dead, sums.count)
        if not information > 0.0:
            return float("nan")
        step = float(np.clip(score / information, -2.0, 2.0))
        beta += step
        if abs(beta) > 30.0:
            return float("nan")
        if abs(step) < SMALL_STEP:
            return beta
    return float("nan")


def log_ratio_influence(
    arms: tuple[ArmRows, ArmRows],
    weights: list[FloatArray],
    counts: list[FloatArray],
    sums: ArmSums,
    beta: float,
) -> list[tuple[FloatArray, FloatArray]]:
    """Return each row's influence on the log hazard ratio, by arm.

    Parameters
    ----------
    arms, weights, counts
        As for `ArmSums`.
    sums : ArmSums
        Their sums.
    beta : float
        The log hazard ratio.

    Returns
    -------
    list of (ndarray, ndarray), each of shape (r,)
        Weight times the derivative by the weight, and count times the derivative by the count;
        the second is 0 unless weights are stabilised.
    """
    _, information = _score(beta, sums.at_risk, sums.dead, sums.count)
    risk, dead, raw = sums.slopes(beta)
    out = []
    for a, rows in enumerate(arms):
        path = rows.path
        high = np.maximum(path.last + 1, path.first)
        change = _between(risk[a], path.first, high)
        change += np.where(path.event == 1, dead[a][path.last], 0.0)
        other = _between(raw[a], path.first, high)
        out.append((weights[a] * change / information, counts[a] * other / information))
    return out


def _between(value: FloatArray, first: IntArray, stop: IntArray) -> FloatArray:
    """Return the sums of values from first up to but not including stop."""
    before = np.concatenate(([0.0], np.cumsum(value)))
    return np.asarray(before[stop] - before[first])


@compiled
def _sums(
    weight: FloatArray,
    first: IntArray,
    last: IntArray,
    event: IntArray,
    at_risk: FloatArray,
    dead: FloatArray,
    count: IntArray,
) -> None:
    change = np.zeros(at_risk.size + 1)
    persons = np.zeros(at_risk.size + 1, dtype=np.int64)
    for r in range(weight.size):
        w = weight[r]
        if w > 0.0 and first[r] <= last[r]:
            change[first[r]] += w
            change[last[r] + 1] -= w
            persons[first[r]] += 1
            persons[last[r] + 1] -= 1
            if event[r] == 1:
                dead[last[r]] += w
                count[last[r]] += 1
    total, number = 0.0, 0
    for j in range(at_risk.size):
        total += change[j]
        number += persons[j]
        if number == 0:
            total = 0.0
        # Rounding must not leave fewer at risk than have the event.
        at_risk[j] = max(total, dead[j])


@compiled
def _score(
    beta: float, at_risk: FloatArray, dead: FloatArray, count: IntArray
) -> tuple[float, float]:
    """Return score and information of the partial likelihood."""
    ratio = np.exp(beta)
    score, information = 0.0, 0.0
    for j in range(count.size):
        d = count[j]
        if d == 0:
            continue
        mean = (dead[0, j] + dead[1, j]) / d
        score += dead[1, j]
        for e in range(d):
            f = e / d
            one = ratio * (at_risk[1, j] - f * dead[1, j])
            share = one / (one + at_risk[0, j] - f * dead[0, j])
            score -= mean * share
            information += mean * share * (1.0 - share)
    return score, information


@compiled
def _slopes(
    beta: float,
    at_risk: FloatArray,
    dead: FloatArray,
    count: IntArray,
    slope_risk: FloatArray,
    slope_dead: FloatArray,
) -> None:
    """Fill derivatives of the score by what is at risk and by the events of each arm."""
    ratio = np.exp(beta)
    for j in range(count.size):
        d = count[j]
        if d == 0:
            continue
        total = dead[0, j] + dead[1, j]
        shares = 0.0
        for e in range(d):
            f = e / d
            one = ratio * (at_risk[1, j] - f * dead[1, j])
            whole = one + at_risk[0, j] - f * dead[0, j]
            share = one / whole
            shares += share / d
            up = total / d * ratio * (1.0 - share) / whole
            down = total / d * share / whole
            slope_risk[1, j] -= up
            slope_risk[0, j] += down
            slope_dead[1, j] += f * up
            slope_dead[0, j] -= f * down
        slope_dead[1, j] += 1.0 - shares
        slope_dead[0, j] -= shares

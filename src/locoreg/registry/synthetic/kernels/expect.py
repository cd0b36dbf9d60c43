"""Expectations given everything at time zero: nothing is drawn."""

from __future__ import annotations

import numpy as np

from locoreg.registry.synthetic.kernels.steps import (
    FIRST_DEATH_DAY,
    MONTHS_PER_YEAR,
    OTHER_HAZARD,
    PERIOPERATIVE,
    STABLE,
    THERAPY_DAYS,
    FloatArray,
    IntArray,
    cancer_hazard,
    state_shares,
    therapy_share,
)
from locoreg.stats.jit import compiled

SHORT_MONTH = 30


@compiled
def expect(
    patients: FloatArray,
    by_state: FloatArray,
    month_log_odds: FloatArray,
    trend: FloatArray,
    same_day: float,
    feedback: float,
    assessments: IntArray,
    starts: IntArray,
    policies: IntArray,
    horizons: IntArray,
    days_per_month: float,
    survival: FloatArray,
    mean: FloatArray,
) -> None:
    """Fill expected survival and restricted mean of every patient under every strategy.

    The probabilities of the six conditions (three states, without and with local therapy) are
    carried from month to month.

    Parameters
    ----------
    patients, by_state, month_log_odds, trend, same_day, feedback, assessments, starts
        As for ``follow``.
    policies : ndarray of int, shape (s, 3)
        First, end and forced month of the strategies.
    horizons : ndarray of int, shape (h,)
        Months, ascending.
    days_per_month : float
        Days.
    survival, mean : ndarray of float, shape (n, s, h)
        Filled with survival and restricted mean (months).
    """
    years = (horizons[-1] + MONTHS_PER_YEAR - 1) // MONTHS_PER_YEAR
    killing = np.zeros((years, 2, 3))
    offset = np.zeros((years, 2, 2, 3))
    moves = np.zeros((2, 3, 3))
    shares = np.zeros((month_log_odds.size, 3))
    p = np.zeros((2, 3))
    for i in range(patients.shape[0]):
        own = patients[i]
        _hazards(own, by_state, trend, killing, offset)
        _moves(own, by_state, feedback, moves)
        for k in range(month_log_odds.size):
            for state in range(3):
                shares[k, state] = therapy_share(own, by_state, month_log_odds, k, state)
        for s in range(policies.shape[0]):
            p[:, :] = 0.0
            p[0, STABLE] = 1.0
            lived, visit, at = 0.0, 0, 0
            for k in range(horizons[-1]):
                days = starts[k + 1] - starts[k]
                if visit < assessments.size and k == assessments[visit]:
                    _assess(p, moves)
                    visit += 1
                if policies[s, 0] <= k < policies[s, 1]:
                    forced = k == policies[s, 2]
                    killed = _treat(p, shares[k], forced, own[PERIOPERATIVE])
                    lived += killed * _until_operative_death(same_day, days)
                year = k // MONTHS_PER_YEAR
                lived += _pass(p, killing[year], offset[year, days - SHORT_MONTH])
                alive = p.sum()
                lived += alive * days
                if k + 1 == horizons[at]:
                    rest = horizons[at] * days_per_month - starts[k + 1]
                    survival[i, s, at] = alive
                    mean[i, s, at] = (lived + alive * rest) / days_per_month
                    at += 1


@compiled
def _hazards(
    own: FloatArray,
    by_state: FloatArray,
    trend: FloatArray,
    killing: FloatArray,
    offset: FloatArray,
) -> None:
    """Fill probabilities of death in a month and mean days lived in it, by year and condition."""
    for year in range(killing.shape[0]):
        for done in range(2):
            for state in range(3):
                month = year * MONTHS_PER_YEAR
                hazard = cancer_hazard(own, by_state, trend, month, state, done)
                hazard += own[OTHER_HAZARD]
                killing[year, done, state] = -np.expm1(-hazard)
                offset[year, 0, done, state] = _until_death(hazard, SHORT_MONTH)
                offset[year, 1, done, state] = _until_death(hazard, SHORT_MONTH + 1)


@compiled
def _until_death(hazard: float, days: int) -> float:
    """Return the mean day of death within a month, of those who die in it."""
    part = 0.5 - hazard / 12.0
    if hazard > 1e-3:
        part = 1.0 / hazard - 1.0 / np.expm1(hazard)
    # Days are whole: half a day less on average.
    mean: float = FIRST_DEATH_DAY + part * (days - FIRST_DEATH_DAY - 1) - 0.5
    return mean


@compiled
def _until_operative_death(same_day: float, days: int) -> float:
    """Return the mean day of death within a month, of those who die of the operation."""
    early = 0.5 * (1 + THERAPY_DAYS)
    late = FIRST_DEATH_DAY + 0.5 * (days - FIRST_DEATH_DAY - 2)
    return same_day * early + (1.0 - same_day) * late


@compiled
def _moves(own: FloatArray, by_state: FloatArray, feedback: float, moves: FloatArray) -> None:
    """Fill the probabilities of the next state, by therapy and state before."""
    for done in range(2):
        for state in range(3):
            response, progression = state_shares(own, by_state, feedback, state, done)
            moves[done, state, 0] = response
            moves[done, state, 1] = 1.0 - response - progression
            moves[done, state, 2] = progression


@compiled
def _assess(p: FloatArray, moves: FloatArray) -> None:
    for done in range(2):
        a, b, c = p[done, 0], p[done, 1], p[done, 2]
        for state in range(3):
            p[done, state] = (
                a * moves[done, 0, state] + b * moves[done, 1, state] + c * moves[done, 2, state]
            )


@compiled
def _treat(p: FloatArray, shares: FloatArray, forced: bool, risk: float) -> float:
    """Give local therapy; return the share of all who die of it."""
    killed = 0.0
    for state in range(3):
        moved = p[0, state] if forced else p[0, state] * shares[state]
        p[0, state] -= moved
        p[1, state] += moved * (1.0 - risk)
        killed += moved * risk
    return killed


@compiled
def _pass(p: FloatArray, killing: FloatArray, offset: FloatArray) -> float:
    """Let a month pass; return the days lived in it by those who die."""
    lived = 0.0
    for done in range(2):
        for state in range(3):
            killed = p[done, state] * killing[done, state]
            p[done, state] -= killed
            lived += killed * offset[done, state]
    return lived

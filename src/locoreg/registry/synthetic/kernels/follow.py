"""Potential outcomes: each patient's course under one strategy."""

from __future__ import annotations

import numpy as np

from locoreg.registry.synthetic.kernels.steps import (
    BREAST_CANCER,
    CANCER,
    FIRST_DEATH_DAY,
    OF_OPERATION,
    OPERATION,
    OPERATION_DAY,
    OTHER,
    OTHER_CAUSE,
    OTHER_HAZARD,
    PERIOPERATIVE,
    STABLE,
    STATE,
    THERAPY,
    THERAPY_DAY,
    THERAPY_DAYS,
    WORSE,
    FloatArray,
    IntArray,
    SeedArray,
    cancer_hazard,
    state_shares,
    therapy_share,
    uniform,
)
from locoreg.stats.jit import compiled


@compiled
def follow(
    seed: SeedArray,
    patients: FloatArray,
    by_state: FloatArray,
    month_log_odds: FloatArray,
    trend: FloatArray,
    same_day: float,
    feedback: float,
    assessments: IntArray,
    starts: IntArray,
    policy: IntArray,
    death: IntArray,
    cause: IntArray,
    operated: IntArray,
    states: IntArray,
) -> None:
    """Fill day and cause of death, day of therapy and states of every patient.

    Parameters
    ----------
    seed : ndarray of uint64, shape (n,)
        Seeds.
    patients : ndarray of float, shape (n, 7)
        Intensities, in the order of ``steps.LOG_HAZARD`` and so on.
    by_state : ndarray of float, shape (4, 3)
        What depends on the state, in the order of ``steps.STATE_HAZARD`` and so on.
    month_log_odds : ndarray of float, shape (24,)
        Log odds of local therapy by month.
    trend : ndarray of float, shape (years,)
        Log hazard by year.
    same_day : float
        Share of deaths from the operation that fall on its day.
    feedback : float
        Log odds of progression added by local therapy.
    assessments : ndarray of int
        Months at whose beginning the state is drawn.
    starts : ndarray of int, shape (months + 1,)
        First day of every month, and of the one after the last.
    policy : ndarray of int, shape (3,)
        First, end and forced month of local therapy.
    death, cause, operated : ndarray of int, shape (n,)
        Filled with day of death, cause and day of therapy; -1: none.
    states : ndarray of int, shape (n, len(assessments))
        Filled with states; -1: dead before.
    """
    for i in range(seed.size):
        death[i], cause[i], operated[i] = -1, -1, -1
        states[i, :] = -1
        own = patients[i]
        left = -np.log(1.0 - uniform(seed[i], CANCER))
        left_other = -np.log(1.0 - uniform(seed[i], OTHER))
        state, visit, done = STABLE, 0, 0
        for k in range(starts.size - 1):
            days = starts[k + 1] - starts[k]
            if visit < assessments.size and k == assessments[visit]:
                u = uniform(seed[i], STATE + visit)
                state = _next_state(u, own, by_state, feedback, state, done)
                states[i, visit] = state
                visit += 1
            if done == 0 and policy[0] <= k < policy[1]:
                share = therapy_share(own, by_state, month_log_odds, k, state)
                done = _treated(seed[i], k, policy[2], share)
                if done == 1:
                    part = uniform(seed[i], THERAPY_DAY)
                    operated[i] = starts[k] + 1 + int(part * THERAPY_DAYS)
                    if uniform(seed[i], OPERATION) < own[PERIOPERATIVE]:
                        cause[i] = OF_OPERATION
                        death[i] = _day_of_operative_death(
                            seed[i], same_day, operated[i], starts[k], days
                        )
                        break
            hazard = cancer_hazard(own, by_state, trend, k, state, done)
            part, how = _death(left, hazard, left_other, own[OTHER_HAZARD])
            if how >= 0:
                cause[i] = how
                death[i] = starts[k] + FIRST_DEATH_DAY + int(part * (days - FIRST_DEATH_DAY - 1))
                break
            left -= hazard
            left_other -= own[OTHER_HAZARD]


@compiled
def _next_state(
    u: float, own: FloatArray, by_state: FloatArray, feedback: float, before: int, done: int
) -> int:
    """Return the state that a random number stands for; the low ones are progression."""
    response, progression = state_shares(own, by_state, feedback, before, done)
    if u < progression:
        return WORSE
    return 0 if u > 1.0 - response else STABLE


@compiled
def _treated(seed: np.uint64, month: int, forced: int, share: float) -> int:
    if month == forced or uniform(seed, THERAPY + month) < share:
        return 1
    return 0


@compiled
def _day_of_operative_death(
    seed: np.uint64, same_day: float, therapy: int, start: int, days: int
) -> int:
    u = uniform(seed, OPERATION_DAY)
    if u < same_day:
        return therapy
    rest = (u - same_day) / (1.0 - same_day)
    return start + FIRST_DEATH_DAY + int(rest * (days - FIRST_DEATH_DAY - 1))


@compiled
def _death(left: float, hazard: float, left_other: float, hazard_other: float) -> tuple[float, int]:
    """Return the part of the month lived and the cause; -1: alive at its end."""
    cancer = left / hazard if left < hazard else 2.0
    other = left_other / hazard_other if left_other < hazard_other else 2.0
    if cancer > 1.0 and other > 1.0:
        return 2.0, -1
    if cancer <= other:
        return cancer, BREAST_CANCER
    return other, OTHER_CAUSE

"""The steps of one month, shared by all kernels.

A patient's chance events come from one counter-based generator (SplitMix64, Steele 2014,
doi:10.1145/2660193.2660195) that is read by purpose and month. So all strategies share them, and
the outcome under a strategy is the observed one wherever the patient followed it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.jit import compiled

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
SeedArray = NDArray[np.uint64]

# Purposes of the random numbers.
CANCER, OTHER, OPERATION, OPERATION_DAY, THERAPY_DAY = 0, 1, 2, 3, 4
STATE, THERAPY, LOSS = 10, 100, 1000
# Columns of the patients' intensities, and rows of what depends on the state.
LOG_HAZARD, OTHER_HAZARD, EFFECT, PERIOPERATIVE, LOG_ODDS, RESPONSE, PROGRESSION = range(7)
STATE_HAZARD, STATE_LOG_ODDS, AFTER_RESPONSE, AFTER_PROGRESSION = range(4)
# Local therapy falls on days 1 to 7 of a month, deaths on later days, loss on the last one.
THERAPY_DAYS = 7
FIRST_DEATH_DAY = 8
STABLE = 1
WORSE = 2
BREAST_CANCER, OTHER_CAUSE, OF_OPERATION = 0, 1, 2
DEATHS = ("breast_cancer", "other", "operation")
MONTHS_PER_YEAR = 12


@compiled
def uniform(seed: np.uint64, purpose: int) -> float:
    """Return the number in [0, 1) of a patient for a purpose."""
    z = seed + np.uint64(purpose + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    share: float = (z >> np.uint64(11)) * 1.1102230246251565e-16
    return share


@compiled
def share_of(log_odds: float) -> float:
    """Return a probability from its log odds."""
    share: float = 1.0 / (1.0 + np.exp(-log_odds))
    return share


@compiled
def state_shares(
    own: FloatArray, by_state: FloatArray, feedback: float, before: int, done: int
) -> tuple[float, float]:
    """Return the probabilities of response and progression at an assessment."""
    a = np.exp(own[RESPONSE] + by_state[AFTER_RESPONSE, before])
    b = np.exp(own[PROGRESSION] + by_state[AFTER_PROGRESSION, before] + feedback * done)
    return a / (1.0 + a + b), b / (1.0 + a + b)


@compiled
def therapy_share(
    own: FloatArray, by_state: FloatArray, month_log_odds: FloatArray, month: int, state: int
) -> float:
    """Return the probability of local therapy in a month."""
    return share_of(own[LOG_ODDS] + by_state[STATE_LOG_ODDS, state] + month_log_odds[month])


@compiled
def cancer_hazard(
    own: FloatArray, by_state: FloatArray, trend: FloatArray, month: int, state: int, done: int
) -> float:
    """Return the hazard of death from breast cancer in a month."""
    log = own[LOG_HAZARD] + trend[month // MONTHS_PER_YEAR] + by_state[STATE_HAZARD, state]
    hazard: float = np.exp(log + own[EFFECT] * done)
    return hazard

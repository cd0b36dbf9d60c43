"""Loss to follow-up."""

from __future__ import annotations

from locoreg.registry.synthetic.kernels.steps import (
    LOSS,
    WORSE,
    FloatArray,
    IntArray,
    SeedArray,
    share_of,
    uniform,
)
from locoreg.stats.jit import compiled


@compiled
def lose(
    seed: SeedArray,
    log_odds: FloatArray,
    entry: IntArray,
    operated: IntArray,
    states: IntArray,
    assessments: IntArray,
    treated: float,
    progressing: float,
    starts: IntArray,
    day: IntArray,
) -> None:
    """Fill the day on which a patient would be lost, the last one of a month; -1: never.

    Parameters
    ----------
    seed, log_odds, entry, operated : ndarray, shape (n,)
        Seed, log odds of loss in a month, first day under observation, day of therapy.
    states, assessments
        As for ``follow``.
    treated, progressing : float
        Added to the log odds after local therapy, and while progressing.
    starts : ndarray of int
        First day of every month.
    day : ndarray of int, shape (n,)
        Filled.
    """
    for i in range(seed.size):
        day[i] = -1
        visit, worse = 0, 0
        for k in range(starts.size - 1):
            last = starts[k + 1] - 1
            if visit < assessments.size and k == assessments[visit]:
                worse = 1 if states[i, visit] == WORSE else 0
                visit += 1
            if last <= entry[i]:
                continue
            done = 1 if 0 <= operated[i] <= last else 0
            odds = log_odds[i] + progressing * worse + treated * done
            if uniform(seed[i], LOSS + k) < share_of(odds):
                day[i] = last
                break

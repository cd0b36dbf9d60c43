"""Paths drawn from the filter: whole courses with as many events as are reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.reconstruct.pathfilter import Steps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
# Paths drawn at once.
DRAWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnPaths:
    """Paths with the reported total among those drawn.

    Attributes
    ----------
    matching : int
        How many have it.
    mean : float
        Mean total of all.
    events, censored : ndarray of float, shape (m,)
        Means over those that have it; zeros if none has.
    likeliest_events, likeliest_censored : ndarray of float, shape (m,)
        The most probable of those.
    """

    matching: int
    mean: float
    events: FloatArray
    censored: FloatArray
    likeliest_events: FloatArray
    likeliest_censored: FloatArray


def forward(steps: list[Steps]) -> list[FloatArray]:
    """Return the log weight of all paths to each state, for time 0 and after each interval."""
    alphas = [np.zeros(1)]
    for step in steps:
        alpha = np.full(step.states, -np.inf)
        np.logaddexp.at(alpha, step.goal, alphas[-1][step.origin] + step.log_weight)
        alphas.append(alpha)
    return alphas


def draw_paths(steps: list[Steps], total_events: int, seed: int) -> DrawnPaths:
    """Draw paths from the last interval back, and average those with the total of events."""
    rng = np.random.default_rng(seed)
    alphas, m = forward(steps), len(steps)
    state = rng.choice(alphas[-1].size, size=DRAWS, p=_normal(alphas[-1]))
    events, censored = np.zeros((DRAWS, m)), np.zeros((DRAWS, m))
    weight = np.zeros(DRAWS)
    for i in range(m - 1, -1, -1):
        step = steps[i]
        taken = _backwards(step, alphas[i], state, rng.random(DRAWS))
        events[:, i], censored[:, i] = step.events[taken], step.censored[taken]
        weight += step.log_weight[taken]
        state = step.origin[taken]
    total = events.sum(axis=1)
    same = total == total_events
    if not same.any():
        none = np.zeros(m)
        return DrawnPaths(
            matching=0,
            mean=float(total.mean()),
            events=none,
            censored=none,
            likeliest_events=none,
            likeliest_censored=none,
        )
    best = int(np.argmax(np.where(same, weight, -np.inf)))
    return DrawnPaths(
        matching=int(same.sum()),
        mean=float(total.mean()),
        events=events[same].mean(axis=0),
        censored=censored[same].mean(axis=0),
        likeliest_events=events[best],
        likeliest_censored=censored[best],
    )


def _normal(log_weight: FloatArray) -> FloatArray:
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())


def _backwards(step: Steps, alpha: FloatArray, state: IntArray, even: FloatArray) -> IntArray:
    """Return the step by which each state was reached: by inversion within its own steps."""
    order = np.argsort(step.goal, kind="stable")
    goal = step.goal[order]
    log_weight = (alpha[step.origin] + step.log_weight)[order]
    highest = np.full(step.states, -np.inf)
    np.maximum.at(highest, goal, log_weight)
    weight = np.exp(log_weight - highest[goal])
    share = weight / np.bincount(goal, weights=weight, minlength=step.states)[goal]
    # Shares sum to 1 for each state in turn, so that state + u falls among the steps of the state.
    upper = np.cumsum(share)
    first = np.searchsorted(goal, np.arange(step.states), side="left")
    last = np.searchsorted(goal, np.arange(step.states), side="right") - 1
    found = np.searchsorted(upper, np.r_[0.0, upper][first[state]] + even, side="right")
    return np.asarray(order[np.clip(found, first[state], last[state])], dtype=np.int64)

"""Each person's value in the doubly robust estimate of a curve, in one pass over event times."""

from __future__ import annotations

import numpy as np

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# A person whose predicted survival is below this adds no more than rounding.
SMALLEST = 1e-12


def doubly_robust_values(
    event_time: FloatArray,
    steps: FloatArray,
    other_steps: FloatArray,
    censoring_before: FloatArray,
    risk: FloatArray,
    other_risk: FloatArray,
    censoring_risk: FloatArray,
    inverse: FloatArray,
    follows: BoolArray,
    last: IntArray,
    event: IntArray,
    grid: FloatArray,
    smallest: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return each person's value for the cumulative incidence of an arm and the area under it.

    Parameters
    ----------
    event_time : ndarray of float, shape (m,)
        Distinct times of events, ascending.
    steps, other_steps : ndarray of float, shape (m,)
        Steps of the baseline cumulative hazard of the outcome, and of competing events (zeros
        without any), in the arm.
    censoring_before : ndarray of float, shape (m,)
        Baseline cumulative hazard of censoring before each of these times.
    risk, other_risk, censoring_risk : ndarray of float, shape (n,)
        exp(linear predictor) of each person.
    inverse : ndarray of float, shape (n,)
        Inverse of the probability of the arm.
    follows : ndarray of bool, shape (n,)
        Who is in the arm.
    last : ndarray of int, shape (n,)
        Number of event times up to the end of each person's follow-up.
    event : ndarray of int, shape (n,)
        0, 1 or 2 at the last of these times; 0 for events after them.
    grid : ndarray of float, shape (k,)
        Times, ascending.
    smallest : float
        Probabilities of being uncensored are taken to be at least this.

    Returns
    -------
    value, area : ndarray of float, shape (n, k)
        Their means over persons estimate the incidence and its area.
    uncensored : ndarray of float, shape (n,)
        Smallest probability of being uncensored, before it was bounded; 1 for those not in the
        arm.

    Notes
    -----
    In the person's discrete hazards h1 and h2 at u, with S and F the predicted survival and
    incidence after u and G the probability of being uncensored before it, the value at t is
    ``F(t) + 1(arm)/e sum_{u <= t} [dN1 - h1 - (F(t) - F(u))/S(u) (dN - h)] / G(u-)``, sums over
    times at risk, dN and h those of any event [1]_ [2]_. Hazards are discrete, so that without
    censoring the sum telescopes to the difference between what happened and F(t).

    References
    ----------
    .. [1] Bai X, Tsiatis AA, O'Brien SM (2013). Biometrics 69:830-839.
       doi:10.1111/biom.12076
    .. [2] Ozenne BMH, Scheike TH, Staerk L, Gerds TA (2020). Biometrical Journal 62:751-763.
       doi:10.1002/bimj.201800298
    """
    n, k = risk.size, grid.size
    value, area = np.empty((n, k)), np.empty((n, k))
    uncensored = np.ones(n)
    _pass(
        event_time,
        steps,
        other_steps,
        censoring_before,
        risk,
        other_risk,
        censoring_risk,
        inverse,
        follows,
        last,
        event,
        grid,
        smallest,
        value,
        area,
        uncensored,
    )
    return value, area, uncensored


@compiled
def _pass(
    event_time: FloatArray,
    steps: FloatArray,
    other_steps: FloatArray,
    censoring_before: FloatArray,
    risk: FloatArray,
    other_risk: FloatArray,
    censoring_risk: FloatArray,
    inverse: FloatArray,
    follows: BoolArray,
    last: IntArray,
    event: IntArray,
    grid: FloatArray,
    smallest: float,
    value: FloatArray,
    area: FloatArray,
    uncensored: FloatArray,
) -> None:
    m = event_time.size
    for i in range(risk.size):
        survival, incidence = 1.0, 0.0
        # Sums of (dN1 - h1)/G, of F dM/(S G) and of dM/(S G).
        direct, weighted, plain = 0.0, 0.0, 0.0
        here, total, before, j = 0.0, 0.0, 0.0, 0
        for k in range(grid.size):
            while j < m and event_time[j] <= grid[k]:
                total += here * (event_time[j] - before)
                before = event_time[j]
                own = steps[j] * risk[i]
                other = other_steps[j] * other_risk[i]
                both = own + other
                hazard = 1.0 - np.exp(-both)
                first = hazard * own / both if both > 0.0 else 0.0
                incidence += survival * first
                survival *= 1.0 - hazard
                if follows[i] and j < last[i]:
                    g = np.exp(-censoring_before[j] * censoring_risk[i])
                    uncensored[i] = min(uncensored[i], g)
                    g = max(g, smallest)
                    ends = j == last[i] - 1 and event[i] > 0
                    hit = 1.0 if ends and event[i] == 1 else 0.0
                    direct += (hit - first) / g
                    if survival > SMALLEST:
                        change = ((1.0 if ends else 0.0) - hazard) / (survival * g)
                        weighted += incidence * change
                        plain += change
                here = incidence
                if follows[i]:
                    here += inverse[i] * (direct + weighted - incidence * plain)
                j += 1
            value[i, k] = here
            area[i, k] = total + here * (grid[k] - before)

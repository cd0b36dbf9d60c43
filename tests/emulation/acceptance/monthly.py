"""Clone, censor, weight in monthly steps, written apart from the package, and data to try it on."""

from __future__ import annotations

import numpy as np

MONTHS, GRACE = 36, 6
NONE = 10**6


def expit(x):
    return 1.0 / (1.0 + np.exp(-x))


def draw(n, seed, *, hazard_ratio=0.6, changing=False, operative=0.0, late=0.0):
    """Return treatment month, month of death, whether dead, whether on the table, confounders.

    Treatment is decided at the start of a month, death comes in it. With `changing` a state that
    moves over time acts on both; with `operative` that share dies of the treatment, on its day;
    with `late` treatment goes on, at that share of its probability, from month 7: at 6 it adheres.
    """
    rng = np.random.default_rng(seed)
    x1, x2 = (rng.random(n) < 0.5).astype(float), rng.normal(size=n)
    state = (rng.random(n) < 0.3).astype(float)
    treated = np.full(n, NONE)
    death = np.full(n, MONTHS)
    dead, on_table = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    states = []
    for k in range(MONTHS):
        if changing and k:
            new = (rng.random(n) < expit(-0.8 + 0.5 * x1 - (treated < NONE))).astype(float)
            state = np.where(rng.random(n) < 0.35, new, state)
        states.append(state)
        p = expit(-2.0 + x1 - 0.6 * x2 - changing * 1.2 * state) * (
            1.0 if k < GRACE else late * (k > GRACE)
        )
        now = ~dead & (treated == NONE) & (rng.random(n) < p)
        treated[now] = k
        fatal = now & (rng.random(n) < operative)
        hazard = expit(-3.2 - 0.7 * x1 + 0.5 * x2 + np.log(hazard_ratio) * (treated < NONE))
        hazard = np.where(changing * state > 0, 1.8 * hazard, hazard)
        dies = ~dead & (fatal | (rng.random(n) < np.minimum(hazard, 1.0)))
        death[dies] = k
        dead |= dies
        on_table |= fatal
    return {
        "treated": treated,
        "death": death,
        "dead": dead,
        "on_table": on_table,
        "x": np.column_stack([x1, x2]),
        "state": np.column_stack(states) if changing else None,
    }


def newton(X, y):
    b = np.zeros(X.shape[1])
    for _ in range(100):
        p = expit(X @ b)
        step = np.linalg.solve((X * (p * (1 - p))[:, None]).T @ X, X.T @ (y - p))
        b += step
        if np.abs(step).max() < 1e-13:
            return b
    raise AssertionError("no convergence")


def hazards(d):
    """Return the probability of treatment in each month of the grace period, shape (n, 6)."""
    blocks = []
    for k in range(GRACE):
        rows = np.flatnonzero((d["death"] >= k) & (d["treated"] >= k))
        month = np.zeros((rows.size, GRACE))
        month[:, k] = 1.0
        columns = [month, d["x"][rows]]
        if d["state"] is not None:
            columns.append(d["state"][rows, k : k + 1])
        blocks.append((k, rows, np.column_stack(columns), d["treated"][rows] == k))
    b = newton(np.vstack([x for _, _, x, _ in blocks]), np.concatenate([y for *_, y in blocks]))
    out = np.zeros((d["death"].size, GRACE))
    for k, rows, x, _ in blocks:
        out[rows, k] = expit(x @ b)
    return out


def curves(d, *, initiation, comparator):
    """Return survival at months 0 to 36 in the comparator and in the treated arm.

    `never` is not asked for after the grace period: the design must have no later treatment.
    """
    A, K = d["treated"], d["death"]
    n, p = A.size, hazards(d)
    w0, w1 = np.ones(n), np.ones(n)
    at_deadline = np.ones(n)
    if initiation == "all_initiators":
        rows = np.flatnonzero(K >= GRACE)
        x = np.column_stack([np.ones(rows.size), d["x"][rows]])
        at_deadline[rows] = expit(x @ newton(x, A[rows] < GRACE))
    out = np.ones((2, MONTHS + 1))
    for k in range(MONTHS):
        if k < GRACE:
            w0 = np.where(k < A, w0 / (1.0 - p[:, k]), 0.0)
        elif comparator == "never":
            assert not (k == A).any()
        if initiation == "deadline" and k == GRACE - 1:
            w1 = np.where(k == A, 1.0 / np.where(k == A, p[:, k], 1.0), (k > A).astype(float))
        if initiation == "all_initiators" and k == GRACE:
            w1 = (A < GRACE) / at_deadline
        for arm, w in enumerate((w0, w1)):
            out[arm, k + 1] = out[arm, k] * (1.0 - w[k == K].sum() / w[k <= K].sum())
    return out

"""Loops of the Cox fit: one evaluation of the partial likelihood.

Rows lie in blocks of ``WIDTH`` columns-first, sorted by segment and from the last time to the
first, so that every sum over a risk set is a running sum. A segment is a stratum, or a part of one
between two times at which nobody is at risk. Its event times are *slots*, numbered in the same
order, and each segment ends in a slot without events, the closing one, in which rows stand that
are at risk at no event time below them.
"""

from __future__ import annotations

import numpy as np

from locoreg.stats.jit import compiled, summing
from locoreg.stats.survivaldata import FloatArray, IntArray

# Rows per block. A multiple of 8 for the vector unit; a power of two would put all covariates of a
# row into the same set of the processor's cache.
WIDTH = 264
# Rows of the array of numbers per slot.
HAZARD, TIED, A0, A1, A2, MEAN0, MEAN1, REST = range(8)


@summing
def add_gram(gram: FloatArray, rows: FloatArray, weight: FloatArray, n: int) -> None:
    """Add sum over l < n of weight[l] rows[j, l] rows[k, l] to gram[j, k] for k <= j."""
    scaled = np.empty(n)
    for j in range(rows.shape[0]):
        x = rows[j]
        for i in range(n):
            scaled[i] = weight[i] * x[i]
        for k in range(j + 1):
            y = rows[k]
            total = 0.0
            for i in range(n):
                total += scaled[i] * y[i]
            gram[j, k] += total


@summing
def risks(
    block: FloatArray, weight: FloatArray, offset: FloatArray, beta: FloatArray, risk: FloatArray
) -> None:
    """Fill risk[i] = w_i exp(x_i'b + offset_i) for the rows of a block."""
    n = risk.size
    for i in range(n):
        risk[i] = offset[i]
    for j in range(beta.size):
        b, x = beta[j], block[j]
        for i in range(n):
            risk[i] += b * x[i]
    for i in range(n):
        risk[i] = weight[i] * np.exp(risk[i]) if weight[i] > 0.0 else 0.0


@compiled
def record(
    s: int,
    minus: bool,
    closing: int,
    total: FloatArray,
    lost: FloatArray,
    sums: FloatArray,
    rest: FloatArray,
) -> None:
    """Write the running sums to a slot; begin anew if it closes a segment."""
    for j in range(total.size):
        value = total[j]
        if minus:
            value = (sums[j, s] - value) + (rest[j, s] - lost[j])
        elif rest.size:
            rest[j, s] = lost[j]
        sums[j, s] = value
        if closing:
            total[j] = 0.0
            lost[j] = 0.0


@compiled
def run_sums(
    x: FloatArray,
    risk: FloatArray,
    weight: FloatArray,
    offset: FloatArray,
    beta: FloatArray,
    stop: IntArray,
    closing: IntArray,
    minus: bool,
    sums: FloatArray,
    rest: FloatArray,
) -> None:
    """Fill sums[:, s] with the sums of risk and risk x from the segment's first row to stop[s].

    With ``minus`` they are subtracted from the old content of the array. ``rest``, unless empty,
    holds what rounding takes from the sums: rows that enter and leave must cancel, however large
    their risk. ``risk`` is filled first, unless ``weight`` is empty.
    """
    p = beta.size
    total, lost = np.zeros(p + 1), np.zeros(p + 1)
    s = 0
    for k in range(x.shape[0]):
        low = k * WIDTH
        high = min(low + WIDTH, risk.size)
        block, r = x[k], risk[low:high]
        if weight.size:
            risks(block, weight[low:high], offset[low:high], beta, r)
        for i in range(high - low + 1):
            while s < stop.size and stop[s] == low + i:
                record(s, minus, closing[s], total, lost, sums, rest)
                s += 1
            if i == high - low:
                break
            t = r[i]
            if rest.size == 0:
                total[0] += t
                for j in range(p):
                    total[j + 1] += t * block[j, i]
            else:
                for j in range(p + 1):
                    value = t if j == 0 else t * block[j - 1, i]
                    before = total[j]
                    after = before + value
                    share = after - before
                    lost[j] += (before - (after - share)) + (value - share)
                    total[j] = after


@summing
def event_sums(
    x: FloatArray, risk: FloatArray, start: int, stop: int, out: FloatArray, s: int
) -> None:
    """Fill out[:, s] with the sums of risk x over the rows from start to stop."""
    for j in range(out.shape[0]):
        out[j, s] = 0.0
    while start < stop:
        k = start // WIDTH
        end = min(stop, (k + 1) * WIDTH)
        r = risk[start:end]
        for j in range(out.shape[0]):
            xj = x[k, j, start - k * WIDTH : end - k * WIDTH]
            total = 0.0
            for i in range(r.size):
                total += r[i] * xj[i]
            out[j, s] += total
        start = end


@summing
def slot_terms(
    x: FloatArray,
    weight: FloatArray,
    risk: FloatArray,
    stop: IntArray,
    events: IntArray,
    efron: bool,
    sums: FloatArray,
    tied: FloatArray,
    terms: FloatArray,
) -> float:
    """Fill the hazard and the coefficients of each slot; return the sum of log denominators."""
    loglik = 0.0
    for s in range(stop.size):
        for c in range(8):
            terms[c, s] = 0.0
        d, dead, dead_risk = 0, 0.0, 0.0
        for i in range(stop[s] - events[s], stop[s]):
            if weight[i] > 0.0:
                d += 1
                dead += weight[i]
                dead_risk += risk[i]
        if d == 0:
            continue
        # Rounding must not leave fewer at risk than have the event.
        total = max(sums[0, s], dead_risk)
        if d == 1 or not efron:
            loglik += dead * np.log(total)
            terms[HAZARD, s] = dead / total
            terms[A0, s] = dead / total / total
            terms[MEAN0, s] = 1.0 / total
            continue
        event_sums(x, risk, stop[s] - events[s], stop[s], tied, s)
        mean = dead / d
        c0, c1, a0, a1, a2 = 0.0, 0.0, 0.0, 0.0, 0.0
        for e in range(d):
            f = e / d
            left = total - f * dead_risk
            loglik += mean * np.log(left)
            v = 1.0 / left
            c0 += v
            c1 += f * v
            a0 += v * v
            a1 += f * v * v
            a2 += f * f * v * v
        rest, centre = 0.0, a1 / a0
        for e in range(d):
            v = (e / d - centre) / (total - e / d * dead_risk)
            rest += v * v
        terms[HAZARD, s] = mean * c0
        terms[TIED, s] = mean * c1
        terms[A0, s] = mean * a0
        terms[A1, s] = mean * a1
        terms[A2, s] = mean * a2
        terms[MEAN0, s] = c0 / d
        terms[MEAN1, s] = c1 / d
        terms[REST, s] = mean * rest
    return loglik


@summing
def slot_information(
    sums: FloatArray, tied: FloatArray, terms: FloatArray, gram: FloatArray
) -> None:
    """Subtract the outer products of the risk sets' means, each times its events."""
    p, m = sums.shape[0] - 1, sums.shape[1]
    rows = np.empty((p, 2 * WIDTH))
    weight = np.empty(2 * WIDTH)
    for low in range(0, m, WIDTH):
        n = min(WIDTH, m - low)
        size = n
        for i in range(n):
            weight[i] = -terms[A0, low + i]
        for j in range(p):
            for i in range(n):
                rows[j, i] = sums[j + 1, low + i]
        for i in range(n):
            s = low + i
            if terms[REST, s] > 0.0:
                ratio = terms[A1, s] / terms[A0, s]
                weight[size] = -terms[REST, s]
                for j in range(p):
                    rows[j, i] -= ratio * tied[j, s]
                    rows[j, size] = tied[j, s]
                size += 1
        add_gram(gram, rows, weight, size)


@compiled
def row_hazards(
    low: int,
    n: int,
    weighted_event: FloatArray,
    slot: IntArray,
    entry_slot: IntArray,
    terms: FloatArray,
    cumulative: FloatArray,
    out: FloatArray,
) -> None:
    """Fill out[i] with the hazard that row low + i meets, a tied event its own share only."""
    for i in range(n):
        row = low + i
        hazard = cumulative[slot[row]]
        if entry_slot.size:
            hazard -= cumulative[entry_slot[row]]
        if weighted_event[row] > 0.0:
            hazard -= terms[TIED, slot[row]]
        out[i] = hazard


@summing
def row_information(
    x: FloatArray,
    offset: FloatArray,
    weighted_event: FloatArray,
    risk: FloatArray,
    slot: IntArray,
    entry_slot: IntArray,
    terms: FloatArray,
    cumulative: FloatArray,
    beta: FloatArray,
    score: FloatArray,
    gram: FloatArray,
) -> float:
    """Add X'(w e - r L) to the score and X' diag(r L) X to the information, L the row's hazard.

    Return the sum over events of weight times linear predictor.
    """
    events = np.zeros(score.size)
    loglik = 0.0
    q = np.empty(WIDTH)
    # Backwards: the blocks that the sweep before read last are still in the cache.
    for k in range(x.shape[0] - 1, -1, -1):
        low = k * WIDTH
        n = min(WIDTH, risk.size - low)
        row_hazards(low, n, weighted_event, slot, entry_slot, terms, cumulative, q)
        block, v, r = x[k], weighted_event[low : low + n], risk[low : low + n]
        for i in range(n):
            q[i] *= r[i]
            loglik += v[i] * offset[low + i]
        for j in range(score.size):
            xj = block[j]
            s, t = 0.0, 0.0
            for i in range(n):
                s += v[i] * xj[i]
                t += q[i] * xj[i]
            events[j] += s
            score[j] += s - t
        add_gram(gram, block, q, n)
    for j in range(score.size):
        loglik += beta[j] * events[j]
    return loglik


@compiled
def accumulate(increments: FloatArray, closing: IntArray, out: FloatArray) -> None:
    """Fill out[s] with the sum of increments from the segment's end down to slot s."""
    total = 0.0
    for s in range(increments.size - 1, -1, -1):
        total = 0.0 if closing[s] else total + increments[s]
        out[s] = total

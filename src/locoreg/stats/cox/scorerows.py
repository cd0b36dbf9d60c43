"""Loops over the rows' scores of a Cox fit, and over the means that they and curves need."""

from __future__ import annotations

from locoreg.stats.cox.kernels import (
    A0,
    A1,
    A2,
    MEAN0,
    MEAN1,
    WIDTH,
    add_gram,
    row_hazards,
)
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray


@compiled
def accumulate_means(
    terms: FloatArray,
    sums: FloatArray,
    tied: FloatArray,
    closing: IntArray,
    scale: FloatArray,
    out: FloatArray,
) -> None:
    """Fill out[j, s] with scale[j] times the sum, up to each slot, of hazard times mean of x_j."""
    for j in range(out.shape[0]):
        total = 0.0
        for s in range(closing.size - 1, -1, -1):
            if closing[s]:
                total = 0.0
            else:
                total += terms[A0, s] * sums[j + 1, s]
                if terms[A1, s] > 0.0:
                    total -= terms[A1, s] * tied[j, s]
            out[j, s] = scale[j] * total


@compiled
def event_scores(
    low: int,
    j: int,
    weighted_event: FloatArray,
    risk: FloatArray,
    slot: IntArray,
    terms: FloatArray,
    sums: FloatArray,
    tied: FloatArray,
    own: FloatArray,
) -> None:
    """Subtract the mean at the event from the scores of a block's rows with one."""
    for i in range(min(WIDTH, risk.size - low)):
        w = weighted_event[low + i]
        if w > 0.0:
            s = slot[low + i]
            total = sums[j + 1, s]
            own[i] -= w * terms[MEAN0, s] * total
            if terms[A1, s] > 0.0:
                own[i] += w * terms[MEAN1, s] * tied[j, s]
                own[i] -= risk[low + i] * (terms[A1, s] * total - terms[A2, s] * tied[j, s])


@compiled
def score_rows(
    x: FloatArray,
    weighted_event: FloatArray,
    risk: FloatArray,
    slot: IntArray,
    entry_slot: IntArray,
    terms: FloatArray,
    cumulative: FloatArray,
    means: FloatArray,
    sums: FloatArray,
    tied: FloatArray,
    group: IntArray,
    work: FloatArray,
    gram: FloatArray,
    out: FloatArray,
) -> None:
    """Add each row's weighted score to out[group], or its outer product to gram without groups.

    The score is w e (x - mean at the event) - r (x L - M), with L the hazard and M the hazard
    times means that the row meets; of its own event, if tied, it meets a share only. ``work`` has
    two rows of numbers, the second of them 1, and one for each covariate.
    """
    p = means.shape[0]
    hazard, ones, columns = work[0], work[1], work[2:]
    for k in range(x.shape[0]):
        low = k * WIDTH
        n = min(WIDTH, risk.size - low)
        row_hazards(low, n, weighted_event, slot, entry_slot, terms, cumulative, hazard)
        for j in range(p):
            xj, mean, own = x[k, j], means[j], columns[j]
            for i in range(n):
                row = low + i
                m = mean[slot[row]]
                if entry_slot.size:
                    m -= mean[entry_slot[row]]
                own[i] = weighted_event[row] * xj[i] - risk[row] * (hazard[i] * xj[i] - m)
            event_scores(low, j, weighted_event, risk, slot, terms, sums, tied, own)
        if group.size:
            for i in range(n):
                for j in range(p):
                    out[group[low + i], j] += columns[j, i]
        else:
            add_gram(gram, columns, ones, n)

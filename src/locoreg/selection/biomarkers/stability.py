"""How often each marker is selected in halves of the persons."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from locoreg.selection.biomarkers.linear import Adjustment
from locoreg.selection.biomarkers.panelscores import PanelScores
from locoreg.stats.penalised import elastic_net_path
from locoreg.stats.survivaldata import FloatArray, IntArray

# In each half-sample the lasso sees the likeliest markers of that half-sample only.
MOST_OFFERED = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frequencies:
    """How often each marker was selected.

    Attributes
    ----------
    frequency : ndarray of float, shape (p,)
        Share of half-samples.
    selected : float
        Mean number of markers selected in a half-sample.
    """

    frequency: FloatArray
    selected: float

    def false_selections(self, threshold: float) -> float:
        """Return the bound on the expected number of markers without effect above a threshold.

        ``q^2 / ((2 threshold - 1) p)`` for q markers selected per half-sample, if markers without
        effect are exchangeable and are not selected more often than at random (Meinshausen and
        Buehlmann 2010, doi:10.1111/j.1467-9868.2010.00740.x).
        """
        p = self.frequency.size
        if threshold <= 0.5:
            return math.inf
        return float(self.selected**2 / ((2.0 * threshold - 1.0) * p))


def selection_frequencies(made: PanelScores, half_samples: int, seed: int) -> Frequencies:
    """Select markers in complementary halves of the persons, or of the clusters.

    In each half the lasso of the R-learner, clinical modifiers without penalty, is followed until
    sqrt(p / 2) markers are selected, so that at most one marker without effect is expected to be
    selected in 3 of 4 half-samples.

    Parameters
    ----------
    made : PanelScores
        Scores with the panel's part in prognosis removed.
    half_samples : int
        Number of halves, even (pairs as in Shah and Samworth 2013,
        doi:10.1111/j.1467-9868.2011.01034.x).
    seed : int
        Seed.

    Returns
    -------
    Frequencies
        Of each marker.
    """
    unit, units = made.units
    rng = np.random.default_rng(seed)
    most = max(1, math.floor(math.sqrt(made.p / 2.0)))
    treatment, outcome = made.residuals
    free = made.clinical
    count, total = np.zeros(made.p), 0
    for _ in range(half_samples // 2):
        first = np.zeros(units, dtype=np.bool_)
        first[rng.permutation(units)[: units // 2]] = True
        for half in (first, ~first):
            rows = np.flatnonzero(half[unit])
            chosen = _selected(
                treatment[rows], outcome[rows], free[rows], made.Z[rows], made.weight[rows], most
            )
            count[chosen] += 1
            total += chosen.size
    return Frequencies(frequency=count / half_samples, selected=total / half_samples)


def _selected(
    treatment: FloatArray,
    outcome: FloatArray,
    free: FloatArray,
    Z: FloatArray,
    weight: FloatArray,
    most: int,
) -> IntArray:
    """Return the first markers that enter the lasso, at most `most`."""
    constant = np.ones((treatment.size, 1))
    adjust = Adjustment(np.column_stack([constant, free]) * treatment[:, None], weight)
    rest = adjust.residual(outcome) / math.sqrt(float(weight.sum()))
    columns = adjust.residual(Z * treatment[:, None]) / math.sqrt(float(weight.sum()))
    sd = np.sqrt((columns**2).sum(axis=0))
    columns /= np.where(sd > 1e-9, sd, np.inf)
    slope = columns.T @ rest
    offered = np.sort(np.argsort(-np.abs(slope), kind="stable")[:MOST_OFFERED])
    own = columns[:, offered]
    top = float(np.abs(slope).max())
    if top == 0.0:
        return np.zeros(0, dtype=np.int64)
    grid = np.geomspace(top, 0.05 * top, 60)
    path = elastic_net_path(own.T @ own, slope[offered], grid, alpha=1.0, yty=float(rest @ rest))
    sizes = (path != 0.0).sum(axis=1)
    within = np.flatnonzero(sizes <= most)
    return np.asarray(offered[np.flatnonzero(path[within[-1]])], dtype=np.int64)

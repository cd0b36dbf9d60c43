"""What leaving a person out does beyond the derivative: the person's share of those at risk."""

from __future__ import annotations

import numpy as np

from locoreg.emulation.arms import ArmRows
from locoreg.stats.survivaldata import FloatArray

# A curve without somebody who is nearly all who are left is no curve; shares count up to this.
LARGEST_SHARE = 0.5


def leave_one_out(rows: ArmRows, weight: FloatArray, grid: FloatArray) -> FloatArray:
    """Return by how much the influence of rows grows when they are left out, not only reweighted.

    A hazard d / Y changes by w (dN - d / Y) / (Y - w) where a row of weight w is left out, and its
    derivative has Y in place of Y - w. Where few persons carry much of the weight, sums of squared
    derivatives are too small for a variance [1]_ [2]_.

    Parameters
    ----------
    rows : ArmRows
        The arm.
    weight : ndarray of float, shape (r,)
        Weights of the rows.
    grid : ndarray of float, shape (k,)
        Times.

    Returns
    -------
    ndarray of float, shape (r, k)
        1 / (1 - s), with the share s = w / Y at the row's event, or for a row that is at risk
        without one the mean share over the hazards that it is exposed to up to each time, by what
        each contributes.

    References
    ----------
    .. [1] MacKinnon JG, White H (1985). J Econom 29:305-325. doi:10.1016/0304-4076(85)90158-7
    .. [2] Mancl LA, DeRouen TA (2001). Biometrics 57:126-134. doi:10.1111/j.0006-341X.2001.00126.x
    """
    path = rows.path
    m = path.time.size
    if m == 0:
        return np.ones((weight.size, grid.size))
    w = np.where(path.first <= path.last, weight, 0.0)
    change = np.bincount(path.first, w, minlength=m + 1)
    change -= np.bincount(path.last + 1, w, minlength=m + 1)
    at_risk = np.maximum(np.cumsum(change)[:m], np.finfo(np.float64).tiny)
    dies = path.event > 0
    hazard = np.bincount(path.last[dies], w[dies], minlength=m) / at_risk
    exposed = np.concatenate(([0.0], np.cumsum(hazard / at_risk)))
    squared = np.concatenate(([0.0], np.cumsum(hazard / at_risk**2)))
    reached = np.searchsorted(path.time, grid, side="right")
    end = np.minimum(path.last[:, None] + 1, reached)
    end = np.maximum(end, path.first[:, None])
    first = path.first[:, None]
    total = exposed[end] - exposed[first]
    mean = np.divide(squared[end] - squared[first], total, out=np.zeros(end.shape), where=total > 0)
    died = dies[:, None] & (end > path.last[:, None])
    at_event = 1.0 / at_risk[np.minimum(path.last, m - 1)]
    share = w[:, None] * np.where(died, at_event[:, None], mean)
    return np.asarray(1.0 / (1.0 - np.minimum(share, LARGEST_SHARE)))

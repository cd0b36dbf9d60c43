"""Small-study tests from counts of patients and events: Harbord, Peters, Macaskill, Debray."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.smallstudy.asymmetry import RegressionTest, line_test, whole_sizes
from locoreg.stats.smallstudy.onepool import one_pool
from locoreg.stats.studies import FloatArray, check_level

FEWEST = 3


def harbord(
    ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike, *, level: float
) -> RegressionTest:
    """Egger's regression with the score of the log odds ratio and its variance at no effect.

    Parameters
    ----------
    ai, bi, ci, di : array_like, shape (k,)
        Events and others in the treated arm, events and others in the control arm.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    RegressionTest
        Of ``Z/V`` on ``1/sqrt(V)`` with weights V, where ``Z = a - n1 (a + c)/N`` and
        ``V = n1 n2 (a + c)(b + d)/(N^2 (N - 1))``. Studies with V = 0 are left out.

    Raises
    ------
    DataError
        If counts are negative, missing or don't fit together.
    DesignError
        If fewer than three studies are left, or all have the same V.

    References
    ----------
    Harbord RM, Egger M, Sterne JAC (2006). Statistics in Medicine 25:3443-3457.
    doi:10.1002/sim.2380
    """
    check_level(level)
    a, b, c, d = _cells(ai, bi, ci, di)
    n1, n2 = a + b, c + d
    n = n1 + n2
    with np.errstate(divide="ignore", invalid="ignore"):
        v = n1 * n2 * (a + c) * (b + d) / (n**2 * (n - 1.0))
    kept = np.flatnonzero(v > 0)
    _check_left(kept, "Harbord")
    score = (a - n1 * (a + c) / np.maximum(n, 1.0))[kept]
    v = v[kept]
    return line_test(
        score / v, 1.0 / v, 1.0 / np.sqrt(v), test="Harbord", predictor="se", level=level,
        left_out=_others(kept, a.size),
    )  # fmt: skip


def peters(
    ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike, *, level: float
) -> RegressionTest:
    """Regress log odds ratios on the inverse of the sample size.

    Parameters
    ----------
    ai, bi, ci, di : array_like, shape (k,)
        Events and others in the treated arm, events and others in the control arm.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    RegressionTest
        With weights ``(a + c)(b + d)/N``. In studies with an empty cell 0.5 is added to all
        four for the odds ratio; studies in which all or none had the event are left out.

    Raises
    ------
    DataError
        If counts are negative, missing or don't fit together.
    DesignError
        If fewer than three studies are left, or all have the same size.

    References
    ----------
    Peters JL et al. (2006). JAMA 295:676-680. doi:10.1001/jama.295.6.676
    """
    return _on_size(ai, bi, ci, di, test="Peters", predictor="inverse_n", level=level)


def macaskill(
    ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike, *, level: float
) -> RegressionTest:
    """Regress log odds ratios on the sample size, with variances from the pooled risk.

    Parameters
    ----------
    ai, bi, ci, di : array_like, shape (k,)
        Events and others in the treated arm, events and others in the control arm.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    RegressionTest
        The authors' FPV test: weights and corrections as for `peters`. Their FIV test is
        `regression_test` with ``model="lm", predictor="n"``.

    Raises
    ------
    DataError
        If counts are negative, missing or don't fit together.
    DesignError
        If fewer than three studies are left, or all have the same size.

    References
    ----------
    Macaskill P, Walter SD, Irwig L (2001). Statistics in Medicine 20:641-654.
    doi:10.1002/sim.698
    """
    return _on_size(ai, bi, ci, di, test="Macaskill", predictor="n", level=level)


def debray(yi: ArrayLike, vi: ArrayLike, events: ArrayLike, *, level: float) -> RegressionTest:
    """Regress log hazard ratios on the inverse of the number of events.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Log hazard ratios and sampling variances.
    events : array_like, shape (k,)
        Events in both arms together.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    RegressionTest
        The authors' test with weights 1/v (D-FIV).

    Raises
    ------
    DataError
        If the numbers can't be used.
    DesignError
        If there are fewer than three studies, or all have as many events.

    References
    ----------
    Debray TPA, Moons KGM, Riley RD (2018). Research Synthesis Methods 9:41-50.
    doi:10.1002/jrsm.1266
    """
    check_level(level)
    y, v = one_pool(yi, vi, fewest=FEWEST, test="Debray's test")
    count = whole_sizes(events, y.size, "events")
    return line_test(y, v, 1.0 / count, test="Debray", predictor="inverse_events", level=level)


def _on_size(
    ai: ArrayLike,
    bi: ArrayLike,
    ci: ArrayLike,
    di: ArrayLike,
    *,
    test: str,
    predictor: str,
    level: float,
) -> RegressionTest:
    check_level(level)
    cells = _cells(ai, bi, ci, di)
    n = cells.sum(axis=0)
    weight = (cells[0] + cells[2]) * (cells[1] + cells[3]) / np.maximum(n, 1.0)
    kept = np.flatnonzero(weight > 0)
    _check_left(kept, test)
    a, b, c, d = cells[:, kept] + 0.5 * (cells[:, kept] == 0).any(axis=0)
    size = n[kept]
    return line_test(
        np.log(a * d / (b * c)), 1.0 / weight[kept],
        1.0 / size if predictor == "inverse_n" else size,
        test=test, predictor=predictor, level=level, left_out=_others(kept, n.size),
    )  # fmt: skip


def _cells(ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike) -> FloatArray:
    """Return the four columns as rows of one array."""
    try:
        cells = np.array([np.asarray(x, dtype=np.float64) for x in (ai, bi, ci, di)])
    except (TypeError, ValueError):
        raise DataError(
            "ai, bi, ci and di can't be read as four columns of counts of the same length."
        ) from None
    if cells.ndim != 2:
        raise DataError("ai, bi, ci and di must have one dimension each.")
    bad = np.argwhere(~(np.isfinite(cells) & (cells >= 0)))
    if bad.size:
        row, study = (int(i) for i in bad[np.argmin(bad[:, 1])])
        raise DataError(
            f"{'abcd'[row]}i of study {study + 1} is {cells[row, study]:g}, but a count is 0 or "
            "more.",
            hint="leave out studies whose counts are not known.",
        )
    return cells


def _check_left(kept: np.ndarray[tuple[int], np.dtype[np.intp]], test: str) -> None:
    if kept.size < FEWEST:
        raise DesignError(
            f"the {test} test needs {FEWEST} studies with events and non-events or more, and "
            f"there {'is' if kept.size == 1 else 'are'} {kept.size}."
        )


def _others(kept: np.ndarray[tuple[int], np.dtype[np.intp]], k: int) -> tuple[int, ...]:
    return tuple(np.setdiff1d(np.arange(k), kept).tolist())

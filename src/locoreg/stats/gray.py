"""Gray's test: equal cumulative incidences of one of several competing events in all groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.core.frames import frame
from locoreg.core.numbertext import p_text, plural
from locoreg.stats.groupcounts import GroupedData, check_grouped, quadratic_form
from locoreg.stats.logrank import check_exponents
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.timeorder import positions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrayTest:
    """A test of equal cumulative incidences of one cause in all groups.

    Attributes
    ----------
    groups, strata : tuple of str
        Names in sorted order; ``strata`` is empty without strata.
    cause : int
        Code of the cause.
    n, events, competing : ndarray of int, shape (g,)
        Rows of each group, those with an event of the cause, and those with another event.
    score : ndarray of float, shape (g,)
        Weighted observed less expected events of the cause.
    covariance : ndarray of float, shape (g, g)
        Covariance matrix of the score.
    chi2, p_value : float
        Test statistic and p-value; NaN where nothing can be compared.
    df : int
        Degrees of freedom: rank of the covariance.
    rho : float
        Exponent of the test's weight (1 - F(t-))^rho, F being the incidence of all groups.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    groups: tuple[str, ...]
    strata: tuple[str, ...]
    cause: int
    n: IntArray
    events: IntArray
    competing: IntArray
    score: FloatArray
    covariance: FloatArray
    chi2: float
    df: int
    p_value: float
    rho: float
    merged_times: int

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        out: dict[str, Any] = {"groups": list(self.groups), "strata": list(self.strata)}
        for name in ("n", "events", "competing", "score", "covariance"):
            out[name] = getattr(self, name).tolist()
        for name in ("cause", "chi2", "df", "p_value", "rho", "merged_times"):
            out[name] = getattr(self, name)
        return out

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group.

        Returns
        -------
        pandas.DataFrame
            Columns group, n, events, competing, score, variance.
        """
        return frame(
            {
                "group": list(self.groups),
                "n": self.n,
                "events": self.events,
                "competing": self.competing,
                "score": self.score,
                "variance": np.diag(self.covariance),
            }
        )

    def summary(self) -> str:
        """Return a few plain lines."""
        name = f"Gray's test, cause {self.cause}"
        if self.rho:
            name += f", rho = {self.rho:g}"
        if self.strata:
            name += f", {plural(len(self.strata), 'stratum', 'strata')}"
        lines = [name]
        for i, group in enumerate(self.groups):
            lines.append(
                f"{group}: {plural(self.n[i], 'row')}, {plural(self.events[i], 'event')}, "
                f"{self.competing[i]} competing"
            )
        if self.df == 0:
            lines.append("nothing to compare: no two groups are at risk together at any event")
        else:
            lines.append(f"chi2 = {self.chi2:.2f}, df = {self.df}, {p_text(self.p_value)}")
        return "\n".join(lines)


def gray_test(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    cause: int,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> GrayTest:
    """Test whether the cumulative incidence of one cause is the same in two or more groups.

    Parameters
    ----------
    time : array_like, shape (n,)
        End of follow-up.
    event : array_like of int, shape (n,)
        0 censored, 1, 2, ... the cause of the event that ended follow-up.
    group : array_like, shape (n,)
        Labels of the groups, two or more.
    cause : int
        Code of the cause that is compared; the others compete with it.
    strata : array_like, shape (n,), optional
        Groups are compared within strata only, and the comparisons added up.
    rho : float
        Exponent of the test's weight (1 - F(t-))^rho.

    Returns
    -------
    GrayTest
        The test.

    Raises
    ------
    DataError
        If rows can't be used, there are fewer than two groups, or no event of the cause.

    Notes
    -----
    Persons with a competing event stay at risk of the cause in part: with Y at risk in a group, S
    its Kaplan-Meier estimate of no event and F its incidence of the cause, its risk set counts
    Y (1 - F(t-)) / S(t-). With these in place of Y the score is that of a log-rank test [1]_. Its
    covariance is Gray's: the martingales of the cause and of all competing events carry through F
    and S to the risk sets. Tied events count as hypergeometric, so that numbers equal those of
    ``cuminc`` in R's cmprsk. Case weights, delayed entry and clusters have no place in it.

    References
    ----------
    .. [1] Gray RJ (1988). Annals of Statistics 16:1141-1154. doi:10.1214/aos/1176350951

    Examples
    --------
    >>> test = gray_test([1, 2, 3, 4, 5, 6], [1, 2, 1, 1, 2, 1], list("aabbab"), cause=1)
    >>> test.df
    1
    """
    exponent, _ = check_exponents(rho, 0.0)
    grouped = check_grouped(time, event, group, strata=strata, causes=True)
    own = grouped.data.event == cause
    if cause == 0 or not own.any():
        codes = ", ".join(str(code) for code in np.unique(grouped.data.event) if code > 0)
        raise DataError(
            f"No row has an event of cause {cause!r}.",
            hint=f"event has the causes {codes}." if codes else "all rows are censored.",
        )
    k = len(grouped.groups)
    other = (grouped.data.event > 0) & ~own
    score, covariance = np.zeros(k), np.zeros((k, k))
    for code in range(max(1, len(grouped.data.strata_labels))):
        added = _stratum(grouped, grouped.data.rows_of(code), cause, exponent)
        score, covariance = score + added[0], covariance + added[1]
    chi2, df, p = quadratic_form(score, covariance)
    return GrayTest(
        groups=grouped.groups,
        strata=grouped.data.strata_labels,
        cause=int(cause),
        n=np.bincount(grouped.group, minlength=k),
        events=np.bincount(grouped.group[own], minlength=k),
        competing=np.bincount(grouped.group[other], minlength=k),
        score=score,
        covariance=covariance,
        chi2=chi2,
        df=df,
        p_value=p,
        rho=exponent,
        merged_times=grouped.data.merged_times,
    )


def _stratum(
    grouped: GroupedData, rows: IntArray, cause: int, rho: float
) -> tuple[FloatArray, FloatArray]:
    """Return the score and its covariance in one stratum."""
    at_risk, own, other = _counts(grouped, rows, cause)
    if not own.any():
        return np.zeros(own.shape[1]), np.zeros((own.shape[1], own.shape[1]))
    share = _ratio(own + other, at_risk)
    free: FloatArray = np.asarray(np.cumprod(1.0 - share, axis=0), dtype=np.float64)
    before: FloatArray = np.vstack((np.ones((1, at_risk.shape[1])), free[:-1]))
    incidence = np.cumsum(before * _ratio(own, at_risk), axis=0)
    # Persons at risk over the share of their group still event-free: the size the group would have
    # if nobody had had an event. Under the hypothesis it is the risk set of each group, but for a
    # factor that all share.
    size = _ratio(at_risk, before)
    total = own.sum(axis=1)
    rise = _ratio(total, size.sum(axis=1))
    pooled = 1.0 - np.cumsum(rise)
    pooled_before = np.concatenate(([1.0], pooled[:-1]))
    # Where groups end one after another the estimate can exceed 1 in tiny samples.
    weight = np.maximum(pooled_before, 0.0) ** rho
    risk = size * (1.0 - np.vstack((np.zeros((1, own.shape[1])), incidence[:-1])))
    expected = risk * _ratio(total, risk.sum(axis=1))[:, None]
    score = weight @ (own - expected)
    hazard = _ratio(rise, pooled_before)
    tied = _tied(total[:, None], size.sum(axis=1)[:, None] * before)
    own_spread = rise[:, None] * _ratio(tied, size)
    competing = before * _ratio(other, at_risk) * _tied(other, at_risk)
    other_spread = _ratio(competing, size)
    covariance = np.zeros((own.shape[1], own.shape[1]))
    for r in range(own.shape[1]):
        direct = -_ratio(size[:, r], size.sum(axis=1))[:, None] * size
        direct[:, r] += size[:, r]
        direct *= weight[:, None]
        # What an event now changes in the expected events of later times.
        carried = np.cumsum(direct * hazard[:, None], axis=0)
        later = carried[-1] - carried
        past = _ratio(pooled, free[:, r])[:, None] * later
        ours, theirs = direct + later - past, past
        covariance += (ours * own_spread[:, r, None]).T @ ours
        covariance += (theirs * other_spread[:, r, None]).T @ theirs
    return score, covariance


def _counts(
    grouped: GroupedData, rows: IntArray, cause: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rows at risk, with the cause and with another event, shape (m, g), at event times."""
    k = len(grouped.groups)
    event, group = grouped.data.event[rows], grouped.group[rows]
    times, exits = positions(grouped.data.time[rows])
    cells = exits * k + group
    kinds = (event == cause, (event > 0) & (event != cause), event == 0)
    own, other, censored = (
        np.bincount(cells[kind], minlength=times.size * k).reshape(times.size, k) * 1.0
        for kind in kinds
    )
    at_risk = np.cumsum((own + other + censored)[::-1], axis=0)[::-1]
    here = (own + other).any(axis=1)
    return (
        np.asarray(at_risk[here], dtype=np.float64),
        np.asarray(own[here], dtype=np.float64),
        np.asarray(other[here], dtype=np.float64),
    )


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Return top / bottom, 0 where bottom is 0."""
    shape = np.broadcast_shapes(top.shape, bottom.shape)
    return np.divide(top, bottom, out=np.zeros(shape), where=bottom > 0)


def _tied(events: FloatArray, at_risk: FloatArray) -> FloatArray:
    """Return the factor by which drawing without replacement lowers the variance of tied events."""
    return np.where(events > 1, 1.0 - _ratio(events - 1.0, at_risk - 1.0), 1.0)

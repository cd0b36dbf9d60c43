"""Log-rank test and its weighted family: two or more groups, strata, weights, clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError
from locoreg.core.frames import frame
from locoreg.core.numbertext import p_text, plural
from locoreg.stats.groupcounts import (
    GroupCounts,
    check_grouped,
    group_counts,
    quadratic_form,
)
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

LogRankVariance = Literal["hypergeometric", "robust"]
LOGRANK_VARIANCES: tuple[LogRankVariance, ...] = ("hypergeometric", "robust")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendTest:
    """Test of a trend over ordered groups.

    Attributes
    ----------
    scores : tuple of float
        Score of each group, in the order of ``groups``.
    z, p_value : float
        Standardised sum of scores times observed less expected events, positive if events are
        more frequent where scores are higher, and its two-sided p-value.
    """

    scores: tuple[float, ...]
    z: float
    p_value: float

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        return {"scores": list(self.scores), "z": self.z, "p_value": self.p_value}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogRank:
    """A test of equal hazards in all groups.

    Attributes
    ----------
    groups, strata : tuple of str
        Names in sorted order; ``strata`` is empty without strata.
    n, events : ndarray of int, shape (g,)
        Rows of each group, and those with the event.
    observed, expected : ndarray of float, shape (g,)
        Observed and, if hazards were equal, expected events, both weighted by the test's weight at
        each time and by case weights.
    observed_by_stratum, expected_by_stratum : ndarray of float, shape (g, s)
        The same in each stratum.
    covariance : ndarray of float, shape (g, g)
        Covariance matrix of observed less expected.
    chi2, p_value : float
        Test statistic and p-value; NaN where nothing can be compared.
    df : int
        Degrees of freedom: rank of the covariance, one less than the groups that are at risk
        together with another at some event.
    z : float
        With two groups the signed root: positive if the second has more events than expected. NaN
        otherwise.
    trend : TrendTest or None
        Test of a trend, where scores were given.
    rho, gamma : float
        Exponents of the test's weight S(t-)^rho (1 - S(t-))^gamma.
    variance : str
        ``hypergeometric`` or ``robust``.
    weighted, delayed_entry : bool
        Whether rows had case weights, and starts of follow-up.
    clusters : int or None
        Number of clusters behind a robust variance; None if each row is its own.
    informative_strata : int
        Strata in which two groups are at risk together at some event; others add nothing.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    groups: tuple[str, ...]
    strata: tuple[str, ...]
    n: IntArray
    events: IntArray
    observed: FloatArray
    expected: FloatArray
    observed_by_stratum: FloatArray
    expected_by_stratum: FloatArray
    covariance: FloatArray
    chi2: float
    df: int
    p_value: float
    z: float
    trend: TrendTest | None
    rho: float
    gamma: float
    variance: LogRankVariance
    weighted: bool
    delayed_entry: bool
    clusters: int | None
    informative_strata: int
    merged_times: int

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        arrays = (
            "n",
            "events",
            "observed",
            "expected",
            "observed_by_stratum",
            "expected_by_stratum",
            "covariance",
        )
        out: dict[str, Any] = {"groups": list(self.groups), "strata": list(self.strata)}
        out |= {name: getattr(self, name).tolist() for name in arrays}
        out |= {name: getattr(self, name) for name in ("chi2", "df", "p_value", "z")}
        out["trend"] = None if self.trend is None else self.trend.to_dict()
        names = ("rho", "gamma", "variance", "weighted", "delayed_entry", "clusters")
        out |= {name: getattr(self, name) for name in names}
        out["informative_strata"] = self.informative_strata
        out["merged_times"] = self.merged_times
        return out

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group.

        Returns
        -------
        pandas.DataFrame
            Columns group, n, events, observed, expected, variance.
        """
        return frame(
            {
                "group": list(self.groups),
                "n": self.n,
                "events": self.events,
                "observed": self.observed,
                "expected": self.expected,
                "variance": np.diag(self.covariance),
            }
        )

    def summary(self) -> str:
        """Return a few plain lines."""
        name = "Log-rank test"
        if self.rho or self.gamma:
            name = f"Log-rank test, weights G(rho={self.rho:g}, gamma={self.gamma:g})"
        if self.strata:
            name += f", {plural(len(self.strata), 'stratum', 'strata')}"
        lines = [f"{name}, {self.variance} variance"]
        for i, group in enumerate(self.groups):
            lines.append(
                f"{group}: {plural(self.n[i], 'row')}, {plural(self.events[i], 'event')}, observed "
                f"{self.observed[i]:.2f}, expected {self.expected[i]:.2f}"
            )
        if self.df == 0:
            lines.append("nothing to compare: no two groups are at risk together at any event")
        else:
            lines.append(f"chi2 = {self.chi2:.2f}, df = {self.df}, {p_text(self.p_value)}")
        if self.trend is not None:
            lines.append(f"trend: z = {self.trend.z:.2f}, {p_text(self.trend.p_value)}")
        return "\n".join(lines)


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
    gamma: float = 0.0,
    trend: Sequence[float] | None = None,
    variance: LogRankVariance | None = None,
) -> LogRank:
    """Test whether the hazards of two or more groups are equal at all times.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        End of follow-up, and whether it is an event (0 or 1, or boolean).
    group : array_like, shape (n,)
        Labels of the groups, two or more.
    entry : array_like, shape (n,), optional
        Start of follow-up: delayed entry, or rows of one person (name the person in ``cluster``).
    weight : array_like, shape (n,), optional
        Case weights, such as inverse probabilities of treatment; taken as known.
    cluster : array_like, shape (n,), optional
        Rows that are dependent: persons, pairs, centres.
    strata : array_like, shape (n,), optional
        Groups are compared within strata only, and the comparisons added up.
    rho, gamma : float
        The test's weight at a time is S(t-)^rho (1 - S(t-))^gamma, S being the Kaplan-Meier
        estimate of all rows of the stratum: (0, 0) the log-rank test, (1, 0) Peto and Peto's,
        (0, 1) one for late differences.
    trend : sequence of float, optional
        Scores of the groups, in sorted order of their labels, for a test of trend.
    variance : {"hypergeometric", "robust"}, optional
        Variance given the rows at risk and the events at each time, or the sum of squared
        contributions of rows (or clusters). By default robust where there are case weights or
        clusters.

    Returns
    -------
    LogRank
        The test; see its attributes for groups that can't be compared.

    Raises
    ------
    DataError
        If rows can't be used, or there are fewer than two groups.
    DesignError
        If the hypergeometric variance is asked for with case weights or clusters; if the options
        can't be used.

    Notes
    -----
    With weight W, d events among Y at risk and p_g the share of group g among these, the statistic
    is the sum over times of W (d_g - d p_g) [1]_ [2]_, and its hypergeometric variance the sum of
    W^2 d (Y - d) / (Y - 1) (diag(p) - p p'). The robust variance sums the squares of
    w_i times the sum of W (Z_ig - p_g) (dN_i - Y_i d / Y), the score residuals of a Cox model
    [3]_. It needs no assumption on how case weights arise and sums within clusters, which the
    variance of Xie and Liu [4]_ for inverse-probability weights, conditional on independent rows
    at risk, does not.

    References
    ----------
    .. [1] Harrington DP, Fleming TR (1982). Biometrika 69:553-566. doi:10.1093/biomet/69.3.553
    .. [2] Fleming TR, Harrington DP (1991). Counting Processes and Survival Analysis. Wiley.
    .. [3] Lin DY, Wei LJ (1989). JASA 84:1074-1078. doi:10.1080/01621459.1989.10478874
    .. [4] Xie J, Liu C (2005). Statistics in Medicine 24:3089-3110. doi:10.1002/sim.2174

    Examples
    --------
    >>> test = logrank([1, 2, 3, 4], [1, 1, 1, 1], ["a", "a", "b", "b"])
    >>> round(test.chi2, 4), test.df
    (2.8824, 1)
    """
    rho, gamma = check_exponents(rho, gamma)
    variance = check_variance(variance, weight is not None or cluster is not None)
    data = check_grouped(
        time, event, group, entry=entry, weight=weight, cluster=cluster, strata=strata
    )
    parts = tuple(group_counts(data))
    k = len(data.groups)
    observed, expected = np.zeros((k, len(parts))), np.zeros((k, len(parts)))
    covariance = np.zeros((k, k))
    influence = np.zeros((data.n, k))
    for s, part in enumerate(parts):
        w = fleming_harrington(part, rho, gamma)
        observed[:, s] = w @ part.events
        expected[:, s] = w @ (part.total_events[:, None] * part.share)
        if variance == "robust":
            influence[part.rows] = row_scores(part, w)
        else:
            covariance += hypergeometric(part, w, w)
    if variance == "robust":
        sums = data.cluster_sums(influence)
        covariance = sums.T @ sums
    difference = (observed - expected).sum(axis=1)
    chi2, df, p = quadratic_form(difference, covariance)
    return LogRank(
        groups=data.groups,
        strata=data.data.strata_labels,
        n=np.bincount(data.group, minlength=k),
        events=np.bincount(data.group[data.data.event == 1], minlength=k),
        observed=observed.sum(axis=1),
        expected=expected.sum(axis=1),
        observed_by_stratum=observed,
        expected_by_stratum=expected,
        covariance=covariance,
        chi2=chi2,
        df=df,
        p_value=p,
        z=_signed_root(difference, chi2),
        trend=None if trend is None else _trend(trend, difference, covariance),
        rho=rho,
        gamma=gamma,
        variance=variance,
        weighted=weight is not None,
        delayed_entry=entry is not None,
        clusters=data.clusters,
        informative_strata=sum(part.informative for part in parts),
        merged_times=data.data.merged_times,
    )


def check_exponents(rho: float, gamma: float) -> tuple[float, float]:
    """Return the exponents of a test's weight, or raise DesignError."""
    values = []
    for name, given in (("rho", rho), ("gamma", gamma)):
        try:
            value = float(given)
        except (TypeError, ValueError):
            value = np.nan
        if not 0.0 <= value < np.inf:
            raise DesignError(
                f"{name} is {given!r}, but must be a number from 0 on.",
                hint="0 for the log-rank test, 1 for weights that fall (rho) or rise (gamma).",
            )
        values.append(value)
    return values[0], values[1]


def check_variance(variance: LogRankVariance | None, dependent: bool) -> LogRankVariance:
    """Return which variance to use, or raise if it doesn't fit weighted or clustered rows."""
    if variance is None:
        return "robust" if dependent else "hypergeometric"
    check_option("variance", variance, LOGRANK_VARIANCES)
    if variance == "hypergeometric" and dependent:
        raise DesignError(
            "The hypergeometric variance takes rows for independent persons that count once, but "
            "there are case weights or clusters.",
            hint='ask for variance="robust".',
        )
    return variance


def fleming_harrington(part: GroupCounts, rho: float, gamma: float) -> FloatArray:
    """Return S(t-)^rho (1 - S(t-))^gamma at each event time of a stratum, 0^0 being 1."""
    return np.asarray(part.before**rho * (1.0 - part.before) ** gamma)


def hypergeometric(part: GroupCounts, w: FloatArray, v: FloatArray) -> FloatArray:
    """Return the covariance of the statistics with weights w and v in a stratum, shape (g, g)."""
    y, d = part.total_at_risk, part.total_events
    factor = w * v * d * np.divide(y - d, y - 1.0, out=np.zeros(y.size), where=y > 1)
    return np.asarray(np.diag(factor @ part.share) - (part.share * factor[:, None]).T @ part.share)


def row_scores(part: GroupCounts, w: FloatArray) -> FloatArray:
    """Return what each row of a stratum adds to observed less expected, shape (n, g).

    Rows sum to the statistic. Each is the row's case weight times its events less the compensator
    while at risk, centred at the share of each group.
    """
    hazard = w * part.total_events / part.total_at_risk
    own = np.concatenate(([0.0], np.cumsum(hazard)))
    shared = np.vstack((np.zeros(part.share.shape[1]), np.cumsum(hazard[:, None] * part.share, 0)))
    out = shared[part.until] - shared[part.since]
    rows = np.arange(part.rows.size)
    out[rows, part.group] -= own[part.until] - own[part.since]
    had = np.flatnonzero(part.event)
    at = part.until[had] - 1
    out[had] -= w[at, None] * part.share[at]
    out[had, part.group[had]] += w[at]
    return out if part.weight is None else out * part.weight[:, None]


def _signed_root(difference: FloatArray, chi2: float) -> float:
    if difference.size != 2:
        return float("nan")
    return float(np.copysign(np.sqrt(chi2), difference[1]))


def _trend(trend: Sequence[float], difference: FloatArray, covariance: FloatArray) -> TrendTest:
    scores = np.asarray(trend, dtype=np.float64)
    if scores.shape != difference.shape or not np.isfinite(scores).all():
        raise DataError(
            f"trend must hold one finite score for each of the {difference.size} groups.",
            hint="give them in sorted order of the groups' labels.",
        )
    if np.ptp(scores) == 0.0:
        raise DataError("trend has the same score for all groups.", hint="let scores differ.")
    spread = float(scores @ covariance @ scores)
    z = float(scores @ difference) / np.sqrt(spread) if spread > 0 else np.nan
    p = float(2.0 * special.ndtr(-abs(z)))
    return TrendTest(scores=tuple(scores.tolist()), z=float(z), p_value=p)

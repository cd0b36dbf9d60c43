"""Kaplan-Meier, Nelson-Aalen and Fleming-Harrington estimates of survival, and of follow-up."""

from __future__ import annotations

from typing import Literal

from numpy.typing import ArrayLike

from locoreg.stats.curves import CurveInterval, SurvivalCurves, Variance
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import check_survival
from locoreg.stats.survivalestimate import Question, estimate_curves

Ties = Literal["nelson-aalen", "fleming-harrington"]
TIES: tuple[Ties, ...] = ("nelson-aalen", "fleming-harrington")


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    level: float,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    interval: CurveInterval = "log-log",
    variance: Variance | None = None,
) -> SurvivalCurves:
    """Estimate the probability of being free of the event over time.

    Parameters
    ----------
    time : array_like, shape (n,)
        End of each row's follow-up, 0 or later.
    event : array_like, shape (n,)
        Whether it ended with the event: boolean, or 0 and 1.
    level : float
        Level of the intervals in percent, for example 95.
    entry : array_like, shape (n,), optional
        Start of follow-up, before ``time``: a row is at risk at t if entry < t <= time.
    weight : array_like, shape (n,), optional
        Case weights, 0 or more. A weight of 2 is the same as two rows.
    id : array_like, shape (n,), optional
        Labels of persons who have several rows, one after another. Where one row of a person
        follows on another, its end is not counted as censored. Persons are clusters.
    cluster : array_like, shape (n,), optional
        Labels of groups of rows that are not independent, for the robust variance.
    strata : array_like, shape (n,), optional
        Labels; one curve for each.
    interval : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the pointwise intervals, see ``curve_limits``.
    variance : {"greenwood", "robust"}, optional
        Greenwood's [2]_, or the infinitesimal jackknife, which is right for weights that are not
        counts and for clusters [3]_. Where it is left out: robust if ``cluster`` is given, if a
        weight is not a whole number, or if an id has several events, else Greenwood's; the result
        says which.

    Returns
    -------
    SurvivalCurves
        One curve per stratum [1]_, with the Nelson-Aalen cumulative hazard beside it.

    Raises
    ------
    DataError
        If the rows can't be used.
    DesignError
        If clusters are given with Greenwood's variance.

    Notes
    -----
    Events at a time come before censorings at it. Times that differ by rounding only are one time.

    References
    ----------
    .. [1] Kaplan EL, Meier P (1958). JASA 53:457-481. doi:10.1080/01621459.1958.10501452
    .. [2] Greenwood M (1926). The natural duration of cancer. Reports on Public Health and Medical
       Subjects 33.
    .. [3] Therneau TM, Grambsch PM (2000). Modeling Survival Data. Springer. Section 7.
    """
    question = Question(estimator="kaplan-meier", interval=interval, variance=variance, level=level)
    data = check_survival(time, event, entry=entry, weight=weight, cluster=cluster, strata=strata)
    return estimate_curves(question, data, id)


def nelson_aalen(
    time: ArrayLike,
    event: ArrayLike,
    *,
    level: float,
    ties: Ties = "nelson-aalen",
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    interval: CurveInterval = "log-log",
    variance: Variance | None = None,
) -> SurvivalCurves:
    """Estimate the cumulative hazard H, and survival as exp(-H).

    Parameters
    ----------
    time, event, level, entry, weight, id, cluster, strata, interval
        As for ``kaplan_meier``.
    ties : {"nelson-aalen", "fleming-harrington"}
        What d events among n at risk at one time add to H: d/n [1]_ [2]_, or, as if they came one
        after another, 1/n + 1/(n - 1) + ... [3]_. With weights, the events of one time share
        their mean weight.
    variance : {"greenwood", "robust"}, optional
        The model-based variance, the sum of d/n^2 (with ties as above), or the infinitesimal
        jackknife. Where it is left out, as for ``kaplan_meier``.

    Returns
    -------
    SurvivalCurves
        ``cumulative_hazard`` with its standard error, and survival exp(-H) with intervals.

    Raises
    ------
    DataError
        If the rows can't be used.
    DesignError
        If clusters are given with the model-based variance.

    References
    ----------
    .. [1] Nelson W (1972). Technometrics 14:945-966. doi:10.1080/00401706.1972.10488991
    .. [2] Aalen O (1978). Annals of Statistics 6:701-726. doi:10.1214/aos/1176344247
    .. [3] Fleming TR, Harrington DP (1984). Communications in Statistics: Theory and Methods
       13:2469-2486. doi:10.1080/03610928408828837
    """
    check_option("ties", ties, TIES)
    question = Question(estimator=ties, interval=interval, variance=variance, level=level)
    data = check_survival(time, event, entry=entry, weight=weight, cluster=cluster, strata=strata)
    return estimate_curves(question, data, id)


def reverse_kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    level: float,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    interval: CurveInterval = "log-log",
    variance: Variance | None = None,
) -> SurvivalCurves:
    """Estimate the distribution of follow-up: how long persons would have been followed.

    The Kaplan-Meier estimate with the ends of follow-up as events and the events as censorings
    [1]_. Its median is the median follow-up.

    Parameters
    ----------
    time, event, level, entry, weight, id, cluster, strata, interval, variance
        As for ``kaplan_meier``; ``event`` is the event of interest, not the censoring.

    Returns
    -------
    SurvivalCurves
        Probability of still being followed; ``events`` counts the ends of follow-up and
        ``censored`` the events of interest.

    Raises
    ------
    DataError
        If the rows can't be used.
    DesignError
        If clusters are given with Greenwood's variance.

    Notes
    -----
    Persons who have the event at a time are at risk of being censored at it, as in R's
    ``survfit(Surv(time, event == 0) ~ 1)``. Where one row of an ``id`` follows on another,
    follow-up has not ended.

    References
    ----------
    .. [1] Schemper M, Smith TL (1996). Controlled Clinical Trials 17:343-346.
       doi:10.1016/0197-2456(96)00075-X
    """
    question = Question(
        estimator="reverse-kaplan-meier", interval=interval, variance=variance, level=level
    )
    data = check_survival(time, event, entry=entry, weight=weight, cluster=cluster, strata=strata)
    return estimate_curves(question, data, id)

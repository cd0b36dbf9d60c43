"""Concordance of a score with censored times: Harrell's C, Uno's C and other time weights."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.stats.concordance.pairs import Rows, at_risk_estimates, count_pairs, sort_rows
from locoreg.stats.concordance.result import (
    CONCORDANCE_INTERVALS,
    TIME_WEIGHTS,
    Concordance,
    ConcordanceInterval,
    TimeWeight,
)
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import (
    FloatArray,
    SurvivalData,
    check_survival,
    numbers,
    refuse_rows,
    same_length,
)


def concordance(
    time: ArrayLike,
    event: ArrayLike,
    score: ArrayLike,
    *,
    higher_is_riskier: bool,
    level: float,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    time_weight: TimeWeight = "n",
    horizon: float | None = None,
    interval: ConcordanceInterval = "plain",
) -> Concordance:
    """Estimate how well a score orders censored times.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        End of follow-up, and whether it ended with the event.
    score : array_like, shape (n,)
        The score, such as a linear predictor. Equal numbers are ties; nothing is rounded.
    higher_is_riskier : bool
        Whether a higher score is meant to go with a shorter time (a risk score) or a longer one.
    level : float
        Level of the interval in percent.
    entry, weight : array_like, shape (n,), optional
        Start of follow-up (delayed entry, or rows of one person); case weights.
    strata, cluster : array_like, shape (n,), optional
        Pairs are made within strata; influences are summed within clusters.
    time_weight : {"n", "S", "S/G", "n/G2", "I"}
        Weight of the pairs that an event at t opens: 1 (Harrell [1]_); survival just before t over
        the share at risk (Peto-Wilcoxon); the same over the chance of being uncensored (Schemper
        [2]_); the inverse square of that chance (Uno [3]_; without delayed entry the same as
        Schemper's); the inverse of the number at risk, so that all events count alike.
    horizon : float, optional
        Events after it open no pairs.
    interval : {"plain", "logit"}
        Normal interval of the concordance, or of its logit.

    Returns
    -------
    Concordance
        The estimate, its standard error by the infinitesimal jackknife with time weights taken as
        known [4]_, and the pairs.

    Raises
    ------
    DataError
        If the numbers can't be used, or no pair can be compared.

    References
    ----------
    .. [1] Harrell FE and others (1982). JAMA 247:2543-2546. doi:10.1001/jama.1982.03320430047030
    .. [2] Schemper M, Wakounig S, Heinze G (2009). Statistics in Medicine 28:2473-2489.
       doi:10.1002/sim.3623
    .. [3] Uno H and others (2011). Statistics in Medicine 30:1105-1117. doi:10.1002/sim.4154
    .. [4] Therneau T, Atkinson E. Concordance. Vignette of the R package survival.
    """
    data = check_survival(time, event, entry=entry, weight=weight, cluster=cluster, strata=strata)
    return concordance_of(
        data,
        same_length("score", numbers("score", score), data.n),
        higher_is_riskier=higher_is_riskier,
        level=level,
        time_weight=time_weight,
        horizon=horizon,
        interval=interval,
    )


def concordance_of(
    data: SurvivalData,
    score: FloatArray,
    *,
    higher_is_riskier: bool,
    level: float,
    time_weight: TimeWeight = "n",
    horizon: float | None = None,
    interval: ConcordanceInterval = "plain",
) -> Concordance:
    """Estimate the concordance of rows that are checked already.

    Parameters
    ----------
    data : SurvivalData
        Checked rows.
    score : ndarray of float, shape (n,)
        The score.
    higher_is_riskier, level, time_weight, horizon, interval
        As in `concordance`.

    Returns
    -------
    Concordance
        As from `concordance`.

    Raises
    ------
    DataError
        If the score or the options can't be used, or no pair can be compared.
    """
    _check_options(higher_is_riskier, time_weight, horizon, interval)
    tail = check_level(level)
    refuse_rows(~np.isfinite(score), "score", score, "is not a finite number", "leave the row out.")
    rows, order = sort_rows(data, score if higher_is_riskier else -score)
    counts, good, all_pairs = count_pairs(rows, _time_weights(rows, time_weight, horizon))
    concordant, discordant, tied_score, tied_time, tied_both, null = (float(v) for v in counts)
    pairs = concordant + discordant + tied_score
    if not pairs > 0.0:
        raise DataError(
            "No pair can be compared: no row outlasts another's event.",
            hint="an event, and someone at risk after it in the same stratum, are needed.",
        )
    value = (concordant + tied_score / 2.0) / pairs
    influence = np.empty(data.n)
    influence[order] = rows.weight * (good - value * all_pairs) / pairs
    parts = influence if data.cluster is None else np.bincount(data.cluster, influence)
    se = math.sqrt(float(parts @ parts))
    low, high = _limits(value, se, tail, interval)
    counted = data.event == 1 if horizon is None else (data.event == 1) & (data.time <= horizon)
    return Concordance(
        concordance=Estimate(
            estimate=value, se=se, ci_low=low, ci_high=high, level=float(level), scale="identity"
        ),
        null_se=math.sqrt(max(null, 0.0)) / (2.0 * pairs),
        concordant=concordant,
        discordant=discordant,
        tied_score=tied_score,
        tied_time=tied_time,
        tied_both=tied_both,
        influence=influence,
        time_weight=time_weight,
        interval=interval,
        higher_is_riskier=bool(higher_is_riskier),
        horizon=None if horizon is None else float(horizon),
        n=data.n,
        events=int(np.count_nonzero(counted)),
        strata=max(1, len(data.strata_labels)),
        clusters=None if data.cluster is None else int(data.cluster.max()) + 1,
        weighted=data.weight is not None,
        delayed_entry=data.entry is not None,
        merged_times=data.merged_times,
    )


def _check_options(
    higher_is_riskier: object, time_weight: str, horizon: float | None, interval: str
) -> None:
    if not isinstance(higher_is_riskier, bool | np.bool_):
        raise DesignError(
            f"higher_is_riskier is {higher_is_riskier!r}, but must be True or False.",
            hint="True if a higher score is meant to go with a shorter time.",
        )
    check_option("time_weight", time_weight, TIME_WEIGHTS)
    check_option("interval", interval, CONCORDANCE_INTERVALS)
    if horizon is not None and not 0.0 < horizon < np.inf:
        raise DataError(
            f"horizon is {horizon}, but must be a positive time.", hint="leave it out for none."
        )


def _limits(
    value: float, se: float, tail: float, interval: ConcordanceInterval
) -> tuple[float, float]:
    """Return the limits of the interval, within 0 and 1."""
    z = -float(special.ndtri(tail))
    if interval == "plain":
        return max(0.0, value - z * se), min(1.0, value + z * se)
    if not 0.0 < value < 1.0:
        return math.nan, math.nan
    half = z * se / (value * (1.0 - value))
    low, high = special.expit(special.logit(value) + np.array([-half, half]))
    return float(low), float(high)


def _time_weights(rows: Rows, time_weight: TimeWeight, horizon: float | None) -> FloatArray:
    """Return the weight of the pairs that each sorted row's event opens; 0 if it isn't one."""
    counts = rows.event == 1
    if horizon is not None:
        counts &= rows.time <= horizon
    if time_weight == "n":
        return np.asarray(counts, dtype=np.float64)
    whole, at_risk, survival, uncensored = at_risk_estimates(rows)
    counts &= rows.weight > 0.0
    hopeless = counts & (uncensored == 0.0)
    if hopeless.any() and time_weight in ("S/G", "n/G2"):
        first = float(rows.time[int(np.argmax(hopeless))])
        raise DataError(
            f"Time weight {time_weight} does not exist at time {first:g}: before it all that were "
            "at risk were censored.",
            hint="set a horizon before it, or use another time weight.",
        )
    out = np.zeros(rows.time.size)
    if time_weight == "n/G2":
        out[counts] = uncensored[counts] ** -2.0
        return out
    out[counts] = 1.0 / at_risk[counts]
    if time_weight == "I":
        return out
    out *= whole * survival
    if time_weight == "S/G":
        out[counts] /= uncensored[counts]
    return out

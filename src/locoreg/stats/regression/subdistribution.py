"""The weighted partial likelihood of a subdistribution hazard, without copied rows.

A row with a competing event stays at risk after it, with the chance of being uncensored since then
as weight: G(t-)/G(T-), G being the Kaplan-Meier estimate for censoring. The sum over the risk set
at t is therefore the sum over rows still followed plus G(t-) times a sum of 1/G(T-) over competing
events before t: both are running sums over rows sorted once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Rows of one stratum, sorted by time.

    Attributes
    ----------
    row : ndarray of int, shape (n,)
        Where the rows were.
    X : ndarray of float, shape (n, p)
        Covariates.
    weight : ndarray of float, shape (n,)
        Case weights.
    own, competing, censored : ndarray of bool, shape (n,)
        How follow-up ended.
    follow : Censoring
        The censoring of these rows.
    time : ndarray of float, shape (m,)
        Distinct times of events of the cause.
    begin : ndarray of int, shape (m,)
        First row that is followed until each of them or longer.
    seen : ndarray of int, shape (n,)
        How many of them lie at or before each row's end.
    uncensored : ndarray of float, shape (m,)
        G just before each of them.
    inverse : ndarray of float, shape (n,)
        1/G just before the end of rows with a competing event; 0 for the others.
    slot : ndarray of int, shape (d,)
        Which of the times each event of the cause has.
    share : ndarray of float, shape (d,)
        Share of the tied events taken out of the risk set for each event; 0 with Breslow's rule.
    event_weight : ndarray of float, shape (d,)
        Mean weight of the events tied with each event.
    """

    row: IntArray
    X: FloatArray
    weight: FloatArray
    own: BoolArray
    competing: BoolArray
    censored: BoolArray
    follow: Censoring
    time: FloatArray
    begin: IntArray
    seen: IntArray
    uncensored: FloatArray
    inverse: FloatArray
    slot: IntArray
    share: FloatArray
    event_weight: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Likelihood of a stratum at some coefficients, with what residuals need.

    Attributes
    ----------
    loglik : float
        Log partial likelihood.
    score : ndarray of float, shape (p,)
        Its derivatives.
    information : ndarray of float, shape (p, p)
        Minus its second derivatives.
    shift : float
        Largest linear predictor, taken out of ``risk`` and ``hazard`` so that they stay finite.
    risk : ndarray of float, shape (n,)
        exp(X beta - shift).
    hazard : ndarray of float, shape (d,)
        Each event's step of the baseline subdistribution hazard, times exp(shift).
    means : ndarray of float, shape (d, p)
        Mean covariates of the risk set of each event.
    """

    loglik: float
    score: FloatArray
    information: FloatArray
    shift: float
    risk: FloatArray
    hazard: FloatArray
    means: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Censoring:
    """Product-limit estimate for censoring.

    Attributes
    ----------
    time : ndarray of float, shape (k,)
        Distinct ends of follow-up.
    position : ndarray of int, shape (n,)
        Which of them each row has.
    uncensored : ndarray of float, shape (k,)
        Chance of being uncensored just before them.
    at_risk, lost : ndarray of float, shape (k,)
        Weight at risk of censoring, and censored.
    """

    time: FloatArray
    position: IntArray
    uncensored: FloatArray
    at_risk: FloatArray
    lost: FloatArray


def estimate_censoring(
    time: FloatArray, weight: FloatArray, censored: BoolArray, *, events_first: bool
) -> Censoring:
    """Estimate the chance of being uncensored just before each distinct time.

    Parameters
    ----------
    time, weight : ndarray of float, shape (n,)
        Ends of follow-up and case weights.
    censored : ndarray of bool, shape (n,)
        Whether follow-up ended by censoring.
    events_first : bool
        Whether events leave before censorings at the same time, or are at risk of them.

    Returns
    -------
    Censoring
        The estimate.
    """
    distinct, position = np.unique(time, return_inverse=True)
    total: FloatArray = np.bincount(position, weight).astype(np.float64)
    lost: FloatArray = np.bincount(position, weight * censored).astype(np.float64)
    at_risk = np.cumsum(total[::-1])[::-1]
    if events_first:
        at_risk = np.where(lost > 0.0, at_risk - (total - lost), at_risk)
    kept = np.where(lost > 0.0, np.maximum(1.0 - lost / at_risk, 0.0), 1.0)
    return Censoring(
        time=distinct,
        position=position,
        uncensored=np.concatenate(([1.0], np.cumprod(kept)[:-1])),
        at_risk=at_risk,
        lost=lost,
    )


def lay_out(
    time: FloatArray,
    event: IntArray,
    X: FloatArray,
    weight: FloatArray,
    row: IntArray,
    *,
    cause: int,
    efron: bool,
    events_first: bool,
    weigh_censoring: bool,
) -> Stratum:
    """Sort the rows of a stratum and find what does not depend on coefficients.

    Parameters
    ----------
    time, event, X, weight, row : ndarray
        Ends of follow-up, causes, covariates, case weights and positions of the rows.
    cause : int
        The cause.
    efron : bool
        Whether tied events leave the risk set in shares.
    events_first : bool
        As in `estimate_censoring`.
    weigh_censoring : bool
        Whether case weights enter the estimate for censoring.

    Returns
    -------
    Stratum
        The rows.
    """
    order = np.argsort(time, kind="stable")
    time, event, X, weight = time[order], event[order], X[order], weight[order]
    own, censored = event == cause, event == 0
    competing = ~own & ~censored
    counted = weight if weigh_censoring else np.ones(weight.size)
    follow = estimate_censoring(time, counted, censored, events_first=events_first)
    times, slot = np.unique(time[own], return_inverse=True)
    tied = np.bincount(slot, minlength=times.size)
    place = np.arange(slot.size) - np.concatenate(([0], np.cumsum(tied)[:-1]))[slot]
    inverse = np.zeros(time.size)
    inverse[competing] = 1.0 / follow.uncensored[follow.position[competing]]
    total = np.bincount(slot, weight[own], minlength=times.size)
    return Stratum(
        row=row[order],
        X=X,
        weight=weight,
        own=own,
        competing=competing,
        censored=censored,
        follow=follow,
        time=times,
        begin=np.searchsorted(time, times, side="left"),
        seen=np.searchsorted(times, time, side="right"),
        uncensored=follow.uncensored[np.searchsorted(follow.time, times)],
        inverse=inverse,
        slot=slot,
        share=place / tied[slot] if efron else np.zeros(slot.size),
        event_weight=(total / tied)[slot],
    )


def evaluate(stratum: Stratum, beta: FloatArray) -> Terms:
    """Return likelihood, score and information.

    Parameters
    ----------
    stratum : Stratum
        Rows.
    beta : ndarray of float, shape (p,)
        Coefficients.

    Returns
    -------
    Terms
        At these coefficients.
    """
    s = stratum
    predictor = s.X @ beta
    shift = float(predictor.max())
    risk = np.exp(predictor - shift)
    values = (s.weight * risk)[:, None] * np.column_stack([np.ones(risk.size), s.X])
    followed = np.add.reduceat(values, s.begin, axis=0)[::-1].cumsum(axis=0)[::-1]
    late = values[s.competing] * s.inverse[s.competing][:, None]
    before = _sums(s.seen[s.competing], late, s.time.size + 1)[:-1].cumsum(axis=0)
    sums = (followed + s.uncensored[:, None] * before)[s.slot]
    if s.share.any():
        sums -= s.share[:, None] * _sums(s.slot, values[s.own], s.time.size)[s.slot]
    means = sums[:, 1:] / sums[:, :1]
    hazard = s.event_weight / sums[:, 0]
    exposure = s.weight * risk * _exposure(s, hazard[:, None])[0][:, 0]
    own = s.weight[s.own]
    return Terms(
        loglik=float(own @ (predictor[s.own] - shift) - s.event_weight @ np.log(sums[:, 0])),
        score=own @ s.X[s.own] - s.event_weight @ means,
        information=(s.X * exposure[:, None]).T @ s.X - (means * s.event_weight[:, None]).T @ means,
        shift=shift,
        risk=risk,
        hazard=hazard,
        means=means,
    )


def _sums(position: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Return sums of rows of ``values`` at each position, shape (size, q)."""
    return np.stack([np.bincount(position, v, minlength=size) for v in values.T], axis=1)


def _exposure(s: Stratum, steps: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return integrals of steps at the events over the time that each row is at risk, weighted.

    Parameters
    ----------
    s : Stratum
        Rows.
    steps : ndarray of float, shape (d, q)
        Steps at the events.

    Returns
    -------
    exposure : ndarray of float, shape (n, q)
        Integrals.
    later : ndarray of float, shape (m + 1, q)
        Sums of G times steps from each time of an event on; 0 at the end.
    """
    m = s.time.size
    at_times = _sums(s.slot, steps, m)
    zero = np.zeros((1, steps.shape[1]))
    later = np.concatenate(((s.uncensored[:, None] * at_times)[::-1].cumsum(axis=0)[::-1], zero))
    exposure = np.concatenate((zero, at_times.cumsum(axis=0)))[s.seen]
    exposure[s.competing] += s.inverse[s.competing][:, None] * later[s.seen[s.competing]]
    if s.share.any():
        exposure[s.own] -= _sums(s.slot, steps * s.share[:, None], m)[s.slot]
    return exposure, later


def score_residuals(s: Stratum, terms: Terms, *, censoring: bool) -> FloatArray:
    """Return each row's part of the score, for a unit of weight.

    Parameters
    ----------
    s : Stratum
        Rows.
    terms : Terms
        At the coefficients.
    censoring : bool
        Whether to add what the row brings through the estimate of the censoring distribution.

    Returns
    -------
    ndarray of float, shape (n, p)
        Rows in the order of the stratum.
    """
    steps = terms.hazard[:, None] * np.column_stack([np.ones(terms.hazard.size), terms.means])
    exposure, later = _exposure(s, steps)
    parts = -terms.risk[:, None] * (s.X * exposure[:, :1] - exposure[:, 1:])
    tied = np.bincount(s.slot)[:, None]
    parts[s.own] += s.X[s.own] - (_sums(s.slot, terms.means, s.time.size) / tied)[s.slot]
    if not censoring:
        return parts
    follow = s.follow
    late = (s.weight * terms.risk * s.inverse)[:, None] * np.column_stack(
        [np.ones(s.weight.size), s.X]
    )
    k = follow.time.size
    before = _sums(follow.position, late, k).cumsum(axis=0) - _sums(follow.position, late, k)
    from_here = later[np.searchsorted(s.time, follow.time, side="left")]
    pull = before[:, 1:] * from_here[:, :1] - before[:, :1] * from_here[:, 1:]
    pull /= follow.at_risk[:, None]
    compensator = (pull * (follow.lost / follow.at_risk)[:, None]).cumsum(axis=0)
    parts += s.censored[:, None] * pull[follow.position] - compensator[follow.position]
    return parts

"""Cross-fitting: every person is predicted by models fitted without the person's fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from locoreg.selection.data.persons import SelectionData
from locoreg.selection.scores.boosting import HazardTable, growth
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.grid import Grid
from locoreg.selection.scores.hazards import CHUNK, HazardFit, HazardModel, fit_hazards
from locoreg.selection.scores.mixture import Losses, Mixture, best_mixture, without_own
from locoreg.selection.scores.options import ScoreOptions
from locoreg.selection.scores.plain import PlainFit, PlainModel, Target, fit_number
from locoreg.selection.scores.ridge import RiskRows
from locoreg.selection.scores.sidebyside import side_by_side
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.unbiasedoutcome import UnbiasedOutcome, unbiased_outcome

Kind = Literal["event", "censoring"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcomes:
    """What the hazards say of each person.

    Attributes
    ----------
    comparator_mean, treated_mean : ndarray of float, shape (n,)
        Mean outcome under either option.
    replaced : ndarray of float, shape (n,)
        The outcome, replaced where it is censored.
    uncensored : ndarray of float, shape (n,)
        Probability of being uncensored up to the end of follow-up.
    """

    comparator_mean: FloatArray
    treated_mean: FloatArray
    replaced: FloatArray
    uncensored: FloatArray


def hazard_setup(
    kind: Kind, X: FloatArray, treated: FloatArray, risk: RiskRows, weight: FloatArray,
    grid: Grid, *, seed: int, most: int,
) -> tuple[HazardTable, IntArray]:  # fmt: skip
    """Return the binned rows that a hazard is fitted to.

    Parameters
    ----------
    kind : {"event", "censoring"}
        What the hazard is of.
    X, treated, risk, weight
        The persons.
    grid : Grid
        Bins of time.
    seed : int
        Seed of LightGBM, and of the sample.
    most : int
        Most persons to use; a random sample of so many is used of more.

    Returns
    -------
    table : HazardTable
        Rows of the persons used.
    sample : ndarray of int
        Who they are, ascending.
    """
    n = X.shape[0]
    sample = np.arange(n)
    if n > most:
        sample = np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
        X, treated, risk, weight = X[sample], treated[sample], risk.take(sample), weight[sample]
    table = HazardTable(
        X, treated, risk, weight / weight.mean(), months=grid.months,
        size=growth(kind, float(risk.happened.sum())), seed=seed,
    )  # fmt: skip
    return table, sample


def crossfit_hazard(
    kind: Kind, data: SelectionData, follow: FollowUp, X: FloatArray, fold: IntArray,
    options: ScoreOptions,
) -> tuple[list[HazardModel], Mixture]:  # fmt: skip
    """Return the hazards for the persons of each fold, and the mixture for everybody.

    Parameters
    ----------
    kind : {"event", "censoring"}
        What the hazard is of.
    data, follow, X, fold, options
        The persons, their follow-up, columns and folds, and how.

    Returns
    -------
    models : list of HazardModel
        One per fold, fitted without it.
    mixture : Mixture
        What held-out persons of all folds favour.
    """
    folds = int(fold.max()) + 1
    risk = follow.event_risk() if kind == "event" else follow.censoring_risk()
    treated, weight = data.treated.astype(np.float64), data.weights / data.weights.mean()
    most = round(options.training_persons * folds / (folds - 1.0))
    table, sample = hazard_setup(
        kind, X, treated, risk, weight, follow.grid, seed=options.seed, most=most
    )
    if sample.size < data.n:
        X, treated, weight, risk = X[sample], treated[sample], weight[sample], risk.take(sample)
        fold = fold[sample]

    def without(number: int) -> tuple[HazardFit, Losses]:
        train, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        fit = fit_hazards(table, X, treated, risk, weight, follow.grid, train)
        return fit, fit.losses(X[held], treated[held], risk.take(held), weight[held])

    pairs = side_by_side(without, range(folds), jobs=options.jobs)
    fits, losses = [fit for fit, _ in pairs], [loss for _, loss in pairs]
    chosen = [fit.choose(without_own(losses, number)) for number, fit in enumerate(fits)]
    return chosen, best_mixture(losses)


def crossfit_number(
    target: Target, X: FloatArray, y: FloatArray, weight: FloatArray, fold: IntArray,
    options: ScoreOptions,
) -> tuple[FloatArray, Mixture]:  # fmt: skip
    """Return predictions of a probability or mean without each person's fold, and the mixture.

    Parameters
    ----------
    target : {"probability", "mean"}
        What is modelled.
    X, y, weight, fold, options
        Columns, what is modelled, weights and folds of the persons, and how.

    Returns
    -------
    predicted : ndarray of float, shape (n,)
        Predictions.
    mixture : Mixture
        What held-out persons of all folds favour.
    """
    weight = weight / weight.mean()

    def without(number: int) -> tuple[PlainFit, Losses]:
        train, held = np.flatnonzero(fold != number), fold == number
        if train.size > options.training_persons:
            chosen = np.random.default_rng(options.seed + number)
            train = np.sort(chosen.choice(train, options.training_persons, replace=False))
        fit = fit_number(target, X[train], y[train], weight[train], seed=options.seed)
        return fit, fit.losses(X[held], y[held], weight[held])

    pairs = side_by_side(without, range(int(fold.max()) + 1), jobs=options.jobs)
    fits, losses = [fit for fit, _ in pairs], [loss for _, loss in pairs]
    out = np.empty(y.size)
    for number, fit in enumerate(fits):
        model: PlainModel = fit.choose(without_own(losses, number))
        for rows in _chunks(fold, number):
            out[rows] = model.predict(X[rows])
    return out, best_mixture(losses)


def outcomes(
    data: SelectionData, follow: FollowUp, X: FloatArray, fold: IntArray, options: ScoreOptions,
    events: list[HazardModel], censorings: list[HazardModel] | None,
) -> Outcomes:  # fmt: skip
    """Return what hazards say of the persons of the folds that they were fitted without.

    Parameters
    ----------
    data, follow, X, fold, options
        The persons, their follow-up, columns and folds, and how.
    events : list of HazardModel
        Hazards of the event, by fold.
    censorings : list of HazardModel or None
        Hazards of censoring, by fold; None where nobody is censored.

    Returns
    -------
    Outcomes
        In the order of the persons.
    """
    grid, n = follow.grid, data.n
    means = np.empty((2, n))
    replaced, uncensored = np.empty(n), np.empty(n)
    for number, event in enumerate(events):
        for rows in _chunks(fold, number):
            part, w = X[rows], data.treated[rows]
            by_arm = [event.hazard(part, np.full(rows.size, arm)) for arm in (0.0, 1.0)]
            own = np.where(w[:, None], by_arm[1], by_arm[0])
            lost = (
                np.zeros_like(own)
                if censorings is None
                else censorings[number].hazard(part, w.astype(np.float64))
            )
            done = unbiased_outcome(
                follow.time[rows], follow.done[rows], follow.entry[rows], follow.value[rows],
                grid.edges, own, lost, restricted_mean=grid.restricted_mean, months=grid.months,
                smallest=options.smallest_uncensored,
            )  # fmt: skip
            for arm in (0, 1):
                means[arm, rows] = grid.mean(by_arm[arm])
            mean = np.where(w, means[1, rows], means[0, rows])
            replaced[rows] = _from_time_zero(done, mean, follow.entry[rows])
            uncensored[rows] = done.uncensored
    return Outcomes(
        comparator_mean=means[0], treated_mean=means[1], replaced=replaced, uncensored=uncensored
    )


def _from_time_zero(done: UnbiasedOutcome, mean: FloatArray, entry: FloatArray) -> FloatArray:
    """Return the outcome from time zero; the part before late entry is that of the model.

    Given covariates and survival up to entry, its mean is that of the outcome from time zero if the
    hazards before entry are right.
    """
    late = mean + done.alive_at_entry * (done.value - done.at_entry)
    return np.where(entry > 0.0, late, done.value)


def _chunks(fold: IntArray, number: int) -> Iterator[IntArray]:
    """Yield the persons of a fold, not too many at once."""
    members = np.flatnonzero(fold == number)
    for begin in range(0, members.size, CHUNK):
        yield members[begin : begin + CHUNK]

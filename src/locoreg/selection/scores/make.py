"""Make scores: cross-fitted models, replaced outcomes, doubly robust values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from locoreg.core.provenance import Provenance
from locoreg.emulation.pointtreatment.folds import make_folds
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.hazards import BoostedHazard, long_table
from locoreg.selection.scores.options import ScoreOptions
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.unbiasedoutcome import UnbiasedOutcome, mean_outcome, unbiased_outcome

# The model of censoring is smoother than that of the event: boosted as finely, the probability of
# being uncensored goes to 0 for single persons.
EVENT = {"num_leaves": 8, "learning_rate": 0.08, "min_data_in_leaf": 40, "lambda_l2": 1.0}
CENSORING = {"num_leaves": 4, "learning_rate": 0.08, "min_data_in_leaf": 100, "lambda_l2": 5.0}
PLAIN = {"num_leaves": 8, "learning_rate": 0.06, "min_data_in_leaf": 30, "lambda_l2": 1.0}
EVENT_ROUNDS, CENSORING_ROUNDS, PLAIN_ROUNDS = 100, 60, 80


@dataclass(slots=True)
class _Parts:
    """What is filled fold by fold."""

    propensity: FloatArray
    comparator_mean: FloatArray
    treated_mean: FloatArray
    replaced: FloatArray
    uncensored: FloatArray


def scores(data: SelectionData, question: SelectionQuestion, options: ScoreOptions) -> Scores:
    """Make doubly robust scores of an effect, by cross-fitting.

    Parameters
    ----------
    data : SelectionData
        The persons.
    question : SelectionQuestion
        The effect.
    options : ScoreOptions
        How.

    Returns
    -------
    Scores
        One per person.

    Raises
    ------
    DesignError
        If the question can't be answered with these persons.
    """
    follow = FollowUp.of(data, question, options)
    coding = FeatureCoding.of(data.covariates, data.ordered)
    X = coding.encode(data.covariates)
    fold = make_folds(
        data.person_id,
        2 * data.treated.astype(np.int64) + follow.event,
        options.folds,
        seed=options.seed,
        cluster=data.cluster,
    )
    parts = _crossfit(data, follow, X, fold, options)
    outcome = parts.replaced
    mean = _crossfit_mean(X, outcome, data.weights, fold, _settings(PLAIN, options))
    e = np.clip(parts.propensity, options.smallest_propensity, 1 - options.smallest_propensity)
    r0, r1 = parts.comparator_mean, parts.treated_mean
    w = data.treated
    gamma1 = r1 + np.where(w, (outcome - r1) / e, 0.0)
    gamma0 = r0 + np.where(w, 0.0, (outcome - r0) / (1.0 - e))
    return Scores(
        data=data,
        question=question,
        options=options,
        coding=coding,
        X=X,
        modifiers=tuple(coding.places(data.modifiers)),
        fold=fold,
        propensity=e,
        outcome=outcome,
        mean=mean,
        comparator_mean=r0,
        treated_mean=r1,
        gamma0=gamma0,
        gamma1=gamma1,
        uncensored=parts.uncensored,
        diagnostics=(),
        notes=data.notes,
        provenance=Provenance(
            input_sha256=data.sha256(),
            options={"question": question.to_dict(), "scores": options.to_dict()},
        ),
    )


def _settings(base: dict[str, Any], options: ScoreOptions) -> dict[str, Any]:
    return {
        **base,
        "num_threads": options.jobs,
        "seed": options.seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }


def _crossfit(
    data: SelectionData, follow: FollowUp, X: FloatArray, fold: IntArray, options: ScoreOptions
) -> _Parts:
    n = data.n
    parts = _Parts(*(np.empty(n) for _ in range(5)))
    Z = np.column_stack([X, data.treated]).astype(np.float32)
    event = BoostedHazard(
        Z, long_table(follow, follow.event, after_events=False), follow, data.weights,
        _settings(EVENT, options), EVENT_ROUNDS,
    )  # fmt: skip
    lost = BoostedHazard(
        Z, long_table(follow, follow.censored, after_events=True), follow, data.weights,
        _settings(CENSORING, options), CENSORING_ROUNDS,
    )  # fmt: skip
    choice = {**_settings(PLAIN, options), "objective": "binary"}
    for number in range(int(fold.max()) + 1):
        train, held = fold != number, np.flatnonzero(fold == number)
        made = lgb.Dataset(
            X[train], label=data.treated[train], weight=data.weights[train], params={"verbose": -1}
        )
        parts.propensity[held] = lgb.train(choice, made, PLAIN_ROUNDS).predict(X[held])
        hazard, censoring = event.fit(train), lost.fit(train)
        own = Z[held]
        by_arm = []
        for arm in (0.0, 1.0):
            put = own.copy()
            put[:, -1] = arm
            by_arm.append(event.predict(hazard, put))
        treated = data.treated[held][:, None]
        own_hazard = np.where(treated, by_arm[1], by_arm[0])
        done = unbiased_outcome(
            follow.time[held], follow.done[held], follow.entry[held], follow.value[held],
            follow.edges, own_hazard, lost.predict(censoring, own),
            restricted_mean=follow.restricted_mean, months=follow.months,
        )  # fmt: skip
        means = [
            mean_outcome(
                follow.edges, one, restricted_mean=follow.restricted_mean, months=follow.months
            )
            for one in by_arm
        ]
        parts.comparator_mean[held], parts.treated_mean[held] = means
        own_mean = np.where(data.treated[held], means[1], means[0])
        parts.replaced[held] = _from_time_zero(done, own_mean, follow.entry[held])
        parts.uncensored[held] = done.uncensored
    return parts


def _from_time_zero(done: UnbiasedOutcome, mean: FloatArray, entry: FloatArray) -> FloatArray:
    """Return the outcome from time zero; the part before late entry is that of the model."""
    late = mean + done.alive_at_entry * (done.value - done.at_entry)
    return np.where(entry > 0.0, late, done.value)


def _crossfit_mean(
    X: FloatArray,
    outcome: FloatArray,
    weight: FloatArray,
    fold: IntArray,
    settings: dict[str, Any],
) -> FloatArray:
    out = np.empty(outcome.size)
    for number in range(int(fold.max()) + 1):
        train, held = fold != number, fold == number
        made = lgb.Dataset(
            X[train], label=outcome[train], weight=weight[train], params={"verbose": -1}
        )
        model = lgb.train({**settings, "objective": "regression"}, made, PLAIN_ROUNDS)
        out[held] = model.predict(X[held])
    return out

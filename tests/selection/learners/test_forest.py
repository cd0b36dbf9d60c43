"""The forest as a learner: columns, order of persons, clusters, weights, and the model file."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.core.provenance import Provenance
from locoreg.selection.data import FeatureCoding, selection_data
from locoreg.selection.learners.base import EffectModel, Learner, LearnerFit, effect_loss
from locoreg.selection.learners.forest import ForestEffect, ForestLearner
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import ScoreOptions, Scores
from locoreg.stats.forest import ForestOptions

N = 600
LEARNER = ForestLearner(forest=ForestOptions(trees=60))


def made(*, modifiers: tuple[str, ...] | None = None, **given: Any) -> Scores:
    """Return scores with true nuisances: the effect is 4 where x2 is high, and 0 elsewhere."""
    rng = np.random.default_rng(3)
    X = rng.random((N, 4))
    e = 0.3 + 0.4 * X[:, 0]
    w = rng.random(N) < e
    tau = np.where(X[:, 1] > 0.5, 4.0, 0.0)
    r0 = 10.0 + 2.0 * X[:, 2]
    y = r0 + w * tau + rng.normal(size=N)
    data = selection_data(
        time=y, event=rng.random(N) < 0.8, treated=w, covariates=X, modifiers=modifiers, **given
    )
    coding = FeatureCoding.of(data.covariates)
    return Scores(
        data=data,
        question=SelectionQuestion(
            measure="rmst_difference",
            horizon_months=24.0,
            time_zero="diagnosis",
            treated_label="surgery",
            comparator_label="no surgery",
            outcome="death",
            level=95.0,
        ),
        options=ScoreOptions(seed=1),
        coding=coding,
        X=X,
        modifiers=tuple(coding.places(data.modifiers)),
        fold=np.arange(N) % 5,
        propensity=e,
        outcome=y,
        mean=r0 + e * tau,
        comparator_mean=r0,
        treated_mean=r0 + tau,
        gamma0=r0 + (1 - w) / (1 - e) * (y - r0),
        gamma1=r0 + tau + w / e * (y - r0 - tau),
        uncensored=np.ones(N),
        diagnostics=(),
        notes=(),
        provenance=Provenance(input_sha256=data.sha256()),
    )


@pytest.fixture(scope="module")
def scores() -> Scores:
    return made()


@pytest.fixture(scope="module")
def fit(scores: Scores) -> LearnerFit:
    return LEARNER.fit(scores, seed=4)


def forest_of(fit: LearnerFit) -> ForestEffect:
    assert isinstance(fit.model, ForestEffect)
    return fit.model


def test_it_is_a_learner_and_finds_the_modifier(scores: Scores, fit: LearnerFit) -> None:
    assert isinstance(LEARNER, Learner)
    assert isinstance(fit.model, EffectModel)
    truth = np.where(scores.X[:, 1] > 0.5, 4.0, 0.0)
    assert np.corrcoef(fit.held_out, truth)[0, 1] > 0.9
    assert next(iter(forest_of(fit).importance)) == "x2"
    constant = np.full(N, 2.0)
    # Truth has a loss of 1 (the noise); a constant adds a quarter of its squared error of 4.
    assert effect_loss(scores, fit.held_out) < 1.35 < effect_loss(scores, constant)


def test_order_of_persons_changes_nothing(scores: Scores, fit: LearnerFit) -> None:
    order = np.random.default_rng(9).permutation(N)
    again = LEARNER.fit(scores.take(order), seed=4)
    assert again.held_out.tolist() == fit.held_out[order].tolist()
    for name, values in fit.model.arrays().items():
        assert again.model.arrays()[name].tolist() == values.tolist()


def test_only_columns_of_modifiers_are_used() -> None:
    fit = LEARNER.fit(made(modifiers=("x2", "x4")), seed=4)
    model = forest_of(fit)
    assert (model.columns, model.names) == ((1, 3), ("x2", "x4"))
    rows = np.random.default_rng(2).random((20, 4))
    others = rows.copy()
    others[:, [0, 2]] = -5.0
    assert model.predict(rows).tolist() == model.predict(others).tolist()
    alone = model.forest.predict(rows[:, [1, 3]])
    assert model.predict(rows).tolist() == alone.tolist()


def test_own_hospital_does_not_move_a_held_out_effect() -> None:
    scores = made(cluster=np.arange(N) // 20)
    first = LEARNER.fit(scores, seed=4).held_out
    outcome = scores.outcome.copy()
    outcome[100:120] += np.linspace(-40.0, 40.0, 20)
    second = LEARNER.fit(replace(scores, outcome=outcome), seed=4).held_out
    assert first[100:120].tolist() == second[100:120].tolist()
    assert (first != second).sum() > 300


def test_sampling_weights_count() -> None:
    # Persons with a high x2 count next to nothing: the effect is that of the others.
    scores = made(modifiers=("x3",))
    high = scores.X[:, 1] > 0.5
    weight = np.where(high, 0.01, 1.0)
    weighted = LEARNER.fit(made(modifiers=("x3",), weight=weight), seed=4).held_out
    assert abs(weighted.mean()) < 0.5
    assert LEARNER.fit(scores, seed=4).held_out.mean() > 1.5


def test_model_is_restored_from_json_and_arrays(scores: Scores, fit: LearnerFit) -> None:
    settings = json.loads(json.dumps(fit.model.settings()))
    file = io.BytesIO()
    np.savez(file, **fit.model.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = ForestEffect.restore(settings, dict(arrays))
    assert again.predict(scores.X).tolist() == fit.model.predict(scores.X).tolist()
    assert again.summary() == fit.model.summary()
    for changed in ({"columns": [0, 1]}, {"columns": [0, 1, 2, 9]}, {"total_columns": 3}):
        with pytest.raises(DataError, match="columns of the model don't fit its forest"):
            ForestEffect.restore({**settings, **changed}, fit.model.arrays())


def test_summary_names_columns_by_their_share(fit: LearnerFit) -> None:
    lines = fit.model.summary()
    assert lines[0] == "60 trees; share of each column in the gain of the splits near the root:"
    assert lines[1].startswith("x2: ")
    assert len(lines) == 5
    assert sum(forest_of(fit).importance.values()) == pytest.approx(1.0)


def test_many_columns_are_shown_in_part(fit: LearnerFit) -> None:
    model = forest_of(fit)
    share = np.array([0.5, 0.2, 0.2, 0.1])
    wide = replace(
        model,
        names=tuple(f"m{k}" for k in range(14)),
        forest=replace(model.forest, importance=np.concatenate([share, np.zeros(10)])),
    )
    assert wide.summary()[-1] == "4 other columns: 0%"
    none = replace(model, forest=replace(model.forest, importance=np.zeros(4)))
    assert none.summary() == ("60 trees; none splits: the same effect for everybody.",)


def test_other_columns_and_no_modifiers_are_refused(scores: Scores, fit: LearnerFit) -> None:
    with pytest.raises(DataError, match=r"X has shape \(600, 3\), but the model takes rows of 4"):
        fit.model.predict(scores.X[:, :3])
    with pytest.raises(DataError, match="no modifier has a column"):
        LEARNER.fit(replace(scores, modifiers=()), seed=1)


def test_options_are_json_ready() -> None:
    given = json.loads(json.dumps(LEARNER.to_dict()))
    assert given["name"] == "forest"
    assert ForestOptions(**given["forest"]) == LEARNER.forest

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.core.jsontext import dumps
from locoreg.core.provenance import sha256_of_bytes
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.learners import learner_names, make_learner
from locoreg.selection.learners.base import LearnerFit
from locoreg.selection.learners.forest import ForestLearner
from locoreg.selection.model import (
    AssessmentSummary,
    SelectionModel,
    build_model,
    load_model,
    model_card,
    save_model,
)
from locoreg.selection.model.files import _body_hash
from locoreg.selection.patient import predict_patient
from locoreg.selection.rules import RuleOptions, honest_rule
from locoreg.stats.forest import ForestOptions
from tests.selection.model.versions import make_version_1
from tests.selection.patient.world import ODDS_FACTOR, SURVIVAL, LineEffect, draw, scored

PATIENTS: tuple[dict[str, Any], ...] = (
    {"age": 58, "metastases": 3, "her2": "negative"},
    {"age": 71.5, "metastases": 1, "her2": "positive"},
    {"age": 99, "metastases": 1, "her2": "positive"},
)


def assessment() -> AssessmentSummary:
    one = Estimate(estimate=1.5, se=0.5, ci_low=0.5, ci_high=2.5, level=95.0, scale="identity")
    return AssessmentSummary(
        average=one,
        autoc=one,
        slope=one,
        p_heterogeneity=0.02,
        verdicts=(
            Diagnostic(
                name="trial_anchor", title="Trials", verdict="warn", value=1.5, threshold=1.96,
                message="The effect is 1.5 standard errors from that of the trials.",
            ),
            Diagnostic(
                name="marginal_sensitivity", title="Hidden", verdict="note", value=2.0,
                threshold=None,
                message="A hidden cause would have to double the odds of surgery.",
            ),
            Diagnostic(
                name="transport", title="Sites", verdict="fail", value=-1.0, threshold=0.0,
                message="It loses at site B.",
            ),
        ),
        credibility="doubtful",
        reading="Doubtful: 2 of 3 checks warn or fail.",
        not_done=("stability on halves",),
    )  # fmt: skip


@pytest.fixture(scope="module")
def model() -> SelectionModel:
    made = scored()
    return build_model(
        made,
        ForestLearner(forest=ForestOptions(trees=40)).fit(made, seed=1),
        intended_use="Tests of the model file.",
        seed=1,
        survival=scored(question=SURVIVAL),
        odds_factor=ODDS_FACTOR,
        rule=honest_rule(made, RuleOptions(cost=0.0, seed=1, depth=1, jobs=1)),
        assessment=assessment(),
        protocol_sha256="0" * 64,
        limits=("A limit of its own.",),
    )


@pytest.fixture(scope="module")
def folder(model: SelectionModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    save_model(model, folder)
    return folder


def test_a_model_comes_back_as_it_was(model: SelectionModel, folder: Path) -> None:
    again = load_model(folder)
    X = scored().X
    np.testing.assert_allclose(again.effect.predict(X), model.effect.predict(X), rtol=1e-12)
    np.testing.assert_allclose(again.choice.propensity(X), model.choice.propensity(X), rtol=1e-12)
    assert again.event is not None
    assert model.event is not None
    times = np.array([6.0, 30.0])
    np.testing.assert_allclose(
        again.event.survival(X, 1.0, times), model.event.survival(X, 1.0, times), rtol=1e-12
    )
    for patient in PATIENTS:
        assert predict_patient(again, patient) == predict_patient(model, patient)
    assert dumps(again.to_dict()) == dumps(model.to_dict())
    assert again.assessment == model.assessment
    assert again.training == model.training
    assert again.rule is not None
    assert model.rule is not None
    np.testing.assert_array_equal(again.rule.treats(X), model.rule.treats(X))
    assert again.leaves == model.leaves


def test_the_json_alone_names_the_folder(folder: Path) -> None:
    assert load_model(folder / "model.json").intended_use == "Tests of the model file."


def test_a_model_replaces_an_older_one(model: SelectionModel, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    save_model(replace(model, intended_use="Other."), tmp_path / "copy")
    assert load_model(tmp_path / "copy").intended_use == "Other."
    assert sorted(p.name for p in (tmp_path / "copy").iterdir()) == ["arrays.npz", "model.json"]


def test_the_same_model_makes_the_same_numbers(model: SelectionModel, folder: Path) -> None:
    given = json.loads((folder / "model.json").read_text())
    assert given["body_sha256"] == _body_hash(model.to_dict())


def test_the_file_holds_no_patient(model: SelectionModel, folder: Path) -> None:
    """No array has a row per person, no count is from 1 to 9, and no pseudonym is there."""
    n = scored().n
    parts = {name: a for name, a in model.arrays().items() if not name.startswith("effect/")}
    assert all(n not in a.shape for a in parts.values())
    text = (folder / "model.json").read_text()
    assert '"person_id"' not in text
    assert model.cells.count.min() >= 20
    for arm in json.loads(text)["training"]["arms"]:
        assert all(arm[name] is None or arm[name] >= 10 for name in ("n", "events", "followed"))
    ages = np.sort(scored().data.column("age").values)
    low, high = model.coding.ranges["age"]
    assert low == pytest.approx(2.0 * ages[:10].mean() - ages[9])
    assert high == pytest.approx(2.0 * ages[-10:].mean() - ages[-10])


def test_a_small_count_is_not_stored() -> None:
    made = scored()
    event = made.data.event.copy()
    rows = np.flatnonzero(made.data.treated & (event == 1) & (made.data.time <= 36.0))
    event[rows[7:]] = 0
    few = replace(made, data=replace(made.data, event=event))
    fit = ForestLearner(forest=ForestOptions(trees=40)).fit(made, seed=1)
    model = build_model(few, fit, intended_use="Tests.", seed=1)
    assert model.training.arms[1].events is None
    assert model.training.arms[0].events is not None


def test_a_model_of_the_first_version_is_read(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "first")
    make_version_1(tmp_path / "first")
    first, second = load_model(tmp_path / "first"), load_model(folder)
    assert (first.odds_factor, first.hidden) == (None, None)
    assert [one.months for one in first.survival] == [SURVIVAL.horizon_months]
    assert first.survival[0].bounds is None
    for patient in PATIENTS:
        old, new = predict_patient(first, patient), predict_patient(second, patient)
        assert old.support == new.support
        assert (old.group is None) == (new.group is None)
        if old.group is not None and new.group is not None:
            assert old.group.means == new.group.means
            assert old.group.survival == new.group.survival
    save_model(first, tmp_path / "again")
    assert json.loads((tmp_path / "again/model.json").read_text())["version"] == 2
    assert load_model(tmp_path / "again").survival_months == SURVIVAL.horizon_months


def test_ranges_come_back_and_are_missed_where_they_are_cut_out(
    folder: Path, tmp_path: Path
) -> None:
    again = load_model(folder)
    assert again.odds_factor == ODDS_FACTOR
    assert all(one.bounds is not None for one in again.survival)
    assert "by up to 1.5 times" in model_card(again).markdown()
    shutil.copytree(folder, tmp_path / "cut")
    arrays = {k: v for k, v in read_arrays(folder).items() if not k.startswith("hidden3/")}
    sealed(arrays, tmp_path / "cut")
    with pytest.raises(DataError, match="is no model of version 2: KeyError"):
        load_model(tmp_path / "cut")


Tamper = Callable[[Path], None]


def change_json(**changed: Any) -> Tamper:
    def tamper(folder: Path) -> None:
        path = folder / "model.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))

    return tamper


def sealed(arrays: dict[str, np.ndarray], folder: Path) -> None:
    """Write arrays and make the hash and the shapes of the JSON fit them."""
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    (folder / "arrays.npz").write_bytes(packed.getvalue())
    change_json(
        arrays_sha256=sha256_of_bytes(packed.getvalue()),
        shapes={name: list(a.shape) for name, a in arrays.items()},
    )(folder)


def read_arrays(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / "arrays.npz") as packed:
        return {name: packed[name] for name in packed.files}


def change_array(folder: Path) -> None:
    arrays = read_arrays(folder)
    arrays["sums/total"] = arrays["sums/total"] * 1.01
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    (folder / "arrays.npz").write_bytes(packed.getvalue())


def put_objects(folder: Path) -> None:
    arrays = read_arrays(folder)
    arrays["sums/total"] = np.array([{"a": 1}], dtype=object)
    sealed(arrays, folder)


def put_texts(folder: Path) -> None:
    arrays = read_arrays(folder)
    arrays["sums/total"] = np.array(["a"])
    sealed(arrays, folder)


def put_nan(folder: Path) -> None:
    arrays = read_arrays(folder)
    arrays["sums/total"] = np.full_like(arrays["sums/total"], np.nan)
    sealed(arrays, folder)


def leave_out(folder: Path) -> None:
    arrays = read_arrays(folder)
    del arrays["cells/mean"]
    sealed(arrays, folder)


def no_archive(folder: Path) -> None:
    (folder / "arrays.npz").write_bytes(b"abc")
    change_json(arrays_sha256=sha256_of_bytes(b"abc"))(folder)


def no_json(folder: Path) -> None:
    (folder / "model.json").write_text("{")


def remove(name: str) -> Tamper:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (change_array, "arrays.npz is not the file that belongs to model.json"),
        (change_json(intended_use="All patients."), "model.json was changed after it was written"),
        (change_json(version=3), "is a model of version 3; this locoreg reads versions 1 and 2"),
        (change_json(schema="other"), "is no model of locoreg"),
        (change_json(shapes={}), "other shapes than model.json says"),
        (put_objects, "does not hold plain arrays of numbers"),
        (put_texts, "the array sums/total of .* holds <U1, not numbers"),
        (put_nan, "the array sums/total of .* holds numbers that are not finite"),
        (leave_out, "is no model of version 2: KeyError"),
        (no_archive, "does not hold plain arrays of numbers"),
        (no_json, "is no JSON"),
        (remove("model.json"), "model.json is missing"),
        (remove("arrays.npz"), "arrays.npz is missing"),
    ],
)
def test_anything_else_is_refused(
    folder: Path, tmp_path: Path, tamper: Tamper, message: str
) -> None:
    shutil.copytree(folder, tmp_path / "model")
    tamper(tmp_path / "model")
    with pytest.raises(DataError, match=message):
        load_model(tmp_path / "model")


def test_hashes_are_sha256_with_lengths(folder: Path) -> None:
    content = (folder / "arrays.npz").read_bytes()
    expected = hashlib.sha256(len(content).to_bytes(8, "big") + content).hexdigest()
    assert json.loads((folder / "model.json").read_text())["arrays_sha256"] == expected


def test_numbers_that_are_not_finite_are_not_written(model: SelectionModel, tmp_path: Path) -> None:
    bad = replace(model, effect_quantiles=np.full(99, np.inf))
    with pytest.raises(DataError, match="the array model/effect_quantiles of the model holds"):
        save_model(bad, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_doubts_stand_before_the_numbers(folder: Path) -> None:
    lines = predict_patient(load_model(folder), PATIENTS[0]).lines()
    assert lines[1:3] == (
        "Doubtful: 2 of 3 checks warn or fail.",
        "Sites: It loses at site B.",
    )
    assert "A hidden cause would have to double the odds of surgery." in lines


def test_no_rule_is_shown_where_the_trials_contradict(model: SelectionModel) -> None:
    wrong = replace(assessment(), credibility="not credible", reading="Not credible: trials.")
    changed = replace(model, assessment=wrong)
    found = predict_patient(changed, PATIENTS[0])
    assert found.leaf is None
    assert found.lines()[1] == "Not credible: trials."
    assert "rule is not shown" in model_card(changed).markdown()
    assert "leaf 1" in model_card(model).markdown()


def test_the_leaf_of_the_rule_comes_with_its_held_out_effect(model: SelectionModel) -> None:
    found = predict_patient(model, PATIENTS[0])
    assert found.leaf is not None
    assert found.leaf in model.leaves
    assert found.leaf.n is not None
    assert found.leaf.n < scored().n
    lines = found.lines()
    place = [i for i, line in enumerate(lines) if line.startswith("In the rule of this model")]
    assert f"leaf {found.leaf.leaf} ({found.leaf.text})" in lines[place[0]]
    assert lines[place[0] + 1].startswith(f"In {found.leaf.n} patients of this leaf")
    assert predict_patient(model, PATIENTS[2]).leaf is None
    assert model.rule is not None
    assert model.rule.coding.ranges == model.coding.ranges


def test_a_leaf_of_few_has_no_numbers(model: SelectionModel) -> None:
    honest = honest_rule(scored(), RuleOptions(cost=0.0, seed=1, depth=1, jobs=1))
    few = replace(honest.leaves.leaves[0], treated=9)
    rest = honest.leaves.leaves[1:]
    made = scored()
    changed = build_model(
        made,
        LearnerFit(model=LineEffect(slope=1.0), held_out=np.zeros(made.n)),
        intended_use="Tests.",
        seed=1,
        rule=replace(honest, leaves=replace(honest.leaves, leaves=(few, *rest))),
    )
    assert (changed.leaves[0].n, changed.leaves[0].means) == (None, None)


def test_data_are_encoded_as_the_model_needs(model: SelectionModel) -> None:
    new = draw(300, 5).data()
    turned = replace(new, covariates=new.covariates[::-1])
    np.testing.assert_array_equal(model.encode(turned), model.coding.encode(new.covariates))


@pytest.mark.parametrize("name", learner_names())
def test_every_learner_comes_back(model: SelectionModel, name: str, tmp_path: Path) -> None:
    made = scored()
    effect = make_learner(name, {}).fit(made, seed=1).model
    save_model(replace(model, effect=effect), tmp_path)
    again = load_model(tmp_path).effect
    X = np.random.default_rng(1).permuted(made.X, axis=0)
    np.testing.assert_allclose(again.predict(X), effect.predict(X), rtol=1e-12)
    assert again.summary() == effect.summary()

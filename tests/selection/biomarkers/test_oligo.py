import json
from dataclasses import replace

import numpy as np
import pyarrow
import pytest
from scipy import special
from sklearn.linear_model import LogisticRegression

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.classify import AsOf, Classification
from locoreg.selection.biomarkers import (
    OligoModel,
    OligoOptions,
    area_under_curve,
    batch_folds,
    biomarker_panel,
    oligo_classifier,
    oligo_labels,
    oligo_labels_of,
)
from locoreg.selection.biomarkers.discrimination import wilson
from locoreg.selection.biomarkers.logistic import logistic_path, recalibration
from tests.selection.biomarkers.made import markers

OPTIONS = OligoOptions(level=95.0, seed=1)


def labels_of(ids, y):
    states = ["metachronous_oligorecurrence" if one else "polymetastatic" for one in y]
    return oligo_labels(ids, states, few_untreatable="left_out")


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(1)
    Z = markers(400, 25, 2, 0.0)
    y = rng.random(400) < special.expit(1.5 * Z[:, 0] - Z[:, 1])
    ids = [f"p{i:03d}" for i in range(400)]
    return biomarker_panel(person_id=ids, values=Z), labels_of(ids, y), Z, y


def test_labels_count_everybody():
    states = [
        "polymetastatic", "oligometastatic", "induced_oligometastatic", "repeat_oligopersistence",
        "synchronous_oligometastatic", "not_oligometastatic", "undetermined", "no_lesion_present",
        None,
    ]  # fmt: skip
    ids = list(range(9))
    made = oligo_labels(ids, states, few_untreatable="left_out")
    assert made.oligo == (False, True, True, True, True)
    assert made.left_out == {
        "no_lesion_present": 1,
        "not_oligometastatic": 1,
        "undetermined": 1,
        "unknown": 1,
    }
    assert sum(made.left_out.values()) + sum(made.states.values()) == 9
    other = oligo_labels(ids, states, few_untreatable="polymetastatic")
    assert other.oligo.count(False) == 2
    with pytest.raises(DataError, match="state 'oligo' is none of the classification"):
        oligo_labels([1], ["oligo"], few_untreatable="left_out")


def test_labels_of_a_classified_registry():
    table = pyarrow.table(
        {
            "patient_id": ["a", "b", "c"],
            "abc5": ["oligometastatic", "polymetastatic", "undetermined"],
            "eortc_estro": ["undetermined", "polymetastatic", "repeat_oligorecurrence"],
        }
    )
    as_of = AsOf(text="2020-01-01", n_patients=3, n_without_date=0, n_unknown=0, evidence={})
    registry = Classification(
        as_of=as_of, options={}, derivations=(), patients=table, synthetic=True
    )
    made = oligo_labels_of(registry, "abc5", few_untreatable="left_out")
    assert (made.person_id, made.oligo, made.left_out) == (
        ("a", "b"),
        (True, False),
        {"undetermined": 1},
    )
    assert oligo_labels_of(registry, "eortc_estro", few_untreatable="left_out").oligo == (
        False,
        True,
    )


def test_ridge_and_lasso_agree_with_an_independent_solver(case):
    *_, Z, y = case
    Z, y = Z[:200, :6], y[:200]
    weight = 1.0 + (np.arange(200) % 2)
    for alpha, penalty in ((1.0, 0.02), (0.5, 0.05)):
        own = logistic_path(
            Z, y.astype(float), weight, alpha=alpha, lambdas=np.array([0.2, penalty])
        )
        scale = np.sqrt(weight / weight.sum() @ (Z - weight @ Z / weight.sum()) ** 2)
        shift = weight @ Z / weight.sum()
        other = LogisticRegression(
            l1_ratio=alpha, C=1.0 / (penalty * weight.sum()), solver="saga", tol=1e-7,
            max_iter=20_000,
        ).fit((Z - shift) / scale, y, sample_weight=weight)  # fmt: skip
        assert own.coefficients[1] * scale == pytest.approx(other.coef_[0], abs=2e-4)


def test_more_columns_than_rows():
    Z = markers(60, 300, 3, 0.0)
    y = (Z[:, 0] > 0).astype(float)
    path = logistic_path(Z, y, np.ones(60), alpha=1.0)
    assert not path.coefficients[0].any()
    assert path.coefficients[1].any()
    assert path.coefficients[10:, 0].min() > 0.0


def test_classifier_is_good_and_calibrated(case):
    panel, labels, *_ = case
    made = oligo_classifier(panel, labels, OPTIONS)
    # The best possible area, with the true coefficients, is .86.
    assert 0.80 < made.held_out.auc.estimate < 0.90
    assert made.held_out.slope.ci_low < 1.0 < made.held_out.slope.ci_high
    assert made.held_out.intercept.ci_low < 0.0 < made.held_out.intercept.ci_high
    assert made.held_out.brier_scaled > 0.2
    assert {"x1", "x2"} <= set(made.model.names)
    assert sum(group.n for group in made.held_out.groups) == 400
    for group in made.held_out.groups:
        assert group.ci_low - 0.08 < group.predicted < group.ci_high + 0.08


def test_noise_is_no_better_than_chance(case):
    panel, labels, *_ = case
    turn = np.random.default_rng(5).permutation(400)
    mixed = replace(labels, oligo=tuple(labels.oligo[i] for i in turn))
    made = oligo_classifier(panel, mixed, OPTIONS)
    assert made.held_out.auc.ci_low < 0.5
    assert made.held_out.brier_scaled < 0.05


def test_model_is_numbers_only(case):
    panel, labels, Z, _ = case
    made = oligo_classifier(panel, labels, OPTIONS)
    back = OligoModel.from_dict(json.loads(json.dumps(made.model.to_dict())))
    assert back == made.model
    features = {name: Z[:5, j] for j, name in enumerate(panel.names)}
    by_hand = special.expit(
        back.intercept
        + sum(b * features[n] for n, b in zip(back.names, back.coefficients, strict=True))
    )
    assert back.predict(features) == pytest.approx(by_hand)
    unknown = {name: np.nan for name in panel.names}
    at_median = dict(zip(back.names, back.fill, strict=True))
    assert back.predict(unknown) == pytest.approx(back.predict(at_median))
    json.dumps(made.to_dict())
    with pytest.raises(DataError, match="feature 'x1' of the classifier is not there"):
        back.predict({})
    with pytest.raises(DataError, match="no classifier of the schema"):
        OligoModel.from_dict({"schema": "other"})


def test_order_of_persons_is_no_matter(case):
    panel, labels, *_ = case
    turn = np.random.default_rng(6).permutation(400).tolist()
    turned = replace(
        labels,
        person_id=tuple(labels.person_id[i] for i in turn),
        oligo=tuple(labels.oligo[i] for i in turn),
    )
    first, second = (oligo_classifier(panel, one, OPTIONS) for one in (labels, turned))
    assert second.model.names == first.model.names
    assert second.held_out.auc.estimate == pytest.approx(first.held_out.auc.estimate, abs=1e-6)


def test_area_by_hand_and_delong():
    prediction = np.array([0.1, 0.4, 0.4, 0.8, 0.9])
    y = np.array([0.0, 0.0, 1.0, 0.0, 1.0])
    # Pairs: 0.4 against 0.1, 0.4, 0.8 is 1 + 1/2 + 0; 0.9 against all is 3.
    made = area_under_curve(prediction, y, level=95.0)
    assert made.estimate == pytest.approx(4.5 / 6.0)
    rng = np.random.default_rng(7)
    many, label = rng.normal(size=300), (np.arange(300) % 3 == 0).astype(float)
    many = many + label
    compare = many[label == 1][:, None] > many[label == 0][None]
    delong = compare.mean(axis=1).var(ddof=1) / 100 + compare.mean(axis=0).var(ddof=1) / 200
    assert area_under_curve(many, label, level=95.0).se == pytest.approx(np.sqrt(delong), rel=0.01)


def test_area_with_weights_and_clusters():
    rng = np.random.default_rng(8)
    label = (rng.random(80) < 0.4).astype(float)
    prediction = rng.normal(size=80) + label
    weight = 1.0 + (np.arange(80) % 2)
    rows = np.repeat(np.arange(80), weight.astype(int))
    once = area_under_curve(prediction, label, level=95.0, weight=weight)
    twice = area_under_curve(prediction[rows], label[rows], level=95.0, cluster=rows)
    assert twice.estimate == pytest.approx(once.estimate, rel=1e-12)
    assert twice.se == pytest.approx(once.se, rel=1e-9)


def test_recalibration_of_the_truth_and_of_twice_the_log_odds():
    rng = np.random.default_rng(9)
    eta = rng.normal(size=20_000)
    y = (rng.random(20_000) < special.expit(eta)).astype(float)
    values, covariance = recalibration(2.0 * eta + 1.0, y, np.ones(20_000), None)
    assert values == pytest.approx([-0.5, 0.5], abs=4.0 * np.sqrt(covariance.max()))


def test_wilson_by_hand():
    assert wilson(0.0, 10.0, 95.0) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_batches_and_clusters_stay_whole():
    batch = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4])
    fold = batch_folds(batch, 3, cluster=None)
    assert all(np.unique(fold[batch == b]).size == 1 for b in range(5))
    assert np.bincount(fold).max() - np.bincount(fold).min() <= 2
    joined = batch_folds(batch, 3, cluster=np.array([0, 0, 0, 1, 2, 2, 3, 3, 4]))
    assert joined[0] == joined[2]
    with pytest.raises(DesignError, match="all belong together"):
        batch_folds(batch, 3, cluster=np.zeros(9, dtype=np.int64))


def test_too_few_persons_of_a_label(case):
    panel, labels, *_ = case
    few = replace(labels, oligo=tuple(i < 12 for i in range(400)))
    with pytest.raises(DataError, match="12 are oligometastatic and 388 polymetastatic"):
        oligo_classifier(panel, few, OPTIONS)

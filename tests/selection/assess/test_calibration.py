"""Calibration: by hand, against sandwich, and by known truth."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.selection.assess import calibration, calibration_line, crossfit, external
from tests.selection.assess.made import Column, LinearModel, Ridge, made_scores

FOLDER = Path(__file__).parents[2] / "reference" / "selection"


@pytest.mark.parametrize("kind", ["blp/HC3", "blp/cluster_HC1"])
def test_line_agrees_with_sandwich(kind):
    theirs = json.loads((FOLDER / "rate_reference.json").read_text(encoding="utf-8"))[kind]
    with gzip.open(FOLDER / "rate_reference.csv.gz", "rt", encoding="utf-8") as lines:
        table = np.genfromtxt(lines, delimiter=",", names=True)
    cluster = table["cluster"].astype(int) if "cluster" in kind else None
    ours = calibration_line(table["score"], table["prio"], level=95.0, cluster=cluster)
    np.testing.assert_allclose([one.estimate for one in ours], theirs["coef"], rtol=1e-9)
    np.testing.assert_allclose([one.se for one in ours], theirs["se"], rtol=1e-9)


def test_four_persons_by_hand():
    average, slope = calibration_line(
        np.array([0.0, 2.0, 4.0, 6.0]), np.array([-1.0, -1.0, 1.0, 1.0]), level=95.0
    )
    assert (average.estimate, slope.estimate) == (pytest.approx(3.0), pytest.approx(2.0))
    # Residuals -1, 1, -1, 1; leverage 1/2 each, so that HC3 counts them as 2.
    assert slope.se == pytest.approx(np.sqrt(4 * (2.0 / 4.0) ** 2))
    assert average.se == pytest.approx(1.0)


def test_weights_are_those_of_least_squares():
    rng = np.random.default_rng(1)
    score, predicted = rng.normal(size=(2, 40))
    w = rng.uniform(0.5, 2.0, 40)
    x = predicted - (w * predicted).sum() / w.sum()
    design = np.column_stack([np.ones(40), x])
    bread = np.linalg.inv(design.T @ (w[:, None] * design))
    b = bread @ design.T @ (w * score)
    leverage = w * np.einsum("ij,jk,ik->i", design, bread, design)
    rows = design * (w * (score - design @ b) / (1.0 - leverage))[:, None]
    errors = np.sqrt(np.diag(bread @ rows.T @ rows @ bread))
    made = calibration_line(score, predicted, level=95.0, weight=w)
    np.testing.assert_allclose([one.estimate for one in made], b, rtol=1e-10)
    np.testing.assert_allclose([one.se for one in made], errors, rtol=1e-10)


def test_equal_predictions_have_no_slope():
    average, slope = calibration_line(np.array([1.0, 2.0, 6.0]), np.full(3, 0.1), level=95.0)
    assert average.estimate == pytest.approx(3.0)
    assert np.isnan(slope.estimate)


def test_two_persons_are_refused():
    with pytest.raises(DataError, match="there are 2 persons"):
        calibration_line(np.zeros(2), np.arange(2.0), level=95.0)


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(4000, 2))
    return made_scores(0.5 + X[:, 0] + rng.normal(size=4000), X)


@pytest.mark.parametrize(("scale", "slope"), [(1.0, 1.0), (2.0, 0.5), (-1.0, -1.0)])
def test_slope_and_error_of_known_predictions(many, scale, slope):
    model = LinearModel(0.5, (scale, 0.0))
    held = external(many, model, trained_on=(), label="known")
    made = calibration(many, held, groups=5, level=95.0, seed=1, replicates=500)
    assert made.slope.estimate == pytest.approx(slope, abs=4.0 * made.slope.se)
    # Where predictions are scaled the gap is (scale - 1) times the group's mean of X: for fifths
    # of a normal the root mean square of these means is 0.9464.
    means = 5.0 * -np.diff([0.0, 0.27996, 0.38634, 0.38634, 0.27996, 0.0])
    expected = abs(scale - 1.0) * np.sqrt((means**2).mean())
    assert made.error == pytest.approx(expected, abs=0.06)
    assert (made.p_heterogeneity < 0.01) == (scale > 0)


def test_groups_are_quantiles_of_the_fold(many):
    held = crossfit(many, Column(place=0), seed=1)
    made = calibration(many, held, groups=4, level=95.0, seed=1, replicates=500)
    assert [one.label for one in made.groups.groups] == [
        "1 of 4, least",
        "2 of 4",
        "3 of 4",
        "4 of 4, greatest",
    ]
    assert [one.n for one in made.groups.groups] == [1000] * 4
    assert all(one.treated + one.comparator == one.n for one in made.groups.groups)
    effects = [one.effect.estimate for one in made.groups.groups]
    assert effects == sorted(effects)
    top = made.groups.groups[-1]
    assert top.band_low < top.effect.ci_low < top.effect.estimate
    assert np.average(effects, weights=[one.n for one in made.groups.groups]) == pytest.approx(
        made.average.estimate
    )
    assert len(made.predicted) == 99
    assert made.predicted[49] == pytest.approx(np.median(many.X[:, 0]), abs=0.01)


def test_levels_of_folds_do_not_matter(many):
    """Predictions that differ between folds only tell nothing."""
    held = crossfit(many, Ridge(penalty=np.inf), seed=1)
    assert np.unique(held.effect).size == 5
    made = calibration(many, held, groups=4, level=95.0, seed=1, replicates=500)
    assert np.isnan(made.slope.estimate)
    assert np.isnan(made.p_heterogeneity)
    # All persons of a fold stay together.
    assert [one.label for one in made.groups.groups] == ["3 of 4"]

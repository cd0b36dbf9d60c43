from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.selection.data.features import Feature, FeatureCoding
from locoreg.selection.patient.cells import Cells, grow_cells, make_cells
from locoreg.selection.patient.distance import column_spreads, importance_of_columns
from locoreg.selection.patient.importance import model_importance
from locoreg.selection.patient.limits import LEAST_IN_CELL, LEAST_OF_OPTION
from locoreg.selection.patient.neighbourhood import neighbourhood
from locoreg.selection.patient.sums import COMPARATOR, EFFECT, TREATED, CellSums
from locoreg.selection.scores import Scores
from locoreg.stats.rankweighted import weighted_mean
from tests.selection.patient.world import scored

ALIKE = np.ones(3)


def made(scores: Scores) -> tuple[Cells, np.ndarray]:
    return make_cells(scores, np.ones(scores.X.shape[1]), most=500)


def test_distances_are_root_mean_squares_to_the_members() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(50.0, [1.0, 9.0, 3.0], (60, 3))
    cell, arm = np.repeat([0, 1], 30), np.tile([0, 1], 30)
    groups = [[X[(cell == k) & (arm == a)] for k in (0, 1)] for a in (0, 1)]
    cells = Cells(
        spread=np.array([1.0, 9.0, 3.0]),
        importance=ALIKE,
        count=np.array([[len(g) for g in row] for row in groups]),
        mean=np.array([[g.mean(axis=0) for g in row] for row in groups]),
        variance=np.array([[g.var(axis=0) for g in row] for row in groups]),
        farthest=np.zeros(2),
    )
    x = np.array([[49.0, 60.0, 50.0]])
    expected = [
        [np.sqrt((((g - x) / cells.spread) ** 2).sum(axis=1).mean()) for g in row] for row in groups
    ]
    np.testing.assert_allclose(cells.distances(x)[:, 0], expected, rtol=1e-12)


def test_cells_hold_enough_persons_of_either_option() -> None:
    scores = scored()
    cells, cell = made(scores)
    assert cells.size.sum() == scores.n
    assert cells.size.size > 5
    assert cells.size.min() >= LEAST_IN_CELL
    assert cells.count.min() >= LEAST_OF_OPTION
    treated = np.bincount(cell, weights=scores.treated)
    np.testing.assert_array_equal(cells.count[1], treated)


def test_shares_of_levels_are_held_in_tens_of_persons() -> None:
    scores = scored()
    cells, _ = made(scores)
    j = scores.coding.names.index("her2: positive")
    persons = cells.mean[:, :, j] * cells.count
    tens = np.abs(persons / 10.0 - np.round(persons / 10.0)) < 1e-9
    everybody = np.abs(persons - cells.count) < 1e-9
    assert (tens | everybody).all()
    assert persons.max() > 0.0


def test_outcomes_play_no_part() -> None:
    scores = scored()
    mixed = replace(
        scores, gamma1=scores.gamma1[::-1], outcome=-scores.outcome, mean=scores.mean[::-1]
    )
    np.testing.assert_array_equal(made(scores)[1], made(mixed)[1])


def test_the_order_of_persons_does_not_matter() -> None:
    scores = scored()
    rows = np.random.default_rng(2).permutation(scores.n)
    one, other = made(scores)[0], made(scores.take(rows))[0]
    np.testing.assert_array_equal(one.count, other.count)
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-9)
    np.testing.assert_allclose(one.farthest, other.farthest, atol=1e-9)


def test_columns_that_count_nothing_are_not_parted() -> None:
    scores = scored()
    first = np.where(np.array(scores.coding.variables) == "age", 1.0, 0.0)
    cells, _ = make_cells(scores, first, most=500)
    spread = [np.ptp(cells.mean[0, :, j]) / cells.spread[j] for j in range(3)]
    assert spread[0] > 2.0
    assert spread[1] < 1.0


def test_a_median_that_is_also_the_largest_value_parts() -> None:
    X = np.repeat([0.0, 1.0], [100, 300])[:, None]
    cell, k = grow_cells(X, np.tile([True, False], 200), np.ones(1), most=500)
    assert k == 2
    np.testing.assert_array_equal(np.bincount(cell), [100, 300])


def test_too_few_persons_are_refused() -> None:
    with pytest.raises(DesignError, match="60 persons, 10 of them treated, are too few"):
        grow_cells(np.arange(60.0)[:, None], np.arange(60) < 10, np.ones(1), most=500)


def test_at_most_about_as_many_cells_as_asked_for() -> None:
    X = np.random.default_rng(3).random((4000, 2))
    _, k = grow_cells(X, np.tile([True, False], 2000), np.ones(2), most=8)
    assert 4 <= k <= 8


def test_neighbourhoods_are_the_nearest_and_hold_a_twentieth() -> None:
    scores = scored()
    cells, cell = made(scores)
    x = scores.X[0]
    place = cells.like(x)
    squares = ((scores.X - x) / cells.spread) ** 2
    distance = np.array([squares[cell == k].sum(axis=1).mean() for k in range(cells.size.size)])
    # Rounding of stored means may swap neighbours that are about as near.
    assert distance[place].max() <= np.sort(distance)[place.size - 1] * 1.1
    assert cells.size[place].sum() >= 100
    assert cells.size[place[:-1]].sum() < 100


def test_spreads() -> None:
    features = (
        Feature(variable="age", kind="number"),
        Feature(variable="rare", kind="number"),
        Feature(variable="her2", kind="level", level="yes"),
        Feature(variable="site", kind="level", level="bone"),
        Feature(variable="site", kind="level", level="lung"),
        Feature(variable="site", kind="level", level="liver"),
        Feature(variable="age", kind="unknown"),
    )
    coding = FeatureCoding(features=features, levels={}, ranges={})
    X = np.zeros((1000, 7))
    X[:, 0] = np.random.default_rng(4).normal(60.0, 12.0, 1000)
    X[:10, 1] = 1.0
    spread = column_spreads(coding, X)
    assert spread[0] == pytest.approx(12.0, rel=0.1)
    assert spread[1] == pytest.approx(np.sqrt(0.01 * 0.99))
    # A different level counts two spreads: by one column that differs, or by two.
    assert (1.0 / spread[2]) ** 2 == pytest.approx(4.0)
    assert 2.0 * (1.0 / spread[3]) ** 2 == pytest.approx(4.0)
    assert (1.0 / spread[6]) ** 2 == pytest.approx(4.0)


def test_importance() -> None:
    coding = scored().coding
    shares = importance_of_columns(coding, {"age": 3.0, "metastases": 1.0})
    np.testing.assert_allclose(shares, [2.25, 0.75, 0.0])
    with pytest.raises(DesignError, match="importance names 'agee'"):
        importance_of_columns(coding, {"agee": 1.0})
    with pytest.raises(DesignError, match="the importance of age is -1"):
        importance_of_columns(coding, {"age": -1.0})
    with pytest.raises(DesignError, match="no covariate has an importance above 0"):
        importance_of_columns(coding, {"metastases": 0.0})


def test_importance_of_models() -> None:
    scores = scored()

    def line(X: np.ndarray) -> np.ndarray:
        return X[:, 0] / scores.X[:, 0].std() + 2.0 * X[:, 1] / scores.X[:, 1].std()

    def constant(X: np.ndarray) -> np.ndarray:
        return np.ones(X.shape[0])

    # Shuffling changes a line by twice the variance of its term: shares 1/5 and 4/5 of 0.9.
    shares = model_importance(scores, (line, constant), seed=1)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["age"] == pytest.approx(0.1 / 3 + 0.9 / 5, abs=0.03)
    assert shares["metastases"] == pytest.approx(0.1 / 3 + 0.9 * 4 / 5, abs=0.03)
    assert shares["her2"] == pytest.approx(0.1 / 3)
    assert model_importance(scores, (constant,), seed=1)["age"] == pytest.approx(1 / 3)
    rows = np.random.default_rng(8).permutation(scores.n)
    again = model_importance(scores.take(rows), (line,), seed=1)
    assert again == pytest.approx(model_importance(scores, (line,), seed=1))


@pytest.mark.parametrize("kind", ["plain", "weight", "cluster", "both"])
def test_means_of_unions_are_those_of_their_persons(kind: str) -> None:
    scores = scored()
    rng = np.random.default_rng(5)
    changed = {}
    if kind in ("weight", "both"):
        changed["weight"] = rng.uniform(0.5, 3.0, scores.n)
    if kind in ("cluster", "both"):
        changed["cluster"] = rng.integers(0, 15, scores.n)
    scores = replace(scores, data=replace(scores.data, **changed))
    cells, cell = made(scores)
    sums = CellSums.of(scores, cell, cells.size.size)
    place = cells.like(scores.X[3])
    rows = np.isin(cell, place)
    for what, gamma in (
        (EFFECT, scores.gamma),
        (COMPARATOR, scores.gamma0),
        (TREATED, scores.gamma1),
    ):
        cluster = scores.cluster
        expected = weighted_mean(
            gamma[rows],
            level=95.0,
            weight=scores.weight[rows],
            cluster=None if cluster is None else cluster[rows],
        )
        found = sums.mean(what, place, int(rows.sum()), 95.0)
        assert found.estimate == pytest.approx(expected.estimate, rel=1e-10)
        assert found.se == pytest.approx(expected.se, rel=1e-8)
        assert found.ci_low == pytest.approx(expected.ci_low, rel=1e-7)


def test_a_neighbourhood_has_effect_and_outcomes_that_fit_together() -> None:
    scores = scored()
    cells, cell = made(scores)
    sums = CellSums.of(scores, cell, cells.size.size)
    place = cells.like(scores.X[0])
    found = neighbourhood(cells, place, sums, (), level=90.0)
    assert found.n == found.treated + found.comparator == np.isin(cell, place).sum()
    assert found.means.effect.estimate == pytest.approx(
        found.means.treated_mean.estimate - found.means.comparator_mean.estimate
    )
    assert found.means.effect.level == 90.0
    assert found.survival is None
    again = CellSums.restore(sums.arrays())
    assert again.mean(EFFECT, place, found.n, 90.0) == found.means.effect


def test_intervals_of_neighbourhoods_hold_the_truth() -> None:
    """Scores with a known mean in every cell: 95% of the intervals hold it."""
    scores = scored()
    cells, cell = made(scores)
    rng = np.random.default_rng(6)
    truth = scores.X[:, 0] / 10.0
    held, tried = 0, 0
    for _ in range(60):
        noise = rng.standard_exponential(scores.n) * 5.0 - 5.0
        drawn = replace(scores, gamma1=truth + noise, gamma0=np.zeros(scores.n))
        sums = CellSums.of(drawn, cell, cells.size.size)
        for k in range(cells.size.size):
            place = np.array([k])
            one = sums.mean(EFFECT, place, int(cells.size[k]), 95.0)
            # The spread of the truth within the cell is in the interval, and not in the mean.
            held += one.ci_low <= truth[cell == k].mean() <= one.ci_high
            tried += 1
    assert 0.93 < held / tried < 0.99

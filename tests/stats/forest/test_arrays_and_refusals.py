"""A forest from its arrays, and input that is refused."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.forest import Forest, ForestOptions, GrownForest, grow_forest
from tests.stats.forest.made import SMALL, Drawn

# ---------------------------------------------------------------------------------- the arrays


def test_restored_forest_predicts_the_same(drawn: Drawn, grown: GrownForest) -> None:
    X, _, _ = drawn
    file = io.BytesIO()
    np.savez(file, **grown.forest.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = Forest.restore(dict(arrays))
    assert again.predict(X).tolist() == grown.forest.predict(X).tolist()
    for name, values in grown.forest.arrays().items():
        assert again.arrays()[name].dtype == values.dtype
        assert again.arrays()[name].tolist() == values.tolist()


@pytest.mark.parametrize(
    ("name", "place", "value", "said"),
    [
        ("child", 0, 0, "a child that is none"),
        ("child", 0, 10**6, "a child that is none"),
        ("child", -1, -(10**6), "a leaf that is none"),
        ("feature", 0, 99, "a column that it has not"),
        ("leaf", 0, np.nan, "no pairs of finite numbers"),
        ("start", 0, 3, "no order"),
        ("edge_start", -1, 3, "no order"),
    ],
)
def test_damaged_arrays_are_refused(
    grown: GrownForest, name: str, place: int, value: float, said: str
) -> None:
    arrays = {key: values.copy() for key, values in grown.forest.arrays().items()}
    arrays[name][place] = value
    with pytest.raises(DataError, match=said):
        Forest.restore(arrays)


def test_missing_or_unequal_arrays_are_refused(grown: GrownForest) -> None:
    arrays = grown.forest.arrays()
    with pytest.raises(DataError, match="no array 'leaf'"):
        Forest.restore({k: v for k, v in arrays.items() if k != "leaf"})
    with pytest.raises(DataError, match="nodes have unequal arrays"):
        Forest.restore({**arrays, "cut": arrays["cut"][1:]})
    with pytest.raises(DataError, match="columns have unequal arrays"):
        Forest.restore({**arrays, "importance": arrays["importance"][1:]})


# -------------------------------------------------------------------------------------- bad input


def test_values_that_are_no_numbers_are_refused_by_row(drawn: Drawn, grown: GrownForest) -> None:
    X, a, b = drawn
    hole = X.copy()
    hole[4, 2] = np.nan
    with pytest.raises(DataError, match="column 3 of X is no finite number in row 5"):
        grow_forest(hole, a, b, options=SMALL, seed=1)
    with pytest.raises(DataError, match="column 3 of X is no finite number in row 5"):
        grown.forest.predict(hole)
    bad = b.copy()
    bad[0] = np.inf
    with pytest.raises(DataError, match="outcome is no finite number in row 1"):
        grow_forest(X, a, bad, options=SMALL, seed=1)
    with pytest.raises(DataError, match="weight is not positive in row 2"):
        grow_forest(X, a, b, options=SMALL, seed=1, weight=np.where(np.arange(300) == 1, 0.0, 1.0))


def test_arrays_that_do_not_fit_are_refused(drawn: Drawn, grown: GrownForest) -> None:
    X, a, b = drawn
    with pytest.raises(DataError, match="treatment has 299 values for 300 rows"):
        grow_forest(X, a[1:], b, options=SMALL, seed=1)
    with pytest.raises(DataError, match="cluster has shape"):
        grow_forest(X, a, b, options=SMALL, seed=1, cluster=[1, 2])
    with pytest.raises(DataError, match="treatment is 0 in every row"):
        grow_forest(X, np.zeros(300), b, options=SMALL, seed=1)
    with pytest.raises(DataError, match="X has shape"):
        grow_forest(X[:, 0], a, b, options=SMALL, seed=1)
    with pytest.raises(DataError, match="3 columns, but the forest was grown on 4"):
        grown.forest.predict(X[:, :3])


def test_too_few_trees_persons_or_clusters_are_refused(drawn: Drawn) -> None:
    X, a, b = drawn
    with pytest.raises(DesignError, match="persons without a tree that did not draw them"):
        grow_forest(X, a, b, options=replace(SMALL, trees=1), seed=1)
    with pytest.raises(DesignError, match="3 rows are too few"):
        grow_forest(X[:3], a[:3], b[:3], options=SMALL, seed=1)
    with pytest.raises(DesignError, match="2 clusters are too few"):
        grow_forest(X, a, b, options=SMALL, seed=1, cluster=np.arange(300) % 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trees", 0), ("fraction", 1.0), ("most_persons", 2), ("honesty", 0.0), ("min_leaf", 0),
        ("min_arm", -1), ("balance", 0.5), ("features", 0), ("bins", 257), ("jobs", 0),
    ],
)  # fmt: skip
def test_options_are_checked(name: str, value: float) -> None:
    with pytest.raises(DesignError, match=f"{name} is {value}"):
        ForestOptions(**{name: value})


def test_unknown_criterion_is_refused() -> None:
    with pytest.raises(DataError, match="criterion 'het' is unknown"):
        ForestOptions(criterion="het")  # type: ignore[arg-type]


def test_defaults_follow_the_number_of_persons() -> None:
    options = ForestOptions()
    assert [options.least_per_arm(n) for n in (30, 1400, 35_000)] == [3, 15, 75]
    assert options.columns_per_node(15) == 15
    assert ForestOptions(**options.to_dict()) == options

import itertools
import statistics

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.biomarkers import NormaliseOptions, normalise_expression
from locoreg.selection.biomarkers.expression import stability


def test_stability_is_the_mean_deviation_of_log_ratios():
    logs = np.random.default_rng(1).normal(size=(12, 4))
    by_hand = []
    for j in range(4):
        others = [k for k in range(4) if k != j]
        by_hand.append(
            statistics.mean(statistics.stdev((logs[:, j] - logs[:, k]).tolist()) for k in others)
        )
    assert stability(logs) == pytest.approx(by_hand, rel=1e-12)


@pytest.fixture(scope="module")
def cycles():
    rng = np.random.default_rng(2)
    input_amount = rng.normal(0.0, 1.0, 40)
    noise = {"a": 0.05, "b": 0.06, "c": 0.8, "d": 1.0}
    return {name: 25.0 - input_amount + rng.normal(0.0, sd, 40) for name, sd in noise.items()}


def test_stable_references_are_chosen_and_the_input_cancels(cycles):
    made = normalise_expression(cycles, NormaliseOptions(scale="ct"))
    assert set(made.references) == {"a", "b"}
    assert made.names == ("c", "d")
    assert made.stability["c"] > made.stability["a"]
    assert made.values.std(axis=0) == pytest.approx([0.8, 1.0], rel=0.3)


def test_scales_agree(cycles):
    options = {"references": ("a",)}
    ct = normalise_expression(cycles, NormaliseOptions(scale="ct", **options))
    logs = {name: -values for name, values in cycles.items()}
    log2 = normalise_expression(logs, NormaliseOptions(scale="log2", **options))
    linear = normalise_expression(
        {name: 2.0**values for name, values in logs.items()},
        NormaliseOptions(scale="linear", **options),
    )
    assert log2.values == pytest.approx(ct.values, abs=1e-12)
    assert linear.values == pytest.approx(ct.values, abs=1e-9)


def test_haemolysis_is_marked_above_the_threshold():
    values = {
        "miR-451a": [18.0, 17.0, np.nan],
        "miR-23a-3p": [24.0, 24.5, 24.0],
        "x": [25.0, 25.0, 25.0],
    }
    made = normalise_expression(values, NormaliseOptions(scale="ct", references=("x",)))
    assert made.haemolysed.tolist() == [False, True, False]
    assert made.haemolysis_unknown == 1


def test_sample_without_reference_is_counted():
    made = normalise_expression(
        {"r": [20.0, np.nan], "x": [24.0, 25.0]},
        NormaliseOptions(scale="ct", references=("r",)),
    )
    assert made.without_reference == 1
    assert made.values[0, 0] == -4.0
    assert np.isnan(made.values[1, 0])
    assert made.haemolysed is None


def test_order_of_samples_is_no_matter(cycles):
    turn = np.random.default_rng(3).permutation(40)
    first = normalise_expression(cycles, NormaliseOptions(scale="ct"))
    second = normalise_expression(
        {name: values[turn] for name, values in cycles.items()}, NormaliseOptions(scale="ct")
    )
    assert second.references == first.references
    assert second.values == pytest.approx(first.values[turn], abs=1e-12)


def test_refuses():
    with pytest.raises(DesignError, match="no feature 'miR-61'"):
        normalise_expression(
            {"miR-16": [1.0]}, NormaliseOptions(scale="ct", references=("miR-61",))
        )
    with pytest.raises(DataError, match="x is 0 in row 1"):
        normalise_expression({"x": [0.0]}, NormaliseOptions(scale="linear", references=("x",)))
    with pytest.raises(DataError, match="too few to choose references"):
        normalise_expression({"x": [1.0], "y": [1.0]}, NormaliseOptions(scale="ct"))
    with pytest.raises(DataError, match="2 features are known in every sample"):
        normalise_expression(
            dict(itertools.islice({c: np.arange(9.0) + 20 for c in "xyz"}.items(), 2)),
            NormaliseOptions(scale="ct"),
        )
    with pytest.raises(DataError, match="scale 'cq' is unknown"):
        NormaliseOptions(scale="cq")

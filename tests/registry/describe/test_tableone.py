"""Table 1: hand cases, percentages, unknown rows, standardised differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.registry.describe.smd import categorical_smd, continuous_smd
from locoreg.registry.describe.tableone import Variable, table_one

AGE = Variable(key="age", label="Age", kind="continuous", unit="years")
SEX = Variable(key="sex", label="Sex", kind="categorical", levels=("female", "male"))


def text(values: list[str | None]) -> np.ndarray:
    return np.array(values, dtype=object)


def test_continuous_difference_by_hand() -> None:
    # Means 2 and 4, variances 1 and 4: 2 / sqrt(2.5).
    first, second = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    assert continuous_smd(first, second) == pytest.approx(-2 / math.sqrt(2.5))
    assert math.isnan(continuous_smd(first, np.array([1.0])))
    assert continuous_smd(np.array([1.0, 1.0]), np.array([2.0, 2.0])) == -math.inf
    assert continuous_smd(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0


def test_two_levels_collapse_to_the_difference_of_proportions() -> None:
    p, q = 0.3, 0.5
    expected = abs(p - q) / math.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert categorical_smd(np.array([70.0, 30.0]), np.array([50.0, 50.0])) == pytest.approx(
        expected
    )


def test_three_levels_by_hand() -> None:
    # T = (.3, .5), C = (.4, .2) without the first level; covariances after Yang and Dalton.
    t, c = np.array([0.3, 0.5]), np.array([0.4, 0.2])
    s11 = (0.3 * 0.7 + 0.4 * 0.6) / 2
    s22 = (0.5 * 0.5 + 0.2 * 0.8) / 2
    s12 = -(0.3 * 0.5 + 0.4 * 0.2) / 2
    inverse = np.array([[s22, -s12], [-s12, s11]]) / (s11 * s22 - s12**2)
    expected = math.sqrt((t - c) @ inverse @ (t - c))
    found = categorical_smd(np.array([20.0, 30.0, 50.0]), np.array([40.0, 40.0, 20.0]))
    assert found == pytest.approx(expected)


@given(st.permutations([0, 1, 2, 3]))
def test_the_order_of_levels_does_not_matter(order: list[int]) -> None:
    first, second = np.array([10.0, 20.0, 30.0, 0.0]), np.array([15.0, 5.0, 0.0, 40.0])
    expected = categorical_smd(first, second)
    assert categorical_smd(first[order], second[order]) == pytest.approx(expected, rel=1e-9)


def test_groups_that_can_be_told_apart() -> None:
    assert categorical_smd(np.array([5.0, 0.0]), np.array([0.0, 5.0])) == math.inf
    assert math.isnan(categorical_smd(np.array([0.0, 0.0]), np.array([1.0, 5.0])))
    assert categorical_smd(np.array([5.0, 0.0]), np.array([7.0, 0.0])) == 0


def test_table_by_hand() -> None:
    table = table_one(
        {
            "age": np.array([40.0, 50.0, 60.0, np.nan, 70.0, 80.0]),
            "sex": text(["female", "female", "male", "female", None, "male"]),
        },
        [AGE, SEX],
        group=text(["a", "a", "a", "a", "b", "b"]),
        small_cells=None,
    )
    assert table.header() == ("a (N = 4)", "b (N = 2)", "Overall (N = 6)")
    shown = {(line.label, line.level): [c.text for c in line.cells] for line in table.lines}
    assert shown == {
        ("Age", ""): ["50.0 (45.0, 55.0)", "75.0 (72.5, 77.5)", "60.0 (50.0, 70.0)"],
        ("Age", "Unknown"): ["1 (25.0%)", "0 (0.0%)", "1 (16.7%)"],
        ("Sex", "female"): ["3 (75.0%)", "0 (0.0%)", "3 (50.0%)"],
        ("Sex", "male"): ["1 (25.0%)", "1 (50.0%)", "2 (33.3%)"],
        ("Sex", "Unknown"): ["0 (0.0%)", "1 (50.0%)", "1 (16.7%)"],
    }
    assert table.lines[0].smd == pytest.approx(-25 / math.sqrt((100 + 50) / 2))
    assert table.lines[2].smd == pytest.approx(
        categorical_smd(np.array([3.0, 1]), np.array([0.0, 1]))
    )


def test_small_groups_are_told_together_by_name() -> None:
    table = table_one(
        {"sex": text(["female"] * 20 + ["male"] * 5)},
        [SEX],
        group=text(["a"] * 12 + ["b"] * 3 + ["c"] * 10),
        small_cells=4,
    )
    assert table.columns == ("a", "Together: b, c", "Overall")
    assert table.sizes == (12, 13, 25)
    assert table.left_out == {}
    few = table_one(
        {"sex": text(["female"] * 3)}, [SEX], group=text(["a", "a", "b"]), small_cells=4
    )
    assert few.left_out == {"Together: a, b": "≤4"}
    assert few.sizes == (0,)


def test_a_hidden_count_hides_its_difference_and_a_limit_below_one_is_refused() -> None:
    values = text(["female"] * 9 + ["male"] + ["female"] * 8 + ["male"] * 12)
    group = text(["a"] * 10 + ["b"] * 20)
    table = table_one({"sex": values}, [SEX], group=group, small_cells=3)
    assert table.lines[0].smd is None
    with pytest.raises(DesignError, match="1 or more"):
        table_one({"sex": values}, [SEX], group=group, small_cells=0)


def test_a_label_like_a_formula_is_escaped_on_export() -> None:
    table = table_one(
        {"sex": text(['=cmd|"/c calc"!A1', "female"])}, [SEX], group=None, small_cells=None
    )
    assert "'=cmd" in table.to_csv()
    assert "\n=cmd" not in table.to_csv()
    assert list(table.to_frame()["level"]) == ["female", '=cmd|"/c calc"!A1']


@given(
    st.lists(st.sampled_from(["x", "y", "z", None]), min_size=1, max_size=60),
    st.sampled_from([None, 3]),
)
@settings(deadline=None, max_examples=50)
def test_percentages_add_up_and_nobody_is_lost(
    values: list[str | None], small_cells: int | None
) -> None:
    variable = Variable(key="v", label="V", kind="categorical")
    table = table_one({"v": text(values)}, [variable], group=None, small_cells=small_cells)
    cells = [line.cells[0] for line in table.lines]
    if table.left_out:
        assert len(values) <= 3
        return
    if all(cell.n is not None for cell in cells):
        assert sum(cell.n or 0 for cell in cells) == len(values)
        assert sum(cell.percent or 0 for cell in cells) == pytest.approx(100)
    else:
        assert small_cells == 3

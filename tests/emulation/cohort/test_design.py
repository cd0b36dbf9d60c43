"""From variables to columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort import Coding, Column
from locoreg.emulation.cohort.design import code_baseline
from locoreg.stats.naturalspline import natural_spline, spline_knots
from tests.emulation import designs


def number(name, values):
    return Column(name=name, kind="number", values=np.asarray(values, dtype=float))


def category(name, values, levels):
    return Column(name=name, kind="category", values=np.asarray(values, dtype=float), levels=levels)


def code(*columns, **more):
    return code_baseline(columns, Coding(names=tuple(c.name for c in columns), **more))


def test_categories_have_a_column_per_level_but_the_first():
    age = number("age", [50, 60, 70, 80])
    found = code(age, category("stage", [0, 1, 2, 0], ("I", "II", "III")))
    assert found.names == ("age", "stage: II", "stage: III")
    assert found.variables == ("age", "stage", "stage")
    np.testing.assert_array_equal(found.X, [[50, 0, 0], [60, 1, 0], [70, 0, 1], [80, 0, 0]])


def test_the_reference_is_the_first_level_that_occurs():
    # With level I as reference both columns would add up to 1.
    found = code(category("stage", [1, 2, 1, 2], ("I", "II", "III")), number("age", [1, 2, 3, 5]))
    assert found.names == ("stage: III", "age")


def test_constant_columns_are_dropped_and_named():
    found = code(number("age", [5, 5, 5]), category("sex", [0, 1, 0], ("f", "m")))
    assert found.names == ("sex: m",)
    assert found.dropped == ("age",)


def test_collinear_columns_are_named():
    columns = [
        number("years", [1, 2, 3, 5, 8]),
        number("days", [365.25, 730.5, 1095.75, 1826.25, 2922]),
        number("other", [1, 0, 0, 1, 0]),
    ]
    with pytest.raises(DesignError, match=r"'days' .* determined by 'years'"):
        code(*columns)


def test_a_combination_of_levels_is_named():
    stage = category("stage", [0, 1, 2, 0, 1, 2], ("I", "II", "III"))
    late = category("late", [0, 1, 1, 0, 1, 1], ("no", "yes"))
    with pytest.raises(DesignError, match=r"'late: yes'.*'stage: II', 'stage: III'"):
        code(stage, late)


def test_persons_unknown_in_two_variables_are_told_apart_once():
    first = category("a", [0, 1, 2, 0, 2, 1], ("x", "y", "unknown"))
    second = category("b", [1, 0, 2, 0, 2, 0], ("x", "y", "unknown"))
    found = code(first, second)
    assert found.names == ("a: y", "a: unknown", "b: y")
    assert found.dropped == ("b: unknown",)


def test_splines_have_their_knots_from_the_values():
    age = np.random.default_rng(1).normal(60, 10, 200)
    found = code(number("age", age), splines=(("age", 3),))
    np.testing.assert_array_equal(found.X, natural_spline(age, spline_knots(age, 3)))
    assert found.names == ("age", "age: spline 2", "age: spline 3")


def test_given_knots_hold_in_any_part_of_the_cohort():
    age = np.random.default_rng(1).normal(60, 10, 200)
    coding = Coding(names=("age",), splines=(("age", 2),), knots=(("age", (45.0, 60.0, 75.0)),))
    whole = code_baseline([number("age", age)], coding)
    part = code_baseline([number("age", age[:50])], coding)
    np.testing.assert_array_equal(part.X, whole.X[:50])


def test_a_spline_of_a_category_is_refused():
    with pytest.raises(DesignError, match="stage is a category"):
        code(category("stage", [0, 1], ("I", "II")), splines=(("stage", 3),))


def test_a_spline_of_few_values_names_the_variable():
    with pytest.raises(DesignError, match=r"lesions.*distinct knots"):
        code(number("lesions", [1, 1, 1, 1, 2, 2, 3]), splines=(("lesions", 4),))


def test_a_spline_of_no_confounder_is_refused():
    with pytest.raises(DesignError, match="no baseline confounder"):
        Coding(names=("age",), splines=(("weight", 3),))


def test_a_confounder_named_twice_is_refused():
    with pytest.raises(DesignError, match="age is named twice"):
        Coding(names=("age", "sex", "age"))


def test_unknown_values_are_refused():
    with pytest.raises(DataError, match="age is unknown for 1 of 2"):
        code(number("age", [50, np.nan]))


def test_no_confounders_give_no_columns_for_everybody():
    cohort = designs.cohort(time=[1, 2, 3], event=[1, 0, 1], treatment_time=[np.inf] * 3)
    assert cohort.design().X.shape == (3, 0)
    assert cohort.design_at(0.0).X.shape == (3, 0)


def histories_cohort():
    n = 4
    marker = designs.history("marker", [0, 0, 2], [-1, 2, 1], [5, 7, 9], n=n)
    response = designs.history(
        "response", [0, 1, 1], [0, 0, 3], [2, 0, 1], levels=("CR", "PR", "SD", "PD"), n=n
    )
    return designs.cohort(
        time=[9, 9, 9, 9], event=[0] * n, treatment_time=[1] * n, histories=(marker, response)
    )


def test_histories_have_the_same_columns_at_every_time():
    cohort = histories_cohort()
    names = (
        "marker",
        "marker: none yet",
        "response: PR",
        "response: SD",
        "response: none yet",
    )
    for month in (-2.0, 0.0, 3.0, 50.0):
        assert cohort.design_at(month).names == names


def test_histories_by_hand():
    found = histories_cohort().design_at(2.0)
    expected = [
        [7, 0, 0, 1, 0],
        [0, 1, 0, 0, 0],
        [9, 0, 0, 0, 1],
        [0, 1, 0, 0, 1],
    ]
    np.testing.assert_array_equal(found.X, expected)


def test_histories_that_are_not_adjusted_for_are_left_out():
    cohort = histories_cohort()
    less = replace(cohort, coding=replace(cohort.coding, history_names=("marker",)))
    assert less.design_at(1.0).variables == ("marker", "marker")


def test_codings_are_json_ready():
    coding = Coding(names=("age",), splines=(("age", 2),), knots=(("age", (1.0, 2.0, 3.0)),))
    assert coding.to_dict() == {
        "names": ["age"],
        "history_names": [],
        "splines": [["age", 2]],
        "knots": [["age", [1.0, 2.0, 3.0]]],
    }

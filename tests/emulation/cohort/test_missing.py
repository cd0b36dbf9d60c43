"""Confounders that are unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort import Column, apply_missing
from tests.emulation import designs

NAN = np.nan


def cohort(age=(50, NAN, 70, 80, 90, 60), stage=(0, 1, NAN, 1, 0, 0)):
    columns = (
        Column(name="age", kind="number", values=np.array(age, dtype=float)),
        Column(
            name="stage",
            kind="category",
            values=np.array(stage, dtype=float),
            levels=("I", "II"),
        ),
    )
    return designs.cohort(
        time=[1, 2, 3, 4, 5, 6],
        event=[1, 0, 1, 0, 1, 0],
        treatment_time=[np.inf] * 6,
        baseline=columns,
    )


def test_refuse_names_all_variables_with_counts():
    with pytest.raises(DataError, match=r"age for 1 of 6 \(16.7%\), stage for 1 of 6"):
        apply_missing(cohort(), "refuse")


def test_complete_cases_are_counted_in_the_attrition():
    found = apply_missing(cohort(), "complete_cases")
    assert found.person_id == ("p000000", "p000003", "p000004", "p000005")
    step = found.attrition.steps[-1]
    assert (step.excluded, step.left, step.unknown) == (2, 4, 2)


def test_unknown_becomes_a_level_and_numbers_get_an_indicator():
    found = apply_missing(cohort(), "category")
    np.testing.assert_array_equal(found.column("age").values, [50, 70, 70, 80, 90, 60])
    assert found.column("stage").levels == ("I", "II", "unknown")
    assert found.coding.names == ("age", "stage", "age known")
    design = found.design()
    assert design.names == ("age", "stage: II", "stage: unknown", "age known: unknown")
    np.testing.assert_array_equal(design.X[:, -1], [0, 1, 0, 0, 0, 0])


def test_knots_of_splines_come_from_known_values():
    rng = np.random.default_rng(1)
    age = np.where(rng.random(300) < 0.5, NAN, rng.normal(60, 10, 300))
    start = designs.cohort(
        time=np.ones(300),
        event=np.zeros(300),
        treatment_time=np.ones(300),
        baseline=(Column(name="age", kind="number", values=age),),
    )
    curved = replace(start, coding=replace(start.coding, splines=(("age", 3),)))
    found = apply_missing(curved, "category")
    known = np.quantile(age[~np.isnan(age)], [0.05, 0.35, 0.65, 0.95])
    np.testing.assert_allclose(found.coding.knots[0][1], known)
    assert found.design().names[-1] == "age known: unknown"


def test_a_level_that_is_called_unknown_takes_the_others_in():
    start = cohort()
    stage = replace(start.column("stage"), levels=("I", "unknown"))
    found = apply_missing(replace(start, baseline=(start.column("age"), stage)), "category")
    assert found.column("stage").levels == ("I", "unknown")
    np.testing.assert_array_equal(found.column("stage").values, [0, 1, 1, 1, 0, 0])


@pytest.mark.parametrize("rule", ["complete_cases", "category", "multiple_imputation"])
def test_a_second_time_changes_nothing(rule):
    once = apply_missing(cohort(), rule)
    assert apply_missing(once, rule).sha256() == once.sha256()


def test_nothing_unknown_changes_nothing():
    whole = cohort(age=(1, 2, 3, 4, 5, 6), stage=(0, 0, 1, 1, 0, 0))
    assert apply_missing(whole, "refuse") is whole


def test_values_stay_open_for_imputation():
    assert apply_missing(cohort(), "multiple_imputation").column("age").missing.any()


def test_nobody_complete_is_refused():
    with pytest.raises(DesignError, match="nobody has all confounders"):
        apply_missing(cohort((NAN, NAN, NAN, 1, 2, 3), (0, 1, 1, NAN, NAN, NAN)), "complete_cases")


def test_a_variable_unknown_for_all_is_refused():
    with pytest.raises(DesignError, match="age is unknown for everybody"):
        apply_missing(cohort(age=(NAN,) * 6), "category")


def test_variables_that_only_describe_may_be_unknown():
    start = cohort()
    free = replace(start, coding=replace(start.coding, names=()))
    assert apply_missing(free, "refuse") is free

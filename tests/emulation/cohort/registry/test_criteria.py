from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort import Column
from locoreg.emulation.cohort.criteria import judge
from locoreg.emulation.protocol.parts import Criterion


def category(*levels: str) -> Column:
    codes = np.array([*range(len(levels)), np.nan])
    return Column(name="ecog", kind="category", values=codes, levels=levels)


def criterion(**comparison: object) -> Criterion:
    return Criterion.model_validate(
        {"name": "fit", "variable": "ecog", "unknown": "exclude", **comparison}
    )


def test_levels_that_are_numbers_compare_as_numbers() -> None:
    # The level of those whose value is unknown is no value.
    found = judge(category("0", "1", "2", "10", "unknown"), criterion(at_least=1, at_most=2))
    assert found.kept.tolist() == [False, True, True, False, False, False]
    assert found.unknown.tolist() == [False, False, False, False, True, True]


def test_the_level_of_unknown_values_is_unknown_unless_it_is_named() -> None:
    column = category("no", "yes", "unknown")
    found = judge(column, criterion(equals=False))
    assert found.kept.tolist() == [True, False, False, False]
    assert found.unknown.tolist() == [False, False, True, True]
    named = judge(column, criterion(one_of=["unknown"]))
    assert named.kept.tolist() == [False, False, True, False]


def test_words_are_not_compared_with_numbers() -> None:
    with pytest.raises(DesignError, match="is a category"):
        judge(category("low", "high"), criterion(at_most=1))

"""Histories from a table of visits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort import cohort_from_table
from tests.emulation.cohort.tables import NAN, people, protocol

VISITS = pd.DataFrame(
    {
        "who": ["p1", "p3", "p1", "p2", "p9", "p1"],
        "when": [3.0, -1.0, 0.0, 2.0, 1.0, 3.0],
        "ecog": [2.0, 1.0, 1.0, NAN, 0.0, 2.0],
        "response": ["PD", None, "SD", "CR", "CR", None],
    }
)
VISIT_COLUMNS = {"visit_person": "who", "visit_time": "when"}


def test_visits_become_histories():
    varying = {"time_varying": ["ecog", "response"]}
    found = cohort_from_table(people(), protocol(table=VISIT_COLUMNS, confounders=varying), VISITS)
    ecog, response = found.histories
    np.testing.assert_array_equal(ecog.person, [0, 0, 2])
    np.testing.assert_array_equal(ecog.time, [0, 3, -1])
    np.testing.assert_array_equal(ecog.values, [1, 2, 1])
    assert response.levels == ("CR", "PD", "SD")
    np.testing.assert_array_equal(response.at(10.0), [1, 0, NAN, NAN])
    assert found.coding.history_names == ("ecog", "response")
    assert "1 visits belong to nobody" in found.audit[-1].message


def test_visits_in_days():
    varying = {"time_varying": ["ecog"]}
    days = protocol(table={**VISIT_COLUMNS, "unit": "days"}, confounders=varying)
    found = cohort_from_table(people(), days, VISITS.assign(when=VISITS["when"] * 30.4375))
    np.testing.assert_allclose(found.histories[0].time, [0, 3, -1])


def test_two_values_at_one_time_are_refused():
    varying = protocol(table=VISIT_COLUMNS, confounders={"time_varying": ["ecog"]})
    with pytest.raises(DataError, match="person p1 has two values of ecog at 3 months"):
        cohort_from_table(people(), varying, VISITS.assign(ecog=[2, 1, 1, 1, 0, 3]))


def test_missing_visits_are_refused():
    varying = {"time_varying": ["ecog"]}
    with pytest.raises(DesignError, match="no table of visits"):
        cohort_from_table(people(), protocol(table=VISIT_COLUMNS, confounders=varying))
    whole = protocol(table=VISIT_COLUMNS, confounders=varying)
    assert whole.table is not None
    nameless = whole.table.model_copy(update={"visit_time": None})
    with pytest.raises(DesignError, match="which columns of the visits"):
        cohort_from_table(people(), whole.model_copy(update={"table": nameless}), VISITS)

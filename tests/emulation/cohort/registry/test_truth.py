"""Cohorts of a synthetic registry beside what is true about its patients."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from locoreg.emulation.cohort import Cohort
from locoreg.emulation.cohort.registry import cohort_from_registry
from locoreg.registry.synthetic import simulate_registry
from tests.emulation.cohort.registry.asking import MONTH, protocol

PATIENTS = 3_000
# Days are whole numbers; months are days / 30.4375 and back.
DAY_ERROR = 1e-9
KINDS: dict[bool, dict[str, Any]] = {
    True: {"target": ["primary"], "modality": ["surgery"], "intent": ["ablative"]},
    False: {"target": ["lesion"], "modality": ["surgery", "sabr"], "intent": ["ablative"]},
}
# The truth keeps ages in single precision; a few primaries of HR-negative subtypes have a positive
# progesterone receptor, which makes them HR-positive by the rule.
DIFFERENT = {"age": 0.001, "subtype_primary": 0.01}
NAMES = (
    *("age", "ecog", "lesion_class", "visceral", "brain", "n_organs", "grade", "subtype_primary"),
    *("hormone_receptor_lost", "n_comorbidities"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("truth") / "r"
    simulate_registry(path, patients=PATIENTS, seed=11, scenario="constant")
    return path


@cache
def cohort_of(folder: Path, de_novo: bool) -> Cohort:
    criterion = {"name": "de novo", "variable": "de_novo", "equals": de_novo}
    return cohort_from_registry(
        folder,
        protocol(
            eligibility=[{**criterion, "unknown": "exclude"}],
            treatment=KINDS[de_novo],
            baseline=NAMES,
            varying=["response"],
            follow_up={"until": "2024-12-31"},
        ),
    )


def truth_of(folder: Path, cohort: Cohort) -> Any:
    table = pq.read_table(folder / "truth" / "SYNTHETIC-patients.parquet")
    rows = {person: i for i, person in enumerate(table["patient_id"].to_pylist()) if person}
    return table.take([rows[person] for person in cohort.person_id])


def numbers(truth: Any, name: str) -> np.ndarray:
    return np.asarray(truth[name].to_numpy(zero_copy_only=False), dtype=float)


@pytest.mark.parametrize("de_novo", [True, False], ids=["de novo", "recurrent"])
def test_follow_up_treatment_and_entry_are_the_truth(folder: Path, de_novo: bool) -> None:
    cohort = cohort_of(folder, de_novo)
    truth = truth_of(folder, cohort)
    everybody = pq.read_table(folder / "truth" / "SYNTHETIC-patients.parquet")
    entered = [
        person
        for person, kind in zip(
            everybody["patient_id"].to_pylist(), everybody["de_novo"].to_pylist(), strict=True
        )
        if person and kind is de_novo
    ]
    assert cohort.person_id == tuple(sorted(entered))
    assert cohort.synthetic
    end = numbers(truth, "end_day")
    np.testing.assert_allclose(cohort.time * MONTH, np.maximum(end, 0.5), atol=DAY_ERROR)
    dead = numbers(truth, "death_day_natural") == end
    np.testing.assert_array_equal(cohort.event, dead.astype(int))
    given = numbers(truth, "therapy_day_natural")
    given[np.isnan(given) | (given > end)] = np.inf
    np.testing.assert_allclose(cohort.treatment_time * MONTH, given, atol=DAY_ERROR)
    within = cohort.treatment_time < 6
    assert 0.02 * cohort.n < within.sum() < 0.5 * cohort.n
    assert cohort.entry is not None
    np.testing.assert_allclose(
        cohort.entry * MONTH, np.maximum(numbers(truth, "entry_day"), 0.0), atol=DAY_ERROR
    )
    # In the truth those who were followed for the 120 months of the registry are not lost, and
    # those who were lost on the last day of the data are.
    lost = np.asarray(truth["lost"].to_pylist())
    same = cohort.lost == lost
    assert (same | (cohort.time > 119) | lost).all()
    assert same.mean() > 0.9
    assert lost[~same & (cohort.time < 119)].sum() <= 2


@pytest.mark.parametrize("de_novo", [True, False], ids=["de novo", "recurrent"])
def test_variables_are_the_truth_where_they_are_known(folder: Path, de_novo: bool) -> None:
    cohort = cohort_of(folder, de_novo)
    truth = truth_of(folder, cohort)
    subtypes = {"HR+/HER2-": 0, "HR+/HER2+": 1, "HR-/HER2+": 2, "TNBC": 3}
    expected = {
        "age": np.floor(numbers(truth, "age")),
        "ecog": numbers(truth, "ecog"),
        "lesion_class": np.digitize(numbers(truth, "n_lesions"), (2, 4, 6)),
        "visceral": numbers(truth, "visceral"),
        "brain": numbers(truth, "brain"),
        "n_organs": numbers(truth, "n_organs"),
        "grade": numbers(truth, "grade") - 1,
        "subtype_primary": np.array([subtypes[w] for w in truth["subtype"].to_pylist()]),
    }
    for name, values in expected.items():
        column = cohort.column(name)
        known = ~column.missing
        assert known.mean() > 0.8, name
        different = column.values[known] != values[known]
        assert different.mean() <= DIFFERENT.get(name, 0.0), name
    # What nobody asked about counts as none, except where absent conditions are recorded.
    fewer = cohort.column("n_comorbidities").values - numbers(truth, "n_comorbidities")
    assert np.nanmax(fewer) == 0


def test_the_history_is_the_state_of_the_disease(folder: Path) -> None:
    cohort = cohort_of(folder, True)
    truth = truth_of(folder, cohort)
    (response,) = cohort.histories
    # CR and PR are the state of response; NE says nothing.
    state_of = np.array([0, 0, 1, 2, -1])
    words = {"response": 0, "stable": 1, "progression": 2, None: -1}
    for month in (3, 6, 12):
        state = np.array([words[w] for w in truth[f"state_{month}"].to_pylist()])
        found = response.at(float(month))
        seen = ~np.isnan(found) & (cohort.time > month) & (cohort.entry < month)
        coded = state_of[found[seen].astype(int)]
        assert seen.sum() > 200
        np.testing.assert_array_equal(coded[coded >= 0], state[seen][coded >= 0])

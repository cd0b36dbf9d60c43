from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from locoreg.registry.classify import complete_resection, lesion_burden
from tests.registry.classify.cases import LESIONS, Rows, by_patient, cohort, pet

AS_OF = dt.date(2020, 6, 30)


def lesion(
    name: str, organ: str | None = "bone", at: str = "2020-06-01", **v: Any
) -> dict[str, Any]:
    return {"lesion_id": name, "organ": organ, "first_seen_date": at, **v}


def size(name: str, exam: str, mm: float | None = None, **other: Any) -> dict[str, Any]:
    return {"lesion_id": name, "assess_id": exam, "longest_mm": mm, **other}


def cut(name: str | None, margin: str | None, at: str = "2020-06-10", **v: Any) -> dict[str, Any]:
    row = {"target": "lesion", "modality": "surgery", "margin": margin, "start_date": at, **v}
    return {**row, "lesion_id": name} if name else row


EXAM = pet("2020-06-01", None, assess_id="i")
LATER = pet("2020-06-20", None, assess_id="j")
CHEST = {"modality": "CT", "regions": "chest", "brain_imaged": False}
BELLY = {"modality": "CT", "regions": "abdomen;pelvis;skeleton", "brain_imaged": False}
# Rows, then lesions at least, at most, and other columns.
CASES: dict[str, tuple[Rows, int, int | None, dict[str, Any]]] = {
    "listed": (
        {"imaging_assessment": [EXAM], "lesion": [lesion("a"), lesion("b", "liver"), lesion("c")]},
        3,
        3,
        {"organs": "bone;liver", "n_organs": 2, "n_lesions_from": "lesions"},
    ),
    "regional ones don't count": (
        {
            "imaging_assessment": [EXAM],
            "lesion": [
                lesion("a"),
                lesion("b", "regional_ln"),
                lesion("c", "breast"),
                lesion("d", "distant_ln", is_regional=True),
                lesion("e", "contralateral_breast"),
            ],
        },
        1,
        1,
        {"organs": "bone"},
    ),
    "place unknown": (
        {"imaging_assessment": [EXAM], "lesion": [lesion("a"), lesion("b", None)]},
        1,
        2,
        {"n_lesions": None, "n_lesions_reason": "lesions_or_counts_leave_it_open"},
    ),
    "place unknown but distant": (
        {"imaging_assessment": [EXAM], "lesion": [lesion("b", None, is_regional=False)]},
        1,
        1,
        {"n_lesions_without_organ": 1, "organs": None},
    ),
    "disappeared": (
        {
            "imaging_assessment": [EXAM, LATER],
            "lesion": [lesion("a"), lesion("b"), lesion("c")],
            "lesion_measurement": [
                size("a", "i", 20.0), size("a", "j", 0.0),
                size("b", "i", 10.0), size("b", "j", None, state="absent"),
                size("c", "i", 10.0), size("c", "j", 15.0),
            ],
        },
        1,
        1,
        {"n_lesions_gone": 2, "largest_mm": 15.0, "sum_mm": 15.0, "n_measured": 1},
    ),
    "back again": (
        {
            "imaging_assessment": [EXAM, LATER],
            "lesion": [lesion("a")],
            "lesion_measurement": [size("a", "i", 0.0), size("a", "j", 5.0)],
        },
        1,
        1,
        {"n_lesions_gone": 0},
    ),
    "treated": (
        {
            "imaging_assessment": [EXAM],
            "lesion": [lesion("a")],
            "lesion_measurement": [size("a", "i", state="treated")],
        },
        0,
        1,
        {"n_lesions": None},
    ),
    "resected": (
        {
            "imaging_assessment": [EXAM],
            "lesion": [lesion("a"), lesion("b"), lesion("c"), lesion("d"), lesion("e")],
            "local_therapy": [
                cut("a", "R0"), cut("b", "R1"), cut("c", "R2"), cut("d", "RX"),
                cut("e", "R0", intent="diagnostic"),
            ],
        },
        2,
        3,
        {"n_lesions_gone": 2},
    ),
    "seen after the resection": (
        {
            "imaging_assessment": [EXAM, LATER],
            "lesion": [lesion("a")],
            "lesion_measurement": [size("a", "j", 9.0)],
            "local_therapy": [cut("a", "R0")],
        },
        1,
        1,
        {},
    ),
    "resection in the month of the imaging": (
        {
            "imaging_assessment": [EXAM, LATER],
            "lesion": [lesion("a")],
            "lesion_measurement": [size("a", "j", 9.0)],
            "local_therapy": [cut("a", "R0", at="2020-06")],
        },
        0,
        1,
        {},
    ),
    "irradiated and not imaged since": (
        {
            "imaging_assessment": [EXAM],
            "lesion": [lesion("a")],
            "local_therapy": [cut("a", None, modality="sabr")],
        },
        1,
        1,
        {},
    ),
    "counted": (
        {"imaging_assessment": [pet("2020-06-01", 4)]}, 4, 4, {"n_lesions_from": "imaging"},
    ),
    "latest count": (
        {"imaging_assessment": [pet("2020-05-10", 9), pet("2020-06-01", 4)]}, 4, 4, {},
    ),
    "two parts": (
        {
            "imaging_assessment": [
                pet("2020-06-01", 2, **CHEST), pet("2020-06-01", 1, **BELLY),
                {**pet("2020-06-05", 1), "modality": "MRI_brain"},
            ]
        },
        4,
        4,
        {"brain_imaged": "yes"},
    ),
    "brain later": (
        {
            "imaging_assessment": [
                pet("2020-06-01", 3, brain_imaged=False),
                {**pet("2020-06-20", 0), "modality": "MRI_brain"},
            ]
        },
        3,
        3,
        {},
    ),
    "overlap": (
        {
            "imaging_assessment": [
                pet("2020-06-01", 3, **CHEST),
                pet("2020-06-02", 2, modality="CT", regions="abdomen;pelvis;skeleton;brain"),
                pet("2020-06-02", 2, modality="MRI", regions="pelvis;skeleton"),
            ]
        },
        3,
        7,
        {"n_lesions": None},
    ),
    "same day, one covers all": (
        {
            "imaging_assessment": [
                pet("2020-06-01", 5), pet("2020-06-01", 3, **CHEST),
            ]
        },
        5,
        5,
        {},
    ),
    "more listed than counted": (
        {"imaging_assessment": [pet("2020-06-10", 1)], "lesion": [lesion("a"), lesion("b")]},
        2,
        2,
        {"more_lesions_than_counted": True},
    ),
    "more counted than listed": (
        {"imaging_assessment": [pet("2020-06-10", 3)], "lesion": [lesion("a")]},
        3,
        3,
        {"more_lesions_than_counted": False, "n_lesions_from": "both"},
    ),
    "seen after the count": (
        {"imaging_assessment": [pet("2020-06-01", 3)], "lesion": [lesion("a", at="2020-06-20")]},
        3,
        4,
        {},
    ),
    "lower bound": (
        {"imaging_assessment": [pet("2020-06-01", 3, n_lesions_is_lower_bound=True)]},
        3,
        None,
        {"n_lesions_reason": "count_is_a_lower_bound"},
    ),
    "no imaging": (
        {"lesion": [lesion("a")]}, 1, None, {"n_lesions_reason": "no_imaging_in_the_window"},
    ),
    "month of the date": (
        {"imaging_assessment": [EXAM], "lesion": [lesion("a"), lesion("b", at="2020")]},
        1,
        None,
        {"n_lesions_reason": "evidence_dated_across_the_date"},
    ),
    "none": (
        {"imaging_assessment": [pet("2020-06-01", 0, n_lesions_is_lower_bound=None)]}, 0, 0, {},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("lesions") / "r"
    registry = cohort(folder, {name: case[0] for name, case in CASES.items()})
    return by_patient(lesion_burden(registry, as_of=AS_OF, options=LESIONS))


@pytest.mark.parametrize("name", CASES)
def test_number_of_lesions(name: str, found: dict[str, dict[str, Any]]) -> None:
    _, low, high, other = CASES[name]
    row = found[name]
    assert (row["n_lesions_min"], row["n_lesions_max"]) == (low, high)
    assert row["n_lesions"] == other.get("n_lesions", low if low == high else None)
    assert {key: row[key] for key in other} == other


def primary(margin: str | None) -> dict[str, Any]:
    row = {"target": "primary", "modality": "surgery", "start_date": "2019-01-01"}
    return {**row, "margin": margin}


# Rows, then complete, why not known, and with the primary.
RESECTIONS: dict[str, tuple[Rows, bool | None, str | None, bool | None]] = {
    "none": ({"lesion": [lesion("a")]}, None, "no_resection_of_a_metastasis", None),
    "all r0": (
        {"lesion": [lesion("a"), lesion("b")],
         "local_therapy": [cut("a", "R0"), cut("b", "R0"), primary("R0")]},
        True, None, True,
    ),
    "primary in place": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", "R0")]}, True, None, None,
    ),
    "primary r1": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", "R0"), primary("R1")]},
        True, None, False,
    ),
    "primary margin unknown": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", "R0"), primary(None)]},
        True, None, None,
    ),
    "one r1": (
        {"lesion": [lesion("a"), lesion("b")], "local_therapy": [cut("a", "R0"), cut("b", "R1")]},
        False, None, False,
    ),
    "resected again": (
        {"lesion": [lesion("a")],
         "local_therapy": [cut("a", "R1"), cut("a", "R0", at="2020-06-15")]},
        True, None, None,
    ),
    "one left": (
        {"lesion": [lesion("a"), lesion("b")], "local_therapy": [cut("a", "R0")]},
        False, None, False,
    ),
    "margin unknown": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", None)]},
        None, "margin_unknown", None,
    ),
    "rx": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", "RX")]}, None, "margin_unknown", None,
    ),
    "lesion not named": (
        {"lesion": [lesion("a")], "local_therapy": [cut(None, "R0")]},
        None, "lesion_not_named", None,
    ),
    "all sites said": (
        {"lesion": [lesion("a")], "local_therapy": [cut(None, "R0", all_sites_treated=True)]},
        True, None, None,
    ),
    "not all sites said": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", "R0", all_sites_treated=False)]},
        False, None, False,
    ),
    "imaging saw more": (
        {"lesion": [lesion("a")], "imaging_assessment": [pet("2020-06-01", 3)],
         "local_therapy": [cut("a", "R0")]},
        None, "imaging_counts_more_lesions", None,
    ),
    "new lesion afterwards": (
        {"lesion": [lesion("a"), lesion("b", at="2020-06-20")], "local_therapy": [cut("a", "R0")]},
        True, None, None,
    ),
    "nothing listed": ({"local_therapy": [cut(None, "R0")]}, None, "lesion_not_named", None),
    "diagnostic": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", "R0", intent="diagnostic")]},
        None, "no_resection_of_a_metastasis", None,
    ),
    "after the date": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", "R0", at="2020-07-01")]},
        None, "no_resection_of_a_metastasis", None,
    ),
    "not finished": (
        {"lesion": [lesion("a")], "local_therapy": [cut("a", "R0", end_date="2020-07-05")]},
        None, "margin_unknown", None,
    ),
    "melted away": (
        {"lesion": [lesion("a"), lesion("b")], "imaging_assessment": [EXAM],
         "lesion_measurement": [size("b", "i", 0.0)], "local_therapy": [cut("a", "R0")]},
        None, "lesion_gone_without_surgery", None,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def resected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("resections") / "r"
    registry = cohort(folder, {name: case[0] for name, case in RESECTIONS.items()})
    return by_patient(complete_resection(registry, as_of=AS_OF, options=LESIONS))


@pytest.mark.parametrize("name", RESECTIONS)
def test_complete_resection(name: str, resected: dict[str, dict[str, Any]]) -> None:
    row = resected[name]
    assert (
        row["complete_resection_of_metastases"],
        row["complete_resection_reason"],
        row["complete_resection_with_primary"],
    ) == RESECTIONS[name][1:]

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DesignError
from locoreg.registry.classify import CtdnaOptions, ctdna_series, ctdna_status, response
from tests.registry.classify.cases import Rows, by_patient, cohort

AS_OF = dt.date(2020, 6, 30)


def exam(date: str, said: str | None) -> dict[str, Any]:
    return {"date": date, "response": said, "modality": "CT"}


def metastatic(start: str, name: str = "1") -> dict[str, Any]:
    return {"line_id": name, "setting": "metastatic", "start_date": start}


LESION = [{"lesion_id": "l", "organ": "bone", "first_seen_date": "2019-01-01"}]
# Rows, then latest response, best response and why there is no best one.
RESPONSES: dict[str, tuple[Rows, str | None, str | None, str | None]] = {
    "best before progression": (
        {
            "systemic_line": [metastatic("2019-01-10")],
            "imaging_assessment": [
                exam("2019-01-05", "CR"),
                exam("2019-03-01", "SD"),
                exam("2019-05-01", "PR"),
                exam("2019-07-01", "PD"),
                exam("2019-09-01", "CR"),
            ],
        },
        "CR",
        "PR",
        None,
    ),
    "current line": (
        {
            "systemic_line": [metastatic("2019-01-10"), metastatic("2019-07-10", "2")],
            "imaging_assessment": [exam("2019-03-01", "PR"), exam("2019-10-01", "SD")],
        },
        "SD",
        "SD",
        None,
    ),
    "no line": (
        {
            "lesion": LESION,
            "imaging_assessment": [exam("2019-01-01", "PD"), exam("2019-03-01", "SD")],
        },
        "SD",
        "SD",
        None,
    ),
    "not evaluable": (
        {"lesion": LESION, "imaging_assessment": [exam("2019-03-01", "NE")]},
        "NE",
        "NE",
        None,
    ),
    "not evaluable and stable": (
        {
            "lesion": LESION,
            "imaging_assessment": [exam("2019-03-01", "NE"), exam("2019-03-01", "SD")],
        },
        "SD",
        "SD",
        None,
    ),
    "the worse of one day": (
        {
            "lesion": LESION,
            "imaging_assessment": [exam("2019-03-01", "PD"), exam("2019-03-01", "PR")],
        },
        "PD",
        "PR",
        None,
    ),
    "after the date": (
        {"lesion": LESION, "imaging_assessment": [exam("2020-07-01", "CR")]},
        None,
        None,
        "no_assessment_since",
    ),
    "two lines at once": (
        {
            "systemic_line": [metastatic("2019-01-10"), metastatic("2019-01-10", "2")],
            "imaging_assessment": [exam("2019-03-01", "PR")],
        },
        "PR",
        None,
        "several_lines_began_last",
    ),
    "nothing": ({}, None, None, "no_metastatic_line_and_no_metastasis"),
}  # fmt: skip


def test_responses_by_hand(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r", {name: case[0] for name, case in RESPONSES.items()})
    rows = by_patient(response(registry, as_of=AS_OF))
    for name, (_, latest, best, why) in RESPONSES.items():
        row = rows[name]
        got = (row["latest_response"], row["best_response"], row["best_response_reason"])
        assert got == (latest, best, why), name
    assert rows["best before progression"]["best_response_date"] == dt.date(2019, 5, 1)
    assert rows["best before progression"]["best_response_line_id"] == "best before progression:1"
    assert rows["the worse of one day"]["latest_responses_differ"]


def blood(date: str, value: float | None = None, **other: Any) -> dict[str, Any]:
    return {"date": date, "analyte": "ctDNA_fraction", "fluid": "plasma", "value": value, **other}


# Rows, then the status of each day.
CTDNA: dict[str, tuple[list[dict[str, Any]], list[str | None]]] = {
    "flags": (
        [blood("2019-01-01", detected=False), blood("2019-02-01", detected=True)],
        ["negative", "positive"],
    ),
    "cleared": (
        [
            blood("2019-01-01", detected=True),
            blood("2019-02-01", detected=False),
            blood("2019-03-01", detected=False),
        ],
        ["positive", "cleared", "negative"],
    ),
    "limit of detection": (
        [blood("2019-01-01", 0.1, lod=0.1), blood("2019-02-01", 0.09, lod=0.1)],
        ["positive", "cleared"],
    ),
    "no limit and no flag": (
        [blood("2019-01-01", 0.4), blood("2019-02-01", detected=True)],
        [None, "positive"],
    ),
    "flag against value": ([blood("2019-01-01", 0.5, lod=0.1, detected=False)], [None]),
    "rising": (
        [
            blood("2019-01-01", 0.2, detected=True),
            blood("2019-02-01", 0.29, detected=True),
            blood("2019-03-01", 0.4351, detected=True),
        ],
        ["positive", "positive", "rising"],
    ),
    "rising by exactly the ratio": (
        [blood("2019-01-01", 0.5, detected=True), blood("2019-02-01", 0.75, detected=True)],
        ["positive", "rising"],
    ),
    "another assay does not rise": (
        [
            blood("2019-01-01", 0.2, detected=True, assay="a"),
            blood("2019-02-01", 0.9, detected=True, assay="b"),
        ],
        ["positive", "positive"],
    ),
    "any gene": (
        [
            blood("2019-01-01", detected=False, analyte="VAF", gene="TP53"),
            blood("2019-01-01", detected=True, analyte="VAF", gene="ESR1"),
        ],
        ["positive"],
    ),
    "one gene unknown": (
        [
            blood("2019-01-01", detected=False, analyte="VAF", gene="TP53"),
            blood("2019-01-01", analyte="VAF", gene="ESR1"),
        ],
        [None],
    ),
    "order not known": (
        [blood("2019-01", detected=True), blood("2019-01-20", detected=False)],
        ["positive", "negative"],
    ),
    "other analytes and fluids": (
        [
            blood("2019-01-01", 30.0, analyte="CA15-3", detected=True),
            blood("2019-01-01", detected=True, fluid="tissue"),
        ],
        [],
    ),
    "after the date": (
        [blood("2019-01-01", detected=True), blood("2020-07-01", detected=False)],
        ["positive"],
    ),
}


def test_ctdna_by_hand(tmp_path: Path) -> None:
    registry = cohort(
        tmp_path / "r", {name: {"biomarker": case[0]} for name, case in CTDNA.items()}
    )
    options = CtdnaOptions(rising_ratio=1.5)
    rows = ctdna_series(registry, as_of=AS_OF, options=options).table.to_pylist()
    latest = by_patient(ctdna_status(registry, as_of=AS_OF, options=options))
    for name, (_, expected) in CTDNA.items():
        got = [row["status"] for row in rows if row["patient_id"] == name]
        assert got == expected, name
        assert latest[name]["ctdna_status"] == (expected[-1] if expected else None), name
        assert latest[name]["n_ctdna_days"] == len(expected)
    reasons = {row["patient_id"]: row["status_reason"] for row in rows if row["status"] is None}
    assert reasons["flag against value"] == "detected_flag_against_value"
    assert reasons["one gene unknown"] == "no_flag_and_no_limit_of_detection"
    assert latest["other analytes and fluids"]["ctdna_reason"] == "no_ctdna"
    with pytest.raises(DesignError, match="rising_ratio must be a number above 1"):
        CtdnaOptions(rising_ratio=1.0)

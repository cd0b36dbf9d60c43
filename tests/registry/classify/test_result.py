from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.classify import (
    RULES,
    Classification,
    ClassifyOptions,
    classify_registry,
)
from tests.registry.build import registry_of
from tests.registry.classify.cases import OPTIONS, Rows, pet

STAGES = {"dx_date": "2015-01-01", "cm": "M1"}
ROWS: Rows = {
    "patient": [{"patient_id": "A"}, {"patient_id": "B"}, {"patient_id": "C"}],
    "primary_tumour": [
        {"patient_id": "A", "dx_date": "2015-01-01"},
        {"patient_id": "C", **STAGES},
    ],
    "lesion": [{"patient_id": "C", "organ": "bone", "first_seen_date": "2016-01-01"}],
    "imaging_assessment": [{"patient_id": "A", **pet("2020-06-01", 3)}],
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Classification:
    folder = tmp_path_factory.mktemp("result") / "r"
    registry = registry_of(folder, ROWS, synthetic=True)
    return classify_registry(registry, as_of="2020-06-30", options=OPTIONS)


def test_summary_names_rules_parameters_counts_and_reasons(result: Classification) -> None:
    text = result.summary()
    assert text.startswith("SYNTHETIC")
    for rule in RULES.values():
        assert f"({rule.label})" in text
    parameters = json.loads(json.dumps(OPTIONS.to_dict()))
    for part in parameters.values():
        for name in part if isinstance(part, dict) else ():
            assert f"{name}=" in text
    assert "because no_assay" in text
    assert "Not checked by a clinician yet" in text
    assert result.derivation("subtype").summary().startswith("SYNTHETIC")


def test_json_holds_counts_and_no_patient(result: Classification) -> None:
    document = json.loads(json.dumps(result.to_dict()))
    oligo = next(d for d in document["derivations"] if d["name"] == "oligometastatic")
    assert oligo["counts"]["eortc_estro"] == {
        "metachronous_oligorecurrence": 1,
        "no_metastasis_known": 1,
        "undetermined": 1,
    }
    assert oligo["parameters"]["largest_lesion_mm"] is None
    assert oligo["rule"]["citation"].count("2020") == 3
    assert document["options"] == OPTIONS.to_dict()
    assert document["evidence"]["as_of"] == "2020-06-30"


def test_every_row_carries_rule_and_date(result: Classification) -> None:
    for one in result.derivations:
        assert set(one.table.column("rule_version").to_pylist()) <= {one.rule.label}
        assert "as_of" in one.table.column_names
        assert one.table.column_names[0] == "patient_id"
    assert len(result.to_frame()) == 3
    assert len(result.derivation("lesions").to_frame()) == 3
    names = result.patients.column_names
    assert len(set(names)) == len(names)


def test_issues(result: Classification) -> None:
    words = "patients with M1 whose first distant metastasis was seen outside the window"
    assert result.issues.to_pylist() == [{"rule": "de_novo/1", "patient_id": "C", "message": words}]


def test_write(result: Classification, tmp_path: Path) -> None:
    files = result.write(tmp_path / "out")
    assert {path.name for path in files} == {path.name for path in (tmp_path / "out").iterdir()}
    stored = pq.read_table(tmp_path / "out" / "derived_patient.parquet")
    assert stored.to_pylist() == result.patients.to_pylist()
    assert json.loads(stored.schema.metadata[b"locoreg"]) == {"synthetic": True}
    document = json.loads((tmp_path / "out" / "classification.json").read_text("utf-8"))
    assert document == result.to_dict()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="can't be written"):
        result.write(tmp_path / "file")


def test_an_unknown_derivation_is_refused(result: Classification) -> None:
    with pytest.raises(DesignError, match="no derivation 'subtypes'"):
        result.derivation("subtypes")


def test_options_go_through_json() -> None:
    text = json.dumps(OPTIONS.to_dict())
    assert ClassifyOptions.from_dict(json.loads(text)) == OPTIONS


def test_options_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        OPTIONS.primary = "latest"  # type: ignore[misc]


def changed(**parts: Any) -> dict[str, Any]:
    values = OPTIONS.to_dict()
    for name, change in parts.items():
        values[name] = {**values[name], **change} if isinstance(change, dict) else change
    return values


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "options lacks primary, subtype, intervals"),
        (changed(primary="left"), "primary can't be 'left'"),
        (changed(subtype={"undated_assays": "drop"}), "undated_assays can't be 'drop'"),
        (changed(subtype={"er_low_percent": 0.5}), "er_low_percent is below"),
        (changed(subtype={"her2_ish_ratio": "2"}), "her2_ish_ratio must be a number"),
        (changed(subtype={"receptor_positive_percent": 101}), "at most 100"),
        (changed(subtype=3), "subtype must be names with values"),
        (changed(de_novo={"window_days": -1}), "whole number of at least 0"),
        (changed(de_novo={"window_days": 90.0}), "whole number of at least 0"),
        (changed(de_novo={"window": 90}), "de_novo has no option 'window'"),
        (changed(lesions={"required_regions": ["brain"]}), "required_regions can't hold 'brain'"),
        (changed(lesions={"required_regions": "chest"}), "must be a tuple of words"),
        (changed(lesions={"whole_body_modalities": ["PET"]}), "can't hold 'PET'"),
        (changed(lesions={"brain_imaging_required": "no"}), "must be true or false"),
        (changed(oligometastatic={"treatability": "guess"}), "treatability can't be 'guess'"),
        (changed(oligometastatic={"max_lesions": 0}), "max_lesions must be a whole number"),
        (changed(oligometastatic={"largest_lesion_mm": 0}), "largest_lesion_mm must be a number"),
        (changed(sabr={"least_bed_gy": float("inf")}), "least_bed_gy must be a number"),
        (changed(intervals={"origin": "birth"}), "origin can't be 'birth'"),
    ],
)
def test_faulty_options_are_refused(values: dict[str, Any], says: str) -> None:
    with pytest.raises(DesignError, match=says):
        ClassifyOptions.from_dict(values)


def test_what_defines_an_analysis_has_no_default() -> None:
    for part, name in (
        ("de_novo", "window_days"),
        ("intervals", "origin"),
        ("lesions", "imaging_window_days"),
        ("oligometastatic", "treatability"),
        ("ctdna", "rising_ratio"),
    ):
        values = OPTIONS.to_dict()
        del values[part][name]
        with pytest.raises(DesignError, match=f"{part} lacks {name}"):
            ClassifyOptions.from_dict(values)


def test_options_of_another_kind_are_refused(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", ROWS)
    with pytest.raises(DesignError, match="must be ClassifyOptions"):
        classify_registry(registry, as_of="2020-06-30", options={})  # type: ignore[arg-type]

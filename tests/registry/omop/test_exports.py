"""CDMs as other sites export them: trimmed vocabularies, parts, older columns, source codes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.omop.rules import default_rules, read_data
from tests.registry.mcode.test_codes import luhn, verhoeff
from tests.registry.omop.cdm import (
    BREAST,
    Builder,
    Tables,
    arrow,
    import_cdm,
    imported,
    issues,
    read_registry,
    rows,
    unused,
    write_folder,
)


def without(tables: Tables, gone: set[int]) -> None:
    """Take concepts out of the vocabulary."""
    tables["concept"] = [c for c in tables["concept"] if c["concept_id"] not in gone]
    tables["concept_ancestor"] = [
        a
        for a in tables["concept_ancestor"]
        if not {a["ancestor_concept_id"], a["descendant_concept_id"]} & gone
    ]


def ids(tables: Tables, **where: str) -> set[int]:
    ((column, value),) = where.items()
    return {c["concept_id"] for c in tables["concept"] if c[column] == value}


def add_concept(b: Builder, number: int, name: str, vocabulary: str, code: str) -> int:
    b.tables["concept"].append(
        {
            "concept_id": number,
            "concept_name": name,
            "domain_id": "Measurement",
            "vocabulary_id": vocabulary,
            "concept_class_id": "Lab Test",
            "standard_concept": "S",
            "concept_code": code,
            "invalid_reason": None,
        }
    )
    return number


def test_without_the_vocabulary_of_modifiers_conditions_count(tmp_path: Path) -> None:
    b = Builder()
    b.metastatic(1)
    without(b.tables, ids(b.tables, vocabulary_id="Cancer Modifier"))
    registry, _ = imported(tmp_path, b.tables)
    assert [row["patient_id"] for row in rows(registry, "patient")] == ["1"]
    serious = [i for i in issues(registry, "concept-missing") if i["severity"] == "serious"]
    assert {i["value"] for i in serious} == {"36769180", "1635142", "1633308"}


def test_modifiers_that_are_used_and_not_in_the_vocabulary_stop_the_import(tmp_path: Path) -> None:
    b = Builder()
    b.metastatic(1)
    without(b.tables, ids(b.tables, vocabulary_id="Cancer Modifier"))
    b.measure(1, 36770544, "2020-01-01")
    with pytest.raises(DataError, match=r"36769180 .* is missing"):
        imported(tmp_path, b.tables)


def no_cancer() -> Builder:
    """A CDM with the part of the vocabulary that its rows use."""
    b = Builder()
    b.tables["concept"] = [{**b.tables["concept"][0]}]
    add_concept(b, 320128, "Essential hypertension", "SNOMED", "59621000")
    b.tables["concept"][-1]["domain_id"] = "Condition"
    b.tables["concept_ancestor"] = [
        {"ancestor_concept_id": 320128, "descendant_concept_id": 320128}
    ]
    b.person(1)
    b.person(2)
    b.condition(1, 320128, "2018-01-01")
    b.measure(2, 0, "2018-01-01")
    return b


def test_a_cdm_without_any_cancer_is_an_empty_import_that_is_counted(tmp_path: Path) -> None:
    registry, report = imported(tmp_path, no_cancer().tables)
    assert rows(registry, "patient") == []
    assert unused(report, "person") == {"no breast malignancy and no metastasis is recorded": 2}
    assert unused(report, "condition_occurrence") == {"rows of persons who do not enter": 1}
    assert unused(report, "measurement") == {"rows of persons who do not enter": 1}
    first = issues(registry, "concept-missing")[0]
    assert "nobody can enter" in first["message"]
    assert first["severity"] == "serious"


@pytest.mark.parametrize("how", ["name", "stranger"])
def test_a_vocabulary_that_may_hide_breast_cancer_stops_the_import(
    tmp_path: Path, how: str
) -> None:
    b = no_cancer()
    if how == "name":
        add_concept(b, 137809, "Primary malignant neoplasm of female breast", "SNOMED", "93796005")
        b.tables["concept"][-1]["domain_id"] = "Condition"
    else:
        b.condition(1, 137809, "2018-01-01")
    with pytest.raises(DataError, match=f"{BREAST} .* is missing"):
        imported(tmp_path, b.tables)


def test_receptors_and_stages_by_the_code_of_their_vocabulary(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, BREAST, "2018-03-01")
    er = add_concept(b, 3011223, "Estrogen receptor Ag in Tissue", "LOINC", "40556-3")
    ki = add_concept(b, 3011224, "Cells.Ki-67 nuclear Ag/100 cells", "LOINC", "29593-1")
    m = add_concept(b, 3006575, "Distant metastases.clinical [Class] Cancer", "LOINC", "21907-1")
    m1 = add_concept(b, 4109356, "M1 category", "SNOMED", "55440008")
    b.measure(1, er, "2018-03-02", value_as_concept_id=9191)
    b.measure(1, ki, "2018-03-02", value_as_number=30, unit_source_value="%")
    b.measure(1, m, "2018-03-02", value_as_concept_id=m1)
    # A code of another vocabulary means nothing.
    add_concept(b, 3011225, "Something", "LOCAL", "85337-4")
    b.measure(1, 3011225, "2018-03-02")
    registry, _ = imported(tmp_path, b.tables)
    found = [
        (r["marker"], r["value_code"], r["value_num"]) for r in rows(registry, "receptor_assay")
    ]
    assert sorted(found, key=str) == [("ER", "pos", None), ("KI67", None, 30.0)]
    assert [row["cm"] for row in rows(registry, "primary_tumour")] == ["M1"]


def only_source_codes() -> Builder:
    b = Builder()
    for person, spread in ((1, "C78.7"), (2, "C77.3"), (3, "I10"), (4, "C79.51")):
        b.person(person)
        b.condition(person, 0, "2018-01-01", condition_source_value="C50.411")
        b.condition(person, 0, "2019-01-01", condition_source_value=spread)
    return b


def test_source_codes_alone_enrol_nobody_and_are_named(tmp_path: Path) -> None:
    registry, report = imported(tmp_path, only_source_codes().tables)
    assert rows(registry, "patient") == []
    named = {i["value"] for i in issues(registry, "condition-without-concept")}
    assert named == {
        "C50.411: 4 rows of 4 persons",
        "C77.3: 1 rows of 1 persons",
        "C78.7: 1 rows of 1 persons",
        "C79.51: 1 rows of 1 persons",
    }
    assert {i["severity"] for i in issues(registry, "condition-without-concept")} == {"serious"}
    assert sum(unused(report, "condition_occurrence").values()) == 8


def test_source_codes_are_read_where_a_concept_file_says_so(tmp_path: Path) -> None:
    file = tmp_path / "concepts.yaml"
    file.write_text("source_icd10: true\n", encoding="utf-8")
    b = only_source_codes()
    # The code of a source concept counts before the text.
    ten = add_concept(b, 45591, "Secondary malignant neoplasm of lung", "ICD10CM", "C78.01")
    b.condition(3, 0, "2020-01-01", condition_source_value="x", condition_source_concept_id=ten)
    registry, report = imported(tmp_path, b.tables, options=SourceOptions(map=file))
    assert sorted(row["patient_id"] for row in rows(registry, "patient")) == ["1", "3", "4"]
    organs = {row["patient_id"]: row["organ"] for row in rows(registry, "lesion")}
    assert organs == {"1": "liver", "3": "lung", "4": "bone"}
    assert {row["topography"] for row in rows(registry, "primary_tumour")} == {"C50.4"}
    assert unused(report, "person") == {
        "breast malignancy, and only regional nodes, nodes of no stated region or the breast are "
        "recorded as metastasis": 1
    }
    assert len(issues(registry, "condition-without-concept")) == 4


@pytest.mark.parametrize("kind", ["csv", "parquet", "csv.gz"])
def test_tables_in_parts(tmp_path: Path, kind: str) -> None:
    b = Builder()
    for person in (1, 2, 3):
        b.metastatic(person)
    whole = write_folder(tmp_path / "whole", b.tables, kind=kind, upper=False)
    parts = tmp_path / "parts"
    for name, given in b.tables.items():
        folder = parts / name.upper()
        folder.mkdir(parents=True)
        for number, piece in enumerate((given[::2], given[1::2])):
            if kind == "parquet":
                pq.write_table(arrow(name, piece), folder / f"part-{number}.snappy.parquet")
                continue
            made = write_folder(tmp_path / "one", {name: piece}, kind=kind, upper=False)
            shutil.move(made / f"{name}.{kind}", folder / f"part-{number}.{kind}")
        (folder / "_SUCCESS").touch()
    first = import_cdm(tmp_path / "a", whole)
    second = import_cdm(tmp_path / "b", parts)
    assert first.accepted == second.accepted
    assert {s.name: s.read for s in first.batch.sources} == {
        s.name: s.read for s in second.batch.sources
    }
    assert len(rows(read_registry(tmp_path / "b"), "patient")) == 3


def test_parts_that_do_not_fit_together(tmp_path: Path) -> None:
    b = Builder()
    b.metastatic(1)
    folder = write_folder(tmp_path / "cdm", b.tables, upper=False)
    person = folder / "person.csv"
    parts = folder / "person"
    parts.mkdir()
    shutil.move(person, parts / "0.csv")
    (parts / "1.csv").write_text("person_id\n7\n", encoding="utf-8")
    with pytest.raises(DataError, match="different headers"):
        import_cdm(tmp_path / "registry", folder)
    (parts / "1.csv").rename(parts / "1.tsv")
    with pytest.raises(DataError, match="several kinds"):
        import_cdm(tmp_path / "registry", folder)


@pytest.mark.parametrize("place", ["below", "zip"])
def test_the_hint_says_where_the_tables_are(tmp_path: Path, place: str) -> None:
    b = Builder()
    folder = write_folder(tmp_path / "export" / "inner", b.tables)
    given = folder.parent
    if place == "zip":
        given = tmp_path / "export.zip"
        given.write_bytes(b"PK")
    with pytest.raises(DataError, match="no table of a CDM") as caught:
        import_cdm(tmp_path / "registry", given)
    assert (str(folder) if place == "below" else "unpack") in str(caught.value.hint)


def test_columns_of_older_versions_and_files_beside_the_tables(tmp_path: Path) -> None:
    b = Builder()
    b.metastatic(1)
    folder = write_folder(tmp_path / "cdm", b.tables, skip=("episode", "episode_event", "note"))
    # CDM 5.3 has no link of a measurement to an event, and tables that are not read.
    file = folder / "MEASUREMENT.csv"
    header = [
        "MEASUREMENT_ID",
        "PERSON_ID",
        "MEASUREMENT_CONCEPT_ID",
        "MEASUREMENT_DATE",
        "VALUE_AS_NUMBER",
        "VALUE_AS_CONCEPT_ID",
        "QUALIFIER_SOURCE_VALUE",
    ]
    file.write_text(",".join(header) + "\n5,1,1635142,20180301,,,\n", encoding="utf-8")
    (folder / "DRUG_ERA.csv").write_text("drug_era_id\n1\n", encoding="utf-8")
    (folder / "readme.md").write_text("text", encoding="utf-8")
    import_cdm(tmp_path / "registry", folder)
    registry = read_registry(tmp_path / "registry")
    assert [row["cm"] for row in rows(registry, "primary_tumour")] == ["M1"]
    assert [i["source_file"] for i in issues(registry, "table-not-read")] == ["DRUG_ERA.csv"]


def test_a_dictionary_is_refused(tmp_path: Path) -> None:
    b = Builder()
    b.metastatic(1)
    folder = write_folder(tmp_path / "cdm", b.tables)
    options: Any = SourceOptions(dictionary=tmp_path / "dictionary.csv")
    with pytest.raises(DesignError, match="no dictionary"):
        import_cdm(tmp_path / "registry", folder, options=options)


def test_the_codes_are_codes_of_known_roles() -> None:
    roles = {rule.role for rule in default_rules()}
    table = read_data("codes.csv")
    assert len({(row["role"], row["vocabulary"], row["code"]) for row in table}) == len(table)
    for row in table:
        assert row["role"] in roles or row["role"].startswith("source_C"), row
        if row["vocabulary"] == "SNOMED":
            assert verhoeff(row["code"]), row
        elif not row["code"].startswith("LA"):
            assert luhn(row["code"]), row

"""Concepts are what the site's own vocabulary says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DataError
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.omop.rules import concept_table, default_rules, load_rules, organ_rules
from tests.registry.omop.cdm import (
    BREAST,
    FIELD_CONDITION,
    LIVER_C,
    LIVER_M,
    Builder,
    Tables,
    imported,
    issues,
    rows,
    unused,
)


def concept(tables: Tables, number: int) -> dict[str, Any]:
    return next(row for row in tables["concept"] if row["concept_id"] == number)


def metastatic() -> Builder:
    b = Builder()
    b.metastatic(1)
    return b


def test_every_shipped_concept_has_a_source_and_a_working_pattern() -> None:
    for rule in default_rules():
        assert rule.source, rule
        assert re.fullmatch(r"\d{4}-\d{2}", rule.read), rule
        re.compile(rule.expect)
    for organ in organ_rules():
        re.compile(organ.pattern)
    assert {r.role for r in default_rules() if r.required} == {
        "breast_malignancy",
        "secondary_malignancy",
        "metastasis",
        "m1",
        "stage_iv",
    }


@pytest.mark.parametrize("how", ["empty", "missing"])
def test_without_ancestors_nothing_is_imported(tmp_path: Path, how: str) -> None:
    b = metastatic()
    b.tables["concept_ancestor"].clear()
    with pytest.raises(DataError, match="CONCEPT_ANCESTOR"):
        imported(tmp_path, b.tables, skip=("concept_ancestor",) if how == "missing" else ())
    assert not list((tmp_path / "registry").glob("tables/*/*"))


@pytest.mark.parametrize("number", [BREAST, 432851, 36769180, 1635142, 1633308])
def test_a_missing_concept_of_enrolment_stops_the_import(tmp_path: Path, number: int) -> None:
    b = metastatic()
    b.tables["concept"].remove(concept(b.tables, number))
    with pytest.raises(DataError, match=f"{number} .* is missing"):
        imported(tmp_path, b.tables)


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    b = metastatic()
    b.tables["concept"].remove(concept(b.tables, 432851))
    concept(b.tables, 36769301)["concept_name"] = "HER2 receptor"
    concept(b.tables, 4213045)["invalid_reason"] = "D"
    with pytest.raises(DataError) as caught:
        imported(tmp_path, b.tables)
    for number in (432851, 36769301, 4213045):
        assert str(number) in str(caught.value)


def test_faults_that_are_issues(tmp_path: Path) -> None:
    b = metastatic()
    b.tables["concept"].remove(concept(b.tables, 4213045))
    concept(b.tables, 40317890)["concept_name"] = "Dialysis"
    concept(b.tables, 443392)["invalid_reason"] = "D"
    concept(b.tables, 36768664)["standard_concept"] = None
    registry, _ = imported(tmp_path, b.tables)
    assert [i["value"] for i in issues(registry, "concept-missing")] == ["4213045"]
    assert {i["value"] for i in issues(registry, "concept-unusable")} == {
        "40317890",
        "443392",
        "36768664",
    }


def test_the_reference_page_lists_the_shipped_concepts() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "omop-concepts.md"
    assert page.read_text(encoding="utf-8").endswith(concept_table())


def test_a_non_standard_concept_is_followed(tmp_path: Path) -> None:
    b = Builder()
    concept(b.tables, LIVER_C)["standard_concept"] = None
    b.tables["concept"].append(
        {**concept(b.tables, LIVER_C), "concept_id": 777, "standard_concept": "S"}
    )
    b.tables["concept_relationship"].append(
        {"concept_id_1": LIVER_C, "concept_id_2": 777, "relationship_id": "Maps to"}
    )
    b.tables["concept_ancestor"] += [
        {"ancestor_concept_id": 432851, "descendant_concept_id": 777},
        {"ancestor_concept_id": 777, "descendant_concept_id": 777},
    ]
    b.person(1)
    b.condition(1, BREAST, "2018-01-01")
    b.condition(1, 777, "2019-01-01")
    registry, _ = imported(tmp_path, b.tables)
    assert [row["organ"] for row in rows(registry, "lesion")] == ["liver"]


@pytest.mark.parametrize("fault", ["no relationship", "two targets", "an invalid target"])
def test_a_non_standard_concept_without_one_way_on(tmp_path: Path, fault: str) -> None:
    b = metastatic()
    concept(b.tables, 4213045)["standard_concept"] = None
    if fault != "no relationship":
        targets = (4194253, 4322818) if fault == "two targets" else (900171,)
        if fault == "an invalid target":
            concept(b.tables, 900171)["invalid_reason"] = "U"
        b.tables["concept_relationship"] += [
            {"concept_id_1": 4213045, "concept_id_2": t, "relationship_id": "Maps to"}
            for t in targets
        ]
    with pytest.raises(DataError, match="maps to no single standard concept"):
        imported(tmp_path, b.tables)


DISPUTED = {
    32945: ("Stable Disease", None),
    32946: ("Disease Progression or Recurrence", "progression"),
    32947: ("Distant recurrence", "distant_recurrence"),
    32948: ("Local Recurrence", "local_recurrence"),
    32949: ("Recurrence", None),
}


def test_the_name_decides_about_disputed_concepts(tmp_path: Path) -> None:
    b = metastatic()
    episode = concept(b.tables, 32948)
    b.tables["concept"] = [c for c in b.tables["concept"] if c["concept_id"] not in DISPUTED]
    b.tables["concept"] += [
        {**episode, "concept_id": number, "concept_name": name}
        for number, (name, _) in DISPUTED.items()
    ]
    for number in DISPUTED:
        b.episode(1, number, "2021-01-01")
    registry, report = imported(tmp_path, b.tables)
    assert {row["type"] for row in rows(registry, "disease_event")} == {
        event for _, event in DISPUTED.values() if event
    }
    found = " ".join(issue["message"] for issue in issues(registry, "disputed-concept"))
    for number, (name, event) in DISPUTED.items():
        assert f"{number} ({name.lower()}, read as" in found
        assert event is None or f"read as {event}" in found
    assert any("local, regional or distant" in why for why in unused(report, "episode"))


def test_the_name_decides_what_a_field_concept_means(tmp_path: Path) -> None:
    b = metastatic()
    field = concept(b.tables, 1147082)
    b.tables["concept"].append({**field, "concept_id": 1147084})
    field["concept_name"] = "visit_occurrence.visit_occurrence_id"
    operation = b.procedure(1, 900160, "2018-04-01")
    b.measure(1, 1633801, "2018-04-01", **b.about(1147084, operation))
    b.measure(1, 1634643, "2018-04-01", **b.about(1147082, operation))
    registry, _ = imported(tmp_path, b.tables)
    assert [row["margin"] for row in rows(registry, "local_therapy")] == ["R1"]
    (issue,) = issues(registry, "link-unreadable")
    assert "1147082 (visit_occurrence.visit_occurrence_id)" in issue["message"]


def test_a_field_concept_without_a_name_is_followed_only_where_sources_agree(
    tmp_path: Path,
) -> None:
    b = Builder()
    dx = b.metastatic(1)
    for number in (1147082, FIELD_CONDITION):
        b.tables["concept"].remove(concept(b.tables, number))
    operation = b.procedure(1, 900160, "2018-04-01")
    b.measure(1, 1633801, "2018-04-01", **b.about(1147082, operation))
    b.measure(1, 36203168, "2018-04-01", value_as_concept_id=9191, **b.about(FIELD_CONDITION, dx))
    registry, _ = imported(tmp_path, b.tables)
    assert rows(registry, "receptor_assay")[0]["context"] == "primary"
    assert rows(registry, "local_therapy")[0]["margin"] is None
    assert "1147082" in issues(registry, "link-unreadable")[0]["message"]


def test_modifier_of_event_id_is_the_same_column(tmp_path: Path) -> None:
    b = Builder()
    dx = b.metastatic(1)
    b.measure(1, 36203168, "2018-04-01", value_as_concept_id=9191, **b.about(FIELD_CONDITION, dx))
    old = {
        "measurement_event_id": "modifier_of_event_id",
        "meas_event_field_concept_id": "modifier_of_field_concept_id",
    }
    registry, _ = imported(tmp_path, b.tables, rename=old)
    assert rows(registry, "receptor_assay")[0]["context"] == "primary"


def concept_file(tmp: Path, text: str) -> SourceOptions:
    path = tmp / "concepts.yaml"
    path.write_text(text, encoding="utf-8")
    return SourceOptions(map=path)


def test_a_local_concept_is_an_issue_until_a_file_names_it(tmp_path: Path) -> None:
    b = metastatic()
    b.measure(1, 2000100002, "2021-01-01")
    registry, _ = imported(tmp_path / "a", b.tables)
    (issue,) = issues(registry, "local-concept")
    assert "2000100002" in issue["message"]
    (code,) = [c for c in rows(registry, "code_map") if c["source_code"] == "2000100002"]
    assert code["canonical_code"] is None

    named = concept_file(tmp_path, "also: {event: [{id: 2000100002, value: distant_recurrence}]}")
    registry, _ = imported(tmp_path / "b", b.tables, options=named)
    assert [row["type"] for row in rows(registry, "disease_event")] == ["distant_recurrence"]
    assert not issues(registry, "local-concept")
    (code,) = [c for c in rows(registry, "code_map") if c["source_code"] == "2000100002"]
    assert code["canonical_code"] == "distant_recurrence"


def test_a_site_can_replace_the_concepts_of_a_role(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, BREAST, "2018-01-01")
    b.measure(1, 2000000555, "2019-01-01")
    options = concept_file(
        tmp_path,
        "concepts: {m1: [{id: 2000000555}]}\nabsent: [stage_iv]\nalso: {not_used: [{id: 3013682}]}",
    )
    b.measure(1, 3013682, "2019-01-01")
    registry, report = imported(tmp_path, b.tables, options=options)
    assert registry.rows()["patient"] == 1
    assert "left out by the site's concept file" in unused(report, "measurement")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("concepts: {m2: [{id: 1}]}", "role 'm2'"),
        ("also: {event: [{id: 1, value: death}]}", "can't mean 'death'"),
        ("concepts: {m1: [{id: x}]}", "concepts.m1.0.id"),
        ("other: 1", "other"),
        ("[1", "YAML"),
        ("also: {event: [{id: 0, value: progression}]}", "id"),
    ],
)
def test_faults_of_a_concept_file(tmp_path: Path, text: str, message: str) -> None:
    options = concept_file(tmp_path, text)
    with pytest.raises(DataError, match=re.escape(message)):
        load_rules(options.map)


def test_codes_carry_the_version_of_the_vocabulary(tmp_path: Path) -> None:
    b = metastatic()
    b.measure(1, LIVER_M, "2020-05-01")
    # Vocabulary rows that stand twice multiply nothing.
    b.tables["concept"] += [dict(concept(b.tables, n)) for n in (LIVER_C, BREAST)]
    b.tables["concept_ancestor"] += list(b.tables["concept_ancestor"])
    registry, _ = imported(tmp_path, b.tables)
    assert registry.rows()["lesion"] == registry.rows()["primary_tumour"] == 1
    by_code = {
        c["source_code"]: c for c in rows(registry, "code_map") if c["table_name"] == "lesion"
    }
    assert by_code[str(LIVER_C)]["version"] == "2026-02-01 SNOMED CT"
    assert by_code[str(LIVER_M)]["version"] == "v5.0 01-AUG-26"
    assert by_code[str(LIVER_M)]["source_label"] == "Metastasis to liver"
    assert by_code[str(LIVER_M)]["canonical_code"] == "liver"

"""Who enters: breast malignancy and evidence of distant disease, both conventions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.registry.omop.cdm import (
    BREAST,
    FIELD_CONDITION,
    FIELD_EPISODE,
    LIVER_C,
    LIVER_M,
    LUNG_M,
    Builder,
    imported,
    issues,
    rows,
    unused,
)


def enters(tmp: Path, b: Builder) -> bool:
    registry, report = imported(tmp, b.tables)
    patients = rows(registry, "patient")
    persons = len(b.tables["person"])
    assert len(patients) + sum(unused(report, "person").values()) == persons
    return bool(patients)


EVIDENCE = [
    (LIVER_M, "measurement"),
    (36769180, "measurement"),
    (36769243, "measurement"),
    (1635142, "measurement"),
    (900130, "measurement"),
    (900131, "measurement"),
    (1633308, "measurement"),
    (900133, "measurement"),
    (LIVER_C, "condition"),
    (432851, "condition"),
    (900110, "condition"),
    (900114, "condition"),
    (4198446, "condition"),
    (36684948, "condition"),
]
VALUES = [1635142, 900133, LIVER_M]
NONE = [
    (900132, "measurement", "without a record of metastasis"),
    (900134, "measurement", "without a record of metastasis"),
    (201826, "condition", "without a record of metastasis"),
    (36769269, "measurement", "only regional nodes"),
    (35225556, "measurement", "only regional nodes"),
    (603292, "condition", "only regional nodes"),
    (900112, "condition", "only regional nodes"),
    (900113, "condition", "only regional nodes"),
]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], dict[str, int]]:
    """Persons 100 and on have evidence, 200 and on have none; each has breast cancer.

    Those from 150 have it as the value of a measurement that no rule knows.
    """
    b = Builder()
    for person, concept in enumerate(VALUES, 150):
        b.person(person)
        b.condition(person, BREAST, "2018-01-01")
        b.measure(person, 3013682, "2019-01-01", value_as_concept_id=concept)
    for start, cases in ((100, EVIDENCE), (200, NONE)):
        for person, (concept, table, *_) in enumerate(cases, start):
            b.person(person)
            b.condition(person, BREAST, "2018-01-01")
            (b.measure if table == "measurement" else b.condition)(person, concept, "2019-01-01")
    registry, report = imported(tmp_path_factory.mktemp("many"), b.tables)
    return {row["patient_id"] for row in rows(registry, "patient")}, unused(report, "person")


@pytest.mark.parametrize("number", range(len(EVIDENCE)))
def test_evidence(many: tuple[set[str], dict[str, int]], number: int) -> None:
    assert str(100 + number) in many[0]


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_evidence_as_a_value(many: tuple[set[str], dict[str, int]], number: int) -> None:
    assert str(150 + number) in many[0]


@pytest.mark.parametrize("number", range(len(NONE)))
def test_no_evidence(many: tuple[set[str], dict[str, int]], number: int) -> None:
    assert str(200 + number) not in many[0]


def test_those_without_evidence_are_counted_by_reason(
    many: tuple[set[str], dict[str, int]],
) -> None:
    for words in {case[2] for case in NONE}:
        (why,) = [reason for reason in many[1] if words in reason]
        assert many[1][why] == sum(case[2] == words for case in NONE)


def test_metastases_of_another_primary(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, 258369, "2018-01-01")
    b.condition(1, 900111, "2018-01-01")
    b.measure(1, 1635142, "2018-01-01")
    registry, report = imported(tmp_path, b.tables)
    assert registry.rows()["patient"] == 0
    assert unused(report, "person") == {"metastasis is recorded, but no breast malignancy": 1}


def test_a_metastasis_of_the_breast_is_no_primary(tmp_path: Path) -> None:
    # 603292 descends from the malignant tumour of breast, too.
    b = Builder()
    b.person(1)
    b.condition(1, 258369, "2018-01-01")
    b.condition(1, 603292, "2018-01-01")
    b.condition(1, 900111, "2018-01-01")
    assert not enters(tmp_path, b)


def test_metastasis_linked_to_another_cancer(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, BREAST, "2018-01-01")
    lung = b.condition(1, 258369, "2019-01-01")
    b.measure(1, 36768862, "2019-01-01", **b.about(FIELD_CONDITION, lung))
    b.measure(1, 1635142, "2019-01-01", **b.about(FIELD_CONDITION, lung))
    assert not enters(tmp_path, b)


def test_metastasis_linked_to_an_episode_of_another_cancer(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, BREAST, "2018-01-01")
    episode = b.episode(1, 32949, "2019-01-01", episode_object_concept_id=258369)
    b.measure(1, 36768862, "2019-01-01", **b.about(FIELD_EPISODE, episode))
    assert not enters(tmp_path, b)


def test_metastasis_of_which_of_two_primaries(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, BREAST, "2018-01-01")
    b.condition(1, 258369, "2019-01-01")
    b.measure(1, 36768862, "2019-06-01")
    registry, _ = imported(tmp_path, b.tables)
    assert registry.rows()["patient"] == 1
    (issue,) = issues(registry, "metastasis-of-which-primary")
    assert issue["severity"] == "serious"
    assert "lung" in issue["value"]


def test_a_link_to_the_breast_leaves_no_doubt(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    dx = b.condition(1, BREAST, "2018-01-01")
    b.condition(1, 258369, "2019-01-01")
    b.measure(1, 36768862, "2019-06-01", **b.about(FIELD_CONDITION, dx))
    registry, _ = imported(tmp_path, b.tables)
    assert not issues(registry, "metastasis-of-which-primary")


def test_a_link_to_nothing_counts_as_none(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, BREAST, "2018-01-01")
    b.measure(1, LIVER_M, "2019-06-01", **b.about(FIELD_CONDITION, 424242))
    registry, _ = imported(tmp_path, b.tables)
    assert registry.rows()["patient"] == 1
    assert len(issues(registry, "link-dangling")) == 1


def test_refuted_breast_cancer(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, BREAST, "2018-01-01", condition_status_concept_id=4033240)
    b.condition(1, LIVER_C, "2019-01-01")
    registry, report = imported(tmp_path, b.tables)
    assert registry.rows()["patient"] == 0
    assert unused(report, "person") == {"the breast malignancy itself is refuted": 1}


def test_denied_metastasis_is_no_lesion_of_an_enrolled_person(tmp_path: Path) -> None:
    b = Builder()
    b.metastatic(1)
    b.measure(1, LUNG_M, "2020-06-01", value_as_concept_id=45880296)
    registry, report = imported(tmp_path, b.tables)
    assert [row["organ"] for row in rows(registry, "lesion")] == ["liver"]
    assert unused(report, "measurement") == {"a metastasis is denied": 1}


def test_metastasis_from_breast_without_the_breast(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, 4198446, "2020-01-01")
    registry, _ = imported(tmp_path, b.tables)
    assert registry.rows()["patient"] == 1
    assert registry.rows()["primary_tumour"] == 0
    assert len(issues(registry, "primary-missing")) == 1


def test_events_of_a_person_who_is_not_in_person(tmp_path: Path) -> None:
    b = Builder()
    b.metastatic(1)
    b.tables["person"].clear()
    registry, _ = imported(tmp_path, b.tables)
    assert registry.rows()["patient"] == 0
    assert [i["value"] for i in issues(registry, "person-missing")] == ["1"]


def test_concept_zero_is_never_a_match(tmp_path: Path) -> None:
    b = Builder()
    b.person(1)
    b.condition(1, 0, "2018-01-01", condition_source_value="C50.9")
    b.condition(1, LIVER_C, "2019-01-01")
    assert not enters(tmp_path, b)

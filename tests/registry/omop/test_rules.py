"""What the rows of enrolled persons become; one person per case, all in one CDM."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from locoreg.registry.importing import ImportReport
from locoreg.registry.store import Registry
from tests.registry.omop.cdm import (
    BREAST,
    FIELD_CONDITION,
    FIELD_DRUG,
    FIELD_EPISODE,
    FIELD_MEASUREMENT,
    FIELD_PROCEDURE,
    LIVER_C,
    LIVER_M,
    LUNG_C,
    LUNG_M,
    Builder,
    imported,
    rows,
    unused,
)

Case = Callable[[Builder, int], None]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    CASES[function.__name__] = function
    return function


class Outcome:
    """The registry of all cases, looked at one person at a time."""

    def __init__(self, registry: Registry, report: ImportReport) -> None:
        self.registry, self.report = registry, report
        self._tables: dict[str, list[dict[str, Any]]] = {}

    def rows(self, name: str, table: str) -> list[dict[str, Any]]:
        if table not in self._tables:
            self._tables[table] = rows(self.registry, table)
        person = str(number(name))
        found = [row for row in self._tables[table] if row["patient_id"] == person]
        return sorted(found, key=repr)

    def one(self, name: str, table: str) -> dict[str, Any]:
        (row,) = self.rows(name, table)
        return row

    def rules(self, name: str) -> list[str]:
        return sorted(row["rule"] for row in self.rows(name, "issue"))


def number(name: str) -> int:
    return 100 + list(CASES).index(name)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    b = Builder()
    for name, function in CASES.items():
        b.person(number(name))
        function(b, number(name))
    return Outcome(*imported(tmp_path_factory.mktemp("rules"), b.tables))


def base(b: Builder, p: int, concept: int = BREAST, **values: Any) -> int:
    row = b.condition(p, concept, "2018-01-10", **values)
    b.condition(p, LIVER_C, "2020-01-01")
    return row


# Patients


@case
def two_deaths(b: Builder, p: int) -> None:
    base(b, p)
    b.add("death", person_id=p, death_date="2022-03-01", cause_concept_id=201826)
    b.add("death", person_id=p, death_date="2022-02-01", cause_concept_id=201826)


def test_two_rows_of_death(out: Outcome) -> None:
    patient = out.one("two_deaths", "patient")
    assert patient["death_date"] == date(2022, 2, 1)
    assert patient["death_cause"] == "other"
    assert "death-twice" in out.rules("two_deaths")


@case
def alive_or_not(b: Builder, p: int) -> None:
    base(b, p)
    for key, start, end in ((1, "2015-01-01", "2016-01-01"), (2, "2018-01-01", "2021-01-01")):
        b.add(
            "observation_period",
            observation_period_id=p * 10 + key,
            person_id=p,
            observation_period_start_date=start,
            observation_period_end_date=end,
        )
    b.add("visit_occurrence", person_id=p, visit_start_date="2021-06-01")


def test_no_row_of_death_is_no_proof_of_life(out: Outcome) -> None:
    patient = out.one("alive_or_not", "patient")
    assert patient["vital_status"] is None
    assert patient["vital_status_reason"] == "not_recorded"
    assert patient["entry_date"] == date(2015, 1, 1)
    assert patient["last_contact_date"] == date(2021, 6, 1)
    windows = out.rows("alive_or_not", "observation_window")
    assert [(w["start_date"].year, w["end_date"].year) for w in windows] == [
        (2015, 2016),
        (2018, 2021),
    ]


@case
def vague_cause(b: Builder, p: int) -> None:
    base(b, p)
    b.add("death", person_id=p, death_date="2022-02-01", cause_concept_id=432851)


def test_a_metastasis_as_cause_does_not_say_of_which_cancer(out: Outcome) -> None:
    patient = out.one("vague_cause", "patient")
    assert patient["vital_status"] == "dead"
    assert (patient["death_cause"], patient["death_cause_reason"]) == (None, "not_recorded")


# Primary tumours


@case
def icd10cm(b: Builder, p: int) -> None:
    base(b, p, condition_source_value="C50.411")
    b.condition(p, BREAST, "2018-02-01", condition_source_value="C50.411")


def test_icd10cm_states_quadrant_and_side(out: Outcome) -> None:
    tumour = out.one("icd10cm", "primary_tumour")
    assert (tumour["topography"], tumour["laterality"]) == ("C50.4", "right")
    assert tumour["dx_date"] == date(2018, 1, 10)


@case
def icd10cm_of_a_man(b: Builder, p: int) -> None:
    base(b, p, condition_source_value="C50.922")


def test_icd10cm_of_a_man(out: Outcome) -> None:
    tumour = out.one("icd10cm_of_a_man", "primary_tumour")
    assert (tumour["topography"], tumour["laterality"]) == ("C50.9", "left")


@case
def icdo3(b: Builder, p: int) -> None:
    base(b, p, concept=44505310, condition_source_value="8500/3-C50.2")
    b.condition(p, 44505310, "2018-02-01", condition_source_value="8520/3-C50.4")


def test_codes_that_differ(out: Outcome) -> None:
    tumour = out.one("icdo3", "primary_tumour")
    assert (tumour["morphology"], tumour["topography"]) == ("8500/3", "C50.2")
    assert out.rules("icdo3").count("codes-disagree") == 2


@case
def unspecified_place(b: Builder, p: int) -> None:
    base(b, p, concept=44505310)
    b.condition(p, 44505310, "2018-02-01", condition_source_value="8500/3-C50.4")


def test_an_unspecified_place_contradicts_nothing(out: Outcome) -> None:
    assert out.one("unspecified_place", "primary_tumour")["topography"] == "C50.4"
    assert "codes-disagree" not in out.rules("unspecified_place")


@case
def side_clash(b: Builder, p: int) -> None:
    dx = base(b, p, concept=900101)
    b.measure(p, 35918306, "2018-01-10", value_as_concept_id=900151, **b.about(FIELD_CONDITION, dx))


def test_sides_that_contradict(out: Outcome) -> None:
    tumour = out.one("side_clash", "primary_tumour")
    assert (tumour["laterality"], tumour["laterality_reason"]) == (None, "not_recorded")
    (issue,) = [i for i in out.rows("side_clash", "issue") if i["rule"] == "laterality-disagrees"]
    assert issue["severity"] == "serious"
    assert "left by the diagnosis and right by a measurement" in issue["message"]


@case
def initial(b: Builder, p: int) -> None:
    b.condition(p, BREAST, "2017-12-01")
    dx = base(b, p)
    b.measure(p, 734306, "2018-01-10", **b.about(FIELD_CONDITION, dx))


def test_the_row_marked_as_initial_diagnosis_has_the_day(out: Outcome) -> None:
    assert out.one("initial", "primary_tumour")["dx_date"] == date(2018, 1, 10)


@case
def sizes(b: Builder, p: int) -> None:
    base(b, p)
    b.measure(p, 4139794, "2018-01-10", value_as_number=22)
    b.measure(p, 4139794, "2018-01-11", value_as_number=30, unit_concept_id=8529)
    b.measure(p, 36768664, "2018-01-12", value_as_number=2.5, unit_concept_id=8582)
    b.measure(p, 4139794, "2018-01-13", value_as_number=24, unit_concept_id=8588)


def test_a_size_needs_a_unit_of_length(out: Outcome) -> None:
    assert out.one("sizes", "primary_tumour")["size_mm"] == 25
    assert out.rules("sizes").count("size-without-unit") == 2
    assert out.rules("sizes").count("sizes-disagree") == 1


@case
def only_unitless(b: Builder, p: int) -> None:
    base(b, p)
    b.measure(p, 4139794, "2018-01-10", value_as_number=22, unit_concept_id=0)


def test_a_size_without_unit_is_null(out: Outcome) -> None:
    tumour = out.one("only_unitless", "primary_tumour")
    assert (tumour["size_mm"], tumour["size_mm_reason"]) == (None, "not_recorded")


@case
def stage_clash(b: Builder, p: int) -> None:
    base(b, p)
    b.measure(p, 900134, "2018-01-10")
    b.measure(p, 900131, "2018-01-11")
    b.measure(p, 900132, "2018-01-11")
    b.measure(p, 900137, "2018-01-11")


def test_stage_and_m_contradict(out: Outcome) -> None:
    tumour = out.one("stage_clash", "primary_tumour")
    assert (tumour["stage_group"], tumour["stage_prefix"]) == ("IIA", "p")
    assert (tumour["cm"], tumour["pm"]) == ("M0", "M1")
    assert (tumour["ajcc_edition"], tumour["ct"], tumour["pt"]) == (None, None, None)
    rules = out.rules("stage_clash")
    for rule in ("stage-against-m", "m-disagrees", "editions-disagree", "stage-basis-missing"):
        assert rules.count(rule) == 1, rule


@case
def coarse_m(b: Builder, p: int) -> None:
    base(b, p)
    b.measure(p, 1635142, "2018-01-10")
    b.measure(p, 1633308, "2018-01-10")


def test_an_m_category_without_basis_is_clinical(out: Outcome) -> None:
    tumour = out.one("coarse_m", "primary_tumour")
    assert (tumour["cm"], tumour["pm"], tumour["stage_group"]) == ("M1", None, "IV")
    assert tumour["stage_prefix"] is None


@case
def grades(b: Builder, p: int) -> None:
    base(b, p)
    b.measure(p, 1634371, "2018-01-10")
    b.measure(p, 1633749, "2018-01-12")


def test_grades_that_differ(out: Outcome) -> None:
    assert out.one("grades", "primary_tumour")["grade"] is None
    assert "grades-disagree" in out.rules("grades")


@case
def later_stage(b: Builder, p: int) -> None:
    base(b, p)
    b.measure(p, 900132, "2018-01-10")
    b.measure(p, 900130, "2020-01-10")


def test_a_later_stage_does_not_change_that_at_diagnosis(out: Outcome) -> None:
    assert out.one("later_stage", "primary_tumour")["cm"] == "M0"
    assert "stages-disagree" in out.rules("later_stage")


# Receptors


@case
def receptors(b: Builder, p: int) -> None:
    dx = base(b, p)
    lung = b.condition(p, LUNG_C, "2020-03-01")
    b.measure(
        p,
        36203168,
        "2018-01-10",
        value_as_number=10,
        unit_concept_id=8554,
        operator_concept_id=4171756,
        **b.about(FIELD_CONDITION, dx),
    )
    b.measure(
        p, 36203114, "2020-03-01", value_as_concept_id=900140, **b.about(FIELD_CONDITION, lung)
    )
    b.measure(p, 36203170, "2020-03-01", value_as_concept_id=4172976)
    b.measure(p, 36203113, "2020-03-01")


def test_receptors(out: Outcome) -> None:
    by = {row["marker"]: row for row in out.rows("receptors", "receptor_assay")}
    er, her2, pr = by["ER"], by["HER2_IHC"], by["PR"]
    assert (er["operator"], er["value_num"], er["value_unit"]) == ("<", 10, "%")
    assert (er["context"], er["lesion_id"]) == ("primary", None)
    assert er["tumour_id"] == out.one("receptors", "primary_tumour")["tumour_id"]
    assert (her2["value_code"], her2["interpretation"], her2["method"]) == ("2+", None, "IHC")
    assert (her2["context"], her2["lesion_id"]) == (
        "metastasis",
        f"{number('receptors')}-lung",
    )
    assert (pr["context"], pr["interpretation"]) == (None, "equivocal")
    assert by["HER2_ISH"]["method"] == "ISH"
    rules = out.rules("receptors")
    assert "receptor-without-result" in rules
    assert "receptor-of-which-sample" in rules


# Lesions


@case
def both_conventions(b: Builder, p: int) -> None:
    dx = b.condition(p, BREAST, "2018-01-10")
    b.condition(p, LIVER_C, "2020-01-01")
    b.condition(p, LIVER_C, "2020-06-01")
    b.measure(p, LIVER_M, "2020-01-01", **b.about(FIELD_CONDITION, dx))
    b.condition(p, LUNG_C, "2020-02-01")
    b.measure(p, LUNG_M, "2020-02-09")


def test_a_lesion_of_both_conventions_is_one(out: Outcome) -> None:
    lesions = {row["organ"]: row for row in out.rows("both_conventions", "lesion")}
    assert set(lesions) == {"liver", "lung"}
    assert lesions["lung"]["first_seen_date"] == date(2020, 2, 1)
    (issue,) = [
        i for i in out.rows("both_conventions", "issue") if i["rule"] == "conventions-disagree"
    ]
    assert issue["row_key"].endswith("-lung")


@case
def unstated(b: Builder, p: int) -> None:
    b.condition(p, BREAST, "2018-01-10")
    b.condition(p, 432851, "2020-01-01")
    b.measure(p, 36769180, "2020-01-01")
    b.condition(p, 900112, "2018-01-10")


def test_a_metastasis_without_site_is_a_lesion_of_no_organ(out: Outcome) -> None:
    lesions = out.rows("unstated", "lesion")
    assert sorted((row["organ"] or "", row["is_regional"]) for row in lesions) == [
        ("", None),
        ("regional_ln", True),
    ]


@case
def stated_elsewhere(b: Builder, p: int) -> None:
    base(b, p)
    b.condition(p, 432851, "2019-01-01")
    b.condition(p, 900114, "2020-02-01")
    b.measure(p, 900120, "2020-02-01")
    b.condition(p, LUNG_C, "2020-04-01")


def test_lesions_of_a_person(out: Outcome) -> None:
    lesions = {row["lesion_id"]: row for row in out.rows("stated_elsewhere", "lesion")}
    p = number("stated_elsewhere")
    assert set(lesions) == {f"{p}-liver", f"{p}-other-900114", f"{p}-lung-left"}
    assert lesions[f"{p}-lung-left"]["laterality"] == "left"
    assert any("without its site" in why for why in unused(out.report, "condition_occurrence"))


# Local therapy


@case
def lung_surgery(b: Builder, p: int) -> None:
    base(b, p)
    b.condition(p, LUNG_C, "2020-02-01")
    b.procedure(p, 4000882, "2019-02-01")
    b.procedure(p, 40485447, "2020-02-01")


def test_metastasectomy_of_the_lung_needs_a_metastasis_before(out: Outcome) -> None:
    row = out.one("lung_surgery", "local_therapy")
    assert row["start_date"] == date(2020, 2, 1)
    assert (row["target"], row["lesion_id"]) == ("lesion", f"{number('lung_surgery')}-lung")
    assert row["approach"] == "minimally_invasive"
    assert "organ-surgery-unexplained" in out.rules("lung_surgery")


@case
def lung_primary(b: Builder, p: int) -> None:
    base(b, p)
    b.condition(p, 258369, "2019-12-01")
    lesion = b.measure(p, LUNG_M, "2020-02-01")
    assert lesion
    b.procedure(p, 4000882, "2020-03-01")


def test_a_primary_of_the_lung_explains_the_surgery(out: Outcome) -> None:
    assert out.rows("lung_primary", "local_therapy") == []
    (issue,) = [
        i for i in out.rows("lung_primary", "issue") if i["rule"] == "organ-surgery-unexplained"
    ]
    assert "a primary of this organ is recorded" in issue["message"]


@case
def lung_linked(b: Builder, p: int) -> None:
    base(b, p)
    b.condition(p, 258369, "2019-12-01")
    operation = b.procedure(p, 4000882, "2020-03-01")
    b.measure(p, LUNG_M, "2020-03-05", **b.about(FIELD_PROCEDURE, operation))


def test_a_link_to_the_metastasis_outweighs_the_primary(out: Outcome) -> None:
    row = out.one("lung_linked", "local_therapy")
    assert (row["target"], row["organ"]) == ("lesion", "lung")


@case
def radiotherapy(b: Builder, p: int) -> None:
    base(b, p)
    for day in ("2020-05-01", "2020-05-02", "2020-05-11", "2020-09-01"):
        b.procedure(p, 4141448, day)
    b.procedure(p, 40317890, "2019-01-01")
    b.procedure(p, 4215577, "2021-01-01")


def test_rows_of_radiotherapy_are_courses(out: Outcome) -> None:
    found = [
        (row["modality"], row["approach"], row["start_date"], row["end_date"], row["fractions"])
        for row in out.rows("radiotherapy", "local_therapy")
    ]
    assert sorted(found, key=lambda row: row[2]) == [
        ("rt_unspecified", "brachytherapy", date(2019, 1, 1), None, None),
        ("rt_unspecified", "external_beam", date(2020, 5, 1), date(2020, 5, 11), None),
        ("rt_unspecified", "external_beam", date(2020, 9, 1), None, None),
        ("sabr", "external_beam", date(2021, 1, 1), None, None),
    ]


@case
def kinds(b: Builder, p: int) -> None:
    base(b, p)
    b.procedure(p, 900170, "2020-02-01")
    b.procedure(p, 900162, "2018-01-05")
    b.procedure(p, 900161, "2019-01-05")
    b.procedure(p, 900171, "2019-01-06")
    b.procedure(p, 4238646, "2018-02-05")
    b.procedure(p, 900172, "2018-02-06")


def test_kinds_of_procedures(out: Outcome) -> None:
    found = {row["procedure_code"]: row for row in out.rows("kinds", "local_therapy")}
    assert set(found) == {"900170", "900162", "58347006"}
    assert (found["900170"]["modality"], found["900170"]["approach"]) == ("rfa", "percutaneous")
    assert (found["900170"]["target"], found["900170"]["organ"]) == ("lesion", "liver")
    assert (found["900162"]["intent"], found["900162"]["modality"]) == ("diagnostic", "other")
    assert found["900170"]["margin_reason"] == "not_applicable"
    assert "a procedure that treats no tumour" in unused(out.report, "procedure_occurrence")


@case
def margins(b: Builder, p: int) -> None:
    base(b, p)
    first = b.procedure(p, 4213045, "2018-02-01")
    second = b.procedure(p, 900160, "2018-03-01")
    for concept in (1634643, 1633801):
        b.measure(p, concept, "2018-02-01", **b.about(FIELD_PROCEDURE, first))
    b.measure(p, 1634484, "2018-03-01", **b.about(FIELD_PROCEDURE, second))
    b.measure(p, 1634643, "2018-03-01")


def test_margins(out: Outcome) -> None:
    found = {r["start_date"].month: r["margin"] for r in out.rows("margins", "local_therapy")}
    assert found == {2: None, 3: "R2"}
    rules = out.rules("margins")
    assert "margins-disagree" in rules
    assert "margin-unlinked" in rules


@case
def episode_of_surgery(b: Builder, p: int) -> None:
    base(b, p)
    with_one = b.episode(p, 32939, "2018-02-01")
    b.belongs(with_one, FIELD_PROCEDURE, b.procedure(p, 4213045, "2018-02-02"))
    b.measure(p, 4179711, "2018-02-01", **b.about(FIELD_EPISODE, with_one))
    b.episode(p, 32939, "2020-02-01")


def test_an_episode_without_procedures_is_a_treatment(out: Outcome) -> None:
    found = out.rows("episode_of_surgery", "local_therapy")
    by = {row["source_file"]: row for row in found}
    assert set(by) == {"procedure_occurrence", "episode"}
    assert by["procedure_occurrence"]["intent"] == "palliative"
    assert (by["episode"]["modality"], by["episode"]["target"]) == ("surgery", None)


@case
def told(b: Builder, p: int) -> None:
    base(b, p)
    b.observe(p, 900190, "2021-01-01")
    b.observe(p, 4214956, "2021-01-01", value_as_concept_id=4213045)


def test_surgery_told_as_history_is_no_treatment(out: Outcome) -> None:
    assert out.rows("told", "local_therapy") == []
    assert out.rules("told").count("surgery-told-as-history") == 2


# Systemic therapy


@case
def lines(b: Builder, p: int) -> None:
    base(b, p)
    above = b.episode(p, 32941, "2020-02-01")
    one = b.episode(p, 32531, "2020-02-01", episode_parent_id=above, episode_number=1)
    two = b.episode(p, 32531, "2020-08-01", episode_parent_id=above, episode_number=2)
    b.episode(p, 32941, "2021-02-01", episode_object_concept_id=35804252)
    drug = b.drug(p, 900180, "2020-02-01")
    b.belongs(one, FIELD_DRUG, drug)
    b.belongs(two, FIELD_DRUG, drug)
    b.belongs(two, FIELD_DRUG, b.drug(p, 900181, "2020-08-01"))
    b.drug(p, 1348265, "2022-01-01")


def test_lines_and_drugs(out: Outcome) -> None:
    found = out.rows("lines", "systemic_line")
    assert [(row["line_no"], row["regimen"]) for row in found] == [
        (1, None),
        (2, None),
        (None, "Docetaxel monotherapy"),
    ]
    drugs = {row["drug"]: row for row in out.rows("lines", "systemic_drug")}
    assert drugs["docetaxel"]["line_id"] is None
    assert drugs["investigational agent x"]["drug_class"] == "other"
    assert drugs["investigational agent x"]["line_id"] == found[1]["line_id"]
    assert (drugs["letrozole"]["drug_class"], drugs["letrozole"]["line_id"]) == ("ET", None)
    assert "drug-of-several-lines" in out.rules("lines")


# Performance


@case
def performance(b: Builder, p: int) -> None:
    base(b, p)
    b.measure(p, 36305384, "2020-01-01", value_as_number=2)
    b.measure(p, 36305384, "2020-01-02", value_as_concept_id=4173614)
    b.measure(p, 36305384, "2020-01-03", value_as_number=7)
    b.observe(p, 4175026, "2020-01-04")
    b.measure(p, 4173456, "2020-01-05")
    b.measure(p, 4169154, "2020-01-06", value_as_number=80)


def test_performance(out: Outcome) -> None:
    found = {r["date"].day: r for r in out.rows("performance", "performance")}
    assert {day: row["ecog"] for day, row in found.items()} == {
        1: 2,
        2: 1,
        3: None,
        4: 0,
        5: 5,
        6: None,
    }
    assert found[6]["karnofsky"] == 80
    assert out.rules("performance").count("performance-unreadable") == 1


@case
def comorbid(b: Builder, p: int) -> None:
    base(b, p)
    b.condition(p, 201826, "2016-01-01")
    b.condition(p, 201826, "2015-01-01")
    b.measure(p, 36769269, "2018-01-10", **b.about(FIELD_MEASUREMENT, 1))


def test_a_comorbidity_is_listed_once(out: Outcome) -> None:
    row = out.one("comorbid", "comorbidity")
    assert (row["date"], row["code"], row["system"]) == (date(2015, 1, 1), "44054006", "SNOMED")


@case
def no_concept(b: Builder, p: int) -> None:
    base(b, p)
    b.condition(p, 0, "2019-01-01", condition_source_concept_id=44824000)
    b.procedure(p, 0, "2019-01-01")


def test_rows_without_a_concept_are_listed_with_what_the_source_says(out: Outcome) -> None:
    assert out.rows("no_concept", "local_therapy") == []
    said = [i["message"] for i in rows(out.registry, "issue") if i["rule"] == "concept-zero"]
    assert any("'source concept 44824000'" in message for message in said)
    assert any("the source says nothing" in message for message in said)


def test_every_row_of_an_enrolled_person_is_used_or_counted(out: Outcome) -> None:
    with out.registry.connect() as con:
        assert con.execute("SELECT count(*) FROM set_aside").fetchall() == [(0,)]
    for source in out.report.batch.sources:
        assert sum(source.unused.values()) <= source.read, source.name

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.registry.mcode.make import (
    ICD,
    LOINC,
    MCODE,
    RXNORM,
    SCT,
    UCUM,
    Imported,
    Resource,
    breast,
    concept,
    extension,
    metastasis,
    observation,
    patient,
    read_resources,
    ref,
    resource,
)

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


def enrolled(folder: Path, *more: Resource, **changed: Resource) -> Imported:
    """A patient with a primary and a metastasis, and more."""
    base = {"patient": patient(), "breast": breast(), "metastasis": metastasis(), **changed}
    return read_resources(folder, [*base.values(), *more])


def quantity(value: float, unit: str | None = None, **elements: Any) -> Resource:
    given = {"value": value, "unit": unit, "system": UCUM if unit else None, "code": unit}
    given.update(elements)
    return {name: part for name, part in given.items() if part is not None}


def test_patient(tmp_path: Path) -> None:
    row = enrolled(tmp_path, patient=patient(deceasedDateTime="2022-03")).one("patient")
    assert row["sex"] == "female"
    assert row["birth_year"] == 1970
    assert row["vital_status"] == "dead"
    assert (row["death_date"], row["death_date_precision"]) == (date(2022, 3, 1), "month")
    assert row["death_cause_reason"] == "not_recorded"
    assert row["menopausal_status_dx_reason"] == "not_recorded"


@pytest.mark.parametrize(
    ("given", "status", "reason"),
    [
        ({"deceasedBoolean": True}, "dead", "not_recorded"),
        ({"deceasedBoolean": False}, "alive", "not_applicable"),
        ({}, None, "not_applicable"),
    ],
)
def test_death(tmp_path: Path, given: Resource, status: str | None, reason: str) -> None:
    row = enrolled(tmp_path, patient=patient(**given)).one("patient")
    assert row["vital_status"] == status
    assert row["death_date"] is None
    assert row["death_date_reason"] == reason


def test_unknown_sex_and_absent_birth_date(tmp_path: Path) -> None:
    hidden = {
        "extension": [{"url": f"http://hl7.org/x/{'data-absent-reason'}", "valueCode": "masked"}]
    }
    row = enrolled(
        tmp_path, patient=patient(gender="unknown", birthDate=None, _birthDate=hidden)
    ).one("patient")
    assert (row["sex"], row["sex_reason"]) == (None, "not_recorded")
    assert (row["birth_year"], row["birth_year_reason"]) == (None, "not_recorded")


def test_primary_tumour_with_all_of_its_parts(tmp_path: Path) -> None:
    edition = concept(SCT, "897275008")
    ours = {"focus": [ref("Condition/breast")], "method": edition}

    def category(identity: str, code: str, value: str) -> Resource:
        return observation(
            identity, concept(SCT, code), valueCodeableConcept=concept(SCT, value), **ours
        )

    done = enrolled(
        tmp_path,
        category("ct", "399504009", "1228929004"),
        category("cn", "399534004", "1229973008"),
        category("cm", "399387003", "1229901006"),
        category("pt", "384625004", "1229846008"),
        category("g", "399537006", "1222769001"),
        observation(
            "pn",
            concept(SCT, "371494008"),
            valueCodeableConcept={"text": "ypN0(i+)"},
            **ours,
        ),
        observation(
            "pm",
            concept(SCT, "371497001"),
            valueCodeableConcept=concept(ABSENT, "not-applicable"),
            **ours,
        ),
        observation(
            "grade",
            concept(LOINC, "44648-4"),
            valueCodeableConcept=concept(LOINC, "LA27824-4", "Nottingham grade 2"),
        ),
        breast=breast(
            extension=[
                extension(
                    "histology-morphology-behavior", valueCodeableConcept=concept(SCT, "82711006")
                )
            ]
        ),
    )
    row = done.one("primary_tumour")
    assert (row["dx_date"], row["dx_date_precision"]) == (date(2018, 5, 2), "day")
    assert row["laterality"] == "left"
    assert row["topography"] == "C50.4"
    assert row["morphology"] == "8500/3"
    assert row["grade"] == 2
    assert [row[name] for name in ("ct", "cn", "cm", "pt")] == ["T2", "N1", "M0", "T1c"]
    assert (row["pn"], row["pathologic_prefix"]) == ("N0(i+)", None)
    assert (row["pm"], row["pm_reason"]) == (None, "not_applicable")
    assert row["ajcc_edition"] == "8"
    assert (row["stage_group"], row["stage_prefix"]) == ("IIB", "c")
    assert row["size_mm_reason"] == "not_recorded"


@pytest.mark.parametrize(
    ("given", "expected", "rule"),
    [
        ({"onsetDateTime": "2018"}, (date(2018, 1, 1), "year"), None),
        ({"onsetDateTime": "2018-05"}, (date(2018, 5, 1), "month"), None),
        ({"onsetDateTime": "2018-05-30T23:30:00+02:00"}, (date(2018, 5, 30), "day"), None),
        ({"onsetPeriod": {"start": "2018-04-01"}}, (date(2018, 4, 1), "day"), None),
        ({"onsetDateTime": "2018-02-30"}, (None, None), "unusable-date"),
        ({"onsetAge": quantity(48, "a")}, (None, None), "onset-is-no-date"),
        ({"recordedDate": "2019-01-02"}, (date(2019, 1, 2), "day"), "recorded-date-as-onset"),
        (
            {"extension": [{"url": "http://x/condition-assertedDate", "valueDateTime": "2018-06"}]},
            (date(2018, 6, 1), "month"),
            "recorded-date-as-onset",
        ),
    ],
)
def test_onset(
    tmp_path: Path, given: Resource, expected: tuple[date | None, str | None], rule: str | None
) -> None:
    done = enrolled(tmp_path, breast=breast(**{"onsetDateTime": None, **given}))
    row = done.one("primary_tumour")
    assert (row["dx_date"], row["dx_date_precision"]) == expected
    assert rule is None or rule in done.rules()
    if rule is None:
        assert not done.rules() & {"unusable-date", "recorded-date-as-onset"}


def test_an_onset_that_is_absent_for_a_reason(tmp_path: Path) -> None:
    note = {"extension": [{"url": "http://x/data-absent-reason", "valueCode": "not-applicable"}]}
    done = enrolled(tmp_path, breast=breast(onsetDateTime=None, _onsetDateTime=note))
    assert done.one("primary_tumour")["dx_date_reason"] == "not_applicable"


@pytest.mark.parametrize(
    ("icd", "organ", "side"),
    [
        ("C78.02", "lung", "left"),
        ("C78.01", "lung", "right"),
        ("C78.2", "pleura", None),
        ("C78.6", "peritoneum", None),
        ("C78.7", "liver", None),
        ("C78.4", "other", None),
        ("C79.2", "skin_soft_tissue", None),
        ("C79.31", "brain", None),
        ("C79.32", "leptomeninges", None),
        ("C79.51", "bone", None),
        ("C79.62", "ovary", "left"),
        ("C79.71", "adrenal", "right"),
        ("C79.89", "other", None),
        ("C7B.03", "bone", None),
        ("C77.2", "distant_ln", None),
    ],
)
def test_organs_of_icd_10_cm(tmp_path: Path, icd: str, organ: str, side: str | None) -> None:
    row = enrolled(tmp_path, metastasis=metastasis(icd=icd)).one("lesion")
    assert (row["organ"], row["laterality"], row["is_regional"]) == (organ, side, False)


def test_regional_disease_is_a_lesion_that_is_not_distant(tmp_path: Path) -> None:
    done = enrolled(tmp_path, metastasis("axilla", "C77.3"))
    rows = {row["lesion_id"]: row for row in done.rows("lesion")}
    assert rows["Condition/axilla"]["organ"] == "regional_ln"
    assert rows["Condition/axilla"]["is_regional"] is True


def tumour(
    identity: str, location: Resource, number: str | None = None, **elements: Any
) -> Resource:
    return resource(
        "BodyStructure",
        identity,
        meta={"profile": [MCODE + "tumor"]},
        identifier=[{"system": "urn:tumours", "value": number}] if number else None,
        location=location,
        extension=[extension("related-condition", valueReference=ref("Condition/meta"))],
        **elements,
    )


def size(identity: str, value: Resource, **elements: Any) -> Resource:
    return observation(
        identity,
        concept(LOINC, "21889-1"),
        component=[{"code": concept(LOINC, "33728-7"), "valueQuantity": value}],
        **elements,
    )


def test_tumours_with_an_identity_are_the_lesions(tmp_path: Path) -> None:
    liver = concept(SCT, "10200004", "Liver structure")
    ct = concept(SCT, "77477000")
    done = enrolled(
        tmp_path,
        tumour("t1", liver, "1"),
        tumour("t1-again", liver, "1"),
        tumour("t2", liver, "2", locationQualifier=[concept(SCT, "7771000")]),
        size("s1", quantity(12, "mm"), focus=[ref("BodyStructure/t1")], method=ct),
        size("s2", quantity(2.4, "cm"), focus=[ref("BodyStructure/t2")], method=ct),
        size(
            "s3",
            quantity(9, "mm"),
            focus=[ref("BodyStructure/t1-again")],
            method=ct,
            effectiveDateTime="2020-09-01",
        ),
    )
    lesions = {row["lesion_id"]: row for row in done.rows("lesion")}
    assert set(lesions) == {"p/urn:tumours|1", "p/urn:tumours|2"}
    assert {row["organ"] for row in lesions.values()} == {"liver"}
    assert {row["first_seen_date"] for row in lesions.values()} == {date(2020, 6, 11)}
    assert lesions["p/urn:tumours|2"]["laterality"] == "left"
    assert lesions["p/urn:tumours|1"]["snomed_body_site"] == "10200004"
    measured = {row["measurement_id"]: row for row in done.rows("lesion_measurement")}
    assert {k: v["longest_mm"] for k, v in measured.items()} == {
        "Observation/s1": 12.0,
        "Observation/s2": 24.0,
        "Observation/s3": 9.0,
    }
    assert measured["Observation/s3"]["lesion_id"] == "p/urn:tumours|1"
    # One assessment per day and modality.
    assert len(done.rows("imaging_assessment")) == 2
    assert {row["modality"] for row in done.rows("imaging_assessment")} == {"CT"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (quantity(2.5, "cm"), 25.0),
        ({"value": 2.5, "unit": "centimeters", "system": UCUM, "code": "cm"}, 25.0),
        ({"value": 25, "unit": "mm"}, 25.0),
        (quantity(25), None),
        (quantity(1, "[in_i]"), None),
        ({"value": 2.5, "unit": "mm", "system": UCUM, "code": "cm"}, None),
        (quantity(5, "mm", comparator="<"), None),
        (quantity(-1, "mm"), None),
    ],
)
def test_a_size_needs_a_unit(tmp_path: Path, value: Resource, expected: float | None) -> None:
    sample = resource(
        "Specimen",
        "s",
        collection={"bodySite": concept(SCT, "80248007", "Left breast structure")},
    )
    done = enrolled(tmp_path, sample, size("o", value, specimen=ref("Specimen/s")))
    assert done.one("primary_tumour")["size_mm"] == expected
    assert ("size-not-usable" in done.rules()) == (expected is None)


def test_a_size_that_was_not_measured(tmp_path: Path) -> None:
    sample = resource("Specimen", "s", collection={"bodySite": {"text": "breast"}})
    made = observation(
        "o",
        concept(LOINC, "21889-1"),
        specimen=ref("Specimen/s"),
        dataAbsentReason=concept(ABSENT, "not-performed"),
    )
    assert enrolled(tmp_path, sample, made).one("primary_tumour")["size_mm_reason"] == "not_done"


def test_a_size_with_focus_and_specimen_is_not_used(tmp_path: Path) -> None:
    sample = resource("Specimen", "s")
    structure = tumour("t", concept(SCT, "10200004"))
    both = size("o", quantity(9, "mm"), focus=[ref("BodyStructure/t")], specimen=ref("Specimen/s"))
    done = enrolled(tmp_path, sample, structure, both)
    assert done.one("lesion_measurement")["longest_mm"] is None
    assert "size-with-focus-and-specimen" in done.rules()


def marker(code: str, **value: Any) -> Resource:
    return observation("o", concept(LOINC, code), **value)


@pytest.mark.parametrize(
    ("made", "cells"),
    [
        (
            marker("14228-1", valueQuantity=quantity(90, "%")),
            {"marker": "ER", "value_num": 90.0, "value_unit": "%", "operator": "="},
        ),
        (
            marker("85325-9", valueQuantity=quantity(1, "%", comparator="<")),
            {"marker": "PR", "value_num": 1.0, "operator": "<"},
        ),
        (
            marker("85337-4", valueCodeableConcept=concept(LOINC, "LA6576-8", "Positive")),
            {"marker": "ER", "value_code": "pos", "interpretation": None, "method": "IHC"},
        ),
        (
            marker("48676-1", valueCodeableConcept=concept(SCT, "260385009")),
            {"marker": "HER2", "value_code": "neg", "interpretation": "negative"},
        ),
        (
            marker("85319-2", valueCodeableConcept={"text": "2+ (equivocal)"}),
            {"marker": "HER2_IHC", "value_code": "2+"},
        ),
        (marker("85319-2", valueString="0-1+"), {"value_code": "0-1+"}),
        (marker("85319-2", valueString="Score 3+"), {"value_code": "3+"}),
        (marker("29593-1", valueString=">= 20 %"), {"value_num": 20.0, "operator": ">="}),
        (
            marker(
                "49683-6",
                valueRatio={"numerator": {"value": 5}, "denominator": {"value": 2}},
            ),
            {"marker": "HER2_ISH", "value_num": 2.5, "value_unit": "ratio"},
        ),
        (
            marker("49683-6", valueQuantity=quantity(1.8, "{ratio}")),
            {"value_num": 1.8, "value_unit": "ratio"},
        ),
        (
            marker("31150-6", valueString="amplified", interpretation=[concept(SCT, "10828004")]),
            {"marker": "HER2_ISH", "value_code": "pos", "interpretation": "positive"},
        ),
        (
            marker("83053-9", valueQuantity=quantity(5, "%")),
            {"marker": "PDL1", "value_num": 5.0},
        ),
        (
            marker("14228-1", dataAbsentReason=concept(ABSENT, "not-performed")),
            {"value_num": None, "value_num_reason": "not_done", "value_code_reason": "not_done"},
        ),
        (
            marker("85337-4", valueCodeableConcept=concept(ABSENT, "unknown")),
            {"value_code": None, "value_code_reason": "not_recorded"},
        ),
    ],
    ids=str,
)
def test_markers(tmp_path: Path, made: Resource, cells: Resource) -> None:
    done = enrolled(tmp_path, made)
    row = done.one("receptor_assay")
    assert {name: row[name] for name in cells} == cells
    assert row["loinc"] == made["code"]["coding"][0]["code"]
    assert row["context"] is None
    assert row["context_reason"] == "not_recorded"
    assert "result-not-read" not in done.rules()


@pytest.mark.parametrize(
    "made",
    [
        marker("14228-1", valueQuantity=quantity(90)),
        marker("14228-1", valueQuantity=quantity(120, "%")),
        marker("14228-1", valueQuantity=quantity(0.9, "1")),
        marker("49683-6", valueQuantity=quantity(2.1, "%")),
        marker("49683-6", valueRatio={"numerator": {"value": 5}, "denominator": {"value": 0}}),
        marker("85319-2", valueString="see report"),
        marker("85319-2", valueCodeableConcept=concept(SCT, "12345")),
        marker("14228-1", valueRange={"low": quantity(50, "%"), "high": quantity(60, "%")}),
    ],
    ids=str,
)
def test_results_that_can_t_be_read_are_left_empty_and_named(
    tmp_path: Path, made: Resource
) -> None:
    done = enrolled(tmp_path, made)
    row = done.one("receptor_assay")
    assert row["value_num"] is None
    assert row["value_code"] is None
    assert len(done.issues("result-not-read")) == 1


@pytest.mark.parametrize(
    ("link", "context"),
    [
        ({"focus": [ref("Condition/breast")]}, ("primary", "Condition/breast", None)),
        ({"focus": [ref("Condition/meta")]}, ("metastasis", None, "Condition/meta")),
        (
            {"extension": [extension("related-condition", valueReference=ref("Condition/meta"))]},
            ("metastasis", None, "Condition/meta"),
        ),
        ({"specimen": ref("Specimen/of-breast")}, ("primary", "Condition/breast", None)),
        ({"specimen": ref("Specimen/of-liver")}, (None, None, None)),
    ],
)
def test_what_was_sampled(tmp_path: Path, link: Resource, context: tuple[str | None, ...]) -> None:
    samples = [
        resource(
            "Specimen",
            f"of-{name}",
            collection={"bodySite": {"text": name}, "collectedDateTime": "2020-06-01"},
        )
        for name in ("breast", "liver")
    ]
    done = enrolled(
        tmp_path, *samples, marker("85337-4", valueCodeableConcept={"text": "Positive"}, **link)
    )
    row = done.one("receptor_assay")
    assert (row["context"], row["tumour_id"], row["lesion_id"]) == context
    sampled = date(2020, 6, 1) if "specimen" in link else date(2020, 6, 20)
    assert row["sample_date"] == sampled


def test_a_sample_of_a_tumour_with_an_identity(tmp_path: Path) -> None:
    structure = tumour("t", concept(SCT, "10200004"), "7")
    sample = resource("Specimen", "s", identifier=[{"system": "urn:tumours", "value": "7"}])
    made = marker("85337-4", valueString="negative", specimen=ref("Specimen/s"))
    row = enrolled(tmp_path, structure, sample, made).one("receptor_assay")
    assert (row["context"], row["lesion_id"]) == ("metastasis", "p/urn:tumours|7")


def test_serum_markers(tmp_path: Path) -> None:
    done = enrolled(
        tmp_path,
        observation("a", concept(LOINC, "6875-9"), valueQuantity=quantity(88, "U/mL")),
        observation(
            "b", concept(LOINC, "2039-6"), valueQuantity=quantity(0.5, "ng/mL", comparator="<")
        ),
    )
    a, b = done.rows("biomarker")
    assert (a["analyte"], a["value"], a["unit"], a["fluid"]) == ("CA15-3", 88.0, "U/mL", "serum")
    assert (b["value"], b["lod"], b["detected"]) == (None, 0.5, False)


def variant(identity: str, found: str, *parts: Resource) -> Resource:
    return observation(
        identity,
        concept(LOINC, "69548-6"),
        valueCodeableConcept=concept(LOINC, found),
        component=list(parts),
    )


def part(code: str, **value: Any) -> Resource:
    return {"code": concept(LOINC, code), **value}


def gene(symbol: str) -> Resource:
    return part(
        "48018-6", valueCodeableConcept=concept("http://www.genenames.org", "HGNC:1", symbol)
    )


GERMLINE = part("48002-0", valueCodeableConcept=concept(LOINC, "LA6683-2"))


def test_variants(tmp_path: Path) -> None:
    done = enrolled(
        tmp_path,
        variant(
            "v", "LA9633-4", gene("PIK3CA"), part("81258-6", valueQuantity=quantity(0.21, "1"))
        ),
        variant("w", "LA9634-2", gene("NRAS"), gene("ESR1")),
        variant(
            "g",
            "LA9633-4",
            gene("BRCA2"),
            GERMLINE,
            part("53037-8", valueCodeableConcept=concept(LOINC, "LA6668-3")),
        ),
        variant("u", "LA9633-4", gene("BRCA1"), GERMLINE),
    )
    rows = {row["biomarker_id"]: row for row in done.rows("biomarker")}
    assert rows["Observation/v"]["value"] == 0.21
    assert rows["Observation/v"]["detected"] is True
    assert {rows[f"Observation/w/{n}"]["gene"] for n in (1, 2)} == {"NRAS", "ESR1"}
    assert rows["Observation/w/1"]["detected"] is False
    assays = {(row["marker"], row["value_code"]) for row in done.rows("receptor_assay")}
    assert assays == {("PIK3CA", "pos"), ("ESR1", "neg")}
    row = done.one("patient")
    assert (row["brca1_germline"], row["brca2_germline"]) == (None, "pathogenic")
    assert len(done.issues("germline-significance-missing")) == 1


def surgery(identity: str = "op", **elements: Any) -> Resource:
    given = {
        "status": "completed",
        "meta": {"profile": [MCODE + "cancer-related-surgical-procedure"]},
        "code": concept(SCT, "64368001", "Excision of part of breast"),
        "performedDateTime": "2020-08-01",
        **elements,
    }
    return resource("Procedure", identity, **given)


def test_surgery_of_the_primary(tmp_path: Path) -> None:
    made = surgery(
        reasonReference=[ref("Condition/breast")],
        bodySite=[concept(SCT, "80248007", "Left breast structure")],
        extension=[extension("procedure-intent", valueCodeableConcept=concept(SCT, "373808002"))],
    )
    row = enrolled(tmp_path, made).one("local_therapy")
    assert (row["target"], row["organ"], row["laterality"]) == ("primary", "breast", "left")
    assert (row["tumour_id"], row["modality"]) == ("Condition/breast", "surgery")
    assert (row["intent"], row["start_date"]) == ("ablative", date(2020, 8, 1))
    assert (row["procedure_code"], row["procedure_system"]) == ("64368001", "SNOMED")
    assert (row["margin_reason"], row["dose_gy_reason"]) == ("not_recorded", "not_applicable")


@pytest.mark.parametrize(
    "link",
    [
        {"reasonReference": [ref("Condition/meta")]},
        {"reasonCode": [concept(ICD, "C78.7")]},
        # Often the reason is the primary and the site says what was removed.
        {
            "reasonReference": [ref("Condition/breast")],
            "bodySite": [concept(SCT, "10200004", "Liver structure")],
        },
    ],
)
def test_surgery_of_a_metastasis(tmp_path: Path, link: Resource) -> None:
    row = enrolled(tmp_path, surgery(**link)).one("local_therapy")
    assert (row["target"], row["organ"], row["lesion_id"]) == ("lesion", "liver", "Condition/meta")
    assert row["tumour_id"] is None


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (surgery(status="not-done"), "a treatment that is not done"),
        (surgery(status="preparation"), "a treatment that is planned only"),
        (
            surgery(meta=None, code=concept(SCT, "122548005", "Biopsy of breast")),
            "no local treatment of cancer",
        ),
        (surgery(reasonCode=[concept(ICD, "C34.11")]), "a treatment of another primary"),
    ],
)
def test_procedures_that_are_no_row(tmp_path: Path, made: Resource, why: str) -> None:
    done = enrolled(tmp_path, made)
    assert done.rows("local_therapy") == []
    assert done.unused()[f"Procedure: {why}; kept as received"] == 1


def course(*volumes: Resource, **elements: Any) -> Resource:
    modality = extension(
        "radiotherapy-modality-and-technique",
        extension=[
            extension("radiotherapy-modality", valueCodeableConcept=concept(SCT, "1156506007")),
            extension("radiotherapy-technique", valueCodeableConcept=concept(SCT, "1156530009")),
        ],
    )
    given = {
        "status": "completed",
        "code": concept(SCT, "1217123003"),
        "performedPeriod": {"start": "2020-08-15", "end": "2020-09"},
        "extension": [modality, *volumes],
        **elements,
    }
    return resource("Procedure", "rt", **given)


def volume(structure: str, dose: Resource, fractions: int) -> Resource:
    return extension(
        "radiotherapy-dose-delivered-to-volume",
        extension=[
            {"url": "volume", "valueReference": ref(f"BodyStructure/{structure}")},
            {"url": "totalDoseDelivered", "valueQuantity": dose},
            {"url": "fractionsDelivered", "valueUnsignedInt": fractions},
        ],
    )


def test_radiotherapy_is_one_row_per_volume(tmp_path: Path) -> None:
    places = {"wall": "78904004", "axilla": "68171009", "liver": "10200004"}
    structures = [
        resource(
            "BodyStructure",
            name,
            meta={"profile": [MCODE + "radiotherapy-volume"]},
            location=concept(SCT, code),
        )
        for name, code in places.items()
    ]
    made = course(
        volume("wall", quantity(5000, "cGy"), 25),
        volume("axilla", quantity(45, "Gy"), 25),
        volume("liver", quantity(5000, "cGy"), 5),
    )
    rows = enrolled(tmp_path, *structures, made).rows("local_therapy")
    assert [row["dose_gy"] for row in rows] == [50.0, 45.0, 50.0]
    assert [row["fractions"] for row in rows] == [25, 25, 5]
    assert [row["target"] for row in rows] == ["primary", "regional_nodes", "lesion"]
    assert rows[2]["lesion_id"] == "Condition/meta"
    # Ten gray a fraction, and yet no code says stereotactic: nothing is inferred here.
    assert {row["modality"] for row in rows} == {"rt_unspecified"}
    assert {row["approach"] for row in rows} == {"external_beam"}
    assert (rows[0]["end_date"], rows[0]["end_date_precision"]) == (date(2020, 9, 1), "month")
    assert len({row["lt_id"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("known", "target"), [([], None), ([metastasis("nodes", "C77.1")], "lesion")]
)
def test_nodes_are_a_metastasis_only_where_that_is_known(
    tmp_path: Path, known: list[Resource], target: str | None
) -> None:
    structure = resource("BodyStructure", "v", location=concept(SCT, "62683002"))
    done = enrolled(tmp_path, structure, course(volume("v", quantity(5000, "cGy"), 25)), *known)
    row = done.one("local_therapy")
    assert (row["target"], row["organ"]) == (target, "distant_ln")
    assert (row["lesion_id"] == "Condition/nodes") == bool(known)


def test_stereotactic_only_where_the_code_says_so(tmp_path: Path) -> None:
    made = course(code=concept(SCT, "99", "Stereotactic body radiation therapy"), extension=None)
    assert enrolled(tmp_path, made).one("local_therapy")["modality"] == "sabr"


@pytest.mark.parametrize(
    ("dose", "fractions", "rule"),
    [
        (quantity(5000), 25, "dose-not-usable"),
        (quantity(5000, "mGy"), 25, "dose-not-usable"),
        (quantity(5000, "cGy"), 100_000, "fractions-not-usable"),
    ],
)
def test_doses_without_unit_and_odd_fractions(
    tmp_path: Path, dose: Resource, fractions: int, rule: str
) -> None:
    structure = resource("BodyStructure", "v", location=concept(SCT, "10200004"))
    done = enrolled(tmp_path, structure, course(volume("v", dose, fractions)))
    row = done.one("local_therapy")
    assert None in (row["dose_gy"], row["fractions"])
    assert rule in done.rules()


@pytest.mark.parametrize(
    ("words", "modality"),
    [
        ("Radiofrequency ablation of lesion of liver", "rfa"),
        ("Microwave ablation of liver", "microwave"),
        ("Cryosurgery of lung", "cryo"),
    ],
)
def test_ablation(tmp_path: Path, words: str, modality: str) -> None:
    done = enrolled(tmp_path, surgery(code=concept(SCT, "98", words), meta=None))
    assert done.one("local_therapy")["modality"] == modality


def order(identity: str = "order", **elements: Any) -> Resource:
    given = {
        "status": "active",
        "intent": "order",
        "meta": {"profile": [MCODE + "cancer-related-medication-request"]},
        "medicationCodeableConcept": concept(RXNORM, "84857", "anastrozole"),
        "authoredOn": "2020-07-01",
        **elements,
    }
    return resource("MedicationRequest", identity, **given)


def given(identity: str = "given", **elements: Any) -> Resource:
    parts = {
        "status": "completed",
        "medicationCodeableConcept": concept(RXNORM, "56946", "PACLitaxel"),
        "effectiveDateTime": "2020-07-05",
        "reasonReference": [ref("Condition/breast")],
        "dosage": {"dose": quantity(272.01, "mg")},
        **elements,
    }
    return resource("MedicationAdministration", identity, **parts)


def test_orders_and_administrations(tmp_path: Path) -> None:
    timed = [{"timing": {"repeat": {"boundsPeriod": {"start": "2020-07-02", "end": "2020-12-01"}}}}]
    done = enrolled(
        tmp_path,
        order(),
        order("timed", dosageInstruction=timed, status="stopped"),
        order("drip", medicationCodeableConcept=concept(RXNORM, "1", "doxorubicin 2 MG/ML")),
        given(request=ref("MedicationRequest/drip")),
        given("later", request=ref("MedicationRequest/drip"), effectiveDateTime="2020-08-05"),
        given("alone"),
    )
    rows = {row["drug_id"]: row for row in done.rows("systemic_drug")}
    assert set(rows) == {
        "MedicationRequest/order",
        "MedicationRequest/timed",
        "MedicationRequest/drip",
        "MedicationAdministration/alone",
    }
    first = rows["MedicationRequest/order"]
    assert (first["drug"], first["drug_class"], first["drug_code"]) == (
        "anastrozole",
        "ET",
        "84857",
    )
    assert (first["start_date"], first["end_date_reason"]) == (date(2020, 7, 1), "not_applicable")
    assert {issue.row_key for issue in done.issues("order-date-as-start")} == {
        "MedicationRequest/order"
    }
    assert rows["MedicationRequest/timed"]["end_date"] == date(2020, 12, 1)
    drip = rows["MedicationRequest/drip"]
    assert (drip["drug"], drip["drug_class"]) == ("doxorubicin", "chemo")
    assert (drip["start_date"], drip["end_date"]) == (date(2020, 7, 5), date(2020, 8, 5))
    alone = rows["MedicationAdministration/alone"]
    assert (alone["dose"], alone["dose_unit"]) == (272.01, "mg")
    assert {row["line_id"] for row in rows.values()} == {None}
    assert done.rows("systemic_line") == []


def test_a_line_only_where_orders_are_grouped(tmp_path: Path) -> None:
    group = {"system": "urn:plans", "value": "AC-T"}
    palliative = [extension("procedure-intent", valueCodeableConcept=concept(SCT, "363676003"))]
    done = enrolled(
        tmp_path,
        order("a", groupIdentifier=group, extension=palliative),
        order("b", groupIdentifier=group, authoredOn="2020-06-20"),
    )
    line = done.one("systemic_line")
    assert (line["line_no"], line["setting"]) == (None, None)
    assert (line["start_date"], line["intent"]) == (date(2020, 6, 20), "palliative")
    assert {row["line_id"] for row in done.rows("systemic_drug")} == {line["line_id"]}


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (order(status="entered-in-error"), "MedicationRequest: entered in error"),
        (order(status="cancelled"), "MedicationRequest: cancelled"),
        (order(doNotPerform=True), "MedicationRequest: an order not to give the drug"),
        (
            order(intent="plan"),
            "MedicationRequest: a drug that was not ordered (plan); kept as received",
        ),
        (
            given(status="not-done"),
            "MedicationAdministration: a drug that was not given; kept as received",
        ),
        (
            order(meta=None, medicationCodeableConcept={"text": "metformin"}),
            "MedicationRequest: a drug that is not said to be against cancer; kept as received",
        ),
        (
            order(reasonCode=[concept(ICD, "C34.11")]),
            "MedicationRequest: a drug against another primary; kept as received",
        ),
    ],
    ids=str,
)
def test_drugs_that_are_no_row(tmp_path: Path, made: Resource, why: str) -> None:
    done = enrolled(tmp_path, made)
    assert done.rows("systemic_drug") == []
    assert done.unused()[why] == 1


def test_a_drug_named_by_reference(tmp_path: Path) -> None:
    drug = {"resourceType": "Medication", "id": "d", "code": concept(RXNORM, "7", "letrozole")}
    made = order(medicationCodeableConcept=None, medicationReference=ref("Medication/d"))
    assert enrolled(tmp_path, drug, made).one("systemic_drug")["drug"] == "letrozole"


def disease_status(code: str, evidence: str | None = "363679005") -> Resource:
    by = "cancer-disease-status-evidence-type"
    return observation(
        "ds",
        concept(LOINC, "97509-4"),
        valueCodeableConcept=concept(SCT, code),
        extension=[extension(by, valueCodeableConcept=concept(SCT, evidence))]
        if evidence
        else None,
    )


@pytest.mark.parametrize(
    ("code", "response", "events"),
    [
        ("268910001", "PR", []),
        ("359746009", "SD", []),
        ("271299001", "PD", ["progression"]),
        ("709137006", "NE", []),
    ],
)
def test_disease_status_on_images(
    tmp_path: Path, code: str, response: str, events: list[str]
) -> None:
    done = enrolled(tmp_path, disease_status(code))
    row = done.one("imaging_assessment")
    assert (row["response"], row["criteria"], row["n_lesions"]) == (response, "clinical", None)
    assert [event["type"] for event in done.rows("disease_event")] == events


def test_disease_status_without_images(tmp_path: Path) -> None:
    done = enrolled(tmp_path, disease_status("271299001", "108257001"))
    assert done.rows("imaging_assessment") == []
    assert done.one("disease_event")["basis"] == "pathology"
    done = enrolled(tmp_path, disease_status("359746009", None))
    assert done.rows("disease_event") == []
    assert any("does not rest on images" in why for why in done.unused())


@pytest.mark.parametrize(
    ("code", "value", "column", "expected"),
    [
        ("89247-1", {"valueInteger": 1}, "ecog", 1),
        ("89247-1", {"valueCodeableConcept": concept(LOINC, "LA9624-3")}, "ecog", 2),
        ("89247-1", {"valueInteger": 7}, "ecog", None),
        ("89243-0", {"valueInteger": 90}, "karnofsky", 90),
        ("89243-0", {"valueQuantity": quantity(80, "{score}")}, "karnofsky", 80),
    ],
)
def test_performance(
    tmp_path: Path, code: str, value: Resource, column: str, expected: int | None
) -> None:
    done = enrolled(tmp_path, observation("ps", concept(LOINC, code), **value))
    assert done.one("performance")[column] == expected
    assert ("score-out-of-range" in done.rules()) == (expected is None)


def test_comorbidity(tmp_path: Path) -> None:
    overview = observation(
        "co",
        concept(SCT, "398192003"),
        extension=[
            extension("related-condition", valueReference=ref("Condition/hyper")),
            extension("related-condition-absent", valueCodeableConcept=concept(SCT, "73211009")),
        ],
    )
    clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    done = enrolled(
        tmp_path,
        overview,
        resource("Condition", "hyper", code=concept(ICD, "I10"), recordedDate="2019-02-03"),
        resource(
            "Condition",
            "old",
            code=concept(ICD, "J18.9"),
            clinicalStatus=concept(clinical, "resolved"),
        ),
    )
    rows = {row["comorbidity_id"]: row for row in done.rows("comorbidity")}
    assert rows["Condition/hyper"]["present"] is True
    assert rows["Condition/hyper"]["date"] == date(2019, 2, 3)
    assert rows["Condition/hyper"]["system"] == "ICD-10-CM"
    assert rows["Observation/co/1"]["present"] is False
    assert len(rows) == 2
    assert done.unused()["Condition: a condition that is over; kept as received"] == 1


def test_history_of_metastasis_is_an_event_without_a_date(tmp_path: Path) -> None:
    row = enrolled(tmp_path, observation("h", concept(SCT, "1098951000119108"))).one(
        "disease_event"
    )
    assert (row["type"], row["basis"], row["organs"]) == ("distant_recurrence", "history", "liver")
    assert row["date"] is None


def answers(address: str, items: list[tuple[str, Resource]], **elements: Any) -> Resource:
    return resource(
        "QuestionnaireResponse",
        "qr",
        status="completed",
        questionnaire=address,
        authored="2020-07-01",
        item=[
            {
                "linkId": "group",
                "item": [{"linkId": k, "answer": [v] if v else []} for k, v in items],
            }
        ],
        **elements,
    )


def test_quality_of_life(tmp_path: Path) -> None:
    items = [
        ("Q1", {"valueInteger": 3}),
        ("Q2", {"valueCoding": {"system": "urn:x", "code": "2"}}),
        ("Q3", {}),
        ("Q99", {"valueInteger": 1}),
    ]
    done = enrolled(tmp_path, answers("http://x/QLQ-C30|3.0", items, language="nl"))
    rows = {row["item"]: row for row in done.rows("qol_response")}
    assert {k: v["value"] for k, v in rows.items()} == {"1": 3, "2": 2, "3": None}
    assert rows["3"]["missing_reason"] == "not_recorded"
    assert (rows["1"]["instrument"], rows["1"]["version"]) == ("QLQ-C30", "3.0")
    assert rows["1"]["language"] == "nl"
    assert len(done.issues("item-not-recognised")) == 1

    done = enrolled(tmp_path, answers("http://x/fact-b", [("GP1", {"valueInteger": 4})]))
    assert done.one("qol_response")["item"] == "GP1"

    done = enrolled(tmp_path, answers("http://x/qlq-br45", [("Q31", {"valueInteger": 1})]))
    assert done.rows("qol_response") == []
    assert any("questionnaire that is not" in why for why in done.unused())


def test_codes_that_were_read_are_listed(tmp_path: Path) -> None:
    done = enrolled(tmp_path, marker("85337-4", valueCodeableConcept=concept(LOINC, "LA6577-6")))
    uses = {
        (use.table_name, use.column_name, use.source_code, use.canonical_code) for use in done.codes
    }
    assert ("lesion", "organ", "C78.7", "liver") in uses
    assert ("receptor_assay", "marker", "85337-4", "ER") in uses
    assert ("receptor_assay", "value_code", "LA6577-6", "neg") in uses


def test_site(tmp_path: Path) -> None:
    from tests.registry.mcode.make import read_files

    enrolled(tmp_path)
    done = read_files(tmp_path / "resources.ndjson", site="north")
    assert done.one("patient")["site_id"] == "north"

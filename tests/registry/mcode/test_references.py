from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.registry.mcode.make import (
    ICD,
    LOINC,
    SCT,
    Resource,
    breast,
    bundle,
    concept,
    metastasis,
    observation,
    patient,
    read_bundle,
    read_resources,
    ref,
    resource,
)

BASE = "https://ehr.example.org/fhir"


def focused(target: Resource, **elements: Any) -> Resource:
    return observation(
        "er",
        concept(LOINC, "85337-4"),
        valueString="positive",
        focus=[target],
        **elements,
    )


def entries(*pairs: tuple[str, Resource], kind: str = "collection") -> Resource:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"fullUrl": url, "resource": one} for url, one in pairs],
    }


@pytest.mark.parametrize(
    "target",
    [
        ref("Condition/meta"),
        ref("Condition/meta/_history/3"),
        ref("https://anywhere.example.org/r4/Condition/meta"),
        {"identifier": {"system": "urn:dx", "value": "77"}, "type": "Condition"},
    ],
)
def test_references_among_resources_of_an_export(tmp_path: Path, target: Resource) -> None:
    known = metastasis(identifier=[{"system": "urn:dx", "value": "77"}])
    done = read_resources(tmp_path, [patient(), breast(), known, focused(target)])
    assert done.one("receptor_assay")["lesion_id"] == "Condition/meta"
    assert "broken-reference" not in done.rules()


@pytest.mark.parametrize(
    "target", [ref("Condition/nothing"), ref("#inside"), {"identifier": {"value": "1"}}, {}]
)
def test_a_broken_reference_is_named(tmp_path: Path, target: Resource) -> None:
    done = read_resources(tmp_path, [patient(), breast(), metastasis(), focused(target)])
    assert done.one("receptor_assay")["context"] is None
    (issue,) = done.issues("broken-reference")
    assert (issue.column_name, issue.row_key) == ("focus", "Observation/er")


def test_a_reference_to_what_is_entered_in_error(tmp_path: Path) -> None:
    wrong = metastasis("wrong", verificationStatus=concept("urn:x", "confirmed"))
    wrong["verificationStatus"] = concept(
        "http://terminology.hl7.org/CodeSystem/condition-ver-status", "entered-in-error"
    )
    done = read_resources(
        tmp_path, [patient(), breast(), metastasis(), wrong, focused(ref("Condition/wrong"))]
    )
    (issue,) = done.issues("reference-to-unused")
    assert "entered in error" in issue.message


def test_contained_specimen(tmp_path: Path) -> None:
    sample = {
        "resourceType": "Specimen",
        "id": "s",
        "collection": {
            "collectedDateTime": "2019-01-02",
            "bodySite": concept(SCT, "80248007", "Left breast structure"),
        },
    }
    made = observation(
        "er",
        concept(LOINC, "85337-4"),
        valueString="negative",
        specimen=ref("#s"),
        contained=[sample],
    )
    row = read_resources(tmp_path, [patient(), breast(), metastasis(), made]).one("receptor_assay")
    assert (row["context"], row["sample_date"].isoformat()) == ("primary", "2019-01-02")


def test_urn_references_of_a_transaction(tmp_path: Path) -> None:
    p = "urn:uuid:11111111-1111-1111-1111-111111111111"
    m = "urn:uuid:22222222-2222-2222-2222-222222222222"
    mine = {"subject": ref(p)}
    parts = [patient(), breast(**mine), metastasis(**mine), focused(ref(m), **mine)]
    for part in parts:
        del part["id"]
    done = read_bundle(
        tmp_path,
        entries(
            (p, parts[0]),
            ("urn:uuid:3", parts[1]),
            (m, parts[2]),
            ("", parts[3]),
            kind="transaction",
        ),
    )
    assert done.enrolled == {"11111111-1111-1111-1111-111111111111"}
    assert done.one("receptor_assay")["lesion_id"] == f"Condition/{m.removeprefix('urn:uuid:')}"


@pytest.mark.parametrize("subject", ["Patient/p", f"{BASE}/Patient/p", "Patient/p/_history/2"])
def test_subjects_in_a_bundle_with_addresses(tmp_path: Path, subject: str) -> None:
    parts = [patient(), breast(subject=ref(subject)), metastasis(subject=ref(subject))]
    pairs = [(f"{BASE}/{one['resourceType']}/{one['id']}", one) for one in parts]
    assert read_bundle(tmp_path, entries(*pairs)).enrolled == {"p"}


def test_the_same_id_on_another_server_is_another_patient(tmp_path: Path) -> None:
    other = metastasis(subject=ref("https://other.example.org/fhir/Patient/p"))
    pairs = [
        (f"{BASE}/Patient/p", patient()),
        (f"{BASE}/Condition/breast", breast()),
        ("https://other.example.org/fhir/Condition/meta", other),
    ]
    done = read_bundle(tmp_path, entries(*pairs))
    assert done.enrolled == set()
    assert done.reasons() == {"the patient that it names is not in these files": 1}


@pytest.mark.parametrize(
    "subject",
    [
        {"identifier": {"system": "urn:mrn", "value": "9"}},
        {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "9"}},
    ],
)
def test_a_subject_named_by_its_number(tmp_path: Path, subject: Resource) -> None:
    who = patient(identifier=[{"system": "urn:mrn", "value": "9"}])
    done = read_resources(tmp_path, [breast(subject=subject), metastasis(), who])
    assert done.enrolled == {"p"}


def test_a_contained_subject_with_a_number(tmp_path: Path) -> None:
    who = patient(identifier=[{"system": "urn:mrn", "value": "9"}])
    inside = {
        "resourceType": "Patient",
        "id": "me",
        "identifier": [{"system": "urn:mrn", "value": "9"}],
    }
    made = metastasis(subject=ref("#me"), contained=[inside])
    assert read_resources(tmp_path, [who, breast(), made]).enrolled == {"p"}


@pytest.mark.parametrize(
    ("subject", "outcome"),
    [
        (ref("Group/g"), "Observation: about something that is no patient"),
        (ref("https://x.org/fhir/Location/l"), "Observation: about something that is no patient"),
        (
            {"type": "Device", "identifier": {"value": "1"}},
            "Observation: about something that is no patient",
        ),
    ],
)
def test_subjects_that_are_no_patient(tmp_path: Path, subject: Resource, outcome: str) -> None:
    made = observation("o", concept(LOINC, "85337-4"), subject=subject)
    done = read_resources(tmp_path, [patient(), made])
    assert done.unused()[outcome] == 1


@pytest.mark.parametrize("subject", [ref("Patient/q"), ref("#no"), {"display": "x"}, "Patient/p"])
def test_subjects_that_aren_t_there(tmp_path: Path, subject: Any) -> None:
    done = read_resources(tmp_path, [patient(), breast(subject=subject)])
    assert done.reasons() == {"the patient that it names is not in these files": 1}
    assert done.issues("broken-reference")[0].severity == "serious"


def test_no_subject_at_all(tmp_path: Path) -> None:
    done = read_resources(tmp_path, [patient(), breast(subject=None)])
    assert done.reasons() == {"Condition: it names no patient": 1}
    assert done.aside[0].column_name == "subject"


def test_a_resource_that_is_not_valid_is_set_aside_with_its_path(tmp_path: Path) -> None:
    bad = observation("o", concept(LOINC, "85337-4"), component=[{"valueString": "x"}])
    worse = metastasis("c", onsetDateTime=2020)
    done = read_resources(tmp_path, [patient(), breast(), metastasis(), bad, worse])
    assert done.enrolled == {"p"}
    assert {item.column_name for item in done.aside} == {"component.0.code", "onsetDateTime"}
    assert any("Observation, component.code" in reason for reason in done.reasons())


def test_the_same_resource_again_and_in_two_versions(tmp_path: Path) -> None:
    old = metastasis(icd="C78.7", meta={"lastUpdated": "2021-01-01T00:00:00Z"})
    new = metastasis(icd="C79.51", meta={"lastUpdated": "2021-01-01T01:00:00.5+01:30"})
    for first, second in ((old, new), (new, old)):
        done = read_resources(tmp_path, [patient(), patient(), breast(), first, second])
        # 01:00:00.5 at +01:30 is before midnight UTC.
        assert done.one("lesion")["organ"] == "liver"
        assert done.unused()["Condition: an older version of a resource"] == 1
        assert done.unused()["Patient: the same resource again"] == 1
    unclear = metastasis(icd="C79.51")
    done = read_resources(tmp_path, [patient(), breast(), metastasis(), unclear])
    assert done.one("lesion")["organ"] == "liver"
    assert done.issues("resource-twice")[0].row_key == "Condition/meta"
    assert done.reasons() == {"another resource with this type and id came before": 1}


@pytest.mark.parametrize("where", ["root", "component"])
def test_modifiers_that_are_not_known_are_never_read_over(tmp_path: Path, where: str) -> None:
    modifier = {"modifierExtension": [{"url": "urn:not-really", "valueBoolean": True}]}
    part = {"code": concept(LOINC, "1"), **modifier}
    made = metastasis(**modifier) if where == "root" else metastasis(evidence=[part])
    done = read_resources(tmp_path, [patient(), breast(), made])
    assert done.enrolled == set()
    assert done.issues("unknown-modifier")[0].severity == "serious"
    assert done.reasons() == {"it has modifierExtension, which may reverse its meaning": 1}


def test_implicit_rules_and_empty_modifiers(tmp_path: Path) -> None:
    done = read_resources(
        tmp_path,
        [patient(), breast(modifierExtension=[]), metastasis(implicitRules="urn:rules")],
    )
    assert done.reasons() == {"it has implicitRules, which may reverse its meaning": 1}


def test_circular_members_end(tmp_path: Path) -> None:
    code = concept(SCT, "399537006")
    a = observation("a", code, hasMember=[ref("Observation/b")])
    b = observation("b", code, hasMember=[ref("Observation/a")])
    assert read_resources(tmp_path, [patient(), breast(), metastasis(), a, b]).enrolled == {"p"}


def test_replaced_and_test_patients_are_named(tmp_path: Path) -> None:
    label = {"security": [{"system": "urn:x", "code": "HTEST"}]}
    who = patient(active=False, meta=label)
    done = read_resources(tmp_path, [who, breast(), metastasis()])
    assert {"patient-replaced", "test-patient"} <= done.rules()


def test_other_resources_of_an_enrolled_patient_are_kept_raw(tmp_path: Path) -> None:
    plan = resource("CarePlan", "plan", status="active", intent="plan", extra={"a": [1.50]})
    done = read_resources(tmp_path, [patient(), breast(), metastasis(), plan])
    raw = {row["resource_id"]: row for row in done.rows("raw_resource")}
    assert '"extra": {"a": [1.5]}' in raw["plan"]["body"]
    assert done.unused()["CarePlan: no table takes it; kept as received"] == 1


def test_bundles_of_several_patients(tmp_path: Path) -> None:
    whole = bundle(
        patient("a"),
        patient("b"),
        breast("ba", subject=ref("Patient/a")),
        breast("bb", subject=ref("Patient/b")),
        metastasis("mb", subject=ref("Patient/b")),
    )
    done = read_bundle(tmp_path, whole)
    assert done.enrolled == {"b"}
    assert {row["source_row"] for row in done.rows("lesion")} == {5}


ENCOUNTER = [
    concept("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis")
]


def test_diagnoses_repeated_at_encounters_are_one_disease(tmp_path: Path) -> None:
    again = [
        breast(f"b{n}", code=concept(ICD, "C50.912" if n else "C50.919"), category=ENCOUNTER)
        for n in range(3)
    ]
    visits = [metastasis(f"m{n}", category=ENCOUNTER) for n in range(3)]
    made = focused(ref("Condition/b2"))
    done = read_resources(tmp_path, [*again, breast(), *visits, patient(), made])
    assert [row["tumour_id"] for row in done.rows("primary_tumour")] == ["Condition/breast"]
    assert [row["lesion_id"] for row in done.rows("lesion")] == ["Condition/m0"]
    assert done.one("receptor_assay")["tumour_id"] == "Condition/breast"
    why = "Condition: a diagnosis repeated at an encounter; kept as received"
    assert done.unused()[why] == 5
    assert "several-conditions-of-one-site" not in done.rules()


def test_the_other_side_is_never_a_repeat(tmp_path: Path) -> None:
    other = breast("right", code=concept(ICD, "C50.411"), category=ENCOUNTER)
    done = read_resources(tmp_path, [patient(), breast(), other, metastasis()])
    assert {row["laterality"] for row in done.rows("primary_tumour")} == {"left", "right"}


def test_two_problems_of_one_site_are_kept_and_named(tmp_path: Path) -> None:
    done = read_resources(
        tmp_path, [patient(), breast(), breast("b"), metastasis(), metastasis("m")]
    )
    assert len(done.rows("primary_tumour")) == 2
    assert len(done.rows("lesion")) == 2
    found = done.issues("several-conditions-of-one-site")
    assert {(issue.table_name, issue.severity) for issue in found} == {
        ("primary_tumour", "serious"),
        ("lesion", "minor"),
    }


def test_results_that_are_not_final(tmp_path: Path) -> None:
    made = focused(ref("Condition/breast"), status="preliminary")
    none = observation("r", concept(LOINC, "14228-1"), status="registered")
    done = read_resources(tmp_path, [patient(), breast(), metastasis(), made, none])
    assert len(done.rows("receptor_assay")) == 1
    assert done.issues("result-not-final")[0].row_key == "Observation/er"
    assert done.unused()["Observation: registered, without a result"] == 1


def test_verification_in_words(tmp_path: Path) -> None:
    done = read_resources(
        tmp_path, [patient(), breast(verificationStatus={"text": "Refuted"}), metastasis()]
    )
    assert done.enrolled == set()

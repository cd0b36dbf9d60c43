from __future__ import annotations

from pathlib import Path

import pytest

from tests.registry.mcode.make import (
    ICD,
    LOINC,
    MCODE,
    RELATED,
    SCT,
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
    status,
)

HISTORY = concept(SCT, "1287652008", "History of metastatic malignant neoplasm")
LUNG = resource(
    "Condition", "lung", verificationStatus=status("confirmed"), code=concept(ICD, "C34.11")
)
NO_METASTASIS = "patient not enrolled: no sign of distant metastasis"
NO_PRIMARY = "patient not enrolled: no confirmed breast primary"


def m_category(value: Resource, code: str = "399387003", **elements: object) -> Resource:
    return observation("m", concept(SCT, code), valueCodeableConcept=value, **elements)


def stage_group(value: Resource, **elements: object) -> Resource:
    return observation("g", concept(SCT, "399537006"), valueCodeableConcept=value, **elements)


@pytest.mark.parametrize(
    "sign",
    [
        metastasis(icd="C78.7"),
        metastasis(icd="C79.51"),
        metastasis(icd="C7B.02"),
        metastasis(icd="C77.2"),
        metastasis(code=concept(SCT, "94225005")),
        metastasis(code=concept(SCT, "94381002", "Secondary malignant neoplasm of liver")),
        m_category(concept(SCT, "1229903009", "American Joint Committee on Cancer cM1")),
        m_category(concept(SCT, "1229916009"), code="371497001"),
        m_category(concept(SCT, "55440008", "M1 category")),
        m_category(concept("http://cancerstaging.org", "cM1")),
        m_category({"text": "M1"}),
        observation(
            "m", concept(LOINC, "21907-1"), valueCodeableConcept=concept(SCT, "1229903009")
        ),
        stage_group(concept(SCT, "1222837003")),
        stage_group(concept("http://cancerstaging.org", "4")),
        stage_group({"text": "Stage IV"}),
        observation("h", HISTORY),
        observation("h", HISTORY, valueBoolean=True),
        observation("h", concept(SCT, "1098951000119108")),
        observation(
            "h", {"text": "other words"}, meta={"profile": [MCODE + "history-of-metastatic-cancer"]}
        ),
    ],
    ids=str,
)
def test_signs_of_distant_metastasis_enrol(tmp_path: Path, sign: Resource) -> None:
    done = read_resources(tmp_path, [patient(), breast(), sign])
    assert done.enrolled == {"p"}
    assert "not-enrolled" not in done.rules()


@pytest.mark.parametrize(
    "sign",
    [
        metastasis(icd="C77.3"),
        metastasis(icd="C79.81"),
        metastasis(code=concept(SCT, "94297009")),
        metastasis(code=concept(SCT, "1", "Secondary malignant neoplasm of axillary lymph nodes")),
        metastasis(
            code=concept(SCT, "94392001"),
            bodySite=[concept(SCT, "68171009", "Axillary lymph node structure")],
        ),
        metastasis(verificationStatus=status("refuted")),
        metastasis(verificationStatus=status("entered-in-error")),
        metastasis(verificationStatus=status("provisional")),
        m_category(concept(SCT, "1229901006")),
        m_category(concept(SCT, "1229902004")),
        m_category({"text": "M0"}),
        m_category(concept(SCT, "1229903009"), status="entered-in-error"),
        m_category(concept(SCT, "1229903009"), status="cancelled"),
        stage_group(concept(SCT, "1222806003")),
        observation("h", HISTORY, valueBoolean=False),
        observation("h", HISTORY, status="entered-in-error"),
        observation(
            "h",
            HISTORY,
            dataAbsentReason=concept(
                "http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown"
            ),
        ),
        observation("h", concept(SCT, "2", "Family history of metastatic cancer")),
    ],
    ids=str,
)
def test_what_does_not_count_alone(tmp_path: Path, sign: Resource) -> None:
    done = read_resources(tmp_path, [patient(), breast(), sign])
    assert done.enrolled == set()
    assert done.rows("raw_resource") == []
    (note,) = done.issues("not-enrolled")
    assert note.severity == "note"
    assert note.patient_id == "p"
    assert note.value == "no sign of distant metastasis"
    assert sum(done.unused().values()) == 3
    assert done.unused()[NO_METASTASIS] in (2, 3)


@pytest.mark.parametrize(
    "primary",
    [
        breast(verificationStatus=status("refuted")),
        breast(verificationStatus=status("entered-in-error")),
        breast(verificationStatus=status("provisional")),
        breast(verificationStatus=status("unconfirmed")),
        LUNG,
        breast(code=concept(SCT, "3", "Family history of malignant neoplasm of breast")),
        breast(code=concept(ICD, "Z85.3")),
        breast(code=concept(ICD, "I10")),
    ],
    ids=str,
)
def test_no_confirmed_breast_primary_keeps_a_patient_out(tmp_path: Path, primary: Resource) -> None:
    done = read_resources(tmp_path, [patient(), primary, metastasis()])
    assert done.enrolled == set()
    assert NO_PRIMARY in done.unused()
    assert done.issues("not-enrolled")[0].value == "no confirmed breast primary"


@pytest.mark.parametrize(
    "primary",
    [
        breast(verificationStatus=None),
        breast(code=concept(SCT, "254837009")),
        breast(code=concept(SCT, "353431000119107")),
        breast(code=concept(SCT, "4", "Infiltrating ductal carcinoma of right breast")),
        breast(
            code=concept(SCT, "363346000"),
            bodySite=[concept(SCT, "80248007", "Left breast structure")],
        ),
        breast(code=concept("http://hl7.org/fhir/sid/icd-10", "C50.9")),
        breast(code=concept("http://terminology.hl7.org/CodeSystem/icd-o-3", "C50.4")),
    ],
    ids=str,
)
def test_breast_primaries_are_recognised(tmp_path: Path, primary: Resource) -> None:
    assert read_resources(tmp_path, [patient(), primary, metastasis()]).enrolled == {"p"}


def test_two_primaries_the_stated_one_decides(tmp_path: Path) -> None:
    to_lung = [extension(RELATED, valueReference=ref("Condition/lung"))]
    to_breast = [extension(RELATED, valueReference=ref("Condition/breast"))]
    of_lung = [patient(), breast(), LUNG, metastasis(extension=to_lung)]
    (tmp_path / "a").mkdir()
    done = read_resources(tmp_path / "a", of_lung)
    assert done.enrolled == set()
    assert "another primary" in done.issues("not-enrolled")[0].message

    (tmp_path / "b").mkdir()
    done = read_resources(
        tmp_path / "b", [*of_lung, metastasis("m2", "C79.51", extension=to_breast)]
    )
    assert done.enrolled == {"p"}
    assert [row["organ"] for row in done.rows("lesion")] == ["bone"]
    assert done.unused()["Condition: a metastasis of another primary; kept as received"] == 1
    assert "metastasis-origin-unknown" not in done.rules()
    # The other primary is an event, never a breast tumour.
    assert [row["tumour_id"] for row in done.rows("primary_tumour")] == ["Condition/breast"]
    assert [row["type"] for row in done.rows("disease_event")] == ["second_primary"]


def test_two_primaries_and_nothing_stated_enrols_with_an_issue(tmp_path: Path) -> None:
    done = read_resources(tmp_path, [patient(), breast(), LUNG, metastasis()])
    assert done.enrolled == {"p"}
    (issue,) = done.issues("metastasis-origin-unknown")
    assert issue.severity == "serious"
    assert issue.row_key == "Condition/meta"


def test_stage_of_the_lung_cancer_is_no_sign(tmp_path: Path) -> None:
    group = stage_group(concept(SCT, "1222837003"), focus=[ref("Condition/lung")])
    done = read_resources(tmp_path, [patient(), breast(), LUNG, group])
    assert done.enrolled == set()


def test_a_category_takes_its_disease_from_the_group_that_names_it(tmp_path: Path) -> None:
    group = stage_group(
        concept(SCT, "1222806003"),
        focus=[ref("Condition/lung")],
        hasMember=[ref("Observation/m")],
    )
    category = m_category(concept(SCT, "1229903009"))
    done = read_resources(tmp_path, [patient(), breast(), LUNG, group, category])
    assert done.enrolled == set()


@pytest.mark.parametrize("code", ["C77.9", "C77.0", "C77.1", "C79.9"])
def test_an_unclear_region_counts_and_is_named(tmp_path: Path, code: str) -> None:
    done = read_resources(tmp_path, [patient(), breast(), metastasis(icd=code)])
    assert done.enrolled == {"p"}
    assert done.issues("metastasis-region-unclear")[0].severity == "serious"
    assert done.one("lesion")["is_regional"] is None


@pytest.mark.parametrize(
    ("code", "enrolled"), [("94455000", True), ("94396003", True), ("38341003", False)]
)
def test_snomed_codes_without_words(tmp_path: Path, code: str, enrolled: bool) -> None:
    made = metastasis(code=concept(SCT, code), meta=None)
    done = read_resources(tmp_path, [patient(), breast(), made])
    assert done.enrolled == ({"p"} if enrolled else set())


def test_stage_only_has_no_lesion_and_says_so(tmp_path: Path) -> None:
    done = read_resources(tmp_path, [patient(), breast(), m_category(concept(SCT, "1229903009"))])
    assert done.rows("lesion") == []
    assert len(done.issues("metastasis-without-site")) == 1


def test_a_metastasis_with_the_profile_of_a_primary(tmp_path: Path) -> None:
    odd = metastasis(
        meta={"profile": [MCODE + "primary-cancer-condition"]}, code=concept(SCT, "128462008")
    )
    done = read_resources(tmp_path, [patient(), breast(), odd])
    assert done.enrolled == {"p"}
    assert "profile-and-code-disagree" in done.rules()


def test_every_resource_is_accounted_for(tmp_path: Path) -> None:
    resources = [patient(), breast(), LUNG, metastasis(), observation("h", HISTORY)]
    others = [patient("q"), breast("b2", subject=ref("Patient/q"))]
    staff = {"resourceType": "Practitioner", "id": "doctor", "name": [{"family": "Anon"}]}
    done = read_resources(tmp_path, [*resources, *others, staff])
    assert done.read.total() == 8
    assert sum(len(done.rows(t)) for t in done.tables if t != "raw_resource") == 5
    assert len(done.rows("raw_resource")) == 5
    assert sum(done.unused().values()) == 3
    assert done.enrolled == {"p"}

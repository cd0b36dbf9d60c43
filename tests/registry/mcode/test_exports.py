"""Exports that follow no mCODE profile: other systems, other versions, words instead of codes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from locoreg.registry.mcode.conditions import concept_kind
from locoreg.registry.mcode.datatypes import Coding, Concept
from locoreg.registry.mcode.diseasewords import origin_by_words
from locoreg.registry.mcode.rolewords import role_by_words
from locoreg.registry.mcode.sites import metastasis_place
from locoreg.registry.mcode.staging import read_category, read_stage
from tests.registry.mcode.make import (
    ICD,
    LOINC,
    SCT,
    Imported,
    Resource,
    breast,
    concept,
    metastasis,
    observation,
    patient,
    read_files,
    read_resources,
    ref,
    resource,
)

ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


def enrolled(folder: Path, *more: Resource) -> Imported:
    done = read_resources(folder, [patient(), breast(), metastasis(), *more])
    assert done.enrolled == {"p"}
    return done


# -- a transaction of a generator of synthetic patients: urn:uuid, US Core, claims ----------------

SUBJECT = ref("urn:uuid:11111111-0000-0000-0000-000000000001")
TUMOUR = "11111111-0000-0000-0000-000000000002"


def entry(kind: str, number: int, **elements: object) -> Resource:
    identity = f"11111111-0000-0000-0000-{number:012d}"
    owner = {"patient": SUBJECT} if kind in ("Claim", "Immunization") else {"subject": SUBJECT}
    made = {
        "resourceType": kind,
        "id": identity,
        "meta": {"profile": [US_CORE + kind.lower()]},
        **({} if kind == "Patient" else owner),
        **elements,
    }
    request = {"method": "POST", "url": kind}
    return {"fullUrl": f"urn:uuid:{identity}", "resource": made, "request": request}


def finding(number: int, code: str, **elements: object) -> Resource:
    given = {
        "status": "final",
        "code": concept(LOINC, code, "words"),
        "effectiveDateTime": "2016-05-06T09:00:00-05:00",
        "encounter": ref("urn:uuid:11111111-0000-0000-0000-000000000003"),
        **elements,
    }
    return entry("Observation", number, **given)


def coded(code: str, display: str) -> Resource:
    return {"valueCodeableConcept": {**concept(SCT, code, display), "text": display}}


@pytest.fixture
def transaction() -> Resource:
    condition = {
        "clinicalStatus": concept(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
        ),
        "category": [
            concept(
                "http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis"
            )
        ],
        "code": concept(SCT, "254837009", "Malignant neoplasm of breast (disorder)"),
        "onsetDateTime": "2016-05-06T09:00:00-05:00",
    }
    because = {"reasonReference": [ref(f"urn:uuid:{TUMOUR}")]}
    drug = entry(
        "Medication",
        20,
        code=concept("http://www.nlm.nih.gov/research/umls/rxnorm", "1", "paclitaxel 100 MG"),
    )
    del drug["resource"]["subject"]
    entries = [
        entry("Patient", 1, gender="female", birthDate="1950-02-03"),
        entry("Condition", 2, **condition),
        entry("Encounter", 3, status="finished"),
        finding(4, "21907-1", **coded("55440008", "M1 category (finding)")),
        finding(5, "21905-5", **coded("65565005", "T4 category (finding)")),
        finding(6, "21906-3", **coded("5856006", "N3 category (finding)")),
        finding(7, "21908-9", **coded("258228008", "Stage 4 (qualifier value)")),
        finding(8, "85337-4", **coded("10828004", "Positive (qualifier value)")),
        finding(9, "85339-0", **coded("260385009", "Negative (qualifier value)")),
        finding(10, "85319-2", **coded("10828004", "Positive (qualifier value)")),
        finding(11, "85318-4", valueString="greater than 2.2"),
        finding(12, "10480-2", **coded("10828004", "Positive (qualifier value)")),
        finding(13, "8302-2", valueQuantity={"value": 160, "unit": "cm"}),
        entry(
            "Procedure",
            14,
            status="completed",
            code=concept(SCT, "392021009", "Lumpectomy of breast (procedure)"),
            performedPeriod={"start": "2016-06-20T09:00:00-05:00"},
            **because,
        ),
        entry(
            "Procedure",
            15,
            status="completed",
            code=concept(SCT, "33195004", "Teleradiotherapy procedure (procedure)"),
            performedPeriod={"start": "2016-08-20T09:00:00-05:00"},
            **because,
        ),
        entry(
            "Procedure", 16, status="completed", code=concept(SCT, "430193006", "Reconciliation")
        ),
        entry("Claim", 17, use="claim"),
        entry("Immunization", 18, status="completed"),
        entry(
            "MedicationRequest",
            19,
            status="stopped",
            intent="order",
            medicationReference=ref("urn:uuid:11111111-0000-0000-0000-000000000020"),
            authoredOn="2016-07-01T09:00:00-05:00",
            requester=ref("Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1"),
            **because,
        ),
        drug,
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


@pytest.mark.parametrize("form", ["bundle", "one file per type"])
def test_a_transaction_without_mcode(tmp_path: Path, transaction: Resource, form: str) -> None:
    if form == "bundle":
        files = [tmp_path / "patient.json"]
        files[0].write_text(json.dumps(transaction, indent=2), encoding="utf-8")
    else:
        by_kind: dict[str, list[str]] = {}
        for one in transaction["entry"]:
            text = json.dumps(one["resource"])
            for other in transaction["entry"]:
                kind, identity = (other["resource"][name] for name in ("resourceType", "id"))
                text = text.replace(f"urn:uuid:{identity}", f"{kind}/{identity}")
            by_kind.setdefault(one["resource"]["resourceType"], []).append(text)
        files = [tmp_path / f"{kind}.ndjson" for kind in by_kind]
        for file, texts in zip(files, by_kind.values(), strict=True):
            file.write_text("\n".join(texts), encoding="utf-8")
    done = read_files(*files)
    assert done.enrolled == {"11111111-0000-0000-0000-000000000001"}
    primary = done.one("primary_tumour")
    assert (primary["ct"], primary["cn"], primary["cm"]) == ("T4", "N3", "M1")
    assert (primary["stage_group"], primary["stage_prefix"]) == ("IV", "c")
    results = {
        row["marker"]: (row["value_code"], row["operator"], row["value_num"], row["loinc"])
        for row in done.rows("receptor_assay")
    }
    assert results == {
        "ER": ("pos", None, None, "85337-4"),
        "PR": ("neg", None, None, "85339-0"),
        "HER2_IHC": ("pos", None, None, "85319-2"),
        "HER2_ISH": (None, ">", 2.2, "85318-4"),
    }
    treated = {
        (row["modality"], row["target"], row["start_date"]) for row in done.rows("local_therapy")
    }
    assert treated == {
        ("surgery", "primary", date(2016, 6, 20)),
        ("rt_unspecified", None, date(2016, 8, 20)),
    }
    assert done.one("systemic_drug")["drug"] == "paclitaxel"
    assert done.read.total() == 20
    assert done.aside == []
    # Patient, condition, seven findings of stage and receptors ... have rows; the rest is counted.
    assert done.unused().total() == 7
    assert done.rules() == {"metastasis-without-site", "order-date-as-start"}


# -- conditions by their words --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Secondary hypertension", "none"),
        ("Disseminated intravascular coagulation", "none"),
        ("Hyperparathyroidism secondary to renal failure", "none"),
        ("Anemia secondary to malignant neoplasm", "none"),
        ("Cancer pain", "none"),
        ("Lymphedema due to breast cancer treatment", "none"),
        ("Hereditary breast and ovarian cancer syndrome", "none"),
        ("Malignant pleural effusion", "none"),
        ("Primary malignant neoplasm of axillary tail of breast", "breast"),
        ("Lymph node positive breast cancer", "breast"),
        ("Malignant lymphoma of breast", "other"),
        ("Malignant melanoma of skin of breast", "other"),
        ("Carcinomatosis of peritoneum", "secondary"),
        ("Secondary malignant neoplasm of bone", "secondary"),
        ("Stage IV breast cancer", "secondary"),
    ],
)
def test_kinds_of_conditions_by_words(text: str, kind: str) -> None:
    assert concept_kind(Concept(text=text)) == kind


@pytest.mark.parametrize(
    ("text", "organ", "region", "origin"),
    [
        ("Metastatic breast cancer", "", "unclear", "breast"),
        ("Carcinoma of breast metastatic to liver", "liver", "distant", "breast"),
        ("Breast cancer with bone metastases", "bone", "distant", "breast"),
        ("Metastasis of breast cancer to bone", "bone", "distant", "breast"),
        ("Stage IV breast cancer", "", "unclear", "breast"),
        ("Secondary malignant neoplasm of breast", "breast", "regional", ""),
        ("Metastatic malignant neoplasm to breast", "breast", "regional", ""),
        ("Metastasis from malignant tumor of lung", "", "unclear", "other"),
        ("Metastasis to liver of unknown primary", "liver", "distant", ""),
    ],
)
def test_place_and_origin_of_metastases_by_words(
    text: str, organ: str, region: str, origin: str
) -> None:
    given = Concept(text=text)
    place = metastasis_place(given)
    assert (place.organ, place.region, origin_by_words(given)) == (organ, region, origin)


@pytest.mark.parametrize(
    ("code", "kind", "organ", "region"),
    [
        ("94152006", "secondary", "", "unclear"),
        ("94683009", "secondary", "", "unclear"),
        ("94181007", "secondary", "regional_ln", "regional"),
        ("94376006", "secondary", "lung", "distant"),
        ("145501000119108", "secondary", "breast", "regional"),
        ("372064008", "breast", "", "unclear"),
    ],
)
def test_codes_without_words(code: str, kind: str, organ: str, region: str) -> None:
    given = Concept(coding=(Coding(system=SCT, code=code),))
    assert concept_kind(given) == kind
    if kind == "secondary":
        assert metastasis_place(given)[:3:2] == (organ, region)


@pytest.mark.parametrize(
    ("code", "kind", "organ"),
    [
        ("174.9", "breast", ""),
        ("1749", "breast", ""),
        ("175.0", "breast", ""),
        ("196.3", "secondary", "regional_ln"),
        ("197.7", "secondary", "liver"),
        ("198.5", "secondary", "bone"),
        ("198.81", "secondary", "breast"),
        ("162.9", "other", ""),
        ("199.1", "cancer", ""),
        ("401.9", "none", ""),
        ("V10.3", "none", ""),
    ],
)
def test_icd_9_cm(code: str, kind: str, organ: str) -> None:
    given = Concept(coding=(Coding(system=ICD9, code=code),))
    assert concept_kind(given) == kind
    if kind == "secondary":
        assert metastasis_place(given).organ == organ


def test_a_condition_that_is_secondary_to_something_enrols_nobody(tmp_path: Path) -> None:
    for text in ("Secondary hypertension", "Disseminated zoster"):
        done = read_resources(
            tmp_path, [patient(), breast(), metastasis(code={"text": text}, meta=None)]
        )
        assert done.enrolled == set()


def test_metastatic_breast_cancer_states_its_primary(tmp_path: Path) -> None:
    only = metastasis(code={"text": "Metastatic breast cancer"}, meta=None)
    done = read_resources(tmp_path, [patient(), only])
    assert done.enrolled == {"p"}
    assert done.rows("primary_tumour") == []
    assert done.issues("primary-missing")[0].severity == "serious"
    of_lung = metastasis(
        code=concept(SCT, "315006004", "Metastasis from malignant tumor of lung"), meta=None
    )
    done = read_resources(tmp_path, [patient(), breast(), of_lung])
    assert done.enrolled == set()
    assert "of another primary" in done.issues("not-enrolled")[0].message


def test_the_profile_of_a_metastasis_with_the_code_of_a_primary(tmp_path: Path) -> None:
    odd = metastasis(code=concept(SCT, "254837009", "Malignant neoplasm of breast"))
    done = read_resources(tmp_path, [patient(), odd])
    assert done.enrolled == set()
    assert [p.severity for p in done.issues("profile-and-code-disagree")] == ["serious"]


# -- stages ---------------------------------------------------------------------------------------

AJCC = "http://cancerstaging.org"


@pytest.mark.parametrize(
    ("system", "code", "display", "value"),
    [
        (SCT, "258228008", None, "IV"),
        (SCT, "261640009", None, "IIIC"),
        (SCT, "2640006", None, "IV"),
        (SCT, "50283003", None, "III"),
        (AJCC, "c3A", None, "IIIA"),
        (AJCC, "3c", None, "IIIC"),
        (AJCC, "4A", "IVA", "IVA"),
        ("urn:local", "x", "IV", "IV"),
        ("urn:local", "4", None, None),
        (SCT, "4", "Grade 4", None),
    ],
)
def test_stages_of_other_systems(
    system: str, code: str, display: str | None, value: str | None
) -> None:
    found = read_stage(Concept(coding=(Coding(system=system, code=code, display=display),)))
    assert (found.value if found else None) == value


def test_the_category_of_the_letter_is_read() -> None:
    whole = Concept(text="pT2 pN1 M0")
    found = {letter: read_category(whole, letter) for letter in "TNM"}
    assert {letter: one.value for letter, one in found.items() if one} == {
        "T": "pT2",
        "N": "pN1",
        "M": "M0",
    }


@pytest.mark.parametrize(
    "sign",
    [
        observation("g", concept(LOINC, "21908-9"), valueString="Stage IV"),
        observation("g", concept(LOINC, "21908-9"), valueString="IV"),
        observation("g", {"text": "AJCC stage group"}, valueString="IVA"),
        observation("m", concept(LOINC, "21907-1"), valueString="M1"),
        observation("m", concept(LOINC, "21901-4"), valueCodeableConcept=concept(SCT, "55440008")),
    ],
    ids=lambda sign: f"{sign['code']}",
)
def test_stages_as_texts_enrol(tmp_path: Path, sign: Resource) -> None:
    assert read_resources(tmp_path, [patient(), breast(), sign]).enrolled == {"p"}


def test_a_stage_that_is_not_read_is_a_problem(tmp_path: Path) -> None:
    unread = observation("g", concept(LOINC, "21908-9"), valueCodeableConcept={"text": "late"})
    unknown = observation(
        "h",
        concept(LOINC, "21908-9"),
        valueCodeableConcept=concept(SCT, "261665006", "Unknown"),
    )
    done = read_resources(tmp_path, [patient(), breast(), unread, unknown])
    assert [(p.row_key, p.value) for p in done.issues("stage-not-read")] == [
        ("Observation/g", "late")
    ]
    assert done.enrolled == set()


# -- receptors and treatments ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("Estrogen receptor status", ("marker", "ER", "interpretation")),
        ("ER", ("marker", "ER", "interpretation")),
        ("PgR expression, percent", ("marker", "PR", "percent")),
        ("HER2/neu by IHC", ("marker", "HER2_IHC", "interpretation")),
        ("HER2 gene amplification by FISH", ("marker", "HER2_ISH", "presence")),
        ("HER2 status", ("marker", "HER2", "interpretation")),
        ("Ki-67", ("marker", "KI67", "interpretation")),
        ("AJCC clinical stage", ("group_code", "c", "")),
        ("Distant metastases pathology category", ("m_code", "p", "")),
        ("Estrogen+Progesterone receptor", None),
        ("HER2 in serum", None),
        ("ESR1 gene mutation", None),
        ("ER visit", None),
        ("PR interval", None),
        ("Chronic kidney disease stage", None),
        ("Body height", None),
    ],
)
def test_roles_by_words(words: str, role: tuple[str, str, str] | None) -> None:
    assert role_by_words(words) == role


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ("less than 1.8", "<", 1.8),
        ("greater than or equal to 2", ">=", 2.0),
        ("Ratio", None, None),
        ("2.1 ratio", "=", 2.1),
        (">= 2.0", ">=", 2.0),
    ],
)
def test_ratios_in_words(
    tmp_path: Path, text: str, operator: str | None, value: float | None
) -> None:
    made = observation("fish", concept(LOINC, "85318-4"), valueString=text)
    row = enrolled(tmp_path, made).one("receptor_assay")
    assert (row["operator"], row["value_num"]) == (operator, value)


def test_a_receptor_without_loinc(tmp_path: Path) -> None:
    positive = {"text": "Positive"}
    done = enrolled(
        tmp_path,
        observation("a", concept(SCT, "445028008"), valueCodeableConcept=positive),
        observation("b", {"text": "PR status"}, valueCodeableConcept=positive),
    )
    found = [(r["marker"], r["interpretation"], r["loinc"]) for r in done.rows("receptor_assay")]
    assert found == [("ER", None, None), ("PR", None, None)]
    assert {row["value_code"] for row in done.rows("receptor_assay")} == {"pos"}


def procedure(words: str, **elements: object) -> Resource:
    given = {"status": "completed", "code": {"text": words}, "performedDateTime": "2020-08-01"}
    return resource("Procedure", "op", **{**given, **elements})


@pytest.mark.parametrize(
    ("words", "reason", "modality", "target"),
    [
        ("Simple mastectomy", None, "surgery", "primary"),
        ("Excision of axillary lymph node", None, "surgery", "regional_nodes"),
        ("Wedge resection of liver", "C78.7", "surgery", "lesion"),
        ("Radiation therapy to breast", None, "rt_unspecified", "primary"),
        ("External beam radiotherapy", "C50.9", "rt_unspecified", None),
    ],
)
def test_treatments_without_profile(
    tmp_path: Path, words: str, reason: str | None, modality: str, target: str | None
) -> None:
    because = [concept(ICD, reason)] if reason else None
    row = enrolled(tmp_path, procedure(words, reasonCode=because)).one("local_therapy")
    assert (row["modality"], row["target"]) == (modality, target)


@pytest.mark.parametrize(
    ("words", "reason", "why"),
    [
        ("Excisional biopsy of breast", "C50.9", "no local treatment of cancer"),
        ("Prophylactic mastectomy", None, "no local treatment of cancer"),
        ("Radiotherapy planning", "C50.9", "no local treatment of cancer"),
        ("Breast reconstruction after mastectomy", None, "no local treatment of cancer"),
        ("Appendectomy", None, "a treatment that is not said to be of the breast cancer"),
        ("Appendectomy", "K35.80", "a treatment that is not said to be of the breast cancer"),
        ("Liver wedge resection", None, "a treatment that is not said to be of the breast cancer"),
    ],
)
def test_procedures_that_are_no_treatment(
    tmp_path: Path, words: str, reason: str | None, why: str
) -> None:
    because = [concept(ICD, reason)] if reason else None
    done = enrolled(tmp_path, procedure(words, reasonCode=because))
    assert done.rows("local_therapy") == []
    assert done.unused()[f"Procedure: {why}; kept as received"] == 1

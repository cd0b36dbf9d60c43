from __future__ import annotations

import json
from pathlib import Path

import pytest

from locoreg.registry.mcode.privacy import keepable
from tests.registry.mcode.make import (
    Imported,
    Resource,
    breast,
    metastasis,
    patient,
    read_resources,
    ref,
    resource,
)

SECRETS = (
    "Doe-Secret",
    "555-0100",
    "12 Hidden Lane",
    "MRN-0099",
    "1970-03-04",
    "<div>",
    "Aunt-Secret",
    "Doctor-Secret",
)
NAMED = patient(
    name=[{"family": "Doe-Secret"}],
    telecom=[{"value": "555-0100"}],
    address=[{"line": ["12 Hidden Lane"]}],
    photo=[{"data": "Doe-Secret"}],
    contact=[{"name": {"text": "Aunt-Secret"}}],
    identifier=[{"system": "urn:mrn", "value": "MRN-0099"}],
    text={"status": "generated", "div": "<div>Doe-Secret</div>"},
    extension=[
        {
            "url": "http://hl7.org/x/us-core-race",
            "extension": [{"url": "text", "valueString": "White"}],
        },
        {"url": "http://hl7.org/x/patient-mothersMaidenName", "valueString": "Doe-Secret"},
    ],
)


def everything(done: Imported) -> str:
    rows = [row for table in done.tables.values() for row in table]
    return json.dumps(rows, default=str) + repr(done.problems) + repr(done.aside)


def test_nothing_that_names_a_person_is_kept(tmp_path: Path) -> None:
    who = {"reference": "Patient/p", "display": "Doe-Secret"}
    many = [
        NAMED,
        breast(
            subject=who,
            text={"status": "generated", "div": "<div>Doe-Secret</div>"},
            recorder={"display": "Doctor-Secret", "reference": "Practitioner/1"},
            asserter={
                "reference": "RelatedPerson/2",
                "type": "RelatedPerson",
                "display": "Aunt-Secret",
            },
        ),
        metastasis(
            subject={**who, "identifier": {"value": "MRN-0099"}},
            contained=[
                {**NAMED, "id": "inner"},
                {"resourceType": "Practitioner", "id": "d", "name": [{"text": "Doctor-Secret"}]},
            ],
        ),
        resource("RelatedPerson", "r", patient=ref("Patient/p"), name=[{"text": "Aunt-Secret"}]),
        resource(
            "DiagnosticReport",
            "report",
            presentedForm=[{"contentType": "text/plain", "data": "Doe-Secret"}],
        ),
        resource(
            "FamilyMemberHistory",
            "family",
            subject=None,
            patient=ref("Patient/p"),
            name="Aunt-Secret",
        ),
        resource("DocumentReference", "d", content=[{"attachment": {"data": "Doe-Secret"}}]),
        resource("Condition", "bad", code="Doe-Secret", subject=who),
    ]
    done = read_resources(tmp_path, many)
    assert done.enrolled == {"p"}
    text = everything(done)
    for secret in SECRETS:
        assert secret not in text
    bodies = {row["resource_id"]: json.loads(row["body"]) for row in done.rows("raw_resource")}
    assert set(bodies) == {"p", "breast", "meta", "report", "family"}
    assert bodies["report"]["presentedForm"] == [{"contentType": "text/plain"}]
    assert bodies["p"] == {
        "resourceType": "Patient",
        "id": "p",
        "gender": "female",
        "birthDate": "1970",
        "extension": [NAMED["extension"][0]],
    }
    assert bodies["breast"]["subject"] == {"reference": "Patient/p"}
    assert bodies["meta"]["contained"][1] == {"resourceType": "Practitioner", "id": "d"}


def test_patients_who_are_not_enrolled_leave_no_raw_data(tmp_path: Path) -> None:
    done = read_resources(tmp_path, [NAMED, breast()])
    assert done.rows("raw_resource") == []
    assert "Doe-Secret" not in everything(done)


@pytest.mark.parametrize(
    "made",
    [
        {"resourceType": "CarePlan", "id": "1", "note": [{"text": "stays"}], "n": 1.50},
        {
            "resourceType": "Observation",
            "code": {"text": "stays"},
            "focus": [{"reference": "Condition/1", "display": "stays"}],
        },
    ],
)
def test_what_names_nobody_stays_byte_for_byte(made: Resource) -> None:
    raw = json.dumps(made, indent=1).encode()
    assert keepable(raw, made["resourceType"]) == raw.decode()

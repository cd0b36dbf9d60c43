from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DataError
from tests.registry.mcode.make import (
    LOINC,
    MCODE,
    RXNORM,
    SCT,
    UCUM,
    Imported,
    Resource,
    breast,
    bundle,
    concept,
    extension,
    metastasis,
    observation,
    patient,
    read_files,
    ref,
    resource,
)

QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "Patient/p",
            "Condition/breast",
            "#x",
            "urn:uuid:1",
            "http://x/Patient/p",
            "2020-13",
            "2020",
            "final",
            "entered-in-error",
            "'; DROP TABLE patient; --",
            "=cmd|' /C calc'!A0",
            "\x00",
            "\ud800",
        ]
    ),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**30), 10**30),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from(
                    [
                        "resourceType",
                        "id",
                        "entry",
                        "resource",
                        "subject",
                        "reference",
                        "contained",
                        "extension",
                        "url",
                        "modifierExtension",
                        "identifier",
                        "coding",
                        "code",
                    ]
                ),
                st.text(max_size=5),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
VALID = bundle(
    patient(identifier=[{"system": "urn:mrn", "value": "1"}]),
    breast(
        stage=[{"summary": concept(SCT, "1222806003"), "assessment": [ref("Observation/g")]}],
        extension=[
            extension(
                "histology-morphology-behavior", valueCodeableConcept=concept(SCT, "82711006")
            )
        ],
    ),
    metastasis(evidence=[{"code": [concept(SCT, "714797009")]}]),
    resource(
        "BodyStructure",
        "t",
        identifier=[{"system": "urn:t", "value": "1"}],
        location=concept(SCT, "10200004"),
        extension=[extension("related-condition", valueReference=ref("Condition/meta"))],
    ),
    observation(
        "g",
        concept(SCT, "399537006"),
        valueCodeableConcept=concept(SCT, "1222769001"),
        hasMember=[ref("Observation/m")],
        focus=[ref("Condition/breast")],
    ),
    observation("m", concept(SCT, "399387003"), valueCodeableConcept=concept(SCT, "1229903009")),
    observation(
        "er",
        concept(LOINC, "14228-1"),
        valueQuantity={"value": 90, "unit": "%", "system": UCUM, "code": "%"},
        specimen=ref("Specimen/s"),
    ),
    resource("Specimen", "s", identifier=[{"system": "urn:t", "value": "1"}]),
    observation(
        "size",
        concept(LOINC, "21889-1"),
        focus=[ref("BodyStructure/t")],
        component=[
            {"code": concept(LOINC, "33728-7"), "valueQuantity": {"value": 1.2, "unit": "cm"}}
        ],
    ),
    observation("ps", concept(LOINC, "89247-1"), valueInteger=1),
    observation("ds", concept(LOINC, "97509-4"), valueCodeableConcept=concept(SCT, "271299001")),
    resource(
        "Procedure",
        "rt",
        status="completed",
        code=concept(SCT, "1217123003"),
        performedPeriod={"start": "2020-01-02", "end": "2020-02"},
        extension=[
            extension(
                "radiotherapy-dose-delivered-to-volume",
                extension=[
                    {"url": "volume", "valueReference": ref("BodyStructure/t")},
                    {"url": "totalDoseDelivered", "valueQuantity": {"value": 50, "code": "Gy"}},
                    {"url": "fractionsDelivered", "valueUnsignedInt": 5},
                ],
            )
        ],
    ),
    resource(
        "MedicationRequest",
        "rx",
        status="active",
        intent="order",
        medicationCodeableConcept=concept(RXNORM, "84857", "anastrozole"),
        groupIdentifier={"value": "1"},
        dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mg"}}]}],
    ),
    resource(
        "QuestionnaireResponse",
        "q",
        status="completed",
        questionnaire="urn:qlq-c30",
        item=[{"linkId": "1", "answer": [{"valueInteger": 2}]}],
    ),
    observation(
        "v",
        concept(LOINC, "69548-6"),
        meta={"profile": [MCODE + "genomic-variant"]},
        component=[
            {
                "code": concept(LOINC, "48018-6"),
                "valueCodeableConcept": concept("http://www.genenames.org", "HGNC:1", "ESR1"),
            }
        ],
    ),
)


def accounted(done: Imported) -> None:
    """Every resource read is kept, or counted with its reason, or set aside: exactly once."""
    left = sum(n for why, n in done.unused().items() if not why.endswith("kept as received"))
    assert done.read.total() == left + len(done.aside) + len(done.rows("raw_resource"))
    patients = done.enrolled
    for rows in done.tables.values():
        assert {row["patient_id"] for row in rows} <= patients


def attempt(file: Path) -> None:
    try:
        done = read_files(file)
    except DataError:
        return
    accounted(done)


@QUICK
@given(st.binary(max_size=200), st.sampled_from(["r.json", "r.ndjson"]))
def test_arbitrary_bytes(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    attempt(tmp_path / name)


@QUICK
@given(st.lists(VALUES, max_size=4), st.sampled_from(["r.json", "r.ndjson"]))
def test_arbitrary_json(tmp_path: Path, values: list[Any], name: str) -> None:
    (tmp_path / name).write_text("\n".join(map(json.dumps, values)), encoding="utf-8")
    attempt(tmp_path / name)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += places(part, (*path, key))
    elif isinstance(value, list):
        for key, part in enumerate(value):
            found += places(part, (*path, key))
    return found


PLACES = places(VALID)


def test_the_valid_bundle_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(VALID), encoding="utf-8")
    done = read_files(tmp_path / "r.json")
    accounted(done)
    assert done.enrolled == {"p"}
    assert len(done.tables) == 14
    assert done.aside == []


@settings(QUICK, max_examples=80)
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["replace", "delete", "twice"]), VALUES),
        min_size=1,
        max_size=3,
    )
)
def test_mutations_of_a_valid_bundle(
    tmp_path: Path, changes: list[tuple[tuple[Any, ...], str, Any]]
) -> None:
    changed = copy.deepcopy(VALID)
    for path, how, value in changes:
        mutate(changed, path, how, value)
    (tmp_path / "r.json").write_text(json.dumps(changed), encoding="utf-8")
    attempt(tmp_path / "r.json")


def mutate(root: Resource, path: tuple[Any, ...], how: str, value: Any) -> None:
    target: Any = root
    for step in path[:-1]:
        try:
            target = target[step]
        except (KeyError, IndexError, TypeError):
            return
    last = path[-1]
    if isinstance(target, list) and isinstance(last, int) and last < len(target):
        if how == "delete":
            del target[last]
        elif how == "twice":
            target.insert(last, copy.deepcopy(target[last]))
        else:
            target[last] = value
    elif isinstance(target, dict) and last in target:
        if how == "delete":
            del target[last]
        else:
            target[last] = value


@pytest.mark.parametrize("path", [p for p in PLACES if len(p) <= 4], ids=str)
def test_each_element_missing(tmp_path: Path, path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(VALID)
    mutate(changed, path, "delete", None)
    (tmp_path / "r.json").write_text(json.dumps(changed), encoding="utf-8")
    attempt(tmp_path / "r.json")

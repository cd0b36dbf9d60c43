"""The OpenAPI document, and that the API keeps to it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from fastapi.testclient import TestClient

from locoreg.web.openapi import REFUSALS, TAGS

DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get(DOCUMENT).json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    found = operations(document)
    assert len(found) >= 3
    names = Counter(operation["operationId"] for _, _, operation in found)
    assert [name for name, times in names.items() if times > 1] == []
    tags = {name for name, _ in TAGS}
    for path, method, operation in found:
        place = f"{method} {path}"
        assert path.startswith("/api/v1/"), place
        assert operation.get("description"), place
        assert set(operation["tags"]) <= tags, place
        assert re.fullmatch(r"[a-z0-9_]+", operation["operationId"]), place
        good = [one for status, one in operation["responses"].items() if status < "400"]
        assert good, place
        for status in REFUSALS:
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Error"}, place


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    names = set(re.findall(r"#/components/schemas/([\w.-]+)", str(document)))
    assert names <= set(schemas)
    assert "HTTPValidationError" not in schemas


def test_pages_are_no_part_of_it(document: dict[str, Any]) -> None:
    assert [path for path in document["paths"] if not path.startswith("/api/")] == []
    assert document["servers"] == [{"url": "/"}]


def test_documentation_that_loads_from_elsewhere_is_off(client: TestClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404


def test_the_list_of_endpoints_names_all(client: TestClient, document: dict[str, Any]) -> None:
    page = client.get("/methods?part=api").text
    index = client.get("/api/v1/").json()
    listed = {(one["method"].lower(), one["path"]) for one in index["endpoints"]}
    assert listed == {(method, path) for path, method, _ in operations(document)}
    for path, method, _ in operations(document):
        assert f"{method.upper()} {path}" in page


def test_an_error_has_the_shape_that_is_promised(client: TestClient) -> None:
    for path, status in (("/api/v1/nowhere", 404), ("/api/v1/version?data=%00", 400)):
        answer = client.get(path)
        assert answer.status_code == status
        error = answer.json()["error"]
        assert error["status"] == status
        assert [set(fault) for fault in error["faults"]] == [{"field", "message"}]


def test_the_state_of_the_evidence_is_that_of_the_start_page(client: TestClient) -> None:
    state = client.get("/api/v1/evidence").json()
    page = client.get("/").text
    found = re.findall(r'value="([^"]*)" data-key="evidence/state/([^"]+)"', page)
    numbers = {key: int(value) for value, key in found}
    for name in ("studies", "trials", "references", "claims"):
        assert numbers[name] == state[name]
    for name, count in state["findings"].items():
        assert numbers[f"findings/{name}"] == count
        assert numbers[f"subjects/{name}"] == state["subjects"][name]
    assert state["sha256"] == client.get("/api/v1/version").json()["tables_sha256"]

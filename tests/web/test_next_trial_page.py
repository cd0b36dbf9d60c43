"""The next trial: page, API and workflow say the same; nothing is assumed."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient

from locoreg.core.findings import Finding
from locoreg.core.jsontext import json_ready
from locoreg.web.app import create_app
from locoreg.web.settings import Settings
from locoreg.web.sureness.nextfields import EXAMPLE, EXAMPLES_OF, FIELDS, PARTS
from locoreg.workflows.planning.poolasked import pool_asked
from locoreg.workflows.planning.prospects import (
    assurance_of_pool,
    hypothetical_asked,
    pool_with,
    rules_asked,
)
from locoreg.workflows.planning.sizing import size_trial
from locoreg.workflows.planning.trialasked import TrialAsked
from tests.web.conftest import ADDRESS, Connect

VALUE = re.compile(r'<data class="lr-value" value="([^"]*)" data-key="([^"]*)">([^<]*)</data>')
STATED = EXAMPLE | EXAMPLES_OF["primary-surgery"]
EVIL = "<script>alert(1)</script>"
MOST_BYTES = 250_000
TRIAL = TrialAsked(
    control="36=67.9", accrual="84", follow_up=36.0, dropout=2.0, alpha=5.0, sides=2,
    allocation=0.5, test="log-rank", margin=1.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def asking(
    tmp_path_factory: pytest.TempPathFactory, shipped_findings: tuple[Finding, ...]
) -> Iterator[TestClient]:
    """One application without runs for the module: what it computed is kept."""
    app = create_app(Settings(workspace=tmp_path_factory.mktemp("asking")))
    app.state.locoreg.__dict__["findings"] = shipped_findings
    with TestClient(app, base_url=ADDRESS, raise_server_exceptions=False) as client:
        yield client


def path(part: str, api: bool = False, **changes: str) -> str:
    given = {"question": "primary-surgery", "part": part, **STATED, **changes}
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{'/api/v1' if api else ''}/next-trial?{query}"


def got(client: TestClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.text[-800:]
    return answer.text


def values(text: str) -> dict[str, float]:
    return {key: float(value) for value, key, _ in VALUE.findall(text) if value}


def shipped_pool():
    return pool_asked(
        "primary-surgery", outcome=None, tables=("shipped",), method="REML",
        interval="hartung-knapp", level=95.0,
    )  # fmt: skip


@pytest.mark.parametrize("part", [name for name, _ in PARTS if name != "enrichment"])
def test_the_page_shows_the_numbers_of_the_api(asking: TestClient, part: str) -> None:
    text = got(asking, path(part))
    assert len(text.encode()) < MOST_BYTES
    told = json.loads(got(asking, path(part, api=True)))
    shown = values(text)
    keys = [key for key in shown if not key.startswith("evidence/")]
    assert keys
    for key in keys:
        assert shown[key] == pytest.approx(_at(told, key), rel=1e-12), key


def _at(told: dict, key: str) -> float:
    """Return the number that a key names; a percentage is a share in the results."""
    found: object = told
    entry = told["planning"][0] if told["planning"] else None
    if entry is not None:
        assert key.startswith(entry["key"] + "/"), key
        found, key = entry, key.removeprefix(entry["key"] + "/")
        head = key.split("/")[0]
        for trial in entry["trials"]:
            if head == f"{trial['hazard_ratio']:g}":
                found, key = trial, key.split("/", 1)[1]
        if head == "tests":
            name = "/".join(key.split("/")[:3])
            found = next(one for one in entry["tests"] if one["key"].endswith(name))
            key = key.removeprefix(name + "/")
        if head == "accrual":
            n = int(key.split("/")[1])
            found = next(one for one in entry["accrual"]["forecasts"] if one["patients"] == n)
            key = key.split("/", 2)[2]
    for name in key.split("/"):
        found = found[int(name)] if isinstance(found, list) else found[name]  # type: ignore[index]
    if isinstance(found, dict):
        found = found["natural"]["estimate"]
    return float(found)  # type: ignore[arg-type]


def test_a_hypothetical_trial_is_that_of_the_workflow(asking: TestClient) -> None:
    told = json.loads(got(asking, path("add", api=True, ratio_2="1.1", events_2="90")))
    expected = pool_with(
        shipped_pool(),
        hypothetical_asked("0.8=400,1.1=90", 0.5),
        rules_asked(important=0.8, threshold=None, tau_scale=None),
    )
    made = json_ready(expected.to_dict())
    for name in ("before", "after", "trials", "conclusions"):
        assert told["added"][name] == made[name]
    drawn = json.loads(
        got(asking, path("add", ratio_2="1.1", events_2="90").replace(
            "/next-trial", "/figure/next-trial-added.json"))
    )  # fmt: skip
    assert drawn["added"]["after"] == made["after"]


def test_a_large_trial_changes_the_conclusion(asking: TestClient) -> None:
    text = html.unescape(got(asking, path("add", ratio_1="0.6", events_1="40000",
                                                ratio_2="0.6", events_2="40000",
                                                ratio_3="0.6", events_3="40000",
                                                method="CE", interval="normal")))  # fmt: skip
    assert "it changes" in text
    assert "interval below 1" in text


def test_size_and_assurance_are_those_of_the_workflow(asking: TestClient) -> None:
    (entry,) = json.loads(got(asking, path("size", api=True)))["planning"]
    sized = size_trial(TRIAL, hazard_ratio="0.7", power=90.0)
    first = entry["trials"][0]["size"]
    assert first["patients"] == pytest.approx(sized.size.patients, rel=0.05)
    (entry,) = json.loads(got(asking, path("prospects", api=True)))["planning"]
    expected = assurance_of_pool(
        TRIAL, shipped_pool(), patients=(400, 1000), tau_scale=0.5, minimal_ratio=0.8
    )
    assert entry["assurance"]["new_trial"] == json_ready(expected.to_dict())["new_trial"]


def test_nothing_is_assumed(asking: TestClient) -> None:
    faults = json.loads(got(asking, "/api/v1/next-trial?part=size", 422))["error"]["faults"]
    assert {one["field"] for one in faults} == {
        one.name for one in FIELDS if "size" in one.parts and not one.optional
    }
    text = got(asking, path("size", alpha=""), 422)
    assert 'role="alert"' in text
    assert '<a href="#field-alpha">' in text
    assert 'id="fault-alpha"' in text
    assert "Size of the next trial" not in text
    # An empty field of another part is not asked for.
    assert "Size of the next trial" in got(asking, path("size", rate=""))


@pytest.mark.parametrize(
    ("part", "field", "value", "told"),
    [
        ("size", "alpha", "0.05", "write 5"),
        ("size", "control", "67.9", "month=percent"),
        ("size", "hazard_ratio", "1", "hazard ratio of 1"),
        ("size", "power", "many", "not a number"),
        ("size", "sides", "3", "offered"),
        ("size", "allocation", "1.5", "less than 1"),
        ("boundaries", "effect", "1", "no effect"),
        ("boundaries", "spread_value", "1.2", "fractions"),
        ("prospects", "patients", "400, 400", "twice"),
        ("accrual", "rate", "-1", "greater than 0"),
        ("add", "events_1", "inf", "not a number"),
        ("add", "ratio_1", "0", "above 0"),
        ("add", "minimal", "1.2", "between 0 and 1"),
        ("add", "level", "0.95", "percentage"),
    ],
)
def test_a_fault_stands_beside_its_field(
    asking: TestClient, part: str, field: str, value: str, told: str
) -> None:
    text = html.unescape(got(asking, path(part, **{field: value}), 422))
    (fault,) = re.findall(f'id="fault-{field}">([^<]*)<', text)
    assert told in fault
    faults = json.loads(got(asking, path(part, api=True, **{field: value}), 422))["error"]
    assert {one["field"] for one in faults["faults"]} == {field}


def test_the_example_is_seen_in_the_form(asking: TestClient) -> None:
    text = html.unescape(got(asking, "/next-trial?part=prospects"))
    assert "The values in the form are an example" in text
    for name in ("hazard_ratio", "control", "patients", "tau_scale", "minimal"):
        assert re.search(f'name="{name}"[^>]*value="{re.escape(STATED[name])}"', text), name
    assert values(text) == values(got(asking, path("prospects")))
    other = html.unescape(got(asking, "/next-trial?question=sabr&part=size"))
    assert "Values to be stated" in other
    assert "Size of the next trial" not in other


def test_a_question_without_trials_says_so(asking: TestClient) -> None:
    text = got(asking, "/next-trial?question=liver-resection")
    assert "No pool of randomised trials" in text
    assert "Not computed" in text


def test_figures_have_the_numbers_of_the_page(asking: TestClient) -> None:
    for name, part in (
        ("added", "add"), ("sequential", "boundaries"), ("assurance", "prospects"),
    ):  # fmt: skip
        address = path(part).replace("/next-trial", f"/figure/next-trial-{name}.csv")
        rows = list(csv.reader(io.StringIO(got(asking, address))))
        assert len(rows) > 1, name
        assert {len(row) for row in rows} == {len(rows[0])}
    svg = got(asking, path("accrual").replace("/next-trial", "/figure/next-trial-accrual.svg"))
    assert svg.startswith("<svg")
    gone = path("accrual", at="7").replace("/next-trial", "/figure/next-trial-accrual.svg")
    assert "no such figure" in got(asking, gone, 404)


@pytest.mark.parametrize("field", ["ratio_1", "method", "level", "outcome", "question", "minimal"])
def test_hostile_input_is_held(asking: TestClient, field: str) -> None:
    for value in (EVIL, "é" * 15, "1e999", "nan"):
        answer = asking.get(path("add", **{field: value[:20]}))
        assert answer.status_code == 422
        assert "<script>alert" not in answer.text


def test_enrichment_asks_for_a_selection(asking: TestClient) -> None:
    text = got(asking, path("enrichment"), 422)
    assert "Nothing to enrich by" in text
    assert 'href="#field-selection"' in text


def test_own_tables_are_named(connect: Connect, tmp_path: Path) -> None:
    client = connect(Settings(workspace=tmp_path))
    text = html.unescape(got(client, path("add")))
    assert "locoreg plan add primary-surgery 0.8=400" in text

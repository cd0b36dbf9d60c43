"""How sure are we: page, API and workflow say the same; nothing is assumed."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient

from locoreg.core.findings import Finding
from locoreg.web.app import create_app
from locoreg.web.settings import Settings
from locoreg.web.sureness.surefields import EXAMPLE, EXAMPLES_OF, PARTS, fields_of
from locoreg.workflows.bayes import bayes_of_pool, named_priors
from locoreg.workflows.evidence import open_tables, pool_question
from tests.web.conftest import ADDRESS

VALUE = re.compile(r'<data class="lr-value" value="([^"]*)" data-key="([^"]*)">([^<]*)</data>')
STATED = EXAMPLE | EXAMPLES_OF["primary-surgery"] | {"tau_priors": "half-normal(0.5)"}
EVIL = "<script>alert(1)</script>"
MOST_BYTES = 250_000


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
    return f"{'/api/v1' if api else ''}/certainty?{query}"


def got(client: TestClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.text[-800:]
    return answer.text


def values(text: str) -> dict[str, float]:
    return {key: float(value) for value, key, _ in VALUE.findall(text) if value}


@pytest.mark.parametrize("part", [name for name, _ in PARTS])
def test_every_part_is_shown_and_told(asking: TestClient, part: str) -> None:
    text = got(asking, path(part))
    assert len(text.encode()) < MOST_BYTES
    told = json.loads(got(asking, path(part, api=True)))
    (entry,) = told["how_sure"]
    assert entry["refused"] == ""
    name = {"grade": "certainty", "small-study": "small_study"}.get(part, part)
    assert entry[name]["refused"] == ""
    assert "Not computed" not in text


def test_the_posterior_is_that_of_the_workflow(asking: TestClient, shipped_findings) -> None:
    pool = pool_question(
        open_tables(), "primary-surgery", design="rct", interval="hartung-knapp", level=95.0,
        findings=shipped_findings,
    )  # fmt: skip
    expected = bayes_of_pool(
        pool.meta, priors=named_priors(["half-normal(0.5)"]), mu_prior="flat", thresholds=(0.0,)
    )
    (entry,) = json.loads(got(asking, path("bayes", api=True)))["how_sure"]
    (row,) = entry["bayes"]["rows"]
    assert row["mu"]["estimate"] == pytest.approx(expected.rows[0].mu.estimate, abs=1e-12)
    assert row["below"][0] == pytest.approx(expected.rows[0].below[0], abs=1e-12)
    shown = values(got(asking, path("bayes")))
    keys = [key for key in shown if "/bayes/rows/0" in key]
    assert any(shown[key] == pytest.approx(row["mu"]["natural"]["estimate"]) for key in keys)


def test_the_rules_propose_where_nobody_judged(asking: TestClient) -> None:
    text = html.unescape(got(asking, path("grade")))
    assert "nobody, in the runs here" in text
    for domain in ("Inconsistency", "Imprecision", "Publication bias", "Risk of bias"):
        assert domain in text
    stricter = html.unescape(got(asking, path("grade", important="200")))
    assert "200" in stricter
    assert stricter != text


def test_the_ladder_depends_on_the_stated_bias(asking: TestClient) -> None:
    def last(**changes: str) -> float:
        (entry,) = json.loads(got(asking, path("designs", api=True, **changes)))["how_sure"]
        return float(entry["designs"]["steps"][-1]["mu"]["estimate"])

    assert last() != pytest.approx(last(mean_1="0"), abs=1e-4)
    # Without weight the design says nothing: the trials alone stay.
    (entry,) = json.loads(got(asking, path("designs", api=True, weight_1="0")))["how_sure"]
    first, second = entry["designs"]["steps"]
    assert second["mu"]["estimate"] == pytest.approx(first["mu"]["estimate"], abs=1e-6)


def test_nothing_is_assumed(asking: TestClient) -> None:
    faults = json.loads(got(asking, "/api/v1/certainty?part=bayes", 422))["error"]["faults"]
    assert {one["field"] for one in faults} == {
        one.name for one in fields_of(()) if "bayes" in one.parts and not one.optional
    }
    text = got(asking, path("bayes", mu_prior=""), 422)
    assert '<a href="#field-mu_prior">' in text
    assert 'id="fault-mu_prior"' in text


@pytest.mark.parametrize(
    ("part", "field", "value", "told"),
    [
        ("bayes", "tau_priors", "half-norma(0.5)", "prior"),
        ("bayes", "mu_prior", "steep", "prior"),
        ("bayes", "thresholds", "1, 1", "twice"),
        ("small-study", "test_alpha", "0.05", "write 5"),
        ("small-study", "steps", "0.5, 0.1", "ascend"),
        ("small-study", "alternative", "more", "offered"),
        ("designs", "weight_1", "2", "less than or equal to 1"),
        ("designs", "source_1", "", "State it"),
        ("designs", "design_2", "cohort", "State it"),
        ("grade", "medium", "50", "month=percent"),
        ("grade", "high", "24=0.43", "write 43"),
        ("grade", "low_source", "", "State it"),
        ("grade", "alpha", "0.05", "write 5"),
        ("grade", "important", "-3", "greater than 0"),
    ],
)
def test_a_fault_stands_beside_its_field(
    asking: TestClient, part: str, field: str, value: str, told: str
) -> None:
    text = html.unescape(got(asking, path(part, **{field: value}), 422))
    fault = " ".join(re.findall(r'id="fault-[^"]*">([^<]*)<', text))
    assert told in fault
    if field != "design_2":
        assert f'id="fault-{field}"' in text


def test_the_example_is_seen_in_the_form(asking: TestClient) -> None:
    text = html.unescape(got(asking, "/certainty?part=designs"))
    assert "The values in the form are an example" in text
    for name in ("mean_1", "shared_sd_1", "reach", "tau_prior", "source_1"):
        assert re.search(f'name="{name}"[^>]*value="{re.escape(EXAMPLE[name])}"', text), name
    other = html.unescape(got(asking, "/certainty?question=sabr"))
    assert "Values to be stated" in other


def test_figures_have_the_numbers_of_the_page(asking: TestClient) -> None:
    for name, part in (("posterior", "bayes"), ("ladder", "designs")):
        address = path(part).replace("/certainty", f"/figure/certainty-{name}.csv")
        rows = list(csv.reader(io.StringIO(got(asking, address))))
        assert len(rows) > 1, name
    svg = path("designs").replace("/certainty", "/figure/certainty-ladder.svg")
    assert got(asking, svg).startswith("<svg")


def test_a_design_without_a_pool_says_so(asking: TestClient) -> None:
    address = path("small-study", question="liver-resection", design="rct")
    assert "No such pool" in got(asking, address)
    got(asking, path("small-study", api=True, question="liver-resection"), 422)


@pytest.mark.parametrize("field", ["tau_priors", "mu_prior", "thresholds", "question", "level"])
def test_hostile_input_is_held(asking: TestClient, field: str) -> None:
    for value in (EVIL, "é" * 15, "1e999"):
        answer = asking.get(path("bayes", **{field: value[:20]}))
        assert answer.status_code == 422, (field, value)
        assert "<script>alert" not in answer.text

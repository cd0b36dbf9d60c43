"""Explorer, study page and audit board: the same numbers everywhere, no hostile input through."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient

from locoreg.core.jsontext import json_ready
from locoreg.web.settings import Settings
from locoreg.workflows.evidence import open_tables, pool_question
from tests.conftest import effect, study
from tests.web.conftest import Connect
from tests.web.stored import write_run

MOST_BYTES = 250_000
VALUE = re.compile(r'<data class="lr-value" value="([^"]*)" data-key="([^"]*)">([^<]*)</data>')
TABS = (
    "heterogeneity",
    "small-study",
    "bayes",
    "sequential",
    "bias-shift",
    "multiverse",
    "summary",
    "studies",
)
EVIL = "<script>alert(1)</script>"


def got(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[-800:]
    return answer.text


def test_explorer_api_and_workflow_have_the_same_numbers(
    empty_client: TestClient, shipped_findings
) -> None:
    catalog = open_tables()
    expected = pool_question(catalog, "primary-surgery", findings=shipped_findings)
    shown = {
        key: (float(value), text)
        for value, key, text in VALUE.findall(got(empty_client, "/evidence"))
    }
    api = json.loads(got(empty_client, "/api/v1/evidence/pool"))
    figure = json.loads(got(empty_client, "/figure/evidence-forest.json"))
    assert len(shown) == len(expected.pools) == len(api["pools"]) == len(figure["pools"])
    for pool, one, drawn in zip(expected.pools, api["pools"], figure["pools"], strict=True):
        key = f"evidence/primary-surgery/{expected.outcome}/{pool.selection.design}"
        assert shown[key] == (pool.meta.mu.natural[0], f"HR {pool.meta.mu.text()}")
        assert one["key"] == drawn["key"] == key
        assert one["pool"] == drawn["pool"] == json_ready(pool.to_dict())


def test_a_changed_choice_has_a_key_of_its_own(empty_client: TestClient) -> None:
    usual = {key for _, key, _ in VALUE.findall(got(empty_client, "/evidence?layout=bmj"))}
    other = {key for _, key, _ in VALUE.findall(got(empty_client, "/evidence?reading=printed"))}
    assert all("?" not in key for key in usual)
    assert all(key.endswith("?reading=printed") for key in other)


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_is_a_small_page(empty_client: TestClient, tab: str) -> None:
    text = got(empty_client, f"/evidence?tab={tab}")
    assert len(text.encode()) <= MOST_BYTES
    assert text.count("<h1>") == 1
    assert 'aria-current="true"' in text
    assert " style=" not in text
    assert "<script>" not in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert 'id="design-rct"' in text
    assert 'id="design-observational"' in text


def test_small_study_tab_says_too_few(empty_client: TestClient) -> None:
    assert "Too few studies: 5 of 10" in got(empty_client, "/evidence?tab=small-study")
    got(empty_client, "/figure/evidence-funnel.svg?design=rct", 404)


def test_unavailable_choices_say_why_and_offer_what_exists(empty_client: TestClient) -> None:
    text = got(empty_client, "/evidence?outcome=quality_of_life")
    assert "Nothing to pool" in text
    assert "Recorded on quality of life" in text
    assert "What the tables hold on this question" in text
    offered = re.findall(r'href="(/evidence\?[^"]*)"', text)
    for link in [html.unescape(one) for one in offered][:3]:
        got(empty_client, link)


@pytest.mark.parametrize(
    "query",
    [
        "question=nope", "outcome=nope", "split=note", "timing=%3Cscript%3E", "method=XX",
        "level=96", "tab=x", "zzz=1", "patients=" + "a" * 500,
    ],
)  # fmt: skip
def test_wrong_queries_are_refused_in_words(empty_client: TestClient, query: str) -> None:
    text = got(empty_client, f"/evidence?{query}", 422)
    assert 'role="alert"' in text
    assert "<script>" not in text
    answer = empty_client.get(f"/api/v1/evidence/pool?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["faults"]


@pytest.mark.parametrize("form", ["svg", "png", "pdf", "csv", "json"])
@pytest.mark.parametrize("name", ["forest", "influence", "bias-shift", "multiverse"])
def test_figures_in_all_formats(empty_client: TestClient, name: str, form: str) -> None:
    answer = empty_client.get(f"/figure/evidence-{name}.{form}?design=rct")
    assert answer.status_code == 200
    if form == "csv":
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert len(rows) > 4
        assert len({len(row) for row in rows}) == 1


def test_only_the_results_for_htmx(empty_client: TestClient) -> None:
    answer = empty_client.get("/evidence", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "<form" not in answer.text
    assert 'id="design-rct"' in answer.text


def test_certainty_is_that_of_a_run_on_the_same_tables(tmp_path: Path, connect: Connect) -> None:
    catalog = open_tables()
    run = write_run(tmp_path / "judged")
    results = json.loads((run / "results.json").read_text())
    row = {
        "question": "primary-surgery", "outcome": "overall_survival", "design": "rct",
        "certainty": {"level": "low", "symbols": "++--", "author": EVIL, "reasons": []},
        "statements": [{"text": "It may do little.", "judged": True, "labels": [], "reach": ""}],
    }  # fmt: skip
    results["findings"] = {"tables": [{"rows": [row]}]}
    for sha, judged in ((catalog.sha256, True), ("0" * 64, False)):
        results["tables"] = {"sha256": sha}
        (run / "results.json").write_text(json.dumps(results))
        client = connect(Settings(workspace=tmp_path / "w", runs=(run,)))
        text = got(client, "/evidence")
        assert ("It may do little." in text) == judged
        assert EVIL not in text
        assert "not judged for this choice" in got(client, "/evidence?method=DL")


def test_study_table_is_sorted_by_the_url_and_downloads(empty_client: TestClient) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(got(empty_client, "/evidence/studies.csv?sort=effect&down=true"))
        )
    )
    effects = [float(row["estimate"]) for row in rows if row["estimate"]]
    assert effects == sorted(effects, reverse=True)
    assert effects
    page = got(empty_client, "/evidence?tab=studies&sort=effect&down=true")
    section = page[page.index("Studies of the question") :]
    links = re.findall(r"/evidence/studies/([A-Za-z0-9_-]+)\?", section)
    assert list(dict.fromkeys(links)) == [row["study_id"] for row in rows]


def test_study_page_keeps_the_filters_and_shows_every_row(empty_client: TestClient) -> None:
    text = got(empty_client, "/evidence/studies/fitzal2019?layout=bmj&design=rct")
    assert 'href="/evidence?design=rct&amp;layout=bmj"' in text
    detail = json.loads(got(empty_client, "/api/v1/evidence/studies/fitzal2019"))
    for row in detail["rows"]:
        assert f'id="row-{row["claim_id"]}"' in text
    assert text.count('<article class="lr-record') == len(detail["findings"])
    assert "corrected by a curator" in text
    assert 'rel="external noreferrer"' in text
    got(empty_client, "/evidence/studies/nobody", 404)
    assert empty_client.get("/api/v1/evidence/studies/nobody").status_code == 404
    assert "soran2018" in got(empty_client, "/figure/evidence-family.json?study=soran2018")


def test_board_links_explains_and_downloads(empty_client: TestClient, shipped_findings) -> None:
    text = got(empty_client, "/evidence/audit?rule=direction")
    assert "54.8 / 34.6 = 1.58" in text
    rows = list(csv.DictReader(io.StringIO(got(empty_client, "/evidence/findings.csv"))))
    assert len(rows) == len(shipped_findings)
    board = list(csv.DictReader(io.StringIO(got(empty_client, "/evidence/audit.csv"))))
    assert sum(int(row["findings"]) for row in board) == len(shipped_findings)
    api = json.loads(got(empty_client, "/api/v1/evidence/findings?severity=serious"))
    assert sum(api["counts"].values()) == len(api["findings"])
    assert {f["severity"] for f in api["findings"]} == {"blocking", "serious"}
    assert "No finding with these filters" in got(
        empty_client, "/evidence/audit?severity=blocking&question=sabr"
    )
    got(empty_client, "/evidence/audit?rule=nope", 404)
    assert len(json.loads(got(empty_client, "/api/v1/evidence/rules"))["rules"]) > 20
    assert json.loads(got(empty_client, "/api/v1/evidence/board"))["rows"]
    listed = json.loads(got(empty_client, "/api/v1/evidence/studies?question=sabr"))["studies"]
    assert {one["question"] for one in listed} == {"sabr"}
    assert json.loads(got(empty_client, "/api/v1/evidence/questions"))["questions"]


def test_hostile_tables_are_text(tmp_path: Path, write_tables, connect: Connect) -> None:
    folder = write_tables(
        studies=[
            study(f"s{i}", label=f"{EVIL} {i}", note=EVIL, region=f"={i}+1", cohort=EVIL)
            for i in range(11)
        ],
        claims=[
            effect(f"c{i}", f"s{i}", f"0.{60 + i} 0.40 1.{10 + i}", verbatim=EVIL, n=100)
            for i in range(11)
        ],
    )
    client = connect(Settings(workspace=tmp_path / "w", tables=(folder,)))
    for path in (
        "/evidence",
        "/evidence?tab=small-study",
        "/evidence?tab=studies",
        "/evidence/studies/s1",
        "/evidence/audit",
    ):
        text = got(client, path)
        assert "<script>" not in text
        assert "&lt;script&gt;" in text
    assert "p under 1%" in got(client, "/figure/evidence-funnel.svg?design=rct")
    assert ",'=1+1," in got(client, "/evidence/studies.csv")
    assert f"--tables {folder}" in html.unescape(got(client, "/evidence"))

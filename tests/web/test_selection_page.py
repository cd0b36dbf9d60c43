"""Who gains in the web application: credibility first, and the same numbers."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi.testclient import TestClient

from locoreg.web.app import create_app
from locoreg.web.settings import Settings
from tests.figures.selection import made
from tests.report.conftest import Page
from tests.web import stepruns
from tests.web.conftest import ADDRESS, Connect

MOST_BYTES = 250_000
STATES = ("no-rule", "contradicted", "failing", "full")
STEPS = ("credibility", "persons", "differences", "subgroups", "rule", "doubts", "model")
VALUE = re.compile(r'<data class="lr-value" value="([^"]*)" data-key="([^"]*)">([^<]*)</data>')


@pytest.fixture(scope="module")
def pages(study_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(workspace=tmp_path_factory.mktemp("workspace"), runs=(study_run,))
    with TestClient(create_app(settings), base_url=ADDRESS, raise_server_exceptions=False) as one:
        yield one


def got(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[-600:]
    return answer.text


def results(run: Path, name: str) -> dict[str, Any]:
    path = run / "steps" / f"selection-{name}" / "results.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("show", ["", "&show=anyway"])
def test_every_step_is_whole_small_and_escaped(pages: TestClient, name: str, show: str) -> None:
    for step in STEPS:
        text = got(pages, f"/selection/study/{name}?step={step}{show}")
        page = Page(text)
        assert len(text.encode()) <= MOST_BYTES
        assert not page.unclosed
        assert len(page.ids) == len(set(page.ids))
        assert page.headings.count(1) == 1
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
        anchors = {a["href"][1:] for a in page.named("a") if a["href"].startswith("#")}
        assert anchors <= set(page.ids)
        assert ' style="' not in text


def test_credibility_comes_first(pages: TestClient) -> None:
    text = got(pages, "/selection/study/full")
    bar = re.findall(r'<a href="[^"]*step=([a-z]+)[^"]*"( aria-current="step")?', text)
    assert bar[0] == ("credibility", ' aria-current="step"')
    assert "Can it be believed?" in text
    assert not VALUE.search(text)


def test_average_is_that_of_the_results(pages: TestClient, study_run: Path) -> None:
    name = "full"
    text = got(pages, f"/selection/study/{name}?step=differences&show=anyway")
    held = {html.unescape(key): (value, words) for value, key, words in VALUE.findall(text)}
    average = results(study_run, name)["average"]
    value, words = held[f"selection/{name}/average"]
    assert float(value) == average["estimate"]
    shown = [float(n.replace("−", "-")) for n in re.findall(r"[-−+]?\d+\.\d+", words)]
    wanted = [average[key] for key in ("estimate", "ci_low", "ci_high")]
    assert shown == pytest.approx(wanted, abs=0.0051)
    assert f"{made.result().average.level:g}% interval" in text
    told = pages.get(f"/api/v1/selections/study/{name}").json()
    assert told["average"] == average


def test_contradicted_shows_no_rule_under_any_link(pages: TestClient, study_run: Path) -> None:
    for show in ("", "&show=anyway"):
        text = got(pages, f"/selection/study/contradicted?step=rule{show}")
        assert "No rule is shown" in text
        assert "not credible" in text
        assert "figure-rule" not in text
        assert "Value against cost" not in text or show
    for form in ("svg", "csv", "json"):
        got(pages, f"/selection/study/contradicted/figure/rule.{form}", 404)
    assert "leaves" not in results(study_run, "contradicted")["rule"]


def test_no_rule_is_said_in_full_size(pages: TestClient) -> None:
    text = got(pages, "/selection/study/no-rule?step=rule")
    place = text.index("No rule is shown")
    assert 'class="lr-lead"' in text[place : place + 400]


@pytest.mark.parametrize("name", ["contradicted", "failing"])
def test_what_failed_keeps_estimates_back(pages: TestClient, study_run: Path, name: str) -> None:
    text = got(pages, f"/selection/study/{name}?step=differences")
    assert "What failed" in text
    assert "Show anyway" in text
    assert not VALUE.search(text)
    assert "<svg" not in text
    anyway = got(pages, f"/selection/study/{name}?step=differences&show=anyway")
    assert VALUE.search(anyway)
    assert "What failed" in anyway
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", anyway, re.DOTALL)
    assert captions
    assert all("Failed:" in caption for caption in captions)


def test_exports_carry_what_failed(pages: TestClient) -> None:
    for name, said in (("contradicted", "contradict"), ("failing", "Overlap")):
        place = f"/selection/study/{name}/figure/groups"
        rows = list(csv.DictReader(io.StringIO(got(pages, f"{place}.csv"))))
        assert rows
        assert all(said in row["failed_diagnostics"] for row in rows)
        assert any(said in one for one in pages.get(f"{place}.json").json()["failed_diagnostics"])


def test_every_download_that_is_offered_is_there(pages: TestClient) -> None:
    count = 0
    for step in STEPS:
        page = Page(got(pages, f"/selection/study/full?step={step}&show=anyway"))
        for link in [a["href"] for a in page.named("a") if "/figure/" in a["href"]]:
            answer = pages.get(link)
            assert answer.status_code == 200, link
            assert answer.content
            count += 1
    assert count > 20


def test_numbers_of_the_targeting_curve(pages: TestClient, study_run: Path) -> None:
    rows = csv.DictReader(io.StringIO(got(pages, "/selection/study/full/figure/toc.csv")))
    curve = results(study_run, "full")["assessment"]["curve"]
    assert [float(row["estimate"]) for row in rows] == curve["estimate"]


def test_for_one_patient_where_there_is_a_model(pages: TestClient) -> None:
    text = got(pages, "/selection/study/full")
    assert 'href="/patient?model=study/full"' in text


def test_list_and_api(pages: TestClient) -> None:
    text = got(pages, "/selection")
    assert text.count("<svg") == 0
    for name in STATES:
        assert f"/selection/study/{name}" in text
    lines = {one["name"]: one for one in pages.get("/api/v1/selections").json()}
    assert lines["contradicted"]["credibility"] == "not credible"
    assert not lines["contradicted"]["shows_rule"]
    assert lines["full"]["shows_rule"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/selection/study/none", 404),
        ("/selection/none/full", 404),
        ("/selection/study/full?step=all", 422),
        ("/selection/study/full?x=1", 422),
        ("/selection/study/full/figure/none.svg", 404),
        ("/selection/study/full/figure/..%2Fresults.json", 404),
    ],
)
def test_unknown_things_are_refused(pages: TestClient, path: str, status: int) -> None:
    got(pages, path, status)


def test_empty_state(empty_client: TestClient) -> None:
    assert "There are none yet" in got(empty_client, "/selection")


def test_real_patients_are_not_shown_with_small_cells(tmp_path: Path, connect: Connect) -> None:
    bare = stepruns.write_run(tmp_path / "bare", {}, {"rule": made.no_rule()}, small_cells=None)
    client = connect(Settings(workspace=tmp_path / "w", runs=(bare,)))
    assert "small_cells: 10" in got(client, "/selection/bare/rule", 422)
    assert "without hiding counts" in got(client, "/selection")

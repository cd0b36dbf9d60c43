"""Trial emulation in the web application: diagnostics before estimates, and the same numbers."""

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
from locoreg.workflows.emulation.result import EmulationResult
from tests.report.conftest import Page
from tests.web import stepruns
from tests.web.conftest import ADDRESS, Connect

MOST_BYTES = 250_000
STEPS = ("protocol", "diagnostics", "estimates", "sensitivity", "benchmark", "report")
VALUE = re.compile(r'<data class="lr-value" value="([^"]*)" data-key="([^"]*)">([^<]*)</data>')


@pytest.fixture(scope="module")
def pages(
    study_run: Path, small_registry: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """Return a client of one application for all tests that start nothing."""
    settings = Settings(
        workspace=tmp_path_factory.mktemp("workspace"), runs=(study_run,),
        registries=(small_registry,),
    )  # fmt: skip
    with TestClient(create_app(settings), base_url=ADDRESS, raise_server_exceptions=False) as one:
        yield one


def got(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[-600:]
    return answer.text


def results(run: Path, name: str) -> dict[str, Any]:
    path = run / "steps" / f"emulation-{name}" / "results.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("name", ["early", "failing", "blocked", "biased"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("show", ["", "&show=anyway"])
def test_every_step_is_whole_small_and_escaped(
    pages: TestClient, name: str, step: str, show: str
) -> None:
    text = got(pages, f"/emulation/study/{name}?step={step}{show}")
    page = Page(text)
    assert len(text.encode()) <= MOST_BYTES
    assert not page.unclosed
    assert len(page.ids) == len(set(page.ids))
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.named("table")) == len(page.named("caption"))
    anchors = {a["href"][1:] for a in page.named("a") if a["href"].startswith("#")}
    assert anchors <= set(page.ids)
    assert "<script>alert" not in text
    assert ' style="' not in text
    assert page.named("a")
    assert 'aria-current="step"' in text


def test_estimates_have_the_numbers_of_the_results(pages: TestClient, study_run: Path) -> None:
    text = got(pages, "/emulation/study/early?step=estimates&show=anyway")
    found = {html.unescape(key): (float(value), words) for value, key, words in VALUE.findall(text)}
    contrasts = results(study_run, "early")["primary"]["contrasts"]
    assert len(found) == len(contrasts)
    for one in contrasts:
        value, words = found[f"emulation/early/{one['measure']}@{one['at_months']:g}"]
        natural = one.get("natural", one)
        assert value == natural["estimate"]
        factor = 100 if one["measure"] == "survival_difference" else 1
        shown = [float(n.replace("−", "-")) for n in re.findall(r"[-−+]?\d+\.\d+", words)]
        wanted = [factor * natural[key] for key in ("estimate", "ci_low", "ci_high")]
        assert shown == pytest.approx(wanted, abs=0.051)
    run = json.loads((study_run / "results.json").read_text())
    held = next(one for one in run["emulation"] if one["name"] == "early")
    assert held["results"]["primary"]["contrasts"] == contrasts
    told = pages.get("/api/v1/emulations/study/early").json()
    assert told["primary"]["contrasts"] == contrasts


def test_hazard_ratio_is_last_with_its_note(pages: TestClient) -> None:
    text = got(pages, "/emulation/study/early?step=estimates&show=anyway")
    keys = [html.unescape(key).split("/")[2].split("@")[0] for _, key, _ in VALUE.findall(text)]
    assert keys[0] == "rmst_difference"
    assert keys[-1] == "hazard_ratio"
    assert "Hazard ratio last:" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("failing", "Overlap of the probability of treatment"),
        ("blocked", "outcome-before-time-zero"),
        ("biased", "biased by design"),
    ],
)
def test_what_failed_keeps_estimates_back(
    pages: TestClient, study_run: Path, name: str, said: str
) -> None:
    step = "estimates"
    text = got(pages, f"/emulation/study/{name}?step={step}")
    assert said in text
    assert "What failed" in text
    assert not VALUE.search(text)
    assert "<svg" not in text
    assert f'href="/emulation/study/{name}?step={step}&amp;show=anyway"' in text
    for one in results(study_run, name)["primary"]["contrasts"]:
        assert repr(one["estimate"]) not in text
    anyway = got(pages, f"/emulation/study/{name}?step={step}&show=anyway")
    assert "<svg" in anyway
    assert "What failed" in anyway
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", anyway, re.DOTALL)
    assert captions
    assert all(said in caption and "Failed:" in caption for caption in captions)


def test_what_failed_keeps_sensitivity_back(pages: TestClient) -> None:
    for step in ("sensitivity", "benchmark"):
        text = got(pages, f"/emulation/study/failing?step={step}")
        assert "<svg" not in text
        assert "Show anyway" in text
    shown = got(pages, "/emulation/study/failing?step=sensitivity&show=anyway&open=ladder")
    assert shown.count("<figcaption>") == shown.count("Failed:</span>")


def test_checklist_holds_estimates_and_is_kept_back(pages: TestClient) -> None:
    assert "Reporting checklist" not in got(pages, "/emulation/study/failing?step=report")
    shown = got(pages, "/emulation/study/failing?step=report&show=anyway")
    assert "Reporting checklist" in shown


def test_exports_carry_what_failed(pages: TestClient) -> None:
    said = "Overlap of the probability of treatment"
    for figure in ("curves", "specifications", "ladder"):
        place = f"/emulation/study/failing/figure/{figure}"
        assert said in html.unescape(got(pages, f"{place}.svg"))
        rows = list(csv.DictReader(io.StringIO(got(pages, f"{place}.csv"))))
        assert rows
        assert all(said in row["failed_diagnostics"] for row in rows)
        data = json.loads(got(pages, f"{place}.json"))
        assert data["failed_diagnostics"] == [said]
        fine = pages.get(f"/emulation/study/early/figure/{figure}.json").json()
        assert fine["failed_diagnostics"] == []
    assert pages.get("/emulation/study/failing/figure/curves.pdf").content[:4] == b"%PDF"


def test_numbers_of_a_figure_are_those_of_the_results(pages: TestClient, study_run: Path) -> None:
    arms = results(study_run, "early")["primary"]["arms"]
    rows = csv.DictReader(io.StringIO(got(pages, "/emulation/study/early/figure/curves.csv")))
    curve = [row for row in rows if row["part"] == "curve" and row["arm"] == arms[1]["label"]]
    assert [float(row["estimate"]) for row in curve] == arms[1]["estimate"]
    alternatives = pages.get("/emulation/study/early?step=estimates&show=anyway").text
    assert "open=curves_1_landmark" in alternatives
    data = pages.get("/emulation/study/early/figure/curves_1_landmark.json").json()
    held = results(study_run, "early")["sensitivity"]["alternatives"]
    landmark = next(
        one["effect"] for one in held if one["effect"] and one["effect"]["method"] == "landmark"
    )
    assert [one["estimate"] for one in data["contrasts"]] == [
        one["estimate"] for one in landmark["contrasts"]
    ]


def test_every_download_that_is_offered_is_there(pages: TestClient) -> None:
    seen = set()
    for step in ("diagnostics&open=balance", "diagnostics&open=flow", "diagnostics&open=weights",
                 "diagnostics&open=cohort", "estimates", "sensitivity", "sensitivity&open=ladder",
                 "estimates&open=curves_1_landmark"):  # fmt: skip
        page = Page(got(pages, f"/emulation/study/early?step={step}&show=anyway"))
        links = [a["href"] for a in page.named("a") if "/figure/" in a["href"]]
        assert links
        for link in links:
            answer = pages.get(link)
            assert answer.status_code == 200
            assert answer.content
            seen.add(link.rsplit(".", 1)[1])
    assert seen == {"svg", "pdf", "csv", "json"}


@pytest.mark.parametrize(
    "name",
    ["none", "..%2Fcurves", "%2e%2e%2fresults", "../results", "curves%00", "CURVES", "a" * 300],
)
def test_no_other_file_can_be_had(pages: TestClient, name: str) -> None:
    for form_ in ("svg", "pdf", "csv", "json"):
        answer = pages.get(f"/emulation/study/early/figure/{name}.{form_}")
        assert answer.status_code in (400, 404)


def test_tiles_have_threshold_value_and_what_to_look_for(
    pages: TestClient, study_run: Path
) -> None:
    text = got(pages, "/emulation/study/failing?step=diagnostics")
    page = Page(text)
    keys = [one["id"] for one in page.named("li") if one.get("id", "").startswith("tile-")]
    for wanted in ("balance", "effective-size", "largest-weights", "overlap", "positivity",
                   "censoring", "controls"):  # fmt: skip
        assert f"tile-{wanted}" in keys
    tile = text[text.index('id="tile-overlap"') : text.index('id="tile-positivity"')]
    assert "fail" in tile
    assert "<strong>0.2</strong>, threshold 0.5" in tile
    assert "What to look for:" in tile
    told = results(study_run, "failing")["primary"]["diagnostics"]
    for one in told:
        assert html.escape(one["title"], quote=False) in text
    # No estimate stands among the diagnostics.
    assert not VALUE.search(text)


def test_artificial_censoring_is_the_share_of_clones(pages: TestClient, study_run: Path) -> None:
    flow = results(study_run, "early")["primary"]["flow"]
    counts = {(one["arm"], one["name"]): one["n"] for one in flow}
    text = got(pages, "/emulation/study/early?step=diagnostics")
    tile = text[text.index('id="tile-censoring"') : text.index('id="tile-controls"')]
    for arm in ("no surgery", "surgery in time"):
        share = counts[arm, "Artificially censored"] / counts[arm, "Clones"]
        assert f"<strong>{share:.4g}</strong>" in tile


@pytest.mark.parametrize("open_", ["balance", "flow", "weights", "attrition"])
def test_a_tile_opens_its_plot(pages: TestClient, open_: str) -> None:
    closed = got(pages, "/emulation/study/early?step=diagnostics")
    link = f"/emulation/study/early?step=diagnostics&amp;open={open_}#opened"
    assert link in closed
    assert "<svg" not in closed
    shown = got(pages, f"/emulation/study/early?step=diagnostics&open={open_}")
    assert shown.count("<svg") == 1
    assert f'id="figure-{open_}"' in shown


def test_unknown_part_says_so(pages: TestClient) -> None:
    text = got(pages, "/emulation/study/early?step=diagnostics&open=%3Cscript%3E")
    assert "has nothing of the name &lt;script&gt;" in text


def test_protocol_has_two_columns_and_a_status(pages: TestClient) -> None:
    text = got(pages, "/emulation/study/early")
    for head in ("Target trial", "Emulation", "Status"):
        assert f">{head}</th>" in text
    assert "✔" in text


def test_list_names_what_failed(pages: TestClient) -> None:
    text = got(pages, "/emulation")
    assert "Overlap of the probability of treatment" in text
    assert "outcome-before-time-zero" in text
    assert "biased by design" in text
    assert "<script>alert" not in text
    lines = {one["name"]: one for one in pages.get("/api/v1/emulations").json()}
    assert lines["failing"]["verdict"] == "fail"
    assert lines["early"]["failed"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/emulation/none/early",
        "/emulation/study/none",
        "/emulation/study/%3Cscript%3E",
        "/emulation/..%2F..%2Fetc/early",
        "/api/v1/emulations/study/none",
    ],
)
def test_unknown_names_are_not_found(pages: TestClient, path: str) -> None:
    answer = pages.get(path)
    assert answer.status_code == 404
    assert "<script>" not in answer.text


@pytest.mark.parametrize("query", ["step=all", "show=yes", "open=" + "a" * 81, "other=1"])
def test_wrong_queries_are_refused(pages: TestClient, query: str) -> None:
    text = got(pages, f"/emulation/study/early?{query}", 422)
    assert 'role="alert"' in text


def test_real_patients_are_not_shown_with_small_cells(
    tmp_path: Path, connect: Connect, emulated: EmulationResult
) -> None:
    states = {"real": stepruns.alone(emulated), "made-up": stepruns.made_up(emulated)}
    bare = stepruns.write_run(tmp_path / "bare", states, {}, small_cells=None)
    client = connect(Settings(workspace=tmp_path / "w", runs=(bare,)))
    for path in ("/emulation/bare/real", "/emulation/bare/real/figure/curves.svg",
                 "/api/v1/emulations/bare/real"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 422
        assert "small_cells: 10" in answer.text
    assert "without hiding counts of 1 to 10 patients" in got(client, "/emulation")
    text = got(client, "/emulation/bare/made-up?step=diagnostics&open=balance")
    assert text.count("SYNTHETIC PATIENTS") >= 3
    drawn = got(client, "/emulation/bare/made-up/figure/curves.svg")
    assert "SYNTHETIC PATIENTS" in drawn
    assert client.get("/emulation/bare/made-up/figure/curves.json").json()["synthetic"] is True


def test_steps_of_another_version_are_told_apart(client: TestClient) -> None:
    text = got(client, "/emulation")
    assert "not of this version" in text
    got(client, "/emulation/small-study/early-surgery", 422)


def test_empty_state_says_how_to_go_on(empty_client: TestClient) -> None:
    text = got(empty_client, "/emulation")
    assert "There are none yet" in text
    assert "There is no registry here" in text
    assert "disabled" in text

"""The registry cohort explorer."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from locoreg.web.app import create_app
from locoreg.web.settings import Limits, Settings
from locoreg.workflows.registry.deriving import simulate
from locoreg.workflows.registry.describing import describe
from locoreg.workflows.registry.exploring import registry_sha256

Connect = Callable[[Settings], TestClient]
FIGURES = ("cohort-flow", "cohort-survival", "cohort-timing", "cohort-missing")
NEW = "disease=de_novo&operated=no"


@pytest.fixture(scope="module")
def client(small_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One application for the module: opening a registry takes seconds."""
    workspace = tmp_path_factory.mktemp("workspace")
    app = create_app(Settings(workspace=workspace, registries=(small_registry,)))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def registry(small_registry: Path) -> Path:
    return small_registry


def values(page: str) -> dict[str, tuple[str, str]]:
    found = re.findall(
        r'<data class="lr-value" value="([^"]*)" data-key="([^"]*)">([^<]*)</data>', page
    )
    return {key: (value, html.unescape(text)) for value, key, text in found}


def at_path(found: Any, path: str) -> Any:
    for part in path.split("/")[1:]:
        # A hidden cell of Table 1 has a text alone.
        found = found[int(part)] if isinstance(found, list) else found.get(part)
    return found


def test_all_patients_have_the_numbers_of_the_command(client: TestClient, registry: Path) -> None:
    said = json.loads(
        json.dumps(
            describe(
                registry,
                time_zero="first_metastasis",
                level=95,
                at=(12, 24, 36, 60),
                small_cells=10,
            ).to_dict()
        )
    )
    shown = {k: v for k, v in values(client.get("/cohort").text).items() if k[:9] == "registry/"}
    checked = 0
    for key, (value, _) in shown.items():
        try:
            number = at_path(said, key)
        except IndexError:
            # Table 1 of the page goes on where that of the command ends.
            assert key.startswith("registry/table/lines/")
            continue
        if number is None or number != number:
            assert value == "", key
        else:
            assert float(value) == pytest.approx(number, rel=1e-12), key
            checked += 1
    assert checked > 60
    assert "registry/survival/0/survival_months/median" in shown
    assert "registry/survival/0/at/3/survival" in shown


def test_page_and_api_say_the_same(client: TestClient) -> None:
    query = f"{NEW}&by=therapy&landmark=3"
    answer = client.get(f"/api/v1/cohort?{query}").json()
    page = client.get(f"/cohort?{query}").text
    for key, (value, text) in values(page).items():
        number = at_path(answer, key)
        if value:
            assert float(value) == pytest.approx(number, rel=1e-12), key
        assert text
    assert f"<strong>{answer['patients']['shown']} patients</strong>" in page


def test_registries_are_listed_with_the_hash_of_their_data(
    client: TestClient, registry: Path
) -> None:
    assert client.get("/api/v1/registries").json() == [
        {"name": registry.name, "sha256": registry_sha256(registry)}
    ]


def test_no_registry_says_how_to_get_one(connect: Connect, tmp_path: Path) -> None:
    empty = connect(Settings(workspace=tmp_path))
    page = empty.get("/cohort")
    assert page.status_code == 200
    assert "There is no registry here yet" in page.text
    assert "registry simulate" in page.text
    assert empty.get("/api/v1/registries").json() == []
    assert empty.get("/api/v1/cohort").status_code == 404
    assert empty.get("/cohort/protocol.yaml").status_code == 404


def test_every_choice_stands_in_the_sentence_with_a_label(client: TestClient) -> None:
    from locoreg.web.cohort.view import CohortView

    page = client.get("/cohort").text
    for name in CohortView.model_fields:
        assert f'id="field-{name}" name="{name}"' in page, name
        assert f'for="field-{name}"' in page, name
    assert page.count("<h1") == 1


def test_what_was_chosen_is_chosen_in_the_form(client: TestClient) -> None:
    query = "disease=recurrent&age_from=40&age_to=&year_from=2012&at=6%2C+18&by=sex&level=90"
    page = client.get(f"/cohort?{query}").text
    assert '<option value="recurrent" selected>' in page
    assert re.search(r'name="age_from"[^>]*value="40"', page)
    assert re.search(r'name="age_to"[^>]*value=""', page)
    assert re.search(r'name="at"[^>]*value="6, 18"', page)
    assert '<option value="sex" selected>' in page
    assert "(90% CI)" in page


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("at=0", "at", "no month"),
        ("at=1,2,3,4,5,6,7,8,9", "at", "at most 8"),
        ("at=%3Cscript%3E", "at", "no month"),
        ("by=nonsense", "by", "group by"),
        ("age_from=abc", "age_from", ""),
        ("age_to=121", "age_to", ""),
        ("landmark=-1", "landmark", ""),
        ("disease=%3Cscript%3Ealert(1)%3C/script%3E", "disease", ""),
        ("nonsense=1", "nonsense", "no such field"),
        ("registry=" + "x" * 201, "registry", ""),
    ],
)
def test_what_can_not_be_shown_is_said_beside_its_field(
    client: TestClient, query: str, field: str, says: str
) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        page = client.get(f"/cohort?{query}", headers=headers)
        assert page.status_code == 422
        assert 'role="alert"' in page.text
        assert f"#field-{field}" in page.text
        assert says in html.unescape(page.text)
        assert "<script>alert" not in page.text


def test_ranges_that_are_none_and_unknown_registries(client: TestClient) -> None:
    page = client.get("/cohort?age_from=60&age_to=50")
    assert page.status_code == 422
    assert "no range" in page.text
    assert client.get("/cohort?registry=nowhere").status_code == 404
    assert client.get("/cohort?registry=..%2F..%2Fetc").status_code == 404


def test_an_empty_cohort_shows_its_flow(client: TestClient) -> None:
    page = client.get("/cohort?year_from=1950&year_to=1951").text
    assert "No patient is in this cohort" in page
    assert 'id="cohort-flow"' in page
    assert 'id="table-one"' not in page
    assert client.get("/figure/cohort-survival.svg?year_from=1950&year_to=1951").status_code == 404
    assert client.get("/figure/cohort-flow.svg?year_from=1950&year_to=1951").status_code == 200


def test_a_cohort_that_is_too_small_is_hidden_everywhere(
    connect: Connect, app_settings: Settings
) -> None:
    limits = Limits(small_cells=390)
    settings = Settings(
        workspace=app_settings.workspace, registries=app_settings.registries, limits=limits
    )
    hidden = connect(settings)
    query = "disease=de_novo"
    page = hidden.get(f"/cohort?{query}").text
    assert "too few to be shown" in page
    answer = hidden.get(f"/api/v1/cohort?{query}").json()
    assert answer["patients"] == {"n": None, "shown": "≤390"}
    assert answer["table"] is None
    assert answer["survival"] == []
    for name in FIGURES[1:]:
        for form in ("svg", "csv", "json"):
            assert hidden.get(f"/figure/{name}.{form}?{query}").status_code == 404


def counts(found: Any) -> list[int]:
    """Return every whole number that stands under a name of a count."""
    names = {"n", "left_out", "remaining", "deaths", "late_entries", "unknown", "events"}
    names |= {"at_risk", "censored", "entered"}
    out: list[int] = []
    if isinstance(found, dict):
        for key, value in found.items():
            inside = value if isinstance(value, list) else [value]
            if key in names:
                out += [v for v in inside if isinstance(v, int) and not isinstance(v, bool)]
            out += counts(value)
    elif isinstance(found, list):
        for one in found:
            out += counts(one)
    return out


@pytest.mark.parametrize("by", ["", "therapy", "ecog", "subtype_metastasis", "organ_brain"])
def test_small_counts_stand_nowhere(client: TestClient, by: str) -> None:
    query = f"{NEW}&by={by}"
    answer = client.get(f"/api/v1/cohort?{query}").json()
    found = counts(answer)
    assert len(found) > 50
    assert not [n for n in found if 1 <= n <= 10]
    for name in FIGURES:
        part = client.get(f"/figure/{name}.json?{query}")
        if part.status_code == 200:
            assert not [n for n in counts(part.json()) if 1 <= n <= 10], name


def test_groups_by_treatment_say_so_in_red_in_page_figure_and_data(client: TestClient) -> None:
    page = client.get("/cohort?by=therapy&therapy=any").text
    assert "lr-tone-blocking" in page
    assert page.count("Immortal time") >= 3
    svg = client.get("/figure/cohort-survival.svg?by=therapy&therapy=any").text
    assert "Immortal time" in svg
    assert "Hatched" in svg
    data = client.get("/figure/cohort-survival.json?by=therapy&therapy=any").json()
    assert data["notices"]
    landmark = client.get("/cohort?by=therapy&therapy=any&landmark=6").text
    assert "Immortal time" not in landmark


def test_figures_come_in_every_format(client: TestClient) -> None:
    begins = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "json": b"{"}
    page = client.get("/cohort").text
    for name in FIGURES:
        for form in ("svg", "png", "pdf", "csv", "json"):
            answer = client.get(f"/figure/{name}.{form}")
            assert answer.status_code == 200, (name, form)
            assert answer.content.startswith(begins.get(form, b""))
            assert f"/figure/{name}.{form}" in page
        assert "SYNTHETIC" in client.get(f"/figure/{name}.csv").text


def test_figures_follow_the_data(connect: Connect, tmp_path: Path) -> None:
    """A registry that changes while the server runs is never answered from what was kept."""
    folder = tmp_path / "registry"
    simulate(folder, patients=60, seed=1, scenario="null")
    client = connect(Settings(workspace=tmp_path / "w", registries=(folder,)))
    first = client.get("/figure/cohort-flow.csv").text
    assert "60" in first
    simulate(tmp_path / "new", patients=80, seed=2, scenario="null")
    folder.rename(tmp_path / "old")
    (tmp_path / "new").rename(folder)
    assert client.get("/figure/cohort-flow.csv").text != first
    assert "80 patients" in client.get("/cohort").text


def test_the_link_of_a_saved_cohort_knows_other_data(client: TestClient, registry: Path) -> None:
    page = client.get(f"/cohort?{NEW}").text
    (saved,) = re.findall(r'href="([^"]*)">Save cohort', page)
    link = html.unescape(saved)
    assert f"data={registry_sha256(registry)[:16]}" in link
    assert "The data changed" not in client.get(link).text
    assert "The data changed" in client.get(re.sub(r"data=\w+", "data=" + "0" * 16, link)).text


def test_the_fragment_is_yaml_of_the_criteria(client: TestClient) -> None:
    answer = client.get(f"/cohort/protocol.yaml?{NEW}&age_from=40")
    assert answer.headers["content-disposition"].startswith("attachment")
    parts = yaml.safe_load(answer.text)
    assert [one["variable"] for one in parts["eligibility"]] == [
        "de_novo",
        "age",
        "primary_operated",
    ]
    assert parts["time_zero"] == {"event": "first_metastasis"}


def test_the_form_of_the_cursor(client: TestClient) -> None:
    page = client.get("/cohort").text
    (payload,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.S)
    readings = json.loads(payload)
    assert readings["groups"][0]["survival"][0] == 100.0
    assert {"left", "right", "top", "bottom"} <= readings["plot"].keys()
    assert 'aria-live="polite"' in page
    assert re.search(r'<input id="curve-month" type="range" min="0" max="\d+"', page)


def test_a_fragment_has_the_results_alone(client: TestClient) -> None:
    part = client.get("/cohort", headers={"HX-Request": "true"}).text
    assert "<form" not in part
    assert 'id="cohort-survival"' in part
    assert part.lstrip().startswith("<title>")


@pytest.mark.parametrize("by", ["", "ecog", "stage_group", "grade", "therapy", "lesion_class"])
def test_a_page_is_small(client: TestClient, by: str) -> None:
    assert len(client.get(f"/cohort?by={by}").content) < 250_000


def test_links_begin_with_the_token(connect: Connect, app_settings: Settings) -> None:
    settings = Settings(
        workspace=app_settings.workspace,
        registries=app_settings.registries,
        host="10.0.0.1",
        token="abc123",
    )
    page = connect(settings).get("/t/abc123/cohort", headers={"host": "10.0.0.1"}).text
    links = re.findall(r'(?:href|action|src)="(/[^"]*)"', page)
    assert links
    assert all(link.startswith("/t/abc123/") for link in links)


def test_names_of_sites_are_escaped(connect: Connect, tmp_path: Path) -> None:
    folder = tmp_path / "<script>alert(1)<"
    simulate(folder, patients=60, seed=1, scenario="null")
    client = connect(Settings(workspace=tmp_path / "w", registries=(folder,)))
    page = client.get("/cohort").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in client.get("/cohort/protocol.yaml").headers.values()

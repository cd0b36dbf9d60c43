"""Figures by themselves: every format, the page's query, and data that change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from matplotlib.figure import Figure

from locoreg.web.app import create_app
from locoreg.web.errors import NotFoundError
from locoreg.web.figureroutes import FORMATS, TYPES, Drawn, downloads, figure_route
from locoreg.web.settings import Settings
from locoreg.web.state import State
from locoreg.web.views import View
from tests.web.conftest import ADDRESS


class Asked(View):
    number: int = 1


class Source:
    """Data that change, and a count of how often they were drawn."""

    def __init__(self) -> None:
        self.sha256 = "a" * 64
        self.drawn = 0


def draw(number: int) -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, f"number {number} <script>")
    return figure


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def figures(tmp_path: Path, source: Source) -> TestClient:
    app = create_app(Settings(workspace=tmp_path))
    router = APIRouter()

    def make(state: State, view: Asked) -> Drawn:
        source.drawn += 1
        if view.number == 404:
            raise NotFoundError("There is no such number.")
        rows = [("number", "text"), (view.number, "=1+1")]
        return Drawn(figure=lambda: draw(view.number), rows=rows, data={"number": view.number})

    figure_route(router, "probe", Asked, make, data=lambda state, view: source.sha256)
    app.include_router(router)
    return TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format(figures: TestClient, form: str) -> None:
    answer = figures.get(f"/figure/probe.{form}?number=7")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[form]
    assert f'filename="probe.{form}"' in answer.headers["content-disposition"]
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "csv": b"number,text"}
    assert answer.content.startswith(starts.get(form, answer.content[:1]))
    # The same request gives the same bytes.
    assert figures.get(f"/figure/probe.{form}?number=7").content == answer.content


def test_what_is_drawn_is_what_is_asked(figures: TestClient) -> None:
    text = figures.get("/figure/probe.svg?number=7").text
    assert "number 7 &lt;script&gt;" in text
    assert "<script" not in text
    assert json.loads(figures.get("/figure/probe.json?number=7").text) == {"number": 7}
    # A spreadsheet must not compute what a cell holds.
    assert ",=1+1" not in figures.get("/figure/probe.csv?number=7").text


def test_a_figure_is_drawn_once_and_anew_when_its_data_change(
    figures: TestClient, source: Source
) -> None:
    for _ in range(3):
        figures.get("/figure/probe.csv")
    assert source.drawn == 1
    source.sha256 = "b" * 64
    figures.get("/figure/probe.csv")
    assert source.drawn == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/figure/probe.svg?number=404", 404),
        ("/figure/probe.gif", 422),
        ("/figure/probe.svg?number=x", 422),
        ("/figure/probe.svg?other=1", 422),
        ("/figure/none.svg", 404),
        ("/figure/..%2f..%2fapp.py", 404),
    ],
)
def test_what_there_is_not(figures: TestClient, path: str, status: int) -> None:
    assert figures.get(path).status_code == status


def test_links_keep_the_query() -> None:
    links = downloads("/t/abc", "probe", Asked(number=7))
    assert [link.href for link in links] == [f"/t/abc/figure/probe.{f}?number=7" for f in FORMATS]

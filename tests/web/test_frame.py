"""What every page has: frame, fragment for htmx, permalink, notice of other data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from locoreg.web.freshness import is_stale, take_data, with_data
from locoreg.web.rendering import DISCLAIMER, NAVIGATION
from locoreg.web.settings import Settings
from locoreg.web.views import View
from tests.report.conftest import Page
from tests.web.conftest import Connect

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
CHANGED = "The data changed since this link was made"


def permalink(text: str) -> str:
    found = re.search(r'This page</dt><dd><a href="([^"]+)"', text)
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_a_page_has_its_landmarks(client: TestClient) -> None:
    page = Page(client.get("/").text)
    assert page.unclosed == []
    assert page.named("html")[0]["lang"] == "en"
    assert page.headings.count(1) == 1
    for tag in ("header", "nav", "main", "footer"):
        assert len(page.named(tag)) == 1, tag
    links = [one["href"] for one in page.named("a")]
    assert links[0] == "#main"
    assert len(page.ids) == len(set(page.ids))
    assert DISCLAIMER in page.words
    for path, name in NAVIGATION:
        assert path in links
        assert name in page.words


def test_htmx_gets_the_results_alone(client: TestClient) -> None:
    answer = client.get("/", headers=HTMX)
    page = Page(answer.text)
    assert page.named("html") == []
    assert page.named("nav") == []
    assert len(page.named("title")) == 1
    assert "State of the evidence" in page.words
    assert "HX-Request" in answer.headers["vary"]


def test_going_back_gets_the_whole_page(client: TestClient) -> None:
    answer = client.get("/", headers={"HX-Request": "true", "HX-Request-Type": "full"})
    assert len(Page(answer.text).named("nav")) == 1


def test_the_permalink_names_the_data_and_is_answered_without_a_notice(client: TestClient) -> None:
    text = client.get("/").text
    link = permalink(text)
    assert re.fullmatch(r"/\?data=[0-9a-f]{12}", link)
    again = client.get(link)
    assert again.status_code == 200
    assert CHANGED not in again.text
    assert permalink(again.text) == link


@pytest.mark.parametrize("given", ["0" * 12, "<script>", "00", "é" * 12, "0" * 5000])
def test_a_link_of_other_data_says_so(client: TestClient, given: str) -> None:
    for headers in ({}, HTMX):
        answer = client.get("/", params={"data": given}, headers=headers)
        assert answer.status_code == 200
        assert CHANGED in answer.text
        assert "<script>" not in answer.text.replace("<script src", "")


def test_the_hash_is_taken_out_of_a_query() -> None:
    assert take_data(b"a=1&data=ab%63&b=2") == (b"a=1&b=2", "abc")
    assert take_data(b"") == (b"", "")
    assert take_data(b"database=1&x=data") == (b"database=1&x=data", "")
    assert with_data("/x", "f" * 64) == "/x?data=ffffffffffff"
    assert with_data("/x?a=1", "f" * 64) == "/x?a=1&data=ffffffffffff"


def test_what_is_stale() -> None:
    now = "0123456789abcdef" * 4
    assert not is_stale("", now)
    assert not is_stale(now[:12], now)
    assert not is_stale(now.upper(), now)
    assert is_stale(now[:11], now)
    assert is_stale(now + "0", now)


def test_a_view_keeps_its_defaults_out_of_the_link() -> None:
    class Example(View):
        outcome: str = "os"
        studies: tuple[str, ...] = ()
        adjusted: bool = False

    assert Example().query() == ""
    assert Example(adjusted=True, studies=("a b", "c&d")).query() == (
        "?studies=a+b&studies=c%26d&adjusted=true"
    )
    assert Example(adjusted=True).query(adjusted=False) == ""
    assert Example().key() != Example(adjusted=True).key()


def test_a_token_and_a_folder_stand_before_every_link(tmp_path: Path, connect: Connect) -> None:
    settings = Settings(
        workspace=tmp_path, host="0.0.0.0", hosts=("Registry.example",), token="abc123",
        root_path="/locoreg",
    )  # fmt: skip
    client = connect(settings)
    place = "/locoreg/t/abc123"
    for asked in (place, "/t/abc123"):
        answer = client.get(f"{asked}/?data=0", headers={"Host": "registry.example:8321"})
        assert answer.status_code == 200
        page = Page(answer.text)
        own = [
            one[name]
            for tag, name in (
                ("a", "href"),
                ("link", "href"),
                ("script", "src"),
                ("form", "action"),
            )
            for one in page.named(tag)
            if name in one and one[name].startswith("/")
        ]
        assert len(own) > 10
        assert [one for one in own if not one.startswith(place + "/")] == []
        for one in own:
            if "/static/" in one or one.endswith(".css"):
                found = client.get(one, headers={"Host": "registry.example"})
                assert found.status_code == 200, one
        document = client.get(f"{asked}/api/v1/openapi.json", headers={"Host": "registry.example"})
        assert document.json()["servers"] == [{"url": place}]

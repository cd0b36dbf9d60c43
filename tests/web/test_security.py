"""Host, token, origin, size, time; headers on every answer; nothing of the inside in an error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

from locoreg.core.errors import DataError, DesignError
from locoreg.web.app import create_app
from locoreg.web.bodies import BodyRefusedError, Message, capped
from locoreg.web.errors import NotFoundError, TooManyError
from locoreg.web.security import HEADERS, POLICY, NoQueries
from locoreg.web.settings import Limits, Settings
from tests.web.conftest import ADDRESS, Connect

T = TypeVar("T")
SECRET = "marker-of-a-patient-7391"


@pytest.fixture
def probe(tmp_path: Path) -> TestClient:
    """Return a client of an application with pages that fail and pages that read a body."""
    app = create_app(Settings(workspace=tmp_path, limits=Limits(form_bytes=1000)))
    router = APIRouter()

    @router.api_route("/fails", methods=["GET", "POST"])
    def fails() -> None:
        raise RuntimeError(SECRET)

    @router.get("/api/v1/fails")
    def fails_as_json() -> None:
        raise RuntimeError(SECRET)

    @router.get("/known/{kind}")
    def known(kind: str) -> None:
        raise {"data": DataError, "none": NotFoundError, "many": TooManyError}[kind]("A <b>reason.")

    @router.post("/body")
    async def body(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    @router.post("/upload/file")
    async def upload(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    app.include_router(router)
    app.state.locoreg.__dict__["findings"] = ()
    return TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)


def assert_headers(answer: object) -> None:
    given = answer.headers  # type: ignore[attr-defined]
    for name, value in HEADERS:
        assert given[name.decode()] == value.decode(), name
    assert "cache-control" in given
    assert "server" not in given


# Who may ask


def test_loopback_is_the_default() -> None:
    settings = Settings(workspace=Path("w"))
    assert settings.on_loopback
    assert settings.host == "127.0.0.1"
    assert settings.prefix == ""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"host": "10.0.0.7"}, "a token is needed"),
        ({"host": "10.0.0.7", "token": "a/b"}, "letters and digits"),
        ({"host": "10.0.0.7", "token": "é"}, "letters and digits"),
        ({"host": "0.0.0.0", "token": "abc"}, "--allow-host"),
        ({"root_path": "locoreg"}, "first slash"),
        ({"root_path": "/locoreg/"}, "first slash"),
        ({"root_path": "/a?b"}, "first slash"),
    ],
)
def test_settings_that_would_not_be_safe(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(DesignError, match=words):
        Settings(workspace=Path("w"), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8321", "localhost:1", "[::1]:8321"])
def test_names_of_this_machine(probe: TestClient, host: str) -> None:
    assert probe.get("/static/icon.svg", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8321", "", "[::2]"]
)
def test_another_name_is_refused(probe: TestClient, host: str) -> None:
    for path in ("/", "/static/icon.svg", "/api/v1/openapi.json"):
        answer = probe.get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert_headers(answer)


def test_a_header_that_is_there_twice_is_refused(probe: TestClient) -> None:
    answer = probe.get("/", headers=[("Host", "127.0.0.1"), ("Host", "evil.example")])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": ADDRESS}, 403),
        ({"Origin": ADDRESS}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_who_may_post(probe: TestClient, headers: dict[str, str], status: int) -> None:
    answer = probe.post("/body", content=b"x", headers=headers)
    assert answer.status_code == status
    assert_headers(answer)


def test_without_the_token_there_is_nothing(tmp_path: Path, connect: Connect) -> None:
    client = connect(Settings(workspace=tmp_path, host="10.0.0.7", token="abc123"))
    host = {"Host": "10.0.0.7:8321"}
    for path in ("/", "/static/app.css", "/api/v1/openapi.json", "/t/abc12/", "/t/abc1234/", "/t/",
                 "/x/t/abc123/", "/t/ABC123/"):  # fmt: skip
        answer = client.get(path, headers=host)
        assert answer.status_code == 403, path
        assert "abc123" not in answer.text
    assert client.get("/t/abc123/", headers=host).status_code == 200
    moved = client.get("/t/abc123", headers=host, follow_redirects=False)
    assert moved.status_code in (200, 307)
    assert client.get("/t/abc123/nowhere", headers=host).status_code == 404


# How much


def test_a_body_that_is_too_large(probe: TestClient) -> None:
    assert probe.post("/body", content=b"x" * 1000).text == "1000"
    answer = probe.post("/body", content=b"x" * 1001)
    assert answer.status_code == 413
    assert_headers(answer)


def test_a_body_without_a_length_is_counted_while_it_is_read(probe: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    answer = probe.post("/body", content=parts())
    assert answer.status_code == 413
    assert "larger than" in answer.text
    assert_headers(answer)


def test_uploads_may_be_larger_and_only_they(probe: TestClient) -> None:
    assert probe.post("/upload/file", content=b"x" * 5000).text == "5000"
    assert probe.post("/uploads", content=b"x" * 5000).status_code == 413


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "٣", "9" * 40])
def test_a_length_that_is_none(probe: TestClient, length: str) -> None:
    headers = [("Content-Length", length.encode())]
    answer = probe.request("POST", "/body", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code in (400, 413)


def alone(read: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in its own thread: in this one the loop of a browser may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(read())).result()


def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async def never() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def read() -> None:
        await capped(never, 100, silence=0.05)()

    with pytest.raises(BodyRefusedError) as refused:
        alone(read)
    assert refused.value.status_code == 408


def test_after_the_body_one_may_wait_long() -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"ab", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def coming() -> Message:
        if len(messages) == 1:
            await asyncio.sleep(0.2)
        return messages.pop(0)

    async def read() -> list[str]:
        reading = capped(coming, 100, silence=0.05)
        return [str((await reading())["type"]) for _ in range(2)]

    assert alone(read) == ["http.request", "http.disconnect"]


@pytest.mark.parametrize("path", ["/%00", "/?a=%00", "/static/%00", "/?" + "a" * 9000])
def test_addresses_that_are_none(probe: TestClient, path: str) -> None:
    answer = probe.get(path)
    assert answer.status_code in (400, 414)
    assert_headers(answer)


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/..%5capp.py",
     "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/....//app.py"],
)  # fmt: skip
def test_files_outside_are_not_served(probe: TestClient, path: str) -> None:
    answer = probe.get(path)
    assert answer.status_code == 404
    assert "create_app" not in answer.text
    assert "root:" not in answer.text


def test_head_is_get_without_the_body(probe: TestClient) -> None:
    for path in ("/static/app.css", "/report.css"):
        head, get = probe.head(path), probe.get(path)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == str(len(get.content))
        assert_headers(head)


@pytest.mark.parametrize("method", ["OPTIONS", "DELETE", "PUT", "TRACE", "PATCH"])
def test_other_methods_are_not_possible(probe: TestClient, method: str) -> None:
    answer = probe.request(method, "/")
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers
    assert_headers(answer)


# What an answer says


@pytest.mark.parametrize(
    "path", ["/", "/static/app.css", "/static/none", "/nowhere", "/report.css", "/fails",
             "/api/v1/openapi.json", "/api/v1/nowhere", "/known/data"],
)  # fmt: skip
def test_headers_are_on_every_answer(probe: TestClient, path: str) -> None:
    answer = probe.get(path)
    assert_headers(answer)
    if answer.status_code >= 400:
        assert answer.headers["cache-control"] == "no-store"


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "default-src 'self'" in POLICY


def test_nothing_of_the_inside_in_an_error(
    probe: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        page = probe.post("/fails", content=b"x")
        document = probe.get("/api/v1/fails")
    assert page.status_code == document.status_code == 500
    for text in (page.text, document.text):
        for word in (SECRET, "RuntimeError", "Traceback", ".py", "/work", "/home"):
            assert word not in text
    assert 'role="alert"' in page.text
    assert document.json()["error"]["status"] == 500
    # Where it arose is in the log; what it said is not, where a form was sent.
    posted, got = (record.getMessage() for record in caplog.records)
    assert "test_security.py" in posted
    assert SECRET not in posted
    assert SECRET in got


@pytest.mark.parametrize(("kind", "status"), [("data", 422), ("none", 404), ("many", 429)])
def test_an_error_that_a_user_can_mend(probe: TestClient, kind: str, status: int) -> None:
    answer = probe.get(f"/known/{kind}")
    assert answer.status_code == status
    assert "A &lt;b&gt;reason." in answer.text
    fragment = probe.get(f"/known/{kind}", headers={"HX-Request": "true"})
    assert fragment.status_code == status
    assert "<html" not in fragment.text
    assert 'role="alert"' in fragment.text


def test_the_log_of_requests_has_no_query_and_no_token() -> None:
    record = logging.LogRecord(
        "uvicorn.access", logging.INFO, "x", 1, '%s - "%s %s HTTP/%s" %d',
        ("127.0.0.1:5", "GET", f"/t/abc123/cohort?age={SECRET}", "1.1", 200), None,
    )  # fmt: skip
    assert NoQueries().filter(record)
    assert record.getMessage() == '127.0.0.1:5 - "GET /t/…/cohort HTTP/1.1" 200'

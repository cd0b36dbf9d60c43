"""Files that are shipped: known, unchanged, cached by their hash, and asking nobody else."""

from __future__ import annotations

import hashlib
import json
import re
from importlib import resources
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

PACKAGE = Path(str(resources.files("locoreg.web")))
STATIC = PACKAGE / "static"
TEXTS = (".html", ".css", ".js", ".svg", ".json", ".txt", ".md")
# Names that are no addresses to load from: XML namespaces.
NAMES = re.compile(r"https?://www\.w3\.org/\S*")


def vendored() -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((STATIC / "vendored.json").read_text("utf-8"))
    return found


def test_files_of_others_are_what_they_were() -> None:
    for one in vendored():
        assert set(one) == {"file", "name", "version", "licence", "licence_file", "sha256"}
        content = (STATIC / one["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"], one["file"]
        assert one["version"] in content.decode()
        assert (STATIC / one["licence_file"]).read_text("utf-8").strip()


def test_every_minified_file_is_listed() -> None:
    listed = {one["file"] for one in vendored()}
    found = {path.name for path in STATIC.rglob("*") if ".min." in path.name}
    assert found == {name for name in listed if ".min." in name}


@pytest.mark.parametrize(
    "path",
    # A licence may name where it comes from; nothing loads it.
    [p for p in sorted(PACKAGE.rglob("*")) if p.suffix in TEXTS and "LICENSE" not in p.name],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_no_address_of_another_machine(path: Path) -> None:
    text = NAMES.sub("", path.read_text("utf-8"))
    found = re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z.]+[^\s\"']*", text, re.IGNORECASE)
    assert found == []


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "templates").rglob("*.html")), ids=lambda path: path.name
)
def test_templates_have_nothing_inline(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.search(r"\sstyle\s*=", text) is None
    assert re.search(r"<style", text) is None
    assert re.search(r"\son[a-z]+\s*=\s*[\"']", text) is None
    assert "hx-on" not in text
    assert "javascript:" not in text
    for opening in re.findall(r"<script[^>]*>", text):
        assert " src=" in opening or 'type="application/json"' in opening


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_classes_are_ours(path: Path) -> None:
    rules = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    selectors = re.sub(r"\{[^{}]*\}", "{}", rules)
    names = re.findall(r"\.(-?[_a-zA-Z][\w-]*)", selectors)
    assert [name for name in names if not name.startswith(("lr-", "htmx-"))] == []
    assert "@import" not in rules
    assert "url(" not in rules


@pytest.mark.parametrize("path", ["/static/app.css", "/static/htmx.min.js", "/report.css"])
def test_a_file_is_not_sent_twice(client: TestClient, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_scripts_have_the_type_that_a_browser_asks_for(client: TestClient) -> None:
    types = {"/static/app.js": "javascript", "/static/app.css": "text/css",
             "/static/icon.svg": "image/svg+xml", "/report.css": "text/css"}  # fmt: skip
    for path, kind in types.items():
        assert kind in client.get(path).headers["content-type"]

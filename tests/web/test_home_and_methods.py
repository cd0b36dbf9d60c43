"""Start page and methods."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from fastapi.testclient import TestClient

from locoreg.cli.main import app as command_line
from locoreg.core.findings import SEVERITIES, Finding
from locoreg.web import texts
from locoreg.web.pages.home import CARDS
from locoreg.web.pages.methods import MAKERS, TITLES, Part
from locoreg.web.settings import Settings
from locoreg.workflows.installation import packages
from tests.report.conftest import Page
from tests.web.conftest import Connect
from tests.web.stored import write_run


def test_four_questions_and_the_state_of_everything(
    client: TestClient, shipped_findings: tuple[Finding, ...]
) -> None:
    text = client.get("/").text
    page = Page(text)
    links = [one.get("href") for one in page.named("a")]
    for question, path, _ in CARDS:
        assert question in page.words
        assert path in links
    assert "Last search for studies: 2026-06-30." in page.words
    assert "A small study" in page.words
    assert "synthetic" in page.words
    for severity in SEVERITIES:
        number = sum(one.severity == severity for one in shipped_findings)
        assert f'value="{number}" data-key="evidence/state/findings/{severity}"' in text
    assert page.named("svg") == []


def test_without_a_run_it_says_so(empty_client: TestClient) -> None:
    words = Page(empty_client.get("/").text).words
    assert "No study was run here yet." in words
    assert "Last search for studies: not known here" in words
    assert "No jobs yet." in words


def test_a_title_is_text(tmp_path: Path, connect: Connect) -> None:
    run = write_run(tmp_path / "run", title="<script>alert(1)</script>")
    client = connect(Settings(workspace=tmp_path / "w", runs=(run,)))
    text = client.get("/").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize("part", get_args(Part))
def test_each_part_has_a_page(client: TestClient, part: Part) -> None:
    answer = client.get("/methods", params={"part": part})
    assert answer.status_code == 200
    page = Page(answer.text)
    assert TITLES[part] in page.words
    assert page.headings[:2] == [1, 2]
    assert len(page.ids) == len(set(page.ids))
    assert len(answer.content) <= 250_000
    assert page.unclosed == []


def test_parts_are_complete() -> None:
    assert set(TITLES) == set(get_args(Part)) == {*MAKERS, "api"}


def test_commands_exist() -> None:
    for _, _, command in texts.COMMANDS:
        words = command.split()
        assert words[0] == "locoreg"
        names = [word for word in words[1:3] if re.fullmatch(r"[a-z]+", word)]
        found, _, unused = command_line.parse_commands(names)
        assert list(found) == names, command
        assert unused == []


def test_licences_name_every_package_and_every_file(client: TestClient) -> None:
    words = Page(client.get("/methods?part=licences").text).words
    for one in packages():
        assert f"{one.name} {one.version} {one.licence}" in words
    assert "htmx.min.js" in words
    assert "0BSD" in words


@pytest.mark.parametrize("text", [*texts.LIMITS, *texts.ACCESSIBILITY])
def test_texts_are_plain(text: str) -> None:
    assert re.search(r"\b(should|recommend\w*|best|powerful|state.of.the.art)\b", text) is None


def test_the_glossary_is_in_order() -> None:
    names = [word.lower() for word, _ in texts.GLOSSARY]
    assert names == sorted(names)

"""Runs under one name each, read again only where they changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from locoreg.web import storedruns
from locoreg.web.errors import NotFoundError
from locoreg.web.settings import Settings
from locoreg.web.storedruns import Runs, run_of
from locoreg.workflows.stored import StoredRun, find_runs
from tests.web.conftest import Connect
from tests.web.stored import write_run


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Path, Path]:
    return (
        write_run(tmp_path / "a" / "study", title="First"),
        write_run(tmp_path / "b" / "study", title="Second"),
    )


def test_two_runs_of_one_name_are_told_apart(twins: tuple[Path, Path]) -> None:
    found = Runs().find(twins)
    assert [(one.name, one.title) for one in found] == [("study", "First"), ("study-2", "Second")]
    assert run_of(found, "study-2").folder == twins[1]
    with pytest.raises(NotFoundError, match="no run 'study-3'"):
        run_of(found, "study-3")


def test_a_run_that_is_reached_twice_is_there_once(twins: tuple[Path, Path]) -> None:
    assert [one.name for one in Runs().find((twins[0], twins[0].parent))] == ["study"]


def test_a_run_is_read_once_and_again_when_it_changed(
    twins: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counted(folders: tuple[Path, ...]) -> tuple[StoredRun, ...]:
        read.extend(folders)
        return find_runs(folders)

    monkeypatch.setattr(storedruns, "find_runs", counted)
    runs = Runs()
    for _ in range(3):
        runs.find(twins)
    assert read == list(twins)
    path = twins[0] / "results.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "title": "Mended"}))
    assert [one.title for one in runs.find(twins)] == ["Mended", "Second"]
    assert read == [*twins, twins[0]]
    # A step that is newer than the results is no finished run.
    step = twins[1] / "steps" / "evidence" / "step.json"
    step.write_text(json.dumps({**json.loads(step.read_text()), "key": "other"}))
    assert [one.title for one in runs.find(twins)] == ["Mended"]
    path.unlink()
    assert runs.find(twins) == ()


def test_every_page_uses_the_same_names(
    twins: tuple[Path, Path], tmp_path: Path, connect: Connect
) -> None:
    client = connect(Settings(workspace=tmp_path / "workspace", runs=twins))
    for path in ("/jobs", "/emulation", "/selection", "/", "/compare"):
        assert "study-2" in client.get(path).text, path
    text = client.get("/runs/study-2").text
    assert "<h1>Second</h1>" in text
    parts = re.findall(r'href="(/(?:emulation|selection)/study-2/[^"]*)"', text)
    assert parts == [
        "/emulation/study-2/early-surgery",
        "/selection/study-2/who-gains",
    ]
    for part in parts:
        # The step is found; a page of this hand-made one can't be shown.
        answer = client.get(part)
        assert answer.status_code == 422
        assert "study-2" in answer.text

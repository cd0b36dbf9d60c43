"""`locoreg doctor` says what is wrong with an installation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from locoreg.cli.main import main
from locoreg.workflows import doctor
from locoreg.workflows.installation import Extra, Place


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0), capsys.readouterr().out


@pytest.fixture(autouse=True)
def _no_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "warm_up", lambda: iter([("survival curves", 0.25)]))


def test_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "doctor", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["passed"] is True
    assert [check["name"] for check in found["checks"]] == [
        "dependencies",
        "extra web",
        "extra pdf",
        "extra postgres",
        "extra spark",
        "evidence tables",
        "compiled kernels",
        "disk",
        "kernels: survival curves",
    ]


def test_what_is_missing_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "dependency_versions", lambda: {"numpy": "2", "scipy": "missing"})
    monkeypatch.setattr(doctor, "cache_folder", lambda: None)
    code, out = run(capsys, "doctor")
    assert code == 1
    assert "FAIL  dependencies: missing: scipy" in out
    assert "NUMBA_CACHE_DIR" in out
    assert "ok    kernels: survival curves: 0.2 s" in out


def part(*, works: bool, packages: dict[str, str]) -> Extra:
    fault = "" if works else "typst: ImportError: no"
    return Extra(name="pdf", purpose="PDF", works=works, packages=packages, fault=fault)


@pytest.mark.parametrize(
    ("found", "code", "words"),
    [
        (part(works=True, packages={"typst": "1"}), 0, "ok    extra pdf: works: PDF"),
        (part(works=False, packages={"typst": "missing"}), 0, "ok    extra pdf: not installed"),
        (part(works=False, packages={"typst": "1"}), 1, "FAIL  extra pdf: broken"),
    ],
)
def test_an_extra_that_is_missing_is_no_fault_and_a_broken_one_is(
    found: Extra,
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "extras", lambda: (found,))
    left, out = run(capsys, "doctor")
    assert left == code
    assert words in out
    if not found.works:
        assert "pip install 'locoreg[pdf]'" in out


def test_a_full_disk_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Place(name="workspace", path="/data", free_bytes=1_000_000)
    monkeypatch.setattr(doctor, "places", lambda: (full,))
    code, out = run(capsys, "doctor")
    assert code == 1
    assert "FAIL  disk: 0.0 GB free at /data" in out


def test_info_names_extras_and_places(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, "info", "--json")
    found = json.loads(out)
    assert code == 0
    assert [one["name"] for one in found["extras"]] == ["web", "pdf", "postgres", "spark"]
    for one in found["extras"]:
        assert one["works"] == (one["fault"] == "")
    places = {one["name"]: one for one in found["places"]}
    assert set(places) == {"shipped tables", "compiled kernels", "workspace"}
    assert Path(places["shipped tables"]["path"]).is_dir()
    assert places["workspace"]["free_bytes"] > 0
    code, out = run(capsys, "info")
    assert code == 0
    assert "extra web (the web application: locoreg serve): " in out
    assert "workspace: " in out

"""`locoreg doctor` says what is wrong with an installation."""

from __future__ import annotations

import json

import pytest

from locoreg.cli.main import main
from locoreg.workflows import doctor


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
        "evidence tables",
        "compiled kernels",
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

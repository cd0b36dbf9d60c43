"""`locoreg serve`: one clear error for what is wrong, an address, a clean end."""

from __future__ import annotations

import signal
import socket
import stat
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from locoreg.cli import serve as module
from locoreg.cli.main import main
from tests.web.serving import serving, stop
from tests.web.stored import write_run


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(["serve", *arguments])
    assert left.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_a_port_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        said = failure(capsys, "--port", port, "--workspace", str(tmp_path))
    assert f"127.0.0.1, port {port}, can't be bound to: Address already in use." in said


def test_an_address_that_is_not_of_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = failure(capsys, "--host", "192.0.2.1", "--port", "0", "--workspace", str(tmp_path))
    assert "192.0.2.1" in said


def test_a_port_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "can't be bound" in failure(capsys, "--port", "70000", "--workspace", str(tmp_path))


def test_a_workspace_that_can_not_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    said = failure(capsys, "--workspace", str(tmp_path / "file" / "workspace"))
    assert "can't be written" in said
    assert "--workspace FOLDER" in said


def test_runs_and_registries_that_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = failure(capsys, "--run", str(tmp_path), "--workspace", str(tmp_path / "w"))
    assert f"--run {tmp_path} holds no finished run." in said
    said = failure(capsys, "--registry", str(tmp_path), "--workspace", str(tmp_path / "w"))
    assert "is no registry" in said
    assert not (tmp_path / "w").exists()


def test_tables_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = failure(
        capsys, "--tables", str(tmp_path / "none"), "--port", "0", "--workspace", str(tmp_path)
    )
    assert str(tmp_path / "none") in said


def test_a_missing_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "uvicorn" else object())
    said = failure(capsys, "--workspace", str(tmp_path))
    assert "not installed: uvicorn." in said
    assert "locoreg[web]" in said


def test_it_serves_names_itself_and_ends_clean(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    more = ["--host", "0.0.0.0", "--allow-host", "localhost", "--root-path", "/locoreg",
            "--access-log"]  # fmt: skip
    with serving(tmp_path / "server", runs=[run], more=more) as server:
        assert server.base.startswith("http://localhost:")
        place, _, token = server.base.rpartition("/t/")
        assert place.endswith("/locoreg")
        assert len(token) == 32
        with urllib.request.urlopen(f"{server.base}/methods?data=marker", timeout=60) as answer:
            assert answer.status == 200
            assert "server" not in answer.headers
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{place}/methods", timeout=60)
        assert refused.value.code == 403
        refused.value.close()
        assert stat.S_IMODE(server.workspace.stat().st_mode) & 0o077 == 0
        assert stop(server.process) == 0
    log = server.log
    assert "GET /locoreg/t/…/methods HTTP/1.1" in log or "GET /t/…/methods HTTP/1.1" in log
    assert "marker" not in log
    # The address that was printed is the only line with the token.
    assert log.count(token) == 1
    assert "Traceback" not in log


def test_it_leaves_no_process_behind(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        pid = server.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        if not children.exists():
            pytest.skip("the system does not list the children of a process")
        started = [int(one) for one in children.read_text().split()]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
    assert [one for one in started if _lives(one)] == []


def _lives(pid: int) -> bool:
    """Return whether a process still works a while later; one that nobody waits for does not."""
    stat_file = Path(f"/proc/{pid}/stat")
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            state = stat_file.read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        if state == "Z":
            return False
        time.sleep(0.1)
    return True


def test_help_names_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["serve", "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    for option in ("--run", "--registry", "--root-path", "--allow-host", "--access-log"):
        assert option in shown

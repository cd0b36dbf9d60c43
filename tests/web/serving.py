"""The server as users start it: `locoreg serve` in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 240.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server.

    Attributes
    ----------
    base : str
        Address without the last slash: ``http://127.0.0.1:PORT``, with a token where there is one.
    folder : Path
        Where its workspace and what it printed (``server.log``) lie.
    process : Popen
    """

    base: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def serving(
    folder: Path,
    *,
    runs: Sequence[Path] = (),
    registries: Sequence[Path] = (),
    more: Sequence[str] = (),
    port: int | None = None,
) -> Iterator[Server]:
    """Start a server, wait until it answers, and end it by its id."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = port or free_port()
    command = [sys.executable, "-m", "locoreg.cli.main"]
    script = Path(sys.executable).with_name("locoreg")
    command = [str(script)] if script.exists() else command
    command += ["serve", "--workspace", str(folder / "workspace"), "--port", str(chosen)]
    for run in runs:
        command += ["--run", str(run)]
    for registry in registries:
        command += ["--registry", str(registry)]
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, *more],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **threads},
        )
    try:
        base = _wait(process, folder / "server.log", chosen)
        yield Server(base=base, folder=folder, process=process)
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> int:
    """Interrupt the server as Ctrl-C does; return its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return int(process.returncode)


def _wait(process: subprocess.Popen[bytes], log: Path, port: int) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        text = log.read_text(encoding="utf-8", errors="replace")
        printed = [line.strip() for line in text.splitlines() if f":{port}/" in line]
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{text}")
        if printed:
            base = printed[-1][printed[-1].index("http") :].split()[0].rstrip("/")
            if _answers(f"{base}/static/icon.svg"):
                return base
        time.sleep(0.1)
    raise AssertionError(f"the server does not answer:\n{log.read_text(errors='replace')}")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False

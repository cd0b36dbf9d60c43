"""A PostgreSQL server for the tests: Debian's programs, a temporary folder, loopback only."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

USER, PASSWORD, DATABASE = "tester", "s3cr&t/p:w?", "test"
PASSWORD_IN_ADDRESS = "s3cr%26t%2Fp%3Aw%3F"
SECONDS = 60


@dataclass(frozen=True)
class Server:
    """Where the server listens."""

    port: int

    def address(self, schema: str | None = None, *, password: str = PASSWORD_IN_ADDRESS) -> str:
        plain = f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{DATABASE}"
        return plain if schema is None else f"{plain}?schema={schema}"


def programs() -> Path | None:
    """Return the folder of initdb and postgres, the newest version first."""
    numbered = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3])
    )
    if numbered:
        return numbered[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server of one's own and stop it in the end; skip the test where there is none."""
    where = programs()
    if where is None:
        missing("PostgreSQL is not installed (Debian: postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="locoreg-postgres-"))
    owner = _owner()
    process: subprocess.Popen[bytes] | None = None
    try:
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        _initialise(where, folder, owner)
        port = _free_port()
        process = _as(owner, [where / "postgres", "-D", folder / "data", "-p", str(port)], folder)
        server = Server(port)
        _wait(where, process, folder, port)
        _create_database(where, port)
        yield server
    finally:
        if process is not None:
            # SIGINT: fast shutdown.
            process.send_signal(2)
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def missing(what: str) -> None:
    """Skip; in CI the tool must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}: CI must have it")
    pytest.skip(what)


def _owner() -> pwd.struct_passwd | None:
    """Return the user that the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return missing("there is no user to run PostgreSQL as")


def _as(owner: pwd.struct_passwd | None, command: list[object], folder: Path) -> subprocess.Popen:
    words = [str(word) for word in command]
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            user=None if owner is None else owner.pw_uid,
            group=None if owner is None else owner.pw_gid,
            extra_groups=None if owner is None else [],
            # Ctrl-C of the tests is not for the server: it is stopped by them.
            start_new_session=True,
        )


def _initialise(where: Path, folder: Path, owner: pwd.struct_passwd | None) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    if owner is not None:
        os.chown(secret, owner.pw_uid, owner.pw_gid)
    # The order of words of a language: the cohort query must not depend on it.
    order = ["--locale-provider=icu", "--icu-locale=en-US"] if _knows_icu(where) else []
    command = [
        *(where / "initdb", "-D", folder / "data", "-U", USER, "--pwfile", secret),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions", *order),
    ]
    made = _as(owner, command, folder)
    if made.wait(SECONDS) != 0:
        raise RuntimeError((folder / "server.log").read_text(encoding="utf-8"))
    settings = [
        "listen_addresses = '127.0.0.1'",
        f"unix_socket_directories = '{folder}'",
        "fsync = off",
        "synchronous_commit = off",
        "full_page_writes = off",
        "max_wal_size = 8GB",
        "shared_buffers = 256MB",
        "maintenance_work_mem = 256MB",
        "work_mem = 64MB",
    ]
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as out:
        out.write("\n".join(settings) + "\n")


def _knows_icu(where: Path) -> bool:
    done = subprocess.run([where / "initdb", "--help"], capture_output=True, text=True, check=True)
    return "icu-locale" in done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(where: Path, process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
    until = time.monotonic() + SECONDS
    asked = [where / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(asked, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError((folder / "server.log").read_text(encoding="utf-8"))
        time.sleep(0.05)


def _create_database(where: Path, port: int) -> None:
    subprocess.run(
        [where / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", USER, DATABASE],
        check=True,
        env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD},
    )

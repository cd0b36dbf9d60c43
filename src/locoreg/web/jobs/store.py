"""The table of jobs in a SQLite file, shared by the server and the worker."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from locoreg.core.errors import DataError
from locoreg.web.errors import TooManyError
from locoreg.web.jobs.records import ENDED, Job, State
from locoreg.web.jobs.trail import record
from locoreg.web.settings import Limits

FILE_NAME = "jobs.sqlite"
SCHEMA = 1
# A job that two processes died over is not begun a third time by itself.
MOST_ATTEMPTS = 2
HOUR = 3600.0
INTERRUPTED = (
    "The server or its worker ended twice while this job was running. "
    "What was finished is kept: start it again to go on from there."
)
COLUMNS = (
    "id", "kind", "options", "title", "command", "key", "name", "state", "step", "stage", "number",
    "of", "error", "attempts", "pid", "created", "started", "ended", "cancel_asked",
)  # fmt: skip
_SELECT = "SELECT " + ", ".join(f'"{name}"' for name in COLUMNS) + " FROM job "
_CREATE = """
CREATE TABLE job (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    options TEXT NOT NULL,
    title TEXT NOT NULL,
    command TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    step TEXT NOT NULL,
    stage TEXT NOT NULL,
    number INTEGER NOT NULL,
    "of" INTEGER NOT NULL,
    error TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    created REAL NOT NULL,
    started REAL NOT NULL,
    ended REAL NOT NULL,
    cancel_asked REAL NOT NULL
);
"""


class JobStore:
    """Jobs of a workspace; every call is one short transaction.

    Parameters
    ----------
    workspace : Path
        Folder; made, for its owner only, if it is missing.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self._path = workspace / FILE_NAME
        try:
            workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._connection() as con:
                self._prepare(con)
        except (OSError, sqlite3.OperationalError) as error:
            raise DataError(
                f"jobs can't be kept in {workspace}: {error}.",
                hint="name a workspace that may be written to.",
            ) from error

    def _prepare(self, con: sqlite3.Connection) -> None:
        version = con.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA:
            return
        if version > SCHEMA:
            raise DataError(
                f"{self._path} was written by a later version of locoreg.",
                hint="use that version, or another workspace.",
            )
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("BEGIN IMMEDIATE")
        # Another process may have been first.
        if con.execute("PRAGMA user_version").fetchone()[0] == 0:
            con.execute(_CREATE)
            con.execute("CREATE INDEX job_state ON job (state, seq)")
            con.execute("CREATE INDEX job_key ON job (key, seq)")
            con.execute(f"PRAGMA user_version = {SCHEMA}")
        con.execute("COMMIT")
        self._path.chmod(0o600)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        con = sqlite3.connect(self._path, timeout=20.0, isolation_level=None)
        con.row_factory = sqlite3.Row
        try:
            yield con
        finally:
            con.close()

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as con:
            con.execute("BEGIN IMMEDIATE")
            try:
                yield con
            except BaseException:
                con.execute("ROLLBACK")
                raise
            con.execute("COMMIT")

    def get(self, job_id: str) -> Job | None:
        """Return a job, or None."""
        with self._connection() as con:
            return _one(con.execute(_SELECT + "WHERE id = ?", (job_id,)))

    def recent(self, n: int) -> tuple[Job, ...]:
        """Return the newest jobs, newest first."""
        with self._connection() as con:
            rows = con.execute(_SELECT + "ORDER BY seq DESC LIMIT ?", (n,)).fetchall()
        return tuple(map(_job, rows))

    def latest(self, key: str) -> Job | None:
        """Return the newest job with a key."""
        with self._connection() as con:
            return _latest(con, key)

    def ahead(self, job: Job) -> int:
        """Return how many jobs are done before a waiting one."""
        with self._connection() as con:
            row = con.execute(
                "SELECT count(*) FROM job WHERE state IN ('waiting', 'running') AND seq < "
                "(SELECT seq FROM job WHERE id = ?)",
                (job.id,),
            ).fetchone()
        return int(row[0])

    def add(self, job: Job, limits: Limits, *, now: float | None = None) -> Job:
        """Add a job, or return the one with its key that waits or runs.

        Parameters
        ----------
        job : Job
            The job.
        limits : Limits
            How many may wait, and how many may be started in an hour.
        now : float, optional
            Seconds since 1970.

        Returns
        -------
        Job
            The job that will give the result.

        Raises
        ------
        TooManyError
            If too many wait, or too many were started.
        """
        at = time.time() if now is None else now
        with self._changing() as con:
            same = _latest(con, job.key)
            if same is not None and not same.is_over:
                return same
            waiting = _count(con, "state = 'waiting'")
            if waiting >= limits.jobs_waiting:
                raise TooManyError(
                    f"{waiting} jobs are waiting; no more are taken.", hint="wait, or cancel one."
                )
            if _count(con, "created > ?", at - HOUR) >= limits.jobs_per_hour:
                raise TooManyError(
                    f"{limits.jobs_per_hour} jobs were started within the last hour.",
                    hint="wait a few minutes.",
                )
            values = {name: getattr(job, name) for name in COLUMNS}
            values |= {"options": json.dumps(job.options, sort_keys=True), "created": at}
            con.execute(
                "INSERT INTO job (" + ", ".join(f'"{name}"' for name in COLUMNS) + ") VALUES ("
                + ", ".join("?" for _ in COLUMNS) + ")",
                [values[name] for name in COLUMNS],
            )  # fmt: skip
            added = _one(con.execute(_SELECT + "WHERE id = ?", (job.id,)))
        assert added is not None
        self._note(added)
        return added

    def take(self, pid: int) -> Job | None:
        """Return the job that has waited longest, now running under a process; None if none."""
        with self._changing() as con:
            row = con.execute("SELECT id FROM job WHERE state = 'waiting' ORDER BY seq LIMIT 1")
            found = row.fetchone()
            if found is None:
                return None
            con.execute(
                "UPDATE job SET state = 'running', pid = ?, attempts = attempts + 1, started = ? "
                "WHERE id = ?",
                (pid, time.time(), found["id"]),
            )
            job = _one(con.execute(_SELECT + "WHERE id = ?", (found["id"],)))
        assert job is not None
        self._note(job)
        return job

    def tell(self, job_id: str, *, step: str, stage: str, number: int, of: int) -> None:
        """Note how far a running job is."""
        with self._changing() as con:
            con.execute(
                'UPDATE job SET step = ?, stage = ?, number = ?, "of" = ? '
                "WHERE id = ? AND state = 'running'",
                (step, stage, number, of, job_id),
            )

    def end(self, job_id: str, state: State, *, error: str = "") -> bool:
        """End a job that runs or waits; return whether it was one of these."""
        assert state in ENDED
        with self._changing() as con:
            changed = con.execute(
                "UPDATE job SET state = ?, error = ?, ended = ?, pid = 0 "
                "WHERE id = ? AND state IN ('waiting', 'running')",
                (state, error, time.time(), job_id),
            ).rowcount
            job = _one(con.execute(_SELECT + "WHERE id = ?", (job_id,)))
        if changed and job is not None:
            self._note(job)
        return bool(changed)

    def ask_cancel(self, job_id: str) -> Job | None:
        """Cancel a waiting job at once, and ask a running one to stop; return it as it is then."""
        with self._changing() as con:
            con.execute(
                "UPDATE job SET cancel_asked = ? "
                "WHERE id = ? AND state = 'running' AND cancel_asked = 0",
                (time.time(), job_id),
            )
            waiting = con.execute(
                "UPDATE job SET state = 'cancelled', ended = ? WHERE id = ? AND state = 'waiting'",
                (time.time(), job_id),
            ).rowcount
            job = _one(con.execute(_SELECT + "WHERE id = ?", (job_id,)))
        if waiting and job is not None:
            self._note(job)
        return job

    def overdue(self, pid: int, seconds: float) -> tuple[Job, ...]:
        """Return jobs of a process that were asked to stop so many seconds ago and still run."""
        with self._connection() as con:
            rows = con.execute(
                _SELECT + "WHERE state = 'running' AND pid = ? "
                "AND cancel_asked > 0 AND cancel_asked < ?",
                (pid, time.time() - seconds),
            ).fetchall()
        return tuple(map(_job, rows))

    def recover(self) -> tuple[Job, ...]:
        """Put jobs whose process is gone back to waiting, once each; return them as they are then.

        Only the one worker of a workspace calls this, before it takes a job: what is said to be
        running then is run by nobody.
        """
        changed = []
        with self._changing() as con:
            for job in map(_job, con.execute(_SELECT + "WHERE state = 'running'").fetchall()):
                if job.cancel_asked:
                    state, error = "cancelled", ""
                elif job.attempts < MOST_ATTEMPTS:
                    state, error = "waiting", ""
                else:
                    state, error = "interrupted", INTERRUPTED
                con.execute(
                    "UPDATE job SET state = ?, error = ?, pid = 0, ended = ? WHERE id = ?",
                    (state, error, 0.0 if state == "waiting" else time.time(), job.id),
                )
                found = _one(con.execute(_SELECT + "WHERE id = ?", (job.id,)))
                assert found is not None
                changed.append(found)
        for job in changed:
            record(self.workspace, "interrupted", job=job.id, kind=job.kind, key=job.key)
            if job.state != "interrupted":
                self._note(job)
        return tuple(changed)

    def _note(self, job: Job) -> None:
        record(self.workspace, job.state, job=job.id, kind=job.kind, key=job.key)


def _job(row: sqlite3.Row) -> Job:
    values = {name: row[name] for name in COLUMNS}
    return Job(**(values | {"options": json.loads(values["options"])}))


def _one(cursor: sqlite3.Cursor) -> Job | None:
    row = cursor.fetchone()
    return None if row is None else _job(row)


def _latest(con: sqlite3.Connection, key: str) -> Job | None:
    return _one(con.execute(_SELECT + "WHERE key = ? ORDER BY seq DESC LIMIT 1", (key,)))


def _count(con: sqlite3.Connection, where: str, *values: float) -> int:
    return int(con.execute(f"SELECT count(*) FROM job WHERE {where}", values).fetchone()[0])

"""The trail of jobs: who-did-what without patients, options or names of files."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

FILE_NAME = "audit.jsonl"


def record(folder: Path, event: str, *, job: str = "", kind: str = "", key: str = "") -> None:
    """Add a line to the trail.

    Parameters
    ----------
    folder : Path
        The workspace.
    event : str
        What happened: a state of a job, or ``upload`` and ``delete`` of an upload.
    job, kind, key : str
        Id, kind and hash.
    """
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "event": event,
        "job": job,
        "kind": kind,
        "key": key,
    }
    handle = os.open(folder / FILE_NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # One write, so that lines of two processes don't mix.
        os.write(handle, (json.dumps(line) + "\n").encode())
    finally:
        os.close(handle)

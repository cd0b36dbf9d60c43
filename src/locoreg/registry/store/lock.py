"""One writer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from locoreg.core.errors import DataError

FILE_NAME = ".lock"


@contextmanager
def writing(folder: Path, *, wait_seconds: float) -> Iterator[None]:
    """Hold the right to change a registry.

    Parameters
    ----------
    folder : Path
        The registry; made if it is missing.
    wait_seconds : float
        How long to wait for another process that is changing it.

    Raises
    ------
    DataError
        If the other process does not finish in time, or the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The system frees the lock of a process that dies.
        lock = FileLock(folder / FILE_NAME)
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise DataError(
            f"another process is changing {folder}; waited {wait_seconds:g} s.",
            hint="try again when it has finished, or wait longer with --wait SECONDS.",
        ) from error
    except OSError as error:
        raise DataError(f"{folder} can't be written: {error.strerror or error}.") from error
    try:
        yield
    finally:
        lock.release()

"""The worker of a server: started, watched, started again, ended."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import signal
import threading
from multiprocessing.context import SpawnProcess

from locoreg.web.jobs.kinds import KINDS, Kinds
from locoreg.web.jobs.store import JobStore
from locoreg.web.jobs.worker import work
from locoreg.web.settings import Settings

LOG = logging.getLogger("locoreg.web.jobs")
WATCH_SECONDS = 0.3
# A job that was asked to stop and does not is ended with its process after this time.
OBEY_SECONDS = 10.0
# A worker is given this long to end before it is made to.
END_SECONDS = 3.0
# Pauses before a worker that keeps dying is started again.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0


class Worker:
    """A process that does the jobs of a workspace, and a thread that watches it.

    Parameters
    ----------
    settings : Settings
        The server's.
    kinds : mapping
        Runners by name of kind.
    obey_seconds : float
        How long a job may go on after it was asked to stop.
    """

    def __init__(self, settings: Settings, kinds: Kinds, obey_seconds: float) -> None:
        self._workspace = settings.workspace.absolute()
        self._kinds = dict(kinds)
        self._obey_seconds = obey_seconds
        self._store = JobStore(self._workspace)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._start()
        self._thread = threading.Thread(target=self._watch, name="locoreg-jobs", daemon=True)
        self._thread.start()
        # Before multiprocessing's own, which waits for the process.
        atexit.register(self.stop)

    @property
    def pid(self) -> int | None:
        """The process at work now."""
        process = self._process
        return None if process is None else process.pid

    def stop(self) -> None:
        """End the process; a job that runs goes on when a server is started again."""
        self._stopping.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        with self._lock:
            self._end()
        atexit.unregister(self.stop)

    def _start(self) -> None:
        process = multiprocessing.get_context("spawn").Process(
            target=work, args=(self._workspace, self._kinds), name="locoreg-worker"
        )
        process.start()
        self._process = process

    def _watch(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        alive_since = 0
        while not self._stopping.wait(WATCH_SECONDS):
            process = self._process
            if process is not None and process.is_alive():
                alive_since += 1
                if alive_since * WATCH_SECONDS > LONGEST_PAUSE_SECONDS:
                    pause = FIRST_PAUSE_SECONDS
                self._end_disobedient()
                continue
            code = None if process is None else process.exitcode
            LOG.error("the worker ended (%s); it is started again in %g s", code, pause)
            if self._stopping.wait(pause):
                return
            pause, alive_since = min(2 * pause, LONGEST_PAUSE_SECONDS), 0
            with self._lock:
                self._start()

    def _end_disobedient(self) -> None:
        pid = self.pid
        overdue = () if pid is None else self._store.overdue(pid, self._obey_seconds)
        if not overdue:
            return
        for job in overdue:
            # First: the next worker finds nothing to take up again.
            self._store.end(job.id, "cancelled")
        with self._lock:
            self._end(gently=False)
            self._start()

    def _end(self, *, gently: bool = True) -> None:
        process = self._process
        if process is None:
            return
        if gently:
            _signal(process, signal.SIGTERM)
            process.join(END_SECONDS)
        if process.is_alive():
            _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            process.join()
        self._process = None
        process.close()


def start_worker(
    settings: Settings, *, kinds: Kinds = KINDS, obey_seconds: float = OBEY_SECONDS
) -> Worker:
    """Start the worker of a server.

    Parameters
    ----------
    settings : Settings
        The server's.
    kinds : mapping
        Runners by name of kind.
    obey_seconds : float
        How long a job may go on after it was asked to stop.

    Returns
    -------
    Worker
        Stop it when the server ends.
    """
    return Worker(settings, kinds, obey_seconds)


def _signal(process: SpawnProcess, number: int) -> None:
    pid = process.pid
    if pid is None or not process.is_alive():
        return
    try:
        # With the processes that it started, once it leads a group.
        if hasattr(os, "killpg") and os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            process.kill() if number != signal.SIGTERM else process.terminate()
    except ProcessLookupError:
        # It ended between the look and the signal.
        return

"""Runners for tests of the worker: short, slow, deaf, faulty, deadly."""

from __future__ import annotations

import json
import os
import time

from locoreg.core.errors import DataError
from locoreg.web.jobs.kinds import Task

KINDS = {
    name: f"tests.web.jobs.fakes:{name}"
    for name in ("short", "slow", "deaf", "faulty", "mistaken", "deadly", "twice_deadly")
}


class StoppedError(Exception):
    """What a runner of ours raises when it finds that it was asked to stop."""


def short(task: Task) -> None:
    task.tell("part", "first stage", 1, 2)
    task.out.mkdir(parents=True)
    task.tell("part", "second stage", 2, 2)
    (task.out / "results.json").write_text(json.dumps({"pid": os.getpid()}))


def slow(task: Task) -> None:
    task.out.mkdir(parents=True, exist_ok=True)
    for number in range(1, 600):
        task.tell("part", f"stage {number}", number, 600)
        if task.cancelled():
            raise StoppedError
        time.sleep(0.05)


def deaf(task: Task) -> None:
    task.tell("part", "hears nothing", 1, 1)
    time.sleep(120)


def faulty(task: Task) -> None:
    raise ZeroDivisionError("secret inside")


def mistaken(task: Task) -> None:
    raise DataError(f"{task.folder}/study.yaml: nothing to do.", hint="write something.")


def deadly(task: Task) -> None:
    """Kill the process the first time, succeed the second."""
    mark = task.folder / "died"
    if not mark.exists():
        mark.touch()
        task.tell("part", "about to die", 1, 1)
        os._exit(9)
    short(task)


def twice_deadly(task: Task) -> None:
    os._exit(9)

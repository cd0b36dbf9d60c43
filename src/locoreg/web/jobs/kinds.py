"""Kinds of job: what runs in the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from locoreg.web.jobs.records import Job

STUDY_FILE = "study.yaml"
FAULT_FILE = "fault.log"
# Folders of a workspace.
JOBS = "jobs"
RUNS = "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A job as its runner sees it.

    Attributes
    ----------
    job : Job
        What was asked.
    folder : Path
        Files that were written when it was asked for.
    out : Path
        Folder of its result. What an earlier attempt finished may lie there.
    tell : callable
        Called with the part, what is done in it, the part's number and how many there are.
    cancelled : callable
        Whether it was asked to stop; a runner that finds so raises whatever it likes.
    """

    job: Job
    folder: Path
    out: Path
    tell: Callable[[str, str, int, int], None]
    cancelled: Callable[[], bool]


Runner = Callable[[Task], None]
# Runners by name of kind, each as "module:function": the worker, another process, imports them,
# and the server need not.
Kinds = Mapping[str, str]
_STUDY = "locoreg.web.jobs.runners:run_study_file"
# All are study files in the end; what differs is how they are written.
KINDS: Kinds = {"study": _STUDY, "report": _STUDY, "emulation": _STUDY, "selection": _STUDY}

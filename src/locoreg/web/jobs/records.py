"""A job: what was asked, and how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal, get_args

State = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
STATES: tuple[State, ...] = get_args(State)
# A job in one of these goes no further.
ENDED: tuple[State, ...] = ("done", "failed", "cancelled", "interrupted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of the table of jobs.

    Attributes
    ----------
    id : str
        Random; whoever knows it may see the job.
    kind : str
        Name of its kind.
    options : dict
        What was asked; never about a patient.
    title : str
        What it is about.
    command : str
        The command line that does the same.
    key : str
        Hash of everything that the result depends on.
    name : str
        Name of the folder of its result.
    state : str
        One of `STATES`.
    step, stage : str
        The part that is being worked on, and what is being done in it.
    number, of : int
        The part's number, and how many there are; 0 before the first.
    error : str
        What went wrong, in words for users; empty otherwise.
    attempts : int
        How often it was begun.
    pid : int
        Process that works on it; 0 where none does.
    created, started, ended, cancel_asked : float
        Seconds since 1970; 0 where that has not happened.
    """

    id: str
    kind: str
    options: dict[str, Any]
    title: str
    command: str
    key: str
    name: str
    state: State
    step: str = ""
    stage: str = ""
    number: int = 0
    of: int = 0
    error: str = ""
    attempts: int = 0
    pid: int = 0
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    cancel_asked: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether it goes no further."""
        return self.state in ENDED

    @property
    def seconds(self) -> float | None:
        """How long it has run since it was last begun, or ran; None before that."""
        if not self.started or (self.is_over and not self.ended):
            return None
        if self.state == "waiting":
            return None
        return round((self.ended or time.time()) - self.started, 1)

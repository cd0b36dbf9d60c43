"""Every page in its states. A new page is a line here; all browser tests then look at it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """A page in one state.

    Attributes
    ----------
    name : str
        For the list of tests.
    path : str
        Path and query on a server with the small run and the small registry.
    status : int
        Status of the answer.
    """

    name: str
    path: str
    status: int = 200


PAGES = (
    Shown("home", "/"),
    Shown("home stale", "/?data=000000000000"),
    Shown("not found", "/nowhere", 404),
    Shown("methods", "/methods"),
    Shown("methods rules", "/methods?part=rules"),
    Shown("methods thresholds", "/methods?part=thresholds"),
    Shown("methods glossary", "/methods?part=glossary"),
    Shown("methods dictionary", "/methods?part=dictionary"),
    Shown("methods limits", "/methods?part=limits"),
    Shown("methods licences", "/methods?part=licences"),
    Shown("methods api", "/methods?part=api"),
    Shown("methods commands", "/methods?part=commands"),
    Shown("methods accessibility", "/methods?part=accessibility"),
    Shown("methods error", "/methods?part=nothing", 422),
    Shown("evidence", "/evidence"),
    Shown("evidence error", "/evidence?outcome=%3Cscript%3E", 422),
    Shown("audit board", "/evidence/audit"),
    Shown("cohort", "/cohort"),
    Shown("emulations", "/emulation"),
    Shown("patient", "/patient"),
    Shown("reports", "/jobs"),
)

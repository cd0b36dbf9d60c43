"""``locoreg evidence add`` and ``locoreg evidence diff``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from locoreg.cli.output import print_json, print_text
from locoreg.workflows.evidence import SHIPPED
from locoreg.workflows.living.adding import AddOptions, add_rows
from locoreg.workflows.living.asked import standards_of
from locoreg.workflows.living.differences import diff_evidence
from locoreg.workflows.living.evidencesides import PoolSettings

Flag = Parameter(negative=())
Texts = Annotated[tuple[str, ...], Parameter(negative=())]
BLOCKED = 3
MOVED = 4


def add(
    rows: Path,
    *,
    tables: Annotated[tuple[str, ...], Parameter(name="--tables", negative=())] = (SHIPPED,),
    into: str | None = None,
    dry_run: Annotated[bool, Flag] = False,
    accept: Texts = (),
    reason: str = "",
    method: str = "REML",
    interval: str | None = None,
    level: float | None = None,
    baseline: Texts = (),
    important: float | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Check new rows, say what they change in each pool, and put them into tables.

    Leaves with exit code 3, and writes nothing, if a new finding of the audit is blocking and was
    not accepted.

    Parameters
    ----------
    rows
        Folder with studies.csv, references.csv, claims.csv or any other of the
        tables, each with its new rows only. A correction is a row of claims.csv
        with supersedes and reason.
    tables
        Folder of evidence tables that the rows go to; give it again to name
        what it builds on first: --tables shipped --tables my_tables.
    into
        New folder that takes the rows and builds on the tables, which stay as
        they are. Needed for the shipped ones.
    dry_run
        Check and say, write nothing.
    accept
        RULE:ID of a blocking finding that is taken in all the same.
    reason
        Why; kept in the history of the tables.
    method
        Estimator of the pools, as of `locoreg evidence pool`.
    interval
        Interval of the pools; default: the one that goes with the method.
    level
        Interval level in percent; each question's own if not given.
    baseline
        LABEL:PERCENT:MONTHS, percent in the good state without the
        intervention; with --important also thresholds and certainty are read.
    important
        Smallest difference that matters, per 1,000.
    json
        Print one JSON document.
    """
    found = add_rows(
        rows,
        AddOptions(
            tables=tables,
            into=into,
            accept=accept,
            reason=reason,
            today=date.today(),
            dry_run=dry_run,
        ),
        settings=PoolSettings(method=method, interval=interval, level=level),
        standards=standards_of(baseline, important),
    )
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.summary())
    return BLOCKED if found.refused else 0


def diff(
    old: str,
    new: str,
    *,
    strict: Annotated[bool, Flag] = False,
    method: str = "REML",
    interval: str | None = None,
    level: float | None = None,
    baseline: Texts = (),
    important: float | None = None,
    json: Annotated[bool, Flag] = False,
) -> int:
    """Name which added or corrected number moved which conclusion.

    Parameters
    ----------
    old
        shipped, a folder of evidence tables, several joined by +
        (shipped+my_tables), or the folder of a run.
    new
        The same, for the later state.
    strict
        Leave with exit code 4 if a conclusion changed.
    method
        Estimator of the pools, as of `locoreg evidence pool`; a run keeps its own.
    interval
        Interval of the pools; default: the one that goes with the method.
    level
        Interval level in percent; each question's own if not given.
    baseline
        LABEL:PERCENT:MONTHS, percent in the good state without the
        intervention; with --important also thresholds and certainty are read.
    important
        Smallest difference that matters, per 1,000.
    json
        Print one JSON document.
    """
    found = diff_evidence(
        old,
        new,
        settings=PoolSettings(method=method, interval=interval, level=level),
        standards=standards_of(baseline, important),
    )
    if json:
        print_json(found.to_dict())
    else:
        print_text(found.summary())
    return MOVED if strict and found.moved else 0

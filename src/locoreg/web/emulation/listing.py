"""Lists of stored emulations and selections, and of jobs that make them."""

from __future__ import annotations

from collections.abc import Sequence

from locoreg.report.blocks import Badge, Column, Link, Row, Table, Text, text
from locoreg.report.emulation.tables import verdict
from locoreg.report.selection.study import CREDIBILITY_TONE
from locoreg.report.words import NONE
from locoreg.web.emulation.opened import Kind, Listed
from locoreg.web.jobs import recent
from locoreg.web.jobs.records import Job
from locoreg.web.state import State
from locoreg.workflows.emulation.stepped import failures_of
from locoreg.workflows.selection.stepped import selection_failures

# Jobs that are looked through for those at work.
LOOKED_AT = 50


def running(state: State, kind: str) -> tuple[Job, ...]:
    """Return the jobs of a kind that wait or run."""
    return tuple(one for one in recent(state, LOOKED_AT) if one.kind == kind and not one.is_over)


def tables_of(found: Sequence[Listed], kind: Kind, root: str) -> tuple[Table, ...]:
    """Return the list of steps as a table; none where there are none."""
    if not found:
        return ()
    row = _emulation if kind == "emulation" else _selection
    emulated = kind == "emulation"
    rows = tuple(row(one, f"{root}/{kind}/{one.run}/{one.name}") for one in found)
    heads = (
        Column("Emulated trial" if emulated else "Question", wide=True),
        Column("Run / name"),
        Column("Patients"),
        Column("Persons", numeric=True),
        Column("Verdict" if emulated else "Credibility"),
        Column("What failed", wide=True),
    )
    caption = "Emulated trials of stored runs" if emulated else "Models of stored runs"
    return (Table(caption, heads, rows, stacks=True),)


def _emulation(one: Listed, address: str) -> Row:
    if one.opened is None:
        return _problem(one)
    results = one.opened.results
    failures = failures_of(results)
    primary = results["primary"]
    mark = verdict("biased" if failures.biased else "fail" if failures else primary["verdict"])
    names = "; ".join(failures.names) or NONE
    return _row(one, address, f"{primary['n']:,}", mark, names)


def _selection(one: Listed, address: str) -> Row:
    if one.opened is None:
        return _problem(one)
    results = one.opened.results
    word = str(results["credibility"]["verdict"])
    sign, tone = CREDIBILITY_TONE[word]
    failed = selection_failures(results)
    return _row(
        one, address, f"{results['data']['n']:,}", text(Badge(word, sign, tone)),
        "; ".join(failed.names) or NONE,
    )  # fmt: skip


def _row(one: Listed, address: str, persons: str, mark: Text, failed: str) -> Row:
    synthetic = bool(one.opened and one.opened.results["synthetic"])
    patients = text(Badge("synthetic", "▲", "serious")) if synthetic else text("real")
    cells = (text(f"{one.run} / {one.name}"), patients, text(persons), mark, text(failed))
    return Row((text(Link(address, one.title)), *cells))


def _problem(one: Listed) -> Row:
    mark = text(Badge("can't be shown", "✖", "blocking"))
    return Row(
        (
            text(one.title),
            text(f"{one.run} / {one.name}"),
            *(text(NONE),) * 2,
            mark,
            text(one.problem),
        )
    )

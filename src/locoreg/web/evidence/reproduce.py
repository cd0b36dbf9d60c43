"""The command and the Python lines that give the pools of a view."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from locoreg.web.evidence.view import EvidenceView
from locoreg.web.rendering import Reproduce
from locoreg.web.state import State
from locoreg.workflows.explore.explorer import Explored, ExploredPool


def reproduce(state: State, found: Explored, view: EvidenceView) -> Reproduce:
    """Return how the same pools are had without the application.

    Parameters
    ----------
    state : State
        With the tables.
    found : Explored
        What is shown.
    view : EvidenceView
        How it was asked for.

    Returns
    -------
    Reproduce
        One command per design: the studies that the filters leave are named in it.
    """
    tables = [str(one) for one in state.settings.tables]
    commands, calls = [], []
    for item in found.pools or (None,):
        options = _options(found, view, item)
        words = ["locoreg", "evidence", "pool", found.question.question_id]
        for flag, _, value in options:
            words += [flag] if value is True else [flag, _word(value)]
        if tables != ["shipped"]:
            words += [part for one in tables for part in ("--tables", one)]
        commands.append(shlex.join(words))
        given = ", ".join(f"{name}={_python(value)}" for _, name, value in options)
        calls.append(f"lr.pool(catalog, {found.question.question_id!r}, {given})")
    source = "" if tables == ["shipped"] else repr(tables)
    lines = ["import locoreg as lr", "", f"catalog = lr.load_catalog({source})", *calls]
    return Reproduce(
        command="\n".join(commands),
        python="\n".join(lines),
        data_sha256=state.catalog.sha256,
    )


Option = tuple[str, str, object]


def _options(found: Explored, view: EvidenceView, item: ExploredPool | None) -> list[Option]:
    asked = view.asked()
    options: list[Option] = [("--outcome", "outcome", found.outcome.outcome_id)]
    if item is not None:
        options.append(("--design", "design", item.pool.selection.design))
    if item is not None and item.left_out:
        names = tuple(study.study_id for study in item.pool.studies)
        options.append(("--studies", "studies", names))
    options.append(("--method", "method", asked.method))
    for given, flag, name in (
        (asked.subgroup, "--subgroup", "subgroup"),
        (asked.interval, "--interval", "interval"),
        (asked.level, "--level", "level"),
        (asked.split, "--by", "subgroups_by"),
        (asked.as_printed, "--as-printed", "as_printed"),
        (asked.include_memory, "--include-memory", "include_memory"),
    ):
        if given:
            options.append((flag, name, given))
    return options


def _word(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _python(value: object) -> str:
    return (
        repr(list(value))
        if isinstance(value, Sequence) and not isinstance(value, str)
        else repr(value)
    )

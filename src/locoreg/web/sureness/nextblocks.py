"""The next trial as blocks and figures: those of the report, one part at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from locoreg.figures import plot, to_svg
from locoreg.report.blocks import (
    Block,
    Callout,
    Column,
    Facts,
    Figure,
    Items,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
    Text,
    Value,
    text,
)
from locoreg.report.drawings import Drawing
from locoreg.report.sections.nextstep import next_step
from locoreg.report.sections.prospectdrawings import TITLES
from locoreg.report.sections.prospects import prospects
from locoreg.report.words import NONE, effect, number, plural, whole
from locoreg.web.errors import NotFoundError
from locoreg.web.evidence.rows import compact, plain_rows
from locoreg.web.figureroutes import Drawn, downloads
from locoreg.web.state import State
from locoreg.web.sureness.drawn import drawing, first_table, with_downloads
from locoreg.web.sureness.nextcontent import NextFound, Planned, found_of
from locoreg.web.sureness.nextreproduce import study_file
from locoreg.web.sureness.nextview import NextTrialView
from locoreg.workflows.conclusion.pools import estimate_of, read_interval
from locoreg.workflows.explore.addedtrials import pool_texts, trial_sentences
from locoreg.workflows.planning.prospects import PoolAssurance, PoolWith

KEY = "added"


def pool_now(found: NextFound) -> tuple[Block, ...]:
    """Return the pool so far in a line of facts, or why there is none."""
    pool = found.pooled
    if pool is None:
        return (Callout("No pool of randomised trials", (Paragraph(text(found.reason)),)),)
    read = estimate_of(read_interval(pool))
    key = "evidence/" + "/".join((pool["question"], pool["outcome"], pool["design"]))
    pooled = f"{pool['measure']} {effect(read)}"
    pairs: list[tuple[str, Text]] = [
        ("Pool so far", text(f"{plural(pool['k'], 'trial')}, ",
                             Value(pooled, read.natural[0], f"{key}/mu"))),
        ("Method", text(f"{pool['method']}, {pool['interval']} interval of "
                        f"{pool['mu']['level']:g}%")),
        ("Heterogeneity", text(f"τ² {number(pool['tau2'], 3)}, I² {number(pool['i2'], 0)}%")),
    ]  # fmt: skip
    return (Facts(tuple(pairs)),)


def shown(state: State, found: NextFound, root: str) -> tuple[Block, ...]:
    """Return the part that a view asks for.

    Parameters
    ----------
    state : State
        Of the application.
    found : NextFound
        What the view gives.
    root : str
        What every path begins with.

    Returns
    -------
    tuple of Block
        Nothing where something is wrong: the form says what.
    """
    if found.refused:
        return (Callout("Not computed", (Paragraph(text(found.refused)),), "serious"),)
    if found.added is not None:
        return (_added(state, found, found.added, root),)
    if found.planned is None:
        return ()
    drawn = _drawn(state, found.planned)
    blocks = _part(found.planned, drawn, found.view.part)
    linked = with_downloads(blocks, drawn, lambda key: _links(root, found.view, key))
    return linked + study_file(state, found)


def _part(planned: Planned, drawn: Mapping[str, Drawing], part: str) -> tuple[Block, ...]:
    if part != "size":
        return _refusal(planned.entry) + prospects(planned.entry, 1, drawn)
    section = next_step({"planning": [planned.entry]}, drawn)
    assert section is not None
    (entry,) = section.blocks
    assert isinstance(entry, Section)
    return (Section("size", "Size of the next trial", entry.blocks),)


def _refusal(entry: Mapping[str, Any]) -> tuple[Block, ...]:
    if not entry["refused"]:
        return ()
    return (Callout("Not joined to a pool", (Paragraph(text(entry["refused"])),), "serious"),)


def _drawn(state: State, planned: Planned) -> dict[str, Drawing]:
    out = {}
    for key, result in planned.kept.items():
        kind = _kind(key)
        if kind is None or _is_alone(result):
            continue
        out[key] = state.kept.get(
            ("drawing", key, *planned.asked), partial(_draw, state, key, TITLES[kind], result)
        )
    return out


def _draw(state: State, key: str, title: str, result: object) -> Drawing:
    with state.drawing:
        return drawing(key, title, result)


def _is_alone(result: object) -> bool:
    """Return whether a result is an assurance at one number of patients: that makes no curve."""
    return isinstance(result, PoolAssurance) and len(result.new_trial) < 2


def _kind(key: str) -> str | None:
    return next((name for name in TITLES if name in key.split("/")[-2:]), None)


def _links(root: str, view: NextTrialView, key: str) -> tuple[Any, ...]:
    kind = _kind(key)
    if kind == "accrual":
        return downloads(root, "next-trial-accrual", view.model_copy(
            update={"at": key.rsplit("/", 1)[1]}))  # fmt: skip
    return downloads(root, f"next-trial-{kind}", view)


def _added(state: State, found: NextFound, added: PoolWith, root: str) -> Section:
    with state.drawing:
        svg = compact(to_svg(plot(added), prefix="added"))
    figure = Figure(
        "added-figure",
        "The pool with the hypothetical trial",
        svg,
        text("Squares: trials, the hypothetical ones marked by their name. Diamonds: the pools."),
        downloads=downloads(root, "next-trial-added", found.view),
        table=added_table(added),
    )
    changes = added_conclusions(added)
    return Section(
        KEY,
        "The pool with the hypothetical trial",
        (
            *(Paragraph(one, "lead") for one in _sentences(added)),
            changes,
            Items(tuple(text(one) for one in trial_sentences(added))),
            figure,
        ),
    )


def _sentences(added: PoolWith) -> tuple[Text, ...]:
    once = added.found
    before, after = pool_texts(once.before), pool_texts(once.after)
    return (
        text(
            f"Before, {plural(before.trials, 'trial')}: HR ",
            Value(before.hazard_ratio, once.before.mu.natural[0], f"{KEY}/before/mu"),
            f". With {plural(len(once.trials), 'hypothetical trial')}: HR ",
            Value(after.hazard_ratio, once.after.mu.natural[0], f"{KEY}/after/mu"),
            ".",
        ),
    )


def added_table(added: PoolWith) -> Table:
    """Return the pool before and after."""
    once = added.found
    rows = []
    for name, key, one in (("Before", "before", once.before), ("After", "after", once.after)):
        told = pool_texts(one)
        rows.append(
            Row(
                (
                    text(Strong(name)),
                    text(whole(told.trials)),
                    text(Value(told.hazard_ratio, one.mu.natural[0], f"{KEY}/{key}/mu")),
                    text(Value(told.tau2, one.tau2, f"{KEY}/{key}/tau2")),
                    text(told.i2),
                    text(told.prediction or NONE),
                )
            )
        )
    model = added.pool.model
    return Table(
        "The pool before and after",
        (
            Column("Pool"),
            Column("Trials", numeric=True),
            Column(f"Hazard ratio ({model.level:g}% interval)", numeric=True),
            Column("τ²", numeric=True),
            Column("I²", numeric=True),
            Column("Prediction interval", numeric=True),
        ),
        tuple(rows),
        text(f"{model.method}, {model.interval} interval; τ² is estimated each time."),
        stacks=True,
    )


def added_conclusions(added: PoolWith) -> Table:
    """Return what is concluded before and after."""
    rows = tuple(
        Row(
            (
                text(before),
                text(after),
                text(Strong("it changes") if before != after else "as before"),
            )
        )
        for _, before, after in added.found.conclusions
    )
    return Table(
        "What is concluded",
        (Column("Before"), Column("With the hypothetical trial"), Column("Conclusion")),
        rows,
        stacks=True,
    )


def draw_planned(state: State, view: NextTrialView, part: str, kind: str) -> Drawn:
    """Return the figure of a part of planning with its numbers.

    Parameters
    ----------
    state : State
        Of the application.
    view : NextTrialView
        What is asked.
    part : str
        Of the page.
    kind : str
        Last word of the key of the result, or the last but one.

    Returns
    -------
    Drawn
        The figure.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = found_of(state, view.model_copy(update={"part": part}), example=True)
    if found.planned is None:
        raise NotFoundError("; ".join(f"{n}: {t}" for n, t in found.asked.faults.items()))
    keys = [key for key, one in found.planned.kept.items() if _kind(key) == kind]
    if kind == "accrual" and view.at:
        keys = [key for key in keys if key.rsplit("/", 1)[1] == view.at]
    keys = [key for key in keys if not _is_alone(found.planned.kept[key])]
    if not keys:
        raise NotFoundError("there is no such figure of this trial.")
    result: Any = found.planned.kept[keys[0]]
    table = first_table(prospects(found.planned.entry, 1, {}))
    return Drawn(
        figure=lambda: plot(result),
        rows=() if table is None else plain_rows(table),
        data=result.to_dict(),
    )


def draw_added(state: State, view: NextTrialView) -> Drawn:
    """Return the figure of the pool before and after; see `draw_planned`."""
    found = found_of(state, view.model_copy(update={"part": "add"}), example=True)
    if found.added is None:
        faults = "; ".join(f"{n}: {t}" for n, t in found.asked.faults.items())
        raise NotFoundError(faults or found.refused)
    added = found.added
    return Drawn(
        figure=lambda: plot(added),
        rows=plain_rows(added_table(added)),
        data={KEY: added.to_dict()},
    )


__all__ = ["draw_added", "draw_planned", "pool_now", "shown"]

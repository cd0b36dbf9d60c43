"""A selection without counts of few persons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from locoreg.registry.describe.counts import shown_count
from locoreg.selection.assess import TargetingCurve
from locoreg.selection.model import SelectionModel
from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.emulation.smallcells import shown_attrition
from locoreg.workflows.emulation.smalltexts import redacted, rule_words
from locoreg.workflows.selection.result import SelectionResult
from locoreg.workflows.selection.text import summary_lines

# Keys that count persons or events of theirs.
COUNTS = frozenset(
    ("n", "treated", "comparator", "events", "censored", "followed", "persons", "n_treated",
     "n_comparator", "trained", "held_out", "left_out")
)  # fmt: skip
# Of them those that count persons of the data: the rest is told by the whole.
PERSONS = frozenset(("n", "persons"))
# Keys of shares of the persons, which count too for whoever knows how many there are.
SHARES = frozenset(("share", "share_treated"))
_EVENTS = re.compile(r"\b\d[\d,]* events?\b")
FEW_EVENTS = "events, whose number is hidden,"


def safe_result(result: SelectionResult, limit: int | None) -> SelectionResult:
    """Return a selection whose curve, model and checks tell of no few persons.

    Parameters
    ----------
    result : SelectionResult
        The selection.
    limit : int or None
        Counts from 1 to this many are hidden; None changes nothing.

    Returns
    -------
    SelectionResult
        Points of the targeting curve are more than so many persons apart; counts of the model's
        card are hidden; messages on negative controls tell no events where groups differ by few.
        Counts of tables are as they were: see `hidden_selection`.
    """
    check_small_cells(limit)
    if limit is None:
        return result
    n = result.data.n
    assessment = replace(
        result.assessment, curve=_thinned(result.assessment.curve, result.assessment.n, limit)
    )
    return replace(
        result,
        assessment=assessment,
        doubts=_quiet(result, limit),
        model=_model(result, limit, n),
    )


def _thinned(curve: TargetingCurve, n: int, limit: int) -> TargetingCurve:
    """Return a curve without points that few persons make, alone or beside the point before."""
    kept, last = [], 0
    for place, share in enumerate(curve.share):
        count = round(share * n)
        if count - last > limit and not 1 <= n - count <= limit:
            kept.append(place)
            last = count

    def at(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(values[i] for i in kept)

    return replace(
        curve,
        share=at(curve.share),
        estimate=at(curve.estimate),
        se=at(curve.se),
        ci_low=at(curve.ci_low),
        ci_high=at(curve.ci_high),
        band_low=at(curve.band_low),
        band_high=at(curve.band_high),
    )


def _quiet(result: SelectionResult, limit: int) -> Any:
    """Return the doubts without events of negative controls that differ by few between groups."""
    doubts = result.doubts
    if doubts.controls is None:
        return doubts
    close = {
        one.name
        for one in doubts.controls.controls
        for other in doubts.controls.controls
        if one.name == other.name
        and (1 <= one.events - other.events <= limit or 1 <= one.n - other.n <= limit)
    }
    if not close:
        return doubts
    changed = {}
    controls = []
    for one in doubts.controls.controls:
        quiet = one
        if one.name in close:
            message = _EVENTS.sub(FEW_EVENTS, one.diagnostic.message)
            quiet = replace(one, diagnostic=replace(one.diagnostic, message=message))
        changed[one.diagnostic] = quiet.diagnostic
        controls.append(quiet)
    checks = tuple(changed.get(one, one) for one in doubts.credibility.checks)
    return replace(
        doubts,
        controls=replace(doubts.controls, controls=tuple(controls)),
        credibility=replace(doubts.credibility, checks=checks),
    )


def _model(result: SelectionResult, limit: int, n: int) -> SelectionModel:
    """Return the model with the counts of its data hidden; those within it are of large groups."""
    made = result.model.training
    _, steps = shown_attrition(result.data.attrition, limit)

    def hidden(count: int | None, whole: int) -> int | None:
        return None if count is None else shown_count(count, limit, within=whole).n

    def told(found: Mapping[str, Any]) -> dict[str, Any]:
        message = redacted(str(found["message"]), limit, n)
        value = found["value"] if message == found["message"] else None
        advice = redacted(str(found["advice"]), limit, n)
        return {**found, "message": message, "value": value, "advice": advice}

    arms = tuple(
        replace(
            arm,
            n=hidden(counts.n, n),
            events=hidden(counts.events, counts.n),
            followed=hidden(None if arm.followed is None else arm.followed, counts.n),
        )
        for arm, counts in zip(made.arms, result.data.arms, strict=True)
    )
    training = replace(
        made,
        arms=arms,
        attrition=tuple(f"{step.name}: {step.excluded.text}" for step in steps),
        notes=tuple(redacted(note, limit, n) for note in made.notes),
        diagnostics=tuple(told(one) for one in made.diagnostics),
    )
    return replace(result.model, training=training)


def hidden_selection(result: SelectionResult, limit: int | None) -> dict[str, Any]:
    """Return ``results.json`` of a selection without counts of few persons.

    Parameters
    ----------
    result : SelectionResult
        The selection.
    limit : int or None
        Counts from 1 to this many are hidden; None hides nothing.

    Returns
    -------
    dict
        Where one count of a list of groups is small, all counts of the list are null: they add up
        to what is known. Texts are redacted, and the flow is that of the page.
    """
    check_small_cells(limit)
    if limit is None:
        return {**result.to_dict(), "small_cells": None}
    result = safe_result(result, limit)
    given = result.to_dict()
    _part(given, limit)
    out: dict[str, Any] = _hide(given, limit, result.data.n)
    out["small_cells"] = limit
    started, steps = shown_attrition(result.data.attrition, limit)
    out["data"]["attrition"] = {
        "source": result.data.attrition.source,
        "started": started.n,
        "steps": [
            {
                "name": step.name,
                "excluded": step.excluded.n,
                "unknown": step.unknown.n,
                "left": step.left.n,
            }
            for step in steps
        ],
        "left": result.data.attrition.left,
    }
    n = result.data.n
    out["data"]["unknown"] = {
        name: None if is_small(count, limit) or is_small(n - count, limit) else count
        for name, count in result.data.unknown
    }
    return out


def hidden_summary(result: SelectionResult, limit: int | None) -> str:
    """Return a selection as text without counts of few persons.

    Parameters
    ----------
    result : SelectionResult
        The selection.
    limit : int or None
        Counts from 1 to this many are hidden; None shows all.

    Returns
    -------
    str
        The summary, with the rule as its last line where it is applied.
    """
    if limit is None:
        return result.summary()
    hidden = hidden_selection(result, limit)
    lines = summary_lines(safe_result(result, limit), hidden)
    return "\n".join([*(redacted(one, limit, result.data.n) for one in lines), rule_words(limit)])


def _part(given: dict[str, Any], limit: int) -> None:
    """Take out what tells of few persons by its place or by its neighbour, not by its size."""
    calibration = given["assessment"]["calibration"]
    if given["assessment"]["n"] <= limit * (len(calibration["predicted"]) + 1):
        # One quantile of the predicted effect stands for as few persons.
        calibration["predicted"] = []
    if given["subgroups"] is not None and parts_differ(given["subgroups"]["groups"], given, limit):
        _forget(given["subgroups"]["groups"])
    controls = (given["doubts"]["negative_controls"] or {}).get("controls", [])
    for name in {one["name"] for one in controls}:
        mine = [one for one in controls if one["name"] == name]
        if any(
            1 <= one[key] - other[key] <= limit
            for key in ("n", "events")
            for one in mine
            for other in mine
        ):
            _forget(mine)


def parts_differ(groups: Sequence[Mapping[str, Any]], given: Mapping[str, Any], limit: int) -> bool:
    """Return whether levels of a variable add up to all persons but a few.

    Parameters
    ----------
    groups : sequence of mapping
        Subgroups with ``label``, ``VARIABLE: LEVEL``, and ``n``.
    given : mapping
        Results as they are, nothing hidden.
    limit : int
        Counts from 1 to this many are hidden.

    Returns
    -------
    bool
        Whether a level that is left out would follow.
    """
    sums: dict[str, int] = {}
    for one in groups:
        name = str(one["label"]).partition(": ")[0]
        sums[name] = sums.get(name, 0) + int(one["n"])
    return any(1 <= given["data"]["n"] - total <= limit for total in sums.values())


def _forget(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        row.update({key: None for key in row if key in COUNTS and isinstance(row[key], int)})


def is_small(value: Any, limit: int) -> bool:
    """Return whether a value is a count that is hidden."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= limit


def is_share_of_few(value: Any, limit: int, n: int) -> bool:
    """Return whether a share of the persons, or the rest of them, stands for few."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return False
    count = round(value * n)
    return 1 <= count <= limit or 1 <= n - count <= limit


def _is_few(key: str, value: Any, limit: int, n: int | None) -> bool:
    if key in SHARES and n is not None:
        return is_share_of_few(value, limit, n)
    if key not in COUNTS:
        return False
    rest = n - value if n is not None and key in PERSONS and isinstance(value, int) else None
    return is_small(value, limit) or is_small(rest, limit)


def has_small(value: Any, limit: int, n: int | None = None) -> bool:
    """Return whether any count in JSON-ready values is small.

    Parameters
    ----------
    value : object
        JSON-ready values.
    limit : int
        Counts from 1 to this many are hidden.
    n : int, optional
        Persons of the data: then shares that stand for few, and all but a few, count too.

    Returns
    -------
    bool
        Whether there is one.
    """
    if isinstance(value, dict):
        return any(
            _is_few(key, one, limit, n) or has_small(one, limit, n) for key, one in value.items()
        )
    return isinstance(value, list) and any(has_small(one, limit, n) for one in value)


def _hide(value: Any, limit: int, n: int, *, all_of_it: bool = False) -> Any:
    if isinstance(value, str):
        return redacted(value, limit, n)
    if isinstance(value, dict):
        gone = all_of_it or any(_is_few(key, one, limit, n) for key, one in value.items())
        return {
            key: None
            if gone and key in (COUNTS | SHARES) and isinstance(one, int | float)
            else _hide(one, limit, n, all_of_it=all_of_it and not isinstance(one, list))
            for key, one in value.items()
        }
    if isinstance(value, list):
        gone = any(
            isinstance(one, dict) and any(_is_few(key, v, limit, n) for key, v in one.items())
            for one in value
        )
        return [_hide(one, limit, n, all_of_it=gone) for one in value]
    return value

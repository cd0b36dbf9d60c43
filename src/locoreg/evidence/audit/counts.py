"""Counts: arms, strata, events and percentages that must add up."""

from __future__ import annotations

from collections.abc import Iterator

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.counted import counts_for
from locoreg.evidence.audit.digits import is_swap
from locoreg.evidence.audit.view import CatalogView, StudyView, found, label
from locoreg.evidence.records import Claim

RULE = "counts"


def counted_rows(view: CatalogView) -> list[tuple[StudyView, Claim]]:
    """Return the rows that hold any count of patients or events."""
    columns = (
        "n",
        "events",
        "n_intervention",
        "n_control",
        "events_intervention",
        "events_control",
    )
    return [
        (study, claim)
        for study, claim in view.claims()
        if any(getattr(claim, column) is not None for column in columns)
    ]


def within_row(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find events above patients and arms that do not add to the total, in one row."""
    study, claim = thing
    for suffix in ("", "_intervention", "_control"):
        n, events = getattr(claim, f"n{suffix}"), getattr(claim, f"events{suffix}")
        if n is not None and events is not None and events > n:
            yield counts_finding(
                view,
                claim,
                f"events{suffix}",
                f"{label(claim)}: {events} events among {n} patients.",
                severity="blocking",
                value=events,
                limit=n,
            )
    yield from _events_of_few(view, study, claim)
    for what in ("n", "events"):
        yield from _arms_add(view, study, claim, what)


def _events_of_few(view: CatalogView, study: StudyView, claim: Claim) -> Iterator[Finding]:
    """Compare events with patients that another row gives."""
    counts = counts_for(study, claim)
    pairs = (
        ("events", counts.patients, counts.n or counts.n_intervention),
        ("events_intervention", None, counts.n_intervention),
        ("events_control", None, counts.n_control),
    )
    for column, patients, cell in pairs:
        events = getattr(claim, column)
        if events is None or cell is None or cell.claim.claim_id == claim.claim_id:
            continue
        limit = patients if patients is not None else cell.value
        if getattr(claim, column.replace("events", "n")) is None and events > limit:
            yield counts_finding(
                view,
                claim,
                column,
                f"{label(claim)}: {events} events, and {limit} patients in row "
                f"{cell.claim.row.number}.",
                severity="blocking",
                value=events,
                limit=limit,
                also=((cell.claim, cell.column),),
            )


def arms_add_up(claim: Claim) -> bool:
    """Return whether the arms of a row add to its total, as far as they are given."""
    known = (claim.n, claim.n_intervention, claim.n_control)
    if None in known:
        return True
    return (claim.n_intervention or 0) + (claim.n_control or 0) == claim.n


def _arms_add(view: CatalogView, study: StudyView, claim: Claim, what: str) -> Iterator[Finding]:
    total = getattr(claim, what)
    first, second = getattr(claim, f"{what}_intervention"), getattr(claim, f"{what}_control")
    if total is None:
        return
    known = [x for x in (first, second) if x is not None]
    if len(known) == 2 and sum(known) != total:
        more = sum(known) > total
        column, clue = _slip_clue(study, claim, what, first, second, total)
        two_arms = study.study.design == "rct" or claim.kind in ("effect", "arms")
        yield counts_finding(
            view,
            claim,
            column,
            f"{label(claim)}: {first} + {second} = {sum(known)}, and the row's total is {total}."
            + clue,
            severity="serious" if more or two_arms else "minor",
            value=sum(known),
            limit=total,
        )
    elif len(known) == 1 and known[0] > total:
        yield counts_finding(
            view,
            claim,
            what,
            f"{label(claim)}: one arm has {known[0]}, and the row's total is {total}.",
            severity="serious",
            value=known[0],
            limit=total,
        )


def _slip_clue(
    study: StudyView, claim: Claim, what: str, first: int, second: int, total: int
) -> tuple[str, str]:
    """Return the cell that probably holds the slip, and a sentence about it.

    A mended number that other rows on the same patients give decides between
    several; then come exchanged digits.
    """
    repairs = (
        (what, total, first + second),
        (f"{what}_intervention", first, total - second),
        (f"{what}_control", second, total - first),
    )
    best, clue = (0, 0), ""
    column = what
    for name, printed, needed in repairs:
        swapped = needed >= 0 and is_swap(str(printed), str(needed))
        elsewhere = what == "n" and any(
            getattr(row, name) == needed
            for row in study.alike(claim, report=True)
            if row.claim_id != claim.claim_id and row.kind in ("effect", "arms", "count")
        )
        if (int(elsewhere), int(swapped)) <= best:
            continue
        best, column = (int(elsewhere), int(swapped)), name
        how = " (two digits exchanged)" if swapped else ""
        clue = f" With {needed} for {printed} in {name} they add up{how}."
    return column, clue


def counts_finding(
    view: CatalogView,
    claim: Claim,
    column: str,
    message: str,
    *,
    severity: Severity,
    value: float,
    limit: float,
    also: tuple[tuple[Claim, str | None], ...] = (),
) -> Finding:
    """Return a finding about a count; arguments as in :func:`~.view.found`."""
    return found(
        view,
        claim,
        column,
        rule=RULE,
        severity=severity,
        message=message,
        changes="Numbers of patients or events that enter the effect or its weight are wrong.",
        value=value,
        limit=limit,
        also=also,
    )

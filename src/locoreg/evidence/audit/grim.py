"""Percentages: whether a whole number of patients gives them, and whether they pass 100."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.counted import Cell, counts_for
from locoreg.evidence.audit.digits import swaps
from locoreg.evidence.audit.ranges import printed_half
from locoreg.evidence.audit.routes import SURVIVAL
from locoreg.evidence.audit.view import CatalogView, StudyView, found, label, subgroup_of
from locoreg.evidence.records import Claim

Item = tuple[StudyView, Claim, str]
_SLACK = 1e-9


def is_share(claim: Claim) -> bool:
    """Return whether a row holds simple percentages, not Kaplan-Meier estimates."""
    if claim.statistic in SURVIVAL or claim.landmark_months is not None:
        return False
    if claim.unit not in (None, "percent"):
        return False
    return claim.kind == "proportion" or (
        claim.unit == "percent" and claim.statistic == "proportion"
    )


def shares(view: CatalogView) -> list[Item]:
    """Return the percentages of patients, one per cell."""
    return [
        (study, claim, suffix)
        for study, claim in view.claims()
        if is_share(claim)
        for suffix in ("_intervention", "_control", "")
        if isinstance(getattr(claim, f"value{suffix}"), (int, float))
    ]


def attainable(value: float, half: float, n: int) -> bool:
    """Return whether some whole number out of n is printed as the value."""
    nearest = round(value * n / 100)
    return any(
        0 <= k <= n and abs(100 * k / n - value) <= half + _SLACK
        for k in (nearest - 1, nearest, nearest + 1)
    )


def grim(view: CatalogView, thing: Item) -> Iterator[Finding]:
    """Find percentages that no whole number of patients gives (GRIM), or not the printed one."""
    study, claim, suffix = thing
    column = f"value{suffix}"
    value = float(getattr(claim, column))
    half = printed_half(claim, column)
    counts = counts_for(study, claim)
    printed_n = getattr(claim, f"n{suffix}")
    cell = {
        "_intervention": counts.n_intervention,
        "_control": counts.n_control,
        "": counts.n,
    }[suffix]
    if printed_n is not None:
        cell = Cell(printed_n, claim, f"n{suffix}")
    if cell is None or cell.value <= 0 or not 0 <= value <= 100:
        return
    own = cell.claim.claim_id == claim.claim_id
    events = getattr(claim, f"events{suffix}")
    n = cell.value
    if own and events is not None and 0 <= events <= n:
        if abs(100 * events / n - value) > half + _SLACK:
            yield _not_the_count(view, claim, column, value, events, n)
        return
    # The test can only fail where the steps 100/n are wider than the rounding.
    if 100 / n <= 2 * half or attainable(value, half, n):
        return
    severity: Severity = "minor" if own else "note"
    yield _impossible(view, claim, column, (cell.claim, cell.column), n, severity)


def _not_the_count(
    view: CatalogView, claim: Claim, column: str, value: float, events: int, n: int
) -> Finding:
    return found(
        view,
        claim,
        column,
        rule="grim",
        severity="serious" if abs(100 * events / n - value) > 1 else "minor",
        message=f"{_name(claim)}: {events} of {n} is {100 * events / n:.2f}%, and {value:g}% "
        "is printed.",
        changes="The percentage or the count is wrong.",
        value=value,
        limit=round(100 * events / n, 2),
    )


def _impossible(
    view: CatalogView,
    claim: Claim,
    column: str,
    source: tuple[Claim, str],
    n: int,
    severity: Severity,
) -> Finding:
    value = float(getattr(claim, column))
    half = printed_half(claim, column)
    k = math.floor(value * n / 100)
    near = [f"{x}/{n} = {100 * x / n:.2f}%" for x in (k, k + 1) if 0 <= x <= n]
    wide = range(max(1, math.floor(n * 0.85)), math.ceil(n * 1.1) + 1)
    fits = [m for m in wide if m != n and attainable(value, half, m)]
    denominators = f"denominators near it that do: {_list(fits)}" if fits else "no one near it does"
    printed = claim.row.printed.get(column, "")
    mended = [t for t in swaps(printed) if float(t) <= 100 and attainable(float(t), half, n)]
    clue = f" With two digits exchanged, {mended[0]}% would be possible." if mended else ""
    return found(
        view,
        claim,
        column,
        rule="grim",
        severity=severity,
        message=(
            f"{_name(claim)}: no whole number of {n} patients gives {printed}%; the nearest are "
            f"{' and '.join(near)}; {denominators}.{clue}"
        ),
        changes="The percentage is wrong, or patients with missing values were left out of it.",
        value=value,
        limit=n,
        also=(source,),
    )


def _name(claim: Claim) -> str:
    return claim.outcome_printed or claim.outcome or claim.statistic or label(claim)


def _list(numbers: list[int]) -> str:
    text = ", ".join(str(number) for number in numbers[:6])
    return text + (" …" if len(numbers) > 6 else "")


def share_groups(view: CatalogView) -> list[tuple[StudyView, str, list[Claim]]]:
    """Return the percentages of one report that name the same family, for example surgery."""
    groups: dict[tuple[str, str, str, str | None], list[Claim]] = defaultdict(list)
    studies = {study.study_id: study for study in view.studies}
    for study, claim in view.claims():
        family = _family(claim)
        if family is not None and is_share(claim):
            key = (study.study_id, study.report(claim), family, subgroup_of(claim))
            groups[key].append(claim)
    return [(studies[key[0]], key[2], rows) for key, rows in groups.items() if len(rows) > 1]


def _family(claim: Claim) -> str | None:
    text = (claim.outcome_printed or claim.outcome or claim.statistic or "").casefold()
    if "axilla" in text or "sentinel" in text:
        return "axillary surgery"
    if "mastectomy" in text or "conserv" in text:
        return "breast surgery"
    name, colon, _ = text.partition(":")
    return name.strip() if colon and not name.startswith("baseline") else None


def share_sum(view: CatalogView, thing: tuple[StudyView, str, list[Claim]]) -> Iterator[Finding]:
    """Find percentages of one family that add to more than 100."""
    _, family, rows = thing
    for suffix in ("_intervention", "_control", ""):
        column = f"value{suffix}"
        cells: dict[tuple[str, str | None], tuple[float, Claim]] = {}
        for row in rows:
            value = getattr(row, column)
            if isinstance(value, (int, float)):
                cells.setdefault((_name(row), row.source_id), (float(value), row))
        places = {place for _, place in cells}
        for place in places:
            used = [cell for key, cell in cells.items() if key[1] == place]
            total = sum(value for value, _ in used)
            if len(used) < 2 or not 100.5 + len(used) * 0.5 < total < 130:
                continue
            parts = " + ".join(f"{_name(row)} {value:g}%" for value, row in used)
            yield found(
                view,
                used[0][1],
                column,
                rule="counts",
                severity="note",
                message=f"{family}: {parts} = {total:g}%, more than 100%: the groups overlap or "
                "one number is wrong.",
                changes="The percentages can't be read as parts of one whole.",
                value=round(total, 2),
                limit=100.0,
                also=tuple((row, column) for _, row in used[1:]),
            )

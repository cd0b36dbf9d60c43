"""Landmarks, follow-up and units of time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.routes import MEDIANS, SURVIVAL
from locoreg.evidence.audit.survival import months
from locoreg.evidence.audit.view import CatalogView, StudyView, found, label
from locoreg.evidence.records import Claim

RULE = "landmark-label"
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10}
_TIME = re.compile(
    r"(?<![\d.–-])(\d+(?:\.\d+)?|"
    + "|".join(_WORDS)
    + r")[\s-]*(years?|yrs?|y|months?|mos?|mths?)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
FOLLOW_UP = ("median_follow_up", "follow_up", "mean_follow_up")
# No cohort of patients is followed this long, and no median is this late.
LONGEST_MONTHS = 480.0


def times_in(text: str | None) -> list[float]:
    """Return the times named in a text, in months: ``5-year OS`` gives 60."""
    out = []
    for number, unit in _TIME.findall(text or ""):
        value = float(_WORDS.get(number.casefold(), 0) or number)
        out.append(value * (12.0 if unit[0] in "yY" else 1.0))
    return out


def landmarks(view: CatalogView) -> list[tuple[StudyView, Claim]]:
    """Return the rows that stand at a landmark."""
    return [
        pair
        for pair in view.claims()
        if pair[1].landmark_months is not None
        and pair[1].kind not in ("criterion", "count", "date", "range")
    ]


def landmark_label(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find landmarks that the header or the printed text contradicts, or that follow-up does."""
    study, claim = thing
    landmark = claim.landmark_months
    if landmark is None:
        return
    header = times_in(claim.column_header) or times_in(claim.statistic)
    inside = times_in(claim.verbatim)
    named = inside + [
        time for row in study.siblings(claim) if row is not claim for time in times_in(row.verbatim)
    ]
    finding = None
    if header and not _near(landmark, header):
        finding = _mislabelled(view, claim, landmark, header, named)
    elif _silent_header(claim, header, inside) and not _near(landmark, inside):
        finding = _mislabelled(view, claim, landmark, inside, [])
    if finding is not None:
        yield finding
    yield from _beyond_follow_up(view, study, claim, landmark)


def _silent_header(claim: Claim, header: list[float], inside: list[float]) -> bool:
    return not header and claim.statistic in SURVIVAL and len(inside) == 1


def _near(landmark: float, times: list[float]) -> bool:
    return any(abs(landmark - time) <= 0.05 * time + 0.01 for time in times)


def _mislabelled(
    view: CatalogView, claim: Claim, landmark: float, named: list[float], inside: list[float]
) -> Finding:
    where = "column header" if times_in(claim.column_header) else "text"
    supported = _near(landmark, inside)
    severity: Severity = "minor" if supported else "serious"
    text = " or ".join(f"{time:g}" for time in named)
    factor = named[0] / landmark if landmark else 0.0
    clue = ""
    if abs(factor - 12) < 0.1 or abs(factor - 1 / 12) < 0.001:
        clue = " The two differ by the factor 12: months and years were mixed up."
    elif supported:
        clue = f" The printed text names {landmark:g} months, so the header doesn't fit this row."
    return found(
        view,
        claim,
        "landmark_months",
        rule=RULE,
        severity=severity,
        message=(
            f"{label(claim)}: the row stands at {landmark:g} months and its {where} names {text} "
            f"months.{clue}"
        ),
        changes="Values at different times would be compared or pooled as if at one time.",
        value=landmark,
        limit=named[0],
    )


def follow_up_of(study: StudyView, report: str | None = None) -> list[tuple[Claim, str, float]]:
    """Return the follow-up times of a study as (row, column, months)."""
    out = []
    for claim in study.claims:
        if claim.statistic not in FOLLOW_UP or (report and study.report(claim) != report):
            continue
        for column in ("value", "value_intervention", "value_control"):
            cell = months(claim, column)
            if cell is not None:
                out.append((claim, column, cell.mid))
    return out


def _beyond_follow_up(
    view: CatalogView, study: StudyView, claim: Claim, landmark: float
) -> Iterator[Finding]:
    if claim.statistic not in SURVIVAL:
        return
    followed = follow_up_of(study, study.report(claim))
    if not followed:
        return
    row, column, longest = max(followed, key=lambda item: item[2])
    if longest <= 0 or landmark <= 2 * longest:
        return
    factor = landmark / longest
    clue = ""
    severity: Severity = "note"
    if factor >= 6:
        severity = "serious"
        clue = f" Read in years the follow-up would be {12 * longest:g} months."
    elif factor >= 4:
        severity = "minor"
    target, name = (row, column) if factor >= 6 else (claim, "landmark_months")
    yield found(
        view,
        target,
        name,
        rule=RULE,
        severity=severity,
        message=(
            f"{label(claim)} at {landmark:g} months rests on a median follow-up of {longest:g} "
            f"months, {factor:.1f} times shorter.{clue}"
        ),
        changes="Few patients were followed so far; the value at the landmark is uncertain.",
        value=round(factor, 2),
        limit=2.0,
        also=((claim, "landmark_months"),) if factor >= 6 else ((row, column),),
    )


def timed(view: CatalogView) -> list[tuple[StudyView, Claim]]:
    """Return the rows that hold medians or follow-up."""
    return [pair for pair in view.claims() if pair[1].statistic in (*MEDIANS, *FOLLOW_UP)]


def time_unit(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find times that only a mix-up of months and years explains, and follow-up past its period."""
    study, claim = thing
    for column in ("value_intervention", "value_control", "value"):
        cell = months(claim, column)
        if cell is None:
            continue
        finding = (
            _too_long(view, claim, column, cell.mid)
            or _past_period(view, study, claim, column, cell.mid)
            or _against_follow_up(view, study, claim, column, cell.mid)
            or _factor_twelve(view, study, claim, column, cell.mid)
        )
        if finding is not None:
            yield finding
            return


def _unit_finding(
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
    return found(
        view,
        claim,
        "unit" if claim.unit == "years" else column,
        rule="time-unit",
        severity=severity,
        message=message,
        changes="Read in the other unit the time is 12 times as long or short.",
        value=value,
        limit=limit,
        also=also,
    )


def _too_long(view: CatalogView, claim: Claim, column: str, time: float) -> Finding | None:
    if time <= LONGEST_MONTHS:
        return None
    printed = claim.row.printed.get(column)
    other = "months" if claim.unit == "years" else "days"
    return _unit_finding(
        view,
        claim,
        column,
        f"{label(claim)}, {claim.statistic}: {printed} {claim.unit or 'months'} are "
        f"{time / 12:.0f} years; the number may be in {other}.",
        severity="serious",
        value=round(time, 1),
        limit=LONGEST_MONTHS,
    )


def _past_period(
    view: CatalogView, study: StudyView, claim: Claim, column: str, time: float
) -> Finding | None:
    years = [int(y) for y in _YEAR.findall(study.study.period or "")]
    report = study.report(claim)
    last = [
        reference.year
        for reference in study.references
        if reference.year is not None and reference.reference_id in (report, claim.source_id)
    ]
    if not years or not last or claim.statistic not in FOLLOW_UP:
        return None
    possible = (max(last) - min(years) + 1) * 12.0
    if not 0 < possible < time:
        return None
    return _unit_finding(
        view,
        claim,
        column,
        f"{claim.statistic} of {time:.4g} months, but from the first patient ({min(years)}) to "
        f"the publication ({max(last)}) at most {possible:g} months passed.",
        severity="serious",
        value=round(time, 1),
        limit=possible,
    )


def _against_follow_up(
    view: CatalogView, study: StudyView, claim: Claim, column: str, time: float
) -> Finding | None:
    if claim.statistic not in MEDIANS:
        return None
    followed = follow_up_of(study, study.report(claim))
    if not followed:
        return None
    row, name, longest = max(followed, key=lambda item: item[2])
    if longest <= 0 or time <= 4 * longest:
        return None
    # The follow-up may be the one in the wrong unit: other medians decide.
    return _unit_finding(
        view,
        claim,
        column,
        f"{label(claim)}: a median of {time:.4g} months is hardly reached with a median follow-up "
        f"of {longest:.4g} months; one of them is in the wrong unit ({12 * longest:.4g} months if "
        "the follow-up is in years).",
        severity="serious" if time > 6 * longest else "minor",
        value=round(time / longest, 2),
        limit=4.0,
        also=((row, name),),
    )


def _factor_twelve(
    view: CatalogView, study: StudyView, claim: Claim, column: str, time: float
) -> Finding | None:
    """Compare with the same statistic in the study's other rows."""
    key = study.key_of[claim.claim_id]
    for other in study.claims:
        mine = study.key_of[other.claim_id]
        if other.statistic != claim.statistic or mine[1:] != key[1:]:
            continue
        cell = months(other, column)
        if cell is None or time <= 0 or not 10 <= cell.mid / time <= 14.4:
            continue
        return _unit_finding(
            view,
            claim,
            column,
            f"{label(claim)}, {claim.statistic}: {time:.4g} months here and {cell.mid:.4g} "
            f"months in row {other.row.number}, {cell.mid / time:.1f} times as long. Months and "
            "years may have been mixed up.",
            severity="serious",
            value=round(cell.mid / time, 2),
            limit=10.0,
            also=((other, column),),
        )
    return None

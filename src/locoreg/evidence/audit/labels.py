"""Measure labels, and how far a number was verified."""

from __future__ import annotations

import math
from collections.abc import Iterator

from locoreg.core.findings import Finding, Location, Severity
from locoreg.evidence.audit.ranges import Range, cell_range
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text, label
from locoreg.evidence.records import Claim, Pool

_TIME_TO_EVENT = ("surviv", "progression", "relapse", "recurrence", "death", "mortality", "time to")


def measure_label(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find measures whose name doesn't fit the outcome, the model or the counts."""
    study, claim = thing
    counted = _from_counts(view, claim)
    if counted is not None:
        yield counted
        return
    if claim.measure_resolved is not None:
        if claim.measure_resolved != claim.measure:
            text = f"{interval_text(claim)} ({label(claim)}) is printed as {claim.measure}."
            yield _label_finding(view, claim, text, "note", None)
        return
    if claim.measure not in ("OR", "RR"):
        return
    model = f"{claim.adjusted or ''} {claim.p_tests or ''} {claim.note or ''}".casefold()
    if "cox" in model or "proportional hazard" in model:
        yield _label_finding(
            view,
            claim,
            f"{interval_text(claim)} ({label(claim)}) is called {claim.measure} and comes from a "
            "Cox model, which gives a hazard ratio.",
            "minor",
            "measure=HR",
        )
    elif _time_to_event(view, study, claim) and not _has_counts(claim):
        yield _label_finding(
            view,
            claim,
            f"{interval_text(claim)} is called {claim.measure}, and {label(claim)} is a time to an "
            "event: no landmark and no 2x2 counts are given, so it may be a hazard ratio.",
            "note",
            None,
        )


def _label_finding(
    view: CatalogView, claim: Claim, message: str, severity: Severity, reading: str | None
) -> Finding:
    return found(
        view,
        claim,
        "measure",
        rule="measure-label",
        severity=severity,
        message=message,
        changes="Rows of different measures can't be pooled; under the other name it could be.",
        value=claim.measure,
        limit=reading.partition("=")[2] if reading else None,
        reading=reading,
    )


def _time_to_event(view: CatalogView, study: StudyView, claim: Claim) -> bool:
    outcome = view.catalog.outcomes.get(study.outcome(claim) or "")
    text = f"{outcome.label} {outcome.event}" if outcome else claim.outcome or ""
    return claim.landmark_months is None and any(w in text.casefold() for w in _TIME_TO_EVENT)


def _has_counts(claim: Claim) -> bool:
    return claim.events_intervention is not None and claim.n_intervention is not None


def _ratios(cells: tuple[int, int, int, int]) -> dict[str, float]:
    a, n1, c, n0 = cells
    ratios = {"RR": math.log(a / n1 / (c / n0))}
    if a < n1 and c < n0:
        ratios["OR"] = math.log(a * (n0 - c) / (c * (n1 - a)))
    return ratios


def _from_counts(view: CatalogView, claim: Claim) -> Finding | None:
    """Compare a crude OR or RR with its own 2x2 counts."""
    adjusted = (claim.adjusted or "no").casefold() not in ("no", "none", "unadjusted")
    measure, printed = claim.resolved_measure, cell_range(claim, "estimate")
    if measure not in ("OR", "RR") or adjusted or printed is None or printed.lo <= 0:
        return None
    cells = (
        claim.events_intervention,
        claim.n_intervention,
        claim.events_control,
        claim.n_control,
    )
    numbers = [cell for cell in cells if cell is not None]
    if len(numbers) < 4 or min(numbers) <= 0 or numbers[0] > numbers[1] or numbers[2] > numbers[3]:
        return None
    ratios = _ratios((numbers[0], numbers[1], numbers[2], numbers[3]))
    sign = -1.0 if claim.reference_arm == "intervention" else 1.0
    off = {name: printed.log().gap(_point(sign * x)) for name, x in ratios.items()}
    if measure not in off or abs(off[measure]) <= 0.01:
        return None
    shown = ", ".join(f"{name} {math.exp(sign * x):.3g}" for name, x in ratios.items())
    text = (
        f"{interval_text(claim)} ({label(claim)}): {numbers[0]}/{numbers[1]} and "
        f"{numbers[2]}/{numbers[3]} events give {shown} with the {claim.reference_arm} arm as "
        "reference."
    )
    other = "OR" if measure == "RR" else "RR"
    if other in off and abs(off[other]) <= 0.002 and abs(off[measure]) > 0.03:
        text += f" The number printed as {measure} is the {other}."
        return _label_finding(view, claim, text, "serious", f"measure={other}")
    return _counts_disagree(view, claim, text, printed, sign * ratios[measure], abs(off[measure]))


def _counts_disagree(
    view: CatalogView, claim: Claim, text: str, printed: Range, counted: float, off: float
) -> Finding | None:
    mirrored = abs(printed.log().gap(_point(-counted))) <= 0.01 and abs(counted) > 0.05
    arm = "control" if claim.reference_arm == "intervention" else "intervention"
    if mirrored:
        text += " The printed number is the reciprocal."
    elif off < 0.05:
        return None
    return found(
        view,
        claim,
        "reference_arm" if mirrored else "estimate",
        rule="direction" if mirrored else "counts",
        severity="blocking" if mirrored else "serious" if off > 0.2 else "minor",
        message=text,
        changes=(
            f"Pooled as stated the row counts as {claim.estimate:g}; its counts say "
            f"{math.exp(counted):.3g}."
        ),
        value=claim.estimate,
        limit=round(math.exp(counted), 3),
        reading=f"reference_arm={arm}" if mirrored else None,
    )


def _point(x: float) -> Range:
    return Range(x, x)


def pool_label(view: CatalogView, pool: Pool) -> Iterator[Finding]:
    """Find published pools called OR or RR whose inputs are hazard ratios."""
    claim = view.catalog.claims.get(pool.claim_id)
    if claim is None or claim.measure not in ("OR", "RR") or claim.measure_resolved is not None:
        return
    studies = {
        view.catalog.references[key].study_id if key in view.catalog.references else key
        for key in pool.inputs
    }
    rows = [
        row
        for row in view.catalog.claims.values()
        if row.kind == "effect"
        and row.study_id in studies
        and view.catalog.outcome_id(row.outcome) == view.catalog.outcome_id(claim.outcome)
    ]
    measures = {row.resolved_measure for row in rows}
    if rows and measures == {"HR"}:
        yield found(
            view,
            claim,
            "measure",
            rule="measure-label",
            severity="minor",
            message=(
                f"{interval_text(claim)} ({pool.pool_id}) is called {claim.measure}, and all "
                f"{len(rows)} rows of its inputs on {claim.outcome} are hazard ratios."
            ),
            changes="It would be kept apart from hazard ratios although it is one.",
            value=claim.measure,
            limit="HR",
            also=tuple((row, "measure") for row in rows),
            reading="measure=HR",
        )


def verification(view: CatalogView, study: StudyView) -> Iterator[Finding]:
    """Note the studies with rows that nobody has seen in print."""
    weak = [c for c in study.claims if c.verification in ("memory", "existence")]
    own = study.study.verification
    if weak:
        first = weak[0]
        yield found(
            view,
            first,
            "verification",
            rule="verification",
            severity="note",
            message=f"{len(weak)} of {len(study.claims)} rows are marked {first.verification}: "
            "the numbers were not seen in print.",
            changes="These rows are pooled only on request.",
            value=len(weak),
            limit=0,
            also=tuple((row, "verification") for row in weak[1:]),
        )
    elif own in ("memory", "existence"):
        yield Finding(
            rule="verification",
            severity="note",
            subject=study.study_id,
            message=f"The study is marked {own}: it was not read.",
            value=own,
            limit=None,
            location=Location(
                file=study.study.row.file, row=study.study.row.number, column="verification"
            ),
            changes="Its description is unverified.",
        )

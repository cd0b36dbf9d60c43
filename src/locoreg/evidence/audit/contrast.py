"""Arms' numbers against each other where no effect is printed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from locoreg.core.findings import Finding
from locoreg.evidence.audit.counted import counts_for
from locoreg.evidence.audit.routes import Route, arm_pairs, landmark, times
from locoreg.evidence.audit.view import CatalogView, Key, StudyView, found, label
from locoreg.evidence.records import Claim

# Medians and survival of the same patients agree far better than independent ones.
APART = 3.5
EACH = 1.5

Context = tuple[StudyView, Key, tuple[Claim, ...]]


def arm_contexts(view: CatalogView) -> list[Context]:
    """Return the rows on one outcome of one report that has no effect but arms' numbers."""
    return [
        (study, key, rows)
        for study in view.studies
        for key, rows in study.contexts.items()
        if key[1] is not None
        and not any(row.kind == "effect" and row.estimate is not None for row in rows)
        and sum(row.kind == "arms" for row in rows) > 1
    ]


def arms_contrast(view: CatalogView, thing: Context) -> Iterator[Finding]:
    """Find medians and survival of which one favours one arm and one the other, clearly."""
    study, _, rows = thing
    counts = counts_for(study, rows[0])
    first, second = counts.n_intervention, counts.n_control
    if first is None or second is None or min(first.value, second.value) < 2:
        return
    # As if half of the patients had the event.
    se = math.sqrt(2 / first.value + 2 / second.value)
    given: list[Route] = []
    for pair in arm_pairs([row for row in rows if row.kind == "arms"]):
        made = (times(pair, se), landmark(study, pair, se))
        given += [route for route in made if route is not None]
    given = [route for route in given if abs(route.log_ratio) > EACH * se]
    for i, one in enumerate(given):
        for other in given[i + 1 :]:
            apart = abs(one.log_ratio - other.log_ratio) / se
            if one.log_ratio * other.log_ratio < 0 and apart > APART:
                yield _finding(view, one, other, apart)
                return


def _finding(view: CatalogView, one: Route, other: Route, apart: float) -> Finding:
    return found(
        view,
        other.claim,
        other.column,
        rule="direction",
        severity="serious",
        message=(
            f"{label(other.claim)}: {one.text} imply a hazard ratio of about "
            f"{math.exp(one.log_ratio):.3g}, {other.text} one of {math.exp(other.log_ratio):.3g}, "
            f"{apart:.1f} standard errors apart on both sides of 1. In one of the rows the arm "
            "columns may be exchanged."
        ),
        changes="An effect derived from one of the rows would point the other way.",
        value=round(apart, 2),
        limit=APART,
        also=((one.claim, one.column),),
    )

"""Rows that no pool can use, and that would otherwise drop out without a word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from locoreg.core.errors import did_you_mean
from locoreg.core.findings import Finding
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text, label
from locoreg.evidence.records import Claim
from locoreg.evidence.routes import effect_routes, stated_reading

Named = tuple[str, tuple[Claim, ...]]
POOLED_KINDS = ("effect", "arms")


def named_outcomes(view: CatalogView) -> list[Named]:
    """Return the outcomes that each study names in rows that a pool could use, with these rows."""
    groups: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for study, claim in view.claims():
        if claim.kind in POOLED_KINDS and claim.outcome and claim.outcome.strip():
            groups[(study.study_id, claim.outcome.strip())].append(claim)
    return [(name, tuple(rows)) for (_, name), rows in groups.items()]


def unknown_outcome(view: CatalogView, thing: Named) -> Iterator[Finding]:
    """Find outcomes that are neither an id nor a label nor an alias of a known one."""
    name, rows = thing
    if view.catalog.outcome_id(name) in view.catalog.outcomes:
        return
    names = [
        text
        for outcome in view.catalog.outcomes.values()
        for text in (outcome.outcome_id, outcome.label, *outcome.aliases)
    ]
    hint = did_you_mean(name.casefold(), names) or ""
    close = f"; {hint}" if hint.startswith("did you mean") else "."
    many = len(rows) > 1
    yield found(
        view,
        rows[0],
        "outcome",
        rule="unknown-outcome",
        severity="minor",
        message=(
            f"{f'{len(rows)} rows name' if many else 'The row names'} the outcome {name!r}, which "
            f"is neither an id nor an alias in the table of outcomes{close}"
        ),
        changes=f"The {'rows are' if many else 'row is'} pooled under no outcome of the questions.",
        value=name,
        also=tuple((row, "outcome") for row in rows[1:]),
    )


def effect_rows(view: CatalogView) -> list[tuple[StudyView, Claim]]:
    """Return the effect rows."""
    return [(study, claim) for study, claim in view.claims() if claim.kind == "effect"]


def no_precision(view: CatalogView, thing: tuple[StudyView, Claim]) -> Iterator[Finding]:
    """Find effects without anything that gives a standard error."""
    _, claim = thing
    # Both limits without a usable width are the matter of other checks.
    if claim.ci_low is not None and claim.ci_high is not None:
        return
    if effect_routes(claim, stated_reading(claim), reference_arm="control"):
        return
    shown = "An effect" if claim.estimate is None else interval_text(claim)
    yield found(
        view,
        claim,
        "estimate",
        rule="no-precision",
        severity="minor",
        message=(
            f"{shown} ({label(claim)}): no interval, standard error or variance is given, and no "
            "exact p-value or log-rank O - E with its variance that serves instead, so no "
            "standard error can be had from this row."
        ),
        changes=(
            "The row has no weight in a pool. Where the arms' own numbers give an effect, that "
            "one is pooled instead."
        ),
        value=claim.estimate,
    )

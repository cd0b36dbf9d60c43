"""Published pools against what their declared inputs give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from locoreg.core.findings import Finding, Severity
from locoreg.evidence.audit.direction import direction
from locoreg.evidence.audit.interval import effects, effects_with_interval
from locoreg.evidence.audit.level import assess
from locoreg.evidence.audit.view import build
from locoreg.evidence.records import Catalog, Pool
from locoreg.evidence.reproduce import Reproduction, is_testable, reproduce

RULE = "pool-not-reproduced"
# Deep searches are the task of the reproduction itself; an audit looks for simple explanations.
AUDIT_DEPARTURES = 2
READINGS = ("direction", "level", "number", "report", "excluded")
FIRM = ("blocking", "serious")


def check_pools(
    catalog: Catalog, readings: Iterable[tuple[str, str]] | None = None
) -> Iterator[Finding]:
    """Yield a finding for each published pool that its inputs, as supported, don't give.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    readings : iterable of (str, str), optional
        Claim id and reading that the evidence supports. Default: those of the
        direction and level checks that are serious or blocking.

    Yields
    ------
    Finding
        Rule ``pool-not-reproduced``. Pools of which fewer than two inputs have
        a number are passed over.
    """
    if not catalog.pools:
        return
    given = tuple(supported(catalog) if readings is None else readings)
    for pool in catalog.pools.values():
        if not is_testable(catalog.claims[pool.claim_id]):
            continue
        found = reproduce(catalog, pool.pool_id, readings=given, max_departures=AUDIT_DEPARTURES)
        if found.testable and found.departures_needed != 0:
            yield _finding(catalog, pool, found)


def supported(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield the readings of direction and level that the audit firmly supports."""
    view = build(catalog)
    raised: list[Finding] = []
    for thing in effects(view):
        raised += direction(view, thing)
    for study, claim in effects_with_interval(view):
        finding = assess(view, study, claim)
        raised += [] if finding is None else [finding]
    for finding in raised:
        if finding.reading is not None and finding.severity in FIRM:
            yield finding.claim_ids[0], finding.reading


def _finding(catalog: Catalog, pool: Pool, found: Reproduction) -> Finding:
    claim = catalog.claims[pool.claim_id]
    shown = found.minimal or found.closest
    rows = [] if shown is None else [i.claim_id for i in shown.inputs if i.claim_id is not None]
    doubtful = [] if found.minimal is None else _doubtful(found)
    return Finding(
        rule=RULE,
        severity=_severity(found),
        subject=found.study_id,
        message=f"{found.headline} Verdict: {found.verdict}.",
        value=None if shown is None else shown.text(3),
        limit=found.published.text,
        location=claim.location("estimate"),
        changes=_changes(found),
        claim_ids=(pool.claim_id, *doubtful),
        also=tuple(catalog.claims[i].location("estimate") for i in dict.fromkeys(rows)),
    )


def _doubtful(found: Reproduction) -> list[str]:
    """Return the rows that the minimal explanation reads otherwise."""
    if found.minimal is None:
        return []
    keys = [d.key for d in found.minimal.departures]
    return [
        i.claim_id
        for i in found.minimal.inputs
        if i.claim_id is not None and any(key.startswith(f"{i.claim_id}:") for key in keys)
    ]


def _severity(found: Reproduction) -> Severity:
    """Serious where one set of readings alone explains the pool, minor where none or many do."""
    needed = [r for r in found.readings if r.in_minimal]
    only = bool(needed) and all(
        r.matches_without == 0 and r.departure.kind in READINGS for r in needed
    )
    return "serious" if only and not found.further_digits else "minor"


def _changes(found: Reproduction) -> str:
    if found.minimal is None:
        return "What went into the published pool is not what its inputs report."
    if found.supported is None:
        return "The published pool rests on inputs other than those declared."
    return (
        f"With its inputs as the evidence supports them the pool is {found.supported.text(3)} "
        f"by the same method, not {found.published.text}."
    )

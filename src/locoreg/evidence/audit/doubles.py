"""The same patients or the same numbers twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from locoreg.core.findings import Finding, Location, Severity
from locoreg.evidence.audit.view import CatalogView, StudyView, found, interval_text, label
from locoreg.evidence.records import Claim, Pool, Study

RULE = "double-counting"
# Columns that say where a row was read, not what it says.
_PLACE = frozenset(
    {
        "claim_id",
        "line",
        "note",
        "verification",
        "supersedes",
        "reason",
        "verbatim",
        "column_header",
        "section",
    }
)
_REVIEWS = ("pooled", "review", "guideline", "protocol")
_NUMBERS = ("estimate", "value", "value_intervention", "value_control", "p_value", "n", "events")


def _record(
    study: Study,
    column: str,
    message: str,
    changes: str,
    severity: Severity,
    others: tuple[Study, ...] = (),
    value: str | None = None,
) -> Finding:
    def place(record: Study) -> Location:
        row = record.row
        return Location(
            file=row.file, row=row.number, column=column, printed=row.printed.get(column)
        )

    return Finding(
        rule=RULE,
        severity=severity,
        subject=study.study_id,
        message=message,
        value=value,
        limit=None,
        location=place(study),
        changes=changes,
        also=tuple(place(other) for other in others),
    )


def duplicate_rows(view: CatalogView, study: StudyView) -> Iterator[Finding]:
    """Find rows that say the same in all columns, in the same place of the same source."""
    seen: dict[tuple[tuple[str, str], ...], Claim] = {}
    for claim in study.claims:
        if claim.supersedes or all(getattr(claim, name) is None for name in _NUMBERS):
            continue
        content = tuple(
            sorted((k, v) for k, v in claim.row.printed.items() if v and k not in _PLACE)
        )
        first = seen.setdefault(content, claim)
        if first is claim:
            continue
        yield found(
            view,
            claim,
            "claim_id",
            rule=RULE,
            severity="serious",
            message=f"{label(claim)}: row {claim.row.number} repeats row {first.row.number} "
            f"({first.claim_id}) in every column.",
            changes="The number would count twice.",
            value=claim.claim_id,
            limit=first.claim_id,
            also=((first, "claim_id"),),
            reading="exclude",
        )


Shared = tuple[tuple[StudyView, ...], tuple[tuple[str, str], ...]]


def shared_keys(view: CatalogView) -> list[Shared]:
    """Return groups of studies with the registry numbers, DOIs and cohorts that they share."""
    groups: dict[tuple[str, str], dict[str, StudyView]] = defaultdict(dict)
    printed: dict[tuple[str, str], str] = {}
    for study in view.studies:
        if study.study.design in _REVIEWS:
            continue
        for name, value in _keys(study):
            printed.setdefault((name, value.strip().casefold()), value.strip())
            groups[(name, value.strip().casefold())][study.study_id] = study
    merged: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for key, studies in groups.items():
        merged[tuple(studies)].append((key[0], printed[key]))
    by_id = {study.study_id: study for study in view.studies}
    return [(tuple(by_id[x] for x in ids), tuple(keys)) for ids, keys in merged.items()]


def _keys(study: StudyView) -> Iterator[tuple[str, str]]:
    record = study.study
    for name, text in (("registry_id", record.registry_id), ("cohort", record.cohort)):
        yield from ((name, part) for part in (text or "").split(";") if part.strip())
    yield from (("doi", reference.doi) for reference in study.references if reference.doi)


def shared_key(view: CatalogView, thing: Shared) -> Iterator[Finding]:
    """Find two studies under one registry number, DOI or cohort."""
    studies, keys = thing
    if len(studies) < 2:
        return
    # Designs are never pooled together, so only studies of one design can count twice.
    pooled = [(s.study.question_id, s.study.design) for s in studies if s.study.question_id]
    same = len(set(pooled)) < len(pooled)
    severity: Severity = "serious" if same or any(name == "doi" for name, _ in keys) else "note"
    ids = ", ".join(s.study_id for s in studies)
    shared = " and ".join(f"{name.replace('_', ' ')} {value}" for name, value in keys)
    yield _record(
        studies[1].study,
        keys[0][0],
        f"{ids} share the {shared}: they hold the same patients, wholly or in part.",
        "Pooled together, the shared patients would count twice, unless one study is marked "
        "version_of the other.",
        severity,
        tuple(s.study for s in studies if s is not studies[1]),
        keys[0][1],
    )


def same_numbers(view: CatalogView) -> list[tuple[tuple[StudyView, Claim], ...]]:
    """Return groups of effects of different studies with the same numbers."""
    groups: dict[tuple[object, ...], dict[str, tuple[StudyView, Claim]]] = defaultdict(dict)
    for study, claim in view.claims():
        key = _numbers(study, claim)
        if key is not None:
            groups[key].setdefault(study.study_id, (study, claim))
    return [tuple(found.values()) for found in groups.values()]


def _numbers(study: StudyView, claim: Claim) -> tuple[object, ...] | None:
    """Numbers that two studies don't share by chance: estimate, limits and one more."""
    if claim.estimate is None or claim.ci_low is None or study.study.design in _REVIEWS:
        return None
    if claim.kind != "effect":
        return None
    sizes = (claim.n, claim.n_intervention, claim.n_control, claim.events)
    known = any(size is not None for size in sizes)
    decimals, p_decimals = (
        len(claim.row.printed.get(name, "").partition(".")[2]) for name in ("estimate", "p_value")
    )
    exact = claim.p_value if claim.p_op == "=" and p_decimals > 2 else None
    if not known and exact is None and decimals < 3:
        return None
    numbers = (claim.estimate, claim.ci_low, claim.ci_high)
    return (*numbers, claim.resolved_measure, exact, *(sizes if known else ()))


def repeated_numbers(
    view: CatalogView, thing: tuple[tuple[StudyView, Claim], ...]
) -> Iterator[Finding]:
    """Find an estimate that stands with its interval and patients under two studies."""
    if len(thing) < 2:
        return
    (first_study, first), (_, second) = thing[:2]
    yield found(
        view,
        second,
        "estimate",
        rule=RULE,
        severity="serious",
        message=f"{interval_text(second)} stands under {first_study.study_id} too (row "
        f"{first.row.number}), with the same patients or p-value: the same numbers twice.",
        changes="Pooled together, the number would count twice.",
        value=second.estimate,
        limit=first.estimate,
        also=tuple((claim, "estimate") for _, claim in thing if claim is not second),
    )


def matched_sets(view: CatalogView, study: StudyView) -> Iterator[Finding]:
    """Note studies with results of more than one matched set."""
    rows = {
        claim.matched_set or "unmatched": claim
        for claim in study.claims
        if claim.kind in ("effect", "arms")
    }
    if len(rows) < 2:
        return
    claims = list(rows.values())
    yield found(
        view,
        claims[0],
        "matched_set",
        rule=RULE,
        severity="note",
        message=f"The study has results of {' and '.join(sorted(rows))} patients, who are partly "
        "the same.",
        changes="One of the sets is pooled, never both.",
        value=len(rows),
        limit=1,
        also=tuple((claim, "matched_set") for claim in claims[1:]),
    )


def several_reports(view: CatalogView, study: StudyView) -> Iterator[Finding]:
    """Note studies with effects on one outcome from several reports."""
    by_outcome: dict[tuple[object, ...], dict[str, Claim]] = defaultdict(dict)
    for claim in study.claims:
        if claim.kind == "effect" and claim.estimate is not None:
            key = study.key_of[claim.claim_id]
            by_outcome[key[1:]].setdefault(key[0], claim)
    for reports in by_outcome.values():
        if len(reports) < 2:
            continue
        claims = list(reports.values())
        yield found(
            view,
            claims[0],
            "report_id",
            rule=RULE,
            severity="note",
            message=f"{label(claims[0])}: {len(reports)} reports of one study ("
            + "; ".join(f"{report}: {interval_text(c)}" for report, c in reports.items())
            + ").",
            changes="One report is pooled, chosen by rule; never two.",
            value=len(reports),
            limit=1,
            also=tuple((claim, "report_id") for claim in claims[1:]),
        )
        return


def pool_groups(view: CatalogView) -> list[tuple[Pool, ...]]:
    """Return the published pools, those of one publication together."""
    groups: dict[str, list[Pool]] = defaultdict(list)
    for pool in view.catalog.pools.values():
        claim = view.catalog.claims.get(pool.claim_id)
        if claim is not None:
            groups[claim.study_id].append(pool)
    return [tuple(pools) for pools in groups.values()]


def pool_beside_trials(view: CatalogView, pools: tuple[Pool, ...]) -> Iterator[Finding]:
    """Note published pools that stand beside their own trials in one question."""
    catalog = view.catalog
    claims = [catalog.claims[pool.claim_id] for pool in pools]
    study = catalog.studies.get(claims[0].study_id)
    if study is None or study.question_id is None:
        return
    keys = {
        (catalog.references[key].study_id or key) if key in catalog.references else key
        for pool in pools
        for key in pool.inputs
    }
    own = sorted(
        key
        for key in keys
        if key in catalog.studies and catalog.studies[key].question_id == study.question_id
    )
    if not own:
        return
    names = ", ".join(pool.pool_id for pool in pools)
    yield found(
        view,
        claims[0],
        "study_id",
        rule=RULE,
        severity="note",
        message=f"The published pool ({names}) stands beside {len(own)} of its own trials in "
        f"{study.question_id} ({', '.join(own)}); they are kept apart.",
        changes="Pooled with its trials, their patients would count twice.",
        value=len(own),
        limit=0,
        also=tuple((claim, "study_id") for claim in claims[1:]),
    )

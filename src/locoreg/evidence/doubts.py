"""The admissible readings of each study of a pool, for the multiverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from locoreg.core.findings import Finding
from locoreg.evidence.comparisons import comparisons
from locoreg.evidence.effectsize import EffectSize
from locoreg.evidence.lines import PooledStudy
from locoreg.evidence.multiverse import Alternatives, Option
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.records import Catalog, Claim
from locoreg.evidence.routes import Reading, effect_routes, stated_reading


def alternatives(
    catalog: Catalog, pool: EvidencePool, findings: Iterable[Finding]
) -> tuple[Alternatives, ...]:
    """Return how each study of a pool may be read.

    A study has a choice where a correction or a finding concerns the
    direction or the level of its row, where its interval is not of the level
    shown (published pools read such intervals as 95%), and where another of
    its reports gives another number. A number that the audit bars is of kind
    ``blocked``.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    pool : EvidencePool
        The main result.
    findings : iterable of Finding
        The audit's findings on the same tables.

    Returns
    -------
    tuple of Alternatives
        One per study of the pool, in its order; a study without a doubt has
        one option.
    """
    by_claim: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.claim_ids and finding.reading is not None:
            by_claim.setdefault(finding.claim_ids[0], []).append(finding)
    labels = [study.label for study in pool.studies]
    return tuple(
        Alternatives(
            study_id=study.study_id,
            label=study.label
            if labels.count(study.label) == 1
            else f"{study.label} ({study.study_id})",
            options=_options(catalog, pool, study, by_claim),
        )
        for study in pool.studies
    )


def _options(
    catalog: Catalog,
    pool: EvidencePool,
    study: PooledStudy,
    by_claim: dict[str, list[Finding]],
) -> tuple[Option, ...]:
    main = Option(
        label=f"{study.report_id}: as used",
        yi=study.effect.yi,
        se=study.effect.se,
        kind="main",
        is_main=True,
    )
    seen = {_key(study.effect)}
    options = [main]
    for claim in _rows(catalog, pool, study):
        report = catalog.report_id(claim)
        barred = any(f.reading == "exclude" for f in by_claim.get(claim.claim_id, []))
        if report != study.report_id and _prints_the_same(claim, main, pool):
            continue
        for kind, words, reading in _readings(claim, pool, by_claim.get(claim.claim_id, [])):
            routes = effect_routes(claim, reading, reference_arm=pool.question.reference_arm)
            if not routes or _key(routes[0]) in seen:
                continue
            seen.add(_key(routes[0]))
            options.append(
                Option(
                    label=f"{report}: {words}" + (" (barred by the audit)" if barred else ""),
                    yi=routes[0].yi,
                    se=routes[0].se,
                    kind="blocked" if barred else "report" if report != study.report_id else kind,
                    is_main=False,
                )
            )
    return tuple(options)


def _rows(catalog: Catalog, pool: EvidencePool, study: PooledStudy) -> Iterator[Claim]:
    """Yield the study's effect rows of the same outcome, patients, sample and measure."""
    found = comparisons(catalog, study.study_id, pool.outcome.outcome_id, pool.selection.subgroup)
    for comparison in found:
        if comparison.matched_set != study.matched_set:
            continue
        for claim in comparison.effects:
            memory = claim.verification == "memory" and not pool.selection.include_memory
            if claim.resolved_measure == pool.question.measure and not memory:
                yield claim


def _readings(
    claim: Claim, pool: EvidencePool, findings: list[Finding]
) -> Iterator[tuple[str, str, Reading]]:
    stated = stated_reading(claim)
    corrected = "corrected row" if claim.supersedes else "as printed"
    yield "direction" if claim.supersedes else "printed", corrected, stated
    level = pool.meta.mu.level
    if stated.ci_level is not None and stated.ci_level != level:
        words = f"{stated.ci_level:g}% interval read as {level:g}%"
        yield "level", words, replace(stated, ci_level=level)
    for finding in findings:
        column, _, value = (finding.reading or "").partition("=")
        if column == "reference_arm":
            yield "direction", f"{value} arm as reference", replace(stated, reference_arm=value)
        elif column == "ci_level":
            words = f"interval read as {value}%"
            yield "level", words, replace(stated, ci_level=float(value))


def _prints_the_same(claim: Claim, main: Option, pool: EvidencePool) -> bool:
    """Whether a report prints the number in use, rounded: 0.86 for 0.857."""
    stated = stated_reading(claim)
    routes = effect_routes(claim, stated, reference_arm=pool.question.reference_arm)
    if not routes or claim.estimate is None:
        return False
    slack = 2 * claim.half_unit("estimate") / claim.estimate
    return abs(routes[0].yi - main.yi) <= slack / 2 and abs(routes[0].se - main.se) <= slack


def _key(effect: EffectSize) -> tuple[float, float]:
    return round(effect.yi, 9), round(effect.se, 9)

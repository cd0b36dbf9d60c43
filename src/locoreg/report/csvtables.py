"""The tables of a report as CSV files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from locoreg.core.csvtext import to_csv
from locoreg.figures.curve import reading_label
from locoreg.report.anchors import Anchors
from locoreg.workflows.run import PoolResult, StudyResult

Rows = Iterable[Sequence[Any]]


def csv_tables(result: StudyResult) -> dict[str, str]:
    """Return the report's tables as CSV text, by file name.

    Parameters
    ----------
    result : StudyResult
        The result.

    Returns
    -------
    dict
        ``docs/reference/results.md`` names the columns of each.
    """
    makers = (_pools, _pooled_studies, _excluded, _findings, _reproductions, _matches, _multiverse)
    tables = {maker.__name__.lstrip("_"): maker(result) for maker in makers}
    tables["reproduction_matches"] = tables.pop("matches")
    tables["provenance"] = _provenance(result)
    return {f"{name}.csv": to_csv(rows) for name, rows in tables.items()}


def _items(result: StudyResult) -> Iterable[PoolResult]:
    for question in result.questions:
        yield from question.pools


def _pools(result: StudyResult) -> Rows:
    yield (
        "pool", "question", "outcome", "design", "measure", "k", "method", "interval", "level",
        "estimate", "ci_low", "ci_high", "mu", "se", "p_value", "tau2", "i2", "q", "q_df", "q_p",
        "prediction_low", "prediction_high", "as_printed_estimate", "as_printed_ci_low",
        "as_printed_ci_high", "read_differently", "floor_ci_low", "floor_ci_high", "indirect",
    )  # fmt: skip
    for item in _items(result):
        pool, meta = item.pool, item.pool.meta
        naive = (None, None, None) if pool.as_printed is None else pool.as_printed.mu.natural
        shown = meta.to_dict()["prediction"] or {}
        limits = shown.get("natural", shown)
        floor = (None, None) if meta.floor is None else meta.floor.natural[1:]
        yield (
            item.key, pool.question.question_id, pool.outcome.outcome_id, pool.selection.design,
            pool.question.measure, meta.k, meta.method, meta.interval, meta.mu.level,
            *meta.mu.natural, meta.mu.estimate, meta.mu.se, meta.p_value, meta.tau2, meta.i2,
            meta.q, meta.q_df, meta.q_p, limits.get("low"), limits.get("high"), *naive,
            pool.differs, *floor, pool.indirect,
        )  # fmt: skip


def _pooled_studies(result: StudyResult) -> Rows:
    yield (
        "pool", "study_id", "label", "design", "report_id", "report_rule", "year", "matched_set",
        "n", "n_intervention", "n_control", "events", "events_intervention", "events_control",
        "estimate", "ci_low", "ci_high", "level", "yi", "se", "route", "approximate", "note",
        "weight_percent", "printed", "printed_level", "readings_applied", "verification",
        "claim_ids", "source", "findings",
    )  # fmt: skip
    for item in _items(result):
        level = item.pool.meta.mu.level
        for study, weight in zip(item.pool.studies, item.pool.meta.weights, strict=True):
            counts, effect = study.counts, study.effect
            yield (
                item.key, study.study_id, study.label, study.design, study.report_id,
                study.report_rule, study.year, study.matched_set, counts.n,
                counts.n_intervention, counts.n_control, counts.events,
                counts.events_intervention, counts.events_control,
                *effect.estimate(level).natural, level, effect.yi, effect.se, effect.route,
                effect.approximate, effect.note, weight, study.printed, study.printed_level,
                study.applied, study.verification, study.claim_ids, study.source,
                tuple(f"{f.severity} {f.rule}" for f in study.findings),
            )  # fmt: skip


def _excluded(result: StudyResult) -> Rows:
    yield ("question", "outcome", "design", "study_id", "label", "kind", "reason")
    for question in result.questions:
        asked = question.question.question_id
        for item in question.pools:
            pool = item.pool
            for left in pool.excluded:
                place = (asked, pool.outcome.outcome_id, pool.selection.design)
                yield (*place, left.study_id, left.label, left.kind, left.reason)
        for outcome, design, reason in question.empty:
            yield (asked, outcome, design, None, None, None, reason)
        for study in question.not_pooled:
            who = (study.design, study.study_id, study.label)
            yield (asked, None, *who, None, "holds no comparison")


def _findings(result: StudyResult) -> Rows:
    yield (
        "number", "severity", "rule", "subject", "message", "value", "limit", "file", "row",
        "column", "printed", "source", "also", "changes", "reading", "claim_ids",
    )  # fmt: skip
    for number, f in enumerate(result.audit.findings, start=1):
        place = f.location
        yield (
            number, f.severity, f.rule, f.subject, f.message, f.value, f.limit, place.file,
            place.row, place.column, place.printed, place.source, f.also, f.changes, f.reading,
            f.claim_ids,
        )  # fmt: skip


def _reproductions(result: StudyResult) -> Rows:
    yield (
        "pool_id", "study_id", "claim_id", "published", "verdict", "departures_needed",
        "settings", "matches", "share_of_made_up_pools_explained", "explanation",
    )  # fmt: skip
    for r in result.reproductions:
        yield (
            r.pool_id, r.study_id, r.claim_id, r.published.text, r.verdict, r.departures_needed,
            r.searched.settings, r.searched.matches,
            None if r.chance is None else r.chance.share_explained, r.explanation,
        )  # fmt: skip


def _matches(result: StudyResult) -> Rows:
    yield (
        "pool_id", "match", "estimator", "interval", "se_rule", "rounding", "departures",
        "estimate", "ci_low", "ci_high", "tau2", "i2", "p_value", "distance",
    )  # fmt: skip
    for r in result.reproductions:
        for number, m in enumerate(r.matches, start=1):
            yield (
                r.pool_id, number, m.estimator, m.interval, m.se_rule, m.rounding,
                tuple(d.text for d in m.departures), m.estimate, m.ci_low, m.ci_high, m.tau2,
                m.i2, m.p_value, m.distance,
            )  # fmt: skip


def _multiverse(result: StudyResult) -> Rows:
    yield (
        "pool", "universe", "is_main", "departures", "readings", "k", "estimate", "ci_low",
        "ci_high", "tau2", "conclusion",
    )  # fmt: skip
    for item in _items(result):
        worlds = item.multiverse
        if worlds is None:
            continue
        for number, u in enumerate(worlds.universes, start=1):
            readings = tuple(
                f"{label}: {reading_label(worlds, label, choice)}"
                for label, choice in zip(worlds.studies, u.choices, strict=True)
            )
            yield (
                item.key, number, u.is_main, u.departures, readings, u.k, *u.mu.natural, u.tau2,
                u.conclusion,
            )  # fmt: skip


def _provenance(result: StudyResult) -> Rows:
    yield (
        "claim_id", "study_id", "file", "row", "printed", "place", "report_id", "source_id",
        "doi", "verification", "supersedes", "reason",
    )  # fmt: skip
    catalog = result.catalog
    for claim_id in Anchors(result).claims:
        claim = catalog.claims[claim_id]
        place = claim.location()
        report = catalog.report_id(claim)
        reference = catalog.references.get(report)
        yield (
            claim_id, claim.study_id, place.file, place.row, place.printed, place.source, report,
            claim.source_id, None if reference is None else reference.doi or reference.doi_printed,
            claim.verification, claim.supersedes, claim.reason,
        )  # fmt: skip

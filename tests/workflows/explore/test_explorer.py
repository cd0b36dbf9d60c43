"""Choices of the evidence: the same pools as everywhere, designs apart, nothing silently left."""

from __future__ import annotations

import math

import pytest

from locoreg.core.errors import DataError
from locoreg.evidence.selection import DESIGN_GROUPS
from locoreg.workflows.evidence import pool_question
from locoreg.workflows.explore.asked import Asked, asked_words
from locoreg.workflows.explore.choices import choices_for
from locoreg.workflows.explore.explorer import adjustment_of, explore, pool_worlds
from locoreg.workflows.explore.funnel import funnel_of
from locoreg.workflows.explore.shift import shift_of
from locoreg.workflows.explore.spread import h2_interval, influence_of
from locoreg.workflows.explore.studytable import study_lines, table_rows


def test_the_usual_choice_is_the_pool_of_the_workflow(shipped) -> None:
    catalog, findings = shipped
    found = explore(catalog, findings, Asked())
    question = next(iter(catalog.questions))
    expected = pool_question(catalog, question, findings=findings)
    assert [p.pool.to_dict() for p in found.pools] == [p.to_dict() for p in expected.pools]
    assert [p.key for p in found.pools] == [
        f"evidence/{question}/{expected.outcome}/{p.selection.design}" for p in expected.pools
    ]


def test_trials_and_observational_studies_are_never_in_one_pool(shipped) -> None:
    catalog, findings = shipped
    for question in catalog.questions:
        for item in explore(catalog, findings, Asked(question=question)).pools:
            designs = {study.design for study in item.pool.studies}
            assert any(designs <= set(members) for members in DESIGN_GROUPS.values())


def test_hidden_studies_are_named_with_the_reason(shipped) -> None:
    catalog, findings = shipped
    usual = explore(catalog, findings, Asked(design="rct")).pools[0].pool
    found = explore(catalog, findings, Asked(design="rct", hide_blocking=True)).pools[0]
    blocked = {
        s.study_id for s in usual.studies if any(f.severity == "blocking" for f in s.findings)
    }
    assert blocked
    assert {e.study_id for e in found.left_out} == blocked
    assert all("blocking finding" in e.reason for e in found.left_out)
    assert {s.study_id for s in found.pool.studies} == {s.study_id for s in usual.studies} - blocked
    by_name = pool_question(
        catalog,
        usual.question.question_id,
        design="rct",
        studies=[s.study_id for s in found.pool.studies],
        findings=findings,
    )
    assert by_name.meta.mu == found.pool.meta.mu


def test_adjusted_and_not_adjusted_split_the_studies(shipped) -> None:
    catalog, findings = shipped
    asked = {"question": "liver-resection", "design": "observational"}
    everything = explore(catalog, findings, Asked(**asked)).pools[0].pool
    parts = [
        explore(catalog, findings, Asked(**asked, adjustment=one)).pools[0]
        for one in ("adjusted", "not-adjusted")
    ]
    ids = [{s.study_id for s in part.pool.studies} for part in parts]
    assert ids[0] | ids[1] == {s.study_id for s in everything.studies}
    assert not ids[0] & ids[1]
    assert all(adjustment_of(catalog, s.claim_ids) for s in parts[0].pool.studies)
    assert not any(adjustment_of(catalog, s.claim_ids) for s in parts[1].pool.studies)


def test_filters_that_leave_nothing_say_why(shipped) -> None:
    catalog, findings = shipped
    found = explore(catalog, findings, Asked(timing="not randomised", design="rct", outcome="OS"))
    assert not found.pools
    [(design, reason)] = found.empty
    assert design == "rct"
    assert "the filters leave no study" in reason
    assert "randomisation is upfront" in reason


def test_a_value_of_another_question_is_an_answer_and_an_unknown_one_an_error(shipped) -> None:
    catalog, findings = shipped
    elsewhere = choices_for(catalog, "sabr").limits
    here = {one.value for one in choices_for(catalog, "primary-surgery").limits}
    value = next(one.value for one in elsewhere if one.value not in here)
    found = explore(catalog, findings, Asked(question="primary-surgery", limit=value))
    assert not found.pools
    assert all("no study of this question" in reason for _, reason in found.empty)
    assert found.recorded == ()
    with pytest.raises(DataError, match="limit of lesions"):
        explore(catalog, findings, Asked(limit="9000"))
    for wrong in (Asked(question="nope"), Asked(outcome="nope"), Asked(split="note")):
        with pytest.raises(DataError):
            explore(catalog, findings, wrong)


def test_an_outcome_that_is_not_pooled_shows_its_rows(shipped) -> None:
    catalog, findings = shipped
    found = explore(catalog, findings, Asked(outcome="quality_of_life"))
    assert not found.pools
    assert found.recorded
    assert {catalog.outcome_id(c.outcome) for c in found.recorded} == {"quality_of_life"}
    assert found.choices.available


def test_choices_hold_only_what_occurs(shipped) -> None:
    catalog, findings = shipped
    for question in catalog.questions:
        choices = choices_for(catalog, question)
        for one in choices.available:
            explore(
                catalog,
                findings,
                Asked(
                    question=question,
                    outcome=one.outcome,
                    subgroup=one.subgroup,
                    design=one.design,
                ),
            )
        assert {one.subgroup for one in choices.available} - {""} <= {
            one.value for one in choices.subgroups
        }


def test_filters_in_words_name_each_that_is_set() -> None:
    assert asked_words(Asked()) == ()
    words = asked_words(
        Asked(subgroup="a=b", hide_blocking=True, as_printed=True, include_memory=True)
    )
    assert words[0] == "patients: a: b"
    assert len(words) == 4


def test_influence_is_the_pool_without_each(shipped) -> None:
    catalog, findings = shipped
    pool = explore(catalog, findings, Asked(design="rct")).pools[0].pool
    found = influence_of(pool)
    assert [row.without for row in found.rows] == [row.mu for row in pool.leave_one_out]
    assert [row.weight for row in found.rows] == list(pool.meta.weights)
    two = explore(catalog, findings, Asked(outcome="locoregional_progression", design="rct")).pools[
        0
    ]
    assert two.pool.meta.k == 2
    assert influence_of(two.pool).rows == ()


def test_interval_of_h2_follows_from_that_of_tau2(shipped) -> None:
    catalog, findings = shipped
    meta = (pool := explore(catalog, findings, Asked(design="rct")).pools[0].pool).meta
    low, high = h2_interval(pool)
    # I2 = 1 - 1 / H2, at both limits.
    assert 100 * (1 - 1 / low) == pytest.approx(meta.i2_ci[0], abs=1e-9)
    assert 100 * (1 - 1 / high) == pytest.approx(meta.i2_ci[1], rel=1e-9)
    fixed = explore(catalog, findings, Asked(design="rct", method="CE")).pools[0].pool
    assert all(math.isnan(one) for one in h2_interval(fixed))


def test_funnel_needs_ten_studies(shipped) -> None:
    catalog, findings = shipped
    pool = explore(catalog, findings, Asked(design="rct")).pools[0].pool
    found = funnel_of(pool)
    assert found.points == ()
    assert found.too_few == f"too few studies: {pool.meta.k} of 10"


def test_shift_has_both_readings_of_the_same_pool(shipped) -> None:
    catalog, findings = shipped
    pool = explore(catalog, findings, Asked(design="rct")).pools[0].pool
    found = shift_of(catalog, findings, pool)
    assert found.pooled.printed == pool.as_printed.mu
    assert found.pooled.supported == pool.meta.mu
    printed = {
        s.study_id: s
        for s in pool_question(
            catalog,
            pool.question.question_id,
            design="rct",
            studies=[s.study_id for s in pool.studies],
            reports=[f"{s.study_id}={s.report_id}" for s in pool.studies],
            as_printed=True,
            findings=findings,
        ).studies
    }
    for row in found.rows:
        assert row.printed == printed[row.study_id].effect.estimate(95)
    moved = [row.label for row in found.rows if row.moves]
    assert moved
    assert len(moved) == len(pool.differs)
    naive = explore(catalog, findings, Asked(design="rct", as_printed=True)).pools[0].pool
    assert shift_of(catalog, findings, naive) is None


def test_worlds_are_there_where_a_reading_is_in_doubt(shipped) -> None:
    catalog, findings = shipped
    found = explore(catalog, findings, Asked())
    worlds = {p.key.rpartition("/")[2]: pool_worlds(catalog, findings, p.pool) for p in found.pools}
    main, pooled = worlds["rct"].main.mu, found.pools[0].pool.meta.mu
    assert main.natural == pytest.approx(pooled.natural, rel=1e-12)
    assert worlds["observational"] is None


@pytest.mark.parametrize("by", ["study", "year", "patients", "effect", "weight", "findings"])
@pytest.mark.parametrize("down", [False, True])
def test_study_table_sorts_and_keeps_every_study(shipped, by, down) -> None:
    catalog, findings = shipped
    found = explore(catalog, findings, Asked())
    lines = study_lines(catalog, findings, found, by=by, down=down)
    ids = {
        s.study_id
        for s in catalog.studies.values()
        if s.question_id == found.question.question_id and not s.version_of
    }
    assert {line.study_id for line in lines} == ids
    assert len(lines) == len(ids)
    values = {
        "study": [line.label.casefold() for line in lines],
        "effect": [line.estimate and line.estimate.estimate for line in lines],
        "findings": [
            line.worst
            and (["blocking", "serious", "minor", "note"].index(line.worst), -line.findings)
            for line in lines
        ],
    }.get(by) or [getattr(line, by) for line in lines]
    known = [one for one in values if one is not None]
    assert values[: len(known)] == known
    assert known == sorted(known, reverse=down)
    rows = table_rows(lines)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == len(lines) + 1

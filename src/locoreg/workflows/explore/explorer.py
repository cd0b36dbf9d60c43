"""One choice of the evidence: its pools, designs apart, with what stays out and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from locoreg.core.errors import DataError, NothingToPoolError, did_you_mean
from locoreg.core.findings import Finding
from locoreg.evidence.doubts import alternatives
from locoreg.evidence.lines import Exclusion, PooledStudy
from locoreg.evidence.multiverse import Multiverse, multiverse
from locoreg.evidence.pooling import EvidencePool
from locoreg.evidence.records import Catalog, Claim, Outcome, Question
from locoreg.evidence.selection import DESIGN_GROUPS, DESIGN_LABELS, design_members
from locoreg.workflows.answers import answer
from locoreg.workflows.evidence import POOLED_DESIGNS, pool_question
from locoreg.workflows.explore.asked import BOTH, Asked
from locoreg.workflows.explore.choices import (
    Choices,
    choices_for,
    question_studies,
    subgroup_words,
    value_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploredPool:
    """The pool of one design group.

    Attributes
    ----------
    key : str
        ``evidence/QUESTION/OUTCOME/DESIGN``.
    pool : EvidencePool
    answer : str
        What it says, in plain words.
    left_out : tuple of Exclusion
        Studies that the filters take out, and why.
    """

    key: str
    pool: EvidencePool
    answer: str
    left_out: tuple[Exclusion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What a choice of the evidence gives.

    Attributes
    ----------
    question : Question
    outcome : Outcome
    choices : Choices
        What can be asked about the question.
    pools : tuple of ExploredPool
        One per design group with a usable number.
    empty : tuple of (str, str)
        Design groups without one, and why.
    recorded : tuple of Claim
        Rows on the outcome where nothing is pooled: shown as they are printed.
    """

    question: Question
    outcome: Outcome
    choices: Choices
    pools: tuple[ExploredPool, ...]
    empty: tuple[tuple[str, str], ...]
    recorded: tuple[Claim, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the pools as JSON-ready values."""
        return {
            "question": self.question.question_id,
            "title": self.question.title,
            "outcome": self.outcome.outcome_id,
            "pools": [
                {
                    "key": p.key,
                    "answer": p.answer,
                    "pool": p.pool.to_dict(),
                    "left_out": [
                        {"study_id": e.study_id, "label": e.label, "reason": e.reason}
                        for e in p.left_out
                    ],
                }
                for p in self.pools
            ],
            "empty": [{"design": design, "reason": reason} for design, reason in self.empty],
        }


def explore(catalog: Catalog, findings: Iterable[Finding], asked: Asked) -> Explored:
    """Pool what is asked for, each design group by itself.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    findings : iterable of Finding
        The audit's findings on them.
    asked : Asked
        The choice.

    Returns
    -------
    Explored
        Pools, and reasons where there is none.

    Raises
    ------
    DataError
        If a name is none of the tables'.
    """
    found = tuple(findings)
    question = catalog.question(asked.question or next(iter(catalog.questions)))
    outcome = _outcome(catalog, asked.outcome or question.outcomes[0])
    choices = choices_for(catalog, question.question_id)
    missing = _not_offered(catalog, asked, choices)
    groups = POOLED_DESIGNS if asked.design == BOTH else (asked.design,)
    pools: list[ExploredPool] = []
    empty: list[tuple[str, str]] = []
    for group in groups:
        if missing:
            empty.append((group, f"{DESIGN_LABELS[group]}: {missing}."))
            continue
        try:
            pools.append(_group(catalog, found, asked, question, outcome, group))
        except NothingToPoolError as error:
            empty.append((group, error.message))
    return Explored(
        question=question,
        outcome=outcome,
        choices=choices,
        pools=tuple(pools),
        empty=tuple(empty),
        recorded=() if pools or missing else _recorded(catalog, asked, question, outcome),
    )


def pool_worlds(
    catalog: Catalog, findings: Iterable[Finding], pool: EvidencePool
) -> Multiverse | None:
    """Return a pool under each admissible reading of its inputs; None where none is in doubt."""
    doubts = alternatives(catalog, pool, findings)
    if all(len(one.options) < 2 for one in doubts):
        return None
    return multiverse(
        doubts,
        method=pool.meta.method,
        interval=pool.meta.interval,
        level=pool.meta.mu.level,
        scale=pool.meta.mu.scale,
    )


def _outcome(catalog: Catalog, given: str) -> Outcome:
    key = str(catalog.outcome_id(given))
    if key not in catalog.outcomes:
        raise DataError(
            f"there is no outcome {given!r}.", hint=did_you_mean(given, catalog.outcomes)
        )
    return catalog.outcomes[key]


def _not_offered(catalog: Catalog, asked: Asked, choices: Choices) -> str:
    """Return which choices no study of the question has; refuse those that none at all has."""
    if asked.design != BOTH:
        design_members(asked.design)
    missing = []
    for name, given, known in (
        ("column to split by", asked.split, "splits"),
        ("time of randomisation", asked.timing, "timings"),
        ("state of disease", asked.disease, "diseases"),
        ("limit of lesions", asked.limit, "limits"),
        ("subgroup of patients", asked.subgroup, "subgroups"),
    ):
        if not given or given in _values(choices, known):
            continue
        everywhere = {
            value
            for question in catalog.questions
            for value in _values(choices_for(catalog, question), known)
        }
        if given not in everywhere:
            raise DataError(
                f"no study has the {name} {given!r}.",
                hint=did_you_mean(given, everywhere) or "choose one of those that are offered.",
            )
        missing.append(
            f"all studies of this question share one {given.replace('_', ' ')}"
            if known == "splits"
            else f"no study of this question has the {name} {subgroup_words(given)!r}"
        )
    return "; ".join(missing)


def _values(choices: Choices, name: str) -> tuple[str, ...]:
    return tuple(one.value for one in getattr(choices, name))


def _group(
    catalog: Catalog,
    findings: tuple[Finding, ...],
    asked: Asked,
    question: Question,
    outcome: Outcome,
    group: str,
) -> ExploredPool:
    left_out = _filtered(catalog, asked, question, group)
    stay = _stay(catalog, question, group, left_out)
    pool = _pool(catalog, findings, asked, question, outcome, group, stay)
    further = tuple(e for s in pool.studies if (e := _number_left_out(catalog, asked, s)))
    if further:
        left_out = (*left_out, *further)
        stay = _stay(catalog, question, group, left_out)
        pool = _pool(catalog, findings, asked, question, outcome, group, stay)
    key = "/".join(("evidence", question.question_id, outcome.outcome_id, group))
    return ExploredPool(key=key, pool=pool, answer=answer(pool), left_out=left_out)


def _stay(
    catalog: Catalog, question: Question, group: str, left_out: tuple[Exclusion, ...]
) -> tuple[str, ...]:
    """Return the studies named for the pool; none where no filter took any out."""
    if not left_out:
        return ()
    gone = {e.study_id for e in left_out}
    members = design_members(group)
    stay = tuple(
        s.study_id
        for s in question_studies(catalog, question.question_id)
        if s.design in members and s.study_id not in gone
    )
    if not stay:
        label = DESIGN_LABELS.get(group, group)
        reasons = "; ".join(f"{e.label}: {e.reason}" for e in left_out)
        raise NothingToPoolError(f"{label}: the filters leave no study ({reasons}).")
    return stay


def _pool(
    catalog: Catalog,
    findings: tuple[Finding, ...],
    asked: Asked,
    question: Question,
    outcome: Outcome,
    group: str,
    studies: tuple[str, ...],
) -> EvidencePool:
    pool = pool_question(
        catalog,
        question.question_id,
        design=group,
        outcome=outcome.outcome_id,
        subgroup=asked.subgroup,
        studies=studies,
        as_printed=asked.as_printed,
        include_memory=asked.include_memory,
        method=asked.method,
        interval=asked.interval,
        level=asked.level,
        subgroups_by=asked.split,
        findings=findings,
    )
    assert isinstance(pool, EvidencePool)
    return pool


def _filtered(
    catalog: Catalog, asked: Asked, question: Question, group: str
) -> tuple[Exclusion, ...]:
    """Return the studies whose own record does not fit the filters."""
    wanted = (
        ("randomisation_timing", asked.timing, "randomisation"),
        ("disease_state", asked.disease, "state of disease"),
        ("lesion_limit", asked.limit, "limit of lesions"),
    )
    members = design_members(group)
    found = []
    for study in question_studies(catalog, question.question_id):
        if study.design not in members:
            continue
        wrong = [
            f"{name} is {value_of(study, column)}"
            for column, value, name in wanted
            if value and value_of(study, column) != value
        ]
        if wrong:
            found.append(
                Exclusion(
                    study_id=study.study_id,
                    label=study.label,
                    kind="not pooled",
                    reason=f"filtered out: {', '.join(wrong)}",
                )
            )
    return tuple(found)


def _number_left_out(catalog: Catalog, asked: Asked, study: PooledStudy) -> Exclusion | None:
    """Return why the number that a study brings does not fit the filters."""
    reasons = []
    if asked.hide_blocking and any(f.severity == "blocking" for f in study.findings):
        rules = ", ".join(dict.fromkeys(f.rule for f in study.findings if f.severity == "blocking"))
        reasons.append(f"has a blocking finding ({rules})")
    if asked.adjustment:
        stated = adjustment_of(catalog, study.claim_ids)
        if bool(stated) != (asked.adjustment == "adjusted"):
            reasons.append(
                f"its number is stated to be {stated}"
                if stated
                else "its number is not stated to be adjusted"
            )
    if not reasons:
        return None
    return Exclusion(
        study_id=study.study_id,
        label=study.label,
        kind="not pooled",
        reason=f"filtered out: {', '.join(reasons)}",
    )


def adjustment_of(catalog: Catalog, claim_ids: Iterable[str]) -> str:
    """Return what the rows used say on adjustment; empty where they say nothing."""
    stated = (catalog.claims[i].adjusted for i in claim_ids if i in catalog.claims)
    return ", ".join(dict.fromkeys(one for one in stated if one and one != "no"))


def _recorded(
    catalog: Catalog, asked: Asked, question: Question, outcome: Outcome
) -> tuple[Claim, ...]:
    members = None if asked.design == BOTH else design_members(asked.design)
    return tuple(
        claim
        for study in catalog.studies.values()
        if study.question_id == question.question_id
        and not study.version_of
        and study.design not in DESIGN_GROUPS["pooled"]
        and (members is None or study.design in members)
        for claim in catalog.claims_of(study.study_id)
        if catalog.outcome_id(claim.outcome) == outcome.outcome_id
        and (not asked.subgroup or claim.subgroup == asked.subgroup)
    )

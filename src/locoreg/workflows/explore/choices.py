"""What the evidence tables hold, so that nothing else is offered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from locoreg.core.numbertext import plural
from locoreg.evidence.comparisons import ALL_PATIENTS
from locoreg.evidence.records import Catalog, Claim, Question, Study
from locoreg.evidence.selection import DESIGN_GROUPS, DESIGN_LABELS

POOLED = (*DESIGN_GROUPS["rct"], *DESIGN_GROUPS["observational"])
# Columns of the studies table by which a question's studies may be told apart.
FILTERS = ("randomisation_timing", "disease_state", "lesion_limit")
SPLITS = ("design", "randomisation_timing", "disease_state", "lesion_limit", "region", "setting")
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value that can be chosen.

    Attributes
    ----------
    value, label : str
        What is sent, and what is read.
    """

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """A combination for which the tables hold results of comparisons.

    Attributes
    ----------
    outcome, subgroup, design : str
        Ids; the subgroup is empty for all patients, the design a group.
    label : str
        In words, with the number of studies.
    """

    outcome: str
    subgroup: str
    design: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be asked about one question.

    Attributes
    ----------
    questions, outcomes, designs, subgroups, timings, diseases, limits, splits : tuple of Choice
        Values that occur among its studies.
    available : tuple of Available
        Combinations with results.
    """

    questions: tuple[Choice, ...]
    outcomes: tuple[Choice, ...]
    designs: tuple[Choice, ...]
    subgroups: tuple[Choice, ...]
    timings: tuple[Choice, ...]
    diseases: tuple[Choice, ...]
    limits: tuple[Choice, ...]
    splits: tuple[Choice, ...]
    available: tuple[Available, ...]


def choices_for(catalog: Catalog, question_id: str) -> Choices:
    """Return what can be asked about a question.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    question_id : str
        The question.

    Returns
    -------
    Choices
        Only values that occur.
    """
    question = catalog.question(question_id)
    studies = question_studies(catalog, question_id)
    rows = [c for s in studies for c in catalog.claims_of(s.study_id)]
    return Choices(
        questions=tuple(Choice(value=q, label=r.title) for q, r in catalog.questions.items()),
        outcomes=_outcomes(catalog, question, rows),
        designs=_designs(studies),
        subgroups=_subgroups(rows),
        timings=_values(studies, "randomisation_timing"),
        diseases=_values(studies, "disease_state"),
        limits=_values(studies, "lesion_limit"),
        splits=tuple(
            Choice(value=column, label=column.replace("_", " "))
            for column in SPLITS
            if len({value_of(s, column) for s in studies}) > 1
        ),
        available=_available(catalog, studies),
    )


def question_studies(catalog: Catalog, question_id: str) -> tuple[Study, ...]:
    """Return the comparisons of a question: no published pools, protocols or single arms."""
    return tuple(
        s
        for s in catalog.studies.values()
        if s.question_id == question_id and s.design in POOLED and not s.version_of
    )


def value_of(study: Study, column: str) -> str:
    """Return a column of a study; ``not stated`` where it is empty."""
    return str(getattr(study, column) or NOT_STATED)


def subgroup_words(subgroup: str) -> str:
    """Return ``metastasis number: single`` for ``metastasis number=single``."""
    return subgroup.replace("=", ": ") if subgroup else "all patients"


def has_result(claim: Claim) -> bool:
    """Whether a row prints an effect or a statistic of the arms."""
    return claim.kind == "effect" or (claim.kind == "arms" and claim.statistic is not None)


def _outcomes(catalog: Catalog, question: Question, rows: Iterable[Claim]) -> tuple[Choice, ...]:
    found = {catalog.outcome_id(c.outcome) for c in rows if c.outcome}
    asked = [o for o in question.outcomes if o in catalog.outcomes]
    others = [o for o in catalog.outcomes if o in found and o not in asked]
    return tuple(Choice(value=o, label=catalog.outcomes[o].label) for o in (*asked, *others))


def _designs(studies: tuple[Study, ...]) -> tuple[Choice, ...]:
    present = {s.design for s in studies}
    found = [g for g in ("rct", "observational") if present & set(DESIGN_GROUPS[g])]
    found += [d for d in DESIGN_GROUPS["observational"] if d in present and len(present) > 1]
    return tuple(Choice(value=d, label=DESIGN_LABELS[d]) for d in found)


def _subgroups(rows: Iterable[Claim]) -> tuple[Choice, ...]:
    names = sorted({c.subgroup for c in rows if c.subgroup and has_result(c)})
    return tuple(Choice(value=name, label=subgroup_words(name)) for name in names)


def _values(studies: tuple[Study, ...], column: str) -> tuple[Choice, ...]:
    found = sorted({value_of(s, column) for s in studies})
    if len(found) < 2:
        return ()
    return tuple(Choice(value=value, label=value) for value in found)


def _available(catalog: Catalog, studies: tuple[Study, ...]) -> tuple[Available, ...]:
    groups = {member: g for g in ("rct", "observational") for member in DESIGN_GROUPS[g]}
    counted: dict[tuple[str, str, str], set[str]] = {}
    for study in studies:
        for claim in catalog.claims_of(study.study_id):
            outcome = catalog.outcome_id(claim.outcome)
            if outcome in catalog.outcomes and has_result(claim):
                key = (str(outcome), claim.subgroup or ALL_PATIENTS, groups[study.design])
                counted.setdefault(key, set()).add(study.study_id)
    order = list(catalog.outcomes)
    return tuple(
        Available(
            outcome=outcome,
            subgroup=subgroup,
            design=design,
            label=(
                f"{catalog.outcomes[outcome].label}, {subgroup_words(subgroup)}, "
                f"{DESIGN_LABELS[design].lower()} ({plural(len(ids), 'study', 'studies')})"
            ),
        )
        for (outcome, subgroup, design), ids in sorted(
            counted.items(), key=lambda item: (order.index(item[0][0]), item[0][1:])
        )
    )

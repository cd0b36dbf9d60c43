"""Findings of the written rules by which a registry's rows become persons at time zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from locoreg.core.findings import Finding, Severity
from locoreg.emulation.cohort.registry.followup import Ends, Entries
from locoreg.emulation.cohort.registry.notes import finding
from locoreg.emulation.cohort.registry.outcomes import Outcomes
from locoreg.emulation.cohort.registry.timezero import Begin
from locoreg.emulation.cohort.registry.treatment import Treatments
from locoreg.stats.survivaldata import BoolArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What was read of the persons with a time zero.

    Attributes
    ----------
    begin : Begin
        Persons.
    ends : Ends
        Ends of follow-up.
    entries : Entries
        Late entries.
    treatments : Treatments
        Treatments.
    outcomes : Outcomes
        The outcome.
    """

    begin: Begin
    ends: Ends
    entries: Entries
    treatments: Treatments
    outcomes: Outcomes


def rule_findings(facts: Facts, members: BoolArray, source: str) -> tuple[Finding, ...]:
    """Return how many persons each written rule applied to.

    Parameters
    ----------
    facts : Facts
        What was read.
    members : ndarray of bool, shape (n,)
        Who is in the cohort.
    source : str
        Where the data come from.

    Returns
    -------
    tuple of Finding
        Only rules that applied to somebody.
    """
    out = [
        finding(rule, message, n=n, source=source, severity=severity, changes=changes)
        for rule, severity, message, changes, n in _counts(facts, members)
        if n
    ]
    return (*out, *facts.outcomes.notes(members, source))


def _counts(facts: Facts, members: BoolArray) -> Iterator[tuple[str, Severity, str, str, int]]:
    study, end, given = facts.begin.study, facts.ends, facts.treatments
    zero = study.zero

    def n(marked: BoolArray) -> int:
        return int((marked & members).sum())

    yield (
        "patients-not-in-patient-table",
        "minor",
        "{n} patients of other tables are not in the patient table: left out.",
        "They can't be followed.",
        facts.begin.strangers,
    )
    yield (
        "time-zero-imprecise",
        "note",
        "time zero of {n} persons is known to the month or year; its middle stands for it.",
        "Times are off by up to half of that.",
        n(zero.first != zero.last),
    )
    yield (
        "treatment-order-open",
        "minor",
        "for {n} persons precision leaves open whether treatment came before time zero; it counts "
        "as on time zero or after it.",
        "Treated before, they would not be eligible.",
        n(given.order_open & np.isfinite(given.day)),
    )
    yield (
        "end-order-open",
        "minor",
        "for {n} persons precision leaves open whether death or last contact came before time "
        "zero; it counts as on time zero or after it.",
        "Before it, they would not be eligible.",
        n(end.order_open),
    )
    yield (
        "treatment-or-end-first-open",
        "minor",
        "for {n} persons precision leaves open whether treatment or the end of follow-up came "
        "first; they count as treated before it.",
        "Events of the treated strategy.",
        n(
            given.when.possibly_by(end.seen_until)
            & (given.when.last > end.seen_until.first)
            & (given.when.first != end.seen_until.first)
        ),
    )
    yield from _treatment_counts(facts, members)
    yield from _follow_up_counts(facts, members)


def _treatment_counts(
    facts: Facts, members: BoolArray
) -> Iterator[tuple[str, Severity, str, str, int]]:
    end, given = facts.ends, facts.treatments

    def n(marked: BoolArray) -> int:
        return int((marked & members).sum())

    yield (
        "treatment-after-death-or-contact",
        "serious",
        "{n} persons have a treatment after death or last contact: an error in the data; they "
        "count as not treated.",
        "Correct the dates.",
        n(end.seen_until.before(given.when)),
    )
    yield (
        "treatment-perhaps",
        "minor",
        "{n} persons have a local therapy of which it is not recorded whether it is the one that "
        "is meant; they count as not treated by it.",
        "If it is meant, treated persons stand in the comparator arm.",
        n(given.perhaps),
    )


def _follow_up_counts(
    facts: Facts, members: BoolArray
) -> Iterator[tuple[str, Severity, str, str, int]]:
    end, entry = facts.ends, facts.entries
    zero = facts.begin.study.zero

    def n(marked: BoolArray) -> int:
        return int((marked & members).sum())

    for rule, words, marked in (
        ("vital-status-unknown", "the vital status", end.status_unknown),
        ("death-without-date", "the day of death", end.death_undated),
        ("end-without-date", "death and last contact", end.end_unknown),
    ):
        yield (
            rule,
            "minor",
            f"{words} of {{n}} persons with a time zero is not recorded: left out.",
            "They can't be followed.",
            int(marked.sum()),
        )
    yield (
        "no-day-of-follow-up",
        "note",
        "follow-up of {n} persons ends on the day of time zero; it counts as half a day.",
        "Nothing else.",
        n(facts.outcomes.day == zero.day),
    )
    yield (
        "entry-unknown",
        "note",
        "of {n} persons it is not recorded when they came under observation; they count as "
        "observed from time zero.",
        "If they came later, survival is too long.",
        n(entry.unknown),
    )
    yield (
        "entry-order-open",
        "note",
        "for {n} persons precision leaves open whether they came under observation after time "
        "zero; they count as observed from it.",
        "If they came later, survival is too long.",
        n(entry.order_open),
    )
    if np.isinf(end.study_end):
        yield (
            "end-of-study-unknown",
            "note",
            "follow-up goes on to each person's last contact, and no end of the study is stated: "
            "{n} persons who are censored count as followed to its end, none as lost.",
            "Loss to follow-up that depends on how a person is is not adjusted for.",
            n(facts.outcomes.event == 0),
        )

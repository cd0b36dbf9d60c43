"""The records of the evidence tables: one dataclass per table, one field per column.

The meaning of each field is the description in ``data/dictionary.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.findings import Location
from locoreg.core.tables import Row

T = TypeVar("T")


def half_unit(text: str) -> float:
    """Return half of the last printed digit of a number: 0.005 for ``0.81``.

    Parameters
    ----------
    text : str
        The number as printed, plain or with an exponent.

    Returns
    -------
    float
        0.5 for whole numbers and for empty text.
    """
    digits, _, exponent = text.lower().partition("e")
    decimals = len(digits.partition(".")[2])
    return float(0.5 * 10.0 ** (int(exponent or 0) - decimals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A clinical question: what is compared in whom, and how results are shown."""

    question_id: str
    title: str
    population: str
    intervention: str
    comparator: str
    outcomes: tuple[str, ...] = ()
    measure: str
    reference_arm: str
    level: float
    favours_intervention: str
    favours_control: str
    note: str | None = None
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An outcome and the event that it counts."""

    outcome_id: str
    label: str
    event: str
    event_is: str
    aliases: tuple[str, ...] = ()
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One trial, cohort or published pool."""

    study_id: str
    label: str
    question_id: str | None = None
    design: str
    design_detail: str | None = None
    version_of: str | None = None
    setting: str | None = None
    disease_state: str | None = None
    population: str | None = None
    intervention: str | None = None
    comparator: str | None = None
    randomisation_timing: str | None = None
    induction_months: str | None = None
    time_zero: str | None = None
    primary_endpoint: str | None = None
    primary_landmark_months: float | None = None
    alpha: float | None = None
    lesion_limit: str | None = None
    indirectness: str | None = None
    region: str | None = None
    period: str | None = None
    registry_id: str | None = None
    registry_id_status: str | None = None
    cohort: str | None = None
    stopped_early: str | None = None
    verification: str | None = None
    note: str | None = None
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One publication; the report of a study where ``study_id`` is set."""

    reference_id: str
    study_id: str | None = None
    number: int | None = None
    report_kind: str | None = None
    version: int | None = None
    authors: str | None = None
    title: str
    journal: str | None = None
    year: int | None = None
    locator: str | None = None
    doi_printed: str | None = None
    doi: str | None = None
    doi_status: str | None = None
    verification: str | None = None
    note: str | None = None
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One printed passage with its numbers."""

    claim_id: str
    study_id: str
    report_id: str | None = None
    source_id: str | None = None
    kind: str
    outcome: str | None = None
    outcome_printed: str | None = None
    subgroup: str | None = None
    subgroup_origin: str | None = None
    population: str | None = None
    matched_set: str | None = None
    measure: str | None = None
    measure_resolved: str | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_level: float | None = None
    ci_level_source: str | None = None
    se: float | None = None
    variance: float | None = None
    reference_arm: str | None = None
    adjusted: str | None = None
    o_minus_e: float | None = None
    logrank_v: float | None = None
    p_op: str | None = None
    p_value: float | None = None
    p_sided: str | None = None
    p_tests: str | None = None
    n: int | None = None
    events: int | None = None
    n_intervention: int | None = None
    n_control: int | None = None
    events_intervention: int | None = None
    events_control: int | None = None
    statistic: str | None = None
    value: float | str | None = None
    value_intervention: float | str | None = None
    value_control: float | str | None = None
    low_intervention: float | str | None = None
    high_intervention: float | str | None = None
    low_control: float | str | None = None
    high_control: float | str | None = None
    value_level: float | None = None
    unit: str | None = None
    landmark_months: float | None = None
    value_text: str | None = None
    k_studies: int | None = None
    heterogeneity_i2: float | None = None
    section: str | None = None
    location_text: str | None = None
    line: int | None = None
    column_header: str | None = None
    verbatim: str | None = None
    verification: str | None = None
    supersedes: str | None = None
    reason: str | None = None
    note: str | None = None
    row: Row

    def location(self, column: str | None = None) -> Location:
        """Return where a cell of this row stands, and where it was printed."""
        place = [self.source_id or self.report_id or self.study_id, self.location_text]
        if self.line is not None:
            place.append(f"line {self.line}")
        return Location(
            file=self.row.file,
            row=self.row.number,
            column=column,
            printed=self.verbatim or (self.row.printed.get(column) if column else None),
            source=", ".join(part for part in place if part),
        )

    def half_unit(self, column: str) -> float:
        """Return half of the last printed digit of a cell: 0.005 for ``0.81``."""
        return half_unit(self.row.printed.get(column, ""))

    @property
    def resolved_measure(self) -> str | None:
        """The measure after the curators' reading."""
        return self.measure_resolved or self.measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A published pooled number and what went into it."""

    pool_id: str
    claim_id: str
    inputs: tuple[str, ...] = ()
    inputs_source: str
    method_stated: str | None = None
    note: str | None = None
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A printed statement without a pooled number."""

    statement_id: str
    kind: str
    topic: str | None = None
    statement: str
    study_id: str | None = None
    reference_numbers: tuple[str, ...] = ()
    setting: str | None = None
    population: str | None = None
    direction: str | None = None
    adjusted: str | None = None
    use: str | None = None
    numbers: str | None = None
    source_id: str | None = None
    line: int | None = None
    doi: str | None = None
    verification: str
    note: str | None = None
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The evidence tables.

    Attributes
    ----------
    questions, outcomes, studies, references, claims, pools, statements : mapping
        Records by id, in the order of the tables.
    source : str
        Where the tables were read: a folder, or ``shipped``.
    sha256 : str
        Hash of the tables.
    """

    questions: Mapping[str, Question]
    outcomes: Mapping[str, Outcome]
    studies: Mapping[str, Study]
    references: Mapping[str, Reference]
    claims: Mapping[str, Claim]
    pools: Mapping[str, Pool]
    statements: Mapping[str, Statement]
    source: str
    sha256: str

    def study(self, study_id: str) -> Study:
        """Return a study, or raise a DataError that names the nearest ids."""
        return _look_up(self.studies, study_id, "study")

    def question(self, question_id: str) -> Question:
        """Return a question, or raise a DataError that names the known ones."""
        return _look_up(self.questions, question_id, "question")

    def outcome_id(self, printed: str | None) -> str | None:
        """Return the outcome id for an id or an alias; the text itself if unknown."""
        if printed is None:
            return None
        folded = printed.strip().casefold()
        for outcome in self.outcomes.values():
            names = (outcome.outcome_id, outcome.label, *outcome.aliases)
            if folded in (name.casefold() for name in names):
                return outcome.outcome_id
        return printed

    def claims_of(self, study_id: str) -> tuple[Claim, ...]:
        """Return the rows of a study and of the records that are versions of it."""
        ids = {study_id} | {s.study_id for s in self.studies.values() if s.version_of == study_id}
        return tuple(c for c in self.claims.values() if c.study_id in ids)

    def reports_of(self, study_id: str) -> tuple[Reference, ...]:
        """Return the reports of a study, first version first."""
        ids = {study_id} | {s.study_id for s in self.studies.values() if s.version_of == study_id}
        found = [r for r in self.references.values() if r.study_id in ids]
        return tuple(sorted(found, key=lambda r: (r.version or 0, r.year or 0, r.reference_id)))

    def report_id(self, claim: Claim) -> str:
        """Return the report that a row belongs to; the study's id if it has no reference."""
        if claim.report_id is not None:
            return claim.report_id
        reports = self.reports_of(claim.study_id)
        return reports[0].reference_id if len(reports) == 1 else claim.study_id

    def superseded(self) -> frozenset[str]:
        """Return the ids of rows that another row corrects."""
        return frozenset(c.supersedes for c in self.claims.values() if c.supersedes)


def _look_up(table: Mapping[str, T], key: str, what: str) -> T:
    if key not in table:
        raise DataError(f"there is no {what} {key!r}.", hint=did_you_mean(key, table))
    return table[key]

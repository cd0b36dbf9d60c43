"""Whom the randomised trials took: criteria, and whether a patient fulfils them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from locoreg.core.tables import Row
from locoreg.evidence.catalog import SHIPPED
from locoreg.evidence.extratables import read_extra

Status = Literal["met", "not met", "unknown"]
Answer = float | str | None
NUMBERS = ("age", "ecog", "metastases", "systemic_months")
# What decides in most trials; a trial without a criterion on one of these has none on record here.
USUAL = {
    "age": "age",
    "sex": "sex",
    "ecog": "ECOG performance status",
    "disease": "metastases at the first diagnosis or later",
    "primary": "primary tumour in place",
    "metastases": "number of metastases",
    "brain": "brain metastases",
    "symptoms": "symptoms of the breast",
    "systemic": "systemic therapy so far",
    "response": "response to systemic therapy",
}
# One criterion may speak of what another variable is about.
ABOUT = {"systemic_months": "systemic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One criterion of a trial, with where it was read.

    Attributes
    ----------
    criterion_id, study_id : str
        Keys.
    kind : str
        ``inclusion``, or ``exclusion``: who has it was not taken.
    criterion : str
        In words.
    variable, operator : str or None
        What decides. A variable without an operator is what the criterion is about, though no
        answer of a form decides it; no variable where no form asks for anything like it.
    values : tuple of str
        The limit, or the values that fulfil it.
    source, address, location, verbatim, verification : str
        Where it was read, the printed words, how far it was checked.
    note : str or None
        Remark.
    """

    criterion_id: str
    study_id: str
    kind: str
    criterion: str
    variable: str | None = None
    operator: str | None = None
    values: tuple[str, ...] = ()
    source: str
    address: str
    location: str
    verbatim: str
    verification: str
    note: str | None = None

    @property
    def decides(self) -> bool:
        """Whether it takes part in a verdict: not if from memory, nor if no answer decides it."""
        return self.operator is not None and self.verification != "memory"

    @property
    def about(self) -> str | None:
        """What it is about, as a key of `USUAL`."""
        return None if self.variable is None else ABOUT.get(self.variable, self.variable)

    def status(self, answers: Mapping[str, Answer]) -> Status:
        """Return whether a patient meets it, in three values.

        Parameters
        ----------
        answers : mapping of str to float, str or None
            By variable; absent or None is unknown.

        Returns
        -------
        {"met", "not met", "unknown"}
            For an exclusion ``met`` means that the patient does not have it.
        """
        answer = None if self.variable is None else answers.get(self.variable)
        if answer is None or self.operator is None:
            return "unknown"
        holds = self._holds(answer)
        return "met" if holds == (self.kind == "inclusion") else "not met"

    def _holds(self, answer: float | str) -> bool:
        if self.operator == "one_of":
            return str(answer) in self.values
        limit = float(self.values[0])
        return float(answer) >= limit if self.operator == "at_least" else float(answer) <= limit


def load_eligibility(
    folders: Sequence[str | Path] = (SHIPPED,),
) -> tuple[tuple[Criterion, ...], str]:
    """Read the criteria of trials.

    Parameters
    ----------
    folders : sequence of str or Path
        ``shipped``, or folders that hold ``eligibility.csv``; one without it is passed over.

    Returns
    -------
    criteria : tuple of Criterion
        In the order of the tables.
    sha256 : str
        Hash of the files.

    Raises
    ------
    DataError
        Listing every fault by file, row and column.
    """
    return read_extra("eligibility", "criterion_id", folders, _criterion, _check)


def _criterion(row: Row) -> Criterion:
    return Criterion(**{k: v for k, v in row.values.items() if v is not None})  # type: ignore[arg-type]


def _check(row: Row) -> tuple[str, str] | None:
    variable, operator = row.values["variable"], row.values["operator"]
    values = row.values["values"] or ()
    assert isinstance(values, tuple)
    if variable is None:
        if operator is not None or values:
            return "variable", "is empty, but there is an operator or a value"
        return None
    if operator is None and not values:
        return None
    if operator is None or not values:
        return "operator", f"the variable {variable} needs an operator and values, or neither"
    ranged = operator in ("at_least", "at_most")
    if ranged != (variable in NUMBERS):
        return "operator", f"{operator} does not go with {variable}"
    if ranged and not (len(values) == 1 and _finite(values[0])):
        return "values", f"{operator} needs one number"
    return None


def _finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False

"""What is true in a synthetic registry, for the persons of a cohort."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from locoreg.emulation.cohort import Cohort
from locoreg.emulation.question import Question
from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.synthetic.truth.files import read_truth
from locoreg.stats.survivaldata import FloatArray

# Strategies of the synthetic registry, by grace period.
GRACES = (6.0, 12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueEffect:
    """True contrasts of a synthetic registry.

    Attributes
    ----------
    at_months : tuple of float
        Times.
    survival_difference, rmst_difference : tuple of float
        Treated strategy less comparator, from the potential outcomes of the same persons.
    log_hazard_ratio : float or None
        The hazard ratio of treatment in the model, where it is one number.
    persons : int
        Persons averaged over.
    note : str
        Whom the numbers are about.
    """

    at_months: tuple[float, ...]
    survival_difference: tuple[float, ...]
    rmst_difference: tuple[float, ...]
    log_hazard_ratio: float | None
    persons: int
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the truth as JSON-ready values."""
        return {
            "at_months": list(self.at_months),
            "survival_difference": list(self.survival_difference),
            "rmst_difference": list(self.rmst_difference),
            "log_hazard_ratio": self.log_hazard_ratio,
            "persons": self.persons,
            "note": self.note,
        }


def true_effect(folder: Path, cohort: Cohort, question: Question) -> TrueEffect | str:
    """Return what is true for the persons of a cohort.

    Parameters
    ----------
    folder : Path
        A synthetic registry; time zero must be the first metastasis, the outcome death.
    cohort : Cohort
        The persons.
    question : Question
        What is asked.

    Returns
    -------
    TrueEffect or str
        The reason, where the registry's truth does not hold the answer.
    """
    if question.grace_months not in GRACES:
        return "the truth of a synthetic registry holds grace periods of 6 and 12 months only."
    if cohort.competing or question.outcome != "death from any cause":
        return "the truth of a synthetic registry is about death from any cause only."
    patients = read_truth(folder).patients()
    place = {person: row for row, person in enumerate(cohort.person_id)}
    ids = patients.column("patient_id").to_pylist()
    # Persons who came late are in the cohort only if they lived until then.
    whole = np.ones(cohort.n, dtype=np.bool_) if cohort.entry is None else cohort.entry <= 0
    rows = np.array(
        [i for i, person in enumerate(ids) if person in place and whole[place[person]]],
        dtype=np.int64,
    )
    if rows.size == 0:
        return "no person of the cohort is in the truth of the registry."
    grace = f"{question.grace_months:g}"
    comparator = "never" if question.comparator == "never" else f"none_within_{grace}"
    arms = [
        _months(patients.column(f"death_day_{name}"), rows)
        for name in (f"within_{grace}", comparator)
    ]
    at = question.at_months
    effects = np.unique(patients.column("log_hr").to_numpy()[rows])
    late = "" if whole.all() else " who were observed from time zero"
    return TrueEffect(
        at_months=at,
        survival_difference=tuple(float((arms[0] > t).mean() - (arms[1] > t).mean()) for t in at),
        rmst_difference=tuple(
            float(np.minimum(arms[0], t).mean() - np.minimum(arms[1], t).mean()) for t in at
        ),
        log_hazard_ratio=float(effects[0]) if effects.size == 1 else None,
        persons=int(rows.size),
        note=(
            f"Potential outcomes of the {rows.size} persons of the cohort{late}, under treatment "
            "at its natural time or else at the start of the last month of the grace period."
        ),
    )


def _months(column: Any, rows: Any) -> FloatArray:
    """Return months until death, infinite for those who outlive the registry."""
    days = column.cast("float64").to_numpy(zero_copy_only=False)[rows]
    return np.asarray(np.where(np.isnan(days), np.inf, days / DAYS_PER_MONTH), dtype=np.float64)

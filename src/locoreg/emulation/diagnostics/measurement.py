"""Confounders: unknown values, and values from after the decision that they are to explain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.numbertext import plural
from locoreg.emulation.cohort import Cohort, History
from locoreg.emulation.diagnostics.thresholds import (
    HISTORY_WARN,
    MISSING_FAIL,
    MISSING_WARN,
)
from locoreg.emulation.diagnostics.verdicts import judged, noted
from locoreg.emulation.effect import Diagnostic, Verdict
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray


def missing_confounders(cohort: Cohort) -> Diagnostic:
    """Judge the share of persons with an unknown baseline confounder.

    Parameters
    ----------
    cohort : Cohort
        The persons, before values are imputed.

    Returns
    -------
    Diagnostic
        ``missing_confounders``; the variable most often unknown is named.
    """
    title = "Unknown confounders"
    columns = cohort.confounders()
    if not columns:
        return noted("missing_confounders", title, None, "there are no baseline confounders.")
    missing = np.column_stack([column.missing for column in columns])
    share = float(missing.any(axis=1).mean())
    counts = missing.sum(axis=0)
    worst = int(np.argmax(counts))
    named = f"; most often {columns[worst].name} ({counts[worst]})" if counts[worst] else ""
    return judged(
        "missing_confounders",
        title,
        share,
        warn=MISSING_WARN,
        fail=MISSING_FAIL,
        high_is_bad=True,
        message=f"{share:.1%} of persons have an unknown baseline confounder{named}.",
        advice="Impute with the outcome in the model, and shift what was imputed to see how far "
        "the result depends on it.",
    )


def late_confounders(
    cohort: Cohort, question: Question, *, measured: Mapping[str, FloatArray] | None = None
) -> tuple[Diagnostic, ...]:
    """Judge whether confounders were measured before the decision that they explain.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With the grace period.
    measured : mapping of str to ndarray of float, shape (n,), optional
        Months since time zero at which baseline confounders were measured; NaN where unknown.

    Returns
    -------
    tuple of Diagnostic
        ``late_confounder`` per variable in `measured`: fail if a value comes from after a person's
        treatment (it may be its consequence), warn if only from after time zero. For histories
        ``late_history``: treated persons whose first value comes after treatment.

    Raises
    ------
    DataError
        If times don't have one value per person.
    """
    out = []
    for name, time in (measured or {}).items():
        if time.shape != (cohort.n,):
            raise DataError(f"times of {name} have the shape {time.shape}, not ({cohort.n},).")
        cohort.column(name)
        out.append(_late_column(name, time, cohort.treatment_time))
    out += [_late_history(history, cohort, question) for history in cohort.histories]
    return tuple(out)


def _late_column(name: str, time: FloatArray, treatment: FloatArray) -> Diagnostic:
    after_treatment = int((time > treatment).sum())
    after_zero = int((time > 0.0).sum())
    verdict: Verdict = "fail" if after_treatment else "warn" if after_zero else "pass"
    count = after_treatment or after_zero
    what = "treatment" if after_treatment else "time zero"
    verb = "was" if count == 1 else "were"
    return Diagnostic(
        name="late_confounder",
        title="Confounder measured in time",
        verdict=verdict,
        value=float(count),
        threshold=0.0,
        message=f"{name}: {plural(count, 'value')} {verb} measured after {what}.",
        advice=""
        if verdict == "pass"
        else "Take the last value up to time zero; a variable that changes later belongs to the "
        "time-varying confounders.",
    )


def _late_history(history: History, cohort: Cohort, question: Question) -> Diagnostic:
    first = np.full(cohort.n, np.inf)
    # Rows ascend within a person, so that the last assignment in reverse order is the first value.
    first[history.person[::-1]] = history.time[::-1]
    treated = cohort.treatment_time <= question.grace_months
    late = treated & (first > cohort.treatment_time)
    share = float(late.sum() / treated.sum()) if treated.any() else 0.0
    none = int((first > 0.0).sum())
    return judged(
        "late_history",
        "Repeated confounder known at treatment",
        share,
        warn=HISTORY_WARN,
        fail=None,
        high_is_bad=True,
        message=f"{history.name}: {share:.1%} of those treated within the grace period have no "
        f"value up to their treatment; {plural(none, 'person')} have none up to time zero.",
        advice="They are adjusted for by having no value yet, and by nothing else: take values "
        "from before time zero too, or another variable.",
    )

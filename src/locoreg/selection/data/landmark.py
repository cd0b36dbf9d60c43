"""From the cohort of an emulation to persons at a landmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.core.numbertext import plural
from locoreg.emulation.cohort import Attrition, AttritionStep, Cohort, Column
from locoreg.emulation.cohort.columns import UNKNOWN
from locoreg.emulation.cohort.frames import named_persons
from locoreg.emulation.cohort.missing import indicator_name
from locoreg.emulation.question import Question
from locoreg.selection.data.persons import SelectionData
from locoreg.selection.data.usable import check_columns
from locoreg.selection.question import Measure, SelectionQuestion
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Times that differ by less are the same.
NEAR = 1e-9
HistoriesAt = Literal["time_zero", "landmark"]


def landmark_data(
    cohort: Cohort,
    question: Question,
    *,
    landmark_months: float,
    measure: Measure,
    histories_at: HistoriesAt,
    modifiers: Sequence[str] | None = None,
    ordered: Sequence[str] = (),
    site: str | None = None,
    clustered: bool = False,
    time_zero: str = "time zero",
) -> tuple[SelectionData, SelectionQuestion]:
    """Return the persons of a cohort who live and are followed at a landmark.

    The cohort of clone-censor-weight is no alternative: there a person is in both arms until its
    data contradict one, so that no probability of treatment given covariates exists, and the
    scores of effects by covariates need one.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        What the protocol asks. With the comparator ``never``, untreated persons are censored when
        they are treated after the landmark; with ``none_within_grace`` they are followed on.
    landmark_months : float
        The landmark. Treated are those treated up to and including it; time begins there.
    measure : {"rmst_difference", "survival_difference"}
        The effect.
    histories_at : {"time_zero", "landmark"}
        As of when covariates that change over time count. Values of the treated at the landmark
        may already come from treatment.
    modifiers : sequence of str, optional
        Covariates by which the effect may differ; by default all.
    ordered : sequence of str
        Categories coded by the rank of their levels.
    site : str, optional
        The baseline variable that names the hospital.
    clustered : bool
        Whether hospitals, not persons, are independent.
    time_zero : str
        Time zero of the cohort in words.

    Returns
    -------
    data : SelectionData
        The persons, with the landmark as time zero.
    question : SelectionQuestion
        The horizon counts from the landmark.

    Raises
    ------
    DataError
        If the end of follow-up or a covariate is infinite.
    DesignError
        If other events compete, the landmark does not lie before the horizon, or a covariate tells
        the outcome or has nearly as many levels as persons.
    """
    _check(cohort, question, landmark_months)
    # At time zero itself everybody is there, also who dies on the same day.
    alive = cohort.time > landmark_months + NEAR if landmark_months else cohort.time >= 0.0
    unseen = alive & _unseen(cohort, question, landmark_months)
    rows = np.flatnonzero(alive & ~unseen)
    attrition = _attrition(cohort, landmark_months, int(alive.sum()), int(unseen.sum()))
    covariates = _covariates(cohort, modifiers, histories_at, landmark_months)
    kept = tuple(column.take(rows) for column in covariates)
    when = cohort.treatment_time[rows]
    treated = np.asarray(when <= landmark_months + NEAR)
    time = cohort.time[rows] - landmark_months
    event = cohort.event[rows].copy()
    notes = [_cohort_note(landmark_months, histories_at, bool(cohort.histories))]
    if question.comparator == "never":
        late = ~treated & np.isfinite(when)
        time = np.where(late, np.minimum(time, when - landmark_months), time)
        event[late] = 0
        notes.append(
            f"{plural(int(late.sum()), 'person')} treated after the landmark: censored then."
        )
    persons = tuple(cohort.person_id[i] for i in rows.tolist())
    check_columns(kept, time, event, persons=persons, ordered=ordered)
    data = SelectionData(
        person_id=persons,
        time=time,
        event=event,
        treated=treated,
        covariates=kept,
        modifiers=tuple(c.name for c in kept) if modifiers is None else tuple(modifiers),
        ordered=tuple(ordered),
        entry=_entry(cohort, landmark_months, rows),
        cluster=cohort.cluster[rows] if clustered and cohort.cluster is not None else None,
        site=None if site is None else cohort.column(site).take(rows),
        negative_controls={
            name: (t[rows] - landmark_months, e[rows])
            for name, (t, e) in cohort.negative_controls.items()
        },
        attrition=attrition,
        source=cohort.source,
        synthetic=cohort.synthetic,
        notes=tuple(notes),
    )
    return data, SelectionQuestion(
        measure=measure,
        horizon_months=question.horizon_months - landmark_months,
        time_zero=f"{landmark_months:g} months after {time_zero}" if landmark_months else time_zero,
        treated_label=question.treated_label,
        comparator_label=question.comparator_label,
        outcome=question.outcome,
        level=question.level,
    )


def _unseen(cohort: Cohort, question: Question, landmark: float) -> BoolArray:
    """Return who would be censored at late treatment before the own observation begins."""
    if cohort.entry is None or question.comparator != "never":
        return np.zeros(cohort.n, dtype=np.bool_)
    when = cohort.treatment_time
    return np.asarray((when > landmark + NEAR) & (when <= cohort.entry))


def _attrition(cohort: Cohort, landmark: float, alive: int, unseen: int) -> Attrition:
    """Return the steps of the cohort with those of the landmark."""
    steps = [
        AttritionStep(
            name=f"alive and followed at {landmark:g} months",
            excluded=cohort.n - alive,
            left=alive,
            unknown=0,
        )
    ]
    if unseen:
        steps.append(
            AttritionStep(
                name="under observation before late treatment", excluded=unseen, left=alive - unseen
            )
        )
    return Attrition(
        source=cohort.attrition.source,
        started=cohort.attrition.started,
        steps=(*cohort.attrition.steps, *steps),
    )


def _check(cohort: Cohort, question: Question, landmark_months: float) -> None:
    if cohort.competing:
        raise DesignError(
            "other events compete with the outcome, which scores of effects by covariates don't "
            "handle.",
            hint="choose an outcome without competing events, such as death from any cause.",
        )
    if not 0.0 <= landmark_months < question.horizon_months:
        raise DesignError(
            f"the landmark is at {landmark_months:g} months, but the horizon is "
            f"{question.horizon_months:g}.",
            hint="choose a landmark before the horizon.",
        )
    endless = np.isinf(cohort.time)
    if endless.any():
        raise DataError(
            f"the end of follow-up is infinite for {named_persons(cohort.person_id, endless)}.",
            hint="give the time of the event or of the last contact.",
        )


def _covariates(
    cohort: Cohort, modifiers: Sequence[str] | None, at: HistoriesAt, landmark: float
) -> tuple[Column, ...]:
    """Return confounders and modifiers, unknown values as such, whatever the cohort made of them.

    A model that predicts for new patients must know which values were unknown.
    """
    marks = {indicator_name(column.name) for column in cohort.baseline}
    names = [name for name in cohort.coding.names if name not in marks]
    histories = _histories(cohort, at, landmark)
    changing = {column.name for column in histories}
    names += [name for name in modifiers or () if name not in changing]
    chosen = [cohort.column(name) for name in dict.fromkeys(names)]
    by_name = {column.name: column for column in cohort.baseline}
    return (*(_reopened(c, by_name.get(indicator_name(c.name))) for c in chosen), *histories)


def _reopened(column: Column, mark: Column | None) -> Column:
    """Return a column with NaN where it was unknown."""
    if column.kind == "category" and UNKNOWN in column.levels:
        code = column.levels.index(UNKNOWN)
        levels = tuple(level for level in column.levels if level != UNKNOWN)
        values = np.where(column.values == code, np.nan, column.values)
        values = np.where(values > code, values - 1.0, values)
        return replace(column, values=values, levels=levels)
    if mark is not None and UNKNOWN in mark.levels:
        unknown = mark.values == mark.levels.index(UNKNOWN)
        return replace(column, values=np.where(unknown, np.nan, column.values))
    return column


def _histories(cohort: Cohort, at: HistoriesAt, landmark: float) -> list[Column]:
    month = landmark if at == "landmark" else 0.0
    return [
        Column(
            name=history.name, kind=history.kind, values=history.at(month), levels=history.levels
        )
        for history in cohort.histories
        if history.name in cohort.coding.history_names and not np.isnan(history.at(month)).all()
    ]


def _cohort_note(landmark: float, at: HistoriesAt, any_history: bool) -> str:
    if landmark == 0.0:
        text = "Treated are those treated at time zero."
    else:
        text = (
            f"Persons alive and followed at {landmark:g} months; treated are those treated by "
            "then. What is found holds for them, not for those who died before."
        )
    if any_history:
        when = "the landmark" if at == "landmark" else "time zero"
        text += f" Covariates that change over time count as of {when}."
    return text


def _entry(cohort: Cohort, landmark: float, rows: np.ndarray) -> FloatArray | None:
    if cohort.entry is None:
        return None
    entry = np.maximum(cohort.entry[rows] - landmark, 0.0)
    return entry if (entry > 0).any() else None

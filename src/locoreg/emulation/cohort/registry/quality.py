"""Deterioration of quality of life: scores, baseline, the first score that is worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort.registry.dates import Span, spans
from locoreg.emulation.cohort.registry.followup import Ends
from locoreg.emulation.cohort.registry.study import (
    LOOK_BACK_MONTHS,
    Rows,
    Study,
    as_numbers,
    last_of,
    places,
)
from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.registry.quality_of_life import score_responses, shipped_instruments
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    import pyarrow as pa

    from locoreg.emulation.protocol.parts import Outcome

# A death this long after the last score came too late to compete with a deterioration that would
# have been seen: the person is censored at the score.
DEATH_AFTER_SCORE_MONTHS = 6.0
_ANSWERS = (
    "patient_id",
    "instrument",
    "version",
    "date",
    "date_precision",
    "item",
    "value",
    "missing_reason",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QualityOfLife:
    """Scores of one scale in follow-up.

    Attributes
    ----------
    measured : ndarray of bool, shape (n,)
        Who has a score at time zero, not older than 3 months.
    worse : ndarray of float, shape (n,)
        Day of the first score after time zero that is worse; infinite for none.
    until : ndarray of float, shape (n,)
        Day until which it would have been seen: death, or the last score.
    dies : ndarray of bool, shape (n,)
        Who dies then.
    cut : ndarray of bool, shape (n,)
        Whose last score is older than the end of follow-up.
    """

    measured: BoolArray
    worse: FloatArray
    until: FloatArray
    dies: BoolArray
    cut: BoolArray


def quality_of_life(study: Study, ends: Ends) -> QualityOfLife:
    """Return when quality of life became worse.

    Parameters
    ----------
    study : Study
        Persons; the outcome of their protocol names instrument, scale and points.
    ends : Ends
        Ends of follow-up.

    Returns
    -------
    QualityOfLife
        Against the last score known at time zero.

    Raises
    ------
    DataError, DesignError
        If the registry has no such scores, or the outcome lacks a part.
    """
    asked = study.protocol.outcome
    if asked is None or asked.instrument is None or asked.scale is None or asked.points is None:
        raise DesignError(
            "a deterioration of quality of life needs an instrument, a scale and points.",
            hint="write for example instrument: QLQ-C30, scale: QL, points: 10.",
        )
    rows, better = _scores(study, asked)
    score = rows.number("score")
    known = study.known(rows, months=LOOK_BACK_MONTHS)
    # Of several scores of one day the worse one counts.
    base = -better * last_of(
        known.person, study.n, -better * known.number("score"), known.when.day, known.when.first
    )
    day = rows.when.placed_after(study.zero_of(rows))
    later = (day > study.zero.day[rows.person]) & (day <= ends.day[rows.person])
    change = better * (score - base[rows.person])
    bad = later & (change <= -asked.points)
    worse = last_of(rows.person[bad], study.n, day[bad], first=True)
    last = last_of(rows.person[later], study.n, day[later])
    last = np.where(np.isnan(last), study.zero.day, last)
    dies = ends.dead & (ends.day - last <= DEATH_AFTER_SCORE_MONTHS * DAYS_PER_MONTH)
    return QualityOfLife(
        measured=~np.isnan(base),
        worse=np.asarray(np.where(np.isnan(worse), np.inf, worse)),
        until=np.asarray(np.where(dies, ends.day, last)),
        dies=dies,
        cut=~dies & (last < ends.day),
    )


def _scores(study: Study, asked: Outcome) -> tuple[Rows, int]:
    """Return the scores of the scale, and 1 where higher is better, -1 where it is worse."""
    import pyarrow as pa

    scale = asked.scale
    shipped = [i for i in shipped_instruments() if i.instrument == asked.instrument]
    directions = {name: sign for i in shipped for name, sign in i.directions().items()}
    if scale not in directions:
        raise DesignError(
            f"{asked.instrument} has no scale {scale!r}.",
            hint=f"its scales are {', '.join(sorted(directions))}.",
        )
    found = pa.concat_tables([_answered(study, asked), _stored(study, asked)])
    person = places(found.column("patient_id"), study.person_id)
    when: Span = spans(found.column("date"), found.column("date_precision"))
    rows = Rows(person=person, when=when, table=found)
    rows = rows.take((person >= 0) & when.known & ~np.isnan(as_numbers(found.column("score"))))
    if not rows.person.size:
        raise DataError(
            f"the registry holds no score of {asked.instrument} {scale} for the persons asked for.",
            hint="choose an instrument that the registry has: locoreg registry describe.",
        )
    return rows, directions[scale]


def _answered(study: Study, asked: Outcome) -> pa.Table:
    """Return scores computed from the answers."""
    import pyarrow.compute as pc

    answer = study.engine.table("qol_response")
    wanted = answer.filter(answer.instrument == asked.instrument).select(*_ANSWERS)
    scored = score_responses(study.engine.execute(wanted), instruments=(str(asked.instrument),))
    mine = scored.scores.filter(pc.equal(scored.scores.column("scale"), asked.scale))
    return mine.select(["patient_id", "date", "date_precision", "score"])


def _stored(study: Study, asked: Outcome) -> pa.Table:
    """Return scores that the source computed itself."""
    score = study.engine.table("qol_score")
    wanted = score.filter(score.instrument == asked.instrument, score.scale == asked.scale)
    return study.engine.execute(wanted.select("patient_id", "date", "date_precision", "score"))

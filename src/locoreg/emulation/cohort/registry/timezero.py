"""Time zero: when eligibility, assignment and follow-up begin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.registry.dates import Span, in_months, spans
from locoreg.emulation.cohort.registry.study import Rows, Study, any_of, last_of, places
from locoreg.registry.cohort.expression import first_metastasis
from locoreg.stats.survivaldata import BoolArray

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from locoreg.emulation.protocol import TrialProtocol
    from locoreg.registry.engines import Engine


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Begin:
    """Everybody in the registry, and who has a time zero.

    Attributes
    ----------
    study : Study
        Persons with a time zero.
    patients : int
        Persons of the patient table.
    undated : int
        Persons whose event has no date.
    strangers : int
        Persons of other tables whom the patient table lacks.
    words : str
        Time zero in words.
    """

    study: Study
    patients: int
    undated: int
    strangers: int
    words: str


def begin(engine: Engine, protocol: TrialProtocol) -> Begin:
    """Return persons with a time zero.

    Parameters
    ----------
    engine : Engine
        The registry.
    protocol : TrialProtocol
        Its ``time_zero`` says what is meant.

    Returns
    -------
    Begin
        In the order of the bytes of the pseudonyms.

    Raises
    ------
    DesignError
        If the protocol has no time zero or lacks a part of it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    asked = protocol.time_zero
    if asked is None:
        raise DesignError(
            "the protocol has no time zero, which a registry needs.",
            hint="write time_zero, follow_up and outcome.",
        )
    patient = engine.execute(engine.table("patient").select("patient_id"))
    ids = pc.unique(patient.column("patient_id"))
    ids = ids.take(pc.sort_indices(ids))
    nobody = np.full(len(ids), np.nan)
    everybody = Study(
        engine=engine, protocol=protocol, person_id=ids, zero=Span(first=nobody, last=nobody)
    )
    make, words = _EVENTS[asked.event]
    found = make(everybody)
    dated = np.flatnonzero(found.zero.known)
    study = Study(
        engine=engine,
        protocol=protocol,
        person_id=ids.take(pa.array(dated)),
        zero=found.zero.take(dated),
    )
    if asked.event == "first_metastasis":
        # Variables ask for it again.
        study.once("metastasis", lambda people: people.zero)
    return Begin(
        study=study,
        patients=len(ids),
        undated=int((found.without_date & ~found.zero.known).sum()),
        strangers=found.strangers,
        words=words(protocol),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    zero: Span
    without_date: BoolArray
    strangers: int = 0


def metastasis_of(study: Study) -> Span:
    """Return the first distant metastasis of each person; NaN for none, or none with a date."""
    return _metastases(study).zero


def _metastases(study: Study) -> _Found:
    found = study.engine.execute(first_metastasis(study.engine))
    person = places(found.column("patient_id"), study.person_id)
    mine = person >= 0
    when = spans(found.column("metastasis_date"), found.column("metastasis_date_precision"))
    out = _nobody(study.n)
    out.first[person[mine]] = when.first[mine]
    out.last[person[mine]] = when.last[mine]
    without = np.zeros(study.n, dtype=np.bool_)
    without[person[mine]] = np.isnan(when.first[mine])
    return _Found(zero=out, without_date=without, strangers=int((~mine).sum()))


def _diagnoses(study: Study) -> _Found:
    rows = study.rows("primary_tumour", date="dx_date", where=is_breast)
    return _first(study, rows)


def is_breast(tumour: ir.Table) -> ir.BooleanValue:
    """Whether a primary is one of the breast: also if its topography is not recorded."""
    return tumour.topography.startswith("C50").fill_null(True)


def _lines(study: Study) -> _Found:
    """Return the start of line k: as numbered by the registry, else by the order of starts."""
    asked = study.protocol.time_zero
    number = 0 if asked is None or asked.number is None else asked.number
    rows = study.rows("systemic_line", ("line_no",), date="start_date", where=is_metastatic)
    stated = rows.number("line_no")
    counted = np.zeros(study.n, dtype=np.bool_)
    counted[rows.person[np.isnan(stated)]] = True
    order = np.lexsort([rows.when.last, rows.when.first, rows.person])
    place = np.empty(order.size)
    person = rows.person[order]
    starts = np.flatnonzero(np.r_[True, person[1:] != person[:-1]]) if order.size else order
    length = np.diff(np.r_[starts, order.size])
    place[order] = np.arange(order.size) - np.repeat(starts, length) + 1
    mine = np.where(counted[rows.person], place == number, stated == number)
    return _first(study, rows.take(np.asarray(mine, dtype=np.bool_)))


def is_metastatic(line: ir.Table) -> ir.BooleanValue:
    """Whether a line of systemic therapy was given for metastatic disease."""
    return (line.setting == "metastatic").fill_null(False)


def _responses(study: Study) -> _Found:
    asked = study.protocol.time_zero
    if asked is None or asked.responses is None or asked.window_months is None:
        raise DesignError(
            "time zero is a response, but the protocol does not say which and when.",
            hint="give responses and window_months.",
        )
    wanted = list(asked.responses)
    rows = study.rows(
        "imaging_assessment", date="date", where=lambda t: t.response.isin(wanted).fill_null(False)
    )
    origin = _metastases(study)
    since = in_months(rows.when.day - origin.zero.day[rows.person])
    low, high = asked.window_months
    found = _first(study, rows.take((since >= low) & (since <= high)))
    without = origin.without_date | any_of(rows.person, study.n, ~rows.when.known)
    return _Found(zero=found.zero, without_date=without, strangers=origin.strangers)


def _column(study: Study) -> _Found:
    asked = study.protocol.time_zero
    if asked is None or asked.column is None:
        raise DesignError(
            "time zero is a date, but the protocol does not say which.", hint="give column."
        )
    rows = study.rows("patient", date=asked.column)
    return _first(study, rows)


def _first(study: Study, rows: Rows) -> _Found:
    """Return the earliest date of each person: by its first day, then the finer one."""
    dated = rows.take(rows.when.known)
    first, last = dated.when.first, dated.when.last
    out = Span(
        first=last_of(dated.person, study.n, first, first, last, first=True),
        last=last_of(dated.person, study.n, last, first, last, first=True),
    )
    return _Found(zero=out, without_date=any_of(rows.person, study.n, ~rows.when.known))


def _nobody(n: int) -> Span:
    return Span(first=np.full(n, np.nan), last=np.full(n, np.nan))


def _plain(words: str) -> Callable[[TrialProtocol], str]:
    return lambda protocol: words


def _of_line(protocol: TrialProtocol) -> str:
    asked = protocol.time_zero
    return f"start of metastatic line {'' if asked is None else asked.number}"


def _of_response(protocol: TrialProtocol) -> str:
    asked = protocol.time_zero
    if asked is None or asked.responses is None or asked.window_months is None:
        return "response"
    low, high = asked.window_months
    return (
        f"first {' or '.join(asked.responses)} {low:g} to {high:g} months after the first "
        "metastasis"
    )


def _of_column(protocol: TrialProtocol) -> str:
    asked = protocol.time_zero
    return f"patient.{'' if asked is None else asked.column}"


_EVENTS: dict[str, tuple[Callable[[Study], _Found], Callable[[TrialProtocol], str]]] = {
    "first_metastasis": (_metastases, _plain("first distant metastasis")),
    "diagnosis": (_diagnoses, _plain("diagnosis of the primary")),
    "systemic_line": (_lines, _of_line),
    "response": (_responses, _of_response),
    "date": (_column, _of_column),
}

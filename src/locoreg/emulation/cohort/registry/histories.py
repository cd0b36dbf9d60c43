"""Variables that change over time: from before time zero to the horizon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.cohort.columns import History
from locoreg.emulation.cohort.registry.dates import code_of
from locoreg.emulation.cohort.registry.study import LOOK_BACK_MONTHS, Rows, Study
from locoreg.emulation.cohort.registry.timezero import is_metastatic
from locoreg.emulation.cohort.registry.variables.columns import YES_NO
from locoreg.emulation.cohort.registry.variables.own import date_of, own_values, read_own
from locoreg.emulation.cohort.registry.variables.person import ECOG
from locoreg.stats.survivaldata import FloatArray

RESPONSES = ("CR", "PR", "SD", "PD", "NE")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Values:
    """Values of persons in no order; NaN where there is none."""

    rows: Rows
    values: FloatArray
    levels: tuple[str, ...]
    # How sure a value is beside another of the same day: the larger one counts.
    weight: FloatArray
    since: float


def history(study: Study, name: str) -> History:
    """Return a variable that changes over time.

    Parameters
    ----------
    study : Study
        Persons.
    name : str
        ``response``, ``ecog``, ``line``, or a variable of the protocol whose rows have dates.

    Returns
    -------
    History
        One value per person and day, up to the horizon. A date whose order against time zero is
        open counts as time zero.

    Raises
    ------
    DesignError
        If there is no such variable, or it has no dates.
    """
    own = study.protocol.variables
    if name in own and name in CHANGING:
        raise DesignError(
            f"the variable {name} of the protocol has the name of a shipped one.",
            hint="give it another name.",
        )
    if name in own:
        return _own(study, name)
    if name not in CHANGING:
        known = (*CHANGING, *own)
        raise DesignError(
            f"there is no variable over time {name!r}.",
            hint=did_you_mean(name, known) or f"allowed are {', '.join(known)}.",
        )
    return CHANGING[name].make(study, name)


def _response(study: Study, name: str) -> History:
    rows = study.rows(
        "imaging_assessment", ("response",), date="date", where=lambda t: t.response.notnull()
    )
    code = code_of(rows.word("response"), RESPONSES).astype(np.float64)
    # Of two assessments of a day the worse counts, and one that could be evaluated.
    weight = np.where(code == RESPONSES.index("NE"), -1.0, code)
    found = _Values(
        rows=rows, values=code, levels=RESPONSES, weight=weight, since=-LOOK_BACK_MONTHS
    )
    return _history(study, name, found)


def _ecog(study: Study, name: str) -> History:
    rows = study.rows("performance", ("ecog",), date="date", where=lambda p: p.ecog <= 4)
    values = rows.number("ecog")
    found = _Values(rows=rows, values=values, levels=ECOG, weight=values, since=-LOOK_BACK_MONTHS)
    return _history(study, name, found)


def _line(study: Study, name: str) -> History:
    rows = study.rows("systemic_line", date="start_date", where=is_metastatic)
    return _running(study, name, rows.take(rows.when.known), since=-np.inf)


def _own(study: Study, name: str) -> History:
    asked = study.protocol.variables[name]
    if date_of(name, asked) is None:
        raise DesignError(
            f"the variable {name} is to change over time, but its rows have no date.",
            hint="name a date, or take it as a baseline variable.",
        )
    rows = read_own(study, name, asked)
    rows = rows.take(rows.when.known)
    since = asked.window_months[0]
    if asked.take == "count":
        return _running(study, name, rows, since=since)
    if asked.take == "any":
        return _ever(study, name, rows, since=since)
    values, levels = own_values(rows, asked)
    found = _Values(rows=rows, values=values, levels=levels, weight=values, since=since)
    return _HOW[asked.take](_history(study, name, found))


def _history(study: Study, name: str, found: _Values) -> History:
    """Return values in order: one per person and day, from some months before time zero."""
    months = study.months(found.rows)
    inside = (months >= found.since) & (months <= study.protocol.horizon_months)
    inside &= ~np.isnan(found.values)
    rows = np.flatnonzero(inside)
    person, time = found.rows.person[rows], months[rows]
    order = np.lexsort([found.weight[rows], time, person])
    person, time, values = person[order], time[order], found.values[rows][order]
    last = np.ones(order.size, dtype=np.bool_)
    last[:-1] = (person[1:] != person[:-1]) | (time[1:] != time[:-1])
    return History(
        name=name,
        kind="category" if found.levels else "number",
        person=person[last],
        time=time[last],
        values=values[last],
        levels=found.levels,
        n=study.n,
    )


def _running(study: Study, name: str, rows: Rows, *, since: float) -> History:
    """Return how many rows there were by then, with 0 at the beginning for everybody."""
    months = study.months(rows)
    begin = min(since, -LOOK_BACK_MONTHS) if np.isfinite(since) else -LOOK_BACK_MONTHS
    inside = (months >= since) & (months <= study.protocol.horizon_months)
    time = np.maximum(months[inside], begin)
    person = np.r_[np.arange(study.n), rows.person[inside]]
    time = np.r_[np.full(study.n, begin), time]
    step = np.r_[np.zeros(study.n), np.ones(int(inside.sum()))]
    order = np.lexsort([time, person])
    person, time, step = person[order], time[order], step[order]
    total = np.cumsum(step)
    first = np.flatnonzero(np.r_[True, person[1:] != person[:-1]])
    base = np.repeat(total[first] - step[first], np.diff(np.r_[first, person.size]))
    last = np.ones(order.size, dtype=np.bool_)
    last[:-1] = (person[1:] != person[:-1]) | (time[1:] != time[:-1])
    return History(
        name=name,
        kind="number",
        person=person[last],
        time=time[last],
        values=(total - base)[last],
        levels=(),
        n=study.n,
    )


def _ever(study: Study, name: str, rows: Rows, *, since: float) -> History:
    """Return whether there was a row by then."""
    counted = _running(study, name, rows, since=since)
    return History(
        name=name,
        kind="category",
        person=counted.person,
        time=counted.time,
        values=np.minimum(counted.values, 1.0),
        levels=YES_NO,
        n=counted.n,
    )


def _same(found: History) -> History:
    return found


def _accumulated(found: History, largest: bool) -> History:
    values = found.values.copy()
    for k in range(1, values.size):
        if found.person[k] == found.person[k - 1]:
            pair = (values[k], values[k - 1])
            values[k] = max(pair) if largest else min(pair)
    return _with_values(found, values)


def _first(found: History) -> History:
    if not found.person.size:
        return found
    starts = np.flatnonzero(np.r_[True, found.person[1:] != found.person[:-1]])
    length = np.diff(np.r_[starts, found.person.size])
    return _with_values(found, np.repeat(found.values[starts], length))


def _with_values(found: History, values: FloatArray) -> History:
    return History(
        name=found.name,
        kind=found.kind,
        person=found.person,
        time=found.time,
        values=values,
        levels=found.levels,
        n=found.n,
    )


_HOW: dict[str, Callable[[History], History]] = {
    "last": _same,
    "first": _first,
    "max": lambda found: _accumulated(found, largest=True),
    "min": lambda found: _accumulated(found, largest=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """A shipped variable that changes over time: what it is, and how it is made."""

    words: str
    make: Callable[[Study, str], History]


CHANGING: dict[str, Changing] = {
    "response": Changing(
        words="Response at the last imaging assessment: CR, PR, SD, PD, NE.", make=_response
    ),
    "ecog": Changing(words="Last ECOG status: 0 to 4.", make=_ecog),
    "line": Changing(
        words="Lines of systemic therapy for metastatic disease begun so far.", make=_line
    ),
}


def builtin_histories() -> dict[str, str]:
    """Return the variables over time that every registry can give, and what they are.

    Returns
    -------
    dict of str to str
        By name.
    """
    return {name: changing.words for name, changing in CHANGING.items()}

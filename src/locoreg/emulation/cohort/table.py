"""The cohort from tables of one's own: one row per person, and one per visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.core.findings import Finding, Location, Severity
from locoreg.emulation.cohort.attrition import Attrition, AttritionStep
from locoreg.emulation.cohort.audit import audit_time_zero
from locoreg.emulation.cohort.columns import Column, History
from locoreg.emulation.cohort.criteria import judge
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Coding
from locoreg.emulation.cohort.frames import Table, named_persons, read_table
from locoreg.emulation.cohort.missing import apply_missing
from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from locoreg.emulation.protocol import TrialProtocol
    from locoreg.emulation.protocol.parts import TableColumns

# More levels than this make a number no variable of subgroups.
MOST_SUBGROUPS = 12


def cohort_from_table(
    people: Any, protocol: TrialProtocol, visits: Any = None, *, source: str | None = None
) -> Cohort:
    """Build the cohort of a protocol from tables of one's own.

    Parameters
    ----------
    people : table, mapping or path
        One row per person; pandas, polars or pyarrow table, DuckDB relation, mapping of names to
        arrays, or path of a CSV or Parquet file. ``protocol.table`` says what its columns are.
    protocol : TrialProtocol
        With ``table``.
    visits : table, mapping or path, optional
        One row per person and time, with the confounders that change over time. A variable that
        is empty in a row was not measured then.
    source : str, optional
        What the data are called; the name of the file, or ``table``.

    Returns
    -------
    Cohort
        Persons in the order of their ids as text; the order of the rows does not matter. Persons
        whom a criterion or a rule excludes are counted in the attrition.

    Raises
    ------
    DataError
        If a column is missing, or a value can't be used.
    DesignError
        If the protocol does not fit the table, or nobody is left.
    """
    if protocol.table is None:
        raise DesignError(
            "the protocol has no table: section, which says what the columns of a table are.",
            hint="add it, or give a registry.",
        )
    table = read_table(people, "the table of persons")
    reader = _People(table, protocol.table)
    kept, steps = _attrition(reader, protocol)
    audit = reader.audit(kept)
    histories, found = _histories(visits, protocol, reader.ids, kept)
    cohort = Cohort(
        person_id=tuple(reader.ids[i] for i in kept.tolist()),
        time=reader.time[kept],
        event=reader.event[kept],
        event_labels=tuple(str(words) for _, words in sorted(protocol.table.events.items())),
        lost=reader.lost[kept],
        treatment_time=reader.treatment_within(kept),
        entry=_entry(reader.entry, kept),
        baseline=tuple(
            table.variable(name, role).take(reader.order).take(kept)
            for name, role in _variables(protocol).items()
        ),
        histories=histories,
        coding=Coding(
            names=tuple(one.variable for one in protocol.confounders.baseline),
            history_names=tuple(protocol.confounders.time_varying),
            splines=tuple(
                (one.variable, one.spline)
                for one in protocol.confounders.baseline
                if one.spline is not None
            ),
        ),
        subgroups={
            name: _subgroups(table, name).take(reader.order).take(kept)
            for name in protocol.subgroups
        },
        cluster=None if reader.cluster is None else reader.cluster[kept],
        attrition=Attrition(source=source or _name(people), started=table.n, steps=steps),
        audit=(*audit, *found),
        source=source or _name(people),
        synthetic=False,
        negative_controls=_controls(reader, protocol, kept),
    )
    complete = apply_missing(cohort, protocol.confounders.missing.method)
    return replace(complete, audit=(*audit_time_zero(complete), *complete.audit))


@dataclass(slots=True)
class _Rule:
    """A rule on follow-up: its words, and whom it keeps and can't judge."""

    name: str
    keeps: BoolArray
    unknown: BoolArray


class _People:
    """The columns of the table of persons, in the order of their ids."""

    def __init__(self, table: Table, columns: TableColumns) -> None:
        self.table = table
        self.columns = columns
        self.order, self.ids = _ids(table, columns.person)
        self.time = self._months(columns.time, "time")
        self.treatment_time = self._treatment()
        self._check_measured()
        self.entry = None if columns.entry is None else self._months(columns.entry, "entry")
        self.event, self.unknown_event = self._events()
        self.lost = self._lost()
        self.cluster = self._cluster()

    def numbers(self, name: str, role: str) -> FloatArray:
        """Return a column of numbers in the order of the ids."""
        return self.table.numbers(name, role)[self.order]

    def _months(self, name: str, role: str) -> FloatArray:
        scale = DAYS_PER_MONTH if self.columns.unit == "days" else 1.0
        return self.numbers(name, role) / scale

    def months(self, name: str, role: str) -> FloatArray:
        """Return a column of times in months."""
        return self._months(name, role)

    def _treatment(self) -> FloatArray:
        """Return months to treatment, infinite for never."""
        if self.columns.treatment_time is not None:
            time = self._months(self.columns.treatment_time, "treatment_time")
            return np.where(np.isnan(time), np.inf, time)
        assert self.columns.treated is not None
        flags = self.numbers(self.columns.treated, "treated")
        wrong = ~np.isin(flags, (0, 1))
        if wrong.any():
            raise DataError(
                f"the column {self.columns.treated!r} (treated) is not 0 or 1 for "
                f"{named_persons(self.ids, wrong)}.",
                hint="1 for those treated at time zero, 0 for the others.",
            )
        return np.where(flags == 1, 0.0, np.inf)

    def _check_measured(self) -> None:
        for variable, column in self.columns.measured.items():
            late = self._months(column, f"measured, {variable}") > 0
            if late.any():
                raise DesignError(
                    f"{variable} was measured after time zero for {named_persons(self.ids, late)}:"
                    " what comes later may be a consequence of treatment or of the outcome.",
                    hint="take its last value up to time zero, or leave the variable out.",
                )

    def _events(self) -> tuple[IntArray, BoolArray]:
        values = self.numbers(self.columns.event, "event")
        unknown = np.isnan(values)
        known = {0, *self.columns.events}
        wrong = ~unknown & ~np.isin(values, sorted(known))
        if wrong.any():
            raise DataError(
                f"the column {self.columns.event!r} (event) holds {values[wrong][0]:g} for "
                f"{named_persons(self.ids, wrong)}, but the codes are "
                f"{', '.join(str(code) for code in sorted(known))}.",
                hint="0 is censored: recode a column in which 1 is censored and 2 the event. Give "
                "each other code its words in the protocol's table, events.",
            )
        return np.where(unknown, 0, values).astype(np.int64), unknown

    def _lost(self) -> BoolArray:
        if self.columns.lost is None:
            return np.zeros(len(self.ids), dtype=np.bool_)
        values = self.numbers(self.columns.lost, "lost")
        wrong = (self.event == 0) & ~np.isin(values, (0, 1))
        if wrong.any():
            raise DataError(
                f"the column {self.columns.lost!r} (lost) is not 0 or 1 for "
                f"{named_persons(self.ids, wrong)}, who have no event.",
                hint="1 for those lost to follow-up, 0 for those followed to the end of the study.",
            )
        return np.asarray((self.event == 0) & (values == 1), dtype=np.bool_)

    def _cluster(self) -> IntArray | None:
        if self.columns.cluster is None:
            return None
        codes = self.table.labels(self.columns.cluster, "cluster")[0][self.order]
        if (codes < 0).any():
            raise DataError(
                f"the column {self.columns.cluster!r} (cluster) is empty for "
                f"{named_persons(self.ids, codes < 0)}.",
                hint="give every person a hospital.",
            )
        return codes

    def rules(self) -> list[_Rule]:
        """Return the rules on follow-up, in the order in which they are applied."""
        none = np.zeros(len(self.ids), dtype=np.bool_)
        lacking = np.isnan(self.time) | self.unknown_event
        with np.errstate(invalid="ignore"):
            rules = [
                _Rule("time and event of the end of follow-up are known", ~lacking, lacking),
                _Rule("follow-up does not end before time zero", ~(self.time < 0), none),
                _Rule("not treated before time zero", ~(self.treatment_time < 0), none),
            ]
            if self.entry is not None:
                nameless = np.isnan(self.entry)
                seen = np.maximum(self.entry, 0.0) < self.time
                words = "under observation before the end of follow-up"
                rules.append(_Rule(words, seen & ~nameless, nameless))
        return rules

    def treatment_within(self, kept: IntArray) -> FloatArray:
        """Return times of treatment, infinite where it comes after the end of follow-up."""
        time = self.treatment_time[kept]
        return np.where(time > self.time[kept], np.inf, time)

    def audit(self, kept: IntArray) -> tuple[Finding, ...]:
        """Return what the table says that can't be, or is not known."""
        late = np.isfinite(self.treatment_time[kept])
        late &= self.treatment_time[kept] > self.time[kept]
        out = []
        if late.any():
            out.append(
                _finding(
                    "treated_after_follow_up",
                    "serious",
                    f"{int(late.sum())} persons are treated after the end of their follow-up "
                    f"({named_persons([self.ids[i] for i in kept.tolist()], late)}).",
                    int(late.sum()),
                    self.columns.treatment_time or "",
                    "they count as not treated while followed.",
                )
            )
        if self.columns.lost is None and (self.event[kept] == 0).any():
            out.append(
                _finding(
                    "loss_unknown",
                    "note",
                    "the table does not say who was lost to follow-up: every censoring counts as "
                    "the end of the study.",
                    None,
                    self.columns.event,
                    "weights for loss to follow-up need the column lost.",
                )
            )
        return tuple(out)


def _finding(
    rule: str, severity: Severity, message: str, value: float | None, column: str, changes: str
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        subject="cohort",
        message=message,
        value=value,
        limit=None,
        location=Location(file="table", column=column),
        changes=changes,
    )


def _ids(table: Table, column: str) -> tuple[IntArray, tuple[str, ...]]:
    """Return the order of rows by persons' ids as text, and the ids in it."""
    from pyarrow import compute

    texts = table.texts(column, "person")
    if table.n == 0:
        raise DataError(f"{table.what} has no rows.", hint="give one row per person.")
    if texts.null_count:
        row = texts.is_null().index(True).as_py() + 1
        raise DataError(
            f"the column {column!r} (person) of {table.what} is empty in row {row}.",
            hint="give every person a pseudonym.",
        )
    order = np.asarray(compute.sort_indices(texts).to_numpy(), dtype=np.int64)
    ids = texts.take(order).to_pylist()
    twice = [one for one, following in pairwise(ids) if one == following]
    if twice:
        several = sorted(set(twice))
        raise DataError(
            f"{table.what} has several rows for {named_persons(several, np.arange(len(several)))}.",
            hint="give one row per person; repeated measurements go into the table of visits.",
        )
    return order, tuple(ids)


def _attrition(
    reader: _People, protocol: TrialProtocol
) -> tuple[IntArray, tuple[AttritionStep, ...]]:
    """Apply criteria, then the rules on follow-up; return who is left and the steps."""
    rules = []
    for criterion in protocol.eligibility:
        role = f"eligibility, {criterion.name!r}"
        found = judge(reader.table.variable(criterion.variable, role).take(reader.order), criterion)
        rules.append(_Rule(criterion.name, found.kept, found.unknown))
    left = np.ones(len(reader.ids), dtype=np.bool_)
    steps = []
    for rule in (*rules, *reader.rules()):
        out = left & ~rule.keeps
        left &= rule.keeps
        steps.append(
            AttritionStep(
                name=rule.name,
                excluded=int(out.sum()),
                left=int(left.sum()),
                unknown=int((out & rule.unknown).sum()),
            )
        )
        if not left.any():
            raise DesignError(
                f"nobody is left after the criterion {rule.name!r}.",
                hint="before it: "
                + "; ".join(f"{s.name}: {s.left} left" for s in steps[:-1])
                + f"; {len(reader.ids)} persons in the table.",
            )
    return np.flatnonzero(left), tuple(steps)


def _entry(entry: FloatArray | None, kept: IntArray) -> FloatArray | None:
    """Return months to the start of observation; None if all are observed from time zero."""
    if entry is None or not (entry[kept] > 0).any():
        return None
    return np.maximum(entry[kept], 0.0)


def _variables(protocol: TrialProtocol) -> dict[str, str]:
    """Return the baseline variables and what for: confounders first."""
    out = {one.variable: "confounder" for one in protocol.confounders.baseline}
    for criterion in protocol.eligibility:
        out.setdefault(criterion.variable, "eligibility")
    for name in protocol.subgroups:
        out.setdefault(name, "subgroup")
    for criterion in protocol.benchmark.eligibility if protocol.benchmark else ():
        out.setdefault(criterion.variable, "benchmark, eligibility")
    for name in protocol.selected_variables():
        out.setdefault(name, "selection")
    return out


def _subgroups(table: Table, name: str) -> Column:
    column = table.variable(name, "subgroup")
    if column.kind == "category":
        return column
    distinct = np.unique(column.values[~column.missing]).size
    if distinct > MOST_SUBGROUPS:
        raise DesignError(
            f"the subgroup variable {name} is a number with {distinct} values.",
            hint="give a column of groups.",
        )
    return table.variable(name, "subgroup", levels=True)


def _histories(
    visits: Any, protocol: TrialProtocol, ids: Sequence[str], kept: IntArray
) -> tuple[tuple[History, ...], tuple[Finding, ...]]:
    from locoreg.emulation.cohort.visits import read_histories

    names = tuple(protocol.confounders.time_varying)
    if not names:
        return (), ()
    if visits is None:
        raise DesignError(
            f"the confounders {', '.join(names)} change over time, but there is no table of "
            "visits.",
            hint="give it, or leave confounders.time_varying out.",
        )
    assert protocol.table is not None
    return read_histories(visits, protocol.table, names, ids, kept)


def _controls(
    reader: _People, protocol: TrialProtocol, kept: IntArray
) -> dict[str, tuple[FloatArray, IntArray]]:
    out = {}
    for control in protocol.negative_controls:
        if control.time is None or control.status is None:
            raise DesignError(
                f"the negative control {control.name!r} names no columns of the table.",
                hint="give its time and status.",
            )
        role = f"negative control {control.name!r}"
        time = reader.months(control.time, role)[kept]
        status = reader.numbers(control.status, role)[kept]
        wrong = ~(time >= 0) | ~np.isin(status, (0, 1))
        if wrong.any():
            raise DataError(
                f"the {role} has no time from 0 on with a status of 0 or 1 for "
                f"{named_persons([reader.ids[i] for i in kept.tolist()], wrong)}.",
                hint="those without the event get their end of follow-up and 0.",
            )
        out[control.name] = (time, status.astype(np.int64))
    return out


def _name(people: Any) -> str:
    from os import PathLike
    from pathlib import Path

    return Path(people).name if isinstance(people, str | PathLike) else "table"

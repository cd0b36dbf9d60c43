"""Registry and protocol -> one row per person at time zero."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.emulation.cohort.attrition import Attrition
from locoreg.emulation.cohort.audit import audit_time_zero
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Coding
from locoreg.emulation.cohort.missing import MissingRule, apply_missing
from locoreg.emulation.cohort.registry.controls import control_outcomes
from locoreg.emulation.cohort.registry.dates import in_months
from locoreg.emulation.cohort.registry.eligibility import Flow, judged
from locoreg.emulation.cohort.registry.followup import (
    HALF_A_DAY,
    Ends,
    Entries,
    ends,
    entries,
)
from locoreg.emulation.cohort.registry.histories import history
from locoreg.emulation.cohort.registry.outcomes import Outcomes, outcomes
from locoreg.emulation.cohort.registry.rules import Facts, rule_findings
from locoreg.emulation.cohort.registry.study import Study
from locoreg.emulation.cohort.registry.timezero import begin
from locoreg.emulation.cohort.registry.treatment import Treatments, treatments
from locoreg.emulation.cohort.registry.variables import variable
from locoreg.registry.engines import Engine, connect_engine
from locoreg.registry.store import Registry
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from locoreg.emulation.protocol import TrialProtocol


def cohort_from_registry(
    registry: Engine | Registry | Path | str, protocol: TrialProtocol
) -> Cohort:
    """Return the persons of a registry whom a protocol asks about, at their time zero.

    The rows are read through an engine and finished here: the cohort is the same on every engine,
    whatever the order of the rows. Only the variables that the protocol names are read.

    Parameters
    ----------
    registry : Engine, Registry, Path or str
        An engine that is open (it stays so), a registry, its folder, or an address as
        `connect_engine` takes it.
    protocol : TrialProtocol
        With ``time_zero``, ``follow_up``, ``outcome`` and a treatment.

    Returns
    -------
    Cohort
        One row per person in the order of the bytes of the pseudonyms, with the attrition and
        the audit of time zero.

    Raises
    ------
    DataError
        If nobody is left, or the registry can't answer.
    DesignError
        If the protocol does not fit a registry.
    """
    if isinstance(registry, Engine):
        return _cohort(registry, protocol)
    target = registry.path if isinstance(registry, Registry) else registry
    with connect_engine(target) as engine:
        return _cohort(engine, protocol)


def _cohort(engine: Engine, protocol: TrialProtocol) -> Cohort:
    started = begin(engine, protocol)
    study = started.study
    columns = _baseline(study)
    facts = Facts(
        begin=started,
        ends=(end := ends(study)),
        entries=(entry := entries(study)),
        treatments=(given := treatments(study)),
        outcomes=(outcome := outcomes(study, end)),
    )
    flow = _flow(facts, columns, protocol)
    rows = np.flatnonzero(flow.left)
    source = f"{engine.name} {engine.place} (revision {engine.revision})"
    if not rows.size:
        raise DataError(
            f"nobody of {started.patients:,} persons is eligible: {_worst(flow)}.",
            hint="check the criterion that leaves out most.",
        )
    times = _times(study, end, entry, given, outcome)
    whole = Cohort(
        person_id=tuple(study.person_id.to_pylist()),
        time=times.time,
        event=np.asarray(outcome.event, dtype=np.int64),
        event_labels=tuple(w for w in (protocol.outcome_label, outcome.competing) if w),
        lost=outcome.lost,
        treatment_time=times.treatment,
        entry=times.entry,
        baseline=tuple(columns.values()),
        histories=tuple(history(study, name) for name in protocol.confounders.time_varying),
        coding=_coding(protocol),
        attrition=Attrition(source=source, started=started.patients, steps=tuple(flow.steps)),
        source=source,
        synthetic=engine.synthetic,
        subgroups=_subgroups(protocol, columns),
        cluster=_clusters(study),
        negative_controls={
            name: (_months_of(day - study.zero.day), happened)
            for name, (day, happened) in control_outcomes(study, end).items()
        },
    )
    return _finished(whole, rows, facts, flow.left, protocol.confounders.missing.method)


def _finished(
    whole: Cohort, rows: IntArray, facts: Facts, members: BoolArray, missing: MissingRule
) -> Cohort:
    """Return the cohort of those who are left, confounders known as the protocol asks."""
    cohort = apply_missing(whole.take(rows), missing)
    if cohort.entry is not None and not (cohort.entry > 0.0).any():
        cohort = replace(cohort, entry=None)
    if cohort.cluster is not None:
        codes = np.unique(cohort.cluster, return_inverse=True)[1]
        cohort = replace(cohort, cluster=codes.astype(np.int64))
    return replace(
        cohort, audit=(*audit_time_zero(cohort), *rule_findings(facts, members, whole.source))
    )


def _baseline(study: Study) -> dict[str, Column]:
    """Return every variable that the protocol names as of time zero, each once."""
    protocol = study.protocol
    names = [c.variable for c in protocol.confounders.baseline]
    names += [criterion.variable for criterion in protocol.eligibility]
    names += protocol.subgroups
    if protocol.benchmark is not None:
        names += [criterion.variable for criterion in protocol.benchmark.eligibility]
    names += protocol.selected_variables()
    return {name: variable(study, name) for name in dict.fromkeys(names)}


def _flow(facts: Facts, columns: dict[str, Column], protocol: TrialProtocol) -> Flow:
    started, end, entry = facts.begin, facts.ends, facts.entries
    given, outcome, study = facts.treatments, facts.outcomes, facts.begin.study
    flow = Flow(started.patients, study.n)
    flow.stated(f"time zero: {started.words}", study.n, started.undated)
    flow.rule("end of follow-up known", ~end.unknown, end.unknown)
    flow.rule("followed up at time zero", ~(end.day < study.zero.day))
    for criterion in protocol.eligibility:
        keep, unknown = judged(criterion, columns[criterion.variable])
        flow.step(criterion.name, keep, unknown)
    flow.step("not treated before time zero", ~given.before)
    flow.rule("date of treatment known", ~given.undated, given.undated)
    flow.rule(
        "under observation before the end of follow-up", ~entry.late | (entry.day < outcome.day)
    )
    if outcome.measured is not None:
        flow.step("outcome measured at time zero", outcome.measured, ~outcome.measured)
    return flow


def _worst(flow: Flow) -> str:
    step = max(flow.steps, key=lambda s: s.excluded)
    return f"{step.excluded:,} were left out by {step.name!r}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Times:
    time: FloatArray
    treatment: FloatArray
    entry: FloatArray | None


def _months_of(days: FloatArray) -> FloatArray:
    """Return days of follow-up as months; no day is half a day."""
    return in_months(np.where(days == 0.0, HALF_A_DAY, days))


def _times(study: Study, end: Ends, entry: Entries, given: Treatments, outcome: Outcomes) -> _Times:
    zero = study.zero.day
    # A treatment of the month of death or last contact counts as on or before it.
    in_time = given.when.possibly_by(end.seen_until)
    day = np.where(in_time, np.fmin(given.day, end.seen_day), given.day)
    seen = day <= outcome.day
    late = np.where(entry.late, in_months(entry.day - zero), 0.0)
    return _Times(
        time=_months_of(outcome.day - zero),
        treatment=np.asarray(np.where(seen, in_months(np.where(seen, day, 0.0) - zero), np.inf)),
        entry=late if entry.late.any() else None,
    )


def _coding(protocol: TrialProtocol) -> Coding:
    chosen = protocol.confounders
    return Coding(
        names=tuple(c.variable for c in chosen.baseline),
        history_names=tuple(chosen.time_varying),
        splines=tuple((c.variable, c.spline) for c in chosen.baseline if c.spline is not None),
    )


def _subgroups(protocol: TrialProtocol, columns: dict[str, Column]) -> dict[str, Column]:
    out = {}
    for name in protocol.subgroups:
        if columns[name].kind != "category":
            raise DesignError(
                f"the subgroup variable {name} holds numbers.",
                hint="choose one with levels, such as lesion_class instead of n_lesions.",
            )
        out[name] = columns[name]
    return out


def _clusters(study: Study) -> IntArray | None:
    """Return codes of sites; persons of no site are each by themselves."""
    site = variable(study, "site")
    if site.missing.all():
        return None
    alone = len(site.levels) + np.arange(study.n)
    return np.where(site.missing, alone, np.nan_to_num(site.values)).astype(np.int64)

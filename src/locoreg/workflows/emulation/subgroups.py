"""The primary analysis in subgroups, and with outcomes that the treatment can't change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from locoreg.core.estimate import Estimate
from locoreg.emulation.cohort import Cohort, Column
from locoreg.emulation.effect import Effect, Measure
from locoreg.workflows.emulation.runs import Run, Setting, attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupRow:
    """The effect in one subgroup.

    Attributes
    ----------
    variable, level : str
        The subgroup.
    n, n_treated : int
        Persons; of them treated within the grace period.
    estimate : Estimate or None
        Difference at the horizon.
    verdict : str
        Worst verdict of the diagnostics, or ``not estimable``.
    note : str
        Why there is no estimate.
    """

    variable: str
    level: str
    n: int
    n_treated: int
    estimate: Estimate | None
    verdict: str
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return {
            "variable": self.variable,
            "level": self.level,
            "n": self.n,
            "n_treated": self.n_treated,
            "estimate": None if self.estimate is None else self.estimate.to_dict(),
            "verdict": self.verdict,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Whether the effect differs between the levels of a variable.

    Attributes
    ----------
    variable : str
        The variable.
    measure : str
        What is compared.
    q, df, p : float
        Cochran's Q of the subgroups' effects, its degrees of freedom and p-value; NaN with fewer
        than two estimates that have a standard error.
    """

    variable: str
    measure: Measure
    q: float
    df: int
    p: float

    def to_dict(self) -> dict[str, Any]:
        """Return the test as JSON-ready values."""
        return {
            "variable": self.variable,
            "measure": self.measure,
            "q": self.q,
            "df": self.df,
            "p": self.p,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """The effect on an outcome that the treatment can't change.

    Attributes
    ----------
    name : str
        The outcome.
    events : int
        Its events.
    difference, log_hr : Estimate or None
        Difference at the horizon, and log hazard ratio.
    holds_null : bool or None
        Whether the interval of the difference holds 0, as it should.
    note : str
        Why there is no estimate.
    """

    name: str
    events: int
    difference: Estimate | None
    log_hr: Estimate | None
    holds_null: bool | None
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return {
            "name": self.name,
            "events": self.events,
            "difference": None if self.difference is None else self.difference.to_dict(),
            "log_hr": None if self.log_hr is None else self.log_hr.to_dict(),
            "holds_null": self.holds_null,
            "note": self.note,
        }


def in_subgroups(
    setting: Setting, method: str, options: Mapping[str, Any]
) -> tuple[tuple[SubgroupRow, ...], tuple[Interaction, ...]]:
    """Repeat an analysis in every level of the protocol's subgroup variables.

    Parameters
    ----------
    setting : Setting
        What all analyses share.
    method, options
        The primary analysis.

    Returns
    -------
    rows : tuple of SubgroupRow
        Persons whose level is unknown are a row of their own, without an estimate.
    interactions : tuple of Interaction
        One per variable.
    """
    rows: list[SubgroupRow] = []
    tests: list[Interaction] = []
    measure: Measure = "incidence_difference" if setting.cohort.competing else "survival_difference"
    for name, column in setting.cohort.subgroups.items():
        found = [
            _subgroup(setting, method, options, name, level, members, measure)
            for level, members in _levels(column)
        ]
        rows += found
        tests.append(_interaction(name, measure, found))
    return tuple(rows), tuple(tests)


def _levels(column: Column) -> Iterator[tuple[str, Any]]:
    """Yield levels with the rows of their persons; numbers are cut at their median."""
    known = ~column.missing
    if column.kind == "number":
        middle = float(np.median(column.values[known])) if known.any() else np.nan
        yield f"below {middle:g}", np.flatnonzero(known & (column.values < middle))
        yield f"{middle:g} or more", np.flatnonzero(known & (column.values >= middle))
    else:
        for code, level in enumerate(column.levels):
            yield level, np.flatnonzero(column.values == code)
    if not known.all():
        yield "unknown", np.flatnonzero(~known)


def _subgroup(
    setting: Setting,
    method: str,
    options: Mapping[str, Any],
    variable: str,
    level: str,
    members: Any,
    measure: Measure,
) -> SubgroupRow:
    cohort = setting.cohort.take(members)
    treated = int((cohort.treatment_time <= setting.question.grace_months).sum())
    run: Run | None = None
    if level != "unknown" and cohort.n:
        run = attempt(
            setting,
            f"{variable}: {level}",
            method,
            options,
            changed={"subgroup": {variable: level}},
            cohort=cohort,
        )
    note = "their level is not known" if run is None else run.failure or ""
    effect = None if run is None else run.effect
    return SubgroupRow(
        variable=variable,
        level=level,
        n=cohort.n,
        n_treated=treated,
        estimate=None if effect is None else effect.contrast(measure).estimate,
        verdict="not estimable" if effect is None else effect.verdict,
        note=note,
    )


def _interaction(variable: str, measure: Measure, rows: list[SubgroupRow]) -> Interaction:
    held = [r.estimate for r in rows if r.estimate is not None and r.estimate.se > 0]
    if len(held) < 2:
        return Interaction(variable=variable, measure=measure, q=np.nan, df=0, p=np.nan)
    values = np.array([e.estimate for e in held])
    weights = np.array([e.se**-2 for e in held])
    mean = float(weights @ values / weights.sum())
    q = float(weights @ (values - mean) ** 2)
    df = len(held) - 1
    return Interaction(
        variable=variable, measure=measure, q=q, df=df, p=float(stats.chi2.sf(q, df))
    )


def negative_controls(
    setting: Setting, method: str, options: Mapping[str, Any]
) -> tuple[ControlRow, ...]:
    """Repeat an analysis with every outcome that the treatment can't change.

    Parameters
    ----------
    setting : Setting
        What all analyses share.
    method, options
        The primary analysis.

    Returns
    -------
    tuple of ControlRow
        An effect here is confounding or selection at work.
    """
    return tuple(
        _control(setting, method, options, name, time, event)
        for name, (time, event) in setting.cohort.negative_controls.items()
    )


def _control(
    setting: Setting,
    method: str,
    options: Mapping[str, Any],
    name: str,
    time: Any,
    event: Any,
) -> ControlRow:
    cohort: Cohort = replace(setting.cohort, time=time, event=event, event_labels=(name,))
    question = replace(setting.question, outcome=name)
    run = attempt(
        setting,
        name,
        method,
        options,
        changed={"outcome": name},
        question=question,
        cohort=cohort,
    )
    difference, log_hr = _numbers(run.effect)
    known = difference is not None and difference.ci_low == difference.ci_low
    return ControlRow(
        name=name,
        events=int((event == 1).sum()),
        difference=difference,
        log_hr=log_hr,
        holds_null=difference.ci_low <= 0 <= difference.ci_high
        if known and difference is not None
        else None,
        note=run.failure or "",
    )


def _numbers(effect: Effect | None) -> tuple[Estimate | None, Estimate | None]:
    if effect is None:
        return None, None
    ratios = [c.estimate for c in effect.contrasts if c.measure == "hazard_ratio"]
    return effect.contrast("survival_difference").estimate, ratios[0] if ratios else None

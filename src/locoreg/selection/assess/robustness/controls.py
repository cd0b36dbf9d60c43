"""Negative controls: outcomes that treatment can't change, scored as the outcome is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError, LocoregError, did_you_mean
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import p_text, plural
from locoreg.emulation.effect import Diagnostic, worst
from locoreg.emulation.sensitivity.negative_controls import check_controls
from locoreg.selection.assess.robustness.whom import found, persons, whom
from locoreg.selection.data import SelectionData
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import Scores, scores
from locoreg.stats.survivaldata import BoolArray, FloatArray

# With fewer events a control sees only differences that nobody would overlook.
LEAST_EVENTS, LEAST_PER_OPTION = 20, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeControl:
    """The effect on an outcome that treatment can't change.

    Attributes
    ----------
    name : str
        The outcome.
    label : str
        Whose effect.
    horizon_months : float
        Its horizon.
    n, events : int
        Persons, and events up to the horizon.
    left_out : int
        Persons whose control ended by time zero, or before they were observed.
    effect : Estimate or None
        The effect; None where it can't be estimated.
    diagnostic : Diagnostic
        The verdict.
    """

    name: str
    label: str
    horizon_months: float
    n: int
    events: int
    left_out: int
    effect: Estimate | None
    diagnostic: Diagnostic

    def to_dict(self) -> dict[str, Any]:
        """Return the control as JSON-ready values."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "effect": None if self.effect is None else self.effect.to_dict(),
            "diagnostic": self.diagnostic.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeControls:
    """All negative controls.

    Attributes
    ----------
    controls : tuple of NegativeControl
        Each in everybody, and in those whom the rule treats.
    reading : str
        One sentence.
    """

    controls: tuple[NegativeControl, ...]
    reading: str

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The verdicts."""
        return tuple(one.diagnostic for one in self.controls)

    def to_dict(self) -> dict[str, Any]:
        """Return the controls as JSON-ready values."""
        return {"controls": [one.to_dict() for one in self.controls], "reading": self.reading}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tried:
    """A control before its verdict."""

    name: str
    label: str
    horizon: float
    n: int
    events: int
    left_out: int
    effect: Estimate | None
    trouble: str
    text: str = ""


def negative_controls(
    made: Scores,
    *,
    treat: ArrayLike | None = None,
    horizons: Mapping[str, float] | None = None,
) -> NegativeControls:
    """Estimate the effect on outcomes that treatment can't change.

    The same treatment, covariates, folds and models as for the outcome; an effect that is found
    tells that persons differ in something that is not adjusted for.

    Parameters
    ----------
    made : Scores
        The scores of the outcome, whose data hold the controls.
    treat : array_like of bool or float, shape (n,), optional
        Whom a rule treats: the effects are then estimated among them too.
    horizons : mapping of str to float, optional
        Horizons of controls in months; that of the question for others.

    Returns
    -------
    NegativeControls
        Fail: no effect is rejected after Holm's correction for the number of tests; warn: only
        before it. Note: it can't be told, with the reason.

    Raises
    ------
    DesignError
        If there are no controls, or a horizon is for none of them.

    References
    ----------
    Lipsitch, Tchetgen Tchetgen & Cohen 2010, doi:10.1097/EDE.0b013e3181d61eeb.
    """
    names = tuple(made.data.negative_controls)
    if not names:
        raise DesignError(
            "the data hold no negative controls.",
            hint="give outcomes that treatment can't change, such as death from an accident.",
        )
    for name in horizons or {}:
        if name not in names:
            raise DesignError(
                f"there is no negative control {name!r}.", hint=did_you_mean(name, names)
            )
    tried = [one for name in names for one in _try(made, name, treat, (horizons or {}).get(name))]
    usable = {f"{one.name}, {one.label}": one.effect for one in tried if one.effect is not None}
    checked = dict(zip(usable, check_controls(usable, level=made.question.level), strict=True))
    controls = tuple(_judged(one, checked) for one in tried)
    return NegativeControls(controls=controls, reading=_reading(controls))


def _too_few(happened: BoolArray, data: SelectionData, question: SelectionQuestion) -> str:
    """Return why so few events tell nothing; empty if they do.

    The spread of scores is estimated from the events: without some under each option it is not.
    """
    by_option = [int((happened & (data.treated == arm)).sum()) for arm in (False, True)]
    if sum(by_option) >= LEAST_EVENTS and min(by_option) >= LEAST_PER_OPTION:
        return ""
    return (
        f"{plural(sum(by_option), 'event')} up to {question.horizon_months:g} months "
        f"({question.treated_label}: {by_option[1]}; {question.comparator_label}: {by_option[0]}): "
        f"too few to tell (at least {LEAST_EVENTS} are asked for, {LEAST_PER_OPTION} under each "
        "option)"
    )


def _try(made: Scores, name: str, treat: ArrayLike | None, horizon: float | None) -> list[_Tried]:
    question = made.question if horizon is None else replace(made.question, horizon_months=horizon)
    question = replace(question, outcome=name)
    data, kept = control_data(made.data, name)
    ends, happened = data.time, data.event == 1
    groups: list[tuple[str, FloatArray | None]] = [("everybody", None)]
    if treat is not None:
        label, full = whom(made, treat).label, np.asarray(treat, dtype=np.float64)
        groups.append((label, full[kept]))
    trouble, control = "", None
    counted = happened & (ends <= question.horizon_months)
    told = _too_few(counted, data, question)
    if not told:
        try:
            control = scores(data, question, made.options)
        except LocoregError as error:
            trouble = str(error)
    out = []
    for label, part in groups:
        inside = np.ones(data.n, dtype=bool) if part is None else part > 0.0
        effect, text = None, ""
        few = told or _too_few(counted & inside, data, question)
        if control is not None and inside.any() and not few:
            about = whom(control, part)
            effect = about.estimate(*about.mean(control.gamma))
            text = found(effect, question)
        out.append(
            _Tried(
                name=name,
                label=label,
                horizon=question.horizon_months,
                n=int(inside.sum()),
                events=int((counted & inside).sum()),
                left_out=made.n - data.n,
                effect=effect,
                trouble=trouble or few or ("" if inside.any() else "nobody is left"),
                text=text,
            )
        )
    return out


def control_data(data: SelectionData, name: str) -> tuple[SelectionData, BoolArray]:
    """Return the persons with a negative control as their outcome.

    Parameters
    ----------
    data : SelectionData
        The persons.
    name : str
        The control.

    Returns
    -------
    data : SelectionData
        Those whose control had not ended by time zero, or by the start of their observation.
    kept : ndarray of bool, shape (n,)
        Who they are.
    """
    time, event = data.negative_controls[name]
    start = np.zeros(data.n) if data.entry is None else data.entry
    # At whole months an event in month 0 is after time zero, which is why 0 stays.
    kept = np.asarray((time >= 0.0) & (time >= start) & np.isfinite(time))
    rows = np.flatnonzero(kept)
    replaced = replace(
        data, time=np.asarray(time, dtype=np.float64), event=np.asarray(event), negative_controls={}
    )
    return replaced.take(rows), kept


def _judged(one: _Tried, checked: Mapping[str, Diagnostic]) -> NegativeControl:
    key = f"{one.name}, {one.label}"
    if one.effect is None:
        diagnostic = Diagnostic(
            name="negative_control",
            title="Negative control",
            verdict="note",
            value=None,
            threshold=None,
            message=f"{key}: {one.trouble.rstrip('.')}.",
        )
    else:
        found_at = checked[key]
        left = "" if one.left_out == 0 else f"; {persons(one.left_out)} left out"
        p = p_text(math.nan if found_at.value is None else found_at.value)
        diagnostic = replace(
            found_at,
            message=(
                f"{key}: {one.text} up to {one.horizon:g} months where none is possible "
                f"({plural(one.events, 'event')}{left}), {p}."
            ),
        )
    return NegativeControl(
        name=one.name,
        label=one.label,
        horizon_months=one.horizon,
        n=one.n,
        events=one.events,
        left_out=one.left_out,
        effect=one.effect,
        diagnostic=diagnostic,
    )


def _reading(controls: tuple[NegativeControl, ...]) -> str:
    tested = [one for one in controls if one.effect is not None]
    bad = [one for one in tested if one.diagnostic.verdict in ("warn", "fail")]
    untold = len(controls) - len(tested)
    tail = f" {plural(untold, 'test')} could not be done." if untold else ""
    if not tested:
        return f"No negative control could be tested.{tail}"
    if not bad:
        return (
            f"None of {plural(len(tested), 'test')} of negative controls finds an effect where "
            f"none is possible; that does not show that nothing is hidden.{tail}"
        )
    worst_is = worst(one.diagnostic for one in bad)
    sure = "also after" if worst_is == "fail" else "before"
    named = ", ".join(f"{one.name} ({one.label})" for one in bad)
    return (
        f"{len(bad)} of {plural(len(tested), 'test')} of negative controls find an effect where "
        f"none is possible, {sure} Holm's correction: {named}.{tail}"
    )

"""Words that figures of an effect share: outcome, warnings, intervals, arms."""

from __future__ import annotations

import math

from locoreg.core.numbertext import MINUS, decimal_text
from locoreg.emulation.effect import Contrast, Effect
from locoreg.figures.survival.arms import ArmStyle, style_of_slot
from locoreg.figures.survival.timeaxis import time_text
from locoreg.figures.textfit import one_line
from locoreg.workflows.emulation.smalltexts import redacted

SYNTHETIC = "SYNTHETIC PATIENTS"
_INTERVALS = {
    "influence": "influence functions",
    "bootstrap": "bootstrap of patients, percentiles",
}
_DEATH = ("death", "death from any cause", "death of any cause")


def arm_style(arm: int) -> ArmStyle:
    """Return the style of a strategy: 0 the comparator, 1 the treated one, in every figure."""
    return style_of_slot(arm)


def is_incidence(effect: Effect) -> bool:
    """Return whether the curves are cumulative incidences, as where other events compete."""
    return any(c.measure.startswith("incidence") for c in effect.contrasts)


def is_weighted(effect: Effect) -> bool:
    """Return whether the method gives persons weights."""
    if effect.weights:
        return True
    rows = [row for arm in effect.arms for row in arm.counts]
    return any(abs(row.at_risk - row.raw_at_risk) > 1e-6 * max(1, row.raw_at_risk) for row in rows)


def curve_words(effect: Effect) -> str:
    """Return what the curves show: ``Survival``, ``Free of progression or death``, ..."""
    outcome = outcome_words(effect)
    if is_incidence(effect):
        return f"Cumulative incidence of {outcome}"
    return "Survival" if outcome.casefold() in _DEATH else f"Free of {outcome}"


def marked_title(title: str, *, synthetic: bool) -> str:
    """Return a title that says where patients are made up."""
    return one_line(f"{SYNTHETIC}. {title}" if synthetic else title)


def comparison(effect: Effect) -> str:
    """Return ``treated within 6 months against never treated``."""
    q = effect.question
    return one_line(f"{q.treated_label} against {q.comparator_label}")


def alerts_of(effect: Effect) -> tuple[str, ...]:
    """Return the warnings that every figure of an effect carries under its title."""
    alerts = []
    if effect.biased:
        alerts.append(f"Biased by design: {one_line(effect.biased).rstrip('.')}.")
    if effect.failed:
        names = "; ".join(_failed_name(d.title, d.arm) for d in effect.failed)
        several = "s" if len(effect.failed) > 1 else ""
        alerts.append(f"Failed diagnostic{several}: {names}. Do not rely on the estimate.")
    return tuple(alerts)


def _failed_name(title: str, arm: str | None) -> str:
    name = one_line(title).rstrip(".")
    return f"{name} ({one_line(arm)})" if arm else name


def failure_notes(effect: Effect) -> tuple[str, ...]:
    """Return what each failed diagnostic found and what to do, for the notes."""
    notes = []
    for d in effect.failed:
        where = f" ({d.arm})" if d.arm else ""
        notes.append(one_line(f"✖ {d.title}{where}: {d.message} {d.advice}"))
    return tuple(notes)


def interval_note(effect: Effect) -> str:
    """Return how the intervals were made."""
    if effect.interval == "none":
        return "No intervals were asked for."
    how = _INTERVALS.get(effect.interval, effect.interval)
    text = f"{effect.question.level:g}% intervals, pointwise: {how}"
    if effect.replicates:
        text += f", {effect.replicates:,} replicates"
        if effect.failed_replicates:
            text += f", {effect.failed_replicates:,} of them failed"
    return text + "."


def outcome_words(effect: Effect) -> str:
    """Return the outcome in words: the name of an event without underscores."""
    return one_line(effect.question.outcome).replace("_", " ")


def estimand_words(effect: Effect) -> str:
    """Return what is estimated, with the outcome in words."""
    return one_line(effect.estimand.replace(effect.question.outcome, outcome_words(effect)))


def persons_words(effect: Effect, small_cells: int | None = None) -> str:
    """Return ``1,073 persons, 120 of them treated within 6 months``."""
    q = effect.question
    when = f"within {time_text(q.grace_months)} months" if q.grace_months else "at time zero"
    told = f"{effect.n:,} persons, {effect.n_treated:,} of them treated {when}"
    return redacted(told, small_cells, effect.n)


def method_note(effect: Effect, small_cells: int | None = None) -> str:
    """Return method, estimand, and persons, without counts of 1 to ``small_cells``."""
    persons = persons_words(effect, small_cells)
    return one_line(f"{effect.title}: {estimand_words(effect)} {persons}.")


def points(value: float) -> str:
    """Return a proportion's difference in percentage points with a sign: ``+3.1``."""
    if math.isnan(value):
        return "not estimable"
    text = decimal_text(100.0 * abs(value), 1)
    if not text.strip("0.,"):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def percent(value: float) -> str:
    """Return a proportion in percent with one decimal, without the sign of percent."""
    return decimal_text(100.0 * value, 1)


def percent_interval(mid: float, low: float, high: float) -> str:
    """Return ``52.1 (48.0 to 56.2)``, or the number alone where there is no interval."""
    if math.isnan(low) or math.isnan(high):
        return percent(mid)
    return f"{percent(mid)} ({percent(low)} to {percent(high)})"


def contrast_text(contrast: Contrast, *, level: bool = True) -> str:
    """Return a contrast with its interval, differences of proportions in percentage points."""
    mid, low, high = contrast.estimate.natural
    name = contrast.measure
    if name in ("survival_difference", "incidence_difference"):
        numbers = [points(v) for v in (mid, low, high)]
    elif name.endswith("_difference"):
        numbers = [_signed(v) for v in (mid, low, high)]
    else:
        numbers = [decimal_text(v) for v in (mid, low, high)]
    if math.isnan(low) or math.isnan(high):
        return numbers[0]
    head = f"{contrast.estimate.level:g}% CI " if level else ""
    return f"{numbers[0]} ({head}{numbers[1]} to {numbers[2]})"


def _signed(value: float) -> str:
    text = decimal_text(abs(value))
    if math.isnan(value) or not text.strip("0.,"):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def headline(effect: Effect) -> str:
    """Return the effect at the horizon: difference, restricted mean, hazard ratio last."""
    parts = []
    short = {
        "survival_difference": "difference of survival {} percentage points",
        "incidence_difference": "difference of cumulative incidence {} percentage points",
        "rmst_difference": "difference of restricted mean survival time {} months",
        "time_lost_difference": "difference of restricted mean time lost {} months",
        "hazard_ratio": "hazard ratio {}",
    }
    for c in effect.contrasts:
        if c.at_months == effect.question.horizon_months and c.measure in short:
            parts.append(short[c.measure].format(contrast_text(c)))
    at = time_text(effect.question.horizon_months)
    return upper_first(f"{comparison(effect)}, {at} months: {'; '.join(parts)}")


def upper_first(text: str) -> str:
    """Return the text on one line with a capital letter at its beginning."""
    text = one_line(text)
    return text[:1].upper() + text[1:]

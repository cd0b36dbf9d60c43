"""Words that forest plots share: measures, sides, methods, heterogeneity."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import interval_text, p_text, plural, range_text
from locoreg.evidence.lines import Missing
from locoreg.evidence.meta import MetaAnalysis
from locoreg.evidence.records import Outcome, Question
from locoreg.figures.textfit import TIE

MEASURES = {
    "HR": "Hazard ratio",
    "OR": "Odds ratio",
    "RR": "Risk ratio",
    "RD": "Risk difference",
    "MD": "Mean difference",
    "SMD": "Standardised mean difference",
    "IRR": "Rate ratio",
    "survival ratio": "Survival ratio",
}
# A study without a number in the pool: the tables alone were read, not the whole paper.
MISSING: dict[Missing, str] = {
    "not reported": "not in the tables",
    "not estimable": "not estimable",
    "not pooled": "not pooled",
}
# Behind a Hartung-Knapp interval that is narrower than the common-effect one.
NARROW = "§"
NARROW_MEANS = (
    "narrower than the common-effect interval, because the studies agree more than chance would "
    "have them; with the floor"
)
_INTERVALS = {
    "normal": ("", "normal interval"),
    "t": ("t", "t interval"),
    "hartung-knapp": ("HKSJ", "Hartung-Knapp"),
    "hartung-knapp-floor": ("HKSJ floor", "Hartung-Knapp, never narrower than unscaled"),
}


def axis_title(measure: str, outcome: Outcome) -> str:
    """Return ``Hazard ratio for death``; measures that count no event name the outcome."""
    name = MEASURES.get(measure, measure)
    if measure in ("MD", "SMD", "survival ratio"):
        return f"{name}: {outcome.label}"
    return f"{name} for {outcome.event}"


def favours_labels(question: Question, outcome: Outcome) -> tuple[str, str]:
    """Return the words for the side below and the side above no effect.

    With the control arm as reference and an adverse event, less favours the
    intervention. Each of three things turns the sides round: the intervention
    arm as reference, a favourable event, and a survival ratio (which grows
    with those who are spared the event).

    Parameters
    ----------
    question : Question
        Words, measure and reference arm.
    outcome : Outcome
        Whether its event is adverse.

    Returns
    -------
    tuple of str
        Left and right, each beginning with ``Favours``.
    """
    turned = (
        (question.reference_arm == "intervention")
        ^ (outcome.event_is == "favourable")
        ^ (question.measure == "survival ratio")
    )
    sides = (_favours(question.favours_intervention), _favours(question.favours_control))
    return (sides[1], sides[0]) if turned else sides


def arm_names(question: Question) -> tuple[str, str]:
    """Return short names of the two arms: those of the figure's sides, else the full ones."""
    full = (question.intervention, question.comparator)
    sides = (question.favours_intervention, question.favours_control)
    names = []
    for name, side in zip(full, sides, strict=True):
        short = re.sub(r"^favou?rs\s+", "", side, flags=re.IGNORECASE) or name
        names.append(short[:1].upper() + short[1:])
    return names[0], names[1]


def _favours(words: str) -> str:
    if not words or words.casefold().startswith(("favours", "favors")):
        return words
    return f"Favours {words}"


def model_name(meta: MetaAnalysis) -> str:
    """Return the label of a pooled row: ``Random effects (REML, HKSJ)``."""
    interval = _INTERVALS.get(meta.interval, (meta.interval, ""))[0]
    if meta.method == "CE":
        inside, model = interval, "Common effect"
    else:
        inside = ", ".join(part for part in (meta.method, interval) if part)
        model = "Random effects"
    name = f"{model} ({inside})" if inside else model
    return f"{name}, 2 studies" if meta.k == 2 else name


def narrow_notes(of: Iterable[tuple[str, Estimate | None]]) -> tuple[str, ...]:
    """Return what § means, with the floored result of each pool that has one.

    Parameters
    ----------
    of : iterable of (str, Estimate or None)
        Names of pools, empty for the only one, with their floored results.

    Returns
    -------
    tuple of str
        One note; none where no pool has a floored result.
    """
    found = [
        f"{name} {interval_text(*floor.natural)}".strip() for name, floor in of if floor is not None
    ]
    means = NARROW_MEANS[:1].upper() + NARROW_MEANS[1:]
    return (f"{NARROW} {means}: {'; '.join(found)}.",) if found else ()


def warnings_of(meta: MetaAnalysis) -> tuple[str, ...]:
    """Return a pool's warnings without the one that the note of § says with both limits."""
    return tuple(w for w in meta.warnings if meta.floor is None or "with the floor" not in w)


def heterogeneity_line(meta: MetaAnalysis) -> str:
    """Return the line under a group, empty for one study."""
    if meta.k < 2:
        return ""
    parts = []
    if meta.method == "CE":
        parts.append("Heterogeneity: τ² not estimated (common effect)")
    else:
        parts.append(f"Heterogeneity: τ² ({meta.method}) = {_tau2(meta.tau2)}")
    low, high = meta.i2_ci
    interval = "" if math.isnan(low) else f" ({meta.mu.level:g}% CI {low:.0f}% to {high:.0f}%)"
    parts.append(f"I² = {meta.i2:.0f}%{interval}")
    parts.append(f"Q = {meta.q:.2f}, df = {meta.q_df}, {p_text(meta.q_p)}")
    parts[-1] = parts[-1].replace(" = ", f"{TIE}={TIE}")
    return "; ".join(parts) + ". " + method_words(meta).replace(" ", TIE)


def _tau2(value: float) -> str:
    return f"{value:.3f}" if value >= 0.0005 or value == 0 else f"{value:.1g}"


def method_words(meta: MetaAnalysis) -> str:
    """Return ``REML, Hartung-Knapp``."""
    return method_name_of(meta.method, meta.interval)


def method_name_of(method: str, interval: str) -> str:
    """Return the words for an estimator and a kind of interval."""
    name = "Common effect" if method == "CE" else method
    return f"{name}, {_INTERVALS.get(interval, ('', interval))[1]}"


def prediction_label(meta: MetaAnalysis) -> str:
    """Return ``95% prediction interval (t, 3 df)``."""
    df = f" (t, {meta.k - 2} df)" if "t(k-2)" in meta.prediction_formula else ""
    return f"{meta.mu.level:g}% prediction interval{df}"


def prediction_note(meta: MetaAnalysis) -> str:
    """Return the formula of the prediction interval as a sentence."""
    formula = meta.prediction_formula
    for plain, sign in (("+/-", "±"), ("tau2", "τ²"), ("se2", "SE²"), ("mu", "μ"), ("sqrt", "√")):
        formula = formula.replace(plain, sign)
    return f"Prediction interval: {formula.replace('k-2', 'k−2')}, for three studies or more."


def interval_words(measure: str, meta: MetaAnalysis, mid: str) -> str:
    """Return ``HR 0.94 (95% CI 0.63 to 1.40)`` for a text of estimate and limits."""
    return f"{measure} {mid.replace('(', f'({meta.mu.level:g}% CI ', 1)}"


def pool_sentence(measure: str, meta: MetaAnalysis, text: str) -> str:
    """Return the pooled result with studies, method, heterogeneity and prediction interval.

    Parameters
    ----------
    measure : str
        Short name of the measure.
    meta : MetaAnalysis
        The pool.
    text : str
        Estimate and limits as printed in the figure.

    Returns
    -------
    str
        Part of a sentence.
    """
    words = interval_words(measure, meta, text)
    if meta.k == 1:
        return f"{words}, one study, nothing pooled"
    words += f", {plural(meta.k, 'study', 'studies')}, {method_words(meta)}; I² {meta.i2:.0f}%"
    if meta.floor is not None:
        words += f"; {NARROW_MEANS}: {interval_text(*meta.floor.natural)}"
    limits = prediction_limits(meta)
    if limits is not None:
        words += f"; {meta.mu.level:g}% prediction interval {range_text(*limits)}"
    return words


def prediction_limits(meta: MetaAnalysis) -> tuple[float, float] | None:
    """Return the prediction interval on the natural scale; None under three studies."""
    if meta.prediction is None or meta.k < 3:
        return None
    if meta.mu.scale == "identity":
        return meta.prediction
    low, high = (math.exp(min(limit, 700.0)) for limit in meta.prediction)
    return low, high

"""What was found, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, p_text, plural, range_text
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.assess import Assessment
from locoreg.selection.rules import HonestRule, RuleAssessment

if TYPE_CHECKING:
    from locoreg.workflows.selection.result import SelectionResult

# Lines of what was learnt in the summary.
MOST_LEARNED = 10
# Stands for a count of few persons, or for one that would give such a count away.
HIDDEN = "hidden"
# Intervals of numbers over all folds together are too short: see `assess`.
DESCRIBES = "it describes, with intervals that are too short: see the notes"


def summary_lines(
    result: SelectionResult, hidden: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """Return what was found: persons, credibility, effects, a rule or why none, notes.

    Parameters
    ----------
    result : SelectionResult
        What was found.
    hidden : mapping, optional
        Its ``results.json`` without counts of few persons, which then are not told.

    Yields
    ------
    str
        One line each; empty ones part what belongs together.
    """
    yield from _persons(result, result.data.to_dict() if hidden is None else hidden["data"])
    yield ""
    yield result.doubts.credibility.summary()
    yield ""
    unit = result.question.unit
    level = f"{result.average.level:g}%"
    yield f"Average effect: {result.average.text()} {unit} ({level} interval, as all below)."
    yield from assessment_lines(result.assessment)
    yield from _warnings((*result.diagnostics, *result.assessment.diagnostics))
    yield ""
    yield "What the learner found (it describes; nothing of it was tested):"
    yield from (f"  {line}" for line in result.learned[:MOST_LEARNED])
    more = len(result.learned) - MOST_LEARNED
    if more > 0:
        yield f"  ... and {plural(more, 'line')} more in results.json"
    yield ""
    yield result.rule_reading
    if result.shows_rule:
        yield result.rule.rule.text()
        if hidden is not None and any(
            one["n"] is None for one in hidden["rule"]["leaves"]["leaves"]
        ):
            yield "The leaves hold counts of few persons, and are not shown."
        else:
            yield result.rule.leaves.text()
    notes = dict.fromkeys((*result.notes, *result.assessment.notes, *result.doubts.notes))
    if notes:
        yield ""
        yield from (f"Note: {_sentence(note)}" for note in notes)


def _persons(result: SelectionResult, counts: Mapping[str, Any]) -> Iterator[str]:
    data, question = result.data, result.question
    yield f"SYNTHETIC PATIENTS. {result.title}" if data.synthetic else result.title
    if result.protocol is not None:
        yield f"Effect: {question.estimand} ({question.unit})."
    yield f"{question.treated_label} against {question.comparator_label}."
    arms = "; ".join(
        f"{_count(arm['n'])} {arm['label']}, {_count(arm['events'])} with the event, "
        f"{_count(arm['followed'])} followed to the horizon"
        for arm in counts["arms"]
    )
    yield f"{data.n:,} {'person' if data.n == 1 else 'persons'}: {arms}."
    for step in counts["attrition"]["steps"]:
        if step["excluded"] != 0:
            out, left = _count(step["excluded"]), _count(step["left"])
            yield f"  {out:>8} out: {step['name']}; {left} left"
    if data.constant:
        yield f"One value only, and so no part: {', '.join(data.constant)}."
    if counts["unknown"]:
        found = ", ".join(f"{name} ({_count(n)})" for name, n in counts["unknown"].items())
        yield f"Unknown for some: {found}."


def _count(count: int | None) -> str:
    return HIDDEN if count is None else f"{count:,}"


def assessment_lines(found: Assessment) -> Iterator[str]:
    """Return whether effects differ, and how well the learner tells by whom.

    Parameters
    ----------
    found : Assessment
        The learner on persons whom it did not see.

    Yields
    ------
    str
        The test first, then numbers that describe.
    """
    test = found.test
    differ = "differ" if test.found else "are not shown to differ"
    target = "AUTOC" if test.target == "autoc" else "Qini"
    yield (
        f"Effects {differ} between persons ({p_text(test.p)}, one-sided; {target} of the learner "
        f"{found.learner} on {test.design} predictions: {_number(test.area, found.unit)})."
    )
    # Without a difference there is nothing to beat, and no power is a finding too.
    if not test.found:
        yield (
            f"A difference of {decimal_text(test.detectable_difference)} {found.unit} between two "
            f"halves of the persons would be found with a power of {test.power:g}%."
        )
    yield f"Over all folds ({DESCRIBES}):"
    yield f"  AUTOC {_number(found.autoc, found.unit)}; Qini {_number(found.qini, found.unit)}"
    yield f"  calibration slope {found.calibration.slope.text()}; 1 is right"
    for one in found.comparisons:
        yield f"  {target} less that of {one.other}: {_number(one.difference, found.unit)}"
    value = found.value
    yield (
        f"  treating those whose predicted effect exceeds {_cost(value.cost, found.unit)} gains, "
        f"per person, {_number(value.against_none, found.unit)} over treating nobody and "
        f"{_number(value.against_all, found.unit)} over treating everybody"
    )


def rule_lines(worth: RuleAssessment, rule: HonestRule) -> Iterator[str]:
    """Return whether the data support a rule, and what it gains.

    Parameters
    ----------
    worth : RuleAssessment
        Rules of all folds but one, each on its own fold.
    rule : HonestRule
        The rule, on persons whom it was not learnt from.

    Yields
    ------
    str
        The verdict with its reasons; the value of the rule, where one is given; that of the rules
        of the folds, which describes.
    """
    unit = worth.unit
    yield " ".join(["The data support a rule." if worth.given else "No rule.", *worth.reasons])
    if worth.given:
        held = rule.value
        yield (
            f"On {rule.leaves.persons:,} persons whom the rule did not see it gains, per person, "
            f"{_number(held.against_none, unit)} over treating nobody and "
            f"{_number(held.against_all, unit)} over treating everybody; it treats "
            f"{held.share_treated:.0%}."
        )
    yield f"Rules of all folds but one, on the one left out ({DESCRIBES}):"
    yield (
        f"  they treat {worth.value.share_treated:.0%}; gain per person over the better of "
        f"treating everybody and nobody: {_number(worth.gain, unit)}; over treating nobody "
        f"{_number(worth.value.against_none, unit)}; over treating everybody "
        f"{_number(worth.value.against_all, unit)}"
    )


def _number(one: Estimate, unit: str) -> str:
    """Return an estimate with its unit: ``2.25 months (0.27 to 4.22)``."""
    if one.estimate != one.estimate:
        return one.text()
    named = (
        f"{decimal_text(one.estimate)} {unit}" if unit == "months" else decimal_text(one.estimate)
    )
    return f"{named} ({range_text(one.ci_low, one.ci_high)})"


def _cost(cost: float, unit: str) -> str:
    """Return a cost with its unit: ``1 month``, ``0.05 (probability)``."""
    if unit != "months":
        return f"{cost:g} ({unit})"
    return f"{cost:g} {'month' if cost == 1.0 else 'months'}"


def _warnings(checks: Iterable[Diagnostic]) -> Iterator[str]:
    for d in checks:
        if d.verdict in ("warn", "fail"):
            yield f"  [{d.verdict}] {d.heading}: {d.message} {d.advice}".rstrip()


def _sentence(text: str) -> str:
    """Return a note that begins with a capital and ends with a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."

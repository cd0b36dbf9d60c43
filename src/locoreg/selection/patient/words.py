"""Sentences for one patient: what a number is of, over which time, with its interval.

Of 100 patients, whole numbers that add up; no verb that says what to do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from locoreg.core.estimate import Estimate
from locoreg.selection.patient.conformal import SurvivalBound
from locoreg.selection.patient.leaf import LeafGroup
from locoreg.selection.patient.neighbourhood import GroupMeans, HiddenRange, Neighbourhood
from locoreg.selection.patient.support import SupportVerdict
from locoreg.selection.question import SelectionQuestion

SYNTHETIC = "SYNTHETIC: the patients behind this model are made up."
HIDDEN = (
    "The difference could be chance, or come from differences between patients that the data "
    "don't hold."
)
BURDEN = "Harms and burden of treatment are not part of this model; it does not know them."
RESEARCH = "Research use. Not a medical device."
BOUND_MEANING = (
    "Such a time holds for its share of all patients taken together, not for each kind of patient."
)


def of_100(probability: float) -> tuple[int, int]:
    """Return how many of 100 patients have something and have not; they add up to 100.

    Parameters
    ----------
    probability : float
        Estimates below 0 or above 1, which doubly robust means can be, count as 0 or 100.

    Returns
    -------
    tuple of int
        The parts.
    """
    some = min(max(math.floor(100.0 * probability + 0.5), 0), 100)
    return some, 100 - some


def prediction_lines(
    *,
    question: SelectionQuestion,
    support: SupportVerdict,
    group: Neighbourhood | None,
    survival_months: float | None,
    bounds: Iterable[SurvivalBound],
    rank: int | None,
    leaf: LeafGroup | None,
    synthetic: bool,
    warnings: Iterable[str],
    sensitivity: str | None,
    source: str,
) -> tuple[str, ...]:
    """Return the sentences of a prediction, in the order in which they are to be read."""
    out = [SYNTHETIC] if synthetic else []
    out += [support.text(question)]
    if group is not None:
        out += list(warnings)
        out += [_effect(question, group.means)]
        if group.survival is not None and survival_months is not None:
            out += survival_lines(question, group.survival, survival_months)
        out += [] if group.hidden is None else [_hidden(question, group.means, group.hidden)]
        told = [_bound(question, bound) for bound in bounds]
        out += [*told, BOUND_MEANING] if told else []
        out += [] if rank is None else [_rank(question, rank)]
        out += [] if leaf is None else _leaf(question, leaf)
        out += [HIDDEN, *([] if sensitivity is None else [sensitivity]), BURDEN]
    return (*out, f"Data: {source}.", RESEARCH)


def _hidden(question: SelectionQuestion, means: GroupMeans, hidden: HiddenRange) -> str:
    low, high = hidden.ends("effect", means.effect)
    if question.measure == "rmst_difference":
        ends = (_one_more(low, 1), _one_more(high, 1))
        unit = "months "
    else:
        lower, upper = math.floor(100.0 * low + 0.5), math.floor(100.0 * high + 0.5)
        ends, unit = (_count(lower), _count(upper)), "of 100 patients "
    return (
        f"If patients differed in something the data don't hold that changes the odds of "
        f"{question.treated_label} by up to {hidden.factor:g} times, the range of the difference, "
        f"in {unit}free of {question.outcome}, is {ends[0]} to {ends[1]} with "
        f"{question.treated_label}."
    )


def _effect(question: SelectionQuestion, means: GroupMeans) -> str:
    span = f"{question.horizon_months:g} months since {question.time_zero}"
    with_, without = question.treated_label, question.comparator_label
    if question.measure == "survival_difference":
        return survival_lines(question, means, question.horizon_months)[0]
    free = f"free of {question.outcome}"
    return (
        f"Patients like this were {free} for {_months(means.comparator_mean)} of the first {span} "
        f"with {without}, and for {_months(means.treated_mean)} with {with_}, on average: "
        f"{_more(means.effect, 'months', 1)} with {with_}."
    )


def survival_lines(question: SelectionQuestion, means: GroupMeans, months: float) -> list[str]:
    """Return survival of a group out of 100 patients, in both frames.

    Parameters
    ----------
    question : SelectionQuestion
        Names of the options and the event.
    means : GroupMeans
        Probabilities to be free of the event at `months`, and their difference.
    months : float
        Since time zero.

    Returns
    -------
    list of str
        One sentence: those free of the event and those who had it, whose numbers add up to 100,
        and the difference, that of the numbers shown.
    """
    free0, had0 = of_100(means.comparator_mean.estimate)
    free1, had1 = of_100(means.treated_mean.estimate)
    low, high = means.effect.ci_low * 100.0, means.effect.ci_high * 100.0
    difference = free1 - free0
    # The interval is that of the estimate; it holds the whole number shown.
    ends = (min(math.floor(low + 0.5), difference), max(math.floor(high + 0.5), difference))
    with_, without = question.treated_label, question.comparator_label
    return [
        f"Of 100 patients like this, about {free0} ({_ends(means.comparator_mean)}) are free of "
        f"{question.outcome} {months:g} months after {question.time_zero} with {without}, and "
        f"{free1} ({_ends(means.treated_mean)}) with {with_}: {_count(difference)} "
        f"({_count(ends[0])} to {_count(ends[1])}) with {with_}. {had0} and {had1} have had it "
        "by then."
    ]


def _ends(estimate: Estimate) -> str:
    return f"{of_100(estimate.ci_low)[0]} to {of_100(estimate.ci_high)[0]}"


def _count(difference: int) -> str:
    if difference == 0:
        return "no more and no fewer"
    return f"{abs(difference)} {'more' if difference > 0 else 'fewer'}"


def _months(estimate: Estimate) -> str:
    return (
        f"{estimate.estimate:.1f} ({max(estimate.ci_low, 0.0):.1f} to {estimate.ci_high:.1f}) "
        "months"
    )


def _more(effect: Estimate, unit: str, digits: int) -> str:
    middle = _one_more(effect.estimate, digits).split()
    low, high = _one_more(effect.ci_low, digits), _one_more(effect.ci_high, digits)
    return f"{middle[0]} {unit} {middle[1]} ({low} to {high})"


def _one_more(value: float, digits: int) -> str:
    shown = f"{abs(value):.{digits}f}"
    if float(shown) == 0.0:
        return f"{shown} more"
    return f"{shown} {'more' if value > 0 else 'fewer'}"


def _bound(question: SelectionQuestion, bound: SurvivalBound) -> str:
    label = question.treated_label if bound.option == "treated" else question.comparator_label
    share = f"{bound.share:g} of 100 patients"
    if bound.at_horizon:
        return (
            f"With {label}, at least {share} are free of {question.outcome} for more than "
            f"{bound.months:g} months."
        )
    # Rounded down: a bound that is rounded up is none.
    whole = math.floor(bound.months) if bound.months >= 2.0 else math.floor(10 * bound.months) / 10
    if whole == 0.0:
        return f"With {label}, no time can be given that at least {share} reach."
    return (
        f"With {label}, at least {share} are free of {question.outcome} for {whole:g} months or "
        "longer."
    )


def _leaf(question: SelectionQuestion, leaf: LeafGroup) -> list[str]:
    option = question.treated_label if leaf.treats else question.comparator_label
    out = [
        f"In the rule of this model the patient lies in leaf {leaf.leaf} ({leaf.text}): {option}."
    ]
    if leaf.means is None:
        return [*out, "Too few other patients of this leaf had one of the options for numbers."]
    effect = leaf.means.effect
    if question.measure == "rmst_difference":
        difference = _more(effect, "months", 1)
    else:
        middle, low, high = (
            _count(math.floor(100.0 * end + 0.5))
            for end in (effect.estimate, effect.ci_low, effect.ci_high)
        )
        difference = f"{middle} of 100 free of {question.outcome} ({low} to {high})"
    return [
        *out,
        f"In {leaf.n} patients of this leaf who had no part in finding the rule ({leaf.treated} "
        f"had {question.treated_label}): {difference} with {question.treated_label}, on average.",
    ]


def _rank(question: SelectionQuestion, rank: int) -> str:
    return (
        f"The predicted effect of {question.treated_label} for this patient is larger than for "
        f"about {rank} of 100 patients of the data; a rank, not a number to rely on for one "
        "patient."
    )

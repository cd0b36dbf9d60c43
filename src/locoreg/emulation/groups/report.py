"""What is told of two weighted arms: steps, counts, weights, verdicts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from locoreg.core.numbertext import plural
from locoreg.emulation.arms import arm_counts, arm_steps, count_times
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.diagnostics.immortal import early_rates, immortal_time
from locoreg.emulation.diagnostics.thresholds import (
    CONSERVATION_FAIL,
    CONSERVATION_WARN,
    ESS_WARN,
    HORIZON_ESS,
    IMMORTAL_NOTE,
    TOP_FAIL,
    TOP_WARN,
)
from locoreg.emulation.diagnostics.verdicts import judged
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.effect.curve import CountRow
from locoreg.emulation.effect.detail import WeightSummary
from locoreg.emulation.groups.weighted import WeightedArms
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray

# With fewer persons 1% of them is nobody.
FEWEST_FOR_SHARE = 100
# Told where a model of treatment is penalised.
PENALISED = "Models of treatment have Firth's penalty; influence functions leave it out."


def steps_and_counts(
    arms: WeightedArms, question: Question
) -> tuple[
    tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]],
    tuple[tuple[CountRow, ...], tuple[CountRow, ...]],
]:
    """Return the whole curves and the numbers at risk of both arms."""
    weight, times = arms.row_weight(), count_times(question.horizon_months)
    parts = (weight[: arms.split], weight[arms.split :])
    steps = [
        arm_steps(arm, w, question.horizon_months, competing=arms.competing)
        for arm, w in zip(arms.arms, parts, strict=True)
    ]
    counts = [arm_counts(arm, w, times) for arm, w in zip(arms.arms, parts, strict=True)]
    return (steps[0], steps[1]), (counts[0], counts[1])


def at_risk(arms: WeightedArms, arm: int, month: float) -> FloatArray:
    """Return the weight of each person at risk in an arm, all rows summed, shape (n,).

    Parameters
    ----------
    arms : WeightedArms
        The arms.
    arm : int
        0 comparator, 1 treated.
    month : float
        Time; at 0 those are at risk who are followed from 0.

    Returns
    -------
    ndarray of float
        0 for those who are not at risk.
    """
    rows = arms.arms[arm]
    weight = arms.row_weight()[arms.treated == bool(arm)]
    start = np.zeros(rows.stop.size) if rows.start is None else rows.start
    here = ((start < month) | (start <= 0.0)) & (rows.stop >= month)
    sums = np.bincount(rows.person[here], weights=weight[here], minlength=arms.n)
    return np.asarray(sums, dtype=np.float64)


def weight_summaries(
    arms: WeightedArms, question: Question, times: Iterable[float]
) -> tuple[WeightSummary, ...]:
    """Return weights of persons in both arms at some times; persons count once, rows summed."""
    labels = (question.comparator_label, question.treated_label)
    out = []
    for month in times:
        for arm, label in enumerate(labels):
            w = at_risk(arms, arm, month)
            out.append(_summary(label, month, w))
    return tuple(out)


def _summary(label: str, month: float, w: FloatArray) -> WeightSummary:
    w = w[w > 0]
    if not w.size:
        nan = float("nan")
        return WeightSummary(
            arm=label,
            at_months=month,
            n=0,
            total=0.0,
            mean=nan,
            median=nan,
            p99=nan,
            largest=nan,
            ess=0.0,
            top_share=nan,
        )
    top = max(1, round(0.01 * w.size))
    total = float(w.sum())
    return WeightSummary(
        arm=label,
        at_months=month,
        n=w.size,
        total=total,
        mean=float(w.mean()),
        median=float(np.median(w)),
        p99=float(np.percentile(w, 99.0)),
        largest=float(w.max()),
        ess=total**2 / float(w @ w),
        top_share=float(np.sort(w)[-top:].sum()) / total,
    )


def concentration(arms: WeightedArms, question: Question) -> tuple[Diagnostic, ...]:
    """Return verdicts on how many persons carry each arm at the horizon.

    Parameters
    ----------
    arms : WeightedArms
        The arms.
    question : Question
        For the horizon and labels.

    Returns
    -------
    tuple of Diagnostic
        ``effective_size`` and, where there are weights, ``top_share`` of both arms.
    """
    out = []
    month = question.horizon_months
    for arm, label in enumerate((question.comparator_label, question.treated_label)):
        found = _summary(label, month, np.sort(at_risk(arms, arm, month)))
        out.append(
            judged(
                "effective_size",
                "Effective sample size",
                found.ess,
                warn=ESS_WARN,
                fail=HORIZON_ESS,
                high_is_bad=False,
                message=f"effectively {found.ess:.1f} of {plural(found.n, 'person')} at risk at "
                f"{month:g} months.",
                advice="Choose an earlier horizon.",
                arm=label,
            )
        )
        if arms.factors and found.n >= FEWEST_FOR_SHARE:
            out.append(
                judged(
                    "top_share",
                    "Weight of the top 1% of persons",
                    found.top_share,
                    warn=TOP_WARN,
                    fail=TOP_FAIL,
                    high_is_bad=True,
                    message=f"at {month:g} months the 1% of persons with the largest weights hold "
                    f"{100.0 * found.top_share:.1f}% of the weight.",
                    advice="Look at who they are: persons like them are nearly never, or nearly "
                    "always, treated.",
                    arm=label,
                )
            )
    return tuple(out)


def conservation(
    question: Question, totals: tuple[float, float], expected: float
) -> tuple[Diagnostic, Diagnostic]:
    """Return a verdict on whether each arm's weights add up to those it stands for.

    Parameters
    ----------
    question : Question
        For labels.
    totals : tuple of float
        Sums of the weights where follow-up starts.
    expected : float
        Persons (or person-trials) that either arm stands for.

    Returns
    -------
    tuple of Diagnostic
        Comparator, then treated.
    """
    labels = (question.comparator_label, question.treated_label)
    found = [
        judged(
            "conservation",
            "Weights add up to the persons",
            abs(total / expected - 1.0),
            warn=CONSERVATION_WARN,
            fail=CONSERVATION_FAIL,
            high_is_bad=True,
            message=f"weights sum to {total:.1f}; the arm stands for {expected:g}.",
            advice="Let the model of treatment bend (splines, interactions), or look for persons "
            "who are nearly never, or nearly always, treated.",
            arm=label,
        )
        for label, total in zip(labels, totals, strict=True)
    ]
    return found[0], found[1]


def immortal_diagnostics(cohort: Cohort, question: Question) -> tuple[Diagnostic, ...]:
    """Return verdicts on a comparison of the ever with the never treated.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        For the grace period and the horizon.

    Returns
    -------
    tuple of Diagnostic
        ``immortal_time``, which fails where it is more than a trifle, and ``early_rates``.
    """
    found = immortal_time(cohort, question)
    return (
        judged(
            "immortal_time",
            "Immortal person-time",
            found.share,
            warn=IMMORTAL_NOTE,
            fail=IMMORTAL_NOTE,
            high_is_bad=True,
            message=f"{100.0 * found.share:.1f}% of the person-time of the ever treated lies "
            "before their treatment, when they could not die as treated persons.",
            advice="Use a method in which the arms start together.",
        ),
        early_rates(cohort, question),
    )

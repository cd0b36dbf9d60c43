"""Follow-up: how far the data carry a comparison."""

from __future__ import annotations

import math

import numpy as np

from locoreg.core.numbertext import decimal_text
from locoreg.emulation.cohort import Cohort
from locoreg.emulation.diagnostics.positivity import known_groups
from locoreg.emulation.diagnostics.thresholds import (
    FOLLOWED_FAIL,
    FOLLOWED_WARN,
    HORIZON_ESS,
    LATE_ENTRY_WARN,
    LOSS_DIFFERENCE_WARN,
)
from locoreg.emulation.diagnostics.verdicts import judged, noted
from locoreg.emulation.effect import Diagnostic
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray


def supported_until(
    stop: FloatArray, weight: FloatArray, *, start: FloatArray | None = None
) -> float:
    """Return the largest time at which enough persons are at risk in an arm.

    Parameters
    ----------
    stop, weight : ndarray of float, shape (r,)
        Ends and weights of rows of follow-up; a person has at most one row at any time.
    start : ndarray of float, shape (r,), optional
        Starts of the rows.

    Returns
    -------
    float
        Largest end of a row at which the effective number at risk, ``(sum w)^2 / sum w^2`` over
        start < t <= stop, is at least 30; 0 if there is none.
    """
    rows = weight > 0.0
    stop, weight = stop[rows], weight[rows]
    times = np.unique(stop)
    powers = [
        _at_risk(stop, None if start is None else start[rows], w, times)
        for w in (weight, weight * weight)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        ess = np.where(powers[1] > 0.0, powers[0] ** 2 / powers[1], 0.0)
    # Sums of ends taken apart are rounded: 30 persons of weight 1 are 30.
    enough = times[ess >= HORIZON_ESS * (1.0 - 1e-9)]
    return float(enough[-1]) if enough.size else 0.0


def _at_risk(
    stop: FloatArray, start: FloatArray | None, weight: FloatArray, times: FloatArray
) -> FloatArray:
    """Return sums of weights over rows with start < t <= stop."""
    order = np.argsort(stop, kind="stable")
    left = np.concatenate([np.cumsum(weight[order][::-1])[::-1], [0.0]])
    out = left[np.searchsorted(stop[order], times, side="left")]
    if start is not None:
        order = np.argsort(start, kind="stable")
        late = np.concatenate([np.cumsum(weight[order][::-1])[::-1], [0.0]])
        # Of those whose end is not before t, the rows that start at t or later are not yet there.
        out = out - late[np.searchsorted(start[order], times, side="left")]
    return np.asarray(out)


def horizon_support(
    comparator: float, treated: float, question: Question, *, whom: str
) -> Diagnostic:
    """Judge whether both arms carry the comparison up to its horizon.

    Parameters
    ----------
    comparator, treated : float
        What `supported_until` gave for each arm.
    question : Question
        With the horizon.
    whom : str
        Which rows these are, in words.

    Returns
    -------
    Diagnostic
        ``horizon_support``: fail if an arm has fewer than 30 effective persons at risk before the
        horizon.
    """
    value = min(comparator, treated)
    arm = question.comparator_label if comparator < treated else question.treated_label
    short = value < question.horizon_months
    return judged(
        "horizon_support",
        "Persons at risk up to the horizon",
        value,
        warn=question.horizon_months,
        fail=question.horizon_months,
        high_is_bad=False,
        message=f"both arms have {HORIZON_ESS:g} effective persons at risk up to "
        f"{decimal_text(value, 1)} months ({whom}); the horizon is "
        f"{question.horizon_months:g} months.",
        advice=f"Take a horizon of at most {math.floor(value):g} months."
        if value >= 1.0
        else "There are too few persons in an arm for a comparison.",
        arm=arm if short else None,
    )


def cohort_horizon_support(cohort: Cohort, question: Question) -> Diagnostic:
    """Judge it for the persons themselves, treated within the grace period or not.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With grace period, comparator and horizon.

    Returns
    -------
    Diagnostic
        Weights make it worse: methods judge their own rows.
    """
    treated = cohort.treatment_time <= question.grace_months
    entry = cohort.entry
    kept = ~treated
    end = cohort.time
    if question.comparator == "never":
        end = np.minimum(end, cohort.treatment_time)
    values = []
    for group, stop in ((kept, end), (treated, cohort.time)):
        start = None if entry is None else entry[group]
        values.append(supported_until(stop[group], np.ones(int(group.sum())), start=start))
    # Persons who are followed to the horizon support it, whatever comes later.
    return horizon_support(values[0], values[1], question, whom="each person counted once")


def follow_up(cohort: Cohort, question: Question) -> tuple[Diagnostic, ...]:
    """Judge how complete follow-up is, and whether it differs between the groups.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        With grace period and horizon.

    Returns
    -------
    tuple of Diagnostic
        ``followed``: persons followed up to the horizon, or to an event, or whose follow-up ended
        with the study. ``loss_difference``: difference of the shares lost before the horizon,
        among persons followed past the grace period.
    """
    horizon = question.horizon_months
    lost = cohort.lost & (cohort.event == 0) & (cohort.time < horizon)
    ended = (cohort.event == 0) & ~cohort.lost & (cohort.time < horizon)
    value = 1.0 - float(lost.mean())
    out = [
        judged(
            "followed",
            "Completeness of follow-up",
            value,
            warn=FOLLOWED_WARN,
            fail=FOLLOWED_FAIL,
            high_is_bad=False,
            message=f"{lost.mean():.1%} of persons are lost to follow-up before the horizon, and "
            f"{ended.mean():.1%} end with the study before it.",
            advice="Model loss to follow-up, and vary what those who were lost had.",
        )
    ]
    treated, untreated = known_groups(cohort, question)
    past = cohort.time > question.grace_months
    groups = [treated & past, untreated]
    if all(group.any() for group in groups):
        shares = [float(lost[group].mean()) for group in groups]
        out.append(
            judged(
                "loss_difference",
                "Loss to follow-up by group",
                abs(shares[0] - shares[1]),
                warn=LOSS_DIFFERENCE_WARN,
                fail=None,
                high_is_bad=True,
                message=f"of those treated within the grace period {shares[0]:.1%} are lost before "
                f"the horizon, of the others {shares[1]:.1%}.",
                advice="Model loss to follow-up in each arm by its own.",
            )
        )
    return tuple(out)


def left_truncation(cohort: Cohort) -> Diagnostic:
    """Tell how many persons are observed from later than time zero.

    Parameters
    ----------
    cohort : Cohort
        The persons.

    Returns
    -------
    Diagnostic
        ``left_truncation``: the share of persons.
    """
    title = "Observed from later than time zero"
    if cohort.entry is None:
        return noted("left_truncation", title, 0.0, "everybody is observed from time zero.")
    late = cohort.entry > 0.0
    months = float(np.median(cohort.entry[late])) if late.any() else 0.0
    return judged(
        "left_truncation",
        title,
        float(late.mean()),
        warn=LATE_ENTRY_WARN,
        fail=None,
        high_is_bad=True,
        message=f"{late.mean():.1%} of persons are observed from later than time zero, in the "
        f"median {decimal_text(months, 1)} months: they are at risk from then on.",
        advice="Estimates rest on the assumption that those who entered late are like those who "
        "were at risk by then; early risk rests on few persons. Compare with those observed from "
        "time zero.",
    )

"""Diagnostics of scores: overlap, censoring, counts, with verdicts and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.numbertext import decimal_text
from locoreg.emulation.diagnostics.overlap import overlap, overlap_diagnostics
from locoreg.emulation.diagnostics.thresholds import (
    CONSERVATION_FAIL,
    CONSERVATION_WARN,
    ESS_WARN,
    HORIZON_ESS,
    LATE_ENTRY_WARN,
    MISSING_FAIL,
    MISSING_WARN,
)
from locoreg.emulation.diagnostics.verdicts import judged, noted
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.scores.checks import at_risk_at
from locoreg.selection.scores.thresholds import (
    CLUSTERS_WARN,
    EVENTS_FAIL,
    EVENTS_WARN,
    HELD_FAIL,
    KNOWN_WARN,
    UNCENSORED_WARN,
)
from locoreg.stats.survivaldata import BoolArray, FloatArray

if TYPE_CHECKING:
    from locoreg.selection.scores.followup import FollowUp
    from locoreg.selection.scores.result import Scores

TRIM = (
    "Leave out persons beyond Crump's limit with `trim` and make the scores anew, or ask for the "
    "effect in the overlap with `overlap_average`."
)


def report(scores: Scores, follow: FollowUp) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of scores.

    Parameters
    ----------
    scores : Scores
        The scores.
    follow : FollowUp
        Follow-up up to the horizon.

    Returns
    -------
    tuple of Diagnostic
        Overlap first, then censoring, counts, and the data.
    """
    e = scores.propensity
    arms = (
        (scores.data.treated, scores.question.treated_label, 1.0 / e),
        (~scores.data.treated, scores.question.comparator_label, 1.0 / (1.0 - e)),
    )
    found = list(overlap_diagnostics(overlap(e, scores.data.treated)))
    for members, label, inverse in arms:
        found += _of_weights(scores, members, label, inverse)
    found += _of_censoring(scores, follow)
    for members, label, _ in arms:
        found += _of_counts(scores, follow, members, label)
    return (*found, *_of_data(scores))


def _of_weights(
    scores: Scores, members: BoolArray, label: str, inverse: FloatArray
) -> list[Diagnostic]:
    w = scores.weight
    own = (w * inverse)[members]
    mean = float(own.sum() / w.sum())
    effective = float(own.sum() ** 2 / (own**2).sum())
    return [
        judged(
            "mean_weight", "Weights of an arm against the persons that they stand for",
            abs(mean - 1.0), warn=CONSERVATION_WARN, fail=CONSERVATION_FAIL, high_is_bad=True,
            message=f"the inverse probabilities of {label!r} average to {decimal_text(mean)} "
            "(1 if they are right).",
            advice="The model of treatment does not fit: add covariates or persons. " + TRIM,
            arm=label,
        ),
        judged(
            "effective_size", "Effective persons", effective, warn=ESS_WARN, fail=None,
            high_is_bad=False,
            message=f"{int(members.sum())} persons with {label!r} count as {effective:.0f} under "
            "their weights.",
            advice="Expect wide intervals. " + TRIM, arm=label,
        ),
    ]  # fmt: skip


def _of_censoring(scores: Scores, follow: FollowUp) -> list[Diagnostic]:
    w = scores.weight / scores.weight.sum()
    limit = scores.options.smallest_uncensored
    smallest = float(scores.uncensored.min())
    held = float(w @ (scores.uncensored <= limit * (1.0 + 1e-9)))
    known = float(w @ follow.done)
    horizon = scores.question.horizon_months
    return [
        judged(
            "smallest_uncensored", "Smallest probability of being uncensored", smallest,
            warn=np.nextafter(UNCENSORED_WARN, 1.0), fail=None, high_is_bad=False,
            message=f"the smallest probability of being uncensored is {smallest:.3f}.",
            advice="Take a shorter horizon: at this one, persons who were followed stand for many "
            "who were not.",
        ),
        judged(
            "held_uncensored", "Probabilities of being uncensored that were held", held,
            warn=0.0, fail=HELD_FAIL, high_is_bad=True,
            message=f"{held:.1%} of persons have a probability of being uncensored that was held "
            f"at {limit:g}.",
            advice="Take a shorter horizon.",
        ),
        judged(
            "known_outcome", "Persons whose outcome is known at the horizon", known,
            warn=KNOWN_WARN, fail=None, high_is_bad=False,
            message=f"{known:.1%} of persons had the event or were followed to {horizon:g} months; "
            f"{int(follow.censored.sum())} of {scores.n} were censored before.",
            advice="Take a shorter horizon, or complete the follow-up.",
        ),
    ]  # fmt: skip


def _of_counts(
    scores: Scores, follow: FollowUp, members: BoolArray, label: str
) -> list[Diagnostic]:
    events = int(follow.event[members].sum())
    horizon = scores.question.horizon_months
    weights = at_risk_at(scores.data, members, follow.last_needed)
    effective = float(weights.sum() ** 2 / (weights**2).sum()) if weights.size else 0.0
    return [
        judged(
            "events", "Events", float(events), warn=EVENTS_WARN, fail=EVENTS_FAIL,
            high_is_bad=False,
            message=f"{events} of {int(members.sum())} persons with {label!r} had the event before "
            f"{horizon:g} months.",
            advice="Effects by covariates can't be told here: take a later horizon, a more "
            "frequent outcome or more persons.",
            arm=label,
        ),
        judged(
            "at_risk", "Persons at risk at the horizon", effective, warn=HORIZON_ESS, fail=None,
            high_is_bad=False,
            message=f"{weights.size} persons with {label!r} are at risk at {horizon:g} months"
            + (f" (effectively {effective:.0f})." if scores.data.weight is not None else "."),
            advice="Take a shorter horizon, unless hardly anybody is free of the event by then.",
            arm=label,
        ),
    ]  # fmt: skip


def _of_data(scores: Scores) -> list[Diagnostic]:
    data = scores.data
    missing = {c.name: float(c.missing.mean()) for c in data.covariates}
    name = max(missing, key=lambda one: missing[one])
    found = [
        judged(
            "unknown_values", "Unknown values of a covariate", missing[name], warn=MISSING_WARN,
            fail=MISSING_FAIL, high_is_bad=True,
            message=f"{name} is unknown for {missing[name]:.1%}, most of all covariates; unknown "
            "has a column of its own, and the median stands in.",
            advice="Find the values, impute them before, or leave the covariate out if it is no "
            "confounder.",
        )
    ]  # fmt: skip
    if scores.coding.constant:
        names = ", ".join(scores.coding.constant)
        found.append(
            noted(
                "constant_covariates", "Covariates that do not vary",
                float(len(scores.coding.constant)), f"{names}: one value only, not used.",
            )
        )  # fmt: skip
    if data.entry is not None:
        late = float((data.entry > 0.0).mean())
        found.append(
            judged(
                "late_entry", "Persons observed from later than time zero", late,
                warn=LATE_ENTRY_WARN, fail=None, high_is_bad=True,
                message=f"{late:.1%} of persons entered after time zero; their time before rests "
                "on the model of the event alone.",
                advice="Take a later time zero (a landmark) at which they are all observed.",
            )
        )  # fmt: skip
    if data.cluster is not None:
        count = int(np.unique(data.cluster).size)
        found.append(
            judged(
                "clusters", "Clusters", float(count), warn=CLUSTERS_WARN, fail=None,
                high_is_bad=False, message=f"there are {count} clusters.",
                advice="Intervals that allow for clusters are too narrow with so few: read them "
                "with care, or leave sites out one by one.",
            )
        )  # fmt: skip
    return found

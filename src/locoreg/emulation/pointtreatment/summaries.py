"""Weights, overlap and effective sizes of weighted groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from locoreg.core.numbertext import plural
from locoreg.emulation.arms import ArmRows
from locoreg.emulation.diagnostics.thresholds import (
    HORIZON_ESS,
    SMD_WARN,
    SUPPORT_FAIL,
    SUPPORT_WARN,
)
from locoreg.emulation.effect import Diagnostic, FlowStep, Verdict, WeightSummary
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Variance below which a square or product of standardised columns is taken as constant.
SPREAD_LEAST = 1e-9
# Share of persons with the largest weights whose share of all weight is told.
TOP = 0.01
# Below this effective size a curve is a handful of persons.
ESS_FAIL = 10.0


def effective(weight: FloatArray) -> float:
    """Return the effective sample size (sum w)^2 / sum w^2; 0 without weight."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares > 0.0 else 0.0


def weight_summary(
    rows: ArmRows, weight: FloatArray, at_months: float, label: str
) -> WeightSummary:
    """Return the weights of those followed in an arm at a time.

    Parameters
    ----------
    rows : ArmRows
        The arm, one row per person.
    weight : ndarray of float, shape (m,)
        Weights of all persons in groups.
    at_months : float
        Time; who is at risk just after it counts.
    label : str
        The strategy.

    Returns
    -------
    WeightSummary
        Of persons with a weight.
    """
    start = np.full(rows.stop.size, -np.inf) if rows.start is None else rows.start
    w = weight[rows.person[(start <= at_months) & (rows.stop >= at_months)]]
    w = np.sort(w[w > 0.0])[::-1]
    if not w.size:
        nothing = float("nan")
        return WeightSummary(
            arm=label,
            at_months=at_months,
            n=0,
            total=0.0,
            mean=nothing,
            median=nothing,
            p99=nothing,
            largest=nothing,
            ess=0.0,
            top_share=nothing,
        )
    top = max(1, int(np.ceil(TOP * w.size)))
    return WeightSummary(
        arm=label,
        at_months=at_months,
        n=w.size,
        total=float(w.sum()),
        mean=float(w.mean()),
        median=float(np.median(w)),
        p99=float(np.percentile(w, 99.0)),
        largest=float(w[0]),
        ess=effective(w),
        top_share=float(w[:top].sum() / w.sum()),
    )


def used_flow(
    arms: Sequence[ArmRows], weight: FloatArray, labels: Sequence[str]
) -> tuple[FlowStep, ...]:
    """Return how many of each group have a weight, where somebody has none."""
    if (weight > 0.0).all():
        return ()
    out = []
    for rows, label in zip(arms, labels, strict=True):
        used = int((weight[rows.person] > 0.0).sum())
        out.append(FlowStep(arm=label, name="Matched or kept", n=used))
        out.append(FlowStep(arm=label, name="Not matched or trimmed", n=rows.person.size - used))
    return tuple(out)


def score_overlap(score: FloatArray, treated: BoolArray) -> Diagnostic:
    """Return the share of persons whose score lies outside the range of the other group."""
    bounds = [(score[group].min(), score[group].max()) for group in (~treated, treated)]
    low = max(bounds[0][0], bounds[1][0])
    high = min(bounds[0][1], bounds[1][1])
    outside = int(((score < low) | (score > high)).sum())
    share = outside / score.size
    verdict: Verdict = (
        "fail" if share > SUPPORT_FAIL else "warn" if share > SUPPORT_WARN else "pass"
    )
    return Diagnostic(
        name="score_overlap",
        title="Common support of the propensity score",
        verdict=verdict,
        value=share,
        threshold=SUPPORT_FAIL if verdict == "fail" else SUPPORT_WARN,
        message=(
            f"scores run from {bounds[1][0]:.3f} to {bounds[1][1]:.3f} among the treated and from "
            f"{bounds[0][0]:.3f} to {bounds[0][1]:.3f} among the comparators; "
            f"{outside} of {plural(score.size, 'person')} lie outside the range that both share."
        ),
        advice=""
        if verdict == "pass"
        else "Take overlap weights, trim, or restrict eligibility to persons for whom either "
        "treatment was possible.",
    )


def effective_size(weight: FloatArray, label: str) -> Diagnostic:
    """Return the effective sample size of a group with its verdict."""
    ess = effective(weight)
    verdict: Verdict = "fail" if ess < ESS_FAIL else "warn" if ess < HORIZON_ESS else "pass"
    return Diagnostic(
        name="effective_size",
        title="Effective sample size",
        verdict=verdict,
        value=ess,
        threshold=ESS_FAIL if verdict == "fail" else HORIZON_ESS,
        message=(
            f"{plural(int((weight > 0.0).sum()), 'person')} of the group count as "
            f"{ess:.1f} with equal weights."
        ),
        advice=""
        if verdict == "pass"
        else "The group is too small, or few of its persons carry it: take overlap weights, or "
        "fewer confounders.",
        arm=label,
    )


# Below this a person who is still followed stands for more than 20 (the limit in the R package
# grf; Cui et al. 2023, doi:10.1093/jrsssb/qkac001).
UNCENSORED_WARN = 0.05


def smallest_uncensored(uncensored: FloatArray, floor: float) -> Diagnostic:
    """Return the smallest probability of being uncensored, and how many were bounded.

    Parameters
    ----------
    uncensored : ndarray of float, shape (n,)
        Each person's smallest.
    floor : float
        What smaller ones are taken to be.

    Returns
    -------
    Diagnostic
        ``smallest_uncensored``.
    """
    least = float(uncensored.min())
    good = least >= UNCENSORED_WARN
    return Diagnostic(
        name="smallest_uncensored",
        title="Probability of being uncensored",
        verdict="pass" if good else "warn",
        value=least,
        threshold=UNCENSORED_WARN,
        message=(
            f"the smallest is {least:.3f}; {plural(int((uncensored < floor).sum()), 'person')} "
            f"had one below {floor:g}, which was used in its place."
        ),
        advice="" if good else "Shorten the horizon to where more persons are followed.",
    )


def moment_balance(
    X: FloatArray, names: Sequence[str], treated: BoolArray, weight: FloatArray
) -> Diagnostic:
    """Return the largest standardised difference of squares and products of confounders.

    Parameters
    ----------
    X : ndarray of float, shape (m, p)
        Confounders as columns; squares and products are those of their distances from the mean.
    names : sequence of str
        Their names.
    treated : ndarray of bool, shape (m,)
        Who is treated.
    weight : ndarray of float, shape (m,)
        Weights.

    Returns
    -------
    Diagnostic
        ``moment_balance``. Means can agree where a model of treatment is too stiff; spreads and
        joint distributions then don't.
    """
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    weighted, spread = [], np.zeros((X.shape[1], X.shape[1]))
    for group in (~treated, treated):
        z, w = Z[group], weight[group] / weight[group].sum()
        weighted.append((z * w[:, None]).T @ z)
        mean = z.T @ z / z.shape[0]
        spread += 0.5 * ((z**2).T @ z**2 / z.shape[0] - mean**2)
    # Squares of columns of two values, and products of levels of a category, vary with the means.
    varies = spread > SPREAD_LEAST
    found = np.where(varies, np.abs(weighted[1] - weighted[0]), 0.0)
    found /= np.sqrt(np.where(varies, spread, 1.0))
    j, k = divmod(int(np.argmax(found)), found.shape[1])
    value = float(found[j, k])
    good = value <= SMD_WARN
    return Diagnostic(
        name="moment_balance",
        title="Balance of squares and products",
        verdict="pass" if good else "warn",
        value=value,
        threshold=SMD_WARN,
        message=(
            f"the largest standardised difference is {value:.2f}, of "
            + (f"the square of {names[j]}." if j == k else f"{names[j]} times {names[k]}.")
        ),
        advice=""
        if good
        else "Let the model of treatment bend (splines, products as confounders of their own).",
    )

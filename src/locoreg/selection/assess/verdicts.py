"""Verdicts of an assessment."""

from __future__ import annotations

import math

import numpy as np

from locoreg.core.numbertext import p_text
from locoreg.emulation.effect import Diagnostic, Verdict
from locoreg.selection.assess.heldout import HeldOut
from locoreg.selection.assess.outcomes import Comparison, HeterogeneityTest
from locoreg.selection.assess.results import Calibration
from locoreg.selection.scores.result import Scores

# Clusters below which the normal approximation of cluster-robust errors is poor: rejections at 5
# percent rise to 10 and more (Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414).
CLUSTERS_WARN = 30


def heterogeneity_verdict(test: HeterogeneityTest) -> Diagnostic:
    """Return whether the primary test finds differences of the effect."""
    tested = f"{test.target.upper()} of {test.learner} on {test.design} predictions"
    if test.found:
        message = f"Effects differ between persons: {tested}, {p_text(test.p)} (one-sided)."
        advice = ""
    else:
        message = (
            f"No differences of the effect were found: {tested}, {p_text(test.p)} (one-sided)."
        )
        advice = "Report the average effect, and no rule by predicted effects."
    return Diagnostic(
        name="heterogeneity",
        title="Heterogeneity",
        verdict="pass" if test.found else "warn",
        value=test.p,
        threshold=test.alpha,
        message=message,
        advice=advice,
    )


def power_verdict(test: HeterogeneityTest, relevant: float | None) -> Diagnostic:
    """Return what difference of the effect the test could find."""
    tested = sum(one.n for one in test.folds)
    unit = test.unit if test.unit != "probability" else "(probability)"
    message = (
        f"With {tested} persons tested, a difference of {test.detectable_difference:.3g} {unit} "
        f"between two halves is found with a power of {test.power:g}% if the learner tells the "
        "halves apart without error; less else."
    )
    small = relevant is not None and test.detectable_difference > relevant
    verdict: Verdict = "note" if relevant is None else "warn" if small else "pass"
    advice = ""
    if small:
        message += f" A difference of {relevant:g} would matter: the persons are too few for it."
        advice = "That no difference is found must not be read as none; take more persons."
    return Diagnostic(
        name="heterogeneity_power",
        title="Power of the test of heterogeneity",
        verdict=verdict,
        value=test.detectable_difference,
        threshold=relevant,
        message=message,
        advice=advice,
    )


def calibration_verdict(made: Calibration) -> Diagnostic:
    """Return whether the interval of the calibration slope excludes 0 and holds 1."""
    slope = made.slope
    value: float | None = slope.estimate
    verdict: Verdict = "warn"
    advice = "Shrink or recalibrate the predictions before their size is shown."
    message = f"Calibration slope {slope.text()}: "
    if math.isnan(slope.estimate):
        value, message = None, "The predicted effect is the same for everybody."
        advice = "There is nothing to select by; report the average effect."
    elif slope.ci_high < 0.0:
        verdict, advice = (
            "fail",
            "Don't use the predictions: they rank persons the wrong way round.",
        )
        message += "predictions are reversed."
    elif slope.ci_low <= 0.0:
        message += "predictions may tell nothing."
    elif slope.ci_high < 1.0:
        message += "predicted differences are too large."
    elif slope.ci_low > 1.0:
        message += "predicted differences are too small."
    else:
        verdict, advice = "pass", ""
        message += "differences are predicted in their size."
    return Diagnostic(
        name="calibration_slope",
        title="Calibration",
        verdict=verdict,
        value=value,
        threshold=1.0,
        message=message,
        advice=advice,
    )


def comparison_verdict(test: HeterogeneityTest, one: Comparison) -> Diagnostic:
    """Return whether a learner ranks persons better than another."""
    difference = one.difference
    verdict: Verdict = "warn"
    if one.p is not None and one.p < test.alpha and difference.estimate > 0.0:
        verdict = "pass"
    elif difference.estimate <= 0.0:
        verdict = "fail"
    tested = "" if one.p is None else f", {p_text(one.p)} (one-sided)"
    beaten = "beats" if verdict == "pass" else "does not beat"
    return Diagnostic(
        name=f"beats_{one.other}",
        title=f"Against {one.other}",
        verdict=verdict,
        value=difference.estimate,
        threshold=0.0,
        message=f"{test.learner} {beaten} {one.other}: difference of {test.target.upper()} "
        f"{difference.text()}{tested}.",
        advice="" if verdict == "pass" else f"Select by {one.other}, the simpler, or show both.",
    )


def units_verdict(scores: Scores, held: HeldOut, test: HeterogeneityTest) -> tuple[Diagnostic, ...]:
    """Return what is wrong with folds: constant predictions, few or divided clusters."""
    out = []
    if test.constant_folds:
        out.append(
            Diagnostic(
                name="constant_folds",
                title="Constant predictions",
                verdict="note",
                value=float(test.constant_folds),
                threshold=None,
                message=f"In {test.constant_folds} of {len(test.folds)} folds the model predicts "
                "the same effect for everybody; they count as 0 in the test.",
            )
        )
    part, _, fold = held.on(scores)
    if part.cluster is None:
        return tuple(out)
    clusters = np.unique(part.cluster).size
    places = np.unique(np.column_stack([part.cluster, fold]), axis=0)
    divided = int((np.unique(places[:, 0], return_counts=True)[1] > 1).sum())
    if clusters < CLUSTERS_WARN or divided:
        message = f"There are {clusters} clusters"
        message += f"; {divided} of them are divided between folds." if divided else "."
        out.append(
            Diagnostic(
                name="clusters",
                title="Clusters",
                verdict="warn",
                value=float(clusters),
                threshold=float(CLUSTERS_WARN),
                message=message,
                advice="Read intervals and p-values as too small; leave one cluster out in turn.",
            )
        )
    return tuple(out)

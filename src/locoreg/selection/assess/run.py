"""Assess a learner of effects: cross-fits, test, description, comparison, value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.provenance import Provenance
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.assess.assessment import Assessment
from locoreg.selection.assess.benefit import c_for_benefit
from locoreg.selection.assess.calibration import calibration
from locoreg.selection.assess.heldout import (
    CONSTANT,
    HeldOut,
    constant,
    crossfit,
    crossfit_sequential,
    redraw_folds,
)
from locoreg.selection.assess.heterogeneity import heterogeneity_test, sum_of_folds
from locoreg.selection.assess.options import AssessOptions
from locoreg.selection.assess.outcomes import (
    Comparison,
    ConcordanceForBenefit,
    HeterogeneityTest,
    SecondaryTest,
)
from locoreg.selection.assess.policy import policy_value, value_curve
from locoreg.selection.assess.ranking import compare, ranking_area, ranking_curve
from locoreg.selection.assess.results import Calibration, PolicyValue
from locoreg.selection.assess.verdicts import (
    calibration_verdict,
    comparison_verdict,
    heterogeneity_verdict,
    power_verdict,
    units_verdict,
)
from locoreg.selection.learners.base import Learner
from locoreg.selection.scores.result import Scores
from locoreg.stats.maxt import holm
from locoreg.stats.survivaldata import IntArray

# Ordinary and sequential predictions of one learner; external ones stand for both.
Pair = tuple[HeldOut, HeldOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What is estimated once per repetition."""

    test: HeterogeneityTest
    autoc: Estimate
    qini: Estimate
    calibration: Calibration


def assess(
    scores: Scores,
    learner: Learner,
    options: AssessOptions,
    *,
    risk: Learner,
    others: Sequence[Learner] = (),
) -> Assessment:
    """Assess a learner by cross-fitting, against risk modelling and other learners.

    Parameters
    ----------
    scores : Scores
        Scores of all persons.
    learner : Learner
        What is assessed. A choice between learners belongs inside it, so that it is made within
        the training folds.
    options : AssessOptions
        Cost, groups, seed and more.
    risk : Learner
        Modelling of the baseline risk, which a learner of effects must beat to be of use (Kent and
        others 2020, doi:10.7326/M18-3667).
    others : sequence of Learner
        Further learners to compare with.

    Returns
    -------
    Assessment
        Test, description, value, verdicts.

    Raises
    ------
    DesignError
        If the folds are too small.
    """
    pair = _both(scores, learner, options, None, options.seed)
    against = [_both(scores, one, options, None, options.seed) for one in (risk, *others)]
    against.append((constant(scores, pair[0]), constant(scores, pair[1])))
    parts = [_parts(scores, pair, options)]
    # Children of the seed, so that repetitions don't share draws with the first.
    for child in np.random.SeedSequence(options.seed).generate_state(options.repeats - 1):
        fold = redraw_folds(scores, scores.options.folds, seed=int(child))
        parts.append(_parts(scores, _both(scores, learner, options, fold, int(child)), options))
    return _assemble(scores, pair, against, _median(parts), options)


def assess_held_out(
    scores: Scores, held: HeldOut, options: AssessOptions, *, others: Sequence[HeldOut] = ()
) -> Assessment:
    """Assess predictions for persons whom the model did not see, such as those of later years.

    Parameters
    ----------
    scores : Scores
        Scores of the new persons.
    held : HeldOut
        Effects by a model of other persons: see `external`.
    options : AssessOptions
        Cost, groups, seed and more; nothing is fitted, so that `repeats` must be 1.
    others : sequence of HeldOut
        Predictions of other models for the same persons; that of risk modelling first.

    Returns
    -------
    Assessment
        Test, description, value, verdicts.

    Raises
    ------
    DesignError
        If the predictions are cross-fits, or repetitions are asked for.
    """
    if held.design != "external" or options.repeats != 1:
        raise DesignError(
            f"the predictions are of design {held.design!r} with {options.repeats} repeats.",
            hint="use assess for cross-fits.",
        )
    pair = (held, held)
    against = [(one, one) for one in others]
    return _assemble(scores, pair, against, _parts(scores, pair, options), options)


def _both(
    scores: Scores,
    learner: Learner,
    options: AssessOptions,
    fold: IntArray | None,
    seed: int,
) -> Pair:
    held = crossfit(scores, learner, seed=seed, training=options.training, fold=fold)
    sequential = crossfit_sequential(
        scores, learner, seed=seed, training=options.training, fold=fold, known=held
    )
    return held, sequential


def _parts(scores: Scores, pair: Pair, options: AssessOptions) -> _Parts:
    level = scores.question.level
    held, tested = pair
    return _Parts(
        test=heterogeneity_test(scores, tested, target=options.primary, level=level),
        autoc=ranking_area(scores, held, target="autoc", level=level),
        qini=ranking_area(scores, held, target="qini", level=level),
        calibration=calibration(
            scores,
            held,
            groups=options.groups,
            level=level,
            seed=options.seed,
            replicates=options.replicates,
        ),
    )


def _median(parts: Sequence[_Parts]) -> _Parts:
    """Return the first repetition with medians in place of its estimates."""
    first = parts[0]
    if len(parts) == 1:
        return first
    slope = median_estimate([one.calibration.slope for one in parts])
    return _Parts(
        test=replace(
            first.test,
            p=_doubled([one.test.p for one in parts]),
            slope_p=_doubled([one.test.slope_p for one in parts]),
        ),
        autoc=median_estimate([one.autoc for one in parts]),
        qini=median_estimate([one.qini for one in parts]),
        calibration=replace(
            first.calibration,
            slope=slope,
            p_heterogeneity=_doubled([one.calibration.p_heterogeneity for one in parts]),
        ),
    )


def _doubled(p: Sequence[float]) -> float:
    return min(1.0, 2.0 * float(np.median(p)))


def median_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """Return the median of repeated cross-fits, with their spread in its standard error.

    The variance is the median of the variances plus squared distances from the median
    (Chernozhukov and others 2018, doi:10.1111/ectj.12097, definition 3.3).

    Parameters
    ----------
    estimates : sequence of Estimate
        One per repetition, on one scale and level.

    Returns
    -------
    Estimate
        NaN if one of them is.
    """
    value = float(np.median([one.estimate for one in estimates]))
    se = math.sqrt(np.median([one.se**2 + (one.estimate - value) ** 2 for one in estimates]))
    first = estimates[0]
    half = (first.ci_high - first.estimate) / first.se * se if first.se > 0.0 else math.nan
    return replace(first, estimate=value, se=se, ci_low=value - half, ci_high=value + half)


def _assemble(
    scores: Scores,
    pair: Pair,
    others: Sequence[Pair],
    parts: _Parts,
    options: AssessOptions,
) -> Assessment:
    level, target = scores.question.level, options.primary
    held, tested = pair
    comparisons = tuple(
        compare(scores, (held, one[0]), (tested, one[1]), target=target, level=level)
        for one in others
    )
    value = policy_value(
        scores,
        held.effect > options.cost,
        cost=options.cost,
        label=f"{held.learner}: treat where the predicted effect exceeds {options.cost:g}",
        level=level,
    )
    benefit, without = _benefit(scores, held, level)
    return Assessment(
        learner=held.learner,
        estimand=scores.question.estimand,
        n=scores.n,
        average=scores.average(),
        test=parts.test,
        autoc=parts.autoc,
        qini=parts.qini,
        curve=ranking_curve(
            scores,
            held,
            shares=options.shares,
            level=level,
            seed=options.seed,
            replicates=options.replicates,
        ),
        calibration=parts.calibration,
        comparisons=comparisons,
        value=value,
        values=value_curve(scores, held, options.costs or (options.cost,), level=level),
        benefit=benefit,
        secondary=_secondary(scores, tested, parts, comparisons, options),
        diagnostics=_verdicts(scores, held, parts, comparisons, options),
        options=options,
        notes=(*_notes(held, options), *without),
        unit=scores.question.unit,
        provenance=Provenance(
            input_sha256=scores.data.sha256(),
            options={
                "scores": dict(scores.provenance.options),
                "assess": options.to_dict(),
                "learner": held.to_dict(),
                "others": [one.to_dict() for one, _ in others],
            },
        ),
    )


def _benefit(
    scores: Scores, held: HeldOut, level: float
) -> tuple[ConcordanceForBenefit | None, tuple[str, ...]]:
    """Return the legacy number, or the reason why there is none."""
    try:
        return c_for_benefit(scores, held, level=level), ()
    except DesignError as error:
        return None, (f"The c-for-benefit is not shown: {error.message}",)


def _secondary(
    scores: Scores,
    tested: HeldOut,
    parts: _Parts,
    comparisons: Sequence[Comparison],
    options: AssessOptions,
) -> tuple[SecondaryTest, ...]:
    """Return the tests beside the primary one, adjusted by Holm's method."""

    def value(inside: Scores, rows: IntArray) -> PolicyValue:
        return policy_value(
            inside,
            tested.effect[rows] > options.cost,
            cost=options.cost,
            label=tested.learner,
            level=scores.question.level,
        )

    slope = parts.test.slope_p if parts.test.constant_folds < len(parts.test.folds) else None
    tests: list[tuple[str, str, float | None]] = [
        ("calibration_slope", "the calibration slope is above 0", slope)
    ]
    tests += [
        (f"beats_{one.other}", f"persons are ranked better than by {one.other}", one.p)
        for one in comparisons
        if one.other != CONSTANT
    ]
    none = sum_of_folds(scores, tested, lambda inside, rows: value(inside, rows).against_none)
    everybody = sum_of_folds(scores, tested, lambda inside, rows: value(inside, rows).against_all)
    tests.append(("value_against_none", "the rule gains more than treating nobody", none))
    tests.append(("value_against_all", "the rule gains more than treating everybody", everybody))
    adjusted = holm([math.nan if p is None else p for _, _, p in tests])
    return tuple(
        SecondaryTest(
            name=name, hypothesis=words, p=p, p_adjusted=None if p is None else float(both)
        )
        for (name, words, p), both in zip(tests, adjusted, strict=True)
    )


def _verdicts(
    scores: Scores,
    held: HeldOut,
    parts: _Parts,
    comparisons: Sequence[Comparison],
    options: AssessOptions,
) -> tuple[Diagnostic, ...]:
    return (
        heterogeneity_verdict(parts.test),
        power_verdict(parts.test, options.relevant_difference),
        calibration_verdict(parts.calibration),
        *(comparison_verdict(parts.test, one) for one in comparisons if one.other != CONSTANT),
        *units_verdict(scores, held, parts.test),
    )


def _notes(held: HeldOut, options: AssessOptions) -> tuple[str, ...]:
    notes = []
    if held.design == "folds":
        notes.append(
            "AUTOC, Qini, the targeting curve, calibration and values are taken over the folds "
            "together and describe: the folds' models share persons, so that intervals are too "
            "short. Tests are those of sequential folds, and so is the interval of the test's area."
        )
    if held.design == "folds" and options.training == "shared":
        notes.append(
            "Scores of training persons come from models of the outcome that saw the test fold."
        )
    if options.repeats > 1:
        notes.append(
            f"AUTOC, Qini and the slope are medians over {options.repeats} cross-fits, p-values of "
            "the tests are twice the median; everything else is that of the first."
        )
    return tuple(notes)

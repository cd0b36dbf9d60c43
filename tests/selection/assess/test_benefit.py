"""The c-for-benefit, by hand and with censoring."""

from __future__ import annotations

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.selection.assess import c_for_benefit, external
from tests.selection.assess.made import LinearModel, made_scores

FIRST = LinearModel(0.0, (1.0, 0.0))


def persons(time, event, treated, predicted, **more):
    X = np.column_stack([predicted, np.arange(len(predicted)) ** 2.0])
    return made_scores(
        np.zeros(len(predicted)),
        X,
        time=np.array(time),
        event=np.array(event),
        treated=np.array(treated),
        fold=np.arange(len(predicted)) % 2,
        folds=2,
        **more,
    )


def test_three_pairs_by_hand():
    # Pairs by rank: benefits 2 - 8 = -6, 12 - 4 = 8, 20 - 15 = 5 with rising predictions. Of the
    # three pairs of pairs two agree.
    scores = persons(
        [2.0, 8.0, 12.0, 4.0, 20.0, 15.0], [1] * 6, [1, 0] * 3, [0.1, 0.2, 1.0, 1.1, 3.0, 3.1]
    )
    held = external(scores, FIRST, trained_on=(), label="x")
    made = c_for_benefit(scores, held, level=95.0)
    assert made.estimate.estimate == pytest.approx(2.0 / 3.0)
    assert (made.pairs, made.censored_pairs, made.unmatched) == (3, 0, 0)
    assert "no proper measure" in made.warning
    assert made.to_dict()["estimate"]["estimate"] == made.estimate.estimate


def test_time_beyond_the_horizon_counts_as_the_horizon():
    # Horizon 24 months: 30 and 40 are the same.
    time = [30.0, 8.0, 40.0, 8.0, 9.0, 8.0]
    scores = persons(time, [1, 1, 0, 1, 1, 1], [1, 0] * 3, [0.1, 0.2, 1.0, 1.1, 3.0, 3.1])
    held = external(scores, FIRST, trained_on=(), label="x")
    made = c_for_benefit(scores, held, level=95.0)
    # Benefits 16, 16, 1: the first two are tied, the other two pairs disagree.
    assert made.estimate.estimate == 0.0
    assert made.censored_pairs == 0


def test_pairs_with_unknown_outcomes_are_counted_and_the_others_weighted():
    time = [2.0, 8.0, 12.0, 4.0, 20.0, 15.0, 5.0, 5.0]
    predicted = [0.1, 0.2, 1.0, 1.1, 3.0, 3.1, 4.0, 4.1]
    uncensored = np.array([1.0, 1.0, 0.5, 1.0, 1.0, 0.5, 1.0, 1.0])
    scores = persons(time, [1] * 6 + [1, 0], [1, 0] * 4, predicted, uncensored=uncensored)
    held = external(scores, FIRST, trained_on=(), label="x")
    made = c_for_benefit(scores, held, level=95.0)
    assert (made.pairs, made.censored_pairs) == (3, 1)
    # Weights 1, 2, 2: pairs of pairs 2 and 2 agree, 4 disagrees.
    assert made.estimate.estimate == pytest.approx(4.0 / 8.0)


def test_a_larger_arm_is_thinned_and_counted():
    rng = np.random.default_rng(3)
    n = 90
    scores = persons(
        rng.uniform(1, 20, n), np.ones(n, dtype=int), (np.arange(n) % 3 == 0) * 1, rng.random(n)
    )
    held = external(scores, FIRST, trained_on=(), label="x")
    made = c_for_benefit(scores, held, level=95.0)
    assert (made.pairs, made.unmatched) == (30, 30)


def test_a_better_prediction_scores_higher():
    rng = np.random.default_rng(4)
    n = 600
    x, treated = rng.random(n), rng.integers(0, 2, n)
    time = 2.0 + 8.0 * x * treated + 2.0 * rng.random(n)
    scores = persons(time, np.ones(n, dtype=int), treated, x)
    right, wrong = (
        c_for_benefit(
            scores,
            external(scores, LinearModel(0.0, (s, 0.0)), trained_on=(), label="x"),
            level=95.0,
        )
        for s in (1.0, -1.0)
    )
    assert right.estimate.ci_low > 0.8
    assert wrong.estimate.ci_high < 0.2


def test_outcomes_that_do_not_differ_are_refused():
    scores = persons([5.0] * 6, [1] * 6, [1, 0] * 3, [0.1, 0.2, 1.0, 1.1, 3.0, 3.1])
    held = external(scores, FIRST, trained_on=(), label="x")
    with pytest.raises(DesignError, match="don't differ in benefit"):
        c_for_benefit(scores, held, level=95.0)

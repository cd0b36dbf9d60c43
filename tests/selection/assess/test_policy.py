"""Values of rules, by hand and by known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.assess import crossfit, crossfit_sequential, policy_value, value_curve
from tests.selection.assess.made import Column, made_scores

GAMMA = np.array([4.0, 2.0, -3.0, 1.0])
PLAIN = np.arange(8.0).reshape(4, 2) ** 2


@pytest.fixture(scope="module")
def four():
    return made_scores(GAMMA, PLAIN, folds=2)


def test_four_persons_by_hand(four):
    made = policy_value(
        four, np.array([True, False, True, False]), cost=1.0, label="rule", level=95.0
    )
    # Gains of the treated: 3, -4; of the untreated, had they been: 1, 0.
    assert made.against_none.estimate == pytest.approx(-1.0 / 4.0)
    assert made.against_all.estimate == pytest.approx(-1.0 / 4.0)
    assert made.share_treated == 0.5
    none, everybody = made.harm
    assert (none.moved_from, none.n, none.share) == ("no surgery", 2, 0.5)
    assert none.gain.estimate == pytest.approx(-0.5)
    assert (everybody.moved_from, everybody.n) == ("surgery", 2)
    assert everybody.gain.estimate == pytest.approx(-0.5)
    # Variance of the values 3, 0, -4, 0 over four.
    values = np.array([3.0, 0.0, -4.0, 0.0])
    assert made.against_none.se == pytest.approx(values.std(ddof=1) / 2.0)


def test_treating_nobody_and_everybody_gains_nothing_against_itself(four):
    nobody = policy_value(four, np.zeros(4), cost=0.5, label="nobody", level=95.0)
    assert (nobody.against_none.estimate, nobody.against_none.se) == (0.0, 0.0)
    assert nobody.harm[0].gain is None
    assert nobody.harm[1].n == 4
    everybody = policy_value(four, np.ones(4), cost=0.5, label="everybody", level=95.0)
    assert everybody.against_all.estimate == 0.0
    assert everybody.against_none.estimate == pytest.approx(GAMMA.mean() - 0.5)
    assert everybody.against_none.se == pytest.approx(four.average().se)


def test_gains_differ_by_the_average_net_effect(four):
    made = policy_value(four, np.array([0.2, 0.9, 0.0, 1.0]), cost=0.3, label="x", level=95.0)
    gap = made.against_none.estimate - made.against_all.estimate
    assert gap == pytest.approx(GAMMA.mean() - 0.3)


def test_weight_two_is_a_person_twice():
    treat = np.array([True, False, True, True])
    weighted = made_scores(GAMMA, PLAIN, folds=2, weight=np.array([2.0, 1.0, 1.0, 1.0]))
    rows = np.array([0, 0, 1, 2, 3])
    doubled = made_scores(GAMMA[rows], np.arange(10.0).reshape(5, 2) ** 2, folds=2, cluster=rows)
    one = policy_value(weighted, treat, cost=0.0, label="x", level=95.0)
    two = policy_value(doubled, treat[rows], cost=0.0, label="x", level=95.0)
    for name in ("against_none", "against_all"):
        ours, theirs = getattr(one, name), getattr(two, name)
        assert ours.estimate == pytest.approx(theirs.estimate)
        assert ours.se == pytest.approx(theirs.se)
    assert one.share_treated == pytest.approx(two.share_treated)
    assert one.harm[0].gain.estimate == pytest.approx(two.harm[0].gain.estimate)


def test_one_person_moved_has_no_standard_error(four):
    made = policy_value(four, np.array([1, 0, 0, 0]), cost=0.0, label="x", level=95.0)
    assert made.harm[0].gain.estimate == 4.0
    assert np.isnan(made.harm[0].gain.se)


def test_intervals_hold_the_true_value():
    rng = np.random.default_rng(4)
    held = 0
    base = made_scores(np.zeros(200), rng.normal(size=(200, 2)))
    for _ in range(300):
        X = rng.normal(size=(200, 2))
        scores = replace(base, X=X, gamma1=X[:, 0] + 2.0 * rng.normal(size=200))
        made = policy_value(scores, X[:, 0] > 0.0, cost=0.0, label="x", level=95.0)
        # E[Z; Z > 0] of a normal.
        held += made.against_none.ci_low <= 1.0 / np.sqrt(2.0 * np.pi) <= made.against_none.ci_high
    assert 0.91 < held / 300 < 0.985


def test_value_curve_is_the_value_at_each_cost():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 2))
    scores = made_scores(X[:, 0] + rng.normal(size=60), X)
    held = crossfit(scores, Column(place=0), seed=1)
    curve = value_curve(scores, held, (-0.5, 0.0, 0.5), level=95.0)
    assert [one.cost for one in curve.values] == [-0.5, 0.0, 0.5]
    middle = policy_value(scores, X[:, 0] > 0.0, cost=0.0, label="x", level=95.0)
    assert curve.values[1].against_none == middle.against_none
    sequential = crossfit_sequential(scores, Column(place=0), seed=1)
    part = value_curve(scores, sequential, (0.0,), level=95.0)
    assert part.values[0].harm[0].n == int(((X[:, 0] > 0.0) & (scores.fold > 0)).sum())


def test_bad_input_is_named(four):
    for treat, message in (
        (np.zeros(3), "treat has shape"),
        (np.array([0.0, 1.5, 0.0, 0.0]), "treat of person 2 is 1.5"),
        (np.array([0.0, 1.0, np.nan, 0.0]), "treat of person 3 is nan"),
    ):
        with pytest.raises(DataError, match=message):
            policy_value(four, treat, cost=0.0, label="x", level=95.0)
    with pytest.raises(DataError, match="cost is nan"):
        policy_value(four, np.zeros(4), cost=np.nan, label="x", level=95.0)
    held = crossfit(four, Column(place=0), seed=1)
    with pytest.raises(DesignError, match="ascending"):
        value_curve(four, held, (1.0, 1.0), level=95.0)

"""Value of a trial and hypothetical pools: by hand, by brute force, and where none changes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from locoreg.core.errors import DesignError
from locoreg.evidence.meta import meta_analysis
from locoreg.planning.added import add_trial
from locoreg.planning.assured import chances
from locoreg.planning.conclusions import (
    AgainstImportant,
    ExcludesNull,
    PoolModel,
    ProbabilityReached,
)
from locoreg.planning.hypothetical import HypotheticalTrial, add_hypothetical
from locoreg.planning.mixture import believed, normal_belief
from locoreg.planning.twoarm import Landmark
from locoreg.planning.value import trial_value
from tests.planning.test_assurance import DESIGN, VI, YI

REML = PoolModel(method="REML", interval="normal", level=95.0)
COMMON = PoolModel(method="CE", interval="normal", level=95.0)


def test_added_is_the_pool_of_all_trials() -> None:
    trial = HypotheticalTrial(hazard_ratio=0.7, events=331, allocation=0.5)
    found = add_hypothetical(YI, VI, model=REML, trials=[trial], rules=[ExcludesNull()])
    whole = meta_analysis(
        [*YI, math.log(0.7)], vi=[*VI, 4 / 331], method="REML", interval="normal", level=95,
        scale="log",
    )  # fmt: skip
    assert found.after.mu == whole.mu
    assert found.after.tau2 == whole.tau2
    assert abs(100 * found.weights[0] - whole.weights[-1]) < 1e-9
    assert found.before.k == 5
    assert found.conclusions[0][1] == "interval includes 1"
    assert found.after.tau2 != found.before.tau2


def test_with_tau2_held_at_zero_it_is_the_closed_form() -> None:
    trial = HypotheticalTrial(hazard_ratio=0.7, events=331, allocation=0.5)
    found = add_hypothetical(YI, VI, model=COMMON, trials=[trial], rules=[])
    held = add_trial(YI, VI, tau2=0.0, log_hazard_ratio=math.log(0.7), variance=4 / 331, level=95)
    assert abs(found.after.mu.estimate - held.pool.estimate) < 1e-12
    assert abs(found.after.mu.se - held.pool.se) < 1e-12


@pytest.mark.parametrize("k", [1, 2])
def test_few_trials_have_no_prediction(k) -> None:
    trial = HypotheticalTrial(hazard_ratio=0.7, events=100, allocation=0.5)
    found = add_hypothetical(YI[:k], VI[:k], model=REML, trials=[trial], rules=[ExcludesNull()])
    assert found.before.prediction is None
    assert (found.after.prediction is None) == (k == 1)


def test_value_by_hand_under_a_common_effect() -> None:
    """One trial so far, a true effect that is known: the chance is that of a normal estimate."""
    effect = normal_belief(math.log(0.75), 1e-7)
    found = trial_value(
        [-0.1], [0.04], model=COMMON, effect=effect, design=DESIGN, patients=600,
        rules=[ExcludesNull()],
    )  # fmt: skip
    events = chances(DESIGN, np.array([math.log(0.75)]), 600).events[0]
    v = 4 / events
    total = 1 / 0.04 + 1 / v
    z = float(ndtri(0.975))
    # (W mu + w y) / (W + w) + z / sqrt(W + w) < 0
    edge = v * (-z * math.sqrt(total) + 0.1 / 0.04)
    by_hand = float(ndtr((edge - math.log(0.75)) / math.sqrt(v)))
    assert abs(found.conclusions[0].chance[0] - by_hand) < 1e-5
    assert abs(found.conclusions[0].chance_of_change - by_hand) < 1e-4


def test_brute_force() -> None:
    effect = believed(YI, VI, tau_scale=0.5).new_trial
    rules = [ExcludesNull(), AgainstImportant(ratio=0.8)]
    found = trial_value(
        YI, VI, model=COMMON, effect=effect, design=DESIGN, patients=1000, rules=rules
    )
    rng = np.random.default_rng(7)
    n = 60_000
    part = rng.choice(effect.mean.size, n, p=effect.weight)
    truth = rng.normal(effect.mean[part], effect.sd[part])
    variance = 4 / chances(DESIGN, truth, 1000).events
    drawn = rng.normal(truth, np.sqrt(variance))
    y = np.column_stack([np.tile(YI, (n, 1)), drawn])
    v = np.column_stack([np.tile(VI, (n, 1)), variance])
    for rule, one in zip(rules, found.conclusions, strict=True):
        share = np.bincount(rule.category(y, v, COMMON), minlength=3) / n
        assert np.abs(share - one.chance).max() < 8e-3
        assert abs(sum(one.chance) - 1) < 1e-9
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert abs(found.predicted_low - low) < 0.03
    assert abs(found.predicted_high - high) < 0.03


def test_where_heterogeneity_rules_no_single_trial_changes_the_conclusion() -> None:
    effect = believed(YI, VI, tau_scale=0.5).new_trial
    rules = [ExcludesNull(), ProbabilityReached(ratio=1.0, threshold=0.95, tau_scale=0.5)]
    found = trial_value(
        YI, VI, model=REML, effect=effect, design=DESIGN, patients=1000, rules=rules
    )
    for one in found.conclusions:
        assert one.chance_of_change < 1e-6
        assert one.names[one.now].startswith(("interval includes", "neither"))
    assert found.width < found.width_now
    # A trial that disagrees raises tau2 more than one that agrees lowers it.
    assert found.tau2 > found.tau2_now


def test_a_rule_against_probability_is_the_posterior() -> None:
    rule = ProbabilityReached(ratio=1.0, threshold=0.9, tau_scale=0.1)
    y = np.array([[-0.4, -0.4], [0.4, 0.4], [-0.4, 0.4]])
    v = np.full((3, 2), 0.01)
    assert rule.category(y, v, REML).tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: HypotheticalTrial(hazard_ratio=0, events=1, allocation=0.5), "above 0"),
        (lambda: HypotheticalTrial(hazard_ratio=1, events=0, allocation=0.5), "above 0"),
        (lambda: HypotheticalTrial(hazard_ratio=1, events=1, allocation=1), "intervention arm"),
        (lambda: AgainstImportant(ratio=1.0), "between 0 and 1"),
        (lambda: ProbabilityReached(ratio=1, threshold=0.5, tau_scale=1), "between 0.5"),
        (lambda: add_hypothetical(YI, VI, model=REML, trials=[], rules=[]), "no trial"),
        (
            lambda: trial_value(
                [], [], model=REML, effect=normal_belief(0, 1), design=DESIGN, patients=100,
                rules=[],
            ),
            "effect and a variance",
        ),
        (
            lambda: trial_value(
                YI, VI, model=REML, effect=normal_belief(0, 1), patients=100, rules=[],
                design=replace(DESIGN, test=Landmark(at_months=12, scale="plain", margin=0)),
            ),
            "log-rank",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused(call, words) -> None:
    with pytest.raises(DesignError, match=words):
        call()

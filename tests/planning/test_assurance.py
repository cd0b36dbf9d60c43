"""Assurance: closed forms, brute force, and what it collapses to."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate
from scipy.special import ndtr, ndtri

from locoreg.core.errors import DesignError
from locoreg.planning import assured as module
from locoreg.planning.assured import assurance, chances
from locoreg.planning.design import ControlCurve
from locoreg.planning.mixture import (
    NormalMixture,
    believed,
    normal_belief,
    probability_below,
)
from locoreg.planning.observed import uniform_follow_up
from locoreg.planning.piecewise import HazardRatio
from locoreg.planning.twoarm import Landmark, LogRank, RestrictedMean, TwoArmDesign, drift
from locoreg.planning.twoarm import with_ratio as at_ratio
from locoreg.stats.bayes import half_normal_posterior

DESIGN = TwoArmDesign(
    control=ControlCurve(months=(36.0,), survival=(0.679,)),
    ratio=HazardRatio(starts=(0.0,), ratios=(0.7,)),
    test=LogRank(margin=1.0), alpha=0.05, sides=2, allocation=0.5,
    follow_up=uniform_follow_up(84.0, 36.0, 0.02),
)  # fmt: skip
YI = (0.04, -0.42, 0.37, 0.10, -0.15)
VI = (0.0165, 0.0223, 0.1123, 0.0353, 0.0185)


def test_a_belief_without_doubt_is_power() -> None:
    sure = normal_belief(math.log(0.7), 1e-6)
    found = assurance(DESIGN, sure, patients=700, minimal_ratio=None)
    exact = drift(DESIGN)
    assert abs(found.benefit - exact.power(700, DESIGN.z_alpha)) < 1e-6
    assert abs(found.harm - exact.power_of_harm(700, DESIGN.z_alpha)) < 1e-9
    assert abs(found.events_high - found.events_low) < 1e-2


def test_closed_form_with_a_fixed_variance(monkeypatch) -> None:
    """O'Hagan et al. 2005: with a known variance s2 and prior N(m, t2) it is
    Phi((-m - z s) / sqrt(s2 + t2)); the trial's own power function is replaced by that one."""
    s, z = 0.12, 1.959963984540054

    def fixed(design, at, patients):
        return module.Chances(
            benefit=ndtr(-at / s - z), harm=ndtr(at / s - z), events=np.full(at.shape, 4 / s**2)
        )

    monkeypatch.setattr(module, "chances", fixed)
    for m, t in ((-0.2, 0.1), (0.1, 0.4), (-0.5, 0.02)):
        found = assurance(DESIGN, normal_belief(m, t), patients=500, minimal_ratio=None)
        wide = math.sqrt(s**2 + t**2)
        assert abs(found.benefit - ndtr((-m - z * s) / wide)) < 1e-9
        assert abs(found.harm - ndtr((m - z * s) / wide)) < 1e-9


@pytest.mark.parametrize(
    "test",
    [
        LogRank(margin=1.0),
        RestrictedMean(horizon_months=60.0, margin_months=0.0),
        Landmark(at_months=36.0, scale="plain", margin=0.0),
    ],
    ids=["log-rank", "rmst", "landmark"],
)
def test_interpolated_power_is_power(test) -> None:
    design = replace(DESIGN, test=test)
    at = np.linspace(-2.5, 2.5, 9)
    found = chances(design, at, 800)
    for i, one in enumerate(at):
        exact = drift(at_ratio(design, math.exp(one)))
        assert abs(found.benefit[i] - exact.power(800, design.z_alpha)) < 1e-6
        assert abs(found.harm[i] - exact.power_of_harm(800, design.z_alpha)) < 1e-6


def test_brute_force() -> None:
    belief = believed(YI, VI, tau_scale=0.5)
    rng = np.random.default_rng(20261126)
    part = rng.choice(belief.new_trial.weight.size, 200_000, p=belief.new_trial.weight)
    effect = rng.normal(belief.new_trial.mean[part], belief.new_trial.sd[part])
    drawn = chances(DESIGN, effect, 400)
    found = assurance(DESIGN, belief.new_trial, patients=400, minimal_ratio=0.8)
    assert abs(found.benefit - drawn.benefit.mean()) < 4e-3
    assert abs(found.harm - drawn.harm.mean()) < 4e-3
    assert abs(found.events - drawn.events.mean()) < 0.3
    small = effect < math.log(0.8)
    assert found.chance_important is not None
    assert found.important is not None
    assert abs(found.chance_important - small.mean()) < 5e-3
    assert abs(found.important - (drawn.benefit * small).mean()) < 4e-3


def test_assurance_stays_below_the_chance_of_a_benefit() -> None:
    belief = believed(YI, VI, tau_scale=0.5)
    ones = [
        assurance(DESIGN, belief.new_trial, patients=n, minimal_ratio=None)
        for n in (400, 1_000, 100_000)
    ]
    assert ones[0].benefit < ones[1].benefit < ones[2].benefit
    assert ones[2].benefit_and_true < ones[2].chance_below
    # Even so many patients leave effects near none undecided.
    assert abs(ones[2].benefit - ones[2].chance_below) < 0.04
    for one in ones:
        assert abs(one.benefit + one.harm + one.neither - 1) < 1e-12


def test_belief_is_the_posterior_of_the_meta_analysis() -> None:
    belief = believed(YI, VI, tau_scale=0.5)
    posterior = half_normal_posterior(YI, VI, tau_scale=0.5, level=95)
    assert abs(float(belief.mean_effect.below(posterior.mu_low)) - 0.025) < 1e-7
    assert abs(float(belief.mean_effect.below(0.0)) - posterior.below) < 1e-7
    assert abs(float(belief.new_trial.below(posterior.new_high)) - 0.975) < 1e-7
    many = probability_below(np.array([YI, YI]), np.array([VI, VI]), 0.0, tau_scale=0.5)
    assert np.abs(many - posterior.below).max() < 1e-7


@pytest.mark.parametrize("k", [1, 2, 3])
def test_few_trials_leave_a_wide_belief(k) -> None:
    belief = believed(YI[:k], VI[:k], tau_scale=0.5)
    assert belief.new_trial.spread > belief.mean_effect.spread
    whole = integrate.quad(lambda x: float(belief.new_trial.density(x)), -9, 9, limit=200)[0]
    assert abs(whole - 1) < 1e-6
    at, mass = belief.new_trial.nodes((0.0,))
    assert abs(float(mass @ at) - belief.new_trial.centre) < 1e-6


def test_nodes_integrate_a_mixture_of_very_unequal_parts() -> None:
    mixture = NormalMixture(
        mean=np.array([-0.2, 0.3]), sd=np.array([0.01, 2.0]), weight=np.array([0.3, 0.7])
    )
    at, mass = mixture.nodes((-0.2,))
    assert abs(float(mass @ (at < -0.2)) - float(mixture.below(-0.2))) < 1e-7
    assert abs(float(mass @ at**2) - mixture.spread**2 - mixture.centre**2) < 1e-5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: believed((), (), tau_scale=0.5), "effect and a variance"),
        (lambda: believed((0.1,), (0.0,), tau_scale=0.5), "above 0"),
        (lambda: believed((math.nan,), (0.1,), tau_scale=0.5), "numbers"),
        (lambda: believed(YI, VI, tau_scale=0.0), "not above 0"),
        (lambda: normal_belief(0.0, 0.0), "above 0"),
        (
            lambda: NormalMixture(mean=np.zeros(1), sd=np.ones(1), weight=np.array([0.5])),
            "sum to 1",
        ),
        (
            lambda: assurance(DESIGN, normal_belief(0, 1), patients=2, minimal_ratio=None),
            "four patients",
        ),
        (
            lambda: assurance(DESIGN, normal_belief(0, 1), patients=100, minimal_ratio=1.2),
            "not above 1",
        ),
    ],
)
def test_what_can_not_be_is_refused(call, words) -> None:
    with pytest.raises(DesignError, match=words):
        call()


def test_one_sided_critical_value() -> None:
    assert abs(replace(DESIGN, sides=1).z_alpha - float(-ndtri(0.05))) < 1e-12

"""An unmeasured confounder: factor, tipping points, bias analysis."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import integrate, stats

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.emulation.sensitivity import (
    ArmValues,
    ConfounderPriors,
    Prior,
    adjust_for_confounder,
    bias_analysis,
    bias_factor,
    bounding_factor,
    tipping_points,
)
from locoreg.stats.cox import cox

# Quantiles of 200,000 draws.
MONTE_CARLO = 0.01


def ratio(mid, se=0.1, level=95.0):
    z = stats.norm.ppf(0.5 + level / 200)
    centre = math.log(mid)
    return Estimate(
        estimate=centre,
        se=se,
        ci_low=centre - z * se,
        ci_high=centre + z * se,
        level=level,
        scale="log",
    )


def fixed(value):
    return Prior(kind="fixed", parameters=(value,))


def priors(p1, p0, h, correlation=0.0):
    return ConfounderPriors(
        prevalence_treated=p1, prevalence_comparator=p0, hazard_ratio=h, correlation=correlation
    )


def test_factor_by_hand():
    # (1 + 2 x 0.4) / (1 + 2 x 0.1)
    assert bias_factor(3.0, 0.4, 0.1) == pytest.approx(1.5)
    assert bias_factor(3.0, 0.4, 0.4) == 1.0
    assert bias_factor(1.0, 0.9, 0.1) == 1.0


def test_factor_of_a_table_of_persons():
    # The risk ratio of 2 in each stratum of the confounder, crude over adjusted, from the counts.
    n, h, p1, p0, base = 10_000, 3.0, 0.6, 0.2, 0.02
    crude = ((1 - p1) * 2 * base * n + p1 * 2 * base * h * n) / (
        (1 - p0) * base * n + p0 * base * h * n
    )
    assert crude / 2.0 == pytest.approx(float(bias_factor(h, p1, p0)))


def test_the_truth_comes_back_when_the_confounder_is_known():
    # Persons with u die three times as often; 20% of the treated have it and 60% of the others.
    rng = np.random.default_rng(1)
    n = 60_000
    treated = rng.random(n) < 0.5
    u = rng.random(n) < np.where(treated, 0.2, 0.6)
    time = rng.exponential(1.0 / (0.02 * np.where(treated, 0.7, 1.0) * np.where(u, 3.0, 1.0)))
    fit = cox(np.minimum(time, 2.0), time < 2.0, treated.astype(float), level=95.0, names=["a"])
    crude = fit.hazard_ratio("a")
    assert crude.natural[2] < 0.6
    moved = adjust_for_confounder(
        crude, hazard_ratio=3.0, prevalence_treated=0.2, prevalence_comparator=0.6
    )
    # Four standard errors.
    assert moved.estimate == pytest.approx(math.log(0.7), abs=4 * crude.se)


@pytest.mark.parametrize("h", [1.5, 4.0])
def test_no_prevalences_go_beyond_the_bounding_factor(h):
    p1, p0 = np.meshgrid(np.linspace(0.01, 1, 60), np.linspace(0.01, 1, 60))
    keep = p1 >= p0
    bounds = np.array([bounding_factor(h, r) for r in (p1 / p0)[keep]])
    assert (bias_factor(h, p1, p0)[keep] <= bounds + 1e-12).all()
    # It is reached where everybody treated has it.
    assert bias_factor(h, 1.0, 0.25) == pytest.approx(bounding_factor(h, 4.0))


def test_tipping_points_solve_the_formula():
    found = tipping_points(
        ratio(0.6, 0.1), prevalence_treated=(0.1, 0.25), prevalence_comparator=(0.5, 0.7)
    )
    assert len(found.points) == 4
    for point in found.points:
        assert point.for_estimate is not None
        moved = adjust_for_confounder(
            ratio(0.6),
            hazard_ratio=point.for_estimate,
            prevalence_treated=point.prevalence_treated,
            prevalence_comparator=point.prevalence_comparator,
        )
        assert moved.estimate == pytest.approx(0.0, abs=1e-12)
        assert 1.0 < point.for_limit < point.for_estimate
    assert len(found.to_frame()) == 4
    assert "none is enough" not in found.summary()


def test_prevalences_that_can_not_explain_it():
    # If 50% and 60% have it, the factor is never under 0.5 / 0.6 = 0.83.
    found = tipping_points(
        ratio(0.6), prevalence_treated=(0.5,), prevalence_comparator=(0.6,)
    ).points[0]
    assert found.for_estimate is None
    same = tipping_points(ratio(0.6), prevalence_treated=(0.5,), prevalence_comparator=(0.5,))
    assert same.points[0].for_estimate is None
    assert "none is enough" in same.summary()


def test_an_interval_that_holds_no_effect_needs_nothing():
    found = tipping_points(ratio(0.9, 0.2), prevalence_treated=(0.2,), prevalence_comparator=(0.5,))
    assert found.points[0].for_limit == 1.0


@pytest.mark.parametrize(
    ("prior", "reference"),
    [
        (Prior(kind="uniform", parameters=(0.2, 0.6)), stats.uniform(0.2, 0.4)),
        (Prior(kind="log_uniform", parameters=(0.5, 3.0)), stats.loguniform(0.5, 3.0)),
        (
            Prior(kind="trapezoid", parameters=(0.1, 0.2, 0.5, 0.9)),
            stats.trapezoid(0.1 / 0.8, 0.4 / 0.8, 0.1, 0.8),
        ),
        (Prior(kind="trapezoid", parameters=(0.0, 0.3, 0.3, 1.0)), stats.triang(0.3, 0.0, 1.0)),
        (Prior(kind="beta", parameters=(2.0, 5.0)), stats.beta(2, 5)),
    ],
    ids=["uniform", "log_uniform", "trapezoid", "triangle", "beta"],
)
def test_quantiles_of_priors(prior, reference):
    u = np.linspace(0.001, 0.999, 41)
    assert prior.quantile(u) == pytest.approx(reference.ppf(u), abs=1e-9)


def test_priors_without_width():
    u = np.linspace(0, 1, 5)
    flat = Prior(kind="trapezoid", parameters=(0.3, 0.3, 0.3, 0.3))
    assert (flat.quantile(u) == 0.3).all()
    assert (fixed(0.3).quantile(u) == 0.3).all()


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("uniform", (0.6, 0.2)),
        ("uniform", (0.6,)),
        ("beta", (0.0, 1.0)),
        ("log_uniform", (0.0, 1.0)),
        ("fixed", (math.inf,)),
        ("trapezoid", (0.1, 0.5, 0.4, 0.9)),
    ],
)
def test_bad_priors(kind, parameters):
    with pytest.raises(DesignError, match=kind):
        Prior(kind=kind, parameters=parameters)


def test_prevalences_and_ratios_are_checked():
    good = Prior(kind="uniform", parameters=(0.1, 0.5))
    with pytest.raises(DesignError, match="prevalence_treated"):
        priors(Prior(kind="uniform", parameters=(0.1, 1.5)), good, fixed(2.0))
    with pytest.raises(DesignError, match="hazard_ratio"):
        priors(good, good, fixed(-1.0))
    with pytest.raises(DesignError, match="correlation"):
        priors(good, good, fixed(2.0), correlation=1.5)
    with pytest.raises(DesignError, match="hazard_ratio"):
        ConfounderPriors.uniform({"prevalence_treated": (0.1, 0.2)})


def test_fixed_priors_collapse_to_the_formula():
    found = bias_analysis(
        ratio(0.6, 0.1), priors(fixed(0.2), fixed(0.5), fixed(2.0)), draws=200_000, seed=3
    )
    expected = 0.6 / float(bias_factor(2.0, 0.2, 0.5))
    assert found.systematic == pytest.approx((expected,) * 3)
    assert found.observed == pytest.approx(ratio(0.6, 0.1).natural)
    # Random error alone is left: the interval is that of the estimate, moved.
    moved = [expected * math.exp(1.959964 * s * 0.1) for s in (0, -1, 1)]
    assert found.total == pytest.approx(moved, rel=MONTE_CARLO)
    side = stats.norm.cdf(-math.log(expected) / 0.1)
    assert found.beyond == pytest.approx(side, abs=MONTE_CARLO)


def test_no_confounder_leaves_the_estimate():
    found = bias_analysis(
        ratio(0.6), priors(fixed(0.3), fixed(0.3), fixed(4.0)), draws=200_000, seed=3
    )
    assert found.total == pytest.approx(found.observed, rel=MONTE_CARLO)


def test_total_interval_against_integration():
    # One uniform prevalence: the distribution of the total is a mixture of normals.
    found = bias_analysis(
        ratio(0.7, 0.08),
        priors(Prior(kind="uniform", parameters=(0.1, 0.5)), fixed(0.6), fixed(2.5)),
        draws=200_000,
        seed=9,
    )

    def below(log_ratio):
        def given(p1):
            shift = math.log(float(bias_factor(2.5, p1, 0.6)))
            return stats.norm.cdf((log_ratio - math.log(0.7) + shift) / 0.08) / 0.4

        return integrate.quad(given, 0.1, 0.5)[0]

    for value, probability in zip(found.total, (0.5, 0.025, 0.975), strict=True):
        assert below(math.log(value)) == pytest.approx(probability, abs=0.004)


def test_correlated_prevalences_bias_less():
    wide = Prior(kind="uniform", parameters=(0.1, 0.7))
    apart, together = (
        bias_analysis(
            ratio(0.7), priors(wide, wide, fixed(3.0), correlation=c), draws=20_000, seed=4
        ).systematic
        for c in (0.0, 0.9)
    )
    assert together[2] - together[1] < 0.6 * (apart[2] - apart[1])


def arm_values():
    return ArmValues(
        treated=0.3,
        comparator=0.5,
        se_treated=0.03,
        se_comparator=0.04,
        se_difference=0.045,
        level=95.0,
    )


def test_survival_without_bias_is_what_was_observed():
    found = bias_analysis(
        arm_values(), priors(fixed(0.3), fixed(0.3), fixed(2.0)), draws=200_000, seed=1
    )
    assert found.systematic == pytest.approx((0.2,) * 3)
    assert found.total == pytest.approx(found.observed, abs=0.002)


def test_survival_moves_by_the_power():
    found = bias_analysis(
        arm_values(), priors(fixed(0.2), fixed(0.6), fixed(2.0)), draws=1_000, seed=1
    )
    factor = 1.2 / 1.6
    assert found.systematic[0] == pytest.approx(0.7 ** (1 / factor) - 0.5)


def test_same_seed_same_answer_and_json():
    ranges = {
        "prevalence_treated": (0.1, 0.3),
        "prevalence_comparator": (0.3, 0.6),
        "hazard_ratio": (1.2, 3.0),
    }
    found = [
        bias_analysis(ratio(0.7), ConfounderPriors.uniform(ranges), draws=2_000, seed=s).to_dict()
        for s in (5, 5, 6)
    ]
    assert found[0] == found[1]
    assert found[0]["total"] != found[2]["total"]
    assert json.loads(json.dumps(found[0])) == found[0]


def test_frame_and_summary():
    one = bias_analysis(ratio(0.7), priors(fixed(0.2), fixed(0.5), fixed(2.0)), draws=1_000, seed=1)
    assert list(one.to_frame()["error"]) == ["observed", "systematic", "total"]
    assert "1000 draws, seed 1" in one.summary()


def test_few_draws_and_wrong_scale():
    some = priors(fixed(0.2), fixed(0.5), fixed(2.0))
    with pytest.raises(DesignError, match="too few"):
        bias_analysis(ratio(0.7), some, draws=10, seed=1)
    plain = Estimate(estimate=0.1, se=0.1, ci_low=0.0, ci_high=0.2, level=95.0, scale="identity")
    for call in (
        lambda: bias_analysis(plain, some, draws=1_000, seed=1),
        lambda: tipping_points(plain, prevalence_treated=(0.1,), prevalence_comparator=(0.2,)),
        lambda: adjust_for_confounder(
            plain, hazard_ratio=2.0, prevalence_treated=0.1, prevalence_comparator=0.2
        ),
    ):
        with pytest.raises(DesignError, match=r"log scale|ratios"):
            call()
    with pytest.raises(DesignError, match="at least 1"):
        bounding_factor(0.5, 2.0)

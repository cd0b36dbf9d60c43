"""The ladder of designs: collapses, a case by hand, tipping points, refusals, known truth."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.evidence.designs import DesignBias, DesignGroup, DesignLadder, design_ladder
from locoreg.evidence.designs.biases import adjusted_model
from locoreg.stats.bayes import FLAT, mix, parse_tau_prior

TRIALS = DesignGroup(
    name="Randomised trials",
    labels=("A", "B", "C"),
    yi=(0.04, -0.42, 0.05),
    se=(0.128, 0.149, 0.146),
    bias=None,
)


def other(
    *, mean: float = 0.0, shared: float = 0.0, own: float = 0.0, weight: float = 1.0
) -> DesignGroup:
    return DesignGroup(
        name="Registries",
        labels=("D", "E"),
        yi=(-0.5, -0.3),
        se=(0.1, 0.08),
        bias=DesignBias(
            mean=mean, shared_sd=shared, own_sd=own, weight=weight, source="judgement of the test"
        ),
    )


def ladder(*groups: DesignGroup, tau: str = "half-normal(0.5)", reach: float = 1.0) -> DesignLadder:
    return design_ladder(
        groups, measure="Hazard ratio", scale="log", tau_prior=parse_tau_prior(tau), mu_prior=FLAT,
        level=95, null=0.0, reach=reach,
    )  # fmt: skip


def test_weight_zero_is_trials_alone() -> None:
    first, last = ladder(TRIALS, other(weight=0.0)).steps
    assert last.mu == first.mu
    assert (last.k, dict(last.shares)["Registries"], last.tipping) == (3, 0.0, None)


def test_hardly_known_bias_leaves_the_trials_in_mu() -> None:
    # One study beside an unknown bias says nothing, on tau either.
    lone = DesignGroup(
        name="Registry", labels=("D",), yi=(-0.5,), se=(0.1,),
        bias=DesignBias(mean=0, shared_sd=1e5, own_sd=0, weight=1, source="none"),
    )  # fmt: skip
    first, last = ladder(TRIALS, lone).steps
    assert last.mu.estimate == pytest.approx(first.mu.estimate, abs=1e-6)
    assert last.mu.ci_high == pytest.approx(first.mu.ci_high, abs=1e-6)
    assert dict(last.shares)["Randomised trials"] == pytest.approx(100.0, abs=1e-6)


def test_no_bias_at_all_is_the_mixture() -> None:
    got = ladder(TRIALS, other())
    assert got.steps[-1].mu.estimate == pytest.approx(got.mixture.mu.estimate, abs=1e-10)
    assert got.steps[-1].mu.ci_low == pytest.approx(got.mixture.mu.ci_low, abs=1e-10)
    assert got.to_dict()["mixture"]["answer"] is False


def test_by_hand_without_heterogeneity() -> None:
    # Registry mean: variances 0.01/0.5 + 0.04 = 0.06 and 0.0064/0.5 + 0.04 = 0.0528, shared 0.09.
    got = ladder(
        TRIALS, other(mean=-0.2, shared=0.3, own=0.2, weight=0.5), tau="half-normal(1e-7)"
    ).steps[-1]
    w = np.array([1 / 0.06, 1 / 0.0528])
    registry = float((w * [-0.3, -0.1]).sum() / w.sum())
    registry_precision = 1 / (1 / w.sum() + 0.09)
    t = np.array([0.128, 0.149, 0.146]) ** -2.0
    total = t.sum() + registry_precision
    mean = (float((t * [0.04, -0.42, 0.05]).sum()) + registry_precision * registry) / total
    assert got.mu.estimate == pytest.approx(mean, abs=1e-9)
    assert got.mu.se == pytest.approx(total**-0.5, rel=1e-9)
    assert dict(got.shares)["Registries"] == pytest.approx(100 * registry_precision / total)
    pull = 0.09 / (0.09 + 1 / w.sum())
    (bias,) = got.biases
    assert bias.mean == pytest.approx(-0.2 + pull * (registry - mean), abs=1e-9)
    assert bias.sd == pytest.approx(math.sqrt(0.09 * (1 - pull) + pull**2 / total), rel=1e-9)


def test_shared_bias_does_not_average_out() -> None:
    many = DesignGroup(
        name="Registries", labels=tuple(map(str, range(200))), yi=(-0.3,) * 200, se=(0.1,) * 200,
        bias=DesignBias(mean=0, shared_sd=0.2, own_sd=0, weight=1, source="test"),
    )  # fmt: skip
    model = adjusted_model((TRIALS, many), FLAT, shift=0.0)
    assert model is not None
    assert mix(model, parse_tau_prior("half-normal(0.3)")).mu.moments()[1] > 0.07


def test_tipping_shift_brings_the_conclusion_to_the_null() -> None:
    tip = ladder(TRIALS, other(mean=-0.1, shared=0.1)).steps[-1].tipping
    assert tip is not None
    assert not math.isnan(tip.sign)
    moved = ladder(TRIALS, other(mean=-0.1 + tip.sign, shared=0.1)).steps[-1]
    assert moved.mu.estimate == pytest.approx(0.0, abs=1e-7)
    if not math.isnan(tip.interval):
        moved = ladder(TRIALS, other(mean=-0.1 + tip.interval, shared=0.1)).steps[-1]
        assert min(abs(moved.mu.ci_low), abs(moved.mu.ci_high)) < 1e-7
    near = ladder(TRIALS, other(mean=-0.1, shared=0.1), reach=abs(tip.sign) / 3).steps[-1]
    assert near.tipping is not None
    assert math.isnan(near.tipping.sign)


def test_words_and_json() -> None:
    got = ladder(TRIALS, other(mean=-0.1, shared=0.1))
    text = got.summary()
    assert "Not an answer" in text
    assert "judgement of the test" in text
    assert json.loads(json.dumps(got.to_dict()))["steps"][1]["k"] == 5


def test_refusals() -> None:
    with pytest.raises(DesignError, match="begins with"):
        ladder(other(), TRIALS)
    plain = DesignGroup(name="X", labels=("D",), yi=(0.1,), se=(0.1,), bias=None)
    with pytest.raises(DesignError, match="no bias is stated"):
        ladder(TRIALS, plain)
    with pytest.raises(DesignError, match="same name"):
        ladder(TRIALS, other(), other())
    with pytest.raises(DataError, match="weight"):
        other(weight=1.5)
    with pytest.raises(DataError, match="shared_sd"):
        other(shared=-0.1)
    with pytest.raises(DesignError, match="no source"):
        DesignBias(mean=0, shared_sd=0, own_sd=0, weight=1, source=" ")
    with pytest.raises(DataError, match="can't be used"):
        DesignGroup(name="X", labels=("D",), yi=(0.1,), se=(0.0,), bias=None)
    with pytest.raises(DataError, match="reach"):
        ladder(TRIALS, other(), reach=0.0)


def test_intervals_are_calibrated_under_the_stated_bias() -> None:
    rng = np.random.default_rng(3)
    hits, n = 0, 150
    for _ in range(n):
        tau, shared = abs(rng.normal(0, 0.2)), rng.normal(-0.2, 0.15)
        y = rng.normal(0.1, np.hypot(0.12, tau), 3)
        z = rng.normal(0.1 + shared, np.hypot(0.08, tau), 4)
        groups = (
            DesignGroup(
                name="T", labels=tuple("abc"), yi=tuple(y.tolist()), se=(0.12,) * 3, bias=None
            ),
            DesignGroup(
                name="R", labels=tuple("defg"), yi=tuple(z.tolist()), se=(0.08,) * 4,
                bias=DesignBias(mean=-0.2, shared_sd=0.15, own_sd=0, weight=1, source="truth"),
            ),
        )  # fmt: skip
        model = adjusted_model(groups, FLAT, shift=0.0)
        assert model is not None
        below = float(mix(model, parse_tau_prior("half-normal(0.2)")).mu.cdf(0.1))
        hits += 0.1 <= below <= 0.9
    assert hits / n == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / n))

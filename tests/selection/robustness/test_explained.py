"""Hidden confounders of a stated size."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from locoreg.core.errors import DesignError
from locoreg.registry.synthetic.parameters import one
from locoreg.selection.assess.robustness import (
    BinaryConfounder,
    NormalConfounder,
    explains,
    hidden_effect,
    tipping_confounders,
)
from tests.selection.robustness.known import hidden_draw, known_scores, reversed_scores


def alike(e, means, *, measure="survival_difference", horizon=10.0):
    """Twenty persons with the same models."""
    n = 20
    return known_scores(
        time=np.linspace(1.0, 2.0 * horizon, n),
        event=np.ones(n),
        treated=np.arange(n) % 2,
        covariates={"x": np.arange(n, dtype=float)},
        propensity=np.full(n, e),
        means=(np.full(n, means[0]), np.full(n, means[1])),
        measure=measure,
        horizon=horizon,
    )


BINARY = BinaryConfounder(prevalence_treated=0.2, prevalence_comparator=0.5, hazard_ratio=3.0)


def test_binary_confounder_by_hand() -> None:
    # Cumulative hazards 0.5 and 0.4 of those without it.
    by_value = [(math.exp(-h), math.exp(-3.0 * h)) for h in (0.5, 0.4)]
    seen = [(1 - p) * one + p * two for p, (one, two) in zip((0.5, 0.2), by_value, strict=True)]
    mixed = 0.4 * 0.2 + 0.6 * 0.5
    causal = [(1 - mixed) * one + mixed * two for one, two in by_value]
    found = hidden_effect(alike(0.4, seen), BINARY)
    bias = (seen[1] - seen[0]) - (causal[1] - causal[0])
    # The table of hazards is interpolated: 1e-5 is its error.
    assert found.bias == pytest.approx(bias, abs=1e-5)
    # P(it | treated) = .2, P(it) = .38: odds of treatment given it and without it.
    chance = (0.4 * 0.2 / mixed, 0.4 * 0.8 / (1 - mixed))
    square = sum(q / (c * (1 - c)) for q, c in zip((mixed, 1 - mixed), chance, strict=True))
    assert found.weight_square == pytest.approx(square)
    assert found.weight_without == pytest.approx(1.0 / 0.24)
    spread = [
        p * (1 - p) * (one - two) ** 2 for p, (one, two) in zip((0.5, 0.2), by_value, strict=True)
    ]
    assert found.outcome_square == pytest.approx(0.6 * spread[0] + 0.4 * spread[1], abs=1e-5)


def test_restricted_mean_by_hand() -> None:
    horizon = 10.0
    by_value = [
        tuple(-math.expm1(-h * horizon) / h for h in (rate, 3.0 * rate)) for rate in (0.05, 0.03)
    ]
    seen = [(1 - p) * one + p * two for p, (one, two) in zip((0.5, 0.2), by_value, strict=True)]
    mixed = 0.4 * 0.2 + 0.6 * 0.5
    causal = [(1 - mixed) * one + mixed * two for one, two in by_value]
    scores = alike(0.4, seen, measure="rmst_difference", horizon=horizon)
    bias = (seen[1] - seen[0]) - (causal[1] - causal[0])
    assert hidden_effect(scores, BINARY).bias == pytest.approx(bias, abs=1e-4)


def test_normal_confounder_against_integration() -> None:
    b, a, intercept, hazards = -0.8, 0.6, -0.3, (0.5, 0.4)

    def mean(f) -> float:
        return integrate.quad(lambda u: f(u) * stats.norm.pdf(u), -9.0, 9.0)[0]

    e = mean(lambda u: special.expit(intercept + b * u))
    seen = []
    for arm, h in enumerate(hazards):
        sign = 1.0 if arm else -1.0
        total = mean(lambda u, s=sign: special.expit(s * (intercept + b * u)))
        seen.append(
            mean(
                lambda u, s=sign, h=h: (
                    special.expit(s * (intercept + b * u)) * math.exp(-h * math.exp(a * u))
                )
            )
            / total
        )
    causal = [mean(lambda u, h=h: math.exp(-h * math.exp(a * u))) for h in hazards]
    bias = (seen[1] - seen[0]) - (causal[1] - causal[0])
    found = hidden_effect(alike(e, seen), NormalConfounder(log_odds=b, log_hazard_ratio=a))
    assert found.bias == pytest.approx(bias, abs=2e-5)
    square = mean(lambda u: 1.0 / (special.expit(intercept + b * u)
                                   * special.expit(-intercept - b * u)))  # fmt: skip
    assert found.weight_square == pytest.approx(square, rel=1e-6)


@pytest.mark.parametrize(
    "confounder",
    [
        BinaryConfounder(prevalence_treated=0.2, prevalence_comparator=0.5, hazard_ratio=1.0),
        BinaryConfounder(prevalence_treated=0.4, prevalence_comparator=0.4, hazard_ratio=5.0),
        NormalConfounder(log_odds=0.0, log_hazard_ratio=1.0),
        NormalConfounder(log_odds=1.0, log_hazard_ratio=0.0),
    ],
    ids=["no-hazard", "same-prevalence", "no-odds", "normal-no-hazard"],
)
def test_what_acts_on_one_side_only_makes_no_bias(confounder) -> None:
    found = explains(hidden_draw(300, seed=1).scores, confounder)
    assert found.bias == pytest.approx(0.0, abs=1e-9)
    assert found.adjusted.estimate == pytest.approx(found.effect.estimate, abs=1e-9)


@pytest.mark.parametrize("measure", ["rmst_difference", "survival_difference"])
@pytest.mark.parametrize("treat_some", [False, True], ids=["everybody", "group"])
def test_true_confounder_gives_the_true_effect(measure, treat_some: bool) -> None:
    made = hidden_draw(20_000, seed=11, measure=measure, log_hr=-0.2)
    x = made.scores.X[:, 0]
    treat = x > 0.3 if treat_some else None
    found = explains(
        made.scores,
        BinaryConfounder(prevalence_treated=0.3, prevalence_comparator=0.6, hazard_ratio=2.5),
        treat=treat,
    )
    rows = np.ones(x.size, dtype=bool) if treat is None else treat
    base = np.exp(-4.0 + x[rows])
    u = 0.6 + special.expit(0.6 * x[rows]) * (0.3 - 0.6)

    def mean(rate):
        lost = 24.0 * rate
        return np.exp(-lost) if measure == "survival_difference" else -np.expm1(-lost) / rate

    by_arm = [(1 - u) * mean(r) + u * mean(2.5 * r) for r in (base, base * math.exp(-0.2))]
    truth = float((by_arm[1] - by_arm[0]).mean())
    assert abs(found.adjusted.estimate - truth) < 4.0 * found.adjusted.se
    assert abs(found.effect.estimate - truth) > 4.0 * found.effect.se


def planted(n: int, *, seed: int):
    """No effect; the hidden confounder of the synthetic registry."""
    rng = np.random.default_rng(seed)
    b, a = one("logit_therapy_unmeasured"), one("log_hr_unmeasured")
    u, x = rng.normal(size=n), rng.uniform(-1.0, 1.0, n)
    w = rng.random(n) < special.expit(0.5 * x - 0.5 + b * u)
    died = rng.exponential(size=n) / np.exp(-3.8 + x + a * u)
    nodes, share = np.polynomial.hermite_e.hermegauss(40)
    share = share / share.sum()
    grid = np.linspace(-1.0, 1.0, 41)
    chance = special.expit(0.5 * grid[:, None] - 0.5 + b * nodes)
    lives = np.exp(-36.0 * np.exp(-3.8 + grid[:, None] + a * nodes))
    e = chance @ share
    r1 = (chance * lives) @ share / e
    r0 = ((1.0 - chance) * lives) @ share / (1.0 - e)
    return known_scores(
        time=died, event=np.ones(n), treated=w, covariates={"x": x},
        propensity=np.interp(x, grid, e),
        means=(np.interp(x, grid, r0), np.interp(x, grid, r1)),
        measure="survival_difference", horizon=36.0,
    )  # fmt: skip


def test_planted_confounder_explains_the_finding() -> None:
    scores = planted(4000, seed=5)
    confounder = NormalConfounder(
        log_odds=one("logit_therapy_unmeasured"), log_hazard_ratio=one("log_hr_unmeasured")
    )
    found = explains(scores, confounder)
    assert found.effect.ci_low > 0.0
    assert found.verdict == "explains"
    assert abs(found.adjusted.estimate) < 4.0 * found.adjusted.se
    assert "hidden bias of this size would explain the finding" in found.reading
    assert "multiplies the odds of treatment by 0.45 and the hazard by 1.82" in found.reading
    weaker = explains(scores, NormalConfounder(log_odds=-0.1, log_hazard_ratio=0.1))
    assert weaker.verdict == "does not explain"
    assert "would not explain" in weaker.reading
    turned = explains(scores, NormalConfounder(log_odds=0.8, log_hazard_ratio=0.6))
    assert turned.verdict == "does not explain"
    assert turned.adjusted.estimate > turned.effect.estimate


def test_nothing_to_explain() -> None:
    scores = hidden_draw(300, seed=3, prevalence=(0.5, 0.5)).scores
    found = explains(scores, BINARY)
    assert found.verdict == "nothing to explain"
    assert "holds 0 already" in found.reading


def test_harm_is_explained_from_the_other_side() -> None:
    scores = hidden_draw(4000, seed=12, prevalence=(0.6, 0.3)).scores
    found = explains(
        scores,
        BinaryConfounder(prevalence_treated=0.6, prevalence_comparator=0.3, hazard_ratio=2.5),
    )
    assert found.effect.ci_high < 0.0
    assert found.verdict == "explains"


def test_tipping_confounders_tip() -> None:
    scores = hidden_draw(4000, seed=13).scores
    table = tipping_confounders(scores, prevalences=[(0.2, 0.5), (0.5, 0.2), (0.3, 0.3)])
    first, second, same = table.points
    for point, reached in ((first, "estimate"), (second, "estimate")):
        found = explains(
            scores,
            BinaryConfounder(
                prevalence_treated=point.prevalence_treated,
                prevalence_comparator=point.prevalence_comparator,
                hazard_ratio=point.for_estimate,
            ),
        )
        assert getattr(found.adjusted, reached) == pytest.approx(0.0, abs=1e-6)
    limit = explains(
        scores,
        BinaryConfounder(
            prevalence_treated=0.2, prevalence_comparator=0.5, hazard_ratio=first.for_limit
        ),
    )
    assert limit.adjusted.ci_low == pytest.approx(0.0, abs=1e-6)
    assert 1.0 < first.for_limit < first.for_estimate
    assert second.for_estimate < second.for_limit < 1.0
    assert same.for_estimate is None
    assert (
        "A hidden confounder that 30% of the treated and 30% of the others have could not move it"
        in table.reading
    )
    frame = table.to_frame()
    assert frame["for_estimate"].isna().tolist() == [False, False, True]
    assert json.loads(json.dumps(table.to_dict(), allow_nan=False)) == table.to_dict()


def test_order_of_persons_and_json() -> None:
    scores = hidden_draw(500, seed=2).scores
    confounder = NormalConfounder(log_odds=-0.5, log_hazard_ratio=0.5)
    first, second = explains(scores, confounder), explains(reversed_scores(scores), confounder)
    assert second.bias == pytest.approx(first.bias, rel=1e-9)
    assert json.loads(json.dumps(first.to_dict(), allow_nan=False)) == first.to_dict()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BinaryConfounder(prevalence_treated=1.2, prevalence_comparator=0.1,
                                  hazard_ratio=2.0), "prevalence_treated is 1.2"),
        (lambda: BinaryConfounder(prevalence_treated=0.2, prevalence_comparator=0.1,
                                  hazard_ratio=0.0), "hazard_ratio is 0"),
        (lambda: NormalConfounder(log_odds=math.nan, log_hazard_ratio=0.1), "log_odds is nan"),
    ],
    ids=["prevalence", "ratio", "nan"],
)  # fmt: skip
def test_bad_confounder(make, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        make()

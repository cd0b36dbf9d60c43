"""The same rule again on halves of the persons."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.selection.assess.robustness import stability
from locoreg.selection.rules import RuleOptions, fit_rule
from locoreg.selection.scores import Scores
from tests.selection.robustness.known import known_scores, reversed_scores


@dataclass(frozen=True)
class Question:
    variable: str
    cut: float

    @property
    def text(self) -> str:
        return f"{self.variable} above {self.cut:g}"


@dataclass(frozen=True)
class OneSplit:
    column: int
    cut: float
    names: tuple[str, ...]

    @property
    def splits(self):
        return (Question(variable=self.names[self.column], cut=self.cut),)

    def treats(self, X):
        return X[:, self.column] > self.cut


@dataclass(frozen=True)
class Everybody:
    splits: tuple[()] = ()

    def treats(self, X):
        return np.ones(X.shape[0], dtype=bool)


def best_split(scores: Scores) -> OneSplit:
    """Return the best of a few cuts of all columns."""
    cuts = (-0.5, 0.0, 0.5)
    tried = [(float(scores.weight @ (scores.gamma * (scores.X[:, j] > c))), -j, -c, j, c)
             for j in range(scores.X.shape[1]) for c in cuts]  # fmt: skip
    *_, column, cut = max(tried)
    return OneSplit(column=column, cut=cut, names=scores.coding.names)


def draw(n: int, *, seed: int, noise: float, cluster=None) -> Scores:
    """Effect in months of 4 above 0 of x and -4 below; z does nothing."""
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(-1.0, 1.0, (2, n))
    w = rng.random(n) < 0.5
    effect = 4.0 * np.sign(x)
    y = 20.0 + np.where(w, 0.5, -0.5) * effect + rng.normal(0.0, noise, n)
    half = effect / 2.0
    return known_scores(
        time=np.full(n, 40.0), event=np.zeros(n), treated=w, covariates={"x": x, "z": z},
        propensity=np.full(n, 0.5), means=(20.0 - half, 20.0 + half), outcome=y,
        measure="rmst_difference", horizon=36.0, cluster=cluster,
        person_id=[f"p{i:05d}" for i in rng.permutation(n)],
    )  # fmt: skip


@pytest.fixture(scope="module")
def clear() -> Scores:
    return draw(600, seed=51, noise=1.0)


def test_a_clear_rule_is_stable(clear) -> None:
    found = stability(clear, best_split, halves=20, seed=1, cost=0.0)
    assert [(f.name, f.count, f.share) for f in found.variables] == [("x", 20, 1.0)]
    assert [(f.name, f.share) for f in found.cuts] == [("x above 0", 1.0)]
    assert found.agreement == pytest.approx(1.0)
    assert found.always == pytest.approx((clear.X[:, 0] > 0.0).mean())
    assert found.worse == 0.0
    # Half of the persons gain 4 months.
    assert found.value[0] == pytest.approx(2.0, abs=0.2)
    assert found.value_over_all[0] == pytest.approx(2.0, abs=0.2)
    assert "decide 100% of persons the same way" in found.reading
    assert "x 100%" in found.reading


def test_noise_makes_it_unstable() -> None:
    scores = draw(200, seed=52, noise=60.0)
    found = stability(scores, best_split, halves=40, seed=1, cost=0.0)
    assert found.agreement < 0.7
    assert len(found.cuts) > 2
    assert found.worse > 0.1
    assert sum(f.count for f in found.cuts) == 40


def test_agreement_is_counted_person_by_person(clear) -> None:
    calls = iter(range(10))

    def turning(scores: Scores):
        # The last of ten halves treats nobody.
        return OneSplit(column=0, cut=2.0 if next(calls) == 9 else 0.0, names=("x", "z"))

    found = stability(clear, turning, halves=10, seed=1, cost=0.0)
    # 9 of 10 treat them: 90% is enough.
    assert found.agreement == pytest.approx(1.0)
    calls = iter(range(10))

    def turning_twice(scores: Scores):
        return OneSplit(column=0, cut=2.0 if next(calls) >= 8 else 0.0, names=("x", "z"))

    twice = stability(clear, turning_twice, halves=10, seed=1, cost=0.0)
    assert [one.to_dict() for one in twice.spread] == [
        {"variable": "x", "count": 10, "median": 0.0, "low": 0.0, "high": 2.0}
    ]
    assert twice.always == 0.0
    assert twice.agreement == twice.never == pytest.approx((clear.X[:, 0] <= 0.0).mean())
    assert {f.name: f.count for f in twice.cuts} == {"x above 0": 8, "x above 2": 2}


def test_order_of_persons_and_seed(clear) -> None:
    noisy = draw(200, seed=53, noise=30.0)
    first = stability(noisy, best_split, halves=15, seed=7, cost=0.5)
    second = stability(reversed_scores(noisy), best_split, halves=15, seed=7, cost=0.5)
    assert second.cuts == first.cuts
    assert second.value == pytest.approx(first.value)
    assert second.agreement == pytest.approx(first.agreement)
    assert stability(noisy, best_split, halves=15, seed=7, cost=0.5) == first
    assert stability(noisy, best_split, halves=15, seed=8, cost=0.5) != first


def test_clusters_stay_whole() -> None:
    scores = draw(300, seed=54, noise=1.0, cluster=np.arange(300) // 10)
    halves: list[set[int]] = []

    def keeping(part: Scores):
        own = set(part.cluster.tolist())
        assert part.n == 10 * len(own)
        halves.append(own)
        return best_split(part)

    first = stability(scores, keeping, halves=10, seed=3, cost=0.0)
    assert all(len(one) == 15 for one in halves)
    assert len({frozenset(one) for one in halves}) == 10
    codes = np.random.default_rng(1).permutation(30)
    other = replace(scores, data=replace(scores.data, cluster=codes[scores.cluster]))
    # The codes of clusters say nothing.
    assert stability(other, best_split, halves=10, seed=3, cost=0.0) == first
    one = replace(scores, data=replace(scores.data, cluster=np.zeros(300, dtype=int)))
    with pytest.raises(DesignError, match="one cluster only"):
        stability(one, best_split, halves=10, seed=3, cost=0.0)


def test_weights_count(clear) -> None:
    heavy = np.where(clear.X[:, 0] > 0.0, 3.0, 1.0)
    scores = replace(clear, data=replace(clear.data, weight=heavy))
    found = stability(scores, best_split, halves=10, seed=1, cost=0.0)
    share = heavy[clear.X[:, 0] > 0.0].sum() / heavy.sum()
    assert found.always == pytest.approx(share)
    assert found.value[0] == pytest.approx(4.0 * share, abs=0.3)


def test_rule_without_splits_and_json(clear) -> None:
    found = stability(clear, lambda scores: Everybody(), halves=10, seed=1, cost=0.0)
    assert found.variables == found.cuts == ()
    assert found.treated == pytest.approx((1.0, 1.0, 1.0))
    assert found.value_over_all == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)
    assert "none has a split" in found.reading
    assert found.to_frame().empty
    made = stability(clear, best_split, halves=10, seed=1, cost=0.0).to_dict()
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_halves_without_a_rule_are_told(clear) -> None:
    calls = iter(range(20))

    def sometimes(scores: Scores):
        if next(calls) < 4:
            raise DesignError("no tree meets the constraints.")
        return Everybody()

    found = stability(clear, sometimes, halves=10, seed=1, cost=0.0)
    assert found.halves == 6
    assert len(found.failed) == 4
    assert found.failed[0] == "half 1: no tree meets the constraints."

    def never(scores: Scores):
        raise DesignError("no tree meets the constraints.")

    with pytest.raises(ConvergenceError, match="0 of 10 halves only; half 1: no tree"):
        stability(clear, never, halves=10, seed=1, cost=0.0)


def test_an_exact_tree_fits_in() -> None:
    options = RuleOptions(
        cost=0.0, depth=1, min_persons=20, min_treated=5, min_comparator=5, seed=1, jobs=1
    )
    scores = draw(400, seed=55, noise=1.0)
    found = stability(scores, lambda half: fit_rule(half, options), halves=10, seed=1, cost=0.0)
    assert found.variables[0].name == "x"
    assert found.variables[0].share == 1.0
    assert found.spread[0].median == pytest.approx(0.0, abs=0.05)
    assert found.agreement > 0.9


def test_few_halves_are_refused(clear) -> None:
    with pytest.raises(DesignError, match="halves is 5"):
        stability(clear, best_split, halves=5, seed=1, cost=0.0)

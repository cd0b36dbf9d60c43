"""Leaving one site out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.selection.assess.robustness import SiteOptions, leave_one_site_out
from locoreg.selection.assess.robustness.between import between_sites
from locoreg.selection.learners.base import LearnerFit
from locoreg.selection.scores import Scores
from locoreg.stats.rankweighted import rank_weighted, weighted_mean
from tests.selection.robustness.known import known_scores


@dataclass(frozen=True)
class Line:
    kind: ClassVar[str] = "line"
    intercept: float
    slope: float

    def predict(self, X):
        return self.intercept + self.slope * X[:, 0]

    def summary(self) -> tuple[str, ...]:
        return ("a line",)

    def settings(self) -> dict[str, Any]:
        return {"intercept": self.intercept, "slope": self.slope}

    def arrays(self) -> dict[str, Any]:
        return {}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, Any]) -> Line:
        return cls(**settings)


@dataclass(frozen=True)
class LineLearner:
    """Least squares of scores on the first column, or its mean only."""

    name: ClassVar[str] = "line"
    flat: bool = False
    seen: list[set[str]] = field(default_factory=list)

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        self.seen.append(set(scores.data.person_id))
        degree = 0 if self.flat else 1
        line = np.polynomial.polynomial.polyfit(scores.X[:, 0], scores.gamma, degree)
        model = Line(intercept=float(line[0]), slope=0.0 if self.flat else float(line[1]))
        return LearnerFit(model=model, held_out=model.predict(scores.X))

    def to_dict(self) -> dict[str, Any]:
        return {}


def sites_draw(n: int, *, seed: int, shift: float = 0.0, names="ABCDE") -> Scores:
    """Effect in months of 6 x, turned round and shifted at the last site where asked for."""
    rng = np.random.default_rng(seed)
    x, site = rng.uniform(-1.0, 1.0, n), rng.integers(0, len(names), n)
    w = rng.random(n) < 0.5
    effect = 6.0 * x + np.where(site == len(names) - 1, shift, 0.0)
    y = 20.0 + np.where(w, 0.5, -0.5) * effect + rng.normal(0.0, 3.0, n)
    r0, r1 = 20.0 - 3.0 * x, 20.0 + 3.0 * x
    return known_scores(
        time=np.full(n, 40.0), event=np.zeros(n), treated=w, covariates={"x": x},
        propensity=np.full(n, 0.5), means=(r0, r1), outcome=y, measure="rmst_difference",
        horizon=36.0, site=[names[i] for i in site],
    )  # fmt: skip


OPTIONS = SiteOptions(cost=1.0, seed=1)


@pytest.fixture(scope="module")
def alike() -> Scores:
    return sites_draw(1500, seed=41)


def test_every_site_is_left_out_once(alike) -> None:
    learner = LineLearner()
    found = leave_one_site_out(alike, learner, OPTIONS)
    assert [one.site for one in found.sites] == list("ABCDE")
    site = alike.data.site
    ids = np.array(alike.data.person_id)
    for code, seen in enumerate(learner.seen):
        assert seen == set(ids[site.values != code])
    assert sum(one.n for one in found.sites) == alike.n


def test_numbers_of_a_site_are_those_of_its_persons(alike) -> None:
    found = leave_one_site_out(alike, LineLearner(), OPTIONS).sites[1]
    here = alike.data.site.values == 1
    line = np.polynomial.polynomial.polyfit(alike.X[~here, 0], alike.gamma[~here], 1)
    predicted, gamma = line[0] + line[1] * alike.X[here, 0], alike.gamma[here]
    assert found.average == weighted_mean(gamma, level=95.0)
    assert found.autoc.estimate == pytest.approx(
        rank_weighted(gamma, predicted, level=95.0).estimate
    )
    slope, intercept = np.polyfit(predicted - predicted.mean(), gamma, 1)
    assert found.slope.estimate == pytest.approx(slope)
    assert found.intercept.estimate == pytest.approx(intercept - predicted.mean())
    gain = np.where(predicted > 1.0, gamma - 1.0, 0.0)
    assert found.value.against_none.estimate == pytest.approx(gain.mean())
    # Sandwich error of a least-squares slope.
    x = predicted - predicted.mean()
    left = gamma - gamma.mean() - slope * x
    se = math.sqrt(float((x**2 * left**2).sum())) / float((x**2).sum())
    assert found.slope.se == pytest.approx(se * math.sqrt(x.size / (x.size - 1)))


def test_same_effect_everywhere_transports(alike) -> None:
    found = leave_one_site_out(alike, LineLearner(), OPTIONS)
    by_name = {one.what: one for one in found.between}
    assert set(by_name) == {"average", "autoc", "intercept", "slope", "value"}
    assert by_name["slope"].mean.ci_low < 1.0 < by_name["slope"].mean.ci_high
    assert by_name["value"].mean.ci_low > 0.0
    assert by_name["intercept"].p_value > 0.01
    assert "Learnt without each of 5 sites" in found.reading


def test_a_site_that_differs_shows() -> None:
    found = leave_one_site_out(sites_draw(1500, seed=41, shift=-9.0), LineLearner(), OPTIONS)
    by_name = {one.what: one for one in found.between}
    last = found.sites[-1]
    assert last.intercept.ci_high < -7.0
    assert last.value.against_none.ci_high < 0.0
    assert by_name["intercept"].p_value < 1e-6
    assert by_name["intercept"].i2 > 80.0
    assert by_name["average"].prediction[0] < last.average.estimate


def test_small_and_unknown_sites_are_named() -> None:
    scores = sites_draw(1500, seed=42)
    site = scores.data.site
    values = site.values.copy()
    values[np.flatnonzero(values == 4)[30:]] = 0.0
    values[:10] = np.nan
    moved = replace(scores, data=replace(scores.data, site=replace(site, values=values)))
    found = leave_one_site_out(moved, LineLearner(), OPTIONS)
    assert [one.site for one in found.sites] == list("ABCD")
    small = dict(found.too_small)
    assert small["unknown site"] == 10
    assert 20 <= small["E"] <= 30
    assert f"E ({small['E']})" in found.reading
    assert sum(one.n for one in found.sites) + sum(small.values()) == 1500


def test_one_prediction_for_everybody_has_no_rank() -> None:
    found = leave_one_site_out(sites_draw(800, seed=43), LineLearner(flat=True), OPTIONS)
    assert all(one.autoc is None and one.slope is None for one in found.sites)
    assert "autoc" not in {one.what for one in found.between}
    assert found.to_frame()["autoc"].isna().all()
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


def test_clusters_within_sites_are_kept() -> None:
    scores = sites_draw(1500, seed=44)
    pairs = np.arange(1500) // 2
    doubled = replace(scores, data=replace(scores.data, cluster=pairs))
    whole = replace(scores, data=replace(scores.data, cluster=scores.data.site.values.astype(int)))
    plain, paired, by_site = (
        leave_one_site_out(one, LineLearner(), OPTIONS).sites[0].average
        for one in (scores, doubled, whole)
    )
    # Clusters that are whole sites say nothing of the error within one.
    assert by_site == plain
    assert paired.estimate == plain.estimate
    assert paired.se != plain.se


def test_between_sites_needs_two() -> None:
    one = weighted_mean(np.array([1.0, 2.0, 4.0]), level=95.0)
    assert between_sites("average", [one, None], level=95.0) is None
    two = between_sites("average", [one, one], level=95.0)
    assert two.mean.estimate == pytest.approx(one.estimate)
    assert two.prediction is None
    assert two.tau == 0.0


def test_refusals(alike) -> None:
    bare = replace(alike, data=replace(alike.data, site=None))
    with pytest.raises(DesignError, match="no site"):
        leave_one_site_out(bare, LineLearner(), OPTIONS)
    with pytest.raises(DesignError, match="0 sites with at least 2000 persons"):
        leave_one_site_out(alike, LineLearner(), SiteOptions(cost=0.0, seed=1, least_persons=2000))
    with pytest.raises(DesignError, match="cost is nan"):
        SiteOptions(cost=math.nan, seed=1)
    with pytest.raises(DesignError, match="least_persons is 1"):
        SiteOptions(cost=0.0, seed=1, least_persons=1)

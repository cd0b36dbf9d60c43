"""The range of a group where something hidden changes the odds of treatment by a factor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.selection.assess.robustness import bound_scores, marginal_sensitivity
from locoreg.selection.patient import predict_patient
from locoreg.selection.patient.cells import make_cells
from locoreg.selection.patient.neighbourhood import Neighbourhood, neighbourhood
from locoreg.selection.patient.sums import BoundSums, CellSums, TimeSums
from locoreg.selection.scores import Scores
from locoreg.stats.rankweighted import weighted_mean
from locoreg.stats.survivaldata import FloatArray
from tests.selection.patient.world import ODDS_FACTOR, SURVIVAL, modelled, scored
from tests.selection.robustness.known import known_scores

WHAT = ("effect", "comparator_mean", "treated_mean")
USUAL = {"age": 58, "metastases": 3, "her2": "negative"}


def group(scores: Scores, factor: float | None, x: FloatArray) -> Neighbourhood:
    """Return the persons like x, with the range at a factor."""
    cells, cell = make_cells(scores, np.ones(scores.X.shape[1]), most=500)
    count = cells.size.size
    sums = CellSums.of(scores, cell, count)
    bounds = BoundSums.of(scores, factor, cell, count)
    return neighbourhood(
        cells, cells.like(x), sums, (TimeSums(months=24.0, sums=sums, bounds=bounds),),
        level=95.0, factor=factor, bounds=bounds,
    )  # fmt: skip


@pytest.mark.parametrize("scores", [scored(), scored(question=SURVIVAL)], ids=["mean", "survival"])
def test_a_factor_of_one_is_the_plain_interval(scores: Scores) -> None:
    found = group(scores, 1.0, scores.X[5])
    assert found.hidden is not None
    for what in WHAT:
        plain = getattr(found.means, what)
        for side in (found.hidden.lower, found.hidden.upper):
            one = getattr(side, what)
            assert one.estimate == pytest.approx(plain.estimate, rel=1e-9)
            assert one.se == pytest.approx(plain.se, rel=1e-6)
        assert found.hidden.ends(what, plain) == pytest.approx((plain.ci_low, plain.ci_high))


@pytest.mark.parametrize("scores", [scored(), scored(question=SURVIVAL)], ids=["mean", "survival"])
def test_the_range_holds_the_interval_and_grows_with_the_factor(scores: Scores) -> None:
    for person in (0, 5, 17):
        last = None
        for factor in (1.0, 1.1, 1.5, 2.0, 4.0):
            found = group(scores, factor, scores.X[person])
            assert found.hidden is not None
            ends = np.array([found.hidden.ends(one, getattr(found.means, one)) for one in WHAT])
            plain = [getattr(found.means, one) for one in WHAT]
            assert all(low <= one.ci_low for (low, _), one in zip(ends, plain, strict=True))
            assert all(high >= one.ci_high for (_, high), one in zip(ends, plain, strict=True))
            if last is not None:
                assert (ends[:, 0] < last[:, 0]).all()
                assert (ends[:, 1] > last[:, 1]).all()
            last = ends


@pytest.mark.parametrize("clustered", [False, True])
def test_several_cells_are_the_mean_of_their_persons(clustered: bool) -> None:
    made = scored(question=SURVIVAL)
    rng = np.random.default_rng(3)
    cluster = np.arange(made.n) // 3 if clustered else None
    made = replace(
        made, data=replace(made.data, weight=rng.uniform(0.5, 2.0, made.n), cluster=cluster)
    )
    cells, cell = make_cells(made, np.ones(made.X.shape[1]), most=200)
    sums = BoundSums.of(made, 2.0, cell, cells.size.size)
    assert sums is not None
    again = BoundSums.restore(sums.arrays())
    place = np.arange(cells.size.size)[::2]
    rows = np.isin(cell, place)
    found = bound_scores(made, 2.0)
    for side in ("lower", "upper"):
        for k in range(3):
            values = getattr(found, side)[k]
            expected = weighted_mean(
                values[rows], level=95.0, weight=made.weight[rows],
                cluster=None if cluster is None else cluster[rows],
            )  # fmt: skip
            one = getattr(again, side).mean(k, place, int(rows.sum()), 95.0)
            assert one.estimate == pytest.approx(expected.estimate, rel=1e-9)
            # With clusters those without a person in the cells count among the units too.
            assert one.se == pytest.approx(expected.se, rel=1e-2 if clustered else 1e-9)


def test_everybody_is_the_bound_of_everybody() -> None:
    made = scored(question=SURVIVAL)
    cells, cell = make_cells(made, np.ones(made.X.shape[1]), most=500)
    sums = BoundSums.of(made, 1.7, cell, cells.size.size)
    assert sums is not None
    (expected,) = marginal_sensitivity(made, factors=[1.7]).bounds
    everybody = np.arange(cells.size.size)
    for side, one in ((sums.lower, expected.lower), (sums.upper, expected.upper)):
        mean = side.mean(0, everybody, made.n, 95.0)
        assert mean.estimate == pytest.approx(one.estimate)
        assert mean.ci_low == pytest.approx(one.ci_low)


def test_a_factor_below_one_is_refused() -> None:
    made = scored()
    for factor in (0.5, float("nan"), float("inf")):
        with pytest.raises(DesignError, match="the factor is"):
            BoundSums.of(made, factor, np.zeros(made.n, dtype=int), 1)


FACTOR, RATIO, MONTHS = 2.0, 6.0, 24.0


def hidden_world(n: int, seed: int) -> tuple[Scores, tuple[FloatArray, FloatArray]]:
    """Return scores of persons whose odds of treatment something hidden doubles or halves.

    Given x, the hidden thing is there or not; those who have it are treated with twice the odds
    given x, the others with half of them, and die RATIO times as fast. Models are true given x and
    treatment. Also the true survival under each option given x.
    """
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.0, 1.0, n)
    e = special.expit(0.6 * x)
    odds = e / (1.0 - e)
    high, low = FACTOR * odds / (1.0 + FACTOR * odds), odds / FACTOR / (1.0 + odds / FACTOR)
    has = (e - low) / (high - low)
    u = rng.random(n) < has
    treated = rng.random(n) < np.where(u, high, low)
    base = [np.exp(-4.3 + 0.5 * x - 0.2 * arm) for arm in (0, 1)]
    died = rng.exponential(size=n) / (np.where(treated, base[1], base[0]) * RATIO**u)
    alive = [(np.exp(-b * MONTHS), np.exp(-b * MONTHS * RATIO)) for b in base]
    truth = [(1.0 - has) * a + has * b for a, b in alive]
    share = (has * (1.0 - high) / (1.0 - e), has * high / e)
    means = [(1.0 - s) * a + s * b for s, (a, b) in zip(share, alive, strict=True)]
    made = known_scores(
        time=died, event=np.ones(n), treated=treated, covariates={"x": x}, propensity=e,
        means=(means[0], means[1]), measure="survival_difference", horizon=MONTHS,
    )  # fmt: skip
    return made, (truth[0], truth[1])


def test_the_range_covers_the_truth_where_the_plain_interval_does_not() -> None:
    plain, wide = np.zeros(3), np.zeros(3)
    seeds = range(20)
    for seed in seeds:
        made, truth = hidden_world(2000, seed)
        cells, cell = make_cells(made, np.ones(1), most=500)
        place = cells.like(np.array([0.4]))
        rows = np.isin(cell, place)
        found = group(made, FACTOR, np.array([0.4]))
        assert found.n == rows.sum()
        true = (
            float((truth[1] - truth[0])[rows].mean()), float(truth[0][rows].mean()),
            float(truth[1][rows].mean()),
        )  # fmt: skip
        assert found.hidden is not None
        for k, what in enumerate(WHAT):
            one = getattr(found.means, what)
            low, high = found.hidden.ends(what, one)
            plain[k] += one.ci_low <= true[k] <= one.ci_high
            wide[k] += low <= true[k] <= high
            assert found.times[0].hidden == found.hidden
    assert wide.min() >= 19
    # Something hidden of that size does harm: else the test could not fail.
    assert plain[0] <= 12


def test_a_patient_is_told_the_range_and_its_factor() -> None:
    model = modelled()
    assert model.odds_factor == ODDS_FACTOR
    found = predict_patient(model, USUAL)
    assert found.group is not None
    hidden = found.group.hidden
    assert hidden is not None
    assert hidden.factor == ODDS_FACTOR
    assert all(one.hidden is not None for one in found.group.times)
    low, high = hidden.ends("effect", found.group.means.effect)
    (line,) = [one for one in found.lines() if "by up to 1.5 times" in one]
    words = [f"{abs(end):.1f} {'more' if end > 0 else 'fewer'}" for end in (low, high)]
    assert f"is {words[0]} to {words[1]} with surgery." in line
    assert found.to_dict()["group"]["times"][0]["hidden"]["factor"] == ODDS_FACTOR
    plain = replace(
        model, odds_factor=None, hidden=None,
        survival=tuple(replace(one, bounds=None) for one in model.survival),
    )  # fmt: skip
    without = predict_patient(plain, USUAL)
    assert without.group is not None
    assert without.group.means == found.group.means
    assert without.group.hidden is None
    assert not any("by up to" in one for one in without.lines())
    outside = predict_patient(model, {**USUAL, "age": 99})
    assert not any("by up to" in one for one in outside.lines())

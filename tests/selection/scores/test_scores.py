"""Scores of persons: what they mean, and what they do not depend on."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError
from locoreg.selection.data import selection_data
from locoreg.selection.scores import ScoreOptions, Scores, scores, scores_of_part
from locoreg.selection.scores.followup import FollowUp
from tests.selection.designs import draw

SAME = 1e-9  # sums in another order
ROWS = 300


def made(one, *, rows=None, **more):
    data = one.data() if rows is None else one.data().take(rows)
    return scores(data, short(one), ScoreOptions(**{"seed": 1, "jobs": 1, **more}))


def short(one):
    """Return the question with a horizon that few persons allow."""
    return replace(one.question(), horizon_months=0.6)


@pytest.fixture(scope="module")
def small():
    return draw("type2", ROWS, seed=3, p=3)


@pytest.fixture(scope="module")
def small_scores(small):
    return made(small)


@pytest.mark.parametrize("which", ["continuous", "monthly"])
def test_the_average_effect_is_near_the_truth(which, request):
    one, found = request.getfixturevalue(which)
    average = found.average()
    assert abs(average.estimate - one.rmst_effect.mean()) < 3.0 * average.se
    # The difference of observed means, censored outcomes as they are, is off by more.
    assert found.gamma == pytest.approx(found.gamma1 - found.gamma0)


@pytest.mark.parametrize("which", ["continuous", "monthly"])
def test_models_know_more_than_a_constant(which, request):
    one, found = request.getfixturevalue(which)
    e = found.propensity
    treated = found.treated
    share = treated.mean()

    def loss(p):
        return -np.mean(treated * np.log(p) + (1 - treated) * np.log(1 - p))

    assert loss(e) < loss(np.full(one.X.shape[0], share))
    assert np.mean((found.outcome - found.mean) ** 2) < found.outcome.var()
    for mean in (found.comparator_mean, found.treated_mean):
        assert mean.min() > 0.0
        assert mean.max() <= found.question.horizon_months


def test_scores_follow_from_their_parts(small_scores):
    s = small_scores
    r1, r0, e, w = s.treated_mean, s.comparator_mean, s.propensity, s.treated
    own = np.where(w > 0, r1, r0)
    gamma = r1 - r0 + (w - e) / (e * (1 - e)) * (s.outcome - own)
    assert s.gamma == pytest.approx(gamma, abs=SAME)


def test_without_censoring_the_outcome_is_observed(small):
    data = replace(small.data(), event=np.ones(ROWS, dtype=np.int64))
    found = scores(data, short(small), ScoreOptions(seed=1, jobs=1))
    follow = FollowUp.of(data, short(small), found.options)
    assert (found.outcome == follow.value).all()
    assert (found.uncensored == 1.0).all()
    assert any("nobody is censored" in note for note in found.notes)


def test_censoring_at_the_horizon_only_is_none(small):
    """Everybody is followed to the horizon: administrative censoring loses nothing."""
    last = short(small).horizon_months
    event = (small.event == 1) & (small.time < last)
    data = replace(
        small.data(), time=np.where(event, small.time, last + 0.5), event=event.astype(np.int64)
    )
    found = scores(data, short(small), ScoreOptions(seed=1, jobs=1))
    assert (found.outcome == np.minimum(data.time, last)).all()


def test_the_same_in_any_order(small, small_scores):
    order = np.random.default_rng(0).permutation(ROWS)
    again = made(small, rows=order)
    assert (again.fold == small_scores.fold[order]).all()
    # Trees are grown from sums in another order, and may split elsewhere where two are level.
    assert again.average().estimate == pytest.approx(small_scores.average().estimate, abs=0.01)
    assert np.corrcoef(again.gamma, small_scores.gamma[order])[0, 1] > 0.99


def test_the_same_seed_the_same_scores_and_another_seed_others(small, small_scores):
    assert (made(small).gamma == small_scores.gamma).all()
    assert not (made(small, seed=2).gamma == small_scores.gamma).all()


def test_equal_weights_change_nothing(small, small_scores):
    data = replace(small.data(), weight=np.full(ROWS, 3.0))
    found = scores(data, short(small), ScoreOptions(seed=1, jobs=1))
    assert found.gamma == pytest.approx(small_scores.gamma, abs=1e-6)
    assert found.average().se == pytest.approx(small_scores.average().se, rel=1e-6)


def test_a_doubled_person_weighs_two():
    """In the average of scores that are given; scores themselves differ by folds."""
    one = draw("type2", ROWS, seed=5, p=3)
    found = made(one)
    weight = np.where(np.arange(ROWS) < 100, 2.0, 1.0)
    weighted = replace(found, data=replace(found.data, weight=weight)).average()
    twice = np.concatenate([found.gamma, found.gamma[:100]])
    assert weighted.estimate == pytest.approx(twice.mean())


def test_weights_lead_to_the_population_they_stand_for():
    """Persons with a high x2 are drawn three times as often; weights undo it."""
    one = draw("type2", 3000, seed=6, p=3)
    keep = np.random.default_rng(1).random(3000) < np.where(one.X[:, 1] > 0.5, 0.9, 0.3)
    rows = np.flatnonzero(keep)
    weight = np.where(one.X[rows, 1] > 0.5, 1.0, 3.0)
    found = scores(
        replace(one.data().take(rows), weight=weight), one.question(), ScoreOptions(seed=1, jobs=1)
    )
    truth = one.rmst_effect.mean()
    drawn = one.rmst_effect[rows].mean()
    average = found.average()
    assert abs(average.estimate - truth) < 3.0 * average.se
    assert abs(found.gamma.mean() - drawn) < 3.0 * average.se
    assert abs(drawn - truth) > average.se


def test_months_and_probabilities(monthly):
    one, _ = monthly
    found = scores_of_part(
        one.data(), one.question("survival_difference"), ScoreOptions(seed=1, jobs=1)
    )
    follow = FollowUp.of(one.data(), found.question, found.options)
    assert follow.grid.months
    assert follow.grid.edges.tolist() == [0.0, 1.0, 2.0, 3.0]
    average = found.average()
    assert abs(average.estimate - one.survival_effect.mean()) < 3.0 * average.se


def test_many_months_in_few_bins():
    """Twelve months to a year: six bins of several months each."""
    rng = np.random.default_rng(4)
    n = 1500
    x, w = rng.random(n), rng.integers(0, 2, n)
    died = rng.geometric(0.03 + 0.05 * x - 0.015 * w) - 1
    lost = rng.geometric(0.03, n) - 1
    one = draw("type4", 10, seed=1).question()
    question = replace(one, horizon_months=24.0)
    data = selection_data(
        time=np.minimum(died, lost).astype(float), event=died <= lost, treated=w,
        covariates={"x": x},
    )  # fmt: skip
    found = scores(data, question, ScoreOptions(seed=1, jobs=1, bins=6))
    truth = _geometric(0.03 + 0.05 * x - 0.015, 24) - _geometric(0.03 + 0.05 * x, 24)
    average = found.average()
    assert abs(average.estimate - truth.mean()) < 3.0 * average.se
    assert average.estimate > 2.0 * average.se


def _geometric(p, months):
    return sum((1 - p) ** (k + 1) for k in range(months))


def test_late_entry_leaves_the_average_right():
    """Observed from a later time, given that they live until then."""
    rng = np.random.default_rng(8)
    n = 4000
    x, w = rng.random(n), rng.integers(0, 2, n)
    rate = np.exp(-0.5 + x - 0.8 * w)
    died, lost = rng.exponential(1.0 / rate), rng.uniform(0.5, 4.0, n)
    entry = np.where(rng.random(n) < 0.5, rng.uniform(0.0, 1.0, n), 0.0)
    seen = np.minimum(died, lost) > entry
    question = replace(draw("type2", 10, seed=1).question(), horizon_months=2.0)
    data = selection_data(
        time=np.minimum(died, lost)[seen], event=(died <= lost)[seen], treated=w[seen],
        covariates={"x": x[seen]}, entry=entry[seen],
    )  # fmt: skip
    found = scores(data, question, ScoreOptions(seed=1, jobs=1))
    base = np.exp(-0.5 + x[seen])
    truth = _exponential(base * np.exp(-0.8)) - _exponential(base)
    average = found.average()
    assert abs(average.estimate - truth.mean()) < 3.0 * average.se
    assert any("entered after time zero" in note for note in found.notes)
    # Without telling the entries, treated and comparator both seem to live too long.
    without = scores(replace(data, entry=None), question, ScoreOptions(seed=1, jobs=1))
    told = found.comparator_mean.mean() - _exponential(base).mean()
    untold = without.comparator_mean.mean() - _exponential(base).mean()
    assert abs(told) < 0.5 * abs(untold)


def test_late_entry_in_whole_months():
    """At risk are those with entry < month of the event; hazards by month come out right."""
    rng = np.random.default_rng(10)
    n = 4000
    x, w = rng.random(n), rng.integers(0, 2, n)
    chance = 0.1 + 0.15 * x
    died, lost = rng.geometric(chance).astype(float), rng.integers(3, 12, n).astype(float)
    entry = rng.integers(0, 5, n).astype(float)
    seen = np.minimum(died, lost) > entry
    data = selection_data(
        time=np.minimum(died, lost)[seen], event=(died <= lost)[seen], treated=w[seen],
        covariates={"x": x[seen]}, entry=entry[seen],
    )  # fmt: skip
    question = replace(draw("type4", 10, seed=1).question(), horizon_months=8.0)
    found = scores(data, question, ScoreOptions(seed=1, jobs=1))
    # Nobody dies in month 0: from month 1 on the chance is constant.
    truth = 1.0 + _geometric(chance[seen], 7)
    error = found.gamma1.mean() - truth.mean()
    assert abs(error) < 4.0 * found.gamma1.std() / np.sqrt(found.n)
    assert abs(found.average().estimate) < 3.0 * found.average().se
    without = scores(replace(data, entry=None), question, ScoreOptions(seed=1, jobs=1))
    assert without.gamma1.mean() - truth.mean() > 3.0 * abs(error)


def _exponential(rate, last=2.0):
    return -np.expm1(-rate * last) / rate


def test_what_is_told_holds_no_person(continuous):
    _, found = continuous
    told = found.to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["n"] == 800
    assert not any(isinstance(v, list) and len(v) == 800 for v in told.values())
    text = found.summary()
    assert "800 persons" in text
    for one in found.diagnostics:
        assert (one.heading in text) == (one.verdict in ("warn", "fail"))


def test_a_frame_has_a_row_per_person(continuous):
    one, found = continuous
    table = found.to_frame()
    assert len(table) == 800
    assert table["gamma"].to_numpy() == pytest.approx(found.gamma)
    assert table["treated"].sum() == one.treated.sum()


def test_taken_scores_are_those_of_the_persons(continuous):
    _, found = continuous
    part = found.take(np.array([5, 2]))
    assert part.n == 2
    assert (part.gamma == found.gamma[[5, 2]]).all()
    assert part.data.person_id == (found.data.person_id[5], found.data.person_id[2])


def test_scores_check_their_shapes(continuous):
    _, found = continuous
    with pytest.raises(DataError, match=r"gamma1 of scores has shape \(3,\), not \(800,\)"):
        replace(found, gamma1=np.zeros(3))
    bad = found.outcome.copy()
    bad[4] = np.nan
    with pytest.raises(DataError, match="outcome of scores is not finite in row 5"):
        replace(found, outcome=bad)
    with pytest.raises(DataError, match="not between 0 and 1"):
        replace(found, propensity=np.zeros(800))
    assert isinstance(found, Scores)

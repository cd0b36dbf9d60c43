"""Events at the edges of follow-up: at the horizon, and at time zero."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.selection.data import selection_data
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import ScoreOptions, scores
from locoreg.selection.scores.boosting import HazardTable, growth
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.models import fit_event_model

SURVIVAL = SelectionQuestion(
    measure="survival_difference",
    horizon_months=2.0,
    time_zero="diagnosis",
    treated_label="surgery",
    comparator_label="no surgery",
    outcome="death",
    level=95.0,
)
RESTRICTED = replace(SURVIVAL, measure="rmst_difference")


def persons(first):
    """Return five persons; of those at the horizon one died then, and one was censored then."""
    return selection_data(
        time=[first, 2.0, 2.0, 3.0, 0.5 if first % 1.0 else 0.0],
        event=[1, 1, 0, 1, 0],
        treated=[1, 0, 1, 0, 1],
        covariates={"x": [1.0, 2.0, 3.0, 4.0, 5.0]},
    )


@pytest.mark.parametrize("first", [1.5, 1.0])
def test_an_event_at_the_horizon_is_not_outlived(first):
    """P(T > 2): in continuous time as in whole months, who dies at 2 does not live beyond it."""
    follow = FollowUp.of(persons(first), SURVIVAL, ScoreOptions(seed=1))
    assert follow.grid.months == (first == 1.0)
    assert follow.done.tolist() == [True, True, True, True, False]
    assert follow.value[follow.done].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert follow.event.tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("first", [1.5, 1.0])
def test_the_time_up_to_the_horizon_is_the_same_for_all_who_reach_it(first):
    follow = FollowUp.of(persons(first), RESTRICTED, ScoreOptions(seed=1))
    assert follow.value[follow.done].tolist() == [first, 2.0, 2.0, 2.0]
    assert follow.event.tolist() == [True, False, False, False, False]


def test_events_at_time_zero_count_in_hazards():
    """The boosted hazards expect as many events as there were, those at time zero among them."""
    rng = np.random.default_rng(0)
    n = 400
    time = rng.exponential(5.0, n)
    time[:80] = 0.0
    x, treated = rng.normal(size=n), rng.random(n) < 0.5
    data = selection_data(
        time=np.minimum(time, 8.0), event=time < 8.0, treated=treated, covariates={"x": x}
    )
    question = replace(SURVIVAL, horizon_months=6.0)
    follow = FollowUp.of(data, question, ScoreOptions(seed=1))
    risk, X, arm = follow.event_risk(), x[:, None], treated.astype(float)
    table = HazardTable(X, arm, risk, np.ones(n), months=False, size=growth("event", 300.0), seed=1)
    hazard = np.exp(table.fit().predict_bins(X, arm, follow.grid.bins))
    assert (hazard * risk.exposure).sum() == pytest.approx(follow.event.sum(), rel=0.01)
    assert risk.exposure.sum() == pytest.approx(np.minimum(time, 6.0).sum(), rel=1e-5)


def test_a_part_of_the_persons_keeps_the_time_scale_of_all():
    """A few times are no whole months: a part without these is in continuous time all the same."""
    rng = np.random.default_rng(2)
    n = 200
    time, treated = np.floor(rng.exponential(5.0, n)), np.arange(n) % 2
    time[:3] += 0.5
    data = selection_data(
        time=time, event=rng.random(n) < 0.8, treated=treated, covariates={"x": rng.random(n)}
    )
    made = scores(data, replace(RESTRICTED, horizon_months=6.0), ScoreOptions(seed=1, jobs=1))
    assert made.options.time_scale == "continuous"
    part = made.take(np.arange(3, n))
    assert not FollowUp.of(part.data, part.question, part.options).grid.months
    assert not fit_event_model(made, seed=1, rows=np.arange(3, n)).grid.months

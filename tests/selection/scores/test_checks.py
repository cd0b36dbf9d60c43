"""What scores refuse, and in which words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.data import selection_data
from locoreg.selection.question import SelectionQuestion
from locoreg.selection.scores import ScoreOptions, scores
from locoreg.selection.scores.checks import LEAST_AT_RISK, LEAST_EVENTS
from locoreg.selection.scores.folds import score_folds
from tests.selection.designs import draw

OPTIONS = ScoreOptions(seed=1, jobs=1)


def asked(horizon, measure="rmst_difference"):
    return SelectionQuestion(
        measure=measure, horizon_months=horizon, time_zero="diagnosis", treated_label="surgery",
        comparator_label="no surgery", outcome="death", level=95.0,
    )  # fmt: skip


def persons(n=200, **changed):
    rng = np.random.default_rng(0)
    columns = {
        "time": rng.exponential(20.0, n),
        "event": rng.integers(0, 2, n),
        "treated": rng.integers(0, 2, n),
        "covariates": {"x": rng.random(n)},
    }
    return selection_data(**{**columns, **changed})


@pytest.mark.parametrize(("arm", "label"), [(0, "surgery"), (1, "no surgery")])
def test_an_empty_arm(arm, label):
    with pytest.raises(DesignError, match=f"nobody of 200 persons had '{label}'"):
        scores(persons(treated=np.full(200, arm)), asked(10.0), OPTIONS)


def test_a_horizon_beyond_follow_up_names_the_longest_usable():
    data = persons()
    usable = min(
        np.sort(data.time[members])[-LEAST_AT_RISK] for members in (data.treated, ~data.treated)
    )
    longest = int(np.floor(usable))
    with pytest.raises(DesignError, match=f"at risk is {longest} months") as caught:
        scores(data, asked(120.0), OPTIONS)
    assert "0 persons with" in caught.value.message
    found = scores(data, asked(float(longest)), OPTIONS)
    assert found.n == 200


def test_few_persons_have_no_horizon():
    with pytest.raises(DesignError, match="no horizon has so many at risk"):
        scores(
            persons(24, time=np.arange(24.0), event=np.ones(24, dtype=int)), asked(15.0), OPTIONS
        )


def test_nobody_is_needed_at_a_horizon_that_nobody_would_reach():
    """All have died long before: nothing is unknown."""
    data = persons(time=np.linspace(0.1, 10.0, 2000), event=np.ones(2000, dtype=int), n=2000)
    found = scores(data, asked(11.0), OPTIONS)
    assert (found.outcome == data.time).all()


def test_one_event():
    event = np.zeros(200, dtype=int)
    event[3] = 1
    data = persons(time=np.full(200, 30.0) - event * 20.0, event=event)
    with pytest.raises(DesignError, match=f"1 of 200 .* {LEAST_EVENTS} are the least"):
        scores(data, asked(24.0), OPTIONS)


def test_no_covariate_varies():
    with pytest.raises(DataError, match="no covariate varies"):
        scores(persons(covariates={"x": np.ones(200)}), asked(10.0), OPTIONS)


def test_months_need_whole_numbers():
    with pytest.raises(DesignError, match="whole numbers"):
        scores(persons(), asked(10.0), replace(OPTIONS, time_scale="months"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"folds": 1}, "folds is 1"),
        ({"bins": 1}, "bins is 1"),
        ({"jobs": 0}, "jobs is 0"),
        ({"training_persons": 10}, "training_persons is 10"),
        ({"smallest_uncensored": 0.0}, "smallest_uncensored is 0.0"),
        ({"smallest_propensity": 0.5}, "smallest_propensity is 0.5"),
        ({"time_scale": "weeks"}, "weeks"),
    ],
)
def test_options_that_mean_nothing(changed, words):
    with pytest.raises((DesignError, DataError), match=words):
        ScoreOptions(**{"seed": 1, **changed})


def test_folds_are_even_in_treatment_and_events():
    data = persons(203)
    event = data.event == 1
    fold = score_folds(data, event, 5, seed=1)
    for code in range(4):
        inside = np.bincount(fold[(2 * data.treated + event) == code], minlength=5)
        assert inside.max() - inside.min() <= 1
    assert np.ptp(np.bincount(fold)) <= 1


def test_folds_hold_few_persons_of_a_kind():
    """Three treated in five folds: each in another."""
    treated = np.zeros(200, dtype=int)
    treated[:3] = 1
    data = persons(treated=treated)
    fold = score_folds(data, data.event == 1, 5, seed=1)
    assert np.unique(fold[:3]).size == 3


def test_clusters_are_whole_and_folds_even():
    rng = np.random.default_rng(2)
    sizes = np.array([120, 60, 50, 40, 30, 30, 20, 20, 10, 10, 5, 5])
    cluster = rng.permutation(np.repeat(np.arange(12), sizes))
    data = persons(400, cluster=cluster)
    fold = score_folds(data, data.event == 1, 3, seed=1)
    for code in range(12):
        assert np.unique(fold[data.cluster == data.cluster[cluster == code][0]]).size == 1
    counts = np.bincount(fold)
    # 400 in three: the best is 133, and 12 lumps come near.
    assert counts.max() <= 150
    assert counts.min() >= 120
    order = rng.permutation(400)
    again = score_folds(data.take(order), (data.event == 1)[order], 3, seed=1)
    assert (again == fold[order]).all()


def test_fewer_clusters_than_folds():
    one = draw("type4", 300, seed=2, p=3)
    data = replace(one.data(), cluster=np.arange(300) % 3)
    found = scores(data, one.question(), OPTIONS)
    assert np.unique(found.fold).size == 3
    assert any("there are 3 clusters" in note for note in found.notes)
    verdicts = {d.name: d.verdict for d in found.diagnostics}
    assert verdicts["clusters"] == "warn"


def test_clusters_that_allow_no_folds():
    data = persons()
    with pytest.raises(DesignError, match="everybody is in one cluster"):
        scores(replace(data, cluster=np.zeros(200, dtype=np.int64)), asked(10.0), OPTIONS)
    apart = replace(data, cluster=data.treated.astype(np.int64))
    with pytest.raises(DesignError, match="treated are in one fold"):
        scores(apart, asked(10.0), OPTIONS)


def test_more_columns_than_persons():
    """A panel of 400 columns and 300 persons: only noise, and nothing breaks."""
    rng = np.random.default_rng(5)
    one = draw("type4", 300, seed=4, p=3)
    wide = np.column_stack([one.X, rng.standard_normal((300, 400))])
    data = selection_data(time=one.time, event=one.event, treated=one.treated, covariates=wide)
    found = scores(data, one.question(), replace(OPTIONS, folds=2))
    average = found.average()
    assert abs(average.estimate - one.rmst_effect.mean()) < 4.0 * average.se

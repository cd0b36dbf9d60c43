"""Diagnostics, Crump's limit, trimming, and the effect in the overlap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.selection.data import selection_data
from locoreg.selection.scores import (
    ScoreOptions,
    crump_cutoff,
    overlap_average,
    scores,
    trim,
)
from locoreg.selection.scores.followup import FollowUp
from locoreg.selection.scores.report import report
from tests.selection.designs import draw


def by_name(found, arm=None):
    return {d.name: d for d in found.diagnostics if arm is None or d.arm in (None, arm)}


def test_a_good_design_passes(continuous):
    _, found = continuous
    told = by_name(found)
    for name in ("overlap", "extreme_probability", "mean_weight", "effective_size", "events"):
        assert told[name].verdict == "pass", told[name]
        assert told[name].advice == ""
    arms = [d.arm for d in found.diagnostics if d.name == "events"]
    assert arms == ["treatment", "control"]


def test_numbers_are_those_of_the_persons(continuous):
    one, found = continuous
    told = by_name(found, arm="treatment")
    treated = found.data.treated
    last = found.question.horizon_months
    assert told["events"].value == ((one.event == 1) & (one.time < last) & treated).sum()
    assert told["at_risk"].value == pytest.approx(((one.time >= last) & treated).sum())
    weights = 1.0 / found.propensity[treated]
    assert told["effective_size"].value == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert told["mean_weight"].value == pytest.approx(abs(weights.sum() / found.n - 1.0))
    assert told["smallest_uncensored"].value == found.uncensored.min()


def test_bad_numbers_fail(continuous):
    """The same persons, with probabilities near 0 or 1 and hardly anybody uncensored."""
    _, found = continuous
    e = np.where(found.data.treated, 0.97, 0.03)
    poor = replace(found, propensity=e, uncensored=np.full(found.n, 0.05))
    follow = FollowUp.of(found.data, found.question, found.options)
    told = {d.name: d for d in report(poor, follow)}
    assert told["overlap"].verdict == "fail"
    assert told["extreme_probability"].verdict == "warn"
    assert told["smallest_uncensored"].verdict == "warn"
    assert told["held_uncensored"].verdict == "fail"
    assert told["mean_weight"].verdict == "fail"
    assert "trim" in told["mean_weight"].advice
    assert "shorter horizon" in told["held_uncensored"].advice


def test_the_data_are_told():
    one = draw("type4", 400, seed=3, p=3)
    x = one.X[:, 0].copy()
    x[:40] = np.nan
    data = selection_data(
        time=one.time + 0.5, event=one.event, treated=one.treated,
        covariates={"x": x, "y": one.X[:, 1], "one": np.ones(400)},
        entry=0.25 * (np.arange(400) % 2),
    )  # fmt: skip
    found = scores(data, one.question(), ScoreOptions(seed=1, jobs=1, folds=2))
    told = by_name(found)
    assert told["unknown_values"].value == pytest.approx(0.1)
    assert told["unknown_values"].verdict == "warn"
    assert told["constant_covariates"].message.startswith("one: one value only")
    assert told["late_entry"].value == pytest.approx((data.entry > 0).mean())


def test_crump_by_hand():
    """Costs 4 and, for the last, 1/(.01 x .99): twice the mean of the first four is 8.

    The limit solves 1 / (a (1 - a)) = 8.
    """
    e = np.array([0.5, 0.5, 0.5, 0.5, 0.01])
    a = crump_cutoff(e)
    assert 1.0 / (a * (1.0 - a)) == pytest.approx(8.0)
    assert crump_cutoff(np.array([0.4, 0.5, 0.6])) == 0.0


def test_crump_weights_count_persons():
    rng = np.random.default_rng(0)
    e = rng.beta(0.6, 0.6, 400).clip(0.005, 0.995)
    twice = crump_cutoff(np.concatenate([e, e[:150]]))
    assert crump_cutoff(e, np.where(np.arange(400) < 150, 2.0, 1.0)) == pytest.approx(twice)


def test_trimming_counts_who_is_left_out(continuous):
    _, found = continuous
    cutoff = float(np.quantile(found.propensity, 0.1))
    rest = trim(found, cutoff=cutoff)
    stay = (found.propensity >= cutoff) & (found.propensity <= 1.0 - cutoff)
    assert rest.n == stay.sum()
    step = rest.attrition.steps[-1]
    assert (step.excluded, step.left) == ((~stay).sum(), stay.sum())
    assert any("left out" in note for note in rest.notes)
    assert rest.person_id == tuple(np.asarray(found.data.person_id)[stay])


def test_trimming_refuses(continuous):
    _, found = continuous
    with pytest.raises(DesignError, match="cutoff is"):
        trim(found, cutoff=0.5)
    same = replace(found, propensity=np.full(found.n, 0.3))
    with pytest.raises(DesignError, match="nobody has a probability"):
        trim(same, cutoff=0.4)


def test_the_effect_in_the_overlap(continuous):
    one, found = continuous
    share = one.propensity * (1.0 - one.propensity)
    truth = (share * one.rmst_effect).sum() / share.sum()
    got = overlap_average(found)
    assert abs(got.estimate - truth) < 3.0 * got.se
    # With equal probabilities it is the regression of outcomes on treatment.
    even = replace(found, propensity=np.full(found.n, found.treated.mean()))
    y = found.outcome - found.mean
    slope = np.polyfit(found.treated, y - y.mean(), 1)[0]
    w = found.treated - found.treated.mean()
    assert overlap_average(even).estimate == pytest.approx(slope + 0.0 * w.sum(), abs=1e-9)

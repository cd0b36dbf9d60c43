"""Strengths of measured covariates, and negative controls, with scores made from data."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.selection.assess.robustness import covariate_strengths, negative_controls
from locoreg.selection.assess.robustness.controls import control_data
from locoreg.selection.assess.robustness.covariates import without
from locoreg.selection.data import selection_data
from locoreg.selection.scores import ScoreOptions, scores
from tests.selection.robustness.known import question

N = 1200


@pytest.fixture(scope="module")
def made():
    """Persons without an effect; x confounds strongly, z does nothing, u is hidden."""
    rng = np.random.default_rng(21)
    x, z, u = rng.uniform(-1.0, 1.0, (3, N))
    w = rng.random(N) < special.expit(1.5 * x - 1.5 * u)
    died = rng.exponential(size=N) / np.exp(-3.5 + 1.2 * x + u)
    data = selection_data(
        time=np.minimum(died, 40.0),
        event=died < 40.0,
        treated=w,
        covariates={"x": x, "z": z},
        ordered=(),
    )
    # One control that the hidden confounder moves, one that nothing moves, one that is rare.
    moved = rng.exponential(size=N) / np.exp(-3.5 + 1.8 * u)
    free = rng.exponential(30.0, N)
    rare = np.where(np.arange(N) < 3, 5.0, 40.0)
    early = np.where(np.arange(N) < 7, -1.0, free)
    controls = {
        "infection": (np.minimum(moved, 40.0), (moved < 40.0).astype(np.int64)),
        "accident": (np.minimum(free, 40.0), (free < 40.0).astype(np.int64)),
        "lightning": (rare, (rare < 40.0).astype(np.int64)),
        "earlier": (np.minimum(early, 40.0), (early < 40.0).astype(np.int64)),
    }
    data = replace(data, negative_controls=controls)
    found = scores(data, question("survival_difference", 24.0), ScoreOptions(seed=3, jobs=1))
    return found, x


@pytest.fixture(scope="module")
def strengths(made):
    return covariate_strengths(made[0], ["x", "z"])


def test_a_confounder_is_stronger_than_noise(strengths) -> None:
    x, z = strengths
    assert (x.name, z.name) == ("x", "z")
    assert x.strength.outcome > 0.03 > z.strength.outcome
    assert x.strength.treatment > 0.1 > z.strength.treatment
    assert x.odds_factor > 2.0
    assert x.odds_factor > z.odds_factor >= 1.0
    # Without x the treated look worse than they are: x raises hazard and treatment.
    assert x.change < -0.05
    assert abs(z.change) < 0.03
    assert x.change == pytest.approx(x.without.estimate - x.effect.estimate)
    assert f"{100.0 * x.strength.treatment:.1f}% of treatment" in x.reading


def test_strengths_json(strengths) -> None:
    made = strengths[0].to_dict()
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_left_out_covariate_is_unknown_or_alone(made) -> None:
    found = made[0]
    with pytest.raises(DesignError, match="no covariate 'agee'"):
        covariate_strengths(found, ["agee"])
    alone = without(found.data, "z")
    with pytest.raises(DesignError, match="x is the only covariate"):
        without(alone, "x")
    only_modifier = replace(found.data, modifiers=("x",))
    assert without(only_modifier, "x").modifiers == ("z",)


@pytest.fixture(scope="module")
def controls(made):
    found, x = made
    return negative_controls(found, treat=x > 0.0, horizons={"accident": 12.0})


def test_controls_betray_what_is_hidden(controls) -> None:
    by_name = {(one.name, one.label): one for one in controls.controls}
    assert len(by_name) == 8
    moved = by_name["infection", "everybody"]
    assert moved.diagnostic.verdict == "fail"
    assert moved.effect.ci_low > 0.0
    assert "percentage points up to 24 months where none is possible" in moved.diagnostic.message
    free = by_name["accident", "everybody"]
    assert free.diagnostic.verdict == "pass"
    assert free.horizon_months == 12.0
    assert "infection (everybody)" in controls.reading


def test_group_is_that_of_the_rule(made, controls) -> None:
    group = next(one for one in controls.controls if "rule" in one.label)
    assert group.n == int((made[1] > 0.0).sum())
    assert group.effect.estimate != controls.controls[0].effect.estimate


def test_few_events_are_said(controls) -> None:
    rare = [one for one in controls.controls if one.name == "lightning"]
    assert [one.diagnostic.verdict for one in rare] == ["note", "note"]
    assert rare[0].effect is None
    assert "3 events up to 24 months (surgery: 2; no surgery: 1): too few" in (
        rare[0].diagnostic.message
    )
    assert "2 tests could not be done" in controls.reading


def test_who_had_the_control_before_time_zero_is_left_out(made, controls) -> None:
    one = next(c for c in controls.controls if c.name == "earlier")
    assert (one.n, one.left_out) == (N - 7, 7)
    assert "7 persons left out" in one.diagnostic.message
    data, kept = control_data(made[0].data, "earlier")
    assert kept.sum() == data.n == N - 7
    late = replace(made[0].data, entry=np.full(N, 39.9))
    data, kept = control_data(late, "accident")
    assert (data.time >= 39.9).all()


def test_controls_json(controls) -> None:
    assert json.loads(json.dumps(controls.to_dict(), allow_nan=False)) == controls.to_dict()


def test_no_controls_or_an_unknown_one(made) -> None:
    found = made[0]
    bare = replace(found, data=replace(found.data, negative_controls={}))
    with pytest.raises(DesignError, match="no negative controls"):
        negative_controls(bare)
    with pytest.raises(DesignError, match="no negative control 'acident'"):
        negative_controls(found, horizons={"acident": 3.0})

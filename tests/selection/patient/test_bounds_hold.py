"""When bounds of survival time hold: in whole months, and with one model wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.selection.patient.calibrate import calibrate_bounds
from locoreg.selection.patient.conformal import bound_times, calibrations, survival_bound
from locoreg.selection.scores import ScoreOptions, scores
from locoreg.selection.scores.followup import FollowUp
from tests.selection.patient.world import HORIZON, QUESTION, draw


def test_censored_in_the_last_month_have_lived_to_the_horizon():
    """They calibrate too: their weights stand for persons like them."""
    world = draw(700, 5)
    data, question = world.data(), replace(QUESTION, horizon_months=12.0)
    time = np.floor(data.time)
    time[:60], event = 11.0, data.event.copy()
    event[:60] = 0
    data = replace(data, time=time, event=event)
    made = scores(data, question, ScoreOptions(seed=1, jobs=1))
    known = FollowUp.of(data, question, made.options).done
    bounds = calibrate_bounds(made, seed=1)
    assert bounds.treated.persons == (known & data.treated).sum()
    assert bounds.comparator.persons == (known & ~data.treated).sum()


@pytest.mark.parametrize(
    ("lost", "modelled", "right_option", "least", "most"),
    [(0.03, 0.03, False, 0.88, 0.94), (0.005, 0.03, True, 0.0, 0.87)],
    ids=["wrong-option", "wrong-censoring"],
)
def test_a_right_model_of_survival_forgives_the_option_not_censoring(
    lost, modelled, right_option, least, most
):
    """Times of those who are not censored are too short, however right their distribution."""
    times = bound_times(HORIZON)

    def rate(x, arm):
        return np.exp(-3.0 - 0.6 * x - 0.5 * arm)

    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=3000)
        chance = 1.0 / (1.0 + np.exp(-x))
        treated = rng.random(3000) < chance
        died = rng.exponential(1.0 / rate(x, treated))
        censored = rng.exponential(1.0 / lost, 3000)
        time = np.minimum(died, censored)
        bounds = calibrations(
            1.0 - np.exp(-rate(x, treated) * np.minimum(time, HORIZON)),
            time,
            died <= censored,
            treated,
            chance if right_option else np.full(3000, 0.5),
            np.exp(-modelled * np.minimum(time, HORIZON)),
            np.ones(3000),
            horizon=HORIZON,
        )
        new = rng.normal(size=400)
        lived = np.minimum(rng.exponential(1.0 / rate(new, 1.0)), HORIZON)
        months = [
            survival_bound(
                bounds.treated, 1.0 - np.exp(-one * times), times,
                option="treated", share=90.0, propensity=0.5,
            ).months
            for one in rate(new, 1.0)
        ]  # fmt: skip
        found.append((lived >= np.array(months)).mean())
    assert least < np.mean(found) < most

"""Survival at several times from one set of hazards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.selection.patient import predict_patient
from locoreg.selection.patient.times import survival_at, usual_times
from tests.selection.patient.world import SURVIVAL, draw, modelled, scored

TIMES = (6.0, 12.0, 18.0, 24.0)
# Standard errors of a mean beyond which something is wrong: once in some 16,000 cases.
FAR = 4.0


@pytest.mark.parametrize(
    ("horizon", "clustered", "first", "count"),
    [(60.0, False, 6.0, 10), (54.0, True, 12.0, 5), (24.0, False, 3.0, 8), (2.0, False, 2.0, 1),
     (200.0, False, 24.0, 9), (900.0, True, 900.0, 1)],
)  # fmt: skip
def test_times_are_multiples_of_a_step_and_end_at_the_horizon(
    horizon: float, clustered: bool, first: float, count: int
) -> None:
    found = usual_times(horizon, clustered=clustered)
    assert (found[0], found[-1], len(found)) == (first, horizon, count)
    assert list(found) == sorted(set(found))


def test_means_are_near_the_truth_and_the_horizon_is_the_same_scores() -> None:
    world = draw(2000, 3)
    made = scored(n=2000, seed=3, question=SURVIVAL)
    found = survival_at(made, TIMES)
    assert found[-1] is made
    for months, one in zip(TIMES, found, strict=True):
        assert one.question.horizon_months == months
        for gamma, under in ((one.gamma0, world.under[0]), (one.gamma1, world.under[1])):
            se = gamma.std() / np.sqrt(gamma.size)
            assert abs(gamma.mean() - (under > months).mean()) < FAR * se


@pytest.mark.parametrize("whole", [False, True])
def test_cut_hazards_are_close_to_hazards_fitted_up_to_the_time(whole: bool) -> None:
    if whole:
        from locoreg.selection.data import selection_data
        from locoreg.selection.scores import ScoreOptions, scores

        world = draw(1500, 5)
        data = selection_data(
            time=np.floor(world.time), event=world.event.astype(int),
            treated=world.treated.astype(int), covariates={"age": world.age, "mets": world.mets},
        )  # fmt: skip
        options = ScoreOptions(seed=1, jobs=1)
        made = scores(data, SURVIVAL, options)
        direct = scores(data, replace(SURVIVAL, horizon_months=12.0), options)
        assert made.options.time_scale == "months"
    else:
        made = scored(n=1500, seed=5, question=SURVIVAL)
        direct = scored(n=1500, seed=5, question=replace(SURVIVAL, horizon_months=12.0))
    (cut, _) = survival_at(made, (12.0, 24.0))
    assert np.corrcoef(cut.gamma, direct.gamma)[0, 1] > 0.98
    assert abs(cut.gamma.mean() - direct.gamma.mean()) < 0.5 * direct.average().se


def test_other_measures_and_times_are_refused() -> None:
    with pytest.raises(DesignError, match="survival_difference"):
        survival_at(scored(), (12.0,))
    made = scored(question=SURVIVAL)
    for months in (0.0, -3.0, 25.0, float("nan")):
        with pytest.raises(DesignError, match="is not between 0 and the horizon"):
            survival_at(made, (months,))


def test_a_patient_is_told_survival_at_each_time() -> None:
    found = predict_patient(modelled(), {"age": 58, "metastases": 2, "her2": "negative"})
    assert found.group is not None
    months = [one.months for one in found.group.times]
    assert months == list(usual_times(SURVIVAL.horizon_months, clustered=False))
    assert found.group.survival is found.group.times[-1].means
    assert found.to_dict()["group"]["times"][0]["months"] == months[0]
    levels = [one.means.comparator_mean.estimate for one in found.group.times]
    assert levels[0] > levels[-1] > 0.0

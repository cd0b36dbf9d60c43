"""The registry beside the randomised trials."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.emulation.benchmark import TrialEstimate
from locoreg.emulation.protocol.parts import Criterion
from locoreg.selection.assess.robustness import anchor, trial_eligible
from locoreg.selection.data import selection_data
from tests.selection.robustness.known import hidden_draw, known_scores, reversed_scores


def trial(ratio: float, se: float, name: str = "badwe2015") -> TrialEstimate:
    mid = math.log(ratio)
    return TrialEstimate(
        study_id=name,
        label=name,
        estimate=Estimate(
            estimate=mid, se=se, ci_low=mid - 1.96 * se, ci_high=mid + 1.96 * se, level=95.0,
            scale="log",
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def registry():
    """Treatment does nothing; the hidden confounder makes it look good."""
    return hidden_draw(4000, seed=31, ratio=4.0, prevalence=(0.2, 0.7)).scores


@pytest.fixture(scope="module")
def sound():
    """A true hazard ratio of 0.7, nothing hidden."""
    return hidden_draw(4000, seed=32, log_hr=math.log(0.7), prevalence=(0.5, 0.5), ratio=1.0).scores


def test_hazard_ratio_by_hand() -> None:
    # Survival .8 and .5 with 50 persons each, 30 of the others not eligible.
    lives = np.concatenate([np.ones(40), np.zeros(10), np.ones(25), np.zeros(25), np.zeros(30)])
    treated = np.concatenate([np.ones(50), np.zeros(80)])
    scores = known_scores(
        time=np.where(lives == 1.0, 20.0, 5.0),
        event=np.ones(130),
        treated=treated,
        covariates={"x": np.arange(130.0)},
        propensity=np.full(130, 0.5),
        means=(np.full(130, 0.5), np.full(130, 0.8)),
        measure="survival_difference",
        horizon=10.0,
    )
    found = anchor(scores, np.arange(130) < 100, [trial(0.5, 0.3)], widest_ratio=5.0)
    assert (found.n, found.treated, found.comparator) == (100, 50, 50)
    assert found.survival_treated.estimate == pytest.approx(0.8)
    assert found.survival_comparator.estimate == pytest.approx(0.5)
    assert found.hazard_ratio.estimate == pytest.approx(math.log(math.log(0.8) / math.log(0.5)))
    # Binomial variances by the delta method, with n - 1 of 100 persons.
    variance = (0.16 / 50) / (0.8 * math.log(0.8)) ** 2 + (0.25 / 50) / (0.5 * math.log(0.5)) ** 2
    assert found.hazard_ratio.se == pytest.approx(math.sqrt(variance * 130 / 129), rel=1e-9)
    assert found.hazard_ratio.scale == "log"
    z = (math.log(0.5) - found.hazard_ratio.estimate) / math.hypot(0.3, found.hazard_ratio.se)
    assert found.benchmark.rows[0].agreement.z == pytest.approx(z)


def test_true_hazard_ratio_is_recovered(sound) -> None:
    found = anchor(sound, np.ones(sound.n, dtype=bool), [trial(0.7, 0.1)], widest_ratio=1.5)
    # Hazards differ between persons: the marginal ratio at 24 months is nearer to 1 than 0.7.
    assert math.log(0.7) - 0.02 < found.hazard_ratio.estimate < math.log(0.7) + 0.12
    assert found.verdict == "credible"
    assert found.detectable < 1.5
    assert "They agree" in found.reading


def test_confounded_registry_is_not_credible(registry) -> None:
    trials = [trial(r, 0.1, name) for r, name in zip((1.0, 1.05, 0.95, 1.02, 0.98), "abcde",
                                                     strict=True)]  # fmt: skip
    found = anchor(registry, np.ones(registry.n, dtype=bool), trials, widest_ratio=1.5)
    assert found.verdict == "not credible"
    assert found.reading.startswith("Not credible: in 4000 persons")
    assert "They differ by more than chance allows" in found.reading
    assert found.prediction[0] < 0.0 < found.prediction[1]
    assert "does not hold it" in found.reading
    assert found.benchmark.pooled.trial.study_id == "pool"
    assert "Time zero differs" in found.notes[0]


def test_wide_trials_cannot_tell(registry) -> None:
    found = anchor(registry, np.ones(registry.n, dtype=bool), [trial(0.8, 0.6)], widest_ratio=1.5)
    assert found.verdict == "can't be told"
    assert found.detectable == pytest.approx(
        math.exp(1.96 * math.hypot(0.6, found.hazard_ratio.se))
    )
    assert f"{found.detectable:.2f}" in found.reading


def test_few_eligible_or_nobody_dies() -> None:
    scores = hidden_draw(100, seed=1).scores
    few = anchor(scores, np.arange(100) < 30, [trial(0.8, 0.1)], widest_ratio=1.5)
    assert few.verdict == "can't be told"
    assert few.hazard_ratio is None
    assert "too few" in few.reading
    alive = known_scores(
        time=np.full(80, 20.0),
        event=np.zeros(80),
        treated=np.arange(80) % 2,
        covariates={"x": np.arange(80.0)},
        propensity=np.full(80, 0.5),
        means=(np.ones(80), np.ones(80)),
        measure="survival_difference",
        horizon=10.0,
    )
    none = anchor(alive, np.ones(80, dtype=bool), [trial(0.8, 0.1)], widest_ratio=1.5)
    assert none.verdict == "can't be told"
    assert "no hazard ratio can be derived" in none.reading
    assert json.loads(json.dumps(none.to_dict(), allow_nan=False)) == none.to_dict()


def test_order_of_persons_and_json(registry) -> None:
    mask = registry.X[:, 0] > 0.0
    trials = [trial(0.8, 0.1)]
    first = anchor(registry, mask, trials, widest_ratio=1.5)
    second = anchor(reversed_scores(registry), mask[::-1], trials, widest_ratio=1.5)
    assert first.reading == second.reading
    assert json.loads(json.dumps(first.to_dict(), allow_nan=False)) == first.to_dict()


def test_eligibility() -> None:
    data = selection_data(
        time=[5.0] * 4,
        event=[1, 0, 1, 0],
        treated=[1, 0, 1, 0],
        covariates={"age": [40.0, 50.0, 80.0, np.nan], "brain": ["yes", "no", "no", "no"]},
    )
    found = trial_eligible(
        data,
        [
            Criterion(name="no brain metastases", variable="brain", equals="no", unknown="exclude"),
            Criterion(name="up to 75", variable="age", at_most=75, unknown="exclude"),
        ],
    )
    assert found.mask.tolist() == [False, True, False, False]
    assert [(s.excluded, s.left, s.unknown) for s in found.steps] == [(1, 3, 0), (2, 1, 1)]
    assert trial_eligible(data, []).mask.all()
    with pytest.raises(DesignError, match="no covariate 'agee'"):
        trial_eligible(data, [Criterion(name="a", variable="agee", at_most=75, unknown="exclude")])


def test_bad_input(registry) -> None:
    everybody = np.ones(registry.n, dtype=bool)
    with pytest.raises(DesignError, match=r"widest_ratio is 0\.5"):
        anchor(registry, everybody, [trial(0.8, 0.1)], widest_ratio=0.5)
    with pytest.raises(DataError, match="True or False per person"):
        anchor(registry, everybody.astype(float), [trial(0.8, 0.1)], widest_ratio=1.5)
    with pytest.raises(DesignError, match="no trial"):
        anchor(registry, everybody, [], widest_ratio=1.5)
    mean = hidden_draw(100, seed=1, measure="rmst_difference").scores
    with pytest.raises(DesignError, match="restricted mean"):
        anchor(mean, np.ones(100, dtype=bool), [trial(0.8, 0.1)], widest_ratio=1.5)

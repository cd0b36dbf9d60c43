import json
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.selection.biomarkers import (
    EffectOptions,
    PanelOptions,
    ScreenedLearner,
    ValueOptions,
    panel_effects,
    panel_scores,
    value_of_information,
)
from locoreg.selection.biomarkers.penalty import penalty_weights, r_elastic_net
from locoreg.selection.learners.base import LearnerFit
from tests.selection.biomarkers.made import made_scores, markers, panel_of

OPTIONS = EffectOptions(level=95.0, seed=1, half_samples=20)
VALUE = ValueOptions(level=95.0, cost=1.0, test_cost=0.0, seed=1)


def panel(n, p, *, seed, family=None, **effects):
    Z = markers(n, p, seed, 0.0)
    given = {name: sum(b * Z[:, j] for j, b in by.items()) for name, by in effects.items()}
    scores = made_scores(n=n, seed=seed, markers=Z, **given)
    return panel_scores(
        scores, panel_of(Z, scores, family=family), PanelOptions(treatment="clinical")
    )


@pytest.fixture(scope="module")
def case():
    return panel(900, 60, seed=31, prognostic={0: 2.0}, predictive={1: 1.0})


@pytest.fixture(scope="module")
def null():
    return panel(900, 60, seed=32, prognostic={0: 2.0})


def test_without_penalty_it_is_weighted_least_squares(case):
    treatment, outcome = case.residuals
    fit = r_elastic_net(
        treatment, outcome, case.clinical, np.empty((case.m, 0)), case.weight, case.fold
    )
    design = np.column_stack([np.ones(case.m), case.clinical]) * treatment[:, None]
    design = np.column_stack([np.ones(case.m), design])
    b = np.linalg.lstsq(design, outcome, rcond=None)[0]
    assert [fit.constant, *fit.free] == pytest.approx(b[1:], rel=1e-5)


def test_predictive_marker_is_selected_and_stable(case):
    found = panel_effects(case, OPTIONS)
    # One stable marker without an effect may be there by chance.
    assert "m2" in found.stable
    assert len(found.stable) <= 2
    assert (found.markers[0].name, found.markers[0].frequency) == ("m2", 1.0)
    assert 0.4 < found.markers[0].per_sd < 1.1
    assert found.false_stable <= 1.0
    assert found.autoc.ci_low > 0.0
    assert "m1" not in {one.name for one in found.markers if one.per_sd}
    back = json.loads(json.dumps(found.to_dict()))
    assert back["stable"] == list(found.stable)
    assert set(back["clinical"]) == {"x1", "x2"}


@pytest.mark.parametrize("weights", ["adaptive", "family"])
def test_unequal_penalties_find_it_too(weights):
    family = {f"m{j + 1}": f"family {j // 5}" for j in range(60)}
    made = panel(900, 60, seed=33, family=family, predictive={1: 0.8, 2: 0.8})
    found = panel_effects(made, EffectOptions(level=95.0, seed=1, half_samples=10, weights=weights))
    assert {"m2", "m3"} <= {one.name for one in found.markers if one.per_sd > 0.0}


def test_penalty_weights_by_hand(case):
    treatment, outcome = case.residuals
    weights = penalty_weights("adaptive", treatment, outcome, case.Z, case.weight, None)
    assert weights.min() == 1.0 == weights[1]
    assert weights.max() <= 10.0
    family = np.repeat([0, 1], 30)
    by_family = penalty_weights("family", treatment, outcome, case.Z, case.weight, family)
    assert np.unique(by_family[:30]).size == 1
    assert by_family[0] == 1.0 < by_family[30]


def test_order_of_persons_is_no_matter(case):
    turn = np.random.default_rng(1).permutation(case.m)
    turned = panel_scores(case.scores.take(turn), case.panel, case.options)
    first, second = panel_effects(case, OPTIONS), panel_effects(turned, OPTIONS)
    assert second.stable == first.stable
    assert second.held_out == pytest.approx(first.held_out[turn], abs=1e-5)
    assert [m.frequency for m in second.markers] == [m.frequency for m in first.markers]


def test_panel_with_information_adds(case):
    found = value_of_information(case, VALUE)
    assert found.adds
    assert found.gain.estimate == pytest.approx(
        found.with_panel.estimate - found.clinical.estimate, abs=1e-12
    )
    # Markers vary as much as x1 but twice as strongly: the pair is more certain than its parts.
    assert found.gain.se < np.hypot(found.clinical.se, found.with_panel.se)
    assert found.value_gain.ci_low > 0.0
    assert found.break_even == pytest.approx(found.value_gain.estimate)
    dear = value_of_information(case, ValueOptions(level=95.0, cost=1.0, test_cost=0.1, seed=1))
    assert dear.value_gain.estimate == pytest.approx(found.value_gain.estimate - 0.1)
    assert json.loads(json.dumps(found.to_dict()))["adds"] is True


def test_panel_without_information_is_not_shown_to_add(null):
    found = value_of_information(null, VALUE)
    assert not found.adds
    assert found.gain.ci_low < 0.0
    assert found.diagnostics[-1].verdict == "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """Effects by least squares of the score on the modifiers."""

    name: ClassVar[str] = "linear"

    def fit(self, scores, *, seed):
        j = list(scores.modifiers)
        design = np.column_stack([np.ones(scores.n), scores.X[:, j]])
        b = np.linalg.lstsq(design, scores.gamma, rcond=None)[0]
        return LearnerFit(model=Line(places=j, b=b), held_out=design @ b)

    def to_dict(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    kind: ClassVar[str] = "line"
    places: Any
    b: Any

    def predict(self, X):
        return self.b[0] + X[:, self.places] @ self.b[1:]


def test_a_learner_sees_the_markers_of_its_training_set(case):
    scores = case.as_scores(case.names)
    assert scores.coding.names[-1] == "m60"
    assert scores.gamma == pytest.approx(case.gamma)
    learner = ScreenedLearner(learner=Linear(), markers=case.names, top=3)
    kept = [scores.coding.names[j] for j in learner.kept(scores)]
    assert kept[:2] == ["x1", "x2"]
    assert "m2" in kept
    assert len(kept) == 5
    found = value_of_information(
        case, ValueOptions(level=95.0, cost=1.0, test_cost=0.0, seed=1, top=3), learner=Linear()
    )
    assert found.adds


def test_a_screen_on_all_persons_would_see_gains_that_are_not_there(null):
    # Held-out effects with markers chosen inside the folds, and chosen beforehand.
    scores = null.as_scores(null.names)
    inside = ScreenedLearner(learner=Linear(), markers=null.names, top=3)
    honest = inside.fit(scores, seed=1).held_out
    best = [scores.coding.names[j] for j in inside.kept(scores)][2:]
    chosen = null.as_scores(best)
    seen = ScreenedLearner(learner=Linear(), markers=tuple(best), top=3).fit(chosen, seed=1)
    rest = scores.gamma - scores.gamma.mean()
    assert np.corrcoef(honest, rest)[0, 1] < np.corrcoef(seen.held_out, rest)[0, 1]


def test_refuses(case):
    with pytest.raises(DesignError, match="the panel has no families"):
        panel_effects(case, EffectOptions(level=95.0, seed=1, weights="family"))
    few = panel(200, 5, seed=34)
    with pytest.raises(DesignError, match="5 markers in 200 persons"):
        panel_effects(few, OPTIONS)
    named = EffectOptions(level=95.0, seed=1, half_samples=10, prespecified=("m1",))
    assert panel_effects(few, named).n_markers == 1
    with pytest.raises(DesignError, match="half_samples is 15"):
        EffectOptions(level=95.0, seed=1, half_samples=15)
    with pytest.raises(DesignError, match="cost is nan"):
        ValueOptions(level=95.0, cost=float("nan"), test_cost=0.0, seed=1)

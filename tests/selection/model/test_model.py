from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.core.jsontext import dumps
from locoreg.emulation.cohort import Column
from locoreg.selection.assess import AssessOptions, assess
from locoreg.selection.assess.robustness import Credibility
from locoreg.selection.learners import RiskLearner, SplineLearner
from locoreg.selection.learners.base import LearnerFit
from locoreg.selection.model import AssessmentSummary, build_model, model_card
from tests.selection.model.test_files import assessment
from tests.selection.patient.world import LineEffect, draw, modelled, scored


def without(name: str) -> tuple[Column, ...]:
    return tuple(c for c in draw(200, 3).columns() if c.name != name)


AGE, METS, HER2 = draw(200, 3).columns()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (without("her2"), "the data have no covariate her2, which the model needs"),
        (
            (*draw(200, 3).columns(), replace(AGE, name="stage")),
            "the data have the covariate stage, which the model does not know",
        ),
        (
            (AGE, METS, replace(AGE, name="her2")),
            "her2 is a number in the data, and a category in the model",
        ),
        (
            (replace(HER2, name="age"), METS, HER2),
            "age is a category in the data, and a number in the model",
        ),
        (
            (AGE, METS, replace(HER2, levels=("negative", "low", "positive"))),
            "the levels of her2 are negative, low, positive in the data, and negative, positive",
        ),
        (
            (replace(AGE, values=AGE.values / 10.0), METS, HER2),
            "100% of the values of age lie outside",
        ),
        (
            (replace(AGE, values=np.where(AGE.values > 60, np.nan, AGE.values)), METS, HER2),
            "age is unknown for .* persons, but it was known for every patient",
        ),
    ],
)
def test_data_that_do_not_fit_are_refused(columns: tuple[Column, ...], message: str) -> None:
    data = replace(draw(200, 3).data(), covariates=columns)
    with pytest.raises(DataError, match=message):
        modelled().check(data)


def test_data_that_fit_pass() -> None:
    modelled().check(draw(200, 3).data())


def fit_of(n: int) -> LearnerFit:
    return LearnerFit(model=LineEffect(slope=1.0), held_out=np.zeros(n))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"intended_use": " "}, "intended_use is empty"),
        ({"fit": fit_of(3)}, "the fit has 3 persons, the scores 800"),
        ({"survival": scored()}, "the survival scores are of the measure rmst_difference"),
        ({"importance": {"stage": 1.0}}, "importance names 'stage'"),
    ],
)
def test_what_does_not_fit_together_is_refused(changed: dict[str, Any], message: str) -> None:
    given = {"fit": fit_of(800), "intended_use": "Tests.", "seed": 1, **changed}
    with pytest.raises(DesignError, match=message):
        build_model(scored(), given.pop("fit"), **given)


def test_survival_scores_of_others_are_refused() -> None:
    others = scored().take(np.arange(799))
    with pytest.raises(DesignError, match="the survival scores are those of other persons"):
        build_model(scored(), fit_of(800), intended_use="Tests.", seed=1, survival=others)


def test_the_quantiles_of_effects_honour_weights() -> None:
    made = scored()
    weight = np.where(np.arange(made.n) < 400, 3.0, 1.0)
    weighted = replace(made, data=replace(made.data, weight=weight))
    held = np.where(np.arange(made.n) < 400, 1.0, 2.0)
    fit = LearnerFit(model=LineEffect(slope=1.0), held_out=held)
    quantiles = build_model(weighted, fit, intended_use="Tests.", seed=1).effect_quantiles
    assert quantiles[73] == 1.0
    assert quantiles[75] == 2.0


def test_without_bounds_the_limits_say_why() -> None:
    made = scored()
    late = replace(made, data=replace(made.data, entry=np.full(made.n, 0.001)))
    model = build_model(late, fit_of(800), intended_use="Tests.", seed=1)
    assert model.bounds is None
    assert model.event is None
    assert any(one.startswith("No bounds of survival time: some persons") for one in model.limits)
    assert model.training.late_entry


def test_clusters_make_wider_cells_and_pairs_of_them() -> None:
    made = scored()
    cluster = np.arange(made.n) % 20
    grouped = replace(made, data=replace(made.data, cluster=cluster))
    model = build_model(grouped, fit_of(800), intended_use="Tests.", seed=1)
    k = model.cells.size.size
    assert model.sums.squares.shape == (7, k, k)
    assert model.training.clusters == 20


def test_the_card_has_the_sections_of_a_model_card() -> None:
    card = model_card(replace(modelled(), assessment=assessment()))
    assert [section.title for section in card.sections] == [
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Training data",
        "Ethical considerations",
        "Limits",
    ]
    text = card.markdown()
    assert text.startswith("# Model card\n\n## Model details\n\n- Effect: difference of the mean")
    for part in (
        "surgery against no surgery",
        "-0.1 months per year of age",
        "her2: negative, positive.",
        "800 patients.",
        "Average effect: 1.50 (0.50 to 2.50), 95% interval months.",
        "Doubtful: 2 of 3 checks warn or fail.",
        "Trials: warn. The effect is 1.5 standard errors from that of the trials.",
        "Not done: stability on halves.",
        "Research use. Not a medical device.",
    ):
        assert part in text
    assert dumps(card.to_dict()).count('"title"') == 7


def test_a_model_that_was_not_assessed_says_so() -> None:
    assert (
        "Not assessed on persons that the model did not see." in model_card(modelled()).markdown()
    )


def test_synthetic_is_said_everywhere() -> None:
    made = scored()
    data = replace(made.data, synthetic=True, source="a simulated registry")
    model = build_model(replace(made, data=data), fit_of(800), intended_use="Tests.", seed=1)
    assert model.to_dict()["synthetic"] is True
    assert model.to_dict()["training"]["synthetic"] is True
    card = model_card(model)
    assert card.sections[0].lines[0].startswith("SYNTHETIC")
    assert any(line.startswith("SYNTHETIC") for line in card.sections[4].lines)
    assert "a simulated registry" in card.markdown()
    assert "SYNTHETIC" not in model_card(modelled()).markdown()


def test_the_summary_of_an_assessment() -> None:
    made = scored()
    options = AssessOptions(cost=0.0, groups=3, seed=1, replicates=200)
    found = assess(made, SplineLearner(), options, risk=RiskLearner())
    anchored = Credibility(
        verdict="can't be told", checks=(assessment().verdicts[1],), not_done=("x",), reading="No."
    )
    one = AssessmentSummary.of(found, anchored)
    assert one.average == made.average()
    assert one.slope == found.calibration.slope
    assert one.verdicts == (*anchored.checks, *found.diagnostics)
    assert one.warnings[0] == "No."
    assert one.sensitivity == "A hidden cause would have to double the odds of surgery."
    assert AssessmentSummary.from_dict(one.to_dict()) == one
    assert AssessmentSummary.of(found, None).credibility is None

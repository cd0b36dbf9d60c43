import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.biomarkers import PanelOptions, ScreenOptions, panel_scores, screen
from locoreg.selection.biomarkers.twophase import two_phase
from tests.selection.biomarkers.made import made_scores, markers, panel_of

CLINICAL = PanelOptions(treatment="clinical")
DRAWS = 40


def measured_by_outcome(scores, draw):
    """Return who was measured: more often with a high x1, an event, and longer follow-up."""
    months = scores.data.time - 12.0
    odds = -0.6 + scores.X[:, 0] + 0.5 * scores.data.event + 0.1 * months
    return np.random.default_rng([draw, 9]).random(scores.n) < 1.0 / (1.0 + np.exp(-odds))


def test_formula_by_hand():
    made = two_phase(
        np.array([1.0, 1.0, 2.0]),
        np.array([3.0, 0.0]),
        np.array([True, False, True]),
        np.array([0.5, 0.5, 0.25]),
    )
    assert made.tolist() == [5.0, 1.0, -6.0]


@pytest.fixture(scope="module")
def draws():
    """Averages and coefficients of m2 with all measured, and with some; the truth is 1 and 1."""
    rows = []
    for draw in range(DRAWS):
        Z = markers(1000, 3, 200 + draw, 0.0)
        scores = made_scores(
            n=1000, seed=draw, markers=Z, predictive=Z[:, 1], clinical=2.0, noise=1.0
        )
        known = measured_by_outcome(scores, draw)
        part = np.where(known[:, None], Z, np.nan)
        full = panel_scores(scores, panel_of(Z, scores), CLINICAL)
        made = panel_scores(scores, panel_of(part, scores), CLINICAL)
        named = ScreenOptions(difference=1.0, level=95.0, seed=1, prespecified=("m2",))
        rows.append(
            [
                full.average().estimate,
                made.average().estimate,
                made.gamma.mean(),
                made.weight @ made.gamma / made.weight.sum(),
                screen(made, named).tests[0].effect.estimate,
            ]
        )
    return np.array(rows)


def test_average_is_that_of_all_persons(draws):
    mean, error = draws.mean(axis=0), draws.std(axis=0) / np.sqrt(DRAWS)
    assert abs(mean[1] - 1.0) < 3.0 * error[1]
    assert abs((draws[:, 1] - draws[:, 0]).mean()) < 3.0 * error[1]
    # The measured alone have another average.
    assert mean[2] - 1.0 > 10.0 * error[2]


def test_augmentation_is_more_efficient_than_weights_alone(draws):
    assert draws[:, 1].std() < draws[:, 3].std()


def test_marker_coefficient_is_unbiased(draws):
    error = draws[:, 4].std() / np.sqrt(DRAWS)
    assert abs(draws[:, 4].mean() - 1.0) < 3.0 * error


def test_everybody_measured_changes_nothing():
    Z = markers(400, 3, 21, 0.0)
    scores = made_scores(n=400, seed=22, markers=Z)
    made = panel_scores(scores, panel_of(Z, scores), CLINICAL)
    assert (made.probability == 1.0).all()
    assert made.gamma_all == pytest.approx(made.gamma)
    assert made.measurement.effective == pytest.approx(400.0)
    e, w = scores.propensity, scores.treated
    removed = (w / e - (1.0 - w) / (1.0 - e)) * made.prognosis
    assert made.gamma == pytest.approx(scores.gamma - removed, abs=1e-9)


def test_known_probability_is_used_as_it_is():
    Z = markers(600, 3, 23, 0.0)
    scores = made_scores(n=600, seed=24, markers=Z)
    known = np.random.default_rng(1).random(600) < 0.5
    part = np.where(known[:, None], Z, np.nan)
    made = panel_scores(scores, panel_of(part, scores), CLINICAL, probability=np.full(600, 0.5))
    assert made.weight.tolist() == [2.0] * int(known.sum())
    assert not made.measurement.modelled
    with pytest.raises(DataError, match="probability must be above 0"):
        panel_scores(scores, panel_of(part, scores), CLINICAL, probability=np.zeros(600))


def test_rarely_measured_persons_are_told():
    Z = markers(1500, 2, 25, 0.0)
    scores = made_scores(n=1500, seed=26, markers=Z)
    odds = -2.0 + 2.0 * scores.X[:, 0]
    known = np.random.default_rng(2).random(1500) < 1.0 / (1.0 + np.exp(-odds))
    part = np.where(known[:, None], Z, np.nan)
    made = panel_scores(scores, panel_of(part, scores), CLINICAL)
    verdicts = {one.name: one.verdict for one in made.diagnostics}
    assert verdicts["panel_probability"] == "warn"
    assert verdicts["panel_effective"] == "warn"
    assert made.measurement.total_weight == pytest.approx(1.0, abs=0.25)


def test_too_few_unmeasured_to_model():
    Z = markers(200, 2, 27, 0.0)
    scores = made_scores(n=200, seed=28, markers=Z)
    part = Z.copy()
    part[:3] = np.nan
    with pytest.raises(DesignError, match="too few to model who was"):
        panel_scores(scores, panel_of(part, scores), CLINICAL)

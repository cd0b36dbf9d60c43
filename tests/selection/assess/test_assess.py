"""The whole assessment."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.jsontext import dumps
from locoreg.selection.assess import (
    AssessOptions,
    assess,
    assess_held_out,
    crossfit,
    external,
    median_estimate,
)
from tests.selection.assess.made import Column, LinearModel, Ridge, made_scores

OPTIONS = AssessOptions(
    cost=0.5, groups=4, seed=3, costs=(0.0, 0.5, 1.0), relevant_difference=0.5, replicates=500
)
RISK = Column(place=1)


def persons(effect, *, n=1000, seed=1, **more):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return made_scores(0.3 + effect * X[:, 0] + 2.0 * rng.normal(size=n), X, **more)


@pytest.fixture(scope="module")
def there():
    scores = persons(1.0)
    return scores, assess(scores, Ridge(penalty=5.0), OPTIONS, risk=RISK)


@pytest.fixture(scope="module")
def absent():
    return assess(persons(0.0), Ridge(penalty=5.0), OPTIONS, risk=RISK)


def verdicts(made):
    return {one.name: one.verdict for one in made.diagnostics}


def test_differences_are_found_where_they_are(there):
    scores, made = there
    assert verdicts(made) == {
        "heterogeneity": "pass",
        "heterogeneity_power": "warn",
        "calibration_slope": "pass",
        "beats_column": "pass",
    }
    assert made.average == scores.average()
    # Effect X, a standard normal, ranked without error: AUTOC is 0.9028 standard deviations.
    assert made.autoc.ci_low < 0.9028 < made.autoc.ci_high
    assert made.curve.estimate[-1] == 0.0
    assert made.value.against_all.ci_low > 0.0
    assert [one.cost for one in made.values.values] == [0.0, 0.5, 1.0]
    assert made.values.values[1].against_none == made.value.against_none
    assert made.benefit is not None


def test_nothing_is_claimed_where_there_are_none(absent):
    assert verdicts(absent)["heterogeneity"] == "warn"
    assert (
        absent.diagnostics[0].advice
        == "Report the average effect, and no rule by predicted effects."
    )
    assert verdicts(absent)["calibration_slope"] == "warn"
    assert verdicts(absent)["beats_column"] != "pass"
    assert "are not shown to differ" in absent.summary().splitlines()[1]


def test_secondary_tests_are_adjusted_together(there):
    _, made = there
    names = [one.name for one in made.secondary]
    assert names == ["calibration_slope", "beats_column", "value_against_none", "value_against_all"]
    smallest = min(made.secondary, key=lambda one: one.p)
    assert smallest.p_adjusted == pytest.approx(4.0 * smallest.p)
    assert all(one.p_adjusted >= one.p for one in made.secondary)


def test_the_power_verdict_compares_with_what_matters(there):
    scores, made = there
    power = made.diagnostics[1]
    assert power.value > power.threshold == 0.5
    assert "too few" in power.message
    wide = assess(scores, Ridge(penalty=5.0), replace(OPTIONS, relevant_difference=2.0), risk=RISK)
    assert wide.diagnostics[1].verdict == "pass"
    unasked = replace(OPTIONS, relevant_difference=None)
    assert assess(scores, RISK, unasked, risk=RISK).diagnostics[1].verdict == "note"


def test_a_learner_does_not_beat_itself(there):
    scores, _ = there
    made = assess(scores, RISK, OPTIONS, risk=RISK)
    one = made.comparisons[0]
    assert (one.difference.estimate, one.difference.se, one.p) == (0.0, 0.0, None)
    assert one.loss_gain.estimate == 0.0
    assert verdicts(made)["beats_column"] == "fail"


def test_a_constant_is_the_least_to_beat(there):
    _, made = there
    one = made.comparisons[-1]
    assert one.other == "constant"
    assert (one.area.estimate, one.area.se) == (0.0, 0.0)
    assert one.difference.estimate == pytest.approx(made.autoc.estimate)
    assert one.loss_gain.ci_low > 0.0
    # With a probability of treatment of a half the R-loss is a quarter of the squared distance
    # from Gamma; that from the effect X less its mean is 1.
    assert one.loss_gain.estimate == pytest.approx(0.25, abs=4.0 * one.loss_gain.se)


def test_reversed_predictions_fail():
    made = assess(persons(-2.0), Column(place=0), OPTIONS, risk=RISK)
    assert verdicts(made)["calibration_slope"] == "fail"
    assert made.test.p > 0.999


def test_equal_predictions_say_so(there):
    scores, _ = there
    made = assess(scores, Ridge(penalty=np.inf), OPTIONS, risk=RISK)
    assert verdicts(made)["constant_folds"] == "note"
    assert made.autoc.estimate == 0.0
    assert made.secondary[0].p is None
    assert json.loads(dumps(made.to_dict()))["calibration"]["slope"]["estimate"] is None


def test_order_of_persons_changes_nothing(there):
    scores, made = there
    order = np.random.default_rng(5).permutation(scores.n)
    again = assess(scores.take(order), Ridge(penalty=5.0), OPTIONS, risk=RISK)
    for name in ("autoc", "qini", "average"):
        assert getattr(again, name).estimate == pytest.approx(getattr(made, name).estimate)
        assert getattr(again, name).se == pytest.approx(getattr(made, name).se)
    assert again.test.p == pytest.approx(made.test.p)
    assert again.calibration.groups.critical == pytest.approx(
        made.calibration.groups.critical, rel=1e-6
    )
    assert again.benefit.estimate.estimate == pytest.approx(made.benefit.estimate.estimate)


def test_json_and_frame_hold_the_same_numbers(there):
    _, made = there
    document = json.loads(dumps(made.to_dict()))
    assert document["autoc"]["estimate"] == made.autoc.estimate
    assert document["options"]["costs"] == [0.0, 0.5, 1.0]
    assert document["provenance"]["options"]["learner"]["learner"] == "ridge"
    frame = made.to_frame().set_index("name")
    assert frame.loc["AUTOC", "ci_low"] == made.autoc.ci_low
    assert frame.loc["calibration slope", "estimate"] == made.calibration.slope.estimate
    assert "\nAUTOC less that of column: " in made.summary()


def test_weights_and_clusters_are_honoured():
    cluster = np.arange(1000) // 50
    scores = persons(
        1.0,
        weight=np.random.default_rng(2).uniform(0.5, 2.0, 1000),
        cluster=cluster,
        fold=cluster % 5,
    )
    made = assess(scores, Ridge(penalty=5.0), OPTIONS, risk=RISK)
    plain = assess(persons(1.0, fold=cluster % 5), Ridge(penalty=5.0), OPTIONS, risk=RISK)
    assert made.autoc.estimate != plain.autoc.estimate
    assert verdicts(made)["clusters"] == "warn"
    few = next(one for one in made.diagnostics if one.name == "clusters")
    assert few.message == "There are 20 clusters."
    assert made.test.found


def test_repeats_take_medians(there):
    scores, once = there
    made = assess(scores, Ridge(penalty=5.0), replace(OPTIONS, repeats=4), risk=RISK)
    assert made.autoc.estimate == pytest.approx(once.autoc.estimate, abs=3.0 * once.autoc.se)
    assert made.autoc != once.autoc
    assert any("medians over 4 cross-fits" in note for note in made.notes)


def test_median_by_hand():
    def one(value, se):
        return Estimate(
            estimate=value, se=se, ci_low=value - 2 * se, ci_high=value + 2 * se, level=95.0,
            scale="identity",
        )  # fmt: skip

    made = median_estimate([one(1.0, 0.3), one(1.4, 0.3), one(3.0, 0.4)])
    # Squares: 0.09 + 0.16, 0.09 + 0, 0.16 + 2.56.
    assert made.estimate == 1.4
    assert made.se == pytest.approx(0.5)
    assert made.ci_high == pytest.approx(2.4)


def test_other_persons_are_assessed_without_fits(there):
    scores, _ = there
    model = LinearModel(0.3, (1.0, 0.0, 0.0))
    held = external(scores, model, trained_on=(), label="older model")
    other = external(scores, LinearModel(0.0, (0.0, 1.0, 0.0)), trained_on=(), label="risk")
    made = assess_held_out(scores, held, OPTIONS, others=[other])
    assert made.test.found
    assert len(made.test.folds) == 1
    assert made.test.area.estimate == pytest.approx(made.autoc.estimate)
    assert verdicts(made)["beats_risk"] == "pass"
    assert made.notes == ()
    with pytest.raises(DesignError, match="design 'folds'"):
        assess_held_out(scores, crossfit(scores, RISK, seed=1), OPTIONS)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cost": np.inf}, "a cost is inf"),
        ({"costs": (1.0, 0.0)}, "ascending"),
        ({"shares": (0.5, 0.9)}, "the last 1"),
        ({"groups": 1}, "groups is 1"),
        ({"repeats": 0}, "repeats is 0"),
        ({"relevant_difference": 0.0}, "relevant_difference is 0"),
    ],
    ids=["cost", "costs", "shares", "groups", "repeats", "relevant"],
)
def test_bad_options_are_named(changed, message):
    with pytest.raises(DesignError, match=message):
        AssessOptions(**{"cost": 0.0, "groups": 5, "seed": 1, **changed})

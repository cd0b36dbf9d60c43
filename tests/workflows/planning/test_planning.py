"""Tasks of planning: what is asked in words, what is said of it, and what is refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.core.jsontext import dumps
from locoreg.planning.twoarm import Landmark, LogRank, RestrictedMean
from locoreg.workflows.planning.accrualforecast import forecast_accrual
from locoreg.workflows.planning.enriching import enrich_selection, read_selection
from locoreg.workflows.planning.poolasked import pool_asked, pool_of_results
from locoreg.workflows.planning.priorsasked import accrual_prior, enrichment_design
from locoreg.workflows.planning.prospects import (
    assurance_of_pool,
    hypothetical_asked,
    pool_with,
    rules_asked,
    value_of_trial,
)
from locoreg.workflows.planning.sizing import power_trial, simulate_trial, size_trial
from locoreg.workflows.planning.trialasked import TrialAsked, design_asked

ASKED = TrialAsked(
    control="36=67.9", accrual="84", follow_up=36, dropout=2, alpha=5, sides=2, allocation=0.5,
    test="log-rank", margin=1,
)  # fmt: skip
POOL = {
    "question": "q", "title": "Does it?", "outcome": "os", "measure": "HR", "design": "rct",
    "reference_arm": "control", "method": "REML", "interval": "hartung-knapp",
    "mu": {"level": 95.0}, "provenance": {"input_sha256": "0" * 64},
    "studies": [
        {"label": "a", "yi": -0.2, "se": 0.15}, {"label": "b", "yi": 0.1, "se": 0.2},
        {"label": "c", "yi": -0.4, "se": 0.25},
    ],
}  # fmt: skip
SELECTION = {
    "title": "Who gains", "synthetic": True,
    "question": {"measure": "rmst_difference", "horizon_months": 48.0, "time_zero": "diagnosis"},
    "average": {"estimate": 2.0, "se": 1.0},
    "rule": {
        "shown": False, "reading": "No rule. The gain may be 0.",
        "worth": {
            "sides": {
                "groups": [
                    {"label": "treated by rules of the other folds", "n": 400,
                     "effect": {"estimate": 4.0, "se": 2.0}},
                    {"label": "not treated by them", "n": 600,
                     "effect": {"estimate": 0.5, "se": 2.0}},
                ]
            }
        },
    },
}  # fmt: skip


def enrichment(**changes):
    asked = {
        "control": "36=55", "horizon": 48.0, "power": 90.0, "alpha": 5.0, "sides": 2,
        "allocation": 0.5, "follow_up": 48.0, "dropout": 2.0, "eligible": 6.0, "between": 2.0,
    }  # fmt: skip
    return enrichment_design(**{**asked, **changes})


def prior():
    return accrual_prior(rate=4, rate_factor=5, variation=0.5, stops=0.5, stop_months=200)


def test_text_becomes_a_design() -> None:
    design = design_asked(replace(ASKED, accrual="12=1,84=3", control="12=80,36=50"), "0=1,6=0.7")
    assert design.control.survival == (0.8, 0.5)
    assert design.follow_up.accrual.rates == (1.0, 3.0)
    assert (design.ratio.starts, design.ratio.ratios) == ((0.0, 6.0), (1.0, 0.7))
    assert design.alpha == 0.05
    assert design.test == LogRank(margin=1)
    rmst = replace(ASKED, test="rmst", margin=0, at_months=60)
    assert design_asked(rmst, "0.7").test == RestrictedMean(horizon_months=60, margin_months=0)
    points = replace(ASKED, test="landmark", margin=5, at_months=36, scale="plain")
    assert design_asked(points, "0.7").test == Landmark(at_months=36, scale="plain", margin=0.05)


@pytest.mark.parametrize(
    ("changes", "ratio", "words"),
    [
        ({"control": "67.9"}, "0.7", "percent by month"),
        ({"control": "36=0.679"}, "0.7", "0.679 percent"),
        ({"control": "36=x"}, "0.7", "not a number"),
        ({"alpha": 0.05}, "0.7", "0.05 percent"),
        ({"alpha": 120}, "0.7", "percentage"),
        ({"dropout": 100}, "0.7", "dropout"),
        ({"dropout": 0.02}, "0.7", "write 2"),
        ({"at_months": 36.0}, "0.7", "does not go with a log-rank"),
        ({"test": "rmst"}, "0.7", "at_months is missing"),
        ({"test": "rmst", "at_months": 36.0, "scale": "plain"}, "0.7", "restricted means"),
        ({"test": "landmark", "at_months": 36.0}, "0.7", "scale is missing"),
        ({"test": "cox", "at_months": 36.0}, "0.7", "no test"),
        ({}, "inf", "finite"),
        ({}, "seven", "not a number"),
    ],
)
def test_words_that_can_not_be_read_are_named(changes, ratio, words) -> None:
    with pytest.raises(DesignError, match=words):
        design_asked(replace(ASKED, **changes), ratio)


def test_size_says_what_was_assumed() -> None:
    found = size_trial(ASKED, hazard_ratio="0.7", power=90)
    text = found.summary()
    assert "712 patients (356 intervention, 356 control)" in text
    assert "alpha 5%, 2-sided" in text
    assert "36=67.9" in text
    shown = json.loads(dumps(found.to_dict()))
    assert shown["patients"] == 712
    assert shown["provenance"]["options"]["power"] == 90
    same = power_trial(ASKED, hazard_ratio="0.7", patients=712)
    assert abs(same.size.power - found.size.power) < 1e-12
    assert [n for n, _ in found.curve] == sorted(n for n, _ in found.curve)


def test_simulation_stands_beside_the_formula() -> None:
    found = simulate_trial(
        ASKED, hazard_ratio="0.7", patients=300, replications=200, seed=1, events=None
    )
    assert abs(found.simulated.power - found.formula.power) < 4 * found.simulated.power_se
    assert "Monte Carlo error" in found.summary()
    dumps(found.to_dict())


def test_a_pool_of_the_other_direction_is_turned() -> None:
    turned = {
        **POOL, "reference_arm": "intervention",
        "studies": [{**one, "yi": -one["yi"]} for one in POOL["studies"]],
    }  # fmt: skip
    first = pool_of_results(POOL, event_is="adverse")
    assert pool_of_results(turned, event_is="adverse").yi == first.yi


@pytest.mark.parametrize(
    ("changes", "event_is", "words"),
    [
        ({"measure": "OR"}, "adverse", "measure OR"),
        ({"design": "registry"}, "adverse", "without randomisation"),
        ({}, "favourable", "favourable"),
    ],
)
def test_pools_that_no_trial_joins(changes, event_is, words) -> None:
    with pytest.raises(DesignError, match=words):
        pool_of_results({**POOL, **changes}, event_is=event_is)


def test_prospects_of_a_pool() -> None:
    pool = pool_of_results(POOL, event_is="adverse")
    found = assurance_of_pool(ASKED, pool, patients=[400, 1000], tau_scale=0.5, minimal_ratio=0.8)
    assert [one.patients for one in found.new_trial] == [400, 1000]
    assert found.mean_effect[1].benefit > found.mean_effect[0].benefit
    text = found.summary()
    assert "half-normal(0.5) on tau" in text
    assert "significant harm" in text
    dumps(found.to_dict())
    rules = rules_asked(important=0.8, threshold=95, tau_scale=0.5)
    value = value_of_trial(ASKED, pool, patients=[400], tau_scale=0.5, rules=rules)
    assert len(value.values[0].conclusions) == 3
    assert "tau2 is estimated anew" in value.summary()
    dumps(value.to_dict())


def test_a_hypothetical_trial() -> None:
    pool = pool_of_results(POOL, event_is="adverse")
    trials = hypothetical_asked("0.7=331,0.9=200", 0.5)
    found = pool_with(pool, trials, rules_asked(important=None, threshold=None, tau_scale=None))
    assert found.found.after.k == 5
    assert "Before: 3 trials" in found.summary()
    assert math.isclose(json.loads(dumps(found.to_dict()))["trials"][0]["events"], 331)
    with pytest.raises(DesignError, match=r"0\.7=331"):
        hypothetical_asked("0.7", 0.5)
    with pytest.raises(DesignError, match="scale of the prior"):
        rules_asked(important=None, threshold=95, tau_scale=None)


def test_the_pool_of_the_tables() -> None:
    pool = pool_asked(
        "primary-surgery", outcome=None, tables=("shipped",), method="REML", interval=None,
        level=None,
    )  # fmt: skip
    assert len(pool.yi) == 5
    assert pool.model.interval == "hartung-knapp"


def test_accrual_of_the_trials() -> None:
    found = forecast_accrual(
        patients=400, months=84, centres=None, studies=(), prior=prior(), tables=("shipped",)
    )
    assert len(found.records) == 5
    assert 0.5 < found.found.too_slow < 0.9
    text = found.summary()
    assert "poor recruitment" in text
    assert "Priors:" in text
    some = forecast_accrual(
        patients=400, months=84, centres=20, studies=("fitzal2019", "khan2022"), prior=prior(),
        tables=("shipped",),
    )  # fmt: skip
    assert some.left_out == (("khan2022", "the number of centres was not found"),)
    with pytest.raises(DataError, match="no accrual of"):
        forecast_accrual(
            patients=400, months=84, centres=None, studies=("fitzal",), prior=prior(),
            tables=("shipped",),
        )  # fmt: skip
    with pytest.raises(DataError, match="no trial has"):
        forecast_accrual(
            patients=400, months=84, centres=20, studies=("khan2022",), prior=prior(),
            tables=("shipped",),
        )  # fmt: skip


def test_enrichment_by_a_selection(tmp_path) -> None:
    folder = tmp_path / "steps" / "selection-who"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps(SELECTION), encoding="utf-8")
    found = enrich_selection(read_selection(tmp_path, None), enrichment(), patients=(400,))
    assert found.found.selected.group.share == 0.4
    text = found.summary()
    assert text.startswith("SYNTHETIC")
    assert "gives no rule" in text
    assert "drawn back" in text
    dumps(found.to_dict())
    rule = {**SELECTION["rule"], "shown": True, "rule": {"leaves": [
        {"treats": True, "conditions": ["age below 60", "bone only"]},
        {"treats": False, "conditions": ["age 60 or more"]},
    ]}}  # fmt: skip
    given = enrich_selection({**SELECTION, "rule": rule}, enrichment(), patients=(400,))
    assert "it treats: age below 60 and bone only" in given.summary()
    assert enrich_selection(read_selection(folder, None), enrichment(), patients=()).shown is False


def test_selections_that_give_no_trial(tmp_path) -> None:
    with pytest.raises(DataError, match="no finished selection"):
        read_selection(tmp_path, None)
    for name in ("one", "two"):
        folder = tmp_path / "steps" / f"selection-{name}"
        folder.mkdir(parents=True)
        (folder / "results.json").write_text(json.dumps(SELECTION), encoding="utf-8")
    with pytest.raises(DataError, match="2 selections"):
        read_selection(tmp_path, None)
    with pytest.raises(DataError, match="no selection 'ones'"):
        read_selection(tmp_path, "ones")
    other = {**SELECTION, "question": {**SELECTION["question"], "measure": "survival_difference"}}
    with pytest.raises(DesignError, match="restricted means"):
        enrich_selection(other, enrichment(), patients=(400,))
    with pytest.raises(DesignError, match="horizon is 48"):
        enrich_selection(SELECTION, enrichment(horizon=36.0), patients=(400,))
    with pytest.raises(DataError, match="judged on other folds"):
        enrich_selection({**SELECTION, "rule": {"shown": False}}, enrichment(), patients=(400,))


def looked(**changes):
    from locoreg.workflows.planning.lookasked import look_trial

    asked = {
        "hazard_ratio": "0.7", "power": 90, "looks": "0.5,1", "boundary": "obrien-fleming",
        "parameter": None, "futility": None, "futility_parameter": None, "asked": ASKED,
    }  # fmt: skip
    asked.update(changes)
    return look_trial(asked.pop("asked"), **asked)


def test_looks_of_a_trial() -> None:
    found = looked()
    assert len(found.found.looks) == 2
    assert "Assumed: hazard ratio 0.7" in found.summary()
    dumps(found.to_dict())
    once = looked(looks="1")
    assert once.found.events == 331
    classical = looked(boundary="classical pocock")
    assert classical.found.events > found.found.events


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"boundary": "pocok"}, "no spending function"),
        ({"boundary": "classical pocok"}, "no classical boundary"),
        ({"looks": "half"}, "not shares"),
        ({"hazard_ratio": "0=1,6=0.7"}, "one hazard ratio"),
        ({"asked": replace(ASKED, margin=1.2)}, "superiority"),
        ({"asked": replace(ASKED, accrual="12=1,24=2")}, "uniform accrual"),
    ],
)
def test_looks_that_are_not_planned(changes, words) -> None:
    with pytest.raises(DesignError, match=words):
        looked(**changes)

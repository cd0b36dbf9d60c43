"""All checks together."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from locoreg.core.errors import DesignError
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.assess.robustness import (
    BinaryConfounder,
    NegativeControl,
    NegativeControls,
    SiteOptions,
    Strength,
    anchor,
    credibility,
    explains,
    leave_one_site_out,
    marginal_sensitivity,
    omitted_bias,
    stability,
)
from tests.selection.robustness.known import hidden_draw
from tests.selection.robustness.test_anchor import trial
from tests.selection.robustness.test_sites import LineLearner, sites_draw
from tests.selection.robustness.test_stability import best_split, draw

NONE = {
    "anchor": None,
    "controls": None,
    "omitted": (),
    "marginal": (),
    "explained": (),
    "transport": None,
    "stability": None,
}


@pytest.fixture(scope="module")
def registry():
    return hidden_draw(4000, seed=31, ratio=4.0, prevalence=(0.2, 0.7)).scores


@pytest.fixture(scope="module")
def against(registry):
    everybody = np.ones(registry.n, dtype=bool)
    return {
        verdict: anchor(registry, everybody, [trial(ratio, se)], widest_ratio=1.5)
        for verdict, ratio, se in (
            ("credible", 0.55, 0.08), ("not credible", 1.0, 0.08), ("can't be told", 0.6, 0.9),
        )
    }  # fmt: skip


@pytest.mark.parametrize("verdict", ["credible", "not credible", "can't be told"])
def test_the_trials_decide(against, verdict: str) -> None:
    found = credibility(**{**NONE, "anchor": against[verdict]})
    assert found.verdict == verdict
    assert found.shows_rule == (verdict != "not credible")
    assert found.checks[0].name == "trial_anchor"
    assert "negative controls" in found.not_done
    assert "comparison with randomised trials" not in found.not_done


def test_order_and_names(registry, against) -> None:
    x = registry.X[:, 0]
    strong = Strength(label="as strong as age", outcome=0.5, treatment=0.5)
    confounder = BinaryConfounder(
        prevalence_treated=0.2, prevalence_comparator=0.7, hazard_ratio=4.0
    )
    sites = sites_draw(1500, seed=41)
    found = credibility(
        anchor=against["credible"],
        controls=_control("pass"),
        omitted=[omitted_bias(registry, strengths=[strong]), omitted_bias(registry, treat=x > 0)],
        marginal=[marginal_sensitivity(registry, factors=[])],
        explained=[explains(registry, confounder)],
        transport=leave_one_site_out(sites, LineLearner(), SiteOptions(cost=0.0, seed=1)),
        stability=stability(draw(600, seed=51, noise=1.0), best_split, halves=10, seed=1, cost=0.0),
    )
    assert [one.name for one in found.checks] == [
        "trial_anchor", "negative_control", "omitted_variable_bias", "omitted_variable_bias",
        "marginal_sensitivity", "hidden_confounder", "transport", "stability",
    ]  # fmt: skip
    verdicts = [one.verdict for one in found.checks]
    assert verdicts == ["pass", "pass", "warn", "note", "note", "warn", "pass", "pass"]
    assert "One as strong as age would do so." in found.checks[2].message
    assert "hidden bias of this size would explain" in found.checks[5].message
    assert found.verdict == "doubtful"
    assert found.not_done == ()
    assert "2 of 8 checks warn or fail" in found.reading
    assert len(found.summary().splitlines()) == 9
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


def _control(verdict) -> NegativeControls:
    one = NegativeControl(
        name="accident", label="everybody", horizon_months=24.0, n=10, events=5, left_out=0,
        effect=None,
        diagnostic=Diagnostic(
            name="negative_control", title="Negative control", verdict=verdict, value=None,
            threshold=None, message="",
        ),
    )  # fmt: skip
    return NegativeControls(controls=(one,), reading="")


def test_trials_outrank_other_checks(against) -> None:
    both = {**NONE, "controls": _control("fail")}
    assert credibility(**{**both, "anchor": against["not credible"]}).verdict == "not credible"
    assert credibility(**{**both, "anchor": against["credible"]}).verdict == "doubtful"
    assert credibility(**both).verdict == "doubtful"
    assert credibility(**{**NONE, "controls": _control("pass")}).verdict == "can't be told"


def test_weak_strength_passes(registry) -> None:
    weak = Strength(label="as strong as age", outcome=0.001, treatment=0.001)
    found = credibility(**{**NONE, "omitted": [omitted_bias(registry, strengths=[weak])]})
    assert found.checks[0].verdict == "pass"


def test_a_site_that_loses_fails() -> None:
    shifted = sites_draw(1500, seed=41, shift=-9.0)
    made = leave_one_site_out(shifted, LineLearner(), SiteOptions(cost=1.0, seed=1))
    check = credibility(**{**NONE, "transport": made}).checks[0]
    assert check.verdict == "fail"
    assert "It loses at E." in check.message
    # One of five sites that loses by 2.2 errors is what chance may do.
    last = made.sites[-1]
    near = replace(
        last.value,
        against_none=replace(last.value.against_none, estimate=-2.2, se=1.0, ci_high=-0.2),
    )
    mild = replace(made, sites=(*made.sites[:-1], replace(last, value=near)))
    assert credibility(**{**NONE, "transport": mild}).checks[0].verdict == "warn"


@pytest.mark.parametrize(
    ("agreement", "verdict"), [(0.8, "pass"), (0.79, "warn"), (0.5, "warn"), (0.49, "fail")]
)
def test_stability_thresholds(agreement: float, verdict: str) -> None:
    made = stability(draw(200, seed=51, noise=1.0), best_split, halves=10, seed=1, cost=0.0)
    changed = replace(made, agreement=agreement)
    check = credibility(**{**NONE, "stability": changed}).checks[0]
    assert check.verdict == verdict
    assert bool(check.advice) == (verdict != "pass")


def test_no_check_is_refused() -> None:
    with pytest.raises(DesignError, match="no check was made"):
        credibility(**NONE)

"""How sure one can be of a pool: numbers by hand, and the kernels' own."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy.stats import norm

from locoreg.core.jsontext import dumps
from locoreg.evidence.smallstudy import small_study_effects
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.smallstudy import small_study_of_json
from locoreg.workflows.sureness import DrawnLadder, DrawnPosterior, HowSurePlan, assess
from locoreg.workflows.sureness.orientedpool import oriented_pool
from locoreg.workflows.sureness.sureparts import _asymmetry
from tests.workflows.conclusion.runs import FINDINGS
from tests.workflows.sureness import smallpools as small

NARROW = "half-normal(0.000001)"


def entry(
    told: dict[str, Any] | None = None, findings: Any = (), keep: Any = None, **parts: Any
) -> dict[str, Any]:
    head = {name: small.PLAN[name] for name in ("question", "outcome", "design")}
    plan = HowSurePlan.model_validate({**head, **parts})
    (found,) = assess(
        small.results() if told is None else told, [plan], findings=findings, tables=("shipped",),
        keep=keep or (lambda key, result: None),
    )  # fmt: skip
    dumps(found)
    return found


def numbers(step: dict[str, Any]) -> list[float]:
    return [step["mu"][name] for name in ("estimate", "se", "ci_low", "ci_high")]


def bayes(**changes: Any) -> dict[str, Any]:
    return {"tau_priors": [NARROW], "mu_prior": "flat", "thresholds": [1, 0.9], **changes}


def test_without_heterogeneity_the_posterior_is_the_common_effect() -> None:
    found = entry(bayes=bayes())["bayes"]
    mid, se = small.common(small.TRIALS)
    mu = found["rows"][0]["mu"]
    assert (mu["estimate"], mu["se"]) == pytest.approx((mid, se), rel=1e-6)
    assert mu["natural"]["ci_low"] == pytest.approx(math.exp(mid - small.Z95 * se), rel=1e-6)
    below = [norm.cdf((math.log(c) - mid) / se) for c in (1, 0.9)]
    assert found["rows"][0]["below"] == pytest.approx(below, rel=1e-5)
    assert found["rows"][0]["benefit"] == pytest.approx(below[0], rel=1e-5)
    assert found["rows"][0]["new_read"]["low"] == pytest.approx(mu["natural"]["ci_low"], rel=1e-4)


def test_a_normal_prior_on_the_mean_is_weighed_by_its_precision() -> None:
    found = entry(bayes=bayes(mu_prior="normal(0, 0.1)"))["bayes"]
    mid, se = small.common(small.TRIALS)
    precision = se**-2 + 0.1**-2
    assert found["rows"][0]["mu"]["estimate"] == pytest.approx(mid * se**-2 / precision, rel=1e-6)
    assert found["rows"][0]["bayes_factor_mu"] is not None
    assert found["bayes_factor_mu_reason"] is None


def test_no_effect_is_always_among_the_thresholds() -> None:
    found = entry(bayes=bayes(thresholds=[0.8]))["bayes"]
    assert found["thresholds_read"] == [1.0, 0.8]
    assert found["thresholds"] == pytest.approx([0, math.log(0.8)])


def test_the_range_is_over_all_priors() -> None:
    priors = [NARROW, "half-normal(1)", "turner(2015, all-cause mortality, "
              "non-pharmacological v pharmacological)"]  # fmt: skip
    found = entry(bayes=bayes(tau_priors=priors))["bayes"]
    chances = [row["benefit"] for row in found["rows"]]
    assert found["benefit_range"] == {"low": min(chances), "high": max(chances)}
    assert [row["name"] for row in found["rows"]] == priors
    assert "Turner 2015" in found["rows"][2]["words"]


def test_tables_the_other_way_round_give_the_same() -> None:
    asked = {
        "bayes": bayes(), "designs": small.designs({"design": "registry"}),
        "small_study": {"alpha": 10, "steps": [0.025], "alternative": "less"},
    }  # fmt: skip
    plain, other = entry(**asked), entry(small.turned(small.results()), **asked)
    assert (plain["pool"]["turned"], other["pool"]["turned"]) == (False, True)
    assert other["bayes"]["rows"][0]["below"] == pytest.approx(plain["bayes"]["rows"][0]["below"])
    steps = [one["designs"]["steps"][1] for one in (plain, other)]
    assert numbers(steps[1]) == pytest.approx(numbers(steps[0]))
    assert other["small_study"]["conclusion"] == plain["small_study"]["conclusion"]
    assert plain["pool"]["favours_below"] == other["pool"]["favours_below"] == "surgery"


def test_a_favourable_event_turns_the_better_side() -> None:
    told = small.results()
    told["questions"][0]["pools"][0]["outcome"]["event_is"] = "favourable"
    plain, found = entry(bayes=bayes()), entry(told, bayes=bayes())
    assert found["pool"]["benefit"] == "above"
    assert found["pool"]["favours_above"] == "surgery"
    good, bad = (one["bayes"]["rows"][0]["benefit"] for one in (plain, found))
    assert good + bad == pytest.approx(1)


def test_a_threshold_that_is_no_ratio_is_refused() -> None:
    found = entry(bayes=bayes(thresholds=[-0.1]))["bayes"]
    assert "is no ratio" in found["refused"]
    assert found["key"] == "how_sure/primary-surgery/overall_survival/rct/bayes"


def by_hand(*joined: tuple[float, float]) -> tuple[float, float]:
    """Return the common effect of the trials with further effects."""
    return small.common((*small.TRIALS, *joined))


def test_a_design_joins_with_its_bias_taken_off_and_its_uncertainty_added() -> None:
    found = entry(designs=small.designs({"design": "registry"}, {"design": "matched"}))["designs"]
    spread = math.hypot(0.3, 0.1)
    first = (-0.80 + 0.2, math.hypot(0.10, spread))
    second = (-0.60 + 0.2, math.hypot(0.08, spread))
    for step, want in zip(
        found["steps"], (by_hand(), by_hand(first), by_hand(first, second)), strict=True
    ):
        assert (step["mu"]["estimate"], step["mu"]["se"]) == pytest.approx(want, rel=1e-5)
    share = 100 * first[1] ** -2 * by_hand(first)[1] ** 2
    assert found["steps"][1]["shares"][1]["percent"] == pytest.approx(share, rel=1e-4)
    assert found["mixture"]["answer"] is False
    assert [one["words"].endswith("(assumed)") for one in found["bias_words"]] == [True, True]


def test_a_likelihood_to_the_power_0_adds_nothing() -> None:
    found = entry(designs=small.designs({"design": "registry", "weight": 0}))["designs"]
    assert numbers(found["steps"][1]) == pytest.approx(numbers(found["steps"][0]))


def test_an_emulation_joins_by_its_own_standard_error() -> None:
    told = small.results(("early", small.emulation()))
    asked = small.designs({"design": "emulation:early", "mean": 0, "shared_sd": 0, "own_sd": 0})
    found = entry(told, designs=asked)["designs"]
    assert found["left_out"] == []
    mu = found["steps"][1]["mu"]
    assert (mu["estimate"], mu["se"]) == pytest.approx(by_hand(small.EMULATED), rel=1e-5)
    assert found["steps"][1]["label"] == "+ Emulation early"


def failing() -> dict[str, Any]:
    check = {
        "name": "negative_control", "title": "Negative control", "verdict": "fail", "value": 1.0,
        "threshold": 0.5, "message": "it moved.", "advice": "", "arm": None,
    }  # fmt: skip
    return small.emulation(sensitivity={"negative_control_verdicts": [check]})


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (small.emulation(synthetic=True), "its patients are made up"),
        (failing(), "Negative control failed"),
        (
            small.emulation(protocol={"outcome": {"event": "progression"}}),
            "its event is progression, that of the pool death",
        ),
        (small.emulation(primary={**small.emulation()["primary"], "contrasts": []}),
         "it has no hazard ratio"),
    ],
)  # fmt: skip
def test_an_emulation_that_may_not_join_is_named_with_its_reason(made: Any, words: str) -> None:
    told = small.results(("early", made))
    asked = small.designs({"design": "registry"}, {"design": "emulation:early"})
    found = entry(told, designs=asked)["designs"]
    assert len(found["steps"]) == 2
    (left,) = found["left_out"]
    assert left["design"] == "emulation:early"
    assert words in left["reason"]


def test_designs_that_are_not_there_say_why() -> None:
    told = small.results(("early", small.emulation(synthetic=True)))
    asked = small.designs({"design": "cohort"}, {"design": "emulation:earlier"})
    found = entry(told, designs=asked)["designs"]
    assert found["refused"].startswith("no design joins the trials.")
    assert "no study of this design" in found["refused"]
    assert "the run has no emulation earlier" in found["refused"]


def test_cohorts_that_the_tables_know_are_named() -> None:
    told = small.results()
    trials, others = (one["pool"]["studies"] for one in told["questions"][0]["pools"])
    trials[0]["study_id"], others[0]["study_id"] = "soran2018", "mf0701bomet"
    found = entry(told, designs=small.designs({"design": "observational"}))["designs"]
    (shared,) = found["shared_cohorts"]
    assert shared["cohort"] == "MF07-01"
    assert [one.split(" (")[0] for one in shared["studies"]] == ["Trial 1", "Cohort 1"]


def test_small_study_effects_are_the_kernels() -> None:
    asked = {"alpha": 10, "steps": [0.025], "alternative": "less"}
    found = entry(small_study=asked)["small_study"]
    want = small_study_effects(
        [y for y, _ in small.TRIALS], [se**2 for _, se in small.TRIALS], method="REML",
        interval="hartung-knapp", level=95, alpha=0.1, steps=[0.025], alternative="less",
        scale="log", labels=["Trial 1", "Trial 2", "Trial 3"],
    )  # fmt: skip
    egger = found["effects"]["parts"]["egger"]["result"]
    assert egger["p_value"] == pytest.approx(want.part("egger").result.p_value, rel=1e-12)
    assert found["too_few"]


def test_two_studies_say_nothing_of_small_study_effects() -> None:
    asked = {"alpha": 10, "steps": [0.025], "alternative": "less"}
    found = entry(small.results(trials=small.TRIALS[:2]), small_study=asked)["small_study"]
    assert found["effects"] is None
    assert "nothing can be said" in found["conclusion"]


def test_one_study_is_pooled_under_a_proper_prior_and_refused_under_an_improper_one() -> None:
    told = small.results(trials=small.TRIALS[:1])
    assert entry(told, bayes=bayes())["bayes"]["refused"] == ""
    assert entry(told, bayes=bayes(tau_priors=["jeffreys"]))["bayes"]["refused"]


def test_the_rule_of_publication_bias_reads_whom_small_studies_favour() -> None:
    # Standard errors rise with effects further below none: small studies favour the intervention.
    apart = (0.01, -0.02, 0.03, -0.03, 0.01)
    sizes = (0.05, 0.1, 0.15, 0.2, 0.25)
    trials = tuple((-0.1 - 2 * se + d, se) for se, d in zip(sizes, apart, strict=True))
    asked = {"alpha": 10, "steps": [0.025], "alternative": "less"}
    told = small.results(trials=trials)
    pool = oriented_pool(told, small.POOL)
    found = small_study_of_json(pool.source, alpha=0.1, steps=[0.025], alternative="less")
    (test,) = _asymmetry(found, pool)
    assert test.favours == "intervention"
    told["questions"][0]["pools"][0]["outcome"]["event_is"] = "favourable"
    (test,) = _asymmetry(found, oriented_pool(told, small.POOL))
    assert test.favours == "control"
    assert entry(told, small_study=asked)["small_study"]["refused"] == ""


def test_certainty_lays_proposals_beside_the_judgement_of_the_findings() -> None:
    rules = {
        "information": {"alpha": 5, "power": 90, "sides": 2, "allocation": 0.5},
        "otherwise": "low",
    }
    finding = FindingsPlan.model_validate(FINDINGS)
    found = entry(findings=[finding], certainty=rules)["certainty"]
    assert found["refused"] == ""
    assert found["key"].endswith("/certainty")
    assert found["result"]["judged"] == "low"
    size = next(d for d in found["result"]["domains"] if d["domain"] == "imprecision")
    assert size["judgement"]["by"] == -1
    assert size["proposal"]["numbers"]["baselines"][0]["baseline"] == "low"


def test_certainty_without_findings_is_refused() -> None:
    found = entry(certainty={"otherwise": "low"})["certainty"]
    assert "no entry of findings" in found["refused"]


def test_figures_get_what_was_computed() -> None:
    kept: dict[str, Any] = {}
    asked = {"bayes": bayes(), "designs": small.designs({"design": "registry"})}
    found = entry(keep=kept.__setitem__, **asked)
    key = "how_sure/primary-surgery/overall_survival/rct"
    assert list(kept) == [f"{key}/bayes", f"{key}/designs"]
    posterior, ladder = kept.values()
    assert isinstance(posterior, DrawnPosterior)
    assert isinstance(ladder, DrawnLadder)
    assert posterior.result.rows[0].mu.estimate == found["bayes"]["rows"][0]["mu"]["estimate"]
    assert ladder.favours == ("Favours surgery", "Favours no surgery")


def test_a_pool_that_is_not_there_says_why() -> None:
    told = small.results()
    told["questions"][0]["pools"] = []
    told["questions"][0]["empty"] = [
        {"outcome": "overall_survival", "design": "rct", "reason": "none is recorded."}
    ]
    found = entry(told, bayes=bayes())
    assert (found["refused"], found["bayes"]) == ("none is recorded.", None)

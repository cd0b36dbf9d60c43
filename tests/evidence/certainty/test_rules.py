"""Rules of certainty against cases by hand, and against what they may never do."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.evidence.certainty import (
    AsymmetryTest,
    BaselineRisk,
    InformationRule,
    Judgement,
    PoolFacts,
    StudyFacts,
    Threshold,
    UnpublishedTrial,
    decide,
    level_after,
    propose,
    start_level,
)
from locoreg.evidence.certainty.imprecision import imprecision, information_size
from locoreg.evidence.certainty.inconsistency import inconsistency
from locoreg.evidence.certainty.levels import DOMAINS, LEVELS
from locoreg.evidence.certainty.otherdomains import indirectness, publication_bias
from locoreg.evidence.certainty.upgrades import upgrades
from locoreg.evidence.certainty.weightatrisk import risk_of_bias

# Handbook case of the interface list: 25% alive, HR 0.88 (0.66 to 1.16): 45 more (50 fewer to 150).
QUARTER = BaselineRisk(label="quarter", survival=0.25, at_months=36)
HALF = BaselineRisk(label="half", survival=0.5, at_months=60)
THIRTY = Threshold(per_1000=30)


def study(name="a", yi=-0.1, se=0.1, weight=50.0, concern="low", indirect="", n=100, events=60):
    return StudyFacts(
        study_id=name, label=name.upper(), yi=yi, se=se, weight=weight, n=n, events=events,
        concern=concern, indirectness=indirect,
    )  # fmt: skip


def pool(*studies, hr=(0.88, 0.66, 1.16), design="rct", prediction=None, p=0.5, **changes):
    mid, low, high = (math.log(one) for one in hr)
    base = PoolFacts(
        outcome="overall_survival", design=design, measure="HR", reference_arm="control",
        event_is="adverse", method="REML", interval="normal",
        read=Estimate(estimate=mid, se=(high - low) / 3.92, ci_low=low, ci_high=high, level=95.0,
                      scale="log"),
        prediction=prediction, i2=40.0, i2_low=0.0, i2_high=80.0, q=2.0, q_df=1, q_p=p,
        common_se=0.1, studies=studies or (study("a"), study("b")),
    )  # fmt: skip
    return replace(base, **changes)


def narrow(facts, threshold, baselines=(QUARTER,), information=None):
    return imprecision(
        facts, baselines=baselines, important=Threshold(per_1000=threshold), information=information
    )


@pytest.mark.parametrize(("threshold", "by"), [(30, -2), (60, -1), (200, 0)])
def test_imprecision_counts_the_thresholds_in_the_absolute_interval(threshold, by):
    found = narrow(pool(), threshold)
    (row,) = found.numbers["baselines"]
    assert row["difference"] == pytest.approx(
        {"estimate": 45.24, "low": -49.73, "high": 150.53}, abs=0.01
    )
    assert found.by == by
    assert ("holds the threshold" in found.reason) == bool(by)


def test_a_limit_on_the_threshold_does_not_cross_it():
    facts = pool(hr=(0.5, 0.4, 0.6))
    low = narrow(facts, 30).numbers["baselines"][0]["difference"]["low"]
    assert narrow(facts, low).by == 0
    assert narrow(facts, low + 1e-6).by == -1


def test_optimal_information_size_by_hand():
    # S0 0.5, 100 per 1,000 more: HR = ln 0.6 / ln 0.5 = 0.73697; 4 (1.959964 + 1.281552)^2 over
    # its squared logarithm (Schoenfeld 1981) is 451.2 events.
    rule = InformationRule(alpha=0.05, power=0.9, sides=2, allocation=0.5)
    size = information_size(pool(), rule, baseline=HALF, important=Threshold(per_1000=100))
    assert size.unit == "events"
    assert size.ratio == pytest.approx(0.736966, abs=1e-6)
    assert size.required == pytest.approx(451.2, abs=0.1)
    assert size.held == pytest.approx(4 / 0.1**2)
    assert not size.enough


def test_information_size_of_proportions_by_hand():
    # 10.507424 (0.6 0.4 + 0.5 0.5) 2 / 0.1^2 = 1029.7 patients.
    rule = InformationRule(alpha=0.05, power=0.9, sides=2, allocation=0.5)
    facts = pool(measure="RR")
    size = information_size(facts, rule, baseline=HALF, important=Threshold(per_1000=100))
    assert (size.unit, size.held) == ("patients", 200.0)
    assert size.required == pytest.approx(1029.7, abs=0.1)
    unknown = replace(facts, studies=(study("a", n=None),))
    told = information_size(unknown, rule, baseline=HALF, important=Threshold(per_1000=100))
    assert told == "some studies do not state their patients"


def test_information_counts_only_where_no_threshold_is_crossed():
    rule = InformationRule(alpha=0.05, power=0.9, sides=2, allocation=0.5)
    large = pool(hr=(0.4, 0.3, 0.5), common_se=0.2)
    found = narrow(large, 30, information=rule)
    assert (found.by, found.needs_person) == (-1, True)
    assert "of the" in found.reason
    assert narrow(replace(large, common_se=0.01), 30, information=rule).by == 0
    assert "no trial for the optimal information size is stated" in narrow(large, 30).reason
    crossing = narrow(pool(), 60, information=rule)
    assert (crossing.by, crossing.needs_person) == (-1, False)


def test_baselines_that_disagree_need_a_person():
    tiny = BaselineRisk(label="tiny", survival=0.98, at_months=12)
    found = narrow(pool(), 30, baselines=(tiny, QUARTER))
    assert (found.by, found.needs_person) == (-2, True)
    assert "tiny 0; quarter -2" in found.reason


def test_a_measure_without_absolute_effect_is_left_to_a_person():
    found = narrow(pool(measure="MD"), 30)
    assert found.by is None
    assert found.needs_person
    assert "a mean difference is absolute already" in found.reason


@given(shrink=st.floats(0.05, 1.0), survival=st.floats(0.05, 0.95), threshold=st.floats(1, 300))
def test_a_narrower_interval_is_never_less_precise(shrink, survival, threshold):
    wide = pool()
    read = wide.read
    less = replace(
        read,
        ci_low=read.estimate - shrink * (read.estimate - read.ci_low),
        ci_high=read.estimate + shrink * (read.ci_high - read.estimate),
    )
    at = (BaselineRisk(label="x", survival=survival, at_months=36),)
    one = narrow(wide, threshold, baselines=at)
    other = narrow(replace(wide, read=less), threshold, baselines=at)
    assert other.by >= one.by


def test_inconsistency_needs_two_sides_and_more_than_chance():
    def rule(*studies, **changes):
        return inconsistency(pool(*studies, **changes), baselines=(QUARTER,), important=THIRTY)

    # At 25% alive, HR 0.5 leaves 250 more per 1,000, HR 0.99 leaves 3.5, HR 2 188 fewer.
    more, none, fewer = (math.log(one) for one in (0.5, 0.99, 2.0))
    one_side = rule(study("a", more, 0.01), study("b", math.log(0.7), 0.01), p=0.001)
    assert (one_side.by, one_side.needs_person) == (0, False)
    assert rule(study("a", more, 0.5), study("b", none, 0.5), p=0.3).by == 0
    assert rule(study("a", more, 0.5), study("b", none, 0.5), p=0.05).by == -1
    apart = rule(study("a", more, 0.1), study("b", none, 0.1), p=0.3)
    assert apart.by == -1
    assert apart.numbers["baselines"][0]["intervals_apart"] == [["a", "b"]]
    assert rule(study("a", more, 0.1), study("b", fewer, 0.1), p=0.001).by == -2
    wide = (math.log(0.4), math.log(2.0))
    assert (
        rule(
            study("a", more, 0.5),
            study("b", none, 0.5),
            p=0.3,
            prediction=wide,
            hr=(0.6, 0.45, 0.8),
        ).by
        == -1
    )


def test_one_study_is_not_inconsistent():
    facts = pool(study("a"), q_p=math.nan, i2=math.nan)
    found = inconsistency(facts, baselines=(QUARTER,), important=THIRTY)
    assert (found.by, found.needs_person) == (0, False)


def test_risk_of_bias_goes_by_weight():
    def rule(*studies, **changes):
        return risk_of_bias(
            pool(*studies, **changes), baselines=(QUARTER,), important=THIRTY, start="high"
        )

    def weighed(high, low, **kwargs):
        return rule(study("a", weight=high, **kwargs), study("b", weight=low))

    assert rule(study("a"), study("b")).by == 0
    assert weighed(60.0, 40.0, concern="high").by == -1
    assert weighed(60.0, 40.0, concern="critical").by == -2
    assert weighed(60.0, 40.0, concern="some").by is None
    assert weighed(60.0, 40.0, concern=None).by is None
    none = rule(study("a", concern=None), study("b", concern=None))
    assert none.by is None
    assert "No assessment" in none.reason
    # A fifth of the weight at high risk carries the whole effect.
    carried = weighed(20.0, 80.0, concern="high", yi=-0.9)
    assert carried.by == 0
    turned = rule(study("a", yi=-1.5, weight=20.0, concern="high"),
                  study("b", yi=0.0, weight=80.0))  # fmt: skip
    assert turned.by == -1
    assert turned.numbers["without_high_risk"]["estimate"] == pytest.approx(0.0)
    assert "on the other side of 30 per 1,000" in turned.reason


@pytest.mark.parametrize(
    ("concern", "start", "by"),
    [("low", "high", 0), ("some", "high", -1), ("high", "high", -2), ("critical", "high", -3),
     ("high", "low", None), (None, "high", None)],
)  # fmt: skip
def test_robins_i_rates_comparisons_down_where_they_start_high(concern, start, by):
    facts = pool(study("a", concern=concern, weight=100.0), design="cohort")
    found = risk_of_bias(facts, baselines=(QUARTER,), important=THIRTY, start=start)
    assert found.by == by
    assert found.needs_person


def test_indirectness_proposes_only_what_is_on_record():
    assert indirectness(pool()).by is None
    most = indirectness(
        pool(study("a", weight=60.0, indirect="bone only"), study("b", weight=40.0))
    )
    assert most.by == -1
    assert "A: bone only (60.0% of the weight)" in most.reason
    few = indirectness(pool(study("a", weight=40.0, indirect="bone only"), study("b", weight=60.0)))
    assert few.by == 0
    assert few.needs_person


def test_publication_bias_is_not_judged_under_ten_studies():
    test = AsymmetryTest(name="Egger", p_value=0.001, favours="intervention")
    nine = pool(*(study(f"s{i}", weight=100 / 9) for i in range(9)))
    found = publication_bias(nine, asymmetry=(test,), unpublished=())
    assert found.by is None
    assert "under ten" in found.reason
    ten = pool(*(study(f"s{i}", weight=10.0) for i in range(10)))
    assert publication_bias(ten, asymmetry=(test,), unpublished=()).by == -1
    other = AsymmetryTest(name="Egger", p_value=0.001, favours="control")
    assert publication_bias(ten, asymmetry=(other,), unpublished=()).by == 0
    assert publication_bias(ten, asymmetry=(), unpublished=()).by is None
    waiting = UnpublishedTrial(study_id="clear", label="CLEAR", registry_id="NCT03750396")
    told = publication_bias(ten, asymmetry=(other,), unpublished=(waiting,))
    assert told.needs_person
    assert "CLEAR" in told.reason


def test_upgrades_are_for_comparisons_without_reason_to_rate_down():
    def large(facts, downs=()):
        return upgrades(facts, downs)[0]

    cohort = pool(hr=(0.4, 0.3, 0.5), design="cohort")
    assert large(pool(hr=(0.1, 0.05, 0.2))).by == 0
    assert large(cohort).by == 1
    assert large(replace(cohort, read=pool(hr=(0.15, 0.1, 0.2)).read)).by == 2
    assert large(replace(cohort, read=pool(hr=(0.4, 0.1, 1.2)).read)).by == 0
    assert large(replace(cohort, studies=(study("a"),))).by == 0
    down = indirectness(pool(study("a", weight=100.0, indirect="bone only"), design="cohort"))
    assert large(cohort, (down,)).by == 0
    assert [one.by for one in upgrades(cohort, ())][1:] == [None, None]


def test_direction_of_the_ratio_does_not_matter():
    facts = pool(study("a", -0.3, 0.1, 40.0), study("b", 0.2, 0.1, 60.0, "high"), p=0.01)
    read = facts.read
    turned = replace(
        facts,
        reference_arm="intervention",
        read=replace(read, estimate=-read.estimate, ci_low=-read.ci_high, ci_high=-read.ci_low),
        studies=tuple(replace(one, yi=-one.yi) for one in facts.studies),
    )
    asked = {
        "baselines": (QUARTER, HALF), "important": THIRTY, "information": None, "asymmetry": (),
        "unpublished": (), "start": "high",
    }  # fmt: skip
    assert [one.by for one in propose(facts, **asked)] == [
        one.by for one in propose(turned, **asked)
    ]
    assert [one.domain for one in propose(facts, **asked)] == list(DOMAINS)


def test_a_baseline_is_needed():
    with pytest.raises(DesignError, match="read against"):
        propose(pool(), baselines=(), important=THIRTY, information=None, asymmetry=(),
                unpublished=(), start="high")  # fmt: skip
    with pytest.raises(DesignError, match="can't be a threshold"):
        Threshold(per_1000=0)


@given(st.sampled_from(LEVELS), st.lists(st.integers(-3, 2), max_size=8))
def test_levels_stay_within_their_scale(start, moves):
    found = level_after(start, moves)
    assert found in LEVELS
    assert LEVELS.index(found) == max(0, min(3, LEVELS.index(start) + sum(moves)))


def test_start_levels():
    assert start_level("rct", otherwise="low") == "high"
    assert start_level("cohort", otherwise="low") == "low"
    assert start_level("cohort", otherwise="high") == "high"


def judged(domain="imprecision", by=-1, reason="wide", author="a panel", stated=True):
    return Judgement(domain=domain, by=by, reason=reason, author=author, date="", stated=stated)


def test_a_person_decides_and_the_difference_is_shown():
    rule = narrow(pool(), 30)
    found = decide("high", [rule], [judged()])
    assert (found.proposed, found.judged) == ("low", "moderate")
    assert [one.proposal.domain for one in found.differences] == ["imprecision"]
    assert "decided -1 by a panel: wide" in found.summary()
    alone = decide("high", [rule], [])
    assert alone.judged is None
    assert alone.differences == ()


def test_silence_settles_nothing_that_the_rule_leaves_open():
    rule = indirectness(pool())
    silent = judged("indirectness", 0, "not named", stated=False)
    assert decide("high", [rule], [silent]).open == ("indirectness",)
    assert decide("high", [rule], [judged("indirectness", 0, "same patients")]).open == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"by": 1}, "moves certainty by -3 to 0"),
        ({"domain": "large effect", "by": -1}, "moves certainty by 0 to 2"),
        ({"domain": "precision"}, "there is no domain"),
        ({"author": " "}, "needs its author"),
        ({"reason": ""}, "needs a reason"),
    ],
)
def test_judgements_that_make_no_sense_are_refused(change, message):
    with pytest.raises(DesignError, match=message):
        judged(**change)


def test_a_domain_is_judged_once():
    rule = narrow(pool(), 30)
    with pytest.raises(DesignError, match="judged twice"):
        decide("high", [rule], [judged(), judged()])
    with pytest.raises(DesignError, match="no rule looked at it"):
        decide("high", [rule], [judged("indirectness", -1)])

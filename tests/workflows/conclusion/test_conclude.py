"""The conclusion: what failed first, numbers that are those of the results, no advice."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from locoreg.workflows.conclusion import conclude
from tests.workflows.conclusion import runs

ADVICE = re.compile(
    r"\b(should|ought|must|recommend\w*|advis\w+|prefer\w*|is indicated|needs? to|has to|"
    r"suggest\w*|consider\w*|beneficial|superior|inferior|proves?|proven)\b",
    re.IGNORECASE,
)
SIGNIFICANCE = re.compile(r"\b(non-?)?significan\w+\b", re.IGNORECASE)
ORDER = ["trials", "observational", "emulated", "agreement", "selection", "certainty", "settle"]


def item(results: Any, topic: str, question: str = "primary-surgery") -> Any:
    told = results.get("conclusion", results)
    asked = next(q for q in told["questions"] if q["question"] == question)
    return next(i for i in asked["items"] if i["topic"] == topic)


def lines(of: Any) -> list[str]:
    return [sentence["text"] for sentence in of["sentences"]]


def concluded(results: Any, **changes: Any) -> Any:
    return conclude({**results, **changes})


def with_emulation(whole: Any, change: Any) -> Any:
    """Return the conclusion with the emulation's results changed in place by a function."""
    results = copy.deepcopy(whole)
    change(results["emulation"][0]["results"])
    return conclude(results)


def fail(results: Any) -> None:
    results["primary"]["diagnostics"][0]["verdict"] = "fail"
    results["primary"]["diagnostics"][0]["title"] = "Weights <b>"


def test_every_topic_in_order(whole: Any) -> None:
    asked = whole["conclusion"]["questions"][0]
    assert [one["topic"] for one in asked["items"]] == ORDER
    assert all(one["sentences"] for one in asked["items"])


def test_no_advice_and_no_word_of_significance(whole: Any) -> None:
    told = [
        sentence["text"]
        for question in whole["conclusion"]["questions"]
        for one in question["items"]
        for sentence in one["sentences"]
    ]
    assert len(told) > 20
    assert [one for one in told if ADVICE.search(one) or SIGNIFICANCE.search(one)] == []


def test_words_of_advice_are_seen() -> None:
    assert ADVICE.search("Surgery should be offered.")
    assert SIGNIFICANCE.search("The result was not significant.")


def test_numbers_are_those_of_the_pool(whole: Any) -> None:
    pool = whole["questions"][0]["pools"][0]["pool"]
    first = item(whole, "trials")["sentences"][0]
    assert first["numbers"][0]["value"] == pool["mu"]["natural"]["estimate"]
    assert first["numbers"][0]["key"] == "evidence/primary-surgery/overall_survival/rct"
    assert "".join(p if isinstance(p, str) else p["text"] for p in first["parts"]) == first["text"]


def test_reading_as_printed_is_said_with_its_number(whole: Any) -> None:
    pool = whole["questions"][0]["pools"][0]["pool"]
    told = item(whole, "trials")["sentences"]
    printed = next(s for s in told if s["text"].startswith("Read as printed"))
    assert printed["numbers"][0]["value"] == pool["as_printed"]["mu"]["natural"]["estimate"]
    assert all("Read as printed" not in s["text"] for s in told if s is not printed)


def test_trials_and_other_comparisons_stay_apart(whole: Any) -> None:
    assert "Randomised" in lines(item(whole, "trials"))[0]
    other = " ".join(lines(item(whole, "observational")))
    assert "not randomised" in other
    assert "conflict" in " ".join(lines(item(whole, "agreement")))


def test_a_question_without_a_trial_says_so(whole: Any) -> None:
    told = item(whole, "trials", "lung-metastasectomy")
    assert "none is recorded" in lines(told)[0]
    assert "Missing: a randomised trial" in lines(
        item(whole, "settle", "lung-metastasectomy")
    )[0]  # fmt: skip


def test_emulation_gives_restricted_mean_first_and_hazard_ratio_last(whole: Any) -> None:
    told = lines(item(whole, "emulated"))
    places = [
        next(i for i, line in enumerate(told) if word in line)
        for word in ("restricted mean", "Difference of survival", "Hazard ratio")
    ]
    assert places == sorted(places)
    contrast = next(
        c
        for c in whole["emulation"][0]["results"]["primary"]["contrasts"]
        if c["measure"] == "rmst_difference" and c["at_months"] == 24
    )
    said = item(whole, "emulated")["sentences"][places[0]]["numbers"][0]
    assert said["value"] == contrast["estimate"]
    assert said["key"] == "emulation/early/rmst_difference@24"


def test_what_failed_stands_before_every_number(whole: Any) -> None:
    found = with_emulation(whole, fail)
    told = item(found, "emulated")["sentences"]
    tones = [one["tone"] for one in told]
    assert tones[0] == tones[1] == "blocking"
    assert "Weights <b>" in told[0]["text"]
    assert "no number that follows stands for an effect" in told[0]["text"]
    assert "blocking" not in tones[tones.index("plain") :]
    assert "Weights <b>" in " ".join(lines(item(found, "certainty")))
    assert item(found, "agreement")["sentences"][0]["tone"] == "blocking"


def test_what_the_protocol_names_and_the_run_left_out_is_said(whole: Any) -> None:
    def change(results: Any) -> None:
        results["protocol"]["negative_controls"] = [{"name": "another death", "event": "other"}]
        results["sensitivity"] |= {"negative_controls": [], "negative_control_verdicts": []}
        results["sensitivity"]["specifications"] = None
        for one in results["primary"]["diagnostics"]:
            one["verdict"] = "pass"

    found = with_emulation(whole, change)
    told = item(found, "emulated")["sentences"]
    said = next(s for s in told if s["text"].startswith("Named in the protocol"))
    assert said["text"].endswith("negative controls and sensitivity analyses.")
    assert said["tone"] == "serious"
    assert told.index(said) < next(i for i, s in enumerate(told) if "restricted mean" in s["text"])
    assert "negative controls were not looked at" in " ".join(lines(item(found, "certainty")))
    assert "Named in the protocol" not in " ".join(lines(item(whole, "emulated")))


def test_a_biased_method_and_a_blocking_finding_stand_first(whole: Any) -> None:
    def change(results: Any) -> None:
        results["primary"]["biased"] = "groups are formed after time zero"
        results["audit"] = [
            {"rule": "time-zero", "severity": "blocking", "message": "nobody was eligible"}
        ]

    told = lines(item(with_emulation(whole, change), "emulated"))
    assert "Biased by design: groups are formed after time zero" in told[1:]
    assert told[0].count("time-zero") == 1
    assert any("nobody was eligible" in line for line in told[:4])


def test_made_up_patients_say_so_in_every_sentence(whole: Any) -> None:
    results = copy.deepcopy(whole)
    for part in ("emulation", "selection"):
        results[part][0]["results"]["synthetic"] = True
    found = conclude(results)
    names = ("Emulation early", "Selection whom")
    for topic in ("emulated", "selection"):
        assert all(line.startswith("Made-up patients: ") for line in lines(item(found, topic)))
    for topic in ("agreement", "certainty"):
        for line in lines(item(found, topic)):
            about = "Emulation (" in line or any(name in line for name in names)
            assert line.startswith("Made-up patients: ") == about
    real = lines(item(whole, "emulated"))
    assert not any("Made-up" in line for line in real)


def test_conflict_of_emulation_and_trials_is_one_sentence(whole: Any) -> None:
    def change(results: Any) -> None:
        bench = results["sensitivity"]["benchmark"]["benchmark"]
        bench["pooled"]["agreement"] |= {"difference": False, "z": 2.5, "met": 0}

    told = item(with_emulation(whole, change), "agreement")["sentences"]
    conflict = [s for s in told if "They conflict" in s["text"] and "Emulation (" in s["text"]]
    assert len(conflict) == 1
    assert conflict[0]["tone"] == "serious"
    assert "2.50" in conflict[0]["text"]


def test_opposite_sides_within_chance_are_said(whole: Any) -> None:
    def change(results: Any) -> None:
        bench = results["sensitivity"]["benchmark"]["benchmark"]
        for estimate, value in (
            (bench["emulated"], -0.1),
            (bench["pooled"]["trial"]["estimate"], 0.1),
        ):
            estimate["estimate"] = value
        bench["pooled"]["agreement"] |= {"difference": True, "z": 0.4}

    told = " ".join(lines(item(with_emulation(whole, change), "agreement")))
    assert "They point to different sides, within what chance allows" in told


def test_an_emulation_that_could_not_be_compared_says_why(whole: Any) -> None:
    def change(results: Any) -> None:
        results["sensitivity"]["benchmark"] |= {"benchmark": None, "note": "nobody was left"}

    assert any(
        "nobody was left" in line
        for line in lines(item(with_emulation(whole, change), "agreement"))
    )


def test_a_selection_that_trials_contradict_gives_no_number(whole: Any) -> None:
    results = copy.deepcopy(whole)
    results["selection"][0]["results"]["credibility"] |= {
        "verdict": "not credible", "shows_rule": False, "reading": "The trials contradict it.",
    }  # fmt: skip
    told = item(conclude(results), "selection")["sentences"]
    assert told[0]["tone"] == "blocking"
    assert all(number["key"] == "" for one in told for number in one["numbers"])


def test_who_gains_has_verdict_then_effect_then_rule(whole: Any) -> None:
    told = lines(item(whole, "selection"))
    found = whole["selection"][0]["results"]
    assert found["credibility"]["verdict"] in told[0]
    assert any("Average effect" in line for line in told)
    assert told[-1] == found["rule"]["reading"].splitlines()[0]


def test_open_findings_and_certainty_are_told(whole: Any) -> None:
    told = " ".join(lines(item(whole, "certainty")))
    assert "blocking finding" in told
    assert "direction (fitzal2019)" in told
    assert "as judged by a panel" in told
    assert "prediction interval" in told


def test_certainty_that_nobody_judged_is_said(evidence_results: Any) -> None:
    unjudged = runs.finished(evidence_results, find=[runs.findings(certainty=None)])
    assert any("certainty has not been judged" in x for x in lines(item(unjudged, "certainty")))
    none = runs.finished(evidence_results)
    assert any("Certainty has not been judged" in x for x in lines(item(none, "certainty")))


def test_without_a_plan_it_says_what_is_missing(evidence_results: Any) -> None:
    told = lines(item(runs.finished(evidence_results), "settle"))
    assert "why the studies differ" in told[0]
    assert "no part planning" in told[-1]


def test_an_emulation_of_no_pooled_question_stands_alone(emulation_results: Any) -> None:
    found = conclude({"emulation": [{"name": "early", "results": emulation_results}]})
    (alone,) = found["questions"]
    assert alone["question"] == ""
    assert [one["topic"] for one in alone["items"]] == ["emulated", "agreement"]


def test_nothing_concludes_in_nothing() -> None:
    assert conclude({})["questions"] == []


@pytest.mark.parametrize("topic", ORDER)
def test_it_is_json_without_loss(whole: Any, topic: str) -> None:
    again = conclude(whole)
    assert json.loads(json.dumps(again, allow_nan=False)) == again
    assert item(again, topic) == item(whole, topic)


def test_what_can_not_be_computed_is_no_agreement(whole: Any) -> None:
    results = copy.deepcopy(whole)
    pool = results["questions"][0]["pools"][0]["pool"]
    pool["normal_interval"]["se"] = pool["i2"] = None
    pool["prediction"]["natural"] |= {"low": None, "high": None}
    bench = results["emulation"][0]["results"]["sensitivity"]["benchmark"]["benchmark"]
    bench["pooled"]["agreement"] |= {"z": None, "difference": False}
    results["planning"] = []
    found = conclude(results)
    told = " ".join(lines(item(found, "agreement")))
    assert told.count("Whether they differ by more than chance can't be told") == 2
    assert "conflict" not in told
    sure = " ".join(lines(item(found, "certainty")))
    assert "I² not estimable" in sure
    assert "no prediction interval could be computed" in sure
    assert not re.search(r"\bnan\b", told + sure)
    assert "NaN" not in json.dumps(found, default=str)


def test_trials_that_are_not_asked_for_are_not_said_to_be_missing(evidence_results: Any) -> None:
    results = copy.deepcopy(evidence_results)
    for question in results["questions"]:
        question["pools"] = [p for p in question["pools"] if p["pool"]["design"] != "rct"]
        question["empty"] = [e for e in question["empty"] if e["design"] != "rct"]
    told = lines(item(conclude(results), "settle"))
    assert not any("Missing: a randomised trial" in line for line in told)
    assert any("the study asks for none" in line for line in told)


def test_intervals_carry_their_level(whole: Any) -> None:
    def change(results: Any) -> None:
        bench = results["sensitivity"]["benchmark"]["benchmark"]
        bench["pooled"]["trial"]["estimate"]["level"] = 90.0

    told = " ".join(lines(item(with_emulation(whole, change), "agreement")))
    assert "intervals of 95% and 90%, in this order" in told
    assert "(95% intervals)" in told
    emulated = lines(item(whole, "emulated"))
    assert any(re.search(r"Hazard ratio .*\(95% interval\)", line) for line in emulated)
    assert any(re.search(r"Read as .*\(95% interval\)", line) for line in emulated)

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from locoreg.emulation.protocol import TrialProtocol
from locoreg.emulation.protocol.items import TARGET_NUMBERS
from locoreg.emulation.target import StrategyFacts, TargetFacts, fill_target, items
from locoreg.emulation.target.items import ITEMS
from locoreg.emulation.target.table import STATUSES
from tests.emulation.protocol.content import REGISTRY, TABLE, changed

# What no program can know.
FOR_PEOPLE = ("2", "4", "5", "15", "16", "17", "18", "19", "20", "21")


def protocol(content: dict[str, Any] = REGISTRY, **more: Any) -> TrialProtocol:
    return TrialProtocol.model_validate({**content, **more})


def strategy(label: str, **more: Any) -> StrategyFacts:
    values: dict[str, Any] = {
        "label": label,
        "assigned": 80,
        "outcomes": 30,
        "follow_up_median_months": 20.25,
        "ended": {"death": 30, "lost": 4},
        "baseline": {"age": "61 (SD 11)"},
    }
    return StrategyFacts(**{**values, **more})


def facts(**more: Any) -> TargetFacts:
    values: dict[str, Any] = {
        "source": "Registry of the North",
        "synthetic": False,
        "assessed": 500,
        "eligible": 80,
        "strategies": (strategy("surgery"), strategy("none", missing={"age": 3})),
        "exclusions": ("Adult: 20 excluded (1 unknown)", "De novo: 400 excluded"),
        "period": "2010 to 2020",
        "variables": {"age": "years at time zero", "site": "reporting hospital"},
        "method": "Clone, censor, weight",
        "intervals": "influence functions",
        "estimates": ("Difference of survival at 36 months: 0.05 (0.01 to 0.09)", "HR 0.8"),
        "sensitivity": ("Grace 3 months: 0.04",),
        "software": "locoreg 0.1",
    }
    return TargetFacts(**{**values, **more})


def test_the_statement_has_21_items_in_39_parts():
    numbers = [item.number for item in ITEMS]
    assert tuple(numbers) == TARGET_NUMBERS
    assert len(set(numbers)) == 39
    whole = {re.match(r"\d+", number)[0] for number in numbers}
    assert whole == {str(n) for n in range(1, 22)}
    parts = Counter(re.match(r"\d+", number)[0] for number in numbers)
    assert {n: k for n, k in parts.items() if k > 1} == {"1": 3, "6": 8, "7": 10}
    assert numbers == sorted(numbers, key=lambda n: int(re.match(r"\d+", n)[0]))


def test_what_is_known_is_filled_and_the_rest_waits_for_people():
    table = fill_target(protocol(), facts())
    assert table.to_write == FOR_PEOPLE
    assert all(row.target_trial or row.emulation for row in table.rows if row.status == "filled")


def test_before_the_analysis_the_results_wait():
    table = fill_target(protocol())
    waiting = {"1b", "1c", "7g.ii", *(str(n) for n in range(8, 15)), *FOR_PEOPLE}
    assert set(table.to_write) == waiting
    assert table.row("6a").status == "filled"


def test_texts_of_the_protocol_fill_what_people_write():
    texts = {number: f"Text of {number}." for number in FOR_PEOPLE}
    table = fill_target(protocol(reporting=texts), facts())
    assert table.to_write == ()
    assert table.row("20").emulation == "Text of 20."
    assert table.row("18").emulation.endswith("\nText of 18.")
    assert table.row("18").emulation.startswith("SHA-256 of the protocol: ")


def test_a_text_is_added_to_what_is_filled():
    table = fill_target(protocol(reporting={"6a": "As in E2108.", "7a": "No imaging."}), facts())
    assert table.row("6a").target_trial.endswith("\nAs in E2108.")
    assert table.row("6a").emulation == ""
    assert table.row("7a").emulation.endswith("\nNo imaging.")


def test_an_item_can_be_said_not_to_apply():
    table = fill_target(protocol(reporting={"20": "Not applicable: no money was used."}), facts())
    assert table.row("20").status == "not_applicable"
    made_up = fill_target(protocol(), facts(synthetic=True))
    assert made_up.row("17").status == "not_applicable"
    assert "made up" in made_up.row("5").emulation
    assert made_up.summary().startswith("SYNTHETIC")


def test_the_trial_stands_beside_its_emulation():
    pairs = {part.letter: part for part in fill_target(protocol(), facts()).side_by_side()}
    assert list(pairs) == list("abcdefgh")
    assert pairs["c"].target_trial.startswith("At random")
    assert pairs["c"].emulation.startswith("Not at random")
    assert pairs["h"].emulation.count("\n") >= 2, "both halves of 7h"
    assert all(part.target_trial and part.emulation for part in pairs.values())


def test_the_protocol_is_told_in_words():
    table = fill_target(protocol(), facts())
    assert "De novo (de_novo is true; unknown: excluded)" in table.row("6a").target_trial
    assert "Adult (age at least 18; unknown: excluded)" in table.row("7a").emulation
    strategies = table.row("6b").target_trial
    assert "modality surgery; target primary" in strategies
    assert "within 6 months of time zero" in strategies
    assert "everybody who was treated in the grace period and lives" in strategies
    assert "no treatment at any time" in strategies
    follow_up = table.row("6d").target_trial
    assert "the first distant metastasis" in follow_up
    assert "2024-12-31, or 36 months" in follow_up
    assert "12 and 36 months" in table.row("6f").target_trial
    assert "95% intervals" in table.row("6f").target_trial
    assert "beyond age and site at time zero and response over time" in table.row("7g.i").emulation
    assert table.row("7g.ii").emulation.split("\n")[0] == "age: years at time zero."
    assert "intervals of 1 month." in table.row("7b").emulation


def test_a_cohort_without_what_changes_over_time_says_so():
    content = changed(REGISTRY, "confounders.time_varying", [])
    table = fill_target(protocol(content), facts())
    assert "Response to systemic therapy" in table.row("7g.i").emulation
    assert "No confounder is followed over time." in table.row("16").emulation
    assert "Response" not in fill_target(protocol(), facts()).row("7g.i").emulation


def test_the_numbers_found_are_told():
    table = fill_target(protocol(), facts())
    assert table.row("8").emulation.split("\n") == [
        "500 persons assessed.",
        "Adult: 20 excluded (1 unknown).",
        "De novo: 400 excluded.",
        "80 persons eligible.",
        "surgery: 80 assigned.",
        "none: 80 assigned.",
    ]
    assert "surgery: age 61 (SD 11)." in table.row("9").emulation
    assert "surgery: median follow-up 20.2 months; ended by: death 30; lost 4." in (
        table.row("10").emulation
    )
    assert table.row("11").emulation.split("\n") == ["surgery: no value missing.", "none: age 3."]
    assert "none: 30 outcomes." in table.row("12").emulation
    assert "Difference of survival at 36 months" in table.row("13").emulation
    assert "HR 0.8" in table.row("13").emulation


def test_a_failed_diagnostic_stands_wherever_the_effect_does():
    table = fill_target(protocol(), facts(failed_diagnostics=("weights don't add up",)))
    for number in ("13", "16"):
        assert table.row(number).emulation.startswith("FAILED DIAGNOSTIC: weights don't add up")
    assert "Failed diagnostic: weights don't add up." in table.row("1c").emulation
    assert "FAILED DIAGNOSTIC" in facts(failed_diagnostics=("x",)).summary()


def test_what_is_varied_is_told_and_what_is_not_planned_too():
    content = changed(REGISTRY, "sensitivity", {"grace_months": [3, 9], "truncation": [99]})
    planned = fill_target(protocol(content), facts(sensitivity=()))
    assert "Grace periods (months): 3 and 9." in planned.row("7h.ii").emulation
    assert planned.row("14").status == "to_write"
    unplanned = fill_target(protocol(), facts(sensitivity=()))
    assert unplanned.row("7h.ii").emulation == "None is planned."
    assert unplanned.row("14").emulation == "None was planned."


def test_a_table_of_ones_own_is_told_as_well():
    table = fill_target(protocol(TABLE), facts())
    assert table.row("6e").target_trial == "Death; competing: other death."
    assert "the day from which the table's times count" in table.row("6d").target_trial
    assert "as the table's column of treatment times says" in table.row("6b").target_trial


@pytest.mark.parametrize(
    ("time_zero", "words"),
    [
        ({"event": "diagnosis"}, "diagnosis of the primary"),
        ({"event": "systemic_line", "number": 2}, "start of line 2 of systemic therapy"),
        (
            {"event": "response", "responses": ["CR", "PR"], "window_months": [4, 8]},
            "the first imaging with CR or PR 4 to 8 months after the first distant metastasis",
        ),
        ({"event": "date", "column": "entry_date"}, "the date in the column entry_date"),
    ],
    ids=lambda value: value["event"] if isinstance(value, dict) else "",
)
def test_every_time_zero_is_told(time_zero, words):
    assert words in fill_target(protocol(time_zero=time_zero)).row("6d").target_trial


def test_quality_of_life_is_told_with_its_scale():
    outcome = {"event": "qol_deterioration", "instrument": "FACT-B", "scale": "TOI", "points": 5}
    text = fill_target(protocol(outcome=outcome)).row("6e").target_trial
    assert "FACT-B, TOI: worse by 5 points or more" in text
    assert "death competes" in text


def test_the_table_is_a_value():
    table = fill_target(protocol(), facts())
    as_json = json.loads(json.dumps(table.to_dict()))
    assert len(as_json["rows"]) == 39
    assert as_json["protocol_sha256"] == protocol().sha256
    assert as_json["to_write"] == list(FOR_PEOPLE)
    assert {row["status"] for row in as_json["rows"]} <= set(STATUSES)
    frame = table.to_frame()
    assert list(frame["number"]) == list(TARGET_NUMBERS)
    assert "TARGET 2025 (doi:10.1001/jama.2025.13350), topics in our own words" in table.summary()
    json.dumps(facts().to_dict())
    with pytest.raises(KeyError):
        table.row("22")


def test_topics_are_short_and_our_own():
    # The statement's items are sentences that ask for something; ours are labels.
    for item in ITEMS:
        assert len(item.topic.split()) <= 16
        assert not re.match(
            r"(report|describe|provide|specify|identify|clarify)\b", item.topic, re.I
        )
    source = Path(items.__file__).read_text(encoding="utf-8")
    assert "CC BY-ND" in source

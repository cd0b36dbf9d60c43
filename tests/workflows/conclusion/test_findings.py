"""The summary of findings: numbers of the pool, words by certainty and size."""

from __future__ import annotations

import copy
import math
import re
from typing import Any, get_args

import pytest

from locoreg.evidence.catalog import load_catalog
from locoreg.workflows.conclusion import summarise
from locoreg.workflows.conclusion.plan import Important, Level
from locoreg.workflows.conclusion.statements import Size, reach, size_of, statement
from tests.conftest import WriteTables, effect, study
from tests.workflows.conclusion import runs


def row(results: Any, **changes: Any) -> Any:
    told = summarise(results, [runs.findings(**changes)])
    assert told is not None
    return told["tables"][0]["rows"][0]


def with_pool(results: Any, mid: float, low: float, high: float, **changes: Any) -> Any:
    """Return results whose first pool has this hazard ratio."""
    out = copy.deepcopy(results)
    pool = out["questions"][0]["pools"][0]["pool"]
    logs = [math.log(x) for x in (mid, low, high)]
    pool["mu"] |= dict(zip(("estimate", "ci_low", "ci_high"), logs, strict=True))
    pool["mu"]["natural"] = {"estimate": mid, "ci_low": low, "ci_high": high}
    pool |= changes
    return out


def test_the_example_of_the_guidance(evidence_results: Any) -> None:
    found = row(with_pool(evidence_results, 0.88, 0.66, 1.16))["baselines"][1]
    assert (found["without_text"], found["with_text"]) == ("250", "295 (200 to 401)")
    assert found["difference_text"] == "45 more alive (50 fewer to 151 more)"
    assert round(found["with"], 3) == 0.295


def test_numbers_of_the_pool_are_carried(evidence_results: Any) -> None:
    pool = evidence_results["questions"][0]["pools"][0]["pool"]
    found = row(evidence_results)
    assert found["relative"]["value"] == pool["mu"]["natural"]["estimate"]
    assert found["relative"]["key"] == "evidence/primary-surgery/overall_survival/rct"
    assert found["studies"] == pool["k"]
    assert found["participants"] == sum(s["n"] for s in pool["studies"])
    assert found["state"] == "alive"
    assert [one["key"].split("/")[-2:] for one in found["baselines"]] == [
        ["low", "36"], ["high", "60"],
    ]  # fmt: skip


def test_printed_difference_is_that_of_the_printed_numbers(evidence_results: Any) -> None:
    for one in row(evidence_results)["baselines"]:
        numbers = [int(x) for x in re.findall(r"\d+", one["with_text"])]
        told = re.findall(r"(\d+) (more|fewer)", one["difference_text"])
        signed = [int(n) * (1 if side == "more" else -1) for n, side in
                  [(told[0][0], "more" if "more alive" in one["difference_text"] else "fewer"),
                   *told[-2:]]]  # fmt: skip
        assert signed == [n - int(one["without_text"]) for n in numbers]


def test_the_floored_interval_is_read_where_there_is_one(evidence_results: Any) -> None:
    floor = copy.deepcopy(evidence_results["questions"][0]["pools"][0]["pool"]["mu"])
    floor["natural"]["ci_low"], floor["ci_low"] = 0.5, -0.6931471805599453
    found = row(with_pool(evidence_results, 0.93, 0.67, 1.29, floor=floor))
    assert "(0.50 to" in found["relative"]["text"]


def test_certainty_has_symbols_word_author_and_footnotes(evidence_results: Any) -> None:
    told = summarise(evidence_results, [runs.findings()])
    assert told is not None
    judged = told["tables"][0]["rows"][0]["certainty"]
    assert (judged["symbols"], judged["level"], judged["author"]) == ("⊕⊕⊝⊝", "low", "a panel")
    assert [one["footnote"] for one in judged["reasons"]] == [1, 2]
    assert told["tables"][0]["footnotes"][0] == ("Down one level for inconsistency: trials differ.")


def test_equal_reasons_share_a_footnote(evidence_results: Any) -> None:
    told = summarise(
        evidence_results, [runs.findings(), runs.findings(design="observational", certainty={
            "level": "very low", "author": "a panel",
            "reasons": [{"domain": "inconsistency", "by": -1, "reason": "trials differ"}],
        })],
    )  # fmt: skip
    assert told is not None
    assert len(told["tables"][0]["footnotes"]) == 2
    assert told["tables"][0]["rows"][1]["certainty"]["reasons"][0]["footnote"] == 1


def test_without_a_judgement_there_is_no_statement(evidence_results: Any) -> None:
    found = row(evidence_results, certainty=None)
    assert found["certainty"] is None
    assert all(
        not one["judged"] and "nobody has judged" in one["text"] for one in found["statements"]
    )


def test_statements_name_the_state_time_and_direction(evidence_results: Any) -> None:
    better = row(with_pool(evidence_results, 0.6, 0.5, 0.7))["statements"][0]
    assert better["text"] == (
        "Local therapy may increase the number of people alive at 36 and 60 months."
    )
    worse = row(with_pool(evidence_results, 1.7, 1.4, 2.1))["statements"][0]
    assert "may reduce the number of people alive" in worse["text"]
    assert "whole interval" in better["reach"]


def test_baselines_of_another_size_have_their_own_statement(evidence_results: Any) -> None:
    found = row(with_pool(evidence_results, 0.90, 0.80, 1.00))["statements"]
    assert [one["labels"] for one in found] == [["low"], ["high"]]
    assert "little to no difference" in found[0]["text"]
    assert "may increase" in found[1]["text"]


def test_a_pool_that_is_not_there_says_why(evidence_results: Any) -> None:
    found = row(evidence_results, question="lung-metastasectomy")
    assert "none is recorded" in found["refused"]
    assert (found["baselines"], found["relative"]) == ([], None)
    assert "does not ask" in row(evidence_results, outcome="quality_of_life")["refused"]


@pytest.mark.parametrize("measure", ["MD", "SMD", "survival ratio"])
def test_measures_without_an_absolute_effect_keep_their_row(
    evidence_results: Any, measure: str
) -> None:
    found = row(with_pool(evidence_results, 0.9, 0.8, 1.0, measure=measure))
    assert found["refused"].startswith("No absolute effect")
    assert measure in found["relative"]["text"]


def test_an_unknown_event_is_not_guessed(evidence_results: Any) -> None:
    results = {**evidence_results, "tables": {"source": "my tables"}}
    assert "what the event" in row(results)["refused"]
    told = copy.deepcopy(results)
    told["questions"][0]["pools"][0]["outcome"] = {
        "id": "x", "label": "Relief", "event": "relief of <pain>", "event_is": "favourable",
    }  # fmt: skip
    assert row(told)["state"] == "with relief of <pain>"


def test_patients_that_are_not_stated_are_told(write_tables: WriteTables) -> None:
    tables = load_catalog(
        write_tables(
            studies=[study("a"), study("b"), study("c")],
            claims=[
                effect("c1", "a", "0.66 0.49 0.88", n=274),
                effect("c2", "b", "0.8 0.6 1.1"),
                effect("c3", "c", "0.9 0.6 1.3"),
            ],
        )
    )
    results = runs.evidence(tables, (("primary-surgery", "overall_survival", "rct"),))
    results["tables"] = {"source": "shipped"}
    found = row(results)
    assert (found["participants"], found["participants_of"], found["studies"]) == (274, 1, 3)


def test_no_plan_no_summary(evidence_results: Any) -> None:
    assert summarise(evidence_results, []) is None


ONE = Important(per_1000=30)
THREE = Important(per_1000=30, moderate_per_1000=80, large_per_1000=150)


@pytest.mark.parametrize(
    ("difference", "important", "size"),
    [
        (29.9, ONE, "trivial"), (-30, ONE, "important"), (500, ONE, "important"),
        (30, THREE, "small"), (-80, THREE, "moderate"), (150, THREE, "large"),
        (0, THREE, "trivial"),
    ],
)  # fmt: skip
def test_sizes(difference: float, important: Important, size: str) -> None:
    assert size_of(difference, important) == size


# Our table of GRADE guidance 26: certainty, size, the words between intervention and outcome.
WORDS: dict[tuple[str, str], str] = {
    ("high", "large"): "X results in a large increase in Y.",
    ("high", "moderate"): "X increases Y.",
    ("high", "important"): "X increases Y.",
    ("high", "small"): "X increases Y slightly.",
    ("high", "trivial"): "X results in little to no difference in Y.",
    ("moderate", "large"): "X likely results in a large increase in Y.",
    ("moderate", "moderate"): "X likely increases Y.",
    ("moderate", "important"): "X likely increases Y.",
    ("moderate", "small"): "X likely increases Y slightly.",
    ("moderate", "trivial"): "X likely results in little to no difference in Y.",
    ("low", "large"): "X may result in a large increase in Y.",
    ("low", "moderate"): "X may increase Y.",
    ("low", "important"): "X may increase Y.",
    ("low", "small"): "X may increase Y slightly.",
    ("low", "trivial"): "X may result in little to no difference in Y.",
}


@pytest.mark.parametrize("certainty", get_args(Level))
@pytest.mark.parametrize("size", get_args(Size))
def test_every_statement(certainty: Level, size: Size) -> None:
    uncertain = "The evidence is very uncertain about the effect of x on Y."
    said = statement(certainty=certainty, size=size, rises=True, intervention="x", outcome="Y")
    assert said == WORDS.get((certainty, size), uncertain)
    assert ((certainty, size) in WORDS) == (certainty != "very low")


def test_less_is_a_reduction() -> None:
    said = statement(certainty="high", size="large", rises=False, intervention="x", outcome="Y")
    assert said == "X results in a large reduction in Y."


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-70, 90, "in both directions"),
        (-20, 20, "no difference of 30"),
        (-20, 90, "holds 30 per 1,000 more and beyond, and not 30 per 1,000 fewer"),
        (-90, 20, "holds 30 per 1,000 fewer and beyond, and not 30 per 1,000 more"),
        (40, 90, "whole interval lies at 30 per 1,000 more"),
        (-90, -30, "whole interval lies at 30 per 1,000 fewer"),
    ],
)
def test_what_the_interval_holds(low: float, high: float, words: str) -> None:
    assert words in reach(low, high, ONE)


def test_words_are_those_of_the_printed_numbers(evidence_results: Any) -> None:
    """A difference that is printed as the threshold is one that matters."""
    base = {"label": "low", "survival_percent": 50, "at_months": 36, "source": "made up"}
    # 0.5^0.9159 is 0.53001, and 0.5^0.9164 is 0.52983: 29.83 per 1,000, printed as 30.
    for ratio in (0.9159, 0.9164):
        found = row(with_pool(evidence_results, ratio, 0.8, 1.2), baseline=[base])["baselines"][0]
        assert found["difference_text"].startswith("30 more alive")
        assert found["size"] == "important"
    # 0.5^1.088 is 0.47042: 29.58 fewer, printed as 30.
    found = row(with_pool(evidence_results, 0.95, 0.98, 1.088), baseline=[base])
    assert "30 fewer" in found["baselines"][0]["difference_text"]
    assert found["statements"][0]["reach"].startswith("The interval holds 30 per 1,000 fewer")


@pytest.mark.parametrize("share", [67.85, 62.45, 33.35, 10.05])
def test_halves_are_rounded_upwards(evidence_results: Any, share: float) -> None:
    base = {"label": "a", "survival_percent": share, "at_months": 36, "source": "made up"}
    printed = row(evidence_results, baseline=[base])["baselines"][0]["without_text"]
    assert int(printed) == math.ceil(10 * share)


def test_a_row_per_time_and_what_no_source_has(evidence_results: Any) -> None:
    base = [
        {"label": "low", "points": [
            {"at_months": 36, "survival_percent": 67.9, "source": "a"},
            {"at_months": 60, "survival_percent": 25, "source": "b"},
        ]},
        {"label": "high", "survival_percent": 43, "at_months": 24, "source": "c"},
    ]  # fmt: skip
    told = with_pool(evidence_results, 0.88, 0.66, 1.16)
    found = row(told, baseline=base, times=[36, 60])
    made = [(one["label"], one["at_months"], one["source"]) for one in found["baselines"]]
    assert made == [("low", 36, "a"), ("low", 60, "b"), ("high", 24, "c")]
    assert found["baselines"][1]["with_text"] == "295 (200 to 401)"
    missing = [(one["label"], one["at_months"]) for one in found["not_stated"]]
    assert missing == [("high", 36), ("high", 60)]
    assert all("nothing is interpolated" in one["refused"] for one in found["not_stated"])
    # Each row speaks of its own time, and belongs to one statement.
    for one in found["baselines"]:
        assert f"at {one['at_months']:g} months" in one["statement"]
        mine = {"label": one["label"], "at_months": one["at_months"]}
        assert sum(mine in said["of"] for said in found["statements"]) == 1


def test_a_baseline_that_rises_gives_no_absolute_effect(evidence_results: Any) -> None:
    points = [
        {"at_months": 36, "survival_percent": 50, "source": "a"},
        {"at_months": 60, "survival_percent": 60, "source": "b"},
    ]
    found = row(evidence_results, baseline=[{"label": "low", "points": points}])
    assert "survival rises with time (50%, 60%)" in found["refused"]
    assert found["baselines"] == []

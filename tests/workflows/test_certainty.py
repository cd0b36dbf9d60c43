"""Certainty of a run's pools: proposals beside what the study file holds."""

from __future__ import annotations

import json
from functools import cache

import pytest

from locoreg.core.errors import DataError, DesignError, NothingToPoolError
from locoreg.core.jsontext import dumps
from locoreg.evidence.certainty import InformationRule
from locoreg.workflows.certainty import certainty_of, facts_of, read_assessments
from locoreg.workflows.conclusion.baselinetimes import absolute_at
from locoreg.workflows.conclusion.plan import Baseline
from locoreg.workflows.evidence import pool_question, row_findings
from tests.workflows.conclusion import runs

ASKED = (
    ("primary-surgery", "rct"),
    ("primary-surgery", "observational"),
    ("lung-metastasectomy", "rct"),
)
POOL = ("primary-surgery", "overall_survival", "rct")
RULE = InformationRule(alpha=0.05, power=0.9, sides=2, allocation=0.5)


@cache
def results():
    """Return what a run holds of two questions."""
    catalog = runs.shipped()
    found = row_findings(catalog)
    pools, empty = [], []
    for question, design in ASKED:
        try:
            pool = pool_question(catalog, question, design=design, findings=found)
        except NothingToPoolError as error:
            empty.append({"outcome": "overall_survival", "design": design, "reason": error.message})
            continue
        pools.append({"key": f"{question}/overall_survival/{design}", "pool": pool.to_dict()})
    asked = [
        {
            "question": question,
            "pools": [one for one in pools if one["pool"]["question"] == question],
            "empty": empty if question == "lung-metastasectomy" else [],
        }
        for question in dict.fromkeys(question for question, _ in ASKED)
    ]
    return json.loads(dumps({"questions": asked, "tables": {"source": "shipped"}}))


def certainty(plan, *, bias=(), information=None, otherwise="low", found=None):
    return certainty_of(
        found or results(), plan, bias=bias, information=information, asymmetry=(),
        otherwise=otherwise,
    )  # fmt: skip


def by_domain(told):
    return {one["domain"]: one for one in told["result"]["domains"]}


def test_rules_and_person_stand_beside_each_other():
    told = certainty(runs.findings(), information=RULE)
    domains = by_domain(told)
    assert told["refused"] == ""
    assert told["result"]["start"] == "high"
    assert told["result"]["judged"] == "low"
    # The interval holds 30 per 1,000 in both directions; the person took one level for it.
    imprecise = domains["imprecision"]
    assert (imprecise["proposal"]["by"], imprecise["judgement"]["by"]) == (-2, -1)
    assert told["result"]["differs"] == ["imprecision"]
    assert imprecise["judgement"]["reason"] == "wide interval"
    assert domains["inconsistency"]["agrees"] is True
    # Nothing is on record, and the study file says nothing: it stays open.
    assert "risk of bias" in told["result"]["open"]
    assert "NaN" not in dumps(told)


def test_numbers_are_those_of_the_pool():
    item = next(p for p in results()["questions"][0]["pools"] if p["pool"]["design"] == "rct")
    facts = facts_of(item["pool"], event_is="adverse", bias=())
    assert facts.read.natural == pytest.approx((0.9313, 0.6737, 1.2875), abs=1e-4)
    assert sum(one.weight for one in facts.studies) == pytest.approx(100)
    assert facts.q_p == pytest.approx(0.0627, abs=1e-4)


def test_what_the_record_says_of_patients_reaches_the_rule():
    plan = runs.findings(design="observational", certainty=None)
    told = by_domain(certainty(plan))["indirectness"]["proposal"]
    assert told["by"] == -1
    assert "bone metastases only (100.0% of the weight)" in told["reason"]


def test_assessments_reach_the_rule(tmp_path):
    head = "rob_id,study_id,tool,domain,judgement,assessor,address,location,verification\n"
    rows = "".join(
        f"r{i},{study},RoB2,overall,high,A,x,y,seen\n"
        for i, study in enumerate(("badwe2015", "soran2018", "khan2022"))
    )
    (tmp_path / "risk_of_bias.csv").write_text(head + rows, encoding="utf-8")
    bias, _ = read_assessments([tmp_path])
    told = certainty(runs.findings(), bias=bias)
    proposal = by_domain(told)["risk of bias"]["proposal"]
    assert proposal["by"] == -1
    assert proposal["numbers"]["at_high_risk"] == ["badwe2015", "soran2018", "khan2022"]
    assert "risk of bias" in told["result"]["differs"]
    shown = {one["study_id"]: one["assessment"] for one in told["risk_of_bias"]}
    assert shown["khan2022"]["overall"] == "high"
    assert shown["fitzal2019"] is None


def test_a_pool_that_is_not_there_says_why():
    plan = runs.findings(question="lung-metastasectomy", design="rct", certainty=None)
    told = certainty(plan)
    assert told["result"] is None
    assert told["refused"]


def baseline(label="low", *points):
    stated = points or ((36, 67.9),)
    return Baseline.model_validate(
        {
            "label": label,
            "points": [
                {"at_months": at, "survival_percent": percent, "source": "S042"}
                for at, percent in stated
            ],
        }
    )


def test_absolute_effects_at_three_and_five_years():
    rows = absolute_at(
        results(), POOL, [baseline("low", (36, 67.9), (60, 50)), baseline("high", (36, 25))],
        months=(36, 60),
    )  # fmt: skip
    assert [(r["label"], r["at_months"], bool(r["refused"])) for r in rows] == [
        ("low", 36, False), ("low", 60, False), ("high", 36, False), ("high", 60, True),
    ]  # fmt: skip
    # 0.679^0.93132, and with the limits 1.28753 and 0.67366.
    assert rows[0]["with"] == pytest.approx(0.679**0.9313192558)
    assert (rows[0]["with_low"], rows[0]["with_high"]) == pytest.approx(
        (0.679**1.2875289985, 0.679**0.6736590456)
    )
    assert "nothing is interpolated" in rows[3]["refused"]


def test_points_at_other_times_keep_their_rows():
    rows = absolute_at(results(), POOL, [baseline("medium", (35, 50))], months=(36,))
    assert [(r["at_months"], bool(r["refused"])) for r in rows] == [(35, False), (36, True)]
    assert rows[0]["key"].endswith("rct/medium/35")


def test_baselines_that_contradict_themselves_are_refused():
    with pytest.raises(DataError, match="survival rises"):
        absolute_at(results(), POOL, [baseline("low", (36, 67.9), (60, 80))], months=(36,))
    with pytest.raises(DesignError):
        absolute_at(results(), ("x", "y", "rct"), [baseline()], months=(36,))

"""The summary of findings in the documentation rests on numbers of the shipped tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from locoreg.evidence.catalog import load_catalog
from locoreg.workflows.conclusion.nextplan import PlanningPlan
from locoreg.workflows.conclusion.plan import FindingsPlan

PAGES = Path(__file__).resolve().parents[2] / "docs" / "explanation"
CLAIM = re.compile(r"\((\w+), .*claim (\w+)\)")


EXAMPLE = PAGES.parents[1] / "examples" / "local-therapy.yaml"


def entries(page: str, part: str) -> list[dict[str, Any]]:
    source = (PAGES / page).read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", source, re.DOTALL)
    found: list[dict[str, Any]] = yaml.safe_load(block)[part]
    return found


def printed(source: str) -> tuple[float, float]:
    """Return percent and months of the control arm as the row that a source names prints them."""
    match = CLAIM.search(source)
    assert match is not None
    cells = load_catalog().claims[match[2]].row.printed
    assert cells["report_id"] == match[1]
    assert cells["outcome"] == "overall_survival"
    if cells["statistic"] == "median_time":
        return 50.0, float(cells["value_control"])
    assert (cells["statistic"], cells["unit"]) == ("survival_proportion", "percent")
    return float(cells["value_control"]), float(cells["landmark_months"])


def test_baselines_are_those_of_the_claims() -> None:
    (entry,) = entries("summary-of-findings.md", "findings")
    plan = FindingsPlan.model_validate(entry)
    assert len(plan.baseline) == 3
    for one in plan.baseline:
        assert (one.survival_percent, one.at_months) == printed(one.source)


def test_the_example_is_judged_by_the_same_claims() -> None:
    told = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    points = [one for entry in told["findings"] for one in entry["baseline"]]
    assert points
    for one in points:
        assert (one["survival_percent"], one["at_months"]) == printed(one["source"])
    for entry in told["planning"]:
        one = entry["control_survival"]
        assert (one["percent"], one["at_months"]) == printed(one["source"])


def test_the_planned_control_arm_is_that_of_a_claim() -> None:
    (entry,) = entries("next-trial.md", "planning")
    (point,) = PlanningPlan.model_validate(entry).control_survival
    assert (point.percent, point.at_months) == printed(point.source)

"""The set of pinned reference cases can't shrink, and each case is what it says."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.stats.survival_cases import case, names

PINNED = Path(__file__).resolve().parents[1] / "reference" / "survival"
CASES = {
    "kaplan_meier": 37,
    "coxph": 71,
    "survdiff": 9,
    "concordance": 8,
    "aalen_johansen": 6,
    "cuminc_gray": 2,
    "fine_gray": 2,
    "cause_specific_cox_absolute_risk": 1,
    "propensity_weights": 1,
    "matchit": 11,
    "clone_censor_weight": 2,
    "pseudo_observations": 1,
    "external_validation": 1,
}


def test_every_case_of_the_index_is_there() -> None:
    index = json.loads((PINNED / "index.json").read_text(encoding="utf-8"))
    assert Counter(entry["method"] for entry in index["cases"]) == CASES
    assert index["n_cases"] == sum(CASES.values())
    for entry in index["cases"]:
        found = json.loads((PINNED / entry["file"]).read_text(encoding="utf-8"))
        assert (found["id"], found["method"]) == (entry["id"], entry["method"])
        assert found["result"]
        assert sorted((PINNED / "data").glob(f"{entry['dataset']}.csv*")), entry["dataset"]


def test_the_tests_see_at_least_these() -> None:
    for method, count in CASES.items():
        assert len(names(method)) >= count
        assert case(names(method)[0])["method"] == method


def test_readme_counts_are_true() -> None:
    text = (PINNED / "README.md").read_text(encoding="utf-8")
    assert f"{sum(CASES.values())} cases" in text
    for method, count in CASES.items():
        row = next(line for line in text.splitlines() if f"`{method}`" in line and "|" in line)
        assert f"{count}" in row.split("|")[2]

"""Results of small runs, each part made by the code that makes it in a study."""

from __future__ import annotations

import functools
import json
from typing import Any

from locoreg.core.errors import NothingToPoolError
from locoreg.core.jsontext import dumps
from locoreg.evidence.audit import audit
from locoreg.evidence.catalog import Catalog, load_catalog
from locoreg.workflows.answers import answer
from locoreg.workflows.conclusion import conclude, plan_trials, summarise
from locoreg.workflows.conclusion.nextplan import PlanningPlan
from locoreg.workflows.conclusion.plan import FindingsPlan
from locoreg.workflows.evidence import pool_question

FINDINGS: dict[str, Any] = {
    "question": "primary-surgery",
    "outcome": "overall_survival",
    "design": "rct",
    "baseline": [
        {"label": "low", "survival_percent": 67.9, "at_months": 36, "source": "S042"},
        {"label": "high", "survival_percent": 25, "at_months": 60, "source": "a made-up source"},
    ],
    "important": {"per_1000": 30},
    "certainty": {
        "level": "low",
        "author": "a panel",
        "reasons": [
            {"domain": "inconsistency", "by": -1, "reason": "trials differ"},
            {"domain": "imprecision", "by": -1, "reason": "wide interval"},
        ],
    },
}
PLANNING: dict[str, Any] = {
    "question": "primary-surgery",
    "outcome": "overall_survival",
    "design": "rct",
    "hazard_ratio": [0.7, 0.8],
    "power": 90,
    "alpha": 5,
    "sides": 2,
    "allocation": 0.5,
    "control_survival": {"percent": 67.9, "at_months": 36, "source": "S042"},
    "accrual_months": 84,
    "follow_up_months": 36,
    "dropout_percent_per_year": 2,
}
ASKED = (
    ("primary-surgery", "overall_survival", "rct"),
    ("primary-surgery", "overall_survival", "observational"),
    ("lung-metastasectomy", "overall_survival", "rct"),
    ("lung-metastasectomy", "overall_survival", "observational"),
)


@functools.cache
def shipped() -> Catalog:
    """Return the shipped tables."""
    return load_catalog()


def findings(**changes: Any) -> FindingsPlan:
    """Return an entry of the part findings with keys changed."""
    return FindingsPlan.model_validate({**FINDINGS, **changes})


def planning(**changes: Any) -> PlanningPlan:
    """Return an entry of the part planning with keys changed."""
    return PlanningPlan.model_validate({**PLANNING, **changes})


def evidence(
    catalog: Catalog | None = None, asked: tuple[tuple[str, str, str], ...] = ASKED
) -> Any:
    """Return the evidence part of results, read back from JSON."""
    tables = catalog or shipped()
    found = audit(tables).findings
    questions = []
    for name in dict.fromkeys(question for question, _, _ in asked):
        pools, empty = [], []
        for _, outcome, design in (one for one in asked if one[0] == name):
            try:
                pool = pool_question(tables, name, outcome=outcome, design=design, findings=found)
            except NothingToPoolError as error:
                empty.append({"outcome": outcome, "design": design, "reason": error.message})
                continue
            pools.append(
                {
                    "key": f"{name}/{outcome}/{design}",
                    "answer": answer(pool),
                    "pool": pool.to_dict(),
                    "multiverse": None,
                }
            )
        questions.append(
            {
                "question": name,
                "title": tables.question(name).title,
                "pools": pools,
                "empty": empty,
            }
        )
    told = {
        "schema": 2,
        "title": "A study",
        "search_date": "2026-11-23",
        "tables": {"source": tables.source},
        "questions": questions,
        "synthetic": False,
    }
    return json.loads(dumps(told))


def finished(results: dict[str, Any], *, find: Any = (), plan: Any = ()) -> dict[str, Any]:
    """Return results with summary of findings, plans and conclusion, read back from JSON."""
    out = {**results}
    out["findings"] = summarise(out, list(find))
    out["planning"] = plan_trials(out, list(plan), tables=("shipped",))
    out["conclusion"] = conclude(out)
    return json.loads(dumps(out))

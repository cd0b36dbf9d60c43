"""Runs with a model for single patients, and what a form posts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from locoreg.core.estimate import Estimate
from locoreg.core.jsontext import dumps
from locoreg.selection.learners.constant import ConstantEffect
from locoreg.selection.model import AssessmentSummary, SelectionModel, save_model
from tests.selection.patient.world import modelled

FORM: dict[str, str | list[str]] = {
    "age": "52", "sex": "female", "ecog": "1", "subtype": "HR+/HER2-", "disease": "de novo",
    "sites": ["bone"], "metastases": "1", "primary": "in place", "response": "PR",
    "systemic_months": "5", "symptoms": "no", "comorbidities": "0", "m_metastases": "2",
    "m_her2": "negative",
}  # fmt: skip


def write_run(folder: Path, model: SelectionModel, name: str = "who-gains") -> Path:
    step = folder / "steps" / f"selection-{name}"
    save_model(model, step / "model")
    (step / "step.json").write_text(
        json.dumps({"name": f"selection-{name}", "kind": "selection", "title": name, "key": "k"})
    )
    (step / "results.json").write_text(dumps({"version": "1", "protocol": None}))
    (folder / "results.json").write_text(
        dumps({"title": "A study", "steps": [{"name": f"selection-{name}"}], "synthetic": False})
    )
    return folder


def credible() -> SelectionModel:
    return replace(modelled(), effect=ConstantEffect(effect=1.0, unit="months"))


def not_credible() -> SelectionModel:
    one = Estimate(estimate=1.0, se=0.5, ci_low=0.0, ci_high=2.0, level=95.0, scale="identity")
    summary = AssessmentSummary(
        average=one, credibility="not credible", reading="It differs from the trials."
    )
    return replace(credible(), assessment=summary)

"""The model card: what a model is, from what, for whom, how good, and what it can't do.

After Mitchell et al. 2019, doi:10.1145/3287560.3287596.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text, p_text
from locoreg.selection.model.model import SelectionModel
from locoreg.selection.model.training import ArmSummary
from locoreg.selection.patient.limits import LEAST_SHOWN
from locoreg.selection.patient.words import BURDEN, RESEARCH, SYNTHETIC


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSection:
    """One section of a model card.

    Attributes
    ----------
    title : str
        Heading.
    lines : tuple of str
        Sentences.
    """

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A model in words.

    Attributes
    ----------
    sections : tuple of CardSection
        In their order.
    """

    sections: tuple[CardSection, ...]

    def markdown(self) -> str:
        """Return the card as Markdown."""
        parts = [
            f"## {section.title}\n\n" + "\n".join(f"- {line}" for line in section.lines)
            for section in self.sections
        ]
        return "# Model card\n\n" + "\n\n".join(parts) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON-ready values."""
        return {
            "sections": [
                {"title": section.title, "lines": list(section.lines)} for section in self.sections
            ]
        }


def model_card(model: SelectionModel) -> ModelCard:
    """Return the card of a model.

    Parameters
    ----------
    model : SelectionModel
        The model.

    Returns
    -------
    ModelCard
        Details, intended use, factors, metrics, training data, ethical considerations, limits. A
        model of synthetic patients says so in the first line.
    """
    parts = (
        ("Model details", _details(model)),
        ("Intended use", (model.intended_use, RESEARCH)),
        ("Factors", _factors(model)),
        ("Metrics", _metrics(model)),
        ("Training data", _training(model)),
        ("Ethical considerations", _ethics(model)),
        ("Limits", model.limits),
    )
    return ModelCard(
        sections=tuple(CardSection(title=title, lines=tuple(lines)) for title, lines in parts)
    )


def _details(model: SelectionModel) -> list[str]:
    question = model.question
    lines = [SYNTHETIC] if model.synthetic else []
    lines += [
        f"Effect: {question.estimand}; {question.treated_label} against "
        f"{question.comparator_label}.",
        f"Model of effects: {model.effect.kind}.",
        *model.effect.summary(),
    ]
    if model.protocol_sha256 is not None:
        lines.append(f"Protocol: SHA-256 {model.protocol_sha256}.")
    lines.append(f"Data: SHA-256 {model.input_sha256}.")
    lines.append(
        "It holds no range for hidden differences at single patients."
        if model.odds_factor is None
        else "Its range for hidden differences at single patients: something that changes the odds "
        f"of treatment by up to {model.odds_factor:g} times."
    )
    if model.rule is None:
        lines.append("It holds no rule.")
    elif not model.shows_rule:
        lines.append("Its rule is not shown: the randomised trials contradict the data.")
    else:
        lines.append("It holds a rule, with its leaves on patients who had no part in finding it:")
        lines += [
            f"leaf {leaf.leaf}, {leaf.text}: {model.rule.option(leaf.treats)}."
            for leaf in model.leaves
        ]
    return lines


def _factors(model: SelectionModel) -> list[str]:
    lines = []
    for name, bins in model.values.bins.items():
        if name in model.coding.levels:
            lines.append(f"{name}: {', '.join(model.coding.levels[name])}.")
        elif bins.name in model.values.ranges:
            low, high = model.values.ranges[name]
            lines.append(
                f"{name}: {low:g} to {high:g} (fewer than {LEAST_SHOWN} patients beyond either)."
            )
    few = [f"{name} {level}" for name, found in model.values.few.items() for level in sorted(found)]
    if few:
        lines.append(
            f"No numbers for patients with {', '.join(few)}: fewer than {LEAST_SHOWN} had one of "
            "the options."
        )
    return lines


def _metrics(model: SelectionModel) -> list[str]:
    found = model.assessment
    if found is None:
        return ["Not assessed on persons that the model did not see."]
    unit = model.question.unit
    lines = [f"Average effect: {_with_level(found.average)} {unit}."]
    if found.autoc is not None:
        lines.append(
            "Gain of ranking patients by predicted effect (area under the targeting curve): "
            f"{_with_level(found.autoc)} {unit}."
        )
    if found.slope is not None:
        lines.append(f"Calibration slope (1 is right): {_with_level(found.slope)}.")
    if found.p_heterogeneity is not None:
        lines.append(f"Test that the effect is the same for all: {p_text(found.p_heterogeneity)}.")
    lines += [] if found.reading is None else [found.reading]
    lines += [f"{one.heading}: {one.verdict}. {one.message}" for one in found.verdicts]
    lines += [f"Not done: {name}." for name in found.not_done]
    return lines


def _with_level(estimate: Estimate) -> str:
    return f"{estimate.text()}, {estimate.level:g}% interval"


def _training(model: SelectionModel) -> list[str]:
    data = model.training
    lines = [SYNTHETIC] if data.synthetic else []
    lines += [f"Source: {data.source}.", f"{data.n} patients."]
    lines += [_arm(arm, model.question.horizon_months) for arm in data.arms]
    lines.append(f"Median follow-up: {decimal_text(data.median_follow_up_months, 1)} months.")
    if data.clusters is not None:
        lines.append(f"{data.clusters} hospitals or other groups.")
    if data.weighted:
        lines.append("Patients have sampling weights.")
    if data.late_entry:
        lines.append("Some patients are observed from later than time zero.")
    lines += [f"Left out before: {step}." for step in data.attrition]
    lines += list(data.notes)
    lines += [
        f"{one['title']}: {one['verdict']}. {one['message']}"
        for one in data.diagnostics
        if one["verdict"] in ("warn", "fail")
    ]
    return lines


def _arm(arm: ArmSummary, horizon: float) -> str:
    def shown(count: int | None) -> str:
        return "a hidden number of" if count is None else str(count)

    return (
        f"{arm.label}: {shown(arm.n)} patients, {shown(arm.events)} events within {horizon:g} "
        f"months, {shown(arm.followed)} patients followed to the event or the horizon."
    )


def _ethics(model: SelectionModel) -> list[str]:
    return [
        "The file holds groups of 50 or more patients, at least 20 with each option, and no "
        f"count under {LEAST_SHOWN}; its models of treatment, survival and effect are trees and "
        "coefficients, which hold no patient's values but were not made for publication.",
        "Patients unlike those of the data get reasons and no number.",
        BURDEN,
    ]

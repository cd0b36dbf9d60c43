"""Specifications that change one choice at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from locoreg.emulation.question import Comparator, Initiation, Question
from locoreg.emulation.sensitivity.specification import Specification

# Percentiles of the ladder of truncation, the mildest first. Weights are cut within an arm and per
# patient: percentiles of person-time cut the deadline's initiators alone.
TRUNCATION_LADDER = (99.5, 99.0, 97.5, 95.0)


def one_at_a_time(
    question: Question,
    method: str,
    options: Mapping[str, Any],
    *,
    grace_months: Sequence[float] = (),
    truncation: Sequence[float] = (),
    initiations: Sequence[Initiation] = (),
    comparators: Sequence[Comparator] = (),
    models: Mapping[str, Mapping[str, Any]] | None = None,
    methods: Mapping[str, tuple[str, Mapping[str, Any]]] | None = None,
    missing_shift: Sequence[float] = (),
    truncation_option: str = "truncate",
) -> tuple[Specification, ...]:
    """Return the primary analysis and those that change one choice of it.

    Parameters
    ----------
    question : Question
        The primary question.
    method : str
        The primary method.
    options : mapping of str to object
        Its options.
    grace_months : sequence of float
        Other grace periods.
    truncation : sequence of float
        Percentiles at which weights are cut.
    initiations, comparators : sequence of str
        Other readings of the two strategies.
    models : mapping of str to mapping, optional
        Changes of the method's options, by label.
    methods : mapping of str to (str, mapping), optional
        Other methods with their options, by label.
    missing_shift : sequence of float
        Shifts of imputed values, in standard deviations.
    truncation_option : str
        Name of the method's option that cuts weights.

    Returns
    -------
    tuple of Specification
        Choices that are the primary ones are not repeated.
    """
    primary = Specification(
        label="Primary analysis", group="primary", method=method, options=options, base=question
    )
    others = [grace for grace in grace_months if grace != question.grace_months]
    return (
        primary,
        *(_with_grace(primary, grace) for grace in others),
        *(_truncated(primary, percentile, truncation_option) for percentile in truncation),
        *_with_strategies(primary, initiations, comparators),
        *_with_models(primary, models or {}),
        *_with_methods(primary, methods or {}),
        *(_shifted(primary, shift) for shift in missing_shift),
    )


def _truncated(primary: Specification, percentile: float, option: str) -> Specification:
    return replace(
        primary,
        label=f"Weights cut at the {percentile:g}th percentile",
        group="truncation",
        options={**primary.options, option: percentile},
        changed=f"weights of patients within an arm are cut at percentile {percentile:g}",
    )


def _with_models(
    primary: Specification, models: Mapping[str, Mapping[str, Any]]
) -> list[Specification]:
    return [
        replace(
            primary,
            label=label,
            group="model",
            options={**primary.options, **changes},
            changed=", ".join(f"{name} = {value}" for name, value in changes.items()),
        )
        for label, changes in models.items()
    ]


def _with_methods(
    primary: Specification, methods: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> list[Specification]:
    return [
        replace(
            primary,
            label=label,
            group="method",
            method=name,
            options=dict(chosen),
            changed=f"method {name}",
        )
        for label, (name, chosen) in methods.items()
    ]


def _shifted(primary: Specification, shift: float) -> Specification:
    return replace(
        primary,
        label=f"Imputed values shifted by {shift:g} SD",
        group="missing",
        missing_shift=shift,
        changed=f"values that were imputed are moved by {shift:g} standard deviations",
    )


def _with_grace(primary: Specification, grace: float) -> Specification:
    label = f"{primary.base.treated_label} [grace period {grace:g} months]"
    return replace(
        primary,
        label=f"Grace period of {grace:g} months",
        group="grace",
        question_changes={"grace_months": grace, "treated_label": label},
        changed=f"grace period {grace:g} instead of {primary.base.grace_months:g} months",
    )


def _with_strategies(
    primary: Specification, initiations: Sequence[Initiation], comparators: Sequence[Comparator]
) -> list[Specification]:
    out = []
    for initiation in initiations:
        if initiation != primary.base.initiation:
            out.append(
                replace(
                    primary,
                    label=_INITIATION_WORDS[initiation],
                    group="initiation",
                    question_changes={"initiation": initiation},
                    changed=f"initiation {initiation} instead of {primary.base.initiation}",
                )
            )
    for comparator in comparators:
        if comparator != primary.base.comparator:
            out.append(
                replace(
                    primary,
                    label=_COMPARATOR_WORDS[comparator],
                    group="comparator",
                    question_changes={"comparator": comparator},
                    changed=f"comparator {comparator} instead of {primary.base.comparator}",
                )
            )
    return out


_INITIATION_WORDS: dict[Initiation, str] = {
    "all_initiators": "All initiators stand for the untreated",
    "deadline": "The untreated are treated at the deadline",
    "uniform": "Treatment spread evenly over the grace period",
}
_COMPARATOR_WORDS: dict[Comparator, str] = {
    "never": "Comparator: never treated",
    "none_within_grace": "Comparator: not treated within the grace period",
}

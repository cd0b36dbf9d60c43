"""The filters of the explorer as a form: only values that occur, and what the URL holds."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.report.words import INTERVALS, METHODS
from locoreg.web.evidence.view import POOLED_BY, EvidenceView
from locoreg.workflows.explore.choices import Choice, subgroup_words
from locoreg.workflows.explore.explorer import Explored

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One select of a form.

    Attributes
    ----------
    name, label : str
        Name in the query, and what is read.
    options : tuple of (str, str)
        Values with their words.
    chosen : str
        The value in force.
    hint : str
        A few words under it.
    """

    name: str
    label: str
    options: Pairs
    chosen: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldGroup:
    """Fields under one legend."""

    legend: str
    fields: tuple[Field, ...]


def field_groups(view: EvidenceView, found: Explored) -> tuple[FieldGroup, ...]:
    """Return the filters of a view.

    Parameters
    ----------
    view : EvidenceView
        What is shown.
    found : Explored
        What it gives, with what could be asked.

    Returns
    -------
    tuple of FieldGroup
        Fields without a choice are left out, unless the URL sets them.
    """
    choices = found.choices
    return (
        FieldGroup(
            legend="Evidence",
            fields=(
                Field(
                    name="outcome",
                    label="Outcome",
                    options=_pairs(choices.outcomes, found.outcome.outcome_id),
                    chosen=found.outcome.outcome_id,
                ),
                Field(
                    name="design",
                    label="Design",
                    options=(
                        ("both", "Trials and observational, apart"),
                        *_pairs(choices.designs, "" if view.design == "both" else view.design),
                    ),
                    chosen=view.design,
                ),
                *_optional("patients", "Patients", "All patients", choices.subgroups, view),
                *_optional("timing", "Time of randomisation", "Any", choices.timings, view),
                *_optional("disease", "State of disease", "Any", choices.diseases, view),
                *_optional("limit", "Number of metastases, at most", "Any", choices.limits, view),
                Field(
                    name="adjusted",
                    label="Effect",
                    options=(
                        ("", "Adjusted or not"),
                        ("adjusted", "Stated to be adjusted"),
                        ("not-adjusted", "Not stated to be adjusted"),
                    ),
                    chosen=view.adjusted,
                ),
                Field(
                    name="reading",
                    label="Readings",
                    options=(
                        ("supported", "As the audit supports them"),
                        ("printed", "As printed"),
                    ),
                    chosen=view.reading,
                ),
            ),
        ),
        FieldGroup(
            legend="Pooling",
            fields=(
                Field(
                    name="method",
                    label="Method",
                    options=tuple((name, f"{name}: {METHODS[name]}") for name in POOLED_BY),
                    chosen=view.method,
                ),
                Field(
                    name="interval",
                    label="Interval",
                    options=(("", "Usual for the method"), *INTERVALS.items()),
                    chosen=view.interval,
                ),
                Field(
                    name="level",
                    label="Level",
                    options=(
                        ("", f"{found.question.level:g}%, the question's own"),
                        *((level, f"{level}%") for level in ("80", "90", "95", "99")),
                    ),
                    chosen=view.level,
                ),
                *_optional("split", "Subgroups by", "No subgroups", choices.splits, view),
            ),
        ),
        FieldGroup(
            legend="Figure",
            fields=(
                Field(
                    name="order",
                    label="Order of rows",
                    options=(
                        ("year", "Year"),
                        ("weight", "Weight, largest first"),
                        ("effect", "Effect, smallest first"),
                        ("audit", "Worst finding first"),
                    ),
                    chosen=view.order,
                ),
                Field(
                    name="layout",
                    label="Layout",
                    options=(("revman", "RevMan"), ("jama", "JAMA"), ("bmj", "BMJ")),
                    chosen=view.layout,
                ),
            ),
        ),
    )


def _pairs(choices: tuple[Choice, ...], chosen: str) -> Pairs:
    pairs = tuple((one.value, one.label) for one in choices)
    if chosen and chosen not in dict(pairs):
        words = subgroup_words(chosen).replace("_", " ")
        pairs = (*pairs, (chosen, f"{words} (not in this question)"))
    return pairs


def _optional(
    name: str, label: str, none: str, choices: tuple[Choice, ...], view: EvidenceView
) -> tuple[Field, ...]:
    chosen = str(getattr(view, name))
    pairs = _pairs(choices, chosen)
    if not pairs:
        return ()
    return (Field(name=name, label=label, options=(("", none), *pairs), chosen=chosen),)

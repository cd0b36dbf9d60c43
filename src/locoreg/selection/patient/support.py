"""Whether a patient lies within the data, with reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.numbertext import plural
from locoreg.selection.data.features import FeatureCoding
from locoreg.selection.patient.cells import Cells
from locoreg.selection.patient.limits import LEAST_PROPENSITY, LEAST_SHOWN
from locoreg.selection.patient.values import UNKNOWN, ValueSupport
from locoreg.selection.question import SelectionQuestion
from locoreg.stats.survivaldata import FloatArray, IntArray

# The file says no count below this; sentences say "fewer than 10".
FEWER = f"fewer than {LEAST_SHOWN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportVerdict:
    """Whether there are patients like this one, with both options.

    Attributes
    ----------
    inside : bool
        Whether an estimate is given.
    reasons : tuple of str
        Why not, in sentences; empty where the patient is inside.
    similar, treated, comparator : int or None
        The persons most like the patient, and how many had either option. None where the values
        already are those of nobody.
    """

    inside: bool
    reasons: tuple[str, ...]
    similar: int | None
    treated: int | None
    comparator: int | None

    def text(self, question: SelectionQuestion) -> str:
        """Return the verdict in words."""
        if not self.inside:
            return " ".join(("No estimate: outside the data.", *self.reasons))
        return (
            f"{self.similar} similar patients; {self.treated} had {question.treated_label}, "
            f"{self.comparator} had {question.comparator_label}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready values."""
        return {
            "inside": self.inside,
            "reasons": list(self.reasons),
            "similar": self.similar,
            "treated": self.treated,
            "comparator": self.comparator,
        }


def clean_patient(
    patient: Mapping[str, Any], coding: FeatureCoding, values: ValueSupport
) -> dict[str, Any]:
    """Return the patient's values as texts, floats and None.

    Parameters
    ----------
    patient : mapping of str to value
        Each covariate; None where it is unknown.
    coding : FeatureCoding
        The covariates of the model.
    values : ValueSupport
        Those that have one value only are there too.

    Returns
    -------
    dict of str to str, float or None
        The same. Levels need not be known.

    Raises
    ------
    DataError
        If a covariate is absent, is none of the model, or has a value of another type.
    """
    for name in patient:
        if name not in values.bins:
            raise DataError(
                f"the model has no covariate {name!r}.",
                hint=did_you_mean(name, values.bins) or f"it has {', '.join(values.bins)}.",
            )
    absent = [name for name in coding.variables if name not in patient]
    if absent:
        raise DataError(
            f"the patient has no {', '.join(absent)}.",
            hint="give each covariate; null where it is unknown.",
        )
    return {
        name: _clean(name, value, name in coding.levels or name not in values.ranges)
        for name, value in patient.items()
    }


def _clean(name: str, value: Any, category: bool) -> str | float | None:
    if value is None:
        return None
    if category:
        if not isinstance(value, str | bool | int | float | np.generic):
            raise DataError(f"{name} is {value!r}, no level.", hint="give a text or null.")
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise DataError(f"{name} is {value!r}, not a number.", hint="give a number or null.")
    if not np.isfinite(value):
        raise DataError(f"{name} is {value!r}.", hint="give a finite number or null.")
    return float(value)


def value_reasons(
    patient: Mapping[str, Any],
    coding: FeatureCoding,
    values: ValueSupport,
    question: SelectionQuestion,
) -> list[str]:
    """Return why single values, or pairs of them, are those of too few patients.

    Parameters
    ----------
    patient : mapping
        From `clean_patient`.
    coding : FeatureCoding
        Levels.
    values : ValueSupport
        Ranges, levels, pairs of the data.
    question : SelectionQuestion
        Names of the options.

    Returns
    -------
    list of str
        Sentences; empty if there is nothing to say.
    """
    reasons: list[str] = []
    for name, value in patient.items():
        if value is None:
            reason = _unknown(name, coding, values, question)
        elif name in values.ranges:
            reason = _range(name, value, values)
        else:
            reason = _level(name, value, coding, values, question)
        reasons += [reason] if reason else []
    return reasons or _pairs(patient, values)


def _unknown(
    name: str, coding: FeatureCoding, values: ValueSupport, question: SelectionQuestion
) -> str | None:
    if not any(f.variable == name and f.kind == "unknown" for f in coding.features):
        return f"{name} is unknown, but it was known for every patient of the data."
    return _few_text(f"whose {name} is unknown", values.few.get(name, {}).get(UNKNOWN), question)


def _range(name: str, value: float, values: ValueSupport) -> str | None:
    low, high = values.ranges[name]
    if low <= value <= high:
        return None
    side = f"below {low:.4g}" if value < low else f"above {high:.4g}"
    return f"{name} is {value:g}; {FEWER} of {values.n} patients of the data have it {side}."


def _level(
    name: str, value: str, coding: FeatureCoding, values: ValueSupport, question: SelectionQuestion
) -> str | None:
    levels = coding.levels[name]
    if value not in levels:
        return (
            f"{name} is {value!r}, which no patient of the data has; its levels are "
            f"{', '.join(levels)}."
        )
    return _few_text(f"with {name} {value}", values.few.get(name, {}).get(value), question)


def _few_text(who: str, few: str | None, question: SelectionQuestion) -> str | None:
    if few is None:
        return None
    treated, comparator = question.treated_label, question.comparator_label
    had = {
        "treated": treated,
        "comparator": comparator,
        "both": f"{treated}, and {FEWER} had {comparator}",
    }
    return f"{FEWER.capitalize()} patients of the data {who} had {had[few]}."


def _pairs(patient: Mapping[str, Any], values: ValueSupport) -> list[str]:
    code = {name: values.bins[name].code(value) for name, value in patient.items()}
    out: list[str] = []
    for hole in values.holes:
        if (code.get(hole.first), code.get(hole.second)) == (hole.first_code, hole.second_code):
            first = values.bins[hole.first].labels[hole.first_code]
            second = values.bins[hole.second].labels[hole.second_code]
            out.append(
                f"{FEWER.capitalize()} patients of the data have {hole.first} {first} together "
                f"with {hole.second} {second}."
            )
    return out


def local_reasons(
    x: FloatArray, place: IntArray, cells: Cells, propensity: float, question: SelectionQuestion
) -> list[str]:
    """Return why there are too few patients like this one with either option.

    Parameters
    ----------
    x : ndarray of float, shape (p,)
        Columns of the patient.
    place : ndarray of int
        The most similar cells.
    cells : Cells
        The groups.
    propensity : float
        Probability of treatment of the patient.
    question : SelectionQuestion
        Names of the options.

    Returns
    -------
    list of str
        Sentences; empty if there is nothing to say.
    """
    labels = (question.comparator_label, question.treated_label)
    reasons: list[str] = []
    far = [bool(d.min() > limit) for d, limit in zip(
        cells.distances(x[None, :])[:, 0], cells.farthest, strict=True
    )]  # fmt: skip
    if all(far):
        reasons.append(
            "Taken together, the patient's values are further from those of the patients of the "
            "data than 99 in 100 of these are from each other."
        )
    elif any(far):
        reasons.append(
            f"No patients like this one had {labels[far.index(True)]}: the patient is further "
            "from those who had it than 99 in 100 of them are from each other."
        )
    by_option = cells.count[:, place].sum(axis=1)
    for count, label in zip(by_option.tolist(), labels, strict=True):
        if count < LEAST_PROPENSITY * by_option.sum():
            reasons.append(
                f"Only {count} of {plural(int(by_option.sum()), 'similar patient')} had {label}."
            )
    for share, label in zip((1.0 - propensity, propensity), labels, strict=True):
        if share < LEAST_PROPENSITY:
            reasons.append(
                f"Of 100 patients with these values fewer than {100 * LEAST_PROPENSITY:.0f} are "
                f"expected to have {label}."
            )
    return reasons

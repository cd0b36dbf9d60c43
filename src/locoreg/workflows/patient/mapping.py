"""From a patient's answers to the covariates of a model, or to what must be asked in addition.

A covariate is derived only where its name is that of a shipped registry variable and its levels are
those that this derivation gives; any other is asked with the model's own levels or range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from locoreg.selection.model import SelectionModel
from locoreg.workflows.patient.profile import BRAIN, EXTRA, ORGANS, VISCERAL, Profile

Value = float | str | None
LESIONS = ((1, "1"), (3, "2-3"), (5, "4-5"))
MANY = ">5"
YES_NO = ("no", "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """How a registry variable follows from the answers.

    Attributes
    ----------
    words : str
        From which answer.
    levels : tuple of str
        What it can be; empty for a number.
    make : callable
        From a profile to a level, a number, or None where it is not known.
    """

    words: str
    levels: tuple[str, ...]
    make: Callable[[Profile], Value]


def _yes(value: bool | None) -> str | None:
    return None if value is None else YES_NO[value]


def _lesion_class(p: Profile) -> str | None:
    if p.metastases is None:
        return None
    return next((word for most, word in LESIONS if p.metastases <= most), MANY)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _organs(p: Profile) -> float | None:
    return float(len(p.sites)) if p.sites and "other" not in p.sites else None


def _organ(name: str) -> Callable[[Profile], Value]:
    return lambda p: _yes(p.has((name,)))


DERIVED: dict[str, Derived] = {
    "age": Derived(words="age", levels=(), make=lambda p: p.age),
    "sex": Derived(words="sex", levels=("female", "male"), make=lambda p: p.sex),
    "menopausal_status": Derived(
        words="menopausal status", levels=("pre", "peri", "post"), make=lambda p: p.menopausal
    ),
    "ecog": Derived(words="ECOG", levels=("0", "1", "2", "3", "4"), make=lambda p: _text(p.ecog)),
    "subtype_primary": Derived(
        words="receptor subtype of the primary",
        levels=("HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "triple_negative"),
        make=lambda p: p.subtype,
    ),
    "de_novo": Derived(
        words="metastases at the first diagnosis or later",
        levels=YES_NO,
        make=lambda p: None if p.disease is None else YES_NO[p.disease == "de novo"],
    ),
    "n_comorbidities": Derived(
        words="number of other illnesses", levels=(), make=lambda p: p.comorbidities
    ),
    "n_lesions": Derived(words="number of metastases", levels=(), make=lambda p: p.metastases),
    "lesion_class": Derived(
        words="number of metastases", levels=("1", "2-3", "4-5", ">5"), make=_lesion_class
    ),
    "n_organs": Derived(words="sites of metastases", levels=(), make=_organs),
    "visceral": Derived(
        words="sites of metastases", levels=YES_NO, make=lambda p: _yes(p.has(VISCERAL))
    ),
    "brain": Derived(words="sites of metastases", levels=YES_NO, make=lambda p: _yes(p.has(BRAIN))),
    "bone_only": Derived(
        words="sites of metastases", levels=YES_NO, make=lambda p: _yes(p.bone_only)
    ),
    **{
        f"organ_{name}": Derived(words="sites of metastases", levels=YES_NO, make=_organ(name))
        for name in ORGANS
    },
    "response": Derived(
        words="response to systemic therapy",
        levels=("CR", "PR", "SD", "PD"),
        # Before it starts no response was assessed.
        make=lambda p: None if p.response == "not started" else p.response,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One covariate of a model that the form must ask for in addition.

    Attributes
    ----------
    name : str
        The covariate.
    field : str
        Name of the form's field.
    kind : {"number", "category"}
        What is answered.
    levels : tuple of str
        Choices of a category.
    low, high : float or None
        Range of the model's data.
    """

    name: str
    field: str
    kind: Literal["number", "category"]
    levels: tuple[str, ...]
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariateMapping:
    """How a model's covariates are had.

    Attributes
    ----------
    derived : tuple of (str, str)
        Covariates that follow from the form, and from which answer.
    asked : tuple of Asked
        The others.
    """

    derived: tuple[tuple[str, str], ...]
    asked: tuple[Asked, ...]


def map_model(model: SelectionModel) -> CovariateMapping:
    """Return which covariates of a model follow from the form, and which must be asked.

    Parameters
    ----------
    model : SelectionModel
        The model.

    Returns
    -------
    CovariateMapping
        Both.
    """
    derived: list[tuple[str, str]] = []
    asked: list[Asked] = []
    for name in model.coding.variables:
        levels = model.coding.levels.get(name)
        rule = DERIVED.get(name)
        if rule is not None and _same(rule, levels):
            derived.append((name, rule.words))
            continue
        low, high = model.values.ranges.get(name, (None, None))
        asked.append(
            Asked(
                name=name,
                field=EXTRA + name,
                kind="number" if levels is None else "category",
                levels=levels or (),
                low=low,
                high=high,
            )
        )
    return CovariateMapping(derived=tuple(derived), asked=tuple(asked))


def _same(rule: Derived, levels: tuple[str, ...] | None) -> bool:
    """Return whether a model codes a variable as the derivation does."""
    if levels is None:
        return not rule.levels
    mine = set(rule.levels)
    return bool(mine) and (mine <= set(levels) or set(levels) <= mine)


def covariates(
    model: SelectionModel, profile: Profile, extra: Mapping[str, Any]
) -> tuple[dict[str, Value], tuple[tuple[str, str], ...]]:
    """Return a patient's covariates for a model.

    Parameters
    ----------
    model : SelectionModel
        The model.
    profile : Profile
        The answers of the form.
    extra : mapping of str to str, float, bool or None
        Answers to what the model asks in addition, by covariate.

    Returns
    -------
    values : dict of str to float, str or None
        Each covariate of the model.
    faults : tuple of (str, str)
        Field and what is wrong with it.
    """
    found = map_model(model)
    values: dict[str, Value] = {name: DERIVED[name].make(profile) for name, _ in found.derived}
    faults: list[tuple[str, str]] = []
    for one in found.asked:
        try:
            values[one.name] = _answer(one, extra.get(one.name))
        except ValueError as error:
            faults.append((one.field, str(error)))
    known = {one.name for one in found.asked}
    faults += [
        (EXTRA + name, "is not asked by this model")
        for name, value in extra.items()
        if name not in known and value is not None
    ]
    return values, tuple(faults)


def _answer(asked: Asked, given: Any) -> Value:
    if given is None:
        return None
    if asked.kind == "category":
        text = YES_NO[given] if isinstance(given, bool) else str(given)
        if text not in asked.levels:
            raise ValueError("choose one of the list")
        return text
    if isinstance(given, bool):
        raise ValueError("give a number, or leave it empty")
    try:
        number = float(given)
    except ValueError as error:
        raise ValueError("give a number, or leave it empty") from error
    if not abs(number) < float("inf"):
        raise ValueError("give a finite number, or leave it empty")
    return number

"""The kinds of figure that a result of selection has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.figures.selection.benefit import benefit_figure
from locoreg.figures.selection.calibration import calibration_figure
from locoreg.figures.selection.groups import gate_figure, leaf_figure, subgroup_figure
from locoreg.figures.selection.sensitivity import sensitivity_figure, strength_figure
from locoreg.figures.selection.support import support_figure
from locoreg.figures.selection.targeting import toc_figure
from locoreg.figures.selection.tree import tree_figure
from locoreg.figures.selection.value import value_figure
from locoreg.figures.selection.words import Setting, setting_of

if TYPE_CHECKING:
    from locoreg.selection.assess.robustness import MarginalSensitivity, OmittedBias
    from locoreg.workflows.selection.result import SelectionResult

MODULES = ("locoreg.selection.", "locoreg.workflows.selection.")


def _toc(result: SelectionResult) -> Figure:
    found = result.assessment
    return toc_figure(found.curve, area=found.autoc, setting=setting_of(result))


def _calibration(result: SelectionResult) -> Figure:
    return calibration_figure(result.assessment.calibration, setting=setting_of(result))


def _groups(result: SelectionResult) -> Figure:
    found = result.assessment
    return gate_figure(found.calibration.groups, average=found.average, setting=setting_of(result))


def _benefit(result: SelectionResult) -> Figure:
    found = result.assessment
    return benefit_figure(
        found.calibration.predicted, cost=found.value.cost, unit=found.unit,
        average=found.average, setting=setting_of(result),
    )  # fmt: skip


def _value(result: SelectionResult) -> Figure:
    found = result.assessment
    return value_figure(found.values, average=found.average, setting=setting_of(result))


def _subgroups(result: SelectionResult) -> Figure:
    assert result.subgroups is not None
    return subgroup_figure(result.subgroups, average=result.average, setting=setting_of(result))


def _rule(result: SelectionResult) -> Figure:
    return tree_figure(result.rule, setting=setting_of(result))


def _leaves(result: SelectionResult) -> Figure:
    return leaf_figure(result.rule.leaves, average=result.average, setting=setting_of(result))


def _sides(result: SelectionResult) -> Figure:
    assert result.worth.sides is not None
    return gate_figure(result.worth.sides, average=result.average, setting=setting_of(result))


def _support(result: SelectionResult) -> Figure:
    return support_figure(result.model, setting=setting_of(result))


def _sensitivity(result: SelectionResult) -> Figure:
    return marginal_of(result, result.doubts.marginal[0])


def _strength(result: SelectionResult) -> Figure:
    return strength_of(result, result.doubts.omitted[0])


def marginal_of(result: SelectionResult, found: MarginalSensitivity) -> Figure:
    """Return the bounds of one group of a result."""
    return sensitivity_figure(found, unit=result.question.unit, setting=setting_of(result))


def strength_of(result: SelectionResult, found: OmittedBias) -> Figure:
    """Return the strengths of one group of a result."""
    return strength_figure(found, setting=setting_of(result))


_FIGURES: dict[str, Callable[[SelectionResult], Figure]] = {
    "toc": _toc,
    "calibration": _calibration,
    "groups": _groups,
    "benefit": _benefit,
    "subgroups": _subgroups,
    "rule": _rule,
    "leaves": _leaves,
    "sides": _sides,
    "value": _value,
    "support": _support,
    "sensitivity": _sensitivity,
    "strength": _strength,
}
SELECTION_KINDS: tuple[str, ...] = tuple(_FIGURES)


def selection_figure(result: SelectionResult, *, kind: str) -> Figure:
    """Draw a result of selection.

    Parameters
    ----------
    result : SelectionResult
        What ``locoreg.select`` returned.
    kind : str
        One of `selection_kinds_of`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; what failed stands in it.

    Raises
    ------
    DesignError
        If there is no such kind, or the result holds nothing to draw of it. A rule is drawn only
        where one is shown.
    """
    if kind not in _FIGURES:
        raise DesignError(
            f"a selection has no figure of kind {kind!r}.", hint=did_you_mean(kind, SELECTION_KINDS)
        )
    if kind not in selection_kinds_of(result):
        why = result.rule_reading if kind in ("rule", "leaves") else "there is nothing to draw."
        raise DesignError(
            f"this selection has no figure of kind {kind!r}: {why}",
            hint=f"draw one of {', '.join(selection_kinds_of(result))}.",
        )
    return _FIGURES[kind](result)


def selection_kinds_of(result: SelectionResult) -> tuple[str, ...]:
    """Return the kinds of figure for which a result holds something to draw.

    Parameters
    ----------
    result : SelectionResult
        The result.

    Returns
    -------
    tuple of str
        In the order of a report.
    """
    groups = result.assessment.calibration.groups.groups
    has = {
        "calibration": any(group.predicted is not None for group in groups),
        "subgroups": result.subgroups is not None and bool(result.subgroups.groups.groups),
        "rule": result.shows_rule,
        "leaves": result.shows_rule,
        "sides": result.shows_rule and result.worth.sides is not None,
        "sensitivity": bool(result.doubts.marginal),
        "strength": bool(result.doubts.omitted),
    }
    return tuple(kind for kind in SELECTION_KINDS if has.get(kind, True))


# By the name of the type: importing the types would bring the learners' libraries with them.
_BY_TYPE: dict[str, Callable[..., Figure]] = {
    "SelectionResult": selection_figure,
    "TargetingCurve": toc_figure,
    "Calibration": calibration_figure,
    "GroupEffects": gate_figure,
    "SubgroupEffects": subgroup_figure,
    "HonestRule": tree_figure,
    "LeafTable": leaf_figure,
    "ValueCurve": value_figure,
    "SelectionModel": support_figure,
    "MarginalSensitivity": sensitivity_figure,
    "OmittedBias": strength_figure,
}


def draws(result: object) -> bool:
    """Return whether something is of selection and has a figure."""
    kind = type(result)
    return kind.__module__.startswith(MODULES) and kind.__name__ in _BY_TYPE


def drawn(result: object, *, kind: str | None, setting: Setting | None) -> Figure:
    """Draw something of selection.

    Parameters
    ----------
    result : object
        One for which `draws` holds.
    kind : str or None
        Of a SelectionResult, which of its figures.
    setting : Setting or None
        Of its parts: question, patients and warnings.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    DesignError
        If a SelectionResult has no kind, or a part has one.
    """
    name = type(result).__name__
    whole = name == "SelectionResult"
    if whole == (kind is None):
        words = "a selection has several figures" if whole else f"a {name} has one figure"
        raise DesignError(
            f"{words}.", hint=f"kind is one of {', '.join(SELECTION_KINDS)}, of a whole selection."
        )
    draw = _BY_TYPE[name]
    return draw(result, kind=kind) if whole else draw(result, setting=setting or Setting())

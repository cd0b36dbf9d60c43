"""Learners and models by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.selection.learners.base import EffectModel, Learner
from locoreg.selection.learners.calibration import CalibratedEffect
from locoreg.selection.learners.members import (
    LEARNERS,
    check_options,
    make_member,
    restore_member,
)
from locoreg.selection.learners.stack import StackEffect, StackLearner

# The learner of an analysis that names none.
DEFAULT_LEARNER = StackLearner.name


def learner_names() -> tuple[str, ...]:
    """Return the names of all learners, the default first."""
    return (StackLearner.name, *LEARNERS)


def make_learner(name: str, options: Mapping[str, Any]) -> Learner:
    """Return a learner by name and options.

    Parameters
    ----------
    name : str
        One of `learner_names`.
    options : mapping
        Options by name. The ``members`` of a stack are names, or mappings of ``name`` and options.

    Returns
    -------
    Learner
        The learner.

    Raises
    ------
    DesignError
        If there is no such learner or option.

    Examples
    --------
    >>> from locoreg.selection.learners import make_learner
    >>> make_learner("spline", {"df": 3}).to_dict()["df"]
    3
    """
    if name not in learner_names():
        raise DesignError(
            f"there is no learner {name!r}.", hint=did_you_mean(name, learner_names())
        )
    if name != StackLearner.name:
        return make_member(name, options)
    check_options(StackLearner, name, options)
    if "members" not in options:
        return StackLearner()
    return StackLearner(members=tuple(_member(one) for one in options["members"]))


def _member(given: Any) -> Learner:
    if isinstance(given, str):
        return make_member(given, {})
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        raise DesignError(
            f"a member of the stack is {given!r}.", hint="give a name, or name and options."
        )
    return make_member(given["name"], {k: v for k, v in given.items() if k != "name"})


def restore_model(
    kind: str, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> EffectModel:
    """Return the model of its kind, settings and arrays.

    Parameters
    ----------
    kind : str
        Kind of the model.
    settings, arrays : mapping
        As the model gave them.

    Returns
    -------
    EffectModel
        The same model.

    Raises
    ------
    DataError
        If there is no such kind, or they don't fit together.
    """
    if kind == StackEffect.kind:
        return StackEffect.restore(settings, arrays)
    if kind == CalibratedEffect.kind:
        return CalibratedEffect.restore(settings, arrays)
    return restore_member(kind, settings, arrays)

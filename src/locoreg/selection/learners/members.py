"""Learners that a stack can hold, and their models, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from numpy.typing import NDArray

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.selection.learners.base import EffectModel, Learner
from locoreg.selection.learners.constant import ConstantEffect, ConstantLearner
from locoreg.selection.learners.forest import ForestEffect, ForestLearner
from locoreg.selection.learners.plugin import (
    SurvivalSEffect,
    SurvivalSLearner,
    SurvivalTEffect,
    SurvivalTLearner,
)
from locoreg.selection.learners.risk import RiskEffect, RiskLearner
from locoreg.selection.learners.spline import SplineEffect, SplineLearner
from locoreg.stats.forest import ForestOptions

LEARNERS: dict[str, type[Any]] = {
    one.name: one
    for one in (
        ForestLearner,
        SplineLearner,
        SurvivalSLearner,
        SurvivalTLearner,
        RiskLearner,
        ConstantLearner,
    )
}
MODELS: dict[str, type[EffectModel]] = {
    one.kind: one
    for one in (
        ForestEffect,
        SplineEffect,
        SurvivalSEffect,
        SurvivalTEffect,
        RiskEffect,
        ConstantEffect,
    )
}


def make_member(name: str, options: Mapping[str, Any]) -> Learner:
    """Return a learner that is no stack, by name and options.

    Parameters
    ----------
    name : str
        A key of LEARNERS.
    options : mapping
        Options by name; those of the forest as a mapping under ``forest``.

    Returns
    -------
    Learner
        The learner.

    Raises
    ------
    DesignError
        If there is no such learner or option.
    """
    if name not in LEARNERS:
        raise DesignError(f"there is no learner {name!r}.", hint=did_you_mean(name, LEARNERS))
    given = dict(options)
    check_options(LEARNERS[name], name, given)
    if name == ForestLearner.name and isinstance(given.get("forest"), Mapping):
        inner = dict(given["forest"])
        check_options(ForestOptions, "forest", inner)
        given["forest"] = ForestOptions(**inner)
    made: Learner = LEARNERS[name](**given)
    return made


def check_options(target: type[Any], name: str, given: Mapping[str, Any]) -> None:
    """Raise DesignError for an option that a learner does not have."""
    known = [one.name for one in fields(target)]
    for key in given:
        if key not in known:
            allowed = f"it has {', '.join(known)}." if known else "it has none."
            raise DesignError(
                f"the learner {name!r} has no option {key!r}.",
                hint=did_you_mean(key, known) or allowed,
            )


def restore_member(
    kind: str, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> EffectModel:
    """Return a model that is no stack.

    Parameters
    ----------
    kind : str
        A key of MODELS.
    settings, arrays : mapping
        As the model gave them.

    Returns
    -------
    EffectModel
        The same model.

    Raises
    ------
    DataError
        If there is no such kind.
    """
    if kind not in MODELS:
        raise DataError(
            f"a model of the kind {kind!r} is not known.",
            hint=did_you_mean(kind, MODELS) or "take the version of locoreg that wrote it.",
        )
    return MODELS[kind].restore(settings, arrays)

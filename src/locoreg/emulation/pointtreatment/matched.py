"""Matching on the logit of the propensity score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DataError
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.pointtreatment.schemes import MatchedScheme
from locoreg.emulation.pointtreatment.score import ScoreModel
from locoreg.stats.matching import match
from locoreg.stats.matching.nearest import Order
from locoreg.stats.survivaldata import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions:
    """How persons are matched.

    Attributes
    ----------
    caliper : float or None
        Largest difference of the logit of the score, in its standard deviations.
    ratio : int
        Comparators per treated person.
    replace : bool
        Whether a comparator can serve several treated persons.
    order : {"largest", "smallest", "data", "random"} or None
        Who chooses first; None: the largest score.
    seed : int or None
        Needed with order ``random``.
    exact : tuple of str
        Variables that must agree within pairs.
    """

    caliper: float | None = None
    ratio: int = 1
    replace: bool = False
    order: Order | None = None
    seed: int | None = None
    exact: tuple[str, ...] = ()


def matched_scheme(
    model: ScoreModel, columns: tuple[Column, ...], options: MatchOptions
) -> MatchedScheme:
    """Match comparators to the treated by the logit of the score.

    Parameters
    ----------
    model : ScoreModel
        Of the score.
    columns : tuple of Column
        Variables of the persons, of which `exact` names some.
    options : MatchOptions
        How.

    Returns
    -------
    MatchedScheme
        Weights and sets.
    """
    fit = model.fit()
    held = {column.name: column for column in columns}
    missing = [name for name in options.exact if name not in held]
    if missing:
        raise DataError(
            f"{missing[0]!r} is to agree within pairs, but is no confounder.",
            hint="confounders are " + ", ".join(held) + ".",
        )
    found = match(
        model.treated,
        method="nearest",
        estimand="att",
        distance=fit.linear_predictor,
        exact={name: held[name].values for name in options.exact} or None,
        caliper=options.caliper,
        caliper_unit=None if options.caliper is None else "sd",
        ratio=options.ratio,
        replace=options.replace,
        order=options.order,
        seed=options.seed,
    )
    pair: IntArray | None = None if options.replace else np.asarray(found.subclass)
    return MatchedScheme(weight=found.weights, pair=pair, score=fit.fitted)

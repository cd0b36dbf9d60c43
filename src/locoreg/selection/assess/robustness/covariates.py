"""How strong measured covariates are, as a yardstick for hidden ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.estimate import Estimate
from locoreg.selection.assess.robustness.biasparts import BiasParts, bias_parts
from locoreg.selection.assess.robustness.omitted import Strength
from locoreg.selection.assess.robustness.whom import Whom, amount, whom
from locoreg.selection.data import SelectionData
from locoreg.selection.scores import Scores, scores
from locoreg.stats.survivaldata import FloatArray

# Quantile of the persons whose odds change most: the largest change is that of one odd person.
ODDS_QUANTILE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariateStrength:
    """What a measured covariate tells beyond the others.

    Attributes
    ----------
    name : str
        The covariate.
    label : str
        Whose effect.
    strength : Strength
        That of a hidden variable which would explain as much. What comes out below 0, by chance,
        is 0.
    effect : Estimate
        The effect.
    without : Estimate
        The effect if the covariate were not adjusted for.
    change : float
        The effect without it, less that with it.
    odds_factor : float
        Factor by which the odds of treatment change, either way, where the covariate is left out,
        in 95% of the persons at most: to compare with factors of the marginal sensitivity model.
    reading : str
        One sentence.
    """

    name: str
    label: str
    strength: Strength
    effect: Estimate
    without: Estimate
    change: float
    odds_factor: float
    reading: str

    def to_dict(self) -> dict[str, Any]:
        """Return the strength as JSON-ready values."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "strength": self.strength.to_dict(),
            "effect": self.effect.to_dict(),
            "without": self.without.to_dict(),
        }


def covariate_strengths(
    made: Scores, names: Sequence[str], *, treat: ArrayLike | None = None
) -> tuple[CovariateStrength, ...]:
    """Measure how strong covariates are, by making the scores again without each of them.

    Parameters
    ----------
    made : Scores
        The scores with all covariates.
    names : sequence of str
        Covariates that are left out, one at a time.
    treat : array_like of bool or float, shape (n,), optional
        Whom a rule treats; everybody by default.

    Returns
    -------
    tuple of CovariateStrength
        In the order of `names`. With residual variance s and mean square v of the signed inverse
        probabilities, and s', v' without the covariate, the strength is (s' - s) / s in the outcome
        and 1 - v' / v in treatment.

    Raises
    ------
    DesignError
        If a name is no covariate, or there is no other.

    References
    ----------
    Chernozhukov et al. 2022, arXiv:2112.13398, section on benchmarking. Cinelli & Hazlett 2020,
    doi:10.1111/rssb.12348.
    """
    about = whom(made, treat)
    full = bias_parts(made, about)
    return tuple(_strength(made, name, about, full) for name in names)


def _strength(made: Scores, name: str, about: Whom, full: BiasParts) -> CovariateStrength:
    other = scores(without(made.data, name), made.question, made.options)
    less = bias_parts(other, about)
    s, v = full.residual_variance[0], full.weight_square[0]
    outcome = (less.residual_variance[0] - s) / s if s > 0.0 else 0.0
    strength = Strength(
        label=f"as strong as {name}",
        outcome=float(np.clip(outcome, 0.0, 0.999)),
        treatment=float(np.clip(1.0 - less.weight_square[0] / v, 0.0, 0.999)),
    )
    effect, moved = about.estimate(*full.effect), about.estimate(*less.effect)
    change = moved.estimate - effect.estimate
    factor = _odds_factor(made.propensity, other.propensity, about.weight)
    return CovariateStrength(
        name=name,
        label=about.label,
        strength=strength,
        effect=effect,
        without=moved,
        change=change,
        odds_factor=factor,
        reading=(
            f"Beyond the other covariates {name} explains {100.0 * strength.outcome:.1f}% of what "
            f"is left of the outcome and {100.0 * strength.treatment:.1f}% of treatment; without "
            f"it the effect would change by {amount(change, made.question)}, and the odds of "
            f"treatment by a factor of {factor:.2f} at most in 95% of persons."
        ),
    )


def without(data: SelectionData, name: str) -> SelectionData:
    """Return data without a covariate.

    Parameters
    ----------
    data : SelectionData
        The persons.
    name : str
        The covariate.

    Returns
    -------
    SelectionData
        The same persons. Where it was the only modifier, all others are.

    Raises
    ------
    DesignError
        If there is no such covariate, or no other.
    """
    names = [column.name for column in data.covariates]
    if name not in names:
        raise DesignError(f"there is no covariate {name!r}.", hint=did_you_mean(name, names))
    kept = tuple(column for column in data.covariates if column.name != name)
    if not kept:
        raise DesignError(
            f"{name} is the only covariate: without it there is nothing to adjust for.",
            hint="compare a hidden variable with one of several covariates.",
        )
    modifiers = tuple(one for one in data.modifiers if one != name)
    return replace(
        data,
        covariates=kept,
        modifiers=modifiers or tuple(column.name for column in kept),
        ordered=tuple(one for one in data.ordered if one != name),
    )


def _odds_factor(first: FloatArray, second: FloatArray, weight: FloatArray) -> float:
    ratio = np.abs(np.log(first / (1.0 - first)) - np.log(second / (1.0 - second)))
    order = np.argsort(ratio, kind="stable")
    place = np.searchsorted(np.cumsum(weight[order]), ODDS_QUANTILE - 1e-12)
    return float(np.exp(ratio[order][min(int(place), ratio.size - 1)]))

"""Effects by several learners, weighted by how well they predict held-out persons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.selection.learners.base import Arrays, EffectModel, Learner, LearnerFit
from locoreg.selection.learners.forest import ForestLearner
from locoreg.selection.learners.members import LEARNERS, restore_member
from locoreg.selection.learners.plugin import SurvivalSLearner, with_prefix
from locoreg.selection.learners.regression import constant_effect, effect_target
from locoreg.selection.learners.spline import SplineLearner
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray

# All subsets of the members are tried.
MOST_MEMBERS = 8
# Added to the diagonal, as a share of it: members that predict the same share their weight.
RIDGE = 1e-6
# Before the data speak the learners have this weight together, give or take so much each. It
# matters where the loss hardly tells learners apart: few persons, or little heterogeneity.
PRIOR_TOTAL, PRIOR_SD = 1.0, 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StackEffect:
    """A weighted mean of models and of the same effect for everybody.

    Attributes
    ----------
    members : tuple of EffectModel
        The models.
    shares : tuple of float
        Their weights, not negative, with a sum of 1 at most. The constant has the rest.
    constant : float
        The same effect for everybody.
    unit : str
        Unit of the effect.
    """

    kind: ClassVar[str] = "stack"
    members: tuple[EffectModel, ...]
    shares: tuple[float, ...]
    constant: float
    unit: str

    def predict(self, X: FloatArray) -> FloatArray:
        """Return effects, shape (m,), of rows with the columns of the scores' coding, (m, p)."""
        out = np.full(X.shape[0], (1.0 - sum(self.shares)) * self.constant)
        for share, member in zip(self.shares, self.members, strict=True):
            if share > 0.0:
                out += share * member.predict(X)
        return out

    def summary(self) -> tuple[str, ...]:
        """Return the weights, then what each model with a weight says."""
        parts = [
            f"{100.0 * share:.0f}% {member.kind}"
            for share, member in zip(self.shares, self.members, strict=True)
        ]
        rest = 100.0 * (1.0 - sum(self.shares))
        lines = [
            "weights by held-out loss: "
            + ", ".join([*parts, f"{rest:.0f}% constant ({self.constant:+.3g} {self.unit})"])
        ]
        for share, member in zip(self.shares, self.members, strict=True):
            if share > 0.0:
                lines += [f"{member.kind}: {line}" for line in member.summary()]
        return tuple(lines)

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {
            "members": [{"kind": one.kind, "settings": one.settings()} for one in self.members],
            "shares": list(self.shares),
            "constant": self.constant,
            "unit": self.unit,
        }

    def arrays(self) -> Arrays:
        """Return the arrays of the members by name."""
        return {
            f"{place}_{name}": values
            for place, member in enumerate(self.members)
            for name, values in member.arrays().items()
        }

    @classmethod
    def restore(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> StackEffect:
        """Return the model of settings and arrays."""
        members = tuple(
            restore_member(one["kind"], one["settings"], with_prefix(arrays, f"{place}_"))
            for place, one in enumerate(settings["members"])
        )
        shares = tuple(float(share) for share in settings["shares"])
        if len(shares) != len(members):
            raise DataError(
                "the stack has not as many shares as members.", hint="take the file anew."
            )
        return cls(
            members=members,
            shares=shares,
            constant=float(settings["constant"]),
            unit=str(settings["unit"]),
        )


def _default_members() -> tuple[Learner, ...]:
    return (ForestLearner(), SplineLearner(), SurvivalSLearner())


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLearner:
    """Several learners, weighted by the R-loss of their held-out effects.

    Weights are not negative and sum to 1 at most; the rest is the weight of the constant effect,
    so that effects shrink to it where no learner predicts.

    Attributes
    ----------
    members : tuple of Learner
        The learners; by default forest, spline and the plug-in of the hazards.
    """

    name: ClassVar[str] = "stack"
    members: tuple[Learner, ...] = field(default_factory=_default_members)

    def __post_init__(self) -> None:
        names = [member.name for member in self.members]
        if not 1 <= len(names) <= MOST_MEMBERS:
            raise DesignError(
                f"the stack has {len(names)} learners.", hint=f"give 1 to {MOST_MEMBERS}."
            )
        for name in names:
            if name not in LEARNERS:
                raise DesignError(
                    f"a stack can't hold the learner {name!r}.",
                    hint=f"it holds {', '.join(LEARNERS)}.",
                )

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        """Fit all learners to scores, and their weights.

        Parameters
        ----------
        scores : Scores
            The scores.
        seed : int
            Seed of the learners.

        Returns
        -------
        LearnerFit
            The stack. Held-out effects are those of the members; the few weights come from all
            persons.
        """
        return self.combine(scores, [member.fit(scores, seed=seed) for member in self.members])

    def combine(self, scores: Scores, fits: list[LearnerFit]) -> LearnerFit:
        """Weight learners that were fitted before.

        Parameters
        ----------
        scores : Scores
            What they were fitted to.
        fits : list of LearnerFit
            One per member.

        Returns
        -------
        LearnerFit
            The stack.
        """
        constant = constant_effect(scores)
        held_out = np.column_stack([one.held_out for one in fits])
        target, weight = effect_target(scores)
        shares = stack_shares(
            held_out - constant, target - constant, weight,
            prior=PRIOR_TOTAL / len(fits), prior_sd=PRIOR_SD,
        )  # fmt: skip
        model = StackEffect(
            members=tuple(one.model for one in fits),
            shares=tuple(shares.tolist()),
            constant=constant,
            unit=scores.question.unit,
        )
        return LearnerFit(model=model, held_out=constant + (held_out - constant) @ shares)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {"name": self.name, "members": [member.to_dict() for member in self.members]}


def stack_shares(
    columns: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    *,
    prior: float,
    prior_sd: float,
) -> FloatArray:
    """Return weights of predictions that minimise a weighted squared error with a normal prior.

    Parameters
    ----------
    columns : ndarray of float, shape (n, k)
        Predictions.
    target, weight : ndarray of float, shape (n,)
        What they predict, and weights; their scale changes nothing.
    prior, prior_sd : float
        Mean and standard deviation of each weight before the data; infinite for no prior.

    Returns
    -------
    ndarray of float, shape (k,)
        Not negative, with a sum of 1 at most. The minimum is exact: the conditions of the minimum
        are solved for each subset of predictions. Predictions that are all 0 have no weight.
    """
    scaled = columns * weight[:, None]
    gram, cross = columns.T @ scaled, scaled.T @ target
    usable = np.flatnonzero(np.diagonal(gram) > 0.0).tolist()
    strength = float(weight @ target**2) / target.size / prior_sd**2
    gram = gram + np.diag(RIDGE * np.diagonal(gram) + strength)
    cross = cross + strength * prior
    best, shares = 0.0, np.zeros(cross.size)
    for size in range(1, len(usable) + 1):
        for some in combinations(usable, size):
            places = list(some)
            own = gram[np.ix_(places, places)]
            found = np.linalg.solve(own, cross[places])
            if found.sum() > 1.0:
                along = np.linalg.solve(own, np.ones(size))
                found = found - along * (found.sum() - 1.0) / along.sum()
            loss = float(found @ own @ found - 2.0 * found @ cross[places])
            if (found >= 0.0).all() and loss < best:
                best, shares = loss, np.zeros(cross.size)
                shares[places] = found
    return shares

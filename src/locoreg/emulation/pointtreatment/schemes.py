"""Ways to weigh the persons of two groups: by the score, by balancing, by matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from locoreg.core.errors import ConvergenceError, DesignError
from locoreg.emulation.pointtreatment.entropybalancing import entropy_balance
from locoreg.emulation.pointtreatment.score import ScoreModel
from locoreg.emulation.pointtreatment.tilts import Target, tilt_slopes, tilt_weights
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighed:
    """Weights of the persons in groups, and how they hang on estimated parameters.

    Attributes
    ----------
    weight : ndarray of float, shape (m,)
        Weights; 0 for persons left out.
    slopes : ndarray of float, shape (m, q), or None
        Derivatives of the log weights by the parameters. None where there is no formula.
    influence : ndarray of float, shape (m, q), or None
        Each person's influence on the parameters.
    pair : ndarray of int, shape (m,), or None
        Number of the matched set of each person, -1 for none; None where persons are independent.
    score : ndarray of float, shape (m,), or None
        Propensity scores.
    """

    weight: FloatArray
    slopes: FloatArray | None
    influence: FloatArray | None
    pair: IntArray | None = None
    score: FloatArray | None = None


class Scheme(Protocol):
    """A way to weigh; it can be pickled."""

    def weigh(self) -> Weighed:
        """Return the weights with every person counted once."""
        ...

    def many(self, weights: FloatArray) -> FloatArray:
        """Return the weights under many weightings of the persons, shape (b, m).

        Persons' own weights are not multiplied in; NaN where there is no fit.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreScheme:
    """Weights from the propensity score.

    Attributes
    ----------
    model : ScoreModel
        Of the score.
    target : {"ate", "att", "ato"}
        Target population.
    stabilised : bool
        With ``ate``, whether weights are multiplied by the share of the person's group.
    truncate : float or None
        Percentile at which weights are cut above, and 100 less it, below.
    trim : float or None
        Persons whose score is below it or above 1 less it are left out, and the score is
        estimated anew.
    """

    model: ScoreModel
    target: Target
    stabilised: bool
    truncate: float | None
    trim: float | None

    def weigh(self) -> Weighed:
        """Return the weights with every person counted once."""
        fit = self.model.fit()
        kept = np.ones(fit.fitted.size)
        if self.trim is not None:
            kept = self._kept(fit.fitted)
            self._refuse_nobody(kept)
            fit = self.model.fit(kept)
        treated = self.model.treated
        weight = self._finish(fit.fitted[None, :], kept[None, :])[0]
        if self.truncate is not None or self.trim is not None:
            # Quantiles and cuts are no smooth functions of the data.
            return Weighed(weight=weight, slopes=None, influence=None, score=fit.fitted)
        slopes = tilt_slopes(fit.fitted, treated, target=self.target)[:, None] * self.model.X
        influence = fit.influence()
        if self._share():
            share = float(treated.mean())
            slopes = np.column_stack([slopes, np.where(treated, 1.0 / share, -1.0 / (1.0 - share))])
            influence = np.column_stack([influence, (treated - share) / treated.size])
        return Weighed(weight=weight, slopes=slopes, influence=influence, score=fit.fitted)

    def many(self, weights: FloatArray) -> FloatArray:
        """Return the weights under many weightings of the persons."""
        score = self.model.scores(weights)
        kept = np.ones_like(score)
        if self.trim is not None:
            kept = self._kept(score)
            chosen = weights * kept
            usable = chosen.any(axis=1)
            score = np.full_like(score, np.nan)
            if usable.any():
                score[usable] = self.model.scores(chosen[usable])
        return self._finish(score, kept, weights)

    def _share(self) -> bool:
        return self.stabilised and self.target == "ate"

    def _kept(self, score: FloatArray) -> FloatArray:
        assert self.trim is not None
        return ((score >= self.trim) & (score <= 1.0 - self.trim)).astype(np.float64)

    def _refuse_nobody(self, kept: FloatArray) -> None:
        for members, name in ((self.model.treated, "treated"), (~self.model.treated, "comparator")):
            if not kept[members].any():
                raise DesignError(
                    f"trimming at {self.trim:g} leaves nobody in the {name} group.",
                    hint="trim less, or take weighting overlap.",
                )

    def _finish(
        self, score: FloatArray, kept: FloatArray, persons: FloatArray | None = None
    ) -> FloatArray:
        treated = self.model.treated
        weight = tilt_weights(score, treated, target=self.target)
        counts = kept if persons is None else kept * persons
        if self._share():
            share = ((counts @ treated) / counts.sum(axis=1))[:, None]
            weight = weight * np.where(treated, share, 1.0 - share)
        if self.truncate is not None:
            for b in range(weight.shape[0]):
                used = counts[b] > 0
                cuts = [100.0 - self.truncate, self.truncate]
                low, high = np.percentile(weight[b, used], cuts)
                weight[b] = np.clip(weight[b], low, high)
        return np.where(kept > 0, weight, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BalancingScheme:
    """Entropy balancing: weights under which means of confounders are those of the target.

    Attributes
    ----------
    X : ndarray of float, shape (m, p)
        Confounders, without an intercept.
    names : tuple of str
        Their names.
    treated : ndarray of bool, shape (m,)
        Who is treated.
    target : {"ate", "att"}
        All persons, or the treated.
    stabilised : bool
        With ``ate``, whether weights of a group sum to its size and not to that of the target.
    """

    X: FloatArray
    names: tuple[str, ...]
    treated: BoolArray
    target: Target
    stabilised: bool

    def weigh(self) -> Weighed:
        """Return the weights with every person counted once."""
        m, p = self.X.shape
        ones = np.ones(m)
        target = self._target(ones)
        size = float(target.sum())
        aim = target @ self.X / size
        of_aim = target[:, None] * (self.X - aim) / size
        weight = np.zeros(m)
        slopes, influences = [], []
        for members in (~self.treated, self.treated):
            total = self._total(ones, members)
            if self.target == "att" and members is self.treated:
                weight[members] = 1.0
                continue
            tilt, _ = entropy_balance(self.X[members], ones[members], aim, self.names)
            own = np.zeros(m)
            own[members] = tilt * total / tilt.sum()
            weight += own
            centred = np.where(members[:, None], self.X - aim, 0.0)
            # Weights are exp(coefficients' x) over their sum, times the total: of the parameters
            # the coefficients move them by x less its mean, the log of the total by 1.
            bread = np.linalg.pinv((centred * own[:, None]).T @ centred)
            influences.append((total * of_aim - own[:, None] * centred) @ bread)
            slopes.append(centred)
            influences.append(((self._of_total(members) - own) / total)[:, None])
            slopes.append(members.astype(np.float64)[:, None])
        return Weighed(
            weight=weight,
            slopes=np.column_stack(slopes) if p else np.zeros((m, 1)),
            influence=np.column_stack(influences) if p else np.zeros((m, 1)),
        )

    def many(self, weights: FloatArray) -> FloatArray:
        """Return the weights under many weightings of the persons."""
        out = np.full_like(weights, np.nan)
        for b, persons in enumerate(weights):
            try:
                out[b] = self._one(persons)
            except ConvergenceError:
                # A sample in which the target can't be reached: the replicate has failed.
                continue
        return out

    def _one(self, persons: FloatArray) -> FloatArray:
        target = persons * self._target(persons)
        aim = target @ self.X / target.sum()
        out = np.ones(persons.size)
        for members in (~self.treated, self.treated):
            if self.target == "att" and members is self.treated:
                continue
            if not persons[members].any():
                raise ConvergenceError("nobody is left in a group.")
            tilt, _ = entropy_balance(self.X[members], persons[members], aim)
            out[members] = tilt * self._total(persons, members) / (tilt @ persons[members])
        return out

    def _target(self, persons: FloatArray) -> FloatArray:
        """Return who belongs to the target population."""
        if self.target == "att":
            return self.treated.astype(np.float64)
        return np.ones(persons.size)

    def _total(self, persons: FloatArray, members: BoolArray) -> float:
        """Return what the weights of a group sum to."""
        return float(persons @ self._of_total(members))

    def _of_total(self, members: BoolArray) -> FloatArray:
        """Return who counts in the sum of the weights of a group."""
        if self.target == "att":
            return self.treated.astype(np.float64)
        return members.astype(np.float64) if self.stabilised else np.ones(members.size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchedScheme:
    """Weights of a matching that was made once.

    Attributes
    ----------
    weight : ndarray of float, shape (m,)
        Matching weights; 0 for persons without a match.
    pair : ndarray of int, shape (m,), or None
        Number of the set of each person; None for matching with replacement.
    score : ndarray of float, shape (m,)
        Propensity scores.
    """

    weight: FloatArray
    pair: IntArray | None
    score: FloatArray

    def weigh(self) -> Weighed:
        """Return the weights with every person counted once."""
        nothing = np.zeros((self.weight.size, 0))
        return Weighed(
            weight=self.weight,
            slopes=nothing,
            influence=nothing,
            pair=self.pair,
            score=self.score,
        )

    def many(self, weights: FloatArray) -> FloatArray:
        """Return the weights; DesignError for any weighting but that of the sample itself."""
        if not (weights == 1.0).all():
            refuse_matching_bootstrap()
        return np.broadcast_to(self.weight, weights.shape)


def refuse_matching_bootstrap() -> None:
    """Raise DesignError: the bootstrap does not work for matching.

    References
    ----------
    .. [1] Abadie A, Imbens GW (2008). Econometrica 76:1537-1557. doi:10.3982/ECTA6474
    """
    raise DesignError(
        "the bootstrap is not valid for matching: copies of a person are matched to the same "
        "partners, and its variance is wrong however large the sample (Abadie and Imbens 2008).",
        hint='take interval "influence", which sums over matched sets, or another weighting.',
    )

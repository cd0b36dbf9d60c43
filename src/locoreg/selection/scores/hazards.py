"""Hazards of the event and of censoring given covariates and treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import special

from locoreg.selection.scores.basis import SplineBasis
from locoreg.selection.scores.boosting import HazardTable
from locoreg.selection.scores.grid import Grid
from locoreg.selection.scores.mixture import Losses, Mixture
from locoreg.selection.scores.ridge import MOST_PERSONS, HazardDesign, RiskRows, fit_hazard
from locoreg.selection.scores.trees import Trees
from locoreg.stats.survivaldata import FloatArray, IntArray

LEAST_HAZARD, MOST_PROBABILITY = 1e-9, 1.0 - 1e-6
# Persons whose predictions are made at once.
CHUNK = 20_000
# Held-out persons of a fold by whom mixtures are chosen: their mean loss is then known to 1%.
MOST_JUDGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardModel:
    """A fitted hazard.

    Attributes
    ----------
    grid : Grid
        Bins of time.
    basis : SplineBasis
        Columns of the smooth model.
    beta : ndarray of float
        Its coefficients: bins by arm, basis, treatment by basis, covariates by time.
    trees : Trees
        The boosted model of the logarithm (in months, the log-odds) of the hazard.
    share : float
        Share of the boosted model.
    """

    grid: Grid
    basis: SplineBasis
    beta: FloatArray
    trees: Trees
    share: float

    def hazard(self, X: FloatArray, treated: FloatArray) -> FloatArray:
        """Return the hazard in each bin.

        Parameters
        ----------
        X : ndarray of float, shape (m, p)
            Covariates.
        treated : ndarray of float, shape (m,)
            1 for treated, else 0.

        Returns
        -------
        ndarray of float, shape (m, b)
            Rates per month, or probabilities per month.
        """
        out = np.empty((X.shape[0], self.grid.bins))
        for begin in range(0, X.shape[0], CHUNK):
            part = slice(begin, begin + CHUNK)
            out[part] = self._link(X[part], treated[part])
        if self.grid.months:
            return np.asarray(np.clip(special.expit(out), LEAST_HAZARD, MOST_PROBABILITY))
        return np.asarray(np.maximum(np.exp(out), LEAST_HAZARD))

    def _link(self, X: FloatArray, treated: FloatArray) -> FloatArray:
        out = np.zeros((X.shape[0], self.grid.bins))
        if self.share > 0.0:
            out += self.share * self.trees.predict_bins(X, treated, self.grid.bins)
        if self.share < 1.0:
            smooth = hazard_design(self.basis, X, treated, self.grid).link(self.beta)
            out += (1.0 - self.share) * smooth
        return out

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {"grid": self.grid.to_dict(), "share": self.share}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the model by name."""
        return {"beta": self.beta, **self.basis.arrays(), **self.trees.arrays()}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model of settings and arrays."""
        return cls(
            grid=Grid.restore(settings["grid"]),
            basis=SplineBasis.restore(arrays),
            beta=np.asarray(arrays["beta"], dtype=np.float64),
            trees=Trees.restore(arrays),
            share=float(settings["share"]),
        )


def hazard_design(
    basis: SplineBasis, X: FloatArray, treated: FloatArray, grid: Grid
) -> HazardDesign:
    """Return the columns of the smooth hazard: treatment acts on each column of the basis."""
    B = basis.columns(X)
    return HazardDesign(
        Z=np.hstack([B, B * treated[:, None]]),
        V=np.ascontiguousarray(B[:, : basis.used.size]),
        arm=treated,
        clock=grid.clock,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardFit:
    """Candidates of a hazard, fitted to the same persons.

    Attributes
    ----------
    grid : Grid
        Bins of time.
    basis : SplineBasis
        Columns of the smooth model.
    betas : tuple of ndarray
        Its coefficients under each penalty.
    trees : Trees
        The boosted model with most trees.
    checkpoints : tuple of int
        Numbers of trees to choose from.
    """

    grid: Grid
    basis: SplineBasis
    betas: tuple[FloatArray, ...]
    trees: Trees
    checkpoints: tuple[int, ...]

    def choose(self, mixture: Mixture) -> HazardModel:
        """Return the model of a mixture."""
        return HazardModel(
            grid=self.grid,
            basis=self.basis,
            beta=self.betas[mixture.penalty],
            trees=self.trees.first(min(self.checkpoints[mixture.checkpoint], self.trees.n)),
            share=mixture.share,
        )

    def losses(
        self, X: FloatArray, treated: FloatArray, risk: RiskRows, weight: FloatArray
    ) -> Losses:
        """Return the deviances of mixtures among persons that were not fitted to.

        Parameters
        ----------
        X, treated, risk, weight
            The persons.

        Returns
        -------
        Losses
            Half deviances, up to a constant.
        """
        few = slice(0, MOST_JUDGES)
        X, treated, weight = X[few], treated[few], weight[few]
        exposure = risk.exposure[few] * weight[:, None]
        place = (np.arange(X.shape[0]), risk.place[few])
        counts = risk.happened[few] * weight
        months = self.grid.months

        def loss(eta: FloatArray) -> float:
            whole = np.logaddexp(0.0, eta) if months else np.exp(eta)
            return float((exposure * whole).sum() - counts @ eta[place])

        design = hazard_design(self.basis, X, treated, self.grid)
        return Losses.of(
            tuple(
                self.trees.first(min(count, self.trees.n)).predict_bins(X, treated, self.grid.bins)
                for count in self.checkpoints
            ),
            tuple(design.link(beta) for beta in self.betas),
            loss,
        )


def fit_hazards(
    table: HazardTable,
    X: FloatArray,
    treated: FloatArray,
    risk: RiskRows,
    weight: FloatArray,
    grid: Grid,
    persons: IntArray | None = None,
) -> HazardFit:
    """Fit the candidates of a hazard to some persons.

    Parameters
    ----------
    table : HazardTable
        The rows of all persons, binned.
    X, treated, risk, weight
        All persons.
    grid : Grid
        Bins of time.
    persons : ndarray of int, optional
        Who is fitted to, ascending; by default all.

    Returns
    -------
    HazardFit
        The candidates.
    """
    if persons is not None:
        X, treated, weight, risk = X[persons], treated[persons], weight[persons], risk.take(persons)
    trees = (
        table.fit(persons) if risk.happened.any() else Trees.constant(float(np.log(LEAST_HAZARD)))
    )
    few = np.arange(X.shape[0])[:: 1 + (X.shape[0] - 1) // MOST_PERSONS]
    X, treated, weight, risk = X[few], treated[few], weight[few], risk.take(few)
    basis = SplineBasis.of(X, weight, risk.happened)
    return HazardFit(
        grid=grid,
        basis=basis,
        betas=fit_hazard(hazard_design(basis, X, treated, grid), risk, weight, months=grid.months),
        trees=trees,
        checkpoints=table.size.checkpoints,
    )

"""Models of a number given covariates: the probability of treatment, and the mean outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import special

from locoreg.selection.scores.basis import SplineBasis
from locoreg.selection.scores.boosting import fit_plain, growth
from locoreg.selection.scores.hazards import MOST_JUDGES
from locoreg.selection.scores.mixture import Losses, Mixture
from locoreg.selection.scores.ridge import MOST_LINK, MOST_PERSONS, fit_linear, fit_logistic
from locoreg.selection.scores.trees import Trees
from locoreg.stats.survivaldata import FloatArray

Target = Literal["probability", "mean"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainModel:
    """A fitted probability or mean.

    Attributes
    ----------
    target : {"probability", "mean"}
        What is predicted.
    basis : SplineBasis
        Columns of the smooth model.
    intercept : float
        Its intercept.
    beta : ndarray of float
        Its coefficients.
    trees : Trees
        The boosted model.
    share : float
        Share of the boosted model, of log-odds or means.
    """

    target: Target
    basis: SplineBasis
    intercept: float
    beta: FloatArray
    trees: Trees
    share: float

    def predict(self, X: FloatArray) -> FloatArray:
        """Return the probability or mean of rows of covariates, shape (m,)."""
        smooth = self.intercept + self.basis.columns(X) @ self.beta
        link = self.share * self.trees.predict(X) + (1.0 - self.share) * smooth
        return np.asarray(special.expit(link)) if self.target == "probability" else link

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {"target": self.target, "intercept": self.intercept, "share": self.share}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the model by name."""
        return {"beta": self.beta, **self.basis.arrays(), **self.trees.arrays()}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model of settings and arrays."""
        return cls(
            target=settings["target"],
            basis=SplineBasis.restore(arrays),
            intercept=float(settings["intercept"]),
            beta=np.asarray(arrays["beta"], dtype=np.float64),
            trees=Trees.restore(arrays),
            share=float(settings["share"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlainFit:
    """Candidates of a probability or mean, fitted to the same persons.

    Attributes
    ----------
    target : {"probability", "mean"}
        What is predicted.
    basis : SplineBasis
        Columns of the smooth model.
    smooth : tuple of (float, ndarray)
        Intercept and coefficients under each penalty.
    trees : Trees
        The boosted model with most trees.
    checkpoints : tuple of int
        Numbers of trees to choose from.
    """

    target: Target
    basis: SplineBasis
    smooth: tuple[tuple[float, FloatArray], ...]
    trees: Trees
    checkpoints: tuple[int, ...]

    def choose(self, mixture: Mixture) -> PlainModel:
        """Return the model of a mixture."""
        intercept, beta = self.smooth[mixture.penalty]
        return PlainModel(
            target=self.target,
            basis=self.basis,
            intercept=intercept,
            beta=beta,
            trees=self.trees.first(min(self.checkpoints[mixture.checkpoint], self.trees.n)),
            share=mixture.share,
        )

    def losses(self, X: FloatArray, y: FloatArray, weight: FloatArray) -> Losses:
        """Return the losses of mixtures among persons that were not fitted to.

        Parameters
        ----------
        X, y, weight : ndarray of float
            The persons.

        Returns
        -------
        Losses
            Log-losses or squared errors.
        """
        X, y, weight = X[:MOST_JUDGES], y[:MOST_JUDGES], weight[:MOST_JUDGES]
        logistic = self.target == "probability"

        def loss(link: FloatArray) -> float:
            if logistic:
                held = np.clip(link, -MOST_LINK, MOST_LINK)
                return float(weight @ (np.logaddexp(0.0, held) - y * held))
            return float(weight @ (y - link) ** 2)

        B = self.basis.columns(X)
        return Losses.of(
            tuple(self.trees.first(min(k, self.trees.n)).predict(X) for k in self.checkpoints),
            tuple(intercept + B @ beta for intercept, beta in self.smooth),
            loss,
        )


def fit_number(
    target: Target, X: FloatArray, y: FloatArray, weight: FloatArray, *, seed: int
) -> PlainFit:
    """Fit the candidates of a probability or mean.

    Parameters
    ----------
    target : {"probability", "mean"}
        What is modelled.
    X, y, weight : ndarray of float
        Covariates, what is modelled, and weights of persons.
    seed : int
        Seed of LightGBM.

    Returns
    -------
    PlainFit
        The candidates.
    """
    few = slice(None, None, 1 + (y.size - 1) // MOST_PERSONS)
    basis = SplineBasis.of(X[few], weight[few], y[few])
    smooth_rows = basis.columns(X[few]), y[few], weight[few]
    if target == "probability":
        size = growth("choice", 2.0 * min(float(y.sum()), float((1.0 - y).sum())))
        smooth, objective = fit_logistic(*smooth_rows), "binary"
    else:
        size = growth("mean", float(y.size))
        smooth, objective = fit_linear(*smooth_rows), "regression"
    return PlainFit(
        target=target,
        basis=basis,
        smooth=smooth,
        trees=fit_plain(X, y, weight, objective=objective, size=size, seed=seed),
        checkpoints=size.checkpoints,
    )

"""Biomarkers measured in a part of the persons: who was measured, and how that is undone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from locoreg.core.errors import DesignError
from locoreg.emulation.effect import Diagnostic
from locoreg.selection.scores import Scores
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Inverse penalty of the logistic model, for standardised columns.
LOOSE = 1.0
# Measured or unmeasured persons in a training set, below which there is no model.
FEWEST = 10
WARN_PROBABILITY, WARN_SHARE = 0.05, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Who was measured.

    Attributes
    ----------
    n, measured : int
        Persons, and those with a panel.
    modelled : bool
        Whether the probability was estimated; False if it is 1 or was given.
    lowest, median : float
        Probabilities of the measured.
    at_bound : int
        Measured persons whose probability was raised to the bound.
    effective : float
        Measured persons of equal weight that would tell as much.
    total_weight : float
        Sum of the weights of the measured over that of all persons; about 1 if the model is right.
    """

    n: int
    measured: int
    modelled: bool
    lowest: float
    median: float
    at_bound: int
    effective: float
    total_weight: float

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return asdict(self)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return what a reader must know, with verdicts."""
        share = self.effective / max(self.measured, 1)
        return (
            Diagnostic(
                name="panel_measured",
                title="Persons measured",
                verdict="note",
                value=self.measured / self.n,
                threshold=None,
                message=f"{self.measured:,} of {self.n:,} persons have the panel.",
            ),
            Diagnostic(
                name="panel_probability",
                title="Probability of being measured",
                verdict="pass" if self.lowest >= WARN_PROBABILITY else "warn",
                value=self.lowest,
                threshold=WARN_PROBABILITY,
                message=f"the lowest probability of a measured person is {self.lowest:.3f}"
                + (f"; {self.at_bound:,} were raised to the bound." if self.at_bound else "."),
                advice=""
                if self.lowest >= WARN_PROBABILITY
                else "Few persons stand for many: ask who was measured, and why.",
            ),
            Diagnostic(
                name="panel_effective",
                title="Effective number of measured persons",
                verdict="pass" if share >= WARN_SHARE else "warn",
                value=share,
                threshold=WARN_SHARE,
                message=f"{self.measured:,} measured persons tell as much as {self.effective:,.0f} "
                f"of equal weight; their weights add up to {self.total_weight:.2f} of all.",
                advice=""
                if share >= WARN_SHARE
                else "Whether somebody was measured depends much on covariates or outcome.",
            ),
        )


def measured_probability(scores: Scores, measured: BoolArray, *, smallest: float) -> FloatArray:
    """Estimate the probability of being measured given covariates, treatment and outcome.

    A logistic model with a light ridge penalty, cross-fitted on the folds of the scores (which
    keep clusters whole). Its columns are the covariates, treatment, the log of follow-up, whether
    it ended with the event, and products of these three.

    Parameters
    ----------
    scores : Scores
        All persons.
    measured : ndarray of bool, shape (n,)
        Who was measured.
    smallest : float
        Probabilities are held at or above this.

    Returns
    -------
    ndarray of float, shape (n,)
        Probabilities.

    Raises
    ------
    DesignError
        If a training set has fewer than 10 measured or unmeasured persons.
    """
    design = _design(scores)
    out = np.empty(scores.n)
    for k in np.unique(scores.fold).tolist():
        train, held = scores.fold != k, scores.fold == k
        counts = int(measured[train].sum()), int((~measured[train]).sum())
        if min(counts) < FEWEST:
            raise DesignError(
                f"of {train.sum()} persons {counts[0]} were measured and {counts[1]} were not: too "
                "few to model who was.",
                hint="restrict the scores to the measured, or give probability.",
            )
        model = LogisticRegression(C=LOOSE, max_iter=1000)
        model.fit(design[train], measured[train], sample_weight=scores.weight[train])
        out[held] = model.predict_proba(design[held])[:, 1]
    return np.clip(out, smallest, 1.0)


def _design(scores: Scores) -> FloatArray:
    w, d = scores.treated, scores.data.event.astype(np.float64)
    months = np.log1p(scores.data.time)
    columns = np.column_stack([scores.X, w, d, months, w * d, w * months, d * months])
    sd = columns.std(axis=0)
    return np.asarray((columns - columns.mean(axis=0)) / np.where(sd > 0, sd, 1.0))


def two_phase(
    effect: FloatArray, gamma: FloatArray, measured: BoolArray, probability: FloatArray
) -> FloatArray:
    """Return scores of all persons from scores of the measured.

    ``effect + R / pi (gamma - effect)``: the mean is the average effect if the probability pi or
    the clinical effect is right (augmented inverse probability weighting; Robins, Rotnitzky and
    Zhao 1994, doi:10.1080/01621459.1994.10476818).

    Parameters
    ----------
    effect : ndarray of float, shape (n,)
        Effect given clinical covariates.
    gamma : ndarray of float, shape (m,)
        Scores of the measured, in the order of persons.
    measured : ndarray of bool, shape (n,)
        Who was measured, m of them.
    probability : ndarray of float, shape (n,)
        Probability of being measured.

    Returns
    -------
    ndarray of float, shape (n,)
        Scores.
    """
    out = effect.copy()
    out[measured] += (gamma - effect[measured]) / probability[measured]
    return np.asarray(out)


def describe_measurement(
    weight: FloatArray,
    measured: BoolArray,
    probability: FloatArray,
    smallest: float,
    modelled: bool,
) -> Measurement:
    """Return counts and the spread of the weights of the measured."""
    own = probability[measured]
    w = weight[measured] / own
    return Measurement(
        n=int(measured.size),
        measured=int(measured.sum()),
        modelled=modelled,
        lowest=float(own.min()),
        median=float(np.median(own)),
        at_bound=int((own <= smallest).sum()) if modelled else 0,
        effective=float(w.sum() ** 2 / (w**2).sum()),
        total_weight=float(w.sum() / weight.sum()),
    )

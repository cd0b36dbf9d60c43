"""Boosted trees by LightGBM: their size for a number of persons, and the fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from locoreg.selection.scores.ridge import RiskRows
from locoreg.selection.scores.trees import Trees
from locoreg.stats.survivaldata import FloatArray, IntArray

# Numbers of trees among which held-out persons decide, as shares of the most.
CHECKPOINTS = (0.3, 0.6, 1.0)
# Bins of a covariate's values.
MOST_BINS = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Size of boosted trees.

    Attributes
    ----------
    leaves : int
        Most leaves of a tree.
    rate : float
        Share of each tree that is added.
    rounds : int
        Most trees.
    least : float
        Least sum of second derivatives in a leaf: of hazards, the number of events expected in it;
        of means, persons.
    ridge : float
        Penalty of leaves, in the same unit.
    """

    leaves: int
    rate: float
    rounds: int
    least: float
    ridge: float

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Numbers of trees to choose from."""
        return tuple(max(1, round(share * self.rounds)) for share in CHECKPOINTS)


def growth(kind: str, units: float) -> Growth:
    """Return the size of trees for a number of events (of hazards) or persons (of means).

    Parameters
    ----------
    kind : {"event", "censoring", "choice", "mean"}
        What is modelled. Censoring is modelled more smoothly than the event: boosted as finely,
        the probability of being uncensored goes to 0 for single persons.
    units : float
        Events, or the smaller number of persons with either option, or persons.

    Returns
    -------
    Growth
        More leaves and more trees with more units.
    """
    doublings = float(np.log2(max(units, 1.0) / 500.0))
    leaves = int(np.clip(round(8.0 * 2.0 ** (0.25 * doublings)), 4, 31))
    rounds = int(np.clip(round(80.0 * 2.0 ** (0.12 * doublings)), 50, 160))
    # More of each tree where there are many: fewer are needed.
    faster = float(np.clip(2.0 ** (0.08 * doublings), 1.0, 1.6))
    least = float(np.clip(units / 60.0, 4.0, 30.0))
    if kind == "censoring":
        return Growth(
            leaves=4, rate=0.08 * faster, rounds=round(0.7 * rounds), least=2.0 * least, ridge=5.0
        )
    if kind == "event":
        return Growth(leaves=leaves, rate=0.08 * faster, rounds=rounds, least=least, ridge=1.0)
    return Growth(
        leaves=leaves, rate=0.06 * faster, rounds=round(0.6 * rounds), least=least, ridge=1.0
    )


def _settings(size: Growth, seed: int, **more: Any) -> dict[str, Any]:
    return {
        "num_leaves": size.leaves,
        "learning_rate": size.rate,
        "min_data_in_leaf": 1,
        "min_sum_hessian_in_leaf": size.least,
        "lambda_l2": size.ridge,
        "max_bin": MOST_BINS,
        "use_missing": False,
        "feature_pre_filter": False,
        # Folds run side by side; LightGBM's own threads would wait busily for each other.
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
        **more,
    }


class HazardTable:
    """The rows of persons and bins at risk, binned once and used for every fold.

    Parameters
    ----------
    X : ndarray of float, shape (n, q)
        Covariates.
    treated : ndarray of float, shape (n,)
        1 for the treated.
    risk : RiskRows
        Who was at risk, and to whom it happened.
    weight : ndarray of float, shape (n,)
        Weights of persons.
    months : bool
        Whether times are whole months.
    size : Growth
        Size of trees.
    seed : int
        Seed of LightGBM.
    """

    def __init__(
        self, X: FloatArray, treated: FloatArray, risk: RiskRows, weight: FloatArray, *,
        months: bool, size: Growth, seed: int,
    ) -> None:  # fmt: skip
        person, place = np.nonzero(risk.exposure > 0.0)
        exposure = risk.exposure[person, place]
        happened = risk.happened[person] * (place == risk.place[person])
        q = X.shape[1]
        Z = np.empty((person.size, q + 2), dtype=np.float32)
        for j in range(q):
            Z[:, j] = X[person, j]
        Z[:, q], Z[:, q + 1] = treated[person], place
        # The number of rows of the persons before each one.
        self.begin = np.concatenate([[0], np.cumsum(np.bincount(person, minlength=X.shape[0]))])
        objective: dict[str, Any] = (
            {"objective": "cross_entropy"}
            if months
            else {"objective": "poisson", "poisson_max_delta_step": 0.7}
        )
        self.settings = _settings(size, seed, **objective)
        self.size = size
        self.made = lgb.Dataset(
            Z, label=happened / exposure, weight=exposure * weight[person], params=self.settings,
            free_raw_data=True,
        ).construct()  # fmt: skip

    def fit(self, persons: IntArray | None = None) -> Trees:
        """Return the trees fitted to some persons (ascending), or to all."""
        made = self.made
        if persons is not None:
            counts = np.diff(self.begin)[persons]
            start = np.repeat(self.begin[persons] - (np.cumsum(counts) - counts), counts)
            made = self.made.subset(np.arange(int(counts.sum())) + start)
        booster = lgb.train(
            self.settings, made, num_boost_round=self.size.rounds, keep_training_booster=True
        )
        return Trees.of_text(booster.model_to_string())


def fit_plain(
    X: FloatArray, y: FloatArray, weight: FloatArray, *, objective: str, size: Growth,
    seed: int,
) -> Trees:  # fmt: skip
    """Return boosted trees of a mean (objective ``regression``) or a log-odds (``binary``).

    Parameters
    ----------
    X : ndarray of float, shape (n, q)
        Covariates.
    y, weight : ndarray of float, shape (n,)
        What is modelled, and weights.
    objective : {"regression", "binary"}
        Squared error or log-loss.
    size : Growth
        Size of trees.
    seed : int
        Seed of LightGBM.

    Returns
    -------
    Trees
        Their sum is the mean, or the log-odds.
    """
    settings = _settings(size, seed, objective=objective)
    if objective == "binary":
        # Second derivatives of a probability are a quarter of a person at most.
        settings["min_sum_hessian_in_leaf"] = size.least / 4.0
    made = lgb.Dataset(X.astype(np.float32), label=y, weight=weight, params=settings)
    booster = lgb.train(settings, made, num_boost_round=size.rounds, keep_training_booster=True)
    return Trees.of_text(booster.model_to_string())

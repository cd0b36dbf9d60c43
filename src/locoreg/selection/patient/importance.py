"""How much each covariate counts for being like a patient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from locoreg.selection.patient.limits import EQUAL_PART, MOST_FOR_IMPORTANCE
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray

Predict = Callable[[FloatArray], FloatArray]


def model_importance(scores: Scores, models: tuple[Predict, ...], *, seed: int) -> dict[str, float]:
    """Return the importance of each covariate for what models predict.

    Patients are alike who are alike in what matters for effect and survival. The importance of a
    covariate in a model is the mean squared change of its predictions when the covariate is
    shuffled between persons (Breiman 2001, doi:10.1023/A:1010933404324, on predictions in place of
    errors: no outcome is used).

    Parameters
    ----------
    scores : Scores
        The persons.
    models : tuple of callable
        From columns, shape (m, p), to predictions, shape (m,). All count alike.
    seed : int
        Seed of the shuffles.

    Returns
    -------
    dict of str to float
        Shares by covariate that add up to 1. A tenth is spread evenly, so that no covariate counts
        nothing; all of it where no model tells persons apart.
    """
    by_name = np.argsort(np.asarray(scores.data.person_id), kind="stable")
    X = scores.X[by_name[:: -(-scores.n // MOST_FOR_IMPORTANCE)]]
    names = scores.coding.variables
    shares = [_shares(X, scores, model, np.random.default_rng(seed)) for model in models]
    told = [share for share in shares if share is not None]
    equal = np.full(len(names), 1.0 / len(names))
    if told:
        equal = EQUAL_PART * equal + (1.0 - EQUAL_PART) * np.mean(told, axis=0)
    return dict(zip(names, equal.tolist(), strict=True))


def _shares(
    X: FloatArray, scores: Scores, predict: Predict, rng: np.random.Generator
) -> FloatArray | None:
    before = predict(X)
    changes = []
    for name in scores.coding.variables:
        places = scores.coding.places([name])
        shuffled = X.copy()
        shuffled[:, places] = X[rng.permutation(X.shape[0])][:, places]
        changes.append(float(((predict(shuffled) - before) ** 2).mean()))
    total = sum(changes)
    return np.array(changes) / total if total > 0.0 else None

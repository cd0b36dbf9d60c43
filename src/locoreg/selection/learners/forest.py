"""Effects by a forest that splits where the effect differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError
from locoreg.selection.learners.base import Arrays, LearnerFit, effect_residuals
from locoreg.selection.scores.result import Scores
from locoreg.stats.forest import Forest, ForestOptions, grow_forest
from locoreg.stats.survivaldata import FloatArray

MOST_SHOWN = 10
# Trees of a forest of more persons than MANY, where none were asked for.
MANY, TREES_OF_MANY = 20_000, 300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForestEffect:
    """Effects by a grown forest.

    Attributes
    ----------
    forest : Forest
        On the columns of the modifiers.
    columns : tuple of int
        Their places among the columns of the scores' coding.
    names : tuple of str
        Their names.
    total_columns : int
        Number of columns of the coding.
    """

    kind: ClassVar[str] = "forest"
    forest: Forest
    columns: tuple[int, ...]
    names: tuple[str, ...]
    total_columns: int

    def predict(self, X: FloatArray) -> FloatArray:
        """Return effects of persons.

        Parameters
        ----------
        X : ndarray of float, shape (m, p)
            All columns of the scores' coding.

        Returns
        -------
        ndarray of float, shape (m,)
            Effects.

        Raises
        ------
        DataError
            If there are other columns, or a value is no finite number.
        """
        given = np.asarray(X, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != self.total_columns:
            raise DataError(
                f"X has shape {given.shape}, but the model takes rows of {self.total_columns} "
                "columns.",
                hint="code persons with the coding of the scores.",
            )
        return self.forest.predict(given[:, list(self.columns)])

    @property
    def importance(self) -> dict[str, float]:
        """Share of each modifier's column in the gain of the splits, largest first."""
        share = self.forest.importance
        return {self.names[k]: float(share[k]) for k in np.argsort(-share, kind="stable")}

    def summary(self) -> tuple[str, ...]:
        """Return the share of heterogeneity that each column accounts for, largest first."""
        trees = f"{self.forest.trees} trees"
        if not self.forest.importance.any():
            return (f"{trees}; none splits: the same effect for everybody.",)
        lines = [f"{trees}; share of each column in the gain of the splits near the root:"]
        shown = list(self.importance.items())
        lines += [f"{name}: {100.0 * share:.0f}%" for name, share in shown[:MOST_SHOWN]]
        if len(shown) > MOST_SHOWN:
            rest = sum(share for _, share in shown[MOST_SHOWN:])
            lines.append(f"{len(shown) - MOST_SHOWN} other columns: {100.0 * rest:.0f}%")
        return tuple(lines)

    def settings(self) -> dict[str, Any]:
        """Return JSON-ready values which, with the arrays, make the model again."""
        return {
            "columns": list(self.columns),
            "names": list(self.names),
            "total_columns": self.total_columns,
        }

    def arrays(self) -> Arrays:
        """Return the arrays of the forest by name."""
        return self.forest.arrays()

    @classmethod
    def restore(
        cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> ForestEffect:
        """Return the model of settings and arrays.

        Parameters
        ----------
        settings, arrays : mapping
            As `settings` and `arrays` gave them.

        Returns
        -------
        ForestEffect
            The same model.

        Raises
        ------
        DataError
            If they don't fit together.
        """
        forest = Forest.restore(arrays)
        columns = tuple(int(j) for j in settings["columns"])
        names, total = tuple(settings["names"]), int(settings["total_columns"])
        fits = len(columns) == len(names) == forest.binning.p
        if not fits or any(not 0 <= j < total for j in columns):
            raise DataError(
                "the columns of the model don't fit its forest.", hint="take the file anew."
            )
        return cls(forest=forest, columns=columns, names=names, total_columns=total)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestLearner:
    """A causal forest on the residuals of treatment and outcome (an R-learner).

    Attributes
    ----------
    forest : ForestOptions or None
        How it is grown. None: as `ForestOptions` say, with 300 trees beyond 20,000 persons, where
        more hardly change the mean of so many leaves.
    """

    name: ClassVar[str] = "forest"
    forest: ForestOptions | None = None

    def fit(self, scores: Scores, *, seed: int) -> LearnerFit:
        """Fit effects to scores.

        Parameters
        ----------
        scores : Scores
            The scores. Sampling weights and clusters are honoured.
        seed : int
            Seed.

        Returns
        -------
        LearnerFit
            The forest of all persons, and out-of-bag effects. Neither depends on the order of the
            persons: trees draw from them in the order of their pseudonyms.

        Raises
        ------
        DataError
            If the effect has no modifiers.
        """
        if not scores.modifiers:
            raise DataError("no modifier has a column.", hint="name modifiers that vary.")
        order = np.argsort(np.asarray(scores.data.person_id), kind="stable")
        treatment, outcome = effect_residuals(scores)
        grown = grow_forest(
            scores.X[:, list(scores.modifiers)][order],
            treatment[order],
            outcome[order],
            options=self.options(scores.n),
            seed=seed,
            weight=scores.weight[order],
            cluster=None if scores.cluster is None else scores.cluster[order],
        )
        held_out = np.empty(scores.n)
        held_out[order] = grown.out_of_bag
        model = ForestEffect(
            forest=grown.forest,
            columns=scores.modifiers,
            names=scores.modifier_names,
            total_columns=scores.X.shape[1],
        )
        return LearnerFit(model=model, held_out=held_out)

    def options(self, n: int) -> ForestOptions:
        """Return how the forest of n persons is grown."""
        if self.forest is not None:
            return self.forest
        return ForestOptions() if n <= MANY else ForestOptions(trees=TREES_OF_MANY)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return {"name": self.name, "forest": None if self.forest is None else self.forest.to_dict()}

"""How two models of one thing are mixed: by how well they predict held-out persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from locoreg.selection.scores.boosting import CHECKPOINTS
from locoreg.selection.scores.ridge import PENALTIES
from locoreg.stats.survivaldata import FloatArray

# Shares of the boosted model among which held-out persons decide.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """A choice among fitted candidates.

    Attributes
    ----------
    checkpoint : int
        Which of the numbers of trees.
    penalty : int
        Which of the penalties of the smooth model.
    share : float
        Share of the boosted model, on the scale of its sum of trees.
    """

    checkpoint: int = 1
    penalty: int = 2
    share: float = 0.5

    def __post_init__(self) -> None:
        assert 0 <= self.checkpoint < len(CHECKPOINTS)
        assert 0 <= self.penalty < len(PENALTIES)

    def mix(self, boosted: FloatArray, smooth: FloatArray) -> FloatArray:
        """Return the mixture of two predictions."""
        return np.asarray(self.share * boosted + (1.0 - self.share) * smooth)

    def to_dict(self) -> dict[str, Any]:
        """Return the choice as JSON-ready values."""
        return {
            "trees_share": CHECKPOINTS[self.checkpoint],
            "penalty": PENALTIES[self.penalty],
            "boosted_share": self.share,
        }

    @classmethod
    def restore(cls, values: Mapping[str, Any]) -> Self:
        """Return the choice of `to_dict`."""
        return cls(
            checkpoint=CHECKPOINTS.index(values["trees_share"]),
            penalty=PENALTIES.index(values["penalty"]),
            share=float(values["boosted_share"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Losses:
    """Losses of candidates, and of all mixtures, among the held-out persons of one fold.

    Attributes
    ----------
    table : ndarray of float, shape (checkpoints, penalties, shares)
        Sum of the loss over the persons.
    """

    table: FloatArray

    @classmethod
    def of(
        cls,
        boosted: tuple[FloatArray, ...],
        smooth: tuple[FloatArray, ...],
        loss: Callable[[FloatArray], float],
    ) -> Losses:
        """Return the losses of mixtures of predictions."""
        table = np.array(
            [[[loss(s * tall + (1.0 - s) * flat) for s in SHARES] for flat in smooth]
             for tall in boosted]
        )  # fmt: skip
        return cls(table=table)


def best_mixture(losses: list[Losses]) -> Mixture:
    """Return the mixture with the least loss over folds.

    A model's weight in a mixture is thus chosen by persons that it was not fitted to: stacking on
    the held-out predictions of cross-fitting (Ahrens, Hansen, Schaffer and Wiemann 2025,
    doi:10.48550/arXiv.2401.01645).
    """
    total = np.sum([one.table for one in losses], axis=0)
    checkpoint, penalty, share = np.unravel_index(int(np.argmin(total)), total.shape)
    return Mixture(checkpoint=int(checkpoint), penalty=int(penalty), share=SHARES[share])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixtures:
    """The mixtures that held-out persons of all folds favour, for models of everybody.

    Attributes
    ----------
    event, censoring, choice, mean : Mixture
        Of the hazard of the event, of that of censoring, of the probability of treatment, and of
        the mean outcome.
    """

    event: Mixture = Mixture()
    censoring: Mixture = Mixture()
    choice: Mixture = Mixture()
    mean: Mixture = Mixture()

    def to_dict(self) -> dict[str, Any]:
        """Return the mixtures as JSON-ready values."""
        return {name: getattr(self, name).to_dict() for name in self.__slots__}

    @classmethod
    def restore(cls, values: Mapping[str, Any]) -> Self:
        """Return the mixtures of `to_dict`."""
        return cls(**{name: Mixture.restore(values[name]) for name in cls.__slots__})


def without_own(losses: list[Losses], fold: int) -> Mixture:
    """Return the mixture for the persons of a fold, chosen by those of the other folds."""
    return best_mixture([one for k, one in enumerate(losses) if k != fold])

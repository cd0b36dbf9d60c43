"""How scores are made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.stats.studies import check_option

TimeScale = Literal["auto", "continuous", "months"]
TIME_SCALES: tuple[TimeScale, ...] = get_args(TimeScale)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """Options of cross-fitted scores.

    Attributes
    ----------
    seed : int
        Seed of folds and learners.
    folds : int
        Folds of cross-fitting.
    time_scale : {"auto", "continuous", "months"}
        Whether hazards are rates of continuous time or probabilities per whole month. auto: months
        where all times, entries and the horizon are whole numbers; the options of scores then hold
        the one taken.
    bins : int
        Most bins of time with a hazard of their own.
    smallest_uncensored : float
        Probabilities of being uncensored are held at or above this.
    smallest_propensity : float
        Probabilities of either option are held at or above this.
    jobs : int
        Threads. Results don't depend on them.
    training_persons : int
        Most persons that a model is fitted to (of more, a random sample): the error of the fitted
        hazards hardly falls beyond. Everybody is predicted, and has a score.
    """

    seed: int
    folds: int = 5
    time_scale: TimeScale = "auto"
    bins: int = 16
    smallest_uncensored: float = 0.05
    smallest_propensity: float = 0.01
    jobs: int = 2
    training_persons: int = 200_000

    def __post_init__(self) -> None:
        check_option("time_scale", self.time_scale, TIME_SCALES)
        if self.folds < 2:
            raise DesignError(f"folds is {self.folds}.", hint="cross-fitting needs 2 or more.")
        if self.bins < 2:
            raise DesignError(f"bins is {self.bins}.", hint="give 2 or more.")
        if self.jobs < 1:
            raise DesignError(f"jobs is {self.jobs}.", hint="give 1 or more threads.")
        if self.training_persons < 1000:
            raise DesignError(
                f"training_persons is {self.training_persons}.", hint="give 1000 or more."
            )
        for name, most in (("smallest_uncensored", 0.5), ("smallest_propensity", 0.5)):
            if not 0.0 < getattr(self, name) < most:
                raise DesignError(
                    f"{name} is {getattr(self, name)}.", hint=f"give a number from 0 to {most:g}."
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values."""
        return asdict(self)

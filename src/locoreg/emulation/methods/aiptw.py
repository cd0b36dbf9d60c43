"""Augmented inverse-probability weighting: doubly robust curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.inference import Analysis
from locoreg.emulation.methods.base import Method
from locoreg.emulation.pointtreatment.crossfit import CrossFit, CrossFitOptions
from locoreg.emulation.pointtreatment.groups import (
    GROUPINGS,
    Grouping,
    form_groups,
    group_columns,
    group_design,
    group_estimand,
)
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty
from locoreg.stats.studies import check_option


@dataclass(frozen=True, slots=True, kw_only=True)
class AIPTW(Method):
    """Compare groups by curves that are right if the model of treatment or that of survival is.

    Attributes
    ----------
    groups : {"time_zero", "landmark", "ever"}
        How groups are formed; ``ever`` carries a failed diagnostic.
    folds : int
        Each person's predictions come from models of the persons in other folds; 1: of all.
    seed : int
        Seed of the folds.
    monotone : bool
        Whether curves are made monotone and kept between 0 and 1; restricted means stay as they
        are. Intervals then need a bootstrap.
    smallest_score : float, optional
        Probabilities of a group are taken to be at least this.
    smallest_uncensored : float
        Probabilities of being uncensored are taken to be at least this: where few are left at
        risk a model's can be near 0 by chance, and one person would decide. How many are
        concerned is told.
    penalty : {"firth"}, optional
        Penalty of the model of treatment.
    """

    name: ClassVar[str] = "aiptw"
    title: ClassVar[str] = "Augmented inverse-probability weighting (doubly robust)"

    groups: Grouping
    folds: int = 5
    seed: int = 1
    monotone: bool = False
    smallest_score: float | None = None
    smallest_uncensored: float = 0.05
    penalty: Penalty | None = None

    def __post_init__(self) -> None:
        check_option("groups", self.groups, GROUPINGS)
        if self.penalty is not None:
            check_option("penalty", self.penalty, ("firth",))
        if self.folds < 1:
            raise DesignError(f"folds is {self.folds}.", hint="give 2 or more, or 1 for none.")
        if self.seed < 0:
            raise DesignError(f"seed is {self.seed}.", hint="give 0 or a positive whole number.")
        if self.smallest_score is not None and not 0.0 < self.smallest_score < 0.5:
            raise DesignError(
                f"smallest_score is {self.smallest_score}.",
                hint="give a small probability, such as 0.01.",
            )
        if not 0.0 < self.smallest_uncensored < 0.5:
            raise DesignError(
                f"smallest_uncensored is {self.smallest_uncensored}.",
                hint="give a small probability, such as 0.05.",
            )

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        return group_estimand(self.groups, question, "in all persons")

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort."""
        groups = form_groups(cohort, question, self.groups)
        notes = [
            "No hazard ratio is estimated: the method estimates curves.",
            "Intervals hold where the models of treatment, survival and censoring are all right; "
            "the estimate needs those of treatment and censoring, or that of survival.",
        ]
        if self.smallest_score is not None:
            notes.append(
                f"Probabilities of a group below {self.smallest_score:g} were set to it: the mean "
                "over persons near it rests on the model of survival."
            )
        return CrossFit(
            cohort,
            question,
            groups,
            group_columns(cohort, groups),
            group_design(cohort, groups),
            CrossFitOptions(
                folds=self.folds,
                seed=self.seed,
                monotone=self.monotone,
                smallest_score=self.smallest_score,
                smallest_uncensored=self.smallest_uncensored,
                penalty=self.penalty,
            ),
            tuple(notes),
        )


METHOD = AIPTW

"""Propensity scores: weighting, overlap weights, entropy balancing, matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.inference import Analysis, Inference
from locoreg.emulation.methods.base import Method
from locoreg.emulation.pointtreatment.analysis import PointAnalysis, refuse_without_variables
from locoreg.emulation.pointtreatment.groups import (
    GROUPINGS,
    Grouping,
    form_groups,
    group_columns,
    group_design,
    group_estimand,
)
from locoreg.emulation.pointtreatment.matched import MatchOptions, matched_scheme
from locoreg.emulation.pointtreatment.schemes import (
    BalancingScheme,
    Scheme,
    ScoreScheme,
    refuse_matching_bootstrap,
)
from locoreg.emulation.pointtreatment.score import ScoreModel
from locoreg.emulation.pointtreatment.tilts import WHOM, Target
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty
from locoreg.stats.matching.nearest import Order
from locoreg.stats.studies import check_option

Weighting = Literal["iptw", "overlap", "entropy_balancing", "matching"]
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
_TARGETS: dict[Weighting, tuple[Target, ...]] = {
    "iptw": ("ate", "att"),
    "overlap": ("ato",),
    "entropy_balancing": ("ate", "att"),
    "matching": ("att",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Propensity(Method):
    """Compare groups after weighting or matching on the probability of treatment.

    Attributes
    ----------
    groups : {"time_zero", "landmark", "ever"}
        How groups are formed. ``ever`` repeats analyses that form them by what happens later, and
        carries a failed diagnostic.
    weighting : {"iptw", "overlap", "entropy_balancing", "matching"}
        How they are made alike.
    target : {"ate", "att", "ato"}
        Whose effect: all persons, the treated, the overlap population (with ``overlap`` only).
        Matching gives ``att``.
    stabilised : bool
        With ``ate``, whether weights are multiplied by the share of the person's group. Curves
        are the same; the hazard ratio is not.
    truncate : float, optional
        Percentile (between 50 and 100) at which weights are cut, on both sides.
    trim : float, optional
        Persons with a score below it or above 1 less it are left out, which changes the target.
    penalty : {"firth"}, optional
        Penalty of the model of the score.
    caliper, ratio, replace, order, seed, exact
        With matching: see ``MatchOptions``.
    """

    name: ClassVar[str] = "propensity"
    title: ClassVar[str] = "Propensity score"

    groups: Grouping
    weighting: Weighting
    target: Target
    stabilised: bool = True
    truncate: float | None = None
    trim: float | None = None
    penalty: Penalty | None = None
    caliper: float | None = None
    ratio: int = 1
    replace: bool = False
    order: Order | None = None
    seed: int | None = None
    exact: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_option("groups", self.groups, GROUPINGS)
        check_option("weighting", self.weighting, WEIGHTINGS)
        if self.penalty is not None:
            check_option("penalty", self.penalty, ("firth",))
        if self.target not in _TARGETS[self.weighting]:
            raise DesignError(
                f"weighting {self.weighting!r} can't give the target {self.target!r}.",
                hint=f"it gives {' and '.join(_TARGETS[self.weighting])}.",
            )
        self._check_cuts()
        self._check_matching()

    def _check_cuts(self) -> None:
        if (self.truncate, self.trim) != (None, None) and self.weighting not in ("iptw", "overlap"):
            raise DesignError(
                f"truncate and trim do not apply to weighting {self.weighting!r}.",
                hint="leave them out; a caliper bounds what is matched.",
            )
        if self.truncate is not None and not 50.0 < self.truncate < 100.0:
            raise DesignError(
                f"truncate is {self.truncate}.", hint="give a percentile above 50 and below 100."
            )
        if self.trim is not None and not 0.0 < self.trim < 0.5:
            raise DesignError(f"trim is {self.trim}.", hint="give a probability, such as 0.1.")

    def _check_matching(self) -> None:
        if self.weighting != "matching" and self._match_options() != MatchOptions():
            raise DesignError(
                f"caliper, ratio, replace, order, seed and exact do not apply to weighting "
                f"{self.weighting!r}.",
                hint='leave them out, or take weighting "matching".',
            )

    def _match_options(self) -> MatchOptions:
        return MatchOptions(
            caliper=self.caliper,
            ratio=self.ratio,
            replace=self.replace,
            order=self.order,
            seed=self.seed,
            exact=self.exact,
        )

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        whom = WHOM[self.target]
        if self.weighting == "matching":
            whom += " who have a match"
        if self.trim is not None:
            whom += f" with a probability of treatment from {self.trim:g} to {1.0 - self.trim:g}"
        return group_estimand(self.groups, question, whom)

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort."""
        refuse_without_variables((*cohort.coding.names, *cohort.coding.history_names))
        groups = form_groups(cohort, question, self.groups)
        columns = group_columns(cohort, groups)
        design = group_design(cohort, groups)
        scheme: Scheme
        if self.weighting == "entropy_balancing":
            scheme = BalancingScheme(
                X=design.X,
                names=design.names,
                treated=groups.treated,
                target=self.target,
                stabilised=self.stabilised,
            )
        else:
            model = ScoreModel.of(design, groups.treated, self.penalty)
            if self.weighting == "matching":
                scheme = matched_scheme(model, columns, self._match_options())
            else:
                scheme = ScoreScheme(
                    model=model,
                    target=self.target,
                    stabilised=self.stabilised,
                    truncate=self.truncate,
                    trim=self.trim,
                )
        att = self.target == "att"
        return PointAnalysis(
            cohort, question, groups, columns, design, scheme, self._notes(cohort), att
        )

    def _notes(self, cohort: Cohort) -> tuple[str, ...]:
        kind = {
            "iptw": "inverse-probability weights"
            + (", stabilised" if self.stabilised and self.target == "ate" else ""),
            "overlap": "overlap weights",
            "entropy_balancing": "entropy-balancing weights",
            "matching": "matching weights",
        }[self.weighting]
        out = [
            f"The hazard ratio is that of a Cox model with treatment alone and {kind}; other "
            "weights give another hazard ratio where hazards are not proportional."
        ]
        if self.weighting == "matching":
            unit = "persons" if self.replace else "matched sets"
            out.append(
                f"Intervals take {unit} as independent and the matching as given (Austin and Small "
                "2014, doi:10.1002/sim.6276)."
            )
        if cohort.entry is not None:
            out.append(
                "Persons enter late: the score is estimated among those who were observed, and "
                "persons who died before are missing from it."
            )
        return tuple(out)

    def check_inference(self, inference: Inference) -> None:
        """Refuse the bootstrap for matching."""
        if self.weighting == "matching" and inference.interval == "bootstrap":
            refuse_matching_bootstrap()


METHOD = Propensity
